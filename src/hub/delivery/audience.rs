//! The connected clients: what each watches, what it was sent, and how much it has said.

use super::shards::Rate;
use super::{Carrier, ChannelId, ClientId, Pass, QuoteShard, SymbolId, Viewer};
use crate::dialect::{Dialect, Position, SubscriptionFailure, Way};
use crate::market::{MINUTE, Millis};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Client {
    pub symbols: BTreeSet<SymbolId>,
    pub dialect: Dialect,
    /// How it is sent prices.
    pub reads: Reads,
    /// Acknowledgements of deltas that it was never sent.
    pub lies: u8,
    /// What it was sent since it last proved that it reads.
    pub unproven: Unproven,
    /// What carries its frames.
    pub carrier: Carrier,
    /// Socket.IO: its session, once it has joined.
    pub session: Option<Box<Session>>,
    /// Whether it has not answered the last beat.
    pub owes_pong: bool,
    /// The subscription that it has not been answered yet.
    pub unanswered: Option<Box<Unanswered>>,
    /// Over HTTP: since when it does not read.
    pub blocked: Option<Box<Blocked>>,
    viewer: Option<Viewer>,
    /// What it has shown, where access is required.
    pub pass: Option<Box<Pass>>,
    /// Whether it must show a credential before it may say anything else.
    pub must_prove: bool,
    /// When its pass ends, or the time to show one.
    pub ends_at: Option<Millis>,
    /// The flood limit: the time when its bucket will be empty.
    drained_at: Millis,
}

/// How a client is sent prices.
#[derive(Debug)]
pub enum Reads {
    /// Whole quotes, together with the other clients of this shard.
    Quotes(QuoteShard),
    /// Deltas of a channel, from this cursor on.
    Channel(Cursor),
}

impl Default for Reads {
    fn default() -> Self {
        Self::Quotes(QuoteShard::default())
    }
}

/// A Socket.IO session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name, which the client knows as its id.
    pub name: String,
    /// The secret by which a client takes it up again.
    pub recovery: String,
    /// Revision of the book when it last subscribed. A position that is not later does not say
    /// whether the client was sent those symbols.
    #[serde(skip)]
    pub subscribed: u64,
}

/// A subscription whose outcome is not known yet.
#[derive(Debug)]
pub struct Unanswered {
    /// What was asked for and is not known to fail.
    pub symbols: Vec<SymbolId>,
    pub fails: Vec<SubscriptionFailure>,
    /// When it is answered whatever is known.
    pub until: Millis,
}

/// A client over HTTP that does not read.
#[derive(Debug)]
pub struct Blocked {
    pub since: Millis,
    /// Revision of the book up to which it was sent every change; 0 if it wants everything.
    pub seen: u64,
}

/// What a client was sent without a proof that it reads.
#[derive(Debug, Default)]
pub struct Unproven {
    /// For a plain client all frames, with broadcasts counted every 30 s; for a client in a channel
    /// only the frames that were sent to it alone.
    pub bytes: u64,
    /// The number that the client must repeat. It can know the number only if it reads.
    pub asked: Option<u64>,
}

/// A client's position in its channel (`hamster.v1`).
#[derive(Debug, Default)]
pub struct Cursor {
    /// The least interval between deltas that it chose.
    pub rate: Rate,
    /// `None` while it watches nothing.
    pub channel: Option<ChannelId>,
    /// The newest delta that it acknowledged, or the snapshot that it started with.
    pub acknowledged: u64,
    /// Since when it has been behind without acknowledging anything.
    pub behind_since: Option<Millis>,
    /// `(seq, at)`: the newest delta sent when the client was first seen behind. Until it
    /// acknowledges `seq`, it is late.
    pub mark: Option<(u64, Millis)>,
    /// Whether it was sent an ack-request since then.
    pub asked: bool,
    /// Snapshots sent since its last acknowledgement.
    pub snapshots: u8,
    /// Whether it was ever sent a snapshot.
    pub knows: bool,
    /// Whether it is sent deltas at the moment.
    pub sent: Sent,
    /// The channel before the current one, whose deltas may be acknowledged late.
    pub left: Option<Left>,
}

/// A channel that a client has left.
#[derive(Debug)]
pub struct Left {
    pub channel: ChannelId,
    /// The newest delta that the client was sent.
    pub newest: u64,
    /// The newest delta that it acknowledged.
    pub acknowledged: u64,
}

/// What a client in a channel is sent. Few of the many clients resume, so the position is boxed.
#[derive(Debug, Default)]
pub enum Sent {
    /// Every delta.
    #[default]
    Deltas,
    /// Nothing after this delta, until the client has acknowledged it.
    Nothing(u64),
    /// Nothing until it acknowledges anything: it got too many snapshots without a word.
    NothingUnasked {
        /// Its delta in the former channel.
        at: u64,
        /// Where it wants to resume.
        resume: Option<Box<Position>>,
    },
    /// A snapshot, after the next flush of its shard: the client may already hold values that its
    /// shard has not been sent yet.
    SnapshotSoon {
        /// Its delta in the former channel.
        at: u64,
        /// Where it wants to resume.
        resume: Option<Box<Position>>,
    },
}

/// What must survive a client's hibernation, in JSON; kept in the attachment of its socket.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    pub symbols: Vec<String>,
    /// The delta interval of a client in a channel, in milliseconds.
    pub interval: Option<Millis>,
    /// The dialect's name; absent for plain JSON, and in records of an earlier version, whose
    /// `interval` then tells the dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// Its Socket.IO session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Its pass, where access is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<serde_json::Value>,
    /// While a subscription waits for its answer: the symbols that are known to fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Vec<String>>,
}

impl Record {
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match (self.dialect.as_deref().and_then(Dialect::named), self.interval) {
            (Some(Dialect::Plain) | None, Some(_)) => Dialect::HamsterV1,
            (spoken, _) => spoken.unwrap_or_default(),
        }
    }
}

/// All clients, and when the last client or REST request was here.
#[derive(Debug, Default)]
pub struct Audience {
    /// Boxed, because a node of the map has room for eleven and is half empty.
    clients: BTreeMap<ClientId, Box<Client>>,
    /// Clients that must show a credential first. Nothing is done for their sake.
    unproven: usize,
    last_seen: Option<Millis>,
}

impl Audience {
    /// No clients; the last one of an earlier epoch was here at `last_seen`.
    #[must_use]
    pub fn last_seen_at(last_seen: Option<Millis>) -> Self {
        Self {
            clients: BTreeMap::new(),
            unproven: 0,
            last_seen,
        }
    }

    pub fn join(&mut self, id: ClientId, (dialect, carrier): (Dialect, Carrier), viewer: Viewer) {
        let client = self.clients.entry(id).or_default();
        client.viewer = Some(viewer);
        client.dialect = dialect;
        client.carrier = carrier;
        if dialect.way() == Way::Channels {
            client.reads = Reads::Channel(Cursor::default());
        }
    }

    /// A client must show a credential, or need not any more.
    pub fn proves(&mut self, did: bool, does: bool, now: Millis) {
        self.unproven = self.unproven.saturating_sub(usize::from(did)) + usize::from(does);
        if !does {
            self.seen(now);
        }
    }

    /// A client's connection ended; returns the client.
    pub fn leave(&mut self, id: ClientId, now: Millis) -> Option<Client> {
        let left = self.clients.remove(&id).map(|client| *client);
        match &left {
            Some(client) if client.must_prove => self.unproven = self.unproven.saturating_sub(1),
            _ => self.seen(now),
        }
        left
    }

    #[must_use]
    pub fn knows(&self, id: ClientId) -> bool {
        self.clients.contains_key(&id)
    }

    #[must_use]
    pub fn viewer(&self, id: ClientId) -> Option<Viewer> {
        self.clients.get(&id)?.viewer
    }

    /// What a client has shown, where access is required.
    #[must_use]
    pub fn pass(&self, id: ClientId) -> Option<&Pass> {
        self.clients.get(&id)?.pass.as_deref()
    }

    /// What each client watches, and who is behind it.
    pub fn wishes(&self) -> impl Iterator<Item = (Viewer, &BTreeSet<SymbolId>)> {
        let clients = self.clients.values();
        clients.filter_map(|client| Some((client.viewer?, &client.symbols)))
    }

    #[must_use]
    pub fn watching(&self, id: SymbolId) -> Vec<ClientId> {
        let clients = self.clients.iter().filter(|(_, client)| client.symbols.contains(&id));
        clients.map(|(client, _)| *client).collect()
    }

    pub fn all(&mut self) -> impl Iterator<Item = (ClientId, &mut Client)> {
        self.clients.iter_mut().map(|(id, client)| (*id, client.as_mut()))
    }

    pub fn cursor(&mut self, id: ClientId) -> Option<&mut Cursor> {
        self.clients.get_mut(&id)?.cursor()
    }

    pub fn cursors(&mut self) -> impl Iterator<Item = (ClientId, &mut Cursor)> {
        self.clients
            .iter_mut()
            .filter_map(|(id, client)| Some((*id, client.cursor()?)))
    }

    /// A client or REST request is here.
    pub fn seen(&mut self, now: Millis) {
        self.last_seen = Some(now);
    }

    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.clients.get_mut(&id).map(AsMut::as_mut)
    }

    #[must_use]
    pub fn watched(&self, id: ClientId) -> BTreeSet<SymbolId> {
        self.clients
            .get(&id)
            .map(|client| client.symbols.clone())
            .unwrap_or_default()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    #[must_use]
    pub fn dialect(&self, id: ClientId) -> Dialect {
        self.clients
            .get(&id)
            .map_or_else(Dialect::default, |client| client.dialect)
    }

    #[must_use]
    pub fn of_dialect(&self, dialect: Dialect) -> u64 {
        let speakers = self.clients.values().filter(|client| client.dialect == dialect);
        speakers.count() as u64
    }

    /// The channel of a client, and the newest delta that it has acknowledged.
    #[must_use]
    pub fn place(&self, id: ClientId) -> Option<(ChannelId, u64)> {
        match &self.clients.get(&id)?.reads {
            Reads::Channel(cursor) => Some((cursor.channel?, cursor.acknowledged)),
            Reads::Quotes(_) => None,
        }
    }

    /// Clients in channels that are sent nothing until they acknowledge.
    #[must_use]
    pub fn paused(&self) -> usize {
        let is_paused = |reads: &Reads| match reads {
            Reads::Channel(cursor) => matches!(cursor.sent, Sent::Nothing(_)),
            Reads::Quotes(_) => false,
        };
        let clients = self.clients.values();
        clients.filter(|client| is_paused(&client.reads)).count()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.len() == self.unproven
    }

    /// When somebody was last here: `now` while a client is connected.
    #[must_use]
    pub fn last_seen(&self, now: Millis) -> Option<Millis> {
        if self.is_empty() { self.last_seen } else { Some(now) }
    }

    /// Whether the upstream connection is wanted.
    #[must_use]
    pub fn is_watching(&self, idle: Millis, now: Millis) -> bool {
        self.last_seen(now).is_some_and(|seen| now < seen + idle)
    }

    /// When the hub may go to sleep; `None` while a client is connected or if none ever was.
    #[must_use]
    pub fn idle_deadline(&self, idle: Millis) -> Option<Millis> {
        if self.is_empty() {
            self.last_seen.map(|seen| seen + idle)
        } else {
            None
        }
    }
}

impl Client {
    /// Its cursor, if it is in a channel.
    pub fn cursor(&mut self) -> Option<&mut Cursor> {
        match &mut self.reads {
            Reads::Channel(cursor) => Some(cursor),
            Reads::Quotes(_) => None,
        }
    }

    /// Who is behind it.
    #[must_use]
    pub fn viewer(&self) -> Option<Viewer> {
        self.viewer
    }

    /// Its shard, if it is sent whole quotes.
    #[must_use]
    pub fn shard(&self) -> Option<QuoteShard> {
        match self.reads {
            Reads::Quotes(shard) => Some(shard),
            Reads::Channel(_) => None,
        }
    }

    /// Another viewer is behind it than was thought.
    pub fn belongs_to(&mut self, viewer: Viewer) {
        self.viewer = Some(viewer);
    }

    /// Counts messages against the flood limit, a leaky bucket that empties in half a minute; false
    /// if the limit is exceeded.
    pub fn says(&mut self, messages: u64, per_minute: u32, now: Millis) -> bool {
        self.drained_at = self.drained_at.max(now) + messages * MINUTE / u64::from(per_minute.max(1));
        self.drained_at <= now + MINUTE / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_say_sixty_at_once_and_two_a_second() {
        let mut client = Client::default();
        assert!((0..60).all(|_| client.says(1, 120, 1_000_000)));
        assert!(!client.says(1, 120, 1_000_000));
        let mut client = Client::default();
        assert!((0..1_000).all(|i| client.says(1, 120, 1_000_000 + i * 500)));
    }

    #[test]
    fn watching_ends_some_time_after_the_last_one_left() {
        let mut audience = Audience::default();
        assert!(!audience.is_watching(300, 1_000));
        audience.join(ClientId(1), (Dialect::Plain, Carrier::WebSocket), Viewer(1));
        audience.proves(false, false, 1_000);
        assert!(audience.is_watching(300, 9_000));
        audience.leave(ClientId(1), 9_000);
        assert!(audience.is_watching(300, 9_299) && !audience.is_watching(300, 9_300));
        assert_eq!(audience.idle_deadline(300), Some(9_300));
    }
}
