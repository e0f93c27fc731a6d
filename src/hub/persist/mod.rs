//! Decides when the checkpoint is written, and tracks whether storage accepts writes.

mod checkpoint;
mod storage_breaker;

pub use checkpoint::{Beside, Earlier, row};
pub use storage_breaker::{Row, StorageBreaker, Write};

use super::{Config, Stored};
use crate::market::Millis;

/// Schedules the checkpoint.
#[derive(Debug)]
pub struct Persist {
    /// When the hub last came out of sleep.
    pub woke: Millis,
    /// What is wrong with storage, if anything is.
    pub trouble: Option<String>,
    pub counts: Counts,
    /// The next checkpoint; `None` while the hub sleeps.
    checkpoint_at: Option<Millis>,
    /// [`Book::updates`](super::Book::updates) at the time of the last row.
    saved: u64,
    /// Whether a row that should be stored was refused.
    is_unsaved: bool,
    /// When to retry a row that was refused while the hub slept.
    save_again_at: Option<Millis>,
    /// Whether the last checkpoint row is still unconfirmed.
    is_saving: bool,
    /// The end of the wait that is stored.
    remembered_wait: Option<Millis>,
}

/// Counters since the object was created.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Checkpoint rows handed to storage.
    pub checkpoints: u64,
    /// Budget rows handed to storage.
    pub ledgers: u64,
    /// Writes that storage refused.
    pub failures: u64,
}

/// What decides whether a checkpoint is due.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// Whether a client or REST request is or recently was here.
    pub is_watched: bool,
    pub updates: u64,
    /// When a long wait before the next connection attempt ends.
    pub wait: Option<Millis>,
}

impl Persist {
    /// Starts from what `stored` held; `wait` is the end of the stored wait, if any.
    #[must_use]
    pub fn new(stored: &Stored, wait: Option<Millis>, now: Millis) -> Self {
        Self {
            woke: now,
            trouble: None,
            counts: Counts::default(),
            checkpoint_at: None,
            saved: 0,
            is_unsaved: false,
            // Write it on the first input: a hub woken only by the cron trigger may be evicted
            // seconds later.
            save_again_at: stored.is_unsaved.then_some(now),
            is_saving: false,
            remembered_wait: wait,
        }
    }

    /// Somebody is here: the checkpoint timer starts if the hub was asleep.
    pub fn wake(&mut self, config: &Config, now: Millis) {
        if self.checkpoint_at.is_none() {
            self.woke = now;
            self.checkpoint_at = Some(now + config.checkpoint);
        }
    }

    #[must_use]
    pub fn checkpoint_at(&self) -> Option<Millis> {
        self.checkpoint_at
    }

    /// Storage refused a write, for this reason, or (`None`) accepted one.
    pub fn stored(&mut self, trouble: Option<String>, config: &Config, now: Millis) {
        let of_checkpoint = std::mem::take(&mut self.is_saving);
        if trouble.is_some() {
            self.counts.failures += 1;
            if self.checkpoint_at.is_some() {
                // The next checkpoint retries it.
                self.is_unsaved = true;
            } else if of_checkpoint {
                // A sleeping hub has no next checkpoint: retry at the first input after as long.
                self.save_again_at = Some(now + config.checkpoint);
            }
        }
        self.trouble = trouble;
    }

    /// Storage refused the budget row.
    pub fn charge_refused(&mut self, trouble: String) {
        self.counts.failures += 1;
        self.trouble = Some(trouble);
    }

    /// Whether the checkpoint is to be written now. After `true` it counts as written.
    pub fn is_due(&mut self, occasion: Occasion, config: &Config, now: Millis) -> bool {
        let due = self.checkpoint_at.is_some_and(|at| at <= now);
        let is_dirty = self.is_unsaved || self.saved != occasion.updates;
        // A sleeping hub may still get its last REST answer, and no alarm would store it.
        let falls_asleep = !occasion.is_watched && (self.checkpoint_at.is_some() || is_dirty);
        // A long wait is stored at once, because the platform may evict the object during it.
        let new_wait = occasion.wait.is_some() && occasion.wait != self.remembered_wait;
        let again = self.save_again_at.is_some_and(|at| at <= now);
        let writes = (due || falls_asleep) && is_dirty || new_wait || again;
        if writes {
            self.saved = occasion.updates;
            self.is_unsaved = false;
            self.save_again_at = None;
            self.is_saving = true;
            self.remembered_wait = occasion.wait;
            self.counts.checkpoints += 1;
        }
        if due || falls_asleep {
            self.checkpoint_at = occasion.is_watched.then(|| now + config.checkpoint);
        }
        writes
    }
}
