//! What a credential allows, and why one is refused.

use crate::market::{Instrument, Millis, iso8601};
use serde_json::{Value, json};

/// Most symbols that a pass may name. They must fit into what a socket keeps across hibernation.
pub(super) const MOST_SYMBOLS: usize = 64;
/// Longest name of a principal, in bytes.
const LONGEST_NAME: usize = 64;

/// What somebody who has shown a credential may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The name behind the credential. Clients of one principal share its limits.
    pub principal: String,
    /// Which key or issuer vouches for it: [`Access::vouches`](super::Access::vouches) says whether
    /// that still counts.
    pub voucher: u64,
    /// When it ends.
    pub expires: Option<Millis>,
    /// The only symbols that it may read, as text; `None` for all. One without an exchange covers
    /// the symbol at every exchange.
    pub symbols: Option<Vec<String>>,
    /// How much of the shared things it may use, where that differs from what everybody may.
    pub limits: Limits,
}

/// Limits of one principal. What is absent is as the operator's settings say for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub sockets: Option<u32>,
    /// Symbols that one connection may watch.
    pub symbols: Option<u32>,
    /// REST calls a minute.
    pub calls: Option<u32>,
}

/// Where a client stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Standing {
    /// Access is open, so nobody asks.
    #[default]
    Anybody,
    /// It has shown a credential.
    Known(Box<Pass>),
    /// It must show a credential soon: its protocol has it in a message.
    Unproven,
}

impl From<Pass> for Standing {
    fn from(pass: Pass) -> Self {
        Self::Known(Box::new(pass))
    }
}

impl Standing {
    /// The pass, if there is one.
    #[must_use]
    pub fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Known(pass) => Some(pass),
            Self::Anybody | Self::Unproven => None,
        }
    }
}

/// Why a credential does not count. The texts repeat nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// None was sent.
    #[error(
        "this terminal is not open to everybody: send an access token, as Authorization: Bearer …, X-API-Key, or the way that docs/clients.md names for your protocol"
    )]
    Missing,
    /// Several that differ were sent.
    #[error("several different access tokens were sent: send one")]
    Several,
    /// No key has this hash.
    #[error("the access token is not known here")]
    Unknown,
    /// The token is no JWT that is accepted, for this reason.
    #[error("the access token cannot be used: {0}")]
    Malformed(&'static str),
    /// No key that is configured has signed it.
    #[error("the access token is not signed by a key that this terminal trusts")]
    Signature,
    /// It has ended.
    #[error("the access token has expired, at {}", iso8601(*.0))]
    Expired(Millis),
    /// It does not count yet.
    #[error("the access token does not count before {}", iso8601(*.0))]
    TooEarly(Millis),
    /// It was made for somebody else.
    #[error("the access token was made for another audience")]
    Audience,
    /// The ticket is not known: it was used, has ended, or the hub has restarted.
    #[error(
        "the ticket is not known: it counts once, for 30 s, from the origin that asked for it; ask POST /api/ticket for another"
    )]
    Ticket,
    /// The address has shown too many wrong ones.
    #[error("too many wrong tickets came from your address; come back in a minute")]
    TooMany,
}

/// The principal of a relay's own requests.
const RELAY: &str = "relay";

impl Pass {
    /// Carries a pass from the front door to the hub.
    pub const HEADER: &str = "X-Hamster-Pass";

    /// The pass of a relay that knows the operator's secret: it asks for its clients, whom it has
    /// judged and counted.
    #[must_use]
    pub fn of_relay() -> Self {
        Self {
            principal: RELAY.to_owned(),
            voucher: 0,
            expires: None,
            symbols: None,
            limits: Limits::default(),
        }
    }

    /// Whether it is that of a relay.
    #[must_use]
    pub fn is_of_relay(&self) -> bool {
        *self == Self::of_relay()
    }

    /// A pass, if what it says can be used.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn new(
        principal: &str,
        voucher: u64,
        expires: Option<Millis>,
        symbols: Option<&[String]>,
        limits: Limits,
    ) -> Result<Self, &'static str> {
        let is_printable = |c: char| c.is_ascii_graphic() || c == ' ';
        if principal.is_empty() || principal.len() > LONGEST_NAME || !principal.chars().all(is_printable) {
            return Err("its name must have 1 to 64 printable ASCII characters");
        }
        let symbols = symbols.map(|list| {
            let parsed: Result<Vec<_>, _> = list.iter().map(|text| Instrument::parse(text)).collect();
            match parsed {
                Ok(parsed) if (1..=MOST_SYMBOLS).contains(&parsed.len()) => {
                    Ok(parsed.iter().map(ToString::to_string).collect())
                }
                Ok(_) => Err("its symbols must be 1 to 64, or left out for all"),
                Err(_) => Err("one of its symbols is not a symbol"),
            }
        });
        Ok(Self {
            principal: principal.to_owned(),
            voucher,
            expires,
            symbols: symbols.transpose()?,
            limits,
        })
    }

    /// Whether it may read a symbol.
    #[must_use]
    pub fn covers(&self, instrument: &Instrument) -> bool {
        self.symbols.as_ref().is_none_or(|symbols| {
            symbols
                .iter()
                .any(|text| *text == instrument.symbol() || text.eq_ignore_ascii_case(&instrument.to_string()))
        })
    }

    /// The symbols that stand for the default ones: those of them that the pass covers, or all that
    /// it covers if it covers none of them.
    #[must_use]
    pub fn or_all(pass: Option<&Self>, defaults: &[Instrument]) -> Vec<Instrument> {
        let Some(pass) = pass else {
            return defaults.to_vec();
        };
        let covered: Vec<Instrument> = defaults.iter().filter(|one| pass.covers(one)).cloned().collect();
        let symbols = pass.symbols.iter().flatten().filter(|_| covered.is_empty());
        let others = symbols.filter_map(|text| Instrument::parse(text).ok()).collect();
        if covered.is_empty() { others } else { covered }
    }

    /// What a client reads about a symbol that the pass does not cover.
    #[must_use]
    pub fn why_not(&self) -> String {
        let symbols = self.symbols.as_deref().unwrap_or_default();
        format!("your access token covers only {}", symbols.join(", "))
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: Millis) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// The pass, unless it has ended.
    ///
    /// # Errors
    /// [`Refusal::Expired`].
    pub(super) fn unless_over(self, now: Millis) -> Result<Self, Refusal> {
        match self.expires {
            Some(expires) if now >= expires => Err(Refusal::Expired(expires)),
            _ => Ok(self),
        }
    }

    /// What a key or token says of its pass: `symbols` and `limits`.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn of(
        principal: &str,
        voucher: u64,
        expires: Option<Millis>,
        said: &Value,
    ) -> Result<Self, &'static str> {
        const SYMBOLS: &str = "symbols must be a list of texts";
        let symbols = match said.get("symbols") {
            None | Some(Value::Null) => None,
            Some(Value::Array(list)) => {
                let texts = list.iter().map(|text| text.as_str().map(ToOwned::to_owned));
                Some(texts.collect::<Option<Vec<_>>>().ok_or(SYMBOLS)?)
            }
            Some(_) => return Err(SYMBOLS),
        };
        let limits = match said.get("limits") {
            None | Some(Value::Null) => Limits::default(),
            Some(limits) => {
                Limits::of(limits).ok_or("limits may have sockets, symbols and calls, each a whole number")?
            }
        };
        Self::new(principal, voucher, expires, symbols.as_deref(), limits)
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Limits {
            sockets,
            symbols,
            calls,
        } = self.limits;
        json!({
            "principal": self.principal,
            // As text, because numbers in JSON may lose digits.
            "voucher": self.voucher.to_string(),
            "expires": self.expires,
            "symbols": self.symbols,
            "limits": {"sockets": sockets, "symbols": symbols, "calls": calls},
        })
    }

    /// What [`Pass::to_json`] wrote.
    #[must_use]
    pub fn from_json(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let expires = json.get("expires").and_then(Value::as_u64);
        Self::of(text("principal")?, text("voucher")?.parse().ok()?, expires, json).ok()
    }

    /// As JSON in ASCII, which a header can carry.
    #[must_use]
    pub fn to_header(&self) -> String {
        let json = self.to_json().to_string();
        let escaped = |c: char| match c {
            ' '..='~' => c.to_string(),
            other => other
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
        };
        json.chars().map(escaped).collect()
    }

    /// What [`Pass::to_header`] wrote.
    #[must_use]
    pub fn from_header(header: &str) -> Option<Self> {
        Self::from_json(&serde_json::from_str(header).ok()?)
    }
}

impl Limits {
    fn of(limits: &Value) -> Option<Self> {
        let mut read = Self::default();
        for (name, limit) in limits.as_object()? {
            let number = limit.as_u64().and_then(|limit| u32::try_from(limit).ok());
            if number.is_none() && !limit.is_null() {
                return None;
            }
            match name.as_str() {
                "sockets" => read.sockets = number,
                "symbols" => read.symbols = number,
                "calls" => read.calls = number,
                _ => return None,
            }
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(symbols: &[&str]) -> Result<Pass, &'static str> {
        let symbols: Vec<String> = symbols.iter().map(ToString::to_string).collect();
        Pass::new("desk", 7, Some(9), Some(&symbols), Limits::default())
    }

    #[test]
    fn a_symbol_without_an_exchange_is_covered_at_every_exchange() {
        let pass = pass(&["aapl", "VOD:LSE"]).unwrap();
        for (symbol, is_covered) in [
            ("AAPL", true),
            ("AAPL:NASDAQ", true),
            ("VOD:LSE", true),
            ("VOD", false),
            ("AAP", false),
        ] {
            assert_eq!(pass.covers(&Instrument::parse(symbol).unwrap()), is_covered, "{symbol}");
        }
        assert_eq!(pass.why_not(), "your access token covers only AAPL, VOD:LSE");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert!(pass(&[]).unwrap_err().contains("1 to 64"));
        assert!(pass(&["$$$"]).unwrap_err().contains("not a symbol"));
        for name in ["", "a\nb", "ä", &"x".repeat(65)] {
            assert!(Pass::new(name, 0, None, None, Limits::default()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_header_carries_a_pass() {
        let pass = pass(&["ÖMV:VSE", "𝒜.B"]).unwrap();
        let header = pass.to_header();
        assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header}");
        assert_eq!(Pass::from_header(&header), Some(pass));
        assert_eq!(Pass::from_header("{}"), None);
    }
}
