//! REST: shapes, texts, credits, candles.

use super::*;

#[test]
fn one_symbol_is_flat_and_two_are_a_map_keyed_as_sent() {
    let mut exchange = exchange(Settings::default());
    assert!(rest(&mut exchange, "/price?symbol=AAPL")["price"].is_string());
    assert!(rest(&mut exchange, "/price?symbol=AAPL,")["price"].is_string());
    let map = rest(&mut exchange, "/price?symbol=aapl,BTC%2FUSD,RY:TSX,NOPE");
    assert_eq!(fields(&map), ["BTC/USD", "NOPE", "RY:TSX", "aapl"]);
    assert!(map["RY:TSX"]["price"].is_string());
    assert_eq!(
        map["NOPE"],
        json!({"code": 400, "status": "error", "message": "**symbol** not found: NOPE. Please specify it correctly according to API Documentation."})
    );
}

#[test]
fn a_quote_has_strings_where_twelve_data_has_them() {
    let mut exchange = exchange(Settings::default());
    let quote = rest(&mut exchange, "/quote?symbol=AAPL");
    for name in [
        "open",
        "high",
        "low",
        "close",
        "previous_close",
        "change",
        "percent_change",
        "volume",
        "average_volume",
    ] {
        assert!(quote[name].is_string(), "{name}");
    }
    assert!(quote["timestamp"].is_u64() && quote["last_quote_at"].is_u64() && quote["is_market_open"].is_boolean());
    assert!(quote["fifty_two_week"]["range"].is_string());
    let crypto = rest(&mut exchange, "/quote?symbol=BTC/USD");
    assert_eq!(crypto["name"], "Bitcoin US Dollar");
    assert!(
        ["currency", "mic_code", "volume"]
            .iter()
            .all(|name| crypto.get(name).is_none())
    );
    let forex = rest(&mut exchange, "/quote?symbol=EUR/USD");
    assert!(
        ["currency", "mic_code", "volume", "exchange"]
            .iter()
            .all(|name| forex.get(name).is_none())
    );
    assert!(number(&forex["close"]) > 0.5);
}

#[test]
fn any_field_may_be_null() {
    let mut exchange = exchange(Settings::default());
    exchange.faults().null_fields = true;
    let quote = rest(&mut exchange, "/quote?symbol=AAPL");
    assert_eq!(quote["previous_close"], Value::Null);
    assert!(quote["close"].is_string());
}

#[test]
fn every_instrument_has_a_believable_quote() {
    for at in [WEDNESDAY, SATURDAY, WEDNESDAY + 200 * DAY] {
        for always_open in [true, false] {
            let mut exchange = Exchange::new(
                Settings {
                    always_open,
                    ..Settings::default()
                },
                7,
                at,
            );
            for instrument in INSTRUMENTS {
                let query = format!(
                    "symbol={}&type={}&mic_code={}",
                    instrument.symbol,
                    instrument.class.name(),
                    instrument.mic_code
                );
                let reply = exchange.rest("/quote", &query, None, at);
                let quote: Value = serde_json::from_str(&reply.body).unwrap();
                let [open, high, low, close] = ["open", "high", "low", "close"].map(|name| number(&quote[name]));
                assert!(low <= open.min(close) && high >= open.max(close), "{quote}");
                let percent = number(&quote["percent_change"]);
                let volatility = instrument.volatility;
                assert!(percent.abs() < volatility * 40.0, "{}: {percent} %", instrument.symbol);
                let ratio = close / instrument.reference_price;
                assert!(
                    (0.4..2.5).contains(&ratio),
                    "{}: {ratio} of the reference",
                    instrument.symbol
                );
            }
        }
    }
}

#[test]
fn candles_the_live_price_and_the_previous_close_agree() {
    let mut exchange = exchange(Settings::default());
    for symbol in ["BTC/USD", "AAPL", "EUR/USD"] {
        let close = exchange.price(symbol, WEDNESDAY).unwrap();
        let series = rest(
            &mut exchange,
            &format!("/time_series?symbol={symbol}&interval=1min&outputsize=500"),
        );
        let values = series["values"].as_array().unwrap();
        assert_eq!(values.len(), 500);
        assert!((number(&values[0]["close"]) - close).abs() < 1e-9);
        for pair in values.windows(2) {
            assert!(
                pair[0]["datetime"].as_str() > pair[1]["datetime"].as_str(),
                "newest first"
            );
            assert_eq!(pair[1]["close"], pair[0]["open"]);
        }
        let daily = rest(
            &mut exchange,
            &format!("/time_series?symbol={symbol}&interval=1day&outputsize=2"),
        );
        let quote = rest(&mut exchange, &format!("/quote?symbol={symbol}"));
        let yesterday = number(&daily["values"][1]["close"]);
        assert!((yesterday - number(&quote["previous_close"])).abs() < 1e-5);
    }
}

#[test]
fn candles_follow_the_hours_of_the_venue() {
    let mut exchange = Exchange::new(
        Settings {
            always_open: false,
            ..Settings::default()
        },
        42,
        SATURDAY,
    );
    let reply = exchange.rest("/time_series", "symbol=AAPL&interval=1h&outputsize=8", None, SATURDAY);
    let series: Value = serde_json::from_str(&reply.body).unwrap();
    let times: Vec<_> = series["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["datetime"].as_str().unwrap())
        .collect();
    assert_eq!(
        times,
        [
            "2026-01-16 15:30:00",
            "2026-01-16 14:30:00",
            "2026-01-16 13:30:00",
            "2026-01-16 12:30:00",
            "2026-01-16 11:30:00",
            "2026-01-16 10:30:00",
            "2026-01-16 09:30:00",
            "2026-01-15 15:30:00",
        ]
    );
    assert_eq!(series["meta"]["exchange_timezone"], "America/New_York");
    let reply = exchange.rest(
        "/time_series",
        "symbol=AAPL&interval=1h&outputsize=1&timezone=UTC",
        None,
        SATURDAY,
    );
    let series: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(series["values"][0]["datetime"], "2026-01-16 20:30:00");
    let reply = exchange.rest("/time_series", "symbol=AAPL&interval=1day&outputsize=3", None, SATURDAY);
    let series: Value = serde_json::from_str(&reply.body).unwrap();
    let days: Vec<_> = series["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["datetime"].as_str().unwrap())
        .collect();
    assert_eq!(days, ["2026-01-16", "2026-01-15", "2026-01-14"]);
}

#[test]
fn a_series_is_bounded_by_dates_and_ordered_as_asked() {
    let mut exchange = exchange(Settings::default());
    let series = rest(
        &mut exchange,
        "/time_series?symbol=BTC/USD&interval=1h&start_date=2026-01-14 00:00:00&end_date=2026-01-14T03:00:00&order=ASC",
    );
    let times: Vec<_> = series["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["datetime"].as_str().unwrap())
        .collect();
    assert_eq!(
        times,
        ["2026-01-14 00:00:00", "2026-01-14 01:00:00", "2026-01-14 02:00:00"]
    );
    assert_eq!(
        fields(&series["meta"]),
        [
            "currency_base",
            "currency_quote",
            "exchange",
            "interval",
            "symbol",
            "type"
        ]
    );
    assert!(series["values"][0].get("volume").is_none());
    let none = rest(
        &mut exchange,
        "/time_series?symbol=BTC/USD&interval=1h&start_date=2030-01-01",
    );
    assert!(
        none["message"]
            .as_str()
            .unwrap()
            .starts_with("No data is available on the specified dates")
    );
    for (interval, count) in [("1week", 52), ("1month", 24), ("4h", 100)] {
        let series = rest(
            &mut exchange,
            &format!("/time_series?symbol=SPY&interval={interval}&outputsize={count}"),
        );
        assert_eq!(series["values"].as_array().unwrap().len(), count);
    }
}

#[test]
fn errors_have_the_texts_of_twelve_data() {
    let mut exchange = exchange(keyed(Plan {
        rest_per_minute: 1_000,
        rest_per_day: None,
        ..Plan::basic()
    }));
    for (call, key, code, begins) in [
        (
            "/quote?symbol=AAPL",
            "bad",
            401,
            "**apikey** parameter is incorrect or not specified.",
        ),
        ("/quote?symbol=AAPL&apikey=good", "", 401, "**apikey**"),
        (
            "/quote?symbol=MSFT",
            "demo",
            401,
            "The 'demo' API key is only used for initial familiarity.",
        ),
        (
            "/quote?symbol=NOPE",
            "good",
            404,
            "**symbol** or **figi** parameter is missing or invalid.",
        ),
        ("/quote", "good", 404, "**symbol** or **figi** parameter"),
        (
            "/quote?symbol=RY:TSX",
            "good",
            404,
            "This symbol is available starting with the Grow or Venture plan.",
        ),
        (
            "/dividends?symbol=AAPL",
            "good",
            403,
            "/dividends is available exclusively with",
        ),
        (
            "/time_series?symbol=AAPL&interval=0.99min",
            "good",
            400,
            "Invalid **interval** provided: 0.99min. Supported",
        ),
        ("/time_series?symbol=AAPL", "good", 400, "Invalid **interval**"),
        (
            "/time_series?symbol=AAPL&interval=1min&outputsize=0",
            "good",
            400,
            "Invalid **outputsize**",
        ),
        ("/nonsense", "good", 404, "The requested endpoint"),
    ] {
        let (path, query) = call.split_once('?').unwrap_or((call, ""));
        let reply = exchange.rest(path, query, Some(key), WEDNESDAY);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(
            (reply.status, &body["code"], &body["status"]),
            (code, &json!(code), &json!("error")),
            "{call}"
        );
        assert!(body["message"].as_str().unwrap().starts_with(begins), "{call}: {body}");
    }
    let with_query_key = exchange.rest("/quote", "symbol=AAPL&apikey=good", None, WEDNESDAY);
    assert_eq!(with_query_key.status, 200);
    let demo = exchange.rest("/quote", "symbol=AAPL", Some("demo"), WEDNESDAY);
    assert_eq!(demo.status, 200);
    exchange.faults().rest_error_status = RestErrorStatus::AlwaysOk;
    assert_eq!(
        exchange.rest("/quote", "symbol=NOPE", Some("good"), WEDNESDAY).status,
        200
    );
    exchange.faults().rest_error_status = RestErrorStatus::Matching;
    exchange.faults().rest_failure = Some(500);
    assert_eq!(
        exchange.rest("/quote", "symbol=AAPL", Some("good"), WEDNESDAY).status,
        500
    );
}

#[test]
fn credits_are_counted_by_symbol_and_refused_calls_dig_deeper() {
    let mut exchange = exchange(keyed(Plan::basic()));
    let mut call = |symbols: &str, now| {
        let reply = exchange.rest("/price", &format!("symbol={symbols}"), Some("good"), now);
        let header = |name| reply.headers.iter().find(|(one, _)| *one == name).unwrap().1.clone();
        let message = serde_json::from_str::<Value>(&reply.body).unwrap()["message"].clone();
        (
            reply.status,
            header("api-credits-used"),
            header("api-credits-left"),
            message,
        )
    };
    assert_eq!(call("AAPL,MSFT", WEDNESDAY), (200, "2".into(), "6".into(), Value::Null));
    assert_eq!(call("AAPL,MSFT,NVDA,SPY,QQQ,TSLA", WEDNESDAY).2, "0");
    let (status, used, left, message) = call("AAPL", WEDNESDAY + 59 * SECOND);
    assert_eq!((status, used.as_str(), left.as_str()), (429, "9", "0"));
    assert_eq!(
        message,
        "You have run out of API credits for the current minute. 9 API credits were used, with the current limit being 8. Wait for the next minute or consider switching to a higher tier plan at https://twelvedata.com/pricing"
    );
    assert!(
        call("AAPL", WEDNESDAY + 59 * SECOND)
            .3
            .as_str()
            .unwrap()
            .contains("10 API credits were used")
    );
    assert_eq!(call("AAPL", WEDNESDAY + MINUTE).0, 200);
    for minute in 2..102 {
        call("AAPL,MSFT,NVDA,SPY,QQQ,TSLA,AMZN,META", WEDNESDAY + minute * MINUTE);
    }
    let (status, _, _, message) = call("AAPL", WEDNESDAY + 200 * MINUTE);
    assert_eq!(status, 429);
    assert!(
        message
            .as_str()
            .unwrap()
            .starts_with("You have run out of API credits for the day. 8")
    );
    assert_eq!(call("AAPL", WEDNESDAY + 10 * 60 * MINUTE).0, 200);
}

#[test]
fn the_small_endpoints() {
    let mut exchange = exchange(keyed(Plan::basic()));
    exchange.settings().plan.rest_per_minute = 100;
    let usage = rest(&mut exchange, "/api_usage");
    assert_eq!(
        (&usage["current_usage"], &usage["plan_daily_limit"]),
        (&json!(1), &json!(800))
    );
    assert_eq!(usage["timestamp"], "2026-01-14 15:00:00");
    let rate = rest(&mut exchange, "/exchange_rate?symbol=EUR/USD");
    assert!(rate["rate"].is_f64() && rate["timestamp"].is_u64());
    let amount = rest(&mut exchange, "/currency_conversion?symbol=EUR/USD&amount=100");
    assert!(amount["amount"].as_f64().unwrap() > 50.0);
    let eod = rest(&mut exchange, "/eod?symbol=AAPL");
    assert_eq!(eod["datetime"], "2026-01-13");
    assert!(eod["close"].is_string() && eod.get("type").is_none());
    let state = rest(&mut exchange, "/market_state?exchange=NASDAQ");
    assert_eq!(state[0]["is_market_open"], true);
    assert_eq!(state[0]["time_to_open"], "00:00:00");
    let found = exchange.rest("/symbol_search", "symbol=ry", None, WEDNESDAY);
    let found: Value = serde_json::from_str(&found.body).unwrap();
    assert_eq!(found["data"].as_array().unwrap().len(), 2);
    for (list, count) in [
        ("/stocks?symbol=RY", 2),
        ("/etfs?symbol=SPY", 1),
        ("/forex_pairs?symbol=EUR/USD", 1),
        ("/cryptocurrencies?symbol=BTC/USD", 1),
    ] {
        assert_eq!(rest(&mut exchange, list)["count"], count, "{list}");
    }
}

#[test]
fn a_posted_batch_says_success() {
    let mut exchange = exchange(keyed(Plan::pro()));
    let body = r#"{"one":{"url":"/price?symbol=AAPL&apikey=good"},"two":{"url":"/price?symbol=NOPE"}}"#;
    let reply = exchange.rest_batch(body, Some("good"), WEDNESDAY);
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!((&answer["code"], &answer["status"]), (&json!(200), &json!("success")));
    assert!(answer["data"]["one"]["response"]["price"].is_string());
    assert_eq!(answer["data"]["two"]["status"], "error");
}
