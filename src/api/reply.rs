//! An answer before it becomes a platform's response.

use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Status, headers and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names and values, complete.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// An answer that any page may read and nobody may cache: prices age by the second. It opens in
    /// no frame, loads nothing and tells no other site where it was read.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        let headers = [
            ("Content-Type", content_type),
            ("Cache-Control", "no-store"),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Referrer-Policy", "no-referrer"),
            (
                "Permissions-Policy",
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
            // The platform compresses by what a client takes.
            ("Vary", "Accept-Encoding"),
        ];
        Self {
            status,
            headers: headers.map(|(name, value)| (name, value.to_owned())).into(),
            body,
        }
    }

    /// 200 and JSON.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_string(value).unwrap_or_default();
        Self::new(200, "application/json", body)
    }

    /// With a tag by which a client asks whether it has this answer already. Whatever differs each
    /// time, such as the time itself, is no part of `content`. It may be kept, but not used
    /// unasked.
    #[must_use]
    pub fn with_tag_of(mut self, content: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        self.headers.retain(|(name, _)| *name != "Cache-Control");
        self.with_header("Cache-Control", "no-cache").with_header("ETag", &tag)
    }

    /// 304 in place of an answer that the client has, by its `If-None-Match`.
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

    /// As it leaves by https: from then on browsers come by https alone.
    #[must_use]
    pub fn over(self, is_https: bool) -> Self {
        if is_https {
            self.with_header("Strict-Transport-Security", "max-age=31536000")
        } else {
            self
        }
    }

    /// The answer to OPTIONS, a browser's preflight among them.
    #[must_use]
    pub fn options() -> Self {
        Self::new(204, "text/plain", String::new())
            .with_header("Allow", super::ALLOWED_METHODS)
            .with_header("Access-Control-Allow-Methods", super::ALLOWED_METHODS)
            .with_header("Access-Control-Allow-Headers", "*")
            .with_header("Access-Control-Max-Age", "86400")
    }

    /// One header more.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
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
