//! The clients on a [`super::stage::Stage`]. They check what the hub tells them.

use hamster_kit::Reader;
use hamster_terminal::dialect::Dialect;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// All numbers that upstream ever sent, by their bits. No price may come from elsewhere.
#[derive(Debug, Default)]
pub struct Sayings(BTreeSet<u64>);

impl Sayings {
    /// Records every number in a text. The hub ignores unknown fields, so it may accept a text that
    /// is not wholly valid JSON: a number that no float can hold, in a field that it does not read.
    pub fn note(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(value) => self.gather(&value),
            Err(_) => {
                let words = text.split(|letter: char| !letter.is_ascii_digit() && !"+-.eE".contains(letter));
                self.0
                    .extend(words.filter_map(|word| word.parse().ok()).map(f64::to_bits));
            }
        }
    }

    fn gather(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.0.extend(number.as_f64().map(f64::to_bits)),
            Value::String(text) => self.0.extend(text.trim().parse().ok().map(f64::to_bits)),
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(fields) => fields.values().for_each(|item| self.gather(item)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check(&self, what: &str, quote: &Value) {
        for name in ["price", "bid", "ask", "previous_close"] {
            if let Some(number) = quote[name].as_f64() {
                assert!(
                    self.0.contains(&number.to_bits()),
                    "{what}: {name} {number} was never sent by upstream: {quote}"
                );
            }
        }
    }
}

/// A client, connected or between two connections.
#[derive(Debug)]
pub struct Client {
    pub dialect: Dialect,
    pub is_connected: bool,
    /// The client's state. It survives a lost connection.
    pub reader: Reader,
    /// Symbols, as in its attachment.
    pub symbols: Vec<String>,
    pub record: String,
    /// The hub found another client's record in its attachment, so frames to it are no longer meant
    /// for it.
    pub is_mistaken: bool,
    /// `hamster.v1`: it cannot use anything but a snapshot now.
    awaits_snapshot: bool,
    /// It claimed a cursor that it never had. Until the next full snapshot, wrong frames are its
    /// own fault.
    lied: bool,
    /// Epoch and channel of the claimed cursor.
    claimed: Option<(u64, u64)>,
    /// Symbols that it was shown.
    shown: BTreeSet<String>,
    /// Socket.IO: the secret of its session, and its position.
    pub session: [String; 2],
    /// Plain JSON: price and time of each symbol.
    last: BTreeMap<String, (f64, Option<String>)>,
}

impl Client {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            is_connected: false,
            reader: Reader::default(),
            symbols: Vec::new(),
            record: String::new(),
            is_mistaken: false,
            awaits_snapshot: true,
            lied: false,
            claimed: None,
            shown: BTreeSet::new(),
            session: Default::default(),
            last: BTreeMap::new(),
        }
    }

    /// A new connection, or a hub that woke up behind the old one.
    pub fn begin_anew(&mut self) {
        self.is_connected = true;
        self.awaits_snapshot = true;
        self.last.clear();
    }

    /// Claims this cursor.
    pub fn claims(&mut self, epoch: u64, stream: u64, seq: u64) {
        self.claimed = Some((epoch, stream));
        self.lied |= (epoch, stream, seq) != (self.reader.epoch, self.reader.stream, self.reader.seq);
    }

    /// Reads a frame and checks it.
    pub fn hear(&mut self, frame: &str, sayings: &Sayings) {
        if frame == "pong" {
            return;
        }
        if self.dialect == Dialect::SocketIo {
            return self.unpack(frame, sayings);
        }
        let frame = json(frame);
        if self.is_mistaken {
            return;
        }
        match self.dialect {
            Dialect::HamsterV1 | Dialect::Uplink => self.read(&frame, sayings),
            Dialect::TwelveData => {
                assert!(frame["event"].is_string(), "{frame}");
                sayings.check("a price", &frame);
            }
            Dialect::Plain | Dialect::SocketIo | Dialect::Sse => self.take(&frame, sayings),
        }
    }

    /// An Engine.IO packet: opens, pings, or carries a Socket.IO packet.
    fn unpack(&mut self, packet: &str, sayings: &Sayings) {
        let body = packet.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let kind = &packet[..packet.len() - body.len()];
        match kind.get(..2).unwrap_or(kind) {
            "2" | "1" => assert!(body.is_empty(), "{packet}"),
            "0" => assert!(json(body)["sid"].is_string(), "{packet}"),
            "40" => self.session[0] = json(body)["pid"].as_str().expect("a secret").to_owned(),
            "42" => {
                let event = json(body);
                match event[0].as_str().expect("an event's name") {
                    "position" => self.session[1] = event[1].as_str().expect("a position").to_owned(),
                    "price_update" => sayings.check("an update", &event[1]),
                    _ => assert!(event[1].is_object(), "{packet}"),
                }
            }
            "43" => assert!(json(body)[0].is_object(), "{packet}"),
            "44" => {}
            _ => panic!("a packet of no kind: {packet}"),
        }
    }

    fn take(&mut self, frame: &Value, sayings: &Sayings) {
        match frame["event"].as_str().expect("an event") {
            "price_update" => {
                sayings.check("an update", frame);
                let symbol = frame["symbol"].as_str().unwrap().to_owned();
                let now = (
                    frame["price"].as_f64().expect("a price"),
                    // `null`: the exchange did not give a time.
                    frame["timestamp"].as_str().map(ToOwned::to_owned),
                );
                let before = self.last.insert(symbol, now.clone());
                let times = before.and_then(|before| before.1).zip(now.1);
                assert!(times.is_none_or(|(before, now)| before <= now), "back in time: {frame}");
                assert!(frame["percent_change"].is_null() || frame["previous_close"].is_number());
            }
            // The hub may forget a symbol that nobody watches, and start over with it.
            "unsubscribe-status" | "reset-status" => self.last.clear(),
            "subscribe-status" => {
                for failed in frame["fails"].as_array().into_iter().flatten() {
                    self.last.remove(failed["symbol"].as_str().unwrap());
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, frame: &Value, sayings: &Sayings) {
        let epoch = frame["epoch"].as_u64().or(frame[0].as_u64()).expect("an epoch");
        assert!(epoch >= self.reader.epoch, "epochs rise: {frame}");
        let is_snapshot = frame["event"] == "snapshot";
        if is_snapshot && frame["recovered"] == false {
            self.lied = false;
            self.shown.clear();
        }
        if is_snapshot {
            self.awaits_snapshot = false;
            // It may resume only in this epoch and at the client's cursor, or the one that it
            // claims. Anything else would be a silent gap.
            let place = Some((epoch, frame["stream"].as_u64().expect("a stream")));
            let known = [self.claimed.take(), Some((self.reader.epoch, self.reader.stream))];
            assert!(
                frame["recovered"] == false || known.contains(&place),
                "recovered from elsewhere: {frame}"
            );
        }
        if self.lied || self.awaits_snapshot {
            return;
        }
        // Without symbols there is no channel.
        if !is_snapshot && self.symbols.is_empty() && frame["seq"] == 0 {
            self.reader.leave();
        }
        self.reader.read(frame);
        let objects = frame["symbols"].as_array().or(frame.as_array());
        let names = objects.into_iter().flatten().filter_map(|item| item["symbol"].as_str());
        self.shown.extend(names.map(ToOwned::to_owned));
        for symbol in &self.shown {
            sayings.check(symbol, &self.reader.quote(symbol));
        }
    }

    /// Whether it must know the newest price of all its symbols by now.
    pub fn is_current(&self) -> bool {
        let has_picture = self.dialect == Dialect::Plain || !self.awaits_snapshot;
        self.is_connected && has_picture && !self.is_mistaken && !self.lied
    }

    /// The client's price of a symbol.
    pub fn price(&self, symbol: &str) -> Option<f64> {
        if self.dialect == Dialect::HamsterV1 {
            self.reader.price(symbol)
        } else {
            self.last.get(symbol).map(|(price, _)| *price)
        }
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}
