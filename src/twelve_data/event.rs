//! What Twelve Data's WebSocket says to us.

use super::lenient;
use crate::clock::Millis;
use serde::Deserialize;

/// One message of the WebSocket.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A tick.
    Price(Price),
    /// The answer to subscribe (and, by one client's word, to unsubscribe). Decide by the lists, not by a status word.
    SubscribeStatus {
        /// Symbols that will stream.
        success: Vec<Listing>,
        /// Symbols that will not; upstream gives no reason.
        fails: Vec<Listing>,
    },
    /// `unsubscribe-status`.
    UnsubscribeStatus,
    /// `reset-status`.
    ResetStatus,
    /// The answer to our heartbeat.
    Heartbeat,
    /// `message-processing`: an error in what we sent, most often more than 100 messages in a minute.
    MessageProcessing {
        /// Whether any of the texts speaks of the message limit.
        over_limit: bool,
    },
    /// An event that we do not know: counted, otherwise ignored.
    Unknown,
}

/// A `price` event. Only symbol, price and time are always there.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// As upstream writes it.
    pub symbol: String,
    /// The venue; forex has none.
    pub exchange: Option<String>,
    /// Common Stock, ETF, Index, Physical Currency, Digital Currency.
    pub kind: Option<String>,
    /// In the quote currency; finite and above zero.
    pub price: f64,
    /// As `price`.
    pub bid: Option<f64>,
    /// As `price`.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day, in units of the instrument.
    pub day_volume: Option<f64>,
    /// Exchange time; upstream stamps whole seconds.
    pub timestamp: Millis,
}

/// A symbol in a subscribe-status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// As upstream writes it.
    pub symbol: String,
    /// Some items have one, in several spellings.
    pub exchange: Option<String>,
    /// As in [`Price::kind`].
    pub kind: Option<String>,
}

/// Why a frame was dropped. It costs that frame only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Truncated, or never JSON.
    #[error("the frame is not a JSON object")]
    NotJson,
    /// An object without an event's name.
    #[error("the frame has no event name")]
    NoEvent,
    /// A `price` without a symbol, a time, or a finite price above zero.
    #[error("the price event lacks {0}")]
    IncompletePrice(&'static str),
}

/// Parses one text frame.
///
/// # Errors
/// [`EventError`]; the frame is to be counted and forgotten.
pub fn parse_event(text: &str) -> Result<Event, EventError> {
    let raw: Raw = serde_json::from_str(text).map_err(|_| EventError::NotJson)?;
    Ok(match raw.event.as_deref().ok_or(EventError::NoEvent)? {
        "price" => Event::Price(raw.into_price()?),
        "subscribe-status" => Event::SubscribeStatus {
            success: listings(raw.success),
            fails: listings(raw.fails),
        },
        "unsubscribe-status" => Event::UnsubscribeStatus,
        "reset-status" => Event::ResetStatus,
        "heartbeat" => Event::Heartbeat,
        "message-processing" => Event::MessageProcessing {
            over_limit: raw.messages.iter().flatten().any(|message| message.contains("limit")),
        },
        _ => Event::Unknown,
    })
}

/// Upstream's seconds as milliseconds; a stamp that is in milliseconds already (one public sample has those) is kept.
pub(super) fn stamp(seconds: f64) -> Option<Millis> {
    const LATEST_SECONDS: f64 = 1e11; // the year 5138
    const LATEST_MILLIS: f64 = 1e14;
    if seconds > 0.0 && seconds < LATEST_SECONDS {
        Some((seconds * 1_000.0) as Millis)
    } else if (LATEST_SECONDS..LATEST_MILLIS).contains(&seconds) {
        Some(seconds as Millis)
    } else {
        None
    }
}

/// Zero and below are no prices of anything that this WebSocket carries.
pub(super) fn positive(number: Option<f64>) -> Option<f64> {
    number.filter(|value| *value > 0.0)
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "lenient::text")]
    event: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    symbol: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    exchange: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    price: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    bid: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    ask: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    day_volume: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    timestamp: Option<f64>,
    #[serde(default, deserialize_with = "lenient::list")]
    success: Vec<RawListing>,
    #[serde(default, deserialize_with = "lenient::list")]
    fails: Vec<RawListing>,
    #[serde(default, deserialize_with = "lenient::list")]
    messages: Vec<Option<String>>,
}

impl Raw {
    fn into_price(self) -> Result<Price, EventError> {
        let missing = EventError::IncompletePrice;
        Ok(Price {
            symbol: self.symbol.ok_or(missing("a symbol"))?,
            exchange: self.exchange,
            kind: self.kind,
            price: positive(self.price).ok_or(missing("a price above zero"))?,
            bid: positive(self.bid),
            ask: positive(self.ask),
            day_volume: self.day_volume.filter(|volume| *volume >= 0.0),
            timestamp: self.timestamp.and_then(stamp).ok_or(missing("a timestamp"))?,
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawListing {
    Symbol(String),
    Item {
        #[serde(default, deserialize_with = "lenient::text")]
        symbol: Option<String>,
        #[serde(default, deserialize_with = "lenient::text")]
        exchange: Option<String>,
        #[serde(default, rename = "type", deserialize_with = "lenient::text")]
        kind: Option<String>,
    },
    Other(serde::de::IgnoredAny),
}

fn listings(raw: Vec<RawListing>) -> Vec<Listing> {
    raw.into_iter()
        .filter_map(|item| match item {
            RawListing::Symbol(symbol) => Some(Listing {
                symbol,
                exchange: None,
                kind: None,
            }),
            RawListing::Item { symbol, exchange, kind } => Some(Listing {
                symbol: symbol?,
                exchange,
                kind,
            }),
            RawListing::Other(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        match parse_event(text) {
            Ok(Event::Price(price)) => price,
            other => panic!("{other:?}"),
        }
    }

    /// Captures and documented examples of each asset class.
    #[test]
    fn prices_of_every_class() {
        let stock = price(
            r#"{"event":"price","symbol":"AAPL","currency":"USD","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock","timestamp":1680286328,"price":164.13,"day_volume":29666927}"#,
        );
        let expected = Price {
            symbol: "AAPL".into(),
            exchange: Some("NASDAQ".into()),
            kind: Some("Common Stock".into()),
            price: 164.13,
            bid: None,
            ask: None,
            day_volume: Some(29_666_927.0),
            timestamp: 1_680_286_328_000,
        };
        assert_eq!(stock, expected);

        let crypto = price(
            r#"{"event":"price","symbol":"BTC/USD","currency_base":"Bitcoin","currency_quote":"US Dollar","exchange":"Coinbase Pro","type":"Digital Currency","timestamp":1652438893,"price":30361.2,"bid":30361.2,"ask":30361.2,"day_volume":49153}"#,
        );
        assert_eq!(
            (crypto.bid, crypto.ask, crypto.exchange.as_deref()),
            (Some(30361.2), Some(30361.2), Some("Coinbase Pro"))
        );

        let metal = price(
            r#"{"event":"price","symbol":"XAU/USD","currency":"USD","currency_base":"Gold Spot","currency_quote":"US Dollar","type":"Physical Currency","timestamp":1647950462,"price":1925.18,"bid":1925.05,"ask":1925.32}"#,
        );
        assert_eq!((metal.exchange, metal.day_volume), (None, None));

        let forex = price(r#"{"event":"price","symbol":"EUR/USD","timestamp":1772352540,"price":1.1816464}"#);
        assert_eq!(forex.price, 1.181_646_4);

        let index = price(
            r#"{"event":"price","symbol":"GDAXI","currency":"EUR","exchange":"XETR","mic_code":"XETR","type":"Index","timestamp":1713275588,"price":17727.85,"bid":17727.1,"ask":17728.6,"day_volume":35008912}"#,
        );
        assert_eq!(index.kind.as_deref(), Some("Index"));
    }

    #[test]
    fn numbers_come_in_every_form() {
        let exponent = price(r#"{"event":"price","symbol":"GRT/BTC","price":3.61e-06,"timestamp":1652438893}"#);
        assert_eq!(exponent.price, 3.61e-6);
        let strings =
            price(r#"{"event":"price","symbol":"A","price":"3.61e-06","bid":"","ask":"x","timestamp":"1652438893"}"#);
        assert_eq!(
            (strings.price, strings.bid, strings.ask, strings.timestamp),
            (3.61e-6, None, None, 1_652_438_893_000)
        );
        let millis = price(r#"{"event":"price","symbol":"A","price":1,"timestamp":1652438893123}"#);
        assert_eq!(millis.timestamp, 1_652_438_893_123);
    }

    #[test]
    fn a_price_lacks_what_it_cannot_do_without() {
        for (text, lacks) in [
            (r#"{"event":"price","price":1,"timestamp":1}"#, "a symbol"),
            (r#"{"event":"price","symbol":null,"price":1,"timestamp":1}"#, "a symbol"),
            (r#"{"event":"price","symbol":"A","timestamp":1}"#, "a price above zero"),
            (
                r#"{"event":"price","symbol":"A","price":-1,"timestamp":1}"#,
                "a price above zero",
            ),
            (
                r#"{"event":"price","symbol":"A","price":"NaN","timestamp":1}"#,
                "a price above zero",
            ),
            (r#"{"event":"price","symbol":"A","price":1}"#, "a timestamp"),
            (
                r#"{"event":"price","symbol":"A","price":1,"timestamp":-5}"#,
                "a timestamp",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1,"timestamp":1e300}"#,
                "a timestamp",
            ),
        ] {
            assert_eq!(parse_event(text), Err(EventError::IncompletePrice(lacks)), "{text}");
        }
    }

    /// Every subscribe-status that was documented or captured.
    #[test]
    fn subscribe_status_in_every_shape() {
        let parsed = |text: &str| match parse_event(text) {
            Ok(Event::SubscribeStatus { success, fails }) => {
                let names = |list: Vec<Listing>| list.into_iter().map(|item| item.symbol).collect::<Vec<_>>().join(",");
                (names(success), names(fails))
            }
            other => panic!("{other:?}"),
        };
        for (text, success, fails) in [
            (
                r#"{"event":"subscribe-status","status":"ok","success":[{"symbol":"AAPL","exchange":"NASDAQ","country":"United States","type":"Common Stock"},{"symbol":"EUR/USD","exchange":"FOREX","country":"","type":"Physical Currency"}],"fails":[]}"#,
                "AAPL,EUR/USD",
                "",
            ),
            (
                r#"{"event":"subscribe-status","status":"ok","success":[{"symbol":"ETH/BTC","exchange":"Huobi","type":"Digital Currency"}],"fails":null}"#,
                "ETH/BTC",
                "",
            ),
            (
                r#"{"event":"subscribe-status","status":"error","success":null,"fails":[{"symbol":"BTC"}]}"#,
                "",
                "BTC",
            ),
            (
                r#"{"event":"subscribe-status","status":"error","fails":[{"symbol":"GBP/USD"}]}"#,
                "",
                "GBP/USD",
            ),
            (
                r#"{"event":"subscribe-status","success":["A",null,7,{}],"fails":{"symbol":"B"}}"#,
                "A",
                "",
            ),
        ] {
            assert_eq!(parsed(text), (success.to_owned(), fails.to_owned()), "{text}");
        }
    }

    #[test]
    fn other_events() {
        let limit = r#"{"event":"message-processing","status":"error","messages":["The server received 103 events from you, which exceeds the limit of 100 events per minute. You may wait for the next minute or contact our technical support to increase the limits."]}"#;
        for (text, event) in [
            (r#"{"event":"heartbeat","status":"ok"}"#, Event::Heartbeat),
            (r#"{"event":"reset-status","status":"ok"}"#, Event::ResetStatus),
            (
                r#"{"event":"unsubscribe-status","status":"ok"}"#,
                Event::UnsubscribeStatus,
            ),
            (limit, Event::MessageProcessing { over_limit: true }),
            (
                r#"{"event":"message-processing","messages":null}"#,
                Event::MessageProcessing { over_limit: false },
            ),
            (r#"{"event":"something-new","x":1}"#, Event::Unknown),
        ] {
            assert_eq!(parse_event(text), Ok(event), "{text}");
        }
        for text in ["", "{", "null", "7", r#"{"event":"price","symbol":"AA"#] {
            assert_eq!(parse_event(text), Err(EventError::NotJson), "{text}");
        }
        for text in ["{}", "[]", r#"{"event":null}"#] {
            assert_eq!(parse_event(text), Err(EventError::NoEvent), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in ".*") {
            let _ = parse_event(&text);
        }

        #[test]
        fn a_cut_frame_is_an_error(cut in 1usize..150) {
            let whole = r#"{"event":"price","symbol":"AAPL","currency":"USD","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock","timestamp":1680286328,"price":164.13,"day_volume":29666927}"#;
            proptest::prop_assert_eq!(parse_event(&whole[..cut]), Err(EventError::NotJson));
        }

        #[test]
        fn a_price_survives_the_round_trip(value in 1e-9f64..1e9, seconds in 1u64..4_000_000_000) {
            let text = format!(r#"{{"event":"price","symbol":"X","price":{value:?},"timestamp":{seconds}}}"#);
            let parsed = price(&text);
            proptest::prop_assert_eq!((parsed.price, parsed.timestamp), (value, seconds * 1_000));
        }
    }
}
