//! `format=CSV`.

use super::*;

fn get(exchange: &mut Exchange, call: &str) -> (u16, String, String) {
    let (path, query) = call.split_once('?').unwrap_or((call, ""));
    let reply = exchange.rest(path, query, Some("good"), WEDNESDAY);
    let kind = reply.headers.iter().find(|(name, _)| *name == "content-type");
    (reply.status, kind.unwrap().1.clone(), reply.body)
}

#[test]
fn every_endpoint_with_rows_has_a_table() {
    let quote = "symbol;name;exchange;mic_code;currency;datetime;timestamp;last_quote_at;open;high;low;close;volume;\
        previous_close;change;percent_change;average_volume;is_market_open;fifty_two_week.low;fifty_two_week.high;\
        fifty_two_week.low_change;fifty_two_week.high_change;fifty_two_week.low_change_percent;\
        fifty_two_week.high_change_percent;fifty_two_week.range";
    for (call, header, lines) in [
        ("/price?symbol=AAPL", "price", 1),
        ("/quote?symbol=AAPL", quote, 1),
        (
            "/eod?symbol=AAPL",
            "symbol;exchange;mic_code;currency;datetime;close",
            1,
        ),
        (
            "/time_series?symbol=AAPL&interval=1min&outputsize=3",
            "datetime;open;high;low;close;volume",
            3,
        ),
        (
            "/time_series?symbol=AAPL,EUR/USD&interval=1min&outputsize=3",
            "symbol;datetime;open;high;low;close;volume",
            6,
        ),
        ("/exchange_rate?symbol=EUR/USD", "symbol;rate;timestamp", 1),
        (
            "/currency_conversion?symbol=EUR/USD&amount=2",
            "symbol;rate;amount;timestamp",
            1,
        ),
        (
            "/symbol_search?symbol=ry",
            "symbol;instrument_name;exchange;mic_code;exchange_timezone;instrument_type;country;currency",
            2,
        ),
        (
            "/stocks?symbol=RY",
            "symbol;name;currency;exchange;mic_code;country;type",
            2,
        ),
        ("/etfs?symbol=SPY", "symbol;name;currency;exchange;mic_code;country", 1),
        (
            "/forex_pairs?symbol=EUR/USD",
            "symbol;currency_group;currency_base;currency_quote",
            1,
        ),
        (
            "/cryptocurrencies?symbol=BTC/USD",
            "symbol;available_exchanges;currency_base;currency_quote",
            1,
        ),
        (
            "/market_state?country=Canada",
            "name;code;country;is_market_open;time_after_open;time_to_open;time_to_close",
            1,
        ),
        ("/api_usage?", "timestamp;current_usage;plan_limit;plan_category", 1),
    ] {
        let mut exchange = exchange(Settings::default());
        let (status, kind, text) = get(&mut exchange, &format!("{call}&format=csv"));
        assert_eq!((status, kind.as_str()), (200, "text/csv"), "{call}");
        assert!(text.ends_with('\n'));
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!((rows[0], rows.len() - 1), (header, lines), "{call}");
        let columns = header.split(';').count();
        assert!(rows.iter().all(|row| row.split(';').count() == columns), "{text}");
    }
}

#[test]
fn several_symbols_are_one_table_that_loses_nothing() {
    let mut exchange = exchange(Settings::default());
    for (symbol, price) in [("AAPL", 100.0), ("BTC/USD", 90_000.0)] {
        exchange.publish(symbol, price, 0, WEDNESDAY);
    }
    let (_, _, text) = get(&mut exchange, "/price?symbol=BTC/USD,NOPE,aapl&format=CSV&dp=2");
    assert_eq!(
        text,
        "symbol;price;code;message;status\n\
         BTC/USD;90000.00;;;\n\
         NOPE;;400;**symbol** not found: NOPE. Please specify it correctly according to API Documentation.;error\n\
         aapl;100.00;;;\n"
    );
    let (_, _, text) = get(&mut exchange, "/quote?symbol=EUR/USD,BTC/USD&format=CSV");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
    assert!(rows[0][..2] == ["symbol", "name"] && rows[1][0] == "EUR/USD" && rows[2][0] == "BTC/USD");
    let exchange_column = rows[0].iter().position(|name| *name == "exchange").unwrap();
    assert_eq!(
        (rows[1][exchange_column], rows[2][exchange_column]),
        ("", "Coinbase Pro")
    );
    let (_, _, text) = get(&mut exchange, "/eod?symbol=RY,RY:TSX&format=CSV");
    assert_eq!(
        text.lines()
            .map(|line| line.split(';').next().unwrap())
            .collect::<Vec<_>>(),
        ["symbol", "RY", "RY"],
        "these rows name their symbol themselves, and the venue tells them apart: {text}"
    );
}

#[test]
fn the_delimiter_may_be_chosen_and_cells_that_hold_it_are_quoted() {
    let mut exchange = exchange(Settings::default());
    for (call, expected) in [
        (
            "/stocks?symbol=TSLA&format=Csv&delimiter=,",
            "symbol,name,currency,exchange,mic_code,country,type\n\
             TSLA,\"Tesla, Inc.\",USD,NASDAQ,XNGS,United States,Common Stock\n",
        ),
        (
            "/stocks?symbol=TSLA&format=CSV&delimiter=%09",
            "symbol\tname\tcurrency\texchange\tmic_code\tcountry\ttype\n\
             TSLA\tTesla, Inc.\tUSD\tNASDAQ\tXNGS\tUnited States\tCommon Stock\n",
        ),
        (
            "/cryptocurrencies?symbol=BTC/USD&format=CSV&delimiter=|",
            "symbol|available_exchanges|currency_base|currency_quote\nBTC/USD|Coinbase Pro|Bitcoin|US Dollar\n",
        ),
    ] {
        assert_eq!(get(&mut exchange, call).2, expected, "{call}");
    }
    exchange.faults().null_fields = true;
    let (_, _, text) = get(&mut exchange, "/quote?symbol=AAPL&format=CSV");
    assert!(
        text.lines().nth(1).unwrap().starts_with("AAPL;;;;;"),
        "null is an empty cell: {text}"
    );
}

#[test]
fn errors_stay_json() {
    let mut exchange = exchange(Settings::default());
    for (call, status, says) in [
        ("/price?symbol=NOPE&format=CSV", 404, "**symbol**"),
        ("/price?symbol=AAPL&format=XML", 400, "Supported formats: JSON, CSV"),
        ("/api_usage?format=XML", 400, "Invalid **format** provided: XML."),
        ("/price?symbol=AAPL&format=CSV&delimiter=ab", 400, "**delimiter**"),
        ("/price?symbol=AAPL&format=CSV&delimiter=%22", 400, "**delimiter**"),
        ("/nonsense?format=CSV", 404, "endpoint"),
    ] {
        let (seen, kind, text) = get(&mut exchange, call);
        assert_eq!((seen, kind.as_str()), (status, "application/json"), "{call}");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert!(body["message"].as_str().unwrap().contains(says), "{call}: {text}");
    }
    for call in ["/price?symbol=AAPL&format=json", "/technical_indicators?format=CSV"] {
        assert_eq!(get(&mut exchange, call).1, "application/json", "{call}");
    }
}
