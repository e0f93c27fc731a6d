//! A client of the hub or of a relay. It reads all that it is sent, and checks it.

use hamster_kit::{Fault, Reader};
use hamster_terminal::dialect::Dialect;
use hamster_terminal::hub::ClientId;
use hamster_terminal::market::{Millis, from_iso8601};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A price that a viewer shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    pub made: Millis,
    pub received: Millis,
}

#[derive(Debug)]
pub struct Viewer {
    /// The server that it is connected to, or was.
    pub server: usize,
    pub client: Option<ClientId>,
    pub dialect: Dialect,
    /// The symbols that it watches.
    pub symbols: String,
    pub reader: Reader,
    /// The feed's state as it was told on this connection.
    pub feed: Option<String>,
    /// What it shows.
    pub shown: BTreeMap<String, Shown>,
    /// The symbols of which this connection has told a price that it took. Before, an older one may
    /// come, of another server or another life of the same.
    pub has_begun: BTreeSet<String>,
    pub refused: Vec<String>,
    pub acknowledged: Millis,
}

impl Viewer {
    pub fn new(server: usize, dialect: Dialect, symbols: &str) -> Self {
        Self {
            server,
            client: None,
            dialect,
            symbols: symbols.to_owned(),
            reader: Reader::default(),
            feed: None,
            shown: BTreeMap::new(),
            has_begun: BTreeSet::new(),
            refused: Vec::new(),
            acknowledged: 0,
        }
    }

    /// Its first message on a new connection.
    pub fn subscription(&self) -> String {
        let mut params = json!({"symbols": self.symbols});
        if self.dialect == Dialect::HamsterV1 {
            params["interval_ms"] = 0.into();
            params["resume"] = self.reader.resume().unwrap_or_default();
        }
        json!({"action": "subscribe", "params": params}).to_string()
    }

    /// Its connection is gone.
    pub fn gone(&mut self) {
        self.client = None;
        self.feed = None;
        self.has_begun.clear();
        self.reader.is_placed = false;
    }

    /// Reads a frame. Returns the symbols and prices that it tells, each with when it was received.
    pub fn hears(&mut self, frame: &str) -> Result<Vec<(String, f64, Millis)>, String> {
        if frame == "pong" {
            return Ok(Vec::new());
        }
        if self.dialect == Dialect::HamsterV1 {
            return self.hears_deltas(frame);
        }
        let event: Value = serde_json::from_str(frame).map_err(|error| error.to_string())?;
        self.notices(&event);
        let quote = (event["event"] == "price_update").then(|| {
            let received = event["received_at"].as_str().and_then(from_iso8601);
            Some((
                event["symbol"].as_str()?.to_owned(),
                event["price"].as_f64()?,
                received?,
            ))
        });
        Ok(quote.flatten().into_iter().collect())
    }

    fn hears_deltas(&mut self, frame: &str) -> Result<Vec<(String, f64, Millis)>, String> {
        let before = self.reader.epoch;
        let news = self.reader.hear(frame).map_err(|fault| match fault {
            Fault::Hole(what) => format!("\"no silent gap\": {what}"),
            Fault::Form(what) => format!("\"frames are as documented\": {what}: {frame}"),
        })?;
        if news.snapshot == Some(true) && self.reader.epoch != before {
            self.has_begun.clear();
        }
        self.feed = news.feed.clone().or_else(|| self.feed.clone());
        if frame.starts_with('{') {
            self.notices(&serde_json::from_str(frame).unwrap_or_default());
        }
        let told = news.symbols.iter().filter_map(|number| {
            let symbol = self.reader.symbol(*number)?;
            let name = symbol.kept["symbol"].as_str()?.to_owned();
            Some((name, symbol.price()?, symbol.received))
        });
        Ok(told.collect())
    }

    /// What is said beside prices.
    fn notices(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("connected") => self.feed = event["feed"]["state"].as_str().map(str::to_owned),
            Some("feed") => self.feed = event["state"].as_str().map(str::to_owned),
            Some("subscribe-status") => {
                let fails = event["fails"].as_array().into_iter().flatten();
                self.refused
                    .extend(fails.filter_map(|fail| fail["symbol"].as_str()).map(str::to_owned));
            }
            _ => {}
        }
    }
}
