//! The driver: everything that is decided between the hub's machine and the platform.
//!
//! [`Driver::handle`] takes an [`Event`] and the time, turns it into inputs, lets the [`Platform`]
//! execute every effect, and sets the two deadlines. The Worker, the simulation, the fuzz targets,
//! the cost reports and the memory benchmark run this same code, each on its own platform.
//!
//! Why nothing is lost or reordered: an input caused by an effect (such as a row that storage
//! refused) waits in a queue until all earlier effects are executed, and a platform hands in events
//! only after [`Driver::handle`] has returned.
//!
//! Nothing here uses Workers, clocks or randomness.

pub mod copies;
mod deadlines;
pub mod placement;
mod platform;
mod visitors;

pub use platform::{Event, HeldAlarm, Platform, REST_TIMED_OUT, REST_TIMEOUT, Socket, Wakeup};
pub use visitors::TurnedAway;

use crate::access::{Pass, Refusal, Share, Spent, Standing};
use crate::hub::{ClientId, Config, EdgeCounts, Effect, Input, Machine, Row, StorageBreaker, Stored, Write};
use crate::market::Millis;
use deadlines::{ALARM_RETRY, Deadlines};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use visitors::Visitors;

/// The isolate's storage breaker. It outlives the object, which only shares it. No borrow lasts
/// longer than one expression.
pub type SharedBreaker = Rc<RefCell<StorageBreaker>>;

/// The machine of one instance of the object, and the code that drives it.
#[derive(Debug)]
pub struct Driver {
    machine: Machine,
    breaker: SharedBreaker,
    /// What was wrong with storage when this instance began, until the machine is told.
    trouble: Option<String>,
    inputs: VecDeque<Input>,
    deadlines: Deadlines,
    visitors: Visitors,
    counts: EdgeCounts,
    /// Whether the platform answers pings by itself.
    leaves_pings: bool,
}

impl Driver {
    /// Starts an instance of the object; hand in [`Event::Began`] next. `load` reads the stored
    /// rows and is told whether storage may be written; rows that cannot be read count as absent.
    /// `seed` must be random.
    pub fn new(
        config: Config,
        breaker: SharedBreaker,
        load: impl FnOnce(bool) -> Stored,
        seed: u64,
        now: Millis,
    ) -> Self {
        let trouble = breaker.borrow_mut().begin_life(config.checkpoint, now);
        let stored = load(trouble.is_none());
        let stored = breaker.borrow().newest(stored);
        let visitors = Visitors::new(seed, &config);
        Self {
            machine: Machine::new(config, &stored, seed, now),
            breaker,
            trouble,
            inputs: VecDeque::new(),
            deadlines: Deadlines::default(),
            visitors,
            counts: EdgeCounts::default(),
            leaves_pings: false,
        }
    }

    /// The client whose Socket.IO session has this name, if it is connected.
    #[must_use]
    pub fn client_of(&self, session: &str) -> Option<ClientId> {
        self.machine.client_of(session)
    }

    /// The machine, read-only.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// What was counted between the machine and the platform.
    #[must_use]
    pub fn counts(&self) -> &EdgeCounts {
        &self.counts
    }

    /// When the in-memory timer fires, if one is set.
    #[must_use]
    pub fn timer_at(&self) -> Option<Millis> {
        self.deadlines.timer_at()
    }

    /// Handles an event and executes everything that follows from it.
    pub fn handle(&mut self, event: Event, now: Millis, platform: &mut impl Platform) {
        self.meet(event, now, platform);
        if self.inputs.is_empty() {
            return;
        }
        while let Some(input) = self.inputs.pop_front() {
            self.machine.handle(input, now);
            while let Some(effect) = self.machine.next_effect() {
                self.carry_out(effect, now, platform);
            }
        }
        self.set_deadlines(now, platform);
    }

    /// The id for one more client, if it may connect. `address` is the client's IP address, if the
    /// platform knows it. Hand in [`Event::Joined`] next, or [`Event::Left`] if its socket fails.
    ///
    /// # Errors
    /// [`TurnedAway`] says why the client may not connect.
    pub fn admit(&mut self, address: Option<&str>, standing: Standing, now: Millis) -> Result<ClientId, TurnedAway> {
        self.visitors.admit(address, standing, now)
    }

    /// The id for the link of one more relay. Nothing limits relays: whoever has the secret is one of
    /// the operator's own.
    pub fn admit_relay(&mut self) -> ClientId {
        self.visitors.admit_relay()
    }

    /// How full this server is, in percent.
    #[must_use]
    pub fn load(&self) -> u32 {
        self.visitors.load()
    }

    /// Counts a REST call against what the caller may make in a minute; `None` if nothing is known of
    /// the caller.
    ///
    /// # Errors
    /// [`Spent`] if none is left.
    pub fn spend(
        &mut self,
        address: Option<&str>,
        pass: Option<&Pass>,
        is_lookup: bool,
        now: Millis,
    ) -> Result<Option<Share>, Spent> {
        self.visitors.spend(address, pass, is_lookup, now)
    }

    /// Takes in a one-time ticket for a pass, whose text must be random.
    ///
    /// # Errors
    /// Seconds until there is room again.
    pub fn issue_ticket(&mut self, text: &str, pass: Pass, origin: Option<&str>, now: Millis) -> Result<(), u64> {
        self.visitors.tickets.issue(text, pass, origin, now)
    }

    /// Uses up a ticket that came from this address and `Origin`.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn redeem_ticket(
        &mut self,
        text: &str,
        (address, origin): (Option<&str>, Option<&str>),
        now: Millis,
    ) -> Result<Pass, Refusal> {
        self.visitors.redeem(text, (address, origin), now)
    }

    /// Queues the inputs that an event causes, usually one.
    fn meet(&mut self, event: Event, now: Millis, platform: &mut impl Platform) {
        let input = match event {
            Event::Began(sockets) => return self.begin(sockets),
            Event::Joined(client, dialect, carrier) => {
                let (viewer, standing) = self.visitors.joined(client);
                Input::Joined(client, dialect, carrier, viewer, standing)
            }
            Event::Authenticated(client, outcome) => {
                let outcome = outcome.and_then(|pass| self.visitors.identify(client, pass, now));
                Input::Authenticated(client, outcome)
            }
            Event::Left(client, code) => {
                self.counts.closed(code);
                self.visitors.left(client, now);
                Input::Left(client)
            }
            Event::Input(input) => input,
            Event::Woke(Wakeup::Pulse) => Input::Pulse,
            Event::Woke(Wakeup::Deadline(number)) => {
                if !self.deadlines.timer_fired(number, now) {
                    return;
                }
                Input::Time
            }
            Event::Woke(Wakeup::AlarmRetry) => {
                self.deadlines.retry_alarm();
                Input::Time
            }
            Event::AlarmFired => {
                self.counts.alarms_fired += 1;
                self.deadlines.alarm_fired(now);
                Input::Time
            }
            Event::AlarmRefused(write, error) => {
                self.breaker.borrow_mut().refused(write);
                platform.wake_after(ALARM_RETRY, Wakeup::AlarmRetry);
                Input::Stored(Some(format!("the alarm could not be set: {error}")))
            }
            Event::Committed(write) => {
                if !self.breaker.borrow_mut().commit(write) {
                    return;
                }
                Input::Stored(None)
            }
            Event::Poked(alarm) => {
                match alarm {
                    HeldAlarm::At(at) => self.deadlines.alarm_is(Some(at), now),
                    HeldAlarm::Absent => self.deadlines.alarm_is(None, now),
                    HeldAlarm::Unknown => {}
                }
                Input::Time
            }
        };
        self.inputs.push_back(input);
    }

    /// Tells the machine about storage trouble and about every client that was connected before.
    fn begin(&mut self, sockets: Vec<Socket>) {
        for Socket { client, record } in sockets {
            self.visitors.came_back(client, record.is_some());
            self.inputs.extend(record.map(|record| Input::Rejoined(client, record)));
        }
        // After the clients: a hub that nobody watches goes idle, and forgets a stored wait for
        // upstream.
        if let Some(trouble) = self.trouble.take() {
            self.inputs.push_back(Input::Stored(Some(trouble)));
        }
    }

    fn carry_out(&mut self, effect: Effect, now: Millis, platform: &mut impl Platform) {
        match effect {
            Effect::Broadcast { group, frame } => platform.broadcast(group, &frame),
            Effect::Send { client, frame } => platform.send(client, &frame),
            Effect::Enroll { client, group } => platform.enroll(client, group),
            Effect::Dismiss { client, group } => platform.dismiss(client, group),
            Effect::Pulse => platform.wake_after(0, Wakeup::Pulse),
            Effect::Remember { client, record } => platform.remember(client, &record),
            Effect::CloseClient { client, code, reason } => {
                platform.close_client(client, code, reason);
                self.visitors.closing(client, code, now);
            }
            Effect::Authenticate { client, token } => platform.authenticate(client, token),
            Effect::OpenUpstream { link } => platform.open_upstream(link),
            Effect::SendUpstream { link, frame } => platform.send_upstream(link, &frame),
            Effect::CloseUpstream { link } => platform.close_upstream(link),
            Effect::Fetch { request, call } => platform.fetch(request, &call),
            Effect::Answer(waiter, answer) => platform.answer(waiter, *answer),
            Effect::SaveCheckpoint(body) => {
                let trouble = self.save(Row::Checkpoint, body, now, platform);
                // Only a commit ends storage trouble, not an accepted write.
                if trouble.is_some() || !self.breaker.borrow().is_troubled() {
                    self.inputs.push_back(Input::Stored(trouble));
                }
            }
            Effect::SaveCredits(body) => {
                // The call may leave: the platform holds requests back until the row is committed.
                let trouble = self.save(Row::Credits, body, now, platform);
                self.inputs.push_back(Input::Charged(trouble));
            }
            Effect::Load(ticket, span) => {
                let rows = platform.load_rows(&span);
                self.inputs.push_back(Input::Loaded(ticket, rows));
            }
            Effect::Keep(rows) => {
                self.counts.rows_kept += rows.len() as u64;
                self.write(|write, platform| platform.keep_rows(rows, write), now, platform);
            }
            Effect::DropExpired => self.write(|write, platform| platform.drop_rows(now, write), now, platform),
            Effect::Log(line) => platform.log(&line),
        }
    }

    /// Writes a row unless the breaker forbids it. Returns what is wrong so far.
    fn save(&mut self, row: Row, body: String, now: Millis, platform: &mut impl Platform) -> Option<String> {
        let begun = self.breaker.borrow_mut().begin_row(row, &body, now);
        let write = match begun {
            Ok(write) => write,
            Err(trouble) => return Some(trouble),
        };
        let refusal = platform.write_row(row, body, write).err();
        if refusal.is_some() {
            self.breaker.borrow_mut().refused(write);
        }
        refusal
    }

    /// Writes rows that may be lost: they hold what the provider can be asked for again.
    fn write<P: Platform>(
        &mut self,
        write_rows: impl FnOnce(Write, &mut P) -> Result<(), String>,
        now: Millis,
        platform: &mut P,
    ) {
        if self.breaker.borrow().holds(now) {
            return;
        }
        let write = self.breaker.borrow_mut().begin_write();
        if let Err(trouble) = write_rows(write, platform) {
            self.breaker.borrow_mut().refused(write);
            self.inputs.push_back(Input::Stored(Some(trouble)));
        }
    }

    fn set_deadlines(&mut self, now: Millis, platform: &mut impl Platform) {
        let is_held = self.breaker.borrow().holds(now);
        let alarm = self.machine.alarm_at();
        // While storage must not be written, the timer also carries the alarm's deadlines.
        let in_memory = [self.machine.timer_at(), alarm.filter(|_| is_held)];
        if let Some(deadline) = alarm.filter(|_| !is_held)
            && let Some(at) = self.deadlines.alarm_to_set(deadline, now)
        {
            self.counts.alarms_set += 1;
            let write = self.breaker.borrow_mut().begin_write();
            platform.set_alarm(at, write);
        }
        match in_memory.into_iter().flatten().min() {
            Some(deadline) => {
                if let Some((number, wait)) = self.deadlines.timer_to_start(deadline, now) {
                    platform.wake_after(wait, Wakeup::Deadline(number));
                }
            }
            None => {
                if self.deadlines.cancel_timer() {
                    platform.cancel_timer();
                }
            }
        }
        // A hub that may sleep must not be woken for a ping. One that is awake answers pings
        // itself, so that they count against the flood limit.
        let may_sleep = self.machine.may_sleep();
        if self.leaves_pings != may_sleep && platform.leave_pings(may_sleep) {
            self.leaves_pings = may_sleep;
        }
    }
}
