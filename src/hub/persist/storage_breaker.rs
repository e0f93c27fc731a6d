//! The storage breaker: whether storage may be written, and what it should hold. It lives in the
//! isolate and outlives the machine.
//!
//! Why it is needed: the platform accepts a write and commits it later. If the commit fails (full
//! or broken disk), it resets the object and closes every client's socket. The next instance would
//! write again and be reset again, so nobody would ever be served. But the isolate survives the
//! reset. So the breaker records that a write is in flight. An instance that starts while one is in
//! flight knows that the write broke its predecessor. It leaves storage alone for a while, keeps
//! its deadlines in memory, and takes the rows that were never stored from the breaker.

use crate::hub::Stored;
use crate::market::Millis;

/// Checkpoints to skip after a write that broke the object. It doubles with each further one,
/// because every attempt costs the clients their sockets.
const FIRST_HOLD: u64 = 4;
const MOST_DOUBLINGS: u32 = 3;

/// What the operator reads while storage is left alone.
const HELD: &str = "storage failed when it was last written, and the platform reset the hub; prices go on without it, but a restart would forget them: \
     see the platform's log and the storage limits of the plan; it is tried again by itself";

/// What an isolate knows of its hub's storage.
#[derive(Debug, Default)]
pub struct StorageBreaker {
    begun: u64,
    /// Writes that were neither committed nor refused yet.
    under_way: Vec<u64>,
    /// Instances that a write broke since the last commit.
    broken: u32,
    held_until: Millis,
    /// Rows not known to be committed.
    checkpoint: Option<Unsaved>,
    credits: Option<Unsaved>,
}

#[derive(Debug)]
struct Unsaved {
    body: String,
    /// The write in flight that carries it, if there is one.
    by: Option<u64>,
}

/// Which row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The row of [`Effect::SaveCheckpoint`](crate::hub::Effect::SaveCheckpoint).
    Checkpoint,
    /// The row of [`Effect::SaveCredits`](crate::hub::Effect::SaveCredits).
    Credits,
}

/// A write in flight; hand it to [`StorageBreaker::commit`] or [`StorageBreaker::refused`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Write(u64);

impl StorageBreaker {
    /// A new instance of the hub starts; `checkpoint` is the interval of checkpoints in
    /// milliseconds. Returns what is wrong with storage, if anything is.
    pub fn begin_life(&mut self, checkpoint: Millis, now: Millis) -> Option<String> {
        if !std::mem::take(&mut self.under_way).is_empty() {
            let checkpoints = FIRST_HOLD << self.broken.min(MOST_DOUBLINGS);
            self.broken = self.broken.saturating_add(1);
            self.never_stored(|_| true);
            self.held_until = now.saturating_add(checkpoint.saturating_mul(checkpoints));
        }
        self.is_troubled().then(|| HELD.to_owned())
    }

    /// The newest rows, given what storage holds.
    #[must_use]
    pub fn newest(&self, stored: Stored) -> Stored {
        let body = |row: Option<&Unsaved>| row.map(|row| row.body.clone());
        Stored {
            checkpoint: body(self.checkpoint.as_ref()).or(stored.checkpoint),
            credits: body(self.credits.as_ref()).or(stored.credits),
            is_unsaved: self.checkpoint.is_some(),
        }
    }

    /// Whether nothing may be written now, not even the alarm: the timer carries its deadlines.
    #[must_use]
    pub fn holds(&self, now: Millis) -> bool {
        now < self.held_until
    }

    /// Whether storage has failed since the last commit. Only a commit ends that.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.broken > 0
    }

    /// Begins to write a row.
    ///
    /// # Errors
    /// The text for the operator, if nothing may be written now. The breaker keeps the row.
    pub fn begin_row(&mut self, row: Row, body: &str, now: Millis) -> Result<Write, String> {
        let write = (!self.holds(now)).then(|| self.begin_write());
        let unsaved = Unsaved {
            body: body.to_owned(),
            by: write.map(|Write(number)| number),
        };
        match row {
            Row::Checkpoint => self.checkpoint = Some(unsaved),
            Row::Credits => self.credits = Some(unsaved),
        }
        write.ok_or_else(|| HELD.to_owned())
    }

    /// Begins a write of a row or of the alarm.
    pub fn begin_write(&mut self) -> Write {
        self.begun += 1;
        self.under_way.push(self.begun);
        Write(self.begun)
    }

    /// This write was refused at once: it cannot break the object later, and its row stays unsaved.
    pub fn refused(&mut self, Write(number): Write) {
        self.under_way.retain(|other| *other != number);
        self.never_stored(|by| by == number);
    }

    /// This write and all before it were committed. Returns whether that ended a failure.
    pub fn commit(&mut self, Write(number): Write) -> bool {
        self.under_way.retain(|other| *other > number);
        for row in [&mut self.checkpoint, &mut self.credits] {
            row.take_if(|row| row.by.is_some_and(|by| by <= number));
        }
        std::mem::take(&mut self.broken) > 0
    }

    /// Rows of these writes need another write.
    fn never_stored(&mut self, is_lost: impl Fn(u64) -> bool) {
        for row in [&mut self.checkpoint, &mut self.credits].into_iter().flatten() {
            row.by = row.by.filter(|by| !is_lost(*by));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_was_committed_holds_nothing_back() {
        let mut breaker = StorageBreaker::default();
        let number = breaker.begin_write();
        assert!(!breaker.commit(number));
        assert_eq!(breaker.begin_life(1_000, 5_000), None);
        assert!(!breaker.holds(5_000) && !breaker.is_troubled());
    }

    #[test]
    fn a_life_after_one_that_a_write_broke_leaves_storage_alone_and_each_time_longer() {
        let mut breaker = StorageBreaker::default();
        for hold in [4_000, 8_000, 16_000] {
            let _ = breaker.begin_write();
            assert!(breaker.begin_life(1_000, 100_000).is_some());
            assert!(breaker.begin_row(Row::Credits, "{}", 100_000).is_err());
            assert!(breaker.holds(100_000 + hold - 1) && !breaker.holds(100_000 + hold));
            assert!(breaker.is_troubled());
        }
        let number = breaker.begin_write();
        assert!(breaker.commit(number), "the trouble is over");
        assert!(!breaker.is_troubled());
    }

    #[test]
    fn rows_are_kept_until_they_are_committed() {
        let stored = || Stored {
            checkpoint: Some("old".to_owned()),
            credits: Some("stored".to_owned()),
            is_unsaved: false,
        };
        let mut breaker = StorageBreaker::default();
        let first = breaker.begin_write();
        let second = breaker.begin_row(Row::Checkpoint, "new", 0).unwrap();
        breaker.commit(first);
        let newest = breaker.newest(stored());
        assert_eq!(newest.checkpoint.as_deref(), Some("new"));
        assert_eq!(newest.credits.as_deref(), Some("stored"));
        assert!(newest.is_unsaved);
        breaker.commit(second);
        assert_eq!(breaker.newest(stored()).checkpoint.as_deref(), Some("old"));
    }

    #[test]
    fn a_write_that_was_refused_says_nothing_of_an_earlier_one() {
        let mut breaker = StorageBreaker::default();
        let _ = breaker.begin_write();
        let refused = breaker.begin_write();
        breaker.refused(refused);
        assert!(breaker.begin_life(1_000, 0).is_some());
    }

    #[test]
    fn a_row_that_was_refused_at_once_is_kept_until_it_is_stored() {
        let mut breaker = StorageBreaker::default();
        let row = breaker.begin_row(Row::Checkpoint, "new", 0).unwrap();
        breaker.refused(row);
        let alarm = breaker.begin_write();
        breaker.commit(alarm);
        assert_eq!(breaker.begin_life(1_000, 0), None);
        assert!(!breaker.holds(0));
        assert_eq!(breaker.newest(Stored::default()).checkpoint.as_deref(), Some("new"));
    }

    #[test]
    fn a_row_that_broke_a_life_is_kept_until_it_is_stored() {
        let mut breaker = StorageBreaker::default();
        let _ = breaker.begin_row(Row::Credits, "spent", 0).unwrap();
        assert!(breaker.begin_life(1_000, 0).is_some());
        let alarm = breaker.begin_write();
        assert!(breaker.commit(alarm));
        assert_eq!(breaker.newest(Stored::default()).credits.as_deref(), Some("spent"));
    }
}
