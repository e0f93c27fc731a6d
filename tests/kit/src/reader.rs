//! A client of `hamster.v1`, written from docs/protocol.md alone. It trusts only what its frames
//! say, and reports a frame that does not follow the one before.

use crate::Symbol;
use crate::scanner::Scanner;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why a frame is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not follow the frames before it.
    Hole(String),
    /// It violates the protocol's format.
    Form(&'static str),
}

/// The news in a frame.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The numbers of the symbols that the frame updates.
    pub symbols: Vec<u64>,
    /// The fields of each bar: `[n, time, open, high, low, close, volume]`.
    pub bars: Vec<Value>,
    /// The feed's new state.
    pub feed: Option<String>,
    /// Set if the frame is a snapshot. True if it is a full one, so that state of an older epoch is
    /// void.
    pub snapshot: Option<bool>,
}

/// A client's state and its cursor. It keeps a `K` of each symbol's object.
#[derive(Debug, Clone)]
pub struct Reader<K = Value> {
    /// The epoch: the hub's life.
    pub epoch: u64,
    /// The channel; 0 before the first snapshot, and while no symbol is watched.
    pub stream: u64,
    /// The last delta that was read or that the snapshot includes.
    pub seq: u64,
    /// Whether the last snapshot resumed at the reader's cursor.
    pub recovered: bool,
    /// The number of deltas that the last snapshot replaces.
    pub missed: u64,
    /// Whether this connection has brought a snapshot. Until then the cursor is where the last
    /// connection ended.
    pub is_placed: bool,
    /// The time that deltas count their ms from.
    pub base: u64,
    /// The symbols of the last snapshot, if whole objects are kept.
    pub named: Vec<String>,
    /// The feed's state, as an object.
    pub feed: Value,
    /// What was last told of the hub as a whole; null until then.
    pub hub: Value,
    /// The longest delay of an acknowledgement, in ms.
    pub ack_ms: u64,
    /// Whether anything was read since the last acknowledgement, or the hub asked for one.
    pub unacknowledged: bool,
    /// Whether the hub asked for an acknowledgement at once.
    pub is_asked: bool,
    symbols: BTreeMap<u64, Symbol<K>>,
}

impl<K> Default for Reader<K> {
    fn default() -> Self {
        Self {
            epoch: 0,
            stream: 0,
            seq: 0,
            recovered: false,
            missed: 0,
            is_placed: false,
            base: 0,
            named: Vec::new(),
            feed: Value::Null,
            hub: Value::Null,
            ack_ms: 0,
            unacknowledged: false,
            is_asked: false,
            symbols: BTreeMap::new(),
        }
    }
}

impl Reader {
    /// Reads a frame.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn hear(&mut self, frame: &str) -> Result<News, Fault> {
        let news = self.hear_keeping(frame, Value::clone)?;
        if news.snapshot.is_some() {
            let shown = news.symbols.iter().filter_map(|number| self.symbols.get(number));
            let names = shown.filter_map(|symbol| symbol.kept["symbol"].as_str());
            self.named = names.map(str::to_owned).collect();
        }
        Ok(news)
    }

    /// Reads a frame that must be valid.
    ///
    /// # Panics
    /// If it is not.
    pub fn read(&mut self, frame: &Value) {
        if let Err(fault) = self.hear(&frame.to_string()) {
            panic!("{fault:?}: {frame}");
        }
    }

    /// The price of a symbol; `None` without one.
    #[must_use]
    pub fn price(&self, symbol: &str) -> Option<f64> {
        self.by_name(symbol)?.price()
    }

    /// A symbol's quote in the format of plain JSON; `null` for an unknown symbol.
    #[must_use]
    pub fn quote(&self, symbol: &str) -> Value {
        self.by_name(symbol).map_or(Value::Null, Symbol::quote)
    }

    fn by_name(&self, symbol: &str) -> Option<&Symbol> {
        self.symbols.values().find(|held| held.kept["symbol"] == symbol)
    }
}

impl<K> Reader<K> {
    /// Reads a frame and stores what `keep` makes of each symbol's object.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn hear_keeping(&mut self, frame: &str, keep: impl FnMut(&Value) -> K) -> Result<News, Fault> {
        if frame.starts_with('[') {
            return self.delta(frame, keep);
        }
        let event: Value = serde_json::from_str(frame).map_err(|_| Fault::Form("a frame that is not JSON"))?;
        match event["event"].as_str() {
            Some("snapshot") => return self.snapshot(&event, keep),
            Some("ack-request") => (self.unacknowledged, self.is_asked) = (true, true),
            _ => {}
        }
        self.control(&event)?;
        Ok(News::default())
    }

    /// A symbol, by the number that frames use.
    #[must_use]
    pub fn symbol(&self, number: u64) -> Option<&Symbol<K>> {
        self.symbols.get(&number)
    }

    /// The symbols that were shown so far, in order of their numbers.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol<K>> {
        self.symbols.values()
    }

    /// Leaves the channel: no symbol is watched any more.
    pub fn leave(&mut self) {
        (self.stream, self.is_placed) = (0, false);
    }

    /// The acknowledgement of everything read so far.
    #[must_use]
    pub fn acknowledgement(&self) -> String {
        json!({"action": "ack", "stream": self.stream, "seq": self.seq}).to_string()
    }

    /// The cursor for a subscription's `resume`; `None` if there was no snapshot yet.
    #[must_use]
    pub fn resume(&self) -> Option<Value> {
        (self.stream > 0).then(|| json!({"epoch": self.epoch, "stream": self.stream, "seq": self.seq}))
    }

    /// `[epoch, seq, t, item, …]`
    fn delta(&mut self, frame: &str, mut keep: impl FnMut(&Value) -> K) -> Result<News, Fault> {
        if !self.is_placed {
            return Err(Fault::Hole("a delta without a snapshot".to_owned()));
        }
        let mut rest = Scanner::of(frame)?;
        let (epoch, seq) = (rest.number()?, rest.number()?);
        if epoch != self.epoch as f64 || seq != (self.seq + 1) as f64 {
            return Err(Fault::Hole(format!(
                "{epoch}, {seq} after {}, {}",
                self.epoch, self.seq
            )));
        }
        self.seq += 1;
        self.unacknowledged = true;
        let sent = self.base + rest.number()? as u64;
        let mut news = News::default();
        let mut says_something = false;
        while rest.more()? {
            says_something = true;
            if rest.is_next('{') {
                self.item(rest.object()?, &mut keep, &mut news)?;
                continue;
            }
            let mut numbers = [0.0; 7];
            rest.numbers(&mut numbers)?;
            let [number, steps @ ..] = numbers;
            let number = number as u64;
            let symbol = self.symbols.get_mut(&number);
            let symbol = symbol.ok_or_else(|| Fault::Hole(format!("symbol {number} was never shown")))?;
            symbol.add(steps, sent);
            news.symbols.push(number);
        }
        rest.end()?;
        match says_something {
            true => Ok(news),
            false => Err(Fault::Form("a delta that says nothing")),
        }
    }

    fn item(&mut self, object: Value, keep: impl FnMut(&Value) -> K, news: &mut News) -> Result<(), Fault> {
        if object["feed"].is_object() {
            self.feed = object["feed"].clone();
            news.feed = self.feed["state"].as_str().map(str::to_owned);
        } else if let Some(within) = object["ack_ms"].as_u64() {
            self.ack_ms = within;
        } else if let Some(bar) = object.get("bar") {
            self.bar(bar)?;
            news.bars.push(bar.clone());
        } else if object["hub"].is_object() {
            self.hub = object["hub"].clone();
        } else {
            news.symbols.push(self.take(&object, keep)?);
        }
        Ok(())
    }

    fn bar(&mut self, bar: &Value) -> Result<(), Fault> {
        let malformed = Fault::Form("a bar that is not as documented");
        let numbers: Vec<_> = bar.as_array().into_iter().flatten().map(Value::as_f64).collect();
        let [
            Some(number),
            Some(time),
            Some(open),
            Some(high),
            Some(low),
            Some(close),
            _,
        ] = numbers[..]
        else {
            return Err(malformed);
        };
        let (number, time) = (number as u64, time as u64);
        let is_sound = [open, close].iter().all(|price| (low..=high).contains(price));
        if time % 60 != 0 || !is_sound || !(bar[6].is_null() || bar[6].is_number()) {
            return Err(malformed);
        }
        let symbol = self.symbols.get_mut(&number);
        let symbol = symbol.ok_or_else(|| Fault::Hole(format!("symbol {number} was never shown")))?;
        symbol.spark.add(time, close);
        Ok(())
    }

    fn snapshot(&mut self, frame: &Value, mut keep: impl FnMut(&Value) -> K) -> Result<News, Fault> {
        let number = |name: &str| {
            frame[name]
                .as_u64()
                .ok_or(Fault::Form("a snapshot that lacks a number"))
        };
        let (epoch, stream, seq) = (number("epoch")?, number("stream")?, number("seq")?);
        let missed = number("missed")?;
        let recovered = frame["recovered"] == true;
        if recovered {
            let is_here = (epoch, stream) == (self.epoch, self.stream);
            if !is_here || self.seq.checked_add(missed) != Some(seq) {
                let before = (self.epoch, self.stream, self.seq);
                return Err(Fault::Hole(format!(
                    "{before:?} is recovered as {:?} with {missed} missed",
                    (epoch, stream, seq)
                )));
            }
        } else {
            self.symbols.clear();
        }
        (self.epoch, self.stream, self.seq) = (epoch, stream, seq);
        (self.base, self.ack_ms) = (number("base")?, number("ack_ms")?);
        (self.recovered, self.missed, self.is_placed) = (recovered, missed, true);
        self.feed = frame["feed"].clone();
        let mut news = News {
            feed: self.feed["state"].as_str().map(str::to_owned),
            snapshot: Some(!recovered),
            ..News::default()
        };
        let objects = frame["symbols"].as_array();
        for object in objects.ok_or(Fault::Form("a snapshot without symbols"))? {
            news.symbols.push(self.take(object, &mut keep)?);
        }
        Ok(news)
    }

    /// Checks any other object: its cursor is the current one. A restarted hub has another epoch
    /// and sends a snapshot with it next; its greeting belongs to no channel.
    fn control(&self, frame: &Value) -> Result<(), Fault> {
        let is_here = frame["epoch"].as_u64() == Some(self.epoch) && frame["event"] != "connected";
        if self.is_placed && is_here && frame["seq"].as_u64() != Some(self.seq) {
            return Err(Fault::Hole(format!("at {}, {} came {frame}", self.epoch, self.seq)));
        }
        Ok(())
    }

    fn take(&mut self, object: &Value, mut keep: impl FnMut(&Value) -> K) -> Result<u64, Fault> {
        let number = object["n"].as_u64().ok_or(Fault::Form("an item that says nothing"))?;
        let before = self.symbols.remove(&number);
        self.symbols
            .insert(number, Symbol::shown(object, keep(object), before)?);
        Ok(number)
    }
}
