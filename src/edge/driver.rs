//! Drives the hub's machine: one input at a time, all its effects, then its two deadlines.
//!
//! Why nothing is lost or reordered: inputs that arrive while effects are carried out (storage that fails, say) wait in a queue,
//! no borrow of the machine is held while the platform is called, and everything here is synchronous but what is spawned.

use super::bodies::text_of;
use super::fanout::{Fanout, auto_respond, number};
use super::source::Source;
use super::storage;
use super::upstream::Upstream;
use crate::dialect::CLOSE_FLOOD;
use crate::hub::{
    ClientId, Door, EdgeCounts, Effect, Input, Machine, Refused, RequestId, RestAnswer, Row, Viewer, WaiterId, Write,
};
use crate::market::{MINUTE, Millis};
use crate::provider::twelve_data::quote_query;
use futures::channel::oneshot;
use futures::future::{Either, select};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{AbortController, Date, Delay, Response, State, console_log};

const REST_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a REST answer that are read. That of sixty symbols has some fifty thousand.
const LONGEST_ANSWER: u32 = 1024 * 1024;
const ALARM_RETRY: Duration = Duration::from_secs(5);
/// An alarm may be late by a minute or so; one that is later than this was lost, and is set anew.
const LOST_ALARM: Millis = 2 * MINUTE;
/// The platform's clock is not believed to be further ahead of ours than this.
const MOST_AHEAD: Millis = 5_000;

/// The machine and its hands.
pub(super) struct Driver {
    pub(super) machine: RefCell<Machine>,
    pub(super) fanout: Fanout,
    pub(super) source: Source,
    pub(super) upstream: Upstream,
    pub(super) state: State,
    pub(super) counts: RefCell<EdgeCounts>,
    inputs: RefCell<VecDeque<Input>>,
    is_draining: Cell<bool>,
    door: RefCell<Door>,
    /// Who is behind each client, where the platform said from which address it came.
    viewers: RefCell<HashMap<u32, Viewer>>,
    /// Whether the platform answers pings by itself, because the hub may be asleep.
    auto_responds: Cell<bool>,
    readers: RefCell<HashMap<u32, oneshot::Sender<()>>>,
    next_reader: Cell<u32>,
    /// When the durable alarm is set to, as far as this life of the object knows.
    alarm_at: Cell<Option<Millis>>,
    /// How much the alarm fired before its time by our clock, the last time. Set to the same time again, it would fire at once, for
    /// as long as the clocks differ, with a row written each time.
    ahead: Cell<Millis>,
    /// When the running timer fires, and its number: a timer that was overtaken does nothing.
    timer_at: Cell<Option<Millis>>,
    timer: Cell<u32>,
}

/// The platform's clock. In production it stands still between I/O events, so it is read once for each.
pub(super) fn now() -> Millis {
    Date::now().as_millis()
}

impl Driver {
    pub(super) fn new(state: State, source: Source, machine: Machine, door: Door) -> Rc<Self> {
        Rc::new(Self {
            machine: RefCell::new(machine),
            fanout: Fanout::new(),
            upstream: Upstream::new(&state),
            source,
            state,
            counts: RefCell::default(),
            inputs: RefCell::default(),
            is_draining: Cell::new(false),
            door: RefCell::new(door),
            viewers: RefCell::default(),
            auto_responds: Cell::new(false),
            readers: RefCell::default(),
            next_reader: Cell::new(0),
            alarm_at: Cell::new(None),
            ahead: Cell::new(0),
            timer_at: Cell::new(None),
            timer: Cell::new(0),
        })
    }

    /// Takes an input and carries out all that follows from it.
    pub(super) fn handle(self: &Rc<Self>, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if self.is_draining.replace(true) {
            return;
        }
        let now = now();
        while let Some(input) = self.next_input() {
            self.machine.borrow_mut().handle(input, now);
            while let Some(effect) = self.next_effect() {
                self.carry_out(effect, now);
            }
        }
        self.is_draining.set(false);
        self.set_deadlines(now);
    }

    /// Whether one more client may come from an address, and who is behind it. Where the platform
    /// names no address, each is on its own.
    pub(super) fn admit(&self, client: u32, address: Option<&str>) -> Result<Viewer, Refused> {
        let Some(address) = address else {
            return Ok(Viewer::alone(ClientId(client)));
        };
        let viewer = self.door.borrow_mut().admit(address, now())?;
        self.viewers.borrow_mut().insert(client, viewer);
        Ok(viewer)
    }

    /// A client's socket is gone.
    pub(super) fn has_left(&self, client: u32) {
        if let Some(viewer) = self.viewers.borrow_mut().remove(&client) {
            self.door.borrow_mut().left(viewer, now());
        }
    }

    fn close_client(&self, client: u32, code: u16, reason: &str, now: Millis) {
        self.fanout.close(client, code, reason);
        if code == CLOSE_FLOOD
            && let Some(viewer) = self.viewers.borrow().get(&client)
        {
            self.door.borrow_mut().expelled(*viewer, now);
        }
    }

    /// The alarm fired: whatever it was set to is gone.
    pub(super) fn alarm_fired(self: &Rc<Self>) {
        self.counts.borrow_mut().alarms_fired += 1;
        if let Some(at) = self.alarm_at.take() {
            let early = (at + self.ahead.get()).saturating_sub(now());
            self.ahead.set(early.min(MOST_AHEAD));
        }
        self.handle(Input::Time);
    }

    /// Somebody asks, from time to time, whether all is well: the alarm is what the platform says that it is, and one that
    /// was lost is set again. Nobody is taken for a reader, and an alarm that is set costs no row.
    pub(super) async fn poked(self: &Rc<Self>) {
        if let Ok(at) = self.state.storage().get_alarm().await {
            let at = at.and_then(|at| Millis::try_from(at).ok());
            // One that should have fired by now may never do so: storage remembers it, the scheduler perhaps does not.
            let at = at.filter(|at| *at > now());
            self.alarm_at.set(at.map(|at| at.saturating_sub(self.ahead.get())));
        }
        self.handle(Input::Time);
    }

    /// Waits until the machine says that a REST reader is to be answered.
    pub(super) async fn wait_as_reader(self: &Rc<Self>, symbols: Vec<crate::market::Instrument>) {
        let reader = self.next_reader.get().wrapping_add(1);
        self.next_reader.set(reader);
        let (answer, answered) = oneshot::channel();
        self.readers.borrow_mut().insert(reader, answer);
        self.handle(Input::Waiter(WaiterId(reader), symbols));
        // Cancelled only with the driver itself: the cache is then as good an answer as any.
        let _ = answered.await;
    }

    fn next_input(&self) -> Option<Input> {
        self.inputs.borrow_mut().pop_front()
    }

    fn next_effect(&self) -> Option<Effect> {
        self.machine.borrow_mut().next_effect()
    }

    fn carry_out(self: &Rc<Self>, effect: Effect, now: Millis) {
        match effect {
            Effect::Broadcast { group, frame } => self.fanout.broadcast(number(group), &frame),
            Effect::Send { client, frame } => self.fanout.send(client.0, &frame),
            Effect::Enroll { client, group } => self.fanout.enroll(client.0, number(group)),
            Effect::Dismiss { client, group } => self.fanout.dismiss(client.0, number(group)),
            Effect::Pulse => self.come_round(),
            Effect::Remember { client, record } => {
                // Fails only for a socket that is closed already.
                let _ = self.fanout.remember(client.0, &record);
            }
            Effect::CloseClient { client, code, reason } => self.close_client(client.0, code, reason, now),
            Effect::OpenUpstream { link } => self.upstream.open(self, link),
            Effect::SendUpstream { link, frame } => self.upstream.send(link, &frame),
            Effect::CloseUpstream { link } => self.upstream.close(link),
            Effect::Fetch { request, symbols } => self.fetch(request, &symbols),
            Effect::Answer(reader) => {
                if let Some(answer) = self.readers.borrow_mut().remove(&reader.0) {
                    // The reader may have hung up.
                    let _ = answer.send(());
                }
            }
            Effect::SaveCheckpoint(row) => {
                let taken = self.watched(storage::save(&self.state, Row::Checkpoint, row, now));
                // Trouble is over when something was committed, not when it was taken.
                if taken.is_some() || !storage::is_troubled() {
                    self.next(Input::Stored(taken));
                }
            }
            Effect::SaveCredits(row) => {
                // The call may leave: the platform holds it back until the row is committed.
                let taken = self.watched(storage::save(&self.state, Row::Credits, row, now));
                self.next(Input::Charged(taken));
            }
            Effect::Log(line) => console_log!("{line}"),
        }
    }

    /// Is taken when the effects of the present input are carried out.
    fn next(&self, input: Input) {
        self.inputs.borrow_mut().push_back(input);
    }

    /// What is wrong with a write, if anything is so far.
    fn watched(self: &Rc<Self>, taken: Result<Write, String>) -> Option<String> {
        taken.map(|write| self.watch_write(write)).err()
    }

    fn watch_write(self: &Rc<Self>, write: Write) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            if storage::committed(&driver.state, write).await {
                driver.handle(Input::Stored(None));
            }
        });
    }

    /// A timer without a delay runs after what was sent is written and what has arrived is read.
    fn come_round(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            Delay::from(Duration::ZERO).await;
            driver.handle(Input::Pulse);
        });
    }

    fn fetch(self: &Rc<Self>, request: RequestId, symbols: &[String]) {
        let driver = Rc::clone(self);
        let path = quote_query(symbols);
        spawn_local(async move {
            let input = match driver.call(&path).await {
                Ok(answer) => Input::Fetched(request, answer),
                Err(error) => Input::FetchFailed(request, error),
            };
            driver.handle(input);
        });
    }

    async fn call(&self, path: &str) -> Result<RestAnswer, String> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let call = async {
            let response = self.source.get(path, &signal).await?;
            let body = text_of(&response, LONGEST_ANSWER).await?;
            Ok::<_, worker::Error>(RestAnswer {
                status: response.status_code(),
                credits: credits(&response),
                body: body.ok_or("its answer is longer than 1 MiB, which was not read")?,
            })
        };
        let result = match select(pin!(call), pin!(Delay::from(REST_TIMEOUT))).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        };
        match result {
            Some(result) => result.map_err(|error| {
                // What was not read to its end is not wanted any more.
                controller.abort();
                self.source.redact(&error.to_string())
            }),
            None => {
                controller.abort();
                Err("no answer within 10 s".to_owned())
            }
        }
    }

    fn set_deadlines(self: &Rc<Self>, now: Millis) {
        let (alarm, timer) = {
            let machine = self.machine.borrow();
            (machine.alarm_at(), machine.timer_at())
        };
        // While storage must not be written the alarm's deadlines are kept in memory too.
        let is_held = storage::is_held(now);
        let timer = match alarm.filter(|_| is_held) {
            Some(alarm) => Some(timer.map_or(alarm, |timer| timer.min(alarm))),
            None => timer,
        };
        if let Some(at) = alarm.filter(|_| !is_held)
            && self.alarm_at.get().is_none_or(|set| at < set || set + LOST_ALARM < now)
        {
            self.alarm_at.set(Some(at));
            self.counts.borrow_mut().alarms_set += 1;
            self.set_alarm(at.max(now) + self.ahead.get());
        }
        if let Some(at) = timer
            && self.timer_at.get().is_none_or(|set| at < set)
        {
            self.set_timer(at, at.saturating_sub(now));
        }
        self.leave_pings_to_the_platform(self.machine.borrow().may_sleep());
    }

    /// A sleeping hub is not woken for a ping. One that is awake answers itself, so that pings
    /// count against the flood limit.
    fn leave_pings_to_the_platform(&self, wanted: bool) {
        if self.auto_responds.get() != wanted && auto_respond(self.state.as_raw(), wanted).is_ok() {
            self.auto_responds.set(wanted);
        }
    }

    /// An alarm that is later than wanted is moved; one that is earlier fires, finds nothing, and is set anew: each setting is a
    /// row written.
    fn set_alarm(self: &Rc<Self>, at: Millis) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            let set = storage::set_alarm(&driver.state, at).await;
            let trouble = set.map(|write| driver.watch_write(write)).err();
            if trouble.is_some() {
                driver.handle(Input::Stored(trouble));
                // Only now is it set again: storage that refuses at once would otherwise be asked for ever.
                Delay::from(ALARM_RETRY).await;
                driver.alarm_at.set(None);
                driver.handle(Input::Time);
            }
        });
    }

    fn set_timer(self: &Rc<Self>, at: Millis, wait: Millis) {
        let number = self.timer.get().wrapping_add(1);
        self.timer.set(number);
        self.timer_at.set(Some(at));
        let driver = Rc::clone(self);
        spawn_local(async move {
            Delay::from(Duration::from_millis(wait)).await;
            if driver.timer.get() == number {
                driver.timer_at.set(None);
                driver.handle(Input::Time);
            }
        });
    }
}

fn credits(response: &Response) -> Option<(u32, u32)> {
    let number = |name| response.headers().get(name).ok().flatten()?.trim().parse().ok();
    Some((number("api-credits-used")?, number("api-credits-left")?))
}
