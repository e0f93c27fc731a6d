//! What the Worker's exchange answers over REST.

use super::*;

fn ask(call: &str) -> (u16, Value) {
    let (path, query) = call.split_once('?').unwrap_or((call, ""));
    let mut workers = Exchange::faultless(Settings::default(), 42, WEDNESDAY);
    let reply = workers.get(path, query, None, WEDNESDAY);
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

#[test]
fn the_workers_answers_are_those_of_every_endpoint_together() {
    for settings in [Settings::default(), keyed(Plan::basic())] {
        let mut whole = exchange(settings.clone());
        let mut workers = Exchange::faultless(settings, 42, WEDNESDAY);
        for (path, query) in [
            ("/quote", "symbol=AAPL"),
            ("/quote", "symbol=btc/usd,NOPE,RY:TSX&dp=2"),
            ("/quote", "symbol="),
            ("/quote", "symbol=AAPL&type=ETF"),
            ("/time_series", "symbol=AAPL&interval=1day&outputsize=40"),
            ("/time_series", "symbol=BTC/USD,EUR/USD&interval=5min&timezone=UTC"),
            (
                "/time_series",
                "symbol=AAPL&interval=1h&timezone=europe/berlin&end_date=2026-01-13",
            ),
            ("/time_series", "symbol=AAPL&interval=1s"),
            ("/Symbol_Search", "symbol=us&show_plan=true"),
            ("/market_state", "country=canada"),
            ("/market_movers", ""),
            ("/nonsense", ""),
        ] {
            let expected = whole.rest(path, query, None, WEDNESDAY);
            assert_eq!(workers.get(path, query, None, WEDNESDAY), expected, "{path} {query}");
        }
    }
}

#[test]
fn endpoints_and_zones_that_only_tests_have_are_refused_in_words() {
    let (status, body) = ask("/price?symbol=AAPL");
    assert_eq!(
        (status, &body["message"]),
        (404, &json!("The requested endpoint does not exist."))
    );
    let (status, body) = ask("/time_series?symbol=AAPL&interval=1h&timezone=Asia/Tokyo");
    let right = "Invalid **timezone** provided: Asia/Tokyo. It should be Exchange, UTC, America/New_York, America/Toronto \
                 or Europe/Berlin";
    assert_eq!((status, &body["message"]), (400, &json!(right)));
}

#[test]
fn a_search_names_the_symbol_itself_first_then_longer_symbols_then_names() {
    for (wanted, expected) in [
        ("v", vec!["V", "VOO"]),
        ("EtH/", vec!["ETH/USD", "ETH/BTC"]),
        ("ry", vec!["RY", "RY"]),
        ("trust", vec!["SPY", "QQQ"]),
        ("doge", vec!["DOGE/USD"]),
        ("nope", vec![]),
        ("", vec![]),
    ] {
        let (_, found) = ask(&format!("/symbol_search?symbol={wanted}&outputsize=2"));
        assert_eq!(symbols(&found["data"]), expected, "{wanted}");
        assert!(
            found["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one.get("access").is_none())
        );
    }
    let (_, found) = ask("/symbol_search?symbol=RY&show_plan=true");
    let plans = [0, 1].map(|place| found["data"][place]["access"].clone());
    let access = |plan: &str| json!({"global": plan, "plan": plan});
    assert_eq!(plans, [access("Basic"), access("Grow")]);
}
