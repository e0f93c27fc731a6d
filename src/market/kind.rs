//! The kind of an instrument, which decides how its price is shown.

use super::instrument::Instrument;
use serde::{Deserialize, Serialize};

/// The kind of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A share, or a receipt for one.
    Stock,
    /// A fund or note that is traded like a share.
    Etf,
    /// An index: its price is in points.
    Index,
    /// A pair of currencies of states.
    Forex,
    /// A pair with a cryptocurrency. It trades around the clock.
    Crypto,
    /// A metal, priced in a currency.
    Metal,
}

/// Metals among the currency codes of ISO 4217.
const METALS: [&str; 4] = ["XAG", "XAU", "XPD", "XPT"];

impl Kind {
    /// The kind by the provider's type of an instrument; `None` for a type that is none of ours,
    /// such as a bond.
    #[must_use]
    pub fn of(instrument: &Instrument, told: &str) -> Option<Self> {
        let told = told.to_ascii_lowercase();
        let metal = instrument.pair().is_some_and(|(base, _)| METALS.contains(&base));
        let says = |words: &[&str]| words.iter().any(|word| told.contains(word));
        match told.as_str() {
            "digital currency" => Some(Self::Crypto),
            "physical currency" | "precious metal" if metal => Some(Self::Metal),
            "physical currency" => Some(Self::Forex),
            "index" => Some(Self::Index),
            _ if says(&["etf", "exchange-traded", "fund"]) => Some(Self::Etf),
            _ if says(&["stock", "share", "depositary receipt", "reit", "partnership", "trust"]) => Some(Self::Stock),
            _ => None,
        }
    }

    /// The name in every interface.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Etf => "etf",
            Self::Index => "index",
            Self::Forex => "forex",
            Self::Crypto => "crypto",
            Self::Metal => "metal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_providers_types() {
        for (symbol, told, kind) in [
            ("AAPL", "Common Stock", Some(Kind::Stock)),
            ("BABA", "American Depositary Receipt", Some(Kind::Stock)),
            ("SPY", "ETF", Some(Kind::Etf)),
            ("VTSAX", "Mutual Fund", Some(Kind::Etf)),
            ("VIX", "Index", Some(Kind::Index)),
            ("EUR/USD", "Physical Currency", Some(Kind::Forex)),
            ("XAU/USD", "Physical Currency", Some(Kind::Metal)),
            ("BTC/USD", "Digital Currency", Some(Kind::Crypto)),
            ("US10Y", "Bond", None),
            ("WTI/USD", "Commodity", None),
        ] {
            let instrument = Instrument::parse(symbol).unwrap();
            assert_eq!(Kind::of(&instrument, told), kind, "{symbol}");
        }
    }
}
