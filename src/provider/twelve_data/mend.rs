//! Repairs text that is nearly JSON, so that one bad token costs only its own field.
//!
//! The provider's programs write `NaN` and `Infinity` for missing numbers, and numbers that a float
//! cannot hold. A JSON parser fails there and loses the whole message. Here such a token becomes
//! `null`, and inside a string what JSON does not allow becomes its only possible meaning. It is
//! used only after a parser has failed, so a valid message costs nothing.

/// The text with `null` for each bare word or number that JSON does not know or a float cannot
/// hold. `None` if there is nothing to repair, because the text is broken in another way.
pub(super) fn mended(text: &str) -> Option<String> {
    let mut mender = Mender {
        rest: text,
        out: String::with_capacity(text.len()),
        has_mended: false,
    };
    mender.run();
    mender.has_mended.then_some(mender.out)
}

struct Mender<'a> {
    rest: &'a str,
    out: String,
    has_mended: bool,
}

impl<'a> Mender<'a> {
    fn run(&mut self) {
        while let Some(next) = self.rest.chars().next() {
            if next == '"' {
                self.string();
            } else if is_bare(next) {
                let token = self.take_while(is_bare);
                self.token(token);
            } else {
                let kept = self.take_while(|c| c != '"' && !is_bare(c));
                self.out.push_str(kept);
            }
        }
    }

    fn token(&mut self, token: &str) {
        let is_json =
            matches!(token, "true" | "false" | "null") || serde_json::from_str::<f64>(token).is_ok_and(f64::is_finite);
        if !is_json {
            self.has_mended = true;
        }
        self.out.push_str(if is_json { token } else { "null" });
    }

    /// Copies a string with its quotes. An unterminated one stays as it is.
    fn string(&mut self) {
        self.skip(1);
        self.out.push('"');
        loop {
            let plain = self.take_while(|c| c != '"' && c != '\\' && c >= ' ');
            self.out.push_str(plain);
            match self.rest.chars().next() {
                None => return,
                Some('"') => {
                    self.skip(1);
                    self.out.push('"');
                    return;
                }
                Some('\\') => self.escape(),
                Some(control) => {
                    self.skip(control.len_utf8());
                    self.out.push_str(&format!("\\u{:04x}", u32::from(control)));
                    self.has_mended = true;
                }
            }
        }
    }

    fn escape(&mut self) {
        let known = |text: &str| text.starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']);
        let after = self.rest.get(1..).unwrap_or_default();
        if known(after) {
            self.keep(2);
        } else if let Some(unit) = unit(self.rest) {
            let pair = self.rest.get(6..).and_then(self::unit);
            match (unit, pair) {
                (0xD800..=0xDBFF, Some(0xDC00..=0xDFFF)) => self.keep(12),
                // An unpaired surrogate.
                (0xD800..=0xDFFF, _) => self.replace(6, "\\ufffd"),
                _ => self.keep(6),
            }
        } else {
            self.replace(1, "\\\\");
        }
    }

    fn keep(&mut self, bytes: usize) {
        let kept = self.rest.get(..bytes).unwrap_or(self.rest);
        self.out.push_str(kept);
        self.skip(bytes);
    }

    fn replace(&mut self, bytes: usize, by: &str) {
        self.out.push_str(by);
        self.skip(bytes);
        self.has_mended = true;
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

/// Characters of numbers and words.
fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}

/// The UTF-16 unit of an escape such as `\u0041` at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(text: &str) -> Option<Value> {
        serde_json::from_str(&mended(text)?).ok()
    }

    #[test]
    fn a_bad_token_costs_its_own_field() {
        for token in [
            "NaN",
            "nan",
            "-NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "-1e999",
            "None",
            "undefined",
            "01",
            "+1",
            ".5",
            "1.",
            "0x1F",
            "--",
        ] {
            let value = read(&format!(r#"{{"bid":{token},"price":1.5,"list":[{token},2]}}"#)).unwrap();
            assert_eq!(
                value,
                serde_json::json!({"bid": null, "price": 1.5, "list": [null, 2]}),
                "{token}"
            );
        }
    }

    #[test]
    fn strings_keep_their_words() {
        let value = read(r#"{"name":"NaN \"1e400\" \u0041","x":NaN}"#).unwrap();
        assert_eq!(value["name"], "NaN \"1e400\" A");
        assert_eq!(read("{\"a\":\"tab\there\"}").unwrap()["a"], "tab\there");
        assert_eq!(read(r#"{"a":"half \ud83d"}"#).unwrap()["a"], "half \u{fffd}");
        assert_eq!(read(r#"{"a":"whole \ud83d\ude00","b":NaN}"#).unwrap()["a"], "whole 😀");
        assert_eq!(read(r#"{"a":"C:\Program"}"#).unwrap()["a"], "C:\\Program");
    }

    #[test]
    fn what_is_broken_otherwise_stays_so() {
        for text in ["", "{}", r#"{"a":1"#, r#"{"a":"no end"#, "null", r#"{"price":1.5e-7}"#] {
            assert_eq!(mended(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = mended(&text);
        }

        #[test]
        fn json_is_left_alone(number in proptest::num::f64::NORMAL, text in ".*") {
            let json = serde_json::json!({"n": number, text: [true, null]}).to_string();
            proptest::prop_assert_eq!(mended(&json), None);
        }
    }
}
