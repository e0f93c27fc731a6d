//! What REST calls ask of the hub, and what it answers: payloads that say all that a route shows.

use crate::dialect::{FeedView, QuoteView, SubscriptionFailure};
use crate::market::{FeedStatus, Instrument, Millis, StreamState};
use serde::{Serialize, Serializer};

/// What a REST call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The quotes of these symbols; of the default ones, if there are none.
    Quotes(Vec<Instrument>),
    /// The whole state.
    Status,
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To [`Question::Quotes`].
    Quotes(Quotes),
    /// To [`Question::Status`].
    Status(Status),
}

/// Quotes, and what else a client must know to judge them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quotes {
    /// Whether no market is behind the prices.
    #[serde(skip)]
    pub simulated: bool,
    /// The hub's clock.
    #[serde(skip)]
    pub time: Millis,
    /// The upstream's state.
    #[serde(serialize_with = "as_view")]
    pub feed: FeedStatus,
    /// In the order asked.
    pub quotes: Vec<SymbolView>,
    /// Symbols that are not tracked, and why.
    pub fails: Vec<SubscriptionFailure>,
}

/// The state of one symbol, in `/api/status` and `/api/quotes`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SymbolView {
    /// The quote; its price is `null` when none came yet.
    #[serde(flatten)]
    pub quote: QuoteView,
    /// How it gets its prices.
    pub state: StreamState,
    /// Why it does not stream.
    pub reason: Option<String>,
    /// Connected clients that watch it.
    pub watchers: u32,
}

/// The REST budget as the hub counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditsView {
    /// In the present wall-clock minute.
    pub minute: BudgetView,
    /// In the present UTC day; `null` when the plan has no daily cap.
    pub day: Option<BudgetView>,
    /// What is wrong with the REST calls, if anything is.
    pub trouble: Option<String>,
}

/// One window of the budget, in API credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetView {
    /// Spent.
    pub used: u32,
    /// Left.
    pub left: u32,
    /// Both together.
    pub limit: u32,
}

/// `/api/status` without its envelope.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The upstream's state, since when, and why.
    #[serde(serialize_with = "as_view")]
    pub feed: FeedStatus,
    /// Whether no market is behind the prices.
    #[serde(skip)]
    pub simulated: bool,
    /// The hub's clock.
    #[serde(skip)]
    pub time: Millis,
    /// Connected clients.
    pub viewers: usize,
    /// When a quote last changed: its price, or what is known about it.
    pub last_update: Option<String>,
    /// Messages of upstream since the hub was started.
    pub upstream_messages: u64,
    /// Ticks among them.
    pub upstream_ticks: u64,
    /// Messages that could not be read.
    pub unreadable_messages: u64,
    /// Ticks that were older than what was shown, or of a symbol that nobody tracks.
    pub dropped_ticks: u64,
    /// Price updates sent, one for each receiver.
    pub updates_sent: u64,
    /// How often the upstream connection was lost or refused.
    pub reconnects: u64,
    /// The REST budget.
    pub credits: CreditsView,
    /// What is wrong with storage, if anything is.
    pub storage_trouble: Option<String>,
    /// What is wrong and what to do about it; empty when nothing is.
    pub advice: Vec<Advice>,
    /// Every tracked symbol, the default ones first.
    pub symbols: Vec<SymbolView>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `feed`, `rest`, `credits`, `storage`, `symbols`, `clients`.
    pub about: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What to do, or that there is nothing to be done.
    pub todo: &'static str,
}

fn as_view<S: Serializer>(status: &FeedStatus, serializer: S) -> Result<S::Ok, S::Error> {
    FeedView::of(status).serialize(serializer)
}
