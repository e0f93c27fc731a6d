//! Subscribing: forms of the request, shapes of the status, plans and credits.

use super::*;

#[test]
fn every_form_of_request_is_understood() {
    for (written, expected) in [
        (
            json!("AAPL,RY,RY:TSX,EUR/USD,BTC/USD"),
            vec!["AAPL", "RY", "RY", "EUR/USD", "BTC/USD"],
        ),
        (json!("BTC/USD:Coinbase Pro, ETH/BTC:Huobi"), vec!["BTC/USD", "ETH/BTC"]),
        (
            json!([{"symbol": "AAPL", "exchange": "NASDAQ"}, {"symbol": "RY", "mic_code": "XNYS"}, {"symbol": "EUR/USD", "type": "Forex"}]),
            vec!["AAPL", "RY", "EUR/USD"],
        ),
        (json!(["AAPL", "MSFT"]), vec!["AAPL", "MSFT"]),
        (json!(["AAPL", {"symbol": "MSFT"}]), vec!["AAPL", "MSFT"]),
        (json!("AAPL,AAPL"), vec!["AAPL"]),
    ] {
        let mut exchange = exchange(Settings::default());
        let session = open(&mut exchange);
        let status = say(
            &mut exchange,
            session,
            &json!({"action": "subscribe", "params": {"symbols": written}}),
        );
        assert_eq!(status["event"], "subscribe-status");
        assert_eq!(status["status"], "ok");
        assert_eq!(symbols(&status["success"]), expected, "{written}");
        assert_eq!(status["fails"], Value::Null);
    }
}

#[test]
fn one_symbol_on_two_venues_is_told_apart_by_the_exchange() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let status = subscribe(&mut exchange, session, "RY,RY:TSX");
    let venues: Vec<_> = status["success"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["exchange"])
        .collect();
    assert_eq!(venues, ["NYSE", "TSX"]);
    let counters = exchange.counters(WEDNESDAY);
    assert_eq!(counters.subscriptions.keys().collect::<Vec<_>>(), ["RY:NYSE", "RY:TSX"]);
}

#[test]
fn what_is_unknown_fails_with_its_symbol_and_no_reason() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let status = subscribe(&mut exchange, session, "BTC,AAPL,RY:LSE");
    assert_eq!(status["status"], "ok");
    assert_eq!(status["fails"], json!([{"symbol": "BTC"}, {"symbol": "RY:LSE"}]));
    let status = subscribe(&mut exchange, session, "BTC");
    assert_eq!(
        status,
        json!({"event": "subscribe-status", "status": "error", "success": null, "fails": [{"symbol": "BTC"}]})
    );
}

#[test]
fn items_carry_the_fields_of_their_class() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let status = subscribe(&mut exchange, session, "AAPL,EUR/USD,BTC/USD");
    assert_eq!(
        status["success"],
        json!([
            {"symbol": "AAPL", "exchange": "NASDAQ", "mic_code": "XNGS", "country": "United States", "type": "Common Stock"},
            {"symbol": "EUR/USD", "exchange": "FOREX", "country": "", "type": "Physical Currency"},
            {"symbol": "BTC/USD", "exchange": "Coinbase Pro", "type": "Digital Currency"},
        ])
    );
    exchange.faults().status_shape = StatusShape {
        empty_fails: EmptyList::Absent,
        crypto: CryptoItems::Long,
        forex: ForexItems::PhysicalCurrency,
        reversed: true,
        ..StatusShape::default()
    };
    assert_eq!(
        subscribe(&mut exchange, session, "EUR/USD,BTC/USD"),
        json!({"event": "subscribe-status", "status": "ok", "success": [
            {"symbol": "BTC/USD", "exchange": "Coinbase Pro", "mic_code": "Coinbase Pro", "country": "", "type": "Digital Currency"},
            {"symbol": "EUR/USD", "exchange": "PHYSICAL CURRENCY", "type": "PHYSICAL_CURRENCY"},
        ]})
    );
    exchange.faults().status_shape.empty_success = EmptyList::Array;
    assert_eq!(
        subscribe(&mut exchange, session, "NOPE"),
        json!({"event": "subscribe-status", "status": "error", "success": [], "fails": [{"symbol": "NOPE"}]})
    );
}

#[test]
fn the_free_plan_streams_only_its_list() {
    let mut exchange = exchange(keyed(Plan::basic()));
    let session = open(&mut exchange);
    let status = subscribe(
        &mut exchange,
        session,
        "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD",
    );
    assert_eq!(symbols(&status["success"]), ["BTC/USD", "AAPL", "EUR/USD"]);
    assert_eq!(symbols(&status["fails"]), ["ETH/USD", "MSFT", "NVDA", "SPY", "GBP/USD"]);
}

#[test]
fn a_credit_is_held_while_subscribed_and_only_the_surplus_fails() {
    let plan = Plan {
        symbols: 3,
        ..Plan::pro()
    };
    let mut exchange = exchange(keyed(plan));
    let (first, second) = (open(&mut exchange), open(&mut exchange));
    assert_eq!(
        symbols(&subscribe(&mut exchange, first, "AAPL,MSFT")["success"]),
        ["AAPL", "MSFT"]
    );
    // Subscribing again costs nothing; the key's other connection shares the credits.
    assert_eq!(
        symbols(&subscribe(&mut exchange, first, "AAPL,MSFT")["success"]).len(),
        2
    );
    assert_eq!(symbols(&subscribe(&mut exchange, second, "NVDA,SPY")["fails"]), ["SPY"]);
    let gone = say(
        &mut exchange,
        first,
        &json!({"action": "unsubscribe", "params": {"symbols": "AAPL"}}),
    );
    assert_eq!(gone, json!({"event": "unsubscribe-status", "status": "ok"}));
    assert_eq!(symbols(&subscribe(&mut exchange, second, "SPY")["success"]), ["SPY"]);
    let reset = say(&mut exchange, second, &json!({"action": "reset"}));
    assert_eq!(reset, json!({"event": "reset-status", "status": "ok"}));
    exchange.disconnect(first);
    assert!(exchange.counters(WEDNESDAY).subscriptions.is_empty());
    assert_eq!(exchange.next_tick_at(), None);
}

#[test]
fn faults_refuse_or_forget_a_symbol() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    exchange.faults().refused_symbols.insert("SPY".to_owned());
    exchange.faults().forgotten_symbols.insert("QQQ".to_owned());
    let status = subscribe(&mut exchange, session, "SPY,QQQ,AAPL");
    assert_eq!(
        (symbols(&status["success"]), symbols(&status["fails"])),
        (vec!["AAPL"], vec!["SPY"])
    );
}
