//! Twelve Data's addresses and headers. Source: its documentation, "Authentication" and "Real-time
//! price"; the credit headers as observed in its answers.

/// Address of the WebSocket.
pub const STREAM_URL: &str = "wss://ws.twelvedata.com/v1/quotes/price";
/// Base address of REST.
pub const CALL_URL: &str = "https://api.twelvedata.com";
/// The WebSocket's path, which the simulator uses too.
pub const STREAM_PATH: &str = "/v1/quotes/price";
/// The vars for the key, the WebSocket's address and the REST address.
pub const VARS: [&str; 3] = ["TWELVE_DATA_API_KEY", "TWELVE_DATA_WS_URL", "TWELVE_DATA_REST_URL"];

/// The header of an upgrade request that contains the key.
#[must_use]
pub fn upgrade_key(key: &str) -> (&'static str, String) {
    ("X-TD-APIKEY", key.to_owned())
}

/// The header of a REST request that contains the key.
#[must_use]
pub fn call_key(key: &str) -> (&'static str, String) {
    ("Authorization", format!("apikey {key}"))
}

/// The credits used and left in this minute, from the headers of an answer.
#[must_use]
pub fn credits(header: impl Fn(&str) -> Option<String>) -> Option<(u32, u32)> {
    let number = |name| header(name)?.trim().parse().ok();
    Some((number("api-credits-used")?, number("api-credits-left")?))
}
