//! The field's nouns: instruments, quotes and the rules by which one replaces another, sessions,
//! states, time. It depends on none of our other modules.

mod asset_class;
mod candle;
mod cell;
mod clock;
mod decimals;
mod details;
mod instrument;
mod kind;
mod lookup;
mod quote;
mod reference;
mod states;
mod tick;

pub use asset_class::AssetClass;
pub use candle::{Bar, BarSource, Gap, Interval};
pub use cell::{Cell, Change};
pub use clock::{DAY, MINUTE, Millis, SECOND, civil, from_iso8601, iso8601, numbers, utc};
pub use decimals::{MOST_DECIMALS, decimals_of, scale_for, steps};
pub use details::{Details, never_closes};
pub use instrument::{Instrument, InstrumentError, Venue};
pub use kind::Kind;
pub use lookup::{ExchangeHours, Listing};
pub use quote::{Precision, Provenance, Quote};
pub use reference::{DayRange, Reference, Session};
pub use states::{FeedState, FeedStatus, Service, StreamState};
pub use tick::{Pair, PolledQuote, Tick};
