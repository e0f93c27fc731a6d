//! When a market trades: exchanges by their calendars, forex by its week, crypto always.
//!
//! jiff provides time zones and daylight saving; nothing here reads a clock.

use std::iter::successors;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

use super::calendar::{Calendar, FRANKFURT, NEW_YORK, TORONTO};
use super::{DAY, Millis};

/// The trading hours of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hours {
    /// Every hour of every day; a session is a UTC day.
    Always,
    /// From Sunday 17:00 to Friday 17:00 in New York; a session is a UTC day.
    Forex,
    /// The trading days of New York.
    NewYork,
    /// The trading days of Toronto.
    Toronto,
    /// The trading days of Frankfurt.
    Frankfurt,
}

/// The session at a given time: the current one, or the last one if the market is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) open: Millis,
    /// End of the session, exclusive.
    pub(crate) close: Millis,
    /// End of the previous session: when the previous close was made.
    pub(crate) previous_close: Millis,
}

impl Hours {
    pub(crate) fn is_open(self, at: Millis) -> bool {
        match self {
            Hours::Always => true,
            Hours::Forex => forex_weekend(at).is_none(),
            Hours::NewYork | Hours::Toronto | Hours::Frankfurt => {
                let session = self.session(at);
                (session.open..session.close).contains(&at)
            }
        }
    }

    /// The time of the last trade at or before `at`: `at` itself while the market is open,
    /// otherwise its last close.
    pub(crate) fn last_trade(self, at: Millis) -> Millis {
        match self {
            Hours::Always => at,
            Hours::Forex => forex_weekend(at).map_or(at, |(friday, _)| friday),
            Hours::NewYork | Hours::Toronto | Hours::Frankfurt => at.min(self.session(at).close),
        }
    }

    /// The session at `at`, or the last one before it.
    pub(crate) fn session(self, at: Millis) -> Session {
        let Some(calendar) = self.calendar() else {
            let open = self.last_trade(at) / DAY * DAY;
            return Session {
                open,
                close: open + DAY,
                previous_close: self.last_trade(open),
            };
        };
        let today = local(&calendar.zone, at).date();
        let mut sessions = successors(Some(today), |day| day.yesterday().ok())
            .filter_map(|day| calendar.session_on(day))
            .skip_while(|(open, _)| *open > at);
        let (open, close) = sessions.next().unwrap_or_default();
        Session {
            open,
            close,
            previous_close: sessions.next().map_or(0, |(_, close)| close),
        }
    }

    /// The first time at or after `at` when the market is open.
    pub(crate) fn next_open(self, at: Millis) -> Millis {
        if self.is_open(at) {
            return at;
        }
        let Some(calendar) = self.calendar() else {
            return forex_weekend(at).map_or(at, |(_, sunday)| sunday);
        };
        let today = local(&calendar.zone, at).date();
        successors(Some(today), |day| day.tomorrow().ok())
            .filter_map(|day| calendar.session_on(day))
            .map(|(open, _)| open)
            .find(|open| *open >= at)
            .unwrap_or(at)
    }

    /// The stretches of trade in `from..=to`, in order: what is left of the range without nights,
    /// weekends and holidays.
    pub(crate) fn stretches(self, from: Millis, to: Millis) -> impl Iterator<Item = (Millis, Millis)> {
        let stretch = move |from: Millis| {
            let open = self.next_open(from);
            (open <= to).then(|| (open, self.closing(open).min(to)))
        };
        successors(stretch(from), move |(_, close)| {
            let next = (*close < to).then(|| stretch(*close)).flatten();
            // Beyond the calendar's last year nothing opens any more.
            next.filter(|next| next.1 > *close)
        })
    }

    /// When an open market closes next.
    fn closing(self, at: Millis) -> Millis {
        match self {
            Hours::Always => Millis::MAX,
            Hours::Forex => {
                let zone = &NEW_YORK.zone;
                let today = local(zone, at).date();
                successors(Some(today), |day| day.tomorrow().ok())
                    .find(|day| day.weekday() == Weekday::Friday)
                    .map_or(Millis::MAX, |friday| moment(zone, friday.to_datetime(FOREX_TURN)))
            }
            Hours::NewYork | Hours::Toronto | Hours::Frankfurt => self.session(at).close,
        }
    }

    /// The time zone of the venue.
    pub(crate) fn zone(self) -> &'static TimeZone {
        static UTC: TimeZone = TimeZone::UTC;
        self.calendar().map_or(&UTC, |calendar| &calendar.zone)
    }

    /// The time of day at which sessions start: the origin of intraday candles.
    pub(crate) fn opening(self) -> Time {
        self.calendar().map_or(Time::midnight(), |calendar| calendar.open)
    }

    fn calendar(self) -> Option<&'static Calendar> {
        match self {
            Hours::Always | Hours::Forex => None,
            Hours::NewYork => Some(&NEW_YORK),
            Hours::Toronto => Some(&TORONTO),
            Hours::Frankfurt => Some(&FRANKFURT),
        }
    }
}

impl Calendar {
    fn session_on(&self, day: Date) -> Option<(Millis, Millis)> {
        let (open, close) = self.hours_of(day)?;
        let at = |time| moment(&self.zone, day.to_datetime(time));
        Some((at(open), at(close)))
    }
}

/// When forex closes on Friday and opens on Sunday, in New York.
const FOREX_TURN: Time = Time::constant(17, 0, 0, 0);

/// The weekend pause of forex that contains `at`, if any: its start (Friday 17:00 New York) and end
/// (Sunday 17:00 New York).
fn forex_weekend(at: Millis) -> Option<(Millis, Millis)> {
    let zone = &NEW_YORK.zone;
    let today = local(zone, at).date();
    let friday = successors(Some(today), |day| day.yesterday().ok()).find(|day| day.weekday() == Weekday::Friday)?;
    let sunday = friday.tomorrow().ok()?.tomorrow().ok()?;
    let (start, end) = (
        moment(zone, friday.to_datetime(FOREX_TURN)),
        moment(zone, sunday.to_datetime(FOREX_TURN)),
    );
    (start..end).contains(&at).then_some((start, end))
}

/// The local time at `at`.
pub(crate) fn local(zone: &TimeZone, at: Millis) -> DateTime {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    zone.to_datetime(at.unwrap_or(Timestamp::MAX))
}

/// The time at which the local clock shows `local`. If it shows it twice, the first time counts. If
/// a change of clocks skips it, the offset before the change applies: 2:30, where 2:00 becomes
/// 3:00, means 3:30 (RFC 5545, 3.3.5).
pub(crate) fn moment(zone: &TimeZone, local: DateTime) -> Millis {
    let at = zone.to_timestamp(local).unwrap_or(Timestamp::UNIX_EPOCH);
    Millis::try_from(at.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Millis {
        moment(&TimeZone::UTC, text.parse().unwrap())
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
            // Thanksgiving, and the half day after it.
            ("2026-11-26T15:00:00", false),
            ("2026-11-27T17:59:59", true),
            ("2026-11-27T18:00:00", false),
        ] {
            assert_eq!(Hours::NewYork.is_open(utc(at)), open, "{at}");
        }
    }

    #[test]
    fn each_exchange_has_holidays_of_its_own() {
        for (at, [new_york, toronto, frankfurt]) in [
            // Canada Day, the observed Independence Day of 2026, and the Civic Holiday.
            ("2026-07-01T14:00:00", [true, false, true]),
            ("2026-07-03T14:00:00", [false, true, true]),
            ("2026-08-03T14:00:00", [true, false, true]),
            // Easter Monday, Labour Day in Europe, the last days of the year.
            ("2027-03-29T14:00:00", [true, true, false]),
            ("2028-05-01T14:00:00", [true, true, false]),
            ("2026-12-30T12:59:59", [false, false, true]),
            ("2026-12-30T14:30:00", [true, true, false]),
            ("2027-12-24T15:00:00", [false, true, false]),
            ("2027-12-24T18:00:00", [false, false, false]),
        ] {
            for (hours, open) in [
                (Hours::NewYork, new_york),
                (Hours::Toronto, toronto),
                (Hours::Frankfurt, frankfurt),
            ] {
                assert_eq!(hours.is_open(utc(at)), open, "{hours:?} {at}");
            }
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
        // Monday is Martin Luther King Day.
        assert_eq!(Hours::NewYork.next_open(saturday), utc("2026-01-20T14:30:00"));
        assert_eq!(Hours::Forex.last_trade(saturday), utc("2026-01-16T22:00:00"));
        assert_eq!(Hours::Forex.next_open(saturday), utc("2026-01-18T22:00:00"));
        assert_eq!(Hours::Always.last_trade(saturday), saturday);
        assert!(Hours::Frankfurt.is_open(utc("2026-01-16T08:00:00")));
    }

    #[test]
    fn the_previous_close_is_the_end_of_the_session_before() {
        let tuesday = utc("2026-01-20T15:00:00");
        assert_eq!(
            Hours::NewYork.session(tuesday).previous_close,
            utc("2026-01-16T21:00:00")
        );
        let before_open = utc("2026-01-20T14:00:00");
        assert_eq!(
            Hours::NewYork.session(before_open).previous_close,
            utc("2026-01-15T21:00:00")
        );
        assert_eq!(
            Hours::Always.session(tuesday).previous_close,
            utc("2026-01-20T00:00:00")
        );
        let sunday_night = utc("2026-01-18T23:00:00");
        assert_eq!(
            Hours::Forex.session(sunday_night).previous_close,
            utc("2026-01-16T22:00:00")
        );
    }
}
