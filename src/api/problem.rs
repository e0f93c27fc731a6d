//! Errors as problem details (RFC 9457), grouped by who can fix them.

use super::Reply;
use super::route::READ_ONLY;
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
    /// The address has as many sockets as it may have.
    #[error("your address has {0} connections already, which is as many as one address may have (CLIENTS_PER_ADDRESS)")]
    TooManySockets(u32),
    /// A client of the address was expelled; seconds until the next attempt may succeed.
    #[error(
        "a client of your address was closed for flooding this hub, or for false acknowledgements; come back in {0} s"
    )]
    Expelled(u64),
    /// The address connects too often; seconds until the next attempt may succeed.
    #[error("your address connects too often; come back in {0} s")]
    TooOften(u64),
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
            Self::TooManySockets(_) | Self::Expelled(_) | Self::TooOften(_) => 429,
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) => 503,
            Self::TwelveData(status, _) => *status,
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
            Self::TooManySockets(_) | Self::Expelled(_) | Self::TooOften(_) => "Too Many Requests",
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) => "Service Unavailable",
            Self::TwelveData(..) => "",
            Self::Misconfigured(_) => "Misconfigured",
            Self::Internal(_) => "Internal Server Error",
        }
    }

    /// The same in Twelve Data's form.
    pub(super) fn in_twelve_datas_form(self) -> Self {
        Self::TwelveData(self.status(), self.to_string())
    }

    /// The reply: RFC 9457's fields, and `ok: false`, which clients of the original expect.
    #[must_use]
    pub fn reply(&self) -> Reply {
        if let Self::TwelveData(status, message) = self {
            let reply = Reply::new(*status, "application/json", super::twelve_data::error(*status, message));
            return match status {
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
            Self::TooManySockets(_) => reply.with_header("Retry-After", "60"),
            Self::Expelled(seconds) | Self::TooOften(seconds) => reply.with_header("Retry-After", &seconds.to_string()),
            Self::HubFull | Self::NoPrices(_) | Self::NotYet(_) => reply.with_header("Retry-After", "5"),
            Self::NotFound(_)
            | Self::TwelveData(..)
            | Self::BadRequest(_)
            | Self::UnknownDialect(_)
            | Self::EngineIo(..)
            | Self::TooLarge(_)
            | Self::Misconfigured(_)
            | Self::Internal(_) => reply,
        }
    }
}
