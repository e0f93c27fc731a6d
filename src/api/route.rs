//! What a route is: which parameters it takes, what it asks, and how it shows the answer.

use super::parameters::Parameters;
use super::{Problem, Reply};
use crate::dialect::Dialect;
use crate::hub::{Answer, Question};
use crate::market::{Instrument, Millis};
use std::fmt;

/// The methods of a route that only reads.
pub(super) const READ_ONLY: &str = "GET, HEAD, OPTIONS";

/// A path, and what a request to it asks for.
pub(super) struct Route {
    /// The full path.
    pub(super) path: &'static str,
    /// The names of the parameters that it takes, or [`ANY`](super::parameters::ANY).
    pub(super) parameters: &'static [&'static str],
    /// What would be right, for errors about its parameters.
    pub(super) hint: &'static str,
    /// Reads the parameters. Errors are 400s that say what is right.
    pub(super) asks: fn(&Parameters) -> Result<Asked, Problem>,
}

/// What a request asks for, and who answers.
#[derive(Debug)]
pub enum Asked {
    /// The hub, which may wait for fresh prices or for the provider.
    Hub(Question, Show),
    /// The hub, several questions at the same time.
    Each(Vec<Question>, ShowEach),
    /// Nobody: the reply is known already.
    Known(Reply),
    /// The hub, at once and without waking its feed.
    Metrics,
    /// The Worker, without waking the hub.
    Health,
    /// The hub, over a WebSocket of this dialect; `None`: as its subprotocol says.
    Socket(Option<Dialect>),
    /// The hub, by polling in the Socket.IO session of this name, or in a new one. A POST carries
    /// what the client says.
    Polling(Option<String>),
    /// The hub, over a WebSocket that takes over the Socket.IO session of this name.
    Upgrade(String),
    /// The hub, as a stream of events about these symbols, or about the default ones.
    Stream(Vec<Instrument>),
    /// The Worker: whether access is required, and who the caller is.
    Access,
    /// The hub: a one-time ticket.
    Ticket,
    /// Nobody: OPTIONS, on a route with these methods.
    Options(&'static str),
}

/// How the answer to a question is shown; `None` if it answers another question.
#[derive(Debug, Clone, Copy)]
pub struct Show(pub(super) fn(&Answer) -> Option<Reply>);

impl Show {
    /// The reply made of the answer; 500 if it is the answer to another question.
    #[must_use]
    pub fn reply(self, answer: &Answer) -> Reply {
        let other = || Problem::Internal("the hub answered another question".to_owned()).reply();
        (self.0)(answer).unwrap_or_else(other)
    }
}

/// How far a time zone is ahead of UTC at a time, in seconds; `None` for a zone that does not
/// exist. The zone is a name of the IANA database. The platform has the database.
pub type Zones<'a> = &'a dyn Fn(&str, Millis) -> Option<i32>;

type Shown = dyn Fn(&[Answer], Zones<'_>) -> Reply;

/// How the answers to several questions are shown, in the order of the questions.
pub struct ShowEach(Box<Shown>);

impl ShowEach {
    pub(super) fn new(show: impl Fn(&[Answer], Zones<'_>) -> Reply + 'static) -> Self {
        Self(Box::new(show))
    }

    /// The reply made of the answers.
    #[must_use]
    pub fn reply(&self, answers: &[Answer], zones: Zones<'_>) -> Reply {
        (self.0)(answers, zones)
    }
}

impl fmt::Debug for ShowEach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ShowEach")
    }
}
