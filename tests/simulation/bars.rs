//! What the hub remembers, against what reached it: bars, gaps, and the credits of all calls that are
//! not for quotes.

use super::scenario::{Setup, Tier};
use super::world::{Check, World, broken};
use hamster_terminal::hub::{Answer, History, WaiterId};
use hamster_terminal::market::{Bar, BarSource, DAY, Instrument, Interval, MINUTE, Millis, SECOND};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A hub that ends without warning forgets the bars since its journal was written, every five
/// minutes. The next alarm may be half a minute away, and the running minute is lost too.
const MOST_LOST: Millis = 5 * MINUTE + 30 * SECOND + 2 * MINUTE;

/// Ids of requests are above this.
const FIRST: u32 = 1_000;
/// How long a request may wait, besides late timers.
const ANSWERED_WITHIN: Millis = 5 * SECOND;

/// What reached the hub.
#[derive(Debug, Default)]
pub struct Bars {
    /// Prices of ticks by symbol and minute.
    ticks: HashMap<(String, Millis), HashSet<u64>>,
    /// The minutes whose newest tick was certainly taken, by symbol.
    sure: BTreeMap<String, Vec<Millis>>,
    /// The newest tick of each symbol.
    newest: HashMap<String, Millis>,
    /// Bars that REST told: symbol, interval, time, and the four prices.
    told: HashSet<(String, &'static str, Millis, [u64; 4])>,
    /// The prices of the minutes that REST told, by symbol and hour.
    minutes: HashMap<(String, Millis), HashSet<u64>>,
    /// Errands in this minute and in this day, as upstream counts them.
    minute: (u64, u64),
    day: (u64, u64),
    /// When the last life ended that was live with nothing wrong for a while, and when it began.
    ended: Option<(Millis, Millis)>,
    /// When storage refused rows last.
    pub storage_failed: Option<Millis>,
    /// Minutes in which the hub had no connection, at least for a moment.
    deaf: HashSet<Millis>,
    /// Questions without an answer: the life that was asked, and when.
    waiting: BTreeMap<u32, (u32, Millis)>,
    asked: u32,
}

/// A question about what the hub remembers.
#[derive(Debug, Clone, Copy)]
pub enum Lookup {
    /// The bars of a symbol in an interval.
    Bars(&'static str, Interval, usize),
    Search(&'static str),
    Hours,
    Sparklines,
}

pub const LOOKUPS: &[Lookup] = &[
    Lookup::Bars("BTC/USD", Interval::Minute, 5_000),
    Lookup::Bars("BTC/USD", Interval::QuarterHour, 20),
    Lookup::Bars("AAPL", Interval::Minute, 500),
    Lookup::Bars("ETH/USD", Interval::Hour, 200),
    Lookup::Bars("EUR/USD", Interval::FourHours, 50),
    Lookup::Bars("SPY", Interval::Day, 365),
    Lookup::Bars("NOSUCH", Interval::Day, 10),
    Lookup::Search("app"),
    Lookup::Search("apple"),
    Lookup::Search("b"),
    Lookup::Search("\"%20\u{301}"),
    Lookup::Hours,
    Lookup::Sparklines,
];

impl Bars {
    /// A frame reached the object. `stamps_are_true`: nobody lies about time, and nothing is out of
    /// order.
    pub fn delivered(&mut self, text: &str, stamps_are_true: bool, clock: Millis) {
        let Some(tick) = text.contains("\"price\"").then(|| read(text)).flatten() else {
            return;
        };
        let (Some(symbol), Some(price), Some(stamp)) = (
            tick["symbol"].as_str(),
            number(&tick["price"]),
            number(&tick["timestamp"]),
        ) else {
            return;
        };
        let made = (stamp as u64 * SECOND).min(clock);
        let minute = made - made % MINUTE;
        self.ticks
            .entry((symbol.to_owned(), minute))
            .or_default()
            .insert(price.to_bits());
        let newest = self.newest.entry(symbol.to_owned()).or_default();
        if stamps_are_true && made >= *newest && made + 30 * SECOND > clock {
            let sure = self.sure.entry(symbol.to_owned()).or_default();
            if sure.last() != Some(&minute) {
                sure.push(minute);
            }
        }
        *newest = made.max(*newest);
    }

    /// REST told a series.
    pub fn told(&mut self, query: &str, body: &str) {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(of, _)| *of == name)
                .map(|(_, value)| super::upstream::decoded(value))
                .next()
        };
        let (Some(symbol), Some(interval)) = (value("symbol"), value("interval")) else {
            return;
        };
        let Some(interval) = Interval::named(&interval) else {
            return;
        };
        let symbol = symbol.split(':').next().unwrap_or_default().to_owned();
        let Some(answer) = read(body) else { return };
        for bar in answer["values"].as_array().into_iter().flatten() {
            let price = |name: &str| number(&bar[name]).map(f64::to_bits);
            let time = bar["datetime"].as_str().and_then(time_of);
            if let (Some(time), Some(open), Some(high), Some(low), Some(close)) =
                (time, price("open"), price("high"), price("low"), price("close"))
            {
                let prices = [open, high, low, close];
                self.told.insert((symbol.clone(), interval.name(), time, prices));
                if interval == Interval::Minute {
                    let hour = (symbol.clone(), time - time % Interval::Hour.length());
                    self.minutes.entry(hour).or_default().extend(prices);
                }
            }
        }
    }

    pub fn life_ended(&mut self, is_calm: bool, began: Millis, now: Millis) {
        self.ended = is_calm.then_some((began, now));
        self.waiting.clear();
    }

    /// The hub has no connection.
    pub fn is_deaf(&mut self, now: Millis) {
        self.deaf.insert(now - now % MINUTE);
    }

    /// Somebody asks. Returns the id of the request.
    pub fn asks(&mut self, life: u32, now: Millis) -> WaiterId {
        self.asked += 1;
        let waiter = FIRST + self.asked;
        self.waiting.insert(waiter, (life, now));
        WaiterId(waiter)
    }

    /// Whether this is the answer to such a request.
    pub fn is_answered(&mut self, waiter: WaiterId) -> bool {
        self.waiting.remove(&waiter.0).is_some()
    }
}

impl World {
    /// An errand reaches upstream: it may use three eighths of a minute's credits and a quarter of a
    /// day's.
    pub fn an_errand_is_affordable(&mut self, setup: &Setup) -> Check {
        let (per_minute, per_day) = setup.tier.credits(setup.simulated);
        let bars = &mut self.bars;
        for (window, length) in [(&mut bars.minute, MINUTE), (&mut bars.day, DAY)] {
            let before = if window.0 == self.now / length { window.1 } else { 0 };
            *window = (self.now / length, before + 1);
        }
        let (minute, day) = (bars.minute.1, bars.day.1);
        // If the hub's clock lags, calls of two of its minutes may arrive in one of upstream's.
        let lags = self.calm() < 5 * MINUTE;
        let most = (per_minute * 3 / 8).max(1) * if lags { 2 } else { 1 };
        if minute > most || setup.tier == Tier::Free && per_day.is_some_and(|limit| day > limit / 4 + 3) {
            return Err(broken(
                "bars, searches and hours keep to their share",
                format!("{minute} credits this minute, {day} this day"),
            ));
        }
        self.coverage.count("REST calls for bars, searches, hours", 1);
        Ok(())
    }

    /// Nobody who asked waits for long.
    pub fn lookups_are_answered(&self) -> Check {
        let late = ANSWERED_WITHIN + self.timers_late();
        let waiting = self.bars.waiting.values();
        match waiting
            .filter(|(life, _)| *life == self.object.life)
            .min_by_key(|(_, at)| *at)
        {
            Some((_, at)) if at + late < self.now => Err(broken(
                "every request is answered",
                format!("one waits for {} s", (self.now - at) / SECOND),
            )),
            _ => Ok(()),
        }
    }

    /// A question about the memory was answered.
    pub fn lookup_is_answered(&mut self, answer: &Answer) -> Check {
        match answer {
            Answer::History(history) => self.history_is_true(history),
            Answer::Search(search) => {
                self.coverage.count("searches answered", 1);
                let is_found = !search.results.is_empty() || search.reason.is_none() || search.retry_at.is_some();
                is_found
                    .then_some(())
                    .ok_or_else(|| broken("an answer says what is missing", format!("{search:?}")))
            }
            Answer::Sparklines(sparklines) => {
                let long = sparklines.symbols.iter().find(|(_, spark)| spark.values.len() > 60);
                long.map_or(Ok(()), |spark| Err(broken("bounded memory", format!("{spark:?}"))))
            }
            Answer::Quotes(_) | Answer::Status(_) | Answer::Sessions(_) => Ok(()),
        }
    }

    fn history_is_true(&mut self, history: &History) -> Check {
        self.coverage.count("histories answered", 1);
        self.coverage.count("bars told", history.bars.len() as u64);
        let symbol = history.symbol.split(':').next().unwrap_or_default();
        let mut last = None;
        for bar in &history.bars {
            if !bar.is_sound() || last.is_some_and(|last| last >= bar.time) || bar.time > self.object.clock() {
                return Err(broken("bars are in order and possible", format!("{symbol} {bar:?}")));
            }
            last = Some(bar.time);
            self.bar_is_true(symbol, history.interval, bar)?;
        }
        if history.interval == Interval::Minute {
            self.gaps_are_named(symbol, history)?;
            self.gaps_are_true(symbol, history)?;
        }
        Ok(())
    }

    /// A minute of the provider is in no gap, unless storage failed since: then it holds perhaps a
    /// part of an answer.
    fn gaps_are_true(&self, symbol: &str, history: &History) -> Check {
        let works_since = self.bars.storage_failed.map_or(0, |at| at + 2 * MINUTE);
        let mut gaps = history.gaps.iter().filter(|gap| gap.from >= works_since);
        let filled = gaps.find_map(|gap| {
            let mut bars = history.bars.iter().filter(|bar| bar.source == BarSource::Provider);
            let bar = bars.find(|bar| gap.from <= bar.time && bar.time < gap.to)?;
            Some((gap, bar.time))
        });
        filled.map_or(Ok(()), |(gap, time)| {
            Err(broken(
                "what the provider told is no gap",
                format!("{symbol}: {} is known, but lies in {gap:?}", time / MINUTE),
            ))
        })
    }

    fn bar_is_true(&self, symbol: &str, interval: Interval, bar: &Bar) -> Check {
        let prices = [bar.open, bar.high, bar.low, bar.close].map(f64::to_bits);
        let is_told = || {
            let key = (symbol.to_owned(), interval.name(), bar.time, prices);
            self.bars.told.contains(&key)
        };
        let is_true = match (bar.source, interval) {
            (BarSource::Hub, Interval::Minute) => {
                let ticks = self.bars.ticks.get(&(symbol.to_owned(), bar.time));
                ticks.is_some_and(|ticks| prices.iter().all(|price| ticks.contains(price)))
            }
            (BarSource::Provider, Interval::Minute | Interval::Day) => is_told(),
            (BarSource::Provider, Interval::Hour) => {
                // Told as it is, or made of minutes that were told. An hour may begin at half past.
                let halves = [bar.time, bar.time + 30 * MINUTE].map(|time| time - time % interval.length());
                let minutes = halves.map(|hour| self.bars.minutes.get(&(symbol.to_owned(), hour)));
                let is_of_minutes = |price: &u64| minutes.iter().flatten().any(|told| told.contains(price));
                is_told() || prices.iter().all(is_of_minutes)
            }
            // Made of the others.
            (BarSource::Hub | BarSource::Provider, _) => true,
        };
        if is_true {
            return Ok(());
        }
        let near = self.bars.ticks.iter();
        let near = near.filter(|((of, minute), _)| of == symbol && minute.abs_diff(bar.time) <= MINUTE);
        let near: Vec<_> = near
            .map(|((_, minute), prices)| {
                (
                    minute,
                    prices.iter().map(|bits| f64::from_bits(*bits)).collect::<Vec<_>>(),
                )
            })
            .collect();
        let how = format!("{symbol} {} {bar:?}, ticks {near:?}", interval.name());
        Err(broken("no bar is invented", how))
    }

    /// Every minute in which a tick certainly reached the hub has a bar, or lies in a gap that is
    /// named.
    fn gaps_are_named(&mut self, symbol: &str, history: &History) -> Check {
        if history.symbol.contains(':') || !self.is_default(symbol) {
            return Ok(());
        }
        let Some(first) = history.bars.first().map(|bar| bar.time) else {
            return Ok(());
        };
        let known: HashSet<Millis> = history.bars.iter().map(|bar| bar.time).collect();
        let until = self.object.clock().saturating_sub(2 * MINUTE);
        let sure = self.bars.sure.get(symbol).into_iter().flatten().copied();
        for minute in sure.filter(|minute| (first..until).contains(minute)) {
            let gap = history.gaps.iter().find(|gap| gap.from <= minute && minute < gap.to);
            if !known.contains(&minute) && gap.is_none() {
                let ago = (self.now - minute) / MINUTE;
                let near = history
                    .bars
                    .iter()
                    .filter(|bar| bar.time.abs_diff(minute) <= 3 * MINUTE);
                let near: Vec<_> = near.map(|bar| (bar.time / MINUTE, bar.source)).collect();
                let how = format!(
                    "{symbol}: ticks came {ago} minutes ago ({}), but no bar and no gap: {near:?} {:?}",
                    minute / MINUTE,
                    history.gaps
                );
                return Err(broken("gaps are named", how));
            }
        }
        self.coverage.count("gaps named", history.gaps.len() as u64);
        self.silence_is_named(symbol, history, first)?;
        let Some((began, ended)) = self.bars.ended.filter(|(_, at)| *at > first) else {
            return Ok(());
        };
        let mut gaps = history.gaps.iter();
        let gap = gaps.find(|gap| gap.from <= ended && ended < gap.to && gap.reason == "the hub was not running");
        let lost = gap.map_or(0, |gap| ended - gap.from.max(began));
        if lost > MOST_LOST {
            let how = format!("{symbol}: {} s are lost", lost / SECOND);
            return Err(broken("a crash loses at most five minutes", how));
        }
        Ok(())
    }

    /// A market that never closes has bars in each minute: those in which the hub had no connection
    /// are the provider's, or lie in a gap.
    fn silence_is_named(&self, symbol: &str, history: &History, first: Millis) -> Check {
        if !symbol.starts_with("BTC/") && !symbol.starts_with("ETH/") {
            return Ok(());
        }
        let is_told: HashSet<Millis> = history.bars.iter().map(|bar| bar.time).collect();
        let deaf = &self.bars.deaf;
        let until = self.object.clock().saturating_sub(3 * MINUTE);
        let inner = deaf.iter().filter(|minute| (first..until).contains(*minute));
        let mut inner = inner.filter(|minute| {
            [**minute - MINUTE, **minute + MINUTE]
                .iter()
                .all(|at| deaf.contains(at))
        });
        let is_named = |minute: &Millis| history.gaps.iter().any(|gap| gap.from <= *minute && *minute < gap.to);
        match inner.find(|minute| !is_told.contains(*minute) && !is_named(minute)) {
            None => Ok(()),
            Some(minute) => Err(broken(
                "gaps are named",
                format!(
                    "{symbol}: no connection {} minutes ago, no bar and no gap",
                    (self.now - minute) / MINUTE
                ),
            )),
        }
    }

    fn is_default(&self, symbol: &str) -> bool {
        let defaults = self.scenario.setup.symbols.split(',').map(str::trim);
        let instrument = Instrument::parse(symbol).ok();
        defaults
            .filter_map(|text| Instrument::parse(text).ok())
            .any(|one| Some(one) == instrument)
    }

    /// An answer of REST that is not about quotes.
    pub fn errand_is_told(&mut self, path: &str, query: &str, body: &str) {
        if path == "/time_series" {
            self.bars.told(query, body);
        }
    }
}

fn read(text: &str) -> Option<Value> {
    serde_json::from_str(&text.replace(super::upstream::BAD_NUMBERS, "")).ok()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// `2026-01-19 14:32:00` or `2026-01-19`, in UTC.
fn time_of(text: &str) -> Option<Millis> {
    let text = if text.len() == 10 {
        format!("{text} 00:00:00")
    } else {
        text.to_owned()
    };
    let at: jiff::civil::DateTime = text.replace(' ', "T").parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(at.timestamp().as_millisecond()).ok()
}
