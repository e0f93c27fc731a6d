//! When a market trades: New York and Frankfurt with their daylight-saving rules, the forex week, and crypto's always.
//!
//! Public holidays and half days are left out: on those days the simulated market trades like on any other weekday.

use chrono::{DateTime, Datelike, NaiveDate, Weekday};

use super::{DAY, MINUTE, Millis};

/// A trading calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hours {
    /// Every hour of every day; a session is a UTC day.
    Always,
    /// From Sunday 17:00 to Friday 17:00 in New York; a session is a UTC day.
    Forex,
    /// Weekdays 09:30 to 16:00 in New York (Toronto keeps the same hours).
    NewYork,
    /// Weekdays 09:00 to 17:30 in Frankfurt.
    Frankfurt,
}

/// The session that a moment belongs to: the current one, or the last one if the market is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    /// Start of the session.
    pub(crate) open: Millis,
    /// End of the session, the first moment that is no longer part of it.
    pub(crate) close: Millis,
    /// End of the session before: where the previous close is read.
    pub(crate) previous_close: Millis,
}

impl Hours {
    /// Whether trades happen at `at`.
    pub(crate) fn is_open(self, at: Millis) -> bool {
        match self {
            Hours::Always => true,
            Hours::Forex => forex_weekend(at).is_none(),
            Hours::NewYork | Hours::Frankfurt => {
                let session = self.session(at);
                (session.open..session.close).contains(&at)
            }
        }
    }

    /// The moment of the last trade at or before `at`: `at` itself while the market is open, else its last close.
    pub(crate) fn last_trade(self, at: Millis) -> Millis {
        match self {
            Hours::Always => at,
            Hours::Forex => forex_weekend(at).map_or(at, |(friday, _)| friday),
            Hours::NewYork | Hours::Frankfurt => at.min(self.session(at).close),
        }
    }

    /// The session at `at`, or the last one before it.
    pub(crate) fn session(self, at: Millis) -> Session {
        match self {
            Hours::Always | Hours::Forex => {
                let last = self.last_trade(at);
                let open = last / DAY * DAY;
                Session {
                    open,
                    close: open + DAY,
                    previous_close: self.last_trade(open),
                }
            }
            Hours::NewYork | Hours::Frankfurt => {
                let mut day = self.zone().local_day(at);
                let (open, close) = loop {
                    if let Some((open, close)) = self.hours_of(day)
                        && open <= at
                    {
                        break (open, close);
                    }
                    if day == 0 {
                        break (0, 0);
                    }
                    day -= 1;
                };
                let previous_close = (1..=7)
                    .find_map(|back| self.hours_of(day.checked_sub(back)?))
                    .map_or(0, |(_, close)| close);
                Session {
                    open,
                    close,
                    previous_close,
                }
            }
        }
    }

    /// The first moment at or after `at` at which the market is open.
    pub(crate) fn next_open(self, at: Millis) -> Millis {
        if self.is_open(at) {
            return at;
        }
        match self {
            Hours::Always => at,
            Hours::Forex => forex_weekend(at).map_or(at, |(_, sunday)| sunday),
            Hours::NewYork | Hours::Frankfurt => {
                let day = self.zone().local_day(at);
                (day..day + 8)
                    .filter_map(|day| self.hours_of(day))
                    .map(|(open, _)| open)
                    .find(|open| *open >= at)
                    .unwrap_or(at + DAY)
            }
        }
    }

    /// The zone in which the venue tells the time.
    pub(crate) fn zone(self) -> Zone {
        match self {
            Hours::Always | Hours::Forex => Zone::Utc,
            Hours::NewYork => Zone::NewYork,
            Hours::Frankfurt => Zone::Berlin,
        }
    }

    /// Minutes after local midnight at which the session starts: the origin of intraday candles.
    pub(crate) fn open_minute(self) -> u64 {
        match self {
            Hours::Always | Hours::Forex => 0,
            Hours::NewYork => 9 * 60 + 30,
            Hours::Frankfurt => 9 * 60,
        }
    }

    /// Open and close on a local day (days since the epoch), if it is a weekday.
    fn hours_of(self, day: u64) -> Option<(Millis, Millis)> {
        if weekend(day) {
            return None;
        }
        let minutes = match self {
            Hours::Frankfurt => 8 * 60 + 30,
            _ => 6 * 60 + 30,
        };
        let open = self.zone().to_utc(day * DAY + self.open_minute() * MINUTE);
        Some((open, open + minutes * MINUTE))
    }
}

/// The weekend's pause of forex around `at`: its start (Friday 17:00 New York) and end (Sunday 17:00 New York).
fn forex_weekend(at: Millis) -> Option<(Millis, Millis)> {
    let zone = Zone::NewYork;
    // Shifted so that the week's turn at 17:00 falls on midnight.
    let day = zone.local_day(at + 7 * 60 * MINUTE);
    let since_saturday = match weekday(day) {
        Weekday::Sat => 0,
        Weekday::Sun => 1,
        _ => return None,
    };
    let saturday = day.checked_sub(since_saturday)?;
    let seventeen = 17 * 60 * MINUTE;
    let friday = zone.to_utc(saturday.checked_sub(1)? * DAY + seventeen);
    let sunday = zone.to_utc((saturday + 1) * DAY + seventeen);
    (friday..sunday).contains(&at).then_some((friday, sunday))
}

/// A time zone with its daylight-saving rule of today (past rule changes are ignored).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// No offset.
    Utc,
    /// UTC−5, in summer UTC−4: second Sunday of March to first Sunday of November, at 02:00 local time.
    NewYork,
    /// UTC+1, in summer UTC+2: last Sunday of March to last Sunday of October, at 01:00 UTC.
    Berlin,
}

impl Zone {
    /// The IANA name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Zone::Utc => "UTC",
            Zone::NewYork => "America/New_York",
            Zone::Berlin => "Europe/Berlin",
        }
    }

    /// What a clock on the wall shows at `at`, as if it were UTC.
    pub(crate) fn local(self, at: Millis) -> Millis {
        at.saturating_add_signed(self.offset(at))
    }

    /// The moment at which a clock on the wall shows `local`. In the hour that is skipped or repeated, one of the
    /// candidates; no market opens or closes then.
    pub(crate) fn to_utc(self, local: Millis) -> Millis {
        let guess = local.saturating_add_signed(-self.offset(local));
        local.saturating_add_signed(-self.offset(guess))
    }

    /// Milliseconds ahead of UTC at `at`.
    pub(crate) fn offset(self, at: Millis) -> i64 {
        self.offset_minutes(at) * MINUTE as i64
    }

    fn local_day(self, at: Millis) -> u64 {
        self.local(at) / DAY
    }

    fn offset_minutes(self, at: Millis) -> i64 {
        let year = date(at / DAY).year();
        match self {
            Zone::Utc => 0,
            Zone::NewYork => {
                let start = sunday(year, 3, 8) + 7 * 60 * MINUTE;
                let end = sunday(year, 11, 1) + 6 * 60 * MINUTE;
                if (start..end).contains(&at) { -240 } else { -300 }
            }
            Zone::Berlin => {
                let start = sunday(year, 3, 25) + 60 * MINUTE;
                let end = sunday(year, 10, 25) + 60 * MINUTE;
                if (start..end).contains(&at) { 120 } else { 60 }
            }
        }
    }
}

/// Midnight UTC of the first Sunday on or after a date.
fn sunday(year: i32, month: u32, day: u32) -> Millis {
    let first = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let days = first.signed_duration_since(NaiveDate::default()).num_days();
    let ahead = 6 - i64::from(first.weekday().num_days_from_monday());
    u64::try_from(days + ahead).unwrap_or(0) * DAY
}

/// The calendar date of a day (days since the epoch).
pub(crate) fn date(day: u64) -> NaiveDate {
    i64::try_from(day.saturating_mul(86_400))
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .unwrap_or_default()
        .date_naive()
}

fn weekday(day: u64) -> Weekday {
    date(day).weekday()
}

fn weekend(day: u64) -> bool {
    matches!(weekday(day), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Millis {
        let at = DateTime::parse_from_rfc3339(&format!("{text}Z")).unwrap();
        u64::try_from(at.timestamp_millis()).unwrap()
    }

    #[test]
    fn new_york_opens_at_half_past_nine_local_time_in_winter_and_in_summer() {
        for (at, open) in [
            ("2026-01-14T14:29:59", false),
            ("2026-01-14T14:30:00", true),
            ("2026-01-14T20:59:59", true),
            ("2026-01-14T21:00:00", false),
            ("2026-07-15T13:29:59", false),
            ("2026-07-15T13:30:00", true),
            ("2026-07-15T20:00:00", false),
            // Daylight saving starts on Sunday 8 March and ends on Sunday 1 November 2026.
            ("2026-03-06T14:29:59", false),
            ("2026-03-06T14:30:00", true),
            ("2026-03-09T13:30:00", true),
            ("2026-10-30T13:30:00", true),
            ("2026-11-02T13:30:00", false),
            ("2026-11-02T14:30:00", true),
            // Saturday.
            ("2026-01-17T15:00:00", false),
        ] {
            assert_eq!(Hours::NewYork.is_open(utc(at)), open, "{at}");
        }
    }

    #[test]
    fn zones_change_at_the_legal_moment() {
        for (zone, at, local) in [
            (Zone::NewYork, "2026-03-08T06:59:59", "2026-03-08T01:59:59"),
            (Zone::NewYork, "2026-03-08T07:00:00", "2026-03-08T03:00:00"),
            (Zone::NewYork, "2026-11-01T05:59:59", "2026-11-01T01:59:59"),
            (Zone::NewYork, "2026-11-01T06:00:00", "2026-11-01T01:00:00"),
            (Zone::Berlin, "2026-03-29T00:59:59", "2026-03-29T01:59:59"),
            (Zone::Berlin, "2026-03-29T01:00:00", "2026-03-29T03:00:00"),
            (Zone::Berlin, "2026-10-25T01:00:00", "2026-10-25T02:00:00"),
        ] {
            assert_eq!(zone.local(utc(at)), utc(local), "{at}");
        }
    }

    #[test]
    fn a_wall_clock_reading_is_turned_back_into_the_moment() {
        for at in ["2026-03-09T13:30:00", "2026-03-06T14:30:00", "2026-11-02T21:00:00"] {
            let at = utc(at);
            assert_eq!(Zone::NewYork.to_utc(Zone::NewYork.local(at)), at);
        }
    }

    #[test]
    fn forex_rests_from_friday_to_sunday_evening_in_new_york() {
        for (at, open) in [
            ("2026-01-16T21:59:59", true),
            ("2026-01-16T22:00:00", false),
            ("2026-01-17T12:00:00", false),
            ("2026-01-18T21:59:59", false),
            ("2026-01-18T22:00:00", true),
            ("2026-07-17T20:59:59", true),
            ("2026-07-17T21:00:00", false),
            ("2026-07-19T21:00:00", true),
            // The weekend in which the clocks change is an hour shorter.
            ("2026-03-06T22:00:00", false),
            ("2026-03-08T20:59:59", false),
            ("2026-03-08T21:00:00", true),
        ] {
            assert_eq!(Hours::Forex.is_open(utc(at)), open, "{at}");
        }
    }

    #[test]
    fn a_closed_market_stands_at_its_last_close_and_names_its_next_open() {
        let saturday = utc("2026-01-17T15:00:00");
        assert_eq!(Hours::NewYork.last_trade(saturday), utc("2026-01-16T21:00:00"));
        assert_eq!(Hours::NewYork.next_open(saturday), utc("2026-01-19T14:30:00"));
        assert_eq!(Hours::Forex.last_trade(saturday), utc("2026-01-16T22:00:00"));
        assert_eq!(Hours::Forex.next_open(saturday), utc("2026-01-18T22:00:00"));
        assert_eq!(Hours::Always.last_trade(saturday), saturday);
        assert!(Hours::Frankfurt.is_open(utc("2026-01-16T08:00:00")));
    }

    #[test]
    fn the_previous_close_is_the_end_of_the_session_before() {
        let monday = utc("2026-01-19T15:00:00");
        assert_eq!(
            Hours::NewYork.session(monday).previous_close,
            utc("2026-01-16T21:00:00")
        );
        let before_open = utc("2026-01-19T14:00:00");
        assert_eq!(
            Hours::NewYork.session(before_open).previous_close,
            utc("2026-01-15T21:00:00")
        );
        assert_eq!(Hours::Always.session(monday).previous_close, utc("2026-01-19T00:00:00"));
        let sunday_night = utc("2026-01-18T23:00:00");
        assert_eq!(
            Hours::Forex.session(sunday_night).previous_close,
            utc("2026-01-16T22:00:00")
        );
    }
}
