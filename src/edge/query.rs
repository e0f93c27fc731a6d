//! A request's query. Not through `Request::url`: that would bring a second parser of addresses, with all of Unicode's tables for
//! the names of hosts, a fifth of the worker, when the platform has one and hands out what it has parsed.

use worker::Request;

/// What follows the `?`, still encoded.
pub(super) fn query(request: &Request) -> String {
    let url = request.inner().url();
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment
        .split_once('?')
        .map_or_else(String::new, |(_, query)| query.to_owned())
}

/// The first value of a parameter.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    web_sys::UrlSearchParams::new_with_str(&query(request)).ok()?.get(name)
}
