//! `/api/quotes?symbols=BTC/USD,AAPL`: the quotes of any symbols, or of the default ones.

use super::Reply;
use super::route::{Hub, Route, Serves};
use crate::hub::Quotes;
use crate::market::iso8601;
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/quotes",
    serves: Serves::Hub(Hub::Quotes(reply)),
    takes_symbols: true,
    hint: "the parameter is symbols, as in /api/quotes?symbols=BTC/USD,AAPL",
};

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    simulated: bool,
    time: &'a str,
    #[serde(flatten)]
    quotes: &'a Quotes,
}

fn reply(quotes: &Quotes) -> Reply {
    let body = |time: &str| {
        Reply::json(&Body {
            ok: true,
            simulated: quotes.simulated,
            time,
            quotes,
        })
    };
    // The time differs in each answer, so the tag does not cover it.
    let content = body("").body;
    body(&iso8601(quotes.time)).with_tag_of(&content)
}
