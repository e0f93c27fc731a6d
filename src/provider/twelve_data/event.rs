//! What Twelve Data's WebSocket sends to us.

use super::lenient;
use crate::market::{Millis, Pair, Tick};
use crate::provider::{Event, FrameError, Listing, Secret, Unusable};
use serde::Deserialize;

/// Removes the key from every text of an event and cuts long texts.
fn clean(event: &mut Event, secret: &Secret) {
    let listing = |one: &mut Listing| clean_all(secret, [&mut one.exchange, &mut one.mic_code, &mut one.kind]);
    match event {
        Event::Tick(tick) => clean_all(
            secret,
            [
                &mut tick.exchange,
                &mut tick.mic_code,
                &mut tick.kind,
                &mut tick.currency,
                &mut tick.pair.base,
                &mut tick.pair.quote,
            ],
        ),
        Event::Subscribed { success, fails } => success.iter_mut().chain(fails).for_each(listing),
        Event::Unusable(_) | Event::TooManyMessages | Event::Other => {}
    }
}

/// The same for single texts, such as exchange, type and currency.
pub(super) fn clean_all<const N: usize>(secret: &Secret, texts: [&mut Option<String>; N]) {
    for text in texts.into_iter().flatten() {
        // Clean before cutting: a partial key would not be recognised.
        secret.clean_up(text);
        if text.len() > LONGEST_TEXT {
            *text = text.chars().take(LONGEST_TEXT).collect();
        }
    }
}

/// Most characters of an exchange, type or currency. No documented one comes close.
const LONGEST_TEXT: usize = 64;

/// Most bytes of a frame that is parsed. The provider's own limit for a message is the same.
const LONGEST_FRAME: usize = 1024 * 1024;

/// Parses one text frame, with the key removed. For a `subscribe-status`, rely on the lists, not on
/// its status word.
///
/// # Errors
/// [`FrameError`]; count the frame and drop it.
pub fn parse_event(text: &str, secret: &Secret) -> Result<Event, FrameError> {
    let mut event = read(text)?;
    clean(&mut event, secret);
    Ok(event)
}

fn read(text: &str) -> Result<Event, FrameError> {
    if text.len() > LONGEST_FRAME {
        return Err(FrameError::NotJson);
    }
    let raw: Raw = lenient::read(text).ok_or(FrameError::NotJson)?;
    Ok(match raw.event.as_deref().ok_or(FrameError::NoEvent)? {
        "price" => raw.into_price()?,
        "subscribe-status" => Event::Subscribed {
            success: listings(raw.success),
            fails: listings(raw.fails),
        },
        // An error in what we sent, usually more than 100 messages in a minute.
        "message-processing" if raw.messages.iter().flatten().any(|message| message.contains("limit")) => {
            Event::TooManyMessages
        }
        // `unsubscribe-status`, `reset-status`, the answer to our heartbeat, and unknown events.
        _ => Event::Other,
    })
}

/// The provider's seconds as milliseconds. A timestamp already in milliseconds, as in one public
/// sample, is kept.
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

/// A number outside these bounds is not the price of anything traded.
const LARGEST_PRICE: f64 = 1e15;
const SMALLEST_PRICE: f64 = 1e-12;
const LARGEST_VOLUME: f64 = 1e24;

/// The number, if it can be a price. Feeds write zero for a missing price.
pub(super) fn price(number: Option<f64>) -> Result<f64, &'static str> {
    match number {
        None => Err("its price is no number"),
        Some(0.0) => Err("its price is zero, which is no price"),
        Some(value) if value.abs() > LARGEST_PRICE => Err("its price is larger than any price"),
        Some(value) if value.abs() < SMALLEST_PRICE => Err("its price is smaller than any price"),
        Some(value) => Ok(value),
    }
}

/// The number, if it can be a volume.
pub(super) fn volume(number: Option<f64>) -> Option<f64> {
    number.filter(|value| (0.0..=LARGEST_VOLUME).contains(value))
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default, deserialize_with = "lenient::text")]
    event: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    symbol: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    exchange: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    mic_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency_base: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency_quote: Option<String>,
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
    fn into_price(self) -> Result<Event, FrameError> {
        let symbol = self.symbol.ok_or(FrameError::NoSymbol)?;
        let timestamp = self
            .timestamp
            .and_then(stamp)
            .ok_or("it does not say when its price was made");
        let (value, timestamp) = match (price(self.price), timestamp) {
            (Ok(value), Ok(timestamp)) => (value, timestamp),
            (Err(why), _) | (_, Err(why)) => {
                return Ok(Event::Unusable(Unusable {
                    symbol,
                    exchange: self.exchange,
                    mic_code: self.mic_code,
                    why,
                }));
            }
        };
        Ok(Event::Tick(Tick {
            symbol,
            exchange: self.exchange,
            mic_code: self.mic_code,
            kind: self.kind,
            currency: self.currency,
            pair: Pair {
                base: self.currency_base,
                quote: self.currency_quote,
            },
            price: value,
            bid: price(self.bid).ok(),
            ask: price(self.ask).ok(),
            day_volume: volume(self.day_volume),
            timestamp,
        }))
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
        #[serde(default, deserialize_with = "lenient::text")]
        mic_code: Option<String>,
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
                mic_code: None,
                kind: None,
            }),
            RawListing::Item {
                symbol,
                exchange,
                mic_code,
                kind,
            } => Some(Listing {
                symbol: symbol?,
                exchange,
                mic_code,
                kind,
            }),
            RawListing::Other(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [`super::parse_event`] without a key to hide.
    fn parse_event(text: &str) -> Result<Event, FrameError> {
        super::parse_event(text, &Secret::default())
    }

    fn price(text: &str) -> Tick {
        match parse_event(text) {
            Ok(Event::Tick(price)) => price,
            other => panic!("{other:?}"),
        }
    }

    /// Captured and documented examples of each asset class.
    #[test]
    fn prices_of_every_class() {
        let stock = price(
            r#"{"event":"price","symbol":"AAPL","currency":"USD","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock","timestamp":1680286328,"price":164.13,"day_volume":29666927}"#,
        );
        let expected = Tick {
            symbol: "AAPL".into(),
            exchange: Some("NASDAQ".into()),
            mic_code: Some("XNGS".into()),
            kind: Some("Common Stock".into()),
            currency: Some("USD".into()),
            pair: Pair::default(),
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
        assert_eq!(
            (crypto.pair.base.as_deref(), crypto.pair.quote.as_deref()),
            (Some("Bitcoin"), Some("US Dollar"))
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
    fn a_price_that_cannot_be_used_says_why() {
        for (text, why) in [
            (
                r#"{"event":"price","symbol":"A","timestamp":1}"#,
                "its price is no number",
            ),
            (
                r#"{"event":"price","symbol":"A","price":"NaN","timestamp":1}"#,
                "its price is no number",
            ),
            (
                r#"{"event":"price","symbol":"A","price":NaN,"timestamp":1}"#,
                "its price is no number",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1e400,"timestamp":1}"#,
                "its price is no number",
            ),
            (
                r#"{"event":"price","symbol":"A","price":0,"timestamp":1}"#,
                "its price is zero, which is no price",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1e308,"timestamp":1}"#,
                "its price is larger than any price",
            ),
            (
                r#"{"event":"price","symbol":"A","price":5e-324,"timestamp":1}"#,
                "its price is smaller than any price",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1}"#,
                "it does not say when its price was made",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1,"timestamp":-5}"#,
                "it does not say when its price was made",
            ),
            (
                r#"{"event":"price","symbol":"A","price":1,"timestamp":1e300}"#,
                "it does not say when its price was made",
            ),
        ] {
            match parse_event(text) {
                Ok(Event::Unusable(unusable)) => {
                    assert_eq!((unusable.symbol.as_str(), unusable.why), ("A", why), "{text}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [
            r#"{"event":"price","price":1,"timestamp":1}"#,
            r#"{"event":"price","symbol":null,"price":1,"timestamp":1}"#,
        ] {
            assert_eq!(parse_event(text), Err(FrameError::NoSymbol), "{text}");
        }
    }

    #[test]
    fn a_bad_field_costs_itself_alone() {
        let tick = price(
            r#"{"event":"price","symbol":"A","price":1.5,"bid":NaN,"ask":1e400,"day_volume":-Infinity,"timestamp":1652438893}"#,
        );
        assert_eq!(
            (tick.price, tick.bid, tick.ask, tick.day_volume),
            (1.5, None, None, None)
        );
    }

    #[test]
    fn below_zero_there_are_prices() {
        let oil = price(r#"{"event":"price","symbol":"WTI/USD","price":-37.63,"bid":-38,"timestamp":1587408600}"#);
        assert_eq!((oil.price, oil.bid), (-37.63, Some(-38.0)));
    }

    #[test]
    fn texts_are_cut_and_hold_no_key() {
        let long = "x".repeat(5_000);
        let key = "0123456789abcdef0123456789abcdef";
        let text = format!(
            r#"{{"event":"price","symbol":"A","price":1,"timestamp":1,"exchange":"{long}","type":"K\u0030{}","currency":"{}{key}"}}"#,
            &key[1..],
            &long[..40]
        );
        let event = super::parse_event(&text, &Secret::new(key)).unwrap();
        let Event::Tick(tick) = event else { panic!() };
        assert_eq!(tick.exchange.map(|text| text.len()), Some(64));
        assert_eq!(tick.kind.as_deref(), Some("K[key]"));
        let cut = format!("{}[key]", &long[..40]);
        assert_eq!(tick.currency, Some(cut), "cleaned before it is cut");
        let frame = format!(
            r#"{{"event":"price","symbol":"A","price":1,"timestamp":1,"exchange":"{}"}}"#,
            "x".repeat(1 << 20)
        );
        assert_eq!(parse_event(&frame), Err(FrameError::NotJson));
    }

    /// Every documented or captured subscribe-status.
    #[test]
    fn subscribe_status_in_every_shape() {
        let parsed = |text: &str| match parse_event(text) {
            Ok(Event::Subscribed { success, fails }) => {
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
            (r#"{"event":"heartbeat","status":"ok"}"#, Event::Other),
            (r#"{"event":"reset-status","status":"ok"}"#, Event::Other),
            (r#"{"event":"unsubscribe-status","status":"ok"}"#, Event::Other),
            (limit, Event::TooManyMessages),
            (r#"{"event":"message-processing","messages":null}"#, Event::Other),
            (r#"{"event":"something-new","x":1}"#, Event::Other),
        ] {
            assert_eq!(parse_event(text), Ok(event), "{text}");
        }
        for text in ["", "{", "null", "7", r#"{"event":"price","symbol":"AA"#] {
            assert_eq!(parse_event(text), Err(FrameError::NotJson), "{text}");
        }
        for text in ["{}", "[]", r#"{"event":null}"#] {
            assert_eq!(parse_event(text), Err(FrameError::NoEvent), "{text}");
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
            proptest::prop_assert_eq!(parse_event(&whole[..cut]), Err(FrameError::NotJson));
        }

        #[test]
        fn a_price_survives_the_round_trip(value in 1e-9f64..1e9, seconds in 1u64..4_000_000_000) {
            let text = format!(r#"{{"event":"price","symbol":"X","price":{value:?},"timestamp":{seconds}}}"#);
            let parsed = price(&text);
            proptest::prop_assert_eq!((parsed.price, parsed.timestamp), (value, seconds * 1_000));
        }
    }
}
