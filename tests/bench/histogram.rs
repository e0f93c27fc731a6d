//! Times in buckets: percentiles of hundreds of millions of readings without storing each of them.
//!
//! Buckets are log-linear: 128 to each doubling, so a percentile is at most 0.8 % too high. The
//! maximum is exact.

use std::time::Duration;

const BITS: u32 = 7;
const BUCKETS: usize = (64 - BITS as usize) << BITS;

/// Times and how often each occurred.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Histogram {
        Histogram {
            counts: vec![0; BUCKETS],
            total: 0,
            max: 0,
        }
    }

    /// Adds one time.
    pub fn add(&mut self, time: Duration) {
        let nanoseconds = time.as_nanos() as u64;
        self.counts[bucket(nanoseconds)] += 1;
        self.total += 1;
        self.max = self.max.max(nanoseconds);
    }

    /// How many times were added.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The time that this percentage does not exceed (nearest rank); `None` if empty.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let rank = (percent / 100.0 * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let position = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_nanos(upper_end(position).min(self.max)))
    }

    /// The longest time; `None` if empty.
    pub fn max(&self) -> Option<Duration> {
        (self.total > 0).then(|| Duration::from_nanos(self.max))
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let value = nanoseconds.max(1 << BITS);
    let exponent = value.ilog2() - BITS;
    ((exponent as usize) << BITS) + (value >> exponent) as usize - (1 << BITS)
}

fn upper_end(bucket: usize) -> u64 {
    let exponent = (bucket >> BITS) as u32;
    let mantissa = (bucket & ((1 << BITS) - 1)) as u64 + (1 << BITS);
    ((mantissa + 1) << exponent) - 1
}
