//! The event loop: everything in flight waits in one queue ordered by time, and the world jumps
//! from one event to the next. One seed decides everything.

use super::bars::Bars;
use super::coverage::Coverage;
use super::manners::Manners;
use super::market::{Market, Place};
use super::object::{Ending, Object};
use super::passes::Passes;
use super::promises::{LIVE_WITHIN, Promises};
use super::scenario::{Blow, Event, Scenario};
use super::upstream::Upstream;
use super::viewers::{Shown, Viewers};
use super::weather::{KEY, Weather, prevail};
use hamster_terminal::driver::Wakeup;
use hamster_terminal::hub::{LinkId, RequestId, RestAnswer};
use hamster_terminal::market::{MINUTE, Millis, SECOND};
use hamster_terminal::simulator::{Exchange, Keys, Plan, SessionId, Settings};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The promise. Shrinking keeps to it.
    pub promise: &'static str,
    pub how: String,
    /// In ms after the start.
    pub at: Millis,
    /// The hub's last log lines, newest first.
    pub log: VecDeque<String>,
}

pub type Check = Result<(), Box<Broken>>;

pub fn broken(promise: &'static str, how: String) -> Box<Broken> {
    Box::new(Broken {
        promise,
        how,
        at: 0,
        log: VecDeque::new(),
    })
}

/// A scheduled event. A leading `u32` is the life of the object that it is meant for.
#[derive(Debug)]
pub enum Happening {
    Planned(usize),
    Clears(usize),
    UpgradeArrives(u32, LinkId),
    LinkOpens(u32, LinkId),
    LinkRefused(u32, LinkId, u16, String),
    LinkEnds(u32, LinkId, String),
    Frame(u32, LinkId, String),
    FrameArrives(SessionId, String),
    CallArrives(u32, RequestId, String),
    Answer(u32, RequestId, RestAnswer),
    CallTimesOut(u32, RequestId),
    Alarm {
        number: u32,
        is_late: bool,
    },
    /// Storage cannot commit what was written.
    CommitFails(u32),
    Wakes(u32, Wakeup),
    Acknowledge(u32),
    /// A slow viewer reads a frame.
    ReadsOne(u32),
    GuestGoesOn(u32),
    LookAgain(u32, String, Option<Shown>),
    Sleep(u32, u64),
    ViewerReturns(u32),
    SocketFound(u32),
    MarketMoves(u64),
    UpstreamTicks,
    Cron,
    Probe,
}

struct Entry(Millis, u64, Happening);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.1 == other.1
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// The whole simulated world.
pub struct World {
    pub now: Millis,
    pub scenario: Scenario,
    pub rng: fastrand::Rng,
    pub object: Object,
    pub upstream: Upstream,
    pub market: Market,
    pub viewers: Viewers,
    pub passes: Passes,
    pub promises: Promises,
    pub bars: Bars,
    pub manners: Manners,
    pub coverage: Coverage,
    /// The hub's last log lines, newest first.
    pub log: VecDeque<String>,
    /// The instruments of the default symbols.
    pub followed: Vec<Place>,
    /// Since when nothing is wrong.
    pub calm_since: Millis,
    /// Until when upstream asked the hub to stay away.
    pub excused_until: Millis,
    /// Until when a price may seem older than it is, because stamps in the future were cut to the
    /// present.
    pub lied_until: Millis,
    weather: BTreeMap<usize, Weather>,
    /// Whether no default symbol can stream at present.
    is_barren: bool,
    plan: Plan,
    queue: BinaryHeap<Reverse<Entry>>,
    order: u64,
}

/// Plays a scenario to its end or to the first broken promise.
pub fn play(scenario: &Scenario) -> Result<(Coverage, World), Box<Broken>> {
    let mut world = World::new(scenario.clone());
    let start = scenario.setup.start;
    match world.run(start + scenario.length) {
        Ok(()) => Ok((world.coverage.clone(), world)),
        Err(mut broken) => {
            broken.at = world.now - start;
            broken.log = world.log;
            Err(broken)
        }
    }
}

impl World {
    pub fn new(scenario: Scenario) -> Self {
        let setup = &scenario.setup;
        let now = setup.start;
        let plan = setup.tier.plan();
        let settings = Settings {
            keys: Keys::Only(vec![KEY.to_owned()]),
            plan: plan.clone(),
            always_open: setup.always_open,
            tick_rate: 1.0,
            automatic: false,
        };
        let followed = setup.symbols.split(',').filter_map(Market::place).collect();
        let mut world = Self {
            now,
            rng: fastrand::Rng::with_seed(scenario.seed),
            object: Object::new(setup),
            upstream: Upstream::new(Exchange::new(settings, scenario.seed, now)),
            market: Market::new(now),
            viewers: Viewers::default(),
            passes: Passes::default(),
            promises: Promises::default(),
            bars: Bars::default(),
            manners: Manners::default(),
            coverage: Coverage::default(),
            log: VecDeque::new(),
            followed,
            calm_since: now,
            excused_until: 0,
            lied_until: 0,
            weather: BTreeMap::new(),
            is_barren: false,
            plan,
            queue: BinaryHeap::new(),
            order: 0,
            scenario,
        };
        for place in 0..hamster_terminal::simulator::INSTRUMENTS.len() {
            let price = world.market.price(place);
            world
                .upstream
                .exchange
                .publish(&Market::name(place), price, now / SECOND, now);
        }
        for (number, planned) in world.scenario.events.clone().iter().enumerate() {
            world.at(now + planned.at, Happening::Planned(number));
        }
        world.at(now + MINUTE, Happening::Cron);
        world.market_goes_on();
        world.at(now + 30 * SECOND, Happening::Probe);
        world
    }

    pub fn run(&mut self, end: Millis) -> Check {
        while let Some(Reverse(Entry(at, _, happening))) = self.queue.pop() {
            if at > end {
                self.queue.push(Reverse(Entry(at, self.order, happening)));
                break;
            }
            self.now = self.now.max(at);
            self.happen(happening)?;
        }
        self.now = end;
        self.check_rows()
    }

    pub fn at(&mut self, at: Millis, happening: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Entry(at.max(self.now), self.order, happening)));
    }

    pub fn after_a_way(&mut self, happening: Happening) {
        let way = self.way();
        self.at(self.now + way, happening);
    }

    /// A random one-way delay of a message.
    pub fn way(&mut self) -> Millis {
        let most = self.scenario.setup.latency;
        self.rng.u64(most / 4..=most)
    }

    pub fn weather(&self) -> impl Iterator<Item = &Weather> {
        self.weather.values()
    }

    /// Upstream asked the hub to wait this long: a live feed is not promised before.
    pub fn excuse(&mut self, wait: Millis) {
        self.excused_until = self.excused_until.max(self.now + wait + LIVE_WITHIN);
    }

    fn happen(&mut self, happening: Happening) -> Check {
        match happening {
            Happening::Planned(number) => self.planned(number),
            Happening::Clears(number) => {
                if let Some(gone) = self.weather.remove(&number) {
                    if gone.lies_about_time() {
                        self.lied_until = self.now + 10 * SECOND;
                    }
                    self.weather_changes(&gone);
                }
                Ok(())
            }
            Happening::MarketMoves(number) => {
                if number == self.upstream.moves {
                    self.market_moves();
                }
                Ok(())
            }
            Happening::UpstreamTicks => {
                self.upstream_ticks();
                let goes_on = self
                    .weather()
                    .any(|one| matches!(one, Weather::IdleClose(_) | Weather::Rival(_)));
                if goes_on {
                    self.at(self.now + 3 * SECOND, Happening::UpstreamTicks);
                }
                Ok(())
            }
            Happening::UpgradeArrives(life, link) if self.object.asks(life, link) => self.upgrade_arrives(life, link),
            Happening::UpgradeArrives(..) => Ok(()),
            Happening::FrameArrives(session, text) => {
                self.a_message_is_seemly()?;
                self.frame_arrives(session, &text);
                Ok(())
            }
            Happening::CallArrives(life, request, path) => self.call_arrives(life, request, &path),
            Happening::ViewerReturns(viewer) => self.viewer_joins(viewer),
            Happening::Acknowledge(client) => self.viewer_acknowledges(client),
            Happening::ReadsOne(viewer) => self.viewer_reads_one(viewer),
            Happening::GuestGoesOn(viewer) => self.guest_goes_on(viewer),
            Happening::LookAgain(client, symbol, held) => self.look_again(client, &symbol, held.as_ref()),
            Happening::SocketFound(client) => self.socket_found(client),
            Happening::Cron => {
                self.at(self.now + MINUTE, Happening::Cron);
                self.cron()
            }
            Happening::Probe => {
                let wait = if self.object.is_running() { 20 * SECOND } else { MINUTE };
                self.at(self.now + wait, Happening::Probe);
                self.probe()
            }
            for_the_object => self.object_meets(for_the_object),
        }
    }

    fn planned(&mut self, number: usize) -> Check {
        let event = self.scenario.events[number].event.clone();
        match event {
            Event::Weather(weather, lasts) => {
                self.coverage.count("spells of trouble", 1);
                if matches!(weather, Weather::IdleClose(_) | Weather::Rival(_)) {
                    self.at(self.now, Happening::UpstreamTicks);
                }
                self.weather.insert(number, weather.clone());
                self.weather_changes(&weather);
                self.at(self.now + lasts, Happening::Clears(number));
                Ok(())
            }
            Event::Blow(blow) => {
                let went = match blow {
                    Blow::Evict => self.object_ends(Ending::Eviction),
                    Blow::Deploy => self.object_ends(Ending::Deploy),
                    Blow::Panic => self.object_ends(Ending::Panic),
                    Blow::Drop | Blow::Close => {
                        self.the_link_is_lost();
                        self.connection_ends(blow == Blow::Close);
                        Ok(())
                    }
                };
                self.calm_since = self.now;
                went
            }
            Event::Viewer(viewer, act) => self.viewer_acts(viewer, &act),
            Event::Reader(symbols) => self.reader_asks(symbols),
            Event::Lookup(lookup) => self.somebody_looks_up(lookup),
            Event::Pace(pace) => {
                self.upstream.pace = pace;
                self.market_moves();
                Ok(())
            }
        }
    }

    fn weather_changes(&mut self, change: &Weather) {
        if change.is_harmless() {
            return;
        }
        self.calm_since = self.now;
        let weather: Vec<Weather> = self.weather.values().cloned().collect();
        prevail(&mut self.upstream.exchange, &self.plan, weather.iter());
        if !weather.iter().any(|one| matches!(one, Weather::Rival(_))) {
            self.rival_leaves();
        }
        let is_barren = self.nothing_streams(&weather);
        self.let_go();
        self.weather_matters();
        let was_barren = std::mem::replace(&mut self.is_barren, is_barren);
        if was_barren && !self.is_barren {
            // The hub retries refused symbols after the same wait as a refused connection.
            self.excuse(super::weather::AFTER_REFUSAL);
        }
    }

    /// Whether every default symbol is refused. What upstream does not answer is asked for twice a
    /// minute, and needs no excuse.
    fn nothing_streams(&self, weather: &[Weather]) -> bool {
        self.scenario.setup.default_symbols().iter().all(|text| {
            let symbol = text.split(':').next().unwrap_or(text);
            let planned = self.plan.allow_list.as_ref();
            let in_plan = planned.is_none_or(|list| list.iter().any(|one| one == symbol));
            let refused = weather.iter().any(|one| match one {
                Weather::RefuseSymbols(list) => list.contains(text) || list.contains(&symbol),
                Weather::ShrinkList(list) => !list.contains(&symbol),
                _ => false,
            });
            !in_plan || refused
        })
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World of seed {}", self.scenario.seed)
    }
}
