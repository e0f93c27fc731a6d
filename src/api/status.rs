//! `/api/status`: the whole state, including the original's `cache`.

use super::parameters::NONE;
use super::route::{Asked, Route, Show};
use super::{Reply, original};
use crate::hub::{Answer, Question, Status};
use crate::market::iso8601;
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    path: "/api/status",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Hub(Question::Status, Show(reply))),
};

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Status(status) = answer else {
        return None;
    };
    let quote = |symbol: &str| {
        let mut views = status.symbols.iter().map(|view| &view.quote);
        views.find(|quote| quote.symbol == symbol)
    };
    let price = |symbol| quote(symbol).and_then(|quote| quote.price);
    let change = |symbol| quote(symbol).and_then(|quote| quote.percent_change);
    Some(Reply::json(&StatusBody {
        ok: true,
        // The original's names for: it runs, and whose prices these are.
        status_word: "running",
        data_source: original::source(status.simulated),
        version: env!("CARGO_PKG_VERSION"),
        simulated: status.simulated,
        time: iso8601(status.time),
        status,
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
    }))
}

#[derive(Serialize)]
struct StatusBody<'a> {
    ok: bool,
    #[serde(rename = "status")]
    status_word: &'a str,
    data_source: &'a str,
    version: &'a str,
    simulated: bool,
    time: String,
    #[serde(flatten)]
    status: &'a Status,
    cache: OriginalCache,
}

/// The original's cache under its own names. Like the original, the 24 h fields hold the change
/// since the previous close.
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
