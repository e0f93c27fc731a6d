//! Twelve Data's routes: what they ask, and the text that they answer with, because its clients
//! depend on the order of fields.

use super::*;
use crate::dialect::{QuoteView, ServiceView, SubscriptionFailure};
use crate::hub::{
    BudgetView, CreditsView, Found, FoundBy, History, HistoryQuestion, Quotes, Search, Service, Status, SymbolView,
};
use crate::market::{
    Bar, BarSource, Cell, DayRange, FeedState, FeedStatus, Gap, Instrument, Interval, Millis, Precision, Provenance,
    Quote, Session, StreamState,
};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};

/// 2026-01-19T14:32:17Z
const NOW: Millis = 1_768_833_137_000;
/// 2026-01-19T14:30:00Z, when New York opens.
const OPEN: Millis = 1_768_833_000_000;

fn offset(zone: &str, at: Millis) -> Option<i32> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let at = Timestamp::from_millisecond(i64::try_from(at).unwrap()).unwrap();
    Some(zone.to_offset(at).seconds())
}

fn questions(path: &str, query: &[(&str, &str)]) -> Vec<Question> {
    match get(path, query, None) {
        Ok(Asked::Each(questions, _)) => questions,
        other => panic!("{path} {query:?}: {other:?}"),
    }
}

fn shown(path: &str, query: &[(&str, &str)], answers: &[Answer]) -> Reply {
    match get(path, query, None) {
        Ok(Asked::Each(_, show)) => show.reply(answers, &offset),
        other => panic!("{path} {query:?}: {other:?}"),
    }
}

/// Fails unless the request is refused with this code, in Twelve Data's form, by a sentence that
/// contains `says`.
fn assert_refused(path: &str, query: &[(&str, &str)], code: u16, says: &str) {
    let problem = get(path, query, None).unwrap_err();
    assert_error(&problem.reply(), code, says);
}

fn assert_error(reply: &Reply, code: u16, says: &str) {
    let message = body(reply)["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains(says), "{message:?} does not say {says:?}");
    assert!(message.len() < 400, "{message}");
    let message = serde_json::to_string(&message).unwrap();
    assert_eq!(reply.status, code);
    assert_eq!(
        reply.body,
        format!(r#"{{"code":{code},"message":{message},"status":"error"}}"#)
    );
    assert_eq!(header(reply, "Content-Type"), "application/json");
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let mut headers = reply.headers.iter();
    headers.find(|(one, _)| *one == name).map_or("", |(_, value)| value)
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A cell with this price, made at `NOW`.
fn cell(price: f64, previous: f64, kind: &str) -> Cell {
    let mut cell = Cell {
        quote: Some(Quote {
            price,
            bid: None,
            ask: None,
            day_volume: None,
            exchange: None,
            exchange_time: Some(NOW),
            precision: Some(Precision::Second),
            as_of: NOW,
            received: NOW + 400,
            provenance: Provenance::Live,
            stale_since: None,
        }),
        ..Cell::default()
    };
    cell.reference.previous_close = Some(previous);
    cell.reference.session = Session::Open;
    cell.reference.day = Some(DayRange {
        opened: Some(OPEN),
        open: Some(price - 1.0),
        high: Some(price + 1.0),
        low: Some(price - 2.0),
    });
    cell.details.kind = text(kind);
    cell.details.decimals = Some(2);
    cell
}

fn apple() -> Cell {
    let mut cell = cell(235.5, 234.975, "Common Stock");
    let quote = cell.quote.as_mut().unwrap();
    quote.day_volume = Some(1_234_567.0);
    quote.exchange = text("NASDAQ");
    cell.details.name = text("Apple Inc.");
    cell.details.currency = text("USD");
    cell.details.mic_code = text("XNGS");
    cell.details.timezone = text("America/New_York");
    (cell.details.year_low, cell.details.year_high) = (Some(200.0), Some(250.25));
    cell.details.average_volume = Some(40_000_000.0);
    cell
}

fn view(symbol: &str, cell: &Cell, simulated: bool) -> SymbolView {
    let instrument = Instrument::parse(symbol).unwrap();
    SymbolView {
        quote: QuoteView::of(&instrument, cell, simulated),
        service: ServiceView {
            state: StreamState::Streaming,
            reason: None,
            needs_plan: None,
            retry_at: None,
        },
        watchers: 0,
        day_opened: cell.reference.day.and_then(|day| day.opened),
    }
}

fn quotes(views: Vec<SymbolView>, fails: &[(&str, &str)]) -> Answer {
    let fail = |(symbol, reason): &(&str, &str)| SubscriptionFailure {
        symbol: (*symbol).to_owned(),
        reason: (*reason).to_owned(),
    };
    Answer::Quotes(Quotes {
        simulated: false,
        time: NOW + 1_000,
        feed: FeedStatus {
            state: FeedState::Connecting,
            since: NOW,
            reason: "connecting to upstream".to_owned(),
        },
        quotes: views,
        fails: fails.iter().map(fail).collect(),
    })
}

fn bars(symbol: &str, interval: Interval) -> History {
    let bar = |n: u64, close: f64| Bar {
        volume: Some(100.0),
        close,
        ..Bar::first(OPEN + n * interval.length(), 266.25, BarSource::Provider)
    };
    History {
        simulated: false,
        symbol: symbol.to_owned(),
        interval,
        exchange: text("NASDAQ"),
        mic_code: text("XNGS"),
        r#type: text("Common Stock"),
        currency: text("USD"),
        timezone: text("America/New_York"),
        provider: "twelve_data",
        bars: vec![bar(0, 266.2), bar(1, 266.1875), bar(2, 266.3)],
        gaps: Vec::new(),
        running: None,
        more: true,
        as_of: NOW,
        reason: None,
        retry_at: None,
        is_refused: false,
    }
}

const AAPL: (&str, &str) = ("symbol", "AAPL");
const MINUTES: &[(&str, &str)] = &[AAPL, ("interval", "1min")];

fn series(history: History, query: &[(&str, &str)]) -> Reply {
    shown("/time_series", &[MINUTES, query].concat(), &[Answer::History(history)])
}

/// The times of the rows.
fn times(reply: &Reply) -> Vec<String> {
    let body = body(reply);
    let rows = body["values"].as_array().unwrap_or_else(|| panic!("{body}"));
    let time = |row: &Value| row["datetime"].as_str().unwrap().to_owned();
    rows.iter().map(time).collect()
}

#[test]
fn a_quote_of_a_share_has_twelve_datas_fields_in_its_order() {
    let answer = quotes(vec![view("AAPL", &apple(), false)], &[]);
    let reply = shown("/quote", &[AAPL], std::slice::from_ref(&answer));
    assert_eq!(
        reply.body,
        r#"{"symbol":"AAPL","name":"Apple Inc.","exchange":"NASDAQ","mic_code":"XNGS","currency":"USD","datetime":"2026-01-19","timestamp":1768833000,"last_quote_at":1768833137,"open":"234.50","high":"236.50","low":"233.50","close":"235.50","volume":"1234567","previous_close":"234.975","change":"0.525","percent_change":"0.22343","average_volume":"40000000","is_market_open":true,"fifty_two_week":{"low":"200.00","high":"250.25","low_change":"35.50","high_change":"-14.75","low_change_percent":"17.75000","high_change_percent":"-5.89411","range":"200.00 - 250.25"}}"#
    );
    assert_eq!((reply.status, header(&reply, "Is_batch")), (200, ""));
    assert_eq!(header(&reply, "Content-Type"), "application/json");
    assert!(!header(&reply, "ETag").is_empty());
    let dp = body(&shown(
        "/quote",
        &[AAPL, ("DP", "1"), ("Timezone", "Asia/Tokyo")],
        &[answer],
    ));
    assert_eq!((&dp["close"], &dp["change"]), (&json!("235.5"), &json!("0.5")));
    assert_eq!(dp["datetime"], "2026-01-19");
}

#[test]
fn pairs_have_the_fields_of_pairs() {
    let names = |symbol: &str, kind: &str| {
        let answer = quotes(vec![view(symbol, &cell(1.25, 1.0, kind), false)], &[]);
        let reply = shown("/quote", &[("symbol", symbol)], &[answer]);
        let fields = reply
            .body
            .split("\":")
            .map(|part| part.rsplit('"').next().unwrap().to_owned());
        let mut fields: Vec<String> = fields.collect();
        fields.pop();
        fields.join(" ")
    };
    let rest = "datetime timestamp last_quote_at open high low close previous_close change percent_change is_market_open fifty_two_week";
    assert_eq!(names("EUR/USD", "Physical Currency"), format!("symbol name {rest}"));
    assert_eq!(
        names("BTC/USD", "Digital Currency"),
        format!("symbol name exchange {rest}")
    );
}

#[test]
fn what_is_unknown_is_null() {
    let mut cell = apple();
    let quote = cell.quote.as_mut().unwrap();
    (quote.exchange_time, quote.precision, quote.exchange) = (None, None, None);
    cell.reference.session = Session::Unknown;
    cell.reference.previous_close = None;
    cell.reference.day = None;
    cell.details = Default::default();
    let quote = body(&shown(
        "/quote",
        &[AAPL],
        &[quotes(vec![view("AAPL", &cell, false)], &[])],
    ));
    for (name, value) in quote.as_object().unwrap() {
        let known = ["symbol", "close", "volume"].contains(&name.as_str());
        assert_eq!(!value.is_null(), known, "{name}: {value}");
    }
}

#[test]
fn a_price_says_its_age_and_that_it_is_simulated() {
    let mut old = apple();
    old.quote.as_mut().unwrap().stale_since = Some(NOW - 60_000);
    let answer = quotes(vec![view("AAPL", &old, true)], &[]);
    let price = shown("/price", &[AAPL], std::slice::from_ref(&answer));
    assert_eq!(
        price.body,
        r#"{"price":"235.50","last_quote_at":1768833137,"stale_since":1768833077,"simulated":true}"#
    );
    let quote = body(&shown("/quote", &[AAPL], &[answer]));
    assert_eq!(
        (&quote["stale_since"], &quote["simulated"]),
        (&json!(1_768_833_077), &json!(true))
    );
    let fresh = quotes(vec![view("AAPL", &apple(), false)], &[]);
    assert_eq!(shown("/price", &[AAPL], &[fresh]).body, r#"{"price":"235.50"}"#);

    let mut of_day = cell(1.25, 1.0, "Physical Currency");
    let quote = of_day.quote.as_mut().unwrap();
    (quote.exchange_time, quote.precision) = (Some(OPEN), Some(Precision::Day));
    let answer = quotes(vec![view("EUR/USD", &of_day, false)], &[]);
    let quote = body(&shown("/quote", &[("symbol", "EUR/USD")], &[answer]));
    assert_eq!(
        (&quote["timestamp"], &quote["last_quote_at"]),
        (&json!(OPEN / 1_000), &Value::Null),
        "only the day is known"
    );
}

#[test]
fn whether_a_market_is_open_is_said_only_while_it_is_known() {
    let open = |session, opens_at, closes_at| {
        let mut cell = apple();
        cell.reference.session = session;
        (cell.reference.opens_at, cell.reference.closes_at) = (opens_at, closes_at);
        let answer = quotes(vec![view("AAPL", &cell, false)], &[]);
        body(&shown("/quote", &[AAPL], &[answer]))["is_market_open"].clone()
    };
    assert_eq!(open(Session::Open, None, Some(NOW + 9_000)), true);
    assert_eq!(open(Session::Open, None, Some(NOW)), Value::Null, "it was to close");
    assert_eq!(open(Session::Closed, Some(NOW + 9_000), None), false);
    assert_eq!(open(Session::Closed, Some(NOW), None), Value::Null, "it was to open");
    assert_eq!(open(Session::Extended, None, None), false);
    assert_eq!(open(Session::Unknown, None, None), Value::Null);
}

#[test]
fn several_symbols_are_a_map_in_the_order_asked() {
    let asked = "MSFT,aapl, BTC/USD,NOPE,A B,ry:tsx,aapl,";
    let query = [("symbol", asked)];
    let wanted: Vec<Instrument> = ["MSFT", "AAPL", "BTC/USD", "NOPE", "RY:TSX"]
        .map(|symbol| Instrument::parse(symbol).unwrap())
        .into();
    assert_eq!(questions("/price", &query), [Question::Quotes(wanted)]);
    let mut waiting = view("MSFT", &Cell::default(), false);
    let mut refused = view("RY:tsx", &Cell::default(), false);
    waiting.service.state = StreamState::Pending;
    refused.service.state = StreamState::Unavailable;
    refused.service.reason = text("not in your plan");
    let views = vec![
        waiting,
        view("AAPL", &apple(), false),
        view("BTC/USD", &cell(95_500.0, 90_000.0, "Digital Currency"), false),
        refused,
    ];
    let reply = shown("/price", &query, &[quotes(views, &[("NOPE", "unknown")])]);
    assert_eq!(
        reply.body,
        r#"{"MSFT":{"code":503,"message":"no price of MSFT is known yet: connecting to upstream","status":"error"},"aapl":{"price":"235.50"},"BTC/USD":{"price":"95500.00"},"NOPE":{"code":404,"message":"**symbol** NOPE is not served: unknown","status":"error"},"A B":{"code":400,"message":"**symbol** \"A B\" is not a symbol: use letters, digits and any of . / _ - & + ^ = ' * # @ $, at most 32, such as AAPL or BTC/USD","status":"error"},"ry:tsx":{"code":404,"message":"**symbol** RY:tsx is not served: not in your plan","status":"error"}}"#
    );
    assert_eq!((reply.status, header(&reply, "Is_batch")), (200, "true"));

    let alone = shown(
        "/price",
        &[("symbol", "NOPE,")],
        &[quotes(Vec::new(), &[("NOPE", "unknown")])],
    );
    assert_error(&alone, 404, "**symbol** NOPE is not served: unknown");
    let invalid = [("symbol", "A B")];
    assert_eq!(questions("/price", &invalid), []);
    assert_error(&shown("/price", &invalid, &[]), 400, "is not a symbol");
    let pinned = |query: &[(&str, &str)]| match questions("/quote", query).as_slice() {
        [Question::Quotes(symbols)] => symbols.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        pinned(&[("symbol", "RY,X:LSE"), ("exchange", "TSX")]),
        ["RY:TSX", "X:LSE"]
    );
    assert_eq!(
        pinned(&[AAPL, ("mic_code", "XNGS"), ("exchange", "NASDAQ")]),
        ["AAPL:XNGS"]
    );
}

#[test]
fn a_table_has_the_same_fields() {
    let views = || vec![view("AAPL", &apple(), false)];
    let csv = ("format", "CSV");
    let price = shown("/price", &[AAPL, csv], &[quotes(views(), &[])]);
    assert_eq!(price.body, "price\n235.50\n");
    assert_eq!(header(&price, "Content-Type"), "text/csv");
    let batch = [("symbol", "AAPL,NOPE"), csv, ("delimiter", ",")];
    let price = shown("/price", &batch, &[quotes(views(), &[("NOPE", "no \"x\", sorry")])]);
    assert_eq!(
        price.body,
        "symbol,price,code,message,status\nAAPL,235.50,,,\n\
         NOPE,,404,\"**symbol** NOPE is not served: no \"\"x\"\", sorry\",error\n"
    );
    let quote = shown("/quote", &[AAPL, csv], &[quotes(views(), &[])]);
    let (columns, cells) = quote.body.split_once('\n').unwrap();
    assert!(columns.starts_with("symbol;name;exchange;"), "{columns}");
    assert!(columns.contains(";fifty_two_week.low;"), "{columns}");
    assert!(cells.starts_with("AAPL;Apple Inc.;NASDAQ;"), "{cells}");
    let mut simulated = bars("AAPL", Interval::Minute);
    simulated.simulated = true;
    assert_eq!(
        series(simulated, &[csv, ("outputsize", "1")]).body,
        "datetime;open;high;low;close;volume;simulated\n2026-01-19 09:32:00;266.25;266.25;266.25;266.30;100;true\n"
    );
    assert_error(
        &shown("/price", &[("symbol", "NOPE"), csv], &[quotes(Vec::new(), &[])]),
        404,
        "not tracked",
    );
}

#[test]
fn a_series_is_newest_first_on_the_exchanges_clock() {
    let reply = series(bars("AAPL", Interval::Minute), &[]);
    assert_eq!(
        reply.body,
        r#"{"meta":{"symbol":"AAPL","interval":"1min","currency":"USD","exchange_timezone":"America/New_York","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock"},"values":[{"datetime":"2026-01-19 09:32:00","open":"266.2500","high":"266.2500","low":"266.2500","close":"266.3000","volume":"100"},{"datetime":"2026-01-19 09:31:00","open":"266.2500","high":"266.2500","low":"266.2500","close":"266.1875","volume":"100"},{"datetime":"2026-01-19 09:30:00","open":"266.2500","high":"266.2500","low":"266.2500","close":"266.2000","volume":"100"}],"status":"ok"}"#
    );
    let first = |query: &[(&str, &str)]| times(&series(bars("AAPL", Interval::Minute), query)).swap_remove(0);
    assert_eq!(first(&[("order", "asc")]), "2026-01-19 09:30:00");
    assert_eq!(first(&[("timezone", "utc")]), "2026-01-19 14:32:00");
    assert_eq!(first(&[("timezone", "Asia/Kolkata")]), "2026-01-19 20:02:00");
    let unknown = series(bars("AAPL", Interval::Minute), &[("timezone", "Asia/Nowhere")]);
    assert_error(
        &unknown,
        400,
        "Invalid **timezone** provided: \"Asia/Nowhere\". Use Exchange, UTC or",
    );
    let nameless = || History {
        timezone: None,
        ..bars("AAPL", Interval::Minute)
    };
    assert_error(&series(nameless(), &[]), 503, "use timezone=UTC");
    assert_eq!(times(&series(nameless(), &[("timezone", "UTC")])).len(), 3);

    let pair = History {
        timezone: None,
        r#type: text("Digital Currency"),
        exchange: text("Binance"),
        ..bars("BTC/USD", Interval::Minute)
    };
    let query = [
        ("symbol", "BTC/USD"),
        ("interval", "1min"),
        ("outputsize", "1"),
        ("dp", "5"),
    ];
    assert_eq!(
        shown("/time_series", &query, &[Answer::History(pair)]).body,
        r#"{"meta":{"symbol":"BTC/USD","interval":"1min","currency_base":"BTC","currency_quote":"USD","exchange":"Binance","type":"Digital Currency"},"values":[{"datetime":"2026-01-19 14:32:00","open":"266.25000","high":"266.25000","low":"266.25000","close":"266.30000"}],"status":"ok"}"#
    );
}

#[test]
fn dates_are_read_on_the_clock_that_is_asked_for() {
    let shown = |query: &[(&str, &str)]| times(&series(bars("AAPL", Interval::Minute), query));
    let late = ["2026-01-19 09:32:00", "2026-01-19 09:31:00"];
    assert_eq!(shown(&[("start_date", "2026-01-19 09:31:00")]), late);
    assert_eq!(shown(&[("start_date", "2026-01-19T09:31")]), late);
    assert_eq!(
        shown(&[
            ("start_date", "2026-01-19 14:31:00"),
            ("end_date", "2026-01-19 14:32:00"),
            ("timezone", "UTC")
        ]),
        ["2026-01-19 14:31:00"],
        "the end is not included"
    );
    for date in ["2026-01-19", "today"] {
        assert_eq!(shown(&[("date", date)]).len(), 3, "{date}");
    }
    for date in [
        ("date", "yesterday"),
        ("date", "2026-01-20"),
        ("start_date", "2026-01-20"),
    ] {
        assert_error(
            &series(bars("AAPL", Interval::Minute), &[date]),
            400,
            "No data is available on the specified dates",
        );
    }
    // In Auckland the three bars are of the 20th.
    assert_eq!(
        shown(&[("date", "2026-01-20"), ("timezone", "Pacific/Auckland")]).len(),
        3
    );

    let days = |query: &[(&str, &str)]| {
        let mut history = bars("AAPL", Interval::Day);
        for bar in &mut history.bars {
            bar.time = bar.time / 86_400_000 * 86_400_000;
        }
        let query = [&[AAPL, ("interval", "1day")], query].concat();
        times(&super::twelve_data::shown(
            "/time_series",
            &query,
            &[Answer::History(history)],
        ))
    };
    assert_eq!(days(&[]), ["2026-01-21", "2026-01-20", "2026-01-19"]);
    assert_eq!(
        days(&[
            ("start_date", "2026-01-19"),
            ("end_date", "2026-01-21"),
            ("timezone", "Asia/Tokyo")
        ]),
        ["2026-01-20", "2026-01-19"]
    );
}

#[test]
fn the_hub_is_asked_for_all_bars_that_may_be_wanted() {
    let asked = |query: &[(&str, &str)]| match questions("/time_series", &[MINUTES, query].concat()).as_slice() {
        [Question::History(HistoryQuestion { limit, before, .. })] => (*limit, *before),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&[]), (30, None));
    assert_eq!(asked(&[("outputsize", "5000")]), (5_000, None));
    assert_eq!(asked(&[("start_date", "2026-01-19")]), (5_000, None));
    // 2026-01-19T02:00:00Z, and the minutes of 26 hours.
    let end = [("end_date", "2026-01-18 14:00:00"), ("outputsize", "10")];
    assert_eq!(asked(&end), (10 + 1_560, Some(1_768_788_000_000)));
    assert_eq!(asked(&[("date", "yesterday")]), (5_000 + 2_880, None));
    let batch = questions(
        "/time_series",
        &[("symbol", "AAPL,MSFT"), ("interval", "4h"), ("outputsize", "9")],
    );
    assert_eq!(batch.len(), 2);
}

#[test]
fn a_series_says_what_is_missing() {
    let history = |change: fn(&mut History)| {
        let mut history = bars("AAPL", Interval::Minute);
        change(&mut history);
        history
    };
    let meta = |history, query: &[(&str, &str)]| body(&series(history, query))["meta"]["incomplete"].clone();
    let short = |history: &mut History| history.reason = text("no credits");
    assert_eq!(meta(history(short), &[]), "no credits");
    assert_eq!(meta(history(short), &[("outputsize", "3")]), Value::Null);
    let gap = |history: &mut History| {
        history.gaps = vec![Gap {
            from: OPEN,
            to: OPEN + 60_000,
            reason: "the hub was asleep".to_owned(),
        }];
    };
    assert_eq!(meta(history(gap), &[]), "the hub was asleep");
    assert_eq!(meta(history(gap), &[("outputsize", "2")]), Value::Null);

    let none = |history: &mut History| (history.bars, history.reason) = (Vec::new(), text("no credits"));
    let reply = series(history(none), &[]);
    assert_error(&reply, 503, "no bars of AAPL are known yet: no credits");
    assert_eq!(header(&reply, "Retry-After"), "5");
    let mut refused = history(none);
    refused.is_refused = true;
    assert_error(&series(refused, &[]), 404, "**symbol** AAPL is not served: no credits");
    let batch = [("symbol", "AAPL,A B,MSFT"), ("interval", "1min")];
    let answers = [history(none), bars("MSFT", Interval::Minute)].map(Answer::History);
    let batch = body(&shown("/time_series", &batch, &answers));
    assert_eq!(
        (&batch["AAPL"]["code"], &batch["A B"]["code"], &batch["MSFT"]["status"]),
        (&json!(503), &json!(400), &json!("ok"))
    );
}

#[test]
fn what_the_hub_has_not_is_refused_in_twelve_datas_form() {
    let many: Vec<String> = (0..65).map(|n| format!("S{n}")).collect();
    let many = many.join(",");
    let long = "9".repeat(10_000);
    for (path, query, code, says) in [
        (
            "/quote",
            ("symbols", "AAPL"),
            400,
            "the parameters are symbol, exchange,",
        ),
        (
            "/quote",
            ("apikey", "k"),
            400,
            "symbol is missing: the parameters are symbol,",
        ),
        ("/quote", ("symbol", ", ,"), 400, "**symbol** is empty"),
        ("/price", ("symbol", many.as_str()), 414, "the 64 that fit"),
        (
            "/quote",
            ("interval", "1min"),
            400,
            "cannot honour **interval** \"1min\": leave it out or use 1day",
        ),
        ("/quote", ("prepost", "true"), 400, "cannot honour **prepost**"),
        ("/price", ("isin", "US0378331005"), 400, "cannot honour **isin**"),
        ("/price", ("timezone", "UTC"), 400, "there is no parameter \"timezone\""),
        ("/quote", ("timezone", "<b>"), 400, "Invalid **timezone**"),
        (
            "/price",
            ("dp", "12"),
            400,
            "Invalid **dp** provided: \"12\". Use 0 to 11",
        ),
        ("/price", ("format", "xml"), 400, "Use JSON or CSV"),
        (
            "/symbol_search",
            ("show_plan", "maybe"),
            400,
            "Invalid **show_plan** provided: \"maybe\". Use true or false",
        ),
        (
            "/price",
            ("exchange", "<b>"),
            400,
            "**exchange** \"<b>\" is not an exchange",
        ),
        (
            "/quote",
            ("mic_code", " "),
            400,
            "**mic_code** \" \" is not an exchange",
        ),
        ("/price", ("delimiter", "::"), 400, "Invalid **delimiter**"),
        (
            "/api_usage",
            ("timezone", "Asia/Tokyo"),
            400,
            "cannot honour **timezone**",
        ),
        ("/symbol_search", ("symbol", long.as_str()), 400, "has 10000 characters"),
        (
            "/symbol_search",
            ("outputsize", "121"),
            400,
            "whole number from 1 to 120",
        ),
    ] {
        let mut query = vec![query];
        if !matches!(query[0].0, "symbol" | "apikey" | "symbols") && path != "/api_usage" {
            query.push(AAPL);
        }
        assert_refused(path, &query, code, says);
    }
    for (name, value, says) in [
        (
            "interval",
            "2h",
            "interval \"2h\" is unknown: use 1min, 5min, 15min, 1h, 4h or 1day",
        ),
        ("outputsize", "5001", "whole number from 1 to 5000"),
        ("order", "up", "Use asc or desc"),
        (
            "start_date",
            "yesterday",
            "Invalid **start_date** provided: \"yesterday\". Use a date such as 2026-01-19",
        ),
        ("end_date", &long, "Invalid **end_date**"),
        ("end_date", "1969-01-01", "Invalid **end_date**"),
        ("date", "2026-02-30", "Invalid **date**"),
        ("adjust", "none", "cannot honour **adjust**"),
        ("previous_close", "true", "cannot honour **previous_close**"),
        ("country", "US", "cannot honour **country**"),
    ] {
        let query = [AAPL, ("interval", "1h"), (name, value)];
        let query = &query[usize::from(name == "interval") * 2..];
        let query = if name == "interval" {
            [&[AAPL], query].concat()
        } else {
            query.to_vec()
        };
        assert_refused("/time_series", &query, 400, says);
    }
    assert_refused("/time_series", &[AAPL], 400, "interval is missing");
    let both = [("date", "2026-01-19"), ("end_date", "2026-01-19")];
    assert_refused("/time_series", &[MINUTES, &both].concat(), 400, "**date** is one day");
    let much = [("symbol", "A,B,C,D,E"), ("interval", "1min"), ("outputsize", "5000")];
    assert_refused("/time_series", &much, 400, "25000 bars are more than the 20000");

    for path in [
        "/sma",
        "/dividends",
        "/Quote",
        "/quote/",
        "/time_series/cross",
        "/etfs/world",
    ] {
        assert!(super::super::is_ours(path), "{path}");
        assert_refused(
            path,
            &[],
            404,
            &format!("this hub has no {path}; of Twelve Data's routes it has /quote, "),
        );
    }
    let wrong = route("POST", "/quote", &[], None).unwrap_err().reply();
    assert_error(&wrong, 405, "POST is not allowed here");
    assert_eq!(header(&wrong, "Allow"), "GET, HEAD, OPTIONS");
    assert!(matches!(route("OPTIONS", "/price", &[], None), Ok(Asked::Options(_))));
}

#[test]
fn what_the_sdks_send_beside_the_question_is_taken() {
    let python = [
        ("symbol", "AAPL"),
        ("interval", "1day"),
        ("dp", "5"),
        ("timezone", "Exchange"),
        ("prepost", "false"),
        ("format", "JSON"),
        ("apikey", "secret-key"),
        ("source", "python"),
        ("exchange", ""),
    ];
    assert_eq!(questions("/quote", &python).len(), 1);
    let answer = quotes(vec![view("AAPL", &apple(), false)], &[]);
    assert!(!shown("/quote", &python, &[answer]).body.contains("secret-key"));
    let series = [
        &python[..],
        &[("outputsize", "30"), ("order", "desc"), ("adjust", "splits")],
    ]
    .concat();
    assert_eq!(questions("/time_series", &series).len(), 1);
    let twice = [
        ("apikey", "secret-key"),
        ("apikey", "another"),
        AAPL,
        ("symbol", "MSFT"),
    ];
    let refused = get("/quote", &twice, None).unwrap_err().reply();
    assert_error(&refused, 400, "symbol is given twice");
    assert!(!refused.body.contains("secret-key"));
    let Ok(Asked::Known(reply)) = get("/technical_indicators", &[("apikey", "k"), ("source", "python")], None) else {
        panic!("it is known without the hub");
    };
    assert_eq!(reply.body, r#"{"data":{},"status":"ok"}"#);
}

#[test]
fn a_search_in_twelve_datas_form() {
    let found = Found {
        symbol: "RY".to_owned(),
        subscribe: "RY:TSX".to_owned(),
        name: text("Royal Bank"),
        exchange: text("TSX"),
        mic_code: text("XTSE"),
        r#type: text("Common Stock"),
        kind: None,
        currency: text("CAD"),
        country: None,
        serves: Service::Unknown,
        plan: text("Grow"),
    };
    let search = |results, reason| {
        Answer::Search(Search {
            text: "ry".to_owned(),
            from: FoundBy::Provider,
            reason,
            retry_at: None,
            results,
        })
    };
    let query = [("symbol", "ry"), ("show_plan", "true"), ("outputsize", "7")];
    assert!(matches!(questions("/symbol_search", &query).as_slice(), [Question::Search(search)] if search.limit == 7));
    assert_eq!(
        shown("/symbol_search", &query, &[search(vec![found], None)]).body,
        r#"{"data":[{"symbol":"RY","instrument_name":"Royal Bank","exchange":"TSX","mic_code":"XTSE","exchange_timezone":null,"instrument_type":"Common Stock","country":null,"currency":"CAD","access":{"global":"Grow","plan":"Grow"}}],"status":"ok"}"#
    );
    let query = [("symbol", "zzz")];
    let nothing = shown("/symbol_search", &query, &[search(Vec::new(), None)]);
    assert_eq!(nothing.body, r#"{"data":[],"status":"ok"}"#);
    let unasked = shown(
        "/symbol_search",
        &query,
        &[search(Vec::new(), text("none are left today"))],
    );
    assert_error(&unasked, 503, "none are left today");
}

fn status(day: Option<BudgetView>) -> Status {
    let minute = BudgetView {
        used: 3,
        left: 5,
        limit: 8,
    };
    Status {
        server: None,
        servers: Vec::new(),
        feed: FeedStatus {
            state: FeedState::Live,
            since: NOW,
            reason: String::new(),
        },
        simulated: true,
        time: NOW,
        viewers: 0,
        last_update: None,
        upstream_messages: 0,
        upstream_ticks: 0,
        unreadable_messages: 0,
        dropped_ticks: 0,
        updates_sent: 0,
        reconnects: 0,
        credits: CreditsView {
            minute,
            day,
            trouble: None,
        },
        storage_trouble: None,
        access: "open",
        advice: Vec::new(),
        symbols: Vec::new(),
    }
}

#[test]
fn the_credits_are_those_of_the_hub() {
    let usage = |day| shown("/api_usage", &[], &[Answer::Status(status(day))]).body;
    assert_eq!(
        usage(None),
        r#"{"timestamp":"2026-01-19 14:32:17","current_usage":3,"plan_limit":8}"#
    );
    let day = BudgetView {
        used: 90,
        left: 710,
        limit: 800,
    };
    assert_eq!(
        usage(Some(day)),
        r#"{"timestamp":"2026-01-19 14:32:17","current_usage":3,"plan_limit":8,"daily_usage":90,"plan_daily_limit":800}"#
    );
}

mod original {
    //! The original's routes, which need the same answers.

    use super::*;
    use crate::hub::Sessions;
    use crate::market::ExchangeHours;

    #[test]
    fn the_summary_has_what_the_default_symbols_answer() {
        let mut stale = cell(1.25, 1.0, "Physical Currency");
        stale.quote.as_mut().unwrap().stale_since = Some(NOW);
        let views = vec![
            view("BTC/USD", &cell(95_500.0, 100_000.0, "Digital Currency"), false),
            view("SOL/USD", &cell(125.0, 100.0, "Digital Currency"), false),
            view("XAU/USD", &cell(4_200.0, 4_000.0, "Physical Currency"), false),
            view("EUR/USD", &stale, false),
            view("AAPL", &apple(), false),
            view("MSFT", &Cell::default(), false),
        ];
        let reply = reply("/api/crypto/summary", &[], None, &quotes(views, &[]));
        assert_eq!(
            super::body(&reply),
            json!({
                "ok": true, "btcPrice": 95_500.0, "btcChange24h": -4.5, "btcVolume24h": null,
                "ethPrice": null, "ethChange24h": null, "cryptos": {"SOL": 125.0}, "cryptosChange": {"SOL": 25.0},
                "lastUpdate": "2026-01-19T14:32:17.400Z", "source": "Twelve Data",
                "commodities": {"GOLD": 4_200.0}, "commoditiesChange": {"GOLD": 5.0},
                "stocks": {"AAPL": 235.5}, "stocksChange": {"AAPL": 0.22343}, "indices": {}, "indicesChange": {},
                "forex": {"EURUSD": 1.25}, "forexChange": {"EURUSD": 25.0}, "fearGreed": null,
                "simulated": false, "stale": ["EUR/USD"],
            })
        );
    }

    #[test]
    fn a_chart_is_bars_from_old_to_new() {
        let asked = |query: &[(&str, &str)]| match question("/api/chart-data", query) {
            Ok(Question::History(asked)) => (asked.instrument.to_string(), asked.interval, asked.limit),
            other => panic!("{other:?}"),
        };
        assert_eq!(asked(&[]), ("BTC/USD".to_owned(), Interval::Hour, 24));
        let query = [AAPL, ("interval", "1day"), ("outputsize", "9")];
        assert_eq!(asked(&query), ("AAPL".to_owned(), Interval::Day, 9));
        assert!(get("/api/chart-data", &[("interval", "1week")], None).is_err());
        let twice = get("/api/chart-data", &[AAPL, ("symbol", "MSFT")], None);
        assert!(twice.is_err(), "not the chart of a third symbol");
        let chart = |history| reply("/api/chart-data", &[], None, &Answer::History(history));
        let mut history = bars("BTC/USD", Interval::Hour);
        history.bars.truncate(2);
        (history.bars[0].close, history.bars[1].close) = (100.0, 200.0);
        let point = |x, close, time| json!({"x": x, "close": close, "high": 266.25, "low": 266.25, "open": 266.25, "datetime": time});
        assert_eq!(
            super::body(&chart(history)),
            json!({
                "ok": true, "symbol": "BTC/USD", "interval": "1h", "current_price": 200.0, "min_price": 100.0,
                "max_price": 200.0, "support": 98.0, "resistance": 202.0,
                "points": [point(0, 100.0, "2026-01-19T14:30:00.000Z"), point(1, 200.0, "2026-01-19T15:30:00.000Z")],
                "count": 2, "simulated": false, "reason": null,
            })
        );
        let mut none = bars("BTC/USD", Interval::Hour);
        none.bars.clear();
        assert_eq!(chart(none).status, 503);
    }

    #[test]
    fn the_market_state_names_new_yorks_exchanges() {
        let exchange = |name: &str, is_open| ExchangeHours {
            code: name.to_owned(),
            name: name.to_owned(),
            country: None,
            is_open,
            opens_at: (!is_open).then_some(NOW + 3_661_000),
            closes_at: is_open.then_some(NOW + 59_000),
        };
        let sessions = |as_of, exchanges| {
            let sessions = Sessions {
                time: NOW,
                as_of,
                exchanges,
                reason: None,
                retry_at: None,
            };
            reply("/api/market-state", &[], None, &Answer::Sessions(sessions))
        };
        let answer = sessions(Some(NOW), vec![exchange("NASDAQ", true), exchange("NYSE", false)]);
        assert_eq!(
            super::body(&answer),
            json!({
                "ok": true, "crypto_always_open": true, "source": "Twelve Data",
                "markets": {
                    "NYSE": {"is_open": false, "time_after_open": "00:00:00", "time_to_open": "01:01:01", "time_to_close": "00:00:00"},
                    "NASDAQ": {"is_open": true, "time_after_open": null, "time_to_open": "00:00:00", "time_to_close": "00:00:59"},
                },
            })
        );
        assert_eq!(sessions(None, Vec::new()).status, 503);
        assert_eq!(
            super::body(&sessions(Some(NOW), Vec::new()))["markets"]["NYSE"],
            Value::Null
        );
    }

    #[test]
    fn a_quote_in_the_originals_shape() {
        let shown = |answer| reply("/api/quote", &[AAPL], None, &answer);
        assert_eq!(
            super::body(&shown(quotes(vec![view("AAPL", &apple(), false)], &[]))),
            json!({
                "ok": true, "symbol": "AAPL", "name": "Apple Inc.", "exchange": "NASDAQ", "price": 235.5, "open": 234.5,
                "high": 236.5, "low": 233.5, "volume": 1_234_567, "change": 0.525, "percent_change": 0.22343,
                "previous_close": 234.975, "source": "Twelve Data", "simulated": false,
                "timestamp": "2026-01-19T14:32:17.000Z", "received_at": "2026-01-19T14:32:17.400Z", "session": "open",
                "freshness": "fresh", "stale_since": null, "state": "streaming",
            })
        );
        assert_eq!(shown(quotes(Vec::new(), &[("AAPL", "unknown")])).status, 404);
        assert_eq!(
            shown(quotes(vec![view("AAPL", &Cell::default(), false)], &[])).status,
            503
        );
        for (query, says) in [
            (&[("symbols", "AAPL")][..], "the parameter is symbol, as in symbol=AAPL"),
            (&[("symbol", "AAPL,MSFT")], "is more than one"),
            (&[], "symbol is missing"),
        ] {
            let problem = get("/api/quote", query, None).unwrap_err();
            assert_eq!(problem.status(), 400);
            assert!(problem.to_string().contains(says), "{problem}");
        }
    }

    #[test]
    fn status_and_health_have_the_originals_words_too() {
        let status = super::body(&reply("/api/status", &[], None, &Answer::Status(status(None))));
        assert_eq!(
            (&status["status"], &status["data_source"], &status["last_update"]),
            (&json!("running"), &json!("simulator"), &Value::Null)
        );
        let health = super::body(&crate::api::health());
        assert_eq!(
            (&health["status"], &health["service"]),
            (&json!("ok"), &json!("hamster-terminal"))
        );
    }
}
