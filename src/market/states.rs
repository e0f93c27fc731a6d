//! The states of the feed and of a symbol, as every interface names them.

use super::clock::Millis;
use serde::{Deserialize, Serialize};

/// What the feed is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// Nobody is watching: upstream is closed on purpose.
    Idle,
    /// The first attempt since idle is under way.
    Connecting,
    /// Upstream accepted symbols.
    Live,
    /// The socket is open, but nothing of an open market is heard.
    Stalled,
    /// The socket is down or brought nothing; prices come by REST.
    Fallback,
    /// Key or plan: tried again seldom.
    Refused,
}

impl FeedState {
    /// All of them, in the order of `/metrics`.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connecting,
        Self::Live,
        Self::Stalled,
        Self::Fallback,
        Self::Refused,
    ];

    /// As in JSON and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Stalled => "stalled",
            Self::Fallback => "fallback",
            Self::Refused => "refused",
        }
    }
}

/// The state of the feed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStatus {
    /// What it is doing.
    pub state: FeedState,
    /// Since when.
    pub since: Millis,
    /// Why; something that a person can act on.
    pub reason: String,
}

/// How a symbol gets its prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamState {
    /// Not asked yet, or no answer yet.
    Pending,
    /// The WebSocket accepted it.
    Streaming,
    /// REST serves it.
    Polled,
    /// Neither does.
    Unavailable,
}

impl StreamState {
    /// As in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Streaming => "streaming",
            Self::Polled => "polled",
            Self::Unavailable => "unavailable",
        }
    }
}
