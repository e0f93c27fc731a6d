//! How a price moves: a Brownian path that can be read at any time, forwards or backwards.
//!
//! A walk computed tick by tick has no past, so candles before the first tick would have to be
//! invented separately and would not fit the live price; and it is lost when its object is evicted.
//! This walk is a pure function of seed, instrument and time. The logarithm of the price at each
//! UTC midnight is an autoregressive sum of daily shocks: from day to day a random walk with the
//! instrument's volatility, over months close to the reference price. Between two midnights it is a
//! Brownian bridge built by midpoint displacement (Lévy's construction), where the shock of each
//! midpoint comes from a generator seeded with the midpoint's own coordinates. So every candle,
//! previous close and tick agrees, in any order of reading and across restarts.

use super::{DAY, Millis};

/// Pull towards the reference price: the share of yesterday's distance that remains today.
const PERSISTENCE: f64 = 0.95;
/// Days of shocks that count; older ones have faded to under 4 %.
const MEMORY: u64 = 64;
/// How often the bridge is halved: 86,400 s / 2^20 = 82 ms, finer than the fastest tick.
const DEPTH: u32 = 20;

/// The path of one instrument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    key: u64,
    daily_volatility: f64,
}

/// One UTC day of a path: its two ends, between which it can be read at any time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WalkDay {
    /// Days since the Unix epoch.
    pub(crate) index: u64,
    key: u64,
    daily_volatility: f64,
    start: f64,
    end: f64,
}

impl Walk {
    /// `volatility` is annual (0.25 = 25 %). The path continues at night and on weekends, so the
    /// volatility is spread over 365 days; a market opens with a gap after it was closed.
    pub(crate) fn new(seed: u64, name: &str, volatility: f64) -> Walk {
        let key = name
            .bytes()
            .fold(scramble(seed), |key, byte| scramble(key ^ u64::from(byte)));
        Walk {
            key,
            daily_volatility: volatility / 365f64.sqrt(),
        }
    }

    pub(crate) fn day(&self, index: u64) -> WalkDay {
        WalkDay {
            index,
            key: scramble(self.key ^ index),
            daily_volatility: self.daily_volatility,
            start: self.midnight(index),
            end: self.midnight(index.saturating_add(1)),
        }
    }

    /// Natural logarithm of price / reference price at the start of day `index`.
    pub(crate) fn midnight(&self, index: u64) -> f64 {
        let mut sum = 0.0;
        let mut weight = self.daily_volatility;
        for back in 0..MEMORY {
            sum += weight * shock(scramble(self.key ^ index.wrapping_sub(back) ^ DAILY));
            weight *= PERSISTENCE;
        }
        sum
    }
}

impl WalkDay {
    /// Natural logarithm of price / reference price at `at`, which is clamped to the day.
    pub(crate) fn at(&self, at: Millis) -> f64 {
        let into = at.saturating_sub(self.index * DAY).min(DAY);
        let steps = 1u64 << DEPTH;
        // Position in 1/2^20 of a day; exact enough, as the rest is interpolated below.
        let scaled = into * steps;
        let position = scaled / DAY;
        let (mut left, mut width) = (0u64, steps);
        let (mut low, mut high) = (self.start, self.end);
        let mut deviation = self.daily_volatility / 2.0;
        while width > 1 {
            width /= 2;
            let middle = left + width;
            let value = (low + high) / 2.0 + deviation * shock(scramble(self.key ^ middle));
            if position >= middle {
                left = middle;
                low = value;
            } else {
                high = value;
            }
            deviation *= std::f64::consts::FRAC_1_SQRT_2;
        }
        let rest = (scaled - left * DAY) as f64 / DAY as f64;
        low + (high - low) * rest.clamp(0.0, 1.0)
    }
}

/// Separates the daily shocks from the keys of the days.
const DAILY: u64 = 0xD41D_0000_0000_0000;

/// SplitMix64's finisher: neighbouring coordinates become unrelated seeds.
pub(crate) fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A shock of mean 0 and variance 1: the sum of four uniform draws, so it is bounded (by ±3.46) and
/// cheap.
fn shock(seed: u64) -> f64 {
    let bits = fastrand::Rng::with_seed(seed).u64(..);
    let sum: u64 = (0..4).map(|part| (bits >> (part * 16)) & 0xFFFF).sum();
    (sum as f64 / 65_535.0 - 2.0) * 3f64.sqrt()
}

/// A number in 0..1 that depends only on `seed`.
pub(crate) fn fraction(seed: u64) -> f64 {
    fastrand::Rng::with_seed(seed).f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_0: u64 = 20_500;

    fn walk() -> Walk {
        Walk::new(7, "BTC/USD", 0.5)
    }

    #[test]
    fn a_moment_has_one_value_however_it_is_asked_for() {
        let day = walk().day(DAY_0);
        let at = DAY_0 * DAY + 12_345_678;
        let once = day.at(at);
        let _ = day.at(at + 1);
        assert_eq!(once, walk().day(DAY_0).at(at));
    }

    #[test]
    fn days_meet_at_midnight() {
        for index in DAY_0..DAY_0 + 50 {
            let (today, tomorrow) = (walk().day(index), walk().day(index + 1));
            let midnight = (index + 1) * DAY;
            assert!((today.at(midnight) - tomorrow.at(midnight)).abs() < 1e-12);
            assert!((today.at(midnight - 1) - tomorrow.at(midnight)).abs() < 0.001);
        }
    }

    #[test]
    fn the_volatility_is_the_one_asked_for_at_every_scale() {
        for (step, steps) in [(DAY, 3_000), (3_600_000, 5_000), (60_000, 20_000), (1_000, 50_000)] {
            let walk = walk();
            let start = DAY_0 * DAY;
            let mut squares = 0.0;
            let mut sum = 0.0;
            let mut last = walk.day(DAY_0).at(start);
            for step_index in 1..=steps {
                let at = start + step * step_index;
                let value = walk.day(at / DAY).at(at);
                squares += (value - last).powi(2);
                sum += value - last;
                last = value;
            }
            let annual = (squares / steps as f64 * (365 * DAY / step) as f64).sqrt();
            assert!(
                (0.4..0.6).contains(&annual),
                "step {step} ms: annual volatility {annual}"
            );
            assert!(sum.abs() < 0.6, "step {step} ms: drifted by {sum}");
        }
    }

    #[test]
    fn seeds_and_names_give_unrelated_paths() {
        let at = DAY_0 * DAY + 1;
        let one = Walk::new(1, "AAPL", 0.3).day(DAY_0).at(at);
        assert_ne!(one, Walk::new(2, "AAPL", 0.3).day(DAY_0).at(at));
        assert_ne!(one, Walk::new(1, "MSFT", 0.3).day(DAY_0).at(at));
    }
}
