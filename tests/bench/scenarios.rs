//! The scenarios of docs/benchmarks.md. Each runs one system and returns rows.

use std::time::Duration;

use serde_json::{Value, json};

use super::load::{Load, Played};
use super::relays;
use super::report::{self, Context};
use super::systems::{Kind, Places};

/// The knee: the load at which one in a hundred values takes longer than this to arrive.
const KNEE: Duration = Duration::from_millis(250);
/// How long to wait for a system that is expected to keep up.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The symbols of an unconfigured terminal.
pub const FEW_SYMBOLS: usize = 8;
const MANY_SYMBOLS: usize = 100;

/// The settings of a run.
pub struct Settings {
    /// Where the systems are installed.
    pub places: Places,
    /// How many files one process may open.
    pub files: usize,
    /// Five minutes of slow readers instead of twenty seconds.
    pub is_long: bool,
}

/// The rows of a scenario, or why there are none.
pub type Rows = Result<Vec<Value>, String>;

/// A scenario: its letter, what it shows, the systems that it runs by default, and its function.
pub struct Scenario {
    /// `a` to `i`.
    pub letter: char,
    /// What it shows.
    pub title: &'static str,
    /// The systems for which it makes sense and is cheap.
    pub systems: &'static [Kind],
    /// Runs it for one system.
    pub run: fn(Kind, &Settings) -> Rows,
}

/// In the order of the report.
pub const ALL: [Scenario; 9] = [
    Scenario {
        letter: 'a',
        title: "latency: 8 symbols, 8 ticks a second, 1, 100 and 1,000 clients",
        systems: &Kind::ALL,
        run: latency,
    },
    Scenario {
        letter: 'b',
        title: "knee: 100 symbols, 1,000 clients, load doubled until freshness p99 passes 250 ms",
        systems: &Kind::ALL,
        run: knee,
    },
    Scenario {
        letter: 'c',
        title: "10,000 clients, 8 symbols, 1 tick a second each",
        systems: &[Kind::Ours, Kind::Raw, Kind::SocketIo, Kind::Nchan, Kind::Null],
        run: many_clients,
    },
    Scenario {
        letter: 'd',
        title: "connect storm: 5,000 clients at once, until each holds a price of every symbol",
        systems: &[Kind::Ours, Kind::Raw, Kind::SocketIo, Kind::Nchan, Kind::Null],
        run: storm,
    },
    Scenario {
        letter: 'e',
        title: "churn: 1,000 clients, 8 ticks a second, 200 joins and leaves a second",
        systems: &[Kind::Ours, Kind::Raw, Kind::SocketIo],
        run: churn,
    },
    Scenario {
        letter: 'f',
        title: "slow readers: 100 symbols, 1,000 clients of which 0, then 20 stop to read",
        systems: &[Kind::Ours, Kind::Raw],
        run: slow_readers,
    },
    Scenario {
        letter: 'g',
        title: "ingest: 100 symbols, 1 client, ticks doubled until freshness p99 passes 250 ms",
        systems: &[Kind::Ours, Kind::Raw, Kind::Null],
        run: ingest,
    },
    Scenario {
        letter: 'h',
        title: "relays: the hop, the hub's cost of 1, 8 and 100 links, 8,000 clients and more of several relays",
        systems: &[Kind::Ours],
        run: relays::run,
    },
    Scenario {
        letter: 'i',
        title: "far beyond the knee: 100 symbols, 1,000 clients, 320 ticks a second for 20 s, 640 for 10 s and 20 s",
        systems: &[
            Kind::OursSocketIo,
            Kind::OursTwelveData,
            Kind::OursSse,
            Kind::Flask,
            Kind::SocketIo,
        ],
        run: overload,
    },
];

fn latency(kind: Kind, settings: &Settings) -> Rows {
    const TICKS: f64 = 8.0;
    let mut load = Load::start(kind, &settings.places, FEW_SYMBOLS, 1_000)?;
    let mut rows = Vec::new();
    for (clients, seconds) in [(1, 5), (100, 5), (1_000, 10)] {
        let assembled = load.assemble(clients, Duration::from_secs(30));
        load.rest(Duration::from_millis(300));
        let played = load.play(TICKS, Duration::from_secs(seconds), PATIENCE, |_, _, _| {});
        let mut row = report::row(&context(&load, 'a', clients), &played);
        row["assembled_s"] = json!(report::seconds(assembled));
        rows.push(row);
    }
    Ok(rows)
}

fn knee(kind: Kind, settings: &Settings) -> Rows {
    const CLIENTS: usize = 1_000;
    const FIRST: f64 = 16.0;
    const STEP: Duration = Duration::from_secs(4);
    /// Above this rate the source itself is the limit.
    const MOST: f64 = 160_000.0;
    let begin = || -> Result<Load, String> {
        let mut load = Load::start(kind, &settings.places, MANY_SYMBOLS, 2_200_000)?;
        load.assemble(CLIENTS, Duration::from_secs(60));
        load.rest(Duration::from_millis(300));
        Ok(load)
    };
    let mut load = begin()?;
    let mut rows: Vec<Value> = Vec::new();
    let mut rate = FIRST;
    while (1.0..=MOST).contains(&rate) {
        let (played, keeps_up) = try_step(&mut load, rate, STEP);
        let is_first = rows.is_empty();
        let mut row = report::row(&context(&load, 'b', CLIENTS), &played);
        row["keeps_up"] = json!(keeps_up);
        report::print_row(&row);
        rows.push(row);
        match (keeps_up, rate < FIRST || (is_first && !keeps_up)) {
            (true, false) => rate *= 2.0,
            // The first load was too much: search downwards, each step on a fresh system.
            (false, true) => {
                rate /= 2.0;
                load = begin()?;
            }
            _ => break,
        }
    }
    mark_knee(&mut rows);
    Ok(rows)
}

fn many_clients(kind: Kind, settings: &Settings) -> Rows {
    // Workerd opens two files per client, and some forty of its own.
    let clients = 10_000.min(settings.files.saturating_sub(100) / 2);
    let mut load = Load::start(kind, &settings.places, FEW_SYMBOLS, 1_000)?;
    let before = load.system.memory();
    let assembled = load.assemble(clients, Duration::from_secs(90));
    load.rest(Duration::from_secs(1));
    let assembled_memory = load.system.memory();
    let played = load.play(
        FEW_SYMBOLS as f64,
        Duration::from_secs(10),
        Duration::from_secs(8),
        |_, _, _| {},
    );
    let mut row = report::row(&context(&load, 'c', clients), &played);
    row["assembled_s"] = json!(report::seconds(assembled));
    row["rss_before_mb"] = json!(before.map(report::rounded));
    row["rss_assembled_mb"] = json!(assembled_memory.map(report::rounded));
    Ok(vec![row])
}

fn storm(kind: Kind, settings: &Settings) -> Rows {
    const CLIENTS: usize = 5_000;
    let mut load = Load::start(kind, &settings.places, FEW_SYMBOLS, 100)?;
    load.audience.connect_at_once(usize::MAX);
    let assembled = load.assemble(CLIENTS + 1, Duration::from_secs(60));
    let filled = load.audience.tally.filled.clone();
    // One tick per symbol proves that every client is alive.
    let played = load.play(FEW_SYMBOLS as f64, Duration::from_secs(1), PATIENCE, |_, _, _| {});
    let mut row = report::row(&context(&load, 'd', CLIENTS), &played);
    row["assembled_s"] = json!(report::seconds(assembled));
    row["snapshot_ms"] = report::percentiles(&filled);
    Ok(vec![row])
}

fn churn(kind: Kind, settings: &Settings) -> Rows {
    const CLIENTS: usize = 1_000;
    const EVERY: Duration = Duration::from_millis(50);
    const AT_ONCE: usize = 10;
    let mut load = Load::start(kind, &settings.places, FEW_SYMBOLS, 1_000)?;
    load.assemble(CLIENTS, Duration::from_secs(30));
    load.audience.connect_at_once(usize::MAX);
    let (mut due, mut from, mut joined) = (Duration::ZERO, 0, 0_usize);
    let played = load.play(8.0, Duration::from_secs(10), PATIENCE, |audience, _, now| {
        while due <= now {
            from = audience.rotate(AT_ONCE, from);
            audience.join(AT_ONCE);
            joined += AT_ONCE;
            due += EVERY;
        }
    });
    let mut row = report::row(&context(&load, 'e', CLIENTS), &played);
    row["joined"] = json!(joined);
    row["snapshot_ms"] = report::percentiles(&played.tally.filled);
    Ok(vec![row])
}

fn slow_readers(kind: Kind, settings: &Settings) -> Rows {
    const CLIENTS: usize = 1_000;
    // A load that the system handles well, so that only the slow readers make a difference.
    let rate = match kind {
        Kind::Ours => 1_000.0,
        _ if kind.is_ours() => 64.0,
        _ => 16.0,
    };
    let span = Duration::from_secs(if settings.is_long { 300 } else { 20 });
    let mut rows = Vec::new();
    for slow in [0, 20] {
        let ticks = (rate * span.as_secs_f64()) as usize + MANY_SYMBOLS;
        let mut load = Load::start(kind, &settings.places, MANY_SYMBOLS, ticks)?;
        load.audience.prepare_deaf(slow);
        load.assemble(CLIENTS, Duration::from_secs(60));
        load.rest(Duration::from_millis(300));
        if slow > 0 {
            load.audience.deafen(slow);
        }
        let mut memory: Vec<f64> = Vec::new();
        let every = span.as_secs_f64() / 20.0;
        let played = load.play(rate, span, PATIENCE, |_, system, now| {
            if now.as_secs_f64() >= memory.len() as f64 * every {
                memory.extend(system.memory().map(report::rounded));
            }
        });
        let mut row = report::row(&context(&load, 'f', CLIENTS), &played);
        row["slow"] = json!(slow);
        row["slow_sent_away"] = json!(load.audience.undeafen());
        row["rss_over_time_mb"] = json!(memory);
        rows.push(row);
    }
    Ok(rows)
}

fn ingest(kind: Kind, settings: &Settings) -> Rows {
    const STEP: Duration = Duration::from_secs(2);
    const MOST: f64 = 300_000.0;
    let mut load = Load::start(kind, &settings.places, MANY_SYMBOLS, 1_500_000)?;
    let mut rows: Vec<Value> = Vec::new();
    let mut rate = 2_500.0;
    while rate <= MOST {
        let (played, keeps_up) = try_step(&mut load, rate, STEP);
        let mut row = report::row(&context(&load, 'g', 1), &played);
        row["keeps_up"] = json!(keeps_up);
        report::print_row(&row);
        rows.push(row);
        if !keeps_up {
            break;
        }
        rate *= 2.0;
    }
    mark_knee(&mut rows);
    Ok(rows)
}

/// If freshness is bounded, it is the same after twice the time.
fn overload(kind: Kind, settings: &Settings) -> Rows {
    const CLIENTS: usize = 1_000;
    let mut rows = Vec::new();
    for (ticks, seconds) in [(320, 20), (640, 10), (640, 20)] {
        let mut load = Load::start(kind, &settings.places, MANY_SYMBOLS, 640 * 20 + MANY_SYMBOLS)?;
        load.assemble(CLIENTS, Duration::from_secs(60));
        load.rest(Duration::from_millis(300));
        let before = load.system.memory();
        let played = load.play(f64::from(ticks), Duration::from_secs(seconds), PATIENCE, |_, _, _| {});
        let mut row = report::row(&context(&load, 'i', CLIENTS), &played);
        row["seconds"] = json!(seconds);
        row["rss_before_mb"] = json!(before.map(report::rounded));
        rows.push(row);
    }
    Ok(rows)
}

/// Plays one step of the search for the knee. A failed step is repeated once when every client is
/// current again: a machine that was busy for a moment is not a system at its limit.
fn try_step(load: &mut Load, rate: f64, span: Duration) -> (Played, bool) {
    let played = load.play(rate, span, PATIENCE, |_, _, _| {});
    if keeps_up(&played) || played.tally.faults.total() > 0 {
        let keeps_up = keeps_up(&played);
        return (played, keeps_up);
    }
    let again = load.play(rate, span, PATIENCE, |_, _, _| {});
    let keeps_up = keeps_up(&again);
    (again, keeps_up)
}

/// All clients stay, hold the newest values in the end, and one in a hundred waits for at most
/// [`KNEE`].
fn keeps_up(played: &Played) -> bool {
    let p99 = played.tally.freshness.percentile(99.0);
    p99.is_some_and(|p99| p99 <= KNEE) && played.tally.faults.total() == 0
}

/// Marks the knee: the greatest load that the system kept up with.
fn mark_knee(rows: &mut [Value]) {
    let load = |row: &Value| row["offered_updates_per_s"].as_f64().unwrap_or(0.0);
    let kept = rows.iter_mut().filter(|row| row["keeps_up"] == true);
    if let Some(knee) = kept.max_by(|one, other| load(one).total_cmp(&load(other))) {
        knee["knee"] = json!(true);
    }
}

fn context(load: &Load, scenario: char, clients: usize) -> Context {
    Context {
        system: load.system.kind.name(),
        scenario,
        clients,
        symbols: load.tape.symbols(),
    }
}
