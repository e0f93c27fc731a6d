//! The time zone that a request asks for. Those of the venues are in `hours`; every other one is in
//! the copy of the IANA database that comes with jiff, so that every machine has the same. Only
//! tests compile it in: see Cargo.toml.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::super::hours::Zone;
use super::super::{DAY, Millis, SECOND};

/// A zone in which a series is told.
#[derive(Debug, Clone)]
pub(in super::super) enum Clock {
    /// A venue's.
    Venue(Zone),
    /// One of the database's.
    Other(TimeZone),
}

impl Clock {
    /// By an IANA name in any case. The venues' zones are always ours, so that a session opens at
    /// the same time of day whether its zone is named or not.
    pub(in super::super) fn named(name: &str) -> Option<Clock> {
        if name.eq_ignore_ascii_case("America/Toronto") {
            return Some(Clock::Venue(Zone::NewYork));
        }
        let ours = [Zone::Utc, Zone::NewYork, Zone::Berlin];
        let ours = ours.into_iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
        let other = || TimeZoneDatabase::bundled().get(name).ok().map(Clock::Other);
        ours.map(Clock::Venue).or_else(other)
    }

    /// What a clock on the wall shows at `at`, as if it were UTC.
    pub(in super::super) fn local(&self, at: Millis) -> Millis {
        at.saturating_add_signed(self.offset(at))
    }

    /// The moment at which a clock on the wall shows `local`. A reading that comes twice means the
    /// first time. One that is skipped is read with the offset before the change: half past two,
    /// where two becomes three, is half past three. These are the rules of RFC 5545 (3.3.5).
    pub(in super::super) fn to_utc(&self, local: Millis) -> Millis {
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
    fn offset(&self, at: Millis) -> i64 {
        match self {
            Clock::Venue(zone) => zone.offset(at),
            Clock::Other(zone) => {
                let at = i64::try_from(at)
                    .ok()
                    .and_then(|at| Timestamp::from_millisecond(at).ok());
                i64::from(zone.to_offset(at.unwrap_or(Timestamp::MAX)).seconds()) * SECOND as i64
            }
        }
    }
}
