//! Removes the API key from every text that the provider sends.
//!
//! The provider may echo the key in any field, in whole or in part, escaped, in another case, as
//! base64 or as hexadecimal digits. So each text is searched after it was decoded from JSON and
//! before anything else sees it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use std::fmt;

/// The forms that the key may take in a text. Neither `Debug` nor an error prints it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// In lower case, the longest first.
    forms: Vec<String>,
}

/// Replaces the key.
const HIDDEN: &str = "[key]";
/// Most characters of a text that are searched; the rest is cut off. At most 200 are shown.
const MOST_SHOWN: usize = 4_096;
/// Replaces a text that contains the key in a form that cannot be cut out.
const WITHHELD: &str = "(a text that held the API key)";
/// A shorter part of a key may be an ordinary word.
const SHORTEST_PART: usize = 6;
/// Rounds of percent-decoding, for text that was encoded more than once.
const MOST_DECODINGS: usize = 3;

impl Secret {
    /// The forms of this key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        let half = key.chars().count() / 2;
        let first: String = key.chars().take(half).collect();
        let second: String = key.chars().skip(half).collect();
        let mut forms = vec![key.to_owned(), first, second, hex(key.as_bytes())];
        // In base64 of a longer text, the key may start anywhere in a group of three bytes.
        forms.extend((0..3).map(|skipped| base64(key.as_bytes().get(skipped..).unwrap_or_default())));
        let key = key.to_ascii_lowercase();
        // The longest first. There are few, so sorting would take more code than it saves time.
        let mut sorted: Vec<String> = Vec::new();
        for form in forms.iter().map(|form| form.to_ascii_lowercase()) {
            if form.len() >= SHORTEST_PART || form == key && !form.is_empty() {
                let place = sorted.partition_point(|longer| longer.len() >= form.len());
                sorted.insert(place, form);
            }
        }
        Self { forms: sorted }
    }

    /// The text without the key and without addresses.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.clean_up(&mut text);
        text
    }

    /// Removes the key and addresses: where the upstream is must not be shown either.
    pub fn clean_up(&self, text: &mut String) {
        if text.contains("://") {
            let words = text
                .split(' ')
                .map(|word| if word.contains("://") { "(address)" } else { word });
            *text = words.collect::<Vec<_>>().join(" ");
        }
        let shortest = self.forms.last().map_or(usize::MAX, String::len);
        if text.len() < shortest {
            return;
        }
        if let Some((end, _)) = text.char_indices().nth(MOST_SHOWN) {
            // No text this long is shown, and the provider must not make us search for long.
            text.truncate(end);
        }
        for form in &self.forms {
            let mut from = 0;
            while let Some(at) = find_ignoring_case(text.get(from..).unwrap_or_default(), form) {
                text.replace_range(from + at.start..from + at.end, HIDDEN);
                from += at.start + HIDDEN.len();
            }
        }
        let mut decoded = text.clone();
        for _ in 0..MOST_DECODINGS {
            decoded = percent_decoded(&decoded);
            if self
                .forms
                .iter()
                .any(|form| find_ignoring_case(&decoded, form).is_some())
            {
                WITHHELD.clone_into(text);
                return;
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Where a lower-case form occurs in a text, ignoring the text's case.
fn find_ignoring_case(text: &str, form: &str) -> Option<std::ops::Range<usize>> {
    let fits = |at: usize| {
        let part = text.get(at..at + form.len());
        part.is_some_and(|part| part.eq_ignore_ascii_case(form))
    };
    let last = text.len().checked_sub(form.len())?;
    let at = (0..=last).find(|at| fits(*at))?;
    Some(at..at + form.len())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        if let (b'%', [high, low, after @ ..]) = (first, others)
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.push((high * 16 + low) as u8);
            rest = after;
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without an incomplete last group, which depends on what follows the key.
fn base64(bytes: &[u8]) -> String {
    let whole = bytes.len() - bytes.len() % 3;
    BASE64_STANDARD_NO_PAD.encode(bytes.get(..whole).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "5d41402abc4b2a76b9719d911017c592";

    #[test]
    fn the_key_is_taken_out_in_every_form() {
        let secret = Secret::new(KEY);
        for text in [
            KEY.to_owned(),
            KEY.to_uppercase(),
            KEY[..16].to_owned(),
            KEY[16..].to_owned(),
            format!("apikey={KEY}&x"),
            hex(KEY.as_bytes()),
            base64(KEY.as_bytes()),
            "NWQ0MTQwMmFiYzRiMmE3NmI5NzE5ZDkxMTAxN2M1OTI=".to_owned(),
            KEY.chars().map(|c| format!("%{:02X}", u32::from(c))).collect(),
            KEY.replacen('5', "%35", 1),
            KEY.replacen('5', "%2535", 1),
        ] {
            let cleaned = secret.clean(&format!("Ä wrong {text} key"));
            let part = &KEY[..12];
            assert!(
                cleaned.contains("key") && !cleaned.to_lowercase().contains(part),
                "{text}: {cleaned}"
            );
            assert!(cleaned.contains(HIDDEN) || cleaned == WITHHELD, "{text}: {cleaned}");
        }
    }

    #[test]
    fn addresses_are_taken_out_with_a_key_and_without() {
        for secret in [Secret::new(KEY), Secret::default()] {
            let text = "cannot reach http://10.0.0.1:8080/quote now";
            assert_eq!(secret.clean(text), "cannot reach (address) now");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        let secret = Secret::new(KEY);
        for text in ["", "NASDAQ", "100 % of %zz", "Coinbase Pro, a venue with a long name"] {
            assert_eq!(secret.clean(text), text);
        }
        assert_eq!(Secret::default().clean(KEY), KEY, "without a key there is none to hide");
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = Secret::new(KEY).clean(&text);
        }
    }
}
