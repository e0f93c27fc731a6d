//! What REST is asked for besides quotes. Upstream makes the calls; the memory decides which.

use super::SymbolId;
use crate::market::{ExchangeHours, Instrument, Interval, Listing, Millis};
use crate::provider::{Call, Series};

/// A REST call that is not for quotes. Each costs one credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The newest `bars` bars of a symbol.
    Series {
        id: SymbolId,
        instrument: Instrument,
        interval: Interval,
        bars: u32,
    },
    /// The instruments whose symbol or name fits a text.
    Search { text: String, most: u32 },
    /// The hours of exchanges.
    Hours,
}

/// How an errand ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Series(Series),
    Found(Vec<Listing>),
    Hours(Vec<ExchangeHours>),
    /// The provider does not serve this, for this reason.
    Refused(String),
    /// It may work later; the reason why it did not.
    Failed(String),
}

/// Whoever wants errands to be run.
pub trait Errands {
    /// The errand that is wanted most now.
    fn next(&self, now: Millis) -> Option<Errand>;
    /// The errand is charged.
    fn begun(&mut self, errand: &Errand, now: Millis);
    /// The errand, asked for at `asked`, has ended.
    fn ended(&mut self, errand: &Errand, outcome: Outcome, asked: Millis);
}

impl Errand {
    /// The REST call of this errand.
    #[must_use]
    pub fn call(&self) -> Call {
        match self {
            Self::Series {
                instrument,
                interval,
                bars,
                ..
            } => Call::Series {
                symbol: instrument.to_string(),
                interval: *interval,
                bars: *bars,
            },
            Self::Search { text, most } => Call::Search {
                text: text.clone(),
                most: *most,
            },
            Self::Hours => Call::Hours,
        }
    }
}
