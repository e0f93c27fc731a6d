//! What an instrument is, apart from its prices.

use super::decimals::decimals_of;
use super::instrument::Instrument;
use super::kind::Kind;
use super::tick::{Pair, PolledQuote, Tick};
use serde::{Deserialize, Serialize};

/// What an instrument is, in the provider's words. A value stays until another one replaces it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The long name, such as `Apple Inc.`
    pub name: Option<String>,
    /// The provider's `type`, such as `Common Stock` or `Index`.
    pub kind: Option<String>,
    /// Currency of the price, such as `USD` or `GBp`; for a pair the part after the slash.
    pub currency: Option<String>,
    /// The long names of a pair's currencies. Each tick says them, so they are not stored.
    #[serde(skip)]
    pub pair: Pair,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The venue's time zone, as a name of the IANA database.
    pub timezone: Option<String>,
    /// Decimals with which every price, bid and ask so far is exact; at least two. It only grows.
    pub decimals: Option<u8>,
    /// The lowest price of 52 weeks.
    pub year_low: Option<f64>,
    /// The highest price of 52 weeks.
    pub year_high: Option<f64>,
    /// Average volume of a day.
    pub average_volume: Option<f64>,
}

fn learn<T: Clone + PartialEq>(known: &mut Option<T>, told: Option<&T>) {
    if told.is_some() && known.as_ref() != told {
        *known = told.cloned();
    }
}

impl Details {
    /// The kind of `instrument`; `None` until the provider says its type.
    #[must_use]
    pub fn kind_of(&self, instrument: &Instrument) -> Option<Kind> {
        Kind::of(instrument, self.kind.as_deref()?)
    }

    /// Takes over what a provider told: the words of `told` that are not `None`. Returns whether any
    /// was news.
    pub fn learn(&mut self, told: &Self) -> bool {
        let before = self.clone();
        learn(&mut self.kind, told.kind.as_ref());
        learn(&mut self.currency, told.currency.as_ref());
        learn(&mut self.mic_code, told.mic_code.as_ref());
        learn(&mut self.timezone, told.timezone.as_ref());
        *self != before
    }

    pub(super) fn learn_from_tick(&mut self, tick: &Tick) {
        learn(&mut self.kind, tick.kind.as_ref());
        learn(&mut self.currency, tick.currency.as_ref());
        learn(&mut self.pair.base, tick.pair.base.as_ref());
        learn(&mut self.pair.quote, tick.pair.quote.as_ref());
        learn(&mut self.mic_code, tick.mic_code.as_ref());
        self.count_decimals([Some(tick.price), tick.bid, tick.ask]);
    }

    pub(super) fn learn_from_quote(&mut self, polled: &PolledQuote) {
        learn(&mut self.name, polled.name.as_ref());
        learn(&mut self.kind, polled.kind.as_ref());
        learn(&mut self.currency, polled.currency.as_ref());
        learn(&mut self.mic_code, polled.mic_code.as_ref());
        learn(&mut self.year_low, polled.year_low.as_ref());
        learn(&mut self.year_high, polled.year_high.as_ref());
        learn(&mut self.average_volume, polled.average_volume.as_ref());
    }

    pub(super) fn count_decimals(&mut self, prices: [Option<f64>; 3]) {
        for price in prices.into_iter().flatten() {
            self.decimals = decimals_of(price, self.decimals).or(self.decimals);
        }
    }
}

/// Whether the provider's type says that the instrument trades around the clock.
#[must_use]
pub fn never_closes(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Digital Currency"))
}
