//! `/api/quote?symbol=AAPL`: one quote in the original's shape, and what the price is worth.

use super::source;
use crate::api::route::{Asked, Route, Show};
use crate::api::{Problem, Reply};
use crate::dialect::event::whole;
use crate::hub::{Answer, Question};
use crate::market::{Session, StreamState};
use serde::Serialize;

pub(in crate::api) const ROUTE: Route = Route {
    path: "/api/quote",
    parameters: &["symbol"],
    hint: "the parameter is symbol, as in symbol=AAPL; /api/quotes takes several symbols",
    asks: |parameters| {
        let symbols = vec![parameters.symbol()?];
        Ok(Asked::Hub(Question::Quotes(symbols), Show(reply)))
    },
};

/// `change` is in the currency, `percent_change` in percent.
#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    symbol: &'a str,
    name: Option<&'a str>,
    exchange: Option<&'a str>,
    price: f64,
    open: Option<f64>,
    high: Option<f64>,
    low: Option<f64>,
    #[serde(serialize_with = "whole")]
    volume: Option<f64>,
    change: Option<f64>,
    percent_change: Option<f64>,
    previous_close: Option<f64>,
    source: &'a str,
    simulated: bool,
    timestamp: Option<&'a str>,
    received_at: Option<&'a str>,
    session: Session,
    freshness: Option<&'a str>,
    stale_since: Option<&'a str>,
    state: StreamState,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Quotes(quotes) = answer else {
        return None;
    };
    let Some(view) = quotes.quotes.first() else {
        let reason = quotes
            .fails
            .first()
            .map_or("the symbol is not tracked", |fail| &fail.reason);
        return Some(Problem::NotFound(reason.to_owned()).reply());
    };
    let quote = &view.quote;
    let Some(price) = quote.price else {
        let reason = view.service.reason.clone();
        let problem = match (view.service.state, reason) {
            (StreamState::Unavailable, Some(reason)) => Problem::NotFound(reason),
            (_, reason) => Problem::NoPrices(reason.unwrap_or_else(|| quotes.feed.reason.clone())),
        };
        return Some(problem.reply());
    };
    let body = Body {
        ok: true,
        symbol: &quote.symbol,
        name: quote.instrument.name.as_deref(),
        exchange: quote.exchange.as_deref(),
        price,
        open: quote.open,
        high: quote.high,
        low: quote.low,
        volume: quote.day_volume,
        // Without the digits that a difference of floating-point numbers adds.
        change: quote.previous_close.map(|close| ((price - close) * 1e8).round() / 1e8),
        percent_change: quote.percent_change,
        previous_close: quote.previous_close,
        source: source(quotes.simulated),
        simulated: quotes.simulated,
        timestamp: quote.timestamp.as_deref(),
        received_at: quote.received_at.as_deref(),
        session: quote.session,
        freshness: quote.freshness,
        stale_since: quote.stale_since.as_deref(),
        state: view.service.state,
    };
    Some(Reply::json(&body).tagged())
}
