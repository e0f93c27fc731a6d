//! Everything between the book and the clients: who is connected, what each wants, what it is sent
//! and when, and what happens to one that does not read or says too much.
//!
//! It reads the [`Book`] by revision and knows nothing of upstream. It asks for symbols through
//! [`Demand`].

mod audience;
mod beats;
mod blocking;
mod channels;
mod clients;
mod conflation;
mod flow_control;
mod late_answers;
mod relays;
mod resume_log;
mod sessions;
mod shards;
mod shares;
mod standing;
mod waiters;

pub use shares::not_tracked;

use super::demand::{Asker, Demand, NotTracked};
use super::{Book, Carrier, ChannelId, ClientId, Config, Effect, Effects, Group, QuoteShard, SymbolId, WaiterId};
use crate::access::{Pass, Standing, Viewer};
use crate::dialect::{Dialect, FeedView, ServerEvent, Way};
use crate::market::{FeedState, FeedStatus, Millis};
use audience::Audience;
use channels::Channels;
use conflation::Conflation;
use relays::Relays;
use sessions::Sessions;
use shares::Refusals;
use standing::Ends;
use waiters::Waiters;

/// The context in which an input is handled.
pub struct Stage<'a> {
    pub config: &'a Config,
    /// The state of the upstream connection.
    pub feed: &'a FeedStatus,
    pub demand: &'a mut dyn Demand,
    /// Effects for the driver to execute.
    pub effects: &'a mut Effects,
    pub now: Millis,
}

/// Counters since the object was created.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Messages of clients that were invalid.
    pub unreadable: u64,
    /// Price updates sent, counted once per receiver.
    pub updates: u64,
    /// Frames sent, counted once per receiver.
    pub frames: u64,
    pub client_messages: u64,
    /// Times a client was paused because it did not acknowledge.
    pub pauses: u64,
    /// Clients closed because they said too much.
    pub floods: u64,
    /// Clients closed because they did not read.
    pub slow: u64,
}

#[derive(Debug)]
pub struct Delivery {
    pub audience: Audience,
    /// REST requests that wait for fresh prices.
    pub waiters: Waiters,
    pub counts: Counts,
    conflation: Conflation,
    no_room: Refusals,
    /// Generates the numbers of ack-requests, which clients must not guess.
    numbers: fastrand::Rng,
    /// The revision of the book up to which changes were queued.
    seen: u64,
    /// State and reason of the feed that clients were told last.
    announced_feed: (FeedState, String),
    /// When to check for clients that do not read.
    sweep_at: Option<Millis>,
    /// When to send the next beat.
    beat_at: Option<Millis>,
    /// When to check for clients over HTTP that do not read.
    blocked_sweep_at: Option<Millis>,
    sessions: Sessions,
    /// Links of relays.
    pub relays: Relays,
    /// When passes end, and the time to show one.
    ends: Ends,
    /// Clients that wait for the outcome of a subscription, and until when.
    unanswered: Vec<(ClientId, Millis)>,
    /// How long a client may take to acknowledge.
    acknowledge_within: Millis,
}

impl Delivery {
    /// No clients; the last one of an earlier epoch was here at `last_seen`. `seed` distinguishes
    /// epochs that begin in the same millisecond.
    #[must_use]
    pub fn new(config: &Config, feed: &FeedStatus, last_seen: Option<Millis>, seed: u64, now: Millis) -> Self {
        Self {
            audience: Audience::last_seen_at(last_seen),
            waiters: Waiters::default(),
            counts: Counts::default(),
            conflation: Conflation::new(Channels::new(seed, config.shard, now), config),
            no_room: Refusals::default(),
            numbers: fastrand::Rng::with_seed(config.secret_seed(!seed)),
            seen: 0,
            announced_feed: (feed.state, feed.reason.clone()),
            sweep_at: None,
            beat_at: None,
            blocked_sweep_at: None,
            sessions: Sessions::new(config.entropy, config.prefix()),
            relays: Relays::default(),
            ends: Ends::default(),
            unanswered: Vec::new(),
            acknowledge_within: flow_control::OFTEN,
        }
    }

    /// The number of this epoch, by which clients notice a restart.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.conflation.channels.epoch()
    }

    /// Channels that have members.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.conflation.channels.inhabited()
    }

    /// Symbols refused because the table was full: the total; again if one was recent.
    #[must_use]
    pub fn no_room(&self, now: Millis) -> (u64, Option<u64>) {
        (self.no_room.count(), self.no_room.of_late(now))
    }

    /// The event loop has turned.
    pub fn pulse(&mut self) {
        self.conflation.pulse();
    }

    /// When something is due that only a timer can trigger.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let due = [
            self.sweep_at,
            self.beat_at,
            self.blocked_sweep_at,
            self.answers_at(),
            self.conflation.deadline(),
        ];
        due.into_iter().flatten().min()
    }

    /// When to check how much plain clients were sent. It matters only while more is sent, so no
    /// timer keeps the object awake for it.
    #[must_use]
    pub fn unproven_sweep_at(&self) -> Option<Millis> {
        self.conflation.unproven_sweep_at
    }

    /// Checks for clients that do not read, and sends beats.
    pub fn look_after_readers(&mut self, stage: &mut Stage<'_>) {
        self.look_after_passes(stage);
        self.sweep(stage);
        self.sweep_unproven(stage);
        self.sweep_blocked(stage);
        self.answer_what_is_known(stage);
        self.beat(stage);
    }

    /// Announces a new state of the feed to every client.
    pub fn announce_feed(&mut self, stage: &mut Stage<'_>) {
        let FeedStatus { state, reason, .. } = stage.feed;
        if self.announced_feed.0 == *state && self.announced_feed.1 == *reason {
            return;
        }
        self.announced_feed = (*state, reason.clone());
        if self.audience.is_empty() {
            return;
        }
        for dialect in Dialect::ALL.into_iter().filter(|one| one.way() == Way::Quotes) {
            let speakers = self.audience.of_dialect(dialect);
            if let Some(frame) = stage.feed_event(dialect).filter(|_| speakers > 0) {
                self.counts.frames += speakers;
                let group = Group::Everyone(dialect);
                stage.effects.push(Effect::Broadcast { group, frame });
            }
        }
        let item = serde_json::json!({"feed": FeedView::of(stage.feed)});
        self.conflation.channels.tell(&item.to_string());
    }

    /// Queues an item about the hub as a whole for every reader of a channel.
    pub fn headline(&mut self, item: &serde_json::Value) {
        self.conflation.channels.headline(&item.to_string());
    }

    /// Queues what changed in the book. Plain clients are told of a new service at once.
    pub fn observe(&mut self, book: &Book, effects: &mut Effects, now: Millis) {
        for changed in book.changed_since(self.seen) {
            self.conflation.channels.changed(changed.symbol);
            if changed.service {
                self.tell_service(changed.symbol, book, effects, now);
            }
            if changed.quote {
                self.conflation.changed(changed.symbol, self.seen);
            }
            if let Some(bar) = book
                .get(changed.symbol)
                .and_then(|entry| entry.bar.filter(|_| changed.bar))
            {
                self.conflation.channels.bar(changed.symbol, &bar);
            }
        }
        self.seen = book.revision();
    }

    /// Tells a symbol's plain watchers how it gets its prices from now on.
    fn tell_service(&mut self, id: SymbolId, book: &Book, effects: &mut Effects, now: Millis) {
        let shards: Vec<_> = self.conflation.plain_watchers(id).collect();
        let Some(subscription) = clients::subscription(book, id).filter(|_| !shards.is_empty()) else {
            return;
        };
        let event = ServerEvent::subscribed(vec![subscription], Vec::new());
        for (shard, watchers) in shards {
            let dialect = self.conflation.dialect(shard);
            let Some(frame) = dialect.event(&event, None).filter(|_| dialect.tells_service()) else {
                continue;
            };
            self.counts.frames += u64::from(watchers);
            self.conflation.count_bytes((id, shard), frame.len(), now);
            effects.push(Effect::Broadcast {
                group: Group::Symbol(id, shard),
                frame,
            });
        }
    }
}

impl Stage<'_> {
    fn feed_event(&self, dialect: Dialect) -> Option<String> {
        let event = ServerEvent::Feed {
            feed: FeedView::of(self.feed),
            simulated: self.config.simulated,
        };
        dialect.event(&event, None)
    }
}
