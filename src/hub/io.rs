//! Inputs and effects of the machine, and the ids that they use.

use super::answer::{Answer, Question};
use crate::access::{Pass, Standing, Viewer};
use crate::dialect::Dialect;
use crate::dialect::message::{Subscribe, Token};
use crate::market::{FeedState, Millis};
use crate::provider::Call;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Id of a tracked symbol, valid while it is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// Id of a client, unique among the connected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// Id of a channel, unique within one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Id of a shard of plain clients: clients of one dialect that one flush sends whole quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteShard(pub u32);

/// What carries a client's frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carrier {
    /// A WebSocket. The platform does not tell how much waits in it.
    #[default]
    WebSocket,
    /// Answers over HTTP, which the platform does not take faster than the client reads. It ends
    /// with the object's instance.
    Http,
}

/// Clients that are sent the same frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// All clients of a dialect that sends whole quotes.
    Everyone(Dialect),
    /// The clients of a shard that watch a symbol.
    Symbol(SymbolId, QuoteShard),
    /// The members of a channel that are sent its deltas.
    Channel(ChannelId),
}

/// Id of an upstream connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkId(pub u32);

/// Id of a REST call to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);

/// Id of a REST waiter: a request to us that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaiterId(pub u32);

/// Id of a request for stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// Stored rows of one series, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The series.
    pub series: String,
    /// Least start of a row.
    pub from: Millis,
    /// Starts of rows are below this.
    pub to: Millis,
    /// The most rows.
    pub most: usize,
}

/// A row to store, which replaces an earlier one of the same series and start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The series that it belongs to.
    pub series: String,
    /// Its place in the series.
    pub start: Millis,
    /// When it may be deleted.
    pub expires: Millis,
    /// The content.
    pub body: String,
}

/// An event that the driver hands to the machine.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client connected.
    Joined(ClientId, Dialect, Carrier, Viewer, Standing),
    /// What came of [`Effect::Authenticate`]: the pass and who is behind it, or why there is none, as
    /// text for a person.
    Authenticated(ClientId, Result<(Viewer, Pass), String>),
    /// A client from before the object hibernated, with its last [`Effect::Remember`].
    Rejoined(ClientId, String),
    /// A text frame of a client.
    Said(ClientId, String),
    /// A binary frame of a client, with its size in bytes.
    SaidBinary(ClientId, usize),
    /// A client's wish that was not a frame: its address named the symbols.
    Wished(ClientId, Subscribe),
    /// A client that polls goes on over a WebSocket.
    Upgraded(ClientId),
    /// What was sent to a client over HTTP waits, because the client does not read.
    Blocked(ClientId),
    /// A blocked client has read everything.
    Drained(ClientId),
    /// A client's connection ended.
    Left(ClientId),
    /// A REST request. [`Effect::Answer`] answers it, at once or when fresh prices have arrived.
    Waiter(WaiterId, Question),
    /// The upstream upgrade succeeded.
    Opened(LinkId),
    /// The upgrade was answered with this status, other than 101, and this body.
    Refused(LinkId, u16, String),
    /// The upstream connection could not be made, or it ended; the text describes how.
    Lost(LinkId, String),
    /// A text frame of the provider.
    Frame(LinkId, String),
    /// A REST call was answered.
    Fetched(RequestId, RestAnswer),
    /// A REST call failed without an HTTP response; the text describes how.
    FetchFailed(RequestId, String),
    /// Storage refused a write, for this reason, or (`None`) accepted one.
    Stored(Option<String>),
    /// As [`Input::Stored`], for the row of [`Effect::SaveCredits`]: the call may leave only now.
    Charged(Option<String>),
    /// The rows that [`Effect::Load`] asked for, by start.
    Loaded(Ticket, Vec<(Millis, String)>),
    /// The event loop has turned since [`Effect::Pulse`].
    Pulse,
    /// A deadline may have passed.
    Time,
}

impl Input {
    /// [`Input::Joined`] for a client of whom nothing is known, where access is open.
    #[must_use]
    pub fn joined(client: ClientId, dialect: Dialect) -> Self {
        let viewer = Viewer::alone(client.0);
        Self::Joined(client, dialect, Carrier::WebSocket, viewer, Standing::Anybody)
    }
}

/// The HTTP response to a REST call.
#[derive(Debug, Clone)]
pub struct RestAnswer {
    /// The HTTP status code.
    pub status: u16,
    /// The response body.
    pub body: String,
    /// The headers `api-credits-used` and `api-credits-left`.
    pub credits: Option<(u32, u32)>,
}

/// Something that the driver must do. The order matters.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Find out what a client's token allows, for [`Input::Authenticated`].
    Authenticate {
        /// The client that showed it.
        client: ClientId,
        /// The token.
        token: Token,
    },
    /// Open the upstream connection.
    OpenUpstream {
        /// Id of the new connection.
        link: LinkId,
    },
    /// Send a frame to the provider.
    SendUpstream {
        /// The connection to send it on.
        link: LinkId,
        /// Content of the text frame.
        frame: String,
    },
    /// Close the upstream connection before another one is opened.
    CloseUpstream {
        /// The connection to close.
        link: LinkId,
    },
    /// Call the provider's REST API. The budget is charged, and the charge is stored.
    Fetch {
        /// Id of the call, for its answer.
        request: RequestId,
        /// What is asked.
        call: Call,
    },
    /// Send a frame to one client.
    Send {
        /// The receiver.
        client: ClientId,
        /// Content of the text frame.
        frame: String,
    },
    /// Send a frame to every client in a group.
    Broadcast {
        /// The receivers.
        group: Group,
        /// Content of the text frame.
        frame: String,
    },
    /// Add a client to a group: it receives the group's broadcasts from now on.
    Enroll {
        /// The client to add.
        client: ClientId,
        /// The group to add it to.
        group: Group,
    },
    /// Remove a client from a group.
    Dismiss {
        /// The client to remove.
        client: ClientId,
        /// The group to remove it from.
        group: Group,
    },
    /// Hand in [`Input::Pulse`] after a turn of the event loop: sent frames have left by then, and
    /// waiting frames have been read.
    Pulse,
    /// Keep this record where it survives hibernation, for [`Input::Rejoined`].
    Remember {
        /// The client it belongs to.
        client: ClientId,
        /// Opaque text of at most 12 KiB.
        record: String,
    },
    /// Close a client's connection.
    CloseClient {
        /// The client to close.
        client: ClientId,
        /// The close code, one of those that the protocol documents.
        code: u16,
        /// The reason, as text for a person.
        reason: &'static str,
    },
    /// Answer a REST request.
    Answer(WaiterId, Box<Answer>),
    /// Store the checkpoint row.
    SaveCheckpoint(String),
    /// Store the budget row. The call does not leave before [`Input::Charged`] answers.
    SaveCredits(String),
    /// Read stored rows, for [`Input::Loaded`].
    Load(Ticket, Span),
    /// Store these rows.
    Keep(Vec<Kept>),
    /// Delete the rows that expired before now.
    DropExpired,
    /// One line for the operator's log: a JSON object.
    Log(String),
}

/// A wait before the next connection attempt, as stored in the checkpoint: an eviction must not
/// make a refused or failing hub hammer the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// `fallback` or `refused`.
    pub state: FeedState,
    /// When that state began.
    pub since: Millis,
    /// The reason, as text for a person.
    pub reason: String,
    /// Failed attempts in a row.
    pub failures: u32,
    /// When the next attempt is due.
    pub retry_at: Millis,
    /// The name of the down reason. A string, because code that reads an enum would be larger.
    #[serde(default)]
    pub cause: String,
}

/// The queue of effects, in order.
#[derive(Debug, Default)]
pub struct Effects(VecDeque<Effect>);

impl Effects {
    /// Appends an effect.
    pub fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }
}

/// What storage held when the object was created.
#[derive(Debug, Default)]
pub struct Stored {
    /// The row of [`Effect::SaveCheckpoint`].
    pub checkpoint: Option<String>,
    /// The row of [`Effect::SaveCredits`].
    pub credits: Option<String>,
    /// Whether storage still holds an older checkpoint than this one.
    pub is_unsaved: bool,
}

impl Effects {
    /// Takes the first effect.
    pub fn pop(&mut self) -> Option<Effect> {
        self.0.pop_front()
    }
}
