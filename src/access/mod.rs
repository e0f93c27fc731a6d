//! Who may connect, and how much each may use.
//!
//! A **key** is a text that an operator gives to somebody; the operator's settings hold only its
//! hash. A **token** is a JWT that somebody else signed. Either becomes a **pass**: a principal's
//! name, with what it may watch, how much, and until when. A **ticket** stands for a pass for half a
//! minute and once, where a client can send no header.
//!
//! Everything here is pure. The signature of a token is verified by the platform, which is told how
//! by [`Signed`].

mod credential;
mod door;
mod jwt;
mod keys;
mod origins;
mod pass;
mod settings;
mod tickets;
mod viewer;

pub use credential::{Credential, Presented, SUBPROTOCOL, without_token};
pub use door::{Call, Door, Refused, Share, Spent};
pub use jwt::{Jwk, Signed};
pub use keys::Hash;
pub use origins::{Origins, Seen};
pub use pass::{Limits, Pass, Refusal, Standing};
pub use settings::{Access, AccessError};
pub use tickets::{TICKET_LIFE, Tickets, same};
pub use viewer::Viewer;
