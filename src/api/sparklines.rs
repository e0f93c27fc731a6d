//! `/api/sparklines?symbols=BTC/USD,AAPL`: the closes of the last hour, one a minute, of any
//! symbols or of the default ones.

use super::Reply;
use super::route::{Asked, Route, Show};
use crate::dialect::SubscriptionFailure;
use crate::hub::{Answer, Question, Spark};
use crate::market::{MINUTE, SECOND, scale_for};
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/sparklines",
    parameters: &["symbols"],
    hint: "the parameter is symbols, as in /api/sparklines?symbols=BTC/USD,AAPL",
    asks: |parameters| Ok(Asked::Hub(Question::Sparklines(parameters.symbols()?), Show(reply))),
};

/// Closes have at least this many decimals.
const LEAST_SCALE: u8 = 2;
const MOST_SCALE: u8 = 12;
/// JavaScript's integers are exact below 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    simulated: bool,
    symbols: Vec<Line<'a>>,
    fails: &'a [SubscriptionFailure],
}

#[derive(Serialize)]
struct Line<'a> {
    symbol: &'a str,
    scale: u8,
    step: u64,
    /// Start of the minute of the last value, in seconds since 1970.
    end: Option<u64>,
    values: Vec<Option<i64>>,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Sparklines(sparklines) = answer else {
        return None;
    };
    let body = Body {
        ok: true,
        simulated: sparklines.simulated,
        symbols: sparklines.symbols.iter().map(line).collect(),
        fails: &sparklines.fails,
    };
    Some(Reply::json_as_of(&body, sparklines.as_of))
}

fn line((symbol, spark): &(String, Spark)) -> Line<'_> {
    let scale = spark_scale(spark);
    Line {
        symbol,
        scale,
        step: MINUTE / SECOND,
        end: (!spark.values.is_empty()).then_some(spark.end / SECOND),
        values: spark_values(spark, scale),
    }
}

/// The scale at which every close is exact; if there is none, the finest at which all fit.
fn spark_scale(spark: &Spark) -> u8 {
    let closes = spark.values.iter().copied().flatten();
    scale_for(closes.clone(), LEAST_SCALE).unwrap_or_else(|| {
        let fits = |scale: &u8| closes.clone().all(|close| units(close, *scale).is_some());
        (0..=MOST_SCALE).rev().find(fits).unwrap_or(0)
    })
}

/// The closes in units of 10^-`scale`, rounded: the first one absolute, each later one as the
/// difference to the one before. `None` for a minute without one.
fn spark_values(spark: &Spark, scale: u8) -> Vec<Option<i64>> {
    let mut last = 0;
    let difference = |close: &Option<f64>| {
        let units = units((*close)?, scale)?;
        let difference = units - last;
        last = units;
        Some(difference)
    };
    spark.values.iter().map(difference).collect()
}

/// A close in units of 10^-`scale`, rounded; `None` if it is too large.
fn units(close: f64, scale: u8) -> Option<i64> {
    let units = (close * 10_f64.powi(i32::from(scale))).round();
    (units.abs() < EXACT).then_some(units as i64)
}
