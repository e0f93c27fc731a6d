//! The streams of `hamster.v1`: what their clients hold, and the deltas that keep them current.
//!
//! Clients with the same symbols and the same rate share a stream, as far as one lane has room for them. The streams are in [`Lane`]s, and when
//! a lane is flushed, each symbol that changed is encoded once, and each stream's delta is put together from ready items. So the
//! work of a flush grows with symbols and streams, never with clients.
//!
//! Why nobody misses anything in silence: a symbol's line changes only in a flush, which numbers a delta of every stream that
//! holds the symbol and is read by anybody, or while no such stream is read; then the next picture of the stream refreshes it and takes a
//! number of its own. So what a client lacks after delta n is exactly the lines whose revision is above that of n.

use super::lanes::{LaneId, Lanes, Rate};
use super::marks::Marks;
use super::watchlist::Watchlist;
use super::{ClientId, Effect, Effects, Group, StreamId, SymbolId};
use crate::dialect::Position;
use crate::dialect::hamster_v1::delta;
use crate::market::{MINUTE, Millis};
use std::collections::{BTreeMap, HashMap};

/// 2026-01-01, from which epochs are counted: they stay exact in JavaScript.
const FIRST_EPOCH: Millis = 1_767_225_600_000;

/// A stream that nobody watches is remembered for those who come back.
const DESERTED: Millis = 2 * MINUTE;
const MOST_DESERTED: usize = 1_000;

/// Marks that a stream keeps: some, or as many for each client that may want one.
const LEAST_MARKS: usize = 128;
const MARKS_PER_MEMBER: usize = 64;
const MOST_MARKS: usize = 2_048;

/// All streams of one life of the hub.
#[derive(Debug)]
pub struct Streams {
    epoch: u64,
    base: Millis,
    /// Counts what was said, over all lanes.
    revision: u64,
    /// Clients that a lane has room for.
    room: u32,
    lanes: Lanes,
    /// The lane that was flushed last: its turn comes when all others that are due have had theirs.
    turn: Option<LaneId>,
    streams: BTreeMap<StreamId, Stream>,
    by_key: HashMap<(LaneId, Vec<SymbolId>), StreamId>,
    last: u32,
}

#[derive(Debug)]
struct Stream {
    lane: LaneId,
    /// Sorted.
    symbols: Vec<SymbolId>,
    members: u32,
    /// Members that are sent deltas: all but those that fell behind.
    readers: u32,
    seq: u64,
    /// Of the newest deltas, the last one being `seq`.
    marks: Marks,
    /// Since when it has no members.
    deserted: Option<Millis>,
}

/// What a flush sent.
#[derive(Debug, Default)]
pub struct Flushed {
    /// Frames, one for each receiver.
    pub sends: u64,
    /// Updates in them, one for each receiver.
    pub updates: u64,
    /// Who waited for it, and in which lane: it is to be shown a picture now.
    pub arrivals: Vec<(LaneId, ClientId)>,
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
    pub fn new(seed: u64, room: u32, now: Millis) -> Self {
        Self {
            epoch: now.saturating_sub(FIRST_EPOCH) * 1_000 + seed % 1_000,
            base: now,
            revision: 0,
            room,
            lanes: Lanes::default(),
            turn: None,
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

    /// The stream that was made last.
    #[must_use]
    pub fn last(&self) -> StreamId {
        StreamId(self.last)
    }

    /// The zero of the deltas' times.
    #[must_use]
    pub fn base(&self) -> Millis {
        self.base
    }

    /// Streams that somebody is in.
    #[must_use]
    pub fn inhabited(&self) -> usize {
        self.streams.values().filter(|stream| stream.members > 0).count()
    }

    /// The newest delta of a stream.
    #[must_use]
    pub fn seq(&self, id: StreamId) -> u64 {
        self.streams.get(&id).map_or(0, |stream| stream.seq)
    }

    /// Bytes of the deltas after `seq`, some of them estimated.
    #[must_use]
    pub fn bytes_since(&self, id: StreamId, seq: u64) -> u64 {
        let stream = self.streams.get(&id);
        stream.map_or(0, |stream| stream.marks.bytes(stream.seq.saturating_sub(seq)))
    }

    /// A symbol changed: those who hold it will hear of it.
    pub fn changed(&mut self, symbol: SymbolId) {
        for lane in self.lanes.each() {
            lane.changed(symbol);
        }
    }

    /// An item that everybody who reads is told with the next flush, which does not wait for the rate.
    pub fn tell(&mut self, item: &str) {
        for lane in self.lanes.each() {
            lane.tell(item);
        }
    }

    /// When the next flush is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.lanes.due_at()
    }

    /// Sends what is due, lane by lane, until so many frames were sent. The rest has the next turn.
    pub fn flush(&mut self, most: u64, list: &Watchlist, now: Millis, effects: &mut Effects) -> Flushed {
        let mut flushed = Flushed::default();
        let lanes = self.lanes.len();
        for _ in 0..lanes {
            if flushed.sends >= most {
                break;
            }
            let Some(lane) = self.lanes.next_due(self.turn, now) else {
                break;
            };
            self.turn = Some(lane);
            flushed.add(self.flush_lane(lane, list, now, effects));
        }
        flushed
    }

    /// Whether the readers in a lane have not been told what one of these symbols has become.
    #[must_use]
    pub fn is_behind(&self, lane: LaneId, symbols: &[SymbolId]) -> bool {
        self.lanes.get(lane).is_some_and(|lane| lane.is_behind(symbols))
    }

    /// A lane is due whatever its rate, and this client is to be shown a picture then.
    pub fn hasten(&mut self, lane: LaneId, client: ClientId) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.hasten(client);
        }
    }

    /// Where a stream is.
    #[must_use]
    pub fn lane_of(&self, id: StreamId) -> Option<LaneId> {
        Some(self.streams.get(&id)?.lane)
    }

    fn flush_lane(&mut self, id: LaneId, list: &Watchlist, now: Millis, effects: &mut Effects) -> Flushed {
        let mut flushed = Flushed::default();
        let Some(lane) = self.lanes.get_mut(id) else {
            return flushed;
        };
        self.revision += 1;
        let said = lane.flush(list, self.revision, now);
        flushed.arrivals = said.arrivals.iter().map(|client| (id, *client)).collect();
        for id in said.to {
            let Some(stream) = self.streams.get_mut(&id) else {
                continue;
            };
            let items = said.items.iter();
            let mine = items.filter(|(symbol, _)| stream.symbols.binary_search(symbol).is_ok());
            let mine: Vec<&str> = mine.map(|(_, item)| item.as_str()).collect();
            if mine.is_empty() && said.news.is_empty() {
                continue;
            }
            let readers = u64::from(stream.readers);
            let items = mine.iter().copied().chain(said.news.iter().map(String::as_str));
            let t = now.saturating_sub(self.base);
            let frame = delta(self.epoch, stream.seq + 1, t, items);
            stream.advance(self.revision, frame.len());
            flushed.sends += readers;
            flushed.updates += readers * mine.len() as u64;
            effects.push(Effect::Broadcast {
                group: Group::Stream(id),
                frame,
            });
        }
        flushed
    }

    /// The lane for one more client of these symbols: that of its former stream, if it comes back to one of this epoch, or else the
    /// first with room.
    #[must_use]
    pub fn lane_for(&self, symbols: &[SymbolId], rate: Rate, resume: Option<Position>) -> LaneId {
        let former = resume.and_then(|place| self.streams.get(&StreamId(place.stream)));
        let former = former.filter(|stream| stream.lane.rate == rate && stream.symbols == symbols);
        // Even if others took its place meanwhile, but there is an end to that.
        if let Some(stream) = former
            && self.members(stream.lane) / 2 < self.room
        {
            return stream.lane;
        }
        let mut number = 0;
        loop {
            let lane = LaneId { rate, number };
            if self.members(lane) < self.room {
                return lane;
            }
            number += 1;
        }
    }

    fn members(&self, lane: LaneId) -> u32 {
        self.lanes.get(lane).map_or(0, |lane| lane.members)
    }

    /// The stream of these symbols in a lane, with one member more. It is sent nothing before it reads.
    pub fn join(&mut self, symbols: Vec<SymbolId>, lane: LaneId, list: &Watchlist, now: Millis) -> StreamId {
        let key = (lane, symbols);
        let known = self.by_key.get(&key).copied();
        let id = known.unwrap_or_else(|| self.create(key, list, now));
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.members += 1;
        }
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
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.members = stream.members.saturating_sub(1);
        if stream.members == 0 {
            stream.deserted = Some(now);
        }
        if let Some(lane) = self.lanes.get_mut(stream.lane) {
            lane.members = lane.members.saturating_sub(1);
        }
    }

    /// A member is sent deltas from now on.
    pub fn start_reading(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.readers += 1;
        if stream.readers == 1
            && let Some(lane) = self.lanes.get_mut(stream.lane)
        {
            lane.start_reading(id, &stream.symbols);
        }
    }

    /// A member is sent no deltas from now on.
    pub fn stop_reading(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.readers = stream.readers.saturating_sub(1);
        if stream.readers == 0
            && let Some(lane) = self.lanes.get_mut(stream.lane)
        {
            lane.stop_reading(id, &stream.symbols);
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
        let seen = place.and_then(|place| stream.marks.revision(stream.seq.checked_sub(place.seq)?));
        let lane = self.lanes.get(stream.lane);
        let symbols = stream.symbols.iter();
        let lines = symbols.filter_map(|symbol| Some((*symbol, lane?.held(*symbol)?)));
        let lacking = lines.filter(|(_, held)| seen.is_none_or(|seen| held.revision > seen));
        Picture {
            seq: stream.seq,
            recovered: seen.is_some(),
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
        let Some(lane) = self.lanes.get_mut(stream.lane) else {
            return;
        };
        let revision = self.revision + 1;
        let is_news = lane.refresh(&stream.symbols, list, revision, stream.marks.newest());
        if is_news && stream.readers == 0 {
            self.revision = revision;
            stream.advance(revision, 0);
        }
    }

    fn create(&mut self, key: (LaneId, Vec<SymbolId>), list: &Watchlist, now: Millis) -> StreamId {
        self.forget_deserted(now);
        self.last = self.last.wrapping_add(1);
        let id = StreamId(self.last);
        let (lane, symbols) = key.clone();
        self.lanes.ensure(lane);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.hold(&symbols, list, self.revision);
        }
        let stream = Stream {
            lane,
            symbols,
            members: 0,
            readers: 0,
            seq: 0,
            marks: Marks::default(),
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
        if let Some(lane) = self.lanes.get_mut(stream.lane) {
            lane.release(&stream.symbols);
            if lane.is_forsaken() {
                self.lanes.remove(stream.lane);
            }
        }
        self.by_key.remove(&(stream.lane, stream.symbols));
    }
}

impl Flushed {
    fn add(&mut self, more: Flushed) {
        self.sends += more.sends;
        self.updates += more.updates;
        self.arrivals.extend(more.arrivals);
    }
}

impl Stream {
    fn advance(&mut self, revision: u64, bytes: usize) {
        self.seq += 1;
        let wanted = MARKS_PER_MEMBER.saturating_mul(self.members as usize);
        self.marks.push(revision, bytes, wanted.clamp(LEAST_MARKS, MOST_MARKS));
    }
}
