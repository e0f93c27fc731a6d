//! Why there is no upstream connection, or no useful one. Counted in `/metrics`; `/api/status`
//! bases its advice on it.

/// One cause of a missing or useless connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownReason {
    /// An open connection ended, cleanly or not.
    Closed,
    /// No frame arrived for the `silence` timeout, not even a heartbeat.
    Silent,
    /// Frames arrived, but no tick while a market was open, even after a reset.
    Mute,
    /// The connection was open, but the provider accepted none of the symbols.
    NothingAccepted,
    /// The connection was open, but the provider rejected subscriptions: too many messages.
    TooManyMessages,
    /// A relay's link: a frame of the hub did not follow the one before.
    Gap,
    /// The upgrade request was not answered.
    Unanswered,
    /// The connection could not be made.
    Unreachable,
    /// The upgrade was answered with a server error or "too many requests".
    Unavailable,
    /// The provider refused the API key.
    Key,
    /// The plan does not include WebSocket access.
    Plan,
    /// The provider refused the request itself.
    Request,
}

impl DownReason {
    /// All reasons, in declaration order.
    pub const ALL: [Self; 12] = [
        Self::Closed,
        Self::Silent,
        Self::Mute,
        Self::NothingAccepted,
        Self::TooManyMessages,
        Self::Gap,
        Self::Unanswered,
        Self::Unreachable,
        Self::Unavailable,
        Self::Key,
        Self::Plan,
        Self::Request,
    ];

    /// The reason with this [`DownReason::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The name used in logs, metric labels and storage.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Mute => "mute",
            Self::NothingAccepted => "nothing_accepted",
            Self::TooManyMessages => "too_many_messages",
            Self::Gap => "gap",
            Self::Unanswered => "unanswered",
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::Key => "key_refused",
            Self::Plan => "plan_refused",
            Self::Request => "request_refused",
        }
    }
}

/// How often each reason occurred.
#[derive(Debug, Default, Clone)]
pub struct DownCounts([u64; DownReason::ALL.len()]);

impl DownCounts {
    pub fn add(&mut self, reason: DownReason) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += 1;
        }
    }

    #[must_use]
    pub fn of(&self, reason: DownReason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
