//! Upstream's values reach every client as they were meant, whichever name was asked for, however
//! odd the number, and in every asset class.

use std::time::Duration;

use crate::rest_api::QUOTE_FIELDS;
use crate::scripted::{Reply, Scripted, record, tick, watch};
use crate::support::{Terminal, now_s, pass};
use serde_json::{Value, json};

async fn upstream() -> Scripted {
    Scripted::start(|symbol| record(symbol, 100.0, 80.0).to_string()).await
}

/// A value with these fields added or replaced.
fn with(mut value: Value, fields: Value) -> Value {
    let more = fields.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(more);
    value
}

async fn quote(terminal: &Terminal, symbol: &str) -> Value {
    let query = symbol.replace('&', "%26");
    let body = terminal.json(&format!("/api/quotes?symbols={query}")).await;
    body["quotes"][0].clone()
}

/// Polls until a symbol's quote is `wanted`.
async fn quote_until(terminal: &Terminal, symbol: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let of = |status: &Value| {
        let all = status["symbols"].as_array().unwrap();
        all.iter().find(|one| one["symbol"] == symbol).cloned()
    };
    let status = terminal
        .status_until(what, |status| of(status).is_some_and(|quote| wanted(&quote)))
        .await;
    of(&status).unwrap()
}

/// The snapshot of one symbol for a client of `hamster.v1`.
async fn snapshot(terminal: &Terminal, symbol: &str) -> (String, Value) {
    let (mut visitor, _) = terminal.offer("hamster.v1").await.unwrap();
    visitor.subscribe(symbol).await;
    loop {
        let text = visitor.hear_text().await;
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["event"] == "snapshot" {
            return (text, frame["symbols"][0].clone());
        }
    }
}

#[tokio::test]
async fn every_name_of_an_instrument_gets_its_ticks_and_none_takes_them_from_another() {
    let upstream = upstream().await;
    let nasdaq = json!({"exchange": "NASDAQ", "mic_code": "XNGS"});
    let venue = nasdaq.clone();
    upstream.listings(move |symbol| with(json!({"symbol": symbol.split(':').next()}), venue.clone()));
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL,BTC/USD")]).await;
    let mut bare = watch(&terminal, "AAPL").await;
    let mut pinned = watch(&terminal, "AAPL:NASDAQ,AAPL:XNGS,TSLA").await;
    let aapl = |price: f64| with(tick("AAPL", price), nasdaq.clone()).to_string();
    upstream.say(&aapl(101.5));
    bare.price("AAPL", 101.5).await;
    pinned.price("AAPL:NASDAQ", 101.5).await;
    pinned.price("AAPL:XNGS", 101.5).await;
    for symbol in ["AAPL", "AAPL:NASDAQ", "AAPL:XNGS"] {
        let quote = quote(&terminal, symbol).await;
        assert_eq!(
            (&quote["price"], &quote["source"]),
            (&json!(101.5), &json!("live")),
            "{symbol}"
        );
    }
    // A tick of another venue does not go to a client that named this venue.
    upstream.say(&with(tick("AAPL", 7.0), json!({"exchange": "VSE", "mic_code": "XWBO"})).to_string());
    upstream.say(&aapl(102.5));
    pinned.price("AAPL:NASDAQ", 102.5).await;
    assert!(terminal.said().iter().all(|text| !text.contains("\"price\":7.0")));

    pinned
        .say(json!({"action": "unsubscribe", "params": {"symbols": "AAPL:NASDAQ,AAPL:XNGS,TSLA"}}))
        .await;
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !upstream.asked("unsubscribe").concat().contains("TSLA") {
        assert!(std::time::Instant::now() < deadline, "TSLA is still held for nobody");
        pass(Duration::from_millis(200)).await;
    }
    let ended = upstream.asked("unsubscribe").concat();
    assert!(
        !ended.contains("AAPL"),
        "upstream has one stream for all its names: {ended}"
    );
    upstream.say(&aapl(103.5));
    assert_eq!(bare.price("AAPL", 103.5).await["freshness"], "fresh");
}

#[tokio::test]
async fn an_old_stamp_opens_no_market_and_makes_nothing_fresh() {
    let closed = now_s() - 41 * 3_600;
    let upstream = Scripted::start(move |symbol| {
        let closed = json!({"is_market_open": false, "timestamp": closed / 86_400 * 86_400, "last_quote_at": closed});
        with(record(symbol, 264.004, 260.0), closed).to_string()
    })
    .await;
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    let known = quote_until(&terminal, "AAPL", "what REST says", |quote| {
        quote["session"] == "closed"
    })
    .await;
    assert_eq!(
        (&known["price"], &known["percent_change"], &known["freshness"]),
        (&json!(264.004), &json!(1.54), &json!("fresh"))
    );
    let at = |stamp: u64, price: f64| with(tick("AAPL", price), json!({"timestamp": stamp})).to_string();
    // The last trade once more, and an earlier one.
    for (stamp, price) in [(closed, 264.004), (closed - 60, 263.0)] {
        upstream.say(&at(stamp, price));
    }
    terminal
        .status_until("both are dropped", |status| status["dropped_ticks"] == 2)
        .await;
    assert_eq!(quote(&terminal, "AAPL").await, known);

    // A later trade of that day is news, but old.
    upstream.say(&at(closed + 600, 265.2));
    let late = client.price("AAPL", 265.2).await;
    assert_eq!(
        (
            &late["session"],
            &late["percent_change"],
            &late["previous_close"],
            &late["freshness"]
        ),
        (&json!("closed"), &json!(2.0), &json!(260.0), &json!("stale"))
    );

    // Traded now, although upstream's session says closed.
    upstream.say(&at(now_s(), 267.8));
    let now = client.price("AAPL", 267.8).await;
    assert_eq!(
        (
            &now["session"],
            &now["percent_change"],
            &now["freshness"],
            &now["source"]
        ),
        (&json!("extended"), &json!(3.0), &json!("fresh"), &json!("live"))
    );
}

#[tokio::test]
async fn a_bad_number_costs_its_own_field() {
    let upstream = Scripted::start(|symbol| {
        let whole = record(symbol, 235.5, 200.0).to_string();
        let field = |name: &str, value: &str| {
            let (before, rest) = whole.split_once(&format!("\"{name}\":")).unwrap();
            let after = rest.trim_start_matches(|c| c != ',' && c != '}');
            format!("{before}\"{name}\":{value}{after}")
        };
        match symbol {
            "AAPL" => field("previous_close", "NaN"),
            "MSFT" => field("close", "1e400"),
            "SPY" => field("previous_close", "\"NaN\""),
            "QQQ" => field("last_quote_at", "-Infinity"),
            _ => whole,
        }
    })
    .await;
    upstream.upgrade(Some(Reply::Whole(503, String::new(), "{}".to_owned())));
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL,MSFT,SPY,QQQ,NVDA")]).await;
    let mut client = terminal.connect().await;
    client.subscribe("AAPL,MSFT,SPY,QQQ,NVDA").await;
    let nvda = quote_until(&terminal, "NVDA", "by REST", |quote| quote["price"].is_number()).await;
    assert_eq!(
        (&nvda["price"], &nvda["percent_change"]),
        (&json!(235.5), &json!(17.75))
    );
    for symbol in ["AAPL", "SPY"] {
        let quote = quote(&terminal, symbol).await;
        assert_eq!(
            (&quote["price"], &quote["previous_close"], &quote["percent_change"]),
            (&json!(235.5), &Value::Null, &Value::Null),
            "{symbol}"
        );
    }
    assert_eq!(quote(&terminal, "QQQ").await["previous_close"], 200.0);
    let msft = quote(&terminal, "MSFT").await;
    let reason = msft["reason"].as_str().unwrap();
    assert!(
        msft["price"].is_null() && reason.contains("its price is no number"),
        "{msft}"
    );
    assert_eq!(
        upstream.heads().iter().filter(|head| head.contains("MSFT")).count(),
        1,
        "one call for all"
    );

    upstream.upgrade(None);
    client.feed("live").await;
    for numbers in [
        r#""bid":NaN,"ask":1e400,"day_volume":Infinity"#,
        r#""bid":"NaN","ask":-Infinity,"day_volume":undefined"#,
    ] {
        for (symbol, price) in [("AAPL", 236.5), ("MSFT", 401.5)] {
            upstream.say(&format!(
                r#"{{"event":"price","symbol":"{symbol}",{numbers},"price":{price},"timestamp":{}}}"#,
                now_s()
            ));
            let update = client.price(symbol, price).await;
            assert_eq!(
                (&update["bid"], &update["ask"], &update["day_volume"]),
                (&Value::Null, &Value::Null, &Value::Null)
            );
        }
    }
    upstream.say(&format!(
        r#"{{"event":"price","symbol":"AAPL","price":NaN,"timestamp":{}}}"#,
        now_s()
    ));
    let told = client
        .until("the reason", |event| {
            event["event"] == "subscribe-status" && event["success"][0]["reason"].is_string()
        })
        .await;
    assert!(told.to_string().contains("its price is no number"), "{told}");
    assert_eq!(quote(&terminal, "AAPL").await["price"], 236.5);
}

#[tokio::test]
async fn a_symbol_that_spoils_a_call_for_all_stops_nobody() {
    let server = r#"{"code":500,"message":"internal error","status":"error"}"#;
    for (spoilt, said) in [("<html>", "could not be read"), (server, "internal error")] {
        let upstream = upstream().await;
        upstream.upgrade(Some(Reply::Whole(503, String::new(), "{}".to_owned())));
        let price = |symbol: &str, price: f64| match symbol {
            "BAD" => spoilt.to_owned(),
            _ => record(symbol, price, 80.0).to_string(),
        };
        upstream.records(move |symbol| price(symbol, 100.0));
        let terminal = upstream.terminal(&[("SYMBOLS", "AAPL"), ("FALLBACK_MS", "300")]).await;
        let mut client = terminal.connect().await;
        client.subscribe("BAD,MSFT,AAPL").await;
        terminal
            .status_until(said, |status| {
                let symbols = status["symbols"].as_array().into_iter().flatten();
                let mut of_bad = symbols.filter(|symbol| symbol["symbol"] == "BAD");
                let reason = of_bad.find_map(|symbol| symbol["reason"].as_str());
                reason.is_some_and(|reason| reason.contains(said))
            })
            .await;
        // Repeat: each of these prices comes by another call.
        for close in [101.0, 102.0, 103.0] {
            upstream.records(move |symbol| price(symbol, close));
            client.price("AAPL", close).await;
            client.price("MSFT", close).await;
        }
    }
}

#[tokio::test]
async fn what_was_kept_over_a_restart_is_what_was_known() {
    let upstream = Scripted::start(|symbol| record(symbol, 58.0, 50.0).to_string()).await;
    let mut terminal = upstream.terminal(&[("SYMBOLS", "WTI/USD,VIX")]).await;
    let mut client = watch(&terminal, "WTI/USD,VIX").await;
    quote_until(&terminal, "WTI/USD", "the close", |quote| {
        quote["previous_close"] == 50.0
    })
    .await;
    let oil = json!({"type": "Commodity", "bid": -37.655, "day_volume": 5.9e20});
    upstream.say(&with(tick("WTI/USD", -37.63), oil).to_string());
    client.price("WTI/USD", -37.63).await;
    let index = json!({"type": "Index", "currency": "USD", "exchange": "CBOE", "mic_code": "XCBO"});
    upstream.say(&with(tick("VIX", 16.6), index).to_string());
    client.price("VIX", 16.6).await;
    let mut known = Vec::new();
    for symbol in ["WTI/USD", "VIX"] {
        known.push(quote(&terminal, symbol).await);
    }
    pass(Duration::from_secs(2)).await;
    terminal.worker.kill();
    upstream.upgrade(Some(Reply::Trickle(503)));
    upstream.rest(Some(Reply::Trickle(200)));
    terminal.worker.restart().await;
    for before in known {
        let after = quote(&terminal, before["symbol"].as_str().unwrap()).await;
        assert_eq!(after["source"], "restored");
        // All fields but its marks, and who watches.
        let marks = [
            "source",
            "simulated",
            "freshness",
            "stale_since",
            "state",
            "reason",
            "watchers",
        ];
        for field in QUOTE_FIELDS.iter().filter(|field| !marks.contains(field)) {
            assert_eq!(after[field], before[field], "{field}");
        }
    }
}

#[tokio::test]
async fn a_price_below_zero_is_a_price() {
    let upstream = Scripted::start(|symbol| record(symbol, 58.0, 50.0).to_string()).await;
    let terminal = upstream.terminal(&[("SYMBOLS", "WTI/USD")]).await;
    let mut client = watch(&terminal, "WTI/USD").await;
    quote_until(&terminal, "WTI/USD", "the close", |quote| {
        quote["previous_close"] == 50.0
    })
    .await;
    upstream.say(&tick("WTI/USD", 58.12).to_string());
    client.price("WTI/USD", 58.12).await;
    let below = with(tick("WTI/USD", -37.63), json!({"bid": -37.65, "ask": -37.6}));
    upstream.say(&below.to_string());
    let update = client.price("WTI/USD", -37.63).await;
    assert_eq!(
        (
            &update["percent_change"],
            &update["bid"],
            &update["ask"],
            &update["freshness"]
        ),
        (&json!(-175.26), &json!(-37.65), &json!(-37.6), &json!("fresh"))
    );
    let (_, shown) = snapshot(&terminal, "WTI/USD").await;
    assert_eq!(
        (&shown["scale"], &shown["price"], &shown["bid"], &shown["ask"]),
        (&json!(2), &json!(-3_763), &json!(-2), &json!(3))
    );
    let body = terminal.json("/api/quotes").await;
    assert_eq!(body["quotes"][0]["price"], -37.63);
}

#[tokio::test]
async fn there_is_no_percent_against_a_close_below_zero() {
    let upstream = Scripted::start(|symbol| record(symbol, 5.0, -10.0).to_string()).await;
    let terminal = upstream.terminal(&[("SYMBOLS", "WTI/USD")]).await;
    let mut client = watch(&terminal, "WTI/USD").await;
    quote_until(&terminal, "WTI/USD", "the close", |quote| {
        quote["previous_close"] == -10.0
    })
    .await;
    upstream.say(&tick("WTI/USD", 5.5).to_string());
    let update = client.price("WTI/USD", 5.5).await;
    assert_eq!(update["percent_change"], Value::Null);
    let quote = quote_until(&terminal, "WTI/USD", "the tick", |quote| quote["price"] == 5.5).await;
    assert_eq!(quote["percent_change"], Value::Null);
}

#[tokio::test]
async fn what_upstream_calls_an_instrument_reaches_every_answer() {
    let cases = [
        (
            "VIX",
            "stocks",
            json!({"type": "Index", "currency": "USD", "exchange": "CBOE", "mic_code": "XCBO"}),
        ),
        (
            "FTSE",
            "stocks",
            json!({"type": "Index", "currency": "GBP", "exchange": "LSE", "mic_code": "XLON"}),
        ),
        (
            "VOD:LSE",
            "stocks",
            json!({"type": "Common Stock", "currency": "GBp", "exchange": "LSE", "mic_code": "XLON"}),
        ),
        (
            "XAU/USD",
            "forex",
            json!({"type": "Physical Currency", "currency_base": "Gold Spot"}),
        ),
        ("WTI/USD", "forex", json!({"type": "Commodity"})),
        (
            "ETH/BTC",
            "crypto",
            json!({"type": "Digital Currency", "exchange": "Huobi"}),
        ),
    ];
    let upstream = upstream().await;
    // For two of them, REST brings these fields.
    let by_rest = ["FTSE", "VOD:LSE"];
    let told = cases.clone();
    upstream.records(move |symbol| {
        let found = told.iter().find(|(name, ..)| *name == symbol && by_rest.contains(name));
        let words = found.map_or(json!({}), |(.., words)| words.clone());
        with(record(symbol, 100.0, 80.0), words).to_string()
    });
    let list = cases.each_ref().map(|(symbol, ..)| *symbol).join(",");
    let terminal = upstream.terminal(&[("SYMBOLS", &list)]).await;
    let mut client = watch(&terminal, &list).await;
    terminal
        .status_until("what REST says", |status| {
            let all = status["symbols"].as_array().unwrap();
            all.iter().all(|one| one["previous_close"] == 80.0)
        })
        .await;
    for (symbol, class, words) in cases {
        let bare = symbol.split(':').next().unwrap();
        let event = match by_rest.contains(&symbol) {
            true => with(tick(bare, 16.5), json!({"exchange": words["exchange"]})),
            false => with(tick(bare, 16.5), words.clone()),
        };
        upstream.say(&event.to_string());
        let update = client.price(symbol, 16.5).await;
        let pair = symbol
            .split_once('/')
            .map_or(Value::Null, |(_, currency)| json!(currency));
        let currency = words.get("currency").unwrap_or(&pair);
        let key = symbol.to_lowercase().replace('/', "");
        let shown = [
            update,
            quote(&terminal, symbol).await,
            snapshot(&terminal, symbol).await.1,
            terminal.json(&format!("/api/{class}")).await[&key].clone(),
        ];
        for one in shown {
            let said = [&one["type"], &one["currency"], &one["exchange"], &one["mic_code"]];
            assert_eq!(
                said,
                [&words["type"], currency, &words["exchange"], &words["mic_code"]],
                "{symbol}: {one}"
            );
        }
    }
}

#[tokio::test]
async fn decimals_grow_with_what_was_seen_and_never_shrink() {
    let upstream = Scripted::start(|symbol| record(symbol, 4.2, 4.0).to_string()).await;
    let terminal = upstream.terminal(&[("SYMBOLS", "DRO:ASX")]).await;
    let mut client = watch(&terminal, "DRO:ASX").await;
    for (price, bid, decimals) in [
        (4.2, 4.1, 2),
        (4.195, 4.19, 3),
        (4.25, 4.24, 3),
        (4.3, 4.2534, 4),
        (4.5, 4.4, 4),
    ] {
        let words = json!({"exchange": "ASX", "bid": bid});
        upstream.say(&with(tick("DRO", price), words).to_string());
        assert_eq!(client.price("DRO:ASX", price).await["decimals"], decimals, "{price}");
    }
    assert_eq!(quote(&terminal, "DRO:ASX").await["decimals"], 4);
    assert_eq!(snapshot(&terminal, "DRO:ASX").await.1["decimals"], 4);
}

#[tokio::test]
async fn a_symbol_with_signs_is_one_and_another_spelling_is_taken() {
    let upstream = upstream().await;
    let dotted = |symbol: &str| symbol.replace('-', ".");
    upstream.listings(move |symbol| json!({"symbol": dotted(symbol.split(':').next().unwrap()), "exchange": "NSE"}));
    upstream.records(move |symbol| record(&dotted(symbol), 100.0, 80.0).to_string());
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "M&M:NSE,BF-B").await;
    assert!(upstream.asked("subscribe").concat().contains("M&M:NSE"));
    for (asked, said, price) in [("M&M:NSE", "M&M", 3_120.5), ("BF-B", "BF.B", 45.5)] {
        let quote = quote_until(&terminal, asked, "by REST", |quote| quote["previous_close"] == 80.0).await;
        assert_eq!(
            (&quote["price"], &quote["reason"]),
            (&json!(100.0), &Value::Null),
            "{asked}"
        );
        upstream.say(&with(tick(said, price), json!({"exchange": "NSE"})).to_string());
        assert_eq!(client.price(asked, price).await["source"], "live");
        assert_eq!(self::quote(&terminal, asked).await["price"], price);
    }
    // If REST answers under an entirely different name, the symbol's reason says so.
    upstream.records(|_| record("ZZZ", 1.0, 1.0).to_string());
    let odd = terminal.json("/api/quotes?symbols=SILENT").await;
    assert!(odd["quotes"][0]["price"].is_null(), "{odd}");
    let odd = quote_until(&terminal, "SILENT", "its reason", |quote| quote["reason"].is_string()).await;
    assert!(
        odd["reason"].as_str().unwrap().contains("answered for ZZZ instead"),
        "{odd}"
    );
}

/// Whether a JSON text has a number with an exponent.
fn has_exponent(text: &str) -> bool {
    let text = text.replace("\\\"", "");
    let outside = text.split('"').step_by(2);
    outside
        .flat_map(|part| part.split([',', ':', '[', ']', '{', '}']))
        .any(|token| token.starts_with(|c: char| c.is_ascii_digit() || c == '-') && token.contains(['e', 'E']))
}

#[tokio::test]
async fn a_volume_beyond_2_to_the_53_is_a_whole_number_in_digits_everywhere() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[("SYMBOLS", "SHIB/USD,PEPE")]).await;
    let mut client = watch(&terminal, "SHIB/USD,PEPE").await;
    let (mut visitor, _) = terminal.offer("hamster.v1").await.unwrap();
    visitor.subscribe("SHIB/USD,PEPE").await;
    for (price, said, digits) in [
        (1.5, "9007199254740994", "9007199254740994"),
        (2.5, "5.9e20", "590000000000000000000"),
        (3.5, "\"147573952589676412928\"", "147573952589676412928"),
        (4.5, "12.75", "12.75"),
    ] {
        for symbol in ["SHIB/USD", "PEPE"] {
            upstream.say(&format!(
                r#"{{"event":"price","symbol":"{symbol}","price":{price},"day_volume":{said},"timestamp":{}}}"#,
                now_s()
            ));
            client.price(symbol, price).await;
        }
        let field = format!("\"day_volume\":{digits},");
        let heard = terminal
            .said()
            .into_iter()
            .rev()
            .find(|text| text.contains("price_update"));
        let snapshot = snapshot(&terminal, "SHIB/USD").await.0;
        for text in [heard.unwrap(), snapshot] {
            assert!(text.contains(&field), "{field} in {text}");
        }
        for path in ["/api/quotes", "/api/status", "/api/stocks", "/api/crypto"] {
            let text = terminal.get(path).await.text;
            assert!(text.contains(&field), "{field} in {path}: {text}");
        }
        visitor.everything_so_far().await;
    }
    for text in terminal.said() {
        assert!(!text.starts_with(['{', '[']) || !has_exponent(&text), "{text}");
    }
}
