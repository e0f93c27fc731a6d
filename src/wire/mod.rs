//! What browsers and scripts send and receive, in plain JSON and in `hamster.v1`. The document is `docs/protocol.md`.

mod client;
mod dialect;
mod scaled;
mod server;
mod stream;

pub use client::{
    ClientError, ClientMessage, LONGEST_INTERVAL, LONGEST_MESSAGE, MOST_SYMBOLS_PER_CLIENT, Position, RequestedSymbol,
    Subscribe, parse_client,
};
pub use dialect::{Dialect, V1};
pub use scaled::decimals_of;
pub use server::{FeedView, QuoteView, ServerEvent, Subscription, SubscriptionFailure, Text};
pub use stream::{Facts, Line, SnapshotHead, Tick, delta, snapshot};

/// Closed because the client sent too much; it may come back after a minute.
pub const CLOSE_FLOOD: u16 = 4008;
/// Closed because the client read nothing for half a minute.
pub const CLOSE_SLOW: u16 = 4009;

pub(crate) use server::whole;
