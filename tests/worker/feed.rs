//! The one upstream connection: how it is opened, what is sent on it, and that it comes back after
//! every kind of end, never twice.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Ending, KEY, RestBehaviour, Terminal, eventually, manual, now_s, pass};
use hamster_terminal::simulator::{BadKeyReply, Keys, Settings, Stall};
use serde_json::Value;

const SYMBOLS: &str = crate::support::terminal::SYMBOLS;

/// A market in which every symbol moves several times a second.
fn lively() -> Settings {
    Settings {
        automatic: true,
        tick_rate: 20.0,
        ..manual()
    }
}

fn symbols_of(frame: &Value) -> BTreeSet<String> {
    let list = &frame["params"]["symbols"];
    match list.as_str() {
        Some(list) => list.split(',').map(str::to_owned).collect(),
        None => list
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["symbol"].as_str().or(item.as_str()).unwrap().to_owned())
            .collect(),
    }
}

#[tokio::test]
async fn one_subscribe_frame_names_every_symbol_and_the_key_goes_in_headers_only() {
    let terminal = Terminal::start(manual(), &[("HEARTBEAT_MS", "100")]).await;
    let _first = terminal.watch(SYMBOLS).await;
    let _second = terminal.watch("AAPL,BTC/USD").await;
    eventually("ten heartbeats", || terminal.frames("heartbeat").len() >= 10).await;
    let subscribes = terminal.frames("subscribe");
    assert_eq!(subscribes.len(), 1, "{subscribes:?}");
    assert_eq!(
        symbols_of(&subscribes[0]),
        SYMBOLS.split(',').map(str::to_owned).collect()
    );
    // The fake accepts no other key, and fails on drop if a URL contained one.
    assert_eq!(terminal.fake.upgrades(), 1);
    eventually("a REST call", || !terminal.fake.rest_requests().is_empty()).await;
    assert!(terminal.fake.rest_requests().iter().all(|call| call.key_ok));
}

#[tokio::test]
async fn however_a_connection_ends_the_next_one_serves_the_same_clients() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    let mut price = 100.0;
    for ending in ["close 1000", "close 4001", "reset", "server gone"] {
        let upgrades = terminal.fake.upgrades();
        let subscribes = terminal.frames("subscribe").len();
        match ending {
            "close 1000" => terminal.fake.close_all(1000, ""),
            "close 4001" => terminal.fake.close_all(4001, "bye"),
            "reset" => terminal.fake.reset_all(),
            _ => terminal.fake.stop().await,
        }
        let down = client.feed("fallback").await;
        let reason = down["reason"].as_str().unwrap();
        assert!(reason.contains("next try in"), "{ending}: {reason}");
        if ending == "close 4001" {
            assert!(reason.contains("4001, \"bye\""), "{reason}");
        }
        if ending == "server gone" {
            terminal.fake.restart().await;
        }
        client.feed("live").await;
        assert!(terminal.fake.upgrades() > upgrades, "{ending}");
        let again = terminal.frames("subscribe").split_off(subscribes);
        assert_eq!(again.len(), 1, "{ending}: {again:?}");
        assert_eq!(symbols_of(&again[0]).len(), 8, "{ending}");
        price += 1.0;
        terminal.fake.push_price("AAPL", price, now_s());
        assert_eq!(client.price("AAPL", price).await["source"], "live");
    }
    assert_eq!(terminal.fake.connections_open(), 1);
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_heard_is_replaced() {
    let terminal = Terminal::start(manual(), &[("HEARTBEAT_MS", "300"), ("SILENCE_MS", "6000")]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.mute_open_connections();
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("not even heartbeats"), "{reason}");
    client.feed("live").await;
    terminal.fake.push_price("AAPL", 101.5, now_s());
    client.price("AAPL", 101.5).await;
    assert_eq!(terminal.fake.upgrades(), 2);
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_connection() {
    let terminal = Terminal::start(manual(), &[("HEARTBEAT_MS", "300"), ("SILENCE_MS", "6000")]).await;
    let _client = terminal.watch("AAPL").await;
    pass(Duration::from_secs(13)).await;
    assert_eq!((terminal.fake.upgrades(), terminal.fake.connections_open()), (1, 1));
}

#[tokio::test]
async fn a_mute_feed_is_subscribed_anew_on_the_same_connection() {
    let terminal = Terminal::start(
        lively(),
        &[("MUTE_MS", "3000"), ("HEARTBEAT_MS", "300"), ("SILENCE_MS", "8000")],
    )
    .await;
    let mut client = terminal.watch("BTC/USD").await;
    client.update("BTC/USD").await;
    terminal.fake.faults(|faults| faults.stall = Stall::Prices);
    let stalled = client.feed("stalled").await;
    let reason = stalled["reason"].as_str().unwrap();
    assert!(reason.contains("no tick"), "{reason}");
    eventually("a new subscription", || terminal.frames("subscribe").len() == 2).await;
    assert_eq!(terminal.frames("reset").len(), 1);
    terminal.fake.recover();
    client.feed("live").await;
    client.update("BTC/USD").await;
    assert_eq!(terminal.fake.upgrades(), 1);
}

#[tokio::test]
async fn a_feed_that_stays_mute_gets_a_new_connection() {
    let terminal = Terminal::start(
        lively(),
        &[("MUTE_MS", "1000"), ("HEARTBEAT_MS", "300"), ("SILENCE_MS", "8000")],
    )
    .await;
    let mut client = terminal.watch("BTC/USD").await;
    client.update("BTC/USD").await;
    terminal.fake.faults(|faults| faults.stall = Stall::Prices);
    client.feed("stalled").await;
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("still mute"), "{reason}");
    eventually("a second connection", || terminal.fake.upgrades() >= 2).await;
    terminal.fake.recover();
    client
        .until("a live price after it", |event| {
            event["event"] == "price_update" && event["source"] == "live"
        })
        .await;
}

#[tokio::test]
async fn a_refused_key_is_named_as_the_reason_and_not_hammered() {
    let settings = Settings {
        keys: Keys::Only(vec!["another".to_owned()]),
        ..manual()
    };
    let terminal = Terminal::start(settings, &[("RECONNECT_MS", "50"), ("REFUSED_MS", "2500")]).await;
    let mut client = terminal.connect().await;
    client.event("connected").await;
    let forms = [
        BadKeyReply::Ok,
        BadKeyReply::Unauthorized,
        BadKeyReply::Forbidden,
        BadKeyReply::BadRequest,
    ];
    for (number, form) in forms.into_iter().enumerate() {
        terminal.fake.faults(|faults| faults.bad_key = form);
        let upgrades = terminal.fake.upgrades();
        if number > 0 || upgrades == 0 {
            eventually("the next attempt", || terminal.fake.upgrades() > upgrades).await;
        }
        let refused = terminal
            .status_until("refused", |status| status["feed"]["state"] == "refused")
            .await;
        let reason = refused["feed"]["reason"].as_str().unwrap();
        assert!(
            reason.contains("upstream refused") && reason.contains("apikey"),
            "{form:?}: {reason}"
        );
    }
    let times = terminal.fake.upgrade_times();
    for pair in times.windows(2) {
        let gap = pair[1] - pair[0];
        assert!(gap >= Duration::from_millis(2_000), "hammered: {gap:?}");
    }
    client.feed("refused").await;
    terminal
        .fake
        .exchange(|exchange| exchange.settings().keys = Keys::Only(vec![KEY.to_owned()]));
    client.feed("live").await;
}

#[tokio::test]
async fn an_upstream_that_is_busy_or_broken_is_tried_again() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    for status in [500, 503, 429] {
        let upgrades = terminal.fake.upgrades();
        terminal
            .fake
            .faults(|faults| faults.refuse_upgrades = Some((status, "{}".to_owned())));
        terminal.fake.close_all(1001, "");
        client.feed("fallback").await;
        eventually("three attempts", || terminal.fake.upgrades() >= upgrades + 3).await;
        terminal.fake.recover();
        client.feed("live").await;
    }
}

#[tokio::test]
async fn an_upgrade_that_is_never_answered_is_given_up() {
    let terminal = Terminal::start(manual(), &[("SILENCE_MS", "1000")]).await;
    terminal.fake.hang_upgrades(true);
    let mut client = terminal.connect().await;
    let connected = client.event("connected").await;
    assert_eq!(connected["feed"]["state"], "connecting");
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("did not answer the upgrade"), "{reason}");
    eventually("another attempt", || terminal.fake.upgrades() >= 2).await;
    // Restart the fake: it would answer the hanging requests, which nobody waits for any more.
    terminal.fake.stop().await;
    terminal.fake.hang_upgrades(false);
    terminal.fake.restart().await;
    client.feed("live").await;
}

#[tokio::test]
async fn a_refusal_that_repeats_the_key_shows_it_to_nobody() {
    let terminal = Terminal::start(manual(), &[]).await;
    let body = format!(r#"{{"code":500,"message":"cannot serve {KEY} now","status":"error"}}"#);
    terminal
        .fake
        .faults(|faults| faults.refuse_upgrades = Some((500, body)));
    let mut client = terminal.connect().await;
    client.event("connected").await;
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("cannot serve [key] now"), "{reason}");
    terminal.json("/api/status").await;
    // On drop the terminal searches log, frames and answers for the key.
}

#[tokio::test]
async fn a_reason_of_a_close_that_repeats_the_key_shows_it_to_nobody() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal
        .fake
        .close_all(4001, concat!("no more for ", "test-key-5d41402abc4b2a76"));
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("no more for [key]"), "{reason}");
}

#[tokio::test]
async fn odd_frames_of_upstream_disturb_nothing_and_no_price_goes_back_in_time() {
    let terminal = Terminal::start(lively(), &[]).await;
    let mut client = terminal.watch("BTC/USD").await;
    terminal.fake.faults(|faults| {
        faults.duplicate_events = true;
        faults.reordered_events = true;
        faults.unknown_events = true;
        faults.truncated_events = true;
        faults.numbers_as_strings = true;
    });
    for odd in ["", "null", "[]", "42", "{\"event\":\"price\"}", "{\"event\":7}"] {
        terminal.fake.push_raw(odd);
    }
    terminal
        .fake
        .push_raw(r#"{"event":"price","symbol":"BTC/USD","price":-1e999,"timestamp":1}"#);
    let mut newest = String::new();
    for _ in 0..30 {
        let update = client.update("BTC/USD").await;
        let stamp = update["timestamp"].as_str().unwrap().to_owned();
        assert!(stamp >= newest, "{stamp} after {newest}");
        assert!(update["price"].as_f64().unwrap() > 0.0, "{update}");
        newest = stamp;
    }
    let status = terminal.json("/api/status").await;
    assert!(status["unreadable_messages"].as_u64().unwrap() > 0);
    assert!(status["dropped_ticks"].as_u64().unwrap() > 0);
    assert_eq!(terminal.fake.upgrades(), 1);
}

#[tokio::test]
async fn the_upstream_closes_after_the_last_viewer_left_and_opens_for_the_next_reader() {
    let terminal = Terminal::start(manual(), &[("IDLE_MS", "1500")]).await;
    let client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 101.0, now_s());
    pass(Duration::from_secs(4)).await;
    assert_eq!(terminal.fake.connections_open(), 1, "closed under a viewer");
    assert_eq!(client.leave().await, Ending::Code(1000));
    eventually("upstream closed", || terminal.fake.connections_open() == 0).await;
    pass(Duration::from_secs(2)).await;
    assert_eq!(terminal.fake.upgrades(), 1, "opened for nobody");
    let quotes = terminal.json("/api/quotes?symbols=AAPL").await;
    assert_eq!(quotes["quotes"][0]["price"], 101.0);
    eventually("upstream open again", || terminal.fake.upgrades() == 2).await;
}

#[tokio::test]
async fn a_reader_who_wakes_the_hub_is_answered_though_upstream_hangs() {
    let terminal = Terminal::start(manual(), &[]).await;
    terminal.fake.hang_upgrades(true);
    terminal.fake.rest_behaviour(RestBehaviour::Hangs);
    let asked = std::time::Instant::now();
    let status = terminal.json("/api/status").await;
    let waited = asked.elapsed();
    // The hub answers within 1.9 s. The rest allows for a slow machine; upstream's time is ten.
    assert!(waited < Duration::from_secs(9), "{waited:?}");
    assert_eq!(status["feed"]["state"], "connecting");
    assert_eq!(status["symbols"][0]["price"], Value::Null);
}
