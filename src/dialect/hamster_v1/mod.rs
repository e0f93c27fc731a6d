//! `hamster.v1`: channels of numbered deltas with snapshots, acknowledgements and resume.

mod frames;
mod line;

pub use frames::{SnapshotHead, delta, snapshot};
pub use line::{Closes, Facts, Line, Prices, bar_item};

use super::{ClientError, ClientMessage, ServerEvent, message};

/// The subprotocol's name in `Sec-WebSocket-Protocol`.
pub const NAME: &str = "hamster.v1";

/// Parses a client's text frame.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection stays open.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    message::parse(text)
}

/// An event as JSON. `position` is the client's epoch and sequence number in its channel.
#[must_use]
pub fn event(event: &ServerEvent<'_>, position: Option<(u64, u64)>) -> String {
    match position {
        Some((epoch, seq)) => event.text_at(epoch, seq),
        None => event.text(),
    }
}
