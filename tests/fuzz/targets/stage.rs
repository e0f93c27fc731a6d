//! A hub, its upstream and its clients, all driven by the fuzzer's bytes, and the invariants after
//! every step: one upstream connection, bounded effects, deadlines that advance, no invented price,
//! no client left with an old one.

mod deeds;

use super::clients::{Client, Sayings};
use hamster_kit::{Object, Storage};
use hamster_terminal::dialect::{ClientMessage, Dialect, message};
use hamster_terminal::driver::{Event, REST_TIMED_OUT, Wakeup};
use hamster_terminal::hub::{
    Carrier, ClientId, Config, Input, LinkId, Machine, Question, RequestId, RestAnswer, WaiterId,
};
use hamster_terminal::market::Instrument;
use hamster_terminal::market::Millis;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const PLAIN: [ClientId; 2] = [ClientId(0), ClientId(1)];
pub const STREAMS: [ClientId; 2] = [ClientId(2), ClientId(3)];
/// One client each of Twelve Data's protocol and of Socket.IO.
pub const GUESTS: [ClientId; 2] = [ClientId(4), ClientId(5)];

/// 2026-01-19T14:32:15Z, as in docs/protocol.md.
const NOON: Millis = 1_768_833_135_000;
const EXTRA_SYMBOLS: usize = 12;

pub struct Stage {
    object: Object,
    now: Millis,
    pub loop_hangs: bool,
    /// When the running REST call times out.
    call_until: Option<Millis>,
    readers: u32,
    clients: BTreeMap<ClientId, Client>,
    sayings: Sayings,
}

impl Stage {
    pub fn new() -> Self {
        let var = |name: &str| match name {
            "EXTRA_SYMBOLS" => Some(EXTRA_SYMBOLS.to_string()),
            // One client per shard, so that there are several shards.
            "SHARD_CLIENTS" => Some("1".to_owned()),
            _ => None,
        };
        let dialect = |client: &ClientId| match client.0 {
            4 => Dialect::TwelveData,
            5 => Dialect::SocketIo,
            _ if STREAMS.contains(client) => Dialect::HamsterV1,
            _ => Dialect::Plain,
        };
        let everybody = PLAIN.iter().chain(&STREAMS).chain(&GUESTS);
        let mut stage = Self {
            object: Object::new(Config::from_vars(false, var).unwrap()),
            now: NOON,
            loop_hangs: false,
            call_until: None,
            readers: 0,
            clients: everybody
                .map(|client| (*client, Client::new(dialect(client))))
                .collect(),
            sayings: Sayings::default(),
        };
        let began = stage.object.begin(7, NOON);
        stage.happen(began);
        stage
    }

    /// All clients join and watch these symbols.
    pub fn watched_by_all(&mut self, symbols: &str) {
        let wish = json!({"action": "subscribe", "params": {"symbols": symbols}}).to_string();
        for client in PLAIN.into_iter().chain(STREAMS) {
            self.client_joins(client);
            self.client_says(client, &wish);
        }
    }

    pub fn upstream_opens(&mut self) {
        if let Some((link, _)) = self.object.platform.link() {
            self.happen(Input::Opened(link));
        }
    }

    pub fn upstream_is_lost(&mut self) {
        let link = self.link(|_| true);
        self.happen(Input::Lost(
            link,
            "the upstream closed the connection (1006)".to_owned(),
        ));
    }

    pub fn upstream_refuses(&mut self, status: u16, body: &str) {
        let link = self.link(|is_open| !is_open);
        self.happen(Input::Refused(link, status, body.to_owned()));
    }

    pub fn upstream_says(&mut self, text: &str) {
        let text = text.replace("$now", &(self.now / 1_000).to_string());
        self.sayings.note(&text);
        let link = self.link(|is_open| is_open);
        self.happen(Input::Frame(link, text));
    }

    /// The upstream connection if it is in this state; else the id of one that never existed.
    fn link(&self, is_wanted: impl Fn(bool) -> bool) -> LinkId {
        let link = self.object.platform.link().filter(|(_, is_open)| is_wanted(*is_open));
        link.map_or(LinkId(0), |(link, _)| link)
    }

    pub fn tick(&mut self, symbol: &str, price: f64) {
        let seconds = self.now / 1_000;
        self.upstream_says(
            &json!({"event": "price", "symbol": symbol, "price": price, "timestamp": seconds}).to_string(),
        );
    }

    pub fn rest_answers(&mut self, status: u16, body: &str) {
        let body = body.replace("$now", &(self.now / 1_000).to_string());
        self.sayings.note(&body);
        let call = self.call();
        let credits = None;
        self.happen(Input::Fetched(call, RestAnswer { status, body, credits }));
    }

    pub fn rest_fails(&mut self) {
        let call = self.call();
        self.happen(Input::FetchFailed(call, REST_TIMED_OUT.to_owned()));
    }

    /// Ends the running REST call and returns it; without one, the id of a call that never existed.
    fn call(&mut self) -> RequestId {
        self.call_until = None;
        self.object.platform.calls().next().unwrap_or(RequestId(0))
    }

    /// Storage starts to reject writes, or accepts them again.
    pub fn storage_changes(&mut self) {
        let storage = &mut self.object.platform.storage;
        *storage = match storage {
            Storage::Works => Storage::Refuses,
            _ => Storage::Works,
        };
    }

    pub fn client_joins(&mut self, id: ClientId) {
        if self.client(id).is_connected {
            return;
        }
        let client = self.client(id);
        client.begin_anew();
        client.is_mistaken = false;
        client.symbols.clear();
        client.record.clear();
        let dialect = client.dialect;
        self.happen(Event::Joined(id, dialect, Carrier::WebSocket));
    }

    pub fn client_leaves(&mut self, id: ClientId) {
        if self.client(id).is_connected {
            self.client(id).is_connected = false;
            self.happen(Event::Left(id, 1000));
        }
    }

    pub fn client_says(&mut self, id: ClientId, text: &str) {
        if let Ok(ClientMessage::Subscribe(wish)) = message::parse(text)
            && let Some(place) = wish.resume
        {
            self.client(id).claims(place.epoch, place.channel.into(), place.seq);
        }
        if self.client(id).is_connected {
            self.happen(Input::Said(id, text.to_owned()));
        }
    }

    /// A guest says something. One that is not connected connects first.
    pub fn guest_says(&mut self, id: ClientId, text: &str) {
        self.client_joins(id);
        let [session, position] = self.client(id).session.clone();
        self.client_says(id, &text.replace("$pid", &session).replace("$at", &position));
    }

    pub fn client_says_binary(&mut self, id: ClientId, bytes: usize) {
        if self.client(id).is_connected {
            self.happen(Input::SaidBinary(id, bytes));
        }
    }

    pub fn client_acknowledges(&mut self, id: ClientId) {
        let client = self.client(id);
        if client.dialect == Dialect::HamsterV1 && client.reader.stream > 0 {
            let ack = json!({"action": "ack", "stream": client.reader.stream, "seq": client.reader.seq});
            self.client_says(id, &ack.to_string());
        }
    }

    /// The client reconnects after a lost connection and resumes at its cursor, changed by `added`.
    pub fn client_resumes(&mut self, id: ClientId, added: [i64; 3]) {
        let reader = &self.client(id).reader;
        let [epoch, stream, seq] = [reader.epoch, reader.stream, reader.seq];
        let place = json!({
            "epoch": epoch.wrapping_add_signed(added[0]),
            "stream": stream.wrapping_add_signed(added[1]),
            "seq": seq.wrapping_add_signed(added[2]),
        });
        self.client_comes_with(id, &place.to_string());
        // While the event loop hangs, news waits for the next turn and follows the snapshot.
        let timers = &self.object.platform.timers;
        let nothing_waits = !self.loop_hangs && !timers.iter().any(|(_, why)| *why == Wakeup::Pulse);
        if added == [0; 3] && nothing_waits && self.client(id).is_current() {
            self.check_prices(id);
        }
    }

    /// The client reconnects with this claimed cursor.
    pub fn client_comes_with(&mut self, id: ClientId, place: &str) {
        self.client_leaves(id);
        let symbols = self.client(id).symbols.join(",");
        self.client_joins(id);
        let place: Value = serde_json::from_str(place).unwrap_or_else(|_| Value::String(place.to_owned()));
        let wish = json!({"action": "subscribe", "params": {"symbols": symbols, "resume": place}});
        self.client_says(id, &wish.to_string());
        // An invalid cursor was refused, so it subscribes without one.
        let wish = json!({"action": "subscribe", "params": {"symbols": symbols}});
        self.client_says(id, &wish.to_string());
    }

    /// The hub woke up and finds this in the client's attachment.
    pub fn client_is_found_with(&mut self, id: ClientId, record: &str) {
        let client = self.client(id);
        client.is_mistaken |= client.record != record;
        record.clone_into(&mut client.record);
        self.object.platform.attach(id, record);
        self.evict();
    }

    pub fn reader_comes(&mut self, symbols: &str) {
        self.readers += 1;
        let named = symbols.split(',').take(20);
        let symbols = named.filter_map(|symbol| Instrument::parse(symbol).ok()).collect();
        self.happen(Input::Waiter(WaiterId(self.readers), Question::Quotes(symbols)));
    }

    /// Lets time pass and fires every deadline on the way.
    pub fn wait(&mut self, span: Millis) {
        let end = self.now + span;
        while let Some(at) = self.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            if self.call_until.is_some_and(|until| until <= at) {
                self.rest_fails();
            }
            if self.object.platform.alarm.is_some_and(|alarm| alarm <= at) {
                self.happen(Event::AlarmFired);
            }
            for (_, why) in self
                .object
                .take_timers(|timer, why| timer <= at && why != Wakeup::Pulse)
            {
                self.happen(Event::Woke(why));
            }
            let next = self.deadline();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a deadline that was met is still there"
            );
        }
        self.now = end;
        self.check_status();
    }

    pub fn evict(&mut self) {
        for client in self.clients.values_mut().filter(|client| client.is_connected) {
            client.begin_anew();
        }
        self.restart();
    }

    pub fn kill(&mut self) {
        for client in self.clients.values_mut() {
            client.is_connected = false;
        }
        self.object.platform.drop_clients();
        self.object.forget_isolate();
        self.restart();
    }

    pub fn kill_and_find(&mut self, row: &str) {
        self.sayings.note(row);
        self.object.platform.rows.checkpoint = Some(row.to_owned());
        self.kill();
    }

    fn restart(&mut self) {
        self.now += 1;
        self.call_until = None;
        self.object.end();
        let began = self.object.begin(self.now, self.now);
        self.happen(began);
    }

    /// All clients read what is waiting. Then every connected client must know the newest prices.
    pub fn settle(&mut self) {
        self.loop_hangs = false;
        for _ in 0..3 {
            for client in STREAMS {
                self.client_acknowledges(client);
            }
            self.wait(11_000);
        }
        for client in PLAIN.into_iter().chain(STREAMS) {
            if self.client(client).is_current() {
                self.check_prices(client);
            }
        }
    }

    fn check_prices(&mut self, id: ClientId) {
        let client = &self.clients[&id];
        for symbol in &client.symbols {
            let Ok(instrument) = Instrument::parse(symbol) else {
                continue;
            };
            if let Some(view) = self.hub().symbol(&instrument) {
                assert_eq!(
                    client.price(symbol),
                    view.quote.price,
                    "{id:?} holds an old price of {symbol}"
                );
            }
        }
    }

    fn check_status(&self) {
        let status = self.hub().status(self.now);
        let most = self.object.config.symbols.len() + self.object.config.extra_symbols;
        assert!(
            status.symbols.len() <= most,
            "{} symbols are tracked",
            status.symbols.len()
        );
        assert!(status.credits.minute.used <= status.credits.minute.limit);
        assert!(status.credits.day.as_ref().is_none_or(|day| day.used <= day.limit));
        serde_json::to_string(&status).expect("a status that can be shown");
    }

    fn deadline(&self) -> Option<Millis> {
        self.object.next_deadline().into_iter().chain(self.call_until).min()
    }

    fn hub(&self) -> &Machine {
        self.object.machine().expect("an object in memory")
    }

    fn client(&mut self, id: ClientId) -> &mut Client {
        self.clients.get_mut(&id).expect("one of the six")
    }
}
