//! `/api/history?symbol=AAPL&interval=5min`: the bars of one symbol, as JSON or CSV. Pages that
//! draw the same chart within seconds share a browser's copy of the answer.

use super::parameters::{Parameters, bad, listed, prefers_csv, shown};
use super::route::{Asked, Route, Show};
use super::{Problem, Reply};
use crate::dialect::event::whole;
use crate::hub::{Answer, History, HistoryQuestion, Question};
use crate::market::{Bar, BarSource, Gap, Interval, Millis, SECOND, from_iso8601, iso8601, scale_for, steps};
use serde::{Serialize, Serializer};
use std::fmt::Write;

pub(super) const ROUTE: Route = Route {
    path: "/api/history",
    parameters: &["symbol", "interval", "limit", "before", "format", "server"],
    hint: "the parameters are symbol, interval, limit, before, format and server, as in /api/history?symbol=AAPL&interval=5min&limit=100",
    asks,
};

/// The parameter that says what the `Accept` header of a request says, if that decides the form of the
/// answer. A relay adds it to the request that it passes on. `query`: its parts, encoded.
#[must_use]
pub fn accepted_format(path: &str, query: &[&str], accept: &str) -> Option<&'static str> {
    let is_said = query.iter().any(|part| part.starts_with("format="));
    (path == ROUTE.path && !is_said && prefers_csv(accept)).then_some("format=csv")
}

const USUAL_BARS: usize = 500;
pub(super) const MOST_BARS: usize = 5_000;
/// Prices have at least this many decimals.
const LEAST_SCALE: u8 = 2;

fn asks(parameters: &Parameters) -> Result<Asked, Problem> {
    let question = HistoryQuestion {
        instrument: parameters.symbol()?,
        interval: parameters.one("interval")?.map_or(Ok(Interval::Minute), interval)?,
        limit: parameters.limit("limit", USUAL_BARS, MOST_BARS)?,
        before: parameters.one("before")?.map(time).transpose()?,
    };
    let show = if parameters.wants_csv()? { Show(csv) } else { Show(json) };
    Ok(Asked::Hub(Question::History(question), show))
}

pub(super) fn interval(name: &str) -> Result<Interval, Problem> {
    let all = || listed(&Interval::ALL.map(Interval::name), "or");
    let unknown = || bad(format!("interval {} is unknown: use {}", shown(name), all()));
    Interval::named(name).map_or_else(unknown, Ok)
}

/// A time from 1970 to 9999, in ISO 8601 or in seconds since 1970.
fn time(text: &str) -> Result<Millis, Problem> {
    const LAST: u64 = 253_402_207_200;
    let since_1970 = match text.parse::<u64>() {
        Ok(seconds) => (seconds <= LAST).then_some(seconds * SECOND),
        Err(_) => from_iso8601(text),
    };
    let right = "ISO 8601, such as 2026-01-19T14:32:00Z, or whole seconds since 1970, such as 1768833120";
    let wrong = || bad(format!("before {} is not a time: use {right}", shown(text)));
    since_1970.map_or_else(wrong, Ok)
}

fn reply(answer: &Answer, shown: fn(&History) -> Reply) -> Option<Reply> {
    let Answer::History(history) = answer else {
        return None;
    };
    if history.bars.is_empty() && history.is_refused {
        let reason = history.reason.as_deref().unwrap_or("this symbol is not served");
        return Some(Problem::NotFound(reason.to_owned()).reply());
    }
    let reply = shown(history).with_header("Cache-Control", "private, max-age=5");
    Some(reply.with_header("Vary", "Accept-Encoding, Accept"))
}

/// The names of the bars' sources: the provider's, and the hub's. A table has no other place to say
/// that they are simulated.
fn sources(history: &History) -> [&'static str; 2] {
    if history.simulated {
        ["simulator", "hub (simulated)"]
    } else {
        [history.provider, "hub"]
    }
}

/// The place of a bar's source among [`sources`].
fn place(source: BarSource) -> usize {
    match source {
        BarSource::Provider => 0,
        BarSource::Hub => 1,
    }
}

fn json(answer: &Answer) -> Option<Reply> {
    reply(answer, |history| {
        let prices = history
            .bars
            .iter()
            .flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]);
        let scale = scale_for(prices, LEAST_SCALE);
        let body = Body {
            ok: true,
            symbol: &history.symbol,
            interval: history.interval.name(),
            simulated: history.simulated,
            scale,
            currency: history.currency.as_deref(),
            timezone: history.timezone.as_deref(),
            columns: ["time", "open", "high", "low", "close", "volume", "from"],
            bars: Bars(&history.bars, scale),
            sources: sources(history),
            gaps: history.gaps.iter().map(gap).collect(),
            running: history.running.map(|at| at / SECOND),
            more: history.more,
            before: history.bars.first().map(|bar| bar.time / SECOND),
            reason: history.reason.as_deref(),
            retry_at: history.retry_at.map(iso8601),
        };
        Reply::json_as_of(&body, history.as_of)
    })
}

/// Times are in seconds since 1970, except `retry_at`.
#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    symbol: &'a str,
    interval: &'a str,
    simulated: bool,
    scale: Option<u8>,
    currency: Option<&'a str>,
    timezone: Option<&'a str>,
    columns: [&'a str; 7],
    bars: Bars<'a>,
    sources: [&'a str; 2],
    gaps: Vec<(u64, u64, &'a str)>,
    running: Option<u64>,
    more: bool,
    before: Option<u64>,
    reason: Option<&'a str>,
    retry_at: Option<String>,
}

fn gap(gap: &Gap) -> (u64, u64, &str) {
    (gap.from / SECOND, gap.to / SECOND, &gap.reason)
}

/// Bars as rows of [`Body::columns`], written into the body one by one.
struct Bars<'a>(&'a [Bar], Option<u8>);

impl Serialize for Bars<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let price = |value| Price(value, self.1);
        let row = |bar: &Bar| {
            let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(price);
            let time = bar.time / SECOND;
            Row(time, open, high, low, close, bar.volume, place(bar.source))
        };
        serializer.collect_seq(self.0.iter().map(row))
    }
}

#[derive(Serialize)]
struct Row(
    u64,
    Price,
    Price,
    Price,
    Price,
    #[serde(serialize_with = "whole")] Option<f64>,
    usize,
);

/// A price as an integer at the scale; without a scale, as it is.
struct Price(f64, Option<u8>);

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1.and_then(|scale| steps(self.0, scale)) {
            Some(steps) => serializer.serialize_i64(steps),
            None => serializer.serialize_f64(self.0),
        }
    }
}

/// One line for each bar, with plain prices; it has no place for gaps and reasons.
fn csv(answer: &Answer) -> Option<Reply> {
    reply(answer, |history| {
        let sources = sources(history);
        let mut body = String::from("time,open,high,low,close,volume,source\n");
        for bar in &history.bars {
            let (time, source) = (iso8601(bar.time), sources.get(place(bar.source)).unwrap_or(&""));
            let volume = bar.volume.map(|volume| volume.to_string()).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(
                body,
                "{time},{},{},{},{},{volume},{source}",
                bar.open, bar.high, bar.low, bar.close
            );
        }
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        };
        let symbol: String = history.symbol.chars().map(safe).collect();
        let name = format!("attachment; filename=\"{symbol}-{}.csv\"", history.interval.name());
        let reply = Reply::new(200, "text/csv; charset=utf-8", body).tagged();
        reply.with_header("Content-Disposition", &name)
    })
}
