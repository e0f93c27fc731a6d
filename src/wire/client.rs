//! Client messages: parsed strictly, answered with what would be right.

use crate::twelve_data::{Instrument, InstrumentError};
use serde_json::Value;

/// A message that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// Add symbols.
    Subscribe(Vec<RequestedSymbol>),
    /// Drop symbols.
    Unsubscribe(Vec<RequestedSymbol>),
    /// Drop all symbols.
    Reset,
    /// Are you there?
    Heartbeat,
    /// What time is it? The id is given back.
    Time(Option<serde_json::Number>),
}

/// One symbol of a list: an instrument, or the text and why it is none.
pub type RequestedSymbol = Result<Instrument, (String, InstrumentError)>;

/// A message that makes none. The text says what is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not JSON, or no object.
    #[error("the message is not a JSON object; send for example {EXAMPLE}")]
    InvalidJson,
    /// A binary frame.
    #[error("binary frames are not understood; send text, for example {EXAMPLE}")]
    BinaryFrame,
    /// Longer than [`LONGEST_MESSAGE`].
    #[error("the message has {0} bytes, more than the 65536 that are read; subscribe to symbols in several messages")]
    TooLarge(usize),
    /// No action, or one that does not exist.
    #[error("unknown action {0:?}; the actions are subscribe, unsubscribe, reset, heartbeat, time")]
    UnknownAction(String),
    /// The action is known, its parameters are wrong.
    #[error(
        "params.symbols must be a comma list, a list of symbols, or a list of {{\"symbol\":…,\"exchange\":…}}; send for example {EXAMPLE}"
    )]
    InvalidParams,
    /// More than 64 symbols.
    #[error("a client may watch at most 64 symbols; unsubscribe some first")]
    TooManySymbols,
}

const EXAMPLE: &str = r#"{"action":"subscribe","params":{"symbols":"BTC/USD,AAPL"}}"#;

/// Bytes of a message that is still parsed.
pub const LONGEST_MESSAGE: usize = 64 * 1024;

const LONGEST_ECHO: usize = 40;
const MOST_SYMBOLS_IN_A_MESSAGE: usize = 64;

impl ClientError {
    /// The `code` of the error event.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::BinaryFrame => "binary-frame",
            Self::TooLarge(_) => "too-large",
            Self::UnknownAction(_) => "unknown-action",
            Self::InvalidParams => "invalid-params",
            Self::TooManySymbols => "too-many-symbols",
        }
    }
}

/// Parses a text frame.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection lives on.
pub fn parse_client(text: &str) -> Result<ClientMessage, ClientError> {
    if text.len() > LONGEST_MESSAGE {
        return Err(ClientError::TooLarge(text.len()));
    }
    let message: Value = serde_json::from_str(text).map_err(|_| ClientError::InvalidJson)?;
    let fields = message.as_object().ok_or(ClientError::InvalidJson)?;
    let action = fields.get("action").and_then(Value::as_str);
    let symbols = || {
        let params = fields.get("params").and_then(Value::as_object);
        requested(params.and_then(|params| params.get("symbols")))
    };
    match action {
        Some("subscribe") => Ok(ClientMessage::Subscribe(symbols()?)),
        Some("unsubscribe") => Ok(ClientMessage::Unsubscribe(symbols()?)),
        Some("reset") => Ok(ClientMessage::Reset),
        Some("heartbeat") => Ok(ClientMessage::Heartbeat),
        Some("time") => Ok(ClientMessage::Time(
            fields.get("id").and_then(Value::as_number).cloned(),
        )),
        other => Err(ClientError::UnknownAction(echo(other.unwrap_or_default()))),
    }
}

fn requested(symbols: Option<&Value>) -> Result<Vec<RequestedSymbol>, ClientError> {
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
        1..=MOST_SYMBOLS_IN_A_MESSAGE => Ok(list),
        _ => Err(ClientError::TooManySymbols),
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
            let exchange = fields.get("exchange").and_then(Value::as_str);
            Ok(Instrument::new(symbol, exchange).map_err(|error| (echo(symbol), error)))
        }
        _ => Err(ClientError::InvalidParams),
    }
}

fn instrument(text: &str) -> RequestedSymbol {
    Instrument::parse(text).map_err(|error| (echo(text.trim()), error))
}

/// What a client sent, cut: an error must not be a way to have long texts sent back.
fn echo(text: &str) -> String {
    text.chars().take(LONGEST_ECHO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> Vec<String> {
        let Ok(ClientMessage::Subscribe(list)) = parse_client(message) else {
            panic!("no subscription: {message}")
        };
        list.iter()
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
            "A,".repeat(65)
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
            assert_eq!(parse_client(text).unwrap_err().code(), code, "{text:.60}");
        }
        assert_eq!(
            parse_client(&"x".repeat(1_000_000)),
            Err(ClientError::TooLarge(1_000_000))
        );
        assert!(ClientError::InvalidParams.to_string().contains(EXAMPLE));
    }

    #[test]
    fn time_gives_the_id_back() {
        let Ok(ClientMessage::Time(Some(id))) = parse_client(r#"{"action":"time","id":7.5}"#) else {
            panic!("no time")
        };
        assert_eq!(id.to_string(), "7.5");
        assert_eq!(
            parse_client(r#"{"action":"time","id":"x"}"#),
            Ok(ClientMessage::Time(None))
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_no_answer_grows(text in ".*") {
            if let Err(error) = parse_client(&text) {
                proptest::prop_assert!(error.to_string().len() < 400);
            }
        }
    }
}
