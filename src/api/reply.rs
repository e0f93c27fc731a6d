//! An answer before it becomes a platform's response.

use serde::Serialize;

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
    /// An answer that any page may read and nobody may cache: prices age by the second.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: String) -> Self {
        let headers = [
            ("Content-Type", content_type),
            ("Cache-Control", "no-store"),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
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
