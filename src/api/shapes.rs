//! The JSON of each answer. The original's shapes keep their names and places; the truth fields stand beside.

use super::{Problem, Reply};
use crate::dialect::{FeedView, SubscriptionFailure};
use crate::hub::{EdgeCounts, Machine, Status, SymbolView};
use crate::market::Instrument;
use crate::market::{Millis, iso8601};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The three groups of the original's REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetClass {
    /// Shares, funds and indices: no slash in the symbol.
    Stocks,
    /// Pairs of currencies, metals and other goods.
    Forex,
    /// Pairs with a cryptocurrency.
    Crypto,
}

/// Codes of currencies and metals, by which a pair is told from one of cryptocurrencies as long as
/// upstream has not said what it is.
const CURRENCIES: &[&str] = &[
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "KWD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
    "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "XAG", "XAU", "XPD",
    "XPT", "ZAR",
];

impl AssetClass {
    /// The class of a symbol, by what upstream calls it. Before upstream has said anything, by its
    /// form: `AAPL`, `EUR/USD`, `BTC/USD`.
    #[must_use]
    pub fn of(instrument: &Instrument, kind: Option<&str>) -> Self {
        match (instrument.pair(), kind) {
            (None, _) => Self::Stocks,
            (Some(_), Some(kind)) if kind.eq_ignore_ascii_case("Digital Currency") => Self::Crypto,
            (Some(_), Some(_)) => Self::Forex,
            (Some((base, quote)), None) if CURRENCIES.contains(&base) && CURRENCIES.contains(&quote) => Self::Forex,
            (Some(_), None) => Self::Crypto,
        }
    }
}

/// `/api/stocks` and its like: `{"ok":true,"simulated":false,"spy":{"price":470.5,"change":0.8,…},…}`.
#[must_use]
pub fn class_quotes(machine: &Machine, class: AssetClass) -> Reply {
    let mut views: Vec<(String, SymbolView)> = Vec::new();
    for symbol in &machine.config().symbols {
        let Some(view) = machine.symbol(symbol) else { continue };
        if AssetClass::of(symbol, view.quote.kind.as_deref()) == class {
            let key = original_key(symbol);
            // The envelope's own words, and a key that is there, stay what they are: then the
            // symbol goes by its whole name.
            let is_taken = ENVELOPE.contains(&key.as_str()) || views.iter().any(|(taken, _)| *taken == key);
            views.push((if is_taken { symbol.to_string() } else { key }, view));
        }
    }
    if !views.is_empty() && views.iter().all(|(_, view)| view.quote.price.is_none()) {
        return Problem::NoPrices(machine.feed_view().reason.to_owned()).reply();
    }
    let reply = Reply::json(&ClassQuotes {
        simulated: machine.config().simulated,
        views: &views,
    });
    let content = reply.body.clone();
    reply.with_tag_of(&content)
}

/// Words beside the symbols in [`class_quotes`].
const ENVELOPE: [&str; 2] = ["ok", "simulated"];

/// `/api/quotes`: the quotes of `symbols`, or of the default ones.
#[must_use]
pub fn quotes(machine: &Machine, symbols: &[Instrument], now: Millis) -> Reply {
    let asked = if symbols.is_empty() {
        &machine.config().symbols
    } else {
        symbols
    };
    let (known, unknown): (Vec<_>, Vec<_>) = asked.iter().partition(|symbol| machine.symbol(symbol).is_some());
    let mut quotes = Quotes {
        ok: true,
        simulated: machine.config().simulated,
        time: String::new(),
        feed: machine.feed_view(),
        quotes: known.into_iter().filter_map(|symbol| machine.symbol(symbol)).collect(),
        fails: unknown
            .into_iter()
            .map(|symbol| machine.not_tracked(symbol, now))
            .collect(),
    };
    let content = Reply::json(&quotes).body;
    quotes.time = iso8601(now);
    Reply::json(&quotes).with_tag_of(&content)
}

/// `/api/status`, with the original's `cache`.
#[must_use]
pub fn status(machine: &Machine, now: Millis) -> Reply {
    let quote = |symbol: &str| {
        Instrument::parse(symbol)
            .ok()
            .and_then(|symbol| machine.symbol(&symbol))
    };
    let price = |symbol| quote(symbol).and_then(|view| view.quote.price);
    let change = |symbol| quote(symbol).and_then(|view| view.quote.percent_change);
    Reply::json(&StatusBody {
        ok: true,
        version: env!("CARGO_PKG_VERSION"),
        simulated: machine.config().simulated,
        time: iso8601(now),
        status: machine.status(now),
        cache: OriginalCache {
            btc_price: price("BTC/USD"),
            btc_change24h: change("BTC/USD"),
            eth_price: price("ETH/USD"),
            eth_change24h: change("ETH/USD"),
            spy_price: price("SPY"),
            aapl_price: price("AAPL"),
            msft_price: price("MSFT"),
            nvda_price: price("NVDA"),
            eurusd: price("EUR/USD"),
            gbpusd: price("GBP/USD"),
        },
    })
}

/// `/metrics`, in Prometheus' text format.
#[must_use]
pub fn metrics(machine: &Machine, edge: &EdgeCounts, now: Millis) -> Reply {
    Reply::new(
        200,
        "text/plain; version=0.0.4; charset=utf-8",
        machine.metrics(edge, now),
    )
}

/// `/health`: this Worker runs. It says nothing of the feed and wakes nobody; `/api/status` does.
#[must_use]
pub fn health() -> Reply {
    let reply = Reply::json(&serde_json::json!({"ok": true, "version": env!("CARGO_PKG_VERSION")}));
    let content = reply.body.clone();
    reply.with_tag_of(&content)
}

/// The key of a symbol in the original's REST shape: lower case without the slash, `BTC/USD` → `btcusd`.
fn original_key(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_lowercase().replace('/', "")
}

struct ClassQuotes<'a> {
    simulated: bool,
    views: &'a [(String, SymbolView)],
}

impl Serialize for ClassQuotes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ok", &true)?;
        map.serialize_entry("simulated", &self.simulated)?;
        for (key, view) in self.views {
            map.serialize_entry(key, &OriginalEntry::new(view))?;
        }
        map.end()
    }
}

/// `price` and `change` first, as in the original.
#[derive(Serialize)]
struct OriginalEntry<'a> {
    price: Option<f64>,
    change: Option<f64>,
    symbol: &'a str,
    timestamp: Option<&'a str>,
    timestamp_precision: Option<&'a str>,
    received_at: Option<&'a str>,
    source: Option<crate::market::Provenance>,
    session: crate::market::Session,
    freshness: Option<&'a str>,
    stale_since: Option<&'a str>,
    previous_close: Option<f64>,
    bid: Option<f64>,
    ask: Option<f64>,
    #[serde(serialize_with = "crate::dialect::event::whole")]
    day_volume: Option<f64>,
    exchange: Option<&'a str>,
    mic_code: Option<&'a str>,
    kind: Option<&'a str>,
    currency: Option<&'a str>,
    decimals: Option<u8>,
    state: crate::market::StreamState,
    reason: Option<&'a str>,
}

impl<'a> OriginalEntry<'a> {
    fn new(view: &'a SymbolView) -> Self {
        let quote = &view.quote;
        Self {
            price: quote.price,
            change: quote.percent_change,
            symbol: &quote.symbol,
            timestamp: quote.timestamp.as_deref(),
            timestamp_precision: quote.timestamp_precision,
            received_at: quote.received_at.as_deref(),
            source: quote.source,
            session: quote.session,
            freshness: quote.freshness,
            stale_since: quote.stale_since.as_deref(),
            previous_close: quote.previous_close,
            bid: quote.bid,
            ask: quote.ask,
            day_volume: quote.day_volume,
            exchange: quote.exchange.as_deref(),
            mic_code: quote.mic_code.as_deref(),
            kind: quote.kind.as_deref(),
            currency: quote.currency.as_deref(),
            decimals: quote.decimals,
            state: view.state,
            reason: view.reason.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Quotes<'a> {
    ok: bool,
    simulated: bool,
    time: String,
    feed: FeedView<'a>,
    quotes: Vec<SymbolView>,
    fails: Vec<SubscriptionFailure>,
}

#[derive(Serialize)]
struct StatusBody<'a> {
    ok: bool,
    version: &'a str,
    simulated: bool,
    time: String,
    #[serde(flatten)]
    status: Status<'a>,
    cache: OriginalCache,
}

/// The original's cache under its own names. The original said 24 h and filled in the change since the previous close, as we do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginalCache {
    btc_price: Option<f64>,
    btc_change24h: Option<f64>,
    eth_price: Option<f64>,
    eth_change24h: Option<f64>,
    spy_price: Option<f64>,
    aapl_price: Option<f64>,
    msft_price: Option<f64>,
    nvda_price: Option<f64>,
    eurusd: Option<f64>,
    gbpusd: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_upstreams_word_and_before_it_by_form() {
        for (symbol, kind, class) in [
            ("AAPL", None, AssetClass::Stocks),
            ("RY:TSX", Some("Common Stock"), AssetClass::Stocks),
            ("VIX", Some("Index"), AssetClass::Stocks),
            ("EUR/USD", None, AssetClass::Forex),
            ("XAU/USD", Some("Physical Currency"), AssetClass::Forex),
            ("WTI/USD", Some("Commodity"), AssetClass::Forex),
            ("BTC/USD", None, AssetClass::Crypto),
            ("ETH/BTC", Some("Digital Currency"), AssetClass::Crypto),
            ("USDT/USD", None, AssetClass::Crypto),
        ] {
            let instrument = Instrument::parse(symbol).unwrap();
            assert_eq!(AssetClass::of(&instrument, kind), class, "{symbol}");
        }
    }
}
