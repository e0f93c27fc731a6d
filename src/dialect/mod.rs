//! What clients say and are told: one folder for each dialect. docs/protocol.md describes them.
//!
//! A dialect parses its clients' messages and encodes what they are sent; [`Dialect`] lists them.
//! [`plain`] and [`hamster_v1`] share their control messages: [`message`] from the client,
//! [`event`] to it. They differ in how prices are sent: see [`Way`].

pub mod event;
pub mod hamster_v1;
pub mod message;
pub mod plain;

pub use event::{FeedView, InstrumentView, QuoteView, ServerEvent, ServiceView, Subscription, SubscriptionFailure};
pub use message::{ClientError, ClientMessage, MOST_SYMBOLS_PER_CLIENT, Position};

/// Close code for a client that sent too much; it may reconnect after a minute.
pub const CLOSE_FLOOD: u16 = 4008;
/// Close code for a client that read nothing for half a minute.
pub const CLOSE_SLOW: u16 = 4009;

/// The protocol that a client speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// One JSON object per update.
    #[default]
    Plain,
    /// `hamster.v1`: channels of deltas with sequence numbers, acknowledged and resumable.
    HamsterV1,
}

/// How a dialect's clients are sent prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whole quotes, the newest of each symbol, to everyone who watches it.
    Quotes,
    /// Numbered deltas of a channel, which clients with the same symbols share.
    Channels,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 2] = [Self::Plain, Self::HamsterV1];

    /// The name in `/metrics`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::HamsterV1 => hamster_v1::NAME,
        }
    }

    /// How its clients are sent prices.
    #[must_use]
    pub fn way(self) -> Way {
        match self {
            Self::Plain => Way::Quotes,
            Self::HamsterV1 => Way::Channels,
        }
    }

    /// Parses a client's text frame.
    ///
    /// # Errors
    /// [`ClientError`]; the connection stays open.
    pub fn parse(self, text: &str) -> Result<ClientMessage, ClientError> {
        match self {
            Self::Plain => plain::parse(text),
            Self::HamsterV1 => hamster_v1::parse(text),
        }
    }

    /// An event as JSON, for clients that are all at `position`, if the dialect has positions.
    #[must_use]
    pub fn event(self, event: &ServerEvent<'_>, position: Option<(u64, u64)>) -> String {
        match self {
            Self::Plain => plain::event(event),
            Self::HamsterV1 => hamster_v1::event(event, position),
        }
    }

    /// The newest quote of a symbol as JSON, for clients that are sent whole quotes.
    #[must_use]
    pub fn quote(self, view: &QuoteView) -> String {
        match self {
            Self::Plain | Self::HamsterV1 => plain::quote(view),
        }
    }

    /// The dialect that a client's `Sec-WebSocket-Protocol` asks for. Without an offer it is plain
    /// JSON.
    ///
    /// # Errors
    /// The offer, cut to 100 characters, if we speak none of its protocols.
    pub fn negotiate(offer: Option<&str>) -> Result<Self, String> {
        let offer = offer.unwrap_or_default().trim();
        if offer.is_empty() {
            return Ok(Self::Plain);
        }
        let is_offered = |dialect: &Self| {
            let mut names = offer.split(',').map(str::trim);
            names.any(|name| dialect.subprotocol() == Some(name))
        };
        let spoken = Self::ALL.into_iter().find(is_offered);
        spoken.ok_or_else(|| offer.chars().take(100).collect())
    }

    /// The subprotocol that the upgrade response confirms.
    #[must_use]
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::HamsterV1 => Some(hamster_v1::NAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_offers_first_of_what_we_speak() {
        for (offer, chosen) in [
            (None, Ok(Dialect::Plain)),
            (Some(""), Ok(Dialect::Plain)),
            (Some("hamster.v1"), Ok(Dialect::HamsterV1)),
            (Some("hamster.v2, hamster.v1"), Ok(Dialect::HamsterV1)),
            (Some("graphql-ws"), Err("graphql-ws".to_owned())),
        ] {
            assert_eq!(Dialect::negotiate(offer), chosen, "{offer:?}");
        }
    }
}
