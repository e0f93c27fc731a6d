//! How the hub treats upstream and the platform: it does not hammer upstream, does not talk too
//! much, sleeps when nobody watches, clears the deadlines that it met, and loses nothing older than
//! the last checkpoint.

use super::market::Market;
use super::scenario::Tier;
use super::weather::{AFTER_REFUSAL, Weather};
use super::world::{Check, World, broken};
use hamster_terminal::hub::Machine;
use hamster_terminal::market::Instrument;
use hamster_terminal::market::{FeedState, StreamState};
use hamster_terminal::market::{MINUTE, Millis, SECOND, iso8601};
use serde_json::Value;
use std::collections::BTreeMap;

/// The counts behind these checks.
#[derive(Debug, Default)]
pub struct Manners {
    /// When key or plan were last refused while storage accepted rows.
    refused: Option<Millis>,
    upgrades: Window,
    messages: Window,
    wakeups: Window,
    /// When somebody was last connected.
    pub present: Millis,
    /// Since when a symbol streams on this connection whose market never closes. Subscribing anew
    /// on the same connection does not interrupt it.
    crypto_streams: Option<Millis>,
    /// Since when no symbol streams.
    nothing_streams: Option<Millis>,
    /// Since when upstream sends no prices, and the number of connections at that time.
    mute: Option<(Millis, u64)>,
    connections: u64,
    /// The connection that brought the newest price. The hub doubles its patience with each
    /// connection that stays mute.
    ticked: u64,
    /// Only a healthy link was lost: the hub must ask for another before this time.
    reconnect_by: Option<Millis>,
    rows: Window,
    /// When a price last came for a symbol that the hub had just unsubscribed. The market moved,
    /// but the hub rightly ignored it.
    stray: Millis,
    /// Since when each symbol is polled.
    polled: BTreeMap<String, Millis>,
    /// When REST was last asked for each symbol, and whether it gave a price.
    asked: BTreeMap<String, (Millis, bool)>,
    /// Names that REST called unknown, and when.
    unknown: BTreeMap<String, Millis>,
}

/// A count that restarts with each period.
#[derive(Debug, Default)]
struct Window {
    period: u64,
    count: u64,
}

impl Window {
    fn add(&mut self, length: Millis, now: Millis) -> u64 {
        if self.period != now / length {
            (self.period, self.count) = (now / length, 0);
        }
        self.count += 1;
        self.count
    }
}

/// 15 attempts, 4 s apart, fit into a minute. Restarts may add to them.
const MOST_UPGRADES: u64 = 30;
/// Upstream's limit.
const MOST_MESSAGES: u64 = 100;
/// Timers and alarms in a second.
const MOST_WAKEUPS: u64 = 300;
/// Rows an hour without trouble on the default set-up: slightly more than a 24th of a day's 10,000.
const MOST_ROWS_IN_AN_HOUR: u64 = 600;
/// A polled symbol is requested each 30 s; the rest covers the round trip.
const WAITS: Millis = 40 * SECOND;
/// From the first unread delta to the close, with some time to notice.
const SILENT: Millis = 40 * SECOND;
/// From a close to the next attempt, including jitter.
const RECONNECT: Millis = 6 * SECOND;

impl World {
    /// The hub opens a connection.
    pub fn an_upgrade_is_seemly(&mut self) -> Check {
        let manners = &mut self.manners;
        manners.connections += 1;
        manners.crypto_streams = None;
        manners.reconnect_by = None;
        if manners.refused.is_some_and(|at| self.now + MINUTE < at + AFTER_REFUSAL) {
            return Err(broken(
                "a refusal is not hammered",
                format!("refused at {:?}, asked at {}", manners.refused, self.now),
            ));
        }
        let upgrades = manners.upgrades.add(MINUTE, self.now);
        if upgrades > MOST_UPGRADES {
            return Err(broken(
                "a refusal is not hammered",
                format!("{upgrades} upgrades in a minute"),
            ));
        }
        Ok(())
    }

    /// Key or plan were refused.
    pub fn refused_for_good(&mut self) {
        let fails = |one: &Weather| matches!(one, Weather::StorageFails | Weather::StorageBreaks);
        let remembers = !self.weather().any(fails) && !self.object.distrusts_storage(self.now);
        self.manners.refused = remembers.then_some(self.now);
    }

    /// The hub sends a message to upstream.
    pub fn a_message_is_seemly(&mut self) -> Check {
        let messages = self.manners.messages.add(MINUTE, self.now);
        if messages > MOST_MESSAGES {
            return Err(broken("messages to upstream", format!("{messages} in a minute")));
        }
        Ok(())
    }

    /// A timer or an alarm wakes the hub.
    pub fn a_wakeup_is_seemly(&mut self) -> Check {
        let wakeups = self.manners.wakeups.add(SECOND, self.now);
        if wakeups > MOST_WAKEUPS {
            return Err(broken(
                "a deadline that was met is gone",
                format!("{wakeups} wake-ups in a second"),
            ));
        }
        Ok(())
    }

    /// Upstream ends the connection, and nothing else is wrong.
    pub fn the_link_is_lost(&mut self) {
        let healthy = self.calm() > 2 * MINUTE && self.object.sockets() > 0 && !self.upstream.sessions.is_empty();
        // After one that did not live long the hub waits for longer, by how often it has failed.
        let live = self.object.machine().is_some_and(|machine| {
            let long_enough = iso8601(self.now - machine.config().healthy - SECOND);
            machine.feed_state() == FeedState::Live && machine.feed_view().since < long_enough
        });
        let by = self.now + RECONNECT + 3 * self.scenario.setup.latency + SECOND;
        self.manners.reconnect_by = (healthy && live).then_some(by);
    }

    /// The instance ends or trouble begins, so the promise about a lost link alone no longer
    /// applies.
    pub fn the_link_is_not_alone(&mut self) {
        self.manners.reconnect_by = None;
    }

    /// A row is written.
    pub fn a_row_is_seemly(&mut self) -> Check {
        let rows = self.manners.rows.add(60 * MINUTE, self.now);
        let by_default = self.scenario.setup.tier == Tier::Free || self.scenario.setup.simulated;
        if by_default && self.calm() > 60 * MINUTE && rows > MOST_ROWS_IN_AN_HOUR {
            return Err(broken("rows written", format!("{rows} in a quiet hour")));
        }
        Ok(())
    }

    /// Trouble begins or ends.
    pub fn weather_matters(&mut self) {
        self.the_link_is_not_alone();
        let mute = self.weather().any(|one| matches!(one, Weather::StallPrices));
        let since = self.manners.mute.unwrap_or((self.now, self.manners.connections));
        self.manners.mute = mute.then_some(since);
    }

    /// The states of symbols changed.
    pub fn symbols_stream(&mut self, streams: &[(Instrument, StreamState)]) {
        let in_state = |state| streams.iter().filter(move |(_, one)| *one == state);
        let is_crypto = |(one, _): &(Instrument, _)| never_closes(one);
        let manners = &mut self.manners;
        let polled = in_state(StreamState::Polled).map(|(one, _)| one.to_string());
        manners.polled = polled
            .map(|symbol| {
                let since = manners.polled.get(&symbol).copied();
                (symbol, since.unwrap_or(self.now))
            })
            .collect();
        if in_state(StreamState::Streaming).any(is_crypto) {
            manners.crypto_streams.get_or_insert(self.now);
        } else if !in_state(StreamState::Pending).any(is_crypto) {
            manners.crypto_streams = None;
        }
        if in_state(StreamState::Streaming).next().is_some() {
            manners.nothing_streams = None;
        } else {
            manners.nothing_streams.get_or_insert(self.now);
        }
    }

    /// No credit goes to any other symbol while an operator's symbol waits for a price that only
    /// REST has.
    pub fn the_owner_comes_first(&self, symbols: &[String]) -> Check {
        let defaults = self.scenario.setup.default_symbols();
        let is_default = |symbol: &str| defaults.contains(&symbol);
        let others: Vec<&String> = symbols.iter().filter(|symbol| !is_default(symbol)).collect();
        let settled = self.now.saturating_sub(5 * MINUTE);
        if others.is_empty() || self.calm() < 5 * MINUTE || self.object.began() > settled {
            return Ok(());
        }
        let waits = |symbol: &&str| {
            let long_ago = |at: Millis| at + WAITS < self.now;
            let was_polled = self.manners.polled.get(*symbol).is_some_and(|since| long_ago(*since));
            let asked = &self.manners.asked;
            // An answer is for every name of the instrument.
            let names = asked
                .iter()
                .filter(|(name, _)| Market::place(name) == Market::place(symbol));
            let mut answers = names.map(|(_, answer)| *answer).filter(|(_, told)| *told);
            let was_told = asked.get(*symbol).is_some_and(|(_, told)| *told);
            let was_asked = was_told && answers.all(|(at, _)| long_ago(at));
            was_polled && was_asked && !symbols.iter().any(|one| one == symbol) && self.trades_for_a_while(symbol)
        };
        match defaults.iter().copied().find(waits) {
            Some(waiting) => Err(broken(
                "the operator's symbols come first",
                format!(
                    "{others:?} are asked for, while {waiting} waits: {:?}",
                    self.manners.asked
                ),
            )),
            None => Ok(()),
        }
    }

    fn trades_for_a_while(&self, symbol: &str) -> bool {
        Market::place(symbol).is_some_and(|place| {
            let name = Market::name(place);
            [0, 5, 15]
                .iter()
                .all(|ago| self.upstream.exchange.is_open(&name, self.now - ago * MINUTE))
        })
    }

    /// The hub remembers a name that upstream does not know, and spends nothing on it for an hour.
    pub fn unknown_names_cost_once(&mut self, symbols: &[String], body: &str, reliably: bool) -> Check {
        let answer: Value = serde_json::from_str(body).unwrap_or_default();
        let (now, began) = (self.now, self.object.began());
        for symbol in symbols {
            let entry = if symbols.len() == 1 {
                &answer
            } else {
                &answer[symbol.as_str()]
            };
            self.manners
                .asked
                .insert(symbol.clone(), (now, !entry["close"].is_null()));
            if Market::place(symbol).is_some() {
                continue;
            }
            let told = self.manners.unknown.get(symbol).copied();
            if told.is_some_and(|at| at > began && at + 15 * SECOND < now && now < at + 59 * MINUTE) {
                return Err(broken(
                    "an unknown name costs one credit",
                    format!("{symbol} of {told:?}"),
                ));
            }
            // Of a symbol that it gave up meanwhile the hub does not know whether the stream has it.
            let machine = self.object.machine();
            let instrument = Instrument::parse(symbol).ok();
            let is_tracked = instrument.is_some_and(|one| machine.is_some_and(|hub| hub.symbol(&one).is_some()));
            if entry["code"] == 404 && reliably && is_tracked {
                self.manners.unknown.insert(symbol.clone(), now);
            }
        }
        Ok(())
    }

    /// Whether the only recent price may have been of a symbol that nobody wants any more.
    pub fn the_market_moved_elsewhere(&self) -> bool {
        self.manners.stray + 90 * SECOND > self.now
    }

    /// A frame reached the object. An old price is no sign that the feed is alive.
    pub fn a_frame_arrives(&mut self, text: &str) {
        let stamp = text.split("\"timestamp\":").nth(1);
        let digits: Option<String> = stamp.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        let made = digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or_default();
        let symbol = text
            .split("\"symbol\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let is_stray = |machine: &Machine| {
            let mut tracked = machine.stream_states();
            !tracked.any(|(one, _)| Some(one.symbol()) == symbol)
        };
        if text.contains("\"price\"") && self.object.machine().is_some_and(is_stray) {
            self.manners.stray = self.now;
        }
        if text.contains("\"price\"") && made * SECOND + MINUTE > self.now {
            self.manners.ticked = self.manners.connections;
        }
    }

    /// A feed without prices is not called live, and one that nobody watches is closed.
    pub fn the_feed_is_seemly(&self, machine: &Machine) -> Check {
        let without_price = self.manners.connections - self.manners.ticked;
        let patience = 10 * SECOND + (MINUTE << without_price.min(5));
        if let Some((since, connections)) = self.manners.mute
            && self.weather().filter(|one| !one.is_harmless()).count() == 1
            && self.now > since + patience
            && self.object.began() < since
            && connections == self.manners.connections
            && machine.feed_state() == FeedState::Live
            // An unwanted symbol may also be waiting; nothing is promised for it.
            && machine.stream_states().any(|(one, state)| state == StreamState::Streaming && never_closes(one))
            && self
                .manners
                .crypto_streams
                .is_some_and(|since| self.now > since + patience)
        {
            return Err(broken(
                "a mute feed is not called live",
                format!("no price since {since}"),
            ));
        }
        let live_since = machine.feed_view().since;
        let long_ago = self.now - 30 * SECOND;
        let nothing = self.manners.nothing_streams.is_some_and(|since| since < long_ago);
        if machine.feed_state() == FeedState::Live && live_since < iso8601(long_ago) && nothing {
            return Err(broken(
                "a feed that streams nothing is not called live",
                format!("live since {live_since}"),
            ));
        }
        if self.manners.reconnect_by.is_some_and(|by| by < self.now) {
            return Err(broken(
                "a lost connection is asked for again",
                format!("by {:?}", self.manners.reconnect_by),
            ));
        }
        let unread = self.viewers.longest_unread();
        if unread.is_some_and(|since| self.now > since + SILENT) && self.calm() > SILENT {
            return Err(broken(
                "who reads nothing is closed",
                format!("sent deltas since {unread:?}"),
            ));
        }
        let alone =
            self.object.sockets() == 0 && self.now > self.manners.present + machine.config().idle + 100 * SECOND;
        if alone && self.calm() > 100 * SECOND && !self.upstream.sessions.is_empty() {
            return Err(broken(
                "nobody is there, and the feed is closed",
                format!("since {}", self.manners.present),
            ));
        }
        Ok(())
    }

    /// The instance is about to end: every price older than a checkpoint must be in the row.
    pub fn the_checkpoint_is_seemly(&self, machine: &Machine, row: Option<&str>) -> Check {
        let lived = self.now.saturating_sub(self.object.began());
        if self.calm() < 2 * MINUTE || lived < 2 * MINUTE || self.object.distrusts_storage(self.now) {
            return Ok(());
        }
        let row: Value = row.and_then(|row| serde_json::from_str(row).ok()).unwrap_or_default();
        let cells = row["cells"].as_array().cloned().unwrap_or_default();
        let old = iso8601(self.now - 65 * SECOND);
        for symbol in machine.status(self.now).symbols {
            let Some(received) = symbol.quote.received_at.filter(|at| *at < old) else {
                continue;
            };
            let cell = cells.iter().find(|cell| cell["symbol"] == symbol.quote.symbol.as_str());
            let stored = cell
                .and_then(|cell| cell["quote"]["received"].as_u64())
                .map(hamster_terminal::market::iso8601);
            if stored.as_ref().is_none_or(|stored| *stored < received) {
                return Err(broken(
                    "no quote older than a checkpoint is lost",
                    format!("{} of {received}, stored: {stored:?}", symbol.quote.symbol),
                ));
            }
        }
        Ok(())
    }
}

/// Whether its market never closes.
fn never_closes(instrument: &Instrument) -> bool {
    ["BTC/USD", "ETH/USD"].contains(&instrument.symbol())
}
