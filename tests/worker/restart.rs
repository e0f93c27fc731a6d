//! A worker that is killed in mid-stream: after the restart it still knows its prices, marks them
//! as old, and the feed revives.

use std::time::Duration;

use crate::support::{RestBehaviour, Terminal, eventually, manual, now_s, pass};
use serde_json::json;

/// Several of the tests' checkpoints of 200 ms, on a slow machine.
const SEVERAL_CHECKPOINTS: Duration = Duration::from_secs(3);

/// Upstream accepts everything and answers nothing, so nothing fresh can come.
fn hang(terminal: &Terminal) {
    terminal.fake.hang_upgrades(true);
    terminal.fake.rest_behaviour(RestBehaviour::Hangs);
}

/// Restarts upstream, which drops its hanging connections.
async fn recover(terminal: &Terminal) {
    terminal.fake.stop().await;
    terminal.fake.recover();
    terminal.fake.restart().await;
}

#[tokio::test]
async fn the_prices_of_before_are_there_at_once_marked_restored_and_then_live_again() {
    let mut terminal = Terminal::start(manual(), &[]).await;
    terminal
        .fake
        .exchange(|exchange| exchange.set_previous_close("AAPL", 200.0));
    let mut client = terminal.watch("AAPL,BTC/USD").await;
    client
        .until("the previous close", |event| event["previous_close"] == 200.0)
        .await;
    terminal.fake.push_price("AAPL", 202.5, now_s());
    terminal.fake.push_price("BTC/USD", 95_500.0, now_s());
    let before = client.price("AAPL", 202.5).await;
    client.price("BTC/USD", 95_500.0).await;
    pass(SEVERAL_CHECKPOINTS).await;

    terminal.worker.kill();
    eventually("upstream sees the end", || terminal.fake.connections_open() == 0).await;
    hang(&terminal);
    terminal.worker.restart().await;
    let body = terminal.json("/api/quotes?symbols=AAPL,BTC/USD").await;
    let after = &body["quotes"][0];
    for name in [
        "price",
        "percent_change",
        "previous_close",
        "timestamp",
        "received_at",
        "exchange",
        "bid",
        "ask",
        "day_volume",
    ] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(
        (&after["source"], &after["freshness"], &after["stale_since"]),
        (&json!("restored"), &json!("stale"), &before["received_at"])
    );
    assert_eq!(body["quotes"][1]["price"], 95_500.0);

    let mut client = terminal.connect().await;
    client.event("connected").await;
    client.subscribe("AAPL").await;
    assert_eq!(client.price("AAPL", 202.5).await["source"], "restored");
    recover(&terminal).await;
    client.feed("live").await;
    terminal.fake.push_price("AAPL", 203.0, now_s());
    let update = client.price("AAPL", 203.0).await;
    assert_eq!(
        (&update["source"], &update["freshness"]),
        (&json!("live"), &json!("fresh"))
    );
}

#[tokio::test]
async fn the_alarm_revives_the_feed_without_any_request() {
    let mut terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 101.0, now_s());
    client.price("AAPL", 101.0).await;
    pass(SEVERAL_CHECKPOINTS).await;
    terminal.worker.kill();
    let upgrades = terminal.fake.upgrades();
    terminal.worker.restart().await;
    eventually("a new connection", || {
        terminal.fake.upgrades() > upgrades && terminal.fake.connections_open() == 1
    })
    .await;
    terminal.streams(crate::support::terminal::SYMBOLS).await;
}

#[tokio::test]
async fn a_hub_that_slept_before_the_kill_sleeps_on_after_it() {
    let mut terminal = Terminal::start(manual(), &[("IDLE_MS", "1000")]).await;
    let client = terminal.watch("AAPL").await;
    client.leave().await;
    eventually("upstream closed", || terminal.fake.connections_open() == 0).await;
    terminal.worker.restart().await;
    pass(Duration::from_secs(3)).await;
    assert_eq!(terminal.fake.upgrades(), 1);
}

#[tokio::test]
async fn spent_credits_are_not_forgotten() {
    let mut settings = manual();
    settings.plan.rest_per_minute = 8;
    let vars = [
        ("CREDITS_PER_MINUTE", "8"),
        ("CREDITS_PER_DAY", "800"),
        ("FALLBACK_MS", "200"),
    ];
    let mut terminal = Terminal::start(settings, &vars).await;
    crate::support::pass_a_minutes_turn().await;
    let client = terminal.watch("AAPL").await;
    eventually("the first call", || !terminal.fake.rest_requests().is_empty()).await;
    let day = terminal.json("/api/status").await["credits"]["day"].clone();
    assert_eq!(day["used"], 8, "{day}");
    drop(client);
    for _ in 0..2 {
        terminal
            .fake
            .faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
        terminal.worker.restart().await;
        let day = terminal.json("/api/status").await["credits"]["day"].clone();
        assert!(day["used"].as_u64().unwrap() >= 8, "{day}");
    }
    for call in terminal.fake.rest_requests() {
        assert_eq!(call.status, Some(200), "over the server's limit: {call:?}");
    }
}

#[tokio::test]
async fn killed_again_and_again_there_is_never_a_second_upstream() {
    let mut terminal = Terminal::start(manual(), &[]).await;
    for round in 1..=3_u32 {
        let mut client = terminal.watch("AAPL").await;
        let price = 100.0 + f64::from(round);
        terminal.fake.push_price("AAPL", price, now_s());
        client.price("AAPL", price).await;
        terminal.worker.restart().await;
    }
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 110.5, now_s());
    client.price("AAPL", 110.5).await;
    assert_eq!(terminal.fake.connections_open(), 1);
    // On drop the terminal checks that there was never a second connection.
}
