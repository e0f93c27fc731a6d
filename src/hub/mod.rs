//! The hub: one sans-IO state machine that takes inputs and the time, and returns effects.
//!
//! [`Machine::handle`] takes an [`Input`] and `now`. Afterwards **the queue of [`Effect`]s must be
//! drained** with [`Machine::next_effect`], and both deadlines must be read again:
//! [`Machine::alarm_at`] is for the object's durable alarm, [`Machine::timer_at`] for an in-memory
//! timer. When either passes, hand in [`Input::Time`]; early or repeated calls do nothing.
//!
//! The machine has five parts that do not know each other: [`upstream`] asks the provider, [`book`]
//! decides prices, [`memory`] keeps bars and what was looked up, [`delivery`] serves clients,
//! [`persist`] keeps what must survive a restart. `wiring` connects them; [`report`] reads them and changes nothing.
//!
//! Nothing here uses Workers, sockets, clocks or randomness: the seed of the backoff's jitter is
//! passed in.

mod answer;
mod book;
mod config;
mod deadlines;
mod delivery;
mod demand;
mod errand;
mod io;
mod machine;
mod memory;
mod persist;
mod report;
#[cfg(test)]
mod tests;
mod upstream;
mod wiring;

pub use answer::{
    Advice, Answer, BudgetView, CreditsView, Found, FoundBy, History, HistoryQuestion, Question, Quotes, Reading,
    Search, SearchQuestion, Service, Sessions, Spark, Sparklines, Status, SymbolView,
};
pub use book::Book;
pub use config::{Config, ConfigError, DEFAULT_SYMBOLS, OF_SERVER, Scale};
pub use deadlines::Deadline;
pub use io::{
    Carrier, ChannelId, ClientId, Effect, Effects, Group, Input, Kept, LinkId, QuoteShard, RequestId, RestAnswer, Span,
    Stored, SymbolId, Ticket, WaiterId,
};
pub use machine::Machine;
pub use persist::{Row, StorageBreaker, Write};
pub use report::EdgeCounts;
pub use upstream::{DownReason, Ledger, Purpose};
