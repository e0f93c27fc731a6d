//! Stocks, forex or crypto: by the provider's type of an instrument, and before that is known by
//! the form of its symbol.

use super::instrument::Instrument;

/// The asset class of an instrument. The classes are those of the original terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetClass {
    /// Shares, funds and indices: no slash in the symbol.
    Stocks,
    /// Pairs of currencies, metals and other commodities.
    Forex,
    /// Pairs with a cryptocurrency.
    Crypto,
}

/// Codes of currencies and metals. Until the provider names a pair's type, they distinguish forex
/// from crypto.
const CURRENCIES: &[&str] = &[
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "KWD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
    "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "XAG", "XAU", "XPD",
    "XPT", "ZAR",
];

impl AssetClass {
    /// The class of a symbol by the provider's type `kind`; without one, by the form of the symbol:
    /// `AAPL`, `EUR/USD`, `BTC/USD`.
    #[must_use]
    pub fn of(instrument: &Instrument, kind: Option<&str>) -> Self {
        match (instrument.pair(), kind) {
            (None, _) => Self::Stocks,
            (Some(_), Some(kind)) if kind.eq_ignore_ascii_case("Digital Currency") => Self::Crypto,
            (Some(_), Some(_)) => Self::Forex,
            (Some((base, quote)), None) if CURRENCIES.contains(&base) && CURRENCIES.contains(&quote) => Self::Forex,
            (Some(_), None) => Self::Crypto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_upstreams_word_and_before_it_by_form() {
        for (symbol, kind, class) in [
            ("AAPL", None, AssetClass::Stocks),
            ("RY:TSX", Some("Common Stock"), AssetClass::Stocks),
            ("VIX", Some("Index"), AssetClass::Stocks),
            ("EUR/USD", None, AssetClass::Forex),
            ("XAU/USD", Some("Physical Currency"), AssetClass::Forex),
            ("WTI/USD", Some("Commodity"), AssetClass::Forex),
            ("BTC/USD", None, AssetClass::Crypto),
            ("ETH/BTC", Some("Digital Currency"), AssetClass::Crypto),
            ("USDT/USD", None, AssetClass::Crypto),
        ] {
            let instrument = Instrument::parse(symbol).unwrap();
            assert_eq!(AssetClass::of(&instrument, kind), class, "{symbol}");
        }
    }
}
