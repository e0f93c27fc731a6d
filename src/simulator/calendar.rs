//! Trading days and hours of the exchanges, as published for 2026 to 2028. Outside these years
//! there are no holidays here.
//!
//! Sources: "NYSE Group Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar" (23
//! December 2025; Nasdaq keeps the same days), the TMX Group's calendar of the Toronto Stock
//! Exchange (tsx.com, "Calendar and Trading Hours") and Deutsche Börse's of Xetra (xetra.com,
//! "Trading Calendar"). For years that an exchange has not published yet, its rule is used. All
//! days were checked against the Python library exchange_calendars 4.13.2.

use jiff::civil::{Date, Time, date, time};
use jiff::tz::{self, TimeZone};

/// The trading days of an exchange.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// The zone of all times here. The Worker contains only the zones that this file names.
    pub(crate) zone: TimeZone,
    pub(crate) open: Time,
    close: Time,
    /// The close of a half day.
    early_close: Time,
    /// Weekdays without trading.
    holidays: &'static [Date],
    half_days: &'static [Date],
}

impl Calendar {
    /// Open and close of a day, if it is a trading day.
    pub(crate) fn hours_of(&self, day: Date) -> Option<(Time, Time)> {
        if day.weekday().to_monday_zero_offset() > 4 || self.holidays.contains(&day) {
            return None;
        }
        let is_half = self.half_days.contains(&day);
        Some((self.open, if is_half { self.early_close } else { self.close }))
    }
}

/// The New York Stock Exchange and Nasdaq.
#[rustfmt::skip]
pub(crate) static NEW_YORK: Calendar = Calendar {
    zone: tz::get!("America/New_York"),
    open: time(9, 30, 0, 0),
    close: time(16, 0, 0, 0),
    early_close: time(13, 0, 0, 0),
    holidays: &[
        date(2026, 1, 1), date(2026, 1, 19), date(2026, 2, 16), date(2026, 4, 3), date(2026, 5, 25),
        date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7), date(2026, 11, 26), date(2026, 12, 25),
        date(2027, 1, 1), date(2027, 1, 18), date(2027, 2, 15), date(2027, 3, 26), date(2027, 5, 31),
        date(2027, 6, 18), date(2027, 7, 5), date(2027, 9, 6), date(2027, 11, 25), date(2027, 12, 24),
        date(2028, 1, 17), date(2028, 2, 21), date(2028, 4, 14), date(2028, 5, 29), date(2028, 6, 19),
        date(2028, 7, 4), date(2028, 9, 4), date(2028, 11, 23), date(2028, 12, 25),
    ],
    half_days: &[
        date(2026, 11, 27), date(2026, 12, 24), date(2027, 11, 26), date(2028, 7, 3), date(2028, 11, 24),
    ],
};

/// The Toronto Stock Exchange.
#[rustfmt::skip]
pub(crate) static TORONTO: Calendar = Calendar {
    zone: tz::get!("America/Toronto"),
    open: time(9, 30, 0, 0),
    close: time(16, 0, 0, 0),
    early_close: time(13, 0, 0, 0),
    holidays: &[
        date(2026, 1, 1), date(2026, 2, 16), date(2026, 4, 3), date(2026, 5, 18), date(2026, 7, 1),
        date(2026, 8, 3), date(2026, 9, 7), date(2026, 10, 12), date(2026, 12, 25), date(2026, 12, 28),
        date(2027, 1, 1), date(2027, 2, 15), date(2027, 3, 26), date(2027, 5, 24), date(2027, 7, 1),
        date(2027, 8, 2), date(2027, 9, 6), date(2027, 10, 11), date(2027, 12, 27), date(2027, 12, 28),
        date(2028, 1, 3), date(2028, 2, 21), date(2028, 4, 14), date(2028, 5, 22), date(2028, 7, 3),
        date(2028, 8, 7), date(2028, 9, 4), date(2028, 10, 9), date(2028, 12, 25), date(2028, 12, 26),
    ],
    half_days: &[date(2026, 12, 24), date(2027, 12, 24)],
};

/// Xetra in Frankfurt.
#[rustfmt::skip]
pub(crate) static FRANKFURT: Calendar = Calendar {
    zone: tz::get!("Europe/Berlin"),
    open: time(9, 0, 0, 0),
    close: time(17, 30, 0, 0),
    early_close: time(14, 0, 0, 0),
    holidays: &[
        date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 24),
        date(2026, 12, 25), date(2026, 12, 31),
        date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29), date(2027, 12, 24), date(2027, 12, 31),
        date(2028, 4, 14), date(2028, 4, 17), date(2028, 5, 1), date(2028, 12, 25), date(2028, 12, 26),
    ],
    half_days: &[date(2026, 12, 30), date(2027, 12, 30), date(2028, 12, 29)],
};
