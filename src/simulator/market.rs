//! Quotes and candles: the walk, read within the venue's hours and rounded to its decimals.
//!
//! Everything here is a function of seed, settings and time, except for prices that a test pinned.

use std::collections::BTreeMap;

use super::hours::{Hours, Session};
use super::instruments::{Class, Instrument};
use super::walk::{Walk, WalkDay, fraction, scramble};
use super::{DAY, Millis};

/// The key of an instrument: symbol and exchange.
pub(crate) type Listing = (&'static str, &'static str);

impl Instrument {
    pub(crate) fn listing(&self) -> Listing {
        (self.symbol, self.exchange)
    }
}

/// All prices.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    seed: u64,
    always_open: bool,
    prices: BTreeMap<Listing, f64>,
    previous_closes: BTreeMap<Listing, f64>,
}

/// The last trade of an instrument. Prices are in the quote currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trade {
    pub(crate) price: f64,
    pub(crate) bid: Option<f64>,
    pub(crate) ask: Option<f64>,
    /// Volume since the session's start, in shares or coins.
    pub(crate) day_volume: Option<u64>,
}

/// Open, high, low, close and volume of a period that starts at `at`. Candles of one market touch:
/// the close is the price at the end of the period, with which the next one opens. High and low are
/// the extremes of the path between, so every tick of the period lies within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candle {
    pub(crate) at: Millis,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    pub(crate) volume: Option<u64>,
}

impl Market {
    pub(crate) fn new(seed: u64, always_open: bool) -> Market {
        Market {
            seed,
            always_open,
            prices: BTreeMap::new(),
            previous_closes: BTreeMap::new(),
        }
    }

    /// Holds the price of an instrument at `price` until it is released.
    pub(crate) fn pin_price(&mut self, instrument: &Instrument, price: f64) {
        self.prices.insert(instrument.listing(), price);
    }

    /// Sets the previous close of an instrument until it is released.
    pub(crate) fn pin_previous_close(&mut self, instrument: &Instrument, price: f64) {
        self.previous_closes.insert(instrument.listing(), price);
    }

    /// Returns an instrument to the walk.
    pub(crate) fn release(&mut self, instrument: &Instrument) {
        self.prices.remove(&instrument.listing());
        self.previous_closes.remove(&instrument.listing());
    }

    pub(crate) fn is_pinned(&self, instrument: &Instrument) -> bool {
        self.prices.contains_key(&instrument.listing())
    }

    /// The trading hours that apply to an instrument here.
    pub(crate) fn hours(&self, instrument: &Instrument) -> Hours {
        if self.always_open {
            Hours::Always
        } else {
            instrument.hours
        }
    }

    pub(crate) fn price(&self, instrument: &Instrument, now: Millis) -> f64 {
        match self.prices.get(&instrument.listing()) {
            Some(price) => *price,
            None => self.reader(instrument).price(now),
        }
    }

    /// The close of the session before the one at `now`.
    pub(crate) fn previous_close(&self, instrument: &Instrument, now: Millis) -> f64 {
        match self.previous_closes.get(&instrument.listing()) {
            Some(price) => *price,
            None => {
                let session = self.hours(instrument).session(now);
                self.reader(instrument).price(session.previous_close)
            }
        }
    }

    pub(crate) fn trade(&self, instrument: &Instrument, now: Millis) -> Trade {
        let price = self.price(instrument, now);
        let quoted = instrument.class.is_pair() || instrument.class == Class::Index;
        let half = price * instrument.half_spread_bp / 10_000.0;
        Trade {
            price,
            bid: quoted.then(|| instrument.round(price - half).min(price)),
            ask: quoted.then(|| instrument.round(price + half).max(price)),
            day_volume: self.reader(instrument).volume(
                self.hours(instrument).session(now),
                self.hours(instrument).last_trade(now),
            ),
        }
    }

    /// The candle so far of the session at `now`.
    pub(crate) fn session_candle(&self, instrument: &Instrument, now: Millis) -> Candle {
        let hours = self.hours(instrument);
        let session = hours.session(now);
        // Forex has a Sunday that opens in the evening.
        let open = hours.next_open(session.open);
        let candle = self.reader(instrument).candle(open, session.close.min(now));
        self.with_pin(instrument, candle)
    }

    /// Lowest and highest price of the 365 days before `now`, over nights and weekends too: a year
    /// of trading hours would take too long to look up. It contains every candle of the year. A
    /// pinned price has no history.
    pub(crate) fn year_range(&self, instrument: &Instrument, now: Millis) -> (f64, f64) {
        let reader = self.reader(instrument);
        let price = self.price(instrument, now);
        if self.is_pinned(instrument) {
            return (price, price);
        }
        let today = now / DAY;
        let day = reader.walk.day(today);
        let start = day.at(now);
        // Newest first, from a known range: most days cannot widen it much, and are soon skipped.
        let (low, high) = (today.saturating_sub(364)..today)
            .rev()
            .map(|day| reader.walk.day(day))
            .fold(day.widen((start, start), 0, now), |range, day| day.widen(range, 0, now));
        let [low, high] = [low, high].map(|logarithm| instrument.round(reader.level(logarithm)));
        (low.min(price), high.max(price))
    }

    pub(super) fn with_pin(&self, instrument: &Instrument, candle: Candle) -> Candle {
        match self.prices.get(&instrument.listing()) {
            Some(price) => Candle {
                close: *price,
                high: candle.high.max(*price),
                low: candle.low.min(*price),
                ..candle
            },
            None => candle,
        }
    }

    pub(super) fn reader<'a>(&self, instrument: &'a Instrument) -> Reader<'a> {
        let venue = scramble(self.seed ^ instrument.exchange.len() as u64);
        Reader {
            instrument,
            hours: self.hours(instrument),
            walk: Walk::new(venue, instrument.symbol, instrument.volatility),
            day: None,
        }
    }
}

/// Reads one instrument's prices and caches the last day read.
pub(super) struct Reader<'a> {
    instrument: &'a Instrument,
    hours: Hours,
    walk: Walk,
    day: Option<WalkDay>,
}

impl Reader<'_> {
    fn level(&self, logarithm: f64) -> f64 {
        self.instrument.reference_price * logarithm.exp()
    }

    fn day(&mut self, index: u64) -> WalkDay {
        let day = self.day.filter(|day| day.index == index);
        *self.day.insert(day.unwrap_or_else(|| self.walk.day(index)))
    }

    fn price(&mut self, at: Millis) -> f64 {
        let at = self.hours.last_trade(at);
        let logarithm = self.day(at / DAY).at(at);
        self.instrument.round(self.level(logarithm))
    }

    /// `from` is a time of trade. Rounding keeps the order of prices, so the extremes of the path
    /// become those of the rounded prices.
    pub(super) fn candle(&mut self, from: Millis, to: Millis) -> Candle {
        let (open, close) = (self.price(from), self.price(to));
        let start = self.day(from / DAY).at(from);
        let mut range = (start, start);
        for (from, to) in self.hours.stretches(from, to) {
            for index in from / DAY..=to / DAY {
                range = self.day(index).widen(range, from, to);
            }
        }
        let [low, high] = [range.0, range.1].map(|logarithm| self.instrument.round(self.level(logarithm)));
        Candle {
            at: from,
            open,
            high: high.max(open).max(close),
            low: low.min(open).min(close),
            close,
            volume: self.volume_between(from, to),
        }
    }

    /// Cumulative volume of a session at a time within it. It rises along a smooth curve that is
    /// steeper at both ends of the session, as real volume is.
    fn volume(&self, session: Session, at: Millis) -> Option<u64> {
        if self.instrument.daily_volume == 0 {
            return None;
        }
        let length = session.close.saturating_sub(session.open).max(1);
        let into = at.clamp(session.open, session.close) - session.open;
        let part = into as f64 / length as f64;
        let curve = part + 0.1 * wave(part) + 0.0005 * wave(97.0 * part);
        let busy = 0.7 + 0.6 * fraction(scramble(session.open ^ self.instrument.daily_volume));
        Some((self.instrument.daily_volume as f64 * busy * curve.clamp(0.0, 1.0)) as u64)
    }

    fn volume_between(&self, from: Millis, to: Millis) -> Option<u64> {
        let session = self.hours.session(from);
        if to > session.close {
            // Several sessions: the typical daily volume for each weekday.
            let days = to.saturating_sub(from) as f64 / DAY as f64;
            let traded = if self.hours == Hours::Always {
                days
            } else {
                days * 5.0 / 7.0
            };
            return (self.instrument.daily_volume > 0)
                .then_some((self.instrument.daily_volume as f64 * traded.max(1.0)) as u64);
        }
        let (before, after) = (self.volume(session, from)?, self.volume(session, to)?);
        Some(after.saturating_sub(before))
    }
}

/// A wave like the sine of this many turns, with the same zeros and nearly the same peaks, from -1
/// to 1 and without jumps in its slope. The sine itself would cost six kilobytes of WebAssembly.
fn wave(turns: f64) -> f64 {
    const PEAK: f64 = 0.096_225_044_864_937_6;
    let part = turns - turns.floor();
    part * (1.0 - part) * (1.0 - 2.0 * part) / PEAK
}
