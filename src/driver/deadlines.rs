//! When to wake the object: schedules its one durable alarm and its one in-memory timer.
//!
//! Each setting of the alarm is a storage row written, so it is set as rarely as possible. An alarm
//! that is later than wanted is moved. One that is earlier fires, does nothing, and is set again.

use crate::market::{MINUTE, Millis};

/// Wait before the next attempt after the platform refused to set the alarm. Without it, storage
/// that refuses at once would be retried in a loop.
pub(super) const ALARM_RETRY: Millis = 5_000;
/// An alarm may fire a minute or so late. One later than this counts as lost and is set again.
const LOST_ALARM: Millis = 2 * MINUTE;
/// Upper limit for how far ahead of ours the platform's clock is assumed to be.
const MOST_AHEAD: Millis = 5_000;
/// Least wait after a timer that fired too early by our clock. A clock that stands still for a moment
/// would otherwise be read again every millisecond.
const EARLY_TIMER: Millis = 5;

/// What the current instance of the object has set.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// The machine's deadline that the alarm is set for, as far as this instance knows.
    alarm_at: Option<Millis>,
    /// How many milliseconds too early the last alarm fired by our clock. An alarm set to the same
    /// time would fire early again, and write a row each time, for as long as the clocks differ. So
    /// this is added.
    ahead: Millis,
    timer_at: Option<Millis>,
    timer: u32,
    /// Whether the last timer fired too early by our clock.
    is_timer_early: bool,
}

impl Deadlines {
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

    /// The alarm fired, so none is set any more.
    pub fn alarm_fired(&mut self, now: Millis) {
        if let Some(at) = self.alarm_at.take() {
            self.ahead = (at + self.ahead).saturating_sub(now).min(MOST_AHEAD);
        }
    }

    /// The platform reports the alarm's time. A time in the past does not count: storage remembers
    /// such an alarm, but the scheduler may have lost it.
    pub fn alarm_is(&mut self, at: Option<Millis>, now: Millis) {
        let at = at.filter(|at| *at > now);
        self.alarm_at = at.map(|at| at.saturating_sub(self.ahead));
    }

    /// Forgets an alarm that the platform refused, so that it is set again.
    pub fn retry_alarm(&mut self) {
        self.alarm_at = None;
    }

    /// The number and duration of a new timer, if one must be started for the deadline.
    pub fn timer_to_start(&mut self, deadline: Millis, now: Millis) -> Option<(u32, Millis)> {
        if self.timer_at.is_some_and(|set| set <= deadline) {
            return None;
        }
        self.timer = self.timer.wrapping_add(1);
        self.timer_at = Some(deadline);
        let least = if self.is_timer_early { EARLY_TIMER } else { 0 };
        Some((self.timer, deadline.saturating_sub(now).max(least)))
    }

    /// No deadline needs the timer any more. Returns whether one is running.
    pub fn cancel_timer(&mut self) -> bool {
        self.timer = self.timer.wrapping_add(1);
        self.timer_at.take().is_some()
    }

    /// A timer fired. Returns whether it is the newest.
    pub fn timer_fired(&mut self, number: u32, now: Millis) -> bool {
        let is_newest = number == self.timer;
        if is_newest {
            self.is_timer_early = self.timer_at.take().is_some_and(|at| now < at);
        }
        is_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 60 * MINUTE;

    #[test]
    fn an_alarm_is_moved_to_an_earlier_time_only() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.alarm_to_set(NOW + 30_000, NOW), Some(NOW + 30_000));
        assert_eq!(deadlines.alarm_to_set(NOW + 40_000, NOW), None);
        assert_eq!(deadlines.alarm_to_set(NOW + 10_000, NOW), Some(NOW + 10_000));
    }

    #[test]
    fn a_cancelled_timer_is_not_the_newest() {
        let mut deadlines = Deadlines::default();
        assert!(!deadlines.cancel_timer());
        let (first, wait) = deadlines.timer_to_start(NOW + 3_000, NOW).unwrap();
        assert_eq!((wait, deadlines.timer_to_start(NOW + 4_000, NOW)), (3_000, None));
        assert!(deadlines.cancel_timer() && !deadlines.cancel_timer());
        assert!(!deadlines.timer_fired(first, NOW), "it may have been on its way");
        let (second, _) = deadlines.timer_to_start(NOW + 4_000, NOW).unwrap();
        assert!(!deadlines.timer_fired(first, NOW) && deadlines.timer_fired(second, NOW));
    }

    #[test]
    fn while_the_clock_stands_still_it_is_not_read_every_millisecond() {
        let mut deadlines = Deadlines::default();
        let (number, wait) = deadlines.timer_to_start(NOW + 1, NOW).unwrap();
        assert!(wait == 1 && deadlines.timer_fired(number, NOW));
        let (number, wait) = deadlines.timer_to_start(NOW + 1, NOW).unwrap();
        assert!(wait == EARLY_TIMER && deadlines.timer_fired(number, NOW + 1));
        let (_, wait) = deadlines.timer_to_start(NOW + 2, NOW + 1).unwrap();
        assert_eq!(wait, 1, "it goes again");
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
        // On time by our clock: the platform's clock is as far ahead as before.
        deadlines.alarm_fired(NOW);
        assert_eq!(deadlines.alarm_to_set(NOW + 1_000, NOW), Some(NOW + 1_020));
        // Late by our clock: the platform's clock is no longer ahead.
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
        assert!(!deadlines.timer_fired(1, NOW));
        assert_eq!(deadlines.timer_at(), Some(NOW + 50));
        assert!(deadlines.timer_fired(2, NOW));
        assert_eq!(deadlines.timer_at(), None);
    }
}
