//! The REST endpoints that a hub uses, in the Worker and in tests. All others are in `native`.

use super::Millis;
use super::directory::symbol_search;
use super::exchange::{BAD_KEY, Exchange};
use super::faults::Switches;
use super::json::Json;
use super::rest::{Endpoint, Failure, JSON, Query, RestReply};
use super::series::venue_zone;

impl<F: Switches> Exchange<F> {
    /// A GET request to an endpoint of this file: `/quote`, `/time_series`, `/market_state` or
    /// `/symbol_search`. Any other is refused, most with 404. Answers are JSON whatever their
    /// `format`; `timezone` may be `Exchange`, `UTC` or the zone of an exchange here. `query` has
    /// no `?`; `key` is from the header `Authorization: apikey KEY`, with the query's `apikey` as
    /// fallback. (`X-TD-APIKEY` is for the WebSocket only.)
    pub fn get(&mut self, path: &str, query: &str, key: Option<&str>, now: Millis) -> RestReply {
        let query = Query::parse(query);
        let key = query.key(key).to_owned();
        let endpoint = endpoint_of(path);
        let is_about_symbols = hub_symbol_endpoint::<F>(&endpoint).is_some();
        let is_known = is_about_symbols || matches!(endpoint.as_str(), "market_state" | "symbol_search");
        self.count_call(if is_known { &endpoint } else { "unknown" });
        let answer = self.hub_answer(&endpoint, &query, &key, now);
        let answer = answer.map(|answer| (JSON, answer.to_string()));
        self.reply(answer, &key, is_about_symbols && query.symbols().len() > 1, now)
    }

    fn hub_answer(&mut self, endpoint: &str, query: &Query, key: &str, now: Millis) -> Result<Json, Failure> {
        if !is_open_to_all(endpoint) && !self.is_good(Some(key)) {
            return Err(Failure::new(401, BAD_KEY));
        }
        if let Some(about) = hub_symbol_endpoint(endpoint) {
            return self.about_symbols(query, key, now, about);
        }
        match endpoint {
            "market_state" => self.spend(key, 1, now).map(|()| self.market_state(query, now)),
            "symbol_search" => self.spend(key, 1, now).map(|()| symbol_search(query)),
            _ => Err(no_such_endpoint(endpoint)),
        }
    }
}

/// The endpoints that a hub asks about symbols.
pub(super) fn hub_symbol_endpoint<F: Switches>(endpoint: &str) -> Option<Endpoint<F>> {
    Some(match endpoint {
        "quote" => |exchange, instrument, query, now| Ok(exchange.quote(instrument, query, now)),
        "time_series" => |exchange, instrument, query, now| exchange.time_series(instrument, query, venue_zone, now),
        _ => return None,
    })
}

/// The endpoint of a path such as `/quote`.
pub(super) fn endpoint_of(path: &str) -> String {
    path.trim_matches('/').to_ascii_lowercase()
}

/// The symbol search was seen to answer without a key.
pub(super) fn is_open_to_all(endpoint: &str) -> bool {
    endpoint == "symbol_search"
}

pub(super) fn no_such_endpoint(endpoint: &str) -> Failure {
    if matches!(endpoint, "dividends" | "splits" | "earnings" | "market_movers") {
        return Failure::new(
            403,
            format!(
                "/{endpoint} is available exclusively with grow or pro or ultra or venture or enterprise plans. \
                 Consider upgrading your API Key now at https://twelvedata.com/pricing"
            ),
        );
    }
    Failure::new(404, "The requested endpoint does not exist.")
}
