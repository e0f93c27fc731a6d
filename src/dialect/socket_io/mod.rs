//! Engine.IO 4 with Socket.IO 5, and the events of the original terminal: `status`, `subscribe`,
//! `subscription`, `price_update`.
//!
//! A frame is one Engine.IO packet: its type as a digit, then its text. `2` and `3` are ping and
//! pong, and `4` is a Socket.IO packet, which begins with its own type: `0` joins the namespace, `1`
//! leaves it, `2` is an event, `3` acknowledges one, `4` refuses. There is one namespace, `/`.
//!
//! The only argument of the event `position` is a position. A client that lost its connection repeats
//! it by itself, and so gets the newest of what it missed: Socket.IO calls that connection state
//! recovery. Node's server adds a position to each event instead, which handlers of other languages
//! do not take.

mod packet;

pub use packet::parse;

use super::message::LONGEST_MESSAGE;
use super::{FeedView, QuoteView, ServerEvent, Subscription, written};
use crate::market::{Millis, Provenance, SECOND, Session};
use serde::Serialize;
use serde_json::{Value, json};

/// The server's ping.
pub const PING: &str = "2";
/// How often the server pings.
pub const PING_INTERVAL: Millis = 25 * SECOND;
/// How long a client waits for a ping beyond that before it gives the connection up.
const PING_TIMEOUT: Millis = 20 * SECOND;
/// The largest body of a client's POST, in bytes.
pub const LARGEST_PAYLOAD: usize = LONGEST_MESSAGE;
/// Separates packets in the body of a request or an answer.
pub const SEPARATOR: char = '\u{1e}';

/// What the original's pages print when they are connected.
const GREETING: &str = "Connected to Hamster Terminal API";

/// The first packet of a connection. A client that polls may open a WebSocket instead.
#[must_use]
pub fn open(session: &str, polls: bool) -> String {
    let upgrades = if polls { r#""websocket""# } else { "" };
    format!(
        r#"0{{"sid":"{session}","upgrades":[{upgrades}],"pingInterval":{PING_INTERVAL},"pingTimeout":{PING_TIMEOUT},"maxPayload":{LARGEST_PAYLOAD}}}"#
    )
}

/// The client has joined. With `recovery`, which is secret, it may later take this session up again.
#[must_use]
pub fn accepted(session: &str, recovery: &str) -> String {
    format!(r#"40{{"sid":"{session}","pid":"{recovery}"}}"#)
}

/// The original's greeting.
#[must_use]
pub fn status(feed: &FeedView<'_>, is_simulated: bool) -> String {
    emitted(
        "status",
        &json!({"data": GREETING, "feed": feed, "simulated": is_simulated}),
    )
}

/// The client may not join, or said something before it joined.
#[must_use]
pub fn refused(namespace: Option<&str>, message: &str) -> String {
    let namespace = namespace.map(|name| format!("{name},")).unwrap_or_default();
    format!("44{namespace}{}", json!({ "message": message }))
}

/// An event; `None` for what this dialect does not have.
#[must_use]
pub fn event(event: &ServerEvent<'_>) -> Option<String> {
    match event {
        ServerEvent::Connected { session, polls, .. } => Some(open(session, *polls)),
        ServerEvent::SubscribeStatus { status, success, fails } => {
            let status = if *status == "ok" { "subscribed" } else { "failed" };
            let body = json!({"symbols": symbols(success), "status": status, "fails": fails});
            Some(emitted("subscription", &body))
        }
        ServerEvent::UnsubscribeStatus { symbols, .. } => {
            let body = json!({"symbols": symbols, "status": "unsubscribed"});
            Some(emitted("unsubscription", &body))
        }
        ServerEvent::Error { code, message } => Some(emitted("error", &json!({"code": code, "message": message}))),
        ServerEvent::PriceUpdate(view) => Some(frame(&quote(view)?)),
        ServerEvent::Reply { ack, answer } => Some(format!("43{ack}{}", json!([acknowledged(answer)]))),
        ServerEvent::Feed { .. }
        | ServerEvent::ResetStatus { .. }
        | ServerEvent::Heartbeat { .. }
        | ServerEvent::Time { .. }
        | ServerEvent::AckRequest { .. } => None,
    }
}

/// What an acknowledgement says of the event that it answers.
fn acknowledged(answer: &ServerEvent<'_>) -> Value {
    match answer {
        ServerEvent::SubscribeStatus { status, success, fails } => {
            json!({"ok": *status == "ok", "symbols": symbols(success), "fails": fails})
        }
        ServerEvent::UnsubscribeStatus { symbols, .. } => json!({"ok": true, "symbols": symbols}),
        ServerEvent::Error { code, message } => json!({"ok": false, "error": {"code": code, "message": message}}),
        ServerEvent::Connected { .. }
        | ServerEvent::Feed { .. }
        | ServerEvent::ResetStatus { .. }
        | ServerEvent::Heartbeat { .. }
        | ServerEvent::Time { .. }
        | ServerEvent::AckRequest { .. }
        | ServerEvent::PriceUpdate(_)
        | ServerEvent::Reply { .. } => json!({"ok": true}),
    }
}

fn symbols(success: &[Subscription]) -> Vec<&str> {
    success.iter().map(|one| one.symbol.as_str()).collect()
}

/// The payload of `price_update`. The original's pages need `price` and `change` as numbers, so a
/// symbol without one of them is held back; neither is ever made up.
#[must_use]
pub fn quote(view: &QuoteView) -> Option<String> {
    let payload = PriceUpdate {
        symbol: &view.symbol,
        price: view.price?,
        change: view.percent_change?,
        timestamp: view.timestamp.as_deref(),
        bid: view.bid,
        ask: view.ask,
        day_volume: view.day_volume,
        previous_close: view.previous_close,
        currency: view.instrument.currency.as_deref(),
        exchange: view.exchange.as_deref(),
        source: view.source,
        simulated: view.simulated,
        session: view.session,
        freshness: view.freshness,
        stale_since: view.stale_since.as_deref(),
    };
    serde_json::to_string(&payload).ok()
}

/// `symbol` to `timestamp` are the original's.
#[derive(Serialize)]
struct PriceUpdate<'a> {
    symbol: &'a str,
    price: f64,
    /// In percent.
    change: f64,
    timestamp: Option<&'a str>,
    bid: Option<f64>,
    ask: Option<f64>,
    #[serde(serialize_with = "super::event::whole")]
    day_volume: Option<f64>,
    previous_close: Option<f64>,
    currency: Option<&'a str>,
    exchange: Option<&'a str>,
    source: Option<Provenance>,
    simulated: bool,
    session: Session,
    freshness: Option<&'a str>,
    stale_since: Option<&'a str>,
}

/// The packet of a `price_update`.
#[must_use]
pub fn frame(quote: &str) -> String {
    format!(r#"42["price_update",{quote}]"#)
}

/// A client that later repeats the position has read all that changed up to there.
#[must_use]
pub fn position(position: (u64, u64)) -> String {
    format!(r#"42["position","{}"]"#, written(position))
}

/// One event with one argument.
fn emitted(name: &str, argument: &Value) -> String {
    format!(r#"42["{name}",{argument}]"#)
}
