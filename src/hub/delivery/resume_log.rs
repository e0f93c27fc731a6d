//! The resume log of a channel: the revision and size of each of its newest deltas. It tells what a
//! client at one of them has seen, and how many bytes it has not read.
//!
//! If every client has its own symbols, every client has its own channel, and this log is most of
//! what a channel costs. So an entry is a difference of four bytes to the previous one; a lookup
//! adds them up, which happens only when a client resumes or falls behind.

use std::collections::VecDeque;

/// Sizes are stored in units of this many bytes, rounded up.
const UNIT: usize = 16;

/// Steps from here on are stored in units of [`COARSE`], with this bit set.
const FINE: u16 = 1 << 15;
/// Rounded up, so that a client is thought to have seen less than it has, never more.
const COARSE: u64 = 1 << 16;

/// A step between two revisions in two bytes; `None` if it is too long.
fn packed(step: u64) -> Option<u16> {
    let fits = |number: u64| u16::try_from(number).ok().filter(|number| *number < FINE);
    fits(step).or_else(|| Some(fits(step.div_ceil(COARSE))? | FINE))
}

fn unpacked(step: u16) -> u64 {
    let number = u64::from(step & !FINE);
    if step & FINE == 0 { number } else { number * COARSE }
}

/// The log of one channel.
#[derive(Debug, Default)]
pub struct ResumeLog {
    /// The revision of the newest entry.
    newest: u64,
    /// By how much each revision exceeds the previous one. The first step has no meaning.
    steps: VecDeque<u16>,
    sizes: VecDeque<u16>,
}

impl ResumeLog {
    /// Appends a delta of `bytes` bytes that brought the channel to `revision`. Keeps only the
    /// newest `most` entries.
    pub fn push(&mut self, revision: u64, bytes: usize, most: usize) {
        let step = packed(revision - self.newest).unwrap_or_else(|| {
            // The step does not fit: start the log again.
            *self = Self::default();
            0
        });
        self.newest = revision;
        while self.steps.len() >= most {
            self.steps.pop_front();
            self.sizes.pop_front();
        }
        self.steps.push_back(step);
        self.sizes
            .push_back(u16::try_from(bytes.div_ceil(UNIT)).unwrap_or(u16::MAX));
    }

    /// The revision of the newest entry.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        (!self.steps.is_empty()).then_some(self.newest)
    }

    /// The revision of the entry `back` deltas before the newest, if it is kept. After a long time
    /// without a delta it may be a lower one.
    #[must_use]
    pub fn revision(&self, back: u64) -> Option<u64> {
        let back = usize::try_from(back).ok().filter(|back| *back < self.steps.len())?;
        let steps = self.steps.iter().rev().take(back).copied().map(unpacked);
        Some(self.newest.saturating_sub(steps.sum()))
    }

    /// Bytes of the newest `deltas` deltas. Forgotten ones count as the mean of the kept ones.
    #[must_use]
    pub fn bytes(&self, deltas: u64) -> u64 {
        let newest = usize::try_from(deltas).unwrap_or(usize::MAX);
        let units = self.sizes.iter().rev().take(newest).copied().map(u64::from);
        let kept = units.sum::<u64>() * UNIT as u64;
        let count = deltas.min(self.sizes.len() as u64);
        kept.saturating_mul(deltas).checked_div(count).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_said(
            deltas in prop::collection::vec(
                (prop_oneof![1_u64..100, 1_u64..1 << 17, 1_u64..1 << 33], 0_usize..5_000),
                1..40,
            ),
            most in 1_usize..20,
        ) {
            let mut resume_log = ResumeLog::default();
            let mut revisions = vec![0];
            for (step, bytes) in &deltas {
                revisions.push(revisions.last().unwrap() + step);
                resume_log.push(*revisions.last().unwrap(), *bytes, most);
            }
            prop_assert_eq!(resume_log.newest(), revisions.last().copied());
            // A step that does not fit shortens the log but never falsifies it.
            let far = deltas.iter().rev().take_while(|(step, _)| packed(*step).is_some()).count();
            let kept = (far + 1).min(deltas.len()).min(most);
            for back in 0..deltas.len() + 2 {
                let said = (back < kept).then(|| revisions[revisions.len() - 1 - back]);
                let newer = deltas.iter().rev().take(back);
                let coarse = newer.filter(|(step, _)| *step >= u64::from(FINE)).count() as u64;
                let kept_as = resume_log.revision(back as u64);
                prop_assert_eq!(kept_as.is_some(), said.is_some());
                if let (Some(kept_as), Some(said)) = (kept_as, said) {
                    prop_assert!(kept_as <= said && said - kept_as <= coarse * COARSE, "{kept_as} for {said}");
                }
                let bytes: usize = deltas.iter().rev().take(back.min(kept)).map(|(_, bytes)| bytes).sum();
                let told = resume_log.bytes(back as u64) as usize;
                // Deltas that are no longer kept count as the mean of the others.
                let (counted, all) = (back.min(kept).max(1), back.max(1));
                let range = bytes * all / counted..=(bytes + UNIT * counted) * all / counted;
                prop_assert!(range.contains(&told), "{} of {}", told, bytes);
            }
        }
    }
}
