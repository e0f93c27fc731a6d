//! Client messages: parsed strictly. An error says what would be right.

use crate::market::{Instrument, InstrumentError};
use crate::market::{Millis, SECOND};
use serde_json::{Map, Value};
use std::fmt;

/// A valid client message.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// Add symbols.
    Subscribe(Subscribe),
    /// Drop symbols.
    Unsubscribe(Vec<RequestedSymbol>),
    /// Drop all symbols.
    Reset,
    /// A keep-alive, which is answered.
    Heartbeat,
    /// Asks for the hub's time. The answer repeats the id.
    Time(Option<serde_json::Number>),
    /// `hamster.v1`: acknowledges deltas.
    Ack {
        /// The channel; `stream` in the message.
        channel: u32,
        /// The newest delta that the client has read.
        seq: u64,
    },
    /// Plain JSON: the number of an `ack-request`.
    Proof(u64),
    /// A keep-alive of pages, which is answered with one word.
    Ping,
    /// Socket.IO: the answer to a beat.
    Pong,
    /// Socket.IO: joins the namespace.
    Connect(Connect),
    /// Socket.IO: joins a namespace that does not exist.
    ConnectElsewhere(String),
    /// Socket.IO: leaves.
    Leave,
    /// A relay's link: how the relay is doing.
    Report(Report),
}

/// What a relay says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The relay's name.
    pub server: String,
    /// Its clients, and those of relays behind it.
    pub clients: u64,
    /// Updates that it has sent, counted once per receiver.
    pub updates: u64,
    /// Half of the time from a beat to its answer, in milliseconds.
    pub hop_ms: Option<Millis>,
    /// By how much the hub's clock is ahead of the relay's, in milliseconds.
    pub clock_ms: i64,
    /// How often it has lost its link.
    pub losses: u64,
}

/// What a Socket.IO client kept of a connection that it lost: the secret of the session, and the
/// position as (epoch, revision).
pub type Recovery = (String, (u64, u64));

/// How a Socket.IO client joins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connect {
    /// The session that it wants to take up again.
    pub recovery: Option<Recovery>,
    /// The access token in its `auth`.
    pub token: Option<Token>,
}

/// An access token as a client sent it. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(hidden)")
    }
}

/// A client's message as a dialect has read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The message, or what is wrong with it.
    pub message: Result<ClientMessage, ClientError>,
    /// Socket.IO: the number under which the client wants to be told the outcome.
    pub ack: Option<u64>,
}

impl From<Result<ClientMessage, ClientError>> for Heard {
    fn from(message: Result<ClientMessage, ClientError>) -> Self {
        Self { message, ack: None }
    }
}

/// The parameters of a `subscribe`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subscribe {
    /// Symbols to add.
    pub symbols: Vec<RequestedSymbol>,
    /// `hamster.v1`: the least time between two deltas from now on, in milliseconds.
    pub interval: Option<Millis>,
    /// Where the client was before its connection broke.
    pub resume: Option<Position>,
    /// Whether it wants the default symbols too.
    pub wants_defaults: bool,
}

/// A client's position in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The hub's epoch, which changes at every restart.
    pub epoch: u64,
    /// The channel's number within the epoch; `stream` in the message. Zero in dialects without
    /// channels.
    pub channel: u32,
    /// The newest delta that the client has read; in dialects without channels, the revision of the
    /// book up to which it has read every change.
    pub seq: u64,
}

/// One symbol of a list: an instrument, or the client's text and why it is not one.
pub type RequestedSymbol = Result<Instrument, (String, InstrumentError)>;

/// Why a client message is invalid. The text says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not JSON, or not an object.
    #[error("the message is not a JSON object; send for example {EXAMPLE}")]
    InvalidJson,
    /// A binary frame, which no dialect has.
    #[error("binary frames are not understood; send text, for example {EXAMPLE}")]
    BinaryFrame,
    /// Longer than [`LONGEST_MESSAGE`].
    #[error("the message has {0} bytes, more than the 65536 that are read; subscribe to symbols in several messages")]
    TooLarge(usize),
    /// No action, or an unknown one.
    #[error("unknown action {0:?}; the actions are subscribe, unsubscribe, reset, heartbeat, time, ack")]
    UnknownAction(String),
    /// Twelve Data: an action that its protocol does not have.
    #[error("unknown action {0:?}; the actions are subscribe, unsubscribe, reset, heartbeat")]
    NotTwelveDatas(String),
    /// The parameters do not fit the action.
    #[error(
        "params.symbols must be a comma list, a list of symbols, or a list of {{\"symbol\":…,\"exchange\":…}}; send for example {EXAMPLE}"
    )]
    InvalidParams,
    /// `interval_ms` is not a number within its range.
    #[error("params.interval_ms must be a whole number of milliseconds from 0 to {LONGEST_INTERVAL}")]
    InvalidInterval,
    /// `resume` does not have the numbers of a snapshot or delta.
    #[error(
        "params.resume must be {{\"epoch\":…,\"stream\":…,\"seq\":…}} with the numbers of the last frame; leave it out to begin anew"
    )]
    InvalidResume,
    /// A `report` without its fields.
    #[error("a report must name its server and the number of its clients")]
    InvalidReport,
    /// An `ack` without its numbers.
    #[error(
        "an ack must name what was read, as in {{\"action\":\"ack\",\"stream\":3,\"seq\":42}}, or in plain JSON the id of an ack-request, as in {{\"action\":\"ack\",\"id\":7}}"
    )]
    InvalidAck,
    /// An `ack` of something that was never sent.
    #[error(
        "the ack names what was never sent; acknowledge the seq of the last delta that was read, or the id of the last ack-request"
    )]
    AckAhead,
    /// Socket.IO: not a packet of the client's side.
    #[error(
        "the packet is not understood; join with 40, then emit events, for example 42[\"subscribe\",{{\"symbols\":[\"BTC/USD\"]}}]"
    )]
    InvalidPacket,
    /// Socket.IO: an event that nobody handles.
    #[error("there is no event {0:?}; the events are subscribe and unsubscribe, with {{\"symbols\":[…]}}")]
    UnknownEvent(String),
    /// More symbols than one client may watch: so many.
    #[error("a client may watch at most {0} symbols here; unsubscribe some first")]
    TooManySymbols(usize),
}

const EXAMPLE: &str = r#"{"action":"subscribe","params":{"symbols":"BTC/USD,AAPL"}}"#;

/// Longest message that is parsed, in bytes.
pub const LONGEST_MESSAGE: usize = 64 * 1024;

/// Most symbols that one client may watch. Even the longest names fit into its socket's attachment.
pub const MOST_SYMBOLS_PER_CLIENT: usize = 200;

/// The slowest rate that a client may choose, in milliseconds between deltas.
pub const LONGEST_INTERVAL: Millis = 10 * SECOND;

const LONGEST_ECHO: usize = 40;

/// The keep-alive of pages.
const PING: &str = "ping";

impl ClientError {
    /// The `code` of the error event.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::BinaryFrame => "binary-frame",
            Self::TooLarge(_) => "too-large",
            Self::UnknownAction(_) | Self::NotTwelveDatas(_) => "unknown-action",
            Self::InvalidParams
            | Self::InvalidInterval
            | Self::InvalidResume
            | Self::InvalidAck
            | Self::InvalidReport => "invalid-params",
            Self::AckAhead => "invalid-ack",
            Self::InvalidPacket => "invalid-packet",
            Self::UnknownEvent(_) => "unknown-event",
            Self::TooManySymbols(_) => "too-many-symbols",
        }
    }
}

/// Parses a text frame.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection stays open.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    if text.len() > LONGEST_MESSAGE {
        return Err(ClientError::TooLarge(text.len()));
    }
    if text == PING {
        return Ok(ClientMessage::Ping);
    }
    let message: Value = serde_json::from_str(text).map_err(|_| ClientError::InvalidJson)?;
    let fields = message.as_object().ok_or(ClientError::InvalidJson)?;
    let action = fields.get("action").and_then(Value::as_str);
    let symbols = || {
        let params = fields.get("params").and_then(Value::as_object);
        requested(params.and_then(|params| params.get("symbols")))
    };
    match action {
        Some("subscribe") => subscription(fields.get("params")).map(ClientMessage::Subscribe),
        Some("unsubscribe") => Ok(ClientMessage::Unsubscribe(symbols()?)),
        Some("reset") => Ok(ClientMessage::Reset),
        Some("heartbeat") => Ok(ClientMessage::Heartbeat),
        Some("time") => Ok(ClientMessage::Time(
            fields.get("id").and_then(Value::as_number).cloned(),
        )),
        Some("ack") => acknowledgement(fields).ok_or(ClientError::InvalidAck),
        other => Err(ClientError::UnknownAction(echo(other.unwrap_or_default()))),
    }
}

fn acknowledgement(fields: &Map<String, Value>) -> Option<ClientMessage> {
    let number = |name| fields.get(name).and_then(Value::as_u64);
    if let Some(id) = number("id") {
        return Some(ClientMessage::Proof(id));
    }
    Some(ClientMessage::Ack {
        channel: number("stream")?.try_into().ok()?,
        seq: number("seq")?,
    })
}

fn subscription(params: Option<&Value>) -> Result<Subscribe, ClientError> {
    let params = params.and_then(Value::as_object).ok_or(ClientError::InvalidParams)?;
    let interval = match params.get("interval_ms") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_u64()
                .filter(|span| *span <= LONGEST_INTERVAL)
                .ok_or(ClientError::InvalidInterval)?,
        ),
    };
    let resume = match params.get("resume") {
        None | Some(Value::Null) => None,
        Some(value) => Some(position(value).ok_or(ClientError::InvalidResume)?),
    };
    let symbols = match params.get("symbols") {
        // A client may change its rate without adding symbols.
        None if interval.is_some() => Vec::new(),
        symbols => requested(symbols)?,
    };
    Ok(Subscribe {
        symbols,
        interval,
        resume,
        wants_defaults: false,
    })
}

fn position(value: &Value) -> Option<Position> {
    let number = |name| value.get(name).and_then(Value::as_u64);
    Some(Position {
        epoch: number("epoch")?,
        channel: number("stream")?.try_into().ok()?,
        seq: number("seq")?,
    })
}

/// The symbols of a value: a comma list, or a list of texts and objects.
///
/// # Errors
/// It is neither, is empty, or has more than a client may watch.
pub(super) fn requested(symbols: Option<&Value>) -> Result<Vec<RequestedSymbol>, ClientError> {
    let list: Vec<RequestedSymbol> = match symbols {
        Some(Value::String(list)) => list
            .split(',')
            .filter(|part| !part.trim().is_empty())
            .map(instrument)
            .collect(),
        Some(Value::Array(items)) => items.iter().map(requested_item).collect::<Result<_, _>>()?,
        _ => return Err(ClientError::InvalidParams),
    };
    match list.len() {
        0 => Err(ClientError::InvalidParams),
        1..=MOST_SYMBOLS_PER_CLIENT => Ok(list),
        _ => Err(ClientError::TooManySymbols(MOST_SYMBOLS_PER_CLIENT)),
    }
}

fn requested_item(item: &Value) -> Result<RequestedSymbol, ClientError> {
    match item {
        Value::String(text) => Ok(instrument(text)),
        Value::Object(fields) => {
            let symbol = fields
                .get("symbol")
                .and_then(Value::as_str)
                .ok_or(ClientError::InvalidParams)?;
            let venue = |name| fields.get(name).and_then(Value::as_str);
            let exchange = venue("exchange").or_else(|| venue("mic_code"));
            Ok(Instrument::new(symbol, exchange).map_err(|error| (echo(symbol), error)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => Err(ClientError::InvalidParams),
    }
}

fn instrument(text: &str) -> RequestedSymbol {
    Instrument::parse(text).map_err(|error| (echo(text.trim()), error))
}

/// Cuts a client's text, so that an error cannot be used to have long texts sent back.
pub(super) fn echo(text: &str) -> String {
    text.chars().take(LONGEST_ECHO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> Vec<String> {
        let Ok(ClientMessage::Subscribe(Subscribe { symbols, .. })) = parse(message) else {
            panic!("no subscription: {message}")
        };
        symbols
            .iter()
            .map(|item| {
                item.as_ref()
                    .map_or_else(|(text, _)| format!("!{text}"), ToString::to_string)
            })
            .collect()
    }

    #[test]
    fn symbols_come_in_every_documented_form() {
        assert_eq!(
            shown(r#"{"action":"subscribe","params":{"symbols":"BTC/USD, aapl,,MSFT,$$$"}}"#),
            ["BTC/USD", "AAPL", "MSFT", "!$$$"]
        );
        assert_eq!(
            shown(
                r#"{"action":"subscribe","params":{"symbols":["RY:TSX",{"symbol":"RY","exchange":"NYSE"},{"symbol":"SPY"}]}}"#
            ),
            ["RY:TSX", "RY:NYSE", "SPY"]
        );
    }

    #[test]
    fn what_makes_no_sense_is_answered_with_what_would() {
        let many = format!(
            r#"{{"action":"subscribe","params":{{"symbols":"{}"}}}}"#,
            "A,".repeat(201)
        );
        for (text, code) in [
            ("hello", "invalid-json"),
            ("[1]", "invalid-json"),
            ("", "invalid-json"),
            (r#"{"action":"buy"}"#, "unknown-action"),
            (r#"{"act":"subscribe"}"#, "unknown-action"),
            (r#"{"action":"subscribe"}"#, "invalid-params"),
            (r#"{"action":"subscribe","params":{"symbols":7}}"#, "invalid-params"),
            (r#"{"action":"subscribe","params":{"symbols":""}}"#, "invalid-params"),
            (r#"{"action":"subscribe","params":{"symbols":[7]}}"#, "invalid-params"),
            (many.as_str(), "too-many-symbols"),
        ] {
            assert_eq!(parse(text).unwrap_err().code(), code, "{text:.60}");
        }
        assert_eq!(parse(&"x".repeat(1_000_000)), Err(ClientError::TooLarge(1_000_000)));
        assert!(ClientError::InvalidParams.to_string().contains(EXAMPLE));
    }

    #[test]
    fn a_client_of_streams_names_its_rate_and_its_place() {
        let message = r#"{"action":"subscribe","params":{"symbols":"AAPL","interval_ms":250,"resume":{"epoch":26712000123456,"stream":3,"seq":17}}}"#;
        let Ok(ClientMessage::Subscribe(subscribe)) = parse(message) else {
            panic!("no subscription")
        };
        assert_eq!(subscribe.symbols.len(), 1);
        assert_eq!(subscribe.interval, Some(250));
        let place = Position {
            epoch: 26_712_000_123_456,
            channel: 3,
            seq: 17,
        };
        assert_eq!(subscribe.resume, Some(place));
        let rate_alone = parse(r#"{"action":"subscribe","params":{"interval_ms":0}}"#);
        assert!(matches!(
            rate_alone,
            Ok(ClientMessage::Subscribe(Subscribe { interval: Some(0), .. }))
        ));
        assert_eq!(
            parse(r#"{"action":"ack","stream":3,"seq":42}"#),
            Ok(ClientMessage::Ack { channel: 3, seq: 42 })
        );
        assert_eq!(parse(r#"{"action":"ack","id":7}"#), Ok(ClientMessage::Proof(7)));
        for (text, error) in [
            (r#"{"action":"ack","stream":3}"#, ClientError::InvalidAck),
            (r#"{"action":"ack","stream":-3,"seq":1}"#, ClientError::InvalidAck),
            (
                r#"{"action":"subscribe","params":{"symbols":"A","interval_ms":60000}}"#,
                ClientError::InvalidInterval,
            ),
            (
                r#"{"action":"subscribe","params":{"symbols":"A","resume":"yes"}}"#,
                ClientError::InvalidResume,
            ),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn time_gives_the_id_back() {
        let Ok(ClientMessage::Time(Some(id))) = parse(r#"{"action":"time","id":7.5}"#) else {
            panic!("no time")
        };
        assert_eq!(id.to_string(), "7.5");
        assert_eq!(parse(r#"{"action":"time","id":"x"}"#), Ok(ClientMessage::Time(None)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_no_answer_grows(text in ".*") {
            if let Err(error) = parse(&text) {
                proptest::prop_assert!(error.to_string().len() < 400);
            }
        }
    }
}
