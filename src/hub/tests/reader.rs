//! A client of `hamster.v1` as docs/protocol.md describes it. It believes nothing but what its frames say, and complains when a
//! frame does not follow from those before.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What it holds, and where it is.
#[derive(Debug, Default)]
pub struct Reader {
    pub epoch: u64,
    pub stream: u64,
    pub seq: u64,
    pub recovered: bool,
    pub missed: u64,
    /// Whether this connection has shown it a snapshot: before that, frames are about a place that it has not seen.
    pub is_placed: bool,
    pub base: u64,
    /// Of the last snapshot.
    pub named: Vec<String>,
    pub feed: Value,
    symbols: BTreeMap<u64, Held>,
}

#[derive(Debug, Clone)]
struct Held {
    object: Value,
    price: i64,
    bid: i64,
    ask: i64,
    volume: i64,
    time: f64,
    received: u64,
}

impl Reader {
    pub fn read(&mut self, frame: &Value) {
        if let Some(items) = frame.as_array() {
            return self.delta(items);
        }
        let number = |name: &str| frame[name].as_u64().unwrap();
        if frame["event"] != "snapshot" {
            if self.is_placed {
                assert_eq!((number("epoch"), number("seq")), (self.epoch, self.seq), "{frame}");
            }
            return;
        }
        self.recovered = frame["recovered"] == true;
        self.is_placed = true;
        self.missed = number("missed");
        if !self.recovered {
            self.symbols.clear();
        }
        (self.epoch, self.stream) = (number("epoch"), number("stream"));
        (self.seq, self.base) = (number("seq"), number("base"));
        self.feed = frame["feed"].clone();
        self.named.clear();
        for object in frame["symbols"].as_array().unwrap() {
            self.named.push(object["symbol"].as_str().unwrap().to_owned());
            self.take(object);
        }
    }

    fn delta(&mut self, items: &[Value]) {
        let [epoch, seq, t, items @ ..] = items else {
            panic!("a short delta")
        };
        assert_eq!(epoch.as_u64().unwrap(), self.epoch, "the epoch of the snapshot");
        assert_eq!(seq.as_u64().unwrap(), self.seq + 1, "a hole in the sequence");
        self.seq += 1;
        assert!(!items.is_empty(), "a delta that says nothing");
        for item in items {
            match item {
                Value::Array(fields) => self.update(fields, self.base + t.as_u64().unwrap()),
                object if object["feed"].is_object() => self.feed = object["feed"].clone(),
                object if object["ack_ms"].is_number() => {}
                object => self.take(object),
            }
        }
    }

    fn take(&mut self, object: &Value) {
        let number = |name: &str| object[name].as_i64().unwrap_or_default();
        let held = Held {
            object: object.clone(),
            price: number("price"),
            bid: number("bid"),
            ask: number("ask"),
            volume: number("day_volume"),
            time: object["time"].as_f64().unwrap_or_default(),
            received: object["received"].as_u64().unwrap_or_default(),
        };
        self.symbols.insert(object["n"].as_u64().unwrap(), held);
    }

    fn update(&mut self, fields: &[Value], sent: u64) {
        let field = |index: usize| fields.get(index).and_then(Value::as_i64).unwrap_or_default();
        let held = self
            .symbols
            .get_mut(&fields[0].as_u64().unwrap())
            .expect("a symbol that was shown");
        held.price += field(1);
        held.time += fields.get(2).and_then(Value::as_f64).unwrap_or_default() * 1_000.0;
        held.received = sent - field(3) as u64;
        held.volume += field(4);
        held.bid += field(5);
        held.ask += field(6);
    }

    /// The price of a symbol, `None` without one.
    pub fn price(&self, symbol: &str) -> Option<f64> {
        self.quote(symbol)["price"].as_f64()
    }

    /// Everything about a symbol, in the words of plain JSON; `null` for one that it does not hold.
    pub fn quote(&self, symbol: &str) -> Value {
        let Some(held) = self.symbols.values().find(|held| held.object["symbol"] == symbol) else {
            return Value::Null;
        };
        let object = &held.object;
        let Some(scale) = object["scale"].as_i64() else {
            return json!({
                "price": object["price"], "bid": object["bid"], "ask": object["ask"], "time": object["time"],
                "received": object["received"], "source": object["source"], "stale_since": object["stale_since"],
                "previous_close": object["previous_close"], "session": object["session"], "state": object["state"],
            });
        };
        let price = |steps: i64| steps as f64 / 10_f64.powi(scale as i32);
        let beside = |name: &str, steps: i64| (!object[name].is_null()).then(|| price(held.price + steps));
        json!({
            "price": price(held.price), "bid": beside("bid", held.bid), "ask": beside("ask", held.ask),
            "time": held.time as u64, "received": held.received, "source": object["source"],
            "stale_since": object["stale_since"], "previous_close": object["previous_close"],
            "session": object["session"], "state": object["state"],
        })
    }
}
