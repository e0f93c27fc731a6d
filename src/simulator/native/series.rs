//! `/time_series`: candles of a minute to a month, told in any time zone.

use chrono::{Datelike, NaiveDate};

use super::super::exchange::Exchange;
use super::super::hours::{Hours, date};
use super::super::instruments::Instrument;
use super::super::json::{Json, Object};
use super::super::market::{Candle, Market, datetime};
use super::super::quote::{mic_code, venue};
use super::super::rest::{Failure, Query};
use super::super::{DAY, MINUTE, Millis};
use super::prices::with_currencies;
use super::zones::Clock;

/// Candles in one answer.
const MOST_CANDLES: usize = 5_000;

/// The length of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    Minutes(u64),
    Day,
    Week,
    Month,
}

impl Exchange {
    pub(super) fn time_series(&self, instrument: &Instrument, query: &Query, now: Millis) -> Result<Json, Failure> {
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
        let clock = match query.get("timezone") {
            Some(name) if !name.eq_ignore_ascii_case("exchange") => {
                Clock::named(name).ok_or_else(|| unknown_zone(name))?
            }
            _ => Clock::Venue(own_zone),
        };
        let bound = |date: Option<&str>, otherwise: Millis| match date {
            None => Ok(otherwise),
            Some(text) => match moment(text) {
                Some(local) => Ok(clock.to_utc(local)),
                None => Err(Failure::new(400, format!("Invalid date provided: {text}."))),
            },
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
        // A day belongs to the venue's calendar, whatever zone is asked for.
        let clock = if with_time { clock } else { Clock::Venue(hours.zone()) };
        let places = query
            .get("dp")
            .and_then(|dp| dp.parse::<usize>().ok())
            .unwrap_or(usize::from(instrument.decimals))
            .min(11);
        let row = |candle: &Candle| {
            let number = |value: f64| format!("{value:.places$}");
            Object::default()
                .with("datetime", datetime(clock.local(candle.at), with_time))
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
            .with_some("exchange_timezone", (!is_pair).then(|| own_zone.name()))
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
    /// At most `count` candles that start in `from..to`, the newest first. The one of `now` is
    /// still growing.
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
        // Closed hours are stepped over, so more periods are looked at than candles made: a minute
        // series of a share passes some 5 closed minutes for each open one.
        for _ in 0..count.saturating_mul(8).saturating_add(8_000) {
            let (start, end) = interval.period(hours, within);
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

    /// Start and end of the period that holds `at`, in the venue's local time.
    fn period(self, hours: Hours, at: Millis) -> (Millis, Millis) {
        let zone = hours.zone();
        let local = zone.local(at);
        let day = local / DAY;
        let (first, last) = match self {
            Interval::Minutes(minutes) => {
                let step = minutes * MINUTE;
                let origin = hours.open_minute() * MINUTE % step;
                let start = at.saturating_sub((local + step - origin) % step);
                return (start, start + step);
            }
            Interval::Day => (day, day + 1),
            Interval::Week => {
                let monday = day.saturating_sub(u64::from(date(day).weekday().num_days_from_monday()));
                (monday, monday + 7)
            }
            Interval::Month => {
                let first = day.saturating_sub(u64::from(date(day).day0()));
                let next = first + 31;
                (first, next - u64::from(date(next).day0()))
            }
        };
        (zone.to_utc(first * DAY), zone.to_utc(last * DAY))
    }
}

fn unknown_zone(name: &str) -> Failure {
    let message = format!(
        "Invalid **timezone** provided: {name}. It should be Exchange, UTC or a name of the IANA time zone database, such \
         as Asia/Tokyo"
    );
    Failure::new(400, message)
}

/// What `2026-01-19`, `2026-01-19 14:32:00` or the same with `T` says, as if it were UTC.
fn moment(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?;
    let local = date.and_hms_opt(hour, minute, second)?.and_utc();
    u64::try_from(local.timestamp_millis()).ok()
}

/// By hand: chrono's parser of formats would be 4 % of the worker's code.
fn numbers(text: &str, separator: char) -> Option<[u32; 3]> {
    let parts: Option<Vec<u32>> = text.split(separator).map(|part| part.trim().parse().ok()).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_are_what_chrono_reads(text in "(19[67]|20[0-4])[0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]") {
            let chronos = NaiveDateTime::parse_from_str(&text.replace('T', " "), "%Y-%m-%d %H:%M:%S").ok();
            let expected = chronos.and_then(|local| u64::try_from(local.and_utc().timestamp_millis()).ok());
            prop_assert_eq!(moment(&text), expected);
            let midnight = moment(&text[..10]);
            prop_assert!(expected.is_none() || midnight == expected.map(|at| at / 86_400_000 * 86_400_000));
        }
    }
}
