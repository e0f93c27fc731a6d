//! An HTTP reply before it becomes a platform's response.

use crate::access::{Origins, Seen, Share};
use crate::market::{Millis, SECOND, iso8601};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Status, headers and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// All headers, as names and values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for 204 and 304.
    pub body: String,
}

impl Reply {
    /// A reply that nobody may cache, because prices age by the second, and that only the own page may
    /// read until [`Reply::seen_from`] says otherwise. It opens in no frame, loads nothing, and sends
    /// no referrer.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        let headers = [
            ("Content-Type", content_type),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            (
                "Permissions-Policy",
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
            // The platform compresses depending on what the client accepts.
            ("Vary", "Accept-Encoding"),
        ];
        Self {
            status,
            headers: headers.map(|(name, value)| (name, value.to_owned())).into(),
            body,
        }
    }

    /// The head of a stream of server-sent events.
    #[must_use]
    pub fn event_stream() -> Self {
        Self::new(200, "text/event-stream; charset=utf-8", String::new())
    }

    /// What a relay's hub answered, with these of its headers, when asked `age` milliseconds ago. A hub
    /// that is a relay itself has an `Age` of its own.
    #[must_use]
    pub fn passed_on(status: u16, headers: &[(&'static str, String)], body: String, age: Millis) -> Self {
        let told = headers.iter().find(|(name, _)| *name == "Age");
        let before = told.and_then(|(_, age)| age.parse::<u64>().ok()).unwrap_or_default();
        let reply = Self::new(status, "application/json", body);
        headers
            .iter()
            .fold(reply, |reply, (name, value)| reply.with_header(name, value))
            .with_header("Age", &(before.saturating_add(age / SECOND)).to_string())
    }

    /// Status 200 with what Engine.IO answers to a client that polls.
    #[must_use]
    pub fn polled(body: String) -> Self {
        Self::new(200, "text/plain; charset=utf-8", body)
    }

    /// Status 200 with a JSON body.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_string(value).unwrap_or_default();
        Self::new(200, "application/json", body)
    }

    /// Status 200 with a JSON object, to which the hub's time is added as `as_of`. It differs each
    /// time, so the tag does not cover it.
    #[must_use]
    pub(super) fn json_as_of(object: &impl Serialize, as_of: Millis) -> Self {
        let mut reply = Self::json(object).tagged();
        reply.body.pop();
        reply.body.push_str(&format!(r#","as_of":"{}"}}"#, iso8601(as_of)));
        reply
    }

    /// Adds an `ETag` computed from the body.
    #[must_use]
    pub fn tagged(self) -> Self {
        let content = self.body.clone();
        self.with_tag_of(&content)
    }

    /// Adds an `ETag` computed from `content`, which must leave out whatever differs each time,
    /// such as the current time. The reply may be cached, but must be revalidated before use.
    #[must_use]
    pub fn with_tag_of(self, content: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        self.with_header("Cache-Control", "no-cache").with_header("ETag", &tag)
    }

    /// Turns the reply into a 304 if the client's `If-None-Match` has its tag.
    #[must_use]
    pub fn unless_known(mut self, if_none_match: Option<&str>) -> Self {
        let tag = self
            .headers
            .iter()
            .find(|(name, _)| *name == "ETag")
            .map(|(_, tag)| tag.as_str());
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let is_known = |known: &str| known.trim() == "*" || tag.is_some_and(|tag| bare(tag) == bare(known));
        if tag.is_some() && if_none_match.is_some_and(|tags| tags.split(',').any(is_known)) {
            self.status = 304;
            self.body.clear();
            self.headers.retain(|(name, _)| *name != "Content-Type");
        }
        self
    }

    /// Adds HSTS if the reply leaves over https: browsers then use https only.
    #[must_use]
    pub fn over(self, is_https: bool) -> Self {
        if is_https {
            self.with_header("Strict-Transport-Security", "max-age=31536000")
        } else {
            self
        }
    }

    /// The reply to OPTIONS on a route with these methods, including a browser's CORS preflight.
    #[must_use]
    pub fn options(methods: &str) -> Self {
        Self::new(204, "text/plain", String::new())
            .with_header("Allow", methods)
            .with_header("Access-Control-Allow-Methods", methods)
            // The asterisk does not cover `Authorization`.
            .with_header("Access-Control-Allow-Headers", "*, Authorization")
            .with_header("Access-Control-Max-Age", "86400")
    }

    /// Tells what is left of the caller's share.
    #[must_use]
    pub fn sharing(self, share: &Share) -> Self {
        let headers = share.headers();
        headers
            .iter()
            .fold(self, |reply, (name, value)| reply.with_header(name, value))
    }

    /// Says which relay made the reply.
    #[must_use]
    pub fn of_relay(self, name: &str) -> Self {
        self.with_header("X-Hamster-Server", name)
    }

    /// Says which pages may read the reply.
    #[must_use]
    pub fn seen_from(self, origins: &Origins, seen: Seen<'_>, is_required: bool) -> Self {
        const ALLOWED: &str = "Access-Control-Allow-Origin";
        let shown = origins.shown_to(seen, is_required);
        let reply = match shown {
            Some(shown) => self
                .with_header(ALLOWED, shown)
                .with_header("Cross-Origin-Resource-Policy", "cross-origin"),
            None => self,
        };
        let varies = reply.headers.iter().find(|(name, _)| *name == "Vary");
        let varies = varies.map_or("Accept-Encoding", |(_, names)| names);
        if shown == Some("*") || varies.contains("Origin") {
            reply
        } else {
            let varies = format!("{varies}, Origin");
            reply.with_header("Vary", &varies)
        }
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(before, _)| *before != name);
        self.headers.push((name, value.to_owned()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(reply: &Reply) -> Option<&str> {
        let found = reply.headers.iter().find(|(name, _)| *name == "ETag");
        found.map(|(_, tag)| tag.as_str())
    }

    #[test]
    fn an_answer_that_is_known_is_not_repeated() {
        let reply = || Reply::json(&1).with_tag_of("one");
        let known = tag(&reply()).unwrap().to_owned();
        for tags in [
            known.clone(),
            format!("\"x\", {known}"),
            "*".to_owned(),
            known.replace("W/", ""),
        ] {
            let answer = reply().unless_known(Some(&tags));
            assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{tags}");
        }
        for tags in [None, Some("\"other\""), Some("")] {
            assert_eq!(reply().unless_known(tags).status, 200);
        }
        assert_ne!(tag(&Reply::json(&1).with_tag_of("two")), Some(known.as_str()));
        assert_eq!(Reply::json(&1).unless_known(Some("*")).status, 200, "without a tag");
    }
}
