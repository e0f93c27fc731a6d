//! A working day of the hub: its machine, the simulated Twelve Data in US market hours, viewers of the dashboard that acknowledge as
//! `public/app/link/stream.js` does, the alarm as `edge/driver.rs` keeps it, the cron trigger, and perhaps a scraper.

use super::bill::Bill;
use hamster_terminal::dialect::Dialect;
use hamster_terminal::hub::{ClientId, Config, EdgeCounts, Effect, Input, LinkId, Machine, RestAnswer, Stored};
use hamster_terminal::market::FeedState;
use hamster_terminal::provider::twelve_data::quote_query;
use hamster_terminal::simulator::{Exchange, Output, Plan, SessionId, Settings};
use serde_json::{Value, json};
use std::collections::VecDeque;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
/// A Tuesday.
const MIDNIGHT: u64 = 1_768_867_200_000;
/// Of a shorter day: an hour before New York opens.
const MORNING: u64 = 13 * 60 * MINUTE + 30 * MINUTE;
/// How often viewers are looked at; acknowledgements are at least a second apart.
const STEP: u64 = 250;
/// How often a viewer asks for the time when it comes; after that once a minute.
const QUESTIONS: u32 = 4;
const SYMBOLS: &str = "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD";

/// A day to live through.
pub struct Day {
    /// Viewers of the default symbols.
    pub viewers: u32,
    /// How long they stay; 24 for all day.
    pub hours: u64,
    /// Seconds between two requests of `/metrics`; 0 for none.
    pub scrape: u64,
    /// Twelve Data's paid plan, which streams every symbol, instead of the free one.
    pub pro: bool,
}

impl Day {
    /// As a row is called.
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

    /// Lives through it.
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
            if at.is_multiple_of(MINUTE) {
                life.take(Input::Time);
                bill.pokes += 1.0;
                (0..life.viewers.len() as u32).for_each(|viewer| life.ask_the_time(viewer));
            }
            if self.scrape > 0 && at.is_multiple_of(self.scrape * SECOND) {
                bill.scrapes += 1.0;
            }
            life.pass();
            life.acknowledge(step);
            if life.is_awake() {
                bill.awake += STEP as f64 / 1_000.0;
            }
        }
        let count = life.counter();
        bill.alarms = count("hamster_alarms_total");
        bill.upstream = count("hamster_upstream_messages_total");
        bill.clients = count("hamster_client_messages_total");
        bill.rows = ["checkpoint", "credits", "alarm"]
            .map(|row| count(&format!("hamster_storage_rows_written_total{{row=\"{row}\"}}")));
        bill
    }
}

struct Life {
    hub: Machine,
    exchange: Exchange,
    session: Option<(LinkId, SessionId)>,
    edge: EdgeCounts,
    alarm: Option<u64>,
    now: u64,
    viewers: Vec<Viewer>,
    /// All viewers watch the same at the same rate: they share one stream.
    stream: u64,
    /// Its newest delta.
    seq: u64,
    acknowledge_within: u64,
    inputs: VecDeque<Input>,
}

#[derive(Default)]
struct Viewer {
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
        Self {
            hub: Machine::new(config, &Stored::default(), 1, MIDNIGHT),
            exchange: Exchange::new(settings, 1, MIDNIGHT),
            session: None,
            edge: EdgeCounts::default(),
            alarm: None,
            now: MIDNIGHT,
            viewers: Vec::new(),
            stream: 0,
            seq: 0,
            acknowledge_within: SECOND,
            inputs: VecDeque::new(),
        }
    }

    fn viewers_come(&mut self, count: u32) {
        let wish = json!({"action": "subscribe", "params": {"symbols": SYMBOLS}}).to_string();
        for number in 0..count {
            self.viewers.push(Viewer::default());
            self.take(Input::joined(ClientId(number), Dialect::HamsterV1));
            self.take(Input::Said(ClientId(number), wish.clone()));
            (0..QUESTIONS).for_each(|_| self.ask_the_time(number));
        }
    }

    /// As `public/app/link/connection.js` does, to know how far the viewer's clock is off and that the hub is alive. Its pings cost nothing: the
    /// platform answers them.
    fn ask_the_time(&mut self, viewer: u32) {
        self.take(Input::Said(ClientId(viewer), r#"{"action":"time","id":1}"#.to_owned()));
    }

    fn viewers_go(&mut self) {
        for number in 0..self.viewers.len() as u32 {
            self.take(Input::Left(ClientId(number)));
        }
        self.viewers.clear();
    }

    /// Everything that is due by now: alarm, timer, and the market.
    fn pass(&mut self) {
        if self.alarm.is_some_and(|at| at <= self.now) {
            self.alarm = None;
            self.edge.alarms_fired += 1;
            self.take(Input::Time);
        }
        if self.hub.timer_at().is_some_and(|at| at <= self.now) {
            self.take(Input::Time);
        }
        if self.exchange.next_tick_at().is_some_and(|at| at <= self.now) {
            let outputs = self.exchange.tick(self.now);
            self.hear(outputs);
        }
    }

    /// Each viewer says how far it has read, as often as it was told to, each at its own moment.
    fn acknowledge(&mut self, step: u64) {
        for number in 0..self.viewers.len() {
            let viewer = &mut self.viewers[number];
            let due = self.now >= viewer.at + self.acknowledge_within && number as u64 % 4 == step % 4;
            if due && viewer.acknowledged < self.seq {
                (viewer.acknowledged, viewer.at) = (self.seq, self.now);
                let ack = json!({"action": "ack", "stream": self.stream, "seq": self.seq});
                self.take(Input::Said(ClientId(number as u32), ack.to_string()));
            }
        }
    }

    /// Whether the platform must keep the object in memory: an open upstream or a timer.
    fn is_awake(&self) -> bool {
        let idle = self.hub.status(self.now).feed.state == FeedState::Idle;
        !idle || self.hub.timer_at().is_some()
    }

    fn take(&mut self, input: Input) {
        self.inputs.push_back(input);
        while let Some(input) = self.inputs.pop_front() {
            self.hub.handle(input, self.now);
            while let Some(effect) = self.hub.next_effect() {
                self.carry_out(effect);
            }
        }
        // As the edge does: an alarm is set when there is none, or when it must be earlier.
        if let Some(at) = self.hub.alarm_at()
            && self.alarm.is_none_or(|set| at < set)
        {
            self.alarm = Some(at);
            self.edge.alarms_set += 1;
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::OpenUpstream { link } => {
                let connected = self.exchange.connect(Some("key"), self.now).expect("any key is good");
                self.session = Some((link, connected.session));
                self.inputs.push_back(Input::Opened(link));
            }
            Effect::SendUpstream { frame, .. } => {
                if let Some((_, session)) = self.session {
                    let outputs = self.exchange.receive(session, &frame, self.now);
                    self.queue(outputs);
                }
            }
            Effect::CloseUpstream { .. } => {
                if let Some((_, session)) = self.session.take() {
                    self.exchange.disconnect(session);
                }
            }
            Effect::Fetch { request, symbols } => {
                let address = quote_query(&symbols);
                let (path, query) = address.split_once('?').expect("a query");
                let reply = self.exchange.rest(path, query, Some("key"), self.now);
                let answer = RestAnswer {
                    status: reply.status,
                    body: reply.body,
                    credits: None,
                };
                self.inputs.push_back(Input::Fetched(request, answer));
            }
            Effect::Pulse => self.inputs.push_back(Input::Pulse),
            Effect::SaveCredits(_) => self.inputs.push_back(Input::Charged(None)),
            Effect::Broadcast { frame, .. } => self.read(&frame),
            Effect::Send { frame, .. } => self.read(&frame),
            _ => {}
        }
    }

    /// What a frame tells all viewers: where the stream is, and how often to acknowledge.
    fn read(&mut self, frame: &str) {
        if !frame.starts_with('[') || frame.contains("ack_ms") {
            let value: Value = serde_json::from_str(frame).expect("JSON");
            let items = value.as_array().into_iter().flatten().chain([&value]);
            for within in items.filter_map(|item| item["ack_ms"].as_u64()) {
                self.acknowledge_within = within;
            }
            if value["event"] == "snapshot" {
                self.stream = value["stream"].as_u64().expect("a number");
                self.seq = value["seq"].as_u64().expect("a number");
            }
        }
        if frame.starts_with('[') {
            let seq = frame.split(',').nth(1).expect("a sequence number");
            self.seq = seq.parse().expect("a number");
        }
    }

    fn queue(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            if let (Output::Text { text, .. }, Some((link, _))) = (output, self.session) {
                self.inputs.push_back(Input::Frame(link, text));
            }
        }
    }

    fn hear(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            if let (Output::Text { text, .. }, Some((link, _))) = (output, self.session) {
                self.take(Input::Frame(link, text));
            }
        }
    }

    /// Reads the hub's own counters.
    fn counter(&self) -> impl Fn(&str) -> f64 {
        let page = self.hub.metrics(&self.edge, self.now);
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
