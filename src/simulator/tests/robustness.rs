//! No input panics, and nothing grows with the input.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_frame_has_at_most_one_answer(text in r#"(\{"action":"(subscribe|unsubscribe|reset)"(,"params":\{"symbols":.{0,40}\})?\})|.{0,80}"#) {
        let mut exchange = exchange(Settings::default());
        let session = open(&mut exchange);
        prop_assert!(exchange.receive(session, &text, WEDNESDAY).len() <= 1);
    }

    #[test]
    fn any_request_is_answered_with_json(
        path in "/(quote|price|time_series|eod|exchange_rate|market_state|.{0,12})",
        query in "(symbol=(AAPL|EUR/USD|.{0,12})&interval=(1min|1day|1month|.{0,5})&(start_date|end_date|timezone|dp|outputsize|amount)=([0-9:T -]{0,12}|.{0,12}))|.{0,60}",
        now in 0..8_000_000_000_000u64,
        always_open: bool,
    ) {
        let settings = Settings { always_open, ..Settings::default() };
        let mut exchange = Exchange::new(settings, 1, now);
        let reply = exchange.rest(&path, &query, None, now);
        prop_assert!(serde_json::from_str::<Value>(&reply.body).is_ok());
    }

    #[test]
    fn hours_are_consistent_at_any_time(now in 86_400_000_000..8_000_000_000_000u64) {
        for hours in [hours::Hours::Always, hours::Hours::Forex, hours::Hours::NewYork, hours::Hours::Frankfurt] {
            let session = hours.session(now);
            let (last, next) = (hours.last_trade(now), hours.next_open(now));
            prop_assert!(session.open <= last && last <= now && now <= next && session.previous_close <= session.open);
            prop_assert_eq!(hours.is_open(now), next == now);
            prop_assert!(hours.is_open(next));
        }
    }
}

#[test]
fn keys_do_not_pile_up() {
    let mut exchange = exchange(Settings::default());
    for key in 0..1_000 {
        exchange.rest("/price", "symbol=AAPL", Some(&key.to_string()), WEDNESDAY);
    }
    assert!(exchange.accounts.len() <= 256);
}

#[test]
fn sessions_do_not_pile_up() {
    let mut exchange = exchange(Settings::default());
    let refused = (0..2_000).filter(|key: &u32| exchange.connect(Some(&key.to_string()), WEDNESDAY).is_err());
    assert_eq!(refused.count(), 2_000 - 1_024);
}
