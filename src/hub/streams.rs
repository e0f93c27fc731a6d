//! The streams of `hamster.v1`: what their clients hold, and the deltas that keep them current.
//!
//! Clients with the same symbols and the same rate share a stream, and all streams of one rate share their [`Line`]s: when a rate is
//! flushed, each symbol that changed is encoded once against what that rate said last, and each stream's delta is put together
//! from ready items. So the work of a flush grows with symbols and streams, never with clients.
//!
//! Why nobody misses anything in silence: a symbol's line changes only in a flush, which numbers a delta of every stream that
//! holds the symbol and is read by anybody, or while no such stream is read; then the next picture of the stream refreshes it and takes a
//! number of its own. So what a client lacks after delta n is exactly the lines whose revision is above that of n.

use super::watchlist::{Entry, Watchlist};
use super::{Effect, Effects, Group, StreamId, SymbolId};
use crate::clock::{MINUTE, Millis};
use crate::wire::{Facts, Line, Position, Tick, delta};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// The rates that a client may choose, as the least time between two deltas. Few, so that clients share.
const INTERVALS: [Millis; 8] = [0, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// 2026-01-01, from which epochs are counted: they stay exact in JavaScript.
const FIRST_EPOCH: Millis = 1_767_225_600_000;

/// A stream that nobody watches is remembered for those who come back.
const DESERTED: Millis = 2 * MINUTE;
const MOST_DESERTED: usize = 1_000;

/// Marks that a stream keeps: some, and more for each client that may want one.
const MARKS: usize = 128;
const MARKS_PER_MEMBER: usize = 64;
const MOST_MARKS: usize = 2_048;

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

/// All streams of one life of the hub.
#[derive(Debug)]
pub struct Streams {
    epoch: u64,
    base: Millis,
    /// Counts what was said, over all rates.
    revision: u64,
    rates: BTreeMap<Rate, Lines>,
    streams: BTreeMap<StreamId, Stream>,
    by_key: HashMap<(Rate, Vec<SymbolId>), StreamId>,
    last: u32,
}

/// What was said at one rate, and what is to be said.
#[derive(Debug, Default)]
struct Lines {
    held: HashMap<SymbolId, Held>,
    /// Of symbols that a stream with readers holds.
    changed: BTreeSet<SymbolId>,
    /// Items that are not about a symbol.
    news: Vec<String>,
    /// Streams with readers.
    read: BTreeSet<StreamId>,
    flushed: Millis,
}

#[derive(Debug)]
struct Held {
    line: Line,
    revision: u64,
    /// Streams that hold it.
    streams: u32,
    /// Those of them that have readers.
    read: u32,
}

#[derive(Debug)]
struct Stream {
    rate: Rate,
    /// Sorted.
    symbols: Vec<SymbolId>,
    members: u32,
    /// Members that are sent deltas: all but those that fell behind.
    readers: u32,
    seq: u64,
    bytes: u64,
    /// Of the newest deltas, the last one being `seq`.
    marks: VecDeque<Mark>,
    /// Since when it has no members.
    deserted: Option<Millis>,
}

/// Where a stream stood after a delta.
#[derive(Debug, Clone, Copy)]
struct Mark {
    revision: u64,
    bytes: u64,
}

/// What a flush sent.
#[derive(Debug, Default, Clone, Copy)]
pub struct Flushed {
    /// Frames, one for each receiver.
    pub sends: u64,
    /// Updates in them, one for each receiver.
    pub updates: u64,
}

/// A picture of a stream, for a client that joins, resumes or catches up.
#[derive(Debug)]
pub struct Picture {
    /// The position.
    pub seq: u64,
    /// Whether it holds only what changed since the client's position.
    pub recovered: bool,
    /// Deltas since then.
    pub missed: u64,
    /// Symbol objects.
    pub symbols: Vec<String>,
}

impl Streams {
    /// No streams. `seed` tells two lives apart that begin in the same millisecond.
    #[must_use]
    pub fn new(seed: u64, now: Millis) -> Self {
        Self {
            epoch: now.saturating_sub(FIRST_EPOCH) * 1_000 + seed % 1_000,
            base: now,
            revision: 0,
            rates: BTreeMap::new(),
            streams: BTreeMap::new(),
            by_key: HashMap::new(),
            last: 0,
        }
    }

    /// The number of this life.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The zero of the deltas' times.
    #[must_use]
    pub fn base(&self) -> Millis {
        self.base
    }

    /// The newest delta of a stream.
    #[must_use]
    pub fn seq(&self, id: StreamId) -> u64 {
        self.streams.get(&id).map_or(0, |stream| stream.seq)
    }

    /// Bytes of the deltas after `seq`, as far as they are remembered.
    #[must_use]
    pub fn bytes_since(&self, id: StreamId, seq: u64) -> u64 {
        let Some(stream) = self.streams.get(&id) else { return 0 };
        let mark = stream.mark(seq).or_else(|| stream.marks.front().copied());
        mark.map_or(0, |mark| stream.bytes - mark.bytes)
    }

    /// A symbol changed: those who hold it will hear of it.
    pub fn changed(&mut self, symbol: SymbolId) {
        for lines in self.rates.values_mut() {
            if lines.held.get(&symbol).is_some_and(|held| held.read > 0) {
                lines.changed.insert(symbol);
            }
        }
    }

    /// An item that everybody who reads is told with the next flush, which does not wait for the rate.
    pub fn tell(&mut self, item: &str) {
        for lines in self.rates.values_mut().filter(|lines| !lines.read.is_empty()) {
            lines.news.push(item.to_owned());
        }
    }

    /// When the next flush is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.rates.iter().filter_map(|(rate, lines)| lines.due_at(*rate)).min()
    }

    /// Sends what is due.
    pub fn flush(&mut self, list: &Watchlist, now: Millis, effects: &mut Effects) -> Flushed {
        let mut flushed = Flushed::default();
        for (rate, lines) in &mut self.rates {
            if lines.due_at(*rate).is_none_or(|at| at > now) {
                continue;
            }
            self.revision += 1;
            lines.flushed = now;
            let items = lines.encode(list, self.revision, now);
            let news = std::mem::take(&mut lines.news);
            for id in &lines.read {
                let Some(stream) = self.streams.get_mut(id) else {
                    continue;
                };
                let mine = items
                    .iter()
                    .filter(|(symbol, _)| stream.symbols.binary_search(symbol).is_ok());
                let mine: Vec<&str> = mine.map(|(_, item)| item.as_str()).collect();
                if mine.is_empty() && news.is_empty() {
                    continue;
                }
                let said = mine.iter().copied().chain(news.iter().map(String::as_str));
                let t = now.saturating_sub(self.base);
                let frame = delta(self.epoch, stream.seq + 1, t, said);
                stream.advance(self.revision, frame.len() as u64);
                flushed.sends += u64::from(stream.readers);
                flushed.updates += u64::from(stream.readers) * mine.len() as u64;
                effects.push(Effect::Broadcast {
                    group: Group::Stream(*id),
                    frame,
                });
            }
        }
        flushed
    }

    /// The stream of these symbols at this rate, with one member more. It is sent nothing before it reads.
    pub fn join(&mut self, symbols: Vec<SymbolId>, rate: Rate, list: &Watchlist, now: Millis) -> StreamId {
        let key = (rate, symbols);
        let known = self.by_key.get(&key).copied();
        let id = known.unwrap_or_else(|| self.create(key, list, now));
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.members += 1;
            stream.deserted = None;
        }
        id
    }

    /// A member is gone.
    pub fn leave(&mut self, id: StreamId, reads: bool, now: Millis) {
        if reads {
            self.stop_reading(id);
        }
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.members = stream.members.saturating_sub(1);
            if stream.members == 0 {
                stream.deserted = Some(now);
            }
        }
    }

    /// A member is sent deltas from now on.
    pub fn start_reading(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.readers += 1;
        if stream.readers == 1 {
            let lines = self.rates.entry(stream.rate).or_default();
            lines.read.insert(id);
            lines.count_reading(&stream.symbols, |read| read + 1);
        }
    }

    /// A member is sent no deltas from now on.
    pub fn stop_reading(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.readers = stream.readers.saturating_sub(1);
        if stream.readers == 0
            && let Some(lines) = self.rates.get_mut(&stream.rate)
        {
            lines.read.remove(&id);
            lines.count_reading(&stream.symbols, |read| read.saturating_sub(1));
        }
    }

    /// What a client at `position` lacks; everything, when that position is not known here.
    pub fn picture(&mut self, id: StreamId, position: Option<Position>, list: &Watchlist) -> Picture {
        self.refresh(id, list);
        let Some(stream) = self.streams.get(&id) else {
            return Picture {
                seq: 0,
                recovered: false,
                missed: 0,
                symbols: Vec::new(),
            };
        };
        let place = position.filter(|place| place.epoch == self.epoch && place.stream == id.0);
        let mark = place.and_then(|place| Some((place.seq, stream.mark(place.seq)?)));
        let held = self.rates.get(&stream.rate).map(|lines| &lines.held);
        let lines = stream
            .symbols
            .iter()
            .filter_map(|symbol| Some((*symbol, held?.get(symbol)?)));
        let lacking = lines.filter(|(_, held)| mark.is_none_or(|(_, mark)| held.revision > mark.revision));
        Picture {
            seq: stream.seq,
            recovered: mark.is_some(),
            missed: place.map_or(0, |place| stream.seq.saturating_sub(place.seq)),
            symbols: lacking
                .filter_map(|(symbol, held)| Some(held.line.whole(symbol.0, &list.get(symbol)?.instrument.to_string())))
                .collect(),
        }
    }

    /// Brings the lines up to date that no flush has brought, because nobody read them.
    fn refresh(&mut self, id: StreamId, list: &Watchlist) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let Some(lines) = self.rates.get_mut(&stream.rate) else {
            return;
        };
        let revision = self.revision + 1;
        let mut is_news = false;
        for symbol in &stream.symbols {
            let (Some(held), Some(entry)) = (lines.held.get_mut(symbol), list.get(*symbol)) else {
                continue;
            };
            is_news |= held.read == 0 && held.take(entry, revision);
            // Another stream of the rate may have refreshed it meanwhile.
            is_news |= stream.marks.back().is_none_or(|mark| held.revision > mark.revision);
        }
        if is_news && stream.readers == 0 {
            self.revision = revision;
            stream.advance(revision, 0);
        }
    }

    fn create(&mut self, key: (Rate, Vec<SymbolId>), list: &Watchlist, now: Millis) -> StreamId {
        self.forget_deserted(now);
        self.last = self.last.wrapping_add(1);
        let id = StreamId(self.last);
        let (rate, symbols) = key.clone();
        let lines = self.rates.entry(rate).or_default();
        for symbol in &symbols {
            if let Some(entry) = list.get(*symbol) {
                let revision = self.revision;
                let held = lines.held.entry(*symbol).or_insert_with(|| Held::new(entry, revision));
                held.streams += 1;
            }
        }
        let stream = Stream {
            rate,
            symbols,
            members: 0,
            readers: 0,
            seq: 0,
            bytes: 0,
            marks: VecDeque::new(),
            deserted: Some(now),
        };
        self.streams.insert(id, stream);
        self.by_key.insert(key, id);
        id
    }

    fn forget_deserted(&mut self, now: Millis) {
        let deserted = self
            .streams
            .iter()
            .filter_map(|(id, stream)| Some((stream.deserted?, *id)));
        let mut deserted: Vec<(Millis, StreamId)> = deserted.collect();
        deserted.sort_unstable();
        let surplus = deserted.len().saturating_sub(MOST_DESERTED);
        for (place, (since, id)) in deserted.into_iter().enumerate() {
            if place < surplus || now >= since + DESERTED {
                self.forget(id);
            }
        }
    }

    fn forget(&mut self, id: StreamId) {
        let Some(stream) = self.streams.remove(&id) else { return };
        if let Some(lines) = self.rates.get_mut(&stream.rate) {
            for symbol in &stream.symbols {
                if let Some(held) = lines.held.get_mut(symbol) {
                    held.streams = held.streams.saturating_sub(1);
                    if held.streams == 0 {
                        lines.held.remove(symbol);
                    }
                }
            }
        }
        self.by_key.remove(&(stream.rate, stream.symbols));
    }
}

impl Lines {
    fn due_at(&self, rate: Rate) -> Option<Millis> {
        if !self.news.is_empty() {
            return Some(0);
        }
        (!self.changed.is_empty()).then(|| self.flushed + rate.interval())
    }

    /// The items of all that changed, in order; from here on the lines hold it.
    fn encode(&mut self, list: &Watchlist, revision: u64, now: Millis) -> Vec<(SymbolId, String)> {
        let mut items = Vec::with_capacity(self.changed.len());
        for symbol in std::mem::take(&mut self.changed) {
            let (Some(held), Some(entry)) = (self.held.get_mut(&symbol), list.get(symbol)) else {
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
        items
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
    fn new(entry: &Entry, revision: u64) -> Self {
        Self {
            line: line(entry, None),
            revision,
            streams: 0,
            read: 0,
        }
    }

    /// Takes the present state; says whether that is news.
    fn take(&mut self, entry: &Entry, revision: u64) -> bool {
        let next = line(entry, Some(&self.line));
        let is_news = next != self.line;
        if is_news {
            self.line = next;
            self.revision = revision;
        }
        is_news
    }
}

impl Stream {
    fn advance(&mut self, revision: u64, bytes: u64) {
        self.seq += 1;
        self.bytes += bytes;
        self.marks.push_back(Mark {
            revision,
            bytes: self.bytes,
        });
        let most = MOST_MARKS.min(MARKS + MARKS_PER_MEMBER * self.members as usize);
        while self.marks.len() > most {
            self.marks.pop_front();
        }
    }

    fn mark(&self, seq: u64) -> Option<Mark> {
        let back = usize::try_from(self.seq.checked_sub(seq)?).ok()?;
        let index = self.marks.len().checked_sub(back + 1)?;
        self.marks.get(index).copied()
    }
}

fn line(entry: &Entry, before: Option<&Line>) -> Line {
    let quote = entry.cell.quote.as_ref();
    let facts = Facts {
        previous_close: entry.cell.reference.previous_close,
        exchange: quote.and_then(|quote| quote.exchange.clone()),
        source: quote.map(|quote| quote.source),
        session: entry.cell.reference.session,
        stale_since: quote.and_then(|quote| quote.stale_since),
        state: entry.state,
        reason: entry.spoken_reason(),
    };
    let tick = quote.map(|quote| Tick {
        price: quote.price,
        bid: quote.bid,
        ask: quote.ask,
        day_volume: quote.day_volume,
        time: quote.exchange_time,
        received: quote.received,
    });
    Line::after(before, facts, tick)
}
