//! The items of `hamster.v1`: symbol objects and the short form of an update.
//!
//! A [`Line`] is what the clients of a channel hold of one symbol. [`Line::item`] encodes a newer
//! line in the short form if that can express the change, and as a whole symbol object otherwise.
//! docs/protocol.md describes every field.

use crate::dialect::event::whole;
use crate::market::{Cell, Millis, Precision, Provenance, Session, StreamState, scale_for, steps};
use serde::Serialize;
use std::fmt::Write;

/// Everything sent about a symbol besides its prices. A change sends the whole symbol object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// Close of the previous trading day.
    pub previous_close: Option<f64>,
    /// The venue's name.
    pub exchange: Option<String>,
    /// The venue's market identifier code (ISO 10383).
    pub mic_code: Option<String>,
    /// The provider's `type`, such as `Common Stock`.
    pub kind: Option<String>,
    /// Currency of the prices, as the provider names it.
    pub currency: Option<String>,
    /// Decimals to show prices with.
    pub decimals: Option<u8>,
    /// How exactly the time is known: `second`, `minute` or `day`.
    pub time_precision: Option<&'static str>,
    /// The price's provenance; `None` without a price.
    pub source: Option<Provenance>,
    /// Whether the market trades.
    pub session: Session,
    /// Since when the price is stale; `None` while it is fresh.
    pub stale_since: Option<Millis>,
    /// How the symbol gets its prices.
    pub state: StreamState,
    /// Why it does not stream.
    pub reason: Option<String>,
}

/// A price and the values that come with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// The last price, in the quote currency.
    pub price: f64,
    /// The provider's bid, if it sent one with this price.
    pub bid: Option<f64>,
    /// The provider's ask, if it sent one with this price.
    pub ask: Option<f64>,
    /// Cumulative volume of the trading day.
    pub day_volume: Option<f64>,
    /// The exchange's time, if it is known.
    pub time: Option<Millis>,
    /// When the price reached the hub.
    pub received: Millis,
}

impl Facts {
    /// The facts of an instrument. `state`: how it gets its prices; `reason`: why it does not
    /// stream.
    #[must_use]
    pub fn of(cell: &Cell, state: StreamState, reason: Option<&str>) -> Self {
        let quote = cell.quote.as_ref();
        let details = &cell.details;
        Self {
            previous_close: cell.reference.previous_close,
            exchange: quote.and_then(|quote| quote.exchange.clone()),
            mic_code: details.mic_code.clone(),
            kind: details.kind.clone(),
            currency: details.currency.clone(),
            decimals: details.decimals,
            time_precision: quote.and_then(|quote| quote.precision).map(Precision::name),
            source: quote.map(|quote| quote.provenance),
            session: cell.reference.session,
            stale_since: quote.and_then(|quote| quote.stale_since),
            state,
            reason: reason.map(ToOwned::to_owned),
        }
    }
}

impl Prices {
    /// The prices of an instrument, if it has any.
    #[must_use]
    pub fn of(cell: &Cell) -> Option<Self> {
        cell.quote.as_ref().map(|quote| Self {
            price: quote.price,
            bid: quote.bid,
            ask: quote.ask,
            day_volume: quote.day_volume,
            time: quote.exchange_time,
            received: quote.received,
        })
    }
}

/// The least number of decimal places. A price at 345.6 is at 345.65 a moment later, and a finer
/// scale costs a whole symbol object.
const CENTS: u8 = 2;

/// One symbol as the clients of a channel hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The part that rarely changes.
    pub facts: Facts,
    /// The part that changes with every tick, if there is a price.
    pub tick: Option<Prices>,
    scaled: Option<Scaled>,
}

/// [`Prices`] in units of 10^-`scale`; bid and ask are relative to the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scaled {
    scale: u8,
    price: i64,
    bid: Option<i64>,
    ask: Option<i64>,
    /// `None` if there is no volume or it is not a whole number.
    volume: Option<i64>,
}

impl Scaled {
    fn new(tick: &Prices, least_scale: u8) -> Option<Self> {
        let prices = [Some(tick.price), tick.bid, tick.ask];
        let scale = scale_for(prices.iter().flatten().copied(), least_scale)?;
        let price = steps(tick.price, scale)?;
        let beside = |value: Option<f64>| value.and_then(|value| Some(steps(value, scale)? - price));
        Some(Self {
            scale,
            price,
            bid: beside(tick.bid),
            ask: beside(tick.ask),
            volume: tick.day_volume.and_then(|volume| steps(volume, 0)),
        })
    }
}

/// The symbol object.
#[derive(Serialize)]
struct Whole<'a> {
    n: u32,
    symbol: &'a str,
    scale: Option<u8>,
    price: Option<Number>,
    bid: Option<Number>,
    ask: Option<Number>,
    #[serde(serialize_with = "whole")]
    day_volume: Option<f64>,
    time: Option<Millis>,
    received: Option<Millis>,
    #[serde(flatten)]
    facts: &'a Facts,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Steps(i64),
    Price(f64),
}

impl Line {
    /// A line without a predecessor. Its scale is the smallest exact one, but at least [`CENTS`].
    #[must_use]
    pub fn new(facts: Facts, tick: Option<Prices>) -> Self {
        Self::after(None, facts, tick)
    }

    /// The line after `before`. The scale never shrinks, so that it does not flap.
    #[must_use]
    pub fn after(before: Option<&Self>, facts: Facts, tick: Option<Prices>) -> Self {
        let least = before.and_then(|line| line.scaled).map_or(CENTS, |scaled| scaled.scale);
        let scaled = tick.as_ref().and_then(|tick| Scaled::new(tick, least));
        Self { facts, tick, scaled }
    }

    /// The item that turns `before` into `self` for a client, in a delta sent at `sent`. `n` and
    /// `symbol` are the symbol's number and name.
    #[must_use]
    pub fn item(&self, before: Option<&Self>, n: u32, symbol: &str, sent: Millis) -> String {
        before
            .and_then(|before| self.short_form(before, n, sent))
            .unwrap_or_else(|| self.whole(n, symbol))
    }

    /// The symbol object as JSON.
    #[must_use]
    pub fn whole(&self, n: u32, symbol: &str) -> String {
        let tick = self.tick.as_ref();
        let scaled = self.scaled.as_ref();
        let number = |steps: fn(&Scaled) -> Option<i64>, price: fn(&Prices) -> Option<f64>| match scaled {
            Some(scaled) => steps(scaled).map(Number::Steps),
            None => tick.and_then(price).map(Number::Price),
        };
        let whole = Whole {
            n,
            symbol,
            scale: scaled.map(|scaled| scaled.scale),
            price: number(|scaled| Some(scaled.price), |tick| Some(tick.price)),
            bid: number(|scaled| scaled.bid, |tick| tick.bid),
            ask: number(|scaled| scaled.ask, |tick| tick.ask),
            day_volume: tick.and_then(|tick| tick.day_volume),
            time: tick.and_then(|tick| tick.time),
            received: tick.map(|tick| tick.received),
            facts: &self.facts,
        };
        // Cannot fail: every field is valid JSON.
        serde_json::to_string(&whole).unwrap_or_default()
    }

    /// `[n, price, time, age, volume, bid, ask]` without trailing zeros; `None` if that cannot
    /// express it.
    fn short_form(&self, before: &Self, n: u32, sent: Millis) -> Option<String> {
        let (tick, old_tick) = (self.tick.as_ref()?, before.tick.as_ref()?);
        let (new, old) = (self.scaled?, before.scaled?);
        let (time, old_time) = (tick.time?, old_tick.time?);
        let says_volume = |volume: Option<f64>, scaled: Option<i64>| volume.is_some() == scaled.is_some();
        let says_all = new.scale == old.scale
            && new.bid.is_some() == old.bid.is_some()
            && new.ask.is_some() == old.ask.is_some()
            && new.volume.is_some() == old.volume.is_some()
            && says_volume(tick.day_volume, new.volume)
            && says_volume(old_tick.day_volume, old.volume)
            && time >= old_time
            && tick.received <= sent
            && self.facts == before.facts;
        if !says_all {
            return None;
        }
        let difference = |new: Option<i64>, old: Option<i64>| new.unwrap_or_default() - old.unwrap_or_default();
        let fields = [
            Field::Whole(new.price - old.price),
            Field::Seconds(time - old_time),
            Field::Whole(i64::try_from(sent - tick.received).ok()?),
            Field::Whole(difference(new.volume, old.volume)),
            Field::Whole(difference(new.bid, old.bid)),
            Field::Whole(difference(new.ask, old.ask)),
        ];
        let used = fields
            .iter()
            .rposition(|field| !field.is_zero())
            .map_or(0, |last| last + 1);
        let mut item = format!("[{n}");
        for field in fields.iter().take(used) {
            field.write(&mut item);
        }
        item.push(']');
        Some(item)
    }
}

enum Field {
    Whole(i64),
    /// Milliseconds, written as seconds with as many decimals as they need.
    Seconds(Millis),
}

impl Field {
    fn is_zero(&self) -> bool {
        matches!(self, Self::Whole(0) | Self::Seconds(0))
    }

    fn write(&self, item: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Whole(value) => write!(item, ",{value}"),
            Self::Seconds(span) if span % 1_000 == 0 => write!(item, ",{}", span / 1_000),
            Self::Seconds(span) => {
                let text = format!("{}.{:03}", span / 1_000, span % 1_000);
                write!(item, ",{}", text.trim_end_matches('0'))
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Millis = 1_768_833_137_123;

    fn facts() -> Facts {
        Facts {
            previous_close: Some(95_261.85),
            exchange: Some("Binance".into()),
            mic_code: None,
            kind: Some("Digital Currency".into()),
            currency: Some("USD".into()),
            decimals: Some(2),
            time_precision: Some("second"),
            source: Some(Provenance::Live),
            session: Session::Open,
            stale_since: None,
            state: StreamState::Streaming,
            reason: None,
        }
    }

    fn tick(price: f64) -> Prices {
        Prices {
            price,
            bid: Some(price - 0.5),
            ask: Some(price + 0.5),
            day_volume: Some(49_153.0),
            time: Some(1_768_833_137_000),
            received: NOW,
        }
    }

    #[test]
    fn a_symbol_object_is_the_documented_one() {
        let document = include_str!("../../../docs/protocol.md");
        let start = document.find(r#""symbols":[{"n":0"#).unwrap() + r#""symbols":["#.len();
        let end = start + document[start..].find("]}").unwrap();
        let documented: Value = serde_json::from_str(&document[start..end]).unwrap();
        let mut beside = tick(95_500.0);
        (beside.bid, beside.ask) = (Some(95_499.5), Some(95_500.5));
        let line = Line::new(
            facts(),
            Some(Prices {
                price: 95_500.0,
                ..beside
            }),
        );
        // Two decimals, as in the document, because an earlier price had them.
        let finer = Line::new(facts(), Some(tick(95_500.25)));
        let line = Line::after(Some(&finer), line.facts, line.tick);
        assert_eq!(
            serde_json::from_str::<Value>(&line.whole(0, "BTC/USD")).unwrap(),
            documented
        );
    }

    #[test]
    fn an_update_is_short_and_zeros_at_its_end_are_left_out() {
        let before = Line::new(facts(), Some(tick(95_500.25)));
        let mut next = tick(95_500.13);
        next.time = next.time.map(|time| time + 1_000);
        next.received += 400;
        let after = Line::after(Some(&before), facts(), Some(next));
        assert_eq!(after.item(Some(&before), 0, "BTC/USD", NOW + 400), "[0,-12,1]");
        assert_eq!(after.item(Some(&before), 0, "BTC/USD", NOW + 450), "[0,-12,1,50]");
        next.day_volume = Some(49_160.0);
        next.time = next.time.map(|time| time + 250);
        next.ask = next.ask.map(|ask| ask + 0.01);
        let after = Line::after(Some(&before), facts(), Some(next));
        assert_eq!(
            after.item(Some(&before), 4, "BTC/USD", NOW + 400),
            "[4,-12,1.25,0,7,0,1]"
        );
        assert_eq!(before.item(Some(&before), 4, "BTC/USD", NOW), "[4]");
    }

    #[test]
    fn what_the_short_form_cannot_say_is_said_as_a_whole() {
        let before = Line::new(facts(), Some(tick(95_500.25)));
        let whole = |facts: Facts, tick: Prices| {
            let after = Line::after(Some(&before), facts, Some(tick));
            after.item(Some(&before), 0, "BTC/USD", NOW).starts_with('{')
        };
        assert!(!whole(facts(), tick(95_501.0)));
        assert!(whole(
            Facts {
                stale_since: Some(NOW),
                ..facts()
            },
            tick(95_501.0)
        ));
        assert!(whole(facts(), tick(95_500.123)), "a finer scale");
        assert!(whole(
            facts(),
            Prices {
                bid: None,
                ..tick(95_501.0)
            }
        ));
        assert!(
            whole(
                facts(),
                Prices {
                    day_volume: Some(0.5),
                    ..tick(95_501.0)
                }
            ),
            "a part of a unit"
        );
        assert!(
            whole(
                facts(),
                Prices {
                    received: NOW + 1,
                    ..tick(95_501.0)
                }
            ),
            "a clock that went back"
        );
        assert!(
            whole(
                facts(),
                Prices {
                    time: None,
                    ..tick(95_501.0)
                }
            ),
            "a time that is not known"
        );
        let nothing = Line::new(
            Facts {
                source: None,
                ..facts()
            },
            None,
        );
        let object: Value = serde_json::from_str(&nothing.item(None, 3, "X", NOW)).unwrap();
        assert_eq!(
            (&object["price"], &object["scale"], &object["n"]),
            (&Value::Null, &Value::Null, &json!(3))
        );
        let odd = Line::new(
            facts(),
            Some(Prices {
                price: 1e300,
                bid: None,
                ask: None,
                ..tick(1.0)
            }),
        );
        let object: Value = serde_json::from_str(&odd.whole(0, "X")).unwrap();
        assert_eq!((&object["price"], &object["scale"]), (&json!(1e300), &Value::Null));
    }
}
