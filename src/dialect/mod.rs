//! What clients say and are told: one folder for each dialect. docs/protocol.md describes them.
//!
//! A dialect parses its clients' messages and encodes what they are sent; [`Dialect`] lists them.
//! They share their meaning: [`message`] from the client, [`event`] to it. They differ in their
//! frames, in how prices are sent (see [`Way`]), and in what they cannot say.

pub mod event;
pub mod hamster_v1;
pub mod message;
pub mod plain;
pub mod socket_io;
pub mod sse;
pub mod twelve_data;

pub use event::{
    AccessView, FeedView, InstrumentView, Listing, QuoteView, ServerEvent, ServiceView, Subscription,
    SubscriptionFailure,
};
pub use message::{ClientError, ClientMessage, Heard, MOST_SYMBOLS_PER_CLIENT, Position};

/// Close code for a client that sent too much; it may reconnect after a minute.
pub const CLOSE_FLOOD: u16 = 4008;
/// Close code for a client that reads nothing, or cannot prove that it reads.
pub const CLOSE_SLOW: u16 = 4009;
/// Close code of a client whose pass has ended, or that showed none in time.
pub const CLOSE_EXPIRED: u16 = 4010;
/// Close code of a client whose pass no longer counts: its key was withdrawn.
pub const CLOSE_REVOKED: u16 = 4011;
/// Close code of a relay's link that a newer one of the same relay replaces.
pub const CLOSE_REPLACED: u16 = 4012;
/// Close code of a relay's link after the hub has slept: it must be opened anew.
pub const CLOSE_RESTARTED: u16 = 1012;
/// Close code for a client that said that it leaves.
pub const CLOSE_LEFT: u16 = 1000;

/// The cost of one write: a frame of a WebSocket, or so many frames of a stream. See
/// [`Dialect::frame_cost`].
pub const WRITE: u64 = 64;

/// The protocol that a client speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// One JSON object per update.
    #[default]
    Plain,
    /// `hamster.v1`: channels of deltas with sequence numbers, acknowledged and resumable.
    HamsterV1,
    /// Twelve Data's own WebSocket protocol.
    TwelveData,
    /// Engine.IO 4 and Socket.IO 5, with the original terminal's events.
    SocketIo,
    /// Server-sent events.
    Sse,
    /// A relay's link: `hamster.v1` without a client's limits.
    Uplink,
}

/// How a dialect's clients are sent prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whole quotes, the newest of each symbol, to everyone who watches it.
    Quotes,
    /// Numbered deltas of a channel, which clients with the same symbols share.
    Channels,
}

/// How the hub learns that a client of a dialect reads what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It repeats a number that it was sent.
    Number,
    /// It acknowledges deltas.
    Deltas,
    /// It cannot prove it, so it must connect again from time to time.
    Never,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 6] = [
        Self::Plain,
        Self::HamsterV1,
        Self::TwelveData,
        Self::SocketIo,
        Self::Sse,
        Self::Uplink,
    ];

    /// The name in `/metrics` and in what survives a client's hibernation.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::HamsterV1 => hamster_v1::NAME,
            Self::TwelveData => "twelve_data",
            Self::SocketIo => "socket.io",
            Self::Sse => "sse",
            Self::Uplink => hamster_v1::UPLINK,
        }
    }

    /// The dialect of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// How its clients are sent prices.
    #[must_use]
    pub fn way(self) -> Way {
        match self {
            Self::HamsterV1 | Self::Uplink => Way::Channels,
            Self::Plain | Self::TwelveData | Self::SocketIo | Self::Sse => Way::Quotes,
        }
    }

    /// How its clients prove that they read.
    #[must_use]
    pub fn proof(self) -> Proof {
        match self {
            Self::Plain => Proof::Number,
            Self::HamsterV1 | Self::Uplink => Proof::Deltas,
            Self::TwelveData | Self::SocketIo | Self::Sse => Proof::Never,
        }
    }

    /// What it costs to send a client one more frame, in parts of [`WRITE`]. A WebSocket writes each
    /// frame; a stream takes all that are sent at once with one write.
    #[must_use]
    pub fn frame_cost(self) -> u64 {
        match self {
            Self::Sse => 1,
            Self::Plain | Self::HamsterV1 | Self::TwelveData | Self::SocketIo | Self::Uplink => WRITE,
        }
    }

    /// Whether its clients are told when a symbol gets its prices another way.
    #[must_use]
    pub fn tells_service(self) -> bool {
        match self {
            Self::Plain | Self::HamsterV1 | Self::Sse | Self::Uplink => true,
            Self::TwelveData | Self::SocketIo => false,
        }
    }

    /// Whether its clients are told the outcome of a subscription once, when it is known, rather than
    /// at once and again when it changes.
    #[must_use]
    pub fn answers_once(self) -> bool {
        match self {
            Self::TwelveData => true,
            Self::Plain | Self::HamsterV1 | Self::SocketIo | Self::Sse | Self::Uplink => false,
        }
    }

    /// Whether its quotes leave out some of what may change, such as when a price was received.
    #[must_use]
    pub fn is_terse(self) -> bool {
        match self {
            Self::TwelveData | Self::SocketIo => true,
            Self::Plain | Self::HamsterV1 | Self::Sse | Self::Uplink => false,
        }
    }

    /// The frame that its clients are sent regularly, whatever else they are sent.
    #[must_use]
    pub fn beat(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::HamsterV1 | Self::TwelveData | Self::Uplink => None,
            Self::SocketIo => Some(socket_io::PING),
            Self::Sse => Some(sse::KEEP_ALIVE),
        }
    }

    /// A frame that tells its clients their position, if their other frames do not.
    #[must_use]
    pub fn position(self, position: (u64, u64)) -> Option<String> {
        match self {
            Self::SocketIo => Some(socket_io::position(position)),
            Self::Plain | Self::HamsterV1 | Self::TwelveData | Self::Sse | Self::Uplink => None,
        }
    }

    /// Whether its clients must answer each beat.
    #[must_use]
    pub fn answers_beats(self) -> bool {
        self == Self::SocketIo
    }

    /// Parses a client's text frame.
    #[must_use]
    pub fn parse(self, text: &str) -> Heard {
        match self {
            Self::Plain => plain::parse(text).into(),
            Self::HamsterV1 => hamster_v1::parse(text).into(),
            Self::Uplink => hamster_v1::parse_uplink(text).into(),
            Self::TwelveData => twelve_data::parse(text).into(),
            Self::SocketIo => socket_io::parse(text),
            // A client has no way to say anything on a stream of events.
            Self::Sse => Err(ClientError::InvalidJson).into(),
        }
    }

    /// An event as a frame, for clients that are all at `position`, if the dialect has positions.
    /// `None` if the dialect has no such event.
    #[must_use]
    pub fn event(self, event: &ServerEvent<'_>, position: Option<(u64, u64)>) -> Option<String> {
        match self {
            Self::Plain => Some(plain::event(event)),
            Self::HamsterV1 | Self::Uplink => Some(hamster_v1::event(event, position)),
            Self::TwelveData => twelve_data::event(event),
            Self::SocketIo => socket_io::event(event),
            Self::Sse => sse::event(event),
        }
    }

    /// The newest quote of a symbol, for clients that are sent whole quotes: what is the same for all
    /// of them. `None` if the dialect cannot say it truly.
    #[must_use]
    pub fn quote(self, view: &QuoteView) -> Option<String> {
        match self {
            Self::Plain | Self::HamsterV1 | Self::Uplink => Some(plain::quote(view)),
            Self::TwelveData => twelve_data::quote(view),
            Self::SocketIo => socket_io::quote(view),
            Self::Sse => Some(sse::quote(view)),
        }
    }

    /// Whether the frames of its quotes tell a position.
    #[must_use]
    pub fn dates_quotes(self) -> bool {
        self == Self::Sse
    }

    /// The frame of a [`Dialect::quote`]. A client that later names the `position`, as (epoch,
    /// revision), has read all that changed up to there.
    #[must_use]
    pub fn frame(self, quote: String, position: Option<(u64, u64)>) -> String {
        match self {
            Self::Plain | Self::HamsterV1 | Self::TwelveData | Self::Uplink => quote,
            Self::SocketIo => socket_io::frame(&quote),
            Self::Sse => sse::frame(&quote, position),
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
        // A relay comes by another door.
        let spoken = Self::ALL
            .into_iter()
            .filter(|dialect| *dialect != Self::Uplink)
            .find(is_offered);
        spoken.ok_or_else(|| offer.chars().take(100).collect())
    }

    /// The subprotocol that the upgrade response confirms.
    #[must_use]
    pub fn subprotocol(self) -> Option<&'static str> {
        match self {
            Self::HamsterV1 | Self::Uplink => Some(self.name()),
            Self::Plain | Self::TwelveData | Self::SocketIo | Self::Sse => None,
        }
    }
}

/// Writes a position as one word, for dialects whose clients repeat it: `EPOCH.REVISION`.
#[must_use]
pub fn written((epoch, revision): (u64, u64)) -> String {
    format!("{epoch}.{revision}")
}

/// Reads a position that [`written`] wrote.
#[must_use]
pub fn read(word: &str) -> Option<(u64, u64)> {
    let (epoch, revision) = word.split_once('.')?;
    Some((epoch.parse().ok()?, revision.parse().ok()?))
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
            (Some("hamster.uplink.v1"), Err("hamster.uplink.v1".to_owned())),
            (Some("graphql-ws"), Err("graphql-ws".to_owned())),
        ] {
            assert_eq!(Dialect::negotiate(offer), chosen, "{offer:?}");
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_written() {
        assert_eq!(read(&written((28_512_345_678_901, 42))), Some((28_512_345_678_901, 42)));
        for word in [
            "",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "-1.2",
            "1e3.2",
            "99999999999999999999999.1",
        ] {
            assert_eq!(read(word), None, "{word}");
        }
    }
}
