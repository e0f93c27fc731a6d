//! What the platform knows of a request. `Request::url` is avoided: it would bring a second URL
//! parser with all of Unicode's host name tables, a fifth of the Worker's size, although the
//! platform already has parsed the URL.

use crate::api::{self, Asked, Problem};
use worker::Request;

/// The header with the client's address. On Cloudflare the platform sets it, whatever the client
/// sent; locally it is what the client sends, if anything.
pub(super) const ADDRESS: &str = "CF-Connecting-IP";

/// What the request asks for.
///
/// # Errors
/// A problem for an unknown path, another method or wrong parameters.
pub(super) fn asked(request: &Request) -> Result<Asked, Problem> {
    let accept = header(request, "Accept");
    api::route(
        &method(request),
        &request.path(),
        &parameters(request),
        accept.as_deref(),
    )
}

/// The method as sent; the `worker` crate turns methods that it does not know into GET.
pub(super) fn method(request: &Request) -> String {
    request.inner().method()
}

pub(super) fn is_https(request: &Request) -> bool {
    request.inner().url().starts_with("https:")
}

/// The origin of the address that was asked for, such as `https://terminal.example`.
pub(super) fn own_origin(request: &Request) -> String {
    let url = request.inner().url();
    let parts: Vec<&str> = url.splitn(4, '/').take(3).collect();
    parts.join("/")
}

/// The value of a parameter.
pub(super) fn parameter(request: &Request, name: &str) -> Option<String> {
    let parameters = web_sys::UrlSearchParams::new_with_str(&query(request)).ok()?;
    parameters.get(name)
}

/// The address of the WebSocket that was asked for, without its parameters.
pub(super) fn socket_address(request: &Request) -> String {
    let url = request.inner().url();
    let address = url.split(['?', '#']).next().unwrap_or_default();
    address.replacen("http", "ws", 1)
}

/// What follows the `?`, still encoded.
pub(super) fn query(request: &Request) -> String {
    let url = request.inner().url();
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment
        .split_once('?')
        .map_or_else(String::new, |(_, query)| query.to_owned())
}

/// The parameters, decoded, in order.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let Ok(parameters) = web_sys::UrlSearchParams::new_with_str(&query(request)) else {
        return Vec::new();
    };
    let pairs = parameters.entries().into_iter().flatten();
    let text = |pair: &js_sys::Array, place| pair.get(place).as_string();
    let pair = |pair: wasm_bindgen::JsValue| {
        let pair = js_sys::Array::from(&pair);
        Some((text(&pair, 0)?, text(&pair, 1)?))
    };
    pairs.filter_map(pair).collect()
}

pub(super) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}
