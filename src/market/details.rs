//! What an instrument is, apart from its prices.

use super::decimals::decimals_of;
use serde::{Deserialize, Serialize};

/// What an instrument is, in the provider's words. A value stays until another one replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The provider's `type`, such as `Common Stock` or `Index`.
    pub kind: Option<String>,
    /// Currency of the price, such as `USD` or `GBp`; for a pair the part after the slash.
    pub currency: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// Decimals with which every price, bid and ask so far is exact; at least two. It only grows.
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

/// Whether the provider's type says that the instrument trades around the clock.
#[must_use]
pub fn never_closes(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Digital Currency"))
}
