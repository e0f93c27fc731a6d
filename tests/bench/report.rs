//! The figures as tables for people and as JSON for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::load::Outcome;
use super::machine;
use super::process::Memory;

/// One row of the table of loads.
pub fn row(outcome: &Outcome) -> Value {
    let mut latencies = outcome.tally.latencies.clone();
    latencies.sort_unstable();
    let received = latencies.len() as u64;
    let rank = |percent: f64| {
        let position = (percent / 100.0 * latencies.len() as f64).ceil() as usize;
        latencies.get(position.saturating_sub(1)).map(milliseconds)
    };
    let cpu = |time: Option<Duration>| {
        let share = |time: Duration| rounded(100.0 * time.as_secs_f64() / outcome.lasted.as_secs_f64());
        json!({"seconds": time.map(|time| time.as_secs_f64()), "percent_of_a_core": time.map(share)})
    };
    let mut row = json!({
        "kind": if outcome.worker.is_some() { "worker" } else { "relay" },
        "clients": outcome.clients,
        "latency_ms": {"p50": rank(50.0), "p99": rank(99.0), "max": rank(100.0)},
        "updates": {
            "offered": outcome.offered,
            "received": received,
            "lost": outcome.offered.saturating_sub(received),
            "repeated": outcome.tally.repeated,
            "disordered": outcome.tally.disordered,
        },
        "connections_lost": outcome.tally.ended,
        "connect_and_snapshot_ms": milliseconds(&outcome.assembled_in),
        "seconds": outcome.lasted.as_secs_f64(),
        "generator_cpu": cpu(outcome.generator_cpu),
    });
    if let Some(worker) = &outcome.worker {
        row["workerd_cpu"] = cpu(worker.workerd_cpu);
        row["node_cpu"] = cpu(worker.node_cpu);
        row["workerd_memory_mib"] = json!({
            "before": worker.memory_before.map(|memory| rounded(memory.now)),
            "connected": worker.memory_connected.map(|memory| rounded(memory.now)),
            "after": worker.memory_after.map(|memory| rounded(memory.now)),
            "peak": worker.memory_after.map(|Memory { peak, .. }| rounded(peak)),
        });
        row["start_ms"] = json!({
            "to_health": worker.start.total.as_millis() as u64,
            "workerd": worker.start.workerd.as_millis() as u64,
        });
    }
    row
}

/// One row of the machine's table.
pub fn machine_row(outcome: &machine::Outcome) -> Value {
    let seconds = outcome.took.as_secs_f64();
    json!({
        "kind": "machine",
        "watchers": outcome.watchers,
        "ticks": outcome.ticks,
        "seconds": seconds,
        "ticks_per_second": (f64::from(outcome.ticks) / seconds).round() as u64,
        "microseconds_per_tick": rounded(1e6 * seconds / f64::from(outcome.ticks)),
    })
}

/// Rows as Markdown.
pub fn table(rows: &[Value]) -> String {
    let of_kind = |kinds: &'static [&str]| {
        rows.iter()
            .filter(|row| kinds.iter().any(|kind| row["kind"] == *kind))
            .collect::<Vec<_>>()
    };
    let loads = of_kind(&["worker", "relay"]);
    let mut text = String::from(
        "| server | clients | p50 ms | p99 ms | max ms | received of offered | all connected, with snapshot | workerd CPU | generator CPU | workerd MiB: before, connected, after (peak) | start to /health |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in loads {
        let cpu = |name: &str| {
            let cpu = &row[name];
            match cpu["seconds"].as_f64() {
                Some(seconds) => format!("{seconds:.2} s ({} %)", cpu["percent_of_a_core"]),
                None => "–".to_owned(),
            }
        };
        let (latency, memory) = (&row["latency_ms"], &row["workerd_memory_mib"]);
        let memory = match memory["before"].as_f64() {
            Some(before) => format!(
                "{before}, {}, {} ({})",
                memory["connected"], memory["after"], memory["peak"]
            ),
            None => "–".to_owned(),
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} of {} | {} ms | {} | {} | {memory} | {} |\n",
            row["kind"].as_str().unwrap_or_default(),
            row["clients"],
            latency["p50"],
            latency["p99"],
            latency["max"],
            row["updates"]["received"],
            row["updates"]["offered"],
            row["connect_and_snapshot_ms"],
            cpu("workerd_cpu"),
            cpu("generator_cpu"),
            row["start_ms"]["to_health"]
                .as_u64()
                .map_or("–".to_owned(), |ms| format!("{ms} ms")),
        ));
    }
    text.push_str("\n| hub::Machine, native | ticks | ticks a second | µs a tick |\n|---|--:|--:|--:|\n");
    for row in of_kind(&["machine"]) {
        text.push_str(&format!(
            "| {} watchers | {} | {} | {} |\n",
            row["watchers"], row["ticks"], row["ticks_per_second"], row["microseconds_per_tick"]
        ));
    }
    text
}

/// What went wrong in a load, in one sentence for each.
pub fn faults(row: &Value) -> Vec<String> {
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let updates = &row["updates"];
    [
        (count(&updates["lost"]), "updates were lost"),
        (count(&updates["repeated"]), "updates came twice"),
        (count(&updates["disordered"]), "updates came out of order"),
        (count(&row["connections_lost"]), "connections ended"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} with {} clients: {count} {what}", row["kind"], row["clients"]))
    .collect()
}

fn milliseconds(time: &Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
