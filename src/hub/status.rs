//! The hub seen from outside: what the REST routes and the frames show.

use super::advice::Advice;
use super::watchlist::Entry;
use super::{Machine, ServerEvent, SymbolId};
use crate::dialect::{FeedView, QuoteView};
use crate::market::{Cell, FeedState, Instrument, Millis, Precision, Quote, StreamState, iso8601};
use serde::Serialize;

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
pub struct Status<'a> {
    /// The upstream's state, since when, and why.
    pub feed: FeedView<'a>,
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
    pub storage_trouble: Option<&'a str>,
    /// What is wrong and what to do about it; empty when nothing is.
    pub advice: Vec<Advice>,
    /// Every tracked symbol, the default ones first.
    pub symbols: Vec<SymbolView>,
}

impl Machine {
    /// The whole state.
    #[must_use]
    pub fn status(&self, now: Millis) -> Status<'_> {
        Status {
            feed: self.feed_view(),
            viewers: self.audience.len(),
            last_update: self.counts.last_update.map(iso8601),
            upstream_messages: self.counts.upstream_messages,
            upstream_ticks: self.counts.ticks,
            unreadable_messages: self.counts.unreadable,
            dropped_ticks: self.counts.dropped(),
            updates_sent: self.counts.updates,
            reconnects: self.feed.down_counts().total(),
            credits: self.credits_view(now),
            storage_trouble: self.storage_trouble.as_deref(),
            advice: self.advice(now),
            symbols: self.list.iter().map(|(_, entry)| self.symbol_view(entry)).collect(),
        }
    }

    /// One symbol; `None` when it is not tracked.
    #[must_use]
    pub fn symbol(&self, instrument: &Instrument) -> Option<SymbolView> {
        let id: SymbolId = self.list.find(instrument)?;
        self.list.get(id).map(|entry| self.symbol_view(entry))
    }

    /// What the feed is doing, without the words.
    #[must_use]
    pub fn feed_state(&self) -> FeedState {
        self.feed.state().0
    }

    /// How each tracked symbol gets its prices.
    pub fn stream_states(&self) -> impl Iterator<Item = (&Instrument, StreamState)> {
        self.list.iter().map(|(_, entry)| (&entry.instrument, entry.state))
    }

    /// The upstream's state.
    #[must_use]
    pub fn feed_view(&self) -> FeedView<'_> {
        let (state, since, reason) = self.feed.state();
        FeedView {
            state,
            since: iso8601(since),
            reason,
        }
    }

    pub(super) fn feed_event(&self) -> String {
        let event = ServerEvent::Feed {
            feed: self.feed_view(),
            simulated: self.config.simulated,
        };
        event.text()
    }

    pub(super) fn quote_view(&self, entry: &Entry) -> QuoteView {
        let Cell {
            quote,
            reference,
            details,
        } = &entry.cell;
        let known = quote.as_ref();
        let text = |time: fn(&Quote) -> Option<Millis>| known.and_then(time).map(iso8601);
        QuoteView {
            symbol: entry.instrument.to_string(),
            price: known.map(|quote| quote.price),
            percent_change: entry.cell.percent_change(),
            timestamp: text(|quote| quote.exchange_time),
            timestamp_precision: known.and_then(|quote| quote.precision).map(Precision::name),
            kind: details.kind.clone(),
            currency: details.currency.clone(),
            mic_code: details.mic_code.clone(),
            decimals: details.decimals,
            exchange: known.and_then(|quote| quote.exchange.clone()),
            bid: known.and_then(|quote| quote.bid),
            ask: known.and_then(|quote| quote.ask),
            day_volume: known.and_then(|quote| quote.day_volume),
            previous_close: reference.previous_close,
            received_at: text(|quote| Some(quote.received)),
            source: known.map(|quote| quote.provenance),
            simulated: self.config.simulated,
            session: reference.session,
            freshness: known.map(|quote| if quote.stale_since.is_some() { "stale" } else { "fresh" }),
            stale_since: text(|quote| quote.stale_since),
        }
    }

    fn symbol_view(&self, entry: &Entry) -> SymbolView {
        SymbolView {
            quote: self.quote_view(entry),
            state: entry.state,
            reason: entry.spoken_reason(),
            watchers: entry.watchers,
        }
    }

    fn credits_view(&self, now: Millis) -> CreditsView {
        let (in_minute, in_day) = self.polling.ledger.used(now);
        let (per_minute, per_day) = self.polling.ledger.limits();
        let budget = |used: u32, limit: u32| BudgetView {
            used,
            left: limit.saturating_sub(used),
            limit,
        };
        CreditsView {
            minute: budget(in_minute, per_minute),
            day: (per_day > 0).then(|| budget(in_day, per_day)),
            trouble: self.polling.trouble().map(ToOwned::to_owned),
        }
    }
}
