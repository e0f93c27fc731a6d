//! When storage may be written, and what it should hold.
//!
//! Why a hub must be careful: the platform takes a write and commits it later. If that fails (a full or broken disk) it resets the object,
//! and with it every client's socket; the next life would write again, and so nobody would ever be served. But the isolate lives on. So here it
//! is noted that a write is under way; a life that begins while one is knows that it broke the life before. It leaves storage alone
//! for a while, keeps its deadlines in memory, and has the rows that were never stored from here.

use crate::clock::Millis;
use crate::hub::Stored;

/// Checkpoints left out after a write that broke the object. It doubles with each further one: every attempt costs the clients their sockets.
const FIRST_HOLD: u64 = 4;
const MOST_DOUBLINGS: u32 = 3;

/// What an isolate knows of its hub's storage.
#[derive(Debug, Default)]
pub(super) struct Caution {
    /// Writes begun, and how many of them are known to be committed.
    begun: u64,
    committed: u64,
    /// Lives that a write broke, since one was committed.
    broken: u32,
    held_until: Millis,
    /// Rows that are not known to be committed.
    pub(super) unsaved: Stored,
}

impl Caution {
    /// The hub begins a life.
    pub(super) fn begin_life(&mut self, checkpoint: Millis, now: Millis) {
        if self.begun > self.committed {
            self.committed = self.begun;
            let checkpoints = FIRST_HOLD << self.broken.min(MOST_DOUBLINGS);
            self.broken = self.broken.saturating_add(1);
            self.held_until = now.saturating_add(checkpoint.saturating_mul(checkpoints));
        }
    }

    /// Whether nothing may be written now.
    pub(super) fn holds(&self, now: Millis) -> bool {
        now < self.held_until
    }

    /// Whether the last word of storage was that it failed.
    pub(super) fn is_troubled(&self) -> bool {
        self.broken > 0
    }

    /// A write goes out; gives its number.
    pub(super) fn begin_write(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// This write was refused at once: it breaks nothing later, and its row stays unsaved.
    pub(super) fn refused(&mut self, number: u64) {
        self.committed = self.committed.max(number);
    }

    /// This write, and all before it, was committed. Says whether that ended a trouble.
    pub(super) fn commit(&mut self, number: u64) -> bool {
        self.committed = self.committed.max(number);
        if self.committed == self.begun {
            self.unsaved = Stored::default();
        }
        std::mem::take(&mut self.broken) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_was_committed_holds_nothing_back() {
        let mut caution = Caution::default();
        let number = caution.begin_write();
        assert!(!caution.commit(number));
        caution.begin_life(1_000, 5_000);
        assert!(!caution.holds(5_000) && !caution.is_troubled());
    }

    #[test]
    fn a_life_after_one_that_a_write_broke_leaves_storage_alone_and_each_time_longer() {
        let mut caution = Caution::default();
        for hold in [4_000, 8_000, 16_000] {
            caution.begin_write();
            caution.begin_life(1_000, 100_000);
            assert!(caution.holds(100_000 + hold - 1) && !caution.holds(100_000 + hold));
            assert!(caution.is_troubled());
        }
        let number = caution.begin_write();
        assert!(caution.commit(number), "the trouble is over");
        assert!(!caution.is_troubled());
    }

    #[test]
    fn rows_are_kept_until_they_are_committed() {
        let mut caution = Caution::default();
        let first = caution.begin_write();
        caution.unsaved.checkpoint = Some("{}".to_owned());
        let second = caution.begin_write();
        caution.commit(first);
        assert!(caution.unsaved.checkpoint.is_some());
        caution.commit(second);
        assert!(caution.unsaved.checkpoint.is_none());
    }
}
