//! The routes that ask the hub no question: `/metrics`, `/health` and `/ws`.

use super::Reply;
use super::parameters::NONE;
use super::route::{Asked, Route};
use crate::hub::{EdgeCounts, Machine};
use crate::market::Millis;

pub(super) const METRICS: Route = Route {
    path: "/metrics",
    parameters: &["server"],
    hint: "/metrics takes only the name of a relay, as in /metrics?server=weur/0",
    asks: |parameters| parameters.one("server").map(|_| Asked::Metrics),
};

pub(super) const HEALTH: Route = Route {
    path: "/health",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Health),
};

pub(super) const SOCKET: Route = Route {
    path: "/ws",
    parameters: &["ticket", "server"],
    hint: "/ws takes only a ticket, where access is required, and the name of the server that the client had before: subscribe with a message, such as {\"action\":\"subscribe\",\"params\":{\"symbols\":\"BTC/USD,AAPL\"}}",
    asks: |parameters| {
        parameters.one("server")?;
        parameters.one("ticket")?;
        Ok(Asked::Socket(None))
    },
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

/// `/health`: this Worker runs. `status` and `service` are the original's names. It says nothing about the feed and does not wake the hub; for the
/// feed there is `/api/status`.
#[must_use]
pub fn health() -> Reply {
    Reply::json(&serde_json::json!({
        "ok": true,
        "status": "ok",
        "service": "hamster-terminal",
        "version": env!("CARGO_PKG_VERSION"),
    }))
    .tagged()
}
