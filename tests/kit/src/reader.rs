//! A client of `hamster.v1`, written from docs/protocol.md alone. It believes nothing but what its
//! frames say, and finds fault with a frame that does not follow from those before.

use crate::Symbol;
use crate::scanner::Scanner;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why a frame cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not follow from the frames before.
    Hole(String),
    /// It is not what the protocol says.
    Form(&'static str),
}

/// What a frame told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The numbers of the symbols that it told something of.
    pub symbols: Vec<u64>,
    /// The feed's new state.
    pub feed: Option<String>,
    /// It was a snapshot; whether of everything, so that an older epoch means nothing any more.
    pub snapshot: Option<bool>,
}

/// What a client holds, and where it is. Of each symbol's object it keeps a `K`.
#[derive(Debug, Clone)]
pub struct Reader<K = Value> {
    /// The hub's life.
    pub epoch: u64,
    /// The channel; 0 before the first snapshot, and while it watches nothing.
    pub stream: u64,
    /// The last delta that it read, or that its snapshot includes.
    pub seq: u64,
    /// Whether the last snapshot went on from where the reader was.
    pub recovered: bool,
    /// Deltas that the last snapshot stands for.
    pub missed: u64,
    /// Whether this connection has shown it a snapshot. Until then its position is where the last
    /// connection ended.
    pub is_placed: bool,
    /// Deltas count their ms from here.
    pub base: u64,
    /// The symbols that the last snapshot showed, where whole objects are kept.
    pub named: Vec<String>,
    /// The feed's state, as an object.
    pub feed: Value,
    /// How long an acknowledgement may wait, in ms.
    pub ack_ms: u64,
    /// Whether it read something since it last acknowledged, or was asked to.
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

    /// Reads a frame that must be right.
    ///
    /// # Panics
    /// If it is not.
    pub fn read(&mut self, frame: &Value) {
        if let Err(fault) = self.hear(&frame.to_string()) {
            panic!("{fault:?}: {frame}");
        }
    }

    /// The price of a symbol, `None` without one.
    #[must_use]
    pub fn price(&self, symbol: &str) -> Option<f64> {
        self.by_name(symbol)?.price()
    }

    /// Everything about a symbol, in the words of plain JSON; `null` for one that it does not hold.
    #[must_use]
    pub fn quote(&self, symbol: &str) -> Value {
        self.by_name(symbol).map_or(Value::Null, Symbol::quote)
    }

    fn by_name(&self, symbol: &str) -> Option<&Symbol> {
        self.symbols.values().find(|held| held.kept["symbol"] == symbol)
    }
}

impl<K> Reader<K> {
    /// Reads a frame, and keeps what `keep` makes of each symbol's object.
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

    /// A symbol that it holds, by the number that frames use.
    #[must_use]
    pub fn symbol(&self, number: u64) -> Option<&Symbol<K>> {
        self.symbols.get(&number)
    }

    /// It watches nothing any more, and is in no channel.
    pub fn leave(&mut self) {
        (self.stream, self.is_placed) = (0, false);
    }

    /// What it says when it has read so far.
    #[must_use]
    pub fn acknowledgement(&self) -> String {
        json!({"action": "ack", "stream": self.stream, "seq": self.seq}).to_string()
    }

    /// Where it goes on after a break, for a subscription's `resume`; `None` if it has been
    /// nowhere.
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
        } else {
            news.symbols.push(self.take(&object, keep)?);
        }
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

    /// Any other object: its position is the present one. A restarted hub has another epoch, and
    /// shows a snapshot of it next; its greeting is of no channel.
    fn control(&self, frame: &Value) -> Result<(), Fault> {
        let is_here = frame["epoch"].as_u64() == Some(self.epoch) && frame["event"] != "connected";
        if self.is_placed && is_here && frame["seq"].as_u64() != Some(self.seq) {
            return Err(Fault::Hole(format!("at {}, {} came {frame}", self.epoch, self.seq)));
        }
        Ok(())
    }

    fn take(&mut self, object: &Value, mut keep: impl FnMut(&Value) -> K) -> Result<u64, Fault> {
        let number = object["n"].as_u64().ok_or(Fault::Form("an item that says nothing"))?;
        self.symbols.insert(number, Symbol::shown(object, keep(object)));
        Ok(number)
    }
}
