//! What the exchange hands back to its driver.

use std::collections::BTreeMap;

use serde::Serialize;

/// Names a WebSocket session. Never used twice, not even by the instance that follows after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a text frame.
    Text {
        /// To whom.
        session: SessionId,
        /// The frame.
        text: String,
    },
    /// Close cleanly, with a close frame.
    Close {
        /// Whom.
        session: SessionId,
        /// WebSocket close code.
        code: u16,
        /// Close reason.
        reason: &'static str,
    },
    /// End the TCP connection without a close frame.
    Drop {
        /// Whose.
        session: SessionId,
    },
}

/// An accepted upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The new session.
    pub session: SessionId,
    /// What happens to others, or at once to itself.
    pub outputs: Vec<Output>,
}

/// A refused upgrade: an HTTP answer other than 101.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; 200 occurs.
    pub status: u16,
    /// JSON body.
    pub body: String,
}

/// What happened so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Sessions open now.
    pub connections_open: usize,
    /// Most sessions open at the same time, ever.
    pub most_connections: usize,
    /// Upgrades asked for.
    pub upgrades: u64,
    /// Upgrades refused.
    pub refused: u64,
    /// Sessions ended by a newer one of the same key.
    pub evicted: u64,
    /// Client messages by action; `malformed` for what is none, `limited` for those over the budget.
    pub messages: BTreeMap<String, u64>,
    /// Price events sent, counted once for each session.
    pub price_events: u64,
    /// REST calls by endpoint; `unknown` for what is none.
    pub rest_calls: BTreeMap<String, u64>,
    /// REST credits used in the current minute, all keys together.
    pub credits_minute: u32,
    /// REST credits used in the current UTC day, all keys together.
    pub credits_day: u32,
    /// Sessions that hold each symbol now, as `SYMBOL` or `SYMBOL:EXCHANGE` where the symbol has several venues.
    pub subscriptions: BTreeMap<String, usize>,
}
