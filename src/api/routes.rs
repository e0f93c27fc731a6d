//! All routes, and which of them a request asks for.

use super::parameters::{Parameters, listed};
use super::route::{Asked, Route};
use super::{Problem, classes, doors, history, plain, quotes, search, sessions, sparklines, status};

const ROUTES: [Route; 15] = [
    classes::STOCKS,
    classes::FOREX,
    classes::CRYPTO,
    quotes::ROUTE,
    history::ROUTE,
    sparklines::ROUTE,
    search::ROUTE,
    sessions::ROUTE,
    status::ROUTE,
    plain::METRICS,
    plain::HEALTH,
    plain::SOCKET,
    doors::STREAM,
    doors::SOCKET_IO,
    doors::TWELVE_DATA,
];

/// Whether a path looks like one of ours, in any spelling: errors about it are answered with a
/// problem document, not with a page.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    ["api", "ws", "health", "metrics", "socket.io", "v1"].contains(&first)
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
    let Some(route) = ROUTES.iter().find(|route| route.path == path) else {
        let path: String = path.chars().take(100).collect();
        let routes = listed(&ROUTES.each_ref().map(|route| route.path), "and");
        let sentence = format!("there is nothing at {path}; the routes are {routes}");
        return Err(Problem::NotFound(sentence));
    };
    match method {
        "OPTIONS" => Ok(Asked::Options(route.methods())),
        // HEAD is allowed wherever GET is, so what is left is POST where it is allowed.
        method if route.methods().split(", ").any(|allowed| allowed == method) => {
            (route.asks)(&Parameters::new(parameters, accept, route.parameters, route.hint)?)
        }
        other => Err(Problem::MethodNotAllowed(
            other.chars().take(20).collect(),
            route.methods(),
        )),
    }
}
