//! Socket.IO sessions: their names, who joins, and what a client that lost its connection gets.

use super::audience::Session;
use super::{ClientId, Delivery, ServerEvent, Stage, clients};
use crate::dialect::message::ClientError;
use crate::dialect::message::Recovery;
use crate::dialect::{CLOSE_LEFT, Dialect, FeedView, socket_io};
use crate::market::{Instrument, MINUTE, Millis};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How long a session is kept for a client that connects again.
const KEPT: Millis = 2 * MINUTE;
/// Most sessions that are kept.
const MOST_KEPT: usize = 1_000;

/// Names sessions, and keeps those whose connection was lost.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Random, and known to nobody.
    entropy: [u64; 4],
    /// What the names begin with: a relay's name, so that a request for a session finds its relay.
    prefix: String,
    lost: Vec<Lost>,
}

#[derive(Debug)]
struct Lost {
    session: Session,
    symbols: Vec<Instrument>,
    at: Millis,
}

impl Sessions {
    pub fn new(entropy: [u64; 4], prefix: String) -> Self {
        Self {
            entropy,
            prefix,
            lost: Vec::new(),
        }
    }

    /// The name of a client's session, which nobody else can guess.
    fn name(&self, client: ClientId) -> String {
        format!("{}{:x}-{:016x}", self.prefix, client.0, self.hash(client, "name"))
    }

    fn fresh(&self, client: ClientId) -> Session {
        Session {
            name: self.name(client),
            recovery: format!("{:016x}", self.hash(client, "recovery")),
            subscribed: 0,
        }
    }

    fn hash(&self, client: ClientId, purpose: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.entropy, client.0, purpose).hash(&mut hasher);
        hasher.finish()
    }

    fn keep(&mut self, session: Session, symbols: Vec<Instrument>, now: Millis) {
        self.lost.retain(|lost| now < lost.at + KEPT);
        if self.lost.len() < MOST_KEPT {
            self.lost.push(Lost {
                session,
                symbols,
                at: now,
            });
        }
    }

    fn take(&mut self, recovery: &str, now: Millis) -> Option<Lost> {
        let at = self.lost.iter().position(|lost| lost.session.recovery == recovery)?;
        Some(self.lost.swap_remove(at)).filter(|lost| now < lost.at + KEPT)
    }
}

impl Delivery {
    /// The name of a client's session.
    #[must_use]
    pub fn session_name(&self, client: ClientId) -> String {
        self.sessions.name(client)
    }

    /// The client whose session has this name, if it is connected.
    #[must_use]
    pub fn client_of(&self, session: &str) -> Option<ClientId> {
        let (number, _) = session.strip_prefix(&self.sessions.prefix)?.split_once('-')?;
        let client = ClientId(u32::from_str_radix(number, 16).ok()?);
        let speaks = self.audience.knows(client) && self.audience.dialect(client) == Dialect::SocketIo;
        (speaks && self.sessions.name(client) == session).then_some(client)
    }

    /// A Socket.IO client joins. It is greeted as the original greeted it, and sent the price of every
    /// default symbol; or, if it takes up a session that it lost, what it missed.
    pub(super) fn connect(&mut self, client: ClientId, recovery: Option<Recovery>, stage: &mut Stage<'_>) {
        if self.session(client).is_some() {
            let message = "this connection has joined already; leave with 41 first";
            return self.push_frame(client, socket_io::refused(None, message), stage);
        }
        let epoch = self.epoch();
        let lost = recovery
            .filter(|(_, (of, _))| *of == epoch)
            .and_then(|(secret, (_, revision))| Some((self.sessions.take(&secret, stage.now)?, revision)));
        let fresh = self.sessions.fresh(client);
        let is_recovered = lost.is_some();
        let (session, symbols, seen) = match lost {
            Some((lost, revision)) => {
                let seen = if revision > lost.session.subscribed {
                    revision
                } else {
                    0
                };
                (lost.session, lost.symbols, seen)
            }
            None => (fresh, self.default_symbols(client, stage), 0),
        };
        self.push_frame(client, socket_io::accepted(&session.name, &session.recovery), stage);
        if !is_recovered {
            let status = socket_io::status(&FeedView::of(stage.feed), stage.config.simulated);
            self.push_frame(client, status, stage);
        }
        if let Some(client) = self.audience.get_mut(client) {
            client.session = Some(Box::new(session));
        }
        // A default symbol is always tracked, so only a lost session's may fail.
        let (mut watched, fails) = self.watch_again(client, &symbols, stage);
        if is_recovered {
            // It may have missed that a symbol was refused or given to others.
            let book = stage.demand.book();
            let success = watched
                .iter()
                .filter_map(|id| clients::subscription(book, *id))
                .collect();
            self.send(client, &ServerEvent::subscribed(success, fails), stage);
        }
        self.remember(client, stage);
        let book = stage.demand.book();
        watched.retain(|id| seen == 0 || book.changes_of(*id, seen).is_some_and(|changed| changed.quote));
        self.show(client, &watched, stage);
        let shard = self.audience.get_mut(client).and_then(|client| client.shard());
        if let Some(frame) = shard.and_then(|shard| Dialect::SocketIo.position(self.position_in(shard))) {
            self.push_frame(client, frame, stage);
        }
    }

    /// A Socket.IO client wants a namespace that does not exist.
    pub(super) fn connect_elsewhere(&mut self, client: ClientId, namespace: &str, stage: &mut Stage<'_>) {
        let message = "there is no such namespace; join /, the default";
        self.push_frame(client, socket_io::refused(Some(namespace), message), stage);
    }

    /// A client says that it leaves. Its session is over.
    pub(super) fn leave(&mut self, client: ClientId, stage: &mut Stage<'_>) {
        if let Some(client) = self.audience.get_mut(client) {
            client.session = None;
        }
        self.close(client, CLOSE_LEFT, "you left", stage);
    }

    /// Whether a client may say more than that it joins; if not, it is told so.
    pub(super) fn has_joined(&mut self, client: ClientId, stage: &mut Stage<'_>) -> bool {
        if self.audience.dialect(client) != Dialect::SocketIo || self.session(client).is_some() {
            return true;
        }
        self.counts.unreadable += 1;
        let message = ClientError::InvalidPacket.to_string();
        self.push_frame(client, socket_io::refused(None, &message), stage);
        false
    }

    /// Keeps the session of a client whose connection ended.
    pub(super) fn keep_session(&mut self, session: Session, symbols: Vec<Instrument>, now: Millis) {
        self.sessions.keep(session, symbols, now);
    }

    fn session(&mut self, client: ClientId) -> Option<&Session> {
        self.audience.get_mut(client)?.session.as_deref()
    }
}
