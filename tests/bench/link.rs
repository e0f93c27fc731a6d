//! A relay's link without a relay: `hamster.uplink.v1` as src/hub/upstream/uplink.rs speaks it. It is
//! `hamster.v1` with another subscription, a beat each 2 s, and a report each 5 s.

use std::time::Duration;

use hamster_terminal::market::Instrument;
use hamster_terminal::provider::hub;

use super::systems::RELAY_SECRET;
use super::tape::Tape;

/// Where a hub takes links.
pub const PATH: &str = hub::PATH;
/// The header fields of its upgrade request.
pub const FIELDS: [(&str, &str); 2] = [("Sec-WebSocket-Protocol", hub::NAME), (hub::SECRET, RELAY_SECRET)];
/// How often a relay looks whether it has something to say.
const SPEAK: Duration = Duration::from_secs(1);

/// The subscription to all symbols.
pub fn subscription(tape: &Tape) -> String {
    let names = (0..tape.symbols()).map(|symbol| tape.name(symbol));
    let instruments: Vec<Instrument> = names.map(|name| Instrument::parse(name).unwrap()).collect();
    assert!(
        instruments.len() <= hub::MOST_IN_A_MESSAGE,
        "the symbols of a link fit in one message"
    );
    hub::subscribe(&instruments, None)
}

/// How long the link of this number is silent then. At first it is shorter, and another time for each
/// link, so that they do not all speak in the same moment.
pub fn pause(number: usize, second: u64) -> Duration {
    match second {
        0 => SPEAK * (number % 100) as u32 / 100,
        _ => SPEAK,
    }
}

/// What the link of this number says in a second of its life, beside acknowledgements.
pub fn said(number: usize, second: u64) -> impl Iterator<Item = String> {
    let beat = second.is_multiple_of(2).then(hub::beat);
    let report = second
        .is_multiple_of(5)
        .then(|| hub::report(&format!("link/{number}"), (1, 0), (Some(1), 0), 0));
    beat.into_iter().chain(report)
}
