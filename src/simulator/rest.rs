//! REST: turns a query into a status, headers and a body. Keys, credits and errors are handled
//! here. `endpoints` chooses the answer, which is in `quote`, `series` or `directory`.

use std::collections::BTreeMap;

use super::Millis;
use super::exchange::Exchange;
use super::faults::{RestErrorStatus, Switches};
use super::instruments::Instrument;
use super::json::{Json, Object};
use super::plan::OutOfCredits;
use super::protocol::{Wanted, error_body};

/// Most symbols in one call.
const MOST_SYMBOLS: usize = 120;

const NO_SYMBOL: &str = "**symbol** or **figi** parameter is missing or invalid. Please provide a valid symbol according \
    to API documentation: https://twelvedata.com/docs#reference-data";
const NOT_IN_PLAN: &str = "This symbol is available starting with the Grow or Venture plan. Consider upgrading now at \
    https://twelvedata.com/pricing";

/// The content type of JSON answers.
pub(super) const JSON: &str = "application/json";

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestReply {
    /// HTTP status; an error may come with 200.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, unless its `content-type` says otherwise.
    pub body: String,
}

/// An error of a whole call or of one symbol in it.
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

    /// An unknown symbol.
    pub(crate) fn symbol() -> Failure {
        Failure::new(404, NO_SYMBOL)
    }

    /// A symbol that the plan does not include: only the text differs from an unknown one.
    pub(crate) fn plan() -> Failure {
        Failure::new(404, NOT_IN_PLAN)
    }

    pub(super) fn body(&self) -> Json {
        error_body(self.code, &self.message)
    }
}

/// The query's parameters, with names in lower case ("case-insensitive").
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

    /// The key, preferably from the request's header.
    pub(crate) fn key<'a>(&'a self, header: Option<&'a str>) -> &'a str {
        header.or(self.get("apikey")).unwrap_or_default()
    }

    /// One credit per symbol, at least one.
    pub(crate) fn credits(&self) -> u32 {
        u32::try_from(self.symbols().len()).unwrap_or(u32::MAX).max(1)
    }

    /// The comma list `symbol` as written, without duplicates and empty items.
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

/// Answers for one symbol.
pub(super) type Endpoint<F> = fn(&Exchange<F>, &Instrument, &Query, Millis) -> Result<Json, Failure>;

impl<F: Switches> Exchange<F> {
    pub(super) fn count_call(&mut self, endpoint: &str) {
        *self.counters.rest_calls.entry(endpoint.to_owned()).or_default() += 1;
    }

    /// The answer for the symbols of the query: flat for one, a map for several.
    pub(super) fn about_symbols(
        &mut self,
        query: &Query,
        key: &str,
        now: Millis,
        endpoint: Endpoint<F>,
    ) -> Result<Json, Failure> {
        let symbols = query.symbols();
        self.spend(key, query.credits(), now)?;
        if symbols.len() > MOST_SYMBOLS {
            return Err(Failure::new(414, "The parameter **symbol** holds too many symbols."));
        }
        match symbols.as_slice() {
            [] => Err(Failure::symbol()),
            [symbol] => self.about_symbol(symbol, query, now, endpoint),
            symbols => {
                let mut map = Object::default();
                for symbol in symbols {
                    let answer = self.about_symbol(symbol, query, now, endpoint);
                    // Batches were seen to use the older text, which names the symbol.
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

    /// The answer for one symbol as written in the request.
    fn about_symbol(&self, symbol: &str, query: &Query, now: Millis, endpoint: Endpoint<F>) -> Result<Json, Failure> {
        let mut wanted = Wanted::written(&symbol.to_ascii_uppercase());
        let pin = |name| query.get(name).map(str::to_owned);
        wanted.exchange = wanted.exchange.or_else(|| pin("exchange"));
        wanted.mic_code = pin("mic_code");
        wanted.class = pin("type");
        let instrument = wanted.resolve().ok_or_else(Failure::symbol)?;
        if !instrument.basic_plan && !self.settings.plan.all_symbols {
            return Err(Failure::plan());
        }
        endpoint(self, instrument, query, now)
    }

    /// Takes credits of the key.
    pub(super) fn spend(&mut self, key: &str, credits: u32, now: Millis) -> Result<(), Failure> {
        let plan = self.settings.plan.clone();
        self.account(key).spend(&plan, credits, now).map_err(out_of_credits)
    }

    /// An answer in its content type, with the headers of every answer.
    pub(super) fn reply(
        &mut self,
        answer: Result<(&str, String), Failure>,
        key: &str,
        is_batch: bool,
        now: Millis,
    ) -> RestReply {
        let is_batch = is_batch && answer.is_ok();
        let (status, content_type, body) = match answer {
            Ok((content_type, body)) => (200, content_type, body),
            Err(failure) => {
                let status = match self.switches().rest_error_status {
                    RestErrorStatus::Matching => failure.code,
                    RestErrorStatus::AlwaysOk => 200,
                };
                (status, JSON, failure.body().to_string())
            }
        };
        let mut headers = vec![("content-type", content_type.to_owned())];
        if self.is_good(Some(key)) {
            let limit = self.settings.plan.rest_per_minute;
            let (used, _) = self.account(key).rest_used(now);
            headers.push(("api-credits-used", used.to_string()));
            headers.push(("api-credits-left", limit.saturating_sub(used).to_string()));
        }
        if is_batch {
            headers.push(("is_batch", "true".to_owned()));
        }
        RestReply { status, headers, body }
    }
}

/// Both kinds share a code; only the text distinguishes a wait of a minute from a wait until
/// midnight UTC.
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

/// Decodes percent-encoding and `+`; an invalid escape stays as it is.
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
