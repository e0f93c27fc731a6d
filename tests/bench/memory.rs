//! How much of the hub's own memory a client of `hamster.v1` takes, at 10,000 clients:
//! `npm run bench:memory`.
//!
//! An allocator counts what the driver and its machine hold before the clients come and after some
//! thousand ticks. The same program is compiled natively, where a pointer takes twice the room that
//! it takes in the worker, and for WebAssembly, where the size of the memory itself can be read.
//! Sockets are not included: they belong to workerd. For the same reason the platform here is not
//! that of `tests/kit`, which stores attachments and groups; this one stores only numbers.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
// A global allocator is unsafe to implement, and so are calls to the host of a bare WebAssembly
// module.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hamster_terminal::access::Standing;
use hamster_terminal::dialect::message::Token;
use hamster_terminal::dialect::{Dialect, MOST_SYMBOLS_PER_CLIENT};
use hamster_terminal::driver::{Driver, Event, Platform, SharedBreaker, Wakeup};
use hamster_terminal::hub::{
    Answer, Carrier, ChannelId, ClientId, Config, Group, Input, Kept, LinkId, RequestId, Row, Span, Stored, WaiterId,
    Write,
};
use hamster_terminal::market::{DAY, Millis, SECOND};
use hamster_terminal::provider::Call;
use serde_json::{Value, json};

const CLIENTS: u32 = 10_000;
const SYMBOLS: u32 = 100;
const SYMBOLS_PER_CLIENT: usize = 8;
/// Enough to fill the resume log of every channel.
const TICKS: u32 = 6_000;
/// Virtual milliseconds between two ticks.
const STEP: Millis = 50;
/// Noon of some day.
const BEGIN: Millis = 1_768_824_000_000;
/// How often clients acknowledge: a single one, and one of many.
const ACKNOWLEDGE_EVERY: [Millis; 2] = [SECOND, 10 * SECOND];

static HELD: AtomicUsize = AtomicUsize::new(0);
static PIECES: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does the work; only counters are added.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(held, Relaxed);
        PIECES.fetch_add(1, Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        PIECES.fetch_sub(1, Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(piece, layout) }
    }
}

/// Which symbols the clients watch.
#[derive(Clone, Copy)]
enum Choice {
    Same,
    Different,
}

impl Choice {
    /// The symbols of a client. Where clients differ, four of the symbols spell the digits of the
    /// client's number, so no two clients have the same set.
    fn of(self, client: u32) -> Vec<String> {
        let count = SYMBOLS_PER_CLIENT as u32;
        let numbers: Vec<u32> = match self {
            Self::Same => (0..count).collect(),
            Self::Different => {
                let digits = (0..4).map(|place| place * 10 + client / 10_u32.pow(place) % 10);
                let others = (0..count - 4).map(|place| 40 + (client * 7 + place * 15) % 60);
                digits.chain(others).collect()
            }
        };
        numbers.into_iter().map(symbol).collect()
    }
}

fn symbol(number: u32) -> String {
    format!("S{number:03}")
}

/// A hub, and as much of the world as it needs.
struct World {
    hub: Driver,
    outside: Outside,
    now: Millis,
    /// The clients' ids, in the order in which they joined.
    clients: Vec<ClientId>,
}

/// The platform, and the world outside it.
struct Outside {
    link: LinkId,
    /// The channel of each client, by its number.
    streams: Vec<ChannelId>,
    /// The newest delta of each channel.
    seqs: Vec<u64>,
    deltas: u64,
    /// Rows of bars that were stored.
    rows: usize,
    /// Bytes of the newest snapshot.
    snapshot: usize,
    /// Events that occurred while the driver was working.
    events: Vec<Event>,
    /// When the alarm and the newest timer fire.
    alarm: Option<Millis>,
    timer: Option<(Millis, Wakeup)>,
    now: Millis,
}

impl World {
    /// A live hub that tracks all symbols, with one client that watches them: the baseline before
    /// the others join.
    fn new() -> Self {
        let mut world = Self::of(SYMBOLS);
        let all: Vec<String> = (0..SYMBOLS).map(symbol).collect();
        world.join(&all);
        world.tick(2 * SYMBOLS, ACKNOWLEDGE_EVERY[0]);
        world
    }

    /// A hub that may track as many symbols.
    fn of(symbols: u32) -> Self {
        let config = Config::from_vars(false, |name| match name {
            "EXTRA_SYMBOLS" | "SYMBOL_LIMIT" => Some(symbols.to_string()),
            _ => None,
        });
        let config = config.expect("good vars");
        let breaker = SharedBreaker::default();
        Self {
            hub: Driver::new(config, breaker, |_| Stored::default(), 1, BEGIN),
            outside: Outside {
                link: LinkId(0),
                streams: vec![ChannelId(0); CLIENTS as usize + 2],
                seqs: vec![0; 2 * CLIENTS as usize],
                deltas: 0,
                rows: 0,
                snapshot: 0,
                events: Vec::new(),
                alarm: None,
                timer: None,
                now: BEGIN,
            },
            now: BEGIN,
            clients: Vec::with_capacity(CLIENTS as usize + 1),
        }
    }

    fn join(&mut self, symbols: &[String]) {
        let client = self
            .hub
            .admit(Some(&address(self.clients.len())), Standing::Anybody, self.now);
        let client = client.expect("there is room");
        self.clients.push(client);
        self.handle(Event::Joined(client, Dialect::HamsterV1, Carrier::WebSocket));
        let subscribe = json!({"action": "subscribe", "params": {"symbols": symbols}});
        self.handle(Input::Said(client, subscribe.to_string()));
    }

    /// Upstream sends ticks for one symbol after the other.
    fn tick(&mut self, ticks: u32, acknowledge_every: Millis) {
        self.trade(SYMBOLS, ticks, STEP, acknowledge_every);
    }

    /// As [`World::tick`], for so many symbols, with a tick every `step` milliseconds.
    fn trade(&mut self, symbols: u32, ticks: u32, step: Millis, acknowledge_every: Millis) {
        for number in 0..ticks {
            self.now += step;
            let price = 100.0 + f64::from(number % 977) / 100.0;
            let frame = json!({"event": "price", "symbol": symbol(number % symbols), "price": price, "bid": price - 0.01,
                "ask": price + 0.02, "day_volume": number, "timestamp": self.now / SECOND});
            self.handle(Input::Frame(self.outside.link, frame.to_string()));
            if self.now % acknowledge_every < step {
                self.acknowledge();
            }
            if self.outside.alarm.take_if(|at| *at <= self.now).is_some() {
                self.handle(Event::AlarmFired);
            }
            if let Some((_, wakeup)) = self.outside.timer.take_if(|(at, _)| *at <= self.now) {
                self.handle(Event::Woke(wakeup));
            }
        }
    }

    fn acknowledge(&mut self) {
        for number in 0..self.clients.len() {
            let client = self.clients[number];
            let stream = self.outside.streams[client.0 as usize];
            let seq = self.outside.seqs[stream.0 as usize];
            if seq > 0 {
                let ack = json!({"action": "ack", "stream": stream.0, "seq": seq}).to_string();
                self.handle(Input::Said(client, ack));
            }
        }
    }

    fn handle(&mut self, event: impl Into<Event>) {
        self.outside.now = self.now;
        let mut next = Some(event.into());
        while let Some(event) = next {
            self.hub.handle(event, self.now, &mut self.outside);
            next = self.outside.events.pop();
        }
    }
}

/// A distinct address for every client.
fn address(number: usize) -> String {
    format!("2001:db8:{number:x}::1")
}

impl Outside {
    fn happens(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }
}

impl Platform for Outside {
    fn open_upstream(&mut self, link: LinkId) {
        self.link = link;
        self.happens(Input::Opened(link));
    }

    fn send_upstream(&mut self, link: LinkId, frame: &str) {
        let wish: Value = serde_json::from_str(frame).expect("JSON");
        let symbols = wish["params"]["symbols"].as_str().unwrap_or_default();
        let success: Vec<Value> = symbols.split(',').map(|symbol| json!({"symbol": symbol})).collect();
        let answer = json!({"event": "subscribe-status", "status": "ok", "success": success, "fails": []});
        self.happens(Input::Frame(link, answer.to_string()));
    }

    fn close_upstream(&mut self, _link: LinkId) {}

    fn fetch(&mut self, request: RequestId, _call: &Call) {
        self.happens(Input::FetchFailed(request, "no REST here".to_owned()));
    }

    fn send(&mut self, _client: ClientId, frame: &str) {
        if frame.starts_with(r#"{"event":"snapshot""#) {
            let snapshot: Value = serde_json::from_str(frame).expect("JSON");
            let number = |name: &str| snapshot[name].as_u64().expect("a number");
            self.seqs[number("stream") as usize] = number("seq");
            self.snapshot = frame.len();
        }
    }

    fn broadcast(&mut self, group: Group, frame: &str) {
        if let Group::Channel(stream) = group {
            let seq = frame.split(',').nth(1).and_then(|seq| seq.parse().ok());
            self.seqs[stream.0 as usize] = seq.expect("a delta");
            self.deltas += 1;
        }
    }

    fn enroll(&mut self, client: ClientId, group: Group) {
        if let Group::Channel(stream) = group {
            self.streams[client.0 as usize] = stream;
        }
    }

    fn dismiss(&mut self, _client: ClientId, _group: Group) {}

    fn remember(&mut self, _client: ClientId, _record: &str) {}

    fn authenticate(&mut self, client: ClientId, _token: Token) {
        panic!("client {} shows a token", client.0);
    }

    fn close_client(&mut self, client: ClientId, _code: u16, reason: &str) {
        panic!("client {} was closed: {reason}", client.0);
    }

    fn write_row(&mut self, _row: Row, _body: String, write: Write) -> Result<(), String> {
        self.happens(Event::Committed(write));
        Ok(())
    }

    fn load_rows(&mut self, _span: &Span) -> Vec<(Millis, String)> {
        Vec::new()
    }

    fn keep_rows(&mut self, rows: Vec<Kept>, write: Write) -> Result<(), String> {
        self.rows += rows.len();
        self.happens(Event::Committed(write));
        Ok(())
    }

    fn drop_rows(&mut self, _now: Millis, write: Write) -> Result<(), String> {
        self.happens(Event::Committed(write));
        Ok(())
    }

    fn set_alarm(&mut self, at: Millis, write: Write) {
        self.alarm = Some(at);
        self.happens(Event::Committed(write));
    }

    fn wake_after(&mut self, wait: Millis, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Deadline(_) => self.timer = Some((self.now + wait, wakeup)),
            _ => self.happens(Event::Woke(wakeup)),
        }
    }

    fn cancel_timer(&mut self) {
        self.timer = None;
    }

    fn answer(&mut self, _waiter: WaiterId, _answer: Answer) {}

    fn leave_pings(&mut self, _to_the_platform: bool) -> bool {
        true
    }

    fn log(&mut self, _line: &str) {}
}

fn measure(title: &str, choice: Choice) {
    let mut world = World::new();
    let (held, pieces) = (HELD.load(Relaxed), PIECES.load(Relaxed));
    MOST.store(held, Relaxed);
    let memory = memory_size();
    for client in 0..CLIENTS {
        world.join(&choice.of(client));
    }
    let joined = HELD.load(Relaxed) - held;
    world.tick(TICKS, ACKNOWLEDGE_EVERY[1]);
    let each = |bytes: usize| bytes / CLIENTS as usize;
    let streams: std::collections::BTreeSet<u32> = world.outside.streams.iter().map(|stream| stream.0).collect();
    say(&format!(
        "{title}: {} streams, {} deltas made; bytes per client: {} when joined, {} after {TICKS} ticks in {:.1} pieces, {} at most{}",
        // Without the channel of the first client, and without number 0, which nobody has.
        streams.len() - 2,
        world.outside.deltas,
        each(joined),
        each(HELD.load(Relaxed) - held),
        (PIECES.load(Relaxed) - pieces) as f64 / f64::from(CLIENTS),
        each(MOST.load(Relaxed) - held),
        match memory_size().checked_sub(memory) {
            Some(0) | None => String::new(),
            Some(grown) => format!("; the memory grew by {}", each(grown)),
        },
    ));
}

/// A day of ticks of so many symbols, each with one every ten seconds: what their bars take.
fn remember(symbols: u32) {
    let mut world = World::of(symbols);
    let all: Vec<String> = (0..symbols).map(symbol).collect();
    all.chunks(MOST_SYMBOLS_PER_CLIENT).for_each(|some| world.join(some));
    let step = 10 * SECOND / Millis::from(symbols);
    world.trade(symbols, 2 * symbols, step, ACKNOWLEDGE_EVERY[0]);
    let held = HELD.load(Relaxed);
    MOST.store(held, Relaxed);
    let rows = world.outside.rows;
    world.trade(symbols, (DAY / step) as u32, step, ACKNOWLEDGE_EVERY[0]);
    let kib = |bytes: usize| bytes / 1024;
    let (after, most) = (HELD.load(Relaxed), MOST.load(Relaxed));
    let few = all.iter().take(SYMBOLS_PER_CLIENT);
    world.join(&few.cloned().collect::<Vec<_>>());
    say(&format!(
        "a day of bars of {symbols} symbols: {} KiB held, {} at most; {} rows stored; a snapshot of {SYMBOLS_PER_CLIENT} symbols has {} bytes",
        kib(after.saturating_sub(held)),
        kib(most - held),
        world.outside.rows - rows,
        world.outside.snapshot,
    ));
}

fn main() {
    std::panic::set_hook(Box::new(|panic| say(&panic.to_string())));
    say(&format!(
        "{CLIENTS} clients of hamster.v1, {SYMBOLS_PER_CLIENT} of {SYMBOLS} symbols each, pointers of {} bits",
        usize::BITS
    ));
    measure("the same symbols", Choice::Same);
    measure("different symbols", Choice::Different);
    [8, 200, 250].into_iter().for_each(remember);
}

#[cfg(not(target_arch = "wasm32"))]
fn say(line: &str) {
    println!("{line}");
}

/// Unknown when native: the allocator keeps freed memory, and shares it with the rest of the
/// program.
#[cfg(not(target_arch = "wasm32"))]
fn memory_size() -> usize {
    0
}

#[cfg(target_arch = "wasm32")]
fn say(line: &str) {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        fn say(text: *const u8, length: usize);
    }
    // SAFETY: the host reads this many bytes and keeps none.
    unsafe { say(line.as_ptr(), line.len()) }
}

#[cfg(target_arch = "wasm32")]
fn memory_size() -> usize {
    core::arch::wasm32::memory_size(0) * 65_536
}
