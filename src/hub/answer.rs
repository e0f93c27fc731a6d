//! Questions that REST routes ask the hub, and the answers: payloads with everything a route shows.

use crate::dialect::{FeedView, QuoteView, SubscriptionFailure};
use crate::market::{FeedStatus, Instrument, Millis, StreamState};
use serde::{Serialize, Serializer};

/// What a REST request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The quotes of these symbols; an empty list means the default symbols.
    Quotes(Vec<Instrument>),
    /// The whole state, for `/api/status`.
    Status,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Answers [`Question::Quotes`].
    Quotes(Quotes),
    /// Answers [`Question::Status`].
    Status(Status),
}

/// Quotes, with what a client needs to judge them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quotes {
    /// Whether the prices come from the simulator.
    #[serde(skip)]
    pub simulated: bool,
    /// The hub's time in milliseconds since the Unix epoch.
    #[serde(skip)]
    pub time: Millis,
    /// The state of the upstream connection.
    #[serde(serialize_with = "as_view")]
    pub feed: FeedStatus,
    /// One item per tracked symbol, in the order asked.
    pub quotes: Vec<SymbolView>,
    /// Symbols that are not tracked, and why.
    pub fails: Vec<SubscriptionFailure>,
}

/// The state of one symbol, in `/api/status` and `/api/quotes`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SymbolView {
    /// The quote; its price is `null` until a first one arrives.
    #[serde(flatten)]
    pub quote: QuoteView,
    /// How it gets its prices.
    pub state: StreamState,
    /// Why it does not stream, or why its last price was discarded.
    pub reason: Option<String>,
    /// Connected clients that watch it.
    pub watchers: u32,
}

/// The REST budget as the hub counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditsView {
    /// In the current wall-clock minute.
    pub minute: BudgetView,
    /// In the current UTC day; `null` if the plan has no daily cap.
    pub day: Option<BudgetView>,
    /// What is wrong with REST calls, if anything is.
    pub trouble: Option<String>,
}

/// One window of the budget, in API credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetView {
    /// Credits used.
    pub used: u32,
    /// Credits left.
    pub left: u32,
    /// Credits that the plan allows in this window.
    pub limit: u32,
}

/// `/api/status` without its envelope.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The state of the upstream connection, since when, and why.
    #[serde(serialize_with = "as_view")]
    pub feed: FeedStatus,
    /// Whether the prices come from the simulator.
    #[serde(skip)]
    pub simulated: bool,
    /// The hub's time in milliseconds since the Unix epoch.
    #[serde(skip)]
    pub time: Millis,
    /// Connected clients.
    pub viewers: usize,
    /// When a quote was last replaced or confirmed, in ISO 8601.
    pub last_update: Option<String>,
    /// WebSocket messages of the provider since the hub started.
    pub upstream_messages: u64,
    /// Ticks among those messages.
    pub upstream_ticks: u64,
    /// Provider messages that could not be parsed.
    pub unreadable_messages: u64,
    /// Ticks older than the quote held, or of a symbol that is not tracked.
    pub dropped_ticks: u64,
    /// Price updates sent, counted once per receiver.
    pub updates_sent: u64,
    /// Times that the upstream connection was lost or refused.
    pub reconnects: u64,
    /// The REST budget.
    pub credits: CreditsView,
    /// What is wrong with storage, if anything is.
    pub storage_trouble: Option<String>,
    /// What is wrong and what to do about it; empty if nothing is.
    pub advice: Vec<Advice>,
    /// Every tracked symbol, the default ones first.
    pub symbols: Vec<SymbolView>,
}

/// One problem and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `feed`, `rest`, `credits`, `storage`, `symbols` or `clients`.
    pub about: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What to do, or that nothing needs to be done.
    pub todo: &'static str,
}

fn as_view<S: Serializer>(status: &FeedStatus, serializer: S) -> Result<S::Ok, S::Error> {
    FeedView::of(status).serialize(serializer)
}
