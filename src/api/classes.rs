//! `/api/stocks`, `/api/forex`, `/api/crypto`: the default symbols in the original terminal's
//! shape, plus the fields about source and freshness.

use super::route::{Asked, Route, Show};
use super::{Problem, Reply};
use crate::dialect::{InstrumentView, ServiceView};
use crate::hub::{Answer, Question, SymbolView};
use crate::market::{AssetClass, Instrument, Provenance, Session};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

const HINT: &str = "this route takes none; /api/quotes?symbols=BTC/USD,AAPL gives any symbols";

pub(super) const STOCKS: Route = Route {
    path: "/api/stocks",
    parameters: &[],
    hint: HINT,
    asks: |_| Ok(defaults(|answer| reply(answer, AssetClass::Stocks))),
};

pub(super) const FOREX: Route = Route {
    path: "/api/forex",
    asks: |_| Ok(defaults(|answer| reply(answer, AssetClass::Forex))),
    ..STOCKS
};

pub(super) const CRYPTO: Route = Route {
    path: "/api/crypto",
    asks: |_| Ok(defaults(|answer| reply(answer, AssetClass::Crypto))),
    ..STOCKS
};

fn defaults(show: fn(&Answer) -> Option<Reply>) -> Asked {
    Asked::Hub(Question::Quotes(Vec::new()), Show(show))
}

/// The symbols of one class, each under its key:
/// `{"ok":true,"simulated":false,"spy":{"price":470.5,"change":0.8,…},…}`.
fn reply(answer: &Answer, class: AssetClass) -> Option<Reply> {
    let Answer::Quotes(quotes) = answer else {
        return None;
    };
    let mut views: Vec<(String, &SymbolView)> = Vec::new();
    for view in &quotes.quotes {
        let symbol = &view.quote.symbol;
        let Ok(instrument) = Instrument::parse(symbol) else {
            continue;
        };
        if AssetClass::of(&instrument, view.quote.instrument.r#type.as_deref()) == class {
            let key = original_key(&instrument);
            // A symbol whose key is a word of the envelope or already taken uses its full name.
            let is_taken = ENVELOPE.contains(&key.as_str()) || views.iter().any(|(taken, _)| *taken == key);
            views.push((if is_taken { symbol.clone() } else { key }, view));
        }
    }
    if !views.is_empty() && views.iter().all(|(_, view)| view.quote.price.is_none()) {
        return Some(Problem::NoPrices(quotes.feed.reason.clone()).reply());
    }
    let body = ClassQuotes {
        simulated: quotes.simulated,
        views: &views,
    };
    Some(Reply::json(&body).tagged())
}

/// Reserved words of the envelope.
const ENVELOPE: [&str; 2] = ["ok", "simulated"];

/// The key of a symbol in the original's REST shape: lower case without slash, such as `btcusd`.
fn original_key(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_lowercase().replace('/', "")
}

struct ClassQuotes<'a> {
    simulated: bool,
    views: &'a [(String, &'a SymbolView)],
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

/// `price` and `change` come first, as in the original.
#[derive(Serialize)]
struct OriginalEntry<'a> {
    price: Option<f64>,
    change: Option<f64>,
    symbol: &'a str,
    timestamp: Option<&'a str>,
    timestamp_precision: Option<&'a str>,
    received_at: Option<&'a str>,
    source: Option<Provenance>,
    session: Session,
    freshness: Option<&'a str>,
    stale_since: Option<&'a str>,
    opens_at: Option<&'a str>,
    closes_at: Option<&'a str>,
    previous_close: Option<f64>,
    open: Option<f64>,
    high: Option<f64>,
    low: Option<f64>,
    bid: Option<f64>,
    ask: Option<f64>,
    #[serde(serialize_with = "crate::dialect::event::whole")]
    day_volume: Option<f64>,
    exchange: Option<&'a str>,
    #[serde(flatten)]
    instrument: &'a InstrumentView,
    #[serde(flatten)]
    service: &'a ServiceView,
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
            opens_at: quote.opens_at.as_deref(),
            closes_at: quote.closes_at.as_deref(),
            previous_close: quote.previous_close,
            open: quote.open,
            high: quote.high,
            low: quote.low,
            bid: quote.bid,
            ask: quote.ask,
            day_volume: quote.day_volume,
            exchange: quote.exchange.as_deref(),
            instrument: &quote.instrument,
            service: &view.service,
        }
    }
}
