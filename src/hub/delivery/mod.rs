//! Everything between the book and the clients: who is connected, what each wants, what it is sent
//! and when, and what becomes of one that does not read or says too much.
//!
//! It reads the [`Book`] by revision, and knows nothing of upstream. What it wants of the symbols
//! it asks through [`Demand`].

mod audience;
mod channels;
mod clients;
mod conflation;
mod door;
mod flow_control;
mod resume_log;
mod shards;
mod shares;
mod waiters;

pub use door::{Door, Refused};
pub use shares::not_tracked;

use super::demand::{Asker, Demand, NotTracked};
use super::{Book, ChannelId, ClientId, Config, Effect, Effects, Group, QuoteShard, SymbolId, Viewer, WaiterId};
use crate::dialect::{Dialect, FeedView, ServerEvent, Way};
use crate::market::{FeedState, FeedStatus, Millis};
use audience::Audience;
use channels::Channels;
use conflation::Conflation;
use shares::Refusals;
use waiters::Waiters;

/// What an input is taken with.
pub struct Stage<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The state of the feed.
    pub feed: &'a FeedStatus,
    /// The tracked symbols.
    pub demand: &'a mut dyn Demand,
    /// What is to be done.
    pub effects: &'a mut Effects,
    /// The time.
    pub now: Millis,
}

/// What was counted since the object was made.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Messages of clients that could not be understood.
    pub unreadable: u64,
    /// Price updates sent, one for each receiver.
    pub updates: u64,
    /// Frames sent, one for each receiver.
    pub frames: u64,
    /// Messages of clients.
    pub client_messages: u64,
    /// Clients that were sent nothing more because they did not read.
    pub pauses: u64,
    /// Clients that were closed because they said too much.
    pub floods: u64,
    /// Clients that were closed because they read nothing.
    pub slow: u64,
}

/// The clients' side of the hub.
#[derive(Debug)]
pub struct Delivery {
    /// Connected clients.
    pub audience: Audience,
    /// REST calls that wait for fresh prices.
    pub waiters: Waiters,
    /// What was counted.
    pub counts: Counts,
    conflation: Conflation,
    no_room: Refusals,
    /// For numbers that nobody can guess.
    numbers: fastrand::Rng,
    /// The revision of the book up to which changes wait to be sent, or were.
    seen: u64,
    /// State and reason of the feed as clients last heard them.
    announced_feed: (FeedState, String),
    /// When to look who does not read.
    sweep_at: Option<Millis>,
    /// How long a client may wait with an acknowledgement.
    acknowledge_within: Millis,
}

impl Delivery {
    /// No clients; the last one of an earlier life was there at `last_seen`. `seed` tells epochs
    /// apart that begin at the same time.
    #[must_use]
    pub fn new(config: &Config, feed: &FeedStatus, last_seen: Option<Millis>, seed: u64, now: Millis) -> Self {
        Self {
            audience: Audience::last_seen_at(last_seen),
            waiters: Waiters::default(),
            counts: Counts::default(),
            conflation: Conflation::new(Channels::new(seed, config.shard, now), config),
            no_room: Refusals::default(),
            numbers: fastrand::Rng::with_seed(!seed),
            seen: 0,
            announced_feed: (feed.state, feed.reason.clone()),
            sweep_at: None,
            acknowledge_within: flow_control::OFTEN,
        }
    }

    /// The number of this life, by which clients tell that the hub was restarted.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.conflation.channels.epoch()
    }

    /// Channels that somebody is in.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.conflation.channels.inhabited()
    }

    /// How many symbols were refused for want of room; and the same if one was of late.
    #[must_use]
    pub fn no_room(&self, now: Millis) -> (u64, Option<u64>) {
        (self.no_room.count(), self.no_room.of_late(now))
    }

    /// The event loop has come round.
    pub fn pulse(&mut self) {
        self.conflation.pulse();
    }

    /// When something is due that only a timer would call for.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        [self.sweep_at, self.conflation.deadline()].into_iter().flatten().min()
    }

    /// When to look how much plain clients were sent. It matters only while more is sent, so no
    /// timer keeps the object awake for it.
    #[must_use]
    pub fn unproven_sweep_at(&self) -> Option<Millis> {
        self.conflation.unproven_sweep_at
    }

    /// Looks who does not read.
    pub fn look_after_readers(&mut self, stage: &mut Stage<'_>) {
        self.sweep(stage);
        self.sweep_unproven(stage);
    }

    /// Tells everybody of a new state of the feed.
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
            self.counts.frames += self.audience.of_dialect(dialect);
            stage.effects.push(Effect::Broadcast {
                group: Group::Everyone(dialect),
                frame: stage.feed_event(dialect),
            });
        }
        let item = serde_json::json!({"feed": FeedView::of(stage.feed)});
        self.conflation.channels.tell(&item.to_string());
    }

    /// What has changed in the book waits to be sent from here on. Of a symbol's service plain
    /// clients are told at once.
    pub fn observe(&mut self, book: &Book, effects: &mut Effects, now: Millis) {
        for changed in book.changed_since(self.seen) {
            self.conflation.channels.changed(changed.symbol);
            if changed.service {
                self.tell_service(changed.symbol, book, effects, now);
            }
            if changed.quote {
                self.conflation.changed(changed.symbol);
            }
        }
        self.seen = book.revision();
    }

    /// Tells the watchers of a symbol who are sent whole quotes how it gets its prices from now on.
    fn tell_service(&mut self, id: SymbolId, book: &Book, effects: &mut Effects, now: Millis) {
        let shards: Vec<_> = self.conflation.plain_watchers(id).collect();
        let Some(subscription) = clients::subscription(book, id).filter(|_| !shards.is_empty()) else {
            return;
        };
        let event = ServerEvent::SubscribeStatus {
            status: "ok",
            success: vec![subscription],
            fails: Vec::new(),
        };
        for (shard, watchers) in shards {
            let frame = self.conflation.dialect(shard).event(&event, None);
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
    fn feed_event(&self, dialect: Dialect) -> String {
        let event = ServerEvent::Feed {
            feed: FeedView::of(self.feed),
            simulated: self.config.simulated,
        };
        dialect.event(&event, None)
    }
}
