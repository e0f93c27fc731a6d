//! What the REST routes promise: the original's JSON with truthful fields added, and errors that
//! explain themselves.

use crate::support::{Answer, RestBehaviour, Terminal, fields, manual, names, now_s};
use reqwest::Method;
use serde_json::{Value, json};

const SYMBOLS: &str = crate::support::terminal::SYMBOLS;

/// The fields of every quote answer besides its price.
pub const QUOTE_FIELDS: &[&str] = &[
    "symbol",
    "price",
    "percent_change",
    "timestamp",
    "timestamp_precision",
    "exchange",
    "mic_code",
    "name",
    "type",
    "kind",
    "currency",
    "timezone",
    "decimals",
    "open",
    "high",
    "low",
    "year_low",
    "year_high",
    "average_volume",
    "opens_at",
    "closes_at",
    "bid",
    "ask",
    "day_volume",
    "previous_close",
    "received_at",
    "source",
    "simulated",
    "session",
    "freshness",
    "stale_since",
    "state",
    "reason",
    "needs_plan",
    "retry_at",
    "watchers",
];

pub fn assert_headers(answer: &Answer) {
    // An answer with a tag may be cached, and is revalidated each time.
    let keeps = if answer.headers.contains_key("etag") {
        "no-cache"
    } else {
        "no-store"
    };
    assert_eq!(answer.header("cache-control"), keeps, "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
    assert!(answer.headers.contains_key("permissions-policy"), "{answer:?}");
    assert!(
        !answer.headers.contains_key("strict-transport-security"),
        "only by https: {answer:?}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
}

pub fn assert_problem(answer: &Answer, status: u16, says: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_headers(answer);
    let body = answer.json();
    assert_eq!(fields(&body), names(&["ok", "type", "title", "status", "detail"]));
    assert_eq!(
        (&body["ok"], &body["status"], &body["type"]),
        (&json!(false), &json!(status), &json!("about:blank"))
    );
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains(says), "{detail:?} does not say {says:?}");
}

#[tokio::test]
async fn stocks_forex_and_crypto_keep_the_originals_shape() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch(SYMBOLS).await;
    for (symbol, price) in [("AAPL", 235.5), ("EUR/USD", 1.25), ("BTC/USD", 95_500.0)] {
        terminal
            .fake
            .exchange(|exchange| exchange.set_previous_close(symbol, price / 1.25));
        terminal.fake.push_price(symbol, price, now_s());
        client.price(symbol, price).await;
    }
    terminal
        .status_until("all quotes with their previous close", |status| {
            let symbols = status["symbols"].as_array().unwrap();
            symbols.iter().all(|one| one["percent_change"].is_number())
        })
        .await;
    for (path, keys, shown, price) in [
        ("/api/stocks", ["aapl", "msft", "nvda", "spy"].as_slice(), "aapl", 235.5),
        ("/api/forex", &["eurusd", "gbpusd"], "eurusd", 1.25),
        ("/api/crypto", &["btcusd", "ethusd"], "btcusd", 95_500.0),
    ] {
        let answer = terminal.get(path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_headers(&answer);
        let body = answer.json();
        let mut expected = names(keys);
        expected.extend(["ok".to_owned(), "simulated".to_owned()]);
        assert_eq!(fields(&body), expected, "{path}");
        assert_eq!((&body["ok"], &body["simulated"]), (&json!(true), &json!(false)));
        let entry = &body[shown];
        assert_eq!(entry["price"], price, "{path}");
        assert!(entry["change"].is_number(), "{path}: {entry}");
        // As in /api/quotes, but `change` is the original's name, and `simulated` is said once.
        let renamed = ["percent_change", "simulated", "watchers"];
        for name in QUOTE_FIELDS.iter().filter(|name| !renamed.contains(name)) {
            assert!(entry.get(name).is_some(), "{path} lacks {name}: {entry}");
        }
    }
}

#[tokio::test]
async fn quotes_answers_exactly_what_is_asked_in_that_order() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL,BTC/USD").await;
    terminal.fake.push_price("AAPL", 235.5, now_s());
    terminal.fake.push_price("BTC/USD", 95_500.0, now_s());
    client.price("BTC/USD", 95_500.0).await;
    let answer = terminal.get("/api/quotes?symbols=btc/usd,AAPL,TSLA,AAPL").await;
    assert_eq!(answer.status, 200);
    assert_headers(&answer);
    let body = answer.json();
    for name in ["ok", "simulated", "time", "feed", "quotes", "fails"] {
        assert!(body.get(name).is_some(), "no {name}: {body}");
    }
    let quotes = body["quotes"].as_array().unwrap();
    let shown: Vec<_> = quotes.iter().map(|quote| &quote["symbol"]).collect();
    assert_eq!(shown, ["BTC/USD", "AAPL", "TSLA"]);
    assert_eq!(
        (&quotes[0]["price"], &quotes[1]["price"]),
        (&json!(95_500.0), &json!(235.5))
    );
    for quote in quotes {
        assert_eq!(fields(quote), names(QUOTE_FIELDS));
    }
    // Without the parameter: the default symbols.
    let body = terminal.json("/api/quotes").await;
    assert_eq!(body["quotes"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn status_tells_everything_and_null_where_it_does_not_know() {
    let terminal = Terminal::start(manual(), &[("SYMBOLS", "BTC/USD,AAPL")]).await;
    terminal.fake.rest_behaviour(RestBehaviour::Fails(502));
    let mut client = terminal.watch("BTC/USD").await;
    terminal.fake.push_price("BTC/USD", 95_500.0, now_s());
    client.price("BTC/USD", 95_500.0).await;
    // No call is sent close to a new minute.
    let is_about_rest = |one: &Value| one["about"] == "rest";
    terminal
        .status_until("REST fails", |status| {
            status["advice"].as_array().unwrap().iter().any(is_about_rest)
        })
        .await;
    let answer = terminal.get("/api/status").await;
    assert_eq!(answer.status, 200);
    assert_headers(&answer);
    let status = answer.json();
    for name in [
        "ok",
        "status",
        "data_source",
        "version",
        "simulated",
        "time",
        "feed",
        "viewers",
        "last_update",
        "upstream_messages",
        "upstream_ticks",
        "unreadable_messages",
        "dropped_ticks",
        "updates_sent",
        "reconnects",
        "credits",
        "storage_trouble",
        "advice",
        "symbols",
        "cache",
    ] {
        assert!(status.get(name).is_some(), "no {name}: {status}");
    }
    assert_eq!(fields(&status["feed"]), names(&["state", "since", "reason"]));
    assert_eq!(status["feed"]["state"], "live");
    assert_eq!((&status["viewers"], &status["upstream_ticks"]), (&json!(1), &json!(1)));
    assert_eq!(status["storage_trouble"], Value::Null);
    let advice = status["advice"].as_array().unwrap();
    let about = advice.iter().find(|one| is_about_rest(one)).expect("REST fails");
    assert_eq!(fields(about), names(&["about", "wrong", "todo"]));
    assert!(about["wrong"].as_str().unwrap().contains("502"), "{about}");
    for symbol in status["symbols"].as_array().unwrap() {
        assert_eq!(fields(symbol), names(QUOTE_FIELDS));
    }
    assert_eq!(
        status["cache"],
        json!({
            "btcPrice": 95_500.0, "btcChange24h": null, "ethPrice": null, "ethChange24h": null, "spyPrice": null,
            "aaplPrice": null, "msftPrice": null, "nvdaPrice": null, "eurusd": null, "gbpusd": null
        })
    );
}

#[tokio::test]
async fn every_route_answers_head_and_options_for_any_page() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch(SYMBOLS).await;
    for symbol in ["AAPL", "EUR/USD", "BTC/USD"] {
        terminal.fake.push_price(symbol, 101.5, now_s());
        client.price(symbol, 101.5).await;
    }
    for path in [
        "/api/stocks",
        "/api/forex",
        "/api/crypto",
        "/api/quotes",
        "/api/status",
        "/api/crypto/summary",
        "/api/quote?symbol=AAPL",
        "/price?symbol=AAPL",
        "/api_usage",
        "/technical_indicators",
        "/metrics",
        "/health",
    ] {
        let head = terminal.request(Method::HEAD, path).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "{path}");
        assert_headers(&head);
        let options = terminal.request(Method::OPTIONS, path).await;
        assert_eq!((options.status.as_u16(), options.text.as_str()), (204, ""), "{path}");
        assert_eq!(options.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
        assert_headers(&options);
    }
}

#[tokio::test]
async fn a_mistake_is_answered_with_a_problem_that_explains_it() {
    let terminal = Terminal::start(manual(), &[]).await;
    assert_problem(&terminal.get("/api/nothing").await, 404, "/api/stocks");
    assert_problem(&terminal.get("/api/stocks/").await, 404, "nothing at /api/stocks/");
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = terminal.request(method.clone(), "/api/stocks").await;
        assert_problem(&answer, 405, method.as_str());
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
    }
    assert_problem(
        &terminal.get("/api/quotes?symbols=AAPL,%24%24%24").await,
        400,
        "\"$$$\" is not a symbol",
    );
    let many: Vec<String> = (0..65).map(|number| format!("S{number}")).collect();
    let path = format!("/api/quotes?symbols={}", many.join(","));
    assert_problem(&terminal.get(&path).await, 400, "the 64 that fit");
    assert_problem(&terminal.get("/ws").await, 426, "WebSocket");
    // Only the two requests that asked the hub for quotes may wake the feed.
    assert!(terminal.fake.upgrades() <= 1);
}

#[tokio::test]
async fn what_is_no_api_is_a_page_and_a_wrong_address_has_a_page_too() {
    let terminal = Terminal::start(manual(), &[]).await;
    let page = terminal.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        page.headers.contains_key("content-security-policy"),
        "{:?}",
        page.headers
    );
    let missing = terminal.get("/nowhere").await;
    assert_eq!(missing.status, 404);
    assert!(missing.header("content-type").starts_with("text/html"));
    assert_eq!(terminal.fake.upgrades(), 0, "a page wakes no hub");
}

#[tokio::test]
async fn without_any_price_a_class_is_503_and_says_why() {
    let terminal = Terminal::start(manual(), &[]).await;
    terminal.fake.hang_upgrades(true);
    terminal.fake.rest_behaviour(RestBehaviour::Hangs);
    for path in ["/api/stocks", "/api/forex", "/api/crypto"] {
        let answer = terminal.get(path).await;
        assert_problem(&answer, 503, "no price is known yet");
        assert_eq!(answer.header("retry-after"), "5");
    }
    // A request for single quotes is answered with what is known: explicitly nothing.
    let body = terminal.json("/api/quotes?symbols=AAPL").await;
    assert_eq!(body["quotes"][0]["price"], Value::Null);
    assert_eq!(body["quotes"][0]["freshness"], Value::Null);
}

#[tokio::test]
async fn health_says_that_the_worker_runs_and_wakes_nobody() {
    let terminal = Terminal::start(manual(), &[]).await;
    let health = terminal.json("/health").await;
    assert_eq!(
        health,
        json!({"ok": true, "status": "ok", "service": "hamster-terminal", "version": env!("CARGO_PKG_VERSION")})
    );
    assert_eq!(terminal.fake.upgrades(), 0);
}

#[tokio::test]
async fn a_reader_of_a_new_symbol_gets_its_price_in_the_first_answer() {
    let terminal = Terminal::start(manual(), &[("WAITER_MS", "1900")]).await;
    let _client = terminal.watch("AAPL").await;
    terminal
        .status_until("the first call", |_| !terminal.fake.rest_requests().is_empty())
        .await;
    crate::support::pass_a_minutes_turn().await;
    // The answer waits for less than two seconds, and the machine may stand still for as long.
    let mut quote = Value::Null;
    for symbol in ["TSLA", "AMZN", "GOOGL"] {
        quote = terminal.json(&format!("/api/quotes?symbols={symbol}")).await["quotes"][0].take();
        if quote["price"].is_number() {
            break;
        }
    }
    assert!(quote["price"].is_number(), "{quote}");
    assert_eq!(quote["freshness"], "fresh");
}

#[tokio::test]
async fn twelve_datas_own_routes_answer_in_its_form() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL,MSFT").await;
    let now = now_s();
    for symbol in ["AAPL", "MSFT"] {
        terminal.fake.push_price(symbol, 235.5, now);
        client.price(symbol, 235.5).await;
    }
    let price = terminal.get("/price?symbol=AAPL&apikey=any").await;
    assert_eq!(
        (price.status.as_u16(), price.text.as_str()),
        (200, r#"{"price":"235.50"}"#)
    );
    assert_headers(&price);
    let batch = terminal.get("/price?symbol=MSFT,AAPL&format=CSV").await;
    assert_eq!(batch.text, "symbol;price\nMSFT;235.50\nAAPL;235.50\n");
    assert_eq!(
        (batch.header("content-type"), batch.header("is_batch")),
        ("text/csv", "true")
    );
    // The platform knows the time zones.
    for (zone, status) in [("Asia/Tokyo", 200), ("Asia/Nowhere", 400)] {
        let quote = terminal.get(&format!("/quote?symbol=AAPL&timezone={zone}")).await;
        assert_eq!(quote.status, status, "{quote:?}");
        assert!(status != 200 || quote.json()["last_quote_at"] == now, "{quote:?}");
    }
    for path in ["/sma?symbol=AAPL", "/quote?symbols=AAPL", "/dividends"] {
        let error = terminal.get(path).await;
        assert_eq!(fields(&error.json()), names(&["code", "message", "status"]), "{path}");
        assert_eq!(error.json()["code"], error.status.as_u16());
        assert_headers(&error);
    }
    let options = terminal.request(Method::OPTIONS, "/time_series").await;
    assert_eq!(options.status, 204);
}
