//! What `docs/protocol.md` promises to everybody who connects to `/ws`.

use std::time::Duration;

use crate::support::{Ending, RestBehaviour, Terminal, fields, manual, now_s, pass};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const SYMBOLS: &str = crate::support::terminal::SYMBOLS;

/// The example of a `price_update` in the documentation.
fn documented_update() -> Value {
    let document = include_str!("../../docs/protocol.md");
    let start = document.find(r#"{"event":"price_update""#).unwrap();
    let end = document[start..].find("```").unwrap();
    serde_json::from_str(&document[start..start + end]).unwrap()
}

/// A tick as Twelve Data sends it, `timestamp` in seconds.
fn bitcoin_at(timestamp: u64) -> String {
    json!({
        "event": "price", "symbol": "BTC/USD", "currency_base": "Bitcoin", "currency_quote": "US Dollar",
        "exchange": "Binance", "type": "Digital Currency", "timestamp": timestamp,
        "price": 95500.0, "bid": 95499.5, "ask": 95500.5, "day_volume": 49153
    })
    .to_string()
}

#[tokio::test]
async fn a_price_update_is_exactly_what_is_documented() {
    let terminal = Terminal::start(manual(), &[]).await;
    terminal
        .fake
        .exchange(|exchange| exchange.set_previous_close("BTC/USD", 95_261.85));
    let mut client = terminal.watch("BTC/USD").await;
    client
        .until("the previous close", |event| event["previous_close"] == 95_261.85)
        .await;
    let second = now_s();
    terminal.fake.push_raw(&bitcoin_at(second));
    let update = client.price("BTC/USD", 95_500.0).await;
    let documented = documented_update();
    assert_eq!(fields(&update), fields(&documented));
    for name in [
        "event",
        "symbol",
        "price",
        "percent_change",
        "exchange",
        "bid",
        "ask",
        "day_volume",
        "previous_close",
        "source",
        "simulated",
        "session",
        "freshness",
        "stale_since",
    ] {
        assert_eq!(update[name], documented[name], "{name}");
    }
    let timestamp = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
    assert_eq!(update["timestamp"], format!("{timestamp:.3}"));
    let received: Timestamp = update["received_at"].as_str().unwrap().parse().unwrap();
    let late = received.as_millisecond() - timestamp.as_millisecond();
    assert!((0..20_000).contains(&late), "{late} ms after its second");
}

#[tokio::test]
async fn percent_change_is_null_until_the_previous_close_is_known_and_exact_from_then_on() {
    let terminal = Terminal::start(manual(), &[]).await;
    terminal.fake.rest_behaviour(RestBehaviour::Fails(502));
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 202.5, now_s());
    let update = client.price("AAPL", 202.5).await;
    assert_eq!(
        (&update["percent_change"], &update["previous_close"]),
        (&Value::Null, &Value::Null)
    );
    terminal
        .fake
        .exchange(|exchange| exchange.set_previous_close("AAPL", 200.0));
    terminal.fake.rest_behaviour(RestBehaviour::Answers);
    let update = client
        .until("the previous close", |event| event["previous_close"] == 200.0)
        .await;
    assert_eq!(
        (&update["price"], &update["percent_change"]),
        (&json!(202.5), &json!(1.25))
    );
    terminal.fake.push_price("AAPL", 199.0, now_s());
    assert_eq!(client.price("AAPL", 199.0).await["percent_change"], -0.5);
}

#[tokio::test]
async fn connecting_subscribes_to_nothing_and_names_the_default_symbols() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut watcher = terminal.watch(SYMBOLS).await;
    let mut idler = terminal.connect().await;
    let connected = idler.hear().await;
    assert_eq!(connected["event"], "connected");
    assert_eq!(connected["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(connected["simulated"], false);
    assert_eq!(connected["feed"]["state"], "live");
    assert_eq!(connected["symbols"], json!(SYMBOLS.split(',').collect::<Vec<_>>()));
    terminal.fake.push_price("AAPL", 101.0, now_s());
    watcher.price("AAPL", 101.0).await;
    let heard = idler.everything_so_far().await;
    assert!(heard.iter().all(|event| event["event"] != "price_update"), "{heard:?}");
}

#[tokio::test]
async fn the_snapshot_follows_the_status_at_once_and_the_stream_goes_on_from_there() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut first = terminal.watch("AAPL,MSFT").await;
    terminal.fake.push_price("AAPL", 101.0, now_s());
    terminal.fake.push_price("MSFT", 401.0, now_s());
    first.price("MSFT", 401.0).await;

    let mut second = terminal.connect().await;
    second.event("connected").await;
    second
        .say(json!({"action": "subscribe", "params": {"symbols": "AAPL,MSFT,$$$"}}))
        .await;
    let status = second.event("subscribe-status").await;
    let success = json!([
        {"symbol": "AAPL", "state": "streaming", "reason": null, "needs_plan": null, "retry_at": null, "has_quote": true},
        {"symbol": "MSFT", "state": "streaming", "reason": null, "needs_plan": null, "retry_at": null, "has_quote": true},
    ]);
    assert_eq!((&status["status"], &status["success"]), (&json!("ok"), &success));
    assert_eq!(status["fails"][0]["symbol"], "$$$");
    let reason = status["fails"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("not a symbol"), "{reason}");
    let snapshot = [second.hear().await, second.hear().await];
    let shown: Vec<_> = snapshot
        .iter()
        .map(|update| (&update["event"], &update["symbol"], &update["price"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("price_update"), &json!("AAPL"), &json!(101.0)),
            (&json!("price_update"), &json!("MSFT"), &json!(401.0)),
        ]
    );
    terminal.fake.push_price("AAPL", 102.0, now_s());
    second.price("AAPL", 102.0).await;
}

#[tokio::test]
async fn every_client_hears_its_own_symbols_and_no_others() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut apple = terminal.watch("AAPL").await;
    let mut both = terminal.watch("msft, EUR/USD").await;
    for step in 1..=5_u32 {
        let price = 100.0 + f64::from(step);
        for symbol in ["AAPL", "MSFT", "EUR/USD"] {
            terminal.fake.push_price(symbol, price, now_s());
        }
        apple.price("AAPL", price).await;
        both.price("MSFT", price).await;
        both.price("EUR/USD", price).await;
    }
    terminal.fake.push_price("AAPL", 200.0, now_s());
    apple.price("AAPL", 200.0).await;
    terminal.fake.push_price("MSFT", 200.0, now_s());
    both.price("MSFT", 200.0).await;
    let heard = apple.everything_so_far().await;
    assert!(heard.iter().all(|event| event["symbol"] != "MSFT"), "{heard:?}");
    let heard = both.everything_so_far().await;
    assert!(heard.iter().all(|event| event["symbol"] != "AAPL"), "{heard:?}");
}

#[tokio::test]
async fn unsubscribe_and_reset_end_the_stream_of_what_they_name() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut control = terminal.watch("AAPL,MSFT").await;
    let mut client = terminal.watch("AAPL,MSFT").await;
    client
        .say(json!({"action": "unsubscribe", "params": {"symbols": "AAPL"}}))
        .await;
    let status = client.event("unsubscribe-status").await;
    assert_eq!(
        status,
        json!({"event": "unsubscribe-status", "status": "ok", "symbols": ["AAPL"]})
    );
    terminal.fake.push_price("AAPL", 101.0, now_s());
    terminal.fake.push_price("MSFT", 401.0, now_s());
    control.price("MSFT", 401.0).await;
    let heard = client.everything_so_far().await;
    let updated: Vec<_> = heard
        .iter()
        .filter(|event| event["event"] == "price_update")
        .map(|event| event["symbol"].as_str().unwrap())
        .collect();
    assert!(updated.contains(&"MSFT") && !updated.contains(&"AAPL"), "{heard:?}");
    client.say(json!({"action": "reset"})).await;
    assert_eq!(
        client.event("reset-status").await,
        json!({"event": "reset-status", "status": "ok"})
    );
    terminal.fake.push_price("MSFT", 402.0, now_s());
    control.price("MSFT", 402.0).await;
    let heard = client.everything_so_far().await;
    assert!(heard.iter().all(|event| event["event"] != "price_update"), "{heard:?}");
}

#[tokio::test]
async fn heartbeat_time_and_ping_are_answered() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.connect().await;
    client.event("connected").await;
    client.say(json!({"action": "heartbeat"})).await;
    assert_eq!(
        client.event("heartbeat").await,
        json!({"event": "heartbeat", "status": "ok"})
    );
    client.say(json!({"action": "time", "id": 7.5})).await;
    let time = client.event("time").await;
    assert_eq!(time["id"], 7.5);
    let hub: Timestamp = time["time"].as_str().unwrap().parse().unwrap();
    let apart = hub.as_second().abs_diff(i64::try_from(now_s()).unwrap());
    assert!(apart < 20, "{apart} s apart on one machine");
    client.send(Message::text("ping")).await;
    loop {
        let text = client.hear_text().await;
        if text == "pong" {
            break;
        }
        assert!(text.contains("\"event\":\"feed\""), "{text}");
    }
}

#[tokio::test]
async fn a_message_that_makes_no_sense_is_answered_with_what_would_and_harms_nobody() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut neighbour = terminal.watch("AAPL").await;
    let mut client = terminal.watch("AAPL").await;
    let many: Vec<String> = (0..201).map(|number| format!("S{number}")).collect();
    let many = json!({"action": "subscribe", "params": {"symbols": many}}).to_string();
    let cases: Vec<(Message, &str)> = vec![
        (Message::text("hello"), "invalid-json"),
        (Message::text(""), "invalid-json"),
        (Message::text("[1,2]"), "invalid-json"),
        (Message::text("\u{0}"), "invalid-json"),
        (Message::text("[".repeat(50_000)), "invalid-json"),
        (Message::text(r#"{"action":"buy"}"#), "unknown-action"),
        (Message::text(r#"{"action":7}"#), "unknown-action"),
        (Message::text(r#"{"action":"subscribe"}"#), "invalid-params"),
        (
            Message::text(r#"{"action":"subscribe","params":{"symbols":[]}}"#),
            "invalid-params",
        ),
        (Message::text(many), "too-many-symbols"),
        (Message::text("x".repeat(1_000_000)), "too-large"),
        (Message::binary(vec![0; 3]), "binary-frame"),
        (Message::binary(vec![0; 500_000]), "binary-frame"),
    ];
    for (message, code) in cases {
        let shown = format!("{message:.60?}");
        client.send(message).await;
        let error = client.event("error").await;
        assert_eq!(error["code"], code, "{shown}");
        assert!(error["message"].as_str().unwrap().len() > 20, "{shown}: {error}");
    }
    terminal.fake.push_price("AAPL", 101.0, now_s());
    client.price("AAPL", 101.0).await;
    neighbour.price("AAPL", 101.0).await;
    let heard = neighbour.everything_so_far().await;
    assert!(heard.iter().all(|event| event["event"] != "error"), "{heard:?}");
}

#[tokio::test]
async fn a_flood_is_closed_with_4008_and_nobody_else_notices() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut neighbour = terminal.watch("AAPL").await;
    let mut client = terminal.watch("AAPL").await;
    for _ in 0..500 {
        client.try_send(Message::text(r#"{"action":"heartbeat"}"#)).await;
    }
    assert_eq!(client.ending().await, Ending::Code(4008));
    let status = terminal
        .status_until("one viewer", |status| status["viewers"] == 1)
        .await;
    let watchers = status["symbols"]
        .as_array()
        .unwrap()
        .iter()
        .find(|symbol| symbol["symbol"] == "AAPL")
        .map(|symbol| symbol["watchers"].clone());
    assert_eq!(watchers, Some(json!(1)));
    terminal.fake.push_price("AAPL", 101.0, now_s());
    neighbour.price("AAPL", 101.0).await;
}

#[tokio::test]
async fn a_client_that_says_goodbye_gets_an_answer_and_is_forgotten() {
    let terminal = Terminal::start(manual(), &[]).await;
    let leaver = terminal.watch("AAPL").await;
    let vanisher = terminal.watch("AAPL").await;
    assert_eq!(terminal.json("/api/status").await["viewers"], 2);
    assert_eq!(leaver.leave().await, Ending::Code(1000));
    drop(vanisher);
    terminal
        .status_until("no viewers", |status| status["viewers"] == 0)
        .await;
}

#[tokio::test]
async fn a_symbol_beyond_the_defaults_streams_for_as_long_as_somebody_watches_it() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    client.subscribe("TSLA").await;
    let told = client
        .until("TSLA streaming", |event| {
            event["event"] == "subscribe-status" && event["success"][0]["state"] == "streaming"
        })
        .await;
    assert_eq!(told["success"][0]["symbol"], "TSLA");
    terminal.fake.push_price("TSLA", 431.5, now_s());
    assert_eq!(client.price("TSLA", 431.5).await["source"], "live");
    client
        .say(json!({"action": "unsubscribe", "params": {"symbols": "TSLA"}}))
        .await;
    client.event("unsubscribe-status").await;
    pass(Duration::from_secs(3)).await;
    assert!(
        terminal.frames("unsubscribe").is_empty(),
        "a page that reloads must cost upstream nothing"
    );
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while terminal.frames("unsubscribe").is_empty() {
        assert!(std::time::Instant::now() < deadline, "TSLA is still held for nobody");
        pass(Duration::from_millis(100)).await;
    }
    assert_eq!(terminal.frames("unsubscribe")[0]["params"]["symbols"], "TSLA");
}

#[tokio::test]
async fn beyond_the_plans_streaming_symbols_a_symbol_is_polled() {
    let terminal = Terminal::start(manual(), &[("SYMBOL_LIMIT", "8")]).await;
    let mut client = terminal.watch("AAPL").await;
    client.subscribe("TSLA").await;
    let told = client
        .until("TSLA polled", |event| {
            event["event"] == "subscribe-status" && event["success"][0]["state"] == "polled"
        })
        .await;
    let reason = told["success"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("polled by REST"), "{reason}");
    assert_eq!(client.update("TSLA").await["source"], "rest");
    assert!(
        !terminal
            .frames("subscribe")
            .iter()
            .any(|frame| frame.to_string().contains("TSLA"))
    );
    terminal.fake.push_price("TSLA", 432.25, now_s());
    client.price("TSLA", 432.25).await;
}

#[tokio::test]
async fn a_symbol_that_does_not_exist_is_taken_away_and_its_watcher_is_told() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    let status = client.subscribe("NOSUCH").await;
    assert_eq!(status["success"][0]["has_quote"], false);
    let told = client
        .until("NOSUCH taken away", |event| event["fails"][0]["symbol"] == "NOSUCH")
        .await;
    assert!(
        told["fails"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("does not serve it"),
        "{told}"
    );
    terminal.fake.push_price("AAPL", 101.0, now_s());
    client.price("AAPL", 101.0).await;
}

#[tokio::test]
async fn one_symbol_on_two_exchanges_is_two() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    client
        .say(json!({"action": "subscribe", "params": {"symbols": [
            {"symbol": "RY", "exchange": "TSX"}, "RY:NYSE"]}}))
        .await;
    terminal.streams("RY:TSX,RY:NYSE").await;
    terminal.fake.push_price("RY:TSX", 230.5, now_s());
    terminal.fake.push_price("RY:NYSE", 168.5, now_s());
    client.price("RY:TSX", 230.5).await;
    client.price("RY:NYSE", 168.5).await;
}

#[tokio::test]
async fn a_quote_that_nobody_confirms_turns_stale_and_says_so_once() {
    let terminal = Terminal::start(manual(), &[("STALE_MS", "5000"), ("FALLBACK_MS", "60000")]).await;
    let mut client = terminal.watch("BTC/USD").await;
    client
        .until("the reference", |event| event["previous_close"].is_number())
        .await;
    terminal.fake.push_price("BTC/USD", 91_000.5, now_s());
    let fresh = client.price("BTC/USD", 91_000.5).await;
    assert_eq!(
        (&fresh["freshness"], &fresh["stale_since"]),
        (&json!("fresh"), &Value::Null)
    );
    let stale = client
        .until("a stale quote", |event| event["freshness"] == "stale")
        .await;
    assert_eq!(stale["price"], 91_000.5);
    assert_eq!(stale["stale_since"], fresh["received_at"]);
    pass(Duration::from_secs(6)).await;
    let heard = client.everything_so_far().await;
    assert!(heard.iter().all(|event| event["event"] != "price_update"), "{heard:?}");
    terminal.fake.push_price("BTC/USD", 91_001.5, now_s());
    let fresh = client.price("BTC/USD", 91_001.5).await;
    assert_eq!(fresh["freshness"], "fresh");
}
