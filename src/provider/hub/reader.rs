//! Reads the frames of a link: snapshots, numbered deltas and events become what they tell. A frame
//! that does not follow the one before is a [`Fault`]: the link is then opened anew, and resumes.

use super::Place;
use crate::market::{
    Bar, BarSource, Cell, DayRange, Details, FeedState, FeedStatus, Instrument, MINUTE, MOST_DECIMALS, Millis, Pair,
    Precision, Provenance, Quote, Reference, SECOND, Service, Session, StreamState, from_iso8601,
};
use serde_json::Value;

/// Closes of a spark: an hour.
const MOST_CLOSES: usize = 60;

/// What a frame tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The hub has answered the upgrade. Whether its prices come from the simulator.
    Connected(bool),
    /// The state of the hub's feed.
    Feed(FeedStatus),
    /// A snapshot begins; the quotes of its symbols follow.
    Snapshot(Start),
    /// What is known of a symbol.
    Quote(Box<Quoted>),
    /// A minute bar of a symbol closed.
    Bar(Instrument, Bar),
    /// Symbols that the hub does not serve, each with its reason.
    Refused(Vec<(String, String)>),
    /// What the hub says of itself for pages.
    Headline(Headline),
    /// The answer to a beat: the hub's time.
    Time(Millis),
    /// The hub wants an acknowledgement now.
    AckRequest,
}

/// How a snapshot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Whether only what changed since the link's last place follows.
    pub is_recovered: bool,
    /// Whether the hub has begun a new life since the last snapshot: what it tells may be older than
    /// what it told before.
    pub is_another_life: bool,
}

/// What a hub tells of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Quoted {
    /// The symbol, with its exchange if it is pinned.
    pub instrument: Instrument,
    /// Quote, reference and details.
    pub cell: Cell,
    /// How the hub gets its prices.
    pub service: Service,
    /// The closes of the last minutes, if they are told: one item a minute with a trade.
    pub closes: Vec<Bar>,
}

/// The content of the item `hub`.
pub type Headline = serde_json::Map<String, Value>;

/// Why a link cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A delta is missing, or is of another epoch.
    #[error("a frame of the hub does not follow the one before")]
    Gap,
    /// Not as the protocol says.
    #[error("a frame of the hub cannot be read")]
    Malformed,
}

/// Reads the frames of one link after the other.
#[derive(Debug, Default)]
pub struct Reader {
    /// Where the link is; `None` before the first snapshot ever.
    place: Option<Place>,
    /// Whether this link has brought a snapshot.
    is_placed: bool,
    base: Millis,
    /// In order of their numbers.
    symbols: Vec<(u64, Line)>,
}

/// A symbol as deltas refer to it.
#[derive(Debug)]
struct Line {
    instrument: Instrument,
    cell: Cell,
    service: Service,
    scale: i32,
    /// In units of 10^-`scale`.
    price: f64,
    bid: f64,
    ask: f64,
}

impl Reader {
    /// The link is lost. The next one resumes where it was.
    pub fn lost(&mut self) {
        self.is_placed = false;
    }

    /// Whether this link has brought a snapshot.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        self.is_placed
    }

    /// Where to resume.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`Fault`]: the link must be opened anew.
    pub fn read(&mut self, frame: &str) -> Result<Vec<Told>, Fault> {
        let frame: Value = serde_json::from_str(frame).map_err(|_| Fault::Malformed)?;
        match &frame {
            Value::Array(items) => self.delta(items),
            Value::Object(_) => self.event(&frame),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Fault::Malformed),
        }
    }

    fn event(&mut self, frame: &Value) -> Result<Vec<Told>, Fault> {
        let told = match frame["event"].as_str() {
            Some("snapshot") => return self.snapshot(frame),
            Some("connected") => {
                let feed = feed(&frame["feed"]).map(Told::Feed);
                let is_simulated = frame["simulated"] == true;
                return Ok([Some(Told::Connected(is_simulated)), feed]
                    .into_iter()
                    .flatten()
                    .collect());
            }
            Some("feed") => feed(frame).map(Told::Feed),
            Some("subscribe-status") => Some(Told::Refused(refused(&frame["fails"]))),
            Some("time") => frame["time"].as_str().and_then(from_iso8601).map(Told::Time),
            Some("ack-request") => Some(Told::AckRequest),
            _ => None,
        };
        Ok(told.into_iter().collect())
    }

    fn snapshot(&mut self, frame: &Value) -> Result<Vec<Told>, Fault> {
        let number = |name: &str| frame[name].as_u64().ok_or(Fault::Malformed);
        let place = Place {
            epoch: number("epoch")?,
            stream: number("stream")?,
            seq: number("seq")?,
        };
        let is_recovered = frame["recovered"] == true;
        let before = self.place.map(|place| (place.epoch, place.stream));
        if is_recovered && before != Some((place.epoch, place.stream)) {
            return Err(Fault::Gap);
        }
        let start = Start {
            is_recovered,
            is_another_life: before.is_some_and(|(epoch, _)| epoch != place.epoch),
        };
        if !is_recovered {
            self.symbols.clear();
        }
        self.base = number("base")?;
        self.place = Some(place);
        self.is_placed = true;
        let mut told = vec![Told::Connected(frame["simulated"] == true), Told::Snapshot(start)];
        told.extend(feed(&frame["feed"]).map(Told::Feed));
        for object in frame["symbols"].as_array().ok_or(Fault::Malformed)? {
            told.push(self.whole(object)?);
        }
        Ok(told)
    }

    /// `[epoch, seq, t, item, …]`
    fn delta(&mut self, parts: &[Value]) -> Result<Vec<Told>, Fault> {
        let [epoch, seq, t, items @ ..] = parts else {
            return Err(Fault::Malformed);
        };
        let place = self.place.filter(|_| self.is_placed).ok_or(Fault::Gap)?;
        if epoch.as_u64() != Some(place.epoch) || seq.as_u64() != Some(place.seq + 1) {
            return Err(Fault::Gap);
        }
        let sent = self.base.saturating_add(t.as_u64().ok_or(Fault::Malformed)?);
        let mut told = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Array(steps) => told.push(self.step(steps, sent)?),
                Value::Object(fields) => {
                    if let Some(status) = fields.get("feed") {
                        told.extend(feed(status).map(Told::Feed));
                    } else if let Some(bar) = fields.get("bar") {
                        told.push(self.bar(bar)?);
                    } else if let Some(Value::Object(headline)) = fields.get("hub") {
                        told.push(Told::Headline(headline.clone()));
                    } else if fields.contains_key("n") {
                        told.push(self.whole(item)?);
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(Fault::Malformed),
            }
        }
        // Not before: after a fault the next link brings whole objects of all that this delta changed.
        self.place = Some(Place {
            seq: place.seq + 1,
            ..place
        });
        Ok(told)
    }

    /// `[n, price, time, age, volume, bid, ask]`, without trailing zeros.
    fn step(&mut self, steps: &[Value], sent: Millis) -> Result<Told, Fault> {
        let number = |place: usize| steps.get(place).and_then(Value::as_f64).unwrap_or_default();
        let line = steps.first().and_then(Value::as_u64);
        let place = line.and_then(|n| self.find(n).ok()).ok_or(Fault::Gap)?;
        let (_, line) = self.symbols.get_mut(place).ok_or(Fault::Gap)?;
        line.add([1, 2, 3, 4, 5, 6].map(number), sent);
        line.checked(Vec::new())
    }

    /// `[n, time, open, high, low, close, volume]`, with the time in seconds.
    fn bar(&self, bar: &Value) -> Result<Told, Fault> {
        let number = |place: usize| bar[place].as_f64().ok_or(Fault::Malformed);
        let place = bar[0].as_u64().and_then(|n| self.find(n).ok()).ok_or(Fault::Gap)?;
        let (_, line) = self.symbols.get(place).ok_or(Fault::Gap)?;
        let bar = Bar {
            time: bar[1].as_u64().ok_or(Fault::Malformed)?.saturating_mul(SECOND),
            open: number(2)?,
            high: number(3)?,
            low: number(4)?,
            close: number(5)?,
            volume: bar[6].as_f64(),
            // A bar is told once it is final; the hub's own word replaces what a spark told.
            source: BarSource::Provider,
        };
        if !bar.is_sound() || !bar.time.is_multiple_of(MINUTE) {
            return Err(Fault::Malformed);
        }
        Ok(Told::Bar(line.instrument.clone(), bar))
    }

    fn whole(&mut self, object: &Value) -> Result<Told, Fault> {
        let n = object["n"].as_u64().ok_or(Fault::Malformed)?;
        let line = Line::read(object).ok_or(Fault::Malformed)?;
        let told = line.checked(closes(&object["spark"], line.scale).unwrap_or_default())?;
        match self.find(n) {
            Ok(place) => self.symbols.splice(place..=place, [(n, line)]).for_each(drop),
            Err(place) => self.symbols.insert(place, (n, line)),
        }
        Ok(told)
    }

    fn find(&self, n: u64) -> Result<usize, usize> {
        self.symbols.binary_search_by_key(&n, |(n, _)| *n)
    }
}

impl Line {
    fn read(object: &Value) -> Option<Self> {
        let number = |name| number_of(object, name);
        let time = |name| time_of(object, name);
        let text = |name| text_of(object, name);
        let instrument = Instrument::parse(object["symbol"].as_str()?).ok()?;
        let scale = object["scale"]
            .as_u64()
            .filter(|scale| *scale <= u64::from(MOST_DECIMALS));
        let scale = scale.map(|scale| scale as i32);
        if scale.is_none() && !object["scale"].is_null() {
            return None;
        }
        let quote = number("price").zip(time("received")).map(|(price, received)| Quote {
            price,
            bid: number("bid"),
            ask: number("ask"),
            day_volume: number("day_volume"),
            exchange: text("exchange"),
            exchange_time: time("time"),
            precision: named(&Precision::ALL, Precision::name, &object["time_precision"]),
            as_of: time("time").unwrap_or(received),
            received,
            provenance: named(&Provenance::ALL, Provenance::name, &object["source"]).unwrap_or(Provenance::Restored),
            stale_since: time("stale_since"),
        });
        let day = DayRange {
            opened: None,
            open: number("open"),
            high: number("high"),
            low: number("low"),
        };
        let cell = Cell {
            quote,
            reference: Reference {
                previous_close: number("previous_close"),
                session: named(&Session::ALL, Session::name, &object["session"]).unwrap_or(Session::Unknown),
                asked: 0,
                is_provisional: false,
                day: ((day.open, day.high, day.low) != (None, None, None)).then_some(day),
                opens_at: time("opens_at"),
                closes_at: time("closes_at"),
            },
            details: Details {
                name: text("name"),
                kind: text("type"),
                currency: text("currency"),
                pair: Pair {
                    base: text("currency_base"),
                    quote: text("currency_quote"),
                },
                mic_code: text("mic_code"),
                timezone: text("timezone"),
                decimals: object["decimals"]
                    .as_u64()
                    .and_then(|decimals| u8::try_from(decimals).ok()),
                year_low: number("year_low"),
                year_high: number("year_high"),
                average_volume: number("average_volume"),
            },
        };
        let service = Service {
            state: named(&StreamState::ALL, StreamState::name, &object["state"]).unwrap_or(StreamState::Pending),
            reason: text("reason"),
            needs_plan: text("needs_plan"),
            retry_at: time("retry_at"),
        };
        let mut line = Self {
            instrument,
            cell,
            service,
            scale: scale.unwrap_or_default(),
            price: number("price").unwrap_or_default(),
            bid: number("bid").unwrap_or_default(),
            ask: number("ask").unwrap_or_default(),
        };
        if scale.is_some() {
            line.unscale();
        }
        Some(line)
    }

    /// Adds a delta that was sent at `sent`: price, seconds, age in milliseconds, volume, bid, ask.
    fn add(&mut self, [price, seconds, age, volume, bid, ask]: [f64; 6], sent: Millis) {
        self.price += price;
        self.bid += bid;
        self.ask += ask;
        self.unscale();
        let Some(quote) = &mut self.cell.quote else { return };
        let later = (seconds * SECOND as f64).round() as Millis;
        quote.exchange_time = quote.exchange_time.map(|time| time.saturating_add(later));
        quote.day_volume = quote.day_volume.map(|before| before + volume);
        // A negative age: the hub is a relay whose clock is behind.
        quote.received = sent.saturating_add_signed((-age) as i64);
        quote.as_of = quote.exchange_time.unwrap_or(quote.received);
        if let (Session::Open, Some(day)) = (self.cell.reference.session, &mut self.cell.reference.day) {
            day.high = day.high.map(|high| high.max(quote.price));
            day.low = day.low.map(|low| low.min(quote.price));
        }
    }

    /// Writes the prices in the quote currency. Bid and ask are told relative to the price.
    fn unscale(&mut self) {
        let unit = 10_f64.powi(self.scale);
        if let Some(quote) = &mut self.cell.quote {
            quote.price = self.price / unit;
            quote.bid = quote.bid.map(|_| (self.price + self.bid) / unit);
            quote.ask = quote.ask.map(|_| (self.price + self.ask) / unit);
        }
    }

    /// What the line tells, unless its numbers left what can be: that is no frame of a hub.
    fn checked(&self, closes: Vec<Bar>) -> Result<Told, Fault> {
        let numbers = self.cell.quote.iter();
        let mut numbers = numbers.flat_map(|quote| [Some(quote.price), quote.bid, quote.ask, quote.day_volume]);
        if !numbers.all(|number| number.is_none_or(f64::is_finite)) {
            return Err(Fault::Malformed);
        }
        Ok(Told::Quote(Box::new(Quoted {
            instrument: self.instrument.clone(),
            cell: self.cell.clone(),
            service: self.service.clone(),
            closes,
        })))
    }
}

// Not inlined: they are called for each of two dozen fields.
#[inline(never)]
fn number_of(object: &Value, name: &str) -> Option<f64> {
    object.get(name)?.as_f64()
}

#[inline(never)]
fn time_of(object: &Value, name: &str) -> Option<Millis> {
    object.get(name)?.as_u64()
}

#[inline(never)]
fn text_of(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(ToOwned::to_owned)
}

/// A word of ours; `None` for one of a newer version.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, value: &Value) -> Option<T> {
    let word = value.as_str()?;
    all.iter().copied().find(|one| name(*one) == word)
}

fn feed(object: &Value) -> Option<FeedStatus> {
    Some(FeedStatus {
        state: named(&FeedState::ALL, FeedState::name, &object["state"])?,
        since: object["since"].as_str().and_then(from_iso8601)?,
        reason: object["reason"].as_str()?.to_owned(),
    })
}

fn refused(fails: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fails = fails.as_array().into_iter().flatten();
    fails
        .map(|fail| (text(&fail["symbol"]), text(&fail["reason"])))
        .collect()
}

/// The bars of a spark: a close for each minute that had a trade. `None` if there is no spark, or if it
/// is not as documented: prices do not wait for that.
fn closes(spark: &Value, scale: i32) -> Option<Vec<Bar>> {
    let values = spark["values"]
        .as_array()
        .filter(|values| values.len() <= MOST_CLOSES)?;
    let end = spark["end"].as_u64()?.checked_mul(SECOND)?;
    let (unit, mut close) = (10_f64.powi(scale), 0.0);
    let mut bars = Vec::new();
    for (place, value) in values.iter().enumerate() {
        if let Some(step) = value.as_f64() {
            close += step;
            let ago = (values.len() - 1 - place) as u64;
            let time = end.checked_sub(ago * MINUTE)?;
            bars.push(Bar::first(time, close / unit, BarSource::Provider));
        }
    }
    let is_possible = |bar: &Bar| bar.time.is_multiple_of(MINUTE) && bar.close.is_finite();
    bars.iter().all(is_possible).then_some(bars)
}
