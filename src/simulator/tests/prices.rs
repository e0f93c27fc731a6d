//! Price events: fields, cadence, hours, faults.

use super::*;

fn first_event(symbol: &str, change: impl FnOnce(&mut Faults)) -> Value {
    let mut exchange = exchange(Settings::default());
    change(exchange.faults());
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, symbol);
    let outputs = play(&mut exchange, WEDNESDAY + MINUTE);
    frames(&outputs, session).remove(0)
}

#[test]
fn each_class_has_its_fields() {
    for (symbol, expected) in [
        (
            "AAPL",
            "currency day_volume event exchange mic_code price symbol timestamp type",
        ),
        (
            "SPY",
            "currency day_volume event exchange mic_code price symbol timestamp type",
        ),
        (
            "GDAXI",
            "ask bid currency day_volume event exchange mic_code price symbol timestamp type",
        ),
        (
            "EUR/USD",
            "ask bid currency currency_base currency_quote event price symbol timestamp type",
        ),
        (
            "XAU/USD",
            "ask bid currency currency_base currency_quote event price symbol timestamp type",
        ),
        (
            "BTC/USD",
            "ask bid currency_base currency_quote day_volume event exchange price symbol timestamp type",
        ),
    ] {
        let event = first_event(symbol, |_| {});
        assert_eq!(fields(&event).join(" "), expected, "{symbol}");
        assert!(event["price"].is_number() && event["timestamp"].is_u64());
        if let (Some(bid), Some(ask)) = (event["bid"].as_f64(), event["ask"].as_f64()) {
            let price = event["price"].as_f64().unwrap();
            assert!(bid <= price && price <= ask, "{event}");
        }
    }
}

#[test]
fn timestamps_are_whole_seconds_and_prices_have_the_decimals_of_the_instrument() {
    for (symbol, decimals) in [("AAPL", 2), ("EUR/USD", 7), ("USD/JPY", 5), ("ETH/BTC", 6)] {
        let event = first_event(symbol, |_| {});
        let seconds = event["timestamp"].as_u64().unwrap();
        assert!((WEDNESDAY / SECOND..=WEDNESDAY / SECOND + 60).contains(&seconds));
        let price = event["price"].to_string();
        let digits = price.split_once('.').unwrap().1;
        assert!(digits.len() <= decimals, "{symbol}: {price}");
    }
}

#[test]
fn a_tiny_price_is_written_with_an_exponent() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, "GRT/BTC");
    let Some(Output::Text { text, .. }) = play(&mut exchange, WEDNESDAY + MINUTE).into_iter().next() else {
        unreachable!("no tick within a minute");
    };
    assert!(text.contains("e-"), "{text}");
}

#[test]
fn the_first_event_is_the_next_tick_and_the_cadence_is_that_of_the_class() {
    for (symbol, fewest, most) in [
        ("AAPL", 35, 60),
        ("BTC/USD", 120, 300),
        ("EUR/USD", 40, 80),
        ("ETH/BTC", 15, 60),
    ] {
        let mut exchange = exchange(Settings::default());
        let session = open(&mut exchange);
        subscribe(&mut exchange, session, symbol);
        assert!(exchange.next_tick_at().unwrap() > WEDNESDAY);
        let outputs = play(&mut exchange, WEDNESDAY + MINUTE);
        assert!(
            (fewest..=most).contains(&outputs.len()),
            "{symbol}: {} events a minute",
            outputs.len()
        );
    }
}

#[test]
fn a_share_ticks_at_most_once_a_second_and_its_volume_never_falls() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, "AAPL");
    let outputs = play(&mut exchange, WEDNESDAY + 10 * MINUTE);
    let events = frames(&outputs, session);
    for pair in events.windows(2) {
        assert!(pair[0]["timestamp"].as_u64() < pair[1]["timestamp"].as_u64());
        assert!(pair[0]["day_volume"].as_u64() <= pair[1]["day_volume"].as_u64());
    }
}

#[test]
fn the_rate_multiplies() {
    let mut exchange = exchange(Settings {
        tick_rate: 10.0,
        ..Settings::default()
    });
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, "AAPL");
    assert!(play(&mut exchange, WEDNESDAY + MINUTE).len() > 350);
}

#[test]
fn the_same_seed_and_times_give_the_same_outputs() {
    let run = |seed| {
        let mut exchange = Exchange::new(Settings::default(), seed, WEDNESDAY);
        let session = open(&mut exchange);
        subscribe(&mut exchange, session, "AAPL,BTC/USD,EUR/USD");
        play(&mut exchange, WEDNESDAY + 5 * MINUTE)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn outside_its_hours_a_market_is_silent_and_wakes_by_itself() {
    let mut exchange = Exchange::new(
        Settings {
            always_open: false,
            ..Settings::default()
        },
        42,
        SATURDAY,
    );
    let session = exchange.connect(None, SATURDAY).unwrap().session;
    exchange.receive(
        session,
        r#"{"action":"subscribe","params":{"symbols":"AAPL,EUR/USD"}}"#,
        SATURDAY,
    );
    // Forex opens on Sunday 22:00 UTC, New York on Monday 14:30 UTC.
    let sunday = SATURDAY + 31 * 60 * MINUTE;
    assert_eq!(play(&mut exchange, sunday - 1), []);
    let weekend = play(&mut exchange, sunday + MINUTE);
    assert!(!weekend.is_empty());
    assert!(
        frames(&weekend, session)
            .iter()
            .all(|event| event["symbol"] == "EUR/USD")
    );
    assert!(exchange.next_tick_at().is_some());
    exchange.receive(
        session,
        r#"{"action":"subscribe","params":{"symbols":"BTC/USD"}}"#,
        SATURDAY,
    );
    assert!(exchange.next_tick_at().unwrap() < SATURDAY + MINUTE);
}

#[test]
fn a_late_call_gives_one_tick_for_each_instrument() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, "AAPL,BTC/USD");
    assert_eq!(exchange.tick(WEDNESDAY + DAY).len(), 2);
    assert!(exchange.next_tick_at().unwrap() > WEDNESDAY + DAY);
}

#[test]
fn a_published_price_holds_everywhere_until_it_is_released() {
    let mut exchange = exchange(Settings {
        automatic: false,
        ..Settings::default()
    });
    let session = open(&mut exchange);
    subscribe(&mut exchange, session, "AAPL");
    assert_eq!(exchange.tick(WEDNESDAY + MINUTE), []);
    let outputs = exchange.publish("AAPL", 123.45, 1_768_402_801, WEDNESDAY);
    let event = frames(&outputs, session).remove(0);
    assert_eq!(
        (&event["price"], &event["timestamp"]),
        (&json!(123.45), &json!(1_768_402_801))
    );
    exchange.set_previous_close("AAPL", 100.0);
    let quote = rest(&mut exchange, "/quote?symbol=AAPL");
    assert_eq!(
        (&quote["close"], &quote["percent_change"]),
        (&json!("123.45000"), &json!("23.45000"))
    );
    assert_eq!(exchange.publish("NOPE", 1.0, 1, WEDNESDAY), []);
    assert_eq!(exchange.publish("AAPL", f64::NAN, 1, WEDNESDAY), []);
    exchange.release("AAPL");
    assert_ne!(exchange.price("AAPL", WEDNESDAY), Some(123.45));
}

#[test]
fn faults_of_single_events() {
    let event = first_event("BTC/USD", |faults| faults.crypto_exchange = Some("Binance".to_owned()));
    assert_eq!(event["exchange"], "Binance");
    let event = first_event("BTC/USD", |faults| faults.numbers_as_strings = true);
    assert!(event["price"].is_string() && event["timestamp"].is_string());
    let event = first_event("BTC/USD", |faults| faults.timestamp_shift = 3_600);
    assert!(event["timestamp"].as_u64().unwrap() >= WEDNESDAY / SECOND + 3_600);
    let event = first_event("BTC/USD", |faults| faults.unknown_events = true);
    assert_eq!(event["event"], "maintenance-notice");
}

#[test]
fn faults_of_the_stream() {
    let run = |change: fn(&mut Faults)| {
        let mut exchange = exchange(Settings {
            automatic: false,
            ..Settings::default()
        });
        let session = open(&mut exchange);
        subscribe(&mut exchange, session, "ETH/USD,AAPL");
        change(exchange.faults());
        let mut outputs = exchange.publish("AAPL", 1.5, 1_000, WEDNESDAY);
        outputs.extend(exchange.publish("ETH/USD", 2.5, 1_000, WEDNESDAY));
        let heartbeat = exchange.receive(session, r#"{"action":"heartbeat"}"#, WEDNESDAY).len();
        (outputs.len(), heartbeat)
    };
    assert_eq!(run(|_| {}), (2, 1));
    assert_eq!(run(|faults| faults.stall = Stall::Prices), (0, 1));
    assert_eq!(run(|faults| faults.stall = Stall::Everything), (0, 0));
    assert_eq!(run(|faults| faults.half_silent = true), (1, 1));
    assert_eq!(
        run(|faults| {
            faults.silent_symbols.insert("AAPL".to_owned());
        }),
        (1, 1)
    );
    assert_eq!(run(|faults| faults.duplicate_events = true), (4, 1));
    assert_eq!(run(|faults| faults.reordered_events = true), (4, 1));
    assert_eq!(run(|faults| faults.truncated_events = true), (4, 1));
}

#[test]
fn an_idle_session_is_closed_when_that_is_switched_on() {
    let mut exchange = exchange(Settings::default());
    exchange.faults().idle_close = Some(MINUTE);
    let session = open(&mut exchange);
    assert_eq!(exchange.next_tick_at(), Some(WEDNESDAY + MINUTE));
    exchange.receive(session, r#"{"action":"heartbeat"}"#, WEDNESDAY + 30 * SECOND);
    assert_eq!(exchange.tick(WEDNESDAY + MINUTE), []);
    assert!(matches!(
        exchange.tick(WEDNESDAY + 90 * SECOND)[..],
        [Output::Close { code: 1000, .. }]
    ));
}
