//! The hub seen from outside: what the REST routes and the frames show.

use super::advice::Advice;
use crate::dialect::{FeedView, QuoteView, SubscriptionFailure};
use crate::hub::book::Entry;
use crate::hub::{Machine, SymbolId};
use crate::market::{FeedState, Instrument, Millis, StreamState, iso8601};
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
        let (upstream, counts) = (&self.upstream, &self.upstream.counts);
        Status {
            feed: self.feed_view(),
            viewers: self.delivery.audience.len(),
            last_update: self.book.last_update().map(iso8601),
            upstream_messages: counts.messages,
            upstream_ticks: counts.ticks,
            unreadable_messages: counts.unreadable,
            dropped_ticks: counts.dropped(),
            updates_sent: self.delivery.counts.updates,
            reconnects: upstream.feed.down_counts().total(),
            credits: self.credits_view(now),
            storage_trouble: self.persist.trouble.as_deref(),
            advice: self.advice(now),
            symbols: self
                .book
                .iter()
                .map(|(id, entry)| self.symbol_view(id, entry))
                .collect(),
        }
    }

    /// One symbol; `None` when it is not tracked.
    #[must_use]
    pub fn symbol(&self, instrument: &Instrument) -> Option<SymbolView> {
        let id = self.upstream.symbols.find(instrument)?;
        self.book.get(id).map(|entry| self.symbol_view(id, entry))
    }

    /// Why a symbol is not tracked.
    #[must_use]
    pub fn not_tracked(&self, instrument: &Instrument, now: Millis) -> SubscriptionFailure {
        let why = self.upstream.symbols.is_unknown(instrument, now);
        crate::hub::delivery::not_tracked(instrument, why.as_deref())
    }

    /// What the feed is doing, without the words.
    #[must_use]
    pub fn feed_state(&self) -> FeedState {
        self.upstream.feed.state()
    }

    /// How each tracked symbol gets its prices.
    pub fn stream_states(&self) -> impl Iterator<Item = (&Instrument, StreamState)> {
        let symbols = self.upstream.symbols.iter();
        symbols.map(|(_, tracked)| (&tracked.instrument, tracked.state))
    }

    /// The upstream's state.
    #[must_use]
    pub fn feed_view(&self) -> FeedView<'_> {
        FeedView::of(self.upstream.feed.status())
    }

    fn symbol_view(&self, id: SymbolId, entry: &Entry) -> SymbolView {
        let watchers = self.upstream.symbols.get(id).map_or(0, |tracked| tracked.watchers);
        SymbolView {
            quote: QuoteView::of(&entry.instrument, &entry.cell, self.config.simulated),
            state: entry.service.state,
            reason: entry.service.reason.clone(),
            watchers,
        }
    }

    fn credits_view(&self, now: Millis) -> CreditsView {
        let (in_minute, in_day) = self.upstream.calls.ledger.used(now);
        let (per_minute, per_day) = self.upstream.calls.ledger.limits();
        let budget = |used: u32, limit: u32| BudgetView {
            used,
            left: limit.saturating_sub(used),
            limit,
        };
        CreditsView {
            minute: budget(in_minute, per_minute),
            day: (per_day > 0).then(|| budget(in_day, per_day)),
            trouble: self.upstream.calls.trouble().map(ToOwned::to_owned),
        }
    }
}
