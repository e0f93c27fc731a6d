//! Reads the elements of a JSON list one after another. Nearly all of a delta is whole numbers, and
//! a load generator reads thousands of deltas a second, so nothing is built of them.

use crate::Fault;
use serde_json::Value;

/// The rest of a list.
pub struct Scanner<'a> {
    rest: &'a str,
    /// Whether an element was read, so that a comma comes before the next.
    has_begun: bool,
}

impl<'a> Scanner<'a> {
    /// The elements of a frame that is a list.
    pub fn of(frame: &'a str) -> Result<Self, Fault> {
        let mut scanner = Self {
            rest: frame,
            has_begun: false,
        };
        scanner
            .takes('[')
            .then_some(())
            .ok_or(Fault::Form("a delta that is not a list"))?;
        Ok(scanner)
    }

    /// Whether another element follows. At the end of the list the bracket is taken too.
    pub fn more(&mut self) -> Result<bool, Fault> {
        if self.takes(']') {
            return Ok(false);
        }
        if std::mem::replace(&mut self.has_begun, true) && !self.takes(',') {
            return Err(Fault::Form("a list without a comma between two elements"));
        }
        Ok(true)
    }

    /// Whether the element that follows begins with this.
    pub fn is_next(&self, first: char) -> bool {
        self.rest.starts_with(first)
    }

    /// A number that must follow.
    pub fn number(&mut self) -> Result<f64, Fault> {
        let number = if self.more()? { self.this_number()? } else { None };
        number.ok_or(Fault::Form("a list that lacks a number"))
    }

    /// The numbers of a list inside of this one, into the first places of `numbers`: what is not
    /// there, or null, is zero there already. `more` said that something follows.
    pub fn numbers(&mut self, numbers: &mut [f64]) -> Result<(), Fault> {
        if !self.takes('[') {
            return Err(Fault::Form("an item that is neither list nor object"));
        }
        let mut inner = Self {
            rest: self.rest,
            has_begun: false,
        };
        let mut places = numbers.iter_mut();
        while inner.more()? {
            let number = inner.this_number()?.unwrap_or_default();
            *places.next().ok_or(Fault::Form("an item that is too long"))? = number;
        }
        self.rest = inner.rest;
        Ok(())
    }

    /// An object. `more` said that something follows.
    pub fn object(&mut self) -> Result<Value, Fault> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let object = values.next().and_then(Result::ok).filter(Value::is_object);
        let end = values.byte_offset();
        self.rest = &self.rest[end..];
        object.ok_or(Fault::Form("an item that is not JSON"))
    }

    /// Nothing may follow the list.
    pub fn end(&self) -> Result<(), Fault> {
        match self.rest {
            "" => Ok(()),
            _ => Err(Fault::Form("something after the end of the list")),
        }
    }

    fn this_number(&mut self) -> Result<Option<f64>, Fault> {
        let end = self.rest.find([',', ']']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        if text == "null" {
            return Ok(None);
        }
        let number = integer(text).or_else(|| serde_json::from_str(text).ok());
        number.map(Some).ok_or(Fault::Form("something else than a number"))
    }

    fn takes(&mut self, first: char) -> bool {
        let rest = self.rest.strip_prefix(first);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// Most numbers are small whole ones.
fn integer(text: &str) -> Option<f64> {
    let (digits, sign) = match text.strip_prefix('-') {
        Some(digits) => (digits, -1.0),
        None => (text, 1.0),
    };
    let is_json = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
    if !is_json || digits.len() > 15 {
        return None;
    }
    let value = digits.bytes().try_fold(0_u64, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'))
    })?;
    Some(value as f64 * sign)
}
