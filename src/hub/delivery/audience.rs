//! The connected clients: what each watches, and how much each has said.

use super::shards::Rate;
use super::{ChannelId, ClientId, QuoteShard, SymbolId, Viewer};
use crate::dialect::{Dialect, Position, Way};
use crate::market::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that a client may send at once, and how long one takes to come back: 60, then 2 a second.
const BURST: Millis = 60;
const REFILL: Millis = 500;

/// One client.
#[derive(Debug, Default)]
pub struct Client {
    /// What it watches.
    pub symbols: BTreeSet<SymbolId>,
    /// What it speaks.
    pub dialect: Dialect,
    /// How it is sent prices.
    pub reads: Reads,
    /// Acknowledgements of what it was never sent.
    pub lies: u8,
    /// How much it was sent since it last proved that it reads.
    pub unproven: Unproven,
    /// Who is behind it.
    viewer: Option<Viewer>,
    /// A leaky bucket kept as the time at which it will be empty.
    drained_at: Millis,
}

/// How a client is sent prices, and what is to be known for it.
#[derive(Debug)]
pub enum Reads {
    /// Whole quotes, together with the other clients of this shard.
    Quotes(QuoteShard),
    /// Deltas of a channel, in which it is here.
    Channel(Cursor),
}

impl Default for Reads {
    fn default() -> Self {
        Self::Quotes(QuoteShard::default())
    }
}

/// What a client was sent, and the proof that a plain one was asked for.
#[derive(Debug, Default)]
pub struct Unproven {
    /// Of a plain client all frames, estimated to the half minute; of one in a channel those that it
    /// alone is sent.
    pub bytes: u64,
    /// The number that it is to say, which it knows only if it reads.
    pub asked: Option<u64>,
}

/// Where a client of `hamster.v1` is.
#[derive(Debug, Default)]
pub struct Cursor {
    /// How often it wants deltas.
    pub rate: Rate,
    /// Its channel; `None` while it watches nothing.
    pub channel: Option<ChannelId>,
    /// The newest delta that it says it has read, or the snapshot that it began with.
    pub acknowledged: u64,
    /// Since when it has been behind without a word.
    pub behind_since: Option<Millis>,
    /// What had been sent at a time when it was behind, and when that was: as long as it has not read so far, it is late.
    pub mark: Option<(u64, Millis)>,
    /// Whether it was asked since.
    pub asked: bool,
    /// Snapshots that it was shown since it last acknowledged anything.
    pub snapshots: u8,
    /// Whether it has been shown any.
    pub knows: bool,
    /// What it is sent.
    pub sent: Sent,
    /// The channel before the present one: what it was sent of it may be acknowledged late.
    pub left: Option<Left>,
}

/// Of a channel that a client has left.
#[derive(Debug)]
pub struct Left {
    /// The channel that it was in.
    pub channel: ChannelId,
    /// The newest delta that was sent.
    pub newest: u64,
    /// The newest that was acknowledged.
    pub acknowledged: u64,
}

/// What a client in a channel is sent. There are many clients, and few that resume: hence the boxes.
#[derive(Debug, Default)]
pub enum Sent {
    /// Each delta.
    #[default]
    Deltas,
    /// Nothing after this delta, until it has read that one.
    Nothing(u64),
    /// Nothing, until it has acknowledged anything: it was shown too many snapshots without a word.
    NothingUnasked {
        /// Of its former channel.
        at: u64,
        /// Where it wants to go on.
        resume: Option<Box<Position>>,
    },
    /// A snapshot, once those in its shard have been told what it may know already. Until then it is at this delta of the channel that it was in.
    SnapshotSoon {
        /// Of its former channel.
        at: u64,
        /// Where it wants to go on.
        resume: Option<Box<Position>>,
    },
}

/// What must survive hibernation of a client; kept in the attachment of its socket.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// What it watches.
    pub symbols: Vec<String>,
    /// The rate of a client that reads a channel.
    pub interval: Option<Millis>,
    /// The subprotocol that it speaks. An earlier version kept none: then the interval tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

impl Record {
    /// What the client speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match (Dialect::negotiate(self.dialect.as_deref()), self.interval) {
            (Ok(Dialect::Plain) | Err(_), Some(_)) => Dialect::HamsterV1,
            (spoken, _) => spoken.unwrap_or_default(),
        }
    }
}

/// All clients, and when the last of them, or the last REST reader, was here.
#[derive(Debug, Default)]
pub struct Audience {
    /// Boxed, because a node of the map has room for eleven and is half empty.
    clients: BTreeMap<ClientId, Box<Client>>,
    last_seen: Option<Millis>,
}

impl Audience {
    /// An audience whose last member left at `last_seen`, in an earlier life.
    #[must_use]
    pub fn last_seen_at(last_seen: Option<Millis>) -> Self {
        Self {
            clients: BTreeMap::new(),
            last_seen,
        }
    }

    /// A client connected.
    pub fn join(&mut self, id: ClientId, dialect: Dialect, viewer: Viewer, now: Millis) {
        let client = self.clients.entry(id).or_default();
        client.viewer = Some(viewer);
        client.dialect = dialect;
        if dialect.way() == Way::Channels {
            client.reads = Reads::Channel(Cursor::default());
        }
        self.seen(now);
    }

    /// A client is gone; gives what it was.
    pub fn leave(&mut self, id: ClientId, now: Millis) -> Option<Client> {
        self.seen(now);
        self.clients.remove(&id).map(|client| *client)
    }

    /// Whether a client is connected.
    #[must_use]
    pub fn knows(&self, id: ClientId) -> bool {
        self.clients.contains_key(&id)
    }

    /// Who is behind a client.
    #[must_use]
    pub fn viewer(&self, id: ClientId) -> Option<Viewer> {
        self.clients.get(&id)?.viewer
    }

    /// What each client watches, and who is behind it.
    pub fn wishes(&self) -> impl Iterator<Item = (Viewer, &BTreeSet<SymbolId>)> {
        let clients = self.clients.values();
        clients.filter_map(|client| Some((client.viewer?, &client.symbols)))
    }

    /// The clients that watch a symbol.
    #[must_use]
    pub fn watching(&self, id: SymbolId) -> Vec<ClientId> {
        let clients = self.clients.iter().filter(|(_, client)| client.symbols.contains(&id));
        clients.map(|(client, _)| *client).collect()
    }

    /// All clients.
    pub fn all(&mut self) -> impl Iterator<Item = (ClientId, &mut Client)> {
        self.clients.iter_mut().map(|(id, client)| (*id, client.as_mut()))
    }

    /// Where a client of `hamster.v1` is.
    pub fn cursor(&mut self, id: ClientId) -> Option<&mut Cursor> {
        self.clients.get_mut(&id)?.cursor()
    }

    /// Where all of them are.
    pub fn cursors(&mut self) -> impl Iterator<Item = (ClientId, &mut Cursor)> {
        self.clients
            .iter_mut()
            .filter_map(|(id, client)| Some((*id, client.cursor()?)))
    }

    /// Somebody was here.
    pub fn seen(&mut self, now: Millis) {
        self.last_seen = Some(now);
    }

    /// One client.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.clients.get_mut(&id).map(AsMut::as_mut)
    }

    /// What a client watches.
    #[must_use]
    pub fn watched(&self, id: ClientId) -> BTreeSet<SymbolId> {
        self.clients
            .get(&id)
            .map(|client| client.symbols.clone())
            .unwrap_or_default()
    }

    /// Connected clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// What a client speaks.
    #[must_use]
    pub fn dialect(&self, id: ClientId) -> Dialect {
        self.clients
            .get(&id)
            .map_or_else(Dialect::default, |client| client.dialect)
    }

    /// Connected clients of a dialect.
    #[must_use]
    pub fn of_dialect(&self, dialect: Dialect) -> u64 {
        let speakers = self.clients.values().filter(|client| client.dialect == dialect);
        speakers.count() as u64
    }

    /// Clients in channels that are sent nothing until they have read.
    #[must_use]
    pub fn paused(&self) -> usize {
        let is_paused = |reads: &Reads| match reads {
            Reads::Channel(cursor) => matches!(cursor.sent, Sent::Nothing(_)),
            Reads::Quotes(_) => false,
        };
        let clients = self.clients.values();
        clients.filter(|client| is_paused(&client.reads)).count()
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// When somebody was last here; the present while somebody is.
    #[must_use]
    pub fn last_seen(&self, now: Millis) -> Option<Millis> {
        if self.clients.is_empty() {
            self.last_seen
        } else {
            Some(now)
        }
    }

    /// Whether the upstream is wanted.
    #[must_use]
    pub fn is_watching(&self, idle: Millis, now: Millis) -> bool {
        self.last_seen(now).is_some_and(|seen| now < seen + idle)
    }

    /// When the hub may go to sleep; `None` while somebody is connected or nobody ever was.
    #[must_use]
    pub fn idle_deadline(&self, idle: Millis) -> Option<Millis> {
        if self.clients.is_empty() {
            self.last_seen.map(|seen| seen + idle)
        } else {
            None
        }
    }
}

impl Client {
    /// Where it is in its channel, if it reads one.
    pub fn cursor(&mut self) -> Option<&mut Cursor> {
        match &mut self.reads {
            Reads::Channel(cursor) => Some(cursor),
            Reads::Quotes(_) => None,
        }
    }

    /// The shard with which it is sent whole quotes, if it is.
    #[must_use]
    pub fn shard(&self) -> Option<QuoteShard> {
        match self.reads {
            Reads::Quotes(shard) => Some(shard),
            Reads::Channel(_) => None,
        }
    }

    /// Counts messages against the flood limit; false when it is passed.
    pub fn says(&mut self, messages: u64, now: Millis) -> bool {
        self.drained_at = self.drained_at.max(now) + messages * REFILL;
        self.drained_at <= now + BURST * REFILL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_say_sixty_at_once_and_two_a_second() {
        let mut client = Client::default();
        assert!((0..60).all(|_| client.says(1, 1_000_000)));
        assert!(!client.says(1, 1_000_000));
        let mut client = Client::default();
        assert!((0..1_000).all(|i| client.says(1, 1_000_000 + i * 500)));
    }

    #[test]
    fn watching_ends_some_time_after_the_last_one_left() {
        let mut audience = Audience::default();
        assert!(!audience.is_watching(300, 1_000));
        audience.join(ClientId(1), Dialect::Plain, Viewer(1), 1_000);
        assert!(audience.is_watching(300, 9_000));
        audience.leave(ClientId(1), 9_000);
        assert!(audience.is_watching(300, 9_299) && !audience.is_watching(300, 9_300));
        assert_eq!(audience.idle_deadline(300), Some(9_300));
    }
}
