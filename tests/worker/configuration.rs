//! An invalid var is named to the operator, with its valid values.

use crate::support::{KEY, Terminal, Worker, eventually, manual, now_s};
use serde_json::Value;

async fn misconfigured(vars: &[(&str, &str)]) -> String {
    let worker = Worker::start_by_wrangler(vars).await;
    let http = reqwest::Client::new();
    let mut detail = String::new();
    for path in ["/api/status", "/api/stocks", "/api/quotes"] {
        let answer = http
            .get(worker.url(path))
            .timeout(crate::support::PATIENCE)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["ok"], false);
        assert_eq!(body["title"], "Misconfigured");
        body["detail"].as_str().unwrap().clone_into(&mut detail);
    }
    // The log line is JSON, so the sentence is written as a JSON string.
    let written = Value::from(detail.as_str()).to_string();
    eventually("the sentence in the log", || worker.log().contains(&written)).await;
    assert!(!worker.log().contains(KEY) && !detail.contains(KEY));
    detail
}

#[tokio::test]
async fn a_deadline_that_is_no_number_is_named() {
    let detail = misconfigured(&[("RECONNECT_MS", "soon")]).await;
    assert_eq!(
        detail,
        "the var RECONNECT_MS is \"soon\": set a whole number from 10 to 86400000"
    );
}

#[tokio::test]
async fn symbols_of_which_none_is_one_are_named() {
    let vars = [("TWELVE_DATA_API_KEY", KEY), ("SYMBOLS", "$$$")];
    let detail = misconfigured(&vars).await;
    assert!(detail.contains("SYMBOLS") && detail.contains("$$$"), "{detail}");
}

#[tokio::test]
async fn one_name_that_is_none_costs_itself_alone() {
    let terminal = Terminal::start(manual(), &[("SYMBOLS", "AAPL,$$$,BTC/USD")]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 101.5, now_s());
    client.price("AAPL", 101.5).await;
    let status = terminal.get("/api/status").await.json();
    let advice = status["advice"].to_string();
    assert!(advice.contains("SYMBOLS holds") && advice.contains("$$$"), "{advice}");
    eventually("a line in the log", || terminal.worker.log().contains("bad_symbols")).await;
}

#[tokio::test]
async fn an_upstream_without_a_key_is_not_taken_for_the_simulator() {
    let vars = [("TWELVE_DATA_WS_URL", "ws://127.0.0.1:9/v1/quotes/price")];
    let detail = misconfigured(&vars).await;
    assert!(
        detail.contains("no TWELVE_DATA_API_KEY") && detail.contains("set the key"),
        "{detail}"
    );
}
