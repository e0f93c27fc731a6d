//! `/api/search?q=apple`: the instruments whose symbol or name fits a text.

use super::parameters::{Parameters, bad};
use super::route::{Asked, Route, Show};
use super::{Problem, Reply};
use crate::hub::{Answer, Found, FoundBy, Question, SearchQuestion, Service};
use crate::market::{Kind, iso8601};
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/search",
    parameters: &["q", "limit"],
    hint: "the parameters are q and limit, as in /api/search?q=apple&limit=10",
    asks,
};

const USUAL_RESULTS: usize = 10;
const MOST_RESULTS: usize = 50;
const LONGEST_TEXT: usize = 64;

fn asks(parameters: &Parameters) -> Result<Asked, Problem> {
    let limit = parameters.limit("limit", USUAL_RESULTS, MOST_RESULTS)?;
    Ok(Asked::Hub(question(parameters, "q", limit)?, Show(reply)))
}

/// The search for the text in the parameter `name`.
///
/// # Errors
/// 400 unless it is 1 to 64 characters of one line.
pub(super) fn question(parameters: &Parameters, name: &str, limit: usize) -> Result<Question, Problem> {
    let text = parameters.required(name)?;
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return bad(format!("{name} has {length} characters: use at most {LONGEST_TEXT}"));
    }
    if text.contains(char::is_control) {
        return bad(format!(
            "{name} has a control character, such as a line break: use text of one line"
        ));
    }
    let text = text.to_owned();
    Ok(Question::Search(SearchQuestion { text, limit }))
}

#[derive(Serialize)]
struct Body<'a> {
    ok: bool,
    q: &'a str,
    from: &'a str,
    reason: Option<&'a str>,
    retry_at: Option<String>,
    results: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    symbol: &'a str,
    subscribe: &'a str,
    name: Option<&'a str>,
    exchange: Option<&'a str>,
    mic_code: Option<&'a str>,
    kind: Option<Kind>,
    currency: Option<&'a str>,
    country: Option<&'a str>,
    serves: &'a str,
    plan: Option<&'a str>,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Search(search) = answer else {
        return None;
    };
    let body = Body {
        ok: true,
        q: &search.text,
        from: match search.from {
            FoundBy::Hub => "hub",
            FoundBy::Cache => "cache",
            FoundBy::Provider => "provider",
        },
        reason: search.reason.as_deref(),
        retry_at: search.retry_at.map(iso8601),
        results: search.results.iter().map(line).collect(),
    };
    Some(Reply::json(&body).tagged())
}

fn line(found: &Found) -> Line<'_> {
    Line {
        symbol: &found.symbol,
        subscribe: &found.subscribe,
        name: found.name.as_deref(),
        exchange: found.exchange.as_deref(),
        mic_code: found.mic_code.as_deref(),
        kind: found.kind,
        currency: found.currency.as_deref(),
        country: found.country.as_deref(),
        serves: match found.serves {
            Service::Stream => "stream",
            Service::Poll => "poll",
            Service::No => "no",
            Service::Unknown => "unknown",
        },
        plan: found.plan.as_deref(),
    }
}
