//! What an audience received, summed over all its clients.

use std::collections::BTreeMap;
use std::time::Duration;

use super::histogram::Histogram;
use super::tape::Tape;

/// Counts of one load.
pub struct Tally {
    /// From the offer of a tick until a client held a value at least that new, for each tick and
    /// client.
    pub freshness: Histogram,
    /// From the start of a connection until it held a price of each symbol.
    pub filled: Histogram,
    /// Values that were newer than what the client held. A value may replace several ticks.
    pub updates: u64,
    /// Frames of all kinds.
    pub frames: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Errors.
    pub faults: Faults,
    /// Ticks before this one belong to an earlier load.
    first: usize,
}

/// What must not happen.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Connections that ended by themselves, by close code; 0 without one.
    pub lost: BTreeMap<u16, u64>,
    /// Connections that could not be made.
    pub refused: u64,
    /// Sequence numbers that did not follow the previous one.
    pub gaps: u64,
    /// Values older than what the client held.
    pub backwards: u64,
    /// Values that are not on the tape.
    pub wrong: u64,
    /// Clients that did not hold the newest value of each symbol in the end.
    pub behind: u64,
    /// Frames that violate the protocol, and errors that the server reported.
    pub broken: u64,
    /// The first of these, or the first reason of a lost connection.
    pub example: Option<String>,
}

impl Faults {
    /// The sum of all faults.
    pub fn total(&self) -> u64 {
        let lost: u64 = self.lost.values().sum();
        lost + self.refused + self.gaps + self.backwards + self.wrong + self.behind + self.broken
    }

    /// Counts an invalid frame.
    pub fn fault(&mut self, what: &str) {
        self.broken += 1;
        self.note(what);
    }

    /// Keeps the first explanation.
    pub fn note(&mut self, what: &str) {
        self.example.get_or_insert_with(|| what.chars().take(200).collect());
    }
}

impl Tally {
    /// Counts of a load that begins with this tick.
    pub fn new(first: usize) -> Tally {
        Tally {
            freshness: Histogram::new(),
            filled: Histogram::new(),
            updates: 0,
            frames: 0,
            bytes: 0,
            faults: Faults::default(),
            first,
        }
    }

    /// Counts a frame of this many bytes.
    pub fn frame(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }

    /// A client waited until now for these rounds of a symbol, whether or not it received them.
    /// Ticks offered before the client joined do not count.
    pub fn satisfied(
        &mut self,
        symbol: usize,
        before: u32,
        round: u32,
        (since, now): (Duration, Duration),
        tape: &Tape,
    ) {
        for between in before + 1..=round {
            let number = tape.number(symbol, between as usize);
            if number >= self.first
                && let Some(offered) = tape.offered(number)
                && offered >= since
            {
                self.freshness.add(now.saturating_sub(offered));
            }
        }
    }
}
