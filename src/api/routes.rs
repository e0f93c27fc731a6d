//! All routes, and which of them a request asks for.

use super::parameters::{Parameters, listed};
use super::route::{Asked, READ_ONLY, Route};
use super::{
    Problem, access, classes, doors, history, original, plain, quotes, search, sessions, sparklines, status,
    twelve_data,
};

pub(super) const ROUTES: [Route; 21] = [
    classes::STOCKS,
    classes::FOREX,
    classes::CRYPTO,
    quotes::ROUTE,
    history::ROUTE,
    sparklines::ROUTE,
    search::ROUTE,
    sessions::ROUTE,
    status::ROUTE,
    original::summary::ROUTE,
    original::chart::ROUTE,
    original::market_state::ROUTE,
    original::quote::ROUTE,
    access::ACCESS,
    access::TICKET,
    plain::METRICS,
    plain::HEALTH,
    plain::SOCKET,
    doors::STREAM,
    doors::SOCKET_IO,
    twelve_data::SOCKET,
];

/// Whether a path looks like one of ours or of Twelve Data's, in any spelling: errors about it are
/// answered as JSON, not with a page.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    ["api", "ws", "health", "metrics", "socket.io", "v1"].contains(&first) || twelve_data::is_theirs(first)
}

/// What a request asks for. `parameters` are decoded, in order; `accept` is the header.
///
/// # Errors
/// 404 for an unknown path, 405 for a known one with any other method, 400 for wrong parameters.
pub fn route(
    method: &str,
    path: &str,
    parameters: &[(String, String)],
    accept: Option<&str>,
) -> Result<Asked, Problem> {
    if let Some(route) = ROUTES.iter().find(|route| route.path == path) {
        return asked(route, method, parameters, accept);
    }
    if let Some(route) = twelve_data::ROUTES.iter().find(|route| route.path == path) {
        let parameters = twelve_data::lower_case(parameters);
        return asked(route, method, &parameters, accept).map_err(Problem::in_twelve_datas_form);
    }
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let path: String = path.chars().take(100).collect();
    let theirs = listed(&twelve_data::ROUTES.each_ref().map(|route| route.path), "and");
    if twelve_data::is_theirs(&first.to_ascii_lowercase()) {
        let sentence = format!("this hub has no {path}; of Twelve Data's routes it has {theirs}");
        return Err(Problem::TwelveData(404, sentence));
    }
    let routes = listed(&ROUTES.each_ref().map(|route| route.path), "and");
    let sentence = format!("there is nothing at {path}; the routes are {routes}, and of Twelve Data's {theirs}");
    Err(Problem::NotFound(sentence))
}

/// The methods that a route accepts.
pub(super) fn methods(route: &Route) -> &'static str {
    if route.path == doors::SOCKET_IO.path {
        "GET, HEAD, POST, OPTIONS"
    } else if route.path == access::TICKET.path {
        "POST, OPTIONS"
    } else {
        READ_ONLY
    }
}

fn asked(route: &Route, method: &str, parameters: &[(String, String)], accept: Option<&str>) -> Result<Asked, Problem> {
    match method {
        "OPTIONS" => Ok(Asked::Options(methods(route))),
        // HEAD is allowed wherever GET is, so what is left is POST where it is allowed.
        method if methods(route).split(", ").any(|allowed| allowed == method) => {
            (route.asks)(&Parameters::new(parameters, accept, route.parameters, route.hint)?)
        }
        other => Err(Problem::MethodNotAllowed(
            other.chars().take(20).collect(),
            methods(route),
        )),
    }
}
