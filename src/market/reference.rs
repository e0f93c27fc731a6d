//! Reference data of a price: the previous close, and whether the market trades.

use super::clock::Millis;
use super::tick::PolledQuote;
use serde::{Deserialize, Serialize};

/// Whether the market of a symbol trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// The provider says so, the market never closes, or it ticks and nothing says otherwise.
    Open,
    /// The provider says that the market is closed.
    Closed,
    /// The provider says that the market is closed, but trades with new timestamps arrive.
    Extended,
    /// The provider has not said.
    Unknown,
}

impl Session {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Closed, Self::Extended, Self::Unknown];

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Extended => "extended",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of a symbol apart from its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Close of the previous trading day; `None` until the provider says it.
    pub previous_close: Option<f64>,
    /// Whether its market trades.
    pub session: Session,
    /// When REST last gave both; 0 if never, or if a later event requires asking again.
    pub asked: Millis,
    /// REST's answer was incomplete, or ticks contradict it: it is asked again soon.
    #[serde(default)]
    pub is_provisional: bool,
    /// The range of the running day, or of the last one if the market is closed; `None` until the
    /// provider says it, and again when a new day begins.
    #[serde(default)]
    pub day: Option<DayRange>,
    /// When its exchange opens next, while it is closed.
    #[serde(default)]
    pub opens_at: Option<Millis>,
    /// When its exchange closes, while it is open.
    #[serde(default)]
    pub closes_at: Option<Millis>,
}

/// Open, high and low of a trading day. Ticks extend high and low; the provider corrects them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DayRange {
    /// When the day's bar opened, if the provider says it.
    pub opened: Option<Millis>,
    /// The first price.
    pub open: Option<f64>,
    /// The highest price.
    pub high: Option<f64>,
    /// The lowest price.
    pub low: Option<f64>,
}

impl DayRange {
    /// The range that a REST answer tells, extended by what ticks showed since on the same day.
    pub(super) fn told(polled: &PolledQuote, before: Option<Self>) -> Option<Self> {
        let told = Self {
            opened: polled.bar_opened,
            open: polled.open,
            high: polled.high,
            low: polled.low,
        };
        if (told.open, told.high, told.low) == (None, None, None) {
            return before;
        }
        let same_day = before.filter(|before| told.opened.is_some() && before.opened == told.opened);
        let wider = |one: Option<f64>, other: Option<f64>, pick: fn(f64, f64) -> f64| match (one, other) {
            (Some(one), Some(other)) => Some(pick(one, other)),
            _ => one.or(other),
        };
        Some(Self {
            high: wider(told.high, same_day.and_then(|day| day.high), f64::max),
            low: wider(told.low, same_day.and_then(|day| day.low), f64::min),
            ..told
        })
    }

    /// A trade of the day extends the range.
    pub(super) fn add(&mut self, price: f64) {
        self.high = self.high.map(|high| high.max(price));
        self.low = self.low.map(|low| low.min(price));
    }
}
