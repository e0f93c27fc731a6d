//! What a client of `hamster.v1` costs in the hub's own memory, at 10,000 clients: `npm run bench:memory`.
//!
//! An allocator counts what the machine holds before they come and after some thousand ticks. The same program is compiled natively, where a
//! pointer takes twice the room that it takes in the worker, and for WebAssembly, where the memory itself can be looked at. Sockets
//! are not in it: they belong to workerd.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
// A global allocator is unsafe to implement, and so is talking to the host of a bare WebAssembly module.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hamster_terminal::dialect::Dialect;
use hamster_terminal::hub::{ChannelId, ClientId, Config, Effect, Group, Input, LinkId, Machine, Stored};
use hamster_terminal::market::{Millis, SECOND};
use serde_json::{Value, json};

const CLIENTS: u32 = 10_000;
const SYMBOLS: u32 = 100;
const SYMBOLS_PER_CLIENT: usize = 8;
/// Enough for every stream to keep as many marks as it ever does.
const TICKS: u32 = 6_000;
/// Virtual milliseconds between two ticks.
const STEP: Millis = 50;
/// A noon.
const BEGIN: Millis = 1_768_824_000_000;
/// How often clients acknowledge: one by itself, and one of so many.
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
    /// The symbols of a client. Where they differ, four of them spell the client's number by its digits: no two clients
    /// have the same.
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

/// A machine, and as much of the world as it needs.
struct World {
    hub: Machine,
    link: LinkId,
    now: Millis,
    /// Of each client.
    streams: Vec<ChannelId>,
    /// The newest delta of each stream.
    seqs: Vec<u64>,
    deltas: u64,
}

impl World {
    /// A live hub that tracks all symbols, with one client that watches them: what is there before the others come.
    fn new() -> Self {
        let config = Config::from_vars(false, |name| match name {
            "EXTRA_SYMBOLS" | "SYMBOL_LIMIT" => Some(SYMBOLS.to_string()),
            _ => None,
        });
        let mut world = Self {
            hub: Machine::new(config.expect("good vars"), &Stored::default(), 1, BEGIN),
            link: LinkId(0),
            now: BEGIN,
            streams: vec![ChannelId(0); CLIENTS as usize + 1],
            seqs: vec![0; 2 * CLIENTS as usize],
            deltas: 0,
        };
        let all: Vec<String> = (0..SYMBOLS).map(symbol).collect();
        world.join(CLIENTS, &all);
        world.tick(2 * SYMBOLS, ACKNOWLEDGE_EVERY[0]);
        world
    }

    fn join(&mut self, client: u32, symbols: &[String]) {
        let client = ClientId(client);
        self.handle(Input::joined(client, Dialect::HamsterV1));
        let subscribe = json!({"action": "subscribe", "params": {"symbols": symbols}});
        self.handle(Input::Said(client, subscribe.to_string()));
    }

    /// Upstream ticks, one symbol after the other.
    fn tick(&mut self, ticks: u32, acknowledge_every: Millis) {
        for number in 0..ticks {
            self.now += STEP;
            let price = 100.0 + f64::from(number % 977) / 100.0;
            let frame = json!({"event": "price", "symbol": symbol(number % SYMBOLS), "price": price, "bid": price - 0.01,
                "ask": price + 0.02, "day_volume": number, "timestamp": self.now / SECOND});
            self.handle(Input::Frame(self.link, frame.to_string()));
            if self.now % acknowledge_every < STEP {
                self.acknowledge();
            }
            let due = [self.hub.timer_at(), self.hub.alarm_at()];
            if due.into_iter().flatten().any(|at| at <= self.now) {
                self.handle(Input::Time);
            }
        }
    }

    fn acknowledge(&mut self) {
        for client in 0..self.streams.len() {
            let stream = self.streams[client];
            let seq = self.seqs[stream.0 as usize];
            if seq > 0 {
                let ack = json!({"action": "ack", "stream": stream.0, "seq": seq}).to_string();
                self.handle(Input::Said(ClientId(client as u32), ack));
            }
        }
    }

    fn handle(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.hub.handle(input, self.now);
            while let Some(effect) = self.hub.next_effect() {
                inputs.extend(self.carry_out(effect));
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::OpenUpstream { link } => {
                self.link = link;
                Some(Input::Opened(link))
            }
            Effect::SendUpstream { link, frame } => {
                let wish: Value = serde_json::from_str(&frame).expect("JSON");
                let symbols = wish["params"]["symbols"].as_str().unwrap_or_default();
                let success: Vec<Value> = symbols.split(',').map(|symbol| json!({"symbol": symbol})).collect();
                let answer = json!({"event": "subscribe-status", "status": "ok", "success": success, "fails": []});
                Some(Input::Frame(link, answer.to_string()))
            }
            Effect::Fetch { request, .. } => Some(Input::FetchFailed(request, "no REST here".to_owned())),
            Effect::Enroll {
                client,
                group: Group::Channel(stream),
            } => {
                self.streams[client.0 as usize] = stream;
                None
            }
            Effect::Send { frame, .. } if frame.starts_with(r#"{"event":"snapshot""#) => {
                let snapshot: Value = serde_json::from_str(&frame).expect("JSON");
                let number = |name: &str| snapshot[name].as_u64().expect("a number");
                self.seqs[number("stream") as usize] = number("seq");
                None
            }
            Effect::Broadcast {
                group: Group::Channel(stream),
                frame,
            } => {
                let seq = frame.split(',').nth(1).and_then(|seq| seq.parse().ok());
                self.seqs[stream.0 as usize] = seq.expect("a delta");
                self.deltas += 1;
                None
            }
            Effect::CloseClient { client, reason, .. } => panic!("client {} was closed: {reason}", client.0),
            Effect::Pulse => Some(Input::Pulse),
            _ => None,
        }
    }
}

fn measure(title: &str, choice: Choice) {
    let mut world = World::new();
    let (held, pieces) = (HELD.load(Relaxed), PIECES.load(Relaxed));
    MOST.store(held, Relaxed);
    let memory = memory_size();
    for client in 0..CLIENTS {
        world.join(client, &choice.of(client));
    }
    let joined = HELD.load(Relaxed) - held;
    world.tick(TICKS, ACKNOWLEDGE_EVERY[1]);
    let each = |bytes: usize| bytes / CLIENTS as usize;
    let streams: std::collections::BTreeSet<u32> = world.streams.iter().map(|stream| stream.0).collect();
    say(&format!(
        "{title}: {} streams, {} deltas made; bytes per client: {} when joined, {} after {TICKS} ticks in {:.1} pieces, {} at most{}",
        streams.len() - 1,
        world.deltas,
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

fn main() {
    std::panic::set_hook(Box::new(|panic| say(&panic.to_string())));
    say(&format!(
        "{CLIENTS} clients of hamster.v1, {SYMBOLS_PER_CLIENT} of {SYMBOLS} symbols each, pointers of {} bits",
        usize::BITS
    ));
    measure("the same symbols", Choice::Same);
    measure("different symbols", Choice::Different);
}

#[cfg(not(target_arch = "wasm32"))]
fn say(line: &str) {
    println!("{line}");
}

/// Natively nothing can be told: the allocator keeps what it once had, and shares it with everything else.
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
    // SAFETY: the host reads so many bytes, and keeps none.
    unsafe { say(line.as_ptr(), line.len()) }
}

#[cfg(target_arch = "wasm32")]
fn memory_size() -> usize {
    core::arch::wasm32::memory_size(0) * 65_536
}
