//! What a seed decides in advance: the set-up, and everything that happens to the hub, as a list of
//! events. A failing list can be shrunk by leaving events out.

use super::bars::{LOOKUPS, Lookup};
use super::guests::Tongue;
use super::weather::Weather;
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};

/// One life of a terminal.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub seed: u64,
    pub setup: Setup,
    /// Ordered by time.
    pub events: Vec<Planned>,
    /// When the last trouble is over and the last promise is checked, in ms after the start.
    pub length: Millis,
}

/// What stays the same for a whole scenario.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Start, ms since 1970.
    pub start: Millis,
    pub tier: Tier,
    /// No key is set: upstream is the built-in simulator.
    pub simulated: bool,
    pub symbols: &'static str,
    /// `EXTRA_SYMBOLS`.
    pub extra_symbols: u32,
    /// `SHARD_CLIENTS`: either so few that there are several shards, or more than there are
    /// viewers.
    pub shard: u32,
    /// Whether every market trades around the clock.
    pub always_open: bool,
    /// Whether a cron trigger pokes the object once a minute, which revives a lost alarm chain.
    pub cron: bool,
    /// The longest one-way delay.
    pub latency: Millis,
}

/// Twelve Data's plan, and the limits that the operator configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// 8 credits a minute, 800 a day, the trial list streams.
    Free,
    /// 377 credits a minute, no daily cap.
    Grow,
    /// 610 credits a minute, no daily cap, everything streams.
    Pro,
}

/// An event and its time, in ms after the start.
#[derive(Debug, Clone)]
pub struct Planned {
    pub at: Millis,
    pub event: Event,
}

#[derive(Debug, Clone)]
pub enum Event {
    /// Trouble of this duration.
    Weather(Weather, Millis),
    /// A blow to the object or its socket.
    Blow(Blow),
    /// A viewer's action.
    Viewer(u32, Act),
    /// A REST waiter asks for these symbols; `None`: for the default ones.
    Reader(Option<&'static str>),
    /// A REST waiter asks what the hub remembers.
    Lookup(Lookup),
    /// The mean time between ticks from now on, in ms.
    Pace(Millis),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// The platform evicts the object; clients' sockets hibernate.
    Evict,
    /// As [`Blow::Evict`], but the clients' sockets are closed.
    Deploy,
    /// A panic elsewhere in the isolate: the machine is lost, its upstream socket stays open and
    /// deaf.
    Panic,
    /// Upstream drops the connection without a close frame.
    Drop,
    /// Upstream closes the connection cleanly.
    Close,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// Joins in plain JSON.
    Join,
    /// Joins in `hamster.v1` at this rate (`interval_ms`).
    JoinV1(u64),
    /// Joins in another dialect than ours.
    JoinAs(Tongue),
    /// A client that polls goes on over a WebSocket.
    Upgrade,
    Subscribe(&'static str),
    Unsubscribe(&'static str),
    /// Only changes the rate.
    Rate(u64),
    Reset,
    Leave,
    /// The network is gone; the hub notices minutes later.
    Vanish,
    Flood,
    Say(&'static str),
    Binary(usize),
    StopReading,
    /// Reads a frame now and then, more slowly than they come.
    ReadSlowly,
    ReadAgain,
}

/// No trouble starts or lasts within this last part of a scenario.
pub const CALM_END: Millis = 20 * MINUTE;

const LISTS: &[&str] = &[
    hamster_terminal::hub::DEFAULT_SYMBOLS,
    hamster_terminal::hub::DEFAULT_SYMBOLS,
    hamster_terminal::hub::DEFAULT_SYMBOLS,
    "BTC/USD,AAPL",
    "BTC/USD,RY,RY:TSX,EUR/USD",
    "BTC/USD:Coinbase Pro,ETH/USD",
    "AAPL,MSFT",
    // More than three times what small plans stream.
    "BTC/USD,ETH/USD,SOL/USD,XRP/USD,DOGE/USD,ADA/USD,EUR/USD,GBP/USD,USD/JPY,EUR/JPY,EUR/GBP,USD/CHF,USD/CAD,AUD/USD,\
     AAPL,MSFT,NVDA,SPY,QQQ,VOO,IWM,TSLA,AMZN,GOOGL,META,AMD,JPM,KO",
];

const WISHES: &[&str] = &[
    hamster_terminal::hub::DEFAULT_SYMBOLS,
    "BTC/USD,AAPL",
    "EUR/USD",
    "ETH/USD,GBP/USD,SPY",
    "RY,RY:TSX",
    "USD/JPY,ETH/BTC,QQQ",
    "NOSUCH,TSLA",
    // Different names for the same upstream symbol.
    "AAPL:NASDAQ,AAPL",
    "BTC/USD,BTC/USD:Coinbase Pro,RY:NYSE",
];

/// What strangers ask for: every symbol there is, and names that do not exist.
const CROWDS: &[&str] = &[
    "QQQ,VOO,IWM,TSLA,AMZN,GOOGL,META,AMD,AVGO,NFLX,INTC,JPM,V,KO,DIS,INFY,TRP,RY,GDAXI,IXIC,USD/JPY,EUR/JPY,EUR/GBP,USD/CHF,\
     USD/CAD,AUD/USD,XAU/USD,XAG/USD,SOL/USD,XRP/USD,DOGE/USD,ADA/USD,ETH/BTC,GRT/BTC",
    "XAU/USD,XAG/USD,SOL/USD,XRP/USD,DOGE/USD,ADA/USD,ETH/BTC,GRT/BTC,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD",
    "NOSUCH01,NOSUCH02,NOSUCH03,NOSUCH04,NOSUCH05,NOSUCH06,NOSUCH07,NOSUCH08,NOSUCH09,NOSUCH10,NOSUCH11,NOSUCH12",
    "NOSUCH/A,NOSUCH/B,NOSUCH:X,KO,NOSUCH13,NOSUCH14,NOSUCH15,NOSUCH16,NOSUCH17,NOSUCH18,NOSUCH19",
];

const GARBAGE: &[&str] = &[
    "",
    "hello",
    "{",
    "null",
    "[1,2,3]",
    r#"{"action":"subscribe"}"#,
    r#"{"action":"subscribe","params":{"symbols":["AAPL",7,null,{"symbol":"RY","exchange":"TSX"}]}}"#,
    r#"{"action":"subscribe","params":{"symbols":"$$$,,,:::"}}"#,
    r#"{"action":"dance"}"#,
    r#"{"action":"heartbeat"}"#,
    r#"{"action":"time","id":7}"#,
    r#"{"action":"ack","stream":1,"seq":99999999}"#,
    r#"{"action":"subscribe","params":{"symbols":"AAPL","interval_ms":-1,"resume":{"epoch":1,"stream":2,"seq":3}}}"#,
];

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED);
        let setup = Setup::of(&mut rng);
        match seed % 32 {
            1 => return Self::while_storage_rests(seed, setup, &mut rng),
            17 => return Self::without_cron(seed, setup, &mut rng),
            _ => {}
        }
        let length = DAY + rng.u64(..2 * 60) * MINUTE;
        let mut events = Vec::new();
        for stretch in stretches(&mut rng, length) {
            fill(&mut rng, &setup, stretch, &mut events);
        }
        if rng.u8(..4) == 0 {
            trouble_at_bedtime(&mut rng, length, &mut events);
        }
        if rng.u8(..6) == 0 {
            full_disk(&mut rng, length, &mut events);
        }
        if rng.u8(..6) == 0 || setup.default_symbols().len() > 20 {
            mute_after_a_loss(&mut rng, &setup, length, &mut events);
        }
        if rng.u8(..6) == 0 {
            strangers(&mut rng, &setup, length, &mut events);
        }
        if rng.u8(..6) == 0 {
            changes_of_pace(&mut rng, &setup, length, &mut events);
        }
        // The last viewers join when all trouble is over, and must see what everybody should see.
        let calm = length - CALM_END;
        for (viewer, join) in [(90, Act::Join), (91, Act::JoinV1(0))] {
            events.push(Planned::new(calm, Event::Viewer(viewer, join)));
            events.push(Planned::new(
                calm + 1,
                Event::Viewer(viewer, Act::Subscribe(setup.symbols)),
            ));
        }
        events.push(Planned::new(calm + 2, Event::Pace(5 * SECOND)));
        for turn in 0..4 {
            let lookup = if turn == 0 { 0 } else { rng.usize(..LOOKUPS.len()) };
            let at = length - MINUTE + turn * 2 * SECOND;
            events.push(Planned::new(at, Event::Lookup(LOOKUPS[lookup])));
        }
        // Guests are drawn apart, so that the rest of a seed's day stays as it is.
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x6E57);
        if rng.u8(..2) == 0 {
            guests(&mut rng, &setup, length, &mut events);
        }
        events.sort_by_key(|planned| planned.at);
        Self {
            seed,
            setup,
            events,
            length,
        }
    }
}

impl Scenario {
    /// A hub without a cron trigger, as on a developer's machine, loses its alarms for a while.
    /// WebSocket messages keep it running until the connection is lost; then it needs its alarm.
    fn without_cron(seed: u64, setup: Setup, rng: &mut fastrand::Rng) -> Self {
        let lasts = rng.u64(40..150) * SECOND;
        let lost = 4 * MINUTE + rng.u64(..MINUTE);
        let drop = lost + lasts + rng.u64(4..8) * MINUTE;
        let setup = Setup { cron: false, ..setup };
        Self::until_the_link_is_lost(seed, setup, (lost, Weather::AlarmsLost, lasts), drop, rng)
    }

    /// Writes break one life after another until the hub stops writing for eight minutes. Meanwhile
    /// storage works again and the connection is lost. The hub has no alarm then, only its timers
    /// in memory.
    fn while_storage_rests(seed: u64, setup: Setup, rng: &mut fastrand::Rng) -> Self {
        let from = 5 * MINUTE;
        let lasts = 10 * MINUTE;
        let drop = from + lasts + rng.u64(130..200) * SECOND;
        Self::until_the_link_is_lost(seed, setup, (from, Weather::StorageBreaks, lasts), drop, rng)
    }

    /// One trouble and its end. Somewhat later a live feed loses its connection, and nothing else
    /// happens.
    fn until_the_link_is_lost(
        seed: u64,
        setup: Setup,
        (from, trouble, lasts): (Millis, Weather, Millis),
        drop: Millis,
        rng: &mut fastrand::Rng,
    ) -> Self {
        let blow = if rng.bool() { Blow::Drop } else { Blow::Close };
        let events = vec![
            Planned::new(0, Event::Pace(rng.u64(1..5) * SECOND)),
            Planned::new(SECOND, Event::Viewer(92, Act::Join)),
            Planned::new(2 * SECOND, Event::Viewer(92, Act::Subscribe(setup.symbols))),
            Planned::new(from, Event::Weather(trouble, lasts)),
            Planned::new(drop, Event::Blow(blow)),
        ];
        let setup = Setup {
            always_open: true,
            ..setup
        };
        Self {
            seed,
            setup,
            events,
            length: drop + 10 * MINUTE,
        }
    }
}

impl Setup {
    fn of(rng: &mut fastrand::Rng) -> Self {
        let simulated = rng.u8(..8) == 0;
        Self {
            // Any second of a January week.
            start: 20_465 * DAY + rng.u64(..7 * DAY),
            tier: match rng.u8(..4) {
                _ if simulated => Tier::Pro,
                0 | 1 => Tier::Free,
                2 => Tier::Grow,
                _ => Tier::Pro,
            },
            simulated,
            symbols: rng.choice(LISTS.iter().copied()).unwrap_or(LISTS[0]),
            extra_symbols: rng.choice([50, 50, 3, 0]).unwrap_or(50),
            shard: rng.choice([512, 512, 3, 1]).unwrap_or(512),
            always_open: rng.bool(),
            cron: true,
            latency: rng.choice([20, 100, 400, 1_200]).unwrap_or(100),
        }
    }

    /// Whether clients need a pass. It follows from the start, so that nothing else depends on it.
    pub fn requires_access(&self) -> bool {
        (self.start / SECOND).is_multiple_of(3)
    }

    pub fn default_symbols(&self) -> Vec<&'static str> {
        self.symbols.split(',').collect()
    }
}

impl Planned {
    fn new(at: Millis, event: Event) -> Self {
        Self { at, event }
    }
}

/// When somebody is connected: start and length. In between the hub sleeps, so a day is cheap to
/// simulate.
fn stretches(rng: &mut fastrand::Rng, length: Millis) -> Vec<(Millis, Millis)> {
    let end = length - CALM_END;
    if rng.u8(..32) == 0 {
        return vec![(0, end)];
    }
    let count = rng.u64(1..4);
    let part = end / count;
    let one = |rng: &mut fastrand::Rng, index: u64| {
        let most = if rng.u8(..12) == 0 { part } else { part.min(75 * MINUTE) };
        let length = rng.u64(5 * MINUTE..most);
        // One of them lasts until the end, so that trouble and its end are close together.
        let start = if index + 1 == count {
            end - length
        } else {
            index * part + rng.u64(..=part - length)
        };
        (start, length)
    };
    (0..count).map(|index| one(rng, index)).collect()
}

fn fill(rng: &mut fastrand::Rng, setup: &Setup, (start, length): (Millis, Millis), events: &mut Vec<Planned>) {
    let end = start + length;
    let symbols = setup.default_symbols();
    let within = |rng: &mut fastrand::Rng| start + rng.u64(..length);
    for viewer in 0..rng.u32(1..5) {
        let joins = start + rng.u64(..1 + length / 3);
        let join = match rng.u8(..4) {
            0 => Act::Join,
            1 | 2 => Act::JoinV1(0),
            _ => Act::JoinV1(rng.choice([100, 1_000, 10_000, 10_000]).unwrap_or(0)),
        };
        events.push(Planned::new(joins, Event::Viewer(viewer, join)));
        let wish = if rng.u8(..3) == 0 {
            WISHES[rng.usize(..WISHES.len())]
        } else {
            setup.symbols
        };
        events.push(Planned::new(joins + 1, Event::Viewer(viewer, Act::Subscribe(wish))));
        for _ in 0..rng.u32(..5) {
            let at = within(rng).max(joins + 2);
            let act = any_act(rng);
            if matches!(act, Act::StopReading) {
                // Often so soon that the hub has paused the viewer but not closed it yet.
                let again = at + rng.u64(1..45) * SECOND;
                events.push(Planned::new(again, Event::Viewer(viewer, Act::ReadAgain)));
            }
            events.push(Planned::new(at, Event::Viewer(viewer, act)));
        }
        let leaves = if rng.u8(..4) == 0 { Act::Vanish } else { Act::Leave };
        events.push(Planned::new(
            rng.u64(joins + 3..=end.max(joins + 4)),
            Event::Viewer(viewer, leaves),
        ));
    }
    for _ in 0..rng.u32(..6) {
        let lasts = spell(rng).min(end.saturating_sub(start).max(1));
        let from = start + rng.u64(..=length - lasts.min(length));
        events.push(Planned::new(from, Event::Weather(Weather::any(rng, &symbols), lasts)));
    }
    for _ in 0..rng.u32(..5) {
        let blow = rng.choice([Blow::Evict, Blow::Deploy, Blow::Panic, Blow::Drop, Blow::Close]);
        events.push(Planned::new(within(rng), Event::Blow(blow.unwrap_or(Blow::Evict))));
    }
    for _ in 0..rng.u32(..4) {
        let wish = if rng.bool() {
            None
        } else {
            rng.choice(WISHES.iter().copied())
        };
        events.push(Planned::new(within(rng), Event::Reader(wish)));
    }
    for _ in 0..rng.u32(..4) {
        let lookup = LOOKUPS[rng.usize(..LOOKUPS.len())];
        events.push(Planned::new(within(rng), Event::Lookup(lookup)));
    }
    events.push(Planned::new(start, Event::Pace(rng.u64(8..25) * SECOND)));
    let busy = within(rng);
    events.push(Planned::new(busy, Event::Pace(rng.u64(150..2_000))));
    events.push(Planned::new(
        busy + rng.u64(..90 * SECOND),
        Event::Pace(rng.u64(8..25) * SECOND),
    ));
}

/// Trouble just before the hub would go to sleep, which is rare by chance: the feed falls mute, or
/// is still connecting.
fn trouble_at_bedtime(rng: &mut fastrand::Rng, length: Millis, events: &mut Vec<Planned>) {
    let joins = rng.u64(..length - CALM_END - 30 * MINUTE);
    let leaves = joins + 3 * MINUTE;
    events.push(Planned::new(joins, Event::Viewer(80, Act::Join)));
    events.push(Planned::new(joins, Event::Pace(3 * SECOND)));
    events.push(Planned::new(leaves, Event::Viewer(80, Act::Leave)));
    if rng.bool() {
        let mute = leaves + rng.u64(215..240) * SECOND;
        events.push(Planned::new(mute, Event::Weather(Weather::StallPrices, 3 * MINUTE)));
    } else {
        let evicted = leaves + rng.u64(250..295) * SECOND;
        events.push(Planned::new(
            evicted - SECOND,
            Event::Weather(Weather::HangUpgrades, 2 * MINUTE),
        ));
        events.push(Planned::new(evicted, Event::Blow(Blow::Evict)));
    }
}

/// Storage stores nothing, prices come by REST alone, and the object keeps restarting: each life
/// asks REST again.
fn full_disk(rng: &mut fastrand::Rng, length: Millis, events: &mut Vec<Planned>) {
    let from = rng.u64(..length - CALM_END - 30 * MINUTE);
    let trouble = if rng.bool() {
        Weather::StorageFails
    } else {
        Weather::StorageBreaks
    };
    events.push(Planned::new(from, Event::Weather(trouble, 10 * MINUTE)));
    events.push(Planned::new(from, Event::Weather(Weather::NoRoute, 10 * MINUTE)));
    events.push(Planned::new(from + SECOND, Event::Viewer(81, Act::Join)));
    for _ in 0..20 {
        let at = from + rng.u64(SECOND..10 * MINUTE);
        events.push(Planned::new(at, Event::Blow(Blow::Evict)));
        events.push(Planned::new(at + 10, Event::Reader(None)));
    }
    events.push(Planned::new(from + 11 * MINUTE, Event::Viewer(81, Act::Leave)));
}

/// A healthy link is lost, or there was none any more, and the next one answers for no symbol. With
/// many symbols, some always wait for an answer.
fn mute_after_a_loss(rng: &mut fastrand::Rng, setup: &Setup, length: Millis, events: &mut Vec<Planned>) {
    let from = rng.u64(..length - CALM_END - 30 * MINUTE);
    let lost = from + rng.u64(2 * MINUTE..5 * MINUTE);
    let silence = if rng.bool() {
        let all = hamster_terminal::simulator::INSTRUMENTS.iter().map(|one| one.symbol);
        Weather::ForgetSymbols(all.chain(setup.default_symbols()).collect())
    } else {
        Weather::OverLimit
    };
    let joins = if rng.bool() { from } else { lost + 10 };
    events.push(Planned::new(joins, Event::Viewer(87, Act::Join)));
    events.push(Planned::new(from, Event::Pace(3 * SECOND)));
    events.push(Planned::new(lost, Event::Weather(silence, 4 * MINUTE)));
    events.push(Planned::new(lost + 1, Event::Blow(Blow::Drop)));
    events.push(Planned::new(lost + 8 * MINUTE, Event::Viewer(87, Act::Leave)));
}

/// Somebody watches the operator's symbols, which perhaps come by REST alone, while strangers, one
/// after another, ask for all there is.
fn strangers(rng: &mut fastrand::Rng, setup: &Setup, length: Millis, events: &mut Vec<Planned>) {
    let from = rng.u64(..length - CALM_END - 40 * MINUTE);
    events.push(Planned::new(from, Event::Viewer(70, Act::Join)));
    events.push(Planned::new(from + 1, Event::Viewer(70, Act::Subscribe(setup.symbols))));
    if rng.bool() {
        let refused = setup.default_symbols();
        events.push(Planned::new(
            from,
            Event::Weather(Weather::RefuseSymbols(refused), 2 * MINUTE),
        ));
    }
    for viewer in 71..76 {
        let joins = from + rng.u64(MINUTE..25 * MINUTE);
        events.push(Planned::new(joins, Event::Viewer(viewer, Act::Join)));
        for wish in 1..rng.u64(2..5) {
            let shard = CROWDS[rng.usize(..CROWDS.len())];
            let at = joins + wish * rng.u64(10..MINUTE);
            events.push(Planned::new(at, Event::Viewer(viewer, Act::Subscribe(shard))));
            if rng.u8(..3) == 0 {
                events.push(Planned::new(at + 5, Event::Reader(rng.choice(CROWDS.iter().copied()))));
            }
        }
    }
    for viewer in 70..76 {
        events.push(Planned::new(from + 35 * MINUTE, Event::Viewer(viewer, Act::Leave)));
    }
}

/// While prices move quickly, one viewer watches slowly. Others switch to that rate and back, and
/// from one set of symbols to another: the channel that they join last sent something older than
/// what they know. Three more are there: two stop reading, one of which keeps asking for snapshots,
/// and one reads more slowly than prices come.
fn changes_of_pace(rng: &mut fastrand::Rng, setup: &Setup, length: Millis, events: &mut Vec<Planned>) {
    let from = rng.u64(..length - CALM_END - 30 * MINUTE);
    let paces = [(82, 10_000), (83, 0), (84, 100), (85, 0), (86, 0), (88, 0)];
    for (viewer, pace) in paces {
        events.push(Planned::new(from, Event::Viewer(viewer, Act::JoinV1(pace))));
        events.push(Planned::new(
            from + 1,
            Event::Viewer(viewer, Act::Subscribe(setup.symbols)),
        ));
    }
    let busy = from + 30 * SECOND;
    events.push(Planned::new(busy, Event::Pace(rng.u64(150..3_000))));
    events.push(Planned::new(busy, Event::Viewer(85, Act::StopReading)));
    events.push(Planned::new(busy, Event::Viewer(88, Act::StopReading)));
    for wish in 1..=20 {
        events.push(Planned::new(busy + wish * SECOND, Event::Viewer(85, Act::Rate(0))));
    }
    events.push(Planned::new(busy, Event::Viewer(86, Act::ReadSlowly)));
    for (viewer, pace) in &paces[1..3] {
        for _ in 0..6 {
            let at = busy + rng.u64(..MINUTE);
            events.push(Planned::new(at, Event::Viewer(*viewer, Act::Rate(10_000))));
            let back = at + rng.u64(1..20 * SECOND);
            let act = if rng.bool() {
                Act::Rate(*pace)
            } else {
                Act::Subscribe(WISHES[rng.usize(..WISHES.len())])
            };
            events.push(Planned::new(back, Event::Viewer(*viewer, act)));
        }
    }
    events.push(Planned::new(busy + 140 * SECOND, Event::Pace(rng.u64(8..25) * SECOND)));
    for (viewer, _) in paces {
        events.push(Planned::new(busy + 150 * SECOND, Event::Viewer(viewer, Act::Leave)));
    }
}

/// Some come and go while the day is as it is. The last join when all trouble is over, one of each
/// kind.
fn guests(rng: &mut fastrand::Rng, setup: &Setup, length: Millis, events: &mut Vec<Planned>) {
    let calm = length - CALM_END;
    // While others are there too, or the hub would rarely be awake.
    let others: Vec<Millis> = events
        .iter()
        .map(|planned| planned.at)
        .filter(|at| *at < calm)
        .collect();
    for viewer in 50..50 + rng.u32(1..5) {
        let tongue = rng.choice(Tongue::ALL).unwrap_or(Tongue::SocketIo);
        let joins = rng.choice(others.iter().copied()).unwrap_or(0);
        let wish = |rng: &mut fastrand::Rng| rng.choice(WISHES.iter().copied()).unwrap_or(setup.symbols);
        events.push(Planned::new(joins, Event::Viewer(viewer, Act::JoinAs(tongue))));
        events.push(Planned::new(
            joins + 1,
            Event::Viewer(viewer, Act::Subscribe(wish(rng))),
        ));
        let stays = rng.u64(MINUTE..40 * MINUTE).min(calm - joins);
        for _ in 0..rng.u32(..6) {
            let at = joins + 2 + rng.u64(..stays);
            let act = match rng.u8(..6) {
                0 | 1 => Act::Subscribe(wish(rng)),
                2 => Act::Unsubscribe(wish(rng)),
                3 => Act::Say(GARBAGE[rng.usize(..GARBAGE.len())]),
                4 => Act::Upgrade,
                _ => {
                    // Sometimes so late that it has been closed.
                    let again = at + rng.u64(1..45) * 3 * SECOND;
                    events.push(Planned::new(again, Event::Viewer(viewer, Act::ReadAgain)));
                    Act::StopReading
                }
            };
            events.push(Planned::new(at, Event::Viewer(viewer, act)));
        }
        events.push(Planned::new(joins + 2 + stays, Event::Viewer(viewer, Act::Leave)));
    }
    for (viewer, tongue) in (60..).zip(Tongue::ALL) {
        events.push(Planned::new(calm + 3, Event::Viewer(viewer, Act::JoinAs(tongue))));
        events.push(Planned::new(
            calm + 4,
            Event::Viewer(viewer, Act::Subscribe(setup.symbols)),
        ));
    }
}

/// From a second to an hour; short durations are as frequent as long ones.
fn spell(rng: &mut fastrand::Rng) -> Millis {
    let doublings = rng.f64() * 11.8;
    (SECOND as f64 * doublings.exp2()) as Millis
}

fn any_act(rng: &mut fastrand::Rng) -> Act {
    match rng.u8(..14) {
        12 | 13 => Act::Rate(rng.choice([0, 0, 500, 10_000, 10_000]).unwrap_or(0)),
        0..=2 => Act::Subscribe(WISHES[rng.usize(..WISHES.len())]),
        3 => Act::Unsubscribe(WISHES[rng.usize(..WISHES.len())]),
        4 => Act::Reset,
        5 => Act::Flood,
        6 => Act::Binary(rng.usize(..100_000)),
        7 | 8 => Act::StopReading,
        _ => Act::Say(GARBAGE[rng.usize(..GARBAGE.len())]),
    }
}
