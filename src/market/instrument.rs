//! What clients watch: a symbol, optionally pinned to an exchange.

use std::fmt;

/// A symbol as the provider knows it (`AAPL`, `EUR/USD`), optionally pinned to an exchange
/// (`RY:TSX`, `BTC/USD:Coinbase Pro`).
///
/// The symbol is upper case. Two instruments are equal if their symbols are and their exchanges
/// are, ignoring the exchange's case.
#[derive(Debug, Clone)]
pub struct Instrument {
    symbol: String,
    exchange: Option<String>,
}

/// Why a text is not an instrument. The message is for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentError {
    /// The part before the colon is not a symbol.
    #[error(
        "not a symbol: use letters, digits and any of . / _ - & + ^ = ' * # @ $, at most 32, such as AAPL or BTC/USD"
    )]
    Symbol,
    /// The part after the colon is not the name of an exchange.
    #[error("not an exchange: use letters, digits, spaces and any of . / _ - & + ' ( ), at most 40, such as RY:TSX")]
    Exchange,
}

const LONGEST_SYMBOL: usize = 32;
const LONGEST_EXCHANGE: usize = 40;

/// The venue that a provider message names for a price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Venue<'a> {
    /// The exchange's name; forex has none.
    pub exchange: Option<&'a str>,
    /// Its market identifier code (ISO 10383).
    pub mic_code: Option<&'a str>,
}

impl<'a> Venue<'a> {
    /// The venue from a message's two fields.
    #[must_use]
    pub fn of(exchange: &'a Option<String>, mic_code: &'a Option<String>) -> Self {
        Self {
            exchange: exchange.as_deref(),
            mic_code: mic_code.as_deref(),
        }
    }

    /// Whether `name` is this exchange's name or code, ignoring case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let mut names = [self.exchange, self.mic_code].into_iter().flatten();
        names.any(|one| one.eq_ignore_ascii_case(name))
    }

    /// Whether the message names no venue.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.exchange.is_none() && self.mic_code.is_none()
    }
}

/// The form in which symbols are compared: upper case, and one separator for `BF.B`, `BF-B` and
/// `BF_B`, all of which the provider uses.
fn comparable(symbol: &str) -> String {
    let one = |c: char| {
        if matches!(c, '-' | '_') {
            '.'
        } else {
            c.to_ascii_uppercase()
        }
    };
    symbol.trim().chars().map(one).collect()
}

impl Instrument {
    /// Parses `SYMBOL` or `SYMBOL:EXCHANGE`. White space around either part is dropped; the symbol
    /// becomes upper case.
    ///
    /// # Errors
    /// [`InstrumentError`] says which part is wrong and what is right.
    pub fn parse(text: &str) -> Result<Self, InstrumentError> {
        match text.split_once(':') {
            None => Self::new(text, None),
            Some((symbol, exchange)) => Self::new(symbol, Some(exchange)),
        }
    }

    /// Checks both parts. An empty exchange is an error, an absent one is not.
    ///
    /// # Errors
    /// As [`Instrument::parse`].
    pub fn new(symbol: &str, exchange: Option<&str>) -> Result<Self, InstrumentError> {
        let symbol = symbol.trim();
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '-' | '&' | '+' | '\'');
        let of_symbol = |c: char| plain(c) || matches!(c, '^' | '=' | '*' | '#' | '@' | '$');
        let starts_well = symbol.starts_with(|c: char| c.is_alphanumeric() || c == '^');
        if !starts_well || symbol.chars().count() > LONGEST_SYMBOL || !symbol.chars().all(of_symbol) {
            return Err(InstrumentError::Symbol);
        }
        let exchange = exchange.map(str::trim);
        let of_exchange = |c: char| plain(c) || matches!(c, ' ' | '(' | ')');
        if let Some(name) = exchange
            && (name.is_empty() || name.chars().count() > LONGEST_EXCHANGE || !name.chars().all(of_exchange))
        {
            return Err(InstrumentError::Exchange);
        }
        Ok(Self {
            symbol: symbol.to_ascii_uppercase(),
            exchange: exchange.map(ToOwned::to_owned),
        })
    }

    /// The symbol alone, in upper case.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The exchange it is pinned to.
    #[must_use]
    pub fn exchange(&self) -> Option<&str> {
        self.exchange.as_deref()
    }

    /// The symbol in the form that [`Instrument::is_about`] compares.
    #[must_use]
    pub fn key(&self) -> String {
        comparable(&self.symbol)
    }

    /// The [`Instrument::key`] of a symbol in the provider's spelling.
    #[must_use]
    pub fn key_of(symbol: &str) -> String {
        comparable(symbol)
    }

    /// Whether a message about `symbol` concerns this instrument's symbol. Separators do not
    /// matter: a request for `BF-B` is answered as `BF.B`.
    #[must_use]
    pub fn is_about(&self, symbol: &str) -> bool {
        self.symbol.eq_ignore_ascii_case(symbol) || comparable(&self.symbol) == comparable(symbol)
    }

    /// The base and the quote currency of a pair: `BTC` and `USD` of `BTC/USD`.
    #[must_use]
    pub fn pair(&self) -> Option<(&str, &str)> {
        self.symbol.split_once('/')
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
    fn takes_the_letters_that_upstream_uses() {
        for text in [
            "M&M:NSE",
            "L&TFH",
            "^GSPC",
            "0005:HKEX",
            "BRK-B",
            "ÖBB:VSE",
            "A".repeat(32).as_str(),
            "AAPL:XNGS",
            "X:A (B)",
        ] {
            assert_eq!(Instrument::parse(text).map(|one| one.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn says_which_part_is_wrong() {
        for text in [
            "",
            " ",
            "$$$",
            "/USD",
            &"A".repeat(33),
            "A B",
            "A,B",
            "A%2F",
            "<b>",
            "\u{0}",
            "A\u{202e}B",
            "A\u{301}",
        ] {
            assert_eq!(Instrument::parse(text), Err(InstrumentError::Symbol), "{text:?}");
        }
        for text in ["RY:", "RY:<script>", "RY:T:X", &format!("RY:{}", "a".repeat(41))] {
            assert_eq!(Instrument::parse(text), Err(InstrumentError::Exchange), "{text:?}");
        }
    }

    #[test]
    fn signs_between_letters_do_not_count() {
        let asked = Instrument::parse("bf-b").unwrap();
        assert!(asked.is_about("BF.B") && asked.is_about("bf_b") && asked.is_about("BF-B"));
        assert!(!asked.is_about("BFB") && !asked.is_about("BF/B"));
    }

    #[test]
    fn a_venue_is_called_by_its_name_or_its_code() {
        let venue = Venue {
            exchange: Some("NASDAQ"),
            mic_code: Some("XNGS"),
        };
        assert!(venue.is_called("nasdaq") && venue.is_called("XNGS") && !venue.is_called("NYSE"));
        assert!(!Venue::default().is_called("") && Venue::default().is_unknown());
        let pinned = Instrument::parse("RY:TSX").unwrap();
        assert_eq!(pinned, Instrument::parse("ry:tsx").unwrap());
        assert_ne!(pinned, Instrument::parse("RY").unwrap());
    }
}
