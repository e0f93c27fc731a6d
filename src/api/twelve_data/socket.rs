//! `/v1/quotes/price`: the address of Twelve Data's WebSocket.

use crate::api::route::{Asked, Route};
use crate::dialect::Dialect;

pub(in crate::api) const ROUTE: Route = Route {
    path: "/v1/quotes/price",
    parameters: &["apikey"],
    hint: "the parameter is apikey, whose value is not checked; subscribe with a message, such as {\"action\":\"subscribe\",\"params\":{\"symbols\":\"BTC/USD,AAPL\"}}",
    asks: |_| Ok(Asked::Socket(Some(Dialect::TwelveData))),
};
