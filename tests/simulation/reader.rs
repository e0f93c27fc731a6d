//! A client of `hamster.v1`, written from docs/protocol.md alone. It believes nothing but what its frames say, and complains about a
//! frame that does not follow from those before.

use super::viewers::Frame;
use super::world::{Broken, broken};
use hamster_terminal::market::iso8601;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What it holds, and where it is.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// `None` until the first snapshot, and when it watches nothing.
    pub place: Option<Place>,
    /// Whether `place` is of this connection: until the first snapshot it is where the last one ended.
    pub is_placed: bool,
    pub interval: u64,
    pub ack_ms: u64,
    /// Deltas since the last acknowledgement.
    pub unacknowledged: bool,
    symbols: BTreeMap<u64, Held>,
}

/// A position in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub epoch: u64,
    pub stream: u64,
    pub seq: u64,
    base: u64,
}

/// A symbol: its object, and the numbers that deltas are added to.
#[derive(Debug, Clone)]
struct Held {
    object: Value,
    scale: Option<u32>,
    price: i64,
    /// `None`: the exchange did not say.
    time: Option<f64>,
    received: u64,
}

/// What a frame told.
#[derive(Debug, Default)]
pub struct News {
    /// Quotes, in the words of plain JSON.
    pub quotes: Vec<Frame>,
    pub feed: Option<String>,
    /// A snapshot began everything anew: an older epoch means nothing any more.
    pub anew: bool,
    /// A snapshot came, complete or not.
    pub snapshot: bool,
}

type Read = Result<News, Box<Broken>>;

fn hole(how: String) -> Box<Broken> {
    broken("no silent hole", how)
}

impl Reader {
    /// One that wants deltas no more often than each `interval` ms.
    pub fn at_rate(interval: u64) -> Self {
        Self {
            interval,
            ..Self::default()
        }
    }

    /// Reads a delta: a frame that is an array.
    pub fn delta(&mut self, text: &str) -> Read {
        let items: Vec<Value> =
            serde_json::from_str(text).map_err(|error| broken("frames can be read", format!("{error}: {text}")))?;
        let place = self.place.as_mut().filter(|_| self.is_placed);
        let (Some(place), [epoch, seq, t, items @ ..]) = (place, items.as_slice()) else {
            return Err(hole(format!("a delta without a snapshot: {text}")));
        };
        if epoch.as_u64() != Some(place.epoch) || seq.as_u64() != Some(place.seq + 1) {
            return Err(hole(format!("after {place:?} came {text}")));
        }
        place.seq += 1;
        let sent = place.base + t.as_u64().unwrap_or_default();
        self.unacknowledged = true;
        let mut news = News::default();
        for item in items {
            match item {
                Value::Array(fields) => news.quotes.push(self.update(fields, sent)?),
                item if item["feed"].is_object() => news.feed = item["feed"]["state"].as_str().map(str::to_owned),
                item if item["ack_ms"].is_number() => self.ack_ms = item["ack_ms"].as_u64().unwrap_or_default(),
                object => news.quotes.push(self.take(object)?),
            }
        }
        Ok(news)
    }

    /// Reads a snapshot.
    pub fn snapshot(&mut self, text: &str) -> Read {
        let frame: Value =
            serde_json::from_str(text).map_err(|error| broken("frames can be read", format!("{error}: {text}")))?;
        let number = |name: &str| frame[name].as_u64().ok_or_else(|| hole(format!("no {name}: {text}")));
        let next = Place {
            epoch: number("epoch")?,
            stream: number("stream")?,
            seq: number("seq")?,
            base: number("base")?,
        };
        let recovered = frame["recovered"] == true;
        if recovered {
            let before = self.place.ok_or_else(|| hole("recovered, from nothing".to_owned()))?;
            if (before.epoch, before.stream) != (next.epoch, next.stream) || next.seq < before.seq {
                return Err(hole(format!("{before:?} is recovered as {next:?}")));
            }
            if number("missed")? != next.seq - before.seq {
                return Err(hole(format!("missed is wrong after {before:?}: {text}")));
            }
        } else {
            self.symbols.clear();
        }
        self.place = Some(next);
        self.is_placed = true;
        self.ack_ms = number("ack_ms")?;
        let mut news = News {
            anew: !recovered,
            snapshot: true,
            feed: frame["feed"]["state"].as_str().map(str::to_owned),
            ..News::default()
        };
        for object in frame["symbols"].as_array().into_iter().flatten() {
            news.quotes.push(self.take(object)?);
        }
        Ok(news)
    }

    /// Any other object: its position is the present one.
    pub fn control(&self, epoch: Option<u64>, seq: Option<u64>, text: &str) -> Result<(), Box<Broken>> {
        match self.place {
            // A restarted hub has another epoch, and shows a snapshot of it next.
            Some(place) if self.is_placed && epoch == Some(place.epoch) && seq != Some(place.seq) => {
                Err(hole(format!("at {place:?} came {text}")))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, object: &Value) -> Result<Frame, Box<Broken>> {
        let n = object["n"]
            .as_u64()
            .ok_or_else(|| hole(format!("an item that says nothing: {object}")))?;
        let held = Held {
            scale: object["scale"].as_u64().and_then(|scale| u32::try_from(scale).ok()),
            price: object["price"].as_i64().unwrap_or_default(),
            time: object["time"].as_f64(),
            received: object["received"].as_u64().unwrap_or_default(),
            object: object.clone(),
        };
        let frame = held.frame();
        self.symbols.insert(n, held);
        Ok(frame)
    }

    fn update(&mut self, fields: &[Value], sent: u64) -> Result<Frame, Box<Broken>> {
        let n = fields.first().and_then(Value::as_u64).unwrap_or(u64::MAX);
        let held = self
            .symbols
            .get_mut(&n)
            .ok_or_else(|| hole(format!("symbol {n} was never shown: {fields:?}")))?;
        let field = |index: usize| fields.get(index).and_then(Value::as_i64).unwrap_or_default();
        held.price += field(1);
        let step = fields.get(2).and_then(Value::as_f64).unwrap_or_default() * 1_000.0;
        held.time = held.time.map(|time| time + step);
        held.received = sent - u64::try_from(field(3)).unwrap_or_default();
        Ok(held.frame())
    }
}

impl Held {
    /// In the words of plain JSON.
    fn frame(&self) -> Frame {
        let object = &self.object;
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        let price = match self.scale {
            _ if object["price"].is_null() => None,
            Some(scale) => Some(self.price as f64 / 10f64.powi(scale as i32)),
            None => object["price"].as_f64(),
        };
        let is_known = price.is_some();
        Frame {
            event: "price_update".to_owned(),
            symbol: text("symbol").unwrap_or_default(),
            price,
            previous_close: object["previous_close"].as_f64(),
            percent_change: None,
            timestamp: self.time.filter(|_| is_known).map(|time| iso8601(time as u64)),
            received_at: is_known.then(|| iso8601(self.received)),
            source: text("source"),
            session: text("session"),
            freshness: Some(
                if object["stale_since"].is_null() {
                    "fresh"
                } else {
                    "stale"
                }
                .to_owned(),
            ),
            ..Frame::default()
        }
    }
}

/// A first subscription after a break, or without one.
pub fn subscribe(symbols: &str, interval: u64, from: Option<Place>) -> String {
    let mut params = json!({"interval_ms": interval});
    if !symbols.is_empty() {
        params["symbols"] = symbols.into();
    }
    if let Some(place) = from {
        params["resume"] = json!({"epoch": place.epoch, "stream": place.stream, "seq": place.seq});
    }
    json!({"action": "subscribe", "params": params}).to_string()
}

/// How far it has read.
pub fn acknowledgement(place: Place) -> String {
    json!({"action": "ack", "stream": place.stream, "seq": place.seq}).to_string()
}
