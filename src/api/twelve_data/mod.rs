//! Twelve Data's own REST, answered from the shared feed: scripts and SDKs made for it work with
//! another base address. Paths, parameters, fields and errors are Twelve Data's; an error says what
//! is right here.
//!
//! What no field of Twelve Data says is added behind its fields: `simulated` where the prices are,
//! `stale_since` where one is stale, `incomplete` where bars are missing. A key is accepted in
//! every form; it is read only where access is required.

mod form;
mod instruments;
mod lists;
mod local_time;
mod quote;
mod socket;
mod theirs;
mod time_series;

pub(super) use form::error;
pub(super) use socket::ROUTE as SOCKET;
pub(super) use theirs::is_theirs;

use super::Problem;
use super::parameters::{Parameters, bad, shown};
use super::route::Route;

pub(super) const ROUTES: [Route; 6] = [
    quote::QUOTE,
    quote::PRICE,
    time_series::ROUTE,
    lists::SYMBOL_SEARCH,
    lists::API_USAGE,
    lists::TECHNICAL_INDICATORS,
];

/// The places of a key in a request of Twelve Data's clients.
#[derive(Debug, Clone, Copy)]
pub struct TheirKey {
    /// A header.
    pub header: &'static str,
    /// A scheme of the header `Authorization`.
    pub scheme: &'static str,
    /// A parameter.
    pub parameter: &'static str,
}

pub(super) const KEY: TheirKey = TheirKey {
    header: "X-TD-APIKEY",
    scheme: "apikey",
    parameter: "apikey",
};

/// Twelve Data's names of parameters may be in any case, and an empty value counts as none.
pub(super) fn lower_case(parameters: &[(String, String)]) -> Vec<(String, String)> {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect()
}

/// Fails if a parameter is given that Twelve Data has and this hub cannot honour.
fn refuse(parameters: &Parameters, names: &[&str]) -> Result<(), Problem> {
    for name in names {
        if parameters.one(name)?.is_some() {
            return bad(format!(
                "this hub cannot honour **{name}**: leave it out, and name the instrument by symbol, exchange and mic_code"
            ));
        }
    }
    Ok(())
}

/// Fails if a parameter has another value than the one that this hub can honour.
fn only(parameters: &Parameters, name: &str, right: &str) -> Result<(), Problem> {
    match parameters.one(name)? {
        Some(value) if !value.eq_ignore_ascii_case(right) => bad(format!(
            "this hub cannot honour **{name}** {}: leave it out or use {right}",
            shown(value)
        )),
        _ => Ok(()),
    }
}
