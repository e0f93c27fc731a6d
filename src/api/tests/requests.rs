//! Requests: routes, methods, parameters.

use super::super::is_ours;
use super::*;
use crate::hub::{HistoryQuestion, SearchQuestion};
use crate::market::{Instrument, Interval};

const NO_PARAMETERS: [&str; 8] = [
    "/api/crypto/summary",
    "/api/market-state",
    "/api/stocks",
    "/api/forex",
    "/api/crypto",
    "/api/sessions",
    "/api/status",
    "/health",
];

/// Fails unless the request is a 400 that contains `says`, and is short whatever was sent.
fn assert_bad(path: &str, query: &[(&str, &str)], says: &str) {
    let problem = get(path, query, None).unwrap_err();
    assert_eq!(problem.status(), 400, "{path} {query:?}");
    let sentence = problem.to_string();
    assert!(sentence.contains(says), "{query:?}: {sentence}");
    assert!(sentence.len() < 300, "{sentence}");
}

fn symbols(path: &str, query: &[(&str, &str)]) -> Vec<String> {
    match question(path, query).unwrap() {
        Question::Quotes(symbols) | Question::Sparklines(symbols) => symbols.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?} has no symbols"),
    }
}

#[test]
fn paths_and_methods() {
    let ask = |method, path| route(method, path, &[], None);
    assert!(matches!(ask("GET", "/metrics"), Ok(Asked::Metrics)));
    assert!(matches!(ask("GET", "/health"), Ok(Asked::Health)));
    assert!(matches!(ask("GET", "/ws"), Ok(Asked::Socket(None))));
    assert!(matches!(
        ask("HEAD", "/api/status"),
        Ok(Asked::Hub(Question::Status, _))
    ));
    assert!(matches!(
        ask("GET", "/api/sessions"),
        Ok(Asked::Hub(Question::Sessions, _))
    ));
    assert!(matches!(ask("OPTIONS", "/api/history"), Ok(Asked::Options(_))));
    for method in ["POST", "PROPFIND", "PURGE", "get", "Head", "CONNECT"] {
        assert_eq!(ask(method, "/api/search").unwrap_err().status(), 405, "{method}");
    }
    assert_eq!(ask("POST", "/nowhere").unwrap_err().status(), 404);
    let problem = ask("GET", "/api/stocks/").unwrap_err();
    assert_eq!(problem.status(), 404);
    assert_eq!(
        problem.to_string(),
        "there is nothing at /api/stocks/; the routes are /api/stocks, /api/forex, /api/crypto, /api/quotes, \
         /api/history, /api/sparklines, /api/search, /api/sessions, /api/status, /api/crypto/summary, \
         /api/chart-data, /api/market-state, /api/quote, /api/access, /api/ticket, /metrics, /health, /ws, /api/stream, /socket.io/ and /v1/quotes/price, and of Twelve Data's /quote, \
         /price, /time_series, /symbol_search, /api_usage and /technical_indicators"
    );
}

#[test]
fn paths_that_are_meant_for_us() {
    for path in [
        "/api",
        "/API/STOCKS",
        "/api/stocks/",
        "//api/x",
        "/ws/",
        "/Metrics",
        "/health/",
    ] {
        assert!(is_ours(path), "{path}");
    }
    for path in ["/", "/apidocs", "/assets/main.js", "/favicon.ico"] {
        assert!(!is_ours(path), "{path}");
    }
}

#[test]
fn symbols_are_checked_and_named() {
    let many: Vec<String> = (0..65).map(|i| format!("S{i}")).collect();
    for path in ["/api/quotes", "/api/sparklines"] {
        assert_eq!(symbols(path, &[]), [""; 0]);
        assert_eq!(symbols(path, &[("symbols", "aapl,AAPL,,BTC/USD")]), ["AAPL", "BTC/USD"]);
        assert_eq!(
            symbols(path, &[("symbols", "AAPL"), ("symbols", "MSFT")]),
            ["AAPL", "MSFT"]
        );
        assert_eq!(symbols(path, &[("symbols", &many[1..].join(","))]).len(), 64);
        assert_bad(path, &[("symbols", &many.join(","))], "the 64 that fit");
        assert_bad(path, &[("symbols", "AAPL,<script>")], "\"<script>\" is not a symbol");
    }
}

#[test]
fn parameters_that_do_not_exist_are_errors_that_name_the_right_ones() {
    for name in ["symbol", "symbols[]", "SYMBOLS", "apikey", "", &"x".repeat(10_000)] {
        assert_bad("/api/quotes", &[(name, "AAPL")], "the parameter is symbols");
        assert_bad(
            "/api/search",
            &[("q", "a"), (name, "AAPL")],
            "the parameters are q and limit",
        );
    }
    assert_bad(
        "/api/history",
        &[("symbols", "AAPL")],
        "the parameters are symbol, interval,",
    );
    for path in NO_PARAMETERS {
        assert_bad(path, &[("symbols", "AAPL")], "takes none");
        assert!(get(path, &[], None).is_ok());
    }
    assert_bad("/ws", &[("symbols", "AAPL")], "takes only a ticket");
    assert_bad("/metrics", &[("symbols", "AAPL")], "takes only the name of a relay");
}

#[test]
fn history_has_defaults_and_takes_each_parameter() {
    let asked = |query: &[(&str, &str)]| question("/api/history", query);
    let usual = HistoryQuestion {
        instrument: Instrument::parse("RY:TSX").unwrap(),
        interval: Interval::Minute,
        limit: 500,
        before: None,
    };
    assert_eq!(asked(&[("symbol", " ry:TSX ")]), Ok(Question::History(usual.clone())));
    for interval in Interval::ALL {
        let wanted = HistoryQuestion {
            interval,
            limit: 5000,
            before: Some(1_768_833_120_000),
            ..usual.clone()
        };
        let pairs = [("symbol", "RY:TSX"), ("interval", interval.name()), ("limit", "5000")];
        for before in ["2026-01-19T14:32:00Z", "2026-01-19T15:32:00+01:00", "1768833120"] {
            let query = [&pairs[..], &[("before", before), ("before", before), ("format", "csv")]].concat();
            assert_eq!(asked(&query), Ok(Question::History(wanted.clone())), "{before}");
        }
    }
}

#[test]
fn wrong_parameters_of_history_are_named() {
    let long = "9".repeat(10_000);
    assert_bad(
        "/api/history",
        &[],
        "symbol is missing: the parameters are symbol, interval,",
    );
    for (name, wrong, says) in [
        ("symbol", "MSFT", "symbol is given twice, with different values"),
        (
            "interval",
            "2h",
            "interval \"2h\" is unknown: use 1min, 5min, 15min, 1h, 4h or 1day",
        ),
        ("interval", "", "use 1min, 5min, 15min, 1h, 4h or 1day"),
        ("limit", "0", "limit \"0\" is not a whole number from 1 to 5000"),
        ("limit", "5001", "from 1 to 5000"),
        ("limit", "-1", "from 1 to 5000"),
        ("limit", "1.5", "from 1 to 5000"),
        ("limit", &long, "from 1 to 5000"),
        (
            "before",
            "yesterday",
            "before \"yesterday\" is not a time: use ISO 8601, such as 2026-01-19T14:32:00Z",
        ),
        ("before", "", "whole seconds since 1970"),
        ("before", "2026-01-19T14:32:00", "whole seconds since 1970"),
        ("before", "2026-02-30T14:32:00Z", "whole seconds since 1970"),
        ("before", "1969-12-31T23:59:59Z", "whole seconds since 1970"),
        ("before", "-1", "whole seconds since 1970"),
        ("before", "1768833137123", "whole seconds since 1970"),
        ("before", &long, "whole seconds since 1970"),
        ("format", "xml", "format \"xml\" is unknown: use json or csv"),
    ] {
        assert_bad("/api/history", &[("symbol", "AAPL"), (name, wrong)], says);
    }
    assert_bad("/api/history", &[("symbol", " ")], "symbol is missing");
    assert_bad(
        "/api/history",
        &[("symbol", "AAPL,MSFT")],
        "symbol \"AAPL,MSFT\" is more than one",
    );
    assert_bad("/api/history", &[("symbol", &long)], "is not a symbol: use letters");
}

#[test]
fn a_search_takes_any_text_of_one_line() {
    let asked = |q: &str, limit: &str| question("/api/search", &[("q", q), ("limit", limit)]);
    let wanted = |text: &str, limit| {
        Ok(Question::Search(SearchQuestion {
            text: text.to_owned(),
            limit,
        }))
    };
    let longest = "é".repeat(64);
    for q in ["app", "\"100%\" O'Neil & Co", "%", &longest] {
        assert_eq!(asked(&format!(" {q}\n"), "50"), wanted(q, 50));
    }
    assert_eq!(question("/api/search", &[("q", "app")]), wanted("app", 10));
    for (q, says) in [
        ("", "q is missing: the parameters are q and limit"),
        (" \t", "q is missing"),
        (&"<".repeat(10_000), "q has 10000 characters: use at most 64"),
        ("a\nb", "control character"),
        ("a\0b", "control character"),
    ] {
        assert_bad("/api/search", &[("q", q)], says);
    }
    assert_bad("/api/search", &[], "q is missing");
    for limit in ["0", "51", "ten", ""] {
        assert_bad("/api/search", &[("q", "a"), ("limit", limit)], "from 1 to 50");
    }
}
