//! What is counted since the object was made. A restart begins at zero, as Prometheus expects of counters.

use crate::market::{Millis, SECOND};
/// What the machine sees.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub upstream_messages: u64,
    pub ticks: u64,
    /// From the exchange's stamp to receipt.
    pub tick_ages: Ages,
    /// Upstream's messages that could not be read.
    pub unreadable: u64,
    /// REST answers that could not be read.
    pub unreadable_answers: u64,
    /// Clients' messages that could not be understood.
    pub unreadable_wishes: u64,
    /// Ticks that were older than what was shown.
    pub late: u64,
    /// Ticks of a symbol that nobody tracks.
    pub stray: u64,
    /// Upstream's complaints that we send too many messages.
    pub over_limit: u64,
    /// Price updates sent, one for each receiver.
    pub updates: u64,
    /// Frames sent, one for each receiver.
    pub frames: u64,
    /// Messages of clients.
    pub client_messages: u64,
    /// Clients that were sent nothing more because they did not read.
    pub pauses: u64,
    /// Clients that were closed because they said too much.
    pub floods: u64,
    /// Clients that were closed because they read nothing.
    pub slow: u64,
    pub calls: u64,
    pub calls_refused: u64,
    pub calls_failed: u64,
    pub credits_charged: u64,
    pub checkpoints: u64,
    pub ledgers: u64,
    pub storage_failures: u64,
    pub last_update: Option<Millis>,
}

impl Counts {
    /// Ticks that nobody was shown.
    pub fn dropped(&self) -> u64 {
        self.late + self.stray
    }
}

/// A histogram of ages. Upstream stamps whole seconds, so an age is up to a second too high, and nothing below one means anything.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ages {
    buckets: [u64; AGES.len()],
    sum: Millis,
    count: u64,
}

/// Upper bounds in seconds.
const AGES: [u64; 8] = [1, 2, 3, 5, 10, 30, 60, 300];

impl Ages {
    pub fn add(&mut self, age: Millis) {
        self.count += 1;
        self.sum += age;
        for (bucket, bound) in self.buckets.iter_mut().zip(AGES) {
            *bucket += u64::from(age <= bound * SECOND);
        }
    }

    /// Upper bounds in seconds, and how many ages are no higher.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        AGES.into_iter().zip(self.buckets)
    }

    pub fn sum(&self) -> Millis {
        self.sum
    }

    pub fn count(&self) -> u64 {
        self.count
    }
}

/// What only the edge sees.
#[derive(Debug, Default, Clone)]
pub struct EdgeCounts {
    /// Settings of the durable alarm; each is a row written.
    pub alarms_set: u64,
    /// Alarms that fired.
    pub alarms_fired: u64,
    /// Ends of clients' connections, in the order of [`CODES`].
    closes: [u64; CODES.len()],
}

/// Close codes that are told apart. A client may send any of three thousand, and shall not make us as many series.
const CODES: [(usize, &str); 9] = [
    (1000, "1000"),
    (1001, "1001"),
    (1005, "1005"),
    (1006, "1006"),
    (1009, "1009"),
    (1011, "1011"),
    (crate::dialect::CLOSE_FLOOD as usize, "4008"),
    (crate::dialect::CLOSE_SLOW as usize, "4009"),
    (0, "other"),
];

impl EdgeCounts {
    /// A client's connection ended with this code.
    pub fn closed(&mut self, code: usize) {
        let known = CODES.iter().position(|(known, _)| *known == code);
        if let Some(count) = self.closes.get_mut(known.unwrap_or(CODES.len() - 1)) {
            *count += 1;
        }
    }

    /// Every code that is told apart, and how many connections ended with it.
    #[must_use]
    pub fn closes(&self) -> [(&'static str, u64); CODES.len()] {
        let mut counts = self.closes.iter();
        CODES.map(|(_, name)| (name, counts.next().copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let mut ages = Ages::default();
        for age in [0, 1_000, 1_001, 60_000, 3_600_000] {
            ages.add(age);
        }
        let counts: Vec<_> = ages.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 4, 4]);
        assert_eq!((ages.count(), ages.sum()), (5, 3_662_001));
    }

    #[test]
    fn a_clients_own_codes_make_one_series() {
        let mut counts = EdgeCounts::default();
        for code in [1000, 1001, 4009].into_iter().chain(3000..4000) {
            counts.closed(code);
        }
        assert_eq!(counts.closes().iter().filter(|(_, count)| *count == 1).count(), 3);
        assert_eq!(counts.closes().last(), Some(&("other", 1_000)));
    }
}
