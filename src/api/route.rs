//! What a route is: which parameters it takes, what it asks, and how it shows the answer.

use super::parameters::Parameters;
use super::{Problem, Reply};
use crate::dialect::Dialect;
use crate::hub::{Answer, Question};
use crate::market::Instrument;

/// A path, and what a request to it asks for.
pub(super) struct Route {
    /// The full path.
    pub(super) path: &'static str,
    /// The names of the parameters that it takes.
    pub(super) parameters: &'static [&'static str],
    /// What would be right, for errors about its parameters.
    pub(super) hint: &'static str,
    /// Reads the parameters. Errors are 400s that say what is right.
    pub(super) asks: fn(&Parameters) -> Result<Asked, Problem>,
}

impl Route {
    /// Any parameters: the route itself looks for those that it knows.
    pub(super) const ANY: &[&str] = &["*"];

    /// The methods that the route accepts.
    pub(super) fn methods(&self) -> &'static str {
        if self.path == super::doors::SOCKET_IO.path {
            "GET, HEAD, POST, OPTIONS"
        } else {
            "GET, HEAD, OPTIONS"
        }
    }
}

/// What a request asks for, and who answers.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The hub, which may wait for fresh prices or for the provider.
    Hub(Question, Show),
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
