//! Twelve Data's addresses and headers. Source: its documentation, "Authentication" and "Real-time
//! price"; the credit headers as its answers have them.

/// Where the stream is.
pub const STREAM_URL: &str = "wss://ws.twelvedata.com/v1/quotes/price";
/// Where calls go.
pub const CALL_URL: &str = "https://api.twelvedata.com";
/// The path of the stream, by which the simulator serves it too.
pub const STREAM_PATH: &str = "/v1/quotes/price";
/// The vars that name key, stream and calls.
pub const VARS: [&str; 3] = ["TWELVE_DATA_API_KEY", "TWELVE_DATA_WS_URL", "TWELVE_DATA_REST_URL"];

/// The header of the upgrade that holds the key.
#[must_use]
pub fn upgrade_key(key: &str) -> (&'static str, String) {
    ("X-TD-APIKEY", key.to_owned())
}

/// The header of a call that holds the key.
#[must_use]
pub fn call_key(key: &str) -> (&'static str, String) {
    ("Authorization", format!("apikey {key}"))
}

/// The credits used and left in this minute, as an answer's headers tell them.
#[must_use]
pub fn credits(header: impl Fn(&str) -> Option<String>) -> Option<(u32, u32)> {
    let number = |name| header(name)?.trim().parse().ok();
    Some((number("api-credits-used")?, number("api-credits-left")?))
}
