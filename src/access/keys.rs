//! Static keys: `ACCESS_KEYS`, of which the operator's settings hold only hashes.

use super::pass::{Pass, Refusal};
use super::tickets::same;
use super::viewer::fingerprint;
use crate::market::{Millis, from_iso8601};
use serde_json::Value;

/// A SHA-256.
pub type Hash = [u8; 32];

/// A key and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    hash: Hash,
    pub(super) pass: Pass,
}

/// The members of an entry.
const MEMBERS: [&str; 5] = ["name", "sha256", "expires", "symbols", "limits"];

/// The keys of a list in JSON.
///
/// # Errors
/// Which entry is wrong, and how. The text holds no hash.
pub(super) fn parse(list: &str) -> Result<Vec<Key>, String> {
    let entries: Value = serde_json::from_str(list).map_err(|_| "it is not JSON".to_owned())?;
    let entries = entries.as_array().ok_or_else(|| "it is not an array".to_owned())?;
    let keys = entries.iter().zip(1..);
    keys.map(|(entry, place)| key(entry).map_err(|why| format!("entry {place}: {why}")))
        .collect()
}

fn key(entry: &Value) -> Result<Key, &'static str> {
    let members = entry.as_object().ok_or("it is not an object")?;
    if members.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
        return Err("its members are name, sha256, expires, symbols and limits");
    }
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let hash = text("sha256").and_then(hex);
    let hash = hash.ok_or("sha256 must be the 64 hexadecimal digits of the key's SHA-256")?;
    let expires = match entry.get("expires") {
        None | Some(Value::Null) => None,
        Some(at) => Some(
            at.as_str()
                .and_then(from_iso8601)
                .ok_or("expires must be a time such as 2027-01-01T00:00:00Z")?,
        ),
    };
    let pass = Pass::of(text("name").unwrap_or_default(), fingerprint(&hash), expires, entry)?;
    Ok(Key { hash, pass })
}

fn hex(text: &str) -> Option<Hash> {
    let digits: Vec<u32> = text
        .trim()
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | *digit as u8))
        .collect();
    bytes.try_into().ok().filter(|_| digits.len() == 64)
}

/// The pass of the key that has this hash. All keys are compared, each in full, so that the time
/// does not tell how much of a hash is right.
///
/// # Errors
/// [`Refusal::Unknown`] or [`Refusal::Expired`].
pub(super) fn pass_of(keys: &[Key], hash: &Hash, now: Millis) -> Result<Pass, Refusal> {
    let mut found = None;
    for known in keys {
        if same(&known.hash, hash) {
            found = Some(&known.pass);
        }
    }
    found.cloned().ok_or(Refusal::Unknown)?.unless_over(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the text "secret key".
    const HASH: &str = "66859b7ade4e68cb65041b88a7ad5214df71cdcfa27dff2efcc80a81e9ba5fa0";

    #[test]
    fn a_key_is_known_by_its_hash() {
        let keys = parse(&format!(
            r#"[{{"name":"desk","sha256":"{}","expires":"2026-01-01T00:00:00Z","limits":{{"sockets":2}}}}]"#,
            HASH.to_uppercase()
        ))
        .unwrap();
        let (expires, hash) = (1_767_225_600_000, hex(HASH).unwrap());
        let pass = pass_of(&keys, &hash, expires - 1).unwrap();
        assert_eq!((pass.principal.as_str(), pass.limits.sockets), ("desk", Some(2)));
        assert_eq!(pass_of(&keys, &hash, expires), Err(Refusal::Expired(expires)));
        for place in [0, 31] {
            let mut other = hash;
            other[place] ^= 1;
            assert_eq!(pass_of(&keys, &other, 0), Err(Refusal::Unknown));
        }
    }

    #[test]
    fn a_wrong_list_says_what_is_wrong_and_no_hash() {
        let entry = |fields: &str| format!(r#"[{{"name":"desk","sha256":"{HASH}"{fields}}}]"#);
        for (list, why) in [
            ("desk".to_owned(), "not JSON"),
            ("{}".to_owned(), "not an array"),
            ("[7]".to_owned(), "entry 1: it is not an object"),
            (r#"[{"name":"desk"}]"#.to_owned(), "64 hexadecimal digits"),
            (r#"[{"name":"desk","sha256":"12"}]"#.to_owned(), "64 hexadecimal digits"),
            (format!(r#"[{{"sha256":"{HASH}"}}]"#), "entry 1: its name must have"),
            (entry(r#","symbol":[]"#), "its members are"),
            (entry(r#","symbols":[7]"#), "symbols must be"),
            (entry(r#","expires":"soon""#), "expires must be a time"),
            (entry(r#","limits":{"seats":1}"#), "limits may have"),
            (entry(r#","limits":{"sockets":-1}"#), "limits may have"),
            (
                format!(r#"[{{"name":"desk","sha256":["{HASH}"]}}]"#),
                "64 hexadecimal digits",
            ),
        ] {
            let error = parse(&list).unwrap_err();
            assert!(error.contains(why) && !error.contains(HASH), "{list}: {error}");
        }
    }
}
