//! `hamster.v1`: channels of numbered deltas with snapshots, acknowledgements and resume.

mod frames;
mod line;

pub use frames::{SnapshotHead, delta, snapshot};
pub use line::{Closes, Facts, Line, Prices, bar_item};

use super::message::Report;
use super::{ClientError, ClientMessage, ServerEvent, message};
use serde_json::Value;

/// The subprotocol's name in `Sec-WebSocket-Protocol`.
pub const NAME: &str = "hamster.v1";

/// Parses a client's text frame.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection stays open.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    message::parse(text)
}

/// The subprotocol of a relay's link: `hamster.v1` and the message `report`.
pub const UPLINK: &str = "hamster.uplink.v1";

/// Longest name of a relay, in characters.
const LONGEST_NAME: usize = 64;

/// Parses a relay's text frame.
///
/// # Errors
/// As [`parse`].
pub fn parse_uplink(text: &str) -> Result<ClientMessage, ClientError> {
    match message::parse(text) {
        Err(ClientError::UnknownAction(action)) if action == "report" => report(text)
            .map(ClientMessage::Report)
            .ok_or(ClientError::InvalidReport),
        parsed => parsed,
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/._-".contains(c)
}

fn report(text: &str) -> Option<Report> {
    let fields: Value = serde_json::from_str(text).ok()?;
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    let server = fields.get("server")?.as_str()?;
    Some(Report {
        // It becomes a label of a metric.
        server: server.chars().filter(|c| is_plain(*c)).take(LONGEST_NAME).collect(),
        clients: number("clients")?,
        updates: number("updates").unwrap_or_default(),
        hop_ms: number("hop_ms"),
        clock_ms: fields.get("clock_ms").and_then(Value::as_i64).unwrap_or_default(),
        losses: number("losses").unwrap_or_default(),
    })
}

/// An event as JSON. `position` is the client's epoch and sequence number in its channel.
#[must_use]
pub fn event(event: &ServerEvent<'_>, position: Option<(u64, u64)>) -> String {
    match position {
        Some((epoch, seq)) => event.text_at(epoch, seq),
        None => event.text(),
    }
}
