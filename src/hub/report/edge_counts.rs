//! Counters of what only the platform sees.

/// Counters since the object was created.
#[derive(Debug, Default, Clone)]
pub struct EdgeCounts {
    /// Times the durable alarm was set; each is a storage row written.
    pub alarms_set: u64,
    /// Rows of bars and of the journal that were stored.
    pub rows_kept: u64,
    /// Alarms that fired.
    pub alarms_fired: u64,
    /// Ended client connections, in the order of [`CODES`].
    closes: [u64; CODES.len()],
}

/// Close codes that get a series of their own. A client may send any of three thousand codes and
/// must not create as many series.
const CODES: [(usize, &str); 12] = [
    (1000, "1000"),
    (1001, "1001"),
    (1005, "1005"),
    (1006, "1006"),
    (1009, "1009"),
    (1011, "1011"),
    (crate::dialect::CLOSE_FLOOD as usize, "4008"),
    (crate::dialect::CLOSE_SLOW as usize, "4009"),
    (crate::dialect::CLOSE_EXPIRED as usize, "4010"),
    (crate::dialect::CLOSE_REVOKED as usize, "4011"),
    (crate::dialect::CLOSE_REPLACED as usize, "4012"),
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

    /// Each close code that has a series, and how many connections ended with it.
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
    fn a_clients_own_codes_make_one_series() {
        let mut counts = EdgeCounts::default();
        for code in [1000, 1001, 4009].into_iter().chain(3000..4000) {
            counts.closed(code);
        }
        assert_eq!(counts.closes().iter().filter(|(_, count)| *count == 1).count(), 3);
        assert_eq!(counts.closes().last(), Some(&("other", 1_000)));
    }
}
