//! Every deadline of the hub in one table.

use super::machine::Machine;
use crate::market::Millis;

/// A reason to hand [`Input::Time`](super::Input::Time) to the machine at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// The next attempt to connect to the provider.
    Reconnect,
    /// A REST call is due.
    Call,
    /// The REST call in flight times out. It would not survive an eviction anyway, and each setting
    /// of the alarm costs a storage row.
    Answer,
    /// The checkpoint is written to storage.
    Checkpoint,
    /// A client's pass ends, or the time in which it must show one.
    Expiry,
    /// Nobody has been here for `idle`: the upstream connection is closed and the hub may sleep.
    Idle,
    /// The link's heartbeat and its timeouts: silent, mute, upgrade unanswered, nothing accepted.
    Link,
    /// Subscriptions changed or were not answered.
    Subscriptions,
    /// A REST waiter has waited long enough for fresh prices.
    Waiters,
    /// A quote turns stale.
    Stale,
    /// A minute bar closes.
    Bars,
    /// A REST request about bars, symbols or hours has waited long enough.
    Lookups,
    /// Flow control of clients, rate-limited updates, or a pulse that got lost.
    Delivery,
}

impl Deadline {
    /// All deadlines, in declaration order.
    pub const ALL: [Self; 13] = [
        Self::Reconnect,
        Self::Call,
        Self::Answer,
        Self::Checkpoint,
        Self::Expiry,
        Self::Idle,
        Self::Link,
        Self::Subscriptions,
        Self::Waiters,
        Self::Stale,
        Self::Bars,
        Self::Lookups,
        Self::Delivery,
    ];

    /// Whether the Durable Object's alarm carries it, so that it survives an eviction. The others
    /// matter only while the object is awake; an in-memory timer carries them and costs no storage
    /// row.
    #[must_use]
    pub fn is_durable(self) -> bool {
        match self {
            Self::Reconnect | Self::Call | Self::Checkpoint | Self::Expiry | Self::Idle => true,
            Self::Answer
            | Self::Link
            | Self::Subscriptions
            | Self::Waiters
            | Self::Stale
            | Self::Bars
            | Self::Lookups
            | Self::Delivery => false,
        }
    }
}

impl Machine {
    fn due_at(&self, deadline: Deadline, is_awake: bool, now: Millis) -> Option<Millis> {
        let (upstream, book, config) = (&self.upstream, &self.book, &self.config);
        match deadline {
            Deadline::Reconnect => upstream.feed.retry_deadline(),
            Deadline::Call => upstream.call_deadline(config, book, now),
            Deadline::Answer => upstream.answer_deadline().filter(|_| is_awake),
            Deadline::Checkpoint => self.persist.checkpoint_at(),
            Deadline::Expiry => self.delivery.passes_end_at(),
            Deadline::Idle => self.delivery.audience.idle_deadline(config.idle),
            Deadline::Link => upstream.link_deadline(config, book),
            Deadline::Subscriptions => upstream.sync_deadline(config, now),
            Deadline::Waiters => self.delivery.waiters.deadline(),
            // A hub tells its relays what is stale.
            Deadline::Stale => book.stale_at().filter(|_| is_awake && !upstream.feed.is_told()),
            // Without a connection no tick is missed, and the timer would keep the hub in memory.
            Deadline::Bars => upstream.feed.open_link().and_then(|_| book.bars_close_at()),
            Deadline::Lookups => self.memory.deadline(),
            Deadline::Delivery => self.delivery.deadline(),
        }
    }

    /// The earliest of the durable deadlines, or of the others.
    pub(super) fn first_due(&self, durable: bool, now: Millis) -> Option<Millis> {
        let is_awake = self.is_awake(now);
        let these = Deadline::ALL
            .into_iter()
            .filter(|deadline| deadline.is_durable() == durable)
            // A hub that sleeps has nothing to do but to close those who show no credential.
            .filter(|deadline| is_awake || !durable || *deadline == Deadline::Expiry);
        these.filter_map(|deadline| self.due_at(deadline, is_awake, now)).min()
    }
}
