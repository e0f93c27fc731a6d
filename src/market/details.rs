//! What an instrument is, apart from its prices: in the provider's own words.

use super::decimals::decimals_of;
use serde::{Deserialize, Serialize};

/// What an instrument is, in upstream's own words. Kept once it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Upstream's `type`, such as `Common Stock` or `Index`.
    pub kind: Option<String>,
    /// Of the price, such as `USD` or `GBp`; of a pair the currency behind the slash.
    pub currency: Option<String>,
    /// The venue's market identifier code.
    pub mic_code: Option<String>,
    /// With so many decimals every price, bid and ask so far is exact; at least two. It only grows.
    pub decimals: Option<u8>,
}

impl Details {
    pub(super) fn learn(&mut self, kind: Option<&String>, currency: Option<&String>, mic_code: Option<&String>) {
        for (known, told) in [
            (&mut self.kind, kind),
            (&mut self.currency, currency),
            (&mut self.mic_code, mic_code),
        ] {
            if told.is_some() && known.as_ref() != told {
                *known = told.cloned();
            }
        }
    }

    pub(super) fn count_decimals(&mut self, prices: [Option<f64>; 3]) {
        for price in prices.into_iter().flatten() {
            self.decimals = decimals_of(price, self.decimals).or(self.decimals);
        }
    }
}

/// Upstream's type for what trades around the clock.
#[must_use]
pub fn never_closes(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Digital Currency"))
}
