//! Everything between the hub and its provider: connection, subscriptions, REST calls and credits.
//!
//! What the provider sends goes to an implementation of [`Prices`]. This module decides what is
//! asked for and when; it never decides a price and knows nothing of clients.

mod answers;
mod calls;
mod credits;
mod down_reason;
mod feed;
mod routing;
mod subscriptions;
mod symbols;
mod tracked;
mod uplink;

pub use calls::Due;
pub use credits::{Ledger, Purpose};
pub use down_reason::DownReason;
pub use feed::{Feed, FeedTurn};
pub use subscriptions::PAUSE;
pub use symbols::Symbols;
pub use uplink::Uplink;

use super::errand::Errands;
use super::{Config, Effect, Effects, LinkId, RequestId, SymbolId};
use crate::market::{Bar, Cell, Change, Instrument, Millis, PolledQuote, SECOND, Service, Tick};
use crate::provider::Event;
use calls::Calls;
use feed::Outlook;

/// Where the provider's prices go. The book implements it.
pub trait Prices {
    fn cell(&self, id: SymbolId) -> Option<&Cell>;
    /// The symbol is tracked from now on.
    fn open(&mut self, id: SymbolId, instrument: &Instrument);
    /// The symbol is no longer tracked.
    fn close(&mut self, id: SymbolId);
    /// Applies a tick. Returns what changed, and whether the session or the reference changed.
    fn tick(&mut self, id: SymbolId, tick: &Tick, now: Millis) -> Option<(Change, bool)>;
    /// Applies the answer to a REST call that was made at `asked`. `is_streaming`: ticks of the
    /// symbol arrive too.
    fn polled(&mut self, id: SymbolId, quote: &PolledQuote, is_streaming: bool, asked: Millis, now: Millis);
    /// Two symbols are the same instrument: the first takes the other's price, if that is newer.
    fn catch_up(&mut self, id: SymbolId, twin: SymbolId, now: Millis);
    /// The market of this symbol never closes.
    fn never_closes(&mut self, id: SymbolId);
    /// Applies what the hub, whose relay this is, tells of a symbol, with the closes of its last
    /// minutes, if it tells them.
    fn told(&mut self, id: SymbolId, cell: Cell, closes: Vec<Bar>, now: Millis);
    /// That hub tells a bar that has closed.
    fn bar_told(&mut self, id: SymbolId, bar: Bar);
    /// That hub has begun another life, and may know older prices.
    fn another_life(&mut self);
    /// The link to that hub goes on where it was.
    fn resumed(&mut self);
    /// How the symbol gets its prices from now on.
    fn serve(&mut self, id: SymbolId, service: Service);
}

/// The context in which an input is handled.
pub struct Turn<'a> {
    pub config: &'a Config,
    pub prices: &'a mut dyn Prices,
    /// What REST is asked for besides quotes.
    pub errands: &'a mut dyn Errands,
    /// Effects for the driver to execute.
    pub effects: &'a mut Effects,
    pub now: Millis,
}

/// Counters since the object was created.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Messages of the provider.
    pub messages: u64,
    /// Ticks among them.
    pub ticks: u64,
    /// From the exchange's timestamp to our receipt.
    pub tick_ages: Ages,
    /// Messages that could not be parsed.
    pub unreadable: u64,
    /// REST answers that could not be parsed.
    pub unreadable_answers: u64,
    /// Ticks older than the quote already held.
    pub late: u64,
    /// Ticks that match no tracked symbol.
    pub stray: u64,
    /// Times the provider said that we send too many messages.
    pub over_limit: u64,
    /// REST calls that left.
    pub calls: u64,
    /// REST calls that the provider refused.
    pub calls_refused: u64,
    /// REST calls that failed without an HTTP response.
    pub calls_failed: u64,
    pub credits_charged: u64,
    /// Calls that left for bars, searches and hours. Each costs one credit.
    pub errands: u64,
}

/// A histogram of tick ages. Twelve Data's timestamps are whole seconds, so an age is up to one
/// second too high, and differences below one second mean nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ages {
    buckets: [u64; AGES.len()],
    sum: Millis,
    count: u64,
}

/// Upper bounds of the buckets, in seconds.
const AGES: [u64; 8] = [1, 2, 3, 5, 10, 30, 60, 300];

#[derive(Debug)]
pub struct Upstream {
    pub feed: Feed,
    /// Tracked symbols, who wants them, and what streams.
    pub symbols: Symbols,
    pub calls: Calls,
    pub counts: Counts,
    /// For a relay: what it knows of its link to the hub.
    pub uplink: Option<Uplink>,
}

impl Upstream {
    /// No link and no call yet. `seed` drives the backoff's jitter; `spent` is the stored ledger.
    #[must_use]
    pub fn new(config: &Config, spent: Option<&Ledger>, prices: &mut dyn Prices, seed: u64, now: Millis) -> Self {
        let ledger = Ledger::new(config.credits_per_minute, config.credits_per_day);
        Self {
            feed: Feed::new(seed, now),
            symbols: Symbols::new(config, prices, now),
            calls: Calls::new(match spent {
                Some(spent) => ledger.restored(spent),
                None => ledger,
            }),
            counts: Counts::default(),
            uplink: config.relay.as_ref().map(|_| Uplink::default()),
        }
    }

    /// Handles a frame. Returns true when nothing but quotes changed.
    pub fn frame(&mut self, link: LinkId, text: &str, turn: &mut Turn<'_>) -> bool {
        if !self.feed.is_current(link) {
            return true;
        }
        self.counts.messages += 1;
        self.feed.heard(turn.now);
        if self.uplink.is_some() {
            return self.hub_told(text, turn);
        }
        let Ok(events) = turn.config.provider.parse(text, &turn.config.secret) else {
            self.counts.unreadable += 1;
            return false;
        };
        let mut only_quotes = true;
        for event in events {
            only_quotes &= self.event(&event, turn);
        }
        only_quotes
    }

    /// Handles an event. Returns true when nothing but quotes changed.
    fn event(&mut self, event: &Event, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        match event {
            Event::Tick(tick) => return self.ticked(tick, turn),
            Event::Unusable(unusable) => {
                self.counts.unreadable += 1;
                for id in self.symbols.route(&unusable.symbol, unusable.venue()) {
                    let why = format!("upstream's last price was discarded: {}", unusable.why);
                    self.discard(id, &why, now);
                }
            }
            Event::Subscribed { success, fails } => {
                if self.symbols.answered(success, fails, turn.prices) {
                    self.feed.accepted(now);
                }
            }
            Event::TooManyMessages => {
                self.symbols.pause(now);
                self.counts.over_limit += 1;
                if self.symbols.outlook(turn.prices) == Outlook::Nothing {
                    self.feed.told_to_be_quiet(now);
                }
            }
            Event::Other => {}
        }
        false
    }

    pub fn opened(&mut self, link: LinkId, turn: &Turn<'_>) {
        if self.feed.is_current(link) {
            self.feed.opened(turn.config, turn.now);
            self.symbols.link_lost();
            if self.symbols.is_paused(turn.now) {
                self.feed.told_to_be_quiet(turn.now);
            }
        }
    }

    /// The upgrade was answered with another status than 101.
    pub fn refused(&mut self, link: LinkId, status: u16, body: &str, turn: &Turn<'_>) {
        if self.feed.is_current(link) {
            if self.uplink.is_some() {
                self.feed.refused_by_hub(status, turn.config, turn.now);
            } else {
                let refusal = turn.config.provider.classify(status, body, &turn.config.secret);
                self.feed.refused(refusal, turn.config, turn.now);
            }
            self.forget_link();
        }
    }

    /// The connection could not be made, or it ended.
    pub fn lost(&mut self, link: LinkId, what: &str, turn: &Turn<'_>) {
        if self.feed.is_current(link) {
            let what = turn.config.secret.clean(what);
            self.feed.lost(&what, turn.config, turn.now);
            self.forget_link();
        }
    }

    /// The link is gone, and with it all that was asked for on it.
    #[inline(never)]
    fn forget_link(&mut self) {
        self.symbols.link_lost();
        if let Some(uplink) = &mut self.uplink {
            uplink.lost();
        }
    }

    /// Opens, checks or closes the link, and sends subscriptions that changed.
    pub fn advance(&mut self, is_wanted: bool, turn: &mut Turn<'_>) {
        let outlook = match self.uplink {
            // The hub itself knows when to expect ticks.
            Some(_) => Outlook::Nothing,
            None => self.symbols.outlook(turn.prices),
        };
        let step = self
            .feed
            .advance(is_wanted, outlook, turn.config, turn.now, turn.effects);
        if step != FeedTurn::Steady {
            self.forget_link();
        }
        if let Some(link) = self.feed.open_link() {
            if self.uplink.is_some() {
                self.speak_to_hub(link, turn);
            } else {
                self.sync(link, turn);
            }
        }
    }

    fn sync(&mut self, link: LinkId, turn: &mut Turn<'_>) {
        let wishes = self.symbols.sync(turn.config, turn.prices, turn.now);
        let provider = turn.config.provider;
        if !wishes.unsubscribe.is_empty() {
            let frame = provider.unsubscribe(&wishes.unsubscribe);
            turn.effects.push(Effect::SendUpstream { link, frame });
        }
        if !wishes.subscribe.is_empty() {
            let frame = provider.subscribe(&wishes.subscribe);
            turn.effects.push(Effect::SendUpstream { link, frame });
        }
        if self.symbols.was_not_answered_at_all(turn.now) {
            self.feed.answered_nothing(turn.config, turn.now);
        } else if self.symbols.was_refused_entirely(turn.now) {
            self.feed.accepted_nothing(turn.config, turn.now);
        }
    }

    /// Reports how each symbol gets its prices.
    pub fn report_services(&self, prices: &mut dyn Prices) {
        for (id, tracked) in self.symbols.iter() {
            prices.serve(id, tracked.service());
        }
    }

    /// Whether the WebSocket is live.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.feed.state() == crate::market::FeedState::Live
    }

    /// When the link needs attention, while the hub is awake.
    #[must_use]
    pub fn link_deadline(&self, config: &Config, prices: &dyn Prices) -> Option<Millis> {
        match &self.uplink {
            Some(uplink) => {
                let talks = self.feed.open_link().map(|_| uplink.speaks_at());
                let watch = self.feed.watch_deadline(Outlook::Nothing, config);
                [talks, watch].into_iter().flatten().min()
            }
            None => self.feed.watch_deadline(self.symbols.outlook(prices), config),
        }
    }

    /// When subscriptions may have to be sent.
    #[must_use]
    pub fn sync_deadline(&self, config: &Config, now: Millis) -> Option<Millis> {
        self.feed.open_link().and_then(|_| match self.uplink {
            Some(_) => self.symbols.ask_hub_at(config),
            None => self.symbols.sync_deadline(config, now),
        })
    }

    /// When the REST call in flight is given up.
    #[must_use]
    pub fn answer_deadline(&self) -> Option<Millis> {
        self.calls.answer_deadline()
    }

    /// When a REST call may be due.
    #[must_use]
    pub fn call_deadline(&self, config: &Config, prices: &dyn Prices, now: Millis) -> Option<Millis> {
        if self.uplink.is_some() {
            return None;
        }
        let due = Due {
            symbols: &self.symbols,
            prices,
            streams: self.streams(),
            config,
        };
        self.calls.deadline(&due, now)
    }
}

impl Counts {
    /// Ticks that no client was sent.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.late + self.stray
    }
}

impl Ages {
    pub fn add(&mut self, age: Millis) {
        self.count += 1;
        self.sum += age;
        for (bucket, bound) in self.buckets.iter_mut().zip(AGES) {
            *bucket += u64::from(age <= bound * SECOND);
        }
    }

    /// Each bucket's upper bound in seconds and the cumulative count, as in Prometheus.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        AGES.into_iter().zip(self.buckets)
    }

    /// Sum of all ages in milliseconds.
    #[must_use]
    pub fn sum(&self) -> Millis {
        self.sum
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let mut ages = Ages::default();
        for age in [0, 1_000, 1_001, 60_000, 3_600_000] {
            ages.add(age);
        }
        let counts: Vec<_> = ages.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 4, 4]);
        assert_eq!((ages.count(), ages.sum()), (5, 3_662_001));
    }
}
