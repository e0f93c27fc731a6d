//! The hub's state as the REST routes show it.

use crate::dialect::{FeedView, QuoteView, ServiceView, SubscriptionFailure};
use crate::hub::answer::{
    Answer, BudgetView, CreditsView, Quotes, Reading, ServerView, Spark, Sparklines, Status, SymbolView,
};
use crate::hub::book::Entry;
use crate::hub::{Machine, SymbolId};
use crate::market::{FeedState, Instrument, Millis, StreamState, iso8601};

impl Machine {
    /// Answers a REST request.
    #[must_use]
    pub fn answer(&self, question: &Reading, now: Millis) -> Answer {
        match question {
            Reading::Status => Answer::Status(self.status(now)),
            Reading::Quotes(symbols) => Answer::Quotes(self.quotes(symbols, now)),
            Reading::Sparklines(symbols) => Answer::Sparklines(self.sparklines(symbols, now)),
        }
    }

    fn sparklines(&self, symbols: &[Instrument], now: Millis) -> Sparklines {
        let defaults = self.config.symbols.as_slice();
        let asked = if symbols.is_empty() { defaults } else { symbols };
        let (mut known, mut fails) = (Vec::new(), Vec::new());
        for symbol in asked {
            let tracked = self.upstream.symbols.find(symbol);
            match tracked.and_then(|id| self.book.get(id)) {
                Some(entry) => {
                    let (end, values) = entry.candles.spark().unwrap_or_default();
                    known.push((symbol.to_string(), Spark { end, values }));
                }
                None => fails.push(self.not_tracked(symbol, now)),
            }
        }
        Sparklines {
            simulated: self.config.simulated,
            as_of: now,
            symbols: known,
            fails,
        }
    }

    fn quotes(&self, symbols: &[Instrument], now: Millis) -> Quotes {
        let defaults = self.config.symbols.as_slice();
        let asked = if symbols.is_empty() { defaults } else { symbols };
        let (mut quotes, mut fails) = (Vec::new(), Vec::new());
        for symbol in asked {
            match self.symbol(symbol) {
                Some(view) => quotes.push(view),
                None => fails.push(self.not_tracked(symbol, now)),
            }
        }
        Quotes {
            simulated: self.config.simulated,
            time: now,
            feed: self.upstream.feed.status().clone(),
            quotes,
            fails,
        }
    }

    /// The whole state, for `/api/status`.
    #[must_use]
    pub fn status(&self, now: Millis) -> Status {
        let (upstream, counts) = (&self.upstream, &self.upstream.counts);
        Status {
            feed: upstream.feed.status().clone(),
            simulated: self.config.simulated,
            time: now,
            viewers: self.delivery.viewers(),
            server: self.config.relay.clone(),
            servers: self.servers(),
            last_update: self.book.last_update().map(iso8601),
            upstream_messages: counts.messages,
            upstream_ticks: counts.ticks,
            unreadable_messages: counts.unreadable,
            dropped_ticks: counts.dropped(),
            updates_sent: self.delivery.counts.updates,
            reconnects: upstream.feed.down_counts().total(),
            credits: self.credits_view(now),
            storage_trouble: self.persist.trouble.clone(),
            access: self.config.access.mode(),
            advice: self.advice(now),
            symbols: self
                .book
                .iter()
                .map(|(id, entry)| self.symbol_view(id, entry))
                .collect(),
        }
    }

    /// The relays with a link, by name.
    fn servers(&self) -> Vec<ServerView> {
        let relays = self.delivery.relays.iter();
        relays
            .map(|(link, relay)| ServerView {
                name: relay.report.server.clone(),
                clients: relay.report.clients,
                since: iso8601(relay.since),
                lag_ms: relay.report.hop_ms,
                clock_ms: relay.report.clock_ms,
                unread: self.delivery.unread(link),
                updates_sent: relay.report.updates,
                losses: relay.report.losses,
            })
            .collect()
    }

    /// One symbol; `None` if it is not tracked.
    #[must_use]
    pub fn symbol(&self, instrument: &Instrument) -> Option<SymbolView> {
        let id = self.upstream.symbols.find(instrument)?;
        self.book.get(id).map(|entry| self.symbol_view(id, entry))
    }

    fn not_tracked(&self, instrument: &Instrument, now: Millis) -> SubscriptionFailure {
        let why = self.upstream.symbols.is_unknown(instrument, now);
        crate::hub::delivery::not_tracked(instrument, why.as_deref())
    }

    /// The state of the upstream connection, without its reason.
    #[must_use]
    pub fn feed_state(&self) -> FeedState {
        self.upstream.feed.state()
    }

    /// Of a relay: when it was last told that a bar has closed; `Millis::MAX` while its link is lost.
    #[must_use]
    pub fn bar_told_at(&self) -> Millis {
        let uplink = self.upstream.uplink.as_ref();
        uplink.map_or(Millis::MAX, |uplink| uplink.bar_told)
    }

    /// How each tracked symbol gets its prices.
    pub fn stream_states(&self) -> impl Iterator<Item = (&Instrument, StreamState)> {
        let symbols = self.upstream.symbols.iter();
        symbols.map(|(_, tracked)| (&tracked.instrument, tracked.state))
    }

    /// The state of the upstream connection, with its reason.
    #[must_use]
    pub fn feed_view(&self) -> FeedView<'_> {
        FeedView::of(self.upstream.feed.status())
    }

    fn symbol_view(&self, id: SymbolId, entry: &Entry) -> SymbolView {
        let watchers = self.upstream.symbols.get(id).map_or(0, |tracked| tracked.watchers);
        SymbolView {
            quote: QuoteView::of(&entry.instrument, &entry.cell, self.config.simulated),
            service: ServiceView::of(&entry.service),
            watchers,
            day_opened: entry.cell.reference.day.and_then(|day| day.opened),
        }
    }

    /// How many tracked symbols get their prices in this way.
    pub(super) fn symbols_in(&self, state: StreamState) -> usize {
        let symbols = self.book.iter().filter(|(_, entry)| entry.service.state == state);
        symbols.count()
    }

    pub(super) fn credits_view(&self, now: Millis) -> CreditsView {
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
