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
/// How far the path can leave the range of a piece's two ends, in deviations of its midpoint. The
/// shock of a midpoint is at most √3. The displacements of two levels are linear between quarter
/// points, so together they reach at most 1/2 + 1/√2 (at a quarter); each further pair of levels is
/// half as high, which doubles the sum: √3 (1 + √2).
const REACH: f64 = 4.181_540_550_352_056;

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

/// The deviation below the finest level, or below the one after it where that completes a pair, as
/// a share of the first level's: 2^-10.5.
const FINEST: f64 = std::f64::consts::FRAC_1_SQRT_2 / 1_024.0;

/// A piece of a day between two points of the bridge, which are counted in 1/2^20 of the day.
#[derive(Debug, Clone, Copy)]
struct Piece {
    left: u64,
    width: u64,
    /// The values at both ends.
    start: f64,
    end: f64,
    /// Standard deviation of the midpoint.
    deviation: f64,
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
        // Position in 1/2^20 of a day; exact enough, as the rest is interpolated below.
        let scaled = into << DEPTH;
        let position = scaled / DAY;
        let mut piece = self.whole();
        while piece.width > 1 {
            let (before, after) = self.halves(piece);
            piece = if position >= after.left { after } else { before };
        }
        let Piece { left, start, end, .. } = piece;
        let rest = (scaled - left * DAY) as f64 / DAY as f64;
        // Without the clamp, rounding can leave the two ends by a hair, and with them the extremes.
        (start + (end - start) * rest).clamp(start.min(end), start.max(end))
    }

    /// Widens `(low, high)` to every value from `from` to `to`, both included and clamped to the
    /// day. The path is linear between the points of the bridge, so these points and the two ends
    /// suffice. Pieces that cannot leave the range found so far are skipped.
    pub(crate) fn widen(&self, (low, high): (f64, f64), from: Millis, to: Millis) -> (f64, f64) {
        let into = |at: Millis| at.saturating_sub(self.index * DAY).min(DAY) << DEPTH;
        let points = (into(from).div_ceil(DAY), into(to) / DAY);
        let ends = [self.at(from), self.at(to)];
        let [low, high] = [(-1.0, low), (1.0, high)].map(|(sign, best)| {
            let mut best = ends.iter().fold(sign * best, |best, end| best.max(sign * end));
            self.climb(sign, self.whole(), points, &mut best);
            sign * best
        });
        (low, high)
    }

    /// Raises `best` to `sign` times the value of every point strictly inside `whole` that is one
    /// of `first..=last`. It goes level by level: the coarse points find a `best` that lets most of
    /// the finer ones be skipped. Depth first, three times as many would be read.
    fn climb(&self, sign: f64, whole: Piece, (first, last): (u64, u64), best: &mut f64) {
        // What the levels below the finest would add; there are none.
        let missing = self.daily_volatility / 2.0 * FINEST;
        let (mut level, mut next) = (vec![whole], Vec::new());
        while !level.is_empty() {
            for piece in level.drain(..) {
                let outside = piece.left + piece.width <= first || piece.left >= last;
                let bound = (sign * piece.start).max(sign * piece.end) + REACH * (piece.deviation - missing);
                if piece.width == 1 || outside || bound <= *best {
                    continue;
                }
                let (before, after) = self.halves(piece);
                if (first..=last).contains(&after.left) {
                    *best = best.max(sign * after.start);
                }
                next.extend([before, after]);
            }
            std::mem::swap(&mut level, &mut next);
        }
    }

    fn whole(&self) -> Piece {
        Piece {
            left: 0,
            width: 1 << DEPTH,
            start: self.start,
            end: self.end,
            deviation: self.daily_volatility / 2.0,
        }
    }

    fn halves(&self, piece: Piece) -> (Piece, Piece) {
        let width = piece.width / 2;
        let middle = piece.left + width;
        // Uniform, of variance 1. A bell curve would look the same after a few levels, but reach
        // further, so that finding the extremes would take longer.
        let shock = (2.0 * fraction(scramble(self.key ^ middle)) - 1.0) * 3f64.sqrt();
        let value = (piece.start + piece.end) / 2.0 + piece.deviation * shock;
        let deviation = piece.deviation * std::f64::consts::FRAC_1_SQRT_2;
        let before = Piece {
            width,
            end: value,
            deviation,
            ..piece
        };
        let after = Piece {
            left: middle,
            width,
            start: value,
            deviation,
            ..piece
        };
        (before, after)
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

/// The shock of a day, of mean 0 and variance 1: the sum of four uniform draws, so it is bounded
/// (by ±3.46) and cheap.
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
    fn the_extremes_are_those_of_every_point_between_the_two_times() {
        for seed in 0..20 {
            let day = Walk::new(seed, "EUR/USD", 0.1).day(DAY_0);
            let length = [50, 700, 60_000, 3_600_000, DAY][seed as usize % 5];
            let from = DAY_0 * DAY + scramble(seed) % (DAY - length + 1);
            let start = day.at(from);
            let (low, high) = day.widen((start, start), from, from + length);
            // Milliseconds miss the points of the bridge, and long ranges are read in 20,000 steps.
            let (mut seen_low, mut seen_high) = (start, start);
            for at in (from..=from + length).step_by((length / 20_000).max(1) as usize) {
                let value = day.at(at);
                assert!(low <= value && value <= high, "seed {seed}, {length} ms");
                (seen_low, seen_high) = (seen_low.min(value), seen_high.max(value));
            }
            let near = 0.02 * (high - low).max(f64::MIN_POSITIVE);
            assert!(
                seen_low - low <= near && high - seen_high <= near,
                "seed {seed}, {length} ms"
            );
            let known = (start - 1.0, start + 1.0);
            assert_eq!(day.widen(known, from, from + length), known);
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
