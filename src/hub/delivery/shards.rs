//! Shards: groups of some hundred clients with the same rate, and what each group was sent last.
//!
//! Sending dominates the cost. With one big broadcast, a new tick waits until the previous one has
//! reached every client. A shard is what one flush sends. Shards take turns, and each is sent the
//! newest value of everything that changed since its last turn. So a tick waits for at most one
//! round of all shards, not for the rest of one round plus the whole next one, and provider frames
//! are read between any two shards.
//!
//! A shard has its own [`Line`]s, so that it can go at its own pace: a price is encoded relative to
//! what this shard was sent last.

use super::{Book, ChannelId, ClientId, SymbolId};
use crate::dialect::hamster_v1::{Closes, Facts, Line, Prices};
use crate::hub::book;
use crate::market::Millis;
use std::collections::{BTreeSet, HashMap};

/// The delta intervals that a client may choose, in milliseconds. Few, so that clients share.
const INTERVALS: [Millis; 8] = [0, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// An index into [`INTERVALS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u8);

impl Rate {
    /// The fastest rate that is no faster than `interval` allows.
    #[must_use]
    pub fn at_most_every(interval: Millis) -> Self {
        let slower = INTERVALS.iter().position(|choice| *choice >= interval);
        Self(slower.unwrap_or(INTERVALS.len() - 1) as u8)
    }

    /// The least time between two deltas.
    #[must_use]
    pub fn interval(self) -> Millis {
        INTERVALS.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// Identifies a shard; ordered by rate, then by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId {
    pub rate: Rate,
    pub number: u32,
}

/// All shards in order. There are few: one per some hundred clients of a rate.
#[derive(Debug, Default)]
pub struct Shards(Vec<(ShardId, Shard)>);

impl Shards {
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn get(&self, id: ShardId) -> Option<&Shard> {
        let at = self.find(id).ok()?;
        self.0.get(at).map(|(_, shard)| shard)
    }

    pub fn get_mut(&mut self, id: ShardId) -> Option<&mut Shard> {
        let at = self.find(id).ok()?;
        self.0.get_mut(at).map(|(_, shard)| shard)
    }

    /// Creates a shard unless it exists.
    pub fn ensure(&mut self, id: ShardId) {
        if let Err(at) = self.find(id) {
            self.0.insert(at, (id, Shard::default()));
        }
    }

    pub fn remove(&mut self, id: ShardId) {
        if let Ok(at) = self.find(id) {
            self.0.remove(at);
        }
    }

    pub fn each(&mut self) -> impl Iterator<Item = &mut Shard> {
        self.0.iter_mut().map(|(_, shard)| shard)
    }

    /// When the first shard is due.
    #[must_use]
    pub fn due_at(&self) -> Option<Millis> {
        self.0.iter().filter_map(|(id, shard)| shard.due_at(id.rate)).min()
    }

    /// The first due shard after `after`, wrapping around.
    #[must_use]
    pub fn next_due(&self, after: Option<ShardId>, now: Millis) -> Option<ShardId> {
        let at = after.map_or(0, |id| self.find(id).map_or_else(|at| at, |at| at + 1));
        let (before, later) = self.0.split_at_checked(at)?;
        let is_due = |(id, shard): &&(ShardId, Shard)| shard.due_at(id.rate).is_some_and(|at| at <= now);
        later.iter().chain(before).find(is_due).map(|(id, _)| *id)
    }

    fn find(&self, id: ShardId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
}

/// What one shard was sent, and what it must be sent next.
#[derive(Debug, Default)]
pub struct Shard {
    pub members: u32,
    held: HashMap<SymbolId, Held>,
    /// Symbols with news that a channel with readers holds.
    changed: BTreeSet<SymbolId>,
    /// Bars that closed since the last flush, as items.
    bars: Vec<(SymbolId, String)>,
    /// Items that do not concern a symbol. They do not wait for the rate.
    news: Vec<String>,
    /// The newest item about the hub as a whole.
    headline: Option<String>,
    /// Channels with readers.
    read: BTreeSet<ChannelId>,
    /// Clients that get a snapshot after the next flush.
    arrivals: Vec<ClientId>,
    flushed: Millis,
}

/// A symbol as a shard was sent it.
#[derive(Debug)]
pub struct Held {
    /// What was sent last.
    pub line: Line,
    /// The revision of that, or of the last bar.
    pub revision: u64,
    /// Start of the last bar that closed.
    bar: Option<Millis>,
    /// The book's revision of the earlier bars; 0 while none were told.
    closes: u64,
    /// Channels that hold it.
    channels: u32,
    /// Those of them that have readers.
    read: u32,
}

/// The content of a flush of a shard.
#[derive(Debug)]
pub struct Said {
    /// Items for each channel that holds the symbol, in order of id.
    pub items: Vec<(SymbolId, String)>,
    /// Closed bars, for each channel that holds the symbol.
    pub bars: Vec<(SymbolId, String)>,
    /// Items for every channel.
    pub news: Vec<String>,
    /// Channels with readers.
    pub to: Vec<ChannelId>,
    /// Clients that waited for the flush.
    pub arrivals: Vec<ClientId>,
}

impl Shard {
    /// When it must be flushed, if there is anything to send.
    #[must_use]
    pub fn due_at(&self, rate: Rate) -> Option<Millis> {
        if !self.news.is_empty() || !self.arrivals.is_empty() {
            return Some(0);
        }
        let is_due = !self.changed.is_empty() || !self.bars.is_empty() || self.headline.is_some();
        is_due.then(|| self.flushed + rate.interval())
    }

    /// Whether its readers have not been sent the newest state of one of these symbols.
    #[must_use]
    pub fn is_behind(&self, symbols: &[SymbolId]) -> bool {
        symbols.iter().any(|symbol| self.changed.contains(symbol))
    }

    /// Makes the shard due at once, because a client waits for it.
    pub fn hasten(&mut self, client: ClientId) {
        self.arrivals.push(client);
    }

    /// Whether it has neither members nor channels.
    #[must_use]
    pub fn is_forsaken(&self) -> bool {
        self.members == 0 && self.held.is_empty()
    }

    pub fn changed(&mut self, symbol: SymbolId) {
        if self.held.get(&symbol).is_some_and(|held| held.read > 0) {
            self.changed.insert(symbol);
        }
    }

    /// Queues a bar that closed for the readers of the symbol.
    pub fn bar(&mut self, symbol: SymbolId, item: &str) {
        if self.held.get(&symbol).is_some_and(|held| held.read > 0) {
            self.bars.push((symbol, item.to_owned()));
        }
    }

    /// Queues an item for all its readers.
    pub fn tell(&mut self, item: &str) {
        if !self.read.is_empty() {
            self.news.push(item.to_owned());
        }
    }

    /// Queues the newest item about the hub as a whole for all its readers.
    pub fn headline(&mut self, item: &str) {
        if !self.read.is_empty() {
            self.headline = Some(item.to_owned());
        }
    }

    /// Takes everything that must be sent. From here on the lines count as sent.
    pub fn flush(&mut self, book: &Book, revision: u64, now: Millis) -> Said {
        self.flushed = now;
        let mut items = Vec::with_capacity(self.changed.len());
        for symbol in std::mem::take(&mut self.changed) {
            let (Some(held), Some(entry)) = (self.held.get_mut(&symbol), book.get(symbol)) else {
                continue;
            };
            let next = line(entry, Some(&held.line));
            let closes = closes_told(&next, entry);
            if held.closes != closes {
                items.push((symbol, object(symbol, &next, entry)));
            } else if next != held.line {
                let name = entry.instrument.to_string();
                items.push((symbol, next.item(Some(&held.line), symbol.0, &name, now)));
            } else {
                continue;
            }
            held.line = next;
            held.closes = closes;
            held.revision = revision;
        }
        let bars = std::mem::take(&mut self.bars);
        for (symbol, _) in &bars {
            if let (Some(held), Some(entry)) = (self.held.get_mut(symbol), book.get(*symbol)) {
                held.bar = entry.bar.map(|bar| bar.time);
                held.revision = revision;
            }
        }
        let mut news = std::mem::take(&mut self.news);
        news.extend(self.headline.take());
        Said {
            items,
            bars,
            news,
            to: self.read.iter().copied().collect(),
            arrivals: std::mem::take(&mut self.arrivals),
        }
    }

    /// A new channel holds these symbols.
    pub fn hold(&mut self, symbols: &[SymbolId], book: &Book, revision: u64) {
        for symbol in symbols {
            if let Some(entry) = book.get(*symbol) {
                self.held
                    .entry(*symbol)
                    .or_insert_with(|| Held::new(entry, revision))
                    .channels += 1;
            }
        }
    }

    /// A channel of these symbols was dropped.
    pub fn release(&mut self, symbols: &[SymbolId]) {
        for symbol in symbols {
            if let Some(held) = self.held.get_mut(symbol) {
                held.channels = held.channels.saturating_sub(1);
                if held.channels == 0 {
                    self.held.remove(symbol);
                }
            }
        }
    }

    /// A channel has its first reader.
    pub fn start_reading(&mut self, id: ChannelId, symbols: &[SymbolId]) {
        self.read.insert(id);
        self.count_reading(symbols, |read| read + 1);
    }

    /// A channel has lost its last reader.
    pub fn stop_reading(&mut self, id: ChannelId, symbols: &[SymbolId]) {
        self.read.remove(&id);
        self.count_reading(symbols, |read| read.saturating_sub(1));
    }

    /// Updates lines that no channel with readers holds, which flushes therefore skip. Returns
    /// whether any is newer than `seen`.
    pub fn refresh(&mut self, symbols: &[SymbolId], book: &Book, revision: u64, seen: Option<u64>) -> bool {
        let mut is_news = false;
        for symbol in symbols {
            let (Some(held), Some(entry)) = (self.held.get_mut(symbol), book.get(*symbol)) else {
                continue;
            };
            is_news |= held.read == 0 && held.take(entry, revision);
            // Another channel of the shard may have refreshed it meanwhile.
            is_news |= seen.is_none_or(|seen| held.revision > seen);
        }
        is_news
    }

    #[must_use]
    pub fn held(&self, symbol: SymbolId) -> Option<&Held> {
        self.held.get(&symbol)
    }

    fn count_reading(&mut self, symbols: &[SymbolId], count: impl Fn(u32) -> u32) {
        for symbol in symbols {
            if let Some(held) = self.held.get_mut(symbol) {
                held.read = count(held.read);
                if held.read == 0 {
                    self.changed.remove(symbol);
                    self.bars.retain(|(of, _)| of != symbol);
                }
            }
        }
    }
}

impl Held {
    fn new(entry: &book::Entry, revision: u64) -> Self {
        let line = line(entry, None);
        Self {
            closes: closes_told(&line, entry),
            line,
            bar: entry.bar.map(|bar| bar.time),
            revision,
            channels: 0,
            read: 0,
        }
    }

    /// Adopts the current state; returns whether it differs.
    fn take(&mut self, entry: &book::Entry, revision: u64) -> bool {
        let next = line(entry, Some(&self.line));
        let bar = entry.bar.map(|bar| bar.time);
        let closes = closes_told(&next, entry);
        let is_news = next != self.line || bar != self.bar || closes != self.closes;
        if is_news {
            self.line = next;
            self.bar = bar;
            self.closes = closes;
            self.revision = revision;
        }
        is_news
    }
}

/// A symbol object with the closes of the last hour.
pub fn object(symbol: SymbolId, line: &Line, entry: &book::Entry) -> String {
    let spark = entry.candles.spark();
    let closes = spark.as_ref().map(|(end, values)| Closes { end: *end, values });
    line.whole(symbol.0, &entry.instrument.to_string(), closes)
}

/// The revision of the earlier bars that an object of this line tells: none before the first price.
fn closes_told(line: &Line, entry: &book::Entry) -> u64 {
    if line.has_scale() { entry.closes_revision } else { 0 }
}

fn line(entry: &book::Entry, before: Option<&Line>) -> Line {
    let facts = Facts::of(&entry.instrument, &entry.cell, &entry.service);
    Line::after(before, facts, Prices::of(&entry.cell))
}
