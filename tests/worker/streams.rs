//! What `docs/protocol.md` promises to clients of `hamster.v1`, on a real workerd.

use crate::support::{Client, Terminal, manual, now_s};
use hamster_kit::Reader;
use serde_json::{Value, json};

/// A client of `hamster.v1` and what it has read.
struct Watcher {
    client: Client,
    reader: Reader,
}

impl Watcher {
    /// Connects to a terminal whose feed streams these symbols, and reads their snapshot.
    async fn connect(terminal: &Terminal, params: Value) -> Watcher {
        let symbols = params["symbols"].as_str().unwrap().to_owned();
        let mut watcher = Watcher::resume(terminal, Reader::default(), params).await;
        terminal.streams(&symbols).await;
        for symbol in symbols.split(',') {
            watcher
                .until("that it streams", |reader| reader.quote(symbol)["state"] == "streaming")
                .await;
        }
        watcher
    }

    /// As [`connect`](Self::connect), resuming with the reader of an earlier connection.
    async fn resume(terminal: &Terminal, reader: Reader, params: Value) -> Watcher {
        let (mut client, confirmed) = terminal.offer("hamster.v1").await.unwrap();
        assert_eq!(confirmed, "hamster.v1");
        let greeting = client.event("connected").await;
        assert_eq!(greeting["protocol"], "hamster.v1");
        client.say(json!({"action": "subscribe", "params": params})).await;
        client.event("subscribe-status").await;
        let mut watcher = Watcher { client, reader };
        let snapshot = watcher.client.event("snapshot").await;
        watcher.reader.read(&snapshot);
        watcher
    }

    /// Reads until the reader's state is `wanted`.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Reader) -> bool) {
        let reader = &mut self.reader;
        if wanted(reader) {
            return;
        }
        let holds = |frame: &Value| {
            reader.read(frame);
            wanted(reader)
        };
        self.client.until(what, holds).await;
    }

    /// The next event of this name. Deltas before it are read.
    async fn event(&mut self, name: &str) -> Value {
        let reader = &mut self.reader;
        let is_it = |frame: &Value| {
            reader.read(frame);
            frame["event"] == name
        };
        self.client.until(name, is_it).await
    }

    async fn price(&mut self, symbol: &str, price: f64) {
        self.until(&format!("{symbol} at {price}"), |reader| {
            reader.price(symbol) == Some(price)
        })
        .await;
    }
}

#[tokio::test]
async fn the_dialect_is_negotiated_and_an_unknown_one_refused() {
    let terminal = Terminal::start(manual(), &[]).await;
    let (_, confirmed) = terminal.offer("hamster.v9, hamster.v1").await.unwrap();
    assert_eq!(confirmed, "hamster.v1");
    assert_eq!(terminal.offer("graphql-ws").await.err(), Some(400));
}

#[tokio::test]
async fn ticks_come_as_deltas_that_follow_from_each_other() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut first = Watcher::connect(&terminal, json!({"symbols": "BTC/USD,AAPL"})).await;
    let mut second = Watcher::connect(&terminal, json!({"symbols": "AAPL,BTC/USD"})).await;
    for step in 1..20_u32 {
        let price = 95_500.0 + f64::from(step) / 4.0;
        terminal.fake.push_price("BTC/USD", price, now_s());
        terminal.fake.push_price("AAPL", 200.0 + f64::from(step), now_s());
        for watcher in [&mut first, &mut second] {
            watcher.price("BTC/USD", price).await;
            watcher.price("AAPL", 200.0 + f64::from(step)).await;
        }
    }
    assert_eq!(
        first.reader.stream, second.reader.stream,
        "the same symbols at the same rate are one stream"
    );
    assert!(first.reader.seq > 10, "{:?}", first.reader);
}

#[tokio::test]
async fn a_plain_client_and_one_of_streams_hear_the_same() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut watcher = Watcher::connect(&terminal, json!({"symbols": "AAPL"})).await;
    let mut plain = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 222.22, now_s());
    let update = plain.price("AAPL", 222.22).await;
    watcher.price("AAPL", 222.22).await;
    let quote = watcher.reader.quote("AAPL");
    for name in ["price", "bid", "ask", "previous_close", "session", "source"] {
        assert_eq!(quote[name], update[name], "{name}");
    }
    let received: jiff::Timestamp = update["received_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(quote["received"], received.as_millisecond());
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_changed_and_is_told_so() {
    let terminal = Terminal::start(manual(), &[]).await;
    let symbols = "AAPL,BTC/USD,MSFT";
    let mut watcher = Watcher::connect(&terminal, json!({"symbols": symbols})).await;
    for symbol in symbols.split(',') {
        terminal.fake.push_price(symbol, 100.5, now_s());
        watcher.price(symbol, 100.5).await;
    }
    watcher
        .until("the references", |reader| {
            let has_reference = |symbol| reader.quote(symbol)["previous_close"].is_number();
            symbols.split(',').all(has_reference)
        })
        .await;
    let Watcher { client, reader } = watcher;
    client.leave().await;
    let mut other = terminal.watch("MSFT").await;
    terminal.fake.push_price("MSFT", 101.5, now_s());
    other.price("MSFT", 101.5).await;
    let place = json!({"epoch": reader.epoch, "stream": reader.stream, "seq": reader.seq});
    let back = Watcher::resume(&terminal, reader, json!({"symbols": symbols, "resume": place})).await;
    assert!(back.reader.recovered);
    assert_eq!(back.reader.named, ["MSFT"], "what changed, and no more");
    assert_eq!(
        (back.reader.price("AAPL"), back.reader.price("MSFT")),
        (Some(100.5), Some(101.5))
    );
}

#[tokio::test]
async fn a_hub_that_was_killed_begins_a_new_epoch_and_says_so() {
    let mut terminal = Terminal::start(manual(), &[]).await;
    let mut watcher = Watcher::connect(&terminal, json!({"symbols": "AAPL"})).await;
    terminal.fake.push_price("AAPL", 100.5, now_s());
    watcher.price("AAPL", 100.5).await;
    let reader = watcher.reader;
    let place = json!({"epoch": reader.epoch, "stream": reader.stream, "seq": reader.seq});
    let before = reader.epoch;
    terminal.worker.restart().await;
    let back = Watcher::resume(&terminal, reader, json!({"symbols": "AAPL", "resume": place})).await;
    assert!(!back.reader.recovered, "never a silent hole");
    assert!(back.reader.epoch > before);
    assert_eq!(back.reader.named, ["AAPL"]);
}

#[tokio::test]
async fn a_client_of_streams_is_answered_when_it_makes_no_sense() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut watcher = Watcher::connect(&terminal, json!({"symbols": "AAPL"})).await;
    for (message, says) in [
        (json!({"action": "ack"}), "an ack must name"),
        (
            json!({"action": "subscribe", "params": {"symbols": "AAPL", "interval_ms": -1}}),
            "interval_ms",
        ),
        (
            json!({"action": "subscribe", "params": {"symbols": "AAPL", "resume": 7}}),
            "resume",
        ),
    ] {
        watcher.client.say(message).await;
        let error = watcher.event("error").await;
        assert_eq!(error["code"], "invalid-params");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert_eq!(error["epoch"], watcher.reader.epoch);
    }
    // An acknowledgement of another channel or of the future has no effect and does no harm.
    watcher
        .client
        .say(json!({"action": "ack", "stream": 99, "seq": 1}))
        .await;
    watcher
        .client
        .say(json!({"action": "ack", "stream": watcher.reader.stream, "seq": 1_000_000}))
        .await;
    terminal.fake.push_price("AAPL", 123.5, now_s());
    watcher.price("AAPL", 123.5).await;
}
