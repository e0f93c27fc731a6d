//! `/api/sessions`: which exchanges trade now, and when that changes.

use super::Reply;
use super::parameters::NONE;
use super::route::{Asked, Route, Show};
use crate::hub::{Answer, Question};
use crate::market::{ExchangeHours, iso8601};
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/sessions",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Hub(Question::Sessions, Show(reply))),
};

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    as_of: Option<String>,
    reason: Option<&'a str>,
    retry_at: Option<String>,
    exchanges: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    code: &'a str,
    name: &'a str,
    country: Option<&'a str>,
    open: bool,
    opens_at: Option<String>,
    closes_at: Option<String>,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Sessions(sessions) = answer else {
        return None;
    };
    let body = Body {
        ok: true,
        as_of: sessions.as_of.map(iso8601),
        reason: sessions.reason.as_deref(),
        retry_at: sessions.retry_at.map(iso8601),
        exchanges: sessions.exchanges.iter().map(line).collect(),
    };
    Some(Reply::json(&body).tagged())
}

fn line(exchange: &ExchangeHours) -> Line<'_> {
    Line {
        code: &exchange.code,
        name: &exchange.name,
        country: exchange.country.as_deref(),
        open: exchange.is_open,
        opens_at: exchange.opens_at.map(iso8601),
        closes_at: exchange.closes_at.map(iso8601),
    }
}
