//! What a source of market data says, both ways: one folder for each provider.
//!
//! The hub speaks to a [`Provider`] and knows no frame, header, path or tariff of any. To add one,
//! add a folder and a variant.

mod endpoint;
mod secret;
pub mod twelve_data;

pub use endpoint::{Endpoint, Outgoing};
pub use secret::Secret;

use crate::market::{Instrument, PolledQuote, Tick, Venue};

/// A source of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Twelve Data, or anything that speaks its protocol, such as the built-in simulator.
    TwelveData,
}

/// What a plan allows, where no var says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// Symbols that one connection may stream.
    pub streamed_symbols: u64,
    /// API credits in a wall-clock minute.
    pub credits_per_minute: u64,
    /// API credits in a UTC day; 0 for a plan without a daily cap.
    pub credits_per_day: u64,
}

/// Something that a frame of the stream says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A price.
    Tick(Tick),
    /// A price that cannot be used. The symbol's watchers are told why it stands still.
    Unusable(Unusable),
    /// The answer to a subscription. Symbols in neither list have no answer yet.
    Subscribed {
        /// Symbols that will stream.
        success: Vec<Listing>,
        /// Symbols that will not.
        fails: Vec<Listing>,
    },
    /// We sent more messages than the provider takes, and the last was not heard.
    TooManyMessages,
    /// A sign of life: the answer to a keep-alive, or an event that we do not know.
    Other,
}

/// A tick that brings no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// As the provider writes it.
    pub symbol: String,
    /// The venue.
    pub exchange: Option<String>,
    /// Its market identifier code.
    pub mic_code: Option<String>,
    /// What is wrong.
    pub why: &'static str,
}

/// A symbol in the answer to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// As the provider writes it.
    pub symbol: String,
    /// The venue, if the answer names it.
    pub exchange: Option<String>,
    /// The venue's market identifier code.
    pub mic_code: Option<String>,
    /// As in [`Tick::kind`].
    pub kind: Option<String>,
}

/// Why a frame was dropped. It costs that frame only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Truncated, too long, or never JSON.
    #[error("the frame is not a JSON object")]
    NotJson,
    /// An object without an event's name.
    #[error("the frame has no event name")]
    NoEvent,
    /// A price of nothing.
    #[error("the price event lacks a symbol")]
    NoSymbol,
}

/// A "no", sorted by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody must look at the key.
    Key(String),
    /// The key is good, the plan does not have this.
    Plan(String),
    /// No such symbol, or a request that will never work.
    Request(String),
    /// The credits of the current minute are spent.
    Minute,
    /// The credits are spent until midnight UTC.
    Day,
    /// The provider's own fault, or an answer that nobody could read: try again later.
    Server(String),
}

/// Why one symbol of an answer has no quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SymbolError {
    /// The provider said no for this symbol.
    Refused(Refusal),
    /// The answer lacks it.
    Missing,
    /// The answer has no price of it that can be used; says why.
    NoPrice(String),
}

/// Why a whole call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The provider said no to the call.
    Refused(Refusal),
    /// The answer could not be read.
    Unreadable,
}

impl Unusable {
    /// Where it would have been made.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl Listing {
    /// Where it is traded.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl Refusal {
    /// For a person: what the provider said, in our words or its own.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Plan(text) | Self::Request(text) | Self::Server(text) => text,
            Self::Minute => "out of API credits for this minute",
            Self::Day => "out of API credits until midnight UTC",
        }
    }
}

impl Provider {
    /// The frame that subscribes to all of these.
    #[must_use]
    pub fn subscribe(self, instruments: &[Instrument]) -> String {
        match self {
            Self::TwelveData => twelve_data::subscribe(instruments),
        }
    }

    /// The frame that ends these subscriptions.
    #[must_use]
    pub fn unsubscribe(self, instruments: &[Instrument]) -> String {
        match self {
            Self::TwelveData => twelve_data::unsubscribe(instruments),
        }
    }

    /// The frame that ends all subscriptions of the connection.
    #[must_use]
    pub fn reset(self) -> String {
        match self {
            Self::TwelveData => twelve_data::reset(),
        }
    }

    /// The frame that keeps the connection alive; its answer shows that it is.
    #[must_use]
    pub fn keep_alive(self) -> String {
        match self {
            Self::TwelveData => twelve_data::heartbeat(),
        }
    }

    /// What a frame says, without the key, should the provider have said that.
    ///
    /// # Errors
    /// [`FrameError`]; the frame is to be counted and forgotten.
    pub fn parse(self, frame: &str, secret: &Secret) -> Result<Vec<Event>, FrameError> {
        match self {
            Self::TwelveData => twelve_data::parse_event(frame, secret).map(|event| vec![event]),
        }
    }

    /// The path and query of a call for the quotes of these symbols. The key travels in a header,
    /// never here.
    #[must_use]
    pub fn quote_path(self, symbols: &[String]) -> String {
        match self {
            Self::TwelveData => twelve_data::quote_query(symbols),
        }
    }

    /// Reads the answer to a call for `requested`. The result has one entry for each, in order.
    ///
    /// # Errors
    /// [`CallError`] when the call as a whole failed.
    pub fn parse_quotes(
        self,
        requested: &[Instrument],
        http_status: u16,
        body: &str,
        secret: &Secret,
    ) -> Result<Vec<Result<PolledQuote, SymbolError>>, CallError> {
        match self {
            Self::TwelveData => twelve_data::parse_quotes(requested, http_status, body, secret),
        }
    }

    /// What the answer to a refused upgrade or call means. `None` when it is no refusal.
    #[must_use]
    pub fn classify(self, http_status: u16, body: &str, secret: &Secret) -> Option<Refusal> {
        match self {
            Self::TwelveData => twelve_data::classify(http_status, body, secret),
        }
    }

    /// The credits used and left in this minute, as an answer's headers tell them.
    #[must_use]
    pub fn credits(self, header: impl Fn(&str) -> Option<String>) -> Option<(u32, u32)> {
        match self {
            Self::TwelveData => twelve_data::credits(header),
        }
    }

    /// What the smallest plan allows, or what the simulator grants.
    #[must_use]
    pub fn tariff(self, is_simulated: bool) -> Tariff {
        match self {
            Self::TwelveData if is_simulated => twelve_data::SIMULATED,
            Self::TwelveData => twelve_data::BASIC,
        }
    }
}
