//! Time as the core knows it: a number handed in with every input. Nothing in the core reads a clock.

use chrono::{DateTime, SecondsFormat};

/// Milliseconds since the Unix epoch, UTC; also a span of milliseconds where the name says so.
pub type Millis = u64;

/// One second, as a span.
pub const SECOND: Millis = 1_000;
/// One minute, as a span.
pub const MINUTE: Millis = 60 * SECOND;
/// One UTC day, as a span.
pub const DAY: Millis = 24 * 60 * MINUTE;

/// `2026-01-19T14:32:17.123Z`; `null`-like empty text never occurs: times out of chrono's range clamp to the epoch.
#[must_use]
pub fn iso8601(at: Millis) -> String {
    i64::try_from(at)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
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
