//! Shrinks a failing scenario: leaves out events in ever smaller pieces, as long as the same
//! promise is still broken.

use super::scenario::{Planned, Scenario};
use super::world::{Broken, World, play};
use hamster_terminal::market::{MINUTE, iso8601};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most plays per shrink.
const MOST_PLAYS: u32 = 300;

/// Plays a scenario. A panic also breaks a promise.
pub fn attempt(scenario: &Scenario) -> Result<(super::coverage::Coverage, World), Box<Broken>> {
    catch_unwind(AssertUnwindSafe(|| play(scenario))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        Err(super::world::broken("no panic", text.to_owned()))
    })
}

/// The shortest scenario found that still breaks the promise, and how it does.
pub fn shrunk(scenario: &Scenario, broken: &Broken) -> (Scenario, Broken) {
    let mut best = (scenario.clone(), broken.clone());
    if broken.at > 0 {
        let end = broken.at + MINUTE;
        let mut shorter = scenario.clone();
        shorter.events.retain(|planned| planned.at <= broken.at);
        shorter.length = end.min(scenario.length);
        keep_if_broken(shorter, &mut best);
    }
    let mut plays = 0;
    let mut size = best.0.events.len().div_ceil(2).max(1);
    while size > 0 && plays < MOST_PLAYS {
        let mut from = 0;
        while from < best.0.events.len() && plays < MOST_PLAYS {
            plays += 1;
            let mut candidate = best.0.clone();
            let to = (from + size).min(candidate.events.len());
            candidate.events.drain(from..to);
            if !keep_if_broken(candidate, &mut best) {
                from += size;
            }
        }
        size /= 2;
    }
    best
}

fn keep_if_broken(candidate: Scenario, best: &mut (Scenario, Broken)) -> bool {
    match attempt(&candidate) {
        Err(broken) if broken.promise == best.1.promise => {
            *best = (candidate, *broken);
            true
        }
        _ => false,
    }
}

/// What a person needs to reproduce the failure.
pub fn report(scenario: &Scenario, broken: &Broken) -> String {
    let start = scenario.setup.start;
    let mut text = format!(
        "seed {} breaks the promise {:?}\n  at {}: {}\n  set-up: {:?}\n  shortest trace found ({} events):\n",
        scenario.seed,
        broken.promise,
        iso8601(start + broken.at),
        broken.how,
        scenario.setup,
        scenario.events.len()
    );
    for Planned { at, event } in &scenario.events {
        let _ = writeln!(text, "    {} {event:?}", iso8601(start + at));
    }
    let _ = writeln!(text, "  what the hub logged last:");
    for line in broken.log.iter().rev() {
        let _ = writeln!(text, "    {line}");
    }
    text
}
