//! A client of `hamster.v1` (docs/protocol.md): it keeps every symbol's price and volume from the deltas, and takes any number other than
//! the next one for the gap that it is.

use serde_json::Value;

use super::tape::Tape;

/// The name in `Sec-WebSocket-Protocol`.
pub const PROTOCOL: &str = "hamster.v1";
/// So much unacknowledged input asks for an `ack`.
pub const ACK_BYTES: usize = 128 * 1024;

/// Why a frame cannot be right.
#[derive(Debug)]
pub enum Fault {
    /// A delta that is not the next one.
    Gap,
    /// Not what the protocol says, in words.
    Form(&'static str),
}

/// What a client knows.
#[derive(Default)]
pub struct Reader {
    epoch: u64,
    /// The stream that it is in, once it has a snapshot.
    pub stream: Option<u64>,
    /// The last delta read, or the place of the snapshot.
    pub seq: u64,
    /// How long an `ack` may wait.
    pub ack_ms: u64,
    /// The hub asks for an `ack` at once.
    pub is_asked: bool,
    /// Deltas that the hub says it left out.
    pub missed: u64,
    /// By the number that deltas use.
    known: Vec<Option<Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    symbol: usize,
    scale: Option<u32>,
    /// In units of the scale, or in the quote currency without one.
    price: f64,
    volume: f64,
}

/// A value in a frame: its symbol, and its round unless the tape has no such value.
pub type Found<'a> = &'a mut dyn FnMut(usize, Option<u32>);

impl Reader {
    /// Reads a frame and tells `found` each value in it.
    pub fn read(&mut self, frame: &str, tape: &Tape, found: Found<'_>) -> Result<(), Fault> {
        if frame.starts_with('[') {
            return self.delta(frame, tape, found);
        }
        if frame.starts_with(r#"{"event":"ack-request""#) {
            self.is_asked = true;
        }
        if !frame.starts_with(r#"{"event":"snapshot""#) {
            return Ok(());
        }
        let snapshot: Value = serde_json::from_str(frame).map_err(|_| Fault::Form("a snapshot that is not JSON"))?;
        let number = |name: &str| {
            snapshot[name]
                .as_u64()
                .ok_or(Fault::Form("a snapshot that lacks a number"))
        };
        if snapshot["recovered"] != true {
            self.known.clear();
        }
        self.epoch = number("epoch")?;
        self.stream = Some(number("stream")?);
        self.seq = number("seq")?;
        self.ack_ms = number("ack_ms")?;
        self.missed += number("missed")?;
        for symbol in snapshot["symbols"]
            .as_array()
            .ok_or(Fault::Form("a snapshot without symbols"))?
        {
            self.learn(symbol, tape, found)?;
        }
        Ok(())
    }

    /// `[epoch, seq, t, item, …]`
    fn delta(&mut self, frame: &str, tape: &Tape, found: Found<'_>) -> Result<(), Fault> {
        let mut rest = Scanner(&frame[1..]);
        let (epoch, seq) = (rest.number()?, rest.number()?);
        if self.stream.is_none() || epoch != self.epoch as f64 || seq != (self.seq + 1) as f64 {
            return Err(Fault::Gap);
        }
        self.seq += 1;
        rest.number()?;
        while rest.more() {
            if rest.0.starts_with('{') {
                self.object(rest.object()?, tape, found)?;
                continue;
            }
            let mut item = rest.list()?;
            let place = item.number()? as usize;
            let known = self.known.get_mut(place).and_then(Option::as_mut);
            let known = known.ok_or(Fault::Form("a delta of a symbol that was never told"))?;
            known.price += item.number_or_zero()?;
            let (_time, _age) = (item.number_or_zero()?, item.number_or_zero()?);
            known.volume += item.number_or_zero()?;
            found(known.symbol, known.round(tape));
        }
        Ok(())
    }

    fn object(&mut self, object: Value, tape: &Tape, found: Found<'_>) -> Result<(), Fault> {
        if let Some(ack_ms) = object["ack_ms"].as_u64() {
            self.ack_ms = ack_ms;
        }
        if object.get("symbol").is_some() {
            self.learn(&object, tape, found)?;
        }
        Ok(())
    }

    fn learn(&mut self, object: &Value, tape: &Tape, found: Found<'_>) -> Result<(), Fault> {
        let place = object["n"].as_u64().ok_or(Fault::Form("a symbol without a number"))? as usize;
        let symbol = object["symbol"].as_str().and_then(|name| tape.symbol(name));
        let symbol = symbol.ok_or(Fault::Form("a symbol that nobody asked for"))?;
        if self.known.len() <= place {
            self.known.resize(place + 1, None);
        }
        let Some(price) = object["price"].as_f64() else {
            self.known[place] = None;
            return Ok(());
        };
        let known = Known {
            symbol,
            scale: object["scale"].as_u64().map(|scale| scale as u32),
            price,
            volume: object["day_volume"].as_f64().unwrap_or(0.0),
        };
        found(symbol, known.round(tape));
        self.known[place] = Some(known);
        Ok(())
    }
}

impl Known {
    fn round(&self, tape: &Tape) -> Option<u32> {
        let cents = self.price * 100.0 / 10f64.powi(self.scale.unwrap_or(0) as i32);
        let is_whole = (cents - cents.round()).abs() < 1e-6;
        is_whole.then(|| tape.round(self.symbol, self.volume as u64, cents.round() as u32))?
    }
}

/// Reads the numbers of a delta, which is most of what a client of this dialect does.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    /// The next element follows; `false` at the end of the list.
    fn more(&mut self) -> bool {
        self.0 = self.0.trim_start_matches(',');
        !self.0.is_empty() && !self.0.starts_with(']')
    }

    fn number(&mut self) -> Result<f64, Fault> {
        if !self.more() {
            return Err(Fault::Form("a delta that is too short"));
        }
        let end = self.0.find([',', ']']).unwrap_or(self.0.len());
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        integer(text)
            .or_else(|| text.parse().ok())
            .ok_or(Fault::Form("a delta with something else than a number"))
    }

    /// Zeros at the end of an item are left out.
    fn number_or_zero(&mut self) -> Result<f64, Fault> {
        match self.more() {
            true if self.0.starts_with("null") => {
                self.0 = &self.0[4..];
                Ok(0.0)
            }
            true => self.number(),
            false => Ok(0.0),
        }
    }

    /// A list of numbers.
    fn list(&mut self) -> Result<Scanner<'a>, Fault> {
        let inner = self.0.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (inner, rest) = inner.ok_or(Fault::Form("an item that is neither list nor object"))?;
        self.0 = rest;
        Ok(Scanner(inner))
    }

    fn object(&mut self) -> Result<Value, Fault> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Value>();
        let object = values.next().and_then(Result::ok);
        let end = values.byte_offset();
        self.0 = &self.0[end..];
        object.ok_or(Fault::Form("an item that is not JSON"))
    }
}

/// Most numbers are small whole ones.
fn integer(text: &str) -> Option<f64> {
    let (digits, sign) = match text.strip_prefix('-') {
        Some(digits) => (digits, -1.0),
        None => (text, 1.0),
    };
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let value = digits.bytes().try_fold(0u64, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'))
    })?;
    Some(value as f64 * sign)
}
