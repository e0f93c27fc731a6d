//! The order of fields, on which clients depend: read from the text as it is sent, because a parsed
//! object has no order.

use super::*;

/// The text that answers a GET.
fn get(exchange: &mut Exchange, call: &str) -> String {
    let (path, query) = call.split_once('?').unwrap_or((call, ""));
    exchange.rest(path, query, Some("good"), WEDNESDAY).body
}

/// The names of all fields in the order of the text. Strings here contain no `":`.
fn names(text: &str) -> String {
    let pieces = text.split("\":").map(|piece| piece.rsplit('"').next().unwrap());
    let mut names: Vec<&str> = pieces.collect();
    names.pop();
    names.join(" ")
}

const QUOTE: &str = "datetime timestamp last_quote_at open high low close";
const YEAR: &str =
    "is_market_open fifty_two_week low high low_change high_change low_change_percent high_change_percent range";

#[test]
fn rest_answers_have_the_order_of_twelve_data() {
    let mut exchange = exchange(Settings::default());
    let share = format!(
        "symbol name exchange mic_code currency {QUOTE} volume previous_close change percent_change average_volume {YEAR}"
    );
    let crypto = format!(
        "symbol name exchange {QUOTE} previous_close change percent_change rolling_1d_change rolling_7d_change {YEAR}"
    );
    let forex = format!("symbol name {QUOTE} previous_close change percent_change {YEAR}");
    let in_batch = format!("AAPL {share}");
    for (call, expected) in [
        ("/quote?symbol=AAPL", share.as_str()),
        ("/quote?symbol=BTC/USD", &crypto),
        ("/quote?symbol=EUR/USD", &forex),
        (
            "/quote?symbol=AAPL,NOPE",
            &format!("{in_batch} NOPE code message status"),
        ),
        ("/price?symbol=AAPL", "price"),
        ("/price?symbol=MSFT,aapl,BTC/USD", "MSFT price aapl price BTC/USD price"),
        ("/eod?symbol=AAPL", "symbol exchange mic_code currency datetime close"),
        (
            "/eod?symbol=BTC/USD",
            "symbol exchange currency_base currency_quote datetime close",
        ),
        (
            "/time_series?symbol=AAPL&interval=1min&outputsize=1",
            "meta symbol interval currency exchange_timezone exchange mic_code type \
             values datetime open high low close volume status",
        ),
        (
            "/time_series?symbol=BTC/USD&interval=1day&outputsize=1",
            "meta symbol interval currency_base currency_quote exchange type values datetime open high low close status",
        ),
        (
            "/time_series?symbol=EUR/USD&interval=1h&outputsize=1",
            "meta symbol interval currency_base currency_quote type values datetime open high low close status",
        ),
        ("/exchange_rate?symbol=EUR/USD", "symbol rate timestamp"),
        (
            "/currency_conversion?symbol=EUR/USD&amount=2",
            "symbol rate amount timestamp",
        ),
        (
            "/market_state?exchange=NASDAQ",
            "name code country is_market_open time_after_open time_to_open time_to_close",
        ),
        (
            "/symbol_search?symbol=AAPL",
            "data symbol instrument_name exchange mic_code exchange_timezone instrument_type country currency status",
        ),
        (
            "/stocks?symbol=AAPL",
            "count data symbol name currency exchange mic_code country type status",
        ),
        (
            "/etfs?symbol=SPY",
            "count data symbol name currency exchange mic_code country status",
        ),
        (
            "/forex_pairs?symbol=EUR/USD",
            "count data symbol currency_group currency_base currency_quote status",
        ),
        (
            "/cryptocurrencies?symbol=BTC/USD",
            "count data symbol available_exchanges currency_base currency_quote status",
        ),
        ("/api_usage", "timestamp current_usage plan_limit plan_category"),
        ("/technical_indicators", "data status"),
        ("/quote?symbol=NOPE", "code message status"),
    ] {
        assert_eq!(names(&get(&mut exchange, call)), expected, "{call}");
    }
    exchange.settings().plan.rest_per_day = Some(800);
    assert_eq!(
        names(&get(&mut exchange, "/api_usage")),
        "timestamp current_usage plan_limit daily_usage plan_daily_limit plan_category"
    );
    assert_eq!(
        get(&mut exchange, "/technical_indicators"),
        r#"{"data":{},"status":"ok"}"#
    );
}

#[test]
fn a_field_that_is_null_stays_in_its_place() {
    let mut exchange = exchange(Settings::default());
    let before = names(&get(&mut exchange, "/quote?symbol=BTC/USD"));
    exchange.faults().null_fields = true;
    let after = get(&mut exchange, "/quote?symbol=BTC/USD");
    assert!(
        after.starts_with(r#"{"symbol":"BTC/USD","name":null,"exchange":null,"#),
        "{after}"
    );
    assert!(after.ends_with(r#""fifty_two_week":null}"#), "{after}");
    assert!(before.starts_with(&names(&after)));
}

#[test]
fn a_posted_batch_is_answered_in_its_order() {
    let mut exchange = exchange(Settings::default());
    let body = r#"{"z":{"url":"/exchange_rate?symbol=EUR/USD"},"a":{"url":"/price?symbol=NOPE"},
        "m":{"url":"/price?symbol=AAPL&format=CSV"},"z":{"url":"/price?symbol=AAPL"}}"#;
    let reply = exchange.rest_batch(body, Some("good"), WEDNESDAY);
    assert_eq!(
        names(&reply.body),
        "code status data a response code message status status m response price status z response price status"
    );
}

#[test]
fn frames_have_the_order_of_twelve_data() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let say = |message: &str, exchange: &mut Exchange| {
        let outputs = exchange.receive(session, message, WEDNESDAY);
        match outputs.into_iter().next() {
            Some(Output::Text { text, .. }) => text,
            other => format!("{other:?}"),
        }
    };
    let subscribe = r#"{"action":"subscribe","params":{"symbols":"MSFT,EUR/USD,NOPE,BTC/USD,ANY"}}"#;
    assert_eq!(
        say(subscribe, &mut exchange),
        r#"{"event":"subscribe-status","status":"ok","success":[{"symbol":"MSFT","exchange":"NASDAQ","mic_code":"XNGS","country":"United States","type":"Common Stock"},{"symbol":"EUR/USD","exchange":"FOREX","country":"","type":"Physical Currency"},{"symbol":"BTC/USD","exchange":"Coinbase Pro","type":"Digital Currency"}],"fails":[{"symbol":"NOPE"},{"symbol":"ANY"}]}"#
    );
    for (message, expected) in [
        (r#"{"action":"heartbeat"}"#, r#"{"event":"heartbeat","status":"ok"}"#),
        (
            r#"{"action":"unsubscribe","params":{"symbols":"MSFT"}}"#,
            r#"{"event":"unsubscribe-status","status":"ok"}"#,
        ),
        (
            "nonsense",
            r#"{"event":"message-processing","status":"error","messages":["The message could not be processed."]}"#,
        ),
    ] {
        assert_eq!(say(message, &mut exchange), expected);
    }
    let event =
        |exchange: &mut Exchange, symbol: &str| match exchange.publish(symbol, 1.5, 1_768_402_801, WEDNESDAY).pop() {
            Some(Output::Text { text, .. }) => text,
            other => format!("{other:?}"),
        };
    say(r#"{"action":"subscribe","params":{"symbols":"AAPL"}}"#, &mut exchange);
    for (symbol, expected) in [
        (
            "AAPL",
            "event symbol currency exchange mic_code type timestamp price day_volume",
        ),
        (
            "EUR/USD",
            "event symbol currency currency_base currency_quote type timestamp price bid ask",
        ),
        (
            "BTC/USD",
            "event symbol currency_base currency_quote exchange type timestamp price bid ask day_volume",
        ),
    ] {
        let text = event(&mut exchange, symbol);
        assert_eq!(names(&text), expected);
        exchange.faults().numbers_as_strings = true;
        let as_strings = event(&mut exchange, symbol);
        assert_eq!(names(&as_strings), expected);
        assert!(
            as_strings.contains(r#""timestamp":"1768402801","price":"1.5""#),
            "{as_strings}"
        );
        exchange.faults().numbers_as_strings = false;
        assert!(text.contains(r#""timestamp":1768402801,"price":1.5"#), "{text}");
    }
}
