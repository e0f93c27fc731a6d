//! The routes about access: `/api/access` and `/api/ticket`; and what a request needs and may read.

use super::parameters::NONE;
use super::route::{Asked, Route};
use super::twelve_data::TheirKey;
use super::{Problem, Reply, twelve_data};
use crate::access::{Pass, Standing, TICKET_LIFE};
use crate::hub::Question;
use crate::market::{Instrument, SECOND, iso8601};
use serde_json::json;

pub(super) const ACCESS: Route = Route {
    path: "/api/access",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Access),
};

pub(super) const TICKET: Route = Route {
    path: "/api/ticket",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Ticket),
};

/// Whether an error of a path is told in Twelve Data's form.
#[must_use]
pub fn is_told_as_twelve_data(path: &str) -> bool {
    twelve_data::ROUTES.iter().any(|route| route.path == path)
}

/// Where Twelve Data's clients put their key, if the path is one of theirs.
#[must_use]
pub fn twelve_datas_key(path: &str) -> Option<TheirKey> {
    let is_theirs = is_told_as_twelve_data(path) || twelve_data::SOCKET.path == path;
    is_theirs.then_some(twelve_data::KEY)
}

/// `/api/access`: whether access is required, and who the caller is.
#[must_use]
pub fn access(is_required: bool, standing: &Standing) -> Reply {
    let pass = standing.pass();
    Reply::json(&json!({
        "ok": true,
        "access": if is_required { "required" } else { "open" },
        "principal": pass.map(|pass| &pass.principal),
        "expires": pass.and_then(|pass| pass.expires).map(iso8601),
    }))
}

/// `/api/ticket`: a ticket for the caller.
#[must_use]
pub fn ticket(text: &str) -> Reply {
    Reply::json(&json!({"ok": true, "ticket": text, "expires_in": TICKET_LIFE / SECOND}))
}

impl Asked {
    /// Whether anybody may ask it, also where access is required.
    #[must_use]
    pub fn is_for_anybody(&self) -> bool {
        matches!(self, Self::Options(_) | Self::Health | Self::Access)
    }

    /// Whether it opens a connection: pages of other origins may not.
    #[must_use]
    pub fn is_door(&self) -> bool {
        matches!(
            self,
            Self::Socket(_) | Self::Upgrade(_) | Self::Polling(_) | Self::Stream(_) | Self::Ticket
        )
    }

    /// Whether its client may show its credential in a message.
    #[must_use]
    pub fn may_prove_later(&self) -> bool {
        matches!(
            self,
            Self::Socket(Some(crate::dialect::Dialect::SocketIo)) | Self::Polling(_) | Self::Upgrade(_)
        )
    }

    /// Whether it counts as a REST call, and if so, as one that looks something up.
    #[must_use]
    pub fn counts_as_lookup(&self) -> Option<bool> {
        let is_lookup = |question: &Question| {
            matches!(
                question,
                Question::History(_) | Question::Search(_) | Question::Sessions
            )
        };
        match self {
            Self::Hub(question, _) => Some(is_lookup(question)),
            Self::Each(questions, _) => Some(questions.iter().any(is_lookup)),
            Self::Metrics | Self::Ticket => Some(false),
            Self::Known(_)
            | Self::Health
            | Self::Access
            | Self::Socket(_)
            | Self::Polling(_)
            | Self::Upgrade(_)
            | Self::Stream(_)
            | Self::Options(_) => None,
        }
    }

    /// The same request within what a pass covers; `defaults` are the default symbols.
    ///
    /// # Errors
    /// 403 if it asks for something else.
    pub fn within(self, pass: Option<&Pass>, defaults: &[Instrument]) -> Result<Self, Problem> {
        let Some(pass) = pass.filter(|pass| pass.symbols.is_some()) else {
            return Ok(self);
        };
        let symbols = |list: Vec<Instrument>| covered(list, pass, defaults);
        let one = |question: Question| {
            Ok(match question {
                Question::Quotes(list) => Question::Quotes(symbols(list)?),
                Question::Sparklines(list) => Question::Sparklines(symbols(list)?),
                Question::History(history) => {
                    covered(vec![history.instrument.clone()], pass, defaults)?;
                    Question::History(history)
                }
                Question::Status => return Err(shows_all(pass)),
                other @ (Question::Search(_) | Question::Sessions) => other,
            })
        };
        Ok(match self {
            Self::Hub(question, show) => Self::Hub(one(question)?, show),
            Self::Each(questions, show) => {
                let questions: Result<Vec<_>, Problem> = questions.into_iter().map(one).collect();
                Self::Each(questions?, show)
            }
            Self::Stream(list) => Self::Stream(symbols(list)?),
            Self::Metrics => return Err(shows_all(pass)),
            other @ (Self::Known(_)
            | Self::Health
            | Self::Access
            | Self::Ticket
            | Self::Socket(_)
            | Self::Polling(_)
            | Self::Upgrade(_)
            | Self::Options(_)) => other,
        })
    }
}

fn shows_all(pass: &Pass) -> Problem {
    Problem::Forbidden(format!("this shows all symbols, and {}", pass.why_not()))
}

fn covered(list: Vec<Instrument>, pass: &Pass, defaults: &[Instrument]) -> Result<Vec<Instrument>, Problem> {
    if list.is_empty() {
        return Ok(Pass::or_all(Some(pass), defaults));
    }
    match list.iter().find(|one| !pass.covers(one)) {
        Some(other) => Err(Problem::Forbidden(format!(
            "{other} is not for you: {}",
            pass.why_not()
        ))),
        None => Ok(list),
    }
}
