//! The simulated Twelve Data as the hub meets it: the exchange of `src/simulator`, its ticks, and
//! the network in between. It counts what the promises limit: the hub's connections and the credits
//! of its calls.

use super::market::{Market, Place};
use super::weather::{KEY, Weather};
use super::world::{Check, Happening, World, broken};
use hamster_terminal::hub::{LinkId, RequestId, RestAnswer};
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};
use hamster_terminal::simulator::{Exchange, INSTRUMENTS, Output, SessionId};
use std::collections::BTreeMap;

/// What [`Weather::BadNumbers`] puts into a message, which makes it invalid JSON.
pub const BAD_NUMBERS: &str = r#""other":NaN,"more":-1e400,"text":"\uD800","#;

/// Upstream's state.
#[derive(Debug)]
pub struct Upstream {
    pub exchange: Exchange,
    /// The hub's open connections: the life and link that each belongs to, and when the last frame
    /// in flight arrives.
    pub sessions: BTreeMap<SessionId, Line>,
    /// Ticks held back by [`Weather::Reorder`].
    held: BTreeMap<Place, (SessionId, String)>,
    rival: Option<SessionId>,
    /// Mean time between two ticks.
    pub pace: Millis,
    /// Moves of the market planned so far. Only the last one counts.
    pub moves: u64,
    minute: (u64, u64),
    day: (u64, u64),
    /// The most credits counted in one minute, and in one day.
    pub most: (u64, u64),
}

/// One of the hub's connections.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub life: u32,
    pub link: LinkId,
    pub arrives: Millis,
    /// When the hub's last frame in flight arrives: a connection keeps the order both ways.
    pub arrives_there: Millis,
}

impl Upstream {
    pub fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            sessions: BTreeMap::new(),
            held: BTreeMap::new(),
            rival: None,
            pace: 10 * SECOND,
            moves: 0,
            minute: (0, 0),
            day: (0, 0),
            most: (0, 0),
        }
    }

    /// Counts a call as Twelve Data does: each symbol, refused or not, by the wall clock's minute
    /// and the UTC day.
    fn charge(&mut self, credits: u64, now: Millis) {
        for (window, length, most) in [
            (&mut self.minute, MINUTE, &mut self.most.0),
            (&mut self.day, DAY, &mut self.most.1),
        ] {
            if window.0 != now / length {
                *window = (now / length, 0);
            }
            window.1 += credits;
            *most = window.1.max(*most);
        }
    }

    /// The hub's end of a connection is gone or was closed.
    pub fn hang_up(&mut self, session: SessionId) {
        self.sessions.remove(&session);
        self.exchange.disconnect(session);
    }
}

impl World {
    /// An upgrade request reaches upstream.
    pub fn upgrade_arrives(&mut self, life: u32, link: LinkId) -> Check {
        self.an_upgrade_is_seemly()?;
        if self.weather().any(|one| *one == Weather::HangUpgrades) {
            return Ok(());
        }
        if self.weather().any(|one| *one == Weather::NoRoute) {
            let text = "the upstream could not be reached (connection refused)".to_owned();
            self.after_a_way(Happening::LinkEnds(life, link, text));
            return Ok(());
        }
        match self.upstream.exchange.connect(Some(KEY), self.now) {
            Err(refusal) => {
                self.coverage.count("upgrades refused", 1);
                self.after_a_way(Happening::LinkRefused(life, link, refusal.status, refusal.body));
            }
            Ok(connected) => {
                self.coverage.count("connections", 1);
                let arrives = self.now + self.way();
                self.upstream.sessions.insert(
                    connected.session,
                    Line {
                        life,
                        link,
                        arrives,
                        arrives_there: self.now,
                    },
                );
                let ours = self.upstream.sessions.len();
                if ours > 1 {
                    return Err(broken(
                        "one upstream connection",
                        format!("upstream counts {ours} of the hub"),
                    ));
                }
                self.object.connected(life, link, connected.session);
                self.at(arrives, Happening::LinkOpens(life, link));
                self.market_goes_on();
                self.carry(connected.outputs);
            }
        }
        Ok(())
    }

    /// The hub sends a frame.
    pub fn frame_leaves(&mut self, session: SessionId, text: String) {
        let way = self.way();
        let Some(line) = self.upstream.sessions.get_mut(&session) else {
            return;
        };
        line.arrives_there = line.arrives_there.max(self.now + way);
        let at = line.arrives_there;
        self.at(at, Happening::FrameArrives(session, text));
    }

    /// A frame from the hub reaches upstream.
    pub fn frame_arrives(&mut self, session: SessionId, text: &str) {
        let outputs = self.upstream.exchange.receive(session, text, self.now);
        if outputs
            .iter()
            .any(|output| matches!(output, Output::Text { text, .. } if text.contains("message-processing")))
        {
            self.excuse(super::weather::AFTER_LIMIT);
        }
        self.carry(outputs);
    }

    /// A REST call reaches upstream.
    pub fn call_arrives(&mut self, life: u32, request: RequestId, path: &str) -> Check {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let is_for_quotes = path == "/quote";
        let credits = if is_for_quotes {
            query.split(',').count() as u64
        } else {
            1
        };
        self.upstream.charge(credits, self.now);
        self.coverage.count("REST calls", 1);
        self.coverage.count("REST credits", credits);
        let (per_minute, per_day) = self.scenario.setup.tier.credits(self.scenario.setup.simulated);
        let (minute, day) = (self.upstream.minute.1, self.upstream.day.1);
        if minute > per_minute || per_day.is_some_and(|limit| day > limit) {
            return Err(broken(
                "the REST budget",
                format!("{minute} credits this minute, {day} this day"),
            ));
        }
        let query = &shortened(query);
        let reply = self.upstream.exchange.rest(path, query, Some(KEY), self.now);
        if is_for_quotes {
            let symbols = decoded_list(query);
            let reliably = self.calm() > 0 && self.now >= self.calm_since + SECOND;
            self.promises.told_by_rest(&reply.body, &symbols, reliably, self.now);
            self.the_owner_comes_first(&symbols)?;
            self.unknown_names_cost_once(&symbols, &reply.body, reliably)?;
        } else {
            let setup = self.scenario.setup.clone();
            self.an_errand_is_affordable(&setup)?;
            self.errand_is_told(path, query, &reply.body);
        }
        let body = if self.weather().any(|one| *one == Weather::BadNumbers) {
            with_bad_close(&reply.body)
        } else {
            reply.body.clone()
        };
        let credit = |name| reply.headers.iter().find(|(header, _)| *header == name)?.1.parse().ok();
        let garbage = self.weather().find_map(|one| match one {
            Weather::RestGarbage(body) => Some(*body),
            _ => None,
        });
        let answer = RestAnswer {
            status: reply.status,
            credits: credit("api-credits-used").zip(credit("api-credits-left")),
            body: garbage.map_or(body, str::to_owned),
        };
        if !self.weather().any(|one| *one == Weather::RestHangs) {
            let slow = self.weather().find_map(|one| match one {
                Weather::RestSlow(by) => Some(*by),
                _ => None,
            });
            let way = self.way();
            self.at(
                self.now + way + slow.unwrap_or(0),
                Happening::Answer(life, request, answer),
            );
        }
        Ok(())
    }

    /// Moves the market: one symbol that streams, so that a feed is mute only when something is
    /// wrong, and now and then any other.
    pub fn market_moves(&mut self) {
        let streaming: Vec<Place> = {
            let subscribed = self.upstream.exchange.counters(self.now).subscriptions;
            let places = subscribed.keys().filter_map(|name| Market::place(name));
            places
                .filter(|place| self.upstream.exchange.is_open(&Market::name(*place), self.now))
                .collect()
        };
        let mut moving: Vec<Place> = self.rng.choice(streaming.iter().copied()).into_iter().collect();
        match self.rng.u8(..8) {
            0 => moving.extend(self.rng.choice(self.followed.iter().copied())),
            1 => moving.push(self.rng.usize(..INSTRUMENTS.len())),
            _ => {}
        }
        for place in moving {
            self.tick(place);
        }
        if self.weather().any(|one| *one == Weather::Repeats) {
            self.repeat();
        }
        self.market_goes_on();
    }

    /// Repeats the last price of a subscribed symbol.
    fn repeat(&mut self) {
        let subscribed = self.upstream.exchange.counters(self.now).subscriptions;
        let name = self.rng.choice(subscribed.keys());
        let Some(place) = name.and_then(|name| Market::place(name)) else {
            return;
        };
        let price = self.market.price(place);
        let made = self.market.made_at(place, price).unwrap_or_default();
        let outputs = self
            .upstream
            .exchange
            .publish(&Market::name(place), price, made / SECOND, self.now);
        self.coverage.count("ticks repeated", outputs.len() as u64);
        self.carry(outputs);
    }

    /// Plans the next move; a distant one while nobody listens.
    pub fn market_goes_on(&mut self) {
        let is_heard = !self.upstream.sessions.is_empty();
        if !is_heard {
            self.bars.is_deaf(self.now);
        }
        let pace = if is_heard { self.upstream.pace } else { MINUTE };
        let wait = 1 + self.rng.u64(..2 * pace);
        self.upstream.moves += 1;
        self.at(self.now + wait, Happening::MarketMoves(self.upstream.moves));
    }

    /// Makes one new price.
    pub fn tick(&mut self, place: Place) {
        let name = Market::name(place);
        if !self.upstream.exchange.is_open(&name, self.now) {
            return;
        }
        let price = self.market.moves(place, self.now);
        let outputs = self
            .upstream
            .exchange
            .publish(&name, price, self.now / SECOND, self.now);
        self.coverage.count("ticks sent", outputs.len() as u64);
        let reorder = self.weather().any(|one| *one == Weather::Reorder);
        let held = self.upstream.held.remove(&place);
        match outputs.as_slice() {
            [Output::Text { session, text }] if reorder && held.is_none() => {
                self.upstream.held.insert(place, (*session, text.clone()));
            }
            _ => self.carry(outputs),
        }
        if let Some((session, text)) = held {
            self.carry(vec![Output::Text { session, text }]);
        }
    }

    /// Releases the ticks that were held back. With stamps in the future they would overtake honest
    /// ones, so those are dropped.
    pub fn let_go(&mut self) {
        let lied = self.lies_about_time();
        for (session, text) in std::mem::take(&mut self.upstream.held).into_values() {
            if !lied {
                self.carry(vec![Output::Text { session, text }]);
            }
        }
    }

    /// What the exchange does by itself as time passes.
    pub fn upstream_ticks(&mut self) {
        let outputs = self.upstream.exchange.tick(self.now);
        self.carry(outputs);
        if self.upstream.rival.is_none() && self.weather().any(|one| matches!(one, Weather::Rival(_))) {
            self.rival_connects();
        }
    }

    /// Another program connects with the same key, and upstream ends the older connection.
    pub fn rival_connects(&mut self) {
        self.rival_leaves();
        if let Ok(connected) = self.upstream.exchange.connect(Some(KEY), self.now) {
            self.upstream.rival = Some(connected.session);
            self.carry(connected.outputs);
        }
    }

    pub fn rival_leaves(&mut self) {
        if let Some(session) = self.upstream.rival.take() {
            self.upstream.exchange.disconnect(session);
        }
    }

    /// Upstream ends the hub's connection, with or without a close frame.
    pub fn connection_ends(&mut self, cleanly: bool) {
        let sessions: Vec<SessionId> = self.upstream.sessions.keys().copied().collect();
        for session in sessions {
            self.upstream.exchange.disconnect(session);
            self.end_line(session, if cleanly { "(1000)" } else { "(1006)" });
        }
    }

    /// Sends what the exchange puts out.
    fn carry(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Text { session, text } => {
                    let way = self.way();
                    let is_bad = self.weather().any(|one| *one == Weather::BadNumbers);
                    let text = if is_bad && text.contains("\"price\"") {
                        text.replacen('{', &format!("{{{BAD_NUMBERS}"), 1)
                    } else {
                        text
                    };
                    let Some(line) = self.upstream.sessions.get_mut(&session) else {
                        continue;
                    };
                    line.arrives = line.arrives.max(self.now + way);
                    let (at, life, link) = (line.arrives, line.life, line.link);
                    self.at(at, Happening::Frame(life, link, text));
                }
                Output::Close { session, .. } => self.end_line(session, "(1000)"),
                Output::Drop { session } if self.upstream.rival == Some(session) => {
                    self.upstream.rival = None;
                }
                Output::Drop { session } => self.end_line(session, "(1006)"),
            }
        }
    }

    fn end_line(&mut self, session: SessionId, how: &str) {
        let way = self.way();
        if let Some(line) = self.upstream.sessions.remove(&session) {
            let text = format!("the upstream closed the connection {how}");
            self.at(
                line.arrives.max(self.now + way),
                Happening::LinkEnds(line.life, line.link, text),
            );
        }
    }
}

/// Replaces the first previous close.
fn with_bad_close(body: &str) -> String {
    let name = r#""previous_close":""#;
    let Some((before, (_, after))) = body
        .split_once(name)
        .and_then(|(before, rest)| Some((before, rest.split_once('"')?)))
    else {
        return body.to_owned();
    };
    let number = if after.len() % 2 == 0 { "NaN" } else { "1e400" };
    format!(r#"{before}"previous_close":{number}{after}"#)
}

/// A query for fewer bars than the hub asked for, as if there were no more: thousands take long to
/// make.
fn shortened(query: &str) -> String {
    const MOST: u64 = 150;
    let parts = query.split('&').map(|part| match part.strip_prefix("outputsize=") {
        Some(count) if count.parse().is_ok_and(|count: u64| count > MOST) => format!("outputsize={MOST}"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("&")
}

/// The symbols of a query.
fn decoded_list(query: &str) -> Vec<String> {
    let list = query.strip_prefix("symbol=").unwrap_or_default();
    list.split(',').map(decoded).collect()
}

/// Decodes `%2F` and the like.
pub fn decoded(text: &str) -> String {
    text.replace("%2F", "/").replace("%20", " ").replace("%3A", ":")
}
