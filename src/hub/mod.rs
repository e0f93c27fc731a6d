//! The hub: one sans-IO machine that takes what happened and the time, and says what to do.
//!
//! [`Machine::handle`] takes an [`Input`] and `now`; afterwards **the queue of [`Effect`]s must be drained** with
//! [`Machine::next_effect`] and both deadlines read again: [`Machine::alarm_at`] is for the object's durable alarm,
//! [`Machine::timer_at`] for a timer in memory. When either passes, hand in [`Input::Time`]; early or repeated calls do nothing.
//!
//! Nothing here knows of Workers, sockets, clocks or randomness: the seed of the backoff's jitter is handed in.

mod advice;
mod audience;
mod channels;
mod checkpoint;
mod clients;
mod config;
mod conflation;
mod counts;
mod credits;
mod door;
mod down_reason;
mod feed;
mod flow_control;
mod log;
mod metrics;
mod polling;
mod resume_log;
mod shards;
mod shares;
mod status;
mod storage_breaker;
#[cfg(test)]
mod tests;
mod upstream;
mod watchlist;

pub use advice::Advice;
pub use config::{Config, ConfigError, DEFAULT_SYMBOLS};
pub use conflation::PlainShard;
pub use counts::EdgeCounts;
pub use credits::{Ledger, Purpose};
pub use door::{Door, Refused};
pub use down_reason::DownReason;
pub use shares::Viewer;
pub use status::{CreditsView, Status, SymbolView};
pub use storage_breaker::{Row, StorageBreaker, Write};

use crate::dialect::{Dialect, ServerEvent};
use crate::market::{FeedState, Instrument, Millis};
use audience::Audience;
use channels::Channels;
use checkpoint::Earlier;
use conflation::Conflation;
use counts::Counts;
use feed::{Feed, FeedTurn};
use log::Logged;
use polling::Polling;
use shares::Refusals;
use std::collections::VecDeque;
use watchlist::{Asker, Watchlist};

/// A tracked symbol's number, for as long as it is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// A client's number, unique among the connected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// A stream's number, in this life of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Clients that are sent the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// All plain-JSON clients.
    Plain,
    /// The plain-JSON clients of a shard that watch a symbol.
    Symbol(SymbolId, PlainShard),
    /// The readers of a channel.
    Channel(ChannelId),
}

/// An upstream connection's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkId(pub u32);

/// A REST call's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);

/// A waiting REST reader's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaiterId(pub u32);

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client connected, and who is behind it.
    Joined(ClientId, Dialect, Viewer),
    /// A client that was connected before the object slept, with its last [`Effect::Remember`].
    Rejoined(ClientId, String),
    /// A text frame of a client.
    Said(ClientId, String),
    /// A binary frame of a client, of so many bytes.
    SaidBinary(ClientId, usize),
    /// A client is gone.
    Left(ClientId),
    /// A REST reader wants these symbols (none: the default ones); answered by [`Effect::Answer`].
    Waiter(WaiterId, Vec<Instrument>),
    /// The upgrade succeeded.
    Opened(LinkId),
    /// The upgrade was answered with another status, and this body.
    Refused(LinkId, u16, String),
    /// The connection could not be made, or ended; the text says how.
    Lost(LinkId, String),
    /// A text frame of upstream.
    Frame(LinkId, String),
    /// A REST call was answered.
    Fetched(RequestId, RestAnswer),
    /// A REST call failed on the way.
    FetchFailed(RequestId, String),
    /// Storage refused a write, or (`None`) took one.
    Stored(Option<String>),
    /// As [`Input::Stored`], for the row of [`Effect::SaveCredits`]: only now may the call leave.
    Charged(Option<String>),
    /// The event loop has come round since [`Effect::Pulse`].
    Pulse,
    /// Time passed.
    Time,
}

impl Input {
    /// A client connected that is on its own, as far as anybody can tell.
    #[must_use]
    pub fn joined(client: ClientId, dialect: Dialect) -> Self {
        Self::Joined(client, dialect, Viewer::alone(client))
    }
}

/// What a REST call brought.
#[derive(Debug, Clone)]
pub struct RestAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// `api-credits-used`, `api-credits-left`.
    pub credits: Option<(u32, u32)>,
}

/// Something to do. The order matters.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open the upstream connection.
    OpenUpstream {
        /// Its number.
        link: LinkId,
    },
    /// Send upstream.
    SendUpstream {
        /// On this connection.
        link: LinkId,
        /// Text.
        frame: String,
    },
    /// Close the upstream connection, before anything else is opened.
    CloseUpstream {
        /// This one.
        link: LinkId,
    },
    /// Call REST `/quote`; the budget is charged, and the charge is stored.
    Fetch {
        /// The call's number.
        request: RequestId,
        /// Symbols as upstream wants them.
        symbols: Vec<String>,
    },
    /// Send to one client.
    Send {
        /// Whom.
        client: ClientId,
        /// Text.
        frame: String,
    },
    /// Send to all in a group.
    Broadcast {
        /// Whom.
        group: Group,
        /// Text.
        frame: String,
    },
    /// From now on the client gets what is sent to the group.
    Enroll {
        /// Who.
        client: ClientId,
        /// Where.
        group: Group,
    },
    /// No longer.
    Dismiss {
        /// Who.
        client: ClientId,
        /// From where.
        group: Group,
    },
    /// Hand in [`Input::Pulse`] once the event loop has come round: what was sent is on its way, what waited was read.
    Pulse,
    /// Keep this where hibernation cannot lose it, for [`Input::Rejoined`].
    Remember {
        /// Whose it is.
        client: ClientId,
        /// Opaque text, of at most 12 KiB.
        record: String,
    },
    /// Close a client's connection.
    CloseClient {
        /// Whose.
        client: ClientId,
        /// A documented code.
        code: u16,
        /// For people.
        reason: &'static str,
    },
    /// Answer a waiting REST reader from the cache as it is.
    Answer(WaiterId),
    /// Store the cache.
    SaveCheckpoint(String),
    /// Store the budget; answered by [`Input::Charged`], before which the call does not leave.
    SaveCredits(String),
    /// One line for the operator's log, a JSON object.
    Log(String),
}

/// Effects in order.
#[derive(Debug, Default)]
pub struct Effects(VecDeque<Effect>);

impl Effects {
    /// Queues one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }
}

/// What storage held when the object was made.
#[derive(Debug, Default)]
pub struct Stored {
    /// The row of [`Effect::SaveCheckpoint`].
    pub checkpoint: Option<String>,
    /// The row of [`Effect::SaveCredits`].
    pub credits: Option<String>,
    /// Whether storage holds an older checkpoint than this.
    pub is_unsaved: bool,
}

/// The hub.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    feed: Feed,
    list: Watchlist,
    audience: Audience,
    polling: Polling,
    readers: Vec<Waiter>,
    conflation: Conflation,
    effects: Effects,
    counts: Counts,
    no_room: Refusals,
    /// For numbers that nobody can guess.
    numbers: fastrand::Rng,
    logged: Logged,
    /// When this life began.
    started: Millis,
    /// State and reason of the feed as clients last heard them.
    announced_feed: (FeedState, String),
    /// When the hub last came out of sleep.
    woke: Millis,
    checkpoint_at: Option<Millis>,
    /// When to look who does not read.
    sweep_at: Option<Millis>,
    /// How long a client may wait with an acknowledgement.
    acknowledge_within: Millis,
    dirty: bool,
    /// From when a row that was refused while the hub slept is written again.
    save_again_at: Option<Millis>,
    /// Whether storage has not said yet what became of the last row.
    is_saving: bool,
    /// The wait for upstream that is stored.
    remembered_wait: Option<Millis>,
    storage_trouble: Option<String>,
    alarm_at: Option<Millis>,
    timer_at: Option<Millis>,
}

#[derive(Debug)]
struct Waiter {
    id: WaiterId,
    symbols: Vec<SymbolId>,
    until: Millis,
}

impl Machine {
    /// A hub that has what `stored` held. `seed` drives the backoff's jitter, and tells epochs apart that begin at the same time.
    #[must_use]
    pub fn new(config: Config, stored: &Stored, seed: u64, now: Millis) -> Self {
        let earlier = Earlier::read(stored.checkpoint.as_deref(), &config, now);
        let spent: Option<Ledger> = stored.credits.as_deref().and_then(|row| serde_json::from_str(row).ok());
        let ledger = Ledger::new(config.credits_per_minute, config.credits_per_day);
        let mut list = Watchlist::new(&config, now);
        for (instrument, cell) in earlier.cells {
            // A default symbol, or one that somebody watched: he is likely to come back.
            if let Ok(id) = list.track(&instrument, Asker::Reader, &config, now)
                && let Some(entry) = list.get_mut(id)
            {
                entry.cell = cell;
                // It makes room at once for those who do come back.
                entry.created = 0;
            }
        }
        let mut feed = Feed::new(seed, now);
        if let Some(trouble) = earlier.trouble {
            feed.remember(trouble);
        }
        let remembered_wait = feed.remembered_wait(now);
        Self {
            announced_feed: (feed.state().0, feed.state().2.to_owned()),
            logged: Logged::new(feed.state().0),
            feed,
            list,
            audience: Audience::last_seen_at(earlier.last_seen),
            polling: Polling::new(match &spent {
                Some(spent) => ledger.restored(spent),
                None => ledger,
            }),
            readers: Vec::new(),
            conflation: Conflation::new(Channels::new(seed, config.shard, now), &config),
            effects: Effects::default(),
            counts: Counts::default(),
            no_room: Refusals::default(),
            numbers: fastrand::Rng::with_seed(!seed),
            started: now,
            woke: now,
            checkpoint_at: None,
            sweep_at: None,
            acknowledge_within: flow_control::OFTEN,
            dirty: false,
            // At once: this life may be over when the one that a poke makes is put to sleep.
            save_again_at: stored.is_unsaved.then_some(now),
            is_saving: false,
            remembered_wait,
            storage_trouble: None,
            alarm_at: None,
            timer_at: None,
            config,
        }
    }

    /// Takes one input. Drain the effects afterwards.
    pub fn handle(&mut self, input: Input, now: Millis) {
        if let Input::Said(client, _) | Input::SaidBinary(client, _) = &input
            && !self.audience.knows(*client)
        {
            // It was closed, and goes on talking: not an instruction more for it.
            return;
        }
        match input {
            Input::Frame(link, text) => {
                let only_a_quote = self.upstream_frame(link, &text, now);
                if only_a_quote && self.may_skip_housekeeping(now) {
                    return;
                }
            }
            Input::Pulse => {
                self.conflation.pulse();
                if self.may_skip_housekeeping(now) {
                    return;
                }
            }
            Input::Joined(client, dialect, viewer) => self.client_joined(client, dialect, viewer, now),
            Input::Rejoined(client, record) => self.client_rejoined(client, &record, now),
            Input::Said(client, text) => {
                let only_an_acknowledgement = self.client_said(client, &text, now);
                if only_an_acknowledgement && self.may_skip_housekeeping(now) {
                    return;
                }
            }
            Input::SaidBinary(client, bytes) => self.client_said_binary(client, bytes, now),
            Input::Left(client) => self.client_left(client, now),
            Input::Waiter(reader, symbols) => self.reader_came(reader, &symbols, now),
            Input::Opened(link) => self.upstream_opened(link, now),
            Input::Refused(link, status, body) => self.upstream_refused(link, status, &body, now),
            Input::Lost(link, what) => self.upstream_lost(link, &what, now),
            Input::Fetched(request, answer) => self.fetched(request, &answer, now),
            Input::FetchFailed(request, what) => self.fetch_failed(request, &what, now),
            Input::Stored(trouble) => {
                // What was not stored is tried again with the next checkpoint. Asleep, there is none: then when something next wakes
                // the hub, after as long.
                let of_checkpoint = std::mem::take(&mut self.is_saving);
                self.dirty |= trouble.is_some() && self.checkpoint_at.is_some();
                if trouble.is_some() && of_checkpoint && self.checkpoint_at.is_none() {
                    self.save_again_at = Some(now + self.config.checkpoint);
                }
                self.counts.storage_failures += u64::from(trouble.is_some());
                self.storage_trouble = trouble;
            }
            Input::Charged(trouble) => self.charged(trouble, now),
            Input::Time => {}
        }
        self.advance(now);
    }

    /// After an input that can only push deadlines back there is nothing to do but to send, unless a deadline has come. This is
    /// the way of nearly every input under load.
    fn may_skip_housekeeping(&mut self, now: Millis) -> bool {
        // How much plain clients were sent matters only while more is sent: no timer keeps the
        // object awake for it.
        let due = [self.alarm_at, self.timer_at, self.conflation.unproven_sweep_at];
        if due.into_iter().flatten().any(|at| at <= now) {
            return false;
        }
        self.flush(now);
        let more = [self.timer_at, self.sweep_at, self.conflation.deadline()];
        self.timer_at = more.into_iter().flatten().min();
        true
    }

    /// The next thing to do.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.0.pop_front()
    }

    /// When the object's alarm must hand in [`Input::Time`]: reconnect, REST refresh, checkpoint and idle survive anything.
    #[must_use]
    pub fn alarm_at(&self) -> Option<Millis> {
        self.alarm_at
    }

    /// When a timer in memory must hand in [`Input::Time`]: these matter only while the object is awake.
    #[must_use]
    pub fn timer_at(&self) -> Option<Millis> {
        self.timer_at
    }

    /// What the operator set.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether anything is to be done at all.
    fn is_awake(&self, now: Millis) -> bool {
        self.audience.is_watching(self.config.idle, now) || self.feed.open_link().is_some()
    }

    /// Whether the platform may put the hub to sleep with its clients: nothing but the alarm would
    /// wake it.
    #[must_use]
    pub fn may_sleep(&self) -> bool {
        self.timer_at.is_none() && self.feed.open_link().is_none()
    }

    /// Whether the WebSocket brings prices.
    fn streams(&self) -> bool {
        self.feed.state().0 == FeedState::Live
    }

    /// Everything that is due at `now`, and everything that follows from the input just taken.
    fn advance(&mut self, now: Millis) {
        let watching = self.audience.is_watching(self.config.idle, now);
        if watching {
            self.wake(now);
        }
        let turn = self
            .feed
            .advance(watching, self.list.outlook(), &self.config, now, &mut self.effects);
        if turn != FeedTurn::Steady {
            self.list.link_lost();
        }
        if let Some(link) = self.feed.open_link() {
            self.sync_upstream(link, now);
        }
        if watching {
            self.expire_quotes(now);
            self.start_call(now);
        }
        self.answer_readers(now);
        self.sweep(now);
        self.sweep_unproven(now);
        self.announce(now);
        self.flush(now);
        self.save(watching, now);
        self.log_news(now);
        self.alarm_at = self.next_alarm(now);
        self.timer_at = self.next_timer(now);
    }

    /// Somebody is here; whoever wakes the hub starts its checkpoints.
    fn wake(&mut self, now: Millis) {
        if self.checkpoint_at.is_none() {
            self.woke = now;
            self.checkpoint_at = Some(now + self.config.checkpoint);
        }
    }

    fn next_alarm(&self, now: Millis) -> Option<Millis> {
        if !self.is_awake(now) {
            return None;
        }
        let idle = self.audience.idle_deadline(self.config.idle);
        let poll = self.polling.deadline(&self.list, self.streams(), &self.config, now);
        [self.feed.retry_deadline(), poll, self.checkpoint_at, idle]
            .into_iter()
            .flatten()
            .min()
    }

    fn next_timer(&self, now: Millis) -> Option<Millis> {
        let watch = self.feed.watch_deadline(self.list.outlook(), &self.config);
        let sync = self
            .feed
            .open_link()
            .and_then(|_| self.list.sync_deadline(&self.config, now));
        let readers = self.readers.iter().map(|reader| reader.until).min();
        let stale = self
            .list
            .iter()
            .filter_map(|(_, entry)| entry.cell.turns_stale_at(self.config.stale))
            .min();
        let stale = stale.filter(|_| self.is_awake(now));
        [watch, sync, readers, stale, self.sweep_at, self.conflation.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn save(&mut self, watching: bool, now: Millis) {
        let due = self.checkpoint_at.is_some_and(|at| at <= now);
        // Asleep, it may still take the answer of its last call, and has no alarm that would store it later.
        let falling_asleep = !watching && (self.checkpoint_at.is_some() || self.dirty);
        // A long wait for upstream is stored at once: the platform may put the object to sleep meanwhile.
        let wait = self.feed.remembered_wait(now);
        let new_wait = wait.is_some() && wait != self.remembered_wait;
        let again = self.save_again_at.is_some_and(|at| at <= now);
        if (due || falling_asleep) && self.dirty || new_wait || again {
            self.dirty = false;
            self.save_again_at = None;
            self.is_saving = true;
            self.remembered_wait = wait;
            self.counts.checkpoints += 1;
            let row = self.checkpoint(now);
            self.effects.push(Effect::SaveCheckpoint(row));
        }
        if due || falling_asleep {
            self.checkpoint_at = watching.then(|| now + self.config.checkpoint);
        }
    }

    fn expire_quotes(&mut self, now: Millis) {
        let after = self.config.stale;
        let stale: Vec<SymbolId> = self
            .list
            .iter_mut()
            .filter_map(|(id, entry)| entry.cell.expire(after, now).then_some(id))
            .collect();
        for id in stale {
            self.publish(id);
        }
    }
}
