//! Time in the core: a number passed in with every input. Nothing in the core reads a clock.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Milliseconds since the Unix epoch, UTC; also a duration in milliseconds where the name says so.
pub type Millis = u64;

/// One second, as a duration.
pub const SECOND: Millis = 1_000;
/// One minute, as a duration.
pub const MINUTE: Millis = 60 * SECOND;
/// One UTC day, as a duration.
pub const DAY: Millis = 24 * 60 * MINUTE;

/// `2026-01-19T14:32:17.123Z`. A time beyond jiff's range (year 9999) becomes the Unix epoch, so
/// that the function cannot fail.
#[must_use]
pub fn iso8601(at: Millis) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    format!("{:.3}", at.unwrap_or_default())
}

/// The time of a date such as `2026-08-13` and a time of day such as `15:59:00`, in UTC. No time
/// before 1970 is one.
#[must_use]
pub fn utc(date: &str, time: &str) -> Option<Millis> {
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let small = |number: i16| i8::try_from(number).ok();
    let local = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    let at = Offset::UTC.to_timestamp(local.ok()?).ok()?;
    Millis::try_from(at.as_millisecond()).ok()
}

/// The whole numbers of a text such as `15:59:00`, if it has exactly `N` of them.
#[must_use]
pub fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i16; N]> {
    let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
        true => part.parse().ok(),
        false => None,
    };
    let numbers: Option<Vec<i16>> = text.split(separator).map(number).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_utc() {
        assert_eq!(utc("2026-01-19", "14:32:17"), Some(1_768_833_137_000));
        for (date, time) in [
            ("2026-02-30", "00:00:00"),
            ("2026-01-19", "24:00:00"),
            ("1969-12-31", "23:59:59"),
            ("2026-01-19", "14:32"),
            ("+026-01-19", "14:32:17"),
        ] {
            assert_eq!(utc(date, time), None, "{date} {time}");
        }
    }

    #[test]
    fn formats_as_the_wire_wants_it() {
        assert_eq!(iso8601(1_768_833_137_123), "2026-01-19T14:32:17.123Z");
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso8601(u64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
