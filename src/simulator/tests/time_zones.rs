//! `timezone` of `/time_series`.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::hours::{local, moment};
use super::*;

fn utc(text: &str) -> Millis {
    moment(&TimeZone::UTC, text.parse().unwrap())
}

fn text(at: Millis) -> String {
    local(&TimeZone::UTC, at).to_string()
}

/// Status, candle times and message of a series of BTC/USD, which trades at all hours.
fn series(parameters: &str, now: &str) -> (u16, Vec<String>, String) {
    let now = utc(now);
    let mut exchange = Exchange::new(Settings::default(), 42, now);
    let query = format!("symbol=BTC/USD&interval=1h&order=asc&{parameters}");
    let reply = exchange.rest("/time_series", &query, None, now);
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let rows = body["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let times = rows.iter().map(|row| row["datetime"].as_str().unwrap().to_owned());
    let message = body["message"].as_str().unwrap_or_default().to_owned();
    (reply.status, times.collect(), message)
}

#[test]
fn candles_are_told_in_any_zone_across_its_changes() {
    for (zone, now, expected) in [
        ("Asia/Tokyo", "2026-01-14T16:00:00", ["00:00", "01:00"]),
        ("asia/tokyo", "2026-01-14T16:00:00", ["00:00", "01:00"]),
        ("Asia/Kolkata", "2026-07-14T16:00:00", ["20:30", "21:30"]),
        // Half an hour of daylight saving: 02:00 becomes 01:30 again on 5 April 2026, and 02:30 on
        // 4 October.
        ("Australia/Lord_Howe", "2026-04-04T15:00:00", ["01:00", "01:30"]),
        ("Australia/Lord_Howe", "2026-10-03T16:00:00", ["01:30", "03:00"]),
        ("America/New_York", "2026-03-08T07:00:00", ["01:00", "03:00"]),
        ("America/New_York", "2026-11-01T06:00:00", ["01:00", "01:00"]),
        ("America/Toronto", "2026-11-01T06:00:00", ["01:00", "01:00"]),
        ("Europe/London", "2026-03-29T01:00:00", ["00:00", "02:00"]),
        ("UTC", "2026-03-29T01:00:00", ["00:00", "01:00"]),
        ("Exchange", "2026-03-29T01:00:00", ["00:00", "01:00"]),
    ] {
        let (status, times, message) = series(&format!("timezone={zone}&outputsize=2"), now);
        assert_eq!((status, message.as_str()), (200, ""), "{zone}");
        let hours: Vec<&str> = times.iter().map(|time| &time[11..16]).collect();
        assert_eq!(hours, expected, "{zone} {now}: {times:?}");
    }
}

#[test]
fn dates_are_read_in_the_zone_that_is_asked_for() {
    for (zone, start, end, expected) in [
        (
            "Asia/Tokyo",
            "2026-01-14",
            "2026-01-14 02:00:00",
            vec!["2026-01-14 00:00:00", "2026-01-14 01:00:00"],
        ),
        // The candles of full UTC hours.
        (
            "Asia/Kolkata",
            "2026-01-14T00:00:00",
            "2026-01-14T02:00:00",
            vec!["2026-01-14 00:30:00", "2026-01-14 01:30:00"],
        ),
        // The repeated hour is in the range, with both of its candles.
        (
            "America/New_York",
            "2026-11-01 01:00:00",
            "2026-11-01 03:00:00",
            vec!["2026-11-01 01:00:00", "2026-11-01 01:00:00", "2026-11-01 02:00:00"],
        ),
        // 2:30 does not exist that night and means 3:30.
        (
            "America/New_York",
            "2026-03-08 02:30:00",
            "2026-03-08 05:00:00",
            vec!["2026-03-08 04:00:00"],
        ),
    ] {
        let (status, times, message) = series(
            &format!("timezone={zone}&start_date={start}&end_date={end}"),
            "2026-12-01T00:00:00",
        );
        assert_eq!((status, message.as_str()), (200, ""), "{zone}");
        assert_eq!(times, expected, "{zone}");
    }
}

#[test]
fn a_reading_of_a_clock_is_turned_into_the_moment() {
    for (zone, local, expected) in [
        ("Asia/Tokyo", "2026-01-14T00:00:00", "2026-01-13T15:00:00"),
        ("Asia/Kolkata", "2026-01-14T00:00:00", "2026-01-13T18:30:00"),
        // Shown twice: the first time counts.
        ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00"),
        ("America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00"),
        // Never shown: as if the clock had not been changed yet.
        ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00"),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00"),
        // Hours after and before a change.
        ("America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00"),
        ("America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59"),
        ("America/New_York", "2026-03-08T23:00:00", "2026-03-09T03:00:00"),
    ] {
        let clocks = TimeZoneDatabase::bundled().get(zone).unwrap();
        assert_eq!(
            text(moment(&clocks, local.parse().unwrap())),
            expected,
            "{zone} {local}"
        );
    }
}

#[test]
fn a_name_that_is_no_zone_is_refused_with_what_is_right() {
    for zone in ["Asia/Tokio", "Nowhere", "+09:00", "9", "%20"] {
        let (status, _, message) = series(&format!("timezone={zone}"), "2026-01-14T16:00:00");
        assert_eq!(status, 400, "{zone}");
        assert!(message.starts_with("Invalid **timezone** provided: "), "{message}");
        assert!(
            message.contains("Exchange, UTC") && message.contains("Asia/Tokyo"),
            "{message}"
        );
    }
}
