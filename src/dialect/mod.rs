//! What clients say and are told: one folder for each dialect. The document is `docs/protocol.md`.
//!
//! Plain JSON and [`hamster_v1`] share their control messages, [`message`] from the client and
//! [`event`] to it. They differ in how prices are sent.

pub mod event;
pub mod hamster_v1;
pub mod message;
mod negotiation;

pub use event::{FeedView, QuoteView, ServerEvent, Subscription, SubscriptionFailure};
pub use message::{ClientError, ClientMessage, MOST_SYMBOLS_PER_CLIENT, Position, parse_client};
pub use negotiation::Dialect;

/// Closed because the client sent too much; it may come back after a minute.
pub const CLOSE_FLOOD: u16 = 4008;
/// Closed because the client read nothing for half a minute.
pub const CLOSE_SLOW: u16 = 4009;
