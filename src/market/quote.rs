//! A quote: the newest price of an instrument, when it was made, and where it came from.

use super::clock::{DAY, MINUTE, Millis};
use super::tick::Tick;
use serde::{Deserialize, Serialize};

/// Where a price came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// A tick of the provider's stream.
    Live,
    /// A REST call to the provider.
    Rest,
    /// Storage, after a restart; not confirmed since.
    Restored,
    /// The built-in simulator, by stream or REST.
    Simulated,
}

/// How exactly the time of a price is known: it was made at the given time, or later by less than
/// this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// A tick, whose timestamp is in whole seconds.
    Second,
    /// REST's last minute candle.
    Minute,
    /// REST's bar of the day, which is all that it gives for some currencies.
    Day,
}

impl Provenance {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Live, Self::Rest, Self::Restored, Self::Simulated];

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Rest => "rest",
            Self::Restored => "restored",
            Self::Simulated => "simulated",
        }
    }
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Day];

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }
}

/// The newest price of a symbol and what is known about it. Prices are in the quote currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The last price.
    pub price: f64,
    /// The provider's bid, if it sent one with this price.
    pub bid: Option<f64>,
    /// The provider's ask, if it sent one with this price.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    pub day_volume: Option<f64>,
    /// The venue, if the provider names one.
    pub exchange: Option<String>,
    /// When the price was made, according to the exchange, to `precision`. Without a precision, it
    /// was made at that time or later. `None` if the exchange gave no time.
    pub exchange_time: Option<Millis>,
    /// How exactly `exchange_time` is known.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// Orders quotes; never shown. It is the exchange's time or, without one, the time when the
    /// provider was asked.
    #[serde(default)]
    pub as_of: Millis,
    /// When it reached the hub, or when REST last confirmed it.
    pub received: Millis,
    /// Where it came from. Stored as `source`.
    #[serde(rename = "source")]
    pub provenance: Provenance,
    /// Since when it is stale; `None` while it is fresh.
    pub stale_since: Option<Millis>,
}

impl Quote {
    /// The latest time at which the price can have been made, according to the exchange.
    pub(super) fn made_by(&self) -> Option<Millis> {
        let time = self.exchange_time?;
        let end = match self.precision? {
            Precision::Second => time,
            // The end of the candle: the time may be that of a tick within it.
            Precision::Minute => time - time % MINUTE + MINUTE,
            Precision::Day => time.saturating_add(DAY),
        };
        Some(end.min(self.received))
    }

    /// Whether it was received earlier than `other`, or was certainly made earlier.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let is_made_before = self.made_by().zip(other.exchange_time);
        self.received < other.received || is_made_before.is_some_and(|(ours, theirs)| ours < theirs)
    }

    /// Whether the tick repeats the trade of this quote, or is of an earlier one.
    pub(super) fn outdates(&self, tick: &Tick, time: Millis) -> bool {
        let made_by = self.made_by().unwrap_or(self.received);
        time < made_by || time == made_by && same_price(self.price, tick.price)
    }
}

pub(super) fn same_price(one: f64, other: f64) -> bool {
    (one - other).abs() < f64::EPSILON * other.abs()
}
