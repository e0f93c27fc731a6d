//! The channels of `hamster.v1`: what their clients hold, and the deltas that keep them current.
//!
//! Clients with the same symbols and rate share a channel, as long as one shard has room for them.
//! Channels belong to [`Shard`](super::shards::Shard)s. When a shard is flushed, each changed
//! symbol is encoded once, and each channel's delta is assembled from these items. So the cost of a
//! flush grows with symbols and channels, never with clients.
//!
//! Why no client silently misses a change: a symbol's line changes only in two ways. A flush
//! changes it, and gives a numbered delta to every channel that holds the symbol and has readers.
//! Or it changes while no such channel has readers; then the channel's next snapshot refreshes it
//! and takes a number of its own. So after delta n a client lacks exactly the lines whose revision
//! is above that of n.

use super::resume_log::ResumeLog;
use super::shards::{Rate, ShardId, Shards, object};
use super::{Book, ChannelId, ClientId, Effect, Effects, Group, SymbolId};
use crate::dialect::Position;
use crate::dialect::hamster_v1::{bar_item, delta};
use crate::market::{Bar, MINUTE, Millis};
use std::collections::{BTreeMap, HashMap};

/// 2026-01-01. Epochs count from here, so that JavaScript represents them exactly.
const FIRST_EPOCH: Millis = 1_767_225_600_000;

/// A channel without members is kept this long for clients that reconnect.
const DESERTED: Millis = 2 * MINUTE;
const MOST_DESERTED: usize = 1_000;

/// Entries of a channel's resume log: `ENTRIES_PER_MEMBER` per member, within these bounds.
const LEAST_ENTRIES: usize = 128;
const ENTRIES_PER_MEMBER: usize = 64;
const MOST_ENTRIES: usize = 2_048;

/// All channels of one epoch.
#[derive(Debug)]
pub struct Channels {
    epoch: u64,
    base: Millis,
    /// Counts flushes and refreshes, over all shards.
    revision: u64,
    /// Most clients of a shard.
    room: u32,
    shards: Shards,
    /// The shard that was flushed last. Its next turn comes after all other due shards.
    turn: Option<ShardId>,
    channels: BTreeMap<ChannelId, Channel>,
    by_key: HashMap<(ShardId, Vec<SymbolId>), ChannelId>,
    last: u32,
}

#[derive(Debug)]
struct Channel {
    shard: ShardId,
    symbols: Vec<SymbolId>,
    members: u32,
    /// Members that are sent deltas: all but those that are paused or wait for a snapshot.
    readers: u32,
    seq: u64,
    /// Covers the newest deltas; its last entry is `seq`.
    resume_log: ResumeLog,
    /// Since when it has no members.
    deserted: Option<Millis>,
}

/// The result of a flush.
#[derive(Debug, Default)]
pub struct Flushed {
    /// Frames, counted once per receiver.
    pub sends: u64,
    /// Price updates in them, counted once per receiver.
    pub updates: u64,
    /// Clients that waited for the flush of their shard: each must be sent a snapshot now.
    pub arrivals: Vec<(ShardId, ClientId)>,
}

/// A snapshot of a channel, for a client that joins, resumes or catches up.
#[derive(Debug)]
pub struct Snapshot {
    /// The channel's newest delta that it includes.
    pub seq: u64,
    /// Whether it holds only what changed since the client's position.
    pub recovered: bool,
    /// Deltas since that position.
    pub missed: u64,
    /// Symbol objects in JSON.
    pub symbols: Vec<String>,
}

impl Channels {
    /// No channels. `seed` distinguishes epochs that begin in the same millisecond; `room` is the
    /// most clients of a shard.
    #[must_use]
    pub fn new(seed: u64, room: u32, now: Millis) -> Self {
        Self {
            epoch: now.saturating_sub(FIRST_EPOCH) * 1_000 + seed % 1_000,
            base: now,
            revision: 0,
            room,
            shards: Shards::default(),
            turn: None,
            channels: BTreeMap::new(),
            by_key: HashMap::new(),
            last: 0,
        }
    }

    /// The number of this epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The channel created last.
    #[must_use]
    pub fn last(&self) -> ChannelId {
        ChannelId(self.last)
    }

    /// The time that the deltas' times count from.
    #[must_use]
    pub fn base(&self) -> Millis {
        self.base
    }

    /// Channels that have members.
    #[must_use]
    pub fn inhabited(&self) -> usize {
        self.channels.values().filter(|channel| channel.members > 0).count()
    }

    /// The number of a channel's newest delta.
    #[must_use]
    pub fn seq(&self, id: ChannelId) -> u64 {
        self.channels.get(&id).map_or(0, |channel| channel.seq)
    }

    /// Bytes of the deltas after `seq`, partly estimated.
    #[must_use]
    pub fn bytes_since(&self, id: ChannelId, seq: u64) -> u64 {
        let channel = self.channels.get(&id);
        channel.map_or(0, |channel| channel.resume_log.bytes(channel.seq.saturating_sub(seq)))
    }

    /// A symbol changed: the next flush tells the channels that hold it.
    pub fn changed(&mut self, symbol: SymbolId) {
        for shard in self.shards.each() {
            shard.changed(symbol);
        }
    }

    /// A minute bar of a symbol closed: the next flush tells it.
    pub fn bar(&mut self, symbol: SymbolId, bar: &Bar) {
        let item = bar_item(symbol.0, bar);
        for shard in self.shards.each() {
            shard.bar(symbol, &item);
        }
    }

    /// Queues an item for every reader. The next flush sends it without waiting for the rate.
    pub fn tell(&mut self, item: &str) {
        for shard in self.shards.each() {
            shard.tell(item);
        }
    }

    /// Queues the newest item about the hub as a whole for every reader.
    pub fn headline(&mut self, item: &str) {
        for shard in self.shards.each() {
            shard.headline(item);
        }
    }

    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.shards.due_at()
    }

    /// Flushes due shards until `most` frames were sent. The rest waits for the next call.
    pub fn flush(&mut self, most: u64, book: &Book, now: Millis, effects: &mut Effects) -> Flushed {
        let mut flushed = Flushed::default();
        let shards = self.shards.len();
        for _ in 0..shards {
            if flushed.sends >= most {
                break;
            }
            let Some(shard) = self.shards.next_due(self.turn, now) else {
                break;
            };
            self.turn = Some(shard);
            flushed.add(self.flush_shard(shard, book, now, effects));
        }
        flushed
    }

    /// Whether the shard's readers have not been sent the newest state of one of these symbols.
    #[must_use]
    pub fn is_behind(&self, shard: ShardId, symbols: &[SymbolId]) -> bool {
        self.shards.get(shard).is_some_and(|shard| shard.is_behind(symbols))
    }

    /// Makes a shard due whatever its rate; `client` must be sent a snapshot then.
    pub fn hasten(&mut self, shard: ShardId, client: ClientId) {
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.hasten(client);
        }
    }

    #[must_use]
    pub fn shard_of(&self, id: ChannelId) -> Option<ShardId> {
        Some(self.channels.get(&id)?.shard)
    }

    fn flush_shard(&mut self, id: ShardId, book: &Book, now: Millis, effects: &mut Effects) -> Flushed {
        let mut flushed = Flushed::default();
        let Some(shard) = self.shards.get_mut(id) else {
            return flushed;
        };
        self.revision += 1;
        let said = shard.flush(book, self.revision, now);
        flushed.arrivals = said.arrivals.iter().map(|client| (id, *client)).collect();
        for id in said.to {
            let Some(channel) = self.channels.get_mut(&id) else {
                continue;
            };
            let items = said.items.iter();
            let mine = items.filter(|(symbol, _)| channel.symbols.binary_search(symbol).is_ok());
            let mine: Vec<&str> = mine.map(|(_, item)| item.as_str()).collect();
            let bars = said.bars.iter();
            let bars = bars.filter(|(symbol, _)| channel.symbols.binary_search(symbol).is_ok());
            let bars: Vec<&str> = bars.map(|(_, item)| item.as_str()).collect();
            if mine.is_empty() && bars.is_empty() && said.news.is_empty() {
                continue;
            }
            let readers = u64::from(channel.readers);
            let items = mine.iter().chain(&bars).copied();
            let items = items.chain(said.news.iter().map(String::as_str));
            let t = now.saturating_sub(self.base);
            let frame = delta(self.epoch, channel.seq + 1, t, items);
            channel.advance(self.revision, frame.len());
            flushed.sends += readers;
            flushed.updates += readers * mine.len() as u64;
            effects.push(Effect::Broadcast {
                group: Group::Channel(id),
                frame,
            });
        }
        flushed
    }

    /// The shard for one more client of these symbols: that of its former channel if it resumes
    /// within this epoch, or else the first with room.
    #[must_use]
    pub fn shard_for(&self, symbols: &[SymbolId], rate: Rate, resume: Option<Position>) -> ShardId {
        let former = resume.and_then(|position| self.channels.get(&ChannelId(position.channel)));
        let former = former.filter(|channel| channel.shard.rate == rate && channel.symbols == symbols);
        // The former shard may take up to twice its room: others may have taken the client's place.
        if let Some(channel) = former
            && self.members(channel.shard) / 2 < self.room
        {
            return channel.shard;
        }
        let mut number = 0;
        loop {
            let shard = ShardId { rate, number };
            if self.members(shard) < self.room {
                return shard;
            }
            number += 1;
        }
    }

    fn members(&self, shard: ShardId) -> u32 {
        self.shards.get(shard).map_or(0, |shard| shard.members)
    }

    /// The channel of these symbols in a shard, with one more member, who is sent no deltas yet.
    pub fn join(&mut self, symbols: Vec<SymbolId>, shard: ShardId, book: &Book, now: Millis) -> ChannelId {
        let key = (shard, symbols);
        let known = self.by_key.get(&key).copied();
        let id = known.unwrap_or_else(|| self.create(key, book, now));
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.members += 1;
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.members += 1;
            channel.deserted = None;
        }
        id
    }

    /// A member is gone.
    pub fn leave(&mut self, id: ChannelId, reads: bool, now: Millis) {
        if reads {
            self.stop_reading(id);
        }
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        channel.members = channel.members.saturating_sub(1);
        if channel.members == 0 {
            channel.deserted = Some(now);
        }
        if let Some(shard) = self.shards.get_mut(channel.shard) {
            shard.members = shard.members.saturating_sub(1);
        }
    }

    /// A member is sent deltas from now on.
    pub fn start_reading(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        channel.readers += 1;
        if channel.readers == 1
            && let Some(shard) = self.shards.get_mut(channel.shard)
        {
            shard.start_reading(id, &channel.symbols);
        }
    }

    /// A member is sent no deltas from now on.
    pub fn stop_reading(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        channel.readers = channel.readers.saturating_sub(1);
        if channel.readers == 0
            && let Some(shard) = self.shards.get_mut(channel.shard)
        {
            shard.stop_reading(id, &channel.symbols);
        }
    }

    /// What a client at `position` lacks; everything if that position is unknown here.
    pub fn snapshot(&mut self, id: ChannelId, position: Option<Position>, book: &Book) -> Snapshot {
        self.refresh(id, book);
        let Some(channel) = self.channels.get(&id) else {
            return Snapshot {
                seq: 0,
                recovered: false,
                missed: 0,
                symbols: Vec::new(),
            };
        };
        let known = position.filter(|known| known.epoch == self.epoch && known.channel == id.0);
        let seen = known.and_then(|known| channel.resume_log.revision(channel.seq.checked_sub(known.seq)?));
        let shard = self.shards.get(channel.shard);
        let symbols = channel.symbols.iter();
        let lines = symbols.filter_map(|symbol| Some((*symbol, shard?.held(*symbol)?)));
        let lacking = lines.filter(|(_, held)| seen.is_none_or(|seen| held.revision > seen));
        Snapshot {
            seq: channel.seq,
            recovered: seen.is_some(),
            missed: known.map_or(0, |known| channel.seq.saturating_sub(known.seq)),
            symbols: lacking
                .filter_map(|(symbol, held)| Some(object(symbol, &held.line, book.get(symbol)?)))
                .collect(),
        }
    }

    /// Updates lines that no flush has updated because no channel with readers holds them.
    fn refresh(&mut self, id: ChannelId, book: &Book) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        let Some(shard) = self.shards.get_mut(channel.shard) else {
            return;
        };
        let revision = self.revision + 1;
        let is_news = shard.refresh(&channel.symbols, book, revision, channel.resume_log.newest());
        if is_news && channel.readers == 0 {
            self.revision = revision;
            channel.advance(revision, 0);
        }
    }

    fn create(&mut self, key: (ShardId, Vec<SymbolId>), book: &Book, now: Millis) -> ChannelId {
        self.forget_deserted(now);
        self.last = self.last.wrapping_add(1);
        let id = ChannelId(self.last);
        let (shard, symbols) = key.clone();
        self.shards.ensure(shard);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.hold(&symbols, book, self.revision);
        }
        let channel = Channel {
            shard,
            symbols,
            members: 0,
            readers: 0,
            seq: 0,
            resume_log: ResumeLog::default(),
            deserted: Some(now),
        };
        self.channels.insert(id, channel);
        self.by_key.insert(key, id);
        id
    }

    fn forget_deserted(&mut self, now: Millis) {
        let deserted = self
            .channels
            .iter()
            .filter_map(|(id, channel)| Some((channel.deserted?, 0, id.0)));
        // Of the same type as another list that is sorted: sorting takes much code.
        let mut deserted: Vec<(Millis, u64, u32)> = deserted.collect();
        deserted.sort_unstable();
        let surplus = deserted.len().saturating_sub(MOST_DESERTED);
        for (index, (since, _, id)) in deserted.into_iter().enumerate() {
            if index < surplus || now >= since + DESERTED {
                self.forget(ChannelId(id));
            }
        }
    }

    fn forget(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.remove(&id) else {
            return;
        };
        if let Some(shard) = self.shards.get_mut(channel.shard) {
            shard.release(&channel.symbols);
            if shard.is_forsaken() {
                self.shards.remove(channel.shard);
            }
        }
        self.by_key.remove(&(channel.shard, channel.symbols));
    }
}

impl Flushed {
    fn add(&mut self, more: Flushed) {
        self.sends += more.sends;
        self.updates += more.updates;
        self.arrivals.extend(more.arrivals);
    }
}

impl Channel {
    fn advance(&mut self, revision: u64, bytes: usize) {
        self.seq += 1;
        let wanted = ENTRIES_PER_MEMBER.saturating_mul(self.members as usize);
        self.resume_log
            .push(revision, bytes, wanted.clamp(LEAST_ENTRIES, MOST_ENTRIES));
    }
}
