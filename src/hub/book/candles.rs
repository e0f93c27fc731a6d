//! The minute bars of one symbol: those that its ticks make, and those that were told.

use crate::market::{Bar, BarSource, MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

/// How long after its end a bar waits for late ticks, unless a later tick ends it first.
const GRACE: Millis = 3 * SECOND;
/// A tick that was made longer ago makes no bar: it is the last trade told once more.
pub const OLDEST_TICK: Millis = 30 * MINUTE;
/// Minutes of a sparkline.
const SPARK: u64 = 60;

/// The recent minute bars of one symbol.
#[derive(Debug, Default)]
pub struct Candles {
    closed: BTreeMap<Millis, Bar>,
    running: Option<Running>,
    /// Start of the newest bar that ticks made.
    made: Option<Millis>,
    /// The day's volume when the last bar ended, if ticks were heard without a break since.
    volume_before: Option<f64>,
}

#[derive(Debug)]
struct Running {
    bar: Bar,
    /// When the first of its ticks was made, and the last one.
    opened: Millis,
    closed: Millis,
    /// The day's volume at its last tick.
    day_volume: Option<f64>,
    /// When its last tick arrived.
    heard: Millis,
}

impl Candles {
    /// Adds a tick that was made at `time`. Ticks may come out of order. Returns the bar that it ends.
    pub fn tick(&mut self, price: f64, day_volume: Option<f64>, time: Millis, now: Millis) -> Option<Bar> {
        if time.saturating_add(OLDEST_TICK) < now {
            return None;
        }
        let start = time - time % MINUTE;
        let ended = match &self.running {
            Some(running) if running.bar.time < start => self.end(),
            _ => None,
        };
        match &mut self.running {
            Some(running) if running.bar.time == start => running.add(price, day_volume, time, now),
            None if !self.closed.contains_key(&start) => {
                self.running = Some(Running {
                    bar: Bar::first(start, price, BarSource::Hub),
                    opened: time,
                    closed: time,
                    day_volume,
                    heard: now,
                });
            }
            // The bar was closed by the clock or by a later tick, or the provider has told it.
            Some(_) | None => {
                let bar = self.closed.entry(start);
                let bar = bar.or_insert_with(|| Bar::first(start, price, BarSource::Hub));
                if bar.source == BarSource::Hub {
                    bar.high = bar.high.max(price);
                    bar.low = bar.low.min(price);
                }
            }
        }
        ended
    }

    /// Closes the running bar if its time is over. Returns it.
    pub fn close(&mut self, now: Millis) -> Option<Bar> {
        if self.closes_at()? > now {
            return None;
        }
        self.end()
    }

    /// When [`Candles::close`] has something to do.
    #[must_use]
    pub fn closes_at(&self) -> Option<Millis> {
        let running = self.running.as_ref()?;
        Some((running.bar.time + MINUTE).max(running.heard) + GRACE)
    }

    fn end(&mut self) -> Option<Bar> {
        let Running {
            mut bar, day_volume, ..
        } = self.running.take()?;
        let traded = day_volume.zip(self.volume_before).map(|(now, before)| now - before);
        // The day's volume starts again each day.
        bar.volume = traded.filter(|traded| *traded >= 0.0);
        self.volume_before = day_volume;
        self.made = self.made.max(Some(bar.time));
        self.closed.insert(bar.time, bar);
        Some(bar)
    }

    /// Ticks may have been missed: the volume of the next bar is unknown.
    pub fn interrupt(&mut self) {
        self.volume_before = None;
        if let Some(running) = &mut self.running {
            running.day_volume = None;
        }
    }

    /// Adds bars from storage or the provider. Of two bars of a minute the provider's one stays.
    pub fn insert(&mut self, bars: impl Iterator<Item = Bar>) {
        for bar in bars {
            let known = self.closed.get(&bar.time);
            if bar.source == BarSource::Provider || known.is_none() {
                let is_ours = bar.source == BarSource::Hub;
                self.made = self.made.max(is_ours.then_some(bar.time));
                self.closed.insert(bar.time, bar);
            }
            self.running
                .take_if(|running| running.bar.time == bar.time && bar.source == BarSource::Provider);
        }
    }

    /// Forgets bars that start before `time`.
    pub fn forget_before(&mut self, time: Millis) {
        self.closed = self.closed.split_off(&time);
    }

    /// The closed bars that start in `from..to`, in order.
    pub fn between(&self, from: Millis, to: Millis) -> impl Iterator<Item = &Bar> {
        let range = (from <= to).then(|| self.closed.range(from..to));
        range.into_iter().flatten().map(|(_, bar)| bar)
    }

    /// Start of the newest closed bar that ticks made.
    #[must_use]
    pub fn made(&self) -> Option<Millis> {
        self.made
    }

    /// The bar that is not complete yet.
    #[must_use]
    pub fn running(&self) -> Option<&Bar> {
        self.running.as_ref().map(|running| &running.bar)
    }

    /// The start of the newest closed bar, and the closes up to it, one for each minute of the last
    /// hour; `None` for a minute without a bar.
    #[must_use]
    pub fn spark(&self) -> Option<(Millis, Vec<Option<f64>>)> {
        let end = *self.closed.last_key_value()?.0;
        let hour = end.saturating_sub((SPARK - 1) * MINUTE);
        let start = *self.closed.range(hour..).next()?.0;
        let minutes = (start..=end).step_by(MINUTE as usize);
        let closes = minutes.map(|time| self.closed.get(&time).map(|bar| bar.close));
        Some((end, closes.collect()))
    }
}

impl Running {
    fn add(&mut self, price: f64, day_volume: Option<f64>, time: Millis, now: Millis) {
        let (first, last) = (self.bar.open, self.bar.close);
        self.bar.add(price);
        if time < self.closed {
            self.bar.close = last;
        } else {
            self.day_volume = day_volume.or(self.day_volume);
        }
        self.bar.open = if time < self.opened { price } else { first };
        self.opened = self.opened.min(time);
        self.closed = self.closed.max(time);
        self.heard = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 20_500 * 24 * 60 * MINUTE;

    fn at(minute: u64, second: u64) -> Millis {
        T + minute * MINUTE + second * SECOND
    }

    #[test]
    fn ticks_become_bars_and_the_next_minute_ends_one() {
        let mut candles = Candles::default();
        for (second, price, volume) in [(1, 10.0, 100.0), (20, 12.0, 120.0), (40, 9.0, 130.0), (59, 11.0, 150.0)] {
            assert_eq!(candles.tick(price, Some(volume), at(0, second), at(0, second)), None);
        }
        let bar = candles.tick(11.5, Some(160.0), at(1, 0), at(1, 0)).unwrap();
        assert_eq!(
            (bar.time, bar.open, bar.high, bar.low, bar.close),
            (at(0, 0), 10.0, 12.0, 9.0, 11.0)
        );
        assert_eq!(bar.volume, None, "nobody knows what was traded before the first tick");
        let bar = candles.tick(11.0, Some(190.0), at(2, 0), at(2, 0)).unwrap();
        assert_eq!(bar.volume, Some(10.0));
        candles.tick(15.0, Some(195.0), at(2, 20), at(2, 20));
        candles.tick(17.0, Some(192.0), at(2, 10), at(2, 21));
        let bar = candles.running().unwrap();
        assert_eq!((bar.open, bar.high, bar.close), (11.0, 17.0, 15.0), "out of order");
        candles.interrupt();
        assert_eq!(
            candles.tick(11.0, Some(250.0), at(3, 0), at(3, 0)).unwrap().volume,
            None
        );
    }

    #[test]
    fn the_clock_ends_a_bar_and_a_late_tick_still_counts() {
        let mut candles = Candles::default();
        candles.tick(10.0, None, at(0, 58), at(0, 59));
        assert_eq!(candles.closes_at(), Some(at(1, 3)));
        assert_eq!(candles.close(at(1, 2)), None);
        assert!(candles.close(at(1, 3)).is_some());
        candles.tick(13.0, None, at(0, 59), at(1, 4));
        assert_eq!(candles.between(0, at(1, 0)).next().unwrap().high, 13.0);
        // A delayed feed: the minute is long over, but its ticks still arrive.
        let late = 15 * MINUTE;
        candles.tick(10.0, None, at(5, 1), at(5, 1) + late);
        assert_eq!(candles.close(at(5, 3) + late), None);
        assert!(candles.close(at(5, 4) + late).is_some());
    }

    #[test]
    fn the_last_trade_told_once_more_is_no_bar() {
        let mut candles = Candles::default();
        candles.tick(10.0, None, T, T + 41 * 60 * MINUTE);
        assert!(candles.running().is_none());
    }

    #[test]
    fn the_providers_bar_replaces_ours_and_ours_never_the_providers() {
        let mut candles = Candles::default();
        candles.tick(10.0, None, at(0, 1), at(0, 1));
        candles.tick(11.0, None, at(1, 1), at(1, 1));
        let told = |minute| Bar {
            high: 20.0,
            ..Bar::first(at(minute, 0), 10.0, BarSource::Provider)
        };
        candles.insert([told(0), told(3)].into_iter());
        candles.insert([Bar::first(at(3, 0), 1.0, BarSource::Hub)].into_iter());
        candles.tick(99.0, None, at(3, 1), at(3, 1));
        let highs: Vec<f64> = candles.between(T, at(9, 0)).map(|bar| bar.high).collect();
        assert_eq!(highs, [20.0, 11.0, 20.0]);
        assert_eq!(
            candles.spark(),
            Some((at(3, 0), vec![Some(10.0), Some(11.0), None, Some(10.0)]))
        );
        candles.forget_before(at(3, 0));
        assert_eq!(candles.spark(), Some((at(3, 0), vec![Some(10.0)])));
    }
}
