//! Errors as problem details (RFC 9457), grouped by who can fix them.

use super::Reply;
use super::route::READ_ONLY;
use crate::access::{Refusal, Spent};
use serde_json::json;

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing is at the path, or the symbol is not served: a whole sentence.
    #[error("{0}")]
    NotFound(String),
    /// The path allows only the methods given second.
    #[error("{0} is not allowed here; the methods are {1}")]
    MethodNotAllowed(String, &'static str),
    /// A parameter is invalid.
    #[error("{0}")]
    BadRequest(String),
    /// A WebSocket without an upgrade; contains its address.
    #[error("this is a WebSocket: connect with a WebSocket client, for example websocat {0}")]
    UpgradeRequired(String),
    /// `/ws` with subprotocols that we do not speak.
    #[error("none of the subprotocols {0:?} is spoken here; offer hamster.v1, or none for plain JSON")]
    UnknownDialect(String),
    /// A Socket.IO client's request is wrong: Engine.IO's number for it, and a sentence.
    #[error("{1}")]
    EngineIo(u8, &'static str),
    /// A body is larger than so many bytes.
    #[error("the body is larger than {0} bytes, which is the most that is read")]
    TooLarge(usize),
    /// The address or principal has as many sockets as it may have: who, how many, and the setting.
    #[error("{0} has {1} connections already, which is as many as it may have ({2})")]
    TooManySockets(&'static str, u32, &'static str),
    /// A client of the address or principal was expelled; seconds until the next attempt may
    /// succeed.
    #[error("a client of {0} was closed for flooding this hub, or for false acknowledgements; come back in {1} s")]
    Expelled(&'static str, u64),
    /// The address or principal connects too often; seconds until the next attempt may succeed.
    #[error("{0} connects too often; come back in {1} s")]
    TooOften(&'static str, u64),
    /// The caller has no REST call left; seconds until there is one.
    #[error("you have made as many calls as you may in a minute (CALLS_PER_MINUTE, LOOKUPS_PER_MINUTE); come back in {} s", .0.0)]
    TooManyCalls(Spent),
    /// Too many wrong credentials came from the caller's address; seconds until it may try again.
    #[error("too many wrong access tokens came from your address; come back in {0} s")]
    TooManyGuesses(u64),
    /// Too many tickets wait to be used; seconds until there is room.
    #[error("too many tickets wait to be used; come back in {0} s")]
    TooManyTickets(u64),
    /// Access is required, and the credential does not count.
    #[error("{0}")]
    Unauthorized(Refusal),
    /// The caller may not read this: a whole sentence.
    #[error("{0}")]
    Forbidden(String),
    /// A page of this origin may not connect.
    #[error("pages of {0} may not connect to this terminal: its operator can allow them (ALLOWED_ORIGINS)")]
    ForeignOrigin(String),
    /// The hub has as many clients as it can hold.
    #[error("this hub serves its most clients already; try again later")]
    HubFull,
    /// No price of these symbols is known.
    #[error("no price is known yet: {0}")]
    NoPrices(String),
    /// The provider has not said yet what was asked for: a whole sentence.
    #[error("{0}")]
    NotYet(String),
    /// An error of a route that is Twelve Data's, in its form: the HTTP status, and a sentence.
    #[error("{1}")]
    TwelveData(u16, String),
    /// The operator set something that cannot be used.
    #[error("{0}")]
    Misconfigured(String),
    /// The hub, whose relay this is, did not answer.
    #[error("this server is a relay, and its hub could not be asked: {0}")]
    NoHub(String),
    /// A fault of ours.
    #[error("the hub failed: {0}")]
    Internal(String),
}

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed(..) => 405,
            Self::BadRequest(_) | Self::UnknownDialect(_) | Self::EngineIo(..) => 400,
            Self::TooLarge(_) => 413,
            Self::UpgradeRequired(_) => 426,
            Self::Unauthorized(_) => 401,
            Self::Forbidden(_) | Self::ForeignOrigin(_) => 403,
            Self::TooManySockets(..)
            | Self::Expelled(..)
            | Self::TooOften(..)
            | Self::TooManyCalls(_)
            | Self::TooManyGuesses(_)
            | Self::TooManyTickets(_) => 429,
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) => 503,
            Self::TwelveData(status, _) => *status,
            Self::NoHub(_) => 502,
            Self::Misconfigured(_) | Self::Internal(_) => 500,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "Not Found",
            Self::TooLarge(_) => "Content Too Large",
            Self::MethodNotAllowed(..) => "Method Not Allowed",
            Self::BadRequest(_) | Self::UnknownDialect(_) | Self::EngineIo(..) => "Bad Request",
            Self::UpgradeRequired(_) => "Upgrade Required",
            Self::Unauthorized(_) => "Unauthorized",
            Self::Forbidden(_) | Self::ForeignOrigin(_) => "Forbidden",
            Self::TooManySockets(..)
            | Self::Expelled(..)
            | Self::TooOften(..)
            | Self::TooManyCalls(_)
            | Self::TooManyGuesses(_)
            | Self::TooManyTickets(_) => "Too Many Requests",
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) => "Service Unavailable",
            Self::TwelveData(..) => "",
            Self::NoHub(_) => "Bad Gateway",
            Self::Misconfigured(_) => "Misconfigured",
            Self::Internal(_) => "Internal Server Error",
        }
    }

    /// The same in Twelve Data's form.
    pub(super) fn in_twelve_datas_form(self) -> Self {
        Self::TwelveData(self.status(), self.to_string())
    }

    /// The reply in Twelve Data's form, with the headers that say what to do.
    #[must_use]
    pub fn reply_to_twelve_datas_client(self) -> Reply {
        const TELLING: [&str; 5] = [
            "Allow",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "WWW-Authenticate",
        ];
        let ours = self.reply();
        let theirs = self.in_twelve_datas_form().reply();
        let telling = ours.headers.iter().filter(|(name, _)| TELLING.contains(name));
        telling.fold(theirs, |reply, (name, value)| reply.with_header(name, value))
    }

    /// The reply: RFC 9457's fields, and `ok: false`, which clients of the original expect.
    #[must_use]
    pub fn reply(&self) -> Reply {
        if let Self::TwelveData(status, message) = self {
            let reply = Reply::new(*status, "application/json", super::twelve_data::error(*status, message));
            return match status {
                401 => reply.with_header("WWW-Authenticate", "Bearer"),
                405 => reply.with_header("Allow", READ_ONLY),
                503 => reply.with_header("Retry-After", "5"),
                _ => reply,
            };
        }
        let mut body = json!({
            "ok": false,
            "type": "about:blank",
            "title": self.title(),
            "status": self.status(),
            "detail": self.to_string(),
        });
        if let (Self::EngineIo(code, message), Some(body)) = (self, body.as_object_mut()) {
            // Engine.IO's clients read these.
            body.insert("code".to_owned(), json!(code));
            body.insert("message".to_owned(), json!(message));
        }
        let reply = Reply::new(self.status(), "application/problem+json", body.to_string());
        match self {
            Self::MethodNotAllowed(_, methods) => reply.with_header("Allow", methods),
            Self::UpgradeRequired(_) => reply.with_header("Upgrade", "websocket"),
            Self::TooManySockets(..) => reply.with_header("Retry-After", "60"),
            Self::Expelled(_, seconds)
            | Self::TooOften(_, seconds)
            | Self::TooManyTickets(seconds)
            | Self::TooManyGuesses(seconds) => reply.with_header("Retry-After", &seconds.to_string()),
            Self::TooManyCalls(Spent(seconds, share)) => {
                reply.with_header("Retry-After", &seconds.to_string()).sharing(share)
            }
            Self::Unauthorized(_) => reply.with_header("WWW-Authenticate", "Bearer"),
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) | Self::NoHub(_) => {
                reply.with_header("Retry-After", "5")
            }
            Self::NotFound(_)
            | Self::TwelveData(..)
            | Self::BadRequest(_)
            | Self::UnknownDialect(_)
            | Self::EngineIo(..)
            | Self::Forbidden(_)
            | Self::ForeignOrigin(_)
            | Self::TooLarge(_)
            | Self::Misconfigured(_)
            | Self::Internal(_) => reply,
        }
    }
}
