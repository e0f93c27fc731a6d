//! What browsers and scripts send and receive: plain JSON, one object per frame. The document is `docs/protocol.md`.

mod client;
mod server;

pub use client::{ClientError, ClientMessage, LONGEST_MESSAGE, RequestedSymbol, parse_client};
pub use server::{FeedView, QuoteView, ServerEvent, Subscription, SubscriptionFailure, Text};

/// Closed because the client sent too much; it may come back after a minute.
pub const CLOSE_FLOOD: u16 = 4008;

pub(crate) use server::whole;
