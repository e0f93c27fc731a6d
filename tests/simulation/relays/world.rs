//! The world of one seed: a market that only rises, the hub's upstream, the servers with their links
//! and clients, and what goes wrong. Every price is made once, so each tells when it was made.

use super::viewer::{Shown, Viewer};
use super::wire::{Parcel, Way, Wire, of_a_later_version};
use fastrand::Rng;
use hamster_kit::{Deed, Object};
use hamster_terminal::access::Standing;
use hamster_terminal::dialect::Dialect;
use hamster_terminal::driver::Event;
use hamster_terminal::hub::{
    Answer, Carrier, ClientId, Config, EdgeCounts, Input, LinkId, Reading, RequestId, RestAnswer, Spark,
};
use hamster_terminal::market::{FeedState, Instrument, MINUTE, Millis, SECOND};
use hamster_terminal::provider::Call;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// 2026-01-20 15:00:00 UTC.
const START: Millis = 1_768_921_200_000;
const DEFAULTS: [&str; 4] = ["BTC/USD", "ETH/USD", "EUR/USD", "AAPL"];
/// Symbols that viewers may choose, and how many of them the hub has room for.
const OTHERS: [&str; 3] = ["TSLA", "QQQ", "MSFT"];
const ROOM: &str = "2";
/// Trouble ends, everything is live again, trade ends.
const TROUBLE: Millis = 4 * MINUTE;
const LIVE_WITHIN: Millis = 65 * SECOND;
const TRADE: Millis = TROUBLE + LIVE_WITHIN + 5 * SECOND;
const END: Millis = TRADE + 8 * SECOND;
/// A relay without a sign of life of its hub says so within this time.
const CUT_OFF: Millis = 6 * SECOND;
/// The clock of a relay may differ by this much.
const SKEW: Millis = 1_500;
/// How long a server may stand still.
const STILL: Millis = 20 * SECOND;
/// How often something may be due at one moment.
const MOST_ROUNDS: u32 = 1_000;
/// Unread bytes of a link are bounded.
const MOST_UNREAD: u64 = 5 * 1024 * 1024;

/// How the line of `/metrics` begins that counts links that were given up for what was said on them.
const GIVEN_UP: &str = "hamster_feed_reconnects_total{reason=\"gap\"} ";

/// The promise that was broken, and how.
type Check = Result<(), String>;

/// What is due.
#[derive(Debug, Clone)]
enum Due {
    Tick(usize),
    Opened(u64, LinkId),
    Said(u64, LinkId, String),
    Fetched(u64, RequestId, Call),
    Arrives(usize, Way, Parcel),
    Joins(usize),
    /// A client's connection to a server has ended.
    Left(usize, ClientId),
    Act(Act),
}

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Act {
    HubStartsAnew,
    HubSleeps,
    StandsStill(usize),
    RelayStartsAnew(usize),
    LinkBreaks(usize),
    LinkDies(usize),
    LinkHolds(usize),
    LinkLosesOne(usize),
    UpstreamCloses,
    Moves(usize),
}

#[derive(Debug)]
struct Server {
    object: Object,
    /// By how much its clock is ahead of `SKEW` before the world's.
    skew: Millis,
    still_until: Millis,
    /// When a relay last heard its hub, or stood still.
    heard: Millis,
    /// Frames to a relay that were lost in its present life.
    lost: usize,
}

#[derive(Debug)]
pub struct World {
    seed: u64,
    rng: Rng,
    now: Millis,
    due: BTreeMap<(Millis, u64), Due>,
    count: u64,
    servers: Vec<Server>,
    wires: Vec<Wire>,
    viewers: Vec<Viewer>,
    /// When each price was made, by symbol and bits.
    made: BTreeMap<(String, u64), Millis>,
    newest: BTreeMap<String, f64>,
    /// Counts the hub's lives: what was on its way to an earlier one is lost.
    life: u64,
    /// What the hub has subscribed.
    streams: Vec<String>,
    pub happened: BTreeMap<&'static str, u64>,
}

fn config(room: &str) -> Config {
    let symbols = DEFAULTS.join(",");
    Config::from_vars(false, |name| match name {
        "SYMBOLS" => Some(symbols.clone()),
        "EXTRA_SYMBOLS" => Some(room.to_owned()),
        "SYMBOL_LIMIT" => Some("50".to_owned()),
        // Shorter than what goes wrong.
        "STALE_MS" => Some("13000".to_owned()),
        _ => None,
    })
    .expect("a configuration")
}

impl World {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5eed_0f4e_1a75);
        let relays = rng.usize(1..=3);
        let mut servers = vec![Server::new(config(ROOM), SKEW)];
        for number in 0..relays {
            let relay = config("20").of_relay(format!("weur/{number}"), 8_000);
            servers.push(Server::new(relay, rng.u64(0..=2 * SKEW)));
        }
        let mut world = Self {
            seed,
            rng,
            now: START,
            due: BTreeMap::new(),
            count: 0,
            servers,
            wires: Vec::new(),
            viewers: Vec::new(),
            made: BTreeMap::new(),
            newest: BTreeMap::new(),
            life: 0,
            streams: Vec::new(),
            happened: BTreeMap::new(),
        };
        world.plan(relays);
        world
    }

    fn plan(&mut self, relays: usize) {
        for place in 0..DEFAULTS.len() + OTHERS.len() {
            self.make(name(place));
            self.put(START + 100, Due::Tick(place));
        }
        for number in 0..2 + 3 * relays {
            let server = number % (relays + 1);
            let dialect = [Dialect::HamsterV1, Dialect::Plain][self.rng.usize(0..2)];
            let mut symbols = DEFAULTS.join(",");
            if self.rng.u8(0..3) == 0 {
                symbols.push(',');
                symbols.push_str(OTHERS[self.rng.usize(0..OTHERS.len())]);
            }
            self.viewers.push(Viewer::new(server, dialect, &symbols));
            let at = START + self.rng.u64(0..20_000);
            self.put(at, Due::Joins(number));
        }
        for _ in 0..self.rng.usize(1..9) {
            let relay = 1 + self.rng.usize(0..relays);
            let act = match self.rng.u8(0..12) {
                0 => Act::HubStartsAnew,
                1 => Act::HubSleeps,
                2 => Act::StandsStill(0),
                3 => Act::StandsStill(relay),
                4 => Act::RelayStartsAnew(relay),
                5 => Act::LinkBreaks(relay),
                6 | 7 => Act::LinkDies(relay),
                8 => Act::LinkHolds(relay),
                9 => Act::UpstreamCloses,
                10 => Act::LinkLosesOne(relay),
                _ => Act::Moves(self.rng.usize(0..self.viewers.len())),
            };
            let at = START + 25 * SECOND + self.rng.u64(0..TROUBLE - 60 * SECOND);
            self.put(at, Due::Act(act));
        }
    }

    /// Plays to the end.
    pub fn play(&mut self) -> Check {
        let mut rounds = 0;
        while self.now < START + END {
            let before = self.now;
            let next = self.due.first_key_value().map(|((at, _), _)| *at);
            let timers = self.servers.iter().filter_map(Server::next).min();
            let until = [next, timers, Some(self.now + 100)].into_iter().flatten().min();
            self.now = until.unwrap_or(self.now).max(self.now);
            rounds = if self.now == before { rounds + 1 } else { 0 };
            if rounds > MOST_ROUNDS {
                return Err("\"deadlines move\": a server wakes again and again".to_owned());
            }
            while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let due = entry.remove();
                self.happens(due)?;
            }
            for server in 0..self.servers.len() {
                if !self.servers[server].is_still(self.now) {
                    let clock = self.servers[server].clock(self.now);
                    if self.servers[server]
                        .object
                        .next_deadline()
                        .is_some_and(|at| at <= clock)
                    {
                        self.begin(server)?;
                        self.servers[server].object.wake(clock);
                        self.settles(server)?;
                    }
                }
            }
            self.acknowledge()?;
            self.those_cut_off_know_it()?;
        }
        self.is_at_rest()
    }

    fn put(&mut self, at: Millis, due: Due) {
        self.count += 1;
        self.due.insert((at, self.count), due);
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// A new price of a symbol: it only rises.
    fn make(&mut self, symbol: &str) -> f64 {
        let units = (self.newest.get(symbol).map_or(100.0, |price| price * 100.0)).round() as u64;
        let price = (units + self.rng.u64(1..5)) as f64 / 100.0;
        self.newest.insert(symbol.to_owned(), price);
        self.made.insert((symbol.to_owned(), price.to_bits()), self.now);
        price
    }

    fn happens(&mut self, due: Due) -> Check {
        match due {
            Due::Opened(life, _) | Due::Said(life, ..) | Due::Fetched(life, ..) if life != self.life => Ok(()),
            Due::Tick(place) => {
                self.ticks(place)?;
                let wait = self.rng.u64(150..1_500);
                if self.now + wait < START + TRADE {
                    self.put(self.now + wait, Due::Tick(place));
                }
                Ok(())
            }
            Due::Opened(_, link) => self.tell(0, Input::Opened(link)),
            Due::Said(_, link, frame) => self.tell(0, Input::Frame(link, frame)),
            Due::Fetched(_, request, call) => {
                let body = match &call {
                    Call::Quotes(symbols) => self.quotes(symbols),
                    Call::Series { symbol, .. } => series(symbol),
                    other => return Err(format!("\"only what is asked for is called\": {other:?}")),
                };
                let body = body.to_string();
                let answer = RestAnswer {
                    status: 200,
                    body,
                    credits: None,
                };
                self.tell(0, Input::Fetched(request, answer))
            }
            Due::Arrives(wire, way, parcel) => self.arrives(wire, way, parcel),
            Due::Joins(number) => self.joins(number),
            Due::Left(server, client) => {
                let is_there = self.servers[server].object.platform.has_client(client);
                if !is_there || self.waits(server, Due::Left(server, client)) {
                    return Ok(());
                }
                self.tell(server, Event::Left(client, 1001))
            }
            Due::Act(act) => self.acts(act),
        }
    }

    /// Hands something to a server, or keeps it until the server goes on.
    fn tell(&mut self, server: usize, event: impl Into<Event>) -> Check {
        self.begin(server)?;
        let clock = self.servers[server].clock(self.now);
        self.servers[server].object.happen(event, clock);
        self.settles(server)
    }

    /// Whether a server stands still: then this happens when it goes on.
    fn waits(&mut self, server: usize, due: Due) -> bool {
        let until = self.servers[server].still_until;
        let is_still = self.servers[server].is_still(self.now);
        if is_still {
            self.put(until, due);
        }
        is_still
    }

    fn begin(&mut self, server: usize) -> Check {
        if self.servers[server].object.machine().is_some() {
            return Ok(());
        }
        let (seed, clock) = (self.rng.u64(..), self.servers[server].clock(self.now));
        let began = self.servers[server].object.begin(seed, clock);
        self.servers[server].object.happen(began, clock);
        self.servers[server].heard = self.now;
        self.settles(server)
    }

    /// Does what a server wants done, until it wants nothing more.
    fn settles(&mut self, server: usize) -> Check {
        loop {
            for deed in self.servers[server].object.platform.take_deeds() {
                self.does(server, deed)?;
            }
            if let Some((promise, how)) = self.servers[server].object.platform.complaint.take() {
                return Err(format!("{promise:?}: server {server}: {how}"));
            }
            let clock = self.servers[server].clock(self.now);
            if !self.servers[server].object.comes_round(clock) {
                return Ok(());
            }
        }
    }

    fn does(&mut self, server: usize, deed: Deed) -> Check {
        match deed {
            Deed::OpenUpstream(link) if server == 0 => self.put(self.now + 80, Due::Opened(self.life, link)),
            Deed::OpenUpstream(link) => {
                let wire = Wire::new(server, link, &mut self.rng);
                self.wires.push(wire);
                self.send(self.wires.len() - 1, Way::ToHub, Parcel::Dial);
            }
            Deed::SendUpstream(link, frame) if server == 0 => self.provider_hears(link, &frame),
            Deed::SendUpstream(link, frame) => self.say(server, link, Parcel::Frame(frame)),
            Deed::CloseUpstream(_) if server == 0 => self.streams.clear(),
            Deed::CloseUpstream(link) => {
                self.hub_was_understood(server)?;
                self.say(server, link, Parcel::Closed);
            }
            Deed::Fetch(request, call) if server == 0 => {
                let takes = if matches!(call, Call::Quotes(_)) {
                    120
                } else {
                    3 * SECOND
                };
                self.put(self.now + takes, Due::Fetched(self.life, request, call));
            }
            Deed::Fetch(_, call) => return Err(format!("\"a relay makes no calls\": {call:?}")),
            Deed::Write(row) if server > 0 => return Err(format!("\"a relay stores nothing\": {row:?}")),
            Deed::Tell(clients, frame) => {
                for client in clients {
                    self.is_told(server, client, &frame)?;
                }
            }
            Deed::Close(client, code) => self.is_closed(server, client, code),
            Deed::Remember(_) | Deed::Write(_) | Deed::Keep(_) | Deed::Answer(..) | Deed::Log(_) => {}
        }
        Ok(())
    }

    // The hub's upstream.

    fn provider_hears(&mut self, link: LinkId, frame: &str) {
        let message: Value = serde_json::from_str(frame).unwrap_or_default();
        let symbols = message["params"]["symbols"].as_str().unwrap_or_default().to_owned();
        let symbols = symbols
            .split(',')
            .filter(|symbol| !symbol.is_empty())
            .map(str::to_owned);
        let answer = match message["action"].as_str() {
            Some("subscribe") => {
                let symbols: Vec<String> = symbols.collect();
                let listed: Vec<Value> = symbols.iter().map(|symbol| json!({"symbol": symbol})).collect();
                self.streams.extend(symbols);
                json!({"event": "subscribe-status", "status": "ok", "success": listed, "fails": null})
            }
            Some("unsubscribe") => {
                let gone: Vec<String> = symbols.collect();
                self.streams.retain(|symbol| !gone.contains(symbol));
                return;
            }
            Some("reset") => {
                self.streams.clear();
                return;
            }
            _ => json!({"event": "heartbeat", "status": "ok"}),
        };
        self.put(self.now + 40, Due::Said(self.life, link, answer.to_string()));
    }

    fn ticks(&mut self, place: usize) -> Check {
        let symbol = name(place);
        let price = self.make(symbol);
        let link = self.servers[0].object.platform.link();
        let Some((link, true)) = link.filter(|_| self.streams.iter().any(|stream| stream == symbol)) else {
            return Ok(());
        };
        let tick = json!({"event": "price", "symbol": symbol, "price": price, "timestamp": self.now / SECOND});
        let due = Due::Said(self.life, link, tick.to_string());
        if self.waits(0, due.clone()) {
            return Ok(());
        }
        self.happens(due)
    }

    fn quotes(&self, symbols: &[String]) -> Value {
        let quote = |symbol: &String| {
            let price = self.newest.get(symbol).copied().unwrap_or(1.0);
            json!({"symbol": symbol, "exchange": "NASDAQ", "currency": "USD", "close": price.to_string(),
                "previous_close": "100", "is_market_open": true, "last_quote_at": self.now / SECOND / 60 * 60})
        };
        match symbols {
            [only] => quote(only),
            several => several
                .iter()
                .map(|symbol| (symbol.clone(), quote(symbol)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    // Links.

    fn wire_of(&self, relay: usize, link: LinkId) -> Option<usize> {
        self.wires
            .iter()
            .rposition(|wire| wire.relay == relay && wire.link == link)
    }

    fn say(&mut self, relay: usize, link: LinkId, parcel: Parcel) {
        if let Some(wire) = self.wire_of(relay, link) {
            self.send(wire, Way::ToHub, parcel);
        }
    }

    fn send(&mut self, wire: usize, way: Way, parcel: Parcel) {
        let parcel = match parcel {
            Parcel::Frame(text) if self.wires[wire].is_newer == Some(way) => {
                self.note("a later version was understood");
                Parcel::Frame(of_a_later_version(&text))
            }
            parcel => parcel,
        };
        if !self.wires[wire].is_dead {
            let at = self.wires[wire].arrives(way, self.now);
            self.put(at, Due::Arrives(wire, way, parcel));
        }
    }

    /// Both ends hear that the link has ended, and nothing else any more.
    fn breaks(&mut self, wire: usize) {
        for way in [Way::ToHub, Way::ToRelay] {
            self.send(wire, way, Parcel::Closed);
        }
        self.wires[wire].is_dead = true;
    }

    fn arrives(&mut self, number: usize, way: Way, parcel: Parcel) -> Check {
        let wire = &self.wires[number];
        if wire.is_dead && !matches!(parcel, Parcel::Closed) {
            return Ok(());
        }
        let (relay, link, client) = (wire.relay, wire.link, wire.client);
        // A relay that has begun anew numbers its links anew.
        if way == Way::ToRelay && self.wire_of(relay, link) != Some(number) {
            return Ok(());
        }
        let receiver = if way == Way::ToHub { 0 } else { relay };
        if self.waits(receiver, Due::Arrives(number, way, parcel.clone())) {
            return Ok(());
        }
        match (way, parcel) {
            (Way::ToHub, Parcel::Dial) => {
                self.begin(0)?;
                let client = self.servers[0].object.admit_relay();
                self.wires[number].client = Some(client);
                self.send(number, Way::ToRelay, Parcel::Accepted);
                self.tell(0, Event::Joined(client, Dialect::Uplink, Carrier::WebSocket))
            }
            (Way::ToHub, Parcel::Frame(text)) => {
                let client = client.filter(|client| self.servers[0].object.platform.has_client(*client));
                client.map_or(Ok(()), |client| self.tell(0, Input::Said(client, text)))
            }
            (Way::ToHub, Parcel::Closed) => {
                self.wires[number].is_dead = true;
                let client = client.filter(|client| self.servers[0].object.platform.has_client(*client));
                client.map_or(Ok(()), |client| self.tell(0, Event::Left(client, 1006)))
            }
            (Way::ToRelay, Parcel::Closed) => {
                self.wires[number].is_dead = true;
                self.relay_hears(
                    relay,
                    link,
                    Input::Lost(link, "the hub closed the link (1006)".to_owned()),
                )
            }
            (Way::ToRelay, Parcel::Accepted) => self.relay_hears(relay, link, Input::Opened(link)),
            (Way::ToRelay, Parcel::Frame(text)) if text.starts_with('[') && self.wires[number].loses_one => {
                self.wires[number].loses_one = false;
                self.servers[relay].lost += 1;
                self.note("a frame was lost");
                Ok(())
            }
            (Way::ToRelay, Parcel::Frame(text)) => self.relay_hears(relay, link, Input::Frame(link, text)),
            (Way::ToHub, Parcel::Accepted) | (Way::ToRelay, Parcel::Dial) => Ok(()),
        }
    }

    fn relay_hears(&mut self, relay: usize, link: LinkId, input: Input) -> Check {
        let is_present = self.servers[relay]
            .object
            .platform
            .link()
            .is_some_and(|(present, _)| present == link);
        if !is_present || self.servers[relay].object.machine().is_none() {
            return Ok(());
        }
        if matches!(input, Input::Frame(..)) {
            self.servers[relay].heard = self.now;
        }
        let resumes = matches!(&input, Input::Frame(_, text) if text.contains(r#""recovered":true"#));
        if resumes {
            self.note("a link resumed");
        }
        if matches!(&input, Input::Frame(_, text) if text.starts_with(r#"{"event":"snapshot""#))
            && self.hub_knows_less(relay)
        {
            self.note("a new life of the hub knew an older price");
        }
        self.tell(relay, input)
    }

    /// Whether the hub holds an older price than a relay.
    fn hub_knows_less(&self, relay: usize) -> bool {
        let prices = |server: usize| {
            let machine = self.servers[server].object.machine();
            let symbols = machine
                .map(|machine| machine.status(self.now).symbols)
                .unwrap_or_default();
            symbols
                .into_iter()
                .filter_map(|symbol| Some((symbol.quote.symbol, symbol.quote.price?)))
        };
        let of_hub: BTreeMap<String, f64> = prices(0).collect();
        // Prices only rise.
        prices(relay).any(|(symbol, price)| of_hub.get(&symbol).is_some_and(|told| *told < price))
    }

    // Clients.

    fn joins(&mut self, number: usize) -> Check {
        let server = self.viewers[number].server;
        if self.viewers[number].client.is_some() || self.waits(server, Due::Joins(number)) {
            return Ok(());
        }
        self.begin(server)?;
        let clock = self.servers[server].clock(self.now);
        let admitted = self.servers[server].object.admit(None, Standing::Anybody, clock);
        let client = admitted.expect("room for few clients");
        self.viewers[number].client = Some(client);
        let dialect = self.viewers[number].dialect;
        self.tell(server, Event::Joined(client, dialect, Carrier::WebSocket))?;
        let text = self.viewers[number].subscription();
        self.tell(server, Input::Said(client, text))
    }

    fn viewer_of(&self, server: usize, client: ClientId) -> Option<usize> {
        let is_it = |viewer: &Viewer| viewer.server == server && viewer.client == Some(client);
        self.viewers.iter().position(is_it)
    }

    fn is_told(&mut self, server: usize, client: ClientId, frame: &str) -> Check {
        if server == 0
            && let Some(wire) = self.wires.iter().position(|wire| wire.client == Some(client))
        {
            if frame.contains(r#""event":"error""#) {
                return Err(format!("\"versions understand each other\": the hub answers {frame}"));
            }
            self.send(wire, Way::ToRelay, Parcel::Frame(frame.to_owned()));
            return Ok(());
        }
        let Some(number) = self.viewer_of(server, client) else {
            return Ok(());
        };
        let before = self.viewers[number].refused.len();
        let told = self.viewers[number].hears(frame)?;
        if server > 0 && self.viewers[number].refused.len() > before {
            self.note("a symbol was refused by the hub");
        }
        for (symbol, price, received) in told {
            self.is_shown(number, &symbol, price, received)?;
        }
        Ok(())
    }

    /// A viewer is told a price: it must exist, and must not be older than what it shows, but for the
    /// first of another server or another life of the hub itself, which it then does not take.
    fn is_shown(&mut self, number: usize, symbol: &str, price: f64, received: Millis) -> Check {
        let Some(made) = self.made.get(&(symbol.to_owned(), price.to_bits())).copied() else {
            return Err(format!("\"no price is invented\": {symbol} at {price}"));
        };
        let viewer = &mut self.viewers[number];
        let held = viewer.shown.get(symbol).copied();
        let is_older = held.is_some_and(|held| made < held.made);
        let has_begun = viewer.has_begun.contains(symbol);
        let catches_up = held.is_none_or(|held| received >= held.received);
        if is_older && (has_begun || catches_up) {
            return Err(format!(
                "\"no client is told an older price\": viewer {number} at server {} holds {held:?} of {symbol} and is told one made {made}, received {received}",
                viewer.server
            ));
        }
        if catches_up {
            viewer.has_begun.insert(symbol.to_owned());
            viewer.shown.insert(symbol.to_owned(), Shown { made, received });
        }
        Ok(())
    }

    fn is_closed(&mut self, server: usize, client: ClientId, code: u16) {
        if server == 0
            && let Some(wire) = self.wires.iter().position(|wire| wire.client == Some(client))
        {
            if code == 4012 {
                self.note("an older link was replaced");
            }
            self.send(wire, Way::ToRelay, Parcel::Closed);
            return;
        }
        if let Some(number) = self.viewer_of(server, client) {
            self.leaves(number);
        }
    }

    /// A viewer has lost its connection, and comes back, to the same server or another.
    fn leaves(&mut self, number: usize) {
        self.viewers[number].gone();
        if self.rng.u8(0..3) == 0 {
            self.moves(number);
        }
        let at = self.now + self.rng.u64(100..10_000);
        self.put(at, Due::Joins(number));
    }

    fn moves(&mut self, number: usize) {
        let server = self.rng.usize(0..self.servers.len());
        if server != self.viewers[number].server {
            self.note("a client came to another server");
            self.viewers[number].server = server;
        }
    }

    /// Readers of deltas acknowledge now and then.
    fn acknowledge(&mut self) -> Check {
        for number in 0..self.viewers.len() {
            let viewer = &mut self.viewers[number];
            let is_due = viewer.reader.unacknowledged && self.now >= viewer.acknowledged + 2 * SECOND;
            let Some(client) = viewer.client.filter(|_| is_due && viewer.reader.is_placed) else {
                continue;
            };
            let server = viewer.server;
            if self.servers[server].is_still(self.now) {
                continue;
            }
            viewer.acknowledged = self.now;
            viewer.reader.unacknowledged = false;
            let text = viewer.reader.acknowledgement();
            self.tell(server, Input::Said(client, text))?;
        }
        Ok(())
    }

    // Trouble.

    fn acts(&mut self, act: Act) -> Check {
        match act {
            Act::HubStartsAnew => {
                self.note("the hub started anew");
                self.life += 1;
                self.stops(0);
                let wires = 0..self.wires.len();
                for wire in wires.filter(|wire| !self.wires[*wire].is_dead).collect::<Vec<_>>() {
                    self.send(wire, Way::ToRelay, Parcel::Closed);
                    self.wires[wire].is_dead = true;
                }
                self.streams.clear();
            }
            Act::HubSleeps => {
                if self.servers[0].object.machine().is_some() && !self.servers[0].is_still(self.now) {
                    self.note("the hub slept and its clients stayed");
                    self.life += 1;
                    self.servers[0].object.end();
                    self.streams.clear();
                    // Plain clients are not told of the new life, which may know older prices.
                    for viewer in self.viewers.iter_mut().filter(|viewer| viewer.server == 0) {
                        viewer.has_begun.clear();
                    }
                    self.begin(0)?;
                }
            }
            // What has waited for it so far would come behind what came later.
            Act::StandsStill(server) if self.servers[server].is_still(self.now) => {}
            Act::StandsStill(server) => {
                self.note(if server == 0 {
                    "the hub stood still"
                } else {
                    "a relay stood still"
                });
                let until = self.now + self.rng.u64(SECOND..STILL);
                self.servers[server].still_until = until;
                self.servers[server].heard = until;
            }
            Act::RelayStartsAnew(relay) => {
                self.note("a relay started anew");
                self.stops(relay);
                let is_its = |wire: &Wire| wire.relay == relay && !wire.is_dead;
                let wires = 0..self.wires.len();
                for wire in wires.filter(|wire| is_its(&self.wires[*wire])).collect::<Vec<_>>() {
                    self.send(wire, Way::ToHub, Parcel::Closed);
                    self.wires[wire].is_dead = true;
                }
            }
            Act::LinkBreaks(relay) | Act::LinkDies(relay) | Act::LinkHolds(relay) | Act::LinkLosesOne(relay) => {
                let open = self.servers[relay].object.platform.link();
                let Some(wire) = open.and_then(|(link, _)| self.wire_of(relay, link)) else {
                    return Ok(());
                };
                match act {
                    Act::LinkBreaks(_) => {
                        self.note("a link broke");
                        self.breaks(wire);
                    }
                    Act::LinkDies(_) => {
                        self.note("a link died without a word");
                        self.wires[wire].is_dead = true;
                    }
                    Act::LinkLosesOne(_) => self.wires[wire].loses_one = true,
                    _ => {
                        self.note("a link held everything back");
                        self.wires[wire].held_until = self.now + self.rng.u64(500..12_000);
                    }
                }
            }
            Act::UpstreamCloses => {
                if let Some((link, _)) = self.servers[0].object.platform.link() {
                    self.streams.clear();
                    return self.tell(
                        0,
                        Input::Lost(link, "the upstream closed the connection (1006)".to_owned()),
                    );
                }
            }
            Act::Moves(number) => {
                let Some(client) = self.viewers[number].client else {
                    return Ok(());
                };
                let server = self.viewers[number].server;
                self.viewers[number].gone();
                self.moves(number);
                let at = self.now + self.rng.u64(100..3_000);
                self.put(at, Due::Joins(number));
                return self.happens(Due::Left(server, client));
            }
        }
        Ok(())
    }

    /// A server's process ends, and its connections with it.
    fn stops(&mut self, server: usize) {
        self.servers[server].object.end();
        self.servers[server].object.platform.drop_clients();
        self.servers[server].still_until = 0;
        self.servers[server].lost = 0;
        for number in 0..self.viewers.len() {
            if self.viewers[number].server == server && self.viewers[number].client.is_some() {
                self.leaves(number);
            }
        }
    }

    // Promises.

    /// Whoever is at a relay that does not hear its hub is told so in time, and no price turns up as
    /// fresh for longer than anywhere else.
    fn those_cut_off_know_it(&mut self) -> Check {
        for relay in 1..self.servers.len() {
            let server = &self.servers[relay];
            let Some(machine) = server.object.machine() else {
                continue;
            };
            if server.is_still(self.now) || self.now <= server.heard + CUT_OFF {
                continue;
            }
            let clock = server.clock(self.now);
            let stale = machine.config().stale;
            for symbol in machine.status(clock).symbols {
                let received = symbol
                    .quote
                    .received_at
                    .as_deref()
                    .and_then(hamster_terminal::market::from_iso8601);
                if symbol.quote.freshness == Some("fresh")
                    && received.is_some_and(|received| clock > received + stale + 2 * SKEW + SECOND)
                {
                    return Err(format!(
                        "\"a price that nobody confirms turns stale\": {:?}",
                        symbol.quote
                    ));
                }
            }
            let watching = self
                .viewers
                .iter()
                .filter(|viewer| viewer.server == relay && viewer.client.is_some());
            for viewer in watching {
                if matches!(viewer.feed.as_deref(), Some("live" | "fallback")) {
                    return Err(format!(
                        "\"a relay that is cut off says so\": {} ms after its hub was heard {:?} is told {:?}",
                        self.now - server.heard,
                        viewer.client,
                        viewer.feed
                    ));
                }
            }
            self.note("clients heard that they are cut off");
        }
        Ok(())
    }

    /// A relay gives a link up because of what it hears there only if a frame was lost.
    fn hub_was_understood(&self, relay: usize) -> Check {
        let server = &self.servers[relay];
        let Some(machine) = server.object.machine() else {
            return Ok(());
        };
        let page = machine.metrics(&EdgeCounts::default(), server.clock(self.now));
        let counted = page.lines().find_map(|line| line.strip_prefix(GIVEN_UP)?.parse().ok());
        let given_up: usize = counted.ok_or("no figure of links that were given up")?;
        let unreadable = machine.status(server.clock(self.now)).unreadable_messages;
        if given_up > server.lost || unreadable > 0 {
            return Err(format!(
                "\"versions understand each other\": relay {relay} gave up {given_up} links, lost {} frames, and could not read {unreadable}",
                server.lost
            ));
        }
        Ok(())
    }

    fn is_at_rest(&mut self) -> Check {
        let Some(hub) = self.servers[0].object.machine() else {
            return Err("\"live within 65 s\": the hub is not awake".to_owned());
        };
        let of_hub = hub.status(self.now + SKEW);
        let mut names: Vec<&str> = of_hub.servers.iter().map(|server| server.name.as_str()).collect();
        names.dedup();
        if names.len() != of_hub.servers.len() {
            return Err(format!("\"one link of a relay\": {:?}", of_hub.servers));
        }
        if let Some(server) = of_hub.servers.iter().find(|server| server.unread > MOST_UNREAD) {
            return Err(format!("\"what a relay has not read is bounded\": {server:?}"));
        }
        let here = self.viewers.iter().filter(|viewer| viewer.client.is_some()).count() as u64;
        if of_hub.viewers != here {
            return Err(format!(
                "\"viewers are counted\": {here} are here, {} are told: {:?}",
                of_hub.viewers, of_hub.servers
            ));
        }
        for relay in 1..self.servers.len() {
            let Some(machine) = self.servers[relay].object.machine() else {
                continue;
            };
            if !self
                .viewers
                .iter()
                .any(|viewer| viewer.server == relay && viewer.client.is_some())
            {
                continue;
            }
            if machine.feed_state() != FeedState::Live {
                return Err(format!(
                    "\"live within 65 s\": relay {relay} is {:?}",
                    machine.feed_view()
                ));
            }
            let told = machine.status(self.servers[relay].clock(self.now));
            for symbol in &told.symbols {
                let same = of_hub
                    .symbols
                    .iter()
                    .find(|one| one.quote.symbol == symbol.quote.symbol);
                let Some(same) = same else {
                    let is_watched = symbol.watchers > 0;
                    if is_watched {
                        return Err(format!(
                            "\"a relay tells what its hub tells\": the hub does not know {:?}",
                            symbol.quote
                        ));
                    }
                    continue;
                };
                let mut expected = same.quote.clone();
                // The clock of the relay may be behind.
                expected.received_at.clone_from(&symbol.quote.received_at);
                if symbol.quote != expected || symbol.service != same.service {
                    return Err(format!(
                        "\"a relay tells what its hub tells\": {symbol:?} instead of {same:?}"
                    ));
                }
            }
        }
        self.viewers_hold_the_newest()?;
        self.sparklines_are_whole()
    }

    /// Whoever watches a symbol at a relay has the closes that its hub has.
    fn sparklines_are_whole(&mut self) -> Check {
        for number in 0..self.viewers.len() {
            let viewer = &self.viewers[number];
            if viewer.server == 0 || viewer.client.is_none() || viewer.dialect != Dialect::HamsterV1 {
                continue;
            }
            for symbol in viewer.reader.symbols() {
                let name = symbol.kept["symbol"].as_str().unwrap_or_default();
                let of_hub = self.servers[0].closes(name);
                let here = closes(symbol.spark.end, &symbol.spark.values);
                if let Some(missing) = of_hub.iter().find(|close| !here.contains(close)) {
                    return Err(format!(
                        "\"a relay tells what its hub tells\": viewer {number} at server {} has no close {missing:?} of {name}, but {here:?}",
                        viewer.server
                    ));
                }
                if of_hub.iter().any(|(time, _)| *time < START) {
                    *self.happened.entry("earlier closes were told").or_default() += 1;
                }
            }
        }
        Ok(())
    }

    fn viewers_hold_the_newest(&self) -> Check {
        for (number, viewer) in self.viewers.iter().enumerate() {
            for symbol in viewer
                .symbols
                .split(',')
                .filter(|symbol| !viewer.refused.iter().any(|refused| refused == symbol))
            {
                let newest = self
                    .newest
                    .get(symbol)
                    .and_then(|price| self.made.get(&(symbol.to_owned(), price.to_bits())));
                let shown = viewer.shown.get(symbol).map(|shown| shown.made);
                if viewer.client.is_some() && shown != newest.copied() {
                    return Err(format!(
                        "\"the newest price\": viewer {number} ({:?}) at server {} shows {shown:?} of {symbol}, not {newest:?} (seed {})",
                        viewer.dialect, viewer.server, self.seed
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Server {
    fn new(config: Config, skew: Millis) -> Self {
        Self {
            object: Object::new(config),
            skew,
            still_until: 0,
            heard: START,
            lost: 0,
        }
    }

    /// The closes of a symbol's last hour, in order of time.
    fn closes(&self, symbol: &str) -> Vec<(Millis, f64)> {
        let asked = Reading::Sparklines(Instrument::parse(symbol).into_iter().collect());
        let machine = self.object.machine();
        match machine.map(|machine| machine.answer(&asked, START)) {
            Some(Answer::Sparklines(told)) => {
                let closes = |(_, spark): &(String, Spark)| closes(spark.end / SECOND, &spark.values);
                told.symbols.iter().flat_map(closes).collect()
            }
            _ => Vec::new(),
        }
    }

    fn clock(&self, now: Millis) -> Millis {
        now + self.skew
    }

    fn is_still(&self, now: Millis) -> bool {
        now < self.still_until
    }

    fn next(&self) -> Option<Millis> {
        let deadline = self.object.next_deadline()?.saturating_sub(self.skew);
        Some(deadline.max(self.still_until))
    }
}

/// The symbol at a place.
fn name(place: usize) -> &'static str {
    DEFAULTS.iter().chain(&OTHERS).nth(place).copied().unwrap_or("BTC/USD")
}

/// The times and closes of a sparkline; `end`: its last minute, in seconds.
fn closes(end: u64, values: &[Option<f64>]) -> Vec<(Millis, f64)> {
    let minutes = (0..values.len() as u64).rev().map(|ago| end * SECOND - ago * MINUTE);
    minutes
        .zip(values)
        .filter_map(|(time, close)| Some((time, (*close)?)))
        .collect()
}

/// The provider's bars of the hour before the start.
fn series(symbol: &str) -> Value {
    let values = (0..60).map(|minute| {
        let price = 40.0 + f64::from(minute);
        json!({"datetime": format!("2026-01-20 14:{minute:02}:00"), "open": price, "high": price, "low": price, "close": price})
    });
    let values: Vec<Value> = values.collect();
    json!({"meta": {"symbol": symbol, "interval": "1min", "exchange_timezone": "UTC"}, "values": values, "status": "ok"})
}
