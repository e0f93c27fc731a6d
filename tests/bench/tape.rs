//! The tape: which symbol ticks when, at which price and volume. It is generated from a seed, so
//! every system gets the same one, and clients' values are checked against it: a price that does
//! not belong to its tick is an error.
//!
//! In each round every symbol ticks once, in an order that changes from round to round. Rounds 0
//! and 1 are played before a load begins, so that every system holds every symbol. A tick is
//! recognised by its day's volume, which rises by about 100 from tick to tick and so identifies the
//! round.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The symbols of an unconfigured terminal come first.
const NAMED: [&str; 8] = [
    "BTC/USD", "ETH/USD", "AAPL", "MSFT", "NVDA", "SPY", "EUR/USD", "GBP/USD",
];
const SEED: u64 = 20_260_119;
/// The number of different orders of a round.
const ORDERS: usize = 16;
/// The mean volume between two ticks of a symbol.
const LOT: u64 = 100;

/// The tape, and when each of its ticks was offered.
pub struct Tape {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The symbols of a round in their order, and the position of each symbol in it.
    orders: Vec<(Vec<usize>, Vec<usize>)>,
    /// Prices in cents, by tick.
    prices: Vec<u32>,
    /// What the volume has beyond its hundreds, by tick.
    odd_lots: Vec<u8>,
    /// When each tick was offered, in nanoseconds after `origin`; 0 if not yet. Written by the
    /// source, read by the clients.
    offered: Vec<AtomicU64>,
    /// The zero of all times in a run.
    origin: Instant,
}

/// One tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The symbol's index.
    pub symbol: usize,
    /// The price in cents.
    pub price: u32,
    /// The day's volume so far.
    pub volume: u64,
}

impl Tape {
    /// A tape with this many symbols, and at least this many ticks after rounds 0 and 1.
    pub fn new(symbols: usize, ticks: usize) -> Tape {
        let mut random = fastrand::Rng::with_seed(SEED);
        let names: Vec<String> = (0..symbols)
            .map(|number| {
                NAMED
                    .get(number)
                    .map_or_else(|| format!("T{number:03}"), |name| (*name).to_owned())
            })
            .collect();
        let orders: Vec<(Vec<usize>, Vec<usize>)> = (0..ORDERS)
            .map(|_| {
                let mut order: Vec<usize> = (0..symbols).collect();
                random.shuffle(&mut order);
                let mut places = vec![0; symbols];
                for (place, symbol) in order.iter().enumerate() {
                    places[*symbol] = place;
                }
                (order, places)
            })
            .collect();
        let mut present: Vec<u32> = (0..symbols).map(|_| random.u32(10_000..100_000)).collect();
        let rounds = ticks.div_ceil(symbols) + 2;
        let mut prices = Vec::with_capacity(rounds * symbols);
        for round in 0..rounds {
            for symbol in &orders[round % ORDERS].0 {
                // A random walk of up to 12 cents a step that stays above one dollar.
                let price = &mut present[*symbol];
                *price = price.saturating_add_signed(random.i32(-12..=12)).max(100);
                prices.push(*price);
            }
        }
        Tape {
            numbers: names.iter().cloned().zip(0..).collect(),
            names,
            orders,
            odd_lots: prices.iter().map(|_| random.u8(0..LOT as u8)).collect(),
            offered: prices.iter().map(|_| AtomicU64::new(0)).collect(),
            prices,
            origin: Instant::now(),
        }
    }

    /// How many symbols there are.
    pub fn symbols(&self) -> usize {
        self.names.len()
    }

    /// How many ticks there are, including those before a load.
    pub fn ticks(&self) -> usize {
        self.prices.len()
    }

    /// All symbols, separated by commas, for subscribe messages.
    pub fn list(&self) -> String {
        self.names.join(",")
    }

    /// The name of a symbol.
    pub fn name(&self, symbol: usize) -> &str {
        &self.names[symbol]
    }

    /// The symbol of this name.
    pub fn symbol(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The tick at an index of the tape.
    pub fn tick(&self, number: usize) -> Tick {
        let (round, place) = (number / self.symbols(), number % self.symbols());
        Tick {
            symbol: self.orders[round % ORDERS].0[place],
            price: self.prices[number],
            volume: self.volume(number),
        }
    }

    /// The round in which `symbol` had this volume and this price; `None` if it never did.
    pub fn round(&self, symbol: usize, volume: u64, price: u32) -> Option<u32> {
        let round = (volume / LOT).checked_sub(base_lots(symbol))? as usize;
        let number = self.number(symbol, round);
        let is_of_the_tape = number < self.ticks() && self.volume(number) == volume && self.prices[number] == price;
        is_of_the_tape.then_some(round as u32)
    }

    /// The index of a symbol's tick in a round.
    pub fn number(&self, symbol: usize, round: usize) -> usize {
        round * self.symbols() + self.orders[round % ORDERS].1[symbol]
    }

    /// Time since the start of the run.
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Records that a tick is offered now.
    pub fn offer(&self, number: usize) {
        self.offered[number].store(self.now().as_nanos() as u64, Ordering::Relaxed);
    }

    /// When a tick was offered; `None` if not yet.
    pub fn offered(&self, number: usize) -> Option<Duration> {
        let nanoseconds = self.offered[number].load(Ordering::Relaxed);
        (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
    }

    fn volume(&self, number: usize) -> u64 {
        let (round, place) = (number / self.symbols(), number % self.symbols());
        let symbol = self.orders[round % ORDERS].0[place];
        (base_lots(symbol) + round as u64) * LOT + u64::from(self.odd_lots[number])
    }
}

/// The volume before the tape begins, in lots.
fn base_lots(symbol: usize) -> u64 {
    1_000 + 37 * symbol as u64
}
