//! What survives the object.

use super::*;

fn last_checkpoint(play: &Play) -> Option<String> {
    play.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveCheckpoint(row) => Some(row.clone()),
        _ => None,
    })
}

fn last_credits(play: &Play) -> Option<String> {
    play.effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveCredits(row) => Some(row.clone()),
        _ => None,
    })
}

#[test]
fn changed_quotes_are_stored_on_the_alarm_in_one_row() {
    let (mut play, link) = Play::live("AAPL");
    for _ in 0..100 {
        play.tick(link, "AAPL", 101.0);
        play.pass(100);
    }
    assert_eq!(last_checkpoint(&play), None, "not per tick");
    play.pass_with_heartbeats(link, 30 * SECOND);
    let rows = play
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::SaveCheckpoint(_)))
        .count();
    assert_eq!(rows, 1);
    play.take();
    play.pass_with_heartbeats(link, 30 * SECOND);
    assert_eq!(last_checkpoint(&play), None, "nothing changed");
    assert!(
        play.hub.alarm_at().unwrap() <= play.now + 30 * SECOND,
        "the alarm goes on: it keeps the object alive"
    );
}

#[test]
fn a_restored_quote_says_so_until_it_is_refreshed() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    let stored = before.left_behind();
    let mut play = Play::restored(config(&[]), &stored, before.now + 10 * SECOND);
    let quote = play.quote("AAPL").quote;
    assert_eq!((quote.price, quote.percent_change), (Some(101.0), Some(1.0)));
    assert_eq!((quote.source, quote.freshness), (Some(Source::Restored), Some("stale")));
    // A viewer was here a moment ago: the alarm that is still set brings the feed back without waiting for him.
    play.input(Input::Time);
    let link = play.opened_link().expect("opens by itself");
    play.input(Input::Opened(link));
    play.tick(link, "AAPL", 102.0);
    let quote = play.quote("AAPL").quote;
    assert_eq!(
        (quote.price, quote.source, quote.freshness),
        (Some(102.0), Some(Source::Live), Some("fresh"))
    );
}

#[test]
fn a_restored_quote_does_not_go_back_in_time() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    let stored = before.left_behind();
    let mut play = Play::restored(config(&[]), &stored, before.now + 10 * SECOND);
    play.input(Input::Joined(ALICE, Dialect::Plain));
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    let older = (before.now - 5 * SECOND) / SECOND;
    play.frame(
        link,
        &json!({"event": "price", "symbol": "AAPL", "price": 99.0, "timestamp": older}),
    );
    assert_eq!(play.quote("AAPL").quote.price, Some(101.0));
}

#[test]
fn simulated_prices_never_come_back_as_real_ones() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    let stored = before.left_behind();
    let simulated = Config::from_vars(true, |_| None).unwrap();
    let play = Play::restored(simulated, &stored, before.now);
    assert_eq!(play.quote("AAPL").quote.price, None);
}

#[test]
fn what_cannot_be_read_is_as_nothing() {
    for row in [
        "",
        "{",
        "null",
        r#"{"version":99}"#,
        r#"{"version":1,"simulated":false,"last_seen":null,"cells":[{}]}"#,
    ] {
        let stored = Stored {
            checkpoint: Some(row.into()),
            credits: Some(row.into()),
        };
        let play = Play::restored(config(&[]), &stored, NOON);
        assert_eq!(play.quote("AAPL").quote.price, None, "{row}");
    }
}

#[test]
fn a_restart_does_not_refill_the_budget() {
    let (mut before, _) = Play::watching("AAPL");
    let stored = Stored {
        checkpoint: None,
        credits: last_credits(&before),
    };
    before.take();
    let mut play = Play::restored(config(&[]), &stored, before.now + SECOND);
    play.input(Input::Joined(ALICE, Dialect::Plain));
    assert_eq!(
        play.calls(),
        Vec::<Vec<String>>::new(),
        "eight were spent in this minute"
    );
    assert_eq!(play.hub.status(play.now).credits.minute.used, 8);
    play.pass(60 * SECOND);
    assert!(!play.calls().is_empty());
}

#[test]
fn clients_that_slept_through_it_are_served_without_asking_again() {
    let mut play = Play::new();
    play.input(Input::Rejoined(ALICE, record(&["AAPL", "TSLA"])));
    let link = play.opened_link().expect("somebody watches");
    assert_eq!(play.heard_events(ALICE, "connected").len(), 0);
    play.input(Input::Opened(link));
    play.tick(link, "AAPL", 101.0);
    assert_eq!(play.heard_events(ALICE, "price_update").len(), 1);
    assert_eq!(
        play.hub
            .status(play.now)
            .symbols
            .iter()
            .filter(|symbol| symbol.quote.symbol == "TSLA")
            .count(),
        1
    );
}

#[test]
fn failing_storage_is_said_and_serves_on() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::Stored(Some("database or disk is full".into())));
    assert_eq!(
        play.hub.status(play.now).storage_trouble,
        Some("database or disk is full")
    );
    play.tick(link, "AAPL", 101.0);
    assert_eq!(play.heard_events(ALICE, "price_update").len(), 1);
    play.input(Input::Stored(None));
    assert_eq!(play.hub.status(play.now).storage_trouble, None);
}

#[test]
fn an_ordinary_day_writes_fewer_than_ten_thousand_rows() {
    let (mut play, link) = Play::live("AAPL");
    let mut rows = 0;
    let mut alarm = None;
    for _ in 0..(DAY / (5 * SECOND)) {
        play.tick(link, "AAPL", 101.0);
        play.tick(link, "BTC/USD", 95_500.0);
        play.pass(5 * SECOND);
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        let written = play
            .take()
            .into_iter()
            .filter(|effect| matches!(effect, Effect::SaveCheckpoint(_) | Effect::SaveCredits(_)));
        rows += written.count();
        // The edge sets the alarm when it fired or must be earlier.
        let wanted = play.hub.alarm_at();
        if alarm.is_none_or(|at| at <= play.now) || wanted < alarm {
            alarm = wanted;
            rows += 1;
        }
    }
    assert!(rows < 10_000, "{rows}");
}

#[test]
fn a_refusal_outlives_the_object_unless_key_or_upstream_were_changed() {
    let (mut before, link) = Play::watching("AAPL");
    before.input(Input::Refused(link, 401, String::new()));
    let stored = Stored {
        checkpoint: last_checkpoint(&before),
        credits: None,
    };
    let mut play = Play::restored(config(&[]), &stored, before.now + MINUTE);
    play.input(Input::Rejoined(ALICE, record(&["AAPL"])));
    assert_eq!((play.state(), play.opened_link()), (FeedState::Refused, None));
    assert_eq!(play.hub.feed.state().1, before.now, "since the first refusal");
    play.pass(14 * MINUTE);
    assert!(play.opened_link().is_some(), "15 minutes after the refusal");

    let other_key = Config {
        upstream: 1,
        ..config(&[])
    };
    let mut play = Play::restored(other_key, &stored, before.now + MINUTE);
    play.input(Input::Rejoined(ALICE, record(&["AAPL"])));
    assert!(play.opened_link().is_some(), "a corrected key is tried at once");
}
