//! Twelve Data's messages, both ways: pure parsing and writing, no sockets and no time.
//!
//! Upstream's documents and its traffic differ (numbers as strings, absent and null arrays, HTTP 200 with an error body), so
//! everything here takes whatever has been seen in the wild, and what cannot be understood becomes an `Err` that costs one
//! frame, never the stream.

mod command;
mod event;
mod headers;
mod lenient;
mod mend;
mod refusal;
mod rest;
mod tariff;

pub use command::{heartbeat, reset, subscribe, unsubscribe};
pub use event::parse_event;
pub use headers::{CALL_URL, STREAM_PATH, STREAM_URL, VARS, call_key, credits, upgrade_key};
pub use refusal::classify;
pub use rest::{parse_quotes, quote_query};
pub use tariff::{BASIC, SIMULATED};
