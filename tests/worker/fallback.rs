//! While the WebSocket is down, prices come by REST, within the budget of API credits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::support::{FakeTwelveData, RestBehaviour, Terminal, eventually, manual, now_s, pass};
use hamster_terminal::simulator::Settings;
use serde_json::json;

/// The API credits requested from the server in each wall-clock minute.
fn credits_by_minute(terminal: &Terminal) -> BTreeMap<u64, usize> {
    let (now, clock) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    let mut minutes = BTreeMap::new();
    for call in terminal.fake.rest_requests() {
        let at = clock - (now - call.at);
        let symbols = call.query.split(',').count();
        *minutes.entry(at.as_secs() / 60).or_default() += symbols;
    }
    minutes
}

#[tokio::test]
async fn prices_come_by_rest_while_the_websocket_is_down_and_live_again_after() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 101.0, now_s());
    assert_eq!(client.price("AAPL", 101.0).await["source"], "live");
    terminal
        .fake
        .faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
    terminal.fake.close_all(1001, "");
    let down = client.feed("fallback").await;
    let reason = down["reason"].as_str().unwrap();
    assert!(reason.contains("prices come by REST"), "{reason}");
    for price in [102.0, 103.0] {
        // Nobody is subscribed on the WebSocket, so this only sets REST's answer.
        terminal.fake.push_price("AAPL", price, now_s());
        let update = client.price("AAPL", price).await;
        assert_eq!(
            (&update["source"], &update["freshness"]),
            (&json!("rest"), &json!("fresh"))
        );
    }
    terminal.fake.recover();
    client.feed("live").await;
    terminal.fake.push_price("AAPL", 104.0, now_s());
    assert_eq!(client.price("AAPL", 104.0).await["source"], "live");
}

#[tokio::test]
async fn a_symbol_that_rest_refuses_does_not_keep_the_others_from_their_prices() {
    let fake = FakeTwelveData::start(manual()).await;
    fake.faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
    let terminal = Terminal::on(fake, &[("SYMBOLS", "AAPL,NOSUCH,EUR/USD")]).await;
    let mut client = terminal.connect().await;
    client.event("connected").await;
    client.subscribe("AAPL,NOSUCH,EUR/USD").await;
    let status = terminal
        .status_until("all known", |status| {
            status["symbols"]
                .as_array()
                .unwrap()
                .iter()
                .all(|symbol| symbol["price"].is_number() || symbol["state"] == "unavailable")
        })
        .await;
    let symbols = status["symbols"].as_array().unwrap();
    let shown: Vec<_> = symbols.iter().map(|symbol| symbol["price"].is_number()).collect();
    assert_eq!(shown, [true, false, true]);
    let reason = symbols[1]["reason"].as_str().unwrap();
    assert!(reason.contains("symbol"), "{reason}");
}

#[tokio::test]
async fn the_budget_of_a_minute_is_never_exceeded_as_the_server_counts_it() {
    let mut settings = manual();
    settings.plan.rest_per_minute = 5;
    let fake = FakeTwelveData::start(settings).await;
    fake.faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
    let vars = [("CREDITS_PER_MINUTE", "5"), ("FALLBACK_MS", "200")];
    let terminal = Terminal::on(fake, &vars).await;
    let _client = terminal.connect().await;
    eventually("the first call", || !terminal.fake.rest_requests().is_empty()).await;
    pass(Duration::from_secs(8)).await;
    let minutes = credits_by_minute(&terminal);
    assert!(minutes.values().all(|used| *used <= 5), "{minutes:?}");
    for call in terminal.fake.rest_requests() {
        assert_eq!(call.status, Some(200), "{call:?}");
    }
    let credits = &terminal.json("/api/status").await["credits"]["minute"];
    assert_eq!(credits["limit"], 5);
}

#[tokio::test]
async fn when_the_server_says_that_the_minute_is_spent_nothing_more_is_asked_in_it() {
    let mut settings = Settings { ..manual() };
    // Less than the hub was configured with: another client uses the same key.
    settings.plan.rest_per_minute = 3;
    let fake = FakeTwelveData::start(settings).await;
    fake.faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
    let vars = [("CREDITS_PER_MINUTE", "100"), ("FALLBACK_MS", "200")];
    let terminal = Terminal::on(fake, &vars).await;
    crate::support::pass_a_minutes_turn().await;
    let _client = terminal.connect().await;
    eventually("a call", || !terminal.fake.rest_requests().is_empty()).await;
    terminal
        .status_until("the trouble", |status| {
            let trouble = status["credits"]["trouble"].as_str();
            trouble.is_some_and(|trouble| trouble.contains("out of API credits for this minute"))
        })
        .await;
    pass(Duration::from_secs(4)).await;
    let calls = terminal.fake.rest_requests();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].status, Some(429));
}

#[tokio::test]
async fn a_rest_that_resets_hangs_or_talks_nonsense_is_said_and_tried_again() {
    let fake = FakeTwelveData::start(manual()).await;
    fake.faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned())));
    fake.rest_behaviour(RestBehaviour::Resets);
    let terminal = Terminal::on(fake, &[]).await;
    let mut client = terminal.connect().await;
    client.event("connected").await;
    client.subscribe("AAPL").await;
    for behaviour in [RestBehaviour::Resets, RestBehaviour::Fails(502)] {
        terminal.fake.rest_behaviour(behaviour);
        let seen = terminal.fake.rest_requests().len();
        eventually("another call", || terminal.fake.rest_requests().len() > seen + 1).await;
        terminal
            .status_until("the trouble", |status| status["credits"]["trouble"].is_string())
            .await;
    }
    terminal.fake.push_price("AAPL", 102.5, now_s());
    terminal.fake.rest_behaviour(RestBehaviour::Answers);
    client.price("AAPL", 102.5).await;
    terminal
        .status_until("no trouble", |status| status["credits"]["trouble"].is_null())
        .await;
}

#[tokio::test]
async fn a_key_that_rest_refuses_is_said_and_not_tried_again_and_again() {
    let fake = FakeTwelveData::start(manual()).await;
    fake.faults(|faults| {
        faults.refuse_upgrades = Some((503, "{}".to_owned()));
        faults.rest_failure = Some(401);
    });
    let terminal = Terminal::on(fake, &[("FALLBACK_MS", "200")]).await;
    let _client = terminal.connect().await;
    terminal
        .status_until("the trouble", |status| {
            let trouble = status["credits"]["trouble"].as_str();
            trouble.is_some_and(|trouble| trouble.contains("TWELVE_DATA_API_KEY"))
        })
        .await;
    pass(Duration::from_secs(3)).await;
    assert_eq!(terminal.fake.rest_requests().len(), 1);
}
