//! The world around the Durable Object: what each of its actions leads to, and when what it waits
//! for arrives. The object itself, driver and platform in memory, comes from the kit. **All contact
//! with it is in this file.**

use super::bars::Lookup;
use super::scenario::{Setup, Tier};
use super::weather::Weather;
use super::world::{Check, Happening, World, broken};
use hamster_kit::{Deed, Storage};
use hamster_terminal::access::{Limits, Pass, Standing};
use hamster_terminal::dialect::{CLOSE_EXPIRED, CLOSE_SLOW, Dialect};
use hamster_terminal::driver::{Driver, Event, REST_TIMED_OUT, REST_TIMEOUT, Wakeup};
use hamster_terminal::hub::{
    Carrier, ClientId, Config, HistoryQuestion, Input, LinkId, Machine, Question, RequestId, Row, SearchQuestion,
    WaiterId,
};
use hamster_terminal::market::Instrument;
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};
use hamster_terminal::market::{FeedState, StreamState};
use hamster_terminal::provider::Provider;
use hamster_terminal::simulator::{Plan, SessionId};
use std::collections::VecDeque;

/// The hash of [`TOKEN`].
const ACCESS_KEYS: &str =
    r#"[{"name":"guests","sha256":"66859b7ade4e68cb65041b88a7ad5214df71cdcfa27dff2efcc80a81e9ba5fa0"}]"#;
/// The key that signs the tokens of the other clients.
const ACCESS_JWKS: &str = r#"{"keys":[{"kty":"oct","k":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]}"#;
/// The key that Socket.IO's clients show.
pub const TOKEN: &str = "secret key";

/// The platform allows 16 KiB per socket. The machine promises less.
const LONGEST_RECORD: usize = 12 * 1024;

/// Lives that a write may break within ten minutes of one isolate: at once, after two minutes,
/// after four more.
const MOST_BREAKS: usize = 4;
/// Lines of the hub's log in the report of a broken promise.
const LAST_LINES: usize = 12;

/// The object, in memory or evicted, and what the world knows about it.
#[derive(Debug)]
pub struct Object {
    inner: hamster_kit::Object,
    /// Lives so far.
    pub life: u32,
    running: Option<Running>,
    /// When writes broke lives of this isolate.
    breaks: VecDeque<Millis>,
    /// When storage was last known to be in trouble.
    troubled: Option<Millis>,
    /// The alarm setting that is scheduled. A later setting replaces it.
    alarm: u32,
    /// Upstream connections that a panic left open on the JavaScript side.
    left_behind: Vec<Held>,
    clock: Millis,
    day: u64,
    /// Rows written this day, including alarms.
    pub rows: u64,
    pub most_rows: u64,
    /// How late the last late timer fires, and when.
    late_timer: (Millis, Millis),
}

/// How an instance ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The platform evicts it from memory, perhaps with its isolate.
    Eviction,
    /// Ends with its isolate, and the clients' sockets are closed.
    Deploy,
    /// Ends with the isolate's memory. Upstream's socket stays open, but nobody listens to it.
    Panic,
    /// A write could not be committed: the clients' sockets are closed, the isolate lives on.
    Reset,
}

/// One instance of the code.
#[derive(Debug)]
struct Running {
    began: Millis,
    link: Option<Held>,
    is_doomed: bool,
    feed: FeedState,
    streams: Vec<(Instrument, StreamState)>,
    activity: u64,
}

/// The one upstream socket of an instance, or its pending upgrade.
#[derive(Debug, Clone, Copy)]
struct Held {
    life: u32,
    link: LinkId,
    session: Option<SessionId>,
}

impl Tier {
    pub fn plan(self) -> Plan {
        match self {
            Self::Free => Plan::basic(),
            Self::Grow => Plan {
                rest_per_minute: 377,
                rest_per_day: None,
                all_symbols: true,
                category: "grow",
                ..Plan::basic()
            },
            Self::Pro => Plan::pro(),
        }
    }

    /// The credits a minute and a day.
    pub fn credits(self, _simulated: bool) -> (u64, Option<u64>) {
        let plan = self.plan();
        (u64::from(plan.rest_per_minute), plan.rest_per_day.map(u64::from))
    }
}

impl Object {
    pub fn new(setup: &Setup) -> Self {
        let plan = setup.tier.plan();
        let config = Config::from_vars(setup.simulated, |name| {
            Some(match name {
                "SYMBOLS" => setup.symbols.to_owned(),
                "SYMBOL_LIMIT" => plan.symbols.to_string(),
                "EXTRA_SYMBOLS" => setup.extra_symbols.to_string(),
                "SHARD_CLIENTS" => setup.shard.to_string(),
                "CREDITS_PER_MINUTE" => plan.rest_per_minute.to_string(),
                "ACCESS_KEYS" if setup.requires_access() => ACCESS_KEYS.to_owned(),
                "ACCESS_JWKS" if setup.requires_access() => ACCESS_JWKS.to_owned(),
                "CREDITS_PER_DAY" => plan.rest_per_day.unwrap_or(0).to_string(),
                _ => return None,
            })
        });
        let config = config.unwrap();
        let access = config.access.clone();
        let mut inner = hamster_kit::Object::new(config);
        inner.platform.access = access;
        Self {
            inner,
            life: 0,
            running: None,
            breaks: VecDeque::new(),
            troubled: None,
            alarm: 0,
            left_behind: Vec::new(),
            clock: 0,
            day: 0,
            rows: 0,
            most_rows: 0,
            late_timer: (0, 0),
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn machine(&self) -> Option<&Machine> {
        self.inner.machine()
    }

    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// When the current life began.
    pub fn began(&self) -> Millis {
        self.running.as_ref().map_or(0, |running| running.began)
    }

    /// The number of connected clients.
    pub fn sockets(&self) -> usize {
        self.inner.platform.clients()
    }

    /// The time by the object's clock.
    pub fn clock(&self) -> Millis {
        self.clock
    }

    /// Whether the upgrade request of a link is still wanted.
    pub fn asks(&self, life: u32, link: LinkId) -> bool {
        let held = self.running.iter().filter_map(|running| running.link);
        held.chain(self.left_behind.iter().copied())
            .any(|held| held.life == life && held.link == link)
    }

    /// Upstream accepted the upgrade.
    pub fn connected(&mut self, life: u32, link: LinkId, session: SessionId) {
        let held = self.running.iter_mut().filter_map(|running| running.link.as_mut());
        for held in held.chain(&mut self.left_behind) {
            if held.life == life && held.link == link {
                held.session = Some(session);
            }
        }
    }

    /// Whether the platform is about to reset it.
    pub fn is_doomed(&self) -> bool {
        self.inner.platform.is_doomed
    }

    /// Whether the newest rows may be missing after storage trouble.
    pub fn distrusts_storage(&self, now: Millis) -> bool {
        self.troubled.is_some_and(|at| now < at + 2 * MINUTE)
    }

    /// Counts the rows that were written since the last call.
    fn count_rows(&mut self, now: Millis) {
        if self.day != now / DAY {
            (self.day, self.rows) = (now / DAY, 0);
        }
        self.rows += std::mem::take(&mut self.inner.platform.rows_written);
        self.most_rows = self.most_rows.max(self.rows);
    }
}

impl World {
    /// Something arrives for the object. Late events of earlier lives reach nobody.
    pub fn object_meets(&mut self, happening: Happening) -> Check {
        let present = self.object.running.as_ref().map(|_| self.object.life);
        let is_of = |life: u32| present == Some(life);
        match happening {
            Happening::LinkOpens(life, link) if is_of(life) => self.tell(Input::Opened(link)),
            Happening::LinkRefused(life, link, status, body) if is_of(life) => {
                let for_good = (400..500).contains(&status) && status != 429 || body.contains("\"code\":40");
                if for_good {
                    self.refused_for_good();
                    self.excuse(super::weather::AFTER_REFUSAL);
                }
                self.tell(Input::Refused(link, status, body))
            }
            Happening::LinkEnds(life, link, text) if is_of(life) => self.tell(Input::Lost(link, text)),
            Happening::Frame(life, link, text) if is_of(life) => {
                if self.object.asks(life, link) {
                    let stamps_are_true = !self.lies_about_time();
                    self.promises
                        .delivered(&text, stamps_are_true, self.now, |place, price| {
                            self.market.made_at(place, price)
                        });
                    let clock = self.read_clock();
                    let in_order = stamps_are_true && !self.weather().any(|one| *one == Weather::Reorder);
                    self.bars.delivered(&text, in_order, clock);
                    self.a_frame_arrives(&text);
                }
                self.tell(Input::Frame(link, text))
            }
            Happening::Answer(life, request, answer) if is_of(life) && self.waits_for(request) => {
                self.tell(Input::Fetched(request, answer))
            }
            Happening::CallTimesOut(life, request) if is_of(life) && self.waits_for(request) => {
                self.tell(Input::FetchFailed(request, REST_TIMED_OUT.to_owned()))
            }
            Happening::Alarm { number, is_late } => self.alarm_fires(number, is_late),
            Happening::CommitFails(life) if is_of(life) => {
                self.coverage.count("lives that a write broke", 1);
                self.broken_lives_are_seldom()?;
                self.object_ends(Ending::Reset)
            }
            Happening::Wakes(life, wakeup) if is_of(life) => {
                if matches!(wakeup, Wakeup::Deadline(_)) {
                    self.a_wakeup_is_seemly()?;
                }
                self.tell(Event::Woke(wakeup))
            }
            Happening::Sleep(life, activity) if is_of(life) => {
                let unused = self
                    .object
                    .running
                    .as_ref()
                    .is_some_and(|running| running.activity == activity);
                if unused {
                    self.coverage.count("put to sleep by the platform", 1);
                    return self.object_ends(Ending::Eviction);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Each broken life costs the clients their sockets. An isolate that knows of the trouble waits
    /// longer each time before it writes again.
    fn broken_lives_are_seldom(&mut self) -> Check {
        let breaks = &mut self.object.breaks;
        breaks.push_back(self.now);
        breaks.retain(|at| self.now < at + 10 * MINUTE);
        if breaks.len() > MOST_BREAKS {
            return Err(broken(
                "broken storage does not break life after life",
                format!("{} in ten minutes", breaks.len()),
            ));
        }
        Ok(())
    }

    /// Connects a client's socket. Returns its id, the only thing by which the object knows it.
    pub fn client_joins(&mut self, dialect: Dialect, carrier: Carrier) -> Result<u32, Box<super::world::Broken>> {
        self.wake()?;
        let now = self.read_clock();
        let standing = self.standing_of_newcomer(dialect, now);
        let expires = standing.pass().and_then(|pass| pass.expires);
        let admitted = self.object.inner.admit(None, standing, now);
        let client = admitted.map_err(|why| broken("who connects is let in", format!("{why:?}")))?;
        self.passes.set(client.0, expires);
        self.viewers.connecting(client.0);
        self.tell(Event::Joined(client, dialect, carrier))?;
        Ok(client.0)
    }

    /// Every other viewer has a pass that ends, unless the day is nearly over.
    fn standing_of_newcomer(&mut self, dialect: Dialect, now: Millis) -> Standing {
        if !self.scenario.setup.requires_access() {
            return Standing::Anybody;
        }
        if dialect == Dialect::SocketIo {
            return Standing::Unproven;
        }
        let expires = now + (5 + now / SECOND % 60) * MINUTE;
        let ends = self.scenario.setup.start + self.scenario.length;
        let pass = Pass {
            // Nobody is behind two connections, so that one that floods is not kept out later.
            principal: self.passes.somebody(),
            voucher: self.object.config().access.signers[0].voucher,
            expires: Some(expires).filter(|at| at + 60 * MINUTE < ends && (now / SECOND).is_multiple_of(2)),
            symbols: None,
            limits: Limits::default(),
        };
        pass.into()
    }

    pub fn client_says(&mut self, client: u32, text: String) -> Check {
        self.client_is_told_of(client, Input::Said(ClientId(client), text))
    }

    pub fn client_says_binary(&mut self, client: u32, bytes: usize) -> Check {
        self.client_is_told_of(client, Input::SaidBinary(ClientId(client), bytes))
    }

    /// The platform found the socket closed.
    pub fn socket_found(&mut self, client: u32) -> Check {
        self.client_is_told_of(client, Event::Left(ClientId(client), 1006))
    }

    /// Something happens to a client, if it is connected.
    pub fn client_is_told_of(&mut self, client: u32, event: impl Into<Event>) -> Check {
        if self.object.inner.platform.has_client(ClientId(client)) {
            self.wake()?;
            self.tell(event)?;
        }
        Ok(())
    }

    pub fn reader_asks(&mut self, symbols: Option<&str>) -> Check {
        self.wake()?;
        let list = symbols
            .unwrap_or_default()
            .split(',')
            .filter_map(|text| Instrument::parse(text).ok());
        self.tell(Input::Waiter(WaiterId(1), Question::Quotes(list.collect())))
    }

    /// A REST request asks what the hub remembers.
    pub fn somebody_looks_up(&mut self, lookup: Lookup) -> Check {
        self.wake()?;
        let question = match lookup {
            Lookup::Bars(symbol, interval, limit) => Question::History(HistoryQuestion {
                instrument: Instrument::parse(symbol).unwrap(),
                interval,
                limit,
                before: None,
            }),
            Lookup::Search(text) => Question::Search(SearchQuestion {
                text: text.to_owned(),
                limit: 10,
            }),
            Lookup::Hours => Question::Sessions,
            Lookup::Sparklines => Question::Sparklines(Vec::new()),
        };
        let waiter = self.bars.asks(self.object.life, self.now);
        self.tell(Input::Waiter(waiter, question))
    }

    /// **Assumption:** the cron trigger pokes the object once a minute. For speed, a poke that
    /// would find nothing to do is skipped.
    pub fn cron(&mut self) -> Check {
        // An alarm of the past was lost.
        let alarm_will_fire = self.object.inner.platform.alarm.is_some_and(|at| at > self.now);
        let alone = !self.object.is_running() && (alarm_will_fire || self.object.sockets() == 0);
        if !self.scenario.setup.cron || alone && self.rng.u8(..30) != 0 {
            return Ok(());
        }
        self.wake()?;
        self.tell(Event::Poked(self.object.inner.platform.held_alarm()))
    }

    /// The instance is gone.
    pub fn object_ends(&mut self, ending: Ending) -> Check {
        let panic = ending == Ending::Panic;
        self.the_link_is_not_alone();
        if let Some(machine) = self.object.machine() {
            self.the_checkpoint_is_seemly(machine, self.object.inner.platform.rows.checkpoint.as_deref())?;
        }
        let is_live = self
            .object
            .machine()
            .is_some_and(|one| one.feed_state() == FeedState::Live);
        let is_calm = is_live && self.calm() > 10 * MINUTE;
        let began = self.object.began();
        self.bars.life_ended(is_calm, began, self.now);
        self.object.inner.end();
        for client in self.object.inner.platform.take_cut_off() {
            self.viewer_lost(client.0);
        }
        if let Some(running) = self.object.running.take() {
            self.coverage.count("lives ended", 1);
            match (panic, running.link) {
                (true, Some(held)) => self.object.left_behind.push(held),
                (
                    false,
                    Some(Held {
                        session: Some(session), ..
                    }),
                ) => self.upstream.hang_up(session),
                _ => {}
            }
        }
        if !panic {
            self.close_what_was_left();
        }
        let same_isolate = match ending {
            Ending::Reset => true,
            Ending::Eviction => self.rng.bool(),
            Ending::Deploy | Ending::Panic => false,
        };
        if !same_isolate {
            self.object.inner.forget_isolate();
            self.object.breaks.clear();
        }
        if matches!(ending, Ending::Deploy | Ending::Reset) {
            for client in self.object.inner.platform.drop_clients() {
                self.viewer_lost(client.0);
            }
        }
        Ok(())
    }

    fn close_what_was_left(&mut self) {
        for held in std::mem::take(&mut self.object.left_behind) {
            if let Some(session) = held.session {
                self.upstream.hang_up(session);
            }
        }
    }

    /// As the object's constructor: closes the deaf socket, reads the rows, and takes over the
    /// clients' sockets.
    fn wake(&mut self) -> Check {
        if self.object.is_running() {
            return Ok(());
        }
        self.close_what_was_left();
        let now = self.read_clock();
        self.object.life += 1;
        self.object.running = Some(Running {
            began: now,
            link: None,
            is_doomed: false,
            feed: FeedState::Idle,
            streams: Vec::new(),
            activity: 0,
        });
        self.promises.new_life(now);
        self.symbols_stream(&[]);
        let began = self.object.inner.begin(self.rng.u64(..), now);
        if let (Some(running), Some(machine)) = (&mut self.object.running, self.object.inner.machine()) {
            running.feed = machine.feed_state();
            running.streams = streams(machine);
        }
        self.tell(began)
    }

    fn read_clock(&mut self) -> Millis {
        let lag = self.weather().find_map(|one| match one {
            Weather::ClockLags(lag) => Some(*lag),
            _ => None,
        });
        self.object.clock = self.object.clock.max(self.now - lag.unwrap_or(0));
        self.object.clock
    }

    /// Handles an event and everything that follows from it.
    fn tell(&mut self, event: impl Into<Event>) -> Check {
        let now = self.read_clock();
        let event = event.into();
        if !self.object.is_running() {
            return Ok(());
        }
        if self.object.sockets() > 0 || matches!(event, Event::Input(Input::Waiter(..))) {
            self.manners.present = self.now;
        }
        let inputs = if matches!(event, Event::Began(_)) {
            1 + self.object.sockets()
        } else {
            1
        };
        let most_deeds = inputs * (200 + 80 * self.object.sockets());
        self.prepare_storage();
        self.object.inner.happen(event, now);
        let deeds = self.object.inner.platform.take_deeds();
        if deeds.len() > most_deeds {
            return Err(broken("bounded memory", format!("{} deeds of one event", deeds.len())));
        }
        for deed in deeds {
            self.becomes_of(deed)?;
        }
        if let Some((promise, how)) = self.object.inner.platform.complaint.take() {
            return Err(broken(promise, how));
        }
        self.look_at_states()?;
        if self.object.inner.is_troubled() {
            self.object.troubled = Some(self.now);
        }
        self.object.count_rows(self.now);
        self.plan_what_comes();
        Ok(())
    }

    fn prepare_storage(&mut self) {
        let is = |what: Weather| self.weather().any(|one| *one == what);
        self.object.inner.platform.storage = match (is(Weather::StorageFails), is(Weather::StorageBreaks)) {
            (true, _) => Storage::Refuses,
            (_, true) => Storage::Breaks,
            _ => Storage::Works,
        };
        if self.object.inner.platform.storage != Storage::Works {
            self.bars.storage_failed = Some(self.now);
        }
    }

    /// Applies an action of the object to the world.
    fn becomes_of(&mut self, deed: Deed) -> Check {
        let life = self.object.life;
        match deed {
            Deed::Tell(clients, frame) => {
                let clients: Vec<u32> = clients.iter().map(|client| client.0).collect();
                self.passes.told(&clients, self.object.clock)?;
                self.viewers_hear(&frame, &clients)?;
            }
            Deed::Remember(client) => {
                let record = self.object.inner.platform.attachment(client).unwrap_or_default();
                if record.len() > LONGEST_RECORD {
                    return Err(broken(
                        "bounded memory",
                        format!("an attachment of {} bytes", record.len()),
                    ));
                }
            }
            Deed::Close(client, code) => {
                let why = match code {
                    CLOSE_SLOW => "clients closed: nothing read",
                    CLOSE_EXPIRED => "clients closed: pass ended",
                    _ => "clients closed: flood",
                };
                self.passes.closed(client.0, code, self.object.clock)?;
                self.coverage.count(why, 1);
                self.viewer_lost(client.0);
            }
            Deed::OpenUpstream(link) => {
                let session = None;
                let before = self
                    .running()
                    .and_then(|running| running.link.replace(Held { life, link, session }));
                self.hang_up(before);
                self.after_a_way(Happening::UpgradeArrives(life, link));
            }
            Deed::SendUpstream(link, frame) => {
                let held = self.running().and_then(|running| running.link);
                let held = held.filter(|held| held.link == link);
                if let Some(session) = held.and_then(|held| held.session) {
                    self.frame_leaves(session, frame);
                }
            }
            Deed::CloseUpstream(link) => {
                let held = self
                    .running()
                    .and_then(|running| running.link.take_if(|held| held.link == link));
                self.hang_up(held);
            }
            Deed::Fetch(request, call) => {
                let path = Provider::TwelveData.path(&call);
                self.after_a_way(Happening::CallArrives(life, request, path));
                self.at(self.now + REST_TIMEOUT, Happening::CallTimesOut(life, request));
            }
            Deed::Answer(waiter, answer) if self.bars.is_answered(waiter) => self.lookup_is_answered(&answer)?,
            Deed::Answer(..) => {
                if let Some(machine) = self.object.machine() {
                    self.reader_is_answered(machine)?;
                }
            }
            Deed::Write(Row::Checkpoint) => self.a_row_is_seemly()?,
            Deed::Write(Row::Credits) | Deed::Keep(_) => {}
            Deed::Log(line) => {
                self.log.truncate(LAST_LINES - 1);
                self.log.push_front(line);
            }
        }
        Ok(())
    }

    fn running(&mut self) -> Option<&mut Running> {
        self.object.running.as_mut()
    }

    fn hang_up(&mut self, held: Option<Held>) {
        if let Some(session) = held.and_then(|held| held.session) {
            self.upstream.hang_up(session);
        }
    }

    fn waits_for(&self, request: RequestId) -> bool {
        self.object.inner.platform.calls_for(request)
    }

    /// Schedules what the platform owes: timers, the alarm, sleep, and the end of an object that
    /// cannot commit.
    fn plan_what_comes(&mut self) {
        let life = self.object.life;
        for (at, wakeup) in self.object.inner.take_timers(|_, _| true) {
            let wait = at.saturating_sub(self.object.clock);
            let wait = match wakeup {
                // The next event-loop turn comes soon; after a large send, later.
                Wakeup::Pulse if self.rng.u8(..20) == 0 => self.rng.u64(0..=400),
                Wakeup::Pulse => self.rng.u64(0..=10),
                Wakeup::Deadline(_) => wait.max(1) + self.lateness(),
                Wakeup::AlarmRetry => wait,
            };
            if matches!(wakeup, Wakeup::Deadline(_)) && self.lateness() > 0 {
                let until = self.object.late_timer.1.max(self.now + wait);
                self.object.late_timer = (self.lateness(), until);
            }
            self.at(self.now + wait, Happening::Wakes(life, wakeup));
        }
        let number = self.object.inner.platform.settings;
        if let Some(at) = self.object.inner.platform.alarm
            && std::mem::replace(&mut self.object.alarm, number) != number
        {
            let is_late = false;
            self.at(at.max(self.now + 1), Happening::Alarm { number, is_late });
        }
        let is_doomed = self.object.inner.platform.is_doomed;
        let Some(running) = &mut self.object.running else {
            return;
        };
        running.activity += 1;
        let activity = running.activity;
        if is_doomed && !std::mem::replace(&mut running.is_doomed, true) {
            let wait = self.rng.u64(1..100);
            self.at(self.now + wait, Happening::CommitFails(life));
        }
        // An object without a timer, an outgoing socket or a running call is put to sleep.
        if self.may_be_put_to_sleep() {
            let wait = self.rng.u64(10..70) * SECOND;
            self.at(self.now + wait, Happening::Sleep(life, activity));
        }
    }

    fn may_be_put_to_sleep(&self) -> bool {
        let timer = self.object.inner.driver().and_then(Driver::timer_at);
        let platform = &self.object.inner.platform;
        timer.is_none() && platform.link().is_none() && platform.calls().next().is_none() && !platform.serves_http()
    }

    /// How late a timer fires that is set now.
    fn lateness(&self) -> Millis {
        let late = self.weather().find_map(|one| match one {
            Weather::TimersLate(by) => Some(*by),
            _ => None,
        });
        late.unwrap_or(0)
    }

    /// How late timers fire at present, including one that was set while they fired late.
    pub fn timers_late(&self) -> Millis {
        let (by, until) = self.object.late_timer;
        self.lateness().max(if self.now <= until { by } else { 0 })
    }

    fn alarm_fires(&mut self, number: u32, is_late: bool) -> Check {
        if self.object.alarm != number {
            return Ok(());
        }
        let trouble = self.weather().find(|one| {
            matches!(one, Weather::AlarmsLost | Weather::AlarmsTwice)
                || matches!(one, Weather::AlarmsLate(_)) && !is_late
        });
        match trouble.cloned() {
            Some(Weather::AlarmsLost) => {
                // The scheduler forgets the alarm. Storage may go on reporting it as set.
                if self.rng.bool() {
                    self.object.inner.platform.alarm = None;
                }
                return Ok(());
            }
            Some(Weather::AlarmsLate(by)) => {
                self.at(self.now + by, Happening::Alarm { number, is_late: true });
                return Ok(());
            }
            Some(Weather::AlarmsTwice) if !is_late => {
                self.at(self.now + 1, Happening::Alarm { number, is_late: true });
            }
            _ => {}
        }
        self.a_wakeup_is_seemly()?;
        self.wake()?;
        self.tell(Event::AlarmFired)
    }

    fn look_at_states(&mut self) -> Check {
        let (Some(running), Some(machine)) = (&mut self.object.running, self.object.inner.machine()) else {
            return Ok(());
        };
        let feed = machine.feed_state();
        self.coverage.feed(running.feed, feed);
        running.feed = feed;
        let before = running.streams.iter().map(|(one, state)| (one, *state));
        if !machine.stream_states().eq(before) {
            let now = streams(machine);
            let before = std::mem::replace(&mut running.streams, now.clone());
            for (instrument, state) in &now {
                let before = before.iter().find(|(one, _)| one == instrument);
                self.coverage
                    .symbol(before.map_or(StreamState::Pending, |(_, state)| *state), *state);
            }
            self.symbols_stream(&now);
        }
        if feed == FeedState::Live && self.object.inner.platform.link().is_none_or(|(_, is_open)| !is_open) {
            return Err(broken("a lost connection is not called live", format!("{feed:?}")));
        }
        Ok(())
    }
}

/// The state of each symbol.
fn streams(machine: &Machine) -> Vec<(Instrument, StreamState)> {
    let streams = machine.stream_states();
    streams.map(|(one, state)| (one.clone(), state)).collect()
}
