//! Markets that open, close and change days: the right price, and percent change against the right
//! close or none.

use super::*;
use crate::dialect::QuoteView;

/// AAPL's last tick of the session is at 101; then for two hours only crypto ticks, and REST says
/// that the market is closed at `close`.
fn after_the_close(close: &str) -> QuoteView {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    let last = play.now;
    for _ in 0..(7_200 / 5) {
        play.pass(5 * SECOND);
        play.tick(link, "BTC/USD", 95_500.0);
        if !play.calls().is_empty() {
            // The candle of a closed market is a minute older than its last tick.
            answer_raw(&mut play, |symbol, now| match symbol.contains('/') {
                true => {
                    json!({"close": "95500", "previous_close": "95000", "is_market_open": true, "last_quote_at": now / SECOND})
                }
                false => {
                    json!({"close": close, "previous_close": "100", "is_market_open": false, "last_quote_at": (last / MINUTE - 1) * 60})
                }
            });
        }
        play.take();
    }
    play.quote("AAPL").quote
}

#[test]
fn after_the_close_a_streamed_quote_is_confirmed_by_rest() {
    let quote = after_the_close("101");
    assert_eq!(
        (quote.session, quote.price, quote.freshness),
        (Session::Closed, Some(101.0), Some("fresh"))
    );
}

#[test]
fn the_official_close_replaces_the_last_tick() {
    let quote = after_the_close("101.5");
    assert_eq!(
        (quote.session, quote.price, quote.freshness),
        (Session::Closed, Some(101.5), Some("fresh"))
    );
}

// A restored quote on a weekend; the WebSocket accepts the symbol before REST answers.
#[test]
fn a_restored_quote_of_a_closed_market_is_confirmed_while_subscribed() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    let stored = before.left_behind();
    let last = before.now;
    let mut play = Play::restored(config(&[]), &stored, before.now + 20 * 60 * MINUTE);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "AAPL");
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.pass(200);
    answer_raw(
        &mut play,
        |_, _| json!({"close": "101", "previous_close": "100", "is_market_open": false, "last_quote_at": (last / MINUTE - 1) * 60}),
    );
    let quote = play.quote("AAPL").quote;
    assert_eq!(
        (quote.source, quote.freshness),
        (Some(Provenance::Rest), Some("fresh")),
        "{quote:?}"
    );
}

// `/quote` of crypto has no `last_quote_at`; `timestamp` is the bar's opening (midnight UTC).
#[test]
fn fallback_prices_of_crypto_are_taken() {
    let (mut play, link) = Play::live("BTC/USD");
    play.tick(link, "BTC/USD", 95_500.0);
    play.input(Input::Lost(link, "down".into()));
    for _ in 0..120 {
        play.pass(5 * SECOND);
        if let Some(link) = play.opened_link() {
            play.input(Input::Lost(link, "down".into()));
        }
        if !play.calls().is_empty() {
            answer_raw(
                &mut play,
                |_, now| json!({"close": "96000", "previous_close": "95000", "is_market_open": true, "timestamp": now / DAY * 86_400}),
            );
        }
        play.take();
    }
    let quote = play.quote("BTC/USD").quote;
    assert_eq!(
        (quote.price, quote.freshness),
        (Some(96_000.0), Some("fresh")),
        "ten minutes of REST answers: {quote:?}"
    );
}

/// A market closed at 110; then a tick on the same day, and a `/quote` that still says closed.
fn opened_before_rest_knows() -> (Play, LinkId) {
    let (mut play, link) = Play::watching("AAPL");
    play.answer_call(|_| Some((110.0, false)));
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.pass_with_heartbeats(link, 60 * SECOND);
    play.take();
    play.tick(link, "AAPL", 111.0);
    play.answer_call(|_| Some((110.0, false)));
    (play, link)
}

#[test]
fn a_trade_outside_the_session_says_so_and_keeps_what_is_known() {
    let (play, _) = opened_before_rest_knows();
    let quote = play.quote("AAPL").quote;
    assert_eq!(
        (quote.price, quote.session, quote.percent_change, quote.freshness),
        (Some(111.0), Session::Extended, Some(11.0), Some("fresh"))
    );
}

#[test]
fn and_it_is_asked_for_again_soon() {
    let (mut play, link) = opened_before_rest_knows();
    play.take();
    for _ in 0..120 {
        play.pass(5 * SECOND);
        play.tick(link, "AAPL", 111.0);
    }
    assert!(
        !play.calls().is_empty(),
        "ten minutes of trades in a market that is called closed, nothing asked"
    );
}

// Asleep overnight, and REST is unreachable on waking.
#[test]
fn after_a_night_asleep_the_old_reference_is_not_used() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 110.0); // day 1, previous close 100
    play.input(Input::Left(ALICE));
    play.pass_with_heartbeats(link, 310 * SECOND);
    assert_eq!(play.state(), FeedState::Idle);
    play.take();
    play.pass(22 * 60 * MINUTE); // next day, market open
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "AAPL");
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.tick(link, "AAPL", 112.0);
    assert_eq!(
        play.quote("AAPL").quote.percent_change,
        None,
        "100 is the close of the day before yesterday"
    );
}

// The UTC day changes while crypto streams.
#[test]
fn the_reference_is_refreshed_when_the_utc_day_turns() {
    // Late enough that the client is not asked for a proof that it reads, which it would not give.
    let mut play = Play::restored(config(&[]), &Stored::default(), NOON + 9 * 60 * MINUTE);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "BTC/USD");
    let link = play.opened_link().unwrap();
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.take();
    let mut asked_after_midnight = None;
    let midnight = (play.now / DAY + 1) * DAY;
    while play.now < midnight + 60 * MINUTE {
        play.pass(5 * SECOND);
        for symbol in DEFAULT_SYMBOLS.split(',') {
            play.tick(link, symbol, 101.0);
        }
        if !play.calls().is_empty() {
            if play.now >= midnight && asked_after_midnight.is_none() {
                asked_after_midnight = Some(play.now - midnight);
            }
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    let late = asked_after_midnight.unwrap();
    assert!(
        late <= 2 * MINUTE,
        "for {} min the change was against the close before last",
        late / MINUTE
    );
}

// REST says "closed" within a minute of the last tick; the market was then called open for an hour.
#[test]
fn a_close_is_noticed_within_minutes() {
    let (mut play, link) = Play::live("AAPL");
    // The hourly reference call comes 30 s after AAPL's last tick.
    for _ in 0..(3_600 / 5 - 6) {
        play.tick(link, "AAPL", 101.0);
        play.tick(link, "BTC/USD", 95_500.0);
        play.pass(5 * SECOND);
    }
    let closed = play.now;
    let mut noticed = None;
    while play.now < closed + 2 * 60 * MINUTE && noticed.is_none() {
        play.pass(5 * SECOND);
        play.tick(link, "BTC/USD", 95_500.0);
        if !play.calls().is_empty() {
            play.answer_call(|symbol| Some((101.0, symbol.contains('/'))));
            if play.quote("AAPL").quote.session == Session::Closed {
                noticed = Some(play.now - closed);
            }
        }
        play.take();
    }
    assert!(
        noticed.is_some_and(|late| late <= 10 * MINUTE),
        "noticed after {:?} min",
        noticed.map(|late| late / MINUTE)
    );
}
