//! `/time_series`: candles of a minute to a month. The caller decides which time zones there are.

use crate::market::civil;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

use super::exchange::Exchange;
use super::faults::Switches;
use super::hours::{Hours, local, moment};
use super::instruments::Instrument;
use super::json::{Json, Object};
use super::market::{Candle, Market};
use super::quote::{mic_code, venue, with_currencies};
use super::rest::{Failure, Query};
use super::{MINUTE, Millis};

/// Most candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// The length of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    Minutes(u64),
    Day,
    Week,
    Month,
}

/// Finds a time zone by its name.
pub(super) type Zones = fn(&str) -> Result<TimeZone, Failure>;

impl<F: Switches> Exchange<F> {
    pub(super) fn time_series(
        &self,
        instrument: &Instrument,
        query: &Query,
        zones: Zones,
        now: Millis,
    ) -> Result<Json, Failure> {
        let written = query.get("interval").unwrap_or_default();
        let interval = Interval::named(written).ok_or_else(|| {
            Failure::new(
                400,
                format!(
                    "Invalid **interval** provided: {written}. Supported intervals: 1min, 5min, 15min, 30min, 45min, 1h, \
                     2h, 4h, 8h, 1day, 1week, 1month"
                ),
            )
        })?;
        let from = query.get("start_date");
        let count = match query.get("outputsize").map(str::parse::<usize>) {
            None if from.is_some() => MOST_CANDLES,
            None => 30,
            Some(Ok(count)) if (1..=MOST_CANDLES).contains(&count) => count,
            _ => {
                return Err(Failure::new(
                    400,
                    "Invalid **outputsize** provided. It should be an integer between 1 and 5000",
                ));
            }
        };
        let hours = self.market.hours(instrument);
        let own_zone = instrument.hours.zone();
        let is_pair = instrument.class.is_pair();
        let named = match query
            .get("timezone")
            .filter(|name| !name.eq_ignore_ascii_case("exchange"))
        {
            Some(name) => Some(zones(name)?),
            None => None,
        };
        let zone = named.as_ref().unwrap_or(own_zone);
        let bound = |date: Option<&str>, otherwise: Millis| match date {
            None => Ok(otherwise),
            Some(text) => {
                let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
                let seconds = if time.len() == 5 { ":00" } else { "" };
                let local = civil(date, &format!("{time}{seconds}"));
                let wrong = || Failure::new(400, format!("Invalid date provided: {text}."));
                local.map(|local| moment(zone, local)).ok_or_else(wrong)
            }
        };
        let range = (bound(from, 0)?, bound(query.get("end_date"), now.saturating_add(1))?);
        let mut candles = self.market.candles(instrument, interval, range, count, now);
        if candles.is_empty() {
            return Err(Failure::new(
                400,
                "No data is available on the specified dates. Try setting different start/end dates.",
            ));
        }
        if query
            .get("order")
            .is_some_and(|order| order.eq_ignore_ascii_case("asc"))
        {
            candles.reverse();
        }
        let with_time = matches!(interval, Interval::Minutes(_));
        // A day belongs to the venue's calendar, whatever zone was asked for.
        let zone = if with_time { zone } else { hours.zone() };
        let time = |local: DateTime| match with_time {
            true => datetime(local),
            false => local.date().to_string(),
        };
        let places = query
            .get("dp")
            .and_then(|dp| dp.parse::<usize>().ok())
            .unwrap_or(usize::from(instrument.decimals))
            .min(11);
        let row = |candle: &Candle| {
            let number = |value: f64| format!("{value:.places$}");
            Object::default()
                .with("datetime", time(local(zone, candle.at)))
                .with("open", number(candle.open))
                .with("high", number(candle.high))
                .with("low", number(candle.low))
                .with("close", number(candle.close))
                .with_some(
                    "volume",
                    candle.volume.filter(|_| !is_pair).map(|volume| volume.to_string()),
                )
                .into()
        };
        let values: Vec<Json> = candles.iter().map(row).collect();
        let meta = Object::default()
            .with("symbol", instrument.symbol)
            .with("interval", written.to_owned());
        let meta = with_currencies(meta, instrument)
            .with_some("exchange_timezone", own_zone.iana_name().filter(|_| !is_pair))
            .with_some("exchange", venue(instrument))
            .with_some("mic_code", mic_code(instrument))
            .with("type", instrument.class.name());
        let answer = Object::default()
            .with("meta", meta)
            .with("values", values)
            .with("status", "ok");
        Ok(answer.into())
    }
}

impl Market {
    /// At most `count` candles that start in `from..to`, newest first. The one at `now` is
    /// incomplete.
    fn candles(
        &self,
        instrument: &Instrument,
        interval: Interval,
        (from, to): (Millis, Millis),
        count: usize,
        now: Millis,
    ) -> Vec<Candle> {
        let hours = self.hours(instrument);
        let mut reader = self.reader(instrument);
        let mut candles = Vec::new();
        let mut within = to.saturating_sub(1).min(now);
        // Closed hours are skipped, so more periods are visited than candles made: a minute series
        // of a share passes about 5 closed minutes for each open one.
        for _ in 0..count.saturating_mul(8).saturating_add(8_000) {
            let Some((start, end)) = interval.period(hours, within) else {
                break;
            };
            if candles.len() >= count || start < from {
                break;
            }
            let open = hours.next_open(start);
            if open < end && open <= now {
                let close = hours.last_trade(end.min(now)).max(open);
                let mut candle = reader.candle(open, close);
                candle.at = if matches!(interval, Interval::Minutes(_)) {
                    open
                } else {
                    start
                };
                if (start..end).contains(&now) {
                    candle = self.with_pin(instrument, candle);
                }
                candles.push(candle);
            }
            let Some(before) = start.checked_sub(1) else {
                break;
            };
            within = before;
        }
        candles
    }
}

impl Interval {
    /// The intervals of `/time_series`.
    pub(crate) fn named(name: &str) -> Option<Interval> {
        Some(match name {
            "1min" => Interval::Minutes(1),
            "5min" => Interval::Minutes(5),
            "15min" => Interval::Minutes(15),
            "30min" => Interval::Minutes(30),
            "45min" => Interval::Minutes(45),
            "1h" => Interval::Minutes(60),
            "2h" => Interval::Minutes(120),
            "4h" => Interval::Minutes(240),
            "8h" => Interval::Minutes(480),
            "1day" => Interval::Day,
            "1week" => Interval::Week,
            "1month" => Interval::Month,
            _ => return None,
        })
    }

    /// Start and end of the period that contains `at`, in the venue's local time.
    fn period(self, hours: Hours, at: Millis) -> Option<(Millis, Millis)> {
        let zone = hours.zone();
        let now = local(zone, at);
        let today = now.date();
        let (first, next) = match self {
            Interval::Minutes(minutes) => {
                let step = minutes * MINUTE;
                let opening = now.with().time(hours.opening()).build().ok()?;
                let since_opening = now.duration_since(opening).as_millis();
                let into = u64::try_from(since_opening.rem_euclid(i128::from(step))).ok()?;
                let start = at.saturating_sub(into);
                return Some((start, start + step));
            }
            Interval::Day => (today, today.tomorrow().ok()?),
            Interval::Week => {
                let next = today.nth_weekday(1, Weekday::Monday).ok()?;
                (next.nth_weekday(-1, Weekday::Monday).ok()?, next)
            }
            Interval::Month => (today.first_of_month(), today.last_of_month().tomorrow().ok()?),
        };
        let midnight = |day: Date| moment(zone, day.to_datetime(Time::midnight()));
        Some((midnight(first), midnight(next)))
    }
}

/// For example `2026-01-19 14:32:00`.
pub(super) fn datetime(local: DateTime) -> String {
    format!("{} {}", local.date(), local.time())
}

/// UTC and the zones of the exchanges here: all that the Worker has.
pub(super) fn venue_zone(name: &str) -> Result<TimeZone, Failure> {
    [Hours::Always, Hours::NewYork, Hours::Toronto, Hours::Frankfurt]
        .map(Hours::zone)
        .into_iter()
        .find(|zone| zone.iana_name().is_some_and(|one| one.eq_ignore_ascii_case(name)))
        .cloned()
        .ok_or_else(|| unknown_zone(name, "America/New_York, America/Toronto or Europe/Berlin"))
}

/// `others`: what is right beside `Exchange` and `UTC`.
pub(super) fn unknown_zone(name: &str, others: &str) -> Failure {
    Failure::new(
        400,
        format!("Invalid **timezone** provided: {name}. It should be Exchange, UTC, {others}"),
    )
}
