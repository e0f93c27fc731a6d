//! A relay whose hub says anything, and what must hold nevertheless: no panic, one link, bounded
//! effects, deadlines that advance, and viewers who can read all that they are told. A sound hub heals
//! it.

use hamster_kit::{Deed, Object, Reader};
use hamster_terminal::access::Standing;
use hamster_terminal::dialect::Dialect;
use hamster_terminal::driver::Event;
use hamster_terminal::hub::{Carrier, ClientId, Config, Input, LinkId};
use hamster_terminal::market::{FeedState, Millis, SECOND};
use hamster_terminal::provider::hub::{self, Told};
use serde_json::{Value, json};

/// 2026-02-16T12:00:05Z, as in the seeds.
const NOON: Millis = 1_771_243_205_000;
const SYMBOLS: &str = "AAPL,BTC/USD,EUR/USD";
/// A relay gives a lost link up, and dials again, within this time.
const DIALS_WITHIN: Millis = 90 * SECOND;
const MOST_DEEDS: usize = 300;

/// A relay in memory, and two viewers.
pub struct Relay {
    object: Object,
    now: Millis,
    viewers: Vec<(ClientId, Dialect)>,
    reader: Reader,
    /// The present link, if the hub has taken it.
    link: Option<LinkId>,
}

impl Relay {
    pub fn new() -> Self {
        let config = Config::from_vars(false, |name| (name == "SYMBOLS").then(|| SYMBOLS.to_owned()));
        let mut relay = Self {
            object: Object::new(config.unwrap().of_relay("weur/0".to_owned(), 8_000)),
            now: NOON,
            viewers: Vec::new(),
            reader: Reader::default(),
            link: None,
        };
        let began = relay.object.begin(7, NOON);
        relay.happen(began);
        for dialect in [Dialect::HamsterV1, Dialect::Plain] {
            let client = relay.object.admit(None, Standing::Anybody, NOON).unwrap();
            relay.viewers.push((client, dialect));
            relay.happen(Event::Joined(client, dialect, Carrier::WebSocket));
            let wish =
                json!({"action": "subscribe", "params": {"symbols": format!("{SYMBOLS},TSLA"), "interval_ms": 0}});
            relay.happen(Input::Said(client, wish.to_string()));
        }
        relay.wait(SECOND);
        relay
    }

    /// The hub says this, if there is a link.
    pub fn hears(&mut self, frame: &str) {
        if let Some(link) = self.link {
            self.happen(Input::Frame(link, frame.to_owned()));
        }
    }

    pub fn wait(&mut self, time: Millis) {
        let until = self.now + time;
        while let Some(at) = self.object.next_deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.object.wake(self.now);
            self.settles();
            let next = self.object.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a deadline that does not move");
        }
        self.now = until;
        // Pages acknowledge.
        if self.reader.unacknowledged && self.reader.is_placed {
            let (client, text) = (self.viewers[0].0, self.reader.acknowledgement());
            self.reader.unacknowledged = false;
            self.happen(Input::Said(client, text));
        }
    }

    /// The relay dials again, and a hub that speaks as documented has it live at once.
    pub fn heals(&mut self) {
        let mut waited = 0;
        if let Some(link) = self.link.take() {
            self.happen(Input::Lost(link, "the hub closed the link (1006)".to_owned()));
        }
        while self.link.is_none() {
            assert!(waited < DIALS_WITHIN, "the relay does not dial");
            self.wait(SECOND);
            waited += SECOND;
        }
        let feed = json!({"state": "live", "since": "2026-02-16T12:00:05.000Z", "reason": "ticks are arriving"});
        let snapshot = json!({"event": "snapshot", "epoch": 9_007_199_254_740_991_u64, "stream": 1, "seq": 1,
            "base": self.now, "recovered": false, "missed": 0, "simulated": false, "feed": feed, "symbols": []});
        self.hears(&snapshot.to_string());
        assert_eq!(self.object.machine().unwrap().feed_state(), FeedState::Live);
    }

    fn happen(&mut self, event: impl Into<Event>) {
        self.object.happen(event, self.now);
        self.settles();
    }

    fn settles(&mut self) {
        let mut deeds = 0;
        loop {
            for deed in self.object.platform.take_deeds() {
                deeds += 1;
                self.does(deed);
            }
            if let Some((promise, how)) = self.object.platform.complaint.take() {
                panic!("{promise}: {how}");
            }
            if !self.object.comes_round(self.now) {
                break;
            }
        }
        assert!(deeds <= MOST_DEEDS, "{deeds} effects of one event");
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::OpenUpstream(link) => {
                assert_eq!(self.link, None, "a second link");
                self.link = Some(link);
                self.object.happen(Input::Opened(link), self.now);
            }
            Deed::CloseUpstream(_) => self.link = None,
            Deed::SendUpstream(_, frame) => {
                let said: Value = serde_json::from_str(&frame).expect("JSON to the hub");
                assert!(said["action"].is_string(), "{frame}");
            }
            Deed::Tell(clients, frame) => self.is_told(&clients, &frame),
            Deed::Fetch(_, call) => panic!("a relay makes no calls: {call:?}"),
            Deed::Write(row) => panic!("a relay stores nothing: {row:?}"),
            Deed::Close(client, code) => panic!("{client:?} is closed with {code}"),
            Deed::Remember(_) | Deed::Keep(_) | Deed::Answer(..) | Deed::Log(_) => {}
        }
    }

    fn is_told(&mut self, clients: &[ClientId], frame: &str) {
        for (client, dialect) in self.viewers.iter().filter(|(client, _)| clients.contains(client)) {
            match dialect {
                Dialect::HamsterV1 => {
                    let news = self.reader.hear(frame);
                    let news = news.unwrap_or_else(|fault| panic!("{client:?} cannot read {frame}: {fault:?}"));
                    for symbol in news.symbols.iter().filter_map(|number| self.reader.symbol(*number)) {
                        assert!(symbol.price().is_none_or(f64::is_finite), "{symbol:?}");
                    }
                }
                _ => {
                    let said: Value = serde_json::from_str(frame).expect("JSON to a client");
                    assert!(said["event"].is_string(), "{frame}");
                }
            }
        }
    }
}

/// What the reader alone makes of frames.
pub fn read<'a>(frames: impl Iterator<Item = &'a str>) {
    let mut reader = hub::Reader::default();
    for frame in frames {
        match reader.read(frame) {
            Ok(told) => {
                for told in told {
                    if let Told::Quote(quoted) = told {
                        let price = quoted.cell.quote.map_or(0.0, |quote| quote.price);
                        assert!(price.is_finite(), "{price}");
                    }
                }
            }
            Err(_) => reader.lost(),
        }
    }
}
