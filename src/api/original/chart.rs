//! `/api/chart-data?symbol=BTC/USD&interval=1h&outputsize=24`: bars from old to new, and the range
//! of their closes.

use crate::api::history::{MOST_BARS, interval};
use crate::api::parameters::Parameters;
use crate::api::route::{Asked, Route, Show};
use crate::api::{Problem, Reply};
use crate::hub::{Answer, HistoryQuestion, Question};
use crate::market::{Instrument, Interval, iso8601};
use serde::Serialize;

pub(in crate::api) const ROUTE: Route = Route {
    path: "/api/chart-data",
    parameters: &["symbol", "interval", "outputsize"],
    hint: "the parameters are symbol, interval and outputsize, as in /api/chart-data?symbol=BTC/USD&interval=1h&outputsize=24",
    asks,
};

const USUAL_SYMBOL: &str = "BTC/USD";
const USUAL_BARS: usize = 24;
/// How far the original put `support` below the lowest close, and `resistance` above the highest,
/// as a part of their difference.
const MARGIN: f64 = 0.02;

fn asks(parameters: &Parameters) -> Result<Asked, Problem> {
    let usual = Instrument::parse(USUAL_SYMBOL).ok();
    let usual = usual.filter(|_| matches!(parameters.one("symbol"), Ok(None)));
    let question = HistoryQuestion {
        instrument: usual.map_or_else(|| parameters.symbol(), Ok)?,
        interval: parameters.one("interval")?.map_or(Ok(Interval::Hour), interval)?,
        limit: parameters.limit("outputsize", USUAL_BARS, MOST_BARS)?,
        before: None,
    };
    Ok(Asked::Hub(Question::History(question), Show(reply)))
}

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    symbol: &'a str,
    interval: &'a str,
    current_price: f64,
    min_price: f64,
    max_price: f64,
    support: f64,
    resistance: f64,
    points: Vec<Point>,
    count: usize,
    simulated: bool,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Point {
    x: usize,
    close: f64,
    high: f64,
    low: f64,
    open: f64,
    datetime: String,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::History(history) = answer else {
        return None;
    };
    let Some(last) = history.bars.last() else {
        let reason = history.reason.as_deref().unwrap_or("there are no bars of this symbol");
        let problem = if history.is_refused {
            Problem::NotFound(reason.to_owned())
        } else {
            Problem::NotYet(reason.to_owned())
        };
        return Some(problem.reply());
    };
    let closes = || history.bars.iter().map(|bar| bar.close);
    let (lowest, highest) = (closes().fold(f64::MAX, f64::min), closes().fold(f64::MIN, f64::max));
    let margin = (highest - lowest) * MARGIN;
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    let points = history.bars.iter().enumerate().map(|(x, bar)| Point {
        x,
        close: bar.close,
        high: bar.high,
        low: bar.low,
        open: bar.open,
        datetime: iso8601(bar.time),
    });
    let body = Body {
        ok: true,
        symbol: &history.symbol,
        interval: history.interval.name(),
        current_price: last.close,
        min_price: lowest,
        max_price: highest,
        support: cents(lowest - margin),
        resistance: cents(highest + margin),
        points: points.collect(),
        count: history.bars.len(),
        simulated: history.simulated,
        reason: history.reason.as_deref(),
    };
    Some(Reply::json(&body).tagged())
}
