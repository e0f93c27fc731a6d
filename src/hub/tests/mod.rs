//! The hub's machine as a specification: given a state and an input, these effects. Hours of
//! virtual time take milliseconds.

mod access;
mod budget;
mod channels;
mod clients;
mod doors;
mod feed;
mod hard_days;
mod memory;
mod operators;
mod properties;
mod relays;
mod rest;
mod restart;
mod sessions;
mod shares;
mod values;

use super::*;
use crate::access::{Standing, Viewer};
use crate::dialect::Dialect;
use crate::market::*;
use crate::provider::Call;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Noon of a UTC day, five seconds into a minute, so that no credit window turns soon.
const NOON: Millis = 20_500 * DAY + DAY / 2 + 5 * SECOND;

/// The default symbols that a free key streams.
const FREE_PLAN_STREAMS: [&str; 3] = ["BTC/USD", "AAPL", "EUR/USD"];

const ALICE: ClientId = ClientId(1);
const BOB: ClientId = ClientId(2);

/// A machine and its time. Effects are kept until a test takes them.
struct Play {
    hub: Machine,
    now: Millis,
    effects: Vec<Effect>,
    /// Whether storage accepts the budget row.
    stores: bool,
    groups: BTreeSet<(Group, ClientId)>,
    /// What each client was sent since `effects` were last taken.
    told: Vec<(ClientId, String)>,
    /// Whether pulses are answered.
    pulses: bool,
    /// The rows of the memory.
    memory: BTreeMap<(String, Millis), String>,
}

/// The defaults without the cap on plain clients, as time stands still between a test's ticks, and
/// without calls for anything but quotes.
fn config(vars: &[(&str, &str)]) -> Config {
    Config::from_vars(false, |name| {
        vars.iter()
            .chain(&[("PLAIN_INTERVAL_MS", "0"), ("HISTORY_CREDITS_PERCENT", "0")])
            .find(|(var, _)| *var == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

impl Play {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(vars: &[(&str, &str)]) -> Self {
        Self::restored(config(vars), &Stored::default(), NOON)
    }

    fn restored(config: Config, stored: &Stored, now: Millis) -> Self {
        Self {
            hub: Machine::new(config, stored, 7, now),
            now,
            effects: Vec::new(),
            stores: true,
            groups: BTreeSet::new(),
            told: Vec::new(),
            pulses: true,
            memory: BTreeMap::new(),
        }
    }

    /// A viewer of `symbols`, and the link that it opened.
    fn watching(symbols: &str) -> (Self, LinkId) {
        Self::watching_with(&[], symbols)
    }

    fn watching_with(vars: &[(&str, &str)], symbols: &str) -> (Self, LinkId) {
        let mut play = Self::with(vars);
        play.input(Input::joined(ALICE, Dialect::Plain));
        play.subscribe(ALICE, symbols);
        let link = play.opened_link().unwrap();
        (play, link)
    }

    /// As [`Play::watching`], with the link open and all eight symbols accepted and known.
    fn live(symbols: &str) -> (Self, LinkId) {
        Self::live_with(&[], symbols)
    }

    fn live_with(vars: &[(&str, &str)], symbols: &str) -> (Self, LinkId) {
        let (mut play, link) = Self::watching_with(vars, symbols);
        play.answer_call(|_| Some((100.0, true)));
        play.input(Input::Opened(link));
        play.accept_all(link);
        play.take();
        (play, link)
    }

    fn input(&mut self, input: Input) {
        self.hub.handle(input, self.now);
        let mut answers = self.drain();
        // Pulses and the budget row are answered at once, unless the test says otherwise.
        while let Some(answer) = answers.pop() {
            self.hub.handle(answer, self.now);
            answers.append(&mut self.drain());
        }
    }

    /// Keeps the effects; returns the platform's answers to them.
    fn drain(&mut self) -> Vec<Input> {
        let mut answers = Vec::new();
        while let Some(effect) = self.hub.next_effect() {
            match &effect {
                Effect::Pulse => {
                    if self.pulses {
                        answers.push(Input::Pulse);
                    }
                    continue;
                }
                Effect::Load(ticket, span) => {
                    let rows = self.memory.iter().rev();
                    let rows = rows
                        .filter(|((series, start), _)| *series == span.series && (span.from..span.to).contains(start));
                    let rows = rows.map(|((_, start), body)| (*start, body.clone()));
                    answers.push(Input::Loaded(*ticket, rows.take(span.most).collect()));
                    continue;
                }
                Effect::Keep(_) if !self.stores => {
                    answers.push(Input::Stored(Some("disk full".to_owned())));
                    continue;
                }
                Effect::Keep(rows) => {
                    let rows = rows.iter().cloned();
                    self.memory.extend(rows.map(|row| ((row.series, row.start), row.body)));
                    continue;
                }
                Effect::DropExpired => continue,
                Effect::SaveCredits(_) if self.stores => answers.push(Input::Charged(None)),
                Effect::Enroll { client, group } => {
                    self.groups.insert((*group, *client));
                }
                Effect::Dismiss { client, group } => {
                    self.groups.remove(&(*group, *client));
                }
                Effect::Send { client, frame } => self.told.push((*client, frame.clone())),
                Effect::Broadcast { group, frame } => {
                    let members = self.groups.iter().filter(|(of, _)| of == group);
                    self.told.extend(members.map(|(_, client)| (*client, frame.clone())));
                }
                _ => {}
            }
            self.effects.push(effect);
        }
        answers
    }

    /// Lets time pass and meets every deadline on the way to the millisecond.
    fn pass(&mut self, span: Millis) {
        let end = self.now + span;
        loop {
            let next = [self.hub.alarm_at(), self.hub.timer_at()].into_iter().flatten().min();
            match next {
                Some(at) if at <= end => {
                    self.now = at.max(self.now);
                    self.input(Input::Time);
                    let next = [self.hub.alarm_at(), self.hub.timer_at()].into_iter().flatten().min();
                    let moved = next.is_none_or(|next| next > self.now);
                    assert!(
                        moved,
                        "a deadline that was met is still there: {:?} {:?} at {}",
                        self.hub.alarm_at(),
                        self.hub.timer_at(),
                        self.now
                    );
                }
                _ => break,
            }
        }
        self.now = self.now.max(end);
    }

    /// As [`Play::pass`], while the provider only answers a heartbeat every ten seconds.
    fn pass_with_heartbeats(&mut self, link: LinkId, span: Millis) {
        for _ in 0..span / (10 * SECOND) {
            self.pass(10 * SECOND);
            self.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        }
    }

    fn frame(&mut self, link: LinkId, frame: &Value) {
        self.input(Input::Frame(link, frame.to_string()));
    }

    fn tick(&mut self, link: LinkId, symbol: &str, price: f64) {
        let seconds = self.now / SECOND;
        self.frame(
            link,
            &json!({"event": "price", "symbol": symbol, "price": price, "timestamp": seconds}),
        );
    }

    fn accept_all(&mut self, link: LinkId) {
        let items: Vec<Value> = DEFAULT_SYMBOLS
            .split(',')
            .map(|symbol| json!({"symbol": symbol}))
            .collect();
        self.frame(
            link,
            &json!({"event": "subscribe-status", "status": "ok", "success": items, "fails": null}),
        );
    }

    /// Three of the eight symbols stream on the free plan; the others are refused.
    fn accept_as_the_free_plan_does(&mut self, link: LinkId) {
        let refused = DEFAULT_SYMBOLS
            .split(',')
            .filter(|symbol| !FREE_PLAN_STREAMS.contains(symbol));
        let (ok, fails) = (items(&FREE_PLAN_STREAMS), items(&refused.collect::<Vec<_>>()));
        self.frame(
            link,
            &json!({"event": "subscribe-status", "success": ok, "fails": fails}),
        );
    }

    /// What the next machine finds in storage if the checkpoint was written just now.
    fn left_behind(&self) -> Stored {
        Stored {
            checkpoint: Some(self.hub.checkpoint(self.now)),
            ..Stored::default()
        }
    }

    fn subscribe(&mut self, client: ClientId, symbols: &str) {
        let message = json!({"action": "subscribe", "params": {"symbols": symbols}});
        self.input(Input::Said(client, message.to_string()));
    }

    /// Answers the call in flight: price and market state by symbol, `None` for an unknown symbol.
    fn answer_call(&mut self, quote: impl Fn(&str) -> Option<(f64, bool)>) -> Vec<String> {
        let call = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fetch {
                request,
                call: Call::Quotes(symbols),
            } => Some((*request, symbols.clone())),
            _ => None,
        });
        let (request, symbols) = call.expect("no call is under way");
        self.answer_request(request, &symbols, quote);
        symbols
    }

    fn answer_request(&mut self, request: RequestId, symbols: &[String], quote: impl Fn(&str) -> Option<(f64, bool)>) {
        let entry = |symbol: &str| match quote(symbol) {
            None => {
                json!({"code": 404, "message": "**symbol** or **figi** parameter is missing or invalid.", "status": "error"})
            }
            Some((price, open)) => json!({
                "symbol": symbol, "close": price.to_string(), "previous_close": "100.0", "is_market_open": open,
                "last_quote_at": self.now / MINUTE * 60, "volume": "7",
            }),
        };
        let body = match symbols {
            [only] => entry(only),
            many => Value::Object(many.iter().map(|symbol| (symbol.clone(), entry(symbol))).collect()),
        };
        self.input(Input::Fetched(request, answer(200, &body)));
    }

    /// Takes the effects so far.
    fn take(&mut self) -> Vec<Effect> {
        self.told.clear();
        std::mem::take(&mut self.effects)
    }

    fn opened_link(&self) -> Option<LinkId> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::OpenUpstream { link } => Some(*link),
            _ => None,
        })
    }

    /// Frames sent upstream since effects were last taken.
    fn sent(&self) -> Vec<String> {
        let frames = self.effects.iter().filter_map(|effect| match effect {
            Effect::SendUpstream { frame, .. } => Some(frame.clone()),
            _ => None,
        });
        frames.collect()
    }

    /// REST calls made since effects were last taken.
    fn calls(&self) -> Vec<Vec<String>> {
        let calls = self.effects.iter().filter_map(|effect| match effect {
            Effect::Fetch {
                call: Call::Quotes(symbols),
                ..
            } => Some(symbols.clone()),
            _ => None,
        });
        calls.collect()
    }

    /// Takes the REST calls made since effects were last taken.
    fn open_calls(&mut self) -> Vec<(RequestId, Vec<String>)> {
        let is_call = |effect: &mut Effect| {
            matches!(
                effect,
                Effect::Fetch {
                    call: Call::Quotes(_),
                    ..
                }
            )
        };
        let calls = self.effects.extract_if(.., is_call).filter_map(|effect| match effect {
            Effect::Fetch {
                request,
                call: Call::Quotes(symbols),
            } => Some((request, symbols)),
            _ => None,
        });
        calls.collect()
    }

    /// Ids of the REST calls made since effects were last taken.
    fn requests(&self) -> Vec<RequestId> {
        let requests = self.effects.iter().filter_map(|effect| match effect {
            Effect::Fetch { request, .. } => Some(*request),
            _ => None,
        });
        requests.collect()
    }

    /// What a client was sent since effects were last taken.
    fn heard(&self, client: ClientId) -> Vec<Value> {
        let frames = self.told.iter().filter(|(whom, _)| *whom == client);
        frames.map(|(_, frame)| serde_json::from_str(frame).unwrap()).collect()
    }

    fn heard_events(&self, client: ClientId, event: &str) -> Vec<Value> {
        self.heard(client)
            .into_iter()
            .filter(|frame| frame["event"] == event)
            .collect()
    }

    fn watched(&self, client: ClientId) -> Vec<SymbolId> {
        let clients = &self.hub.delivery.audience;
        clients.watched(client).into_iter().collect()
    }

    fn state(&self) -> FeedState {
        self.hub.upstream.feed.state()
    }

    fn quote(&self, symbol: &str) -> SymbolView {
        self.hub.symbol(&Instrument::parse(symbol).unwrap()).unwrap()
    }
}

fn answer(status: u16, body: &Value) -> RestAnswer {
    RestAnswer {
        status,
        body: body.to_string(),
        credits: None,
    }
}

/// An entry of an answer: the symbol and these fields.
fn quote_json(symbol: &str, fields: Value) -> Value {
    let mut entry = json!({"symbol": symbol});
    for (name, value) in fields.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// Answers the newest call with `fields` for each symbol.
fn answer_raw(play: &mut Play, fields: impl Fn(&str, Millis) -> Value) {
    let (request, symbols) = play
        .effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Fetch {
                request,
                call: Call::Quotes(symbols),
            } => Some((*request, symbols.clone())),
            _ => None,
        })
        .expect("no call");
    let now = play.now;
    let body = match symbols.as_slice() {
        [only] => quote_json(only, fields(only, now)),
        many => Value::Object(
            many.iter()
                .map(|symbol| (symbol.clone(), quote_json(symbol, fields(symbol, now))))
                .collect(),
        ),
    };
    play.input(Input::Fetched(request, answer(200, &body)));
}

fn items(symbols: &[&str]) -> Vec<Value> {
    symbols.iter().map(|symbol| json!({"symbol": symbol})).collect()
}

/// The content of a plain client's attachment.
fn record(symbols: &[&str]) -> String {
    json!({"symbols": symbols}).to_string()
}
