//! What can be looked up: instruments by name, and the hours of exchanges.

use super::clock::Millis;
use super::instrument::Instrument;
use super::kind::Kind;

/// An instrument that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The symbol alone, such as `RY`.
    pub symbol: String,
    /// The long name.
    pub name: Option<String>,
    /// The venue's name; forex has none.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The provider's `type`, such as `Common Stock`.
    pub kind: Option<String>,
    /// Currency of the price.
    pub currency: Option<String>,
    /// Country of the venue.
    pub country: Option<String>,
    /// The smallest plan that includes it, in the provider's words, if the provider says so.
    pub plan: Option<String>,
}

impl Listing {
    /// Its kind, if its type is one of ours.
    #[must_use]
    pub fn kind_of(&self) -> Option<Kind> {
        let instrument = Instrument::parse(&self.symbol).ok()?;
        Kind::of(&instrument, self.kind.as_deref()?)
    }
}

/// Whether an exchange trades, and when that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeHours {
    /// The market identifier code (ISO 10383).
    pub code: String,
    /// Its name, such as `NASDAQ`.
    pub name: String,
    /// The country.
    pub country: Option<String>,
    /// Whether it trades now.
    pub is_open: bool,
    /// When it opens next; `None` while it is open or if the provider does not say.
    pub opens_at: Option<Millis>,
    /// When it closes; `None` while it is closed or if the provider does not say.
    pub closes_at: Option<Millis>,
}
