//! `/api/quotes?symbols=BTC/USD,AAPL`: the quotes of any symbols, or of the default ones.

use super::Reply;
use super::route::{Asked, Route, Show};
use crate::hub::{Answer, Question, Quotes};
use crate::market::iso8601;
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/quotes",
    parameters: &["symbols"],
    hint: "the parameter is symbols, as in /api/quotes?symbols=BTC/USD,AAPL",
    asks: |parameters| Ok(Asked::Hub(Question::Quotes(parameters.symbols()?), Show(reply))),
};

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    simulated: bool,
    time: &'a str,
    #[serde(flatten)]
    quotes: &'a Quotes,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Quotes(quotes) = answer else {
        return None;
    };
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
    Some(body(&iso8601(quotes.time)).with_tag_of(&content))
}
