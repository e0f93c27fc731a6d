//! The machine: passes inputs to its parts and lets each part do what is due.

use super::book::Book;
use super::delivery::Delivery;
use super::demand::Asker;
use super::memory::Memory;
use super::persist::{Beside, Earlier, Occasion, Persist, row};
use super::report::{Logged, Told};
use super::upstream::{Ledger, Turn, Upstream};
use super::{ClientId, Config, Effect, Effects, Input, Stored};
use crate::access::Standing;
use crate::market::Millis;

/// The hub: one sans-IO state machine. See the [module](super) for its contract.
#[derive(Debug)]
pub struct Machine {
    pub(super) config: Config,
    pub(super) upstream: Upstream,
    pub(super) book: Book,
    pub(super) memory: Memory,
    pub(super) delivery: Delivery,
    pub(super) persist: Persist,
    pub(super) logged: Logged,
    pub(super) told: Told,
    pub(super) effects: Effects,
    /// When this epoch began.
    pub(super) started: Millis,
    alarm_at: Option<Millis>,
    timer_at: Option<Millis>,
}

impl Machine {
    /// A hub restored from `stored`. `seed` drives the backoff's jitter and distinguishes epochs
    /// that begin in the same millisecond.
    #[must_use]
    pub fn new(config: Config, stored: &Stored, seed: u64, now: Millis) -> Self {
        let earlier = Earlier::read(stored.checkpoint.as_deref(), &config, now);
        let spent: Option<Ledger> = stored.credits.as_deref().and_then(|row| serde_json::from_str(row).ok());
        let mut book = Book::new(&config);
        let mut upstream = Upstream::new(&config, spent.as_ref(), &mut book, seed, now);
        for (instrument, cell) in earlier.cells {
            // Restores default symbols, and those that clients watched and may soon ask for again.
            let symbols = &mut upstream.symbols;
            if let Ok(id) = symbols.track(&instrument, Asker::Waiter, &config, &mut book, now) {
                symbols.may_make_room(id);
                symbols.remember_venue(id, &cell);
                book.restore(id, cell);
            }
        }
        if let Some(trouble) = earlier.trouble {
            upstream.feed.remember(trouble);
        }
        Self {
            delivery: Delivery::new(&config, upstream.feed.status(), earlier.last_seen, seed, now),
            persist: Persist::new(stored, upstream.feed.remembered_wait(now), now),
            logged: Logged::new(upstream.feed.state()),
            told: Told::new(now),
            memory: Memory::new(&config),
            upstream,
            book,
            effects: Effects::default(),
            started: now,
            alarm_at: None,
            timer_at: None,
            config,
        }
    }

    /// Handles one input. Drain the effects afterwards.
    pub fn handle(&mut self, input: Input, now: Millis) {
        if let Input::Said(client, _) | Input::SaidBinary(client, _) = &input
            && !self.delivery.audience.knows(*client)
        {
            // Frames of a closed client may still arrive; drop them before any work.
            return;
        }
        if self.is_quick(input, now) && self.nothing_is_due(now) {
            self.flush(now);
            let more = [self.timer_at, self.delivery.deadline()];
            self.timer_at = more.into_iter().flatten().min();
        } else {
            self.advance(now);
        }
    }

    /// Handles one input. Returns true if it can only push deadlines back, so that nothing but a
    /// flush is needed unless a deadline has passed. Under load nearly every input is of this kind.
    fn is_quick(&mut self, input: Input, now: Millis) -> bool {
        match input {
            Input::Frame(link, text) => {
                let (upstream, mut turn) = self.turn(now);
                let only_quotes = upstream.frame(link, &text, &mut turn);
                if let Some(is_simulated) = self.upstream.uplink.as_ref().and_then(|uplink| uplink.is_simulated) {
                    self.config.simulated = is_simulated;
                }
                return only_quotes && self.delivery.waiters.is_empty();
            }
            Input::Pulse => {
                self.delivery.pulse();
                return true;
            }
            Input::Said(client, text) => {
                return self.with_clients(now, |delivery, stage| delivery.said(client, &text, stage));
            }
            Input::SaidBinary(client, bytes) => {
                self.with_clients(now, |delivery, stage| delivery.said_binary(client, bytes, stage));
            }
            Input::Joined(client, dialect, carrier, viewer, standing) => {
                // It does not wake for somebody who has not shown a credential.
                if standing != Standing::Unproven {
                    self.wake(now);
                }
                self.with_clients(now, |delivery, stage| {
                    delivery.joined(client, (dialect, carrier), (viewer, standing), stage)
                });
            }
            Input::Authenticated(client, outcome) => {
                if outcome.is_ok() && self.delivery.audience.knows(client) {
                    self.wake(now);
                }
                self.with_clients(now, |delivery, stage| delivery.authenticated(client, outcome, stage));
            }
            Input::Rejoined(client, record) => {
                self.with_clients(now, |delivery, stage| delivery.rejoined(client, &record, stage));
            }
            Input::Wished(client, wish) => {
                self.with_clients(now, |delivery, stage| delivery.subscribe(client, wish, None, stage));
            }
            Input::Upgraded(client) => self.with_clients(now, |delivery, stage| delivery.upgraded(client, stage)),
            Input::Blocked(client) => self.with_clients(now, |delivery, stage| delivery.blocked(client, stage)),
            Input::Drained(client) => self.with_clients(now, |delivery, stage| delivery.drained(client, stage)),
            Input::Left(client) => self.with_clients(now, |delivery, stage| delivery.left(client, stage)),
            Input::Waiter(waiter, question) => {
                self.persist.wake(&self.config, now);
                self.ask(waiter, question, now);
            }
            Input::Loaded(ticket, rows) => {
                self.with_memory(now, |memory, recall| memory.history.loaded(ticket, &rows, recall));
            }
            Input::Opened(link) => {
                let (upstream, turn) = self.turn(now);
                upstream.opened(link, &turn);
            }
            Input::Refused(link, status, body) => {
                let (upstream, turn) = self.turn(now);
                upstream.refused(link, status, &body, &turn);
            }
            Input::Lost(link, what) => {
                let (upstream, turn) = self.turn(now);
                upstream.lost(link, &what, &turn);
            }
            Input::Fetched(request, answer) => {
                let (upstream, mut turn) = self.turn(now);
                upstream.fetched(request, &answer, &mut turn);
            }
            Input::FetchFailed(request, what) => {
                let (upstream, mut turn) = self.turn(now);
                upstream.fetch_failed(request, &what, &mut turn);
            }
            Input::Charged(trouble) => {
                let (upstream, mut turn) = self.turn(now);
                upstream.charged(trouble.is_none(), &mut turn);
                if let Some(trouble) = trouble {
                    self.persist.charge_refused(trouble);
                }
            }
            Input::Stored(trouble) => {
                if trouble.is_some() {
                    self.memory.history.storage_failed();
                }
                self.persist.stored(trouble, &self.config, now);
            }
            Input::Time => {}
        }
        false
    }

    /// Somebody comes. The hub wakes first, so that they see the feed's new state, and no price as
    /// fresh that has become old while nobody looked.
    fn wake(&mut self, now: Millis) {
        self.delivery.audience.seen(now);
        self.advance(now);
    }

    /// Does everything that is due at `now` and everything that follows from the last input.
    fn advance(&mut self, now: Millis) {
        let is_watched = self.delivery.audience.is_watching(self.config.idle, now);
        if is_watched {
            self.persist.wake(&self.config, now);
        }
        let (upstream, mut turn) = self.turn(now);
        upstream.advance(is_watched, &mut turn);
        if self.config.relay.is_some() {
            self.report_to_hub(now);
        } else {
            self.with_memory(now, Memory::advance);
        }
        if is_watched {
            if !self.upstream.feed.is_told() {
                self.book.expire(now);
            }
            self.start_call(now);
        }
        self.with_clients(now, Delivery::look_after_readers);
        // First, so that a client that changes its channel waits for what is new in its shard.
        self.delivery.observe(&self.book, &mut self.effects, now);
        self.drop_lost_causes(now);
        self.with_clients(now, Delivery::announce_feed);
        self.tell_headline(now);
        self.upstream.report_services(&mut self.book);
        self.flush(now);
        self.save(is_watched, now);
        self.log_news(now);
        self.answer_waiters(now);
        self.alarm_at = self.first_due(true, now);
        self.timer_at = self.first_due(false, now);
    }

    fn start_call(&mut self, now: Millis) {
        let (upstream, mut turn) = self.turn(now);
        if let Some(ledger) = upstream.start_call(&mut turn) {
            self.persist.counts.ledgers += 1;
            self.effects.push(Effect::SaveCredits(ledger));
        }
    }

    /// Tells the hub, whose relay this is, how many clients there are.
    fn report_to_hub(&mut self, now: Millis) {
        let clients = self.delivery.viewers();
        let updates = self.delivery.counts.updates;
        let (upstream, mut turn) = self.turn(now);
        upstream.report(clients, updates, &mut turn);
    }

    /// Symbols that the provider serves in no way are dropped, and their watchers told why.
    fn drop_lost_causes(&mut self, now: Millis) {
        for (id, why) in self.upstream.take_refused() {
            self.with_clients(now, |delivery, stage| delivery.is_refused(id, &why, stage));
            self.upstream.symbols.give_up(id, &mut self.book, now);
        }
        for (id, why) in self.upstream.symbols.lost_causes() {
            self.with_clients(now, |delivery, stage| delivery.is_lost(id, &why, stage));
            self.upstream.symbols.drop_unknown(id, &mut self.book, now);
        }
    }

    fn answer_waiters(&mut self, now: Millis) {
        for (waiter, question) in self.delivery.waiters.take_ready(&self.book, now) {
            let answer = Box::new(self.answer(&question, now));
            self.effects.push(Effect::Answer(waiter, answer));
        }
    }

    fn flush(&mut self, now: Millis) {
        self.delivery.observe(&self.book, &mut self.effects, now);
        self.with_clients(now, Delivery::flush);
    }

    fn save(&mut self, is_watched: bool, now: Millis) {
        // A relay has the prices from its hub, also after a restart.
        let is_relay = self.config.relay.is_some();
        let occasion = Occasion {
            is_watched,
            updates: if is_relay { 0 } else { self.book.updates() },
            wait: self.upstream.feed.remembered_wait(now),
        };
        if self.persist.is_due(occasion, &self.config, now) {
            let row = self.checkpoint(now);
            self.effects.push(Effect::SaveCheckpoint(row));
        }
    }

    /// The row that [`Effect::SaveCheckpoint`] would carry now.
    #[must_use]
    pub fn checkpoint(&self, now: Millis) -> String {
        let beside = Beside {
            config: &self.config,
            last_seen: self.delivery.audience.last_seen(now),
            trouble: self.upstream.feed.trouble(now),
        };
        row(&self.book, beside)
    }

    fn nothing_is_due(&self, now: Millis) -> bool {
        let due = [self.alarm_at, self.timer_at, self.delivery.unproven_sweep_at()];
        !due.into_iter().flatten().any(|at| at <= now)
    }

    fn turn(&mut self, now: Millis) -> (&mut Upstream, Turn<'_>) {
        let turn = Turn {
            config: &self.config,
            prices: &mut self.book,
            errands: &mut self.memory,
            effects: &mut self.effects,
            now,
        };
        (&mut self.upstream, turn)
    }

    /// Takes the next effect to execute.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// When the object's alarm must hand in [`Input::Time`]. They must survive an eviction.
    #[must_use]
    pub fn alarm_at(&self) -> Option<Millis> {
        self.alarm_at
    }

    /// When an in-memory timer must hand in [`Input::Time`]. They matter only while the object is
    /// awake.
    #[must_use]
    pub fn timer_at(&self) -> Option<Millis> {
        self.timer_at
    }

    /// The client whose Socket.IO session has this name, if it is connected.
    #[must_use]
    pub fn client_of(&self, session: &str) -> Option<ClientId> {
        self.delivery.client_of(session)
    }

    /// The operator's settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether anybody is watching or an upstream connection is open.
    pub(super) fn is_awake(&self, now: Millis) -> bool {
        self.delivery.audience.is_watching(self.config.idle, now) || self.upstream.feed.open_link().is_some()
    }

    /// Whether the platform may hibernate the hub with its clients: only the alarm must wake it.
    #[must_use]
    pub fn may_sleep(&self) -> bool {
        self.timer_at.is_none() && self.upstream.feed.open_link().is_none()
    }
}
