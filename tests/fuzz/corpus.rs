//! The fuzz targets without a fuzzer: runs every seed and every former finding once as it is, and
//! then with random damage. `npm run fuzz` runs the same functions under libFuzzer, which is guided
//! by coverage and needs a nightly compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Each target gets damaged inputs for this long, but at least `FEWEST` and at most `MOST` of them.
const SPAN: Duration = Duration::from_secs(4);
const FEWEST: u64 = 100;
const MOST: u64 = 3_000;
const LONGEST: usize = 8 * 1024;

#[test]
fn upstream_frames() {
    run("upstream_frames");
}

#[test]
fn rest_bodies() {
    run("rest_bodies");
}

#[test]
fn client_frames() {
    run("client_frames");
}

#[test]
fn guest_frames() {
    run("guest_frames");
}

#[test]
fn resume_tokens() {
    run("resume_tokens");
}

#[test]
fn links() {
    run("links");
}

#[test]
fn hub() {
    run("hub");
}

#[test]
fn credentials() {
    run("credentials");
}

fn run(name: &str) {
    let (_, target) = targets::TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let seeds = seeds(name);
    for (file, bytes) in &seeds {
        check(*target, bytes, file);
    }
    let begun = Instant::now();
    let mut done = 0;
    while done < FEWEST || (done < MOST && begun.elapsed() < SPAN) {
        let mut random = fastrand::Rng::with_seed(done);
        let bytes = damaged(&seeds, &mut random);
        check(*target, &bytes, &format!("damage {done}"));
        done += 1;
    }
    println!("{name}: {} seeds and {done} damaged ones", seeds.len());
}

fn check(target: fn(&[u8]), bytes: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        eprintln!("{what}, as text:\n{}", String::from_utf8_lossy(bytes));
        std::panic::resume_unwind(panic);
    }
}

/// The files of a target, in the same order on every machine.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                std::fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds
}

/// A seed with a few of its bytes changed, cut, doubled, or replaced by a piece of another seed.
fn damaged(seeds: &[(String, Vec<u8>)], random: &mut fastrand::Rng) -> Vec<u8> {
    let seed = |random: &mut fastrand::Rng| &seeds[random.usize(..seeds.len())].1;
    let mut bytes = seed(random).clone();
    for _ in 0..random.usize(1..6) {
        let other = seed(random);
        let (at, piece) = (place(bytes.len(), random), place(other.len(), random));
        match random.u8(0..5) {
            0 => bytes[at.clone()]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << random.u8(0..8)),
            1 => drop(bytes.drain(at)),
            2 => bytes.extend_from_within(at),
            3 => drop(bytes.splice(at, other[piece].iter().copied())),
            _ => drop(bytes.splice(at.start..at.start, other[piece].iter().copied())),
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// A random range; half of the time at most four bytes long.
fn place(length: usize, random: &mut fastrand::Rng) -> std::ops::Range<usize> {
    let start = random.usize(0..=length);
    let longest = if random.bool() { 4 } else { length };
    start..(start + random.usize(0..=longest)).min(length)
}
