//! Classifies refusals of Twelve Data, whichever form they take.
//!
//! The same refusal may come as HTTP 200 with an error body, as a real status, or as an error
//! object for one symbol of a batch. Cases that need different reactions share a code, so the text
//! decides where the code does not.

use super::lenient;
use crate::provider::{CallError, Refusal, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient::number")]
    code: Option<f64>,
    #[serde(default, deserialize_with = "lenient::text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
}

/// Classifies an HTTP status and body, with the key removed in case the provider repeated it.
/// `None` if it is not a refusal: a 2xx whose body is not an error object.
#[must_use]
pub fn classify(http_status: u16, body: &str, secret: &Secret) -> Option<Refusal> {
    let body: Body = lenient::read(body).unwrap_or_default();
    if !(200..300).contains(&http_status) {
        return Some(sort(http_status, body.message.unwrap_or_default(), secret));
    }
    body.into_refusal(secret)
}

/// As [`classify`], for one entry of a batch, which has no HTTP status of its own.
pub(super) fn refusal_in(entry: &serde_json::Value, secret: &Secret) -> Option<Refusal> {
    Body::deserialize(entry).ok()?.into_refusal(secret)
}

/// The content of an answer.
///
/// # Errors
/// [`CallError`] if it is a refusal, or is not what the call answers with.
pub(super) fn read_answer<T: DeserializeOwned>(http_status: u16, body: &str, secret: &Secret) -> Result<T, CallError> {
    match classify(http_status, body, secret) {
        Some(refusal) => Err(CallError::Refused(refusal)),
        None => lenient::read(body).ok_or(CallError::Unreadable),
    }
}

/// The plans that a refusal names: `Grow or Venture` of "This symbol is available starting with the
/// Grow or Venture plan". `None` if it names none.
#[must_use]
pub fn plan_named(text: &str) -> Option<String> {
    let after = ["starting with ", "exclusively with "]
        .iter()
        .find_map(|phrase| Some(text.split_once(phrase)?.1))?;
    let (named, _) = after.split_once(" plan")?;
    let words: Vec<&str> = named.split_whitespace().skip_while(|word| *word == "the").collect();
    let is_name = |word: &str| word.chars().all(char::is_alphanumeric);
    let is_list = words.len() % 2 == 1
        && words
            .iter()
            .enumerate()
            .all(|(at, word)| if at % 2 == 0 { is_name(word) } else { *word == "or" });
    is_list.then(|| words.join(" "))
}

impl Body {
    fn into_refusal(self, secret: &Secret) -> Option<Refusal> {
        let is_error = self.status.as_deref() == Some("error")
            || (self.code.is_some_and(|code| code >= 400.0) && self.message.is_some());
        is_error.then(|| {
            sort(
                self.code.map_or(0, |code| code as u16),
                self.message.unwrap_or_default(),
                secret,
            )
        })
    }
}

fn sort(code: u16, message: String, secret: &Secret) -> Refusal {
    // Clean before cutting: a partial key would not be recognised.
    let message = secret.clean(&message);
    let lower = message.to_ascii_lowercase();
    let about_plan = ["plan", "available exclusively", "upgrading"]
        .iter()
        .any(|word| lower.contains(word));
    let about_key = ["apikey", "api key", "api-key", "api_key", "unauthor", "invalid token"]
        .iter()
        .any(|word| lower.contains(word));
    let text = if (300..400).contains(&code) {
        format!("it redirects to another address (HTTP {code}), which is not followed: the key would go there too")
    } else if message.is_empty() {
        format!("HTTP {code}")
    } else {
        shorten(&message)
    };
    match code {
        429 if lower.contains("for the day") => Refusal::Day,
        429 => Refusal::Minute,
        401 => Refusal::Key(text),
        403 if about_plan || !about_key => Refusal::Plan(text),
        403 => Refusal::Key(text),
        400 | 404 | 414 if about_plan => Refusal::Plan(text),
        // These say nothing about the request itself.
        408 | 425 => Refusal::Server(text),
        400..=499 => Refusal::Request(text),
        _ if about_key && !about_plan => Refusal::Key(text),
        _ => Refusal::Server(text),
    }
}

/// The provider's texts continue with links and advertisements; the first sentence is enough.
fn shorten(message: &str) -> String {
    const LONGEST: usize = 200;
    let first = message.split(". ").next().unwrap_or(message);
    first.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [`super::classify`] without a key to hide.
    fn classify(http_status: u16, body: &str) -> Option<Refusal> {
        super::classify(http_status, body, &Secret::default())
    }

    fn error(code: u16, message: &str) -> String {
        serde_json::json!({"code": code, "message": message, "status": "error"}).to_string()
    }

    const WRONG_KEY: &str = "**apikey** parameter is incorrect or not specified. You can get your free API key instantly following this link: https://twelvedata.com/pricing. If you believe that everything is correct, you can contact us at https://twelvedata.com/contact/customer";
    const PLAN_404: &str = "This symbol is available starting with the Grow or Venture plan. Consider upgrading now at https://twelvedata.com/pricing";
    const PLAN_403: &str = "/dividends is available exclusively with grow or pro or ultra or venture or enterprise plans. Consider upgrading your API Key now at https://twelvedata.com/pricing";
    const SYMBOL_404: &str = "**symbol** or **figi** parameter is missing or invalid. Please provide a valid symbol according to API documentation: https://twelvedata.com/docs#reference-data";
    const MINUTE: &str = "You have run out of API credits for the current minute. 9 API credits were used, with the current limit being 8. Wait for the next minute or consider switching to a higher tier plan at https://twelvedata.com/pricing";
    const DAY: &str = "You have run out of API credits for the day. 801 API credits were used, with the current limit being 800. Wait for the next day…";

    #[test]
    fn the_same_no_in_every_form() {
        assert!(matches!(classify(200, &error(401, WRONG_KEY)), Some(Refusal::Key(_))));
        assert!(matches!(classify(401, &error(401, WRONG_KEY)), Some(Refusal::Key(_))));
        assert!(matches!(classify(401, ""), Some(Refusal::Key(_))));
        assert!(matches!(classify(403, ""), Some(Refusal::Plan(_))));
        assert!(matches!(classify(403, &error(403, PLAN_403)), Some(Refusal::Plan(_))));
        assert!(matches!(classify(404, &error(404, PLAN_404)), Some(Refusal::Plan(_))));
        assert!(matches!(
            classify(200, &error(404, SYMBOL_404)),
            Some(Refusal::Request(_))
        ));
        assert!(matches!(
            classify(400, "Handshake status 400"),
            Some(Refusal::Request(_))
        ));
        assert_eq!(classify(429, &error(429, MINUTE)), Some(Refusal::Minute));
        assert_eq!(classify(200, &error(429, DAY)), Some(Refusal::Day));
        assert_eq!(classify(429, "nonsense"), Some(Refusal::Minute));
        assert!(matches!(classify(500, "<html>"), Some(Refusal::Server(_))));
        assert!(matches!(classify(302, ""), Some(Refusal::Server(text)) if text.contains("not followed")));
    }

    #[test]
    fn a_refusal_may_name_the_plan() {
        for (text, plan) in [
            (PLAN_404, Some("Grow or Venture")),
            (PLAN_403, Some("grow or pro or ultra or venture or enterprise")),
            ("It is available starting with the Pro plan", Some("Pro")),
            ("It is available starting with the  plan", None),
            ("It is available exclusively with your current plan", None),
            ("It is available starting with Grow", None),
            (SYMBOL_404, None),
            (MINUTE, None),
        ] {
            assert_eq!(plan_named(text).as_deref(), plan, "{text}");
        }
    }

    #[test]
    fn an_answer_is_no_refusal() {
        assert_eq!(classify(200, r#"{"symbol":"AAPL","close":"315.02"}"#), None);
        assert_eq!(
            classify(200, r#"{"AAPL":{"code":400,"status":"error","message":"x"}}"#),
            None
        );
        assert_eq!(classify(200, "not json"), None);
    }

    #[test]
    fn texts_are_cut_to_their_first_sentence() {
        let Some(Refusal::Key(text)) = classify(401, &error(401, WRONG_KEY)) else {
            panic!("not a key refusal")
        };
        assert_eq!(text, "**apikey** parameter is incorrect or not specified");
    }

    #[test]
    fn the_key_is_not_repeated() {
        let secret = Secret::new("SECRETKEY123456");
        let body = r#"{"code":401,"message":"wrong apikey \u0053ECRETKEY123456","status":"error"}"#;
        let Some(Refusal::Key(text)) = super::classify(401, body, &secret) else {
            panic!("not a key refusal")
        };
        assert_eq!(text, "wrong apikey [key]");
    }
}
