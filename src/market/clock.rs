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

/// A date such as `2026-08-13` with a time of day such as `15:59:00`. A leap second counts as the
/// second before it.
#[must_use]
pub fn civil(date: &str, time: &str) -> Option<DateTime> {
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let small = |number: i16| i8::try_from(number).ok();
    let second = if second == 60 { 59 } else { second };
    DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()
}

/// The same in UTC. No time before 1970 is one.
#[must_use]
pub fn utc(date: &str, time: &str) -> Option<Millis> {
    let at = Offset::UTC.to_timestamp(civil(date, time)?).ok()?;
    Millis::try_from(at.as_millisecond()).ok()
}

/// Reads a time of RFC 3339, such as `2026-01-19T15:32:17.123+01:00`.
// jiff's own parser brings a hundred error texts, which make the upload 15 kB larger.
#[must_use]
pub fn from_iso8601(text: &str) -> Option<Millis> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, zone) = rest.split_at_checked(rest.find(['Z', 'z', '+', '-'])?)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || date.len() != 10 || time.len() != 8 {
        return None;
    }
    let digits = fraction.bytes().chain(*b"00").take(3);
    let millis = digits.fold(0, |sum, digit| sum * 10 + Millis::from(digit.saturating_sub(b'0')));
    let local = utc(date, time)? + millis;
    if zone.eq_ignore_ascii_case("Z") {
        return Some(local);
    }
    let (sign, offset) = zone.split_at_checked(1)?;
    let [hours, minutes] = numbers(offset, ':')?;
    if offset.len() != 5 || hours > 23 || minutes > 59 {
        return None;
    }
    let ahead = Millis::from(hours.unsigned_abs()) * 60 * MINUTE + Millis::from(minutes.unsigned_abs()) * MINUTE;
    if sign == "+" {
        local.checked_sub(ahead)
    } else {
        Some(local + ahead)
    }
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
    fn a_time_is_read_in_any_form_of_rfc_3339() {
        for text in [
            "2026-01-19T14:32:17.123Z",
            "2026-01-19t14:32:17.123456z",
            "2026-01-19 15:32:17.123+01:00",
            "2026-01-19T09:02:17.123-05:30",
        ] {
            assert_eq!(from_iso8601(text), Some(1_768_833_137_123), "{text}");
        }
        assert_eq!(from_iso8601("2026-01-19T14:32:17.1Z"), Some(1_768_833_137_100));
        assert_eq!(
            from_iso8601("2016-12-31T23:59:60Z"),
            from_iso8601("2016-12-31T23:59:59Z")
        );
        for text in [
            "",
            "2026-01-19",
            "2026-01-19T14:32:17",
            "2026-01-19T14:32Z",
            "2026-02-30T00:00:00Z",
            "2026-01-19T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2026-1-19T14:32:17Z",
            "+026-01-19T14:32:17Z",
            "2026-01-19T14:32:17.Z",
            "2026-01-19T14:32:17.12xZ",
            "2026-01-19T14:32:17.12\u{e9}Z",
            "2026-01-19T14:32:17+1:00",
            "2026-01-19T14:32:17+24:00",
            "2026-01-19T14:32:17Z[UTC]",
        ] {
            assert_eq!(from_iso8601(text), None, "{text}");
        }
    }

    #[test]
    fn formats_as_the_wire_wants_it() {
        assert_eq!(iso8601(1_768_833_137_123), "2026-01-19T14:32:17.123Z");
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso8601(u64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
