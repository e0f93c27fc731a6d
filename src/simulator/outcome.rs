//! What the exchange returns to its driver.

use std::collections::BTreeMap;

use serde::Serialize;

/// Id of a WebSocket session. Never reused, not even by the instance after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Something that the driver must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a text frame.
    Text {
        /// The session to send it to.
        session: SessionId,
        /// Content of the frame.
        text: String,
    },
    /// Close cleanly, with a close frame.
    Close {
        /// The session to close.
        session: SessionId,
        /// WebSocket close code.
        code: u16,
        /// Close reason.
        reason: &'static str,
    },
    /// End the TCP connection without a close frame.
    Drop {
        /// The session to drop.
        session: SessionId,
    },
}

/// An accepted upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The new session.
    pub session: SessionId,
    /// Outputs for other sessions, or for this one at once.
    pub outputs: Vec<Output>,
}

/// A refused upgrade: an HTTP answer other than 101.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status, which may be 200.
    pub status: u16,
    /// JSON body.
    pub body: String,
}

/// Counters since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Sessions open now.
    pub connections_open: usize,
    /// Most sessions ever open at the same time.
    pub most_connections: usize,
    /// Upgrades requested.
    pub upgrades: u64,
    /// Upgrades refused.
    pub refused: u64,
    /// Sessions ended by a newer one of the same key.
    pub evicted: u64,
    /// Client messages by action; `malformed` for invalid ones, `limited` for those over the limit.
    pub messages: BTreeMap<String, u64>,
    /// Price events sent, counted once per session.
    pub price_events: u64,
    /// REST calls by endpoint; `unknown` for endpoints that do not exist.
    pub rest_calls: BTreeMap<String, u64>,
    /// REST credits used in the current minute, over all keys.
    pub credits_minute: u32,
    /// REST credits used in the current UTC day, over all keys.
    pub credits_day: u32,
    /// Sessions subscribed to each symbol now, as `SYMBOL` or `SYMBOL:EXCHANGE` if it has several
    /// venues.
    pub subscriptions: BTreeMap<String, usize>,
}
