//! The driver: everything that is decided between the hub's machine and the platform.
//!
//! [`Driver::handle`] takes an [`Event`] and the time, makes inputs of it, has the [`Platform`]
//! carry out every effect, and sets the two deadlines. The Worker, the simulation, the fuzz
//! targets, the costs and the memory benchmark run this same code, each on a platform of its own.
//!
//! Why nothing is lost or reordered: an input that follows from an effect (a row that storage
//! refused, say) waits in a queue until all effects before it are carried out, and a platform hands
//! in what happens only after [`Driver::handle`] has returned.
//!
//! Nothing here knows of Workers, clocks or randomness.

mod deadlines;
mod platform;
mod visitors;

pub use platform::{Event, HeldAlarm, Platform, REST_TIMED_OUT, REST_TIMEOUT, Socket, Wakeup};
pub use visitors::TurnedAway;

use crate::hub::{ClientId, Config, Door, EdgeCounts, Effect, Input, Machine, Row, StorageBreaker, Stored};
use crate::market::Millis;
use deadlines::{ALARM_RETRY, Deadlines};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use visitors::Visitors;

/// What the isolate knows of storage. It outlives the object, so the object only shares it. No
/// borrow of it lasts longer than one expression.
pub type SharedBreaker = Rc<RefCell<StorageBreaker>>;

/// The machine of one life of the object, and what drives it.
#[derive(Debug)]
pub struct Driver {
    machine: Machine,
    breaker: SharedBreaker,
    /// What was wrong with storage when this life began, until the machine is told.
    trouble: Option<String>,
    inputs: VecDeque<Input>,
    deadlines: Deadlines,
    visitors: Visitors,
    counts: EdgeCounts,
    /// Whether the platform answers pings by itself.
    leaves_pings: bool,
}

impl Driver {
    /// Begins a life of the object: hand in [`Event::Began`] next. `load` reads the rows that an
    /// earlier life left, and is told whether storage may be written; what cannot be read is as if
    /// it were not there. `seed` is random.
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
        let door = Door::new(seed, config.clients_per_address);
        Self {
            machine: Machine::new(config, &stored, seed, now),
            breaker,
            trouble,
            inputs: VecDeque::new(),
            deadlines: Deadlines::default(),
            visitors: Visitors::new(door),
            counts: EdgeCounts::default(),
            leaves_pings: false,
        }
    }

    /// The machine, to look at.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// What was counted between the machine and the platform.
    #[must_use]
    pub fn counts(&self) -> &EdgeCounts {
        &self.counts
    }

    /// When the timer in memory fires, if one runs.
    #[must_use]
    pub fn timer_at(&self) -> Option<Millis> {
        self.deadlines.timer_at()
    }

    /// Takes an event and carries out all that follows from it.
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

    /// A number for one more client, if it may come in. `address` is where it connects from, if the
    /// platform says so. Hand in [`Event::Joined`] next, or [`Event::Left`] if its socket fails.
    ///
    /// # Errors
    /// Why it may not.
    pub fn admit(&mut self, address: Option<&str>, now: Millis) -> Result<ClientId, TurnedAway> {
        self.visitors.admit(address, now)
    }

    /// Queues the inputs that an event makes: one, as a rule.
    fn meet(&mut self, event: Event, now: Millis, platform: &mut impl Platform) {
        let input = match event {
            Event::Began(sockets) => return self.begin(sockets),
            Event::Joined(client, dialect) => Input::Joined(client, dialect, self.visitors.viewer(client)),
            Event::Left(client, code) => {
                self.counts.closed(code);
                self.visitors.left(client, now);
                Input::Left(client)
            }
            Event::Input(input) => input,
            Event::Woke(Wakeup::Pulse) => Input::Pulse,
            Event::Woke(Wakeup::Deadline(number)) => {
                if !self.deadlines.timer_fired(number) {
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

    /// The machine learns of trouble with storage, and of every client that was there before.
    fn begin(&mut self, sockets: Vec<Socket>) {
        if let Some(trouble) = self.trouble.take() {
            self.inputs.push_back(Input::Stored(Some(trouble)));
        }
        for Socket { client, record } in sockets {
            self.visitors.came_back(client, record.is_some());
            self.inputs.extend(record.map(|record| Input::Rejoined(client, record)));
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
            Effect::OpenUpstream { link } => platform.open_upstream(link),
            Effect::SendUpstream { link, frame } => platform.send_upstream(link, &frame),
            Effect::CloseUpstream { link } => platform.close_upstream(link),
            Effect::Fetch { request, symbols } => platform.fetch(request, &symbols),
            Effect::Answer(waiter, answer) => platform.answer(waiter, *answer),
            Effect::SaveCheckpoint(body) => {
                let trouble = self.save(Row::Checkpoint, body, now, platform);
                // Trouble is over when something was committed, not when it was taken.
                if trouble.is_some() || !self.breaker.borrow().is_troubled() {
                    self.inputs.push_back(Input::Stored(trouble));
                }
            }
            Effect::SaveCredits(body) => {
                // The call may leave: the platform holds it back until the row is committed.
                let trouble = self.save(Row::Credits, body, now, platform);
                self.inputs.push_back(Input::Charged(trouble));
            }
            Effect::Log(line) => platform.log(&line),
        }
    }

    /// Writes a row, unless storage is left alone. Says what is wrong so far.
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

    fn set_deadlines(&mut self, now: Millis, platform: &mut impl Platform) {
        let is_held = self.breaker.borrow().holds(now);
        let alarm = self.machine.alarm_at();
        // While storage must not be written the alarm's deadlines are kept in memory.
        let in_memory = [self.machine.timer_at(), alarm.filter(|_| is_held)];
        if let Some(deadline) = alarm.filter(|_| !is_held)
            && let Some(at) = self.deadlines.alarm_to_set(deadline, now)
        {
            self.counts.alarms_set += 1;
            let write = self.breaker.borrow_mut().begin_write();
            platform.set_alarm(at, write);
        }
        if let Some(deadline) = in_memory.into_iter().flatten().min()
            && let Some((number, wait)) = self.deadlines.timer_to_start(deadline, now)
        {
            platform.wake_after(wait, Wakeup::Deadline(number));
        }
        // A sleeping hub is not woken for a ping. One that is awake answers itself, so that pings
        // count against the flood limit.
        let may_sleep = self.machine.may_sleep();
        if self.leaves_pings != may_sleep && platform.leave_pings(may_sleep) {
            self.leaves_pings = may_sleep;
        }
    }
}
