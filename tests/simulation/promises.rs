//! The promises that can be checked from outside the machine: checks of each frame, and regular
//! checks of every viewer.
//!
//! Checked elsewhere: one upstream connection and the budget (`upstream`, `object`), and no quote
//! back in time (`viewers`). The key is not checked here at all, because the machine never has it;
//! the tests on the real worker check that no text of upstream's reveals it.

use super::guests::Tongue;
use super::market::{Market, Place};
use super::scenario::Tier;
use super::upstream::BAD_NUMBERS;
use super::viewers::{Frame, Shown, Viewer, place};
use super::world::{Broken, Check, Happening, World, broken};
use hamster_terminal::hub::{DEFAULT_SYMBOLS, Machine};
use hamster_terminal::market::Instrument;
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND, iso8601};
use hamster_terminal::market::{FeedState, StreamState};
use hamster_terminal::simulator::INSTRUMENTS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What upstream really sent.
#[derive(Debug, Default)]
pub struct Promises {
    /// Prices in ticks that reached this life of the object.
    ticks: HashSet<(Place, u64)>,
    /// When the newest of them was made and when it came, by whether it is of the instrument's own
    /// exchange. Upstream repeats an old one to whoever subscribes.
    newest: BTreeMap<(Place, bool), (Millis, Millis)>,
    /// All prices that REST ever gave.
    rest: HashSet<(Place, u64)>,
    /// All previous closes that REST ever gave.
    closes: BTreeMap<Place, BTreeSet<u64>>,
    /// When REST last called a market closed while nothing was wrong.
    closed: BTreeMap<Place, Millis>,
    began: Millis,
}

/// The limit from the end of all trouble to a live feed.
pub const LIVE_WITHIN: Millis = 65 * SECOND;
/// The limit from a change in the hub to every viewer that reads, in addition to its rate.
const AT_LAST: Millis = 5 * SECOND;
/// A snapshot of a slow channel may be two of its intervals old.
const SLOWEST: Millis = 20 * SECOND;
/// Rows a day with the default set-up. A paid plan, and the simulator with more symbols, may call REST
/// more often, and each call costs a row or two.
const MOST_ROWS: u64 = 10_000;

impl Promises {
    pub fn new_life(&mut self, now: Millis) {
        self.ticks.clear();
        self.newest.clear();
        self.began = now;
    }

    /// A frame reached the object on its current link. Without `stamps_are_true` nobody can tell
    /// which of two prices is newer.
    pub fn delivered(
        &mut self,
        text: &str,
        stamps_are_true: bool,
        now: Millis,
        made: impl Fn(Place, f64) -> Option<Millis>,
    ) {
        if !text.contains("\"price\"") {
            return;
        }
        let Ok(tick) = serde_json::from_str::<Value>(&text.replace(BAD_NUMBERS, "")) else {
            return;
        };
        let text_of = |name: &str| tick.get(name).and_then(Value::as_str);
        let price = tick.get("price").and_then(number);
        if let (Some(symbol), Some(price)) = (text_of("symbol"), price) {
            for place in places(symbol) {
                self.ticks.insert((place, price.to_bits()));
                if let Some(made) = made(place, price).filter(|_| stamps_are_true) {
                    let own = INSTRUMENTS[place].exchange;
                    let is_own = text_of("exchange").is_none_or(|name| name.eq_ignore_ascii_case(own));
                    let newest = self.newest.entry((place, is_own)).or_default();
                    if made > newest.0 {
                        *newest = (made, now);
                    }
                }
            }
        }
    }

    /// When the newest tick that reached this life of the object was made, and when it came. An
    /// instrument pinned to its exchange ignores the prices of others.
    fn newest_of(&self, symbol: &str) -> Option<(Millis, Millis)> {
        let place = Market::place(symbol)?;
        let own = self.newest.get(&(place, true));
        let others = self.newest.get(&(place, false)).filter(|_| !symbol.contains(':'));
        own.max(others).copied()
    }

    /// REST answered. `reliably`: the answer will arrive, and soon.
    pub fn told_by_rest(&mut self, body: &str, symbols: &[String], reliably: bool, now: Millis) {
        let Ok(answer) = serde_json::from_str::<Value>(body) else {
            return;
        };
        for symbol in symbols {
            let entry = if symbols.len() == 1 {
                Some(&answer)
            } else {
                answer.get(symbol)
            };
            let (Some(entry), Ok(place)) = (entry, place(symbol)) else {
                continue;
            };
            if let Some(price) = entry.get("close").and_then(number) {
                self.rest.insert((place, price.to_bits()));
            }
            if let Some(close) = entry.get("previous_close").and_then(number) {
                self.closes.entry(place).or_default().insert(close.to_bits());
            }
            match entry.get("is_market_open") {
                Some(Value::Bool(false)) if reliably => self.closed.insert(place, now),
                _ => self.closed.remove(&place),
            };
        }
    }
}

impl World {
    /// Checks a frame against what upstream sent.
    pub fn frame_is_true(&self, frame: &Frame) -> Check {
        if frame
            .simulated
            .is_some_and(|simulated| simulated != self.scenario.setup.simulated)
        {
            return Err(broken("simulated prices say so", format!("{frame:?}")));
        }
        if frame.event == "price_update" && frame.percent_change.is_none() != frame.previous_close.is_none() {
            return Err(broken(
                "no price is invented",
                format!("a change of nothing: {frame:?}"),
            ));
        }
        self.quote_is_true(frame)
    }

    /// Checks a quote, in either dialect.
    pub fn quote_is_true(&self, frame: &Frame) -> Check {
        let ("price_update", Some(price)) = (frame.event.as_str(), frame.price) else {
            return Ok(());
        };
        let place = place(&frame.symbol)?;
        let ticked = self.promises.ticks.contains(&(place, price.to_bits()));
        let told_by_rest = self.promises.rest.contains(&(place, price.to_bits()));
        // Some dialects do not tell where a price is from, and when it came.
        let source = frame.source.as_deref();
        let received = frame.received_at.as_deref();
        let is_fresh = frame.freshness.as_deref() == Some("fresh");
        if self.market.made_at(place, price).is_none() {
            return Err(broken("no price is invented", format!("{frame:?}")));
        }
        let is_simulated = self.scenario.setup.simulated;
        if source.is_some_and(|source| (source == "simulated") != (is_simulated && source != "restored")) {
            return Err(broken("simulated prices say so", format!("{frame:?}")));
        }
        let told = match source {
            Some("live") => ticked,
            Some("rest") => told_by_rest,
            None => ticked || told_by_rest,
            Some(_) => true,
        };
        if !told {
            return Err(broken("every price tells its source", format!("{frame:?}")));
        }
        let oldest = self
            .now
            .saturating_sub(self.object.config().stale + AT_LAST + SLOWEST + self.timers_late());
        // A stamp in the future was cut to the time of arrival, since when the price counts as fresh.
        let lies = self.lies_about_time() || oldest < self.lied_until;
        let was_closed = frame.session.as_deref() == Some("closed");
        let made = self.market.made_at(place, price).unwrap_or_default();
        let is_told_to_be_old = frame.timestamp.as_ref().is_some_and(|at| *at < iso8601(oldest));
        let is_live = source.map_or(ticked && !told_by_rest, |source| source == "live");
        if is_live && is_fresh && !was_closed && (is_told_to_be_old || made < oldest && !lies) {
            return Err(broken(
                "an old price is not called fresh",
                format!("of {made}: {frame:?}"),
            ));
        }
        if frame.session.as_deref() == Some("open") && source != Some("restored") && self.is_known_to_be_closed(place) {
            return Err(broken("a closed market is not called open", format!("{frame:?}")));
        }
        if source == Some("restored") && is_fresh {
            return Err(broken("restored prices are stale", format!("{frame:?}")));
        }
        let began = iso8601(self.promises.began);
        if source != Some("restored") && received.is_some_and(|received| *received < *began) {
            return Err(broken(
                "restored prices say so",
                format!("{frame:?}, in a life since {began}"),
            ));
        }
        let clock = iso8601(self.object.clock());
        if frame.timestamp.as_deref() > Some(&*clock) || received > Some(&*clock) {
            return Err(broken("no price is of the future", format!("{frame:?}, at {clock}")));
        }
        self.percent_is_true(frame, place, price)
    }

    /// Whether REST told this life of the hub some time ago that a market is closed, and the market
    /// has not opened since.
    fn is_known_to_be_closed(&self, place: Place) -> bool {
        let told = self.promises.closed.get(&place);
        let is_of_late =
            |at: Millis| self.promises.began < at && at + 15 * SECOND < self.now && self.now < at + 6 * 60 * MINUTE;
        told.is_some_and(|at| is_of_late(*at)) && !self.upstream.exchange.is_open(&Market::name(place), self.now)
    }

    fn percent_is_true(&self, frame: &Frame, place: Place, price: f64) -> Check {
        let Some(close) = frame.previous_close else {
            return Ok(());
        };
        let told = self
            .promises
            .closes
            .get(&place)
            .is_some_and(|told| told.contains(&close.to_bits()));
        let percent = (price - close) / close * 100.0;
        let right = frame
            .percent_change
            .is_none_or(|shown| (shown - percent).abs() < 1e-4 + 1e-9 * percent.abs());
        if told && right {
            Ok(())
        } else {
            Err(broken(
                "no price is invented",
                format!("previous close or percent: {frame:?}"),
            ))
        }
    }

    /// A REST waiter is answered from the machine's current state. Nothing stale may be called
    /// fresh.
    pub fn reader_is_answered(&self, machine: &Machine) -> Check {
        let now = self.object.clock();
        let limit = iso8601(now.saturating_sub(machine.config().stale));
        for symbol in machine.status(now).symbols {
            let quote = symbol.quote;
            let received = quote.received_at.clone().unwrap_or_default();
            let closed = quote.session == hamster_terminal::market::Session::Closed;
            if quote.freshness == Some("fresh") && received <= limit && !closed {
                return Err(broken("stale prices say so", format!("at {}: {quote:?}", iso8601(now))));
            }
        }
        Ok(())
    }

    /// Checks every viewer.
    pub fn probe(&mut self) -> Check {
        self.check_rows()?;
        self.guests_are_answered()?;
        self.lookups_are_answered()?;
        let calm = self.calm();
        let waits = self
            .viewers
            .reading()
            .any(|(_, viewer)| self.now >= viewer.since + LIVE_WITHIN);
        let is_excused = self.now < self.excused_until || self.the_market_moved_elsewhere();
        let due = waits && calm >= LIVE_WITHIN && !is_excused && self.markets_are_open();
        let Some(machine) = self.object.machine() else {
            return match due {
                true => Err(broken(
                    "live within 65 s",
                    "the object is not awake, though somebody watches".to_owned(),
                )),
                false => Ok(()),
            };
        };
        if due && machine.feed_state() != FeedState::Live {
            let view = machine.feed_view();
            return Err(broken(
                "live within 65 s",
                format!("calm for {} s, but {:?}", calm / SECOND, view),
            ));
        }
        if due {
            self.coverage.count("times that a live feed was due", 1);
        }
        self.the_feed_is_seemly(machine)?;
        let config = machine.config();
        let tracked = machine.stream_states().count();
        if tracked > config.symbols.len() + config.extra_symbols {
            return Err(broken("bounded memory", format!("{tracked} symbols are tracked")));
        }
        self.newest_prices_are_shown(calm)
    }

    /// Whether no market has just closed. The hub takes its silence for trouble until REST reports
    /// the close.
    fn markets_are_open(&self) -> bool {
        let now = self.now;
        self.followed.iter().map(|place| Market::name(*place)).all(|name| {
            let is_open = |at| self.upstream.exchange.is_open(&name, at);
            is_open(now) || !is_open(now - 70 * MINUTE)
        })
    }

    /// Whether upstream's timestamps are wrong.
    pub fn lies_about_time(&self) -> bool {
        self.weather().any(super::weather::Weather::lies_about_time) || self.now < self.lied_until
    }

    /// How long nothing has been wrong.
    pub fn calm(&self) -> Millis {
        if self.weather().any(|one| !one.is_harmless()) {
            0
        } else {
            self.now - self.calm_since
        }
    }

    fn newest_prices_are_shown(&mut self, calm: Millis) -> Check {
        let Some(machine) = self.object.machine() else {
            return Ok(());
        };
        let feed = format!("{:?}", machine.feed_state()).to_lowercase();
        let mut look_again = Vec::new();
        let late = self.timers_late();
        for (client, viewer) in self.viewers.reading() {
            let soon = self.now + AT_LAST + late + 2 * viewer.rate();
            if viewer.hears_of_the_feed() && viewer.feed != feed {
                look_again.push((soon, Happening::LookAgain(client, String::new(), None)));
            }
            for symbol in &viewer.watches {
                let held = viewer.holds.get(symbol);
                if !self.is_current(machine, viewer, symbol, calm)? {
                    look_again.push((soon, Happening::LookAgain(client, symbol.clone(), held.cloned())));
                }
                let Some(held) = held else { continue };
                let view = Instrument::parse(symbol)
                    .ok()
                    .and_then(|instrument| machine.symbol(&instrument));
                let newest = self.promises.newest_of(symbol);
                let late = 2 * SECOND + AT_LAST + 2 * viewer.rate();
                // What a dialect cannot say now it may be able to say in a moment: then looking again
                // finds it.
                let says_all = viewer.guest.as_ref().is_none_or(|one| one.tongue.says_all());
                if says_all
                    && view.is_some_and(|view| view.service.state == StreamState::Streaming)
                    && calm > MINUTE
                    && newest.is_some_and(|(made, came)| held.made() + late < made && came + late < self.now)
                {
                    return Err(broken(
                        "the newest price",
                        format!("client {client}, {symbol}: a tick was made and came at {newest:?}, but {held:?}"),
                    ));
                }
                let limit = iso8601(
                    self.now
                        .saturating_sub(machine.config().stale + AT_LAST + 2 * viewer.rate()),
                );
                let is_old = !held.received.is_empty() && held.received < limit;
                if held.is_fresh && calm > MINUTE && held.session != "closed" && is_old {
                    return Err(broken(
                        "stale prices say so",
                        format!("client {client}, {symbol}: {held:?}"),
                    ));
                }
            }
        }
        for (at, again) in look_again {
            self.at(at, again);
        }
        Ok(())
    }

    /// Whether a viewer holds the same quote as the hub.
    fn is_current(&self, machine: &Machine, viewer: &Viewer, symbol: &str, calm: Millis) -> Result<bool, Box<Broken>> {
        let Ok(instrument) = Instrument::parse(symbol) else {
            return Ok(true);
        };
        let Some(view) = machine.symbol(&instrument) else {
            return Err(broken("watched symbols are tracked", symbol.to_owned()));
        };
        let held = viewer.holds.get(symbol);
        let quote = &view.quote;
        if let Some(guest) = &viewer.guest
            && !guest.tongue.can_say(&view)
        {
            return Ok(true);
        }
        // A hub that was evicted before its first checkpoint knows less than its viewers until
        // upstream speaks.
        let forgot = quote.price.is_none() && calm < MINUTE;
        let fresh = quote.freshness == Some("fresh");
        let theirs = held.map(|held| (held.price, held.timestamp.as_deref(), held.is_fresh));
        let ours = quote.price.map(|price| (price, quote.timestamp.as_deref(), fresh));
        let is_price_told = quote.price.is_some() && quote.price == held.map(|held| held.price);
        let is_terse = viewer
            .guest
            .as_ref()
            .is_some_and(|one| one.tongue == Tongue::TwelveData);
        Ok(forgot || theirs == ours || is_terse && is_price_told)
    }

    /// A viewer lagged behind the hub some time ago. By now it must hold something newer.
    pub fn look_again(&mut self, client: u32, symbol: &str, then: Option<&Shown>) -> Check {
        let (Some(machine), Some(viewer)) = (self.object.machine(), self.viewers.of_client(client)) else {
            return Ok(());
        };
        let feed = format!("{:?}", machine.feed_state()).to_lowercase();
        let steady = !matches!(machine.feed_view().since, since if since > iso8601(self.now.saturating_sub(AT_LAST)));
        if symbol.is_empty() {
            return match viewer.feed == feed || !steady || !viewer.hears_of_the_feed() {
                true => Ok(()),
                false => Err(broken(
                    "every client knows the feed's state",
                    format!("client {client} {:?}, hub {feed}", viewer.feed),
                )),
            };
        }
        let held = viewer.holds.get(symbol);
        if held != then || !viewer.watches.contains(symbol) || self.is_current(machine, viewer, symbol, self.calm())? {
            return Ok(());
        }
        // It may have held the price meanwhile, and lost it in a new life of the hub, which has learned it
        // again since.
        if self.now < self.object.began() + AT_LAST + 2 * viewer.rate() {
            return Ok(());
        }
        let view = Instrument::parse(symbol)
            .ok()
            .and_then(|instrument| machine.symbol(&instrument));
        Err(broken(
            "the newest price",
            format!("client {client} holds {held:?}, the hub {view:?}"),
        ))
    }

    /// Storage is written on the alarm, not per tick.
    pub fn check_rows(&self) -> Check {
        let rows = self.object.most_rows;
        let setup = &self.scenario.setup;
        let has_default_symbols = setup.default_symbols().len() <= DEFAULT_SYMBOLS.split(',').count();
        let most = match setup.tier {
            Tier::Free => MOST_ROWS,
            Tier::Grow | Tier::Pro if setup.simulated && has_default_symbols => MOST_ROWS,
            Tier::Grow | Tier::Pro => 2 * MOST_ROWS,
        };
        if rows > most {
            return Err(broken("rows written", format!("{rows} in a day")));
        }
        Ok(())
    }

    /// Days since the start.
    pub fn days(&self) -> f64 {
        (self.now - self.scenario.setup.start) as f64 / DAY as f64
    }
}

fn places(symbol: &str) -> impl Iterator<Item = Place> + '_ {
    let all = INSTRUMENTS.iter().enumerate();
    all.filter(move |(_, one)| one.symbol == symbol).map(|(place, _)| place)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
