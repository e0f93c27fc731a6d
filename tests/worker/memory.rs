//! Bars, sparklines, searches and exchanges' hours, as the routes give them.

use crate::rest_api::assert_problem;
use crate::support::{RestBehaviour, Terminal, manual, now_s};
use reqwest::Method;
use serde_json::{Value, json};

const FILLED: &[(&str, &str)] = &[("HISTORY_CREDITS_PERCENT", "25"), ("SYMBOLS", "BTC/USD,AAPL")];

/// Asks until the answer is complete: calls leave one at a time, and none near a minute's turn.
async fn complete(terminal: &Terminal, path: &str) -> Value {
    for _ in 0..40 {
        let body = terminal.json(path).await;
        if body["reason"].is_null() {
            return body;
        }
        assert!(body["retry_at"].is_string(), "{body}");
        crate::support::pass(std::time::Duration::from_millis(250)).await;
    }
    panic!("{path} stays incomplete");
}

fn calls(terminal: &Terminal, endpoint: &str) -> usize {
    let requests = terminal.fake.rest_requests();
    requests.iter().filter(|request| request.path == endpoint).count()
}

/// Calls for bars of a symbol.
fn calls_for(terminal: &Terminal, symbol: &str) -> usize {
    let requests = terminal.fake.rest_requests();
    let requests = requests.iter().filter(|request| request.path == "/time_series");
    requests.filter(|request| request.query.contains(symbol)).count()
}

#[tokio::test]
async fn history_is_upstreams_and_survives_a_restart() {
    let mut terminal = Terminal::start(manual(), FILLED).await;
    let client = terminal.watch("BTC/USD").await;
    let path = "/api/history?symbol=BTC/USD&interval=1min&limit=300";
    let body = complete(&terminal, path).await;
    let bars = body["bars"].as_array().unwrap();
    let time = |bar: &Value| bar[0].as_u64().unwrap();
    assert_eq!(bars.len(), 300);
    assert!(
        bars.windows(2).all(|pair| time(&pair[0]) + 60 == time(&pair[1])),
        "a market without pauses"
    );
    assert_eq!(
        (&body["sources"], &body["simulated"]),
        (&json!(["twelve_data", "hub"]), &json!(false))
    );
    // The fake's own answer for the same minutes.
    let told = terminal.fake.exchange(|exchange| {
        let query = "symbol=BTC/USD&interval=1min&outputsize=60&timezone=UTC";
        exchange.rest(
            "/time_series",
            query,
            Some(crate::support::terminal::KEY),
            now_s() * 1_000,
        )
    });
    let told: Value = serde_json::from_str(&told.body).unwrap();
    let unit = 10_f64.powi(body["scale"].as_i64().unwrap() as i32);
    let closes: Vec<f64> = bars.iter().map(|bar| bar[4].as_f64().unwrap() / unit).collect();
    let theirs = told["values"].as_array().unwrap().iter().skip(30);
    for value in theirs {
        let close: f64 = value["close"].as_str().unwrap().parse().unwrap();
        assert!(closes.contains(&close), "{value}");
    }
    let asked = calls_for(&terminal, "BTC");
    drop(client);
    crate::support::pass(std::time::Duration::from_secs(1)).await;
    terminal.worker.kill();
    terminal.worker.restart().await;
    terminal.fake.rest_behaviour(RestBehaviour::Hangs);
    let again = terminal.json(path).await;
    assert_eq!(
        again["bars"][0],
        body["bars"][again["bars"][0][0]
            .as_u64()
            .map_or(0, |first| { bars.iter().position(|bar| time(bar) == first).unwrap() })]
    );
    assert_eq!(calls_for(&terminal, "BTC"), asked, "it is stored");
}

#[tokio::test]
async fn every_interval_comes_in_json_and_csv() {
    let terminal = Terminal::start(manual(), FILLED).await;
    let _client = terminal.watch("AAPL").await;
    for (interval, step) in [
        ("1min", 60),
        ("5min", 300),
        ("15min", 900),
        ("1h", 3_600),
        ("4h", 14_400),
        ("1day", 86_400),
    ] {
        let path = format!("/api/history?symbol=AAPL&interval={interval}&limit=20");
        let body = complete(&terminal, &path).await;
        let bars = body["bars"].as_array().unwrap();
        assert_eq!(bars.len(), 20, "{interval}");
        let times: Vec<u64> = bars.iter().map(|bar| bar[0].as_u64().unwrap()).collect();
        assert!(
            times.windows(2).all(|pair| pair[1] >= pair[0] + step),
            "{interval} {times:?}"
        );
        assert_eq!(
            (&body["more"], &body["before"]),
            (&json!(true), &bars[0][0]),
            "{interval}"
        );
        let earlier = terminal.json(&format!("{path}&before={}", times[0])).await;
        let last = earlier["bars"].as_array().unwrap().last().unwrap()[0].as_u64().unwrap();
        assert!(last < times[0]);
        let table = terminal.get(&format!("{path}&format=csv")).await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = table.text.lines().collect();
        assert_eq!(
            (lines[0], lines.len()),
            ("time,open,high,low,close,volume,source", 21),
            "{interval}"
        );
    }
    assert!(
        calls(&terminal, "/time_series") <= 4,
        "three base intervals of AAPL, one of BTC/USD"
    );
    let path = "/api/history?symbol=AAPL&interval=1day&limit=5";
    let answer = terminal.get(path).await;
    assert_eq!(answer.header("cache-control"), "private, max-age=5");
    let tag = answer.header("etag").to_owned();
    let url = terminal.worker.url(path);
    let request = reqwest::Client::new()
        .get(url)
        .header("If-None-Match", tag)
        .header("Accept", "application/json");
    assert_eq!(request.send().await.unwrap().status(), 304);
}

#[tokio::test]
async fn a_search_and_the_hours_ask_upstream_once() {
    let terminal = Terminal::start(manual(), FILLED).await;
    let _client = terminal.watch("AAPL").await;
    let found = complete(&terminal, "/api/search?q=app").await;
    let first = &found["results"][0];
    assert_eq!(
        (&first["symbol"], &first["serves"], &first["kind"]),
        (&json!("AAPL"), &json!("stream"), &json!("stock")),
        "{found}"
    );
    let again = terminal.json("/api/search?q=apple").await;
    assert_eq!(
        (&again["from"], &again["results"][0]["symbol"]),
        (&json!("cache"), &json!("AAPL"))
    );
    assert_eq!(calls(&terminal, "/symbol_search"), 1);
    let sessions = complete(&terminal, "/api/sessions").await;
    let exchange = sessions["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "XNGS");
    let exchange = exchange.unwrap_or_else(|| panic!("{sessions}"));
    assert_eq!(
        exchange["open"] == json!(true),
        exchange["closes_at"].is_string(),
        "{exchange}"
    );
    terminal.json("/api/sessions").await;
    assert_eq!(calls(&terminal, "/market_state"), 1);
    // The bars may be asked for in the next minute only.
    complete(&terminal, "/api/history?symbol=AAPL&interval=1min&limit=60").await;
    let sparks = terminal.json("/api/sparklines?symbols=AAPL").await;
    assert!(
        sparks["symbols"][0]["values"].as_array().unwrap().len() > 30,
        "{sparks}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_says_what_can() {
    let terminal = Terminal::start(manual(), &[]).await;
    for (path, says) in [
        ("/api/history", "symbol"),
        (
            "/api/history?symbol=AAPL&interval=2h",
            "1min, 5min, 15min, 1h, 4h or 1day",
        ),
        ("/api/history?symbol=AAPL&interval=1h&limit=0", "1 to 5000"),
        ("/api/history?symbol=AAPL&interval=1h&limit=5001", "1 to 5000"),
        ("/api/history?symbol=%3Cb%3E&interval=1h", "not a symbol"),
        ("/api/history?symbol=AAPL&interval=1h&before=soon", "before"),
        ("/api/history?symbol=AAPL&interval=1h&size=5", "size"),
        ("/api/search", "q"),
        ("/api/search?q=", "q"),
        ("/api/sessions?exchange=NYSE", "exchange"),
        ("/api/sparklines?symbol=AAPL", "symbols"),
    ] {
        assert_problem(&terminal.get(path).await, 400, says);
    }
    let long = format!("/api/search?q={}", "a".repeat(10_000));
    let answer = terminal.get(&long).await;
    assert_problem(&answer, 400, "64");
    assert!(answer.text.len() < 1_000);
    let odd = terminal.json("/api/search?q=%22%25%27--").await;
    assert_eq!(odd["results"], json!([]));
    assert_eq!(terminal.request(Method::POST, "/api/history").await.status, 405);
    let none = complete_or_refused(&terminal, "/api/history?symbol=NOSUCH&interval=1day").await;
    assert!(none.contains("does not serve it"), "{none}");
}

async fn complete_or_refused(terminal: &Terminal, path: &str) -> String {
    for _ in 0..20 {
        let answer = terminal.get(path).await;
        if answer.status == 404 {
            return answer.text;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        crate::support::pass(std::time::Duration::from_millis(250)).await;
    }
    panic!("NOSUCH has a history");
}
