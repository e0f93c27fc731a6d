//! What the fuzz targets do with their bytes. cargo-fuzz calls these functions (`npm run fuzz`),
//! and so does `cargo test` with the seeds and with every former finding (`tests/fuzz/corpus.rs`).
//!
//! Each target first feeds its bytes to the parser that reads them in production, then to whole
//! hubs on a [`Stage`], which checks the invariants after every step.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check that fails is a finding; and each fuzz binary uses one of the targets"
)]

mod access;
mod answers;
mod clients;
mod links;
mod script;
mod stage;

use hamster_terminal::dialect::{message, socket_io, twelve_data};
use hamster_terminal::hub::DEFAULT_SYMBOLS;
use hamster_terminal::market::Instrument;
use hamster_terminal::provider::Secret;
use hamster_terminal::provider::twelve_data::parse_event;
use stage::{GUESTS, PLAIN, STREAMS, Stage};

/// Lines read per input. More would only make each run slower.
const MOST_LINES: usize = 48;

/// A target's name and function.
pub type Target = (&'static str, fn(&[u8]));

/// All fuzz targets.
pub const TARGETS: [Target; 8] = [
    ("upstream_frames", upstream_frames),
    ("rest_bodies", rest_bodies),
    ("client_frames", client_frames),
    ("guest_frames", guest_frames),
    ("resume_tokens", resume_tokens),
    ("links", links),
    ("hub", hub),
    ("credentials", credentials),
];

/// Each line is a frame of upstream's WebSocket.
pub fn upstream_frames(bytes: &[u8]) {
    let mut stage = Stage::new();
    stage.watched_by_all("AAPL,BTC/USD,EUR/USD,RY:TSX");
    stage.upstream_opens();
    for line in lines(bytes) {
        let _ = parse_event(&line, &Secret::default());
        stage.upstream_says(&line);
        stage.wait(40);
    }
    stage.settle();
}

/// The first line is an HTTP status, the rest a body that answers every REST call: for quotes of one
/// symbol and of all, for bars of each interval, a search, and the hours of exchanges.
pub fn rest_bodies(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (status, body) = text.split_once('\n').unwrap_or(("200", &text));
    let status = status.trim().parse().unwrap_or(200);
    let every: Vec<Instrument> = DEFAULT_SYMBOLS
        .split(',')
        .map(|symbol| Instrument::parse(symbol).unwrap())
        .collect();
    answers::parse(&every, status, body);
    let mut stage = Stage::new();
    stage.watched_by_all("AAPL,BTC/USD");
    for _ in 0..2 {
        stage.rest_answers(status, body);
        stage.wait(61_000);
    }
    stage.settle();
}

/// Each line is a client's frame: plain JSON if it begins with a space, else `hamster.v1`.
pub fn client_frames(bytes: &[u8]) {
    let mut stage = Stage::new();
    stage.watched_by_all("AAPL");
    stage.upstream_opens();
    for (number, line) in lines(bytes).enumerate() {
        let _ = message::parse(&line);
        let client = if line.starts_with(' ') { PLAIN[1] } else { STREAMS[1] };
        stage.client_says(client, &line);
        stage.tick("AAPL", 200.0 + number as f64 / 4.0);
        // The pause keeps the client below the flood limit, so that every line is read.
        stage.wait(500);
    }
    stage.settle();
}

/// Each line is a frame of a client that others made: of Twelve Data's protocol if it begins with a
/// space, else an Engine.IO packet. `$pid` stands for its session's secret, `$at` for its position.
pub fn guest_frames(bytes: &[u8]) {
    let mut stage = Stage::new();
    stage.watched_by_all("AAPL");
    stage.upstream_opens();
    for (number, line) in lines(bytes).enumerate() {
        let [theirs, socket] = GUESTS;
        let client = if line.starts_with(' ') { theirs } else { socket };
        let _ = twelve_data::parse(&line);
        let _ = socket_io::parse(&line);
        stage.guest_says(client, &line);
        stage.tick("AAPL", 200.0 + number as f64 / 4.0);
        stage.wait(500);
    }
    stage.settle();
}

/// Each line is both the cursor that a `hamster.v1` client claims (`resume`) and what a hub that
/// slept finds in the client's attachment. `+1 -2 0` is its true cursor with these numbers added to
/// epoch, channel and sequence number.
pub fn resume_tokens(bytes: &[u8]) {
    let mut stage = Stage::new();
    stage.watched_by_all("AAPL,BTC/USD");
    stage.upstream_opens();
    for (number, line) in lines(bytes).enumerate() {
        let price = 200.0 + number as f64 / 4.0;
        stage.tick("AAPL", price);
        stage.client_leaves(STREAMS[0]);
        stage.tick("BTC/USD", 95_000.0 + price);
        match script::position(&line) {
            Some(added) => stage.client_resumes(STREAMS[0], added),
            None => stage.client_comes_with(STREAMS[0], &line),
        }
        stage.tick("AAPL", price + 0.125);
        stage.wait(1_000);
        if number % 4 == 3 {
            stage.client_is_found_with(STREAMS[1], &line);
        }
    }
    stage.settle();
}

/// Each line is a frame of a hub to its relay.
pub fn links(bytes: &[u8]) {
    let frames: Vec<String> = lines(bytes).collect();
    links::read(frames.iter().map(String::as_str));
    let mut relay = links::Relay::new();
    for frame in &frames {
        relay.hears(frame);
        relay.wait(200);
    }
    relay.heals();
}

/// A script of everything that can happen to a hub; see [`script`].
pub fn hub(bytes: &[u8]) {
    let mut stage = Stage::new();
    for line in lines(bytes) {
        script::perform(&mut stage, &line);
    }
    stage.settle();
}

/// Each line is a key, a token, a pass, an origin, or a setting of the operator; and a deed with
/// tickets.
pub fn credentials(bytes: &[u8]) {
    let lines: Vec<String> = lines(bytes).collect();
    for line in &lines {
        access::credential(line);
    }
    access::tickets(lines.iter().map(String::as_str));
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lines = bytes.split(|byte| *byte == b'\n').take(MOST_LINES);
    lines.map(|line| String::from_utf8_lossy(line).into_owned())
}
