//! What only native programs use: tests, examples and the simulation. It is implemented for an
//! [`Exchange`] with fault switches, which the Worker's does not have, so none of it gets into the
//! Worker.
//!
//! `control` is how tests drive an exchange. The rest is Twelve Data's REST beyond what a hub asks,
//! for its SDKs and for trying the fake by hand: `prices` and `listings` are endpoints, `csv` is
//! the table format, and `/time_series` knows all time zones.

mod control;
mod csv;
mod listings;
mod prices;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::Millis;
use super::endpoints::{endpoint_of, hub_symbol_endpoint, is_open_to_all, no_such_endpoint};
use super::exchange::{BAD_KEY, Exchange};
use super::faults::Faults;
use super::json::{Json, Object};
use super::plan::Keys;
use super::rest::{Endpoint, Failure, JSON, Query, RestReply};
use super::series::unknown_zone;
use csv::Format;

/// Most requests in one `/batch`.
const MOST_REQUESTS: usize = 100;

const DEMO: &str = "The 'demo' API key is only used for initial familiarity. To become a full user, you can request your \
    own API key at https://twelvedata.com/pricing. It is absolutely free, and it’s yours for a lifetime. It only takes \
    10 seconds to obtain your own API key!";

#[derive(Deserialize)]
struct BatchItem {
    url: String,
}

/// The requests of a `/batch` by name, in the order in which they were written. If a name occurs
/// twice, the last one counts.
#[derive(Default)]
struct Requests(Vec<(String, BatchItem)>);

impl<'de> Deserialize<'de> for Requests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Requests, D::Error> {
        deserializer.deserialize_map(Requests::default())
    }
}

impl<'de> Visitor<'de> for Requests {
    type Value = Requests;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("requests by name")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Requests, A::Error> {
        while let Some((name, item)) = fields.next_entry::<String, BatchItem>()? {
            self.0.retain(|(one, _)| *one != name);
            self.0.push((name, item));
        }
        Ok(self)
    }
}

/// The endpoints that cost one credit per symbol and answer several symbols with a map.
fn symbol_endpoint(name: &str) -> Option<Endpoint<Faults>> {
    Some(match name {
        "price" => |exchange, instrument, query, now| Ok(exchange.price_alone(instrument, query, now)),
        "eod" => |exchange, instrument, query, now| Ok(exchange.eod(instrument, query, now)),
        "time_series" => |exchange, instrument, query, now| exchange.time_series(instrument, query, any_zone, now),
        "exchange_rate" => Exchange::exchange_rate,
        "currency_conversion" => Exchange::currency_conversion,
        _ => return hub_symbol_endpoint(name),
    })
}

/// Any zone, from jiff's bundled copy of the IANA database, so that every machine has the same.
fn any_zone(name: &str) -> Result<TimeZone, Failure> {
    let others = "or a name of the IANA time zone database, such as Asia/Tokyo";
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| unknown_zone(name, others))
}

impl Exchange {
    /// A GET request to any endpoint. `path` is for example `/quote`; the rest is as for
    /// [`Exchange::get`].
    pub fn rest(&mut self, path: &str, query: &str, key: Option<&str>, now: Millis) -> RestReply {
        let query = Query::parse(query);
        let key = query.key(key).to_owned();
        let endpoint = endpoint_of(path);
        self.count_call(if is_known(&endpoint) { &endpoint } else { "unknown" });
        let is_batch = query.symbols().len() > 1 && symbol_endpoint(&endpoint).is_some();
        let answer = self.answer(&endpoint, &query, &key, now);
        let format = match endpoint.as_str() {
            // Without indicators there is no table.
            "technical_indicators" => Format::Json,
            // An invalid format is an error, and errors are JSON.
            _ => Format::asked(&query).unwrap_or(Format::Json),
        };
        let answer = answer.map(|answer| match format {
            Format::Json => (JSON, answer.to_string()),
            // The official Python client recognises a table by exactly this type, without a
            // character set.
            Format::Csv(delimiter) => ("text/csv", csv::table(&answer, is_batch, delimiter)),
        });
        self.reply(answer, &key, is_batch, now)
    }

    /// `POST /batch`: several requests in one, each with its own answer, in their order. The
    /// answers are JSON whatever their `format`, because they are parts of one JSON object.
    pub fn rest_batch(&mut self, body: &str, key: Option<&str>, now: Millis) -> RestReply {
        self.count_call("batch");
        let account = key.unwrap_or_default().to_owned();
        let Ok(Requests(requests)) = serde_json::from_str::<Requests>(body) else {
            let failure = Failure::new(400, "The request body is missing or invalid.");
            return self.reply(Err(failure), &account, false, now);
        };
        let mut data = Object::default();
        for (name, request) in requests.into_iter().take(MOST_REQUESTS) {
            let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
            let query = Query::parse(query);
            let one_key = query.get("apikey").unwrap_or(&account).to_owned();
            let endpoint = endpoint_of(path);
            let (response, status) = match self.answer(&endpoint, &query, &one_key, now) {
                Ok(response) => (response, "success"),
                Err(failure) => (failure.body(), "error"),
            };
            let answer = Object::default().with("response", response).with("status", status);
            data = data.with(name, answer);
        }
        let body: Json = Object::default()
            .with("code", 200_u64)
            .with("status", "success")
            .with("data", data)
            .into();
        self.reply(Ok((JSON, body.to_string())), &account, false, now)
    }

    fn answer(&mut self, endpoint: &str, query: &Query, key: &str, now: Millis) -> Result<Json, Failure> {
        if let Some(code) = self.faults.rest_failure {
            return Err(Failure::new(code, "Internal server error. Please try again later."));
        }
        if !is_open_to_all(endpoint) {
            self.check_key(endpoint, query, key)?;
        }
        let about = symbol_endpoint(endpoint);
        if !is_known(endpoint) {
            return Err(no_such_endpoint(endpoint));
        }
        if let (Some(endpoint), Ok(_)) = (about, Format::asked(query)) {
            return self.about_symbols(query, key, now, endpoint);
        }
        self.spend(key, about.map_or(1, |_| query.credits()), now)?;
        Format::asked(query)?;
        self.list_endpoint(endpoint, query, key, now)
    }

    fn check_key(&self, endpoint: &str, query: &Query, key: &str) -> Result<(), Failure> {
        if self.is_good(Some(key)) {
            return Ok(());
        }
        if key == "demo" && matches!(self.settings.keys, Keys::Only(_)) {
            let symbols = query.symbols();
            let shown = match (endpoint, symbols.as_slice()) {
                (_, [symbol]) if symbol.eq_ignore_ascii_case("AAPL") => true,
                ("time_series", [symbol]) => symbol.eq_ignore_ascii_case("EUR/USD"),
                ("exchange_rate", [symbol]) => symbol.eq_ignore_ascii_case("USD/JPY"),
                (_, []) => symbol_endpoint(endpoint).is_none(),
                _ => false,
            };
            return if shown { Ok(()) } else { Err(Failure::new(401, DEMO)) };
        }
        Err(Failure::new(401, BAD_KEY))
    }
}

fn is_known(endpoint: &str) -> bool {
    symbol_endpoint(endpoint).is_some() || listings::is_known(endpoint)
}
