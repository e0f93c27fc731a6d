//! A symbol in the state of a `hamster.v1` client.

use serde_json::{Value, json};

/// The numbers that deltas add to, and what the reader keeps of the symbol's object.
#[derive(Debug, Clone)]
pub struct Symbol<K = Value> {
    /// What the reader keeps of the symbol object.
    pub kept: K,
    /// Decimals of the scaled numbers. `None`: the numbers are in the quote currency.
    pub scale: Option<u32>,
    /// When the hub received the price, in ms.
    pub received: u64,
    /// When the exchange made the price, in ms; `None` if it did not say.
    pub time: Option<f64>,
    /// The day's volume.
    pub volume: f64,
    price: Option<f64>,
    /// With a scale, bid and ask are relative to the price.
    bid: Option<f64>,
    ask: Option<f64>,
}

impl<K> Symbol<K> {
    pub(crate) fn shown(object: &Value, kept: K) -> Self {
        let number = |name: &str| object[name].as_f64();
        Self {
            kept,
            scale: object["scale"].as_u64().and_then(|scale| u32::try_from(scale).ok()),
            received: object["received"].as_u64().unwrap_or_default(),
            time: number("time"),
            volume: number("day_volume").unwrap_or_default(),
            price: number("price"),
            bid: number("bid"),
            ask: number("ask"),
        }
    }

    /// Adds a delta sent at `sent`: price, seconds, age in ms, volume, bid, ask.
    pub(crate) fn add(&mut self, [price, seconds, age, volume, bid, ask]: [f64; 6], sent: u64) {
        let add = |number: &mut Option<f64>, step: f64| *number = number.map(|number| number + step);
        add(&mut self.price, price);
        add(&mut self.time, seconds * 1_000.0);
        add(&mut self.bid, bid);
        add(&mut self.ask, ask);
        self.volume += volume;
        self.received = sent.saturating_sub(age as u64);
    }

    /// The price, in the quote currency.
    #[must_use]
    pub fn price(&self) -> Option<f64> {
        self.price.map(|price| self.unscaled(price))
    }

    /// The best bid, in the quote currency.
    #[must_use]
    pub fn bid(&self) -> Option<f64> {
        self.beside_the_price(self.bid?)
    }

    /// The best ask, in the quote currency.
    #[must_use]
    pub fn ask(&self) -> Option<f64> {
        self.beside_the_price(self.ask?)
    }

    fn beside_the_price(&self, number: f64) -> Option<f64> {
        match self.scale {
            Some(_) => self.price.map(|price| self.unscaled(price + number)),
            None => Some(number),
        }
    }

    fn unscaled(&self, number: f64) -> f64 {
        number / self.scale.map_or(1.0, |scale| 10_f64.powi(scale as i32))
    }
}

impl Symbol {
    /// The whole quote in the format of plain JSON.
    #[must_use]
    pub fn quote(&self) -> Value {
        let object = &self.kept;
        let has_price = !object["price"].is_null();
        json!({
            "price": self.price(), "bid": self.bid(), "ask": self.ask(),
            "time": self.time.filter(|_| has_price).map(|time| time as u64),
            "received": has_price.then_some(self.received),
            "source": object["source"], "stale_since": object["stale_since"],
            "previous_close": object["previous_close"], "session": object["session"], "state": object["state"],
        })
    }
}
