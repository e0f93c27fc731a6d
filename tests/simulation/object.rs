//! The Durable Object as the platform runs it: the real machine, driven as `src/edge/driver.rs` drives it, with what survives it
//! (two rows, one alarm, the clients' sockets with their attachments, what the isolate knows of storage) and what does not. **All contact with the machine's inputs
//! and effects is in this file.**

use super::scenario::{Setup, Tier};
use super::weather::Weather;
use super::world::{Check, Happening, World, broken};
use hamster_terminal::dialect::{CLOSE_SLOW, Dialect};
use hamster_terminal::hub::{
    ClientId, Config, Effect, Group, Input, LinkId, Machine, RequestId, Row, StorageBreaker, Stored, WaiterId, Write,
};
use hamster_terminal::market::Instrument;
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};
use hamster_terminal::market::{FeedState, StreamState};
use hamster_terminal::provider::twelve_data::quote_query;
use hamster_terminal::simulator::{Plan, SessionId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// As in the driver.
const REST_TIMEOUT: Millis = 10 * SECOND;
const ALARM_RETRY: Millis = 5 * SECOND;
const LOST_ALARM: Millis = 2 * MINUTE;
const MOST_AHEAD: Millis = 5_000;
/// Inputs that may follow from one, such as what storage said.
const MOST_ROUNDS: u32 = 100;
/// The platform takes 16 KiB with a socket; the machine promises less.
const LONGEST_RECORD: usize = 12 * 1024;

/// Lives that a write may break in ten minutes of one isolate: at once, after two minutes, after four more.
const MOST_BREAKS: usize = 4;
/// Of the hub's log, for the report of a broken promise.
const LAST_LINES: usize = 12;

/// The object, in memory or not.
#[derive(Debug)]
pub struct Object {
    pub config: Config,
    /// Lives so far.
    pub life: u32,
    running: Option<Running>,
    stored: Stored,
    /// Lives as long as the isolate.
    breaker: StorageBreaker,
    /// When writes broke lives of this isolate.
    breaks: VecDeque<Millis>,
    /// When storage was last known to be in trouble.
    troubled: Option<Millis>,
    alarm: Option<u32>,
    last_alarm: u32,
    /// Clients' sockets and their attachments.
    sockets: BTreeMap<u32, String>,
    last_client: u32,
    /// What a panic left on the JavaScript side.
    left_behind: Vec<Held>,
    clock: Millis,
    day: u64,
    /// Rows written this day, alarms included.
    pub rows: u64,
    pub most_rows: u64,
}

/// How an instance ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The platform puts it out of memory, perhaps with its isolate.
    Eviction,
    /// With its isolate, and the clients' sockets are closed.
    Deploy,
    /// With its isolate's memory; upstream's socket stays open, and deaf.
    Panic,
    /// A write could not be committed: the clients' sockets are closed, the isolate lives on.
    Reset,
}

/// One instance of the code.
#[derive(Debug)]
struct Running {
    machine: Machine,
    began: Millis,
    alarm_at: Option<Millis>,
    ahead: Millis,
    timer_at: Option<Millis>,
    timer: u32,
    link: Option<Held>,
    /// The newest link that the machine wants or wanted, and whether it is over as far as the machine knows.
    known_link: Option<(LinkId, bool)>,
    groups: BTreeMap<Group, BTreeSet<u32>>,
    calls: BTreeSet<u32>,
    /// Something was written that will not be committed: nothing leaves any more, as the platform holds back what comes after a write.
    is_doomed: bool,
    feed: FeedState,
    streams: Vec<(Instrument, StreamState)>,
    activity: u64,
}

/// The one upstream socket of an instance, or its upgrade under way.
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

    /// Credits a minute and a day.
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
                "CREDITS_PER_DAY" => plan.rest_per_day.unwrap_or(0).to_string(),
                _ => return None,
            })
        });
        Self {
            config: config.unwrap(),
            life: 0,
            running: None,
            stored: Stored::default(),
            breaker: StorageBreaker::default(),
            breaks: VecDeque::new(),
            troubled: None,
            alarm: None,
            last_alarm: 0,
            sockets: BTreeMap::new(),
            last_client: 0,
            left_behind: Vec::new(),
            clock: 0,
            day: 0,
            rows: 0,
            most_rows: 0,
        }
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn machine(&self) -> Option<&Machine> {
        self.running.as_ref().map(|running| &running.machine)
    }

    /// When the present life began.
    pub fn began(&self) -> Millis {
        self.running.as_ref().map_or(0, |running| running.began)
    }

    /// Clients that are connected.
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// The time as the object reads it.
    pub fn clock(&self) -> Millis {
        self.clock
    }

    /// Whether the upgrade request of a link was not given up.
    pub fn asks(&self, life: u32, link: LinkId) -> bool {
        let held = self.running.iter().filter_map(|running| running.link);
        held.chain(self.left_behind.iter().copied())
            .any(|held| held.life == life && held.link == link)
    }

    /// Upstream took the upgrade.
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
        self.running.as_ref().is_some_and(|running| running.is_doomed)
    }

    /// Whether the newest rows may not be stored, after trouble with storage.
    pub fn distrusts_storage(&self, now: Millis) -> bool {
        self.troubled.is_some_and(|at| now < at + 2 * MINUTE)
    }

    fn row(&mut self, now: Millis) {
        if self.day != now / DAY {
            (self.day, self.rows) = (now / DAY, 0);
        }
        self.rows += 1;
        self.most_rows = self.most_rows.max(self.rows);
    }
}

impl World {
    /// Something for the object arrives: late events of earlier lives find nobody.
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
                self.link_is_over(link);
                self.tell(Input::Refused(link, status, body))
            }
            Happening::LinkEnds(life, link, text) if is_of(life) => {
                self.link_is_over(link);
                self.tell(Input::Lost(link, text))
            }
            Happening::Frame(life, link, text) if is_of(life) => {
                if self.object.asks(life, link) {
                    let stamps_are_true = !self.lies_about_time();
                    self.promises
                        .delivered(&text, stamps_are_true, |place, price| self.market.made_at(place, price));
                    self.a_frame_arrives(&text);
                }
                self.tell(Input::Frame(link, text))
            }
            Happening::Answer(life, request, answer) if is_of(life) && self.call_ends(request) => {
                self.tell(Input::Fetched(request, answer))
            }
            Happening::CallTimesOut(life, request) if is_of(life) && self.call_ends(request) => {
                self.tell(Input::FetchFailed(request, "no answer within 10 s".to_owned()))
            }
            Happening::Alarm { number, is_late } => self.alarm_fires(number, is_late),
            Happening::AlarmRefused(life) if is_of(life) => {
                self.at(self.now + ALARM_RETRY, Happening::AlarmRetried(life));
                self.tell(Input::Stored(Some("the alarm could not be set".to_owned())))
            }
            Happening::AlarmRetried(life) if is_of(life) => {
                if let Some(running) = &mut self.object.running {
                    running.alarm_at = None;
                }
                self.tell(Input::Time)
            }
            Happening::StorageWorks(life) if is_of(life) => self.tell(Input::Stored(None)),
            Happening::CommitFails(life) if is_of(life) => {
                self.coverage.count("lives that a write broke", 1);
                self.broken_lives_are_seldom()?;
                self.object_ends(Ending::Reset)
            }
            Happening::Pulse(life) if is_of(life) => self.tell(Input::Pulse),
            Happening::Timer(life, number) if is_of(life) => {
                let running = self.object.running.as_mut().filter(|running| running.timer == number);
                let Some(running) = running else { return Ok(()) };
                running.timer_at = None;
                self.a_wakeup_is_seemly()?;
                self.tell(Input::Time)
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

    /// Each costs the clients their sockets: an isolate that knows of the trouble lets storage alone for longer and longer.
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

    /// A client's socket: its number, for the object knows it by nothing else.
    pub fn client_joins(&mut self, dialect: Dialect) -> Result<u32, Box<super::world::Broken>> {
        self.wake()?;
        self.object.last_client += 1;
        let client = self.object.last_client;
        self.object.sockets.insert(client, String::new());
        self.viewers.connecting(client);
        self.tell(Input::joined(ClientId(client), dialect))?;
        Ok(client)
    }

    pub fn client_says(&mut self, client: u32, text: String) -> Check {
        if self.object.sockets.contains_key(&client) {
            self.wake()?;
            self.tell(Input::Said(ClientId(client), text))?;
        }
        Ok(())
    }

    pub fn client_says_binary(&mut self, client: u32, bytes: usize) -> Check {
        if self.object.sockets.contains_key(&client) {
            self.wake()?;
            self.tell(Input::SaidBinary(ClientId(client), bytes))?;
        }
        Ok(())
    }

    /// The platform found the socket closed.
    pub fn socket_found(&mut self, client: u32) -> Check {
        if self.object.sockets.contains_key(&client) {
            self.wake()?;
            self.tell(Input::Left(ClientId(client)))?;
            self.object.sockets.remove(&client);
        }
        Ok(())
    }

    pub fn reader_asks(&mut self, symbols: Option<&str>) -> Check {
        self.wake()?;
        let list = symbols
            .unwrap_or_default()
            .split(',')
            .filter_map(|text| Instrument::parse(text).ok());
        self.tell(Input::Waiter(WaiterId(1), list.collect()))
    }

    /// **Assumption:** the cron trigger pokes the object once a minute. To be quick, one that would find nothing to do is left out.
    pub fn cron(&mut self) -> Check {
        let alone = !self.object.is_running() && (self.object.alarm.is_some() || self.object.sockets.is_empty());
        if !self.scenario.setup.cron || alone && self.rng.u8(..30) != 0 {
            return Ok(());
        }
        self.wake()?;
        self.tell(Input::Time)
    }

    /// The instance is gone.
    pub fn object_ends(&mut self, ending: Ending) -> Check {
        let panic = ending == Ending::Panic;
        self.the_link_is_not_alone();
        if let Some(machine) = self.object.machine() {
            self.the_checkpoint_is_seemly(machine, self.object.stored.checkpoint.as_deref())?;
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
            self.object.breaker = StorageBreaker::default();
            self.object.breaks.clear();
        }
        if matches!(ending, Ending::Deploy | Ending::Reset) {
            let clients = std::mem::take(&mut self.object.sockets);
            for client in clients.into_keys() {
                self.viewer_lost(client);
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

    /// As the object's constructor: closes what is deaf, reads the rows, takes back the sockets.
    fn wake(&mut self) -> Check {
        if self.object.is_running() {
            return Ok(());
        }
        self.close_what_was_left();
        let now = self.read_clock();
        let object = &mut self.object;
        object.life += 1;
        let trouble = object.breaker.begin_life(object.config.checkpoint, now);
        let stored = Stored {
            checkpoint: object.stored.checkpoint.clone(),
            credits: object.stored.credits.clone(),
            is_unsaved: false,
        };
        let stored = object.breaker.newest(stored);
        let machine = Machine::new(object.config.clone(), &stored, self.rng.u64(..), now);
        object.running = Some(Running {
            feed: machine.feed_state(),
            streams: machine
                .stream_states()
                .map(|(one, state)| (one.clone(), state))
                .collect(),
            machine,
            began: now,
            alarm_at: None,
            ahead: 0,
            timer_at: None,
            timer: 0,
            link: None,
            known_link: None,
            groups: BTreeMap::new(),
            calls: BTreeSet::new(),
            is_doomed: false,
            activity: 0,
        });
        self.promises.new_life(now);
        self.symbols_stream(&[]);
        if trouble.is_some() {
            self.tell(Input::Stored(trouble))?;
        }
        let clients: Vec<(u32, String)> = self.object.sockets.clone().into_iter().collect();
        for (client, record) in clients {
            self.tell(Input::Rejoined(ClientId(client), record))?;
        }
        Ok(())
    }

    fn read_clock(&mut self) -> Millis {
        let lag = self.weather().find_map(|one| match one {
            Weather::ClockLags(lag) => Some(*lag),
            _ => None,
        });
        self.object.clock = self.object.clock.max(self.now - lag.unwrap_or(0));
        self.object.clock
    }

    /// One input, all its effects, the inputs that they lead to, then the two deadlines.
    fn tell(&mut self, input: Input) -> Check {
        let now = self.read_clock();
        let Some(mut running) = self.object.running.take() else {
            return Ok(());
        };
        if !self.object.sockets.is_empty() || matches!(input, Input::Waiter(..)) {
            self.manners.present = self.now;
        }
        let most_effects = 200 + 80 * self.object.sockets.len();
        let mut inputs = VecDeque::from([input]);
        let mut result = Ok(());
        let mut rounds = 0;
        while let (Some(input), Ok(())) = (inputs.pop_front(), &result) {
            rounds += 1;
            if rounds > MOST_ROUNDS {
                result = Err(broken("no endless loop", format!("{input:?} for the {rounds}th time")));
            }
            running.machine.handle(input, now);
            let mut effects = 0;
            while let (Some(effect), Ok(())) = (running.machine.next_effect(), &result) {
                effects += 1;
                result = self.carry_out(&mut running, effect, &mut inputs);
            }
            if effects > most_effects && result.is_ok() {
                result = Err(broken("bounded memory", format!("{effects} effects of one input")));
            }
            self.look_at_states(&mut running);
            let is_over = running.known_link.is_some_and(|(_, is_over)| is_over);
            if is_over && running.machine.feed_state() == FeedState::Live && result.is_ok() {
                result = Err(broken(
                    "a lost connection is not called live",
                    format!("{:?}", running.known_link),
                ));
            }
        }
        running.activity += 1;
        if self.object.breaker.is_troubled() {
            self.object.troubled = Some(self.now);
        }
        self.set_deadlines(&mut running, now);
        self.consider_sleep(&running);
        self.object.running = Some(running);
        result
    }

    fn carry_out(&mut self, running: &mut Running, effect: Effect, inputs: &mut VecDeque<Input>) -> Check {
        match effect {
            Effect::Broadcast { .. }
            | Effect::Send { .. }
            | Effect::CloseClient { .. }
            | Effect::SendUpstream { .. }
            | Effect::Answer(_)
                if running.is_doomed => {}
            Effect::Broadcast { group, frame } => {
                let members = running
                    .groups
                    .get(&group)
                    .into_iter()
                    .flatten()
                    .copied()
                    .collect::<Vec<_>>();
                self.viewers_hear(&frame, &members)?;
            }
            Effect::Send { client, frame } => self.viewers_hear(&frame, &[client.0])?,
            Effect::Enroll { client, group } => {
                running.groups.entry(group).or_default().insert(client.0);
            }
            Effect::Dismiss { client, group } => {
                if let Some(members) = running.groups.get_mut(&group) {
                    members.remove(&client.0);
                }
            }
            Effect::Pulse => {
                // The event loop comes round soon; after much was sent, later.
                let soon = if self.rng.u8(..20) == 0 { 400 } else { 10 };
                let at = self.now + self.rng.u64(0..=soon);
                self.at(at, Happening::Pulse(self.object.life));
            }
            Effect::Remember { client, record } => {
                if record.len() > LONGEST_RECORD {
                    return Err(broken(
                        "bounded memory",
                        format!("an attachment of {} bytes", record.len()),
                    ));
                }
                if let Some(attachment) = self.object.sockets.get_mut(&client.0) {
                    *attachment = record;
                }
            }
            Effect::CloseClient { client, code, .. } => {
                let why = if code == CLOSE_SLOW {
                    "clients closed: nothing read"
                } else {
                    "clients closed: flood"
                };
                self.coverage.count(why, 1);
                self.object.sockets.remove(&client.0);
                self.viewer_lost(client.0);
            }
            Effect::OpenUpstream { link } => self.open_upstream(running, link)?,
            Effect::SendUpstream { link, frame } => {
                if let Some(Held {
                    session: Some(session), ..
                }) = running.link.filter(|held| held.link == link)
                {
                    self.frame_leaves(session, frame);
                }
            }
            Effect::CloseUpstream { link } => {
                if let Some(held) = running.link.take_if(|held| held.link == link) {
                    self.close_held(held);
                }
                running.known_link = running.known_link.map(|(known, over)| (known, over || known == link));
            }
            Effect::Fetch { request, symbols } => {
                running.calls.insert(request.0);
                let life = self.object.life;
                if !running.is_doomed {
                    self.after_a_way(Happening::CallArrives(life, request, quote_query(&symbols)));
                }
                self.at(self.now + REST_TIMEOUT, Happening::CallTimesOut(life, request));
            }
            Effect::Answer(_) => self.reader_is_answered(&running.machine)?,
            Effect::SaveCheckpoint(row) => {
                self.a_row_is_seemly()?;
                let trouble = self.save(running, Row::Checkpoint, row);
                if trouble.is_some() || !self.object.breaker.is_troubled() {
                    inputs.push_back(Input::Stored(trouble));
                }
            }
            Effect::SaveCredits(row) => {
                let trouble = self.save(running, Row::Credits, row);
                inputs.push_back(Input::Charged(trouble));
            }
            Effect::Log(line) => {
                self.log.truncate(LAST_LINES - 1);
                self.log.push_front(line);
            }
        }
        Ok(())
    }

    fn open_upstream(&mut self, running: &mut Running, link: LinkId) -> Check {
        if let Some((known, false)) = running.known_link {
            return Err(broken(
                "one upstream connection",
                format!("{link:?} is opened while {known:?} is not closed"),
            ));
        }
        running.known_link = Some((link, false));
        let life = self.object.life;
        let next = Held {
            life,
            link,
            session: None,
        };
        if let Some(before) = running.link.replace(next) {
            self.close_held(before);
        }
        if !running.is_doomed {
            self.after_a_way(Happening::UpgradeArrives(life, link));
        }
        Ok(())
    }

    fn close_held(&mut self, held: Held) {
        if let Some(session) = held.session {
            self.upstream.hang_up(session);
        }
    }

    fn link_is_over(&mut self, link: LinkId) {
        if let Some(running) = &mut self.object.running {
            running.known_link = running.known_link.map(|(known, over)| (known, over || known == link));
        }
    }

    fn call_ends(&mut self, request: RequestId) -> bool {
        let running = self.object.running.as_mut();
        running.is_some_and(|running| running.calls.remove(&request.0))
    }

    /// As `src/edge/storage.rs`; says what is wrong so far.
    fn save(&mut self, running: &mut Running, row: Row, body: String) -> Option<String> {
        let now = self.object.clock;
        let write = match self.object.breaker.begin_row(row, &body, now) {
            Ok(write) => write,
            Err(trouble) => return Some(trouble),
        };
        if self.weather().any(|one| *one == Weather::StorageFails) {
            self.object.breaker.refused(write);
            return Some("disk full".to_owned());
        }
        if self.commits(running, write) {
            match row {
                Row::Checkpoint => self.object.stored.checkpoint = Some(body),
                Row::Credits => self.object.stored.credits = Some(body),
            }
        }
        None
    }

    /// Whether a write that was taken is committed.
    fn commits(&mut self, running: &mut Running, write: Write) -> bool {
        if running.is_doomed || self.weather().any(|one| *one == Weather::StorageBreaks) {
            if !std::mem::replace(&mut running.is_doomed, true) {
                let wait = self.rng.u64(1..100);
                self.at(self.now + wait, Happening::CommitFails(self.object.life));
            }
            return false;
        }
        self.object.row(self.now);
        if self.object.breaker.commit(write) {
            self.at(self.now, Happening::StorageWorks(self.object.life));
        }
        true
    }

    fn set_deadlines(&mut self, running: &mut Running, now: Millis) {
        let is_held = self.object.breaker.holds(now);
        let alarm = running.machine.alarm_at();
        if let Some(at) = alarm.filter(|_| !is_held)
            && running.alarm_at.is_none_or(|set| at < set || set + LOST_ALARM < now)
        {
            running.alarm_at = Some(at);
            self.set_alarm(running, at.max(now) + running.ahead);
        }
        let in_memory = [running.machine.timer_at(), alarm.filter(|_| is_held)];
        if let Some(at) = in_memory.into_iter().flatten().min()
            && running.timer_at.is_none_or(|set| at < set)
        {
            running.timer += 1;
            running.timer_at = Some(at);
            let wait = at.saturating_sub(now).max(1) + self.timers_late();
            self.at(self.now + wait, Happening::Timer(self.object.life, running.timer));
        }
    }

    /// How much later than set a timer fires at present.
    pub fn timers_late(&self) -> Millis {
        let late = self.weather().find_map(|one| match one {
            Weather::TimersLate(by) => Some(*by),
            _ => None,
        });
        late.unwrap_or(0)
    }

    fn set_alarm(&mut self, running: &mut Running, at: Millis) {
        let write = self.object.breaker.begin_write();
        if self.weather().any(|one| *one == Weather::StorageFails) {
            self.object.breaker.refused(write);
            self.at(self.now, Happening::AlarmRefused(self.object.life));
            return;
        }
        if !self.commits(running, write) {
            return;
        }
        self.object.last_alarm += 1;
        let number = self.object.last_alarm;
        self.object.alarm = Some(number);
        self.at(at.max(self.now + 1), Happening::Alarm { number, is_late: false });
    }

    fn alarm_fires(&mut self, number: u32, is_late: bool) -> Check {
        if self.object.alarm != Some(number) {
            return Ok(());
        }
        let trouble = self.weather().find(|one| {
            matches!(one, Weather::AlarmsLost | Weather::AlarmsTwice)
                || matches!(one, Weather::AlarmsLate(_)) && !is_late
        });
        match trouble.cloned() {
            Some(Weather::AlarmsLost) => {
                self.object.alarm = None;
                return Ok(());
            }
            Some(Weather::AlarmsLate(by)) => {
                self.at(self.now + by, Happening::Alarm { number, is_late: true });
                return Ok(());
            }
            Some(Weather::AlarmsTwice) if !is_late => {
                self.at(self.now + 1, Happening::Alarm { number, is_late: true });
            }
            _ => self.object.alarm = None,
        }
        self.a_wakeup_is_seemly()?;
        self.wake()?;
        let now = self.read_clock();
        if let Some(running) = &mut self.object.running
            && let Some(at) = running.alarm_at.take()
        {
            running.ahead = (at + running.ahead).saturating_sub(now).min(MOST_AHEAD);
        }
        self.tell(Input::Time)
    }

    /// Without a timer, a socket of its own or a call under way an object is put to sleep.
    fn consider_sleep(&mut self, running: &Running) {
        if running.timer_at.is_none() && running.link.is_none() && running.calls.is_empty() {
            let wait = self.rng.u64(10..70) * SECOND;
            self.at(self.now + wait, Happening::Sleep(self.object.life, running.activity));
        }
    }

    fn look_at_states(&mut self, running: &mut Running) {
        let feed = running.machine.feed_state();
        self.coverage.feed(running.feed, feed);
        running.feed = feed;
        let same = running
            .machine
            .stream_states()
            .eq(running.streams.iter().map(|(one, state)| (one, *state)));
        if !same {
            let now: Vec<(Instrument, StreamState)> = running
                .machine
                .stream_states()
                .map(|(one, state)| (one.clone(), state))
                .collect();
            for (instrument, state) in &now {
                let before = running.streams.iter().find(|(one, _)| one == instrument);
                self.coverage
                    .symbol(before.map_or(StreamState::Pending, |(_, state)| *state), *state);
            }
            self.symbols_stream(&now);
            running.streams = now;
        }
    }
}
