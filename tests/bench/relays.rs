//! Scenario (h): a hub and its relays. How much later a price comes by a relay, what a link costs the
//! hub, and how many clients are kept fresh by several processes.
//!
//! A relay is another workerd with the same build. A hundred of them do not fit on one machine, so
//! what many links cost is measured with links that the generator speaks itself; eight real relays
//! show whether those cost the same.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Dialect;
use super::load::{Load, Played};
use super::report::{self, Context};
use super::scenarios::{FEW_SYMBOLS, PATIENCE, Rows, Settings};
use super::systems::{Kind, System};

/// As many symbols as one subscription of a link may name.
const MANY_SYMBOLS: usize = 200;
/// Clients of one relay, as `RELAY_CLIENTS` is by default.
const CLIENTS_OF_A_RELAY: usize = 8_000;
/// The largest audience, where the limit of open files allows it.
const MOST_CLIENTS: usize = 32_000;

/// The hop and the links are measured so often in turn.
const ROUNDS: usize = 3;
/// How long each of these measurements takes.
const SPAN: Duration = Duration::from_secs(5);

/// Runs all three parts.
pub fn run(kind: Kind, settings: &Settings) -> Rows {
    if kind != Kind::Ours {
        return Err("only `ours` has relays".to_owned());
    }
    let mut rows = hop(settings)?;
    rows.extend(links(settings, FEW_SYMBOLS, 20.0)?);
    rows.extend(links(settings, MANY_SYMBOLS, 200.0)?);
    rows.extend(many_clients(settings)?);
    Ok(rows)
}

/// Ten clients of the hub, then of its relay, in turn. A link gathers what changes within 100 ms, but
/// a lone tick leaves at once: of 5 ticks a second each is alone, of 20 most wait.
fn hop(settings: &Settings) -> Rows {
    const CLIENTS: usize = 10;
    let mut load = Load::start(Kind::Ours, &settings.places, FEW_SYMBOLS, 1_000)?;
    load.add_relays(1, &settings.places)?;
    let places = [("the hub", load.system.address), ("a relay", load.relays[0].address)];
    let mut rows = Vec::new();
    for ticks in [5.0, 20.0] {
        for round in 1..=ROUNDS {
            for (place, address) in places {
                load.gather(CLIENTS, vec![address], Dialect::Hamster);
                let played = load.play(ticks, SPAN, PATIENCE, |_, _, _| {});
                let what = format!("hop: {ticks} ticks/s, clients of {place}, round {round}");
                rows.push(row(&load, &what, CLIENTS, &played));
            }
        }
    }
    Ok(rows)
}

/// The same feed with more and more links, in rounds, and at last with real relays, each with one
/// client. A link frame costs the hub what it takes longer than without links, or than with one: the
/// first link also wakes it, so only the second figure can be multiplied.
fn links(settings: &Settings, symbols: usize, ticks: f64) -> Rows {
    const LINKS: [usize; 4] = [0, 1, 8, 100];
    const RELAYS: usize = 8;
    let most = ((ROUNDS + 1) * LINKS.len()) as f64 * SPAN.as_secs_f64() * ticks;
    let mut load = Load::start(Kind::Ours, &settings.places, symbols, most as usize)?;
    let hub = vec![load.system.address];
    let mut rows = Vec::new();
    for round in 1..=ROUNDS {
        let mut fewer = Vec::new();
        for count in LINKS {
            load.gather(count, hub.clone(), Dialect::Link);
            let what = format!("links: {count} spoken, {ticks} ticks/s, round {round}");
            rows.push(cost(&mut load, &what, ticks, count, &mut fewer));
        }
    }
    let mut fewer = Vec::new();
    load.gather(0, hub, Dialect::Link);
    let what = format!("links: none, {ticks} ticks/s");
    rows.push(cost(&mut load, &what, ticks, 0, &mut fewer));
    load.add_relays(RELAYS, &settings.places)?;
    load.gather(RELAYS, load.relay_addresses(), Dialect::Hamster);
    let what = format!("links: {RELAYS} of relays, {ticks} ticks/s");
    rows.push(cost(&mut load, &what, ticks, RELAYS, &mut fewer));
    Ok(rows)
}

/// What this many links cost the hub. `fewer` has its CPU time in microseconds, and the frames that it
/// sent, of the measurements before.
fn cost(load: &mut Load, what: &str, ticks: f64, count: usize, fewer: &mut Vec<(f64, u64)>) -> Value {
    let played = load.play(ticks, SPAN, PATIENCE, |_, _, _| {});
    let (cpu, frames) = (played.cpu.system.map_or(f64::NAN, micros), played.tally.frames);
    let beyond = |(less, some): &(f64, u64)| report::rounded((cpu - less) / frames.saturating_sub(*some) as f64);
    let mut row = row(load, what, count, &played);
    row["hub_us_per_frame"] = json!(fewer.first().map(beyond));
    row["hub_us_per_further_frame"] = json!(fewer.get(1).map(beyond));
    fewer.push((cpu, frames));
    row
}

/// Many clients at the hub, at one relay, at two, and as many as there can be.
fn many_clients(settings: &Settings) -> Rows {
    // The generator opens a file for each client, workerd two.
    let most = MOST_CLIENTS.min(settings.files.saturating_sub(200));
    let of_one = CLIENTS_OF_A_RELAY.min(settings.files.saturating_sub(100) / 2);
    let mut rows = Vec::new();
    for (relays, clients) in [
        (0, of_one),
        (1, of_one),
        (2, most.min(2 * of_one)),
        (most.div_ceil(of_one), most),
    ] {
        let mut load = Load::start(Kind::Ours, &settings.places, FEW_SYMBOLS, 1_000)?;
        load.add_relays(relays, &settings.places)?;
        let servers = match relays {
            0 => vec![load.system.address],
            _ => load.relay_addresses(),
        };
        let assembled = load.gather(clients, servers, Dialect::Hamster);
        let played = load.play(
            FEW_SYMBOLS as f64,
            Duration::from_secs(10),
            Duration::from_secs(10),
            |_, _, _| {},
        );
        let mut row = row(&load, &format!("many: {relays} relays"), clients, &played);
        row["assembled_s"] = json!(report::seconds(assembled));
        let per_send = |cpu: Duration| report::rounded(micros(cpu) / played.tally.frames as f64);
        row["us_per_send"] = json!(played.cpu.servers().map(per_send));
        rows.push(row);
    }
    Ok(rows)
}

/// A row with what is the hub's part of it.
fn row(load: &Load, what: &str, clients: usize, played: &Played) -> Value {
    let context = Context {
        system: load.system.kind.name(),
        scenario: 'h',
        clients,
        symbols: load.tape.symbols(),
    };
    let mut row = report::row(&context, played);
    let percent = |cpu: Duration| (10_000.0 * cpu.as_secs_f64() / played.took.as_secs_f64()).round() / 100.0;
    row["what"] = json!(what);
    row["frames"] = json!(played.tally.frames);
    row["hub_cpu_percent"] = json!(played.cpu_while_offered.system.map(percent));
    row["hub_rss_mb"] = json!(load.system.memory().map(report::rounded));
    let relays = load.relays.iter().filter_map(System::memory).map(report::rounded);
    row["relays_rss_mb"] = json!(relays.collect::<Vec<_>>());
    row
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
