//! What goes into the machine and what comes out of it, and the numbers by which both name things.

use super::answer::{Answer, Question};
use crate::dialect::Dialect;
use crate::market::{FeedState, Millis};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A tracked symbol's number, for as long as it is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// A client's number, unique among the connected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// A stream's number, in this life of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Clients of one dialect that are sent whole quotes in one go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteShard(pub u32);

/// Who is behind a client, as far as can be told: clients of one number share one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Viewer(pub u64);

impl Viewer {
    /// Of a client of which nothing is known: it counts for itself.
    #[must_use]
    pub fn alone(client: ClientId) -> Self {
        Self(u64::from(client.0))
    }
}

/// Clients that are sent the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// All clients of a dialect that are sent whole quotes.
    Everyone(Dialect),
    /// The clients of a shard that watch a symbol.
    Symbol(SymbolId, QuoteShard),
    /// The readers of a channel.
    Channel(ChannelId),
}

/// An upstream connection's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkId(pub u32);

/// A REST call's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);

/// A waiting REST reader's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaiterId(pub u32);

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client connected, and who is behind it.
    Joined(ClientId, Dialect, Viewer),
    /// A client that was connected before the object slept, with its last [`Effect::Remember`].
    Rejoined(ClientId, String),
    /// A text frame of a client.
    Said(ClientId, String),
    /// A binary frame of a client, of so many bytes.
    SaidBinary(ClientId, usize),
    /// A client is gone.
    Left(ClientId),
    /// A REST call asks; answered by [`Effect::Answer`], at once or when fresh prices are there.
    Waiter(WaiterId, Question),
    /// The upgrade succeeded.
    Opened(LinkId),
    /// The upgrade was answered with another status, and this body.
    Refused(LinkId, u16, String),
    /// The connection could not be made, or ended; the text says how.
    Lost(LinkId, String),
    /// A text frame of upstream.
    Frame(LinkId, String),
    /// A REST call was answered.
    Fetched(RequestId, RestAnswer),
    /// A REST call failed on the way.
    FetchFailed(RequestId, String),
    /// Storage refused a write, or (`None`) took one.
    Stored(Option<String>),
    /// As [`Input::Stored`], for the row of [`Effect::SaveCredits`]: only now may the call leave.
    Charged(Option<String>),
    /// The event loop has come round since [`Effect::Pulse`].
    Pulse,
    /// Time passed.
    Time,
}

impl Input {
    /// A client connected that is on its own, as far as anybody can tell.
    #[must_use]
    pub fn joined(client: ClientId, dialect: Dialect) -> Self {
        Self::Joined(client, dialect, Viewer::alone(client))
    }
}

/// What a REST call brought.
#[derive(Debug, Clone)]
pub struct RestAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// `api-credits-used`, `api-credits-left`.
    pub credits: Option<(u32, u32)>,
}

/// Something to do. The order matters.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open the upstream connection.
    OpenUpstream {
        /// Its number.
        link: LinkId,
    },
    /// Send upstream.
    SendUpstream {
        /// On this connection.
        link: LinkId,
        /// Text.
        frame: String,
    },
    /// Close the upstream connection, before anything else is opened.
    CloseUpstream {
        /// This one.
        link: LinkId,
    },
    /// Call REST `/quote`; the budget is charged, and the charge is stored.
    Fetch {
        /// The call's number.
        request: RequestId,
        /// Symbols as upstream wants them.
        symbols: Vec<String>,
    },
    /// Send to one client.
    Send {
        /// Whom.
        client: ClientId,
        /// Text.
        frame: String,
    },
    /// Send to all in a group.
    Broadcast {
        /// Whom.
        group: Group,
        /// Text.
        frame: String,
    },
    /// From now on the client gets what is sent to the group.
    Enroll {
        /// Who.
        client: ClientId,
        /// Where.
        group: Group,
    },
    /// No longer.
    Dismiss {
        /// Who.
        client: ClientId,
        /// From where.
        group: Group,
    },
    /// Hand in [`Input::Pulse`] once the event loop has come round: what was sent is on its way, what waited was read.
    Pulse,
    /// Keep this where hibernation cannot lose it, for [`Input::Rejoined`].
    Remember {
        /// Whose it is.
        client: ClientId,
        /// Opaque text, of at most 12 KiB.
        record: String,
    },
    /// Close a client's connection.
    CloseClient {
        /// Whose.
        client: ClientId,
        /// A documented code.
        code: u16,
        /// For people.
        reason: &'static str,
    },
    /// Answer a REST call.
    Answer(WaiterId, Box<Answer>),
    /// Store the cache.
    SaveCheckpoint(String),
    /// Store the budget; answered by [`Input::Charged`], before which the call does not leave.
    SaveCredits(String),
    /// One line for the operator's log, a JSON object.
    Log(String),
}

/// A wait for the next attempt to connect, as it is stored: sleep must not make a refused or failing
/// hub hammer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// `fallback` or `refused`.
    pub state: FeedState,
    /// Since when.
    pub since: Millis,
    /// Why.
    pub reason: String,
    /// Failed attempts in a row.
    pub failures: u32,
    /// When the next attempt is due.
    pub retry_at: Millis,
    /// The name of the down reason; code to read an enum would be larger.
    #[serde(default)]
    pub cause: String,
}

/// Effects in order.
#[derive(Debug, Default)]
pub struct Effects(VecDeque<Effect>);

impl Effects {
    /// Queues one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }
}

/// What storage held when the object was made.
#[derive(Debug, Default)]
pub struct Stored {
    /// The row of [`Effect::SaveCheckpoint`].
    pub checkpoint: Option<String>,
    /// The row of [`Effect::SaveCredits`].
    pub credits: Option<String>,
    /// Whether storage holds an older checkpoint than this.
    pub is_unsaved: bool,
}

impl Effects {
    /// Takes the first.
    pub fn pop(&mut self) -> Option<Effect> {
        self.0.pop_front()
    }
}
