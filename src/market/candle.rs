//! Candles (bars): open, high, low, close and volume of an interval.

use super::clock::{DAY, MINUTE, Millis};

/// The interval of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// `1min`
    Minute,
    /// `5min`
    FiveMinutes,
    /// `15min`
    QuarterHour,
    /// `1h`
    Hour,
    /// `4h`
    FourHours,
    /// `1day`
    Day,
}

impl Interval {
    /// All intervals, from short to long.
    pub const ALL: [Self; 6] = [
        Self::Minute,
        Self::FiveMinutes,
        Self::QuarterHour,
        Self::Hour,
        Self::FourHours,
        Self::Day,
    ];

    /// The name in every interface, which is Twelve Data's too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "1min",
            Self::FiveMinutes => "5min",
            Self::QuarterHour => "15min",
            Self::Hour => "1h",
            Self::FourHours => "4h",
            Self::Day => "1day",
        }
    }

    /// The interval with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }

    /// Its length in milliseconds. A trading day is shorter than its bar.
    #[must_use]
    pub fn length(self) -> Millis {
        match self {
            Self::Minute => MINUTE,
            Self::FiveMinutes => 5 * MINUTE,
            Self::QuarterHour => 15 * MINUTE,
            Self::Hour => 60 * MINUTE,
            Self::FourHours => 240 * MINUTE,
            Self::Day => DAY,
        }
    }
}

/// Who made a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarSource {
    /// The provider's REST API. Such a bar is final.
    Provider,
    /// The hub, from ticks. The provider may thin ticks, so high and low may lack extremes, and the
    /// volume may be missing.
    Hub,
}

/// One bar. Prices are in the quote currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Start of the interval. For a day: midnight UTC of the exchange's date.
    pub time: Millis,
    /// The first price.
    pub open: f64,
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
    /// Units traded; `None` if nobody says.
    pub volume: Option<f64>,
    /// Who made it.
    pub source: BarSource,
}

impl Bar {
    /// A bar with one price.
    #[must_use]
    pub fn first(time: Millis, price: f64, source: BarSource) -> Self {
        Self {
            time,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: None,
            source,
        }
    }

    /// Adds a later price.
    pub fn add(&mut self, price: f64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
    }

    /// Adds a later bar, of which this one becomes a part.
    pub fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = match (self.volume, later.volume) {
            (Some(one), Some(other)) => Some(one + other),
            _ => None,
        };
        // One bar made of ticks makes the whole one of ticks.
        self.source = self.source.max(later.source);
    }

    /// Whether its prices are possible: low <= open, close <= high.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let inner = [self.open, self.close];
        inner.iter().all(|price| (self.low..=self.high).contains(price))
    }
}

/// A part of a history that nobody has bars of, though the market may have traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Start of the first missing minute.
    pub from: Millis,
    /// End of the last missing minute.
    pub to: Millis,
    /// Why, as text for a person.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_found_by_name() {
        for interval in Interval::ALL {
            assert_eq!(Interval::named(interval.name()), Some(interval));
        }
        for name in ["", "1MIN", "2h", "1week", "60"] {
            assert_eq!(Interval::named(name), None);
        }
    }

    #[test]
    fn a_bar_of_bars_has_the_extremes_of_all() {
        let mut bar = Bar {
            volume: Some(5.0),
            ..Bar::first(0, 10.0, BarSource::Provider)
        };
        bar.add(9.0);
        let mut later = Bar {
            volume: Some(7.0),
            ..Bar::first(MINUTE, 12.0, BarSource::Hub)
        };
        later.add(11.0);
        bar.join(&later);
        assert_eq!((bar.open, bar.high, bar.low, bar.close), (10.0, 12.0, 9.0, 11.0));
        assert_eq!((bar.volume, bar.source), (Some(12.0), BarSource::Hub));
        assert!(bar.is_sound());
        bar.join(&Bar::first(2 * MINUTE, 1.0, BarSource::Hub));
        assert_eq!(bar.volume, None, "a sum with an unknown part is unknown");
        assert!(!Bar { high: 0.5, ..bar }.is_sound());
    }
}
