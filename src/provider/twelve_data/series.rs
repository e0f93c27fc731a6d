//! Twelve Data's REST `/time_series`: bars of one symbol.

use super::event::{clean_all, price, volume};
use super::lenient::{self, Item};
use super::refusal::read_answer;
use super::rest::answered_for;
use crate::market::{Bar, BarSource, Instrument, Interval, Millis, utc};
use crate::provider::{CallError, Refusal, Secret, Series};
use serde::Deserialize;

/// Most bars of an answer; the provider sends no more.
pub(super) const MOST_BARS: usize = 5_000;
/// No bar is of the year 2100 or later.
const LATEST: Millis = 4_102_444_800_000;
/// The answer, with code 400, for a symbol that has no bars.
const NO_BARS: &str = "No data is available on the specified dates";

/// Parses the answer to a call for the bars of `requested`, which was made with `timezone=UTC`. The
/// bars are in order of time, each time once, at most 5,000. Impossible ones are left out.
///
/// # Errors
/// [`CallError`]; also if the provider refused the symbol, or answered for another one.
pub fn parse_series(
    requested: &Instrument,
    interval: Interval,
    http_status: u16,
    body: &str,
    secret: &Secret,
) -> Result<Series, CallError> {
    let answer: Answer = match read_answer(http_status, body, secret) {
        Err(CallError::Refused(Refusal::Request(text))) if text.starts_with(NO_BARS) => return Ok(Series::default()),
        answer => answer?,
    };
    let mut meta = answer.meta.and_then(Item::read).unwrap_or_default();
    let elsewhere = |text| Err(CallError::Refused(Refusal::Server(text)));
    if let Some(other) = meta.symbol.filter(|symbol| !requested.is_about(symbol)) {
        return elsewhere(answered_for(&other, secret));
    }
    let told = meta.interval.and_then(|name| Interval::named(&name));
    if let Some(other) = told.filter(|told| *told != interval) {
        return elsewhere(format!("it answered with bars of {} instead", other.name()));
    }
    let values = answer.values.ok_or(CallError::Unreadable)?;
    let mut bars: Vec<Bar> = values
        .into_iter()
        .filter_map(|value| value.read()?.into_bar(interval))
        .collect();
    bars.sort_by_key(|bar| bar.time);
    // Of two bars of one time, the one that came last in the answer.
    bars.dedup_by(|later, kept| {
        let is_same = later.time == kept.time;
        if is_same {
            *kept = *later;
        }
        is_same
    });
    bars.drain(..bars.len().saturating_sub(MOST_BARS));
    clean_all(
        secret,
        [
            &mut meta.currency,
            &mut meta.exchange,
            &mut meta.mic_code,
            &mut meta.kind,
            &mut meta.exchange_timezone,
        ],
    );
    Ok(Series {
        bars,
        currency: meta.currency,
        exchange: meta.exchange,
        mic_code: meta.mic_code,
        kind: meta.kind,
        timezone: meta.exchange_timezone,
    })
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    meta: Option<Item<Meta>>,
    #[serde(default, deserialize_with = "lenient::some_list")]
    values: Option<Vec<Item<Value>>>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "lenient::words")]
    symbol: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    interval: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    exchange: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    mic_code: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::words")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    exchange_timezone: Option<String>,
}

#[derive(Deserialize)]
struct Value {
    #[serde(default, deserialize_with = "lenient::words")]
    datetime: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    open: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    high: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    low: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    close: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    volume: Option<f64>,
}

impl Value {
    /// The bar, if it can be one.
    fn into_bar(self, interval: Interval) -> Option<Bar> {
        let time = moment(&self.datetime?)?;
        let bar = Bar {
            time: match interval {
                Interval::Minute | Interval::Day => time - time % interval.length(),
                Interval::FiveMinutes | Interval::QuarterHour | Interval::Hour | Interval::FourHours => time,
            },
            open: price(self.open).ok()?,
            high: price(self.high).ok()?,
            low: price(self.low).ok()?,
            close: price(self.close).ok()?,
            volume: volume(self.volume),
            source: BarSource::Provider,
        };
        bar.is_sound().then_some(bar)
    }
}

/// The time of `2026-08-13 15:59:00` or `2026-08-13` in UTC, from 1970 to 2099.
fn moment(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    utc(date, time).filter(|at| *at < LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{DAY, MINUTE};

    /// 2026-08-13T15:58:00Z
    const START: Millis = 1_786_636_680_000;

    fn parse_series(symbol: &str, interval: Interval, status: u16, body: &str) -> Result<Series, CallError> {
        let secret = Secret::new("SECRETKEY123456");
        super::parse_series(&Instrument::parse(symbol).unwrap(), interval, status, body, &secret)
    }

    /// The bars of an answer with these values, in minutes since [`START`] with their close.
    fn minutes(values: &str) -> Vec<(i64, f64)> {
        let body = format!(r#"{{"values":[{values}]}}"#);
        let bars = parse_series("AAPL", Interval::Minute, 200, &body).unwrap().bars;
        let minute = |time| (time as i64 - START as i64) / MINUTE as i64;
        bars.iter().map(|bar| (minute(bar.time), bar.close)).collect()
    }

    fn value(datetime: &str, close: f64) -> String {
        format!(r#"{{"datetime":"{datetime}","open":1,"high":9,"low":"1.0","close":"{close}"}}"#)
    }

    const STOCK: &str = r#"{"meta":{"symbol":"AAPL","interval":"1min","currency":"USD","exchange_timezone":"America/New_York","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock"},"values":[{"datetime":"2026-08-13 15:59:00","open":"315.10001","high":"315.24","low":"315.02","close":"315.2","volume":"18240"},{"datetime":"2026-08-13 15:58:00","open":"315","high":"315.2","low":"314.98","close":"315.1","volume":"-1"}],"status":"ok"}"#;

    #[test]
    fn bars_become_ascending() {
        let bar = |time, [open, high, low, close]: [f64; 4], volume| Bar {
            time,
            open,
            high,
            low,
            close,
            volume,
            source: BarSource::Provider,
        };
        let text = |text: &str| Some(text.to_owned());
        let expected = Series {
            bars: vec![
                bar(START, [315.0, 315.2, 314.98, 315.1], None),
                bar(START + MINUTE, [315.10001, 315.24, 315.02, 315.2], Some(18_240.0)),
            ],
            currency: text("USD"),
            exchange: text("NASDAQ"),
            mic_code: text("XNGS"),
            kind: text("Common Stock"),
            timezone: text("America/New_York"),
        };
        assert_eq!(parse_series("aapl:NASDAQ", Interval::Minute, 200, STOCK), Ok(expected));
    }

    #[test]
    fn a_day_is_the_midnight_of_its_date() {
        let body = r#"{"meta":{"symbol":"EUR/USD","interval":"1day","currency_base":"Euro","exchange":"","type":"Physical Currency"},"values":[{"datetime":"2024-02-29","open":"1.1","high":"1.2","low":"1.0","close":"1.15"},{"datetime":"1970-01-02 05:00:00","open":1,"high":1,"low":1,"close":1,"volume":null}]}"#;
        let series = parse_series("EUR/USD", Interval::Day, 200, body).unwrap();
        let times: Vec<_> = series.bars.iter().map(|bar| (bar.time, bar.volume)).collect();
        assert_eq!(times, [(DAY, None), (1_709_164_800_000, None)]);
        assert_eq!((series.exchange, series.currency), (None, None));
    }

    #[test]
    fn of_one_time_the_last_told_is_kept() {
        let time = "2026-08-13 15:58:00";
        let all = [value(time, 2.0), value("2026-08-13 15:57:00", 3.0), value(time, 4.0)];
        assert_eq!(minutes(&all.join(",")), [(-1, 3.0), (0, 4.0)]);
    }

    #[test]
    fn an_impossible_bar_costs_only_itself() {
        let mut all: Vec<String> = [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-08-13 24:00:00",
            "2026-08-13 15:58",
            "2026-08-13T15:58:00Z",
            "+2026-08-13",
            "1969-12-31",
            "2100-01-01",
            "99999-01-01",
            "1786636680",
            "2026-08-13 15:58:00+02",
        ]
        .map(|time| value(time, 2.0))
        .into();
        all.extend(
            ["0", "0.5", "10", "-2", "1e400", "NaN"].map(|close| {
                format!(r#"{{"datetime":"2026-08-13 15:58:00","open":1,"high":9,"low":1,"close":{close}}}"#)
            }),
        );
        all.extend(["7", "null", "[]", "{}", r#"{"datetime":7}"#, r#"{"open":1,"open":2}"#].map(str::to_owned));
        all.push(value("2026-08-13 15:58:00", 5.0));
        assert_eq!(minutes(&all.join(",")), [(0, 5.0)]);
    }

    #[test]
    fn the_newest_five_thousand_are_kept() {
        let values = (0..5_003).map(|minute| {
            let (day, hour, minute) = (13 + minute / 1_440, minute / 60 % 24, minute % 60);
            value(&format!("2026-08-{day} {hour:02}:{minute:02}:00"), 2.0)
        });
        let times = minutes(&values.collect::<Vec<_>>().join(","));
        assert_eq!((times.len(), times[0].0), (MOST_BARS, 3 - 15 * 60 - 58));
    }

    #[test]
    fn no_bars_are_not_a_refusal() {
        let error = |code: u16, text: &str| format!(r#"{{"code":{code},"message":"{text}","status":"error"}}"#);
        let none = error(400, "No data is available on the specified dates. Try setting others.");
        for (status, body) in [
            (400, none.as_str()),
            (200, &none),
            (200, r#"{"values":[],"status":"ok"}"#),
        ] {
            let series = parse_series("AAPL", Interval::Hour, status, body);
            assert_eq!(series, Ok(Series::default()), "{status} {body}");
        }
        let refused = |code, text: &str| match parse_series("AAPL", Interval::Hour, 200, &error(code, text)) {
            Err(CallError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(400, "no SECRETKEY123456"), Refusal::Request("no [key]".into()));
        let plan = "This symbol is available starting with the Grow plan";
        assert_eq!(refused(404, plan), Refusal::Plan(plan.into()));
    }

    #[test]
    fn an_answer_to_another_question_is_not_taken() {
        let asked = |symbol, interval| parse_series(symbol, interval, 200, STOCK);
        let instead = |text: &str| Err(CallError::Refused(Refusal::Server(text.to_owned())));
        assert_eq!(asked("MSFT", Interval::Minute), instead("it answered for AAPL instead"));
        assert_eq!(
            asked("AAPL", Interval::Day),
            instead("it answered with bars of 1min instead")
        );
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            "null",
            r#"{"values":null}"#,
            r#"{"values":{"0":{}}}"#,
        ] {
            let answer = parse_series("AAPL", Interval::Minute, 200, body);
            assert_eq!(answer, Err(CallError::Unreadable), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_parser(status in 100u16..600, body in ".*", time in ".*") {
            let _ = parse_series("AAPL", Interval::Minute, status, &body);
            let _ = moment(&time);
        }
    }
}
