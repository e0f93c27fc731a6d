//! A hub and its relays: the real machines of all of them, on links that are slow, break, die without
//! a word, or hold everything back. docs/scale.md says what relays promise; `world.rs` keeps watch.

mod viewer;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

const SEEDS: u64 = 300;

/// What must happen somewhere in the seeds of `npm test`, so that the promises are put to the test.
const MUST_HAPPEN: [&str; 17] = [
    "the hub started anew",
    "the hub slept and its clients stayed",
    "the hub stood still",
    "a relay started anew",
    "a relay stood still",
    "a link broke",
    "a link died without a word",
    "a link held everything back",
    "a frame was lost",
    "a link resumed",
    "an older link was replaced",
    "clients heard that they are cut off",
    "a client came to another server",
    "a new life of the hub knew an older price",
    "a symbol was refused by the hub",
    "a later version was understood",
    "earlier closes were told",
];

#[test]
fn every_relay_keeps_its_promises() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let (from, seeds) = (number("SIMULATION_FROM", 0), number("SIMULATION_SEEDS", SEEDS));
    let stops = super::is_set("SIMULATION_STOPS_AT_A_FAILURE");
    let next = AtomicU64::new(from);
    let failures = Mutex::new(Vec::new());
    let happened: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || stops && !failures.lock().unwrap().is_empty() {
                        return;
                    }
                    let mut world = World::of(seed);
                    let outcome = world.play();
                    for (what, times) in world.happened {
                        *happened.lock().unwrap().entry(what).or_default() += times;
                    }
                    if let Err(broken) = outcome {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("seed {seed} of relays breaks the promise {broken}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    let happened = happened.into_inner().unwrap();
    let missing: Vec<_> = MUST_HAPPEN
        .into_iter()
        .filter(|what| !happened.contains_key(what))
        .collect();
    assert!(
        from > 0 || seeds < SEEDS || missing.is_empty(),
        "never happened: {missing:?}"
    );
}
