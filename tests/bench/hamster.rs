//! A `hamster.v1` client for the benchmark: the kit's reader, which here keeps only each symbol's
//! index on the tape.

use super::tape::Tape;
use hamster_kit::{Fault, Symbol};

/// The header fields of its upgrade request.
pub const FIELDS: [(&str, &str); 1] = [("Sec-WebSocket-Protocol", "hamster.v1")];
/// This much unacknowledged input triggers an `ack`.
pub const ACK_BYTES: usize = 128 * 1024;

/// A client's state. Symbols are indices on the tape.
pub type Reader = hamster_kit::Reader<Option<usize>>;

/// Receives each value in a frame: its symbol and its round; `None` if the tape has no such value.
pub type Found<'a> = &'a mut dyn FnMut(usize, Option<u32>);

/// Reads a frame and calls `found` for each value in it.
pub fn read(reader: &mut Reader, frame: &str, tape: &Tape, found: Found<'_>) -> Result<(), Fault> {
    let news = reader.hear_keeping(frame, |object| tape.symbol(object["symbol"].as_str()?))?;
    for symbol in news.symbols.iter().filter_map(|number| reader.symbol(*number)) {
        let place = symbol.kept.ok_or(Fault::Form("a symbol that nobody asked for"))?;
        if let Some(price) = symbol.price() {
            found(place, round(symbol, place, price, tape));
        }
    }
    Ok(())
}

fn round<K>(symbol: &Symbol<K>, place: usize, price: f64, tape: &Tape) -> Option<u32> {
    let cents = price * 100.0;
    let is_whole = (cents - cents.round()).abs() < 1e-6;
    is_whole.then(|| tape.round(place, symbol.volume as u64, cents.round() as u32))?
}
