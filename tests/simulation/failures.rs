//! The seeds that broke a promise, grouped by promise. One fault breaks many seeds in the same way,
//! so one trace per promise is enough to read.

use super::scenario::Scenario;
use super::shrink;
use super::world::Broken;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Which seeds failed, and how.
#[derive(Default)]
pub struct Failures(BTreeMap<&'static str, BTreeMap<u64, Box<Broken>>>);

impl Failures {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, seed: u64, broken: Box<Broken>) {
        self.0.entry(broken.promise).or_default().insert(seed, broken);
    }

    /// The first failure of each promise with its trace, shortened if `shrinks`, then every seed
    /// that failed.
    pub fn report(&self, shrinks: bool) -> String {
        let mut text = String::new();
        for (seed, broken) in self.0.values().filter_map(BTreeMap::first_key_value) {
            let mut scenario = Scenario::of(*seed);
            let mut broken = Broken::clone(broken);
            if shrinks {
                (scenario, broken) = shrink::shrunk(&scenario, &broken);
            }
            let _ = writeln!(text, "{}", shrink::report(&scenario, &broken));
        }
        for (promise, seeds) in &self.0 {
            let list: Vec<_> = seeds.keys().map(u64::to_string).collect();
            let _ = writeln!(text, "{promise:?}, broken by {}: {}", list.len(), list.join(" "));
        }
        text
    }
}
