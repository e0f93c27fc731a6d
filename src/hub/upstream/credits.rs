//! The REST budget: how many API credits may still be spent in this wall-clock minute and UTC day.
//!
//! Why it is never exceeded: a call is charged before it is made; refused calls count, as they do
//! for the provider; the ledger is stored before the call leaves; and nothing is sent within two
//! seconds of the turn of a minute, so the provider counts a call in the same minute as we do
//! unless the clocks differ by more than that.
//!
//! Price refreshes are paced over the day: an eighth of the day's credits is available at midnight
//! UTC and the rest accrues evenly, so a busy morning cannot leave the evening without prices.

use crate::market::{DAY, MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// Credits used and the limits that apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    minute: u64,
    used_in_minute: u32,
    day: u64,
    used_in_day: u32,
    per_minute: u32,
    per_day: u32,
    /// The UTC day for which the provider reported that no credits are left, whatever we counted.
    spent_day: u64,
    /// Credits of errands among those of the minute and of the day.
    #[serde(default)]
    errands_in_minute: u32,
    #[serde(default)]
    errands_in_day: u32,
}

/// What a call is for. A missing previous close is worth more than one more price refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A price refresh: paced over the day.
    Price,
    /// A missing or old previous close or session: bounded by the limits only.
    Reference,
}

const GUARD: Millis = 2 * SECOND;

impl Ledger {
    /// An empty ledger. `per_day` 0 means no daily cap.
    #[must_use]
    pub fn new(per_minute: u32, per_day: u32) -> Self {
        Self {
            minute: 0,
            used_in_minute: 0,
            day: 0,
            used_in_day: 0,
            per_minute,
            per_day,
            spent_day: 0,
            errands_in_minute: 0,
            errands_in_day: 0,
        }
    }

    /// Takes over the credits that a stored ledger counted; the limits stay those configured now.
    #[must_use]
    pub fn restored(self, earlier: &Self) -> Self {
        Self {
            per_minute: self.per_minute,
            per_day: self.per_day,
            ..earlier.clone()
        }
    }

    /// How many credits a call may cost at `now`.
    #[must_use]
    pub fn available(&self, purpose: Purpose, now: Millis) -> u32 {
        let into_minute = now % MINUTE;
        if !(GUARD..MINUTE - GUARD).contains(&into_minute) || self.spent_day == now / DAY {
            return 0;
        }
        self.left(purpose, (0, 0), now)
    }

    /// Credits for prices at `now`, above a reserve of the minute and of the day.
    #[must_use]
    pub fn above(&self, of_minute: u32, of_day: u32, now: Millis) -> u32 {
        self.left(Purpose::Price, (of_minute, of_day), now)
    }

    /// Whether a call that is not for quotes may leave: bars, searches and hours have three eighths
    /// of a minute and `percent` of a day, above the given reserve of both.
    #[must_use]
    pub fn affords_errand(&self, percent: u32, (of_minute, of_day): (u32, u32), now: Millis) -> bool {
        let (in_minute, in_day) = self.errands(now);
        let a_day = u64::from(self.per_day) * u64::from(percent) / 100;
        let may_today = self.per_day == 0 || u64::from(in_day) < a_day;
        let may = percent > 0 && may_today && in_minute < (self.per_minute.saturating_mul(3) / 8).max(1);
        may && self.available(Purpose::Reference, now) > 0 && self.above(of_minute, of_day, now) > 0
    }

    /// Charges a call that is not for quotes.
    pub fn charge_errand(&mut self, now: Millis) {
        self.charge(1, now);
        self.errands_in_minute += 1;
        self.errands_in_day += 1;
    }

    /// Credits of errands in the minute and in the day of `now`.
    #[must_use]
    pub fn errands(&self, now: Millis) -> (u32, u32) {
        let of = |is_now: bool, count: u32| if is_now { count } else { 0 };
        (
            of(self.minute == now / MINUTE, self.errands_in_minute),
            of(self.day == now / DAY, self.errands_in_day),
        )
    }

    /// The next time after `now` at which [`Ledger::available`] may have grown.
    #[must_use]
    pub fn next_chance(&self, now: Millis) -> Millis {
        let into_minute = now % MINUTE;
        let this_minute = now - into_minute + GUARD;
        if into_minute < GUARD {
            this_minute
        } else {
            this_minute + MINUTE
        }
    }

    /// Charges a call before it is made.
    pub fn charge(&mut self, credits: u32, now: Millis) {
        self.turn(now);
        self.used_in_minute = self.used_in_minute.saturating_add(credits);
        self.used_in_day = self.used_in_day.saturating_add(credits);
    }

    /// A call charged at `asked` was answered at `now`. If a minute or a day turned in between, we
    /// do not know in which one the provider counted it, so it counts in both.
    pub fn landed(&mut self, credits: u32, asked: Millis, now: Millis) {
        if now / MINUTE != asked / MINUTE {
            self.turn(now);
            self.used_in_minute = self.used_in_minute.saturating_add(credits);
        }
        if now / DAY != asked / DAY {
            self.used_in_day = self.used_in_day.saturating_add(credits);
        }
    }

    /// Learns from the headers `api-credits-used` and `api-credits-left`. Their sum is the plan's
    /// limit per minute; `used` may include other clients of the same key.
    pub fn learn(&mut self, used: u32, left: u32, now: Millis) {
        self.turn(now);
        let limit = used.saturating_add(left);
        // In an overdrawn minute the sum exceeds the limit.
        if left > 0 {
            self.per_minute = limit;
        }
        self.used_in_minute = self.used_in_minute.max(used);
    }

    /// The provider reported that this minute's credits are used up.
    pub fn minute_is_spent(&mut self, now: Millis) {
        self.turn(now);
        self.used_in_minute = self.used_in_minute.max(self.per_minute);
    }

    /// The provider reported that this UTC day's credits are used up.
    pub fn day_is_spent(&mut self, now: Millis) {
        self.turn(now);
        self.spent_day = now / DAY;
        self.used_in_day = self.used_in_day.max(self.per_day);
    }

    /// Credits used in the minute and in the day of `now`.
    #[must_use]
    pub fn used(&self, now: Millis) -> (u32, u32) {
        let in_minute = if self.minute == now / MINUTE {
            self.used_in_minute
        } else {
            0
        };
        let in_day = if self.day == now / DAY { self.used_in_day } else { 0 };
        (in_minute, in_day)
    }

    /// The limits per minute and per day (0: no daily cap).
    #[must_use]
    pub fn limits(&self) -> (u32, u32) {
        (self.per_minute, self.per_day)
    }

    /// What is left of minute and day, minus a reserve of each.
    fn left(&self, purpose: Purpose, (of_minute, of_day): (u32, u32), now: Millis) -> u32 {
        let (minute_used, day_used) = self.used(now);
        let minute = self.per_minute.saturating_sub(minute_used).saturating_sub(of_minute);
        if self.per_day == 0 {
            return minute;
        }
        let cap = match purpose {
            Purpose::Reference => self.per_day,
            Purpose::Price => self.accrued(now),
        };
        minute.min(cap.saturating_sub(day_used).saturating_sub(of_day))
    }

    fn accrued(&self, now: Millis) -> u32 {
        let at_once = u64::from(self.per_day / 8);
        let rest = u64::from(self.per_day) - at_once;
        u32::try_from(at_once + rest * (now % DAY) / DAY).unwrap_or(self.per_day)
    }

    fn turn(&mut self, now: Millis) {
        let (in_minute, in_day) = self.used(now);
        (self.errands_in_minute, self.errands_in_day) = self.errands(now);
        (self.minute, self.used_in_minute) = (now / MINUTE, in_minute);
        (self.day, self.used_in_day) = (now / DAY, in_day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 20_000 * DAY + DAY / 2 + 5 * SECOND;

    #[test]
    fn a_minute_and_a_day_are_never_exceeded() {
        let mut ledger = Ledger::new(8, 20);
        assert_eq!(ledger.available(Purpose::Reference, NOON), 8);
        ledger.charge(8, NOON);
        assert_eq!(ledger.available(Purpose::Reference, NOON), 0);
        ledger.charge(8, NOON + MINUTE);
        assert_eq!(ledger.available(Purpose::Reference, NOON + 2 * MINUTE), 4);
        ledger.charge(4, NOON + 2 * MINUTE);
        assert_eq!(ledger.available(Purpose::Reference, NOON + 3 * MINUTE), 0);
        assert_eq!(ledger.available(Purpose::Reference, NOON + DAY), 8);
    }

    #[test]
    fn nothing_leaves_near_a_minutes_turn() {
        let ledger = Ledger::new(8, 800);
        let turn = NOON - 5 * SECOND;
        for (offset, allowed) in [
            (0, false),
            (1_999, false),
            (2_000, true),
            (57_999, true),
            (58_000, false),
        ] {
            assert_eq!(
                ledger.available(Purpose::Reference, turn + offset) > 0,
                allowed,
                "{offset}"
            );
        }
        assert_eq!(ledger.next_chance(turn), turn + 2_000);
        assert_eq!(ledger.next_chance(turn + 58_000), turn + MINUTE + 2_000);
    }

    #[test]
    fn price_refreshes_are_paced_over_the_day() {
        let mut ledger = Ledger::new(1_000, 800);
        let morning = 20_000 * DAY + 5 * SECOND;
        assert_eq!(ledger.available(Purpose::Price, morning), 100);
        ledger.charge(100, morning);
        assert_eq!(ledger.available(Purpose::Price, morning), 0);
        assert_eq!(ledger.available(Purpose::Reference, morning), 700);
        assert_eq!(ledger.available(Purpose::Price, morning + DAY / 2), 350);
    }

    #[test]
    fn learns_the_plan_and_other_clients_use() {
        let mut ledger = Ledger::new(8, 0);
        ledger.learn(3, 374, NOON);
        assert_eq!(ledger.limits(), (377, 0));
        assert_eq!(ledger.available(Purpose::Price, NOON), 374);
        ledger.minute_is_spent(NOON);
        assert_eq!(ledger.available(Purpose::Price, NOON), 0);
        ledger.day_is_spent(NOON);
        assert_eq!(ledger.available(Purpose::Price, NOON + MINUTE), 0);
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let mut before = Ledger::new(8, 800);
        before.charge(7, NOON);
        let stored: Ledger = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        let after = Ledger::new(8, 800).restored(&stored);
        assert_eq!(after.available(Purpose::Reference, NOON), 1);
        assert_eq!(after.used(NOON), (7, 7));
    }
}
