//! The connected clients: what each watches, and how much each has said.

use super::{ClientId, SymbolId};
use crate::clock::Millis;
use std::collections::{BTreeSet, HashMap};

/// Symbols that one client may watch.
pub const MOST_SYMBOLS_PER_CLIENT: usize = 64;

/// Messages that a client may send at once, and how long one takes to come back: 60, then 2 a second.
const BURST: Millis = 60;
const REFILL: Millis = 500;

/// One client.
#[derive(Debug, Default)]
pub struct Client {
    /// What it watches.
    pub symbols: BTreeSet<SymbolId>,
    /// A leaky bucket kept as the time at which it will be empty.
    drained_at: Millis,
}

/// All clients, and when the last of them, or the last REST reader, was here.
#[derive(Debug, Default)]
pub struct Audience {
    clients: HashMap<ClientId, Client>,
    last_seen: Option<Millis>,
}

impl Audience {
    /// An audience whose last member left at `last_seen`, in an earlier life.
    #[must_use]
    pub fn last_seen_at(last_seen: Option<Millis>) -> Self {
        Self {
            clients: HashMap::new(),
            last_seen,
        }
    }

    /// A client connected.
    pub fn join(&mut self, id: ClientId, now: Millis) {
        self.clients.entry(id).or_default();
        self.seen(now);
    }

    /// A client is gone; gives what it watched.
    pub fn leave(&mut self, id: ClientId, now: Millis) -> BTreeSet<SymbolId> {
        self.seen(now);
        self.clients
            .remove(&id)
            .map(|client| client.symbols)
            .unwrap_or_default()
    }

    /// Somebody was here.
    pub fn seen(&mut self, now: Millis) {
        self.last_seen = Some(now);
    }

    /// One client.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.clients.get_mut(&id)
    }

    /// What a client watches.
    #[must_use]
    pub fn watched(&self, id: ClientId) -> BTreeSet<SymbolId> {
        self.clients
            .get(&id)
            .map(|client| client.symbols.clone())
            .unwrap_or_default()
    }

    /// Connected clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// When somebody was last here; the present while somebody is.
    #[must_use]
    pub fn last_seen(&self, now: Millis) -> Option<Millis> {
        if self.clients.is_empty() {
            self.last_seen
        } else {
            Some(now)
        }
    }

    /// Whether the upstream is wanted.
    #[must_use]
    pub fn is_watching(&self, idle: Millis, now: Millis) -> bool {
        self.last_seen(now).is_some_and(|seen| now < seen + idle)
    }

    /// When the hub may go to sleep; `None` while somebody is connected or nobody ever was.
    #[must_use]
    pub fn idle_deadline(&self, idle: Millis) -> Option<Millis> {
        if self.clients.is_empty() {
            self.last_seen.map(|seen| seen + idle)
        } else {
            None
        }
    }
}

impl Client {
    /// Counts messages against the flood limit; false when it is passed.
    pub fn says(&mut self, messages: u64, now: Millis) -> bool {
        self.drained_at = self.drained_at.max(now) + messages * REFILL;
        self.drained_at <= now + BURST * REFILL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_say_sixty_at_once_and_two_a_second() {
        let mut client = Client::default();
        assert!((0..60).all(|_| client.says(1, 1_000_000)));
        assert!(!client.says(1, 1_000_000));
        let mut client = Client::default();
        assert!((0..1_000).all(|i| client.says(1, 1_000_000 + i * 500)));
    }

    #[test]
    fn watching_ends_some_time_after_the_last_one_left() {
        let mut audience = Audience::default();
        assert!(!audience.is_watching(300, 1_000));
        audience.join(ClientId(1), 1_000);
        assert!(audience.is_watching(300, 9_000));
        audience.leave(ClientId(1), 9_000);
        assert!(audience.is_watching(300, 9_299) && !audience.is_watching(300, 9_300));
        assert_eq!(audience.idle_deadline(300), Some(9_300));
    }
}
