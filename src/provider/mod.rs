//! Messages of the sources of market data, in both directions: one folder for each provider.
//!
//! The hub talks to a [`Provider`] and knows no provider's frames, headers, paths or tariffs. To
//! add a provider, add a folder and a variant.

mod endpoint;
pub mod hub;
mod secret;
pub mod twelve_data;

pub use endpoint::{Endpoint, Outgoing, SHORTEST_SECRET, Source};
pub use secret::Secret;

use crate::market::{self, Bar, ExchangeHours, Instrument, Interval, Millis, PolledQuote, Tick, Venue};

/// A source of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Twelve Data, or anything that speaks its protocol, such as the built-in simulator.
    TwelveData,
}

/// A REST call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// The quotes of these symbols, in the provider's notation.
    Quotes(Vec<String>),
    /// The newest bars of a symbol.
    Series {
        /// In the provider's notation.
        symbol: String,
        /// The interval of the bars.
        interval: Interval,
        /// How many, counted back from now.
        bars: u32,
    },
    /// The instruments whose symbol or name fits a text.
    Search {
        /// The text as a person typed it.
        text: String,
        /// The most results.
        most: u32,
    },
    /// Which exchanges trade, and when that changes.
    Hours,
}

/// The answer to [`Call::Series`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// In order of time, each time once. The last one may still be running.
    pub bars: Vec<Bar>,
    /// Currency of the prices, as the provider names it.
    pub currency: Option<String>,
    /// The venue's name.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// As [`Tick::kind`].
    pub kind: Option<String>,
    /// The venue's time zone, as a name of the IANA database.
    pub timezone: Option<String>,
}

/// The limits of a plan, as defaults for the vars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// Symbols that one connection may stream.
    pub streamed_symbols: u64,
    /// API credits per wall-clock minute.
    pub credits_per_minute: u64,
    /// API credits per UTC day; 0 for a plan without a daily cap.
    pub credits_per_day: u64,
}

/// The content of a stream frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A usable price.
    Tick(Tick),
    /// A price that cannot be used. The symbol's watchers are told why its price does not move.
    Unusable(Unusable),
    /// The answer to a subscription. Symbols in neither list have no answer yet.
    Subscribed {
        /// Symbols that will stream.
        success: Vec<Listing>,
        /// Symbols that will not stream.
        fails: Vec<Listing>,
    },
    /// We sent more messages than the provider accepts, and it ignored the last one.
    TooManyMessages,
    /// The answer to a keep-alive, or an unknown event: it only shows that the connection is alive.
    Other,
}

/// A tick without a usable price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// In the provider's spelling.
    pub symbol: String,
    /// The venue's name.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// What is wrong with the price.
    pub why: &'static str,
}

/// A symbol in the answer to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In the provider's spelling.
    pub symbol: String,
    /// The venue's name, if the answer contains it.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// As [`Tick::kind`].
    pub kind: Option<String>,
}

/// Why a frame was dropped. Only that frame is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Truncated, too long, or not JSON at all.
    #[error("the frame is not a JSON object")]
    NotJson,
    /// An object without an event's name.
    #[error("the frame has no event name")]
    NoEvent,
    /// A price event without a symbol.
    #[error("the price event lacks a symbol")]
    NoSymbol,
}

/// A refusal, classified by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The operator must check the key.
    Key(String),
    /// The key is valid, but the plan does not include this.
    Plan(String),
    /// An unknown symbol, or a request that will never succeed.
    Request(String),
    /// The credits of the current minute are spent.
    Minute,
    /// The credits are spent until midnight UTC.
    Day,
    /// A server error, or an unreadable answer: try again later.
    Server(String),
}

/// Why one symbol of an answer has no quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SymbolError {
    /// The provider refused this symbol.
    Refused(Refusal),
    /// The answer does not contain the symbol.
    Missing,
    /// The answer has no usable price of it, for this reason.
    NoPrice(String),
}

/// Why a whole call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The provider refused the call.
    Refused(Refusal),
    /// The answer could not be parsed.
    Unreadable,
}

impl Unusable {
    /// The venue that the tick names.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl Listing {
    /// The venue that the answer names.
    #[must_use]
    pub fn venue(&self) -> Venue<'_> {
        Venue::of(&self.exchange, &self.mic_code)
    }
}

impl Refusal {
    /// What the provider said, in our words or its own, for a person.
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
    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwelveData => "twelve_data",
        }
    }

    /// The frame that subscribes to all of these.
    #[must_use]
    pub fn subscribe(self, instruments: &[Instrument]) -> String {
        match self {
            Self::TwelveData => twelve_data::subscribe(instruments),
        }
    }

    /// The plans that a refusal names as serving what was asked for: `Grow or Venture`. `None` if it
    /// names none.
    #[must_use]
    pub fn plan_named(self, refusal: &str) -> Option<String> {
        match self {
            Self::TwelveData => twelve_data::plan_named(refusal),
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

    /// The frame that keeps the connection alive; its answer shows that the connection works.
    #[must_use]
    pub fn keep_alive(self) -> String {
        match self {
            Self::TwelveData => twelve_data::heartbeat(),
        }
    }

    /// The events of a frame, with the key removed in case the provider repeated it.
    ///
    /// # Errors
    /// [`FrameError`]; count the frame and drop it.
    pub fn parse(self, frame: &str, secret: &Secret) -> Result<Vec<Event>, FrameError> {
        match self {
            Self::TwelveData => twelve_data::parse_event(frame, secret).map(|event| vec![event]),
        }
    }

    /// The path and query of a REST call. The key travels in a header, never here.
    #[must_use]
    pub fn path(self, call: &Call) -> String {
        match self {
            Self::TwelveData => twelve_data::path(call),
        }
    }

    /// Parses the answer to a call for `requested`. The result has one entry for each, in order.
    ///
    /// # Errors
    /// [`CallError`] if the call as a whole failed.
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

    /// Parses the answer to [`Call::Series`] for `requested`. Bars that cannot be are left out.
    ///
    /// # Errors
    /// [`CallError`]; also if the provider refused the symbol, or answered for another one. A
    /// symbol without bars is not an error.
    pub fn parse_series(
        self,
        requested: &Instrument,
        interval: Interval,
        http_status: u16,
        body: &str,
        secret: &Secret,
    ) -> Result<Series, CallError> {
        match self {
            Self::TwelveData => twelve_data::parse_series(requested, interval, http_status, body, secret),
        }
    }

    /// Parses the answer to [`Call::Search`]: the best match first, one entry for each venue.
    ///
    /// # Errors
    /// [`CallError`]. No match is not an error.
    pub fn parse_search(
        self,
        http_status: u16,
        body: &str,
        secret: &Secret,
    ) -> Result<Vec<market::Listing>, CallError> {
        match self {
            Self::TwelveData => twelve_data::parse_search(http_status, body, secret),
        }
    }

    /// Parses the answer to [`Call::Hours`], which arrived at `now`.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn parse_hours(
        self,
        http_status: u16,
        body: &str,
        secret: &Secret,
        now: Millis,
    ) -> Result<Vec<ExchangeHours>, CallError> {
        match self {
            Self::TwelveData => twelve_data::parse_hours(http_status, body, secret, now),
        }
    }

    /// Classifies the answer to an upgrade or call; `None` if it is not a refusal.
    #[must_use]
    pub fn classify(self, http_status: u16, body: &str, secret: &Secret) -> Option<Refusal> {
        match self {
            Self::TwelveData => twelve_data::classify(http_status, body, secret),
        }
    }

    /// The credits used and left in this minute, from the headers of an answer.
    #[must_use]
    pub fn credits(self, header: impl Fn(&str) -> Option<String>) -> Option<(u32, u32)> {
        match self {
            Self::TwelveData => twelve_data::credits(header),
        }
    }

    /// The limits of the smallest plan, or those of the simulator.
    #[must_use]
    pub fn tariff(self, is_simulated: bool) -> Tariff {
        match self {
            Self::TwelveData if is_simulated => twelve_data::SIMULATED,
            Self::TwelveData => twelve_data::BASIC,
        }
    }
}
