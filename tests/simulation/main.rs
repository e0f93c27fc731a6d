//! Deterministic simulation of the core: the real state machine on a simulated platform, between a
//! simulated Twelve Data and simulated viewers, all as troublesome as in practice. docs/testing.md
//! says more.
//!
//! One seed decides everything. `SIMULATION_SEEDS` and `SIMULATION_FROM` choose the seeds;
//! `npm run soak` sets them. After a failing seed the others are still played, unless
//! `SIMULATION_STOPS_AT_A_FAILURE` is set. `SIMULATION_DOES_NOT_SHRINK` keeps traces at full
//! length. `npm run mutants` sets both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod bars;
mod coverage;
mod day;
mod driver;
mod failures;
mod guests;
mod manners;
mod market;
mod object;
mod passes;
mod promises;
mod relays;
mod scenario;
mod shrink;
mod upstream;
mod viewers;
mod weather;
mod world;

use coverage::Coverage;
use failures::Failures;
use scenario::Scenario;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SEEDS: u64 = 1_000;
/// With fewer seeds, rare transitions may be missing without a fault. With others than those of
/// `npm test` too, however many they are.
const ENOUGH_FOR_COVERAGE: u64 = 500;

/// The results of all seeds.
#[derive(Default)]
struct Total {
    coverage: Coverage,
    days: f64,
    most_rows: u64,
    failures: Failures,
}

#[test]
fn every_seed_keeps_every_promise() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let (from, seeds) = (number("SIMULATION_FROM", 0), number("SIMULATION_SEEDS", SEEDS));
    let begun = std::time::Instant::now();
    let total = play_all(from, seeds);
    assert!(
        total.failures.is_empty(),
        "\n{}",
        total.failures.report(!is_set("SIMULATION_DOES_NOT_SHRINK"))
    );
    // Not `print!`, whose output the test runner hides unless the test fails.
    let _ = writeln!(
        std::io::stdout(),
        "{}\n{seeds} seeds from {from}, {:.0} simulated days in {:.1} s; at most {} rows written in a day",
        total.coverage.table(),
        total.days,
        begun.elapsed().as_secs_f64(),
        total.most_rows
    );
    let unexpected = total.coverage.unexpected();
    assert!(unexpected.is_empty(), "not in the diagram: {unexpected:?}");
    let missing = total.coverage.missing();
    assert!(
        from > 0 || seeds < ENOUGH_FOR_COVERAGE || missing.is_empty(),
        "never taken: {missing:?}"
    );
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// Plays the seeds on all cores. Each failure is reported when it happens, because a long run may
/// be interrupted.
fn play_all(from: u64, seeds: u64) -> Total {
    let stops = is_set("SIMULATION_STOPS_AT_A_FAILURE");
    let total = Mutex::new(Total::default());
    let next = AtomicU64::new(from);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let scenario = Scenario::of(seed);
                    let outcome = shrink::attempt(&scenario);
                    let mut total = total.lock().unwrap();
                    match outcome {
                        Ok((coverage, world)) => {
                            total.coverage.add(&coverage);
                            total.days += world.days();
                            total.most_rows = world.object.most_rows.max(total.most_rows);
                        }
                        Err(broken) => {
                            if stops {
                                next.store(from + seeds, Ordering::Relaxed);
                            }
                            let _ = writeln!(std::io::stdout(), "seed {seed} breaks the promise {:?}", broken.promise);
                            total.failures.add(seed, broken);
                        }
                    }
                }
            });
        }
    });
    total.into_inner().unwrap()
}
