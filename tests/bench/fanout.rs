//! The benchmark: how fresh this worker and its peers keep N browsers, on the same machine, in the
//! same run, with the same tape. `npm run bench` builds and installs everything and runs this;
//! docs/benchmarks.md explains the figures.
//!
//! One process holds both ends, the source of the ticks and all clients, so one clock times both.
//!
//! Options: `--scenario a,b`, `--systems ours,raw`, `--json FILE`, `--long`, `--quick`,
//! `--node PATH`, `--peers FOLDER`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod audience;
mod client;
mod events;
mod hamster;
mod histogram;
mod link;
mod load;
mod null;
mod plain;
mod process;
mod relays;
mod report;
mod rest;
mod scenarios;
mod smoke;
mod source;
mod systems;
mod tally;
mod tape;
mod websocket;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use scenarios::{Scenario, Settings};
use serde_json::Value;
use systems::{Kind, Places};

struct Options {
    scenarios: Vec<char>,
    systems: Option<Vec<Kind>>,
    json: Option<PathBuf>,
    is_quick: bool,
    settings: Settings,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            scenarios: scenarios::ALL.iter().map(|scenario| scenario.letter).collect(),
            systems: None,
            json: None,
            is_quick: false,
            settings: Settings {
                places: Places {
                    node: "node".into(),
                    peers: ".tools/bench".into(),
                },
                files: process::raise_file_limit(),
                is_long: false,
            },
        };
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{option} wants a value"));
            match option.as_str() {
                "--quick" => options.is_quick = true,
                "--long" => options.settings.is_long = true,
                "--scenario" => {
                    options.scenarios = value()?.split(',').map(letter).collect::<Result<_, _>>()?;
                }
                "--systems" => {
                    options.systems = Some(value()?.split(',').map(kind).collect::<Result<_, _>>()?);
                }
                "--json" => options.json = Some(value()?.into()),
                "--node" => options.settings.places.node = value()?.into(),
                "--peers" => options.settings.places.peers = value()?.into(),
                // `cargo bench` adds this.
                "--bench" => {}
                other => return Err(format!("unknown option {other}")),
            }
        }
        Ok(options)
    }
}

fn letter(text: &str) -> Result<char, String> {
    let scenario = scenarios::ALL
        .iter()
        .find(|scenario| text == scenario.letter.to_string());
    scenario
        .map(|scenario| scenario.letter)
        .ok_or(format!("there is no scenario {text:?}: a to i"))
}

fn kind(text: &str) -> Result<Kind, String> {
    let names = Kind::ALL.map(Kind::name).join(", ");
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    kind.ok_or(format!("there is no system {text:?}: {names}"))
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == null::OPTION) {
        null::serve();
    }
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("✗ {why}");
            return ExitCode::FAILURE;
        }
    };
    if options.is_quick {
        let complaints = smoke::run(&options.settings.places);
        for complaint in &complaints {
            println!("✗ {complaint}");
        }
        return if complaints.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }

    let begun = Instant::now();
    let load_before = process::load_average().unwrap_or_default();
    let mut rows: Vec<Value> = Vec::new();
    let mut skipped: Vec<String> = Vec::new();
    for scenario in scenarios::ALL
        .iter()
        .filter(|scenario| options.scenarios.contains(&scenario.letter))
    {
        rows.extend(perform(scenario, &options, &mut skipped));
    }
    for scenario in &scenarios::ALL {
        let its: Vec<&Value> = rows
            .iter()
            .filter(|row| row["scenario"] == scenario.letter.to_string())
            .collect();
        if !its.is_empty() {
            println!("\n({}) {}\n\n{}", scenario.letter, scenario.title, report::table(&its));
        }
    }
    for one in &skipped {
        println!("skipped: {one}");
    }
    println!(
        "Took {:.0} s. Load average before {load_before}, after {} (1, 5, 15 min).",
        begun.elapsed().as_secs_f64(),
        process::load_average().unwrap_or_default()
    );
    if let Some(file) = options.json {
        let text = format!("{:#}\n", Value::Array(rows));
        std::fs::write(file, text).expect("the file can be written");
    }
    ExitCode::SUCCESS
}

/// Runs a scenario for one system after the other.
fn perform(scenario: &Scenario, options: &Options, skipped: &mut Vec<String>) -> Vec<Value> {
    println!("({}) {}", scenario.letter, scenario.title);
    let others = Kind::ALL.iter().filter(|kind| !scenario.systems.contains(kind));
    let others: Vec<&str> = others.map(|kind| kind.name()).collect();
    if options.systems.is_none() && !others.is_empty() {
        println!("  not run unless named: {}", others.join(", "));
    }
    let mut rows = Vec::new();
    for kind in options.systems.as_deref().unwrap_or(scenario.systems) {
        println!("  → {}", kind.name());
        match (scenario.run)(*kind, &options.settings) {
            Ok(its) => {
                // The rows of the stepwise scenarios were already printed one by one.
                its.iter()
                    .filter(|row| row.get("keeps_up").is_none())
                    .for_each(report::print_row);
                rows.extend(its);
            }
            Err(why) => {
                println!("    skipped: {why}");
                skipped.push(format!("({}) {}: {why}", scenario.letter, kind.name()));
            }
        }
    }
    rows
}
