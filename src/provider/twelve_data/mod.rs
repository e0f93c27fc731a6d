//! Twelve Data's messages in both directions: pure parsing and writing, without sockets or time.
//!
//! The provider's documentation and its traffic differ (numbers as strings, absent and null arrays,
//! HTTP 200 with an error body). So the parsers accept everything that has been observed, and what
//! they cannot parse becomes an `Err` that costs one frame, never the stream.

mod command;
mod event;
mod headers;
mod hours;
mod lenient;
mod mend;
mod path;
mod refusal;
mod rest;
mod search;
mod series;
mod tariff;

pub use command::{heartbeat, reset, subscribe, unsubscribe};
pub use event::parse_event;
pub use headers::{CALL_URL, STREAM_PATH, STREAM_URL, VARS, call_key, credits, upgrade_key};
pub use hours::parse_hours;
pub use path::path;
pub use refusal::{classify, plan_named};
pub use rest::parse_quotes;
pub use search::parse_search;
pub use series::parse_series;
pub use tariff::{BASIC, SIMULATED};
