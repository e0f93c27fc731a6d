//! A symbol in the state of a `hamster.v1` client.

use crate::Fault;
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
    /// The day's highest price, in the quote currency.
    pub high: Option<f64>,
    /// The day's lowest price, in the quote currency.
    pub low: Option<f64>,
    /// The closes of the last minutes.
    pub spark: Spark,
    /// Whether the session is open, so that prices extend the day's range.
    is_open: bool,
    price: Option<f64>,
    /// With a scale, bid and ask are relative to the price.
    bid: Option<f64>,
    ask: Option<f64>,
}

/// Closes of consecutive minutes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spark {
    /// Start of the last minute, in seconds since 1970.
    pub end: u64,
    /// In order of time, at most 60; `None` for a minute without a trade.
    pub values: Vec<Option<f64>>,
}

impl Spark {
    /// The `spark` of a symbol object; `None` if it is not as documented.
    fn shown(spark: &Value, unit: f64) -> Option<Self> {
        let mut last = 0;
        let value = |difference: &Value| match difference {
            Value::Null => Some(None),
            _ => {
                last += difference.as_i64()?;
                Some(Some(last as f64 / unit))
            }
        };
        let values: Option<Vec<_>> = spark["values"].as_array()?.iter().map(value).collect();
        let end = spark["end"].as_u64().filter(|end| end % 60 == 0)?;
        let values = values.filter(|values| (1..=60).contains(&values.len()) && spark["step"] == 60)?;
        Some(Self { end, values })
    }

    /// Adds the close of the minute that begins at `time`, or corrects it.
    pub(crate) fn add(&mut self, time: u64, close: f64) {
        let Self { end, values } = self;
        if values.is_empty() || time >= *end + 3_600 {
            (*end, *values) = (time, vec![Some(close)]);
            return;
        }
        // Minutes that no bar tells of had no trade.
        while *end < time {
            *end += 60;
            values.push(None);
        }
        values.drain(..values.len().saturating_sub(60));
        let minutes = ((*end - time) / 60) as usize;
        if let Some(place) = values.iter_mut().rev().nth(minutes) {
            *place = Some(close);
        }
    }
}

impl<K> Symbol<K> {
    /// The symbol of an object; `before`: the same symbol until now, if it was known.
    pub(crate) fn shown(object: &Value, kept: K, before: Option<Self>) -> Result<Self, Fault> {
        let number = |name: &str| object[name].as_f64();
        let scale = object["scale"].as_u64().and_then(|scale| u32::try_from(scale).ok());
        let spark = match object.get("spark") {
            Some(spark) => scale.and_then(|scale| Spark::shown(spark, unit(scale))),
            None => Some(before.map(|symbol| symbol.spark).unwrap_or_default()),
        };
        Ok(Self {
            kept,
            scale,
            received: object["received"].as_u64().unwrap_or_default(),
            time: number("time"),
            volume: number("day_volume").unwrap_or_default(),
            price: number("price"),
            bid: number("bid"),
            ask: number("ask"),
            high: number("high"),
            low: number("low"),
            spark: spark.ok_or(Fault::Form("a spark that is not as documented"))?,
            is_open: object["session"] == "open",
        })
    }

    /// Adds a delta sent at `sent`: price, seconds, age in ms, volume, bid, ask.
    pub(crate) fn add(&mut self, [price, seconds, age, volume, bid, ask]: [f64; 6], sent: u64) {
        let add = |number: &mut Option<f64>, step: f64| *number = number.map(|number| number + step);
        add(&mut self.price, price);
        add(&mut self.time, seconds * 1_000.0);
        add(&mut self.bid, bid);
        add(&mut self.ask, ask);
        self.volume += volume;
        if let (true, Some(price)) = (self.is_open, self.price()) {
            self.high = self.high.map(|high| high.max(price));
            self.low = self.low.map(|low| low.min(price));
        }
        self.received = sent.saturating_add_signed(-(age as i64));
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
        number / self.scale.map_or(1.0, unit)
    }
}

fn unit(scale: u32) -> f64 {
    10_f64.powi(scale as i32)
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
            "previous_close": object["previous_close"], "open": object["open"], "high": self.high, "low": self.low,
            "session": object["session"], "state": object["state"],
        })
    }
}
