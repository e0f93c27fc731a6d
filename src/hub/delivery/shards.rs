//! Shards: the clients of one rate, some hundred in each, and what they were said last.
//!
//! To send a frame is what costs, so where there are many clients a tick that has to wait for everybody to be sent the one before is late.
//! A shard is what is sent in one go. Shards take turns, and each, when its turn comes, is told the newest value of what has changed since its
//! last one. So a tick waits for at most one round of all shards, not for the rest of one round and the whole of the next, and
//! upstream is listened to between any two of them.
//!
//! That a shard has its own [`Line`]s is what lets it go at its own pace: a price is encoded against what this shard was said last.

use super::{Book, ChannelId, ClientId, SymbolId};
use crate::dialect::hamster_v1::{Facts, Line, Prices};
use crate::hub::book;
use crate::market::Millis;
use std::collections::{BTreeSet, HashMap};

/// The rates that a client may choose, as the least time between two deltas. Few, so that clients share.
const INTERVALS: [Millis; 8] = [0, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// One of [`INTERVALS`].
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

/// A shard's place among all: rates first, then its number among those of its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId {
    /// Of all its clients.
    pub rate: Rate,
    /// From 0.
    pub number: u32,
}

/// All shards, in order. They are few: one for some hundred clients of a rate.
#[derive(Debug, Default)]
pub struct Shards(Vec<(ShardId, Shard)>);

impl Shards {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: ShardId) -> Option<&Shard> {
        let at = self.find(id).ok()?;
        self.0.get(at).map(|(_, shard)| shard)
    }

    /// One of them, to change it.
    pub fn get_mut(&mut self, id: ShardId) -> Option<&mut Shard> {
        let at = self.find(id).ok()?;
        self.0.get_mut(at).map(|(_, shard)| shard)
    }

    /// Makes one, unless it is there.
    pub fn ensure(&mut self, id: ShardId) {
        if let Err(at) = self.find(id) {
            self.0.insert(at, (id, Shard::default()));
        }
    }

    /// Takes one away.
    pub fn remove(&mut self, id: ShardId) {
        if let Ok(at) = self.find(id) {
            self.0.remove(at);
        }
    }

    /// All, to change them.
    pub fn each(&mut self) -> impl Iterator<Item = &mut Shard> {
        self.0.iter_mut().map(|(_, shard)| shard)
    }

    /// When the first of them is due.
    #[must_use]
    pub fn due_at(&self) -> Option<Millis> {
        self.0.iter().filter_map(|(id, shard)| shard.due_at(id.rate)).min()
    }

    /// The first that is due, beginning after one and going round.
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

/// What was said in one shard, and what is to be said.
#[derive(Debug, Default)]
pub struct Shard {
    /// Clients in it.
    pub members: u32,
    held: HashMap<SymbolId, Held>,
    /// Of symbols that a channel with readers holds.
    changed: BTreeSet<SymbolId>,
    /// Items that are not about a symbol.
    news: Vec<String>,
    /// Channels with readers.
    read: BTreeSet<ChannelId>,
    /// Who waits until the others have been told what is new.
    arrivals: Vec<ClientId>,
    flushed: Millis,
}

/// A symbol as a shard has told of it.
#[derive(Debug)]
pub struct Held {
    /// What was said last.
    pub line: Line,
    /// When that was.
    pub revision: u64,
    /// Channels that hold it.
    channels: u32,
    /// Those of them that have readers.
    read: u32,
}

/// What a flush of a shard says.
#[derive(Debug)]
pub struct Said {
    /// To each channel that holds the symbol, in order.
    pub items: Vec<(SymbolId, String)>,
    /// To each channel.
    pub news: Vec<String>,
    /// The channels that have readers.
    pub to: Vec<ChannelId>,
    /// Who waited for it.
    pub arrivals: Vec<ClientId>,
}

impl Shard {
    /// When it is to be flushed, if there is anything to say.
    #[must_use]
    pub fn due_at(&self, rate: Rate) -> Option<Millis> {
        if !self.news.is_empty() || !self.arrivals.is_empty() {
            return Some(0);
        }
        (!self.changed.is_empty()).then(|| self.flushed + rate.interval())
    }

    /// Whether its readers have not been told what one of these symbols has become.
    #[must_use]
    pub fn is_behind(&self, symbols: &[SymbolId]) -> bool {
        symbols.iter().any(|symbol| self.changed.contains(symbol))
    }

    /// It is to be flushed before its time: somebody waits for it.
    pub fn hasten(&mut self, client: ClientId) {
        self.arrivals.push(client);
    }

    /// Nobody will come back to it.
    #[must_use]
    pub fn is_forsaken(&self) -> bool {
        self.members == 0 && self.held.is_empty()
    }

    /// A symbol changed.
    pub fn changed(&mut self, symbol: SymbolId) {
        if self.held.get(&symbol).is_some_and(|held| held.read > 0) {
            self.changed.insert(symbol);
        }
    }

    /// Something that all its readers are to be told.
    pub fn tell(&mut self, item: &str) {
        if !self.read.is_empty() {
            self.news.push(item.to_owned());
        }
    }

    /// Takes all that is to be said; from here on the lines hold it.
    pub fn flush(&mut self, book: &Book, revision: u64, now: Millis) -> Said {
        self.flushed = now;
        let mut items = Vec::with_capacity(self.changed.len());
        for symbol in std::mem::take(&mut self.changed) {
            let (Some(held), Some(entry)) = (self.held.get_mut(&symbol), book.get(symbol)) else {
                continue;
            };
            let next = line(entry, Some(&held.line));
            if next != held.line {
                let name = entry.instrument.to_string();
                items.push((symbol, next.item(Some(&held.line), symbol.0, &name, now)));
                held.line = next;
                held.revision = revision;
            }
        }
        Said {
            items,
            news: std::mem::take(&mut self.news),
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

    /// A channel of these symbols is no more.
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

    /// A channel has no reader any more.
    pub fn stop_reading(&mut self, id: ChannelId, symbols: &[SymbolId]) {
        self.read.remove(&id);
        self.count_reading(symbols, |read| read.saturating_sub(1));
    }

    /// Brings lines up to date that nobody reads, and that no flush has brought therefore; says whether any is newer than `seen`.
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

    /// What was said of a symbol.
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
                }
            }
        }
    }
}

impl Held {
    fn new(entry: &book::Entry, revision: u64) -> Self {
        Self {
            line: line(entry, None),
            revision,
            channels: 0,
            read: 0,
        }
    }

    /// Takes the present state; says whether that is news.
    fn take(&mut self, entry: &book::Entry, revision: u64) -> bool {
        let next = line(entry, Some(&self.line));
        let is_news = next != self.line;
        if is_news {
            self.line = next;
            self.revision = revision;
        }
        is_news
    }
}

fn line(entry: &book::Entry, before: Option<&Line>) -> Line {
    let facts = Facts::of(&entry.cell, entry.service.state, entry.service.reason.as_deref());
    Line::after(before, facts, Prices::of(&entry.cell))
}
