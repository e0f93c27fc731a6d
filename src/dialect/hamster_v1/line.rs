//! The items of `hamster.v1`: symbol objects, the short form of an update, and bars.
//!
//! A [`Line`] is what the clients of a channel hold of one symbol. [`Line::item`] encodes a newer
//! line in the short form if that can express the change, and as a whole symbol object otherwise.
//! docs/protocol.md describes every field.

use crate::dialect::event::{InstrumentView, Volume, whole};
use crate::market::{
    Bar, Cell, DayRange, Instrument, MINUTE, Millis, Precision, Provenance, SECOND, Service, Session, scale_for, steps,
};
use serde::Serialize;
use std::fmt::Write;

/// Everything sent about a symbol besides its prices. A change sends the whole symbol object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// Close of the previous trading day.
    pub previous_close: Option<f64>,
    /// First price of the running day, or of the last one if the market is closed.
    pub open: Option<f64>,
    /// The venue's name.
    pub exchange: Option<String>,
    /// What the instrument is.
    #[serde(flatten)]
    pub instrument: InstrumentView,
    /// The long name of a pair's first currency.
    #[serde(rename = "currency_base", skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The long name of a pair's second currency.
    #[serde(rename = "currency_quote", skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// How exactly the time is known: `second`, `minute` or `day`.
    pub time_precision: Option<&'static str>,
    /// The price's provenance; `None` without a price.
    pub source: Option<Provenance>,
    /// Whether the market trades.
    pub session: Session,
    /// When its exchange opens next, while it is closed.
    pub opens_at: Option<Millis>,
    /// When its exchange closes, while it is open.
    pub closes_at: Option<Millis>,
    /// Since when the price is stale; `None` while it is fresh.
    pub stale_since: Option<Millis>,
    /// How the symbol gets its prices.
    #[serde(flatten)]
    pub service: Service,
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
    /// Highest price of the trading day.
    pub high: Option<f64>,
    /// Lowest price of the trading day.
    pub low: Option<f64>,
    /// Cumulative volume of the trading day.
    pub day_volume: Option<f64>,
    /// The exchange's time, if it is known.
    pub time: Option<Millis>,
    /// When the price reached the hub.
    pub received: Millis,
}

impl Facts {
    /// The facts of an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument, cell: &Cell, service: &Service) -> Self {
        let quote = cell.quote.as_ref();
        let reference = &cell.reference;
        Self {
            previous_close: reference.previous_close,
            open: reference.day.and_then(|day| day.open),
            exchange: quote.and_then(|quote| quote.exchange.clone()),
            instrument: InstrumentView::of(instrument, &cell.details),
            base: cell.details.pair.base.clone(),
            quote: cell.details.pair.quote.clone(),
            time_precision: quote.and_then(|quote| quote.precision).map(Precision::name),
            source: quote.map(|quote| quote.provenance),
            session: reference.session,
            opens_at: reference.opens_at,
            closes_at: reference.closes_at,
            stale_since: quote.and_then(|quote| quote.stale_since),
            service: service.clone(),
        }
    }
}

impl Prices {
    /// The prices of an instrument, if it has any.
    #[must_use]
    pub fn of(cell: &Cell) -> Option<Self> {
        let day = |price: fn(&DayRange) -> Option<f64>| cell.reference.day.as_ref().and_then(price);
        cell.quote.as_ref().map(|quote| Self {
            price: quote.price,
            bid: quote.bid,
            ask: quote.ask,
            high: day(|day| day.high),
            low: day(|day| day.low),
            day_volume: quote.day_volume,
            time: quote.exchange_time,
            received: quote.received,
        })
    }

    /// The high and low that a client has after the short form told it `price`: in an open session
    /// the price extends the range.
    fn range_after(&self, price: f64, session: Session) -> (Option<f64>, Option<f64>) {
        match session {
            Session::Open => (
                self.high.map(|high| high.max(price)),
                self.low.map(|low| low.min(price)),
            ),
            Session::Closed | Session::Extended | Session::Unknown => (self.high, self.low),
        }
    }
}

/// Closes of consecutive minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closes<'a> {
    /// Start of the minute of the last value.
    pub end: Millis,
    /// In order of time, in the quote currency; `None` for a minute without a trade.
    pub values: &'a [Option<f64>],
}

/// [`Closes`] in a symbol object.
#[derive(Serialize)]
struct Spark {
    /// Seconds between two values.
    step: Millis,
    /// In seconds since 1970.
    end: Millis,
    /// In units of 10^-`scale`: the first one that is not `null`, then differences to the last one
    /// that was not.
    values: Vec<Option<i64>>,
}

impl Closes<'_> {
    /// `None` if there is no value.
    fn spark(self, scale: u8) -> Option<Spark> {
        /// Beyond this, a number of units is not exact.
        const LARGEST: f64 = 9e15;
        self.values.iter().flatten().next()?;
        let unit = 10_f64.powi(i32::from(scale));
        let mut last = 0;
        let difference = |close: &Option<f64>| {
            // An earlier close may be finer than the scale.
            let units = close
                .map(|close| (close * unit).round())
                .filter(|units| units.abs() < LARGEST)? as i64;
            Some(units - std::mem::replace(&mut last, units))
        };
        Some(Spark {
            step: MINUTE / SECOND,
            end: self.end / SECOND,
            values: self.values.iter().map(difference).collect(),
        })
    }
}

/// The item that tells a closed bar of one minute:
/// `{"bar":[n,time,open,high,low,close,volume]}`, with the time in seconds since 1970 and prices in
/// the quote currency.
#[must_use]
pub fn bar_item(n: u32, bar: &Bar) -> String {
    let volume = Volume(bar.volume);
    let fields = (n, bar.time / SECOND, bar.open, bar.high, bar.low, bar.close, volume);
    // Cannot fail: every field is valid JSON.
    format!(r#"{{"bar":{}}}"#, serde_json::to_string(&fields).unwrap_or_default())
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
    high: Option<f64>,
    low: Option<f64>,
    #[serde(serialize_with = "whole")]
    day_volume: Option<f64>,
    time: Option<Millis>,
    received: Option<Millis>,
    #[serde(flatten)]
    facts: &'a Facts,
    #[serde(skip_serializing_if = "Option::is_none")]
    spark: Option<Spark>,
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

    /// Whether its prices are integers, as those of a spark must be.
    #[must_use]
    pub fn has_scale(&self) -> bool {
        self.scaled.is_some()
    }

    /// The item that turns `before` into `self` for a client, in a delta sent at `sent`. `n` and
    /// `symbol` are the symbol's number and name.
    #[must_use]
    pub fn item(&self, before: Option<&Self>, n: u32, symbol: &str, sent: Millis) -> String {
        before
            .and_then(|before| self.short_form(before, n, sent))
            .unwrap_or_else(|| self.whole(n, symbol, None))
    }

    /// The symbol object as JSON. `closes`: for snapshots, the closes of the last minutes. They are
    /// left out if there are none, or if the prices have no scale.
    #[must_use]
    pub fn whole(&self, n: u32, symbol: &str, closes: Option<Closes<'_>>) -> String {
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
            high: tick.and_then(|tick| tick.high),
            low: tick.and_then(|tick| tick.low),
            day_volume: tick.and_then(|tick| tick.day_volume),
            time: tick.and_then(|tick| tick.time),
            received: tick.map(|tick| tick.received),
            facts: &self.facts,
            spark: scaled.and_then(|scaled| closes?.spark(scaled.scale)),
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
            && (tick.high, tick.low) == old_tick.range_after(tick.price, self.facts.session)
            && time >= old_time
            && self.facts == before.facts;
        if !says_all {
            return None;
        }
        let difference = |new: Option<i64>, old: Option<i64>| new.unwrap_or_default() - old.unwrap_or_default();
        let fields = [
            Field::Whole(new.price - old.price),
            Field::Seconds(time - old_time),
            // Negative at a relay whose clock is behind that of its hub.
            Field::Whole(i64::try_from(sent).ok()? - i64::try_from(tick.received).ok()?),
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
    use crate::dialect::hamster_v1::frames::delta;
    use crate::market::{BarSource, Kind};
    use hamster_kit::Reader;
    use serde_json::{Value, json};

    const NOW: Millis = 1_768_833_137_123;

    const CLOSES: Closes<'_> = Closes {
        end: 1_768_833_060_000,
        values: &[Some(95_480.0), Some(95_484.5), None, Some(95_498.25)],
    };

    fn facts() -> Facts {
        Facts {
            base: None,
            quote: None,
            previous_close: Some(95_261.85),
            open: Some(95_270.0),
            exchange: Some("Binance".into()),
            instrument: InstrumentView {
                name: Some("Bitcoin US Dollar".into()),
                r#type: Some("Digital Currency".into()),
                kind: Some(Kind::Crypto),
                currency: Some("USD".into()),
                mic_code: None,
                timezone: None,
                decimals: Some(2),
                year_low: Some(74_420.69),
                year_high: Some(126_198.07),
                average_volume: None,
            },
            time_precision: Some("second"),
            source: Some(Provenance::Live),
            session: Session::Open,
            opens_at: None,
            closes_at: None,
            stale_since: None,
            service: Service {
                state: crate::market::StreamState::Streaming,
                ..Service::pending()
            },
        }
    }

    fn tick(price: f64) -> Prices {
        Prices {
            price,
            bid: Some(price - 0.5),
            ask: Some(price + 0.5),
            high: Some(96_012.5),
            low: Some(94_890.25),
            day_volume: Some(49_153.0),
            time: Some(1_768_833_137_000),
            received: NOW,
        }
    }

    #[test]
    fn a_symbol_object_is_the_documented_one() {
        let document = include_str!("../../../docs/protocol.md");
        let start = document.find(r#""symbols":[{"n":0"#).unwrap() + r#""symbols":["#.len();
        let end = start + document[start..].find("}]}").unwrap() + 1;
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
            serde_json::from_str::<Value>(&line.whole(0, "BTC/USD", Some(CLOSES))).unwrap(),
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
        let object: Value = serde_json::from_str(&odd.whole(0, "X", Some(CLOSES))).unwrap();
        assert_eq!(
            (&object["price"], &object["scale"], object.get("spark")),
            (&json!(1e300), &Value::Null, None)
        );
    }

    #[test]
    fn a_clock_that_is_behind_is_told_by_a_negative_age() {
        let line = Line::new(facts(), Some(tick(95_500.0)));
        let later = Prices {
            received: NOW + 7,
            ..tick(95_501.0)
        };
        let item = Line::after(Some(&line), facts(), Some(later)).item(Some(&line), 0, "X", NOW);
        assert!(item.starts_with("[0,"), "{item}");
        assert!(item.contains(",-7"), "{item}");
    }

    #[test]
    fn a_range_is_told_when_the_told_price_does_not_tell_it() {
        let ranged = |price, high, low| Prices {
            high,
            low,
            ..tick(price)
        };
        let (high, low) = (Some(95_600.0), Some(95_400.0));
        for (session, next, is_short, why) in [
            (Session::Open, ranged(95_601.0, Some(95_601.0), low), true, "a new high"),
            (Session::Open, ranged(95_399.0, high, Some(95_399.0)), true, "a new low"),
            (
                Session::Open,
                ranged(95_501.0, Some(95_700.0), low),
                false,
                "a swallowed high",
            ),
            (
                Session::Open,
                ranged(95_501.0, high, Some(95_300.0)),
                false,
                "a swallowed low",
            ),
            (
                Session::Open,
                ranged(95_501.0, Some(95_550.0), low),
                false,
                "a correction",
            ),
            (Session::Open, ranged(95_601.0, high, low), false, "a delayed price"),
            (Session::Open, ranged(95_501.0, None, None), false, "a new day"),
            (
                Session::Extended,
                ranged(95_601.0, high, low),
                true,
                "no trade of the day",
            ),
            (
                Session::Extended,
                ranged(95_601.0, Some(95_601.0), low),
                false,
                "a range of the next day",
            ),
            (
                Session::Closed,
                ranged(95_601.0, Some(95_601.0), low),
                false,
                "the official range",
            ),
        ] {
            let facts = Facts { session, ..facts() };
            let before = Line::new(facts.clone(), Some(ranged(95_500.0, high, low)));
            let item = Line::after(Some(&before), facts, Some(next)).item(Some(&before), 0, "BTC/USD", NOW);
            assert_eq!(item.starts_with('['), is_short, "{why}: {item}");
        }
        let before = Line::new(facts(), Some(ranged(95_500.0, None, None)));
        let next = Line::after(Some(&before), facts(), Some(ranged(95_501.0, None, None)));
        assert_eq!(
            next.item(Some(&before), 0, "BTC/USD", NOW),
            "[0,100]",
            "a range that nobody knows"
        );
    }

    #[test]
    fn closes_are_rounded_and_differ_from_the_last_known_one() {
        let spark = |values: &[Option<f64>]| {
            let object = Line::new(facts(), Some(tick(95_500.0))).whole(0, "X", Some(Closes { values, ..CLOSES }));
            serde_json::from_str::<Value>(&object).unwrap().get("spark").cloned()
        };
        let shown = spark(&[None, Some(1.004), Some(1e300), None, Some(0.99)]).unwrap();
        assert_eq!(shown["values"], json!([null, 100, null, null, -1]));
        assert_eq!((spark(&[]), spark(&[None])), (None, None));
    }

    #[test]
    fn a_bar_is_the_documented_one() {
        let mut bar = Bar::first(CLOSES.end + MINUTE, 95_498.5, BarSource::Hub);
        bar.add(95_502.0);
        bar.add(95_500.0);
        assert_eq!(
            bar_item(0, &bar),
            r#"{"bar":[0,1768833120,95498.5,95502.0,95498.5,95500.0,null]}"#
        );
        bar.volume = Some(12.0);
        assert!(include_str!("../../../docs/protocol.md").contains(&bar_item(0, &bar)));
    }

    #[test]
    fn a_client_adds_bars_to_its_closes_and_keeps_them_when_a_fact_changes() {
        let line = Line::new(facts(), Some(tick(95_500.0)));
        let object: Value = serde_json::from_str(&line.whole(0, "X", Some(CLOSES))).unwrap();
        let mut reader = snapshot_of(&object);
        let bar = |minute| bar_item(0, &Bar::first(CLOSES.end + minute * MINUTE, 7.5, BarSource::Hub));
        let [next, last] = [bar(2), bar(0)];
        let items = [next.as_str(), &line.whole(0, "X", None), &last];
        let news = reader.hear(&delta(1, 1, 0, items.into_iter())).unwrap();
        assert_eq!(news.bars.len(), 2);
        let spark = &reader.symbol(0).unwrap().spark;
        assert_eq!(spark.end * SECOND, CLOSES.end + 2 * MINUTE);
        assert_eq!(
            spark.values,
            [Some(95_480.0), Some(95_484.5), None, Some(7.5), None, Some(7.5)]
        );
    }

    fn snapshot_of(object: &Value) -> Reader {
        let mut reader = Reader::default();
        reader.read(
            &json!({"event": "snapshot", "epoch": 1, "stream": 1, "seq": 0, "base": NOW, "ack_ms": 1,
            "missed": 0, "symbols": [object]}),
        );
        reader
    }

    proptest::proptest! {
        // Whatever was swallowed or corrected, a client holds the range that the hub does.
        #[test]
        fn a_client_has_the_range_of_the_hub(steps in proptest::collection::vec((0..99_u32, 0..4_u8), 1..50)) {
            let mut range = (Some(50.0), Some(50.0));
            let mut line = Line::new(facts(), Some(Prices { high: range.0, low: range.1, ..tick(50.0) }));
            let mut reader = snapshot_of(&serde_json::from_str(&line.whole(0, "X", None)).unwrap());
            for (seq, (cents, event)) in (1..).zip(steps) {
                let price = 50.0 + f64::from(cents) / 100.0;
                let extended = |by: f64| (range.0.map(|high: f64| high.max(price + by)), range.1.map(|low: f64| low.min(price - by)));
                let session = if event == 1 { Session::Extended } else { Session::Open };
                range = match event {
                    0 => extended(0.0),
                    1 => range,
                    2 => extended(0.5),
                    _ => (range.1.map(|_| price), range.0.xor(Some(price))),
                };
                let next = Prices { high: range.0, low: range.1, ..tick(price) };
                let next = Line::after(Some(&line), Facts { session, ..facts() }, Some(next));
                let item = next.item(Some(&line), 0, "X", NOW);
                reader.read(&serde_json::from_str(&delta(1, seq, 0, [item.as_str()].into_iter())).unwrap());
                let shown = reader.quote("X");
                proptest::prop_assert_eq!((&shown["high"], &shown["low"]), (&json!(range.0), &json!(range.1)));
                line = next;
            }
        }
    }
}
