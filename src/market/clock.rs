//! Time in the core: a number passed in with every input. Nothing in the core reads a clock.

use jiff::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_the_wire_wants_it() {
        assert_eq!(iso8601(1_768_833_137_123), "2026-01-19T14:32:17.123Z");
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso8601(u64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
