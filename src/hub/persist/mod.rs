//! What survives: when the checkpoint is written, and what storage said of it.

mod checkpoint;
mod storage_breaker;

pub use checkpoint::{Beside, Earlier, row};
pub use storage_breaker::{Row, StorageBreaker, Write};

use super::{Config, Stored};
use crate::market::Millis;

/// When to write the checkpoint.
#[derive(Debug)]
pub struct Persist {
    /// When the hub last came out of sleep.
    pub woke: Millis,
    /// What is wrong with storage, if anything is.
    pub trouble: Option<String>,
    /// What was counted.
    pub counts: Counts,
    /// The next checkpoint; `None` while the hub sleeps.
    checkpoint_at: Option<Millis>,
    /// [`Book::updates`](super::Book::updates) as the last row held them.
    saved: u64,
    /// Whether a row was not stored that should have been.
    is_unsaved: bool,
    /// From when a row that was refused while the hub slept is written again.
    save_again_at: Option<Millis>,
    /// Whether storage has not said yet what became of the last row.
    is_saving: bool,
    /// The wait for upstream that is stored.
    remembered_wait: Option<Millis>,
}

/// What was counted since the object was made.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Checkpoints that storage was given.
    pub checkpoints: u64,
    /// Rows of the budget that storage was given.
    pub ledgers: u64,
    /// Writes that storage refused.
    pub failures: u64,
}

/// What decides whether a row is due.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// Whether somebody is there, or was of late.
    pub is_watched: bool,
    /// [`Book::updates`](super::Book::updates).
    pub updates: u64,
    /// When a long wait for upstream ends.
    pub wait: Option<Millis>,
}

impl Persist {
    /// A life that begins with what `stored` held, and with this wait for upstream.
    #[must_use]
    pub fn new(stored: &Stored, wait: Option<Millis>, now: Millis) -> Self {
        Self {
            woke: now,
            trouble: None,
            counts: Counts::default(),
            checkpoint_at: None,
            saved: 0,
            is_unsaved: false,
            // On the first input: a hub that only the cron trigger woke may be evicted seconds later.
            save_again_at: stored.is_unsaved.then_some(now),
            is_saving: false,
            remembered_wait: wait,
        }
    }

    /// Somebody is here: whoever wakes the hub starts its checkpoints.
    pub fn wake(&mut self, config: &Config, now: Millis) {
        if self.checkpoint_at.is_none() {
            self.woke = now;
            self.checkpoint_at = Some(now + config.checkpoint);
        }
    }

    /// When the next checkpoint is due.
    #[must_use]
    pub fn checkpoint_at(&self) -> Option<Millis> {
        self.checkpoint_at
    }

    /// Storage refused a write, or (`None`) took one.
    pub fn stored(&mut self, trouble: Option<String>, config: &Config, now: Millis) {
        let of_checkpoint = std::mem::take(&mut self.is_saving);
        if trouble.is_some() {
            self.counts.failures += 1;
            if self.checkpoint_at.is_some() {
                // It is tried again with the next checkpoint.
                self.is_unsaved = true;
            } else if of_checkpoint {
                // Asleep, there is none: when something next wakes the hub, after as long.
                self.save_again_at = Some(now + config.checkpoint);
            }
        }
        self.trouble = trouble;
    }

    /// Storage refused the budget's row.
    pub fn charge_refused(&mut self, trouble: String) {
        self.counts.failures += 1;
        self.trouble = Some(trouble);
    }

    /// Whether the checkpoint is to be written now. It counts as written after this call.
    pub fn is_due(&mut self, occasion: Occasion, config: &Config, now: Millis) -> bool {
        let due = self.checkpoint_at.is_some_and(|at| at <= now);
        let is_dirty = self.is_unsaved || self.saved != occasion.updates;
        // Asleep, the hub may still take the answer of its last call, and has no alarm that would
        // store it later.
        let falls_asleep = !occasion.is_watched && (self.checkpoint_at.is_some() || is_dirty);
        // A long wait for upstream is stored at once: the platform may put the object to sleep
        // meanwhile.
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
