//! Another hub as the source: all that a relay says and hears on its link. The link speaks
//! `hamster.uplink.v1`, which is `hamster.v1` with the message `report` and without the limits of a
//! client. docs/protocol.md describes `hamster.v1`, docs/scale.md the relays.

mod reader;

pub use reader::{Fault, Headline, Quoted, Reader, Told};

use crate::market::{Instrument, Millis};

/// The subprotocol's name in `Sec-WebSocket-Protocol`.
pub const NAME: &str = "hamster.uplink.v1";
/// The path at which a hub takes links.
pub const PATH: &str = "/uplink";
/// The header that carries the secret of a relay.
pub const SECRET: &str = "X-Hamster-Relay";
/// Least time between two deltas of the link, in milliseconds. A lone tick still leaves at once.
const INTERVAL: Millis = 100;
/// Symbols in one subscription.
pub const MOST_IN_A_MESSAGE: usize = 200;

/// Where a link was in the hub's deltas when it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The hub's epoch.
    pub epoch: u64,
    /// The channel's number.
    pub stream: u64,
    /// The newest delta that was read.
    pub seq: u64,
}

/// The message that asks for more symbols; `from`: where the link was before.
#[must_use]
pub fn subscribe(instruments: &[Instrument], from: Option<Place>) -> String {
    let resume = from.map_or_else(String::new, |Place { epoch, stream, seq }| {
        format!(r#","resume":{{"epoch":{epoch},"stream":{stream},"seq":{seq}}}"#)
    });
    let symbols = names(instruments);
    format!(r#"{{"action":"subscribe","params":{{"symbols":{symbols},"interval_ms":{INTERVAL}{resume}}}}}"#)
}

/// The message that drops symbols.
#[must_use]
pub fn unsubscribe(instruments: &[Instrument]) -> String {
    let symbols = names(instruments);
    format!(r#"{{"action":"unsubscribe","params":{{"symbols":{symbols}}}}}"#)
}

/// A beat. The hub's machine answers it with its time, so the answer proves more than that the
/// platform lives.
#[must_use]
pub fn beat() -> String {
    r#"{"action":"time","id":1}"#.to_owned()
}

/// The acknowledgement of everything up to a place.
#[must_use]
pub fn acknowledge(place: Place) -> String {
    format!(r#"{{"action":"ack","stream":{},"seq":{}}}"#, place.stream, place.seq)
}

/// What a relay says of itself: its name, its clients, the updates that it has sent, half of the time
/// from a beat to its answer, by how much the hub's clock is ahead, and how often it has lost its link.
#[must_use]
pub fn report(
    server: &str,
    (clients, updates): (u64, u64),
    (hop, clock): (Option<Millis>, i64),
    losses: u64,
) -> String {
    // A name has no characters that JSON escapes, or the hub leaves them out.
    let server = server.replace(['"', '\\'], "");
    let hop = hop.map_or_else(|| "null".to_owned(), |hop| hop.to_string());
    format!(
        r#"{{"action":"report","server":"{server}","clients":{clients},"updates":{updates},"hop_ms":{hop},"clock_ms":{clock},"losses":{losses}}}"#
    )
}

/// A list of texts in JSON.
fn names(instruments: &[Instrument]) -> String {
    let names: Vec<String> = instruments.iter().map(ToString::to_string).collect();
    serde_json::to_string(&names).unwrap_or_default()
}
