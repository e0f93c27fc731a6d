//! The JSON of each answer. The original's shapes keep their names and places; the truth fields stand beside.

use super::{Problem, Reply};
use crate::clock::{Millis, iso8601};
use crate::hub::{EdgeCounts, Machine, Status, SymbolView, original_key};
use crate::twelve_data::Instrument;
use crate::wire::{FeedView, SubscriptionFailure};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The three groups of the original's REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetClass {
    /// Shares, funds and indices: no slash in the symbol.
    Stocks,
    /// A pair of currencies or metals.
    Forex,
    /// Any other pair.
    Crypto,
}

/// What trades against each other on the currency markets: ISO 4217 codes of the pairs that upstream has, metals included.
const CURRENCIES: &[&str] = &[
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "KWD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
    "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "XAG", "XAU", "XPD",
    "XPT", "ZAR",
];

impl AssetClass {
    /// The class of a symbol, by its form: `AAPL`, `EUR/USD`, `BTC/USD`.
    #[must_use]
    pub fn of(instrument: &Instrument) -> Self {
        match instrument.symbol().split_once('/') {
            None => Self::Stocks,
            Some((base, quote)) if CURRENCIES.contains(&base) && CURRENCIES.contains(&quote) => Self::Forex,
            Some(_) => Self::Crypto,
        }
    }
}

/// `/api/stocks` and its like: `{"ok":true,"simulated":false,"spy":{"price":470.5,"change":0.8,…},…}`.
#[must_use]
pub fn class_quotes(machine: &Machine, class: AssetClass) -> Reply {
    let symbols = machine
        .config()
        .symbols
        .iter()
        .filter(|symbol| AssetClass::of(symbol) == class);
    let views: Vec<(String, SymbolView)> = symbols
        .filter_map(|symbol| Some((original_key(symbol), machine.symbol(symbol)?)))
        .collect();
    if !views.is_empty() && views.iter().all(|(_, view)| view.quote.price.is_none()) {
        return Problem::NoPrices(machine.feed_view().reason.to_owned()).reply();
    }
    Reply::json(&ClassQuotes {
        simulated: machine.config().simulated,
        views: &views,
    })
}

/// `/api/quotes`: the quotes of `symbols`, or of the default ones.
#[must_use]
pub fn quotes(machine: &Machine, symbols: &[Instrument], now: Millis) -> Reply {
    let asked = if symbols.is_empty() {
        &machine.config().symbols
    } else {
        symbols
    };
    let (known, unknown): (Vec<_>, Vec<_>) = asked.iter().partition(|symbol| machine.symbol(symbol).is_some());
    Reply::json(&Quotes {
        ok: true,
        simulated: machine.config().simulated,
        time: iso8601(now),
        feed: machine.feed_view(),
        quotes: known.into_iter().filter_map(|symbol| machine.symbol(symbol)).collect(),
        fails: unknown.into_iter().map(Machine::no_room_for).collect(),
    })
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
    Reply::json(&serde_json::json!({"ok": true, "version": env!("CARGO_PKG_VERSION")}))
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
    received_at: Option<&'a str>,
    source: Option<crate::hub::Source>,
    session: crate::hub::Session,
    freshness: Option<&'a str>,
    stale_since: Option<&'a str>,
    previous_close: Option<f64>,
    bid: Option<f64>,
    ask: Option<f64>,
    #[serde(serialize_with = "crate::wire::whole")]
    day_volume: Option<f64>,
    exchange: Option<&'a str>,
    state: crate::hub::StreamState,
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
    fn classes_by_form() {
        for (symbol, class) in [
            ("AAPL", AssetClass::Stocks),
            ("RY:TSX", AssetClass::Stocks),
            ("EUR/USD", AssetClass::Forex),
            ("XAU/USD", AssetClass::Forex),
            ("BTC/USD", AssetClass::Crypto),
            ("ETH/BTC", AssetClass::Crypto),
            ("USDT/USD", AssetClass::Crypto),
        ] {
            assert_eq!(AssetClass::of(&Instrument::parse(symbol).unwrap()), class, "{symbol}");
        }
    }
}
