//! Without a key: a simulated market that never passes for a real one.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::client::Said;
use crate::support::{Client, Worker};
use serde_json::{Value, json};

const SYMBOLS: &str = crate::support::terminal::SYMBOLS;

async fn json_of(worker: &Worker, path: &str) -> (u16, Value) {
    let answer = reqwest::Client::new()
        .get(worker.url(path))
        .timeout(crate::support::PATIENCE)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn without_a_key_every_symbol_moves_and_everything_says_that_it_is_simulated() {
    let worker = Worker::start_by_wrangler(&[]).await;
    let mut client = Client::connect(&worker.ws_url(), &Said::default()).await;
    let connected = client.event("connected").await;
    assert_eq!(connected["simulated"], true);
    client.subscribe(SYMBOLS).await;
    let mut prices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    client
        .until("two prices of every symbol", |event| {
            if event["event"] == "feed" {
                assert_eq!(event["simulated"], true, "{event}");
            }
            if event["event"] == "price_update" {
                assert_eq!(
                    (&event["simulated"], &event["source"]),
                    (&json!(true), &json!("simulated")),
                    "{event}"
                );
                let symbol = event["symbol"].as_str().unwrap().to_owned();
                prices.entry(symbol).or_default().insert(event["price"].to_string());
            }
            prices.len() == 8 && prices.values().all(|seen| seen.len() >= 2)
        })
        .await;
    for path in ["/api/stocks", "/api/forex", "/api/crypto", "/api/quotes"] {
        let (status, body) = json_of(&worker, path).await;
        assert_eq!((status, &body["simulated"]), (200, &json!(true)), "{path}: {body}");
    }
    let (_, status) = json_of(&worker, "/api/status").await;
    assert_eq!(status["simulated"], true);
    assert_eq!(status["feed"]["state"], "live");
    assert_eq!(status["reconnects"], 0);
    for symbol in status["symbols"].as_array().unwrap() {
        assert_eq!(symbol["source"], "simulated");
        assert_eq!(symbol["state"], "streaming");
    }
}

#[tokio::test]
async fn simulated_prices_stay_simulated_through_a_restart_and_never_pass_for_real_ones() {
    let mut worker = Worker::start_by_wrangler(&[("CHECKPOINT_MS", "200")]).await;
    let mut client = Client::connect(&worker.ws_url(), &Said::default()).await;
    client.event("connected").await;
    client.subscribe("BTC/USD").await;
    client.update("BTC/USD").await;
    crate::support::pass(std::time::Duration::from_secs(2)).await;
    worker.restart().await;
    let mut client = Client::connect(&worker.ws_url(), &Said::default()).await;
    client.event("connected").await;
    client.subscribe("BTC/USD").await;
    let update = client.update("BTC/USD").await;
    assert_eq!(update["simulated"], true, "{update}");
    let source = update["source"].as_str().unwrap();
    assert!(["restored", "simulated"].contains(&source), "{update}");
}

#[tokio::test]
async fn a_symbol_that_the_simulator_does_not_know_is_said_to_be_unknown() {
    let worker = Worker::start_by_wrangler(&[]).await;
    let mut client = Client::connect(&worker.ws_url(), &Said::default()).await;
    client.event("connected").await;
    client.subscribe("NOSUCH").await;
    client
        .until("NOSUCH refused", |event| event["fails"][0]["symbol"] == "NOSUCH")
        .await;
}
