//! The WebSocket's messages: what a client may send, and every frame that goes back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::{CryptoItems, EmptyList, Faults, ForexItems, StatusShape};
use super::instruments::{Class, Instrument, named};
use super::market::Trade;

/// A message from the client, as it came.
#[derive(Debug, Deserialize)]
pub(crate) struct ClientMessage {
    pub(crate) action: String,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Debug, Deserialize)]
struct Params {
    symbols: Symbols,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Symbols {
    Text(String),
    List(Vec<Entry>),
}

/// Arrays may mix bare strings and objects.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Pinned(Wanted),
}

/// A symbol that a client asks for, with what pins its venue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) symbol: String,
    #[serde(default)]
    pub(crate) exchange: Option<String>,
    #[serde(default)]
    pub(crate) mic_code: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) class: Option<String>,
    /// The whole request as it was written, which a fail repeats.
    #[serde(skip)]
    pub(crate) written: String,
}

impl ClientMessage {
    /// The symbols in the order of the request, without repetitions; `None` if there are none.
    pub(crate) fn wanted(self) -> Option<Vec<Wanted>> {
        let entries = match self.params?.symbols {
            Symbols::Text(text) => vec![Entry::Text(text)],
            Symbols::List(list) => list,
        };
        let mut all = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for entry in entries {
            let some = match entry {
                Entry::Text(text) => text.split(',').map(Wanted::written).collect(),
                Entry::Pinned(mut one) => {
                    one.written.clone_from(&one.symbol);
                    vec![one]
                }
            };
            for one in some {
                let key = (one.written.clone(), one.exchange.clone(), one.mic_code.clone());
                if !one.symbol.is_empty() && seen.insert(key) {
                    all.push(one);
                }
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

impl Wanted {
    /// From `SYMBOL` or `SYMBOL:EXCHANGE`.
    pub(crate) fn written(text: &str) -> Wanted {
        let text = text.trim();
        let (symbol, exchange) = match text.split_once(':') {
            Some((symbol, exchange)) => (symbol.trim(), Some(exchange.trim().to_owned())),
            None => (text, None),
        };
        Wanted {
            symbol: symbol.to_owned(),
            exchange,
            written: text.to_owned(),
            ..Wanted::default()
        }
    }

    /// The instrument that is meant: the first of the table that fits.
    pub(crate) fn resolve(&self) -> Option<&'static Instrument> {
        named(&self.symbol).find(|one| {
            self.exchange.as_ref().is_none_or(|name| at_venue(one, name))
                && self
                    .mic_code
                    .as_ref()
                    .is_none_or(|code| one.mic_code.eq_ignore_ascii_case(code))
                && self.class.as_ref().is_none_or(|name| one.class.answers_to(name))
        })
    }
}

/// Forex has no venue, but goes by two names in subscribe-status; a client may send them back.
fn at_venue(instrument: &Instrument, name: &str) -> bool {
    if instrument.class == Class::PhysicalCurrency {
        return name.eq_ignore_ascii_case("FOREX") || name.eq_ignore_ascii_case("PHYSICAL CURRENCY");
    }
    instrument.exchange.eq_ignore_ascii_case(name) || instrument.mic_code.eq_ignore_ascii_case(name)
}

#[derive(Serialize)]
struct PriceEvent<'a> {
    event: &'static str,
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
    r#type: &'a str,
    timestamp: u64,
    price: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day_volume: Option<u64>,
}

/// A price event with the fields of its asset class. `timestamp` in seconds. There is never a percent change.
pub(crate) fn price_event(instrument: &Instrument, trade: &Trade, timestamp: u64, faults: &Faults) -> String {
    let class = instrument.class;
    let pair = class.is_pair();
    let venue = match (&faults.crypto_exchange, class) {
        (_, Class::PhysicalCurrency) => None,
        (Some(other), Class::DigitalCurrency) => Some(other.as_str()),
        _ => Some(instrument.exchange),
    };
    let event = PriceEvent {
        event: "price",
        symbol: instrument.symbol,
        currency: (class != Class::DigitalCurrency).then_some(instrument.currency),
        currency_base: pair.then_some(instrument.currency_base),
        currency_quote: pair.then_some(instrument.currency_quote),
        exchange: venue,
        mic_code: (!pair).then_some(instrument.mic_code),
        r#type: class.name(),
        timestamp: timestamp.saturating_add_signed(faults.timestamp_shift),
        price: trade.price,
        bid: trade.bid,
        ask: trade.ask,
        day_volume: trade.day_volume,
    };
    if faults.numbers_as_strings {
        return with_strings(&event);
    }
    serde_json::to_string(&event).unwrap_or_default()
}

fn with_strings(event: &PriceEvent<'_>) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
        return String::new();
    };
    for value in fields.values_mut() {
        if value.is_number() {
            *value = Value::String(value.to_string());
        }
    }
    Value::Object(fields).to_string()
}

/// The answer to a subscribe. A fail carries only its symbol: no source has ever shown a reason.
pub(crate) fn subscribe_status(success: &[&'static Instrument], fails: &[String], shape: &StatusShape) -> String {
    let mut success: Vec<Value> = success.iter().map(|one| success_item(one, shape)).collect();
    let mut fails: Vec<Value> = fails.iter().map(|symbol| json!({ "symbol": symbol })).collect();
    // Partial success as "ok" is an assumption: no capture shows one.
    let status = if success.is_empty() && !fails.is_empty() {
        "error"
    } else {
        "ok"
    };
    if shape.reversed {
        success.reverse();
        fails.reverse();
    }
    let mut message = serde_json::Map::new();
    message.insert("event".to_owned(), "subscribe-status".into());
    message.insert("status".to_owned(), status.into());
    for (name, items, empty) in [
        ("success", success, shape.empty_success),
        ("fails", fails, shape.empty_fails),
    ] {
        let value = match (items.is_empty(), empty) {
            (true, EmptyList::Absent) => continue,
            (true, EmptyList::Null) => Value::Null,
            _ => Value::Array(items),
        };
        message.insert(name.to_owned(), value);
    }
    Value::Object(message).to_string()
}

fn success_item(instrument: &Instrument, shape: &StatusShape) -> Value {
    let symbol = instrument.symbol;
    let kind = instrument.class.name();
    match (instrument.class, shape.forex, shape.crypto) {
        (Class::PhysicalCurrency, ForexItems::Forex, _) => {
            json!({"symbol": symbol, "exchange": "FOREX", "country": "", "type": kind})
        }
        (Class::PhysicalCurrency, ForexItems::PhysicalCurrency, _) => {
            json!({"symbol": symbol, "exchange": "PHYSICAL CURRENCY", "type": "PHYSICAL_CURRENCY"})
        }
        (Class::DigitalCurrency, _, CryptoItems::Short) => {
            json!({"symbol": symbol, "exchange": instrument.exchange, "type": kind})
        }
        (Class::DigitalCurrency, _, CryptoItems::Long) => json!({
            "symbol": symbol, "exchange": instrument.exchange, "mic_code": instrument.exchange, "country": "", "type": kind
        }),
        _ => json!({
            "symbol": symbol, "exchange": instrument.exchange, "mic_code": instrument.mic_code,
            "country": instrument.country, "type": kind
        }),
    }
}

/// `heartbeat`, `reset-status` and `unsubscribe-status`, of which nothing more is known.
pub(crate) fn simple_status(event: &str) -> String {
    json!({"event": event, "status": "ok"}).to_string()
}

/// Too many client messages in a minute. The text is the server's own.
pub(crate) fn over_message_limit(count: u32, limit: u32) -> String {
    message_processing(&format!(
        "The server received {count} events from you, which exceeds the limit of {limit} events per minute. \
         You may wait for the next minute or contact our technical support to increase the limits."
    ))
}

/// The reply to a message that cannot be read. The envelope is an assumption: it is not documented.
pub(crate) fn message_processing(text: &str) -> String {
    json!({"event": "message-processing", "status": "error", "messages": [text]}).to_string()
}

/// An event of a name that no client knows.
pub(crate) fn unknown_event() -> String {
    json!({"event": "maintenance-notice", "status": "ok", "details": {"window": null}}).to_string()
}

/// The body of an error, over REST and in a refused upgrade.
pub(crate) fn error_body(code: u16, message: &str) -> Value {
    json!({"code": code, "message": message, "status": "error"})
}
