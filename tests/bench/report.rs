//! The figures as rows of JSON for programs, and as tables for people.

use std::time::Duration;

use serde_json::{Value, json};

use super::histogram::Histogram;
use super::load::Played;

/// What a row is about.
pub struct Context {
    /// The system's name.
    pub system: &'static str,
    /// The scenario's letter.
    pub scenario: char,
    /// The number of clients. Nobody else is connected.
    pub clients: usize,
    /// The number of symbols. Every client watches all of them.
    pub symbols: usize,
}

/// One row of the figures.
pub fn row(context: &Context, played: &Played) -> Value {
    let Played {
        tally, took, watched, ..
    } = played;
    let per_second = |count: f64| count / took.as_secs_f64();
    let offered = (played.ticks * context.clients) as f64;
    let percent = |time: Option<Duration>| time.map(|time| rounded(100.0 * time.as_secs_f64() / took.as_secs_f64()));
    let mut row = json!({
        "system": context.system,
        "scenario": context.scenario.to_string(),
        "clients": context.clients,
        "symbols": context.symbols,
        "offered_updates_per_s": per_second(offered).round(),
        "freshness_ms": percentiles(&tally.freshness),
        "frames_per_client_per_s": rounded(per_second(tally.frames as f64 / context.clients as f64)),
        "bytes_per_update": (tally.updates > 0).then(|| rounded(tally.bytes as f64 / tally.updates as f64)),
        "cpu_s": played.cpu.servers().map(seconds),
        "rss_mb": played.memory.map(rounded),
        "errors": tally.faults.total(),
        "ticks_per_s": rounded(per_second(played.ticks as f64)),
        "values_per_s": per_second(tally.updates as f64).round(),
        "seconds": seconds(*watched),
        "cpu_percent": percent(played.cpu_while_offered.servers()),
        "generator_cpu_percent": percent(played.cpu_while_offered.generator),
    });
    if tally.faults.total() > 0 {
        let faults = &tally.faults;
        row["error_kinds"] = json!({
            "lost": faults.lost,
            "refused": faults.refused,
            "gaps": faults.gaps,
            "backwards": faults.backwards,
            "wrong": faults.wrong,
            "behind": faults.behind,
            "broken": faults.broken,
            "example": faults.example,
        });
    }
    row
}

/// Median, 99th percentile and maximum in milliseconds.
pub fn percentiles(times: &Histogram) -> Value {
    json!({
        "p50": times.percentile(50.0).map(milliseconds),
        "p99": times.percentile(99.0).map(milliseconds),
        "max": times.max().map(milliseconds),
    })
}

/// In seconds, rounded to hundredths.
pub fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

/// Rounded to tenths.
pub fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Prints a step's result at once.
pub fn print_row(row: &Value) {
    let share = |name: &str| {
        row[name]
            .as_f64()
            .map_or("–".to_owned(), |value| format!("{value:.0} %"))
    };
    println!(
        "    {} updates/s: p50 {} ms, p99 {} ms; {} frames/client/s, {} bytes/update; CPU {}, generator {}; {} errors{} {}",
        row["offered_updates_per_s"],
        row["freshness_ms"]["p50"],
        row["freshness_ms"]["p99"],
        row["frames_per_client_per_s"],
        row["bytes_per_update"],
        share("cpu_percent"),
        share("generator_cpu_percent"),
        row["errors"],
        row.get("error_kinds")
            .map_or(String::new(), |kinds| format!(" {kinds}")),
        remarks(row),
    );
}

/// The rows of one scenario as Markdown.
pub fn table(rows: &[&Value]) -> String {
    let mut text = String::from(
        "| system | clients | offered updates/s | freshness ms: p50 | p99 | max | frames/client/s | bytes/update | CPU | generator CPU | RSS MiB | errors | |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for row in rows {
        let figure = |value: &Value| value.as_f64().map_or("–".to_owned(), grouped);
        let share = |name: &str| row[name].as_f64().map_or("–".to_owned(), |value| format!("{value} %"));
        let freshness = &row["freshness_ms"];
        let cells = [
            row["system"].as_str().unwrap_or_default().to_owned(),
            figure(&row["clients"]),
            figure(&row["offered_updates_per_s"]),
            figure(&freshness["p50"]),
            figure(&freshness["p99"]),
            figure(&freshness["max"]),
            figure(&row["frames_per_client_per_s"]),
            figure(&row["bytes_per_update"]),
            share("cpu_percent"),
            share("generator_cpu_percent"),
            figure(&row["rss_mb"]),
            figure(&row["errors"]),
            remarks(row),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

/// Figures that only some scenarios have.
fn remarks(row: &Value) -> String {
    let mut remarks: Vec<String> = row["what"].as_str().map(ToOwned::to_owned).into_iter().collect();
    if row["knee"] == true {
        remarks.push("knee".to_owned());
    }
    if row["keeps_up"] == false {
        remarks.push("too much".to_owned());
    }
    if row["slow"].is_u64() {
        remarks.push(format!(
            "{} stop to read, {} sent away",
            row["slow"], row["slow_sent_away"]
        ));
    }
    if let Some(assembled) = row["assembled_s"].as_f64() {
        remarks.push(format!("all connected in {assembled} s"));
    }
    if let Some(p99) = row["snapshot_ms"]["p99"].as_f64() {
        remarks.push(format!(
            "a client waits {} ms for prices, p99 {p99}",
            row["snapshot_ms"]["p50"]
        ));
    }
    for (name, unit) in [
        ("hub_cpu_percent", "% CPU of the hub"),
        ("hub_us_per_frame", "µs of the hub a link frame"),
        ("hub_us_per_further_frame", "beyond the first link's"),
        ("us_per_send", "µs a send"),
        ("hub_rss_mb", "MiB of the hub"),
    ] {
        remarks.extend(row[name].as_f64().map(|figure| format!("{figure} {unit}")));
    }
    if let Some(memory) = row["rss_over_time_mb"].as_array() {
        remarks.push(format!(
            "RSS {} → {}",
            memory.first().unwrap_or(&Value::Null),
            memory.last().unwrap_or(&Value::Null)
        ));
    }
    remarks.join("; ")
}

/// 12345.67 as 12,346: a reading is exact to three digits only.
fn grouped(value: f64) -> String {
    if value.abs() < 1_000.0 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
