//! Twelve Data's own WebSocket protocol, as at `ws.twelvedata.com`: its scripts and SDKs connect to
//! the hub instead, and so share its one connection.
//!
//! The protocol has no word for an old price. So a price is sent only while it is current: it has
//! the exchange's time, its market is not closed, it is fresh, and it was not restored. Otherwise the
//! symbol is silent, as it would be at Twelve Data.

use super::{ClientError, ClientMessage, Listing, QuoteView, ServerEvent, message};
use crate::market::{Instrument, Provenance, Session};
use serde::Serialize;
use serde_json::json;

/// Parses a client's text frame.
///
/// # Errors
/// [`ClientError`], which becomes a `message-processing` event; the connection stays open.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    let message = message::parse(text);
    if let Err(ClientError::UnknownAction(action)) = message {
        return Err(ClientError::NotTwelveDatas(action));
    }
    match message? {
        ClientMessage::Time(_) => Err(ClientError::NotTwelveDatas("time".to_owned())),
        ClientMessage::Ack { .. } | ClientMessage::Proof(_) => Err(ClientError::NotTwelveDatas("ack".to_owned())),
        ClientMessage::Subscribe(wish) => Ok(ClientMessage::Subscribe(message::Subscribe {
            symbols: wish.symbols,
            ..message::Subscribe::default()
        })),
        other @ (ClientMessage::Unsubscribe(_)
        | ClientMessage::Reset
        | ClientMessage::Heartbeat
        | ClientMessage::Ping
        | ClientMessage::Pong
        | ClientMessage::Connect(_)
        | ClientMessage::ConnectElsewhere(_)
        | ClientMessage::Leave
        | ClientMessage::Report(_)) => Ok(other),
    }
}

/// An event; `None` if Twelve Data has no word for it.
#[must_use]
pub fn event(event: &ServerEvent<'_>) -> Option<String> {
    let body = match event {
        ServerEvent::SubscribeStatus { status, success, fails } => {
            let success: Vec<Item> = success.iter().map(|one| Item::of(&one.symbol, &one.listing)).collect();
            let fails: Vec<_> = fails.iter().map(|one| json!({"symbol": one.symbol})).collect();
            json_of(&SubscribeStatus {
                event: "subscribe-status",
                status,
                success: &success,
                fails: &fails,
            })
        }
        ServerEvent::UnsubscribeStatus { .. } => status("unsubscribe-status"),
        ServerEvent::ResetStatus { .. } => status("reset-status"),
        ServerEvent::Heartbeat { .. } => status("heartbeat"),
        ServerEvent::PriceUpdate(view) => return quote(view),
        ServerEvent::Error { message, .. } => format!(
            r#"{{"event":"message-processing","status":"error","messages":[{}]}}"#,
            json_of(message)
        ),
        ServerEvent::Connected { .. }
        | ServerEvent::Feed { .. }
        | ServerEvent::Time { .. }
        | ServerEvent::AckRequest { .. }
        | ServerEvent::Reply { .. } => return None,
    };
    Some(body)
}

/// A price event; `None` if the price is not current.
#[must_use]
pub fn quote(view: &QuoteView) -> Option<String> {
    let is_current = view.freshness == Some("fresh") && view.source != Some(Provenance::Restored) && view.session != Session::Closed
        // A price of some time this day would look like one of midnight.
        && view.timestamp_precision != Some("day");
    if !is_current {
        return None;
    }
    let instrument = Instrument::parse(&view.symbol).ok()?;
    Some(json_of(&Price {
        event: "price",
        symbol: instrument.symbol(),
        currency: view.instrument.currency.as_deref(),
        currency_base: view.pair.base.as_deref(),
        currency_quote: view.pair.quote.as_deref(),
        exchange: view.exchange.as_deref().or(instrument.exchange()),
        mic_code: view.instrument.mic_code.as_deref(),
        r#type: view.instrument.r#type.as_deref(),
        timestamp: view.exchange_second?,
        price: view.price?,
        bid: view.bid,
        ask: view.ask,
        day_volume: view.day_volume,
        simulated: view.simulated,
    }))
}

/// The fields of a price event in Twelve Data's order. It leaves out what it does not know.
#[derive(Serialize)]
struct Price<'a> {
    event: &'a str,
    symbol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_base: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_quote: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mic_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    /// Seconds since 1970.
    timestamp: u64,
    price: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "super::event::whole")]
    day_volume: Option<f64>,
    /// Not Twelve Data's. Only simulated prices have it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

#[derive(Serialize)]
struct SubscribeStatus<'a> {
    event: &'a str,
    status: &'a str,
    success: &'a [Item],
    fails: &'a [serde_json::Value],
}

/// A symbol that was subscribed. What nobody has said yet is left out.
#[derive(Serialize)]
struct Item {
    symbol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mic_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

impl Item {
    /// A pinned symbol is told in two parts.
    fn of(name: &str, listing: &Listing) -> Self {
        let instrument = Instrument::parse(name).ok();
        let pinned = instrument.as_ref().and_then(Instrument::exchange);
        Self {
            symbol: instrument.as_ref().map_or(name, Instrument::symbol).to_owned(),
            exchange: listing.exchange.clone().or(pinned.map(ToOwned::to_owned)),
            mic_code: listing.mic_code.clone(),
            r#type: listing.r#type.clone(),
        }
    }
}

fn status(event: &str) -> String {
    format!(r#"{{"event":"{event}","status":"ok"}}"#)
}

fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
