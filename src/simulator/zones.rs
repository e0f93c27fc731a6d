//! The time zone that a request asks for. The zones of the venues are ours (`hours`); every other
//! zone is the driver's to know: a database of them is too large for the worker, and its platform
//! has one already.

use super::hours::Zone;
use super::{DAY, Millis, SECOND};

/// Seconds that an IANA time zone is ahead of UTC at a moment; `None` for a name that is no zone.
pub type Zones = fn(name: &str, at: Millis) -> Option<i32>;

/// For a driver that knows no zone.
pub(crate) const NO_ZONES: Zones = |_, _| None;

/// A zone in which a series is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock<'a> {
    /// A venue's.
    Venue(Zone),
    /// One of the driver's.
    Driver(&'a str, Zones),
}

impl<'a> Clock<'a> {
    /// By an IANA name in any case. The venues' zones are always ours, so that a session opens at
    /// the same time of day whether its zone is named or not.
    pub(crate) fn named(name: &'a str, zones: Zones) -> Option<Clock<'a>> {
        if name.eq_ignore_ascii_case("America/Toronto") {
            return Some(Clock::Venue(Zone::NewYork));
        }
        let ours = [Zone::Utc, Zone::NewYork, Zone::Berlin];
        let ours = ours.into_iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
        // JavaScript takes `+09:00` for a zone; the IANA database has no such name.
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
        let theirs = || (is_name && zones(name, 0).is_some()).then_some(Clock::Driver(name, zones));
        ours.map(Clock::Venue).or_else(theirs)
    }

    /// What a clock on the wall shows at `at`, as if it were UTC.
    pub(crate) fn local(self, at: Millis) -> Millis {
        at.saturating_add_signed(self.offset(at))
    }

    /// The moment at which a clock on the wall shows `local`. A reading that comes twice means the
    /// first time. One that is skipped is read with the offset before the change: half past two,
    /// where two becomes three, is half past three. These are the rules of RFC 5545 (3.3.5).
    pub(crate) fn to_utc(self, local: Millis) -> Millis {
        // Zones change their clocks months apart, so these are the offsets before and after a
        // change that is near.
        let before = self.offset(local.saturating_sub(DAY));
        let after = self.offset(local.saturating_add(DAY));
        let (first, second) = (
            local.saturating_add_signed(-before),
            local.saturating_add_signed(-after),
        );
        if self.offset(first) != before && self.offset(second) == after {
            return second;
        }
        first
    }

    /// In milliseconds.
    fn offset(self, at: Millis) -> i64 {
        match self {
            Clock::Venue(zone) => zone.offset(at),
            Clock::Driver(name, zones) => i64::from(zones(name, at).unwrap_or_default()) * SECOND as i64,
        }
    }
}
