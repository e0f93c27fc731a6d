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
    /// A call to the provider.
    Rest,
    /// Storage, after a restart; not confirmed since.
    Restored,
    /// The built-in simulator, by whichever of its ways.
    Simulated,
}

/// How exactly upstream tells when a price was made: at the time that is told, or later by less
/// than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// A tick, which upstream stamps to the second.
    Second,
    /// REST's last minute candle.
    Minute,
    /// REST's bar of the day: all that it tells of some currencies.
    Day,
}

impl Precision {
    /// As in JSON.
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
    /// Last price.
    pub price: f64,
    /// As upstream gave it.
    pub bid: Option<f64>,
    /// As upstream gave it.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    pub day_volume: Option<f64>,
    /// The venue, where upstream names one.
    pub exchange: Option<String>,
    /// When the exchange says that the price was made, to `precision`; without one, the price is of
    /// that time or later. `None`: it did not say.
    pub exchange_time: Option<Millis>,
    /// How exactly that is known.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// What orders quotes, and is shown to nobody: the exchange's time, or where it told none, when
    /// upstream was asked.
    #[serde(default)]
    pub as_of: Millis,
    /// When it reached the hub, or was last confirmed by REST.
    pub received: Millis,
    /// Where it came from. Stored as `source`.
    #[serde(rename = "source")]
    pub provenance: Provenance,
    /// `None`: fresh. Otherwise since when it is stale.
    pub stale_since: Option<Millis>,
}

impl Quote {
    /// The latest moment at which the price can have been made, as far as the exchange says.
    pub(super) fn made_by(&self) -> Option<Millis> {
        let time = self.exchange_time?;
        let end = match self.precision? {
            Precision::Second => time,
            // Of the candle: the time may be that of a tick in it.
            Precision::Minute => time - time % MINUTE + MINUTE,
            Precision::Day => time.saturating_add(DAY),
        };
        Some(end.min(self.received))
    }

    /// Whether it is the price of a trade that is told once more, or of one before it.
    pub(super) fn outdates(&self, tick: &Tick, time: Millis) -> bool {
        let made_by = self.made_by().unwrap_or(self.received);
        time < made_by || time == made_by && same_price(self.price, tick.price)
    }
}

pub(super) fn same_price(one: f64, other: f64) -> bool {
    (one - other).abs() < f64::EPSILON * other.abs()
}
