//! Conflation: changes wait here, the latest of each symbol, until they may be sent.
//!
//! Under little load they are sent at once. But sending dominates the cost: a loop over a thousand
//! sockets occupies the event loop for tens of milliseconds. So each flush closes a gate and asks
//! for a pulse, which arrives after a turn of the event loop: by then the frames are on their way,
//! and provider frames that waited have been read. Only then does the next flush send the newest
//! value of each symbol. Under overload this sends as many frames as the machine can, each as fresh
//! as possible. A flush covers the due shards of `hamster.v1` and a plain symbol's watchers up to a
//! limit each, so neither dialect waits for the other.
//!
//! Plain-JSON clients do not acknowledge, so a slow one cannot be detected. Instead, the updates of
//! a symbol per second are capped.

use super::channels::Channels;
use super::flow_control::PLAIN_SWEEP;
use super::{Config, Delivery, Effect, Group, QuoteShard, Stage, SymbolId};
use crate::dialect::{Dialect, QuoteView, WRITE};
use crate::market::{Millis, SECOND};
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A pulse that takes longer than this counts as lost.
const LOST_PULSE: Millis = SECOND;

#[derive(Debug)]
pub struct Conflation {
    /// The channels of `hamster.v1` clients.
    pub channels: Channels,
    plain: HashMap<(SymbolId, QuoteShard), PlainLine>,
    /// Symbols whose newest quote a shard of plain clients has not been sent.
    queue: VecDeque<(SymbolId, QuoteShard)>,
    /// Shards of clients that are sent whole quotes.
    shards: Vec<Shard>,
    /// Most clients of a shard.
    room: u32,
    /// Least time between two updates of a symbol.
    plain_interval: Millis,
    /// Writes per flush and dialect. The rest waits for the next event-loop turn, so one flush never
    /// blocks the loop and neither dialect starves the other.
    most: u64,
    /// When the gate was closed; `None` while it is open.
    closed: Option<Millis>,
    /// When to check how much plain clients were sent.
    pub unproven_sweep_at: Option<Millis>,
}

/// One symbol in one shard of plain clients.
#[derive(Debug, Default)]
struct PlainLine {
    watchers: u32,
    sent: Option<Millis>,
    queued: bool,
    /// The revision of the book before the first change that is queued.
    queued_after: u64,
    /// A hash of the last quote that all watchers were sent; `None` if one may hold another.
    last: Option<u64>,
    /// Bytes sent to each watcher since the last check.
    bytes: u64,
}

/// Clients of one dialect that one flush sends whole quotes.
#[derive(Debug)]
struct Shard {
    dialect: Dialect,
    members: u32,
}

impl Conflation {
    #[must_use]
    pub fn new(channels: Channels, config: &Config) -> Self {
        Self {
            channels,
            plain: HashMap::new(),
            queue: VecDeque::new(),
            shards: Vec::new(),
            room: config.shard,
            plain_interval: config.plain_interval,
            most: u64::from(config.shard),
            closed: None,
            unproven_sweep_at: None,
        }
    }

    /// A symbol has a new quote, after this revision of the book: queue it for every shard of plain
    /// clients that watches it.
    pub fn changed(&mut self, symbol: SymbolId, after: u64) {
        for key in self.all_shards().map(|shard| (symbol, shard)) {
            if let Some(line) = self.plain.get_mut(&key).filter(|line| !line.queued) {
                line.queued = true;
                line.queued_after = after;
                self.queue.push_back(key);
            }
        }
    }

    /// Adds a client that is sent whole quotes; returns its shard.
    pub fn join(&mut self, dialect: Dialect) -> QuoteShard {
        let has_room = |shard: &Shard| shard.dialect == dialect && shard.members < self.room;
        let at = self.shards.iter().position(has_room).unwrap_or_else(|| {
            self.shards.push(Shard { dialect, members: 0 });
            self.shards.len() - 1
        });
        if let Some(shard) = self.shards.get_mut(at) {
            shard.members += 1;
        }
        QuoteShard(at as u32)
    }

    pub fn leave(&mut self, shard: QuoteShard) {
        if let Some(shard) = self.shards.get_mut(shard.0 as usize) {
            shard.members = shard.members.saturating_sub(1);
        }
    }

    /// The dialect of a shard's clients.
    #[must_use]
    pub fn dialect(&self, shard: QuoteShard) -> Dialect {
        let shard = self.shards.get(shard.0 as usize);
        shard.map_or_else(Dialect::default, |shard| shard.dialect)
    }

    /// The shards of a dialect's clients.
    pub fn shards_of(&self, dialect: Dialect) -> impl Iterator<Item = QuoteShard> {
        let shards = self.shards.iter().enumerate();
        let shards = shards.filter(move |(_, shard)| shard.dialect == dialect);
        shards.map(|(at, _)| QuoteShard(at as u32))
    }

    fn all_shards(&self) -> impl Iterator<Item = QuoteShard> + use<> {
        (0..self.shards.len() as u32).map(QuoteShard)
    }

    pub fn watch(&mut self, symbol: SymbolId, shard: QuoteShard) {
        self.plain.entry((symbol, shard)).or_default().watchers += 1;
    }

    pub fn unwatch(&mut self, symbol: SymbolId, shard: QuoteShard) {
        let key = (symbol, shard);
        if let Some(line) = self.plain.get_mut(&key) {
            line.watchers = line.watchers.saturating_sub(1);
            if line.watchers == 0 {
                self.plain.remove(&key);
                self.queue.retain(|queued| *queued != key);
            }
        }
    }

    /// Shards of plain clients that watch a symbol, each with the number of watchers.
    pub fn plain_watchers(&self, symbol: SymbolId) -> impl Iterator<Item = (QuoteShard, u32)> {
        let quote_shards = self.all_shards();
        quote_shards.filter_map(move |shard| Some((shard, self.plain.get(&(symbol, shard))?.watchers)))
    }

    /// Bytes that each watcher of a symbol was sent since the last call, by symbol and shard.
    pub fn take_plain_bytes(&mut self) -> HashMap<(SymbolId, QuoteShard), u64> {
        let lines = self
            .plain
            .iter_mut()
            .map(|(key, line)| (*key, std::mem::take(&mut line.bytes)));
        lines.filter(|(_, bytes)| *bytes > 0).collect()
    }

    /// Counts a frame that all watchers of a line are sent.
    pub fn count_bytes(&mut self, key: (SymbolId, QuoteShard), bytes: usize, now: Millis) {
        if let Some(line) = self.plain.get_mut(&key) {
            line.bytes += bytes as u64;
            self.unproven_sweep_at.get_or_insert(now + PLAIN_SWEEP);
        }
    }

    /// When something is due that no input will trigger.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let plain = self.queue.iter().filter_map(|line| self.plain_due_at(*line));
        let pending = plain.chain(self.channels.deadline()).min()?;
        Some(match self.closed {
            Some(closed) => pending.max(closed + LOST_PULSE),
            None => pending,
        })
    }

    /// The event loop has turned: opens the gate.
    pub fn pulse(&mut self) {
        self.closed = None;
    }

    fn is_open(&self, now: Millis) -> bool {
        self.closed.is_none_or(|closed| now >= closed + LOST_PULSE)
    }

    /// The revision up to which the clients of a shard were sent every change, if all changes up to
    /// `seen` were queued.
    pub fn sent_up_to(&self, shard: QuoteShard, seen: u64) -> u64 {
        let lines = self.queue.iter().filter(|(_, of)| *of == shard);
        let waiting = lines.filter_map(|key| Some(self.plain.get(key)?.queued_after));
        waiting.min().map_or(seen, |after| after.min(seen))
    }

    /// Whether a line's watchers are to be sent this. Dialects that leave out what has changed would
    /// be told the same again.
    fn is_news(&mut self, key: (SymbolId, QuoteShard), quote: &str) -> bool {
        if !self.dialect(key.1).is_terse() {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        quote.hash(&mut hasher);
        let hash = Some(hasher.finish());
        self.plain
            .get_mut(&key)
            .is_none_or(|line| std::mem::replace(&mut line.last, hash) != hash)
    }

    /// One of a line's watchers was sent a quote alone.
    pub fn sent_alone(&mut self, key: (SymbolId, QuoteShard)) {
        if let Some(line) = self.plain.get_mut(&key) {
            line.last = None;
        }
    }

    /// Takes the first queued symbol that is due in a shard, with the number of watchers.
    fn next_plain(&mut self, now: Millis) -> Option<(SymbolId, QuoteShard, u32)> {
        let is_due = |line: &(SymbolId, QuoteShard)| self.plain_due_at(*line).is_some_and(|at| at <= now);
        let at = self.queue.iter().position(is_due)?;
        let (symbol, shard) = self.queue.remove(at)?;
        let line = self.plain.get_mut(&(symbol, shard))?;
        line.queued = false;
        line.sent = Some(now);
        Some((symbol, shard, line.watchers))
    }

    fn plain_due_at(&self, line: (SymbolId, QuoteShard)) -> Option<Millis> {
        let line = self.plain.get(&line)?;
        Some(line.sent.map_or(0, |sent| sent + self.plain_interval))
    }
}

impl Delivery {
    /// Sends what is due, if the gate is open.
    pub fn flush(&mut self, stage: &mut Stage<'_>) {
        let now = stage.now;
        if !self.conflation.is_open(now) {
            return;
        }
        let most = self.conflation.most;
        let book = stage.demand.book();
        let flushed = self.conflation.channels.flush(most, book, now, stage.effects);
        self.counts.updates += flushed.updates;
        if flushed.sends > 0 {
            self.watch_readers(now);
        }
        let (mut sends, mut cost) = (flushed.sends, 0);
        self.show_arrivals(flushed.arrivals, stage);
        while cost < most * WRITE
            && let Some((symbol, shard, watchers)) = self.conflation.next_plain(now)
        {
            if let Some(entry) = stage.demand.book().get(symbol) {
                let view = QuoteView::of(&entry.instrument, &entry.cell, stage.config.simulated);
                let dialect = self.conflation.dialect(shard);
                let quote = dialect.quote(&view);
                let Some(quote) = quote.filter(|quote| self.conflation.is_news((symbol, shard), quote)) else {
                    continue;
                };
                let position = dialect.dates_quotes().then(|| self.position_in(shard));
                let frame = dialect.frame(quote, position);
                self.conflation.count_bytes((symbol, shard), frame.len(), now);
                stage.effects.push(Effect::Broadcast {
                    group: Group::Symbol(symbol, shard),
                    frame,
                });
                sends += u64::from(watchers);
                cost += u64::from(watchers) * dialect.frame_cost();
                self.counts.updates += u64::from(watchers);
            }
        }
        self.counts.frames += sends;
        if sends > 0 {
            self.conflation.closed = Some(now);
            stage.effects.push(Effect::Pulse);
        }
    }
}
