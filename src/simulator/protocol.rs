//! The WebSocket's messages: what a client may send, and every frame that is sent back.

use serde::Deserialize;

use super::faults::{CryptoItems, EmptyList, ForexItems, Switches};
use super::instruments::{Class, Instrument, named};
use super::json::{Json, Object};
use super::market::Trade;

/// A client message as received.
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

/// Arrays may mix plain strings and objects.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Pinned(Wanted),
}

/// A symbol that a client asks for, with the fields that pin its venue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) symbol: String,
    #[serde(default)]
    pub(crate) exchange: Option<String>,
    #[serde(default)]
    pub(crate) mic_code: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) class: Option<String>,
    /// The item as the client wrote it, which a fail repeats.
    #[serde(skip)]
    pub(crate) written: String,
}

impl ClientMessage {
    /// The symbols in the order of the request, without duplicates; `None` if there are none.
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
    /// Parses `SYMBOL` or `SYMBOL:EXCHANGE`.
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

    /// The first instrument of the table that matches.
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

/// Forex has no venue, but subscribe-status uses two names for it, which a client may send back.
fn at_venue(instrument: &Instrument, name: &str) -> bool {
    if instrument.class == Class::PhysicalCurrency {
        return name.eq_ignore_ascii_case("FOREX") || name.eq_ignore_ascii_case("PHYSICAL CURRENCY");
    }
    instrument.exchange.eq_ignore_ascii_case(name) || instrument.mic_code.eq_ignore_ascii_case(name)
}

/// A price event with the fields of its asset class. `timestamp` is in seconds. There is never a
/// percent change.
pub(crate) fn price_event(instrument: &Instrument, trade: &Trade, timestamp: u64, switches: &impl Switches) -> String {
    let faults = switches.faults();
    let class = instrument.class;
    let pair = class.is_pair();
    let venue = match (&faults.crypto_exchange, class) {
        (_, Class::PhysicalCurrency) => None,
        (Some(other), Class::DigitalCurrency) => Some(Json::from(other.clone())),
        _ => Some(instrument.exchange.into()),
    };
    let mut event = Object::default()
        .with("event", "price")
        .with("symbol", instrument.symbol)
        .with_some(
            "currency",
            (class != Class::DigitalCurrency).then_some(instrument.currency),
        )
        .with_some("currency_base", pair.then_some(instrument.currency_base))
        .with_some("currency_quote", pair.then_some(instrument.currency_quote))
        .with_some("exchange", venue)
        .with_some("mic_code", (!pair).then_some(instrument.mic_code))
        .with("type", class.name())
        .with("timestamp", timestamp.saturating_add_signed(faults.timestamp_shift))
        .with("price", trade.price)
        .with_some("bid", trade.bid)
        .with_some("ask", trade.ask)
        .with_some("day_volume", trade.day_volume);
    if faults.numbers_as_strings {
        for (_, value) in &mut event.0 {
            *value = value.plain().into();
        }
    }
    Json::Object(event).to_string()
}

/// The answer to a subscribe. A fail contains only its symbol: no source has ever shown a reason.
pub(crate) fn subscribe_status(success: &[&'static Instrument], fails: &[String], switches: &impl Switches) -> String {
    let shape = &switches.faults().status_shape;
    let mut success: Vec<Json> = success.iter().map(|one| success_item(one, switches).into()).collect();
    let fail = |symbol: &String| Object::default().with("symbol", symbol.clone()).into();
    let mut fails: Vec<Json> = fails.iter().map(fail).collect();
    // That partial success is "ok" is an assumption: no capture shows it.
    let status = if success.is_empty() && !fails.is_empty() {
        "error"
    } else {
        "ok"
    };
    if shape.reversed {
        success.reverse();
        fails.reverse();
    }
    let list = |items: Vec<Json>, empty| match (items.is_empty(), empty) {
        (true, EmptyList::Absent) => None,
        (true, EmptyList::Null) => Some(Json::Null),
        _ => Some(items.into()),
    };
    let message = event_of("subscribe-status", status)
        .with_some("success", list(success, shape.empty_success))
        .with_some("fails", list(fails, shape.empty_fails));
    Json::Object(message).to_string()
}

fn success_item(instrument: &Instrument, switches: &impl Switches) -> Object {
    let shape = &switches.faults().status_shape;
    let kind = instrument.class.name();
    let venue = instrument.exchange;
    let (exchange, mic_code, country, kind) = match (instrument.class, shape.forex, shape.crypto) {
        (Class::PhysicalCurrency, ForexItems::Forex, _) => ("FOREX", None, Some(""), kind),
        (Class::PhysicalCurrency, ForexItems::PhysicalCurrency, _) => {
            ("PHYSICAL CURRENCY", None, None, "PHYSICAL_CURRENCY")
        }
        (Class::DigitalCurrency, _, CryptoItems::Short) => (venue, None, None, kind),
        (Class::DigitalCurrency, _, CryptoItems::Long) => (venue, Some(venue), Some(""), kind),
        _ => (venue, Some(instrument.mic_code), Some(instrument.country), kind),
    };
    Object::default()
        .with("symbol", instrument.symbol)
        .with("exchange", exchange)
        .with_some("mic_code", mic_code)
        .with_some("country", country)
        .with("type", kind)
}

fn event_of(event: &'static str, status: &'static str) -> Object {
    Object::default().with("event", event).with("status", status)
}

/// `heartbeat`, `reset-status` and `unsubscribe-status`: no source shows more fields.
pub(crate) fn simple_status(event: &'static str) -> String {
    Json::Object(event_of(event, "ok")).to_string()
}

/// The answer to too many client messages in a minute. The text is the server's own.
pub(crate) fn over_message_limit(count: u32, limit: u32) -> String {
    message_processing(&format!(
        "The server received {count} events from you, which exceeds the limit of {limit} events per minute. \
         You may wait for the next minute or contact our technical support to increase the limits."
    ))
}

/// The answer to an unreadable message. The envelope is an assumption: it is not documented.
pub(crate) fn message_processing(text: &str) -> String {
    let messages = vec![Json::from(text.to_owned())];
    Json::Object(event_of("message-processing", "error").with("messages", messages)).to_string()
}

/// An event with a name that no client knows.
pub(crate) fn unknown_event() -> String {
    let details = Object::default().with("window", Json::Null);
    Json::Object(event_of("maintenance-notice", "ok").with("details", details)).to_string()
}

/// The body of an error, over REST and in a refused upgrade.
pub(crate) fn error_body(code: u16, message: &str) -> Json {
    Object::default()
        .with("code", u64::from(code))
        .with("message", message.to_owned())
        .with("status", "error")
        .into()
}
