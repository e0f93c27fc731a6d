//! Conflation: what changed waits here, the latest of each symbol, until it may be sent.
//!
//! With little load it may be sent at once. Sending is what costs, though: a loop over a thousand sockets keeps the event loop for tens of
//! milliseconds. So each flush closes a gate and asks for a pulse, which comes back when the event loop has come round: what was
//! sent is on its way, and upstream's frames that waited behind it have been read. Only then is the next flush made, with the newest value of
//! each symbol. That is all there is to it under overload: frames stay as many as the machine can send, and as new as it can make them.
//! A flush is a shard of `hamster.v1` clients and a symbol's plain watchers, no more, so that neither dialect waits for the other.
//!
//! Plain-JSON clients do not acknowledge, so nobody can tell that one is slow; they are capped instead, at so many updates of a symbol a second.

use super::channels::Channels;
use super::flow_control::PLAIN_SWEEP;
use super::{Config, Delivery, Effect, Group, QuoteShard, Stage, SymbolId};
use crate::dialect::{Dialect, QuoteView};
use crate::market::{Millis, SECOND};
use std::collections::{HashMap, VecDeque};

/// A pulse that takes longer than this is not waited for.
const LOST_PULSE: Millis = SECOND;

/// What waits to be sent.
#[derive(Debug)]
pub struct Conflation {
    /// To clients of `hamster.v1`.
    pub channels: Channels,
    plain: HashMap<(SymbolId, QuoteShard), PlainLine>,
    /// Symbols of which a shard has not heard the newest.
    queue: VecDeque<(SymbolId, QuoteShard)>,
    /// Clients that are sent whole quotes, some hundred in each shard.
    shards: Vec<Shard>,
    /// Clients that a shard has room for.
    room: u32,
    /// Between two updates of a symbol.
    plain_interval: Millis,
    /// Sends, to clients of each dialect, after which a flush leaves the rest to the next pulse. So nothing keeps the event loop for
    /// long, and neither dialect waits for the other.
    most: u64,
    /// Since when the gate is closed.
    closed: Option<Millis>,
    /// When to look how much plain clients were sent.
    pub unproven_sweep_at: Option<Millis>,
}

/// A symbol as a shard watches it.
#[derive(Debug, Default)]
struct PlainLine {
    watchers: u32,
    sent: Option<Millis>,
    queued: bool,
    /// Sent to each watcher since the last look.
    bytes: u64,
}

/// Clients of one dialect that are sent frames in one go.
#[derive(Debug)]
struct Shard {
    dialect: Dialect,
    members: u32,
}

impl Conflation {
    /// Nothing waits.
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

    /// A symbol has a new quote, which its plain watchers are to be told.
    pub fn changed(&mut self, symbol: SymbolId) {
        for key in self.all_shards().map(|shard| (symbol, shard)) {
            if let Some(line) = self.plain.get_mut(&key).filter(|line| !line.queued) {
                line.queued = true;
                self.queue.push_back(key);
            }
        }
    }

    /// A client came that is sent whole quotes: the shard that it joins.
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

    /// It left.
    pub fn leave(&mut self, shard: QuoteShard) {
        if let Some(shard) = self.shards.get_mut(shard.0 as usize) {
            shard.members = shard.members.saturating_sub(1);
        }
    }

    /// What the clients of a shard speak.
    #[must_use]
    pub fn dialect(&self, shard: QuoteShard) -> Dialect {
        let shard = self.shards.get(shard.0 as usize);
        shard.map_or_else(Dialect::default, |shard| shard.dialect)
    }

    fn all_shards(&self) -> impl Iterator<Item = QuoteShard> + use<> {
        (0..self.shards.len() as u32).map(QuoteShard)
    }

    /// A plain client watches a symbol.
    pub fn watch(&mut self, symbol: SymbolId, shard: QuoteShard) {
        self.plain.entry((symbol, shard)).or_default().watchers += 1;
    }

    /// A plain client watches it no more.
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

    /// Plain clients that watch a symbol, by shard.
    pub fn plain_watchers(&self, symbol: SymbolId) -> impl Iterator<Item = (QuoteShard, u32)> {
        let quote_shards = self.all_shards();
        quote_shards.filter_map(move |shard| Some((shard, self.plain.get(&(symbol, shard))?.watchers)))
    }

    /// What each watcher of a symbol was sent since the last call, by shard.
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

    /// When something is due that nothing else will call for.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let plain = self.queue.iter().filter_map(|line| self.plain_due_at(*line));
        let pending = plain.chain(self.channels.deadline()).min()?;
        Some(match self.closed {
            Some(closed) => pending.max(closed + LOST_PULSE),
            None => pending,
        })
    }

    /// The event loop has come round.
    pub fn pulse(&mut self) {
        self.closed = None;
    }

    fn is_open(&self, now: Millis) -> bool {
        self.closed.is_none_or(|closed| now >= closed + LOST_PULSE)
    }

    /// Takes the first symbol whose watchers in a shard may be told now, and how many they are.
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
    /// Sends what may be sent now.
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
        let mut sends = flushed.sends;
        self.show_arrivals(flushed.arrivals, stage);
        let most = sends + most;
        while sends < most
            && let Some((symbol, shard, watchers)) = self.conflation.next_plain(now)
        {
            if let Some(entry) = stage.demand.book().get(symbol) {
                let view = QuoteView::of(&entry.instrument, &entry.cell, stage.config.simulated);
                let frame = self.conflation.dialect(shard).quote(&view);
                self.conflation.count_bytes((symbol, shard), frame.len(), now);
                stage.effects.push(Effect::Broadcast {
                    group: Group::Symbol(symbol, shard),
                    frame,
                });
                sends += u64::from(watchers);
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
