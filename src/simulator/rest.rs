//! REST: from a path and a query to a status, headers and a body. Keys, credits and errors are decided here; what each
//! endpoint answers is in `endpoints`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::csv::{self, Format};
use super::exchange::{BAD_KEY, Exchange};
use super::faults::RestErrorStatus;
use super::json::{Json, Object};
use super::plan::{Keys, OutOfCredits};
use super::protocol::error_body;
use super::{Millis, endpoints};

/// Symbols in one call.
const MOST_SYMBOLS: usize = 120;
/// Requests in one `/batch`.
const MOST_REQUESTS: usize = 100;

const DEMO: &str = "The 'demo' API key is only used for initial familiarity. To become a full user, you can request your \
    own API key at https://twelvedata.com/pricing. It is absolutely free, and it’s yours for a lifetime. It only takes \
    10 seconds to obtain your own API key!";
const NO_SYMBOL: &str = "**symbol** or **figi** parameter is missing or invalid. Please provide a valid symbol according \
    to API documentation: https://twelvedata.com/docs#reference-data";
const NOT_IN_PLAN: &str = "This symbol is available starting with the Grow or Venture plan. Consider upgrading now at \
    https://twelvedata.com/pricing";

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestReply {
    /// HTTP status; an error may come with 200.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or CSV if its `content-type` says so.
    pub body: String,
}

/// An error of one call or of one symbol in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
        }
    }

    /// No such symbol.
    pub(crate) fn symbol() -> Failure {
        Failure::new(404, NO_SYMBOL)
    }

    /// A symbol that the plan does not include: the same code as no such symbol, only the text differs.
    pub(crate) fn plan() -> Failure {
        Failure::new(404, NOT_IN_PLAN)
    }

    fn body(&self) -> Json {
        error_body(self.code, &self.message)
    }
}

/// The query's parameters, names in lower case ("case-insensitive").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn parse(text: &str) -> Query {
        let pairs = text.trim_start_matches('?').split('&').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decode(name).to_ascii_lowercase(), decode(value)))
        });
        Query(pairs.collect())
    }

    /// A parameter that is present and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The comma list of `symbol`, as written, without repetitions and empty parts.
    pub(crate) fn symbols(&self) -> Vec<String> {
        let mut symbols: Vec<String> = Vec::new();
        let list = self.get("symbol").unwrap_or_default();
        for symbol in list.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            if !symbols.iter().any(|one| one == symbol) && symbols.len() <= MOST_SYMBOLS {
                symbols.push(symbol.to_owned());
            }
        }
        symbols
    }
}

#[derive(Deserialize)]
struct BatchItem {
    url: String,
}

/// The requests of a `/batch` by name, in the order in which they were written. Of two with one
/// name the last counts.
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

impl Exchange {
    /// A GET request. `path` such as `/quote`, `query` without `?`, `key` from the header `Authorization: apikey KEY`;
    /// the query's `apikey` serves if there is none. (`X-TD-APIKEY` is for the WebSocket only.)
    pub fn rest(&mut self, path: &str, query: &str, key: Option<&str>, now: Millis) -> RestReply {
        let query = Query::parse(query);
        let key = key.or(query.get("apikey")).unwrap_or_default().to_owned();
        let endpoint = path.trim_matches('/').to_ascii_lowercase();
        self.count_call(&endpoint);
        let symbols = query.symbols();
        let batch = symbols.len() > 1 && endpoints::takes_symbols(&endpoint);
        let answer = self.answer(&endpoint, &query, &key, now);
        let format = match endpoint.as_str() {
            // Without indicators there is no table.
            "technical_indicators" => Format::Json,
            // A format that is wrong is an error, and errors are JSON.
            _ => Format::asked(&query).unwrap_or(Format::Json),
        };
        self.reply(answer, &key, (batch, format), now)
    }

    /// `POST /batch`: several requests in one, each with its own answer, in their order. The
    /// answers are JSON whatever their `format`, because they are parts of one JSON.
    pub fn rest_batch(&mut self, body: &str, key: Option<&str>, now: Millis) -> RestReply {
        self.count_call("batch");
        let account = key.unwrap_or_default().to_owned();
        let Ok(Requests(requests)) = serde_json::from_str::<Requests>(body) else {
            let failure = Failure::new(400, "The request body is missing or invalid.");
            return self.reply(Err(failure), &account, (false, Format::Json), now);
        };
        let mut data = Object::default();
        for (name, request) in requests.into_iter().take(MOST_REQUESTS) {
            let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
            let query = Query::parse(query);
            let one_key = query.get("apikey").unwrap_or(&account).to_owned();
            let endpoint = path.trim_matches('/').to_ascii_lowercase();
            let (response, status) = match self.answer(&endpoint, &query, &one_key, now) {
                Ok(response) => (response, "success"),
                Err(failure) => (failure.body(), "error"),
            };
            let answer = Object::default().with("response", response).with("status", status);
            data = data.with(name, answer);
        }
        let body = Object::default()
            .with("code", 200_u64)
            .with("status", "success")
            .with("data", data);
        self.reply(Ok(body.into()), &account, (false, Format::Json), now)
    }

    fn count_call(&mut self, endpoint: &str) {
        let name = if endpoints::is_known(endpoint) || endpoint == "batch" {
            endpoint
        } else {
            "unknown"
        };
        *self.counters.rest_calls.entry(name.to_owned()).or_default() += 1;
    }

    fn answer(&mut self, endpoint: &str, query: &Query, key: &str, now: Millis) -> Result<Json, Failure> {
        if let Some(code) = self.faults.rest_failure {
            return Err(Failure::new(code, "Internal server error. Please try again later."));
        }
        // The symbol search was seen to answer without a key.
        if endpoint != "symbol_search" {
            self.check_key(endpoint, query, key)?;
        }
        if !endpoints::is_known(endpoint) {
            return Err(self.no_such_endpoint(endpoint));
        }
        let symbols = query.symbols();
        let credits = match (endpoints::takes_symbols(endpoint), endpoint) {
            (true, _) => u32::try_from(symbols.len()).unwrap_or(u32::MAX).max(1),
            _ => 1,
        };
        let plan = self.settings.plan.clone();
        self.account(key).spend(&plan, credits, now).map_err(out_of_credits)?;
        Format::asked(query)?;
        if symbols.len() > MOST_SYMBOLS {
            return Err(Failure::new(414, "The parameter **symbol** holds too many symbols."));
        }
        if !endpoints::takes_symbols(endpoint) {
            return self.list_endpoint(endpoint, query, key, now);
        }
        match symbols.as_slice() {
            [] => Err(Failure::symbol()),
            [symbol] => self.symbol_endpoint(endpoint, symbol, query, now),
            symbols => {
                let mut map = Object::default();
                for symbol in symbols {
                    let answer = self.symbol_endpoint(endpoint, symbol, query, now);
                    // In a batch the older text was seen, which names the symbol.
                    let value = answer.unwrap_or_else(|failure| match failure == Failure::symbol() {
                        true => error_body(
                            400,
                            &format!(
                                "**symbol** not found: {symbol}. Please specify it correctly according to API Documentation."
                            ),
                        ),
                        false => failure.body(),
                    });
                    map = map.with(symbol.clone(), value);
                }
                Ok(map.into())
            }
        }
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
                (_, []) => !endpoints::takes_symbols(endpoint),
                _ => false,
            };
            return if shown { Ok(()) } else { Err(Failure::new(401, DEMO)) };
        }
        Err(Failure::new(401, BAD_KEY))
    }

    fn no_such_endpoint(&self, endpoint: &str) -> Failure {
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

    fn reply(
        &mut self,
        answer: Result<Json, Failure>,
        key: &str,
        (batch, format): (bool, Format),
        now: Millis,
    ) -> RestReply {
        let (status, content_type, body) = match (&answer, format) {
            // The official Python client knows a table by exactly this type, without a character
            // set.
            (Ok(answer), Format::Csv(delimiter)) => (200, "text/csv", csv::table(answer, batch, delimiter)),
            (Ok(answer), Format::Json) => (200, "application/json", answer.to_string()),
            (Err(failure), _) => {
                let status = match self.faults.rest_error_status {
                    RestErrorStatus::Matching => failure.code,
                    RestErrorStatus::AlwaysOk => 200,
                };
                (status, "application/json", failure.body().to_string())
            }
        };
        let mut headers = vec![("content-type", content_type.to_owned())];
        if self.is_good(Some(key)) {
            let limit = self.settings.plan.rest_per_minute;
            let (used, _) = self.account(key).rest_used(now);
            headers.push(("api-credits-used", used.to_string()));
            headers.push(("api-credits-left", limit.saturating_sub(used).to_string()));
        }
        if batch && answer.is_ok() {
            headers.push(("is_batch", "true".to_owned()));
        }
        RestReply { status, headers, body }
    }
}

/// Both kinds share a code; only the text tells a wait of a minute from a wait until midnight UTC.
fn out_of_credits(what: OutOfCredits) -> Failure {
    Failure::new(
        429,
        match what {
            OutOfCredits::Minute { used, limit } => format!(
                "You have run out of API credits for the current minute. {used} API credits were used, with the current \
                 limit being {limit}. Wait for the next minute or consider switching to a higher tier plan at \
                 https://twelvedata.com/pricing"
            ),
            OutOfCredits::Day { used, limit } => format!(
                "You have run out of API credits for the day. {used} API credits were used, with the current limit being \
                 {limit}. Wait for the next day or consider switching to a higher tier plan at \
                 https://twelvedata.com/pricing"
            ),
        },
    )
}

/// Undoes percent-encoding and `+`; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let pair = rest.clone().next().zip(rest.clone().nth(1));
        let escape = pair.and_then(|(high, low)| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        });
        match (byte, escape) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest.nth(1);
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
