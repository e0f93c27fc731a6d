//! Questions that REST routes ask the hub, and the answers: payloads with everything a route shows.

use crate::dialect::{FeedView, QuoteView, ServiceView, SubscriptionFailure};
use crate::market::{Bar, ExchangeHours, FeedStatus, Gap, Instrument, Interval, Kind, Millis};
use serde::{Serialize, Serializer};

/// What a REST request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The quotes of these symbols; an empty list means the default symbols.
    Quotes(Vec<Instrument>),
    /// The whole state, for `/api/status`.
    Status,
    /// The bars of a symbol, for `/api/history`.
    History(HistoryQuestion),
    /// The closes of the last hour of these symbols; an empty list means the default symbols.
    Sparklines(Vec<Instrument>),
    /// The instruments whose symbol or name fits a text.
    Search(SearchQuestion),
    /// Which exchanges trade, and when that changes.
    Sessions,
}

/// A question that is answered from what the hub holds in memory, once prices are fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// As [`Question::Quotes`].
    Quotes(Vec<Instrument>),
    /// As [`Question::Status`].
    Status,
    /// As [`Question::Sparklines`].
    Sparklines(Vec<Instrument>),
}

/// Which bars of a symbol are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuestion {
    /// The symbol.
    pub instrument: Instrument,
    /// The interval of the bars.
    pub interval: Interval,
    /// The most bars, counted back from `before`.
    pub limit: usize,
    /// Only bars that start before this time; `None` means up to now.
    pub before: Option<Millis>,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuestion {
    /// As a person typed it, without white space around it, 1 to 64 characters.
    pub text: String,
    /// The most results.
    pub limit: usize,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Answers [`Question::Quotes`].
    Quotes(Quotes),
    /// Answers [`Question::Status`].
    Status(Status),
    /// Answers [`Question::History`].
    History(History),
    /// Answers [`Question::Sparklines`].
    Sparklines(Sparklines),
    /// Answers [`Question::Search`].
    Search(Search),
    /// Answers [`Question::Sessions`].
    Sessions(Sessions),
}

/// Bars of a symbol, and what is missing and why.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Whether the prices come from the simulator.
    pub simulated: bool,
    /// The symbol, with its exchange if it is pinned.
    pub symbol: String,
    /// The interval of the bars.
    pub interval: Interval,
    /// The venue's name; forex has none.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The provider's `type`, such as `Common Stock`.
    pub r#type: Option<String>,
    /// Currency of the prices, as the provider names it.
    pub currency: Option<String>,
    /// The venue's time zone, as a name of the IANA database.
    pub timezone: Option<String>,
    /// The provider's name, such as `twelve_data`, for bars of
    /// [`BarSource::Provider`](crate::market::BarSource).
    pub provider: &'static str,
    /// In order of time.
    pub bars: Vec<Bar>,
    /// Parts without complete bars, within the bars' time, in order.
    pub gaps: Vec<Gap>,
    /// Start of the bar that is not complete yet, if it is among `bars`.
    pub running: Option<Millis>,
    /// Whether there are bars before the first one, here or at the provider.
    pub more: bool,
    /// The hub's time.
    pub as_of: Millis,
    /// Why bars are missing, as text for a person, if they are.
    pub reason: Option<String>,
    /// When to ask again for what is missing.
    pub retry_at: Option<Millis>,
    /// Whether the symbol is not served at all, for `reason`.
    pub is_refused: bool,
}

/// The closes of the last hour, one a minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparklines {
    /// Whether the prices come from the simulator.
    pub simulated: bool,
    /// The hub's time.
    pub as_of: Millis,
    /// One item for each tracked symbol, in the order asked.
    pub symbols: Vec<(String, Spark)>,
    /// Symbols that are not tracked, and why.
    pub fails: Vec<SubscriptionFailure>,
}

/// Closes of consecutive minutes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spark {
    /// Start of the minute of the last value.
    pub end: Millis,
    /// In order of time, at most 60, the last one for the newest closed minute; `None` for a minute
    /// without a trade. Empty if nothing is known.
    pub values: Vec<Option<f64>>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The text.
    pub text: String,
    /// Who answered.
    pub from: FoundBy,
    /// Why more may exist than was found, as text for a person.
    pub reason: Option<String>,
    /// When to ask again.
    pub retry_at: Option<Millis>,
    /// The best first.
    pub results: Vec<Found>,
}

/// Who answered a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The hub, from the symbols that it tracks.
    Hub,
    /// The hub, from an answer that the provider gave earlier.
    Cache,
    /// The provider, now.
    Provider,
}

/// An instrument that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The symbol alone.
    pub symbol: String,
    /// What to subscribe to: pinned to the exchange where the symbol alone is another venue's.
    pub subscribe: String,
    /// The long name.
    pub name: Option<String>,
    /// The venue's name; forex has none.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The provider's `type`, such as `Common Stock`.
    pub r#type: Option<String>,
    /// The kind, if it is known.
    pub kind: Option<Kind>,
    /// Currency of the price.
    pub currency: Option<String>,
    /// Country of the venue.
    pub country: Option<String>,
    /// How the hub gets or would get its prices.
    pub serves: Service,
    /// The smallest plan that includes it, in the provider's words, if the provider says so.
    pub plan: Option<String>,
}

/// How the hub gets or would get the prices of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// By the provider's stream.
    Stream,
    /// By REST.
    Poll,
    /// Not at all.
    No,
    /// It is not tracked, so nobody has tried.
    Unknown,
}

/// The hours of exchanges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessions {
    /// The hub's time.
    pub time: Millis,
    /// When the provider said so; `None` if it has not yet.
    pub as_of: Option<Millis>,
    /// One item for each exchange that the provider lists.
    pub exchanges: Vec<ExchangeHours>,
    /// Why nothing, or nothing newer, is known.
    pub reason: Option<String>,
    /// When to ask again.
    pub retry_at: Option<Millis>,
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
    #[serde(flatten)]
    pub service: ServiceView,
    /// Connected clients that watch it.
    pub watchers: u32,
    /// When the bar of its day opened, if the provider says it.
    #[serde(skip)]
    pub day_opened: Option<Millis>,
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
    /// Connected clients, those of relays among them.
    pub viewers: u64,
    /// The name of this server, if it is a relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The relays that have a link to this hub.
    pub servers: Vec<ServerView>,
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
    /// Who may connect: `open` to anybody, or `required`: only who has an access token.
    pub access: &'static str,
    /// What is wrong and what to do about it; empty if nothing is.
    pub advice: Vec<Advice>,
    /// Every tracked symbol, the default ones first.
    pub symbols: Vec<SymbolView>,
}

/// A relay, as it reported itself, and its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerView {
    /// Its name, such as `weur/0`.
    pub name: String,
    /// Its clients, and those of relays behind it.
    pub clients: u64,
    /// Since when its link is open, in ISO 8601.
    pub since: String,
    /// Half of the time from a beat of the relay to the hub's answer, in milliseconds; `null` before
    /// the first.
    pub lag_ms: Option<Millis>,
    /// By how much the hub's clock is ahead of the relay's, in milliseconds.
    pub clock_ms: i64,
    /// Bytes of deltas that it has not acknowledged, partly estimated.
    pub unread: u64,
    /// Updates that it has sent, counted once per receiver.
    pub updates_sent: u64,
    /// How often it has lost its link.
    pub losses: u64,
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
