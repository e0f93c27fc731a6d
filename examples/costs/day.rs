//! A working day of the hub: the object on the platform in memory, the simulated Twelve Data in US
//! market hours, viewers of the dashboard that acknowledge as `public/app/link/stream.js` does, the
//! cron trigger, and optionally a scraper.

use super::bill::Bill;
use hamster_kit::{Deed, Object, Reader};
use hamster_terminal::access::Standing;
use hamster_terminal::dialect::Dialect;
use hamster_terminal::driver::Event;
use hamster_terminal::hub::{Carrier, ClientId, Config, Input, LinkId, RestAnswer};
use hamster_terminal::provider::Provider;
use hamster_terminal::simulator::{Exchange, Output, Plan, SessionId, Settings};
use serde_json::json;
use std::collections::VecDeque;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
/// Midnight of a Tuesday.
const MIDNIGHT: u64 = 1_768_867_200_000;
/// The start of a shorter day: an hour before New York opens.
const MORNING: u64 = 13 * 60 * MINUTE + 30 * MINUTE;
/// How often viewers are checked. Acknowledgements are at least a second apart.
const STEP: u64 = 250;
/// How often a new viewer asks for the time. After that it asks once a minute.
const QUESTIONS: u32 = 4;
const SYMBOLS: &str = "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD";

/// The day to play.
pub struct Day {
    /// The number of viewers of the default symbols.
    pub viewers: u32,
    /// How long they stay; 24 for all day.
    pub hours: u64,
    /// Seconds between two requests of `/metrics`; 0 for none.
    pub scrape: u64,
    /// Twelve Data's paid plan, which streams every symbol, instead of the free one.
    pub pro: bool,
}

impl Day {
    /// The day's name in the table.
    pub fn name(&self) -> String {
        let who = match self.viewers {
            0 => "nobody".to_owned(),
            1 => format!("1 viewer, {} h", self.hours),
            many => format!("{many} viewers, {} h", self.hours),
        };
        if self.scrape > 0 {
            format!("{who}, /metrics each {} s", self.scrape)
        } else {
            who
        }
    }

    /// Plays the day.
    pub fn live(&self) -> Bill {
        let mut life = Life::new(self);
        let begin = if self.hours >= 24 { 0 } else { MORNING };
        let end = begin + self.hours * 60 * MINUTE;
        let mut bill = Bill::default();
        for step in 0..DAY / STEP {
            let at = step * STEP;
            life.now = MIDNIGHT + at;
            if at == begin && self.viewers > 0 {
                life.viewers_come(self.viewers);
                bill.upgrades += f64::from(self.viewers);
            }
            if at == end {
                life.viewers_go();
            }
            life.pass();
            if at.is_multiple_of(MINUTE) {
                life.take(Event::Poked(life.object.platform.held_alarm()));
                bill.pokes += 1.0;
                (0..life.viewers.len()).for_each(|viewer| life.ask_the_time(viewer));
            }
            if self.scrape > 0 && at.is_multiple_of(self.scrape * SECOND) {
                bill.scrapes += 1.0;
            }
            life.acknowledge(step);
            if life.object.platform.is_kept_awake() {
                bill.awake += STEP as f64 / 1_000.0;
            }
        }
        let count = life.counter();
        bill.alarms = count("hamster_alarms_total");
        bill.upstream = count("hamster_upstream_messages_total");
        bill.clients = count("hamster_client_messages_total");
        bill.rows = ["checkpoint", "credits", "alarm", "bars"]
            .map(|row| count(&format!("hamster_storage_rows_written_total{{row=\"{row}\"}}")));
        bill
    }
}

struct Life {
    object: Object,
    exchange: Exchange,
    session: Option<(LinkId, SessionId)>,
    now: u64,
    viewers: Vec<Viewer>,
    /// All viewers watch the same symbols at the same rate, so they share one channel, and one
    /// reader reads for all.
    reader: Reader,
    events: VecDeque<Event>,
}

struct Viewer {
    client: ClientId,
    acknowledged: u64,
    at: u64,
}

impl Life {
    fn new(day: &Day) -> Self {
        let plan = if day.pro { Plan::pro() } else { Plan::basic() };
        let vars = move |name: &str| match name {
            "CREDITS_PER_MINUTE" if day.pro => Some("610".to_owned()),
            "CREDITS_PER_DAY" if day.pro => Some("0".to_owned()),
            _ => None,
        };
        let config = Config::from_vars(false, vars).expect("the defaults are good");
        let settings = Settings {
            plan,
            always_open: false,
            ..Settings::default()
        };
        let mut life = Self {
            object: Object::new(config),
            exchange: Exchange::new(settings, 1, MIDNIGHT),
            session: None,
            now: MIDNIGHT,
            viewers: Vec::new(),
            reader: Reader::default(),
            events: VecDeque::new(),
        };
        let began = life.object.begin(1, MIDNIGHT);
        life.take(began);
        life
    }

    fn viewers_come(&mut self, count: u32) {
        let wish = json!({"action": "subscribe", "params": {"symbols": SYMBOLS}}).to_string();
        for _ in 0..count {
            let client = self
                .object
                .admit(None, Standing::Anybody, self.now)
                .expect("there is room");
            self.viewers.push(Viewer {
                client,
                acknowledged: 0,
                at: 0,
            });
            self.take(Event::Joined(client, Dialect::HamsterV1, Carrier::WebSocket));
            self.take(Input::Said(client, wish.clone()));
            (0..QUESTIONS).for_each(|_| self.ask_the_time(self.viewers.len() - 1));
        }
    }

    /// As `public/app/link/connection.js` does, to measure the clock offset and to check that the
    /// hub is alive. Its pings cost nothing, because the platform answers them.
    fn ask_the_time(&mut self, viewer: usize) {
        let client = self.viewers[viewer].client;
        self.take(Input::Said(client, r#"{"action":"time","id":1}"#.to_owned()));
    }

    fn viewers_go(&mut self) {
        for viewer in std::mem::take(&mut self.viewers) {
            self.take(Event::Left(viewer.client, 1001));
        }
    }

    /// Everything that is due by now: the alarm, timers, and the market.
    fn pass(&mut self) {
        self.object.wake(self.now);
        self.carry_out();
        if self.exchange.next_tick_at().is_some_and(|at| at <= self.now) {
            let outputs = self.exchange.tick(self.now);
            self.queue(outputs);
            self.carry_out();
        }
    }

    /// Each viewer acknowledges as often as the hub told it to, each at its own moment.
    fn acknowledge(&mut self, step: u64) {
        for number in 0..self.viewers.len() {
            let viewer = &mut self.viewers[number];
            let due = self.now >= viewer.at + self.reader.ack_ms && number as u64 % 4 == step % 4;
            if due && viewer.acknowledged < self.reader.seq {
                (viewer.acknowledged, viewer.at) = (self.reader.seq, self.now);
                let client = viewer.client;
                self.take(Input::Said(client, self.reader.acknowledgement()));
            }
        }
    }

    fn take(&mut self, event: impl Into<Event>) {
        self.events.push_back(event.into());
        self.carry_out();
    }

    /// Carries out the object's deeds and hands in what follows, until nothing is left.
    fn carry_out(&mut self) {
        loop {
            for deed in self.object.platform.take_deeds() {
                self.becomes_of(deed);
            }
            match self.events.pop_front() {
                Some(event) => self.object.happen(event, self.now),
                None if self.object.comes_round(self.now) => {}
                None => return,
            }
        }
    }

    fn becomes_of(&mut self, deed: Deed) {
        match deed {
            Deed::OpenUpstream(link) => {
                let connected = self.exchange.connect(Some("key"), self.now).expect("any key is good");
                self.session = Some((link, connected.session));
                self.events.push_back(Input::Opened(link).into());
            }
            Deed::SendUpstream(_, frame) => {
                if let Some((_, session)) = self.session {
                    let outputs = self.exchange.receive(session, &frame, self.now);
                    self.queue(outputs);
                }
            }
            Deed::CloseUpstream(_) => {
                if let Some((_, session)) = self.session.take() {
                    self.exchange.disconnect(session);
                }
            }
            Deed::Fetch(request, call) => {
                let address = Provider::TwelveData.path(&call);
                let (path, query) = address.split_once('?').expect("a query");
                let reply = self.exchange.rest(path, query, Some("key"), self.now);
                let answer = RestAnswer {
                    status: reply.status,
                    body: reply.body,
                    credits: None,
                };
                self.events.push_back(Input::Fetched(request, answer).into());
            }
            Deed::Tell(clients, frame) => {
                let first = self.viewers.first().map(|viewer| viewer.client);
                if first.is_some_and(|first| clients.contains(&first)) {
                    self.reader.hear(&frame).expect("a frame that follows");
                }
            }
            _ => {}
        }
    }

    fn queue(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            if let (Output::Text { text, .. }, Some((link, _))) = (output, self.session) {
                self.events.push_back(Input::Frame(link, text).into());
            }
        }
    }

    /// Reads the hub's own counters.
    fn counter(&self) -> impl Fn(&str) -> f64 {
        let driver = self.object.driver().expect("an object in memory");
        let page = driver.machine().metrics(driver.counts(), self.now);
        move |series| {
            let line = page
                .lines()
                .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {series} in:\n{page}"))
                .parse()
                .expect("a number")
        }
    }
}
