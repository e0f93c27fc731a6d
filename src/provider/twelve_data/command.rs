//! What we send to Twelve Data's WebSocket. Source: its documentation, "Real-time price".

use crate::market::Instrument;
use serde_json::json;

/// `{"action":"heartbeat"}`: recommended every 10 seconds.
#[must_use]
pub fn heartbeat() -> String {
    json!({"action": "heartbeat"}).to_string()
}

/// `{"action":"reset"}`: drops all subscriptions of the connection.
#[must_use]
pub fn reset() -> String {
    json!({"action": "reset"}).to_string()
}

/// One frame that adds all of these subscriptions, in the comma form that every client uses.
#[must_use]
pub fn subscribe<'a>(instruments: impl IntoIterator<Item = &'a Instrument>) -> String {
    with_symbols("subscribe", instruments)
}

/// One frame that drops all of these subscriptions.
#[must_use]
pub fn unsubscribe<'a>(instruments: impl IntoIterator<Item = &'a Instrument>) -> String {
    with_symbols("unsubscribe", instruments)
}

fn with_symbols<'a>(action: &str, instruments: impl IntoIterator<Item = &'a Instrument>) -> String {
    let symbols: Vec<String> = instruments.into_iter().map(ToString::to_string).collect();
    json!({"action": action, "params": {"symbols": symbols.join(",")}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_names_all_symbols() {
        let all = ["AAPL", "RY:TSX", "EUR/USD"].map(|text| Instrument::parse(text).unwrap());
        assert_eq!(
            subscribe(&all),
            r#"{"action":"subscribe","params":{"symbols":"AAPL,RY:TSX,EUR/USD"}}"#
        );
        assert_eq!(
            unsubscribe(&all[..1]),
            r#"{"action":"unsubscribe","params":{"symbols":"AAPL"}}"#
        );
        assert_eq!(heartbeat(), r#"{"action":"heartbeat"}"#);
        assert_eq!(reset(), r#"{"action":"reset"}"#);
    }
}
