//! HTTP semantics: methods, parameters, paths, tags and headers, for every client and every
//! spelling.

use crate::rest_api::{assert_headers, assert_problem};
use crate::scripted::{Scripted, record, tick, watch};
use crate::support::{Answer, PATIENCE, Terminal, fields, manual, names, now_s};
use reqwest::Method;
use serde_json::json;

const ROUTES: [&str; 12] = [
    "/api/stocks",
    "/api/forex",
    "/api/crypto",
    "/api/quotes",
    "/api/status",
    "/api/crypto/summary",
    "/api/chart-data",
    "/api/market-state",
    "/api/quote",
    "/metrics",
    "/health",
    "/ws",
];

/// A GET with an additional header.
async fn get_with(terminal: &Terminal, path: &str, name: &str, value: &str) -> Answer {
    let request = reqwest::Client::new().get(terminal.worker.url(path));
    let response = request.header(name, value).timeout(PATIENCE).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer { status, headers, text }
}

#[tokio::test]
async fn a_parameter_that_does_not_exist_is_an_error_that_names_the_right_one() {
    let terminal = Terminal::start(manual(), &[]).await;
    for query in [
        "symbol=AAPL",
        "symbols[]=AAPL",
        "symbols%5B%5D=AAPL",
        "SYMBOLS=AAPL",
        "symbols=AAPL&apikey=x",
        "=AAPL",
        "AAPL",
    ] {
        let answer = terminal.get(&format!("/api/quotes?{query}")).await;
        assert_problem(&answer, 400, "the parameter is symbols, as in /api/quotes?symbols=");
    }
    for path in ROUTES.into_iter().filter(|path| *path != "/api/quotes") {
        let answer = terminal.get(&format!("{path}?symbols=AAPL")).await;
        assert_problem(&answer, 400, "there is no parameter \"symbols\"");
    }
    assert_eq!(terminal.fake.upgrades(), 0, "a mistake wakes no hub");
}

#[tokio::test]
async fn symbols_given_twice_are_joined() {
    let terminal = Terminal::start(manual(), &[]).await;
    let body = terminal
        .json("/api/quotes?symbols=AAPL&symbols=btc/usd,AAPL&symbols=")
        .await;
    let quotes = body["quotes"].as_array().unwrap();
    let shown: Vec<_> = quotes.iter().map(|quote| &quote["symbol"]).collect();
    assert_eq!(shown, ["AAPL", "BTC/USD"]);
}

#[tokio::test]
async fn every_other_method_is_405_everywhere_whatever_its_name() {
    let terminal = Terminal::start(manual(), &[]).await;
    for path in ROUTES {
        for name in ["PROPFIND", "PURGE", "POST", "PUT", "DELETE", "PATCH"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let answer = terminal.request(method, path).await;
            assert_problem(&answer, 405, &format!("{name} is not allowed here"));
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{name} {path}");
        }
        let options = terminal.request(Method::OPTIONS, path).await;
        assert_eq!((options.status.as_u16(), options.text.as_str()), (204, ""), "{path}");
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
        assert_eq!(options.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
        assert_eq!(options.header("access-control-allow-headers"), "*, Authorization");
        assert_headers(&options);
    }
    assert_eq!(terminal.fake.upgrades(), 0);
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_the_address_at_the_host_that_was_asked() {
    let terminal = Terminal::start(manual(), &[]).await;
    let answer = terminal.get("/ws").await;
    assert_problem(&answer, 426, &format!("websocat {}", terminal.worker.ws_url()));
    let answer = get_with(&terminal, "/ws", "host", "prices.example:8443").await;
    assert_problem(&answer, 426, "websocat ws://prices.example:8443/ws");
}

#[tokio::test]
async fn a_path_that_is_nearly_one_of_ours_is_a_problem_and_no_page() {
    let terminal = Terminal::start(manual(), &[]).await;
    for path in [
        "/API/STOCKS",
        "/Api/Stocks",
        "/api/stocks/",
        "/api/",
        "/api",
        "/api/quotes/AAPL",
        "/ws/",
        "/WS",
        "/health/",
        "/Metrics",
    ] {
        let answer = terminal.get(path).await;
        assert_problem(&answer, 404, &format!("nothing at {path}; the routes are /api/stocks"));
    }
}

#[tokio::test]
async fn who_has_the_answer_already_is_not_sent_it_again() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL,EUR/USD").await;
    for (symbol, price) in [("EUR/USD", 1.25), ("AAPL", 101.5)] {
        terminal.fake.push_price(symbol, price, now_s());
        client.price(symbol, price).await;
    }
    terminal
        .status_until("all is known", |status| {
            let all = status["symbols"].as_array().unwrap();
            all.iter().all(|one| one["previous_close"].is_number())
        })
        .await;
    for path in ["/api/stocks", "/api/forex", "/api/quotes?symbols=AAPL", "/health"] {
        let first = terminal.get(path).await;
        let tag = first.header("etag").to_owned();
        for known in [tag.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = get_with(&terminal, path, "if-none-match", &known).await;
            assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
            assert_eq!(again.header("etag"), tag);
            assert_headers(&again);
        }
        let other = get_with(&terminal, path, "if-none-match", "\"other\"").await;
        assert_eq!(other.status, 200, "{path}");
    }
    let known = terminal.get("/api/quotes?symbols=AAPL").await.header("etag").to_owned();
    terminal.fake.push_price("AAPL", 102.5, now_s());
    client.price("AAPL", 102.5).await;
    let news = get_with(&terminal, "/api/quotes?symbols=AAPL", "if-none-match", &known).await;
    assert_eq!(
        (news.status.as_u16(), &news.json()["quotes"][0]["price"]),
        (200, &json!(102.5))
    );
    assert_ne!(news.header("etag"), known);
}

#[tokio::test]
async fn answers_and_pages_say_how_they_may_be_used() {
    let terminal = Terminal::start(manual(), &[]).await;
    for path in ROUTES.into_iter().chain(["/api/nothing"]) {
        let answer = terminal.get(path).await;
        assert_headers(&answer);
        assert_eq!(answer.header("vary"), "Accept-Encoding", "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
    }
    for path in ["/", "/nowhere"] {
        let page = terminal.get(path).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert!(page.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(
            page.header("content-security-policy").contains("script-src 'self'"),
            "{path}"
        );
        assert!(
            !page.headers.contains_key("access-control-allow-origin"),
            "{path}: a page is no answer for other sites"
        );
    }
}

#[tokio::test]
async fn a_symbol_that_is_called_as_a_field_of_the_answer_hides_none() {
    let upstream = Scripted::start(|symbol| record(symbol, 100.0, 80.0).to_string()).await;
    let terminal = upstream.terminal(&[("SYMBOLS", "OK,SIMULATED,AAPL")]).await;
    let mut client = watch(&terminal, "OK,SIMULATED,AAPL").await;
    for (symbol, price) in [("OK", 1.5), ("SIMULATED", 2.5), ("AAPL", 3.5)] {
        upstream.say(&tick(symbol, price).to_string());
        client.price(symbol, price).await;
    }
    let body = terminal.json("/api/stocks").await;
    assert_eq!((&body["ok"], &body["simulated"]), (&json!(true), &json!(false)));
    for (key, price) in [("OK", 1.5), ("SIMULATED", 2.5), ("aapl", 3.5)] {
        assert_eq!(body[key]["price"], price, "{key}: {body}");
    }
    assert_eq!(fields(&body), names(&["ok", "simulated", "OK", "SIMULATED", "aapl"]));
}
