//! When the object is to be woken: the arithmetic of its one durable alarm and of its one timer in
//! memory.
//!
//! Each setting of the alarm is a row written, so it is set as seldom as possible. One that is
//! later than wanted is moved. One that is earlier fires, finds nothing to do, and is set again.

use crate::market::{MINUTE, Millis};

/// From an alarm that the platform refused to the next attempt. Storage that refuses at once would
/// otherwise be asked for ever.
pub(super) const ALARM_RETRY: Millis = 5_000;
/// An alarm may be late by a minute or so. One that is later than this was lost, and is set again.
const LOST_ALARM: Millis = 2 * MINUTE;
/// The platform's clock is not believed to be further ahead of ours than this.
const MOST_AHEAD: Millis = 5_000;

/// What the present life of the object has set.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The machine's deadline for which the alarm is set, as far as this life of the object knows.
    alarm_at: Option<Millis>,
    /// How much too early the last alarm fired by our clock. Set to the same time again it would
    /// fire at once, for as long as the clocks differ, and write a row each time; so this is added.
    ahead: Millis,
    /// When the newest timer fires.
    timer_at: Option<Millis>,
    /// The number of the newest timer.
    timer: u32,
}

impl Deadlines {
    /// When the newest timer fires.
    pub fn timer_at(&self) -> Option<Millis> {
        self.timer_at
    }

    /// The time to set the alarm to, if it must be set for the machine's deadline.
    pub fn alarm_to_set(&mut self, deadline: Millis, now: Millis) -> Option<Millis> {
        let is_good = |set: Millis| set <= deadline && now <= set + LOST_ALARM;
        if self.alarm_at.is_some_and(is_good) {
            return None;
        }
        self.alarm_at = Some(deadline);
        Some(deadline.max(now) + self.ahead)
    }

    /// The alarm fired: whatever it was set to is gone.
    pub fn alarm_fired(&mut self, now: Millis) {
        if let Some(at) = self.alarm_at.take() {
            self.ahead = (at + self.ahead).saturating_sub(now).min(MOST_AHEAD);
        }
    }

    /// The platform says what the alarm is set to. A time that has passed does not count: storage
    /// remembers such an alarm, but the scheduler may have lost it.
    pub fn alarm_is(&mut self, at: Option<Millis>, now: Millis) {
        let at = at.filter(|at| *at > now);
        self.alarm_at = at.map(|at| at.saturating_sub(self.ahead));
    }

    /// Forgets the setting of an alarm that was refused, so that it is set again.
    pub fn retry_alarm(&mut self) {
        self.alarm_at = None;
    }

    /// The number of a new timer and how long it runs, if one must be started for the deadline.
    pub fn timer_to_start(&mut self, deadline: Millis, now: Millis) -> Option<(u32, Millis)> {
        if self.timer_at.is_some_and(|set| set <= deadline) {
            return None;
        }
        self.timer = self.timer.wrapping_add(1);
        self.timer_at = Some(deadline);
        Some((self.timer, deadline.saturating_sub(now)))
    }

    /// A timer fired. Says whether it is the newest.
    pub fn timer_fired(&mut self, number: u32) -> bool {
        let is_newest = number == self.timer;
        if is_newest {
            self.timer_at = None;
        }
        is_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour after the epoch.
    const NOW: Millis = 60 * MINUTE;

    #[test]
    fn an_alarm_is_moved_to_an_earlier_time_only() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.alarm_to_set(NOW + 30_000, NOW), Some(NOW + 30_000));
        assert_eq!(deadlines.alarm_to_set(NOW + 40_000, NOW), None);
        assert_eq!(deadlines.alarm_to_set(NOW + 10_000, NOW), Some(NOW + 10_000));
    }

    #[test]
    fn an_alarm_for_the_past_is_set_to_the_present() {
        assert_eq!(Deadlines::default().alarm_to_set(NOW - 1, NOW), Some(NOW));
    }

    #[test]
    fn an_alarm_that_is_later_than_two_minutes_is_lost() {
        let mut deadlines = Deadlines::default();
        deadlines.alarm_to_set(NOW, NOW);
        assert_eq!(deadlines.alarm_to_set(NOW, NOW + LOST_ALARM), None);
        let later = NOW + LOST_ALARM + 1;
        assert_eq!(deadlines.alarm_to_set(NOW, later), Some(later));
    }

    #[test]
    fn an_early_alarm_is_set_as_much_later_as_it_was_early() {
        let mut deadlines = Deadlines::default();
        deadlines.alarm_to_set(NOW, NOW - 1_000);
        deadlines.alarm_fired(NOW - 20);
        assert_eq!(deadlines.alarm_to_set(NOW, NOW - 20), Some(NOW + 20));
        // On time by our clock: it is as far ahead as before.
        deadlines.alarm_fired(NOW);
        assert_eq!(deadlines.alarm_to_set(NOW + 1_000, NOW), Some(NOW + 1_020));
        // Late by our clock: it is ahead no longer.
        deadlines.alarm_fired(NOW + 5_000);
        assert_eq!(deadlines.alarm_to_set(NOW + 9_000, NOW + 5_000), Some(NOW + 9_000));
    }

    #[test]
    fn a_clock_that_is_hours_ahead_is_not_believed() {
        let mut deadlines = Deadlines::default();
        deadlines.alarm_to_set(NOW, 0);
        deadlines.alarm_fired(0);
        assert_eq!(deadlines.alarm_to_set(NOW, 0), Some(NOW + MOST_AHEAD));
    }

    #[test]
    fn the_platform_knows_best_what_the_alarm_is_set_to() {
        let mut deadlines = Deadlines::default();
        deadlines.alarm_to_set(NOW + 30_000, NOW);
        deadlines.alarm_is(None, NOW);
        assert_eq!(
            deadlines.alarm_to_set(NOW + 30_000, NOW),
            Some(NOW + 30_000),
            "it was lost"
        );
        deadlines.alarm_is(Some(NOW - 1), NOW);
        assert_eq!(
            deadlines.alarm_to_set(NOW + 30_000, NOW),
            Some(NOW + 30_000),
            "it is overdue"
        );
        deadlines.alarm_is(Some(NOW + 20_000), NOW);
        assert_eq!(
            deadlines.alarm_to_set(NOW + 30_000, NOW),
            None,
            "it is set, and early enough"
        );
    }

    #[test]
    fn a_timer_that_was_overtaken_does_nothing() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.timer_to_start(NOW + 100, NOW), Some((1, 100)));
        assert_eq!(deadlines.timer_to_start(NOW + 200, NOW), None);
        assert_eq!(deadlines.timer_to_start(NOW + 50, NOW), Some((2, 50)));
        assert!(!deadlines.timer_fired(1));
        assert_eq!(deadlines.timer_at(), Some(NOW + 50));
        assert!(deadlines.timer_fired(2));
        assert_eq!(deadlines.timer_at(), None);
    }
}
