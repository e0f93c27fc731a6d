//! Counts the states and transitions that were taken: a simulation that never refuses a key proves
//! nothing about refusals.

use hamster_terminal::market::{FeedState, StreamState};
use std::collections::BTreeMap;
use std::fmt::Write;

use FeedState::{Connecting, Fallback, Idle, Live, Refused, Stalled};
use StreamState::{Pending, Polled, Streaming, Unavailable};

/// The transitions of the diagram in ARCHITECTURE.md.
const FEED: &[(FeedState, FeedState)] = &[
    (Idle, Connecting),
    (Connecting, Live),
    (Connecting, Fallback),
    (Connecting, Refused),
    (Live, Fallback),
    (Live, Stalled),
    (Stalled, Live),
    (Stalled, Fallback),
    (Fallback, Live),
    (Fallback, Refused),
    (Refused, Live),
    (Refused, Fallback),
    (Connecting, Idle),
    (Live, Idle),
    (Stalled, Idle),
    (Fallback, Idle),
];

/// The transitions of a symbol.
const SYMBOL: &[(StreamState, StreamState)] = &[
    (Pending, Streaming),
    (Pending, Polled),
    (Pending, Unavailable),
    (Streaming, Pending),
    (Streaming, Polled),
    (Streaming, Unavailable),
    (Polled, Pending),
    (Polled, Streaming),
    (Polled, Unavailable),
    (Unavailable, Pending),
];

/// The link opens and stays mute, while for a whole minute one symbol or another waits for its
/// answer. So rare that even thousands of seeds may miss it.
const RARE_FEED: &[(FeedState, FeedState)] = &[(Connecting, Stalled), (Fallback, Stalled), (Refused, Stalled)];

/// Possible, but so rare that even thousands of seeds may miss them.
const RARE: &[(StreamState, StreamState)] = &[(Unavailable, Streaming), (Unavailable, Polled)];

/// How often each transition was taken.
#[derive(Debug, Default, Clone)]
pub struct Coverage {
    feed: BTreeMap<(String, String), u64>,
    symbol: BTreeMap<(String, String), u64>,
    /// Other counts, by name.
    counts: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub fn feed(&mut self, from: FeedState, to: FeedState) {
        if from != to {
            *self.feed.entry((word(from), word(to))).or_default() += 1;
        }
    }

    pub fn symbol(&mut self, from: StreamState, to: StreamState) {
        if from != to {
            *self.symbol.entry((word(from), word(to))).or_default() += 1;
        }
    }

    pub fn count(&mut self, what: &'static str, amount: u64) {
        *self.counts.entry(what).or_default() += amount;
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.feed, &other.feed), (&mut self.symbol, &other.symbol)] {
            for (step, count) in theirs {
                *mine.entry(step.clone()).or_default() += count;
            }
        }
        for (what, count) in &other.counts {
            self.count(what, *count);
        }
    }

    /// Transitions that should have been taken and were not.
    pub fn missing(&self) -> Vec<String> {
        let feed = FEED
            .iter()
            .map(|(from, to)| (&self.feed, "feed", word(*from), word(*to)));
        let symbol = SYMBOL
            .iter()
            .map(|(from, to)| (&self.symbol, "symbol", word(*from), word(*to)));
        feed.chain(symbol)
            .filter(|(taken, _, from, to)| !taken.contains_key(&(from.clone(), to.clone())))
            .map(|(_, whose, from, to)| format!("{whose}: {from} → {to}"))
            .collect()
    }

    /// Transitions that were taken but are not in the diagram.
    pub fn unexpected(&self) -> Vec<String> {
        let feed = FEED.iter().chain(RARE_FEED);
        let feed: Vec<_> = feed.map(|(from, to)| (word(*from), word(*to))).collect();
        let symbol = SYMBOL.iter().chain(RARE);
        let symbol: Vec<_> = symbol.map(|(from, to)| (word(*from), word(*to))).collect();
        let beside = |taken: &BTreeMap<(String, String), u64>, known: &[(String, String)]| {
            let beside = taken.keys().filter(|step| !known.contains(step));
            beside.map(|(from, to)| format!("{from} → {to}")).collect::<Vec<_>>()
        };
        [beside(&self.feed, &feed), beside(&self.symbol, &symbol)].concat()
    }

    /// The counts as a table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for (whose, taken) in [("feed", &self.feed), ("symbol", &self.symbol)] {
            for ((from, to), count) in taken {
                let _ = writeln!(text, "{whose:7} {from:>11} → {to:11} {count:>9}");
            }
        }
        for (what, count) in &self.counts {
            let _ = writeln!(text, "{what:36} {count:>9}");
        }
        text
    }
}

fn word(state: impl std::fmt::Debug) -> String {
    format!("{state:?}").to_lowercase()
}
