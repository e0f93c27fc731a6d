//! The benchmark: how long a tick takes from Twelve Data's socket to each of N browsers, and what that costs.
//!
//! One process holds the fake Twelve Data and all the clients, so both ends of a tick are read from one clock. The worker
//! is the built one, in workerd. `npm run bench` builds everything and runs this; docs/benchmarks.md explains the figures.
//!
//! Options: `--quick`, `--clients 1,100,1000`, `--seconds 20`, `--json FILE`, `--node PATH`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod clients;
mod load;
mod machine;
mod process;
mod relay;
mod report;
#[path = "../support/twelve_data/mod.rs"]
mod twelve_data;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

struct Options {
    clients: Vec<usize>,
    span: Duration,
    /// Frames for the machine.
    ticks: u32,
    json: Option<PathBuf>,
    node: PathBuf,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Options {
        let mut options = Options {
            clients: vec![1, 100, 1_000],
            span: Duration::from_secs(20),
            ticks: 200_000,
            json: None,
            node: "node".into(),
        };
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{option} wants a value"));
            match option.as_str() {
                "--quick" => {
                    options.clients = vec![1, 100];
                    options.span = Duration::from_secs(1);
                    options.ticks = 20_000;
                }
                "--clients" => {
                    let numbers = value();
                    let numbers = numbers.split(',').map(|number| number.parse().expect("a number"));
                    options.clients = numbers.collect();
                }
                "--seconds" => options.span = Duration::from_secs(value().parse().expect("whole seconds")),
                "--json" => options.json = Some(value().into()),
                "--node" => options.node = value().into(),
                // What `cargo bench` adds.
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = Options::from_arguments(std::env::args().skip(1));
    process::raise_file_limit();
    let load_before = process::load_average();
    let mut rows: Vec<Value> = Vec::new();
    for &clients in &options.clients {
        let seconds = options.span.as_secs();
        println!("→ the worker with {clients} clients, {seconds} s");
        rows.push(report::row(
            &load::load_worker(&options.node, clients, options.span).await,
        ));
    }
    if let Some(&clients) = options.clients.iter().max() {
        println!("→ the control: a plain relay with {clients} clients");
        rows.push(report::row(&load::load_relay(clients, options.span).await));
    }
    println!("→ hub::Machine by itself");
    for watchers in [1, 1_000] {
        rows.push(report::machine_row(&machine::ingest(watchers, options.ticks)));
    }

    println!("\n{}", report::table(&rows));
    let faults: Vec<String> = rows.iter().flat_map(report::faults).collect();
    for fault in &faults {
        println!("! {fault}");
    }
    let load_average = json!({"before": load_before, "after": process::load_average()});
    println!(
        "Load average before {}, after {} (1, 5, 15 min).",
        load_average["before"], load_average["after"]
    );
    if let Some(file) = options.json {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let document = json!({"cores": cores, "load_average": load_average, "rows": rows});
        std::fs::write(file, format!("{document:#}\n")).expect("the file can be written");
    }
    assert!(faults.is_empty(), "every client must get every tick once, in order");
}
