//! When the provider is asked for bars, and how many.

use super::rows::{DAYS_KEPT, HOURS_KEPT, MINUTES_KEPT};
use crate::market::{DAY, Interval, MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// The most bars of one answer.
const MOST_BARS: u64 = 5_000;
/// Least time between two fills that nobody asked for.
const BETWEEN: Millis = 10 * MINUTE;
/// A person who looks at a symbol that does not stream sees bars this old at most.
const POLLED: Millis = 5 * MINUTE;
/// After a failure the provider is asked again no sooner than this.
const FAILED: Millis = 5 * MINUTE;
/// After a refusal.
const REFUSED: Millis = 60 * MINUTE;
/// Bars are asked for again from this long before the last answer.
const OVERLAP: u64 = 10;

/// The intervals that the provider is asked for. The others are made of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Minutes,
    Hours,
    Days,
}

impl Base {
    pub const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    /// What bars of `interval` are made of.
    #[must_use]
    pub fn of(interval: Interval) -> Self {
        match interval {
            Interval::Minute | Interval::FiveMinutes | Interval::QuarterHour => Self::Minutes,
            Interval::Hour | Interval::FourHours => Self::Hours,
            Interval::Day => Self::Days,
        }
    }

    #[must_use]
    pub fn interval(self) -> Interval {
        match self {
            Self::Minutes => Interval::Minute,
            Self::Hours => Interval::Hour,
            Self::Days => Interval::Day,
        }
    }

    /// How long its bars are kept.
    #[must_use]
    pub fn kept(self) -> Millis {
        match self {
            Self::Minutes => MINUTES_KEPT,
            Self::Hours => HOURS_KEPT,
            Self::Days => DAYS_KEPT,
        }
    }
}

/// When the provider last told the bars of a symbol, as stored.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    minutes: Millis,
    hours: Millis,
    days: Millis,
    answered: Millis,
}

/// What is known and wanted of one base interval.
#[derive(Debug, Default, Clone)]
pub struct Fill {
    /// When the provider last told bars; 0 if never.
    pub told: Millis,
    /// Whether a person waits for it.
    pub is_asked: bool,
    /// How many bars to ask for now.
    pub wish: Option<u32>,
    /// Not asked for before this time.
    pub not_before: Millis,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
    /// Whether the provider refused it.
    pub is_refused: bool,
}

/// What decides whether minutes are asked for again.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// The operator chose the symbol.
    pub is_default: bool,
    /// Its ticks arrive.
    pub streams: bool,
    /// Its market is known to be closed.
    pub is_closed: bool,
    /// When the newest gap ended.
    pub gap: Option<Millis>,
    /// Start of the newest bar that ticks made.
    pub made: Option<Millis>,
}

/// The fills of one symbol.
#[derive(Debug, Default, Clone)]
pub struct Fills {
    minutes: Fill,
    hours: Fill,
    days: Fill,
    /// When the last answer about minutes came, and with it a row of the journal that has all gaps
    /// that were left; 0 if none did.
    pub answered: Millis,
}

impl Fills {
    /// Takes over what an earlier hub knew.
    pub fn restore(&mut self, told: Told) {
        self.minutes.told = told.minutes;
        self.hours.told = told.hours;
        self.days.told = told.days;
        self.answered = told.answered;
    }

    /// What to store.
    #[must_use]
    pub fn told(&self) -> Told {
        Told {
            minutes: self.minutes.told,
            hours: self.hours.told,
            days: self.days.told,
            answered: self.answered,
        }
    }

    #[must_use]
    pub fn get(&self, base: Base) -> &Fill {
        match base {
            Base::Minutes => &self.minutes,
            Base::Hours => &self.hours,
            Base::Days => &self.days,
        }
    }

    pub fn get_mut(&mut self, base: Base) -> &mut Fill {
        match base {
            Base::Minutes => &mut self.minutes,
            Base::Hours => &mut self.hours,
            Base::Days => &mut self.days,
        }
    }

    /// Decides anew what is wanted.
    pub fn consider(&mut self, condition: Condition, now: Millis) {
        for base in Base::ALL {
            let fill = self.get_mut(base);
            let is_due = now >= fill.not_before && fill.is_due(base, condition, now);
            fill.wish = is_due.then(|| fill.bars(base, now));
            fill.is_asked &= is_due || now < fill.not_before;
        }
    }
}

impl Fill {
    fn is_due(&self, base: Base, condition: Condition, now: Millis) -> bool {
        let since = now.saturating_sub(self.told);
        let of_an_earlier_day = self.told / DAY < now / DAY;
        match base {
            Base::Hours => self.is_asked && since >= DAY,
            Base::Days => self.is_asked && of_an_earlier_day,
            Base::Minutes => {
                let wanted = condition.is_default || self.is_asked;
                let is_new = self.told == 0;
                let has_gap = condition
                    .gap
                    .is_some_and(|end| end > self.told && end + 2 * MINUTE <= now);
                // Ticks are thinned: the provider's bars replace those of a day that is over.
                let is_over = condition.is_closed || of_an_earlier_day;
                let to_replace = is_over && condition.made.is_some_and(|made| made + MINUTE > self.told);
                let is_old = self.is_asked && !condition.streams && !condition.is_closed && since >= POLLED;
                wanted && (is_new || since >= BETWEEN && (has_gap || to_replace) || is_old)
            }
        }
    }

    /// How many bars reach back to the last answer, or to the end of what is kept.
    fn bars(&self, base: Base, now: Millis) -> u32 {
        let span = now.saturating_sub(self.told).min(base.kept());
        let bars = span / base.interval().length() + OVERLAP;
        u32::try_from(bars.min(MOST_BARS)).unwrap_or(u32::MAX)
    }

    /// The provider told bars when it was asked at `asked`.
    pub fn worked(&mut self, asked: Millis) {
        *self = Self {
            told: asked,
            ..Self::default()
        };
    }

    /// The attempt failed, or was refused, for this reason.
    pub fn failed(&mut self, why: String, is_refused: bool, asked: Millis) {
        self.not_before = asked + if is_refused { REFUSED } else { FAILED };
        self.trouble = Some(why);
        self.is_refused = is_refused;
        self.wish = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 20_500 * DAY + DAY / 2;
    const CALM: Condition = Condition {
        is_default: true,
        streams: true,
        is_closed: false,
        gap: None,
        made: None,
    };

    fn wish(fills: &mut Fills, condition: Condition, now: Millis) -> Option<u32> {
        fills.consider(condition, now);
        fills.get(Base::Minutes).wish
    }

    #[test]
    fn the_operators_symbols_are_filled_once_and_others_when_somebody_asks() {
        let mut fills = Fills::default();
        assert_eq!(wish(&mut fills, CALM, NOW), Some(5_000));
        let strange = Condition {
            is_default: false,
            ..CALM
        };
        assert_eq!(wish(&mut fills, strange, NOW), None);
        fills.get_mut(Base::Minutes).is_asked = true;
        assert_eq!(wish(&mut fills, strange, NOW), Some(5_000));
        fills.get_mut(Base::Minutes).worked(NOW);
        assert_eq!(wish(&mut fills, CALM, NOW + 60 * MINUTE), None);
        assert_eq!(fills.get(Base::Hours).wish, None, "nobody asks for hours");
    }

    #[test]
    fn gaps_and_the_bars_of_a_day_that_is_over_are_filled_again() {
        let mut fills = Fills::default();
        fills.get_mut(Base::Minutes).worked(NOW);
        let later = NOW + 30 * MINUTE;
        let gap = Condition {
            gap: Some(later - 2 * MINUTE),
            ..CALM
        };
        assert_eq!(wish(&mut fills, gap, later), Some(40));
        assert_eq!(
            wish(&mut fills, gap, later - 1),
            None,
            "its last minute may not be over there"
        );
        let made = Condition {
            made: Some(later - 5 * MINUTE),
            ..CALM
        };
        assert_eq!(wish(&mut fills, made, later), None);
        let closed = Condition {
            is_closed: true,
            ..made
        };
        assert_eq!(wish(&mut fills, closed, later), Some(40));
        assert!(wish(&mut fills, made, NOW + DAY / 2).is_some(), "a new day");
        fills.get_mut(Base::Minutes).worked(later);
        assert_eq!(wish(&mut fills, closed, later + DAY / 4), None, "replaced once");
    }

    #[test]
    fn failures_and_refusals_wait() {
        let mut fills = Fills::default();
        fills.get_mut(Base::Minutes).failed("no answer".to_owned(), false, NOW);
        assert_eq!(wish(&mut fills, CALM, NOW + FAILED - 1), None);
        assert!(wish(&mut fills, CALM, NOW + FAILED).is_some());
        fills
            .get_mut(Base::Minutes)
            .failed("not in your plan".to_owned(), true, NOW);
        assert_eq!(wish(&mut fills, CALM, NOW + REFUSED - 1), None);
    }

    #[test]
    fn hours_and_days_are_asked_for_once_a_day_at_most() {
        let mut fills = Fills::default();
        for base in [Base::Hours, Base::Days] {
            fills.get_mut(base).is_asked = true;
        }
        fills.consider(CALM, NOW);
        assert_eq!(
            (fills.get(Base::Hours).wish, fills.get(Base::Days).wish),
            (Some(2_170), Some(1_840))
        );
        for base in [Base::Hours, Base::Days] {
            fills.get_mut(base).worked(NOW);
            fills.get_mut(base).is_asked = true;
        }
        fills.consider(CALM, NOW + DAY / 2 - 1);
        assert_eq!((fills.get(Base::Hours).wish, fills.get(Base::Days).wish), (None, None));
        assert!(!fills.get(Base::Days).is_asked, "who asked was served");
        for base in [Base::Hours, Base::Days] {
            fills.get_mut(base).is_asked = true;
        }
        fills.consider(CALM, NOW + DAY);
        assert_eq!(
            (fills.get(Base::Hours).wish, fills.get(Base::Days).wish),
            (Some(34), Some(11))
        );
        let restored = fills.told();
        let mut again = Fills::default();
        again.restore(restored);
        assert_eq!(again.get(Base::Days).told, NOW);
    }
}
