//! The IANA time zones, from a copy of the database that is built in, so that every machine has the
//! same.

use hamster_terminal::simulator::Millis;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

/// Seconds that the clocks of `zone` are ahead of UTC at a moment; `None` if there is no such zone.
pub(super) fn seconds_ahead_of_utc(zone: &str, at: Millis) -> Option<i32> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let at = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    Some(zone.to_offset(at).seconds())
}
