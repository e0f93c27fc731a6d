//! Replies: what a route makes of the hub's answer.

use super::*;
use crate::api::accepted_format;
use crate::dialect::SubscriptionFailure;
use crate::hub::{Found, FoundBy, History, Search, Service, Sessions, Spark, Sparklines};
use crate::market::{Bar, BarSource, ExchangeHours, Gap, Interval, Kind, Millis};
use serde_json::{Value, json};

const AT: Millis = 1_768_832_700_000;
const AAPL: &[(&str, &str)] = &[("symbol", "AAPL")];

fn bar(time: Millis, close: f64, volume: Option<f64>, source: BarSource) -> Bar {
    Bar {
        volume,
        close,
        ..Bar::first(time, 266.25, source)
    }
}

fn history() -> History {
    History {
        simulated: false,
        symbol: "AAPL".to_owned(),
        interval: Interval::FiveMinutes,
        exchange: Some("NASDAQ".to_owned()),
        mic_code: Some("XNGS".to_owned()),
        r#type: Some("Common Stock".to_owned()),
        currency: Some("USD".to_owned()),
        timezone: None,
        provider: "twelve_data",
        bars: vec![
            bar(AT, 266.2, Some(120_345.0), BarSource::Provider),
            bar(AT + 300_000, 266.1875, None, BarSource::Hub),
        ],
        gaps: vec![Gap {
            from: AT - 60_000,
            to: AT,
            reason: "the hub was asleep".to_owned(),
        }],
        running: Some(AT + 300_000),
        more: true,
        as_of: AT + 437_123,
        reason: Some("no credits".to_owned()),
        retry_at: Some(AT + 440_000),
        is_refused: false,
    }
}

fn shown(history: History, query: &[(&str, &str)], accept: Option<&str>) -> Reply {
    reply("/api/history", query, accept, &Answer::History(history))
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let values: Vec<_> = reply.headers.iter().filter(|(given, _)| *given == name).collect();
    assert!(values.len() <= 1, "{name} twice: {values:?}");
    values.first().map_or("", |(_, value)| value.as_str())
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

#[test]
fn a_history_is_rows_of_integers() {
    let reply = shown(history(), AAPL, None);
    assert_eq!(
        body(&reply),
        json!({"ok": true, "symbol": "AAPL", "interval": "5min", "simulated": false, "scale": 4,
            "currency": "USD", "timezone": null,
            "columns": ["time", "open", "high", "low", "close", "volume", "from"],
            "bars": [
                [1_768_832_700, 2_662_500, 2_662_500, 2_662_500, 2_662_000, 120_345, 0],
                [1_768_833_000, 2_662_500, 2_662_500, 2_662_500, 2_661_875, null, 1],
            ],
            "sources": ["twelve_data", "hub"],
            "gaps": [[1_768_832_640, 1_768_832_700, "the hub was asleep"]],
            "running": 1_768_833_000, "more": true, "before": 1_768_832_700,
            "as_of": "2026-01-19T14:32:17.123Z", "reason": "no credits", "retry_at": "2026-01-19T14:32:20.000Z"})
    );
    assert_eq!(header(&reply, "Content-Type"), "application/json");
    assert_eq!(header(&reply, "Cache-Control"), "private, max-age=5");
    assert_eq!(header(&reply, "Vary"), "Accept-Encoding, Accept");
}

#[test]
fn prices_of_too_many_digits_are_plain_numbers() {
    let mut history = history();
    history.simulated = true;
    history.bars = vec![bar(AT, 0.1 + 0.2, Some(0.5), BarSource::Provider)];
    let body = body(&shown(history, AAPL, None));
    assert_eq!(body["scale"], Value::Null);
    assert_eq!(
        body["bars"],
        json!([[1_768_832_700, 266.25, 266.25, 266.25, 0.1 + 0.2, 0.5, 0]])
    );
    assert_eq!(body["sources"], json!(["simulator", "hub (simulated)"]));
}

#[test]
fn a_history_without_bars_says_why() {
    let empty = |is_refused| History {
        bars: Vec::new(),
        gaps: Vec::new(),
        running: None,
        is_refused,
        ..history()
    };
    let body = body(&shown(empty(false), AAPL, None));
    assert_eq!(
        (
            &body["bars"],
            &body["scale"],
            &body["before"],
            &body["running"],
            &body["reason"]
        ),
        (&json!([]), &json!(2), &Value::Null, &Value::Null, &json!("no credits"))
    );
    let refused = shown(empty(true), &[("symbol", "AAPL"), ("format", "csv")], None);
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(refused.status, 404);
    assert_eq!(
        (&problem["title"], &problem["detail"]),
        (&json!("Not Found"), &json!("no credits"))
    );
    let old_bars = History {
        is_refused: true,
        ..history()
    };
    assert_eq!(shown(old_bars, AAPL, None).status, 200, "bars that are known are shown");
}

#[test]
fn a_history_as_csv() {
    let mut history = history();
    history.symbol = "BTC/USD:Coinbase \"Pro\"".to_owned();
    let reply = shown(
        history,
        &[("symbol", "BTC/USD"), ("format", "csv")],
        Some("application/json"),
    );
    assert_eq!(
        reply.body,
        "time,open,high,low,close,volume,source\n\
         2026-01-19T14:25:00.000Z,266.25,266.25,266.25,266.2,120345,twelve_data\n\
         2026-01-19T14:30:00.000Z,266.25,266.25,266.25,266.1875,,hub\n"
    );
    assert_eq!(header(&reply, "Content-Type"), "text/csv; charset=utf-8");
    assert_eq!(
        header(&reply, "Content-Disposition"),
        "attachment; filename=\"BTC-USD-Coinbase--Pro--5min.csv\""
    );
    assert_eq!(header(&reply, "Cache-Control"), "private, max-age=5");
    assert_eq!(header(&reply, "Vary"), "Accept-Encoding, Accept");
}

#[test]
fn csv_is_for_those_who_prefer_it() {
    let is_csv = |query: &[(&str, &str)], accept| shown(history(), query, accept).body.starts_with("time,");
    for (accept, wants) in [
        ("text/csv", true),
        ("Text/CSV;q=0.9, */*;q=0.8", true),
        ("application/json; q=0.5, text/csv", true),
        ("text/csv;q=0", false),
        ("text/csv;q=0.5,application/json", false),
        ("text/html,*/*;q=0.8", false),
        ("", false),
    ] {
        assert_eq!(is_csv(AAPL, Some(accept)), wants, "{accept}");
    }
    assert!(!is_csv(AAPL, None));
    assert!(
        !is_csv(&[("symbol", "AAPL"), ("format", "json")], Some("text/csv")),
        "format wins"
    );
}

#[test]
fn a_request_that_is_passed_on_says_what_its_accept_header_says() {
    let added = accepted_format;
    assert_eq!(added("/api/history", &["symbol=AAPL"], "text/csv"), Some("format=csv"));
    assert_eq!(
        added("/api/history", &["symbol=AAPL"], "application/json, text/csv;q=0.9"),
        None
    );
    assert_eq!(added("/api/history", &["symbol=AAPL", "format=json"], "text/csv"), None);
    assert_eq!(added("/api/search", &["q=apple"], "text/csv"), None, "it has one form");
}

#[test]
fn what_a_relay_passes_on_says_who_and_how_old_it_is() {
    let age = |headers: &[(&'static str, String)], age| {
        let reply = Reply::passed_on(200, headers, "{}".to_owned(), age).of_relay("weur/0");
        assert_eq!(header(&reply, "X-Hamster-Server"), "weur/0");
        header(&reply, "Age").to_owned()
    };
    assert_eq!(age(&[], 4_999), "4");
    assert_eq!(
        age(&[("Age", "3".to_owned()), ("Vary", "Accept".to_owned())], 2_000),
        "5",
        "two relays"
    );
}

#[test]
fn the_tag_changes_with_the_bars_and_not_with_the_time() {
    for accept in [None, Some("text/csv")] {
        let tag = |history| header(&shown(history, AAPL, accept), "ETag").to_owned();
        let first = tag(history());
        assert!(!first.is_empty());
        assert_eq!(first, tag(History { as_of: AT, ..history() }));
        let mut moved = history();
        moved.bars[1].close = 266.19;
        assert_ne!(first, tag(moved));
    }
    let forms = [None, Some("text/csv")].map(|accept| header(&shown(history(), AAPL, accept), "ETag").to_owned());
    assert_ne!(forms[0], forms[1]);
}

fn sparklines(values: &[Option<f64>]) -> Value {
    let spark = Spark {
        end: AT,
        values: values.to_vec(),
    };
    let fails = vec![SubscriptionFailure {
        symbol: "X".to_owned(),
        reason: "unknown".to_owned(),
    }];
    let symbols = vec![("AAPL".to_owned(), spark)];
    let answer = Answer::Sparklines(Sparklines {
        simulated: true,
        as_of: AT,
        symbols,
        fails,
    });
    body(&reply("/api/sparklines", &[], None, &answer))
}

#[test]
fn sparklines_are_differences() {
    assert_eq!(
        sparklines(&[None, Some(266.1), Some(266.13), None, Some(266.11)]),
        json!({"ok": true, "simulated": true, "as_of": "2026-01-19T14:25:00.000Z",
            "symbols": [{"symbol": "AAPL", "scale": 2, "step": 60, "end": 1_768_832_700,
                "values": [null, 26610, 3, null, -2]}],
            "fails": [{"symbol": "X", "reason": "unknown"}]})
    );
    for (closes, scale, values) in [
        (vec![Some(8.12e-6), Some(8.2e-6)], 8, json!([812, 8])),
        (
            vec![Some(0.1 + 0.2), Some(0.5)],
            12,
            json!([300_000_000_000_u64, 200_000_000_000_u64]),
        ),
        (
            vec![Some(0.1 + 0.2), Some(70_000.5)],
            11,
            json!([30_000_000_000_u64, 7_000_020_000_000_000_u64]),
        ),
        (vec![Some(1e300), Some(2.0)], 0, json!([null, 2])),
    ] {
        let line = &sparklines(&closes)["symbols"][0];
        assert_eq!(
            (&line["scale"], &line["values"]),
            (&json!(scale), &values),
            "{closes:?}"
        );
    }
    assert_eq!(sparklines(&[])["symbols"][0]["end"], Value::Null);
}

#[test]
fn a_search_shows_what_was_found() {
    let text = |text: &str| Some(text.to_owned());
    let found = |serves| Found {
        symbol: "RY".to_owned(),
        subscribe: "RY:TSX".to_owned(),
        name: text("Royal \"Bank\""),
        exchange: text("TSX"),
        mic_code: text("XTSE"),
        r#type: text("Common Stock"),
        kind: Some(Kind::Stock),
        currency: text("CAD"),
        country: text("Canada"),
        serves,
        plan: text("Grow"),
    };
    let search = |from| {
        let answer = Answer::Search(Search {
            text: "roy%".to_owned(),
            from,
            reason: text("none left today"),
            retry_at: Some(AT),
            results: [Service::Stream, Service::Poll, Service::No, Service::Unknown]
                .map(found)
                .into(),
        });
        body(&reply("/api/search", &[("q", "roy%")], None, &answer))
    };
    let shown = search(FoundBy::Hub);
    let results = shown["results"].as_array().unwrap();
    let line = |serves| {
        json!({"symbol": "RY", "subscribe": "RY:TSX", "name": "Royal \"Bank\"", "exchange": "TSX", "mic_code": "XTSE",
            "kind": "stock", "currency": "CAD", "country": "Canada", "serves": serves, "plan": "Grow"})
    };
    assert_eq!(*results, ["stream", "poll", "no", "unknown"].map(line));
    assert_eq!(
        shown,
        json!({"ok": true, "q": "roy%", "from": "hub", "reason": "none left today",
            "retry_at": "2026-01-19T14:25:00.000Z", "results": results})
    );
    assert_eq!(
        [FoundBy::Cache, FoundBy::Provider].map(|from| search(from)["from"].clone()),
        ["cache", "provider"]
    );
}

#[test]
fn sessions_show_what_changes_when() {
    let exchange = ExchangeHours {
        code: "XNGS".to_owned(),
        name: "NASDAQ".to_owned(),
        country: None,
        is_open: true,
        opens_at: None,
        closes_at: Some(AT),
    };
    let answer = Answer::Sessions(Sessions {
        time: AT,
        as_of: Some(AT),
        exchanges: vec![exchange],
        reason: None,
        retry_at: None,
    });
    assert_eq!(
        body(&reply("/api/sessions", &[], None, &answer)),
        json!({"ok": true, "as_of": "2026-01-19T14:25:00.000Z", "reason": null, "retry_at": null,
            "exchanges": [{"code": "XNGS", "name": "NASDAQ", "country": null, "open": true,
                "opens_at": null, "closes_at": "2026-01-19T14:25:00.000Z"}]})
    );
    for path in ["/api/status", "/api/quotes", "/api/forex", "/api/sparklines"] {
        assert_eq!(
            reply(path, &[], None, &answer).status,
            500,
            "{path}: the answer to another question"
        );
    }
    for (path, query) in [("/api/history", AAPL), ("/api/search", &[("q", "a")])] {
        assert_eq!(reply(path, query, None, &answer).status, 500, "{path}");
    }
}
