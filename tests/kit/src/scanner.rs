//! Reads the elements of a JSON list one after another. Deltas are nearly all whole numbers, and a
//! load generator reads thousands of them a second, so the scanner builds no values.

use crate::Fault;
use serde_json::Value;

/// The unread rest of a list.
pub struct Scanner<'a> {
    rest: &'a str,
    /// Whether an element was read, so that a comma precedes the next.
    has_begun: bool,
}

impl<'a> Scanner<'a> {
    /// Scans a frame that is a list.
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

    /// Whether another element follows. At the end of the list it consumes the bracket.
    pub fn more(&mut self) -> Result<bool, Fault> {
        if self.takes(']') {
            return Ok(false);
        }
        if std::mem::replace(&mut self.has_begun, true) && !self.takes(',') {
            return Err(Fault::Form("a list without a comma between two elements"));
        }
        Ok(true)
    }

    /// Whether the next element begins with this character.
    pub fn is_next(&self, first: char) -> bool {
        self.rest.starts_with(first)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Result<f64, Fault> {
        let number = if self.more()? { self.this_number()? } else { None };
        number.ok_or(Fault::Form("a list that lacks a number"))
    }

    /// Reads a list of numbers into the beginning of `numbers`. Missing numbers and null leave the
    /// zero that is there. Call it after `more`.
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

    /// Reads an object. Call it after `more`.
    pub fn object(&mut self) -> Result<Value, Fault> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let object = values.next().and_then(Result::ok).filter(Value::is_object);
        let end = values.byte_offset();
        self.rest = &self.rest[end..];
        object.ok_or(Fault::Form("an item that is not JSON"))
    }

    /// Checks that nothing follows the list.
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

/// A fast path: most numbers are small whole ones.
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
