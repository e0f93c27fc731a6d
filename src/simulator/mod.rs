//! A simulated Twelve Data: its WebSocket protocol and REST endpoints, with invented prices.
//!
//! It has two users: the Simulator Durable Object, which is the upstream of everyone without an API
//! key, and the fake server of the integration tests. Both drive the same [`Exchange`], so there is
//! only one simulation to get right. A hub uses the WebSocket and four REST endpoints; all others
//! and every fault are compiled for tests only. The facts it imitates (shapes, texts, limits,
//! oddities) come from Twelve Data's documentation, its official clients and public captures of its
//! traffic; where no source says, a comment says so.
//!
//! It is sans-IO: text, requests and the time come in, [`Output`]s and [`RestReply`]s go out.
//! Nothing in here opens a socket, reads a clock or uses global randomness: the same seed and
//! inputs give the same outputs. It shares no code with our own client of Twelve Data, so that the
//! same misreading cannot hide in both.
//!
//! Read in this order: `instruments` (what is traded), `walk` (how a price moves), `hours` (when),
//! `market` (prices), `plan` (what a key may do), `protocol` (messages), `exchange` and `ticks`
//! (sessions), `rest`, `endpoints`, `quote`, `series` and `directory` (REST), `json` (how answers
//! are written), `faults` (everything that goes wrong in practice, as switches), `native` (for
//! tests only).

mod calendar;
mod directory;
mod endpoints;
mod exchange;
mod faults;
mod hours;
mod instruments;
mod json;
mod market;
mod native;
mod outcome;
mod plan;
mod protocol;
mod quote;
mod rest;
mod series;
mod ticks;
mod walk;

#[cfg(test)]
mod tests;

pub use exchange::Exchange;
pub use faults::{
    BadKeyReply, CryptoItems, EmptyList, Ending, Faultless, Faults, ForexItems, RestErrorStatus, Stall, StatusShape,
    Switches,
};
pub use instruments::{Class, INSTRUMENTS, Instrument, named};
pub use outcome::{Connected, Counters, Output, Refusal, SessionId};
pub use plan::{Keys, Plan, Settings};
pub use rest::RestReply;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = u64;

/// Milliseconds in a second.
pub(crate) const SECOND: Millis = 1_000;
/// Milliseconds in a minute.
pub(crate) const MINUTE: Millis = 60 * SECOND;
/// Milliseconds in a UTC day.
pub(crate) const DAY: Millis = 24 * 60 * MINUTE;
