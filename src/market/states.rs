//! The states of the feed and of a symbol, with the names that every interface uses.

use super::clock::Millis;
use serde::{Deserialize, Serialize};

/// The state of the upstream connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// Nobody is watching, so the upstream connection is closed.
    Idle,
    /// The first attempt since idle is in flight.
    Connecting,
    /// The provider accepted symbols, or the link is open and no ticks are expected.
    Live,
    /// The socket is open, but no tick arrives although a market is open.
    Stalled,
    /// The socket is down or useless; prices come by REST.
    Fallback,
    /// The provider refused key, plan or request. The next attempt follows after a long wait.
    Refused,
}

impl FeedState {
    /// All states, in the order of `/metrics`.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connecting,
        Self::Live,
        Self::Stalled,
        Self::Fallback,
        Self::Refused,
    ];

    /// The name in JSON and in metric labels.
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
    /// The current state.
    pub state: FeedState,
    /// When that state began.
    pub since: Millis,
    /// Why, in words that a person can act on.
    pub reason: String,
}

/// How a symbol gets its prices, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Streaming, polled, pending or unavailable.
    pub state: StreamState,
    /// Why it does not stream, or why its last price was discarded, as text for a person.
    pub reason: Option<String>,
    /// The plans of the provider that serve an unavailable symbol, if the provider named them:
    /// `Grow or Venture`.
    pub needs_plan: Option<String>,
    /// Before this time nobody asks for an unavailable symbol again.
    pub retry_at: Option<Millis>,
}

impl Service {
    /// The service of a symbol that the provider was not asked for yet.
    #[must_use]
    pub fn pending() -> Self {
        Self {
            state: StreamState::Pending,
            reason: None,
            needs_plan: None,
            retry_at: None,
        }
    }
}

/// The kinds of [`Service`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamState {
    /// Not subscribed yet, or not answered yet.
    Pending,
    /// The WebSocket serves it.
    Streaming,
    /// REST serves it.
    Polled,
    /// Neither serves it.
    Unavailable,
}

impl StreamState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Streaming, Self::Polled, Self::Unavailable];

    /// The name in JSON.
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
