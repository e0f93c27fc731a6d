//! What is watched: a symbol, and the exchange where it is pinned to one.

use std::fmt;

/// A symbol as upstream knows it (`AAPL`, `EUR/USD`), optionally pinned to an exchange (`RY:TSX`, `BTC/USD:Coinbase Pro`).
///
/// The symbol is upper case. Two instruments are equal when symbol and exchange are, whatever the exchange's case.
#[derive(Debug, Clone)]
pub struct Instrument {
    symbol: String,
    exchange: Option<String>,
}

/// Why a text is no instrument. The message is meant for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentError {
    /// The part before the colon is not a symbol.
    #[error("not a symbol: use letters, digits and . / _ -, at most 20, such as AAPL or BTC/USD")]
    Symbol,
    /// The part behind the colon is not an exchange's name.
    #[error("not an exchange: use letters, digits, spaces and . / _ -, at most 30, such as RY:TSX")]
    Exchange,
}

const LONGEST_SYMBOL: usize = 20;
const LONGEST_EXCHANGE: usize = 30;

impl Instrument {
    /// Parses `SYMBOL` or `SYMBOL:EXCHANGE`; white space around either part is dropped, the symbol is raised to upper case.
    ///
    /// # Errors
    /// [`InstrumentError`] says which part is wrong and what is right.
    pub fn parse(text: &str) -> Result<Self, InstrumentError> {
        match text.split_once(':') {
            None => Self::new(text, None),
            Some((symbol, exchange)) => Self::new(symbol, Some(exchange)),
        }
    }

    /// Checks both parts; an empty exchange is an error, an absent one is not.
    ///
    /// # Errors
    /// As [`Instrument::parse`].
    pub fn new(symbol: &str, exchange: Option<&str>) -> Result<Self, InstrumentError> {
        let symbol = symbol.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
        let starts_well = symbol.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !starts_well || symbol.len() > LONGEST_SYMBOL || !symbol.chars().all(plain) {
            return Err(InstrumentError::Symbol);
        }
        let exchange = exchange.map(str::trim);
        if let Some(name) = exchange
            && (name.is_empty() || name.len() > LONGEST_EXCHANGE || !name.chars().all(|c| plain(c) || c == ' '))
        {
            return Err(InstrumentError::Exchange);
        }
        Ok(Self {
            symbol: symbol.to_ascii_uppercase(),
            exchange: exchange.map(ToOwned::to_owned),
        })
    }

    /// The symbol alone, upper case.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The exchange it is pinned to.
    #[must_use]
    pub fn exchange(&self) -> Option<&str> {
        self.exchange.as_deref()
    }

    /// Whether a message of this symbol and exchange is about this instrument. One that is not pinned takes any exchange:
    /// upstream chooses the feed of a pair and may change it.
    #[must_use]
    pub fn matches(&self, symbol: &str, exchange: Option<&str>) -> bool {
        self.symbol.eq_ignore_ascii_case(symbol)
            && match (&self.exchange, exchange) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
            }
    }
}

impl PartialEq for Instrument {
    fn eq(&self, other: &Self) -> bool {
        self.symbol == other.symbol
            && match (&self.exchange, &other.exchange) {
                (None, None) => true,
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => false,
            }
    }
}

impl Eq for Instrument {}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exchange {
            None => f.write_str(&self.symbol),
            Some(exchange) => write!(f, "{}:{exchange}", self.symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_upstream_documents() {
        for (text, shown) in [
            ("AAPL", "AAPL"),
            (" aapl ", "AAPL"),
            ("BTC/USD", "BTC/USD"),
            ("ry:TSX", "RY:TSX"),
            ("BTC/USD:Coinbase Pro", "BTC/USD:Coinbase Pro"),
            ("BRK.B", "BRK.B"),
        ] {
            assert_eq!(Instrument::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn says_which_part_is_wrong() {
        for text in ["", " ", "$$$", "/USD", "AAAAAAAAAAAAAAAAAAAAA", "A B", "Ä", "\u{0}"] {
            assert_eq!(Instrument::parse(text), Err(InstrumentError::Symbol), "{text:?}");
        }
        for text in ["RY:", "RY:<script>", "RY:T:X", "RY:abcdefghijklmnopqrstuvwxyzabcde"] {
            assert_eq!(Instrument::parse(text), Err(InstrumentError::Exchange), "{text:?}");
        }
    }

    #[test]
    fn a_pin_takes_its_own_exchange_only() {
        let pinned = Instrument::parse("RY:TSX").unwrap();
        let free = Instrument::parse("RY").unwrap();
        assert!(pinned.matches("RY", Some("tsx")));
        assert!(!pinned.matches("RY", Some("NYSE")));
        assert!(!pinned.matches("RY", None));
        assert!(free.matches("RY", Some("NYSE")) && free.matches("RY", None));
        assert_eq!(pinned, Instrument::parse("ry:tsx").unwrap());
        assert_ne!(pinned, free);
    }
}
