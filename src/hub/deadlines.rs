//! Every deadline of the hub, in one table.

use super::machine::Machine;
use crate::market::Millis;

/// Something that the machine must look at when its time comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// The next attempt to connect to upstream.
    Reconnect,
    /// A call, or the end of waiting for one.
    Call,
    /// The checkpoint goes to storage.
    Checkpoint,
    /// Nobody has been here for long: upstream is closed, and everything may sleep.
    Idle,
    /// The link's heartbeat, and its silence, muteness and unanswered upgrade.
    Link,
    /// Subscriptions that changed, or were not answered.
    Subscriptions,
    /// A REST call has waited long enough for fresh prices.
    Waiters,
    /// A quote turns stale.
    Stale,
    /// Clients: who does not read, and what waits for its rate or for a lost pulse.
    Delivery,
}

impl Deadline {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Reconnect,
        Self::Call,
        Self::Checkpoint,
        Self::Idle,
        Self::Link,
        Self::Subscriptions,
        Self::Waiters,
        Self::Stale,
        Self::Delivery,
    ];

    /// Whether it is on the object's alarm, and so survives anything. The others matter only while
    /// the object is awake, and are on a timer in memory, which costs no row.
    #[must_use]
    pub fn is_durable(self) -> bool {
        match self {
            Self::Reconnect | Self::Call | Self::Checkpoint | Self::Idle => true,
            Self::Link | Self::Subscriptions | Self::Waiters | Self::Stale | Self::Delivery => false,
        }
    }
}

impl Machine {
    /// When a deadline comes, if it is set.
    fn due_at(&self, deadline: Deadline, is_awake: bool, now: Millis) -> Option<Millis> {
        let (upstream, book, config) = (&self.upstream, &self.book, &self.config);
        match deadline {
            Deadline::Reconnect => upstream.feed.retry_deadline(),
            Deadline::Call => upstream.call_deadline(config, book, now),
            Deadline::Checkpoint => self.persist.checkpoint_at(),
            Deadline::Idle => self.delivery.audience.idle_deadline(config.idle),
            Deadline::Link => upstream.link_deadline(config, book),
            Deadline::Subscriptions => upstream.sync_deadline(config, now),
            Deadline::Waiters => self.delivery.waiters.deadline(),
            Deadline::Stale => book.stale_at().filter(|_| is_awake),
            Deadline::Delivery => self.delivery.deadline(),
        }
    }

    /// The first of the durable deadlines, or of the others.
    pub(super) fn first_due(&self, durable: bool, now: Millis) -> Option<Millis> {
        let is_awake = self.is_awake(now);
        if durable && !is_awake {
            return None;
        }
        let these = Deadline::ALL
            .into_iter()
            .filter(|deadline| deadline.is_durable() == durable);
        these.filter_map(|deadline| self.due_at(deadline, is_awake, now)).min()
    }
}
