//! The routes that ask the hub no question: `/metrics`, `/health` and `/ws`.

use super::Reply;
use super::route::{Route, Serves};
use crate::hub::{EdgeCounts, Machine};
use crate::market::Millis;

const NOTHING: &str = "this route takes none";

pub(super) const METRICS: Route = Route {
    path: "/metrics",
    serves: Serves::Metrics,
    takes_symbols: false,
    hint: NOTHING,
};

pub(super) const HEALTH: Route = Route {
    path: "/health",
    serves: Serves::Health,
    takes_symbols: false,
    hint: NOTHING,
};

pub(super) const SOCKET: Route = Route {
    path: "/ws",
    serves: Serves::Socket,
    takes_symbols: false,
    hint: "/ws takes none: subscribe with a message, such as {\"action\":\"subscribe\",\"params\":{\"symbols\":\"BTC/USD,AAPL\"}}",
};

/// `/metrics`, in Prometheus' text format. Scraping keeps nothing awake.
#[must_use]
pub fn metrics(machine: &Machine, edge: &EdgeCounts, now: Millis) -> Reply {
    Reply::new(
        200,
        "text/plain; version=0.0.4; charset=utf-8",
        machine.metrics(edge, now),
    )
}

/// `/health`: this Worker runs. It says nothing about the feed and does not wake the hub; for the
/// feed there is `/api/status`.
#[must_use]
pub fn health() -> Reply {
    Reply::json(&serde_json::json!({"ok": true, "version": env!("CARGO_PKG_VERSION")})).tagged()
}
