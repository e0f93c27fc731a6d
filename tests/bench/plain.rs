//! Prices in plain JSON, one object per frame. Our worker without a subprotocol, the raw loop,
//! nchan and, inside an event, Socket.IO send this format. The three fields are found by text
//! search, because parsing whole frames would add load of our own.

use super::tape::Tape;

/// The symbol and the round of the tick in a frame. `None`: not a price; `Some(None)`: a price that
/// is not on the tape.
pub fn price_in(frame: &str, tape: &Tape) -> Option<Option<(usize, u32)>> {
    let symbol = text_after(frame, r#""symbol":""#)?;
    let price = cents(text_after(frame, r#""price":"#)?)?;
    let volume = text_after(frame, r#""day_volume":"#)?;
    let volume = volume.split_once('.').map_or(volume, |(whole, _)| whole);
    let (symbol, volume) = (tape.symbol(symbol)?, volume.parse().ok()?);
    Some(tape.round(symbol, volume, price).map(|round| (symbol, round)))
}

fn text_after<'a>(frame: &'a str, name: &str) -> Option<&'a str> {
    let rest = frame.get(frame.find(name)? + name.len()..)?;
    let end = rest.find([',', '}', '"'])?;
    rest.get(..end)
}

/// `12.5` becomes 1250 cents.
fn cents(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = match fraction.trim_end_matches('0') {
        "" => 0,
        tenths @ ("1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9") => tenths.parse::<u32>().ok()? * 10,
        hundredths if hundredths.len() == 2 => hundredths.parse().ok()?,
        _ => return None,
    };
    Some(whole * 100 + fraction)
}
