//! Shared by the integration tests: the worker under test, the Twelve Data that it talks to, and
//! its clients.
//!
//! Every wait in here ends after a generous deadline with a sentence that says what was waited for.
//! A panic in a Durable Object hangs the request that it handles, and a hanging test says nothing.

pub mod client;
pub mod promtool;
pub mod terminal;
pub mod twelve_data;
pub mod visitor;
pub mod worker;

pub use client::{Client, Ending};
pub use terminal::{Answer, KEY, Terminal, manual};
pub use twelve_data::{FakeTwelveData, RestBehaviour};
pub use visitor::Visitor;
pub use worker::Worker;

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// The limit for any wait in a test. A REST call alone may have to wait four seconds, because none
/// is sent close to a new minute.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Seconds since the epoch, as Twelve Data stamps prices.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Polls until `condition` holds.
pub async fn eventually(what: &str, condition: impl FnMut() -> bool) {
    within(PATIENCE, what, condition).await;
}

/// Polls until `condition` holds, for at most `patience`.
pub async fn within(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lets this much time pass, in which something must not happen.
pub async fn pass(span: Duration) {
    tokio::time::sleep(span).await;
}

/// The names of an object's fields.
pub fn fields(object: &Value) -> BTreeSet<String> {
    object
        .as_object()
        .unwrap_or_else(|| panic!("not an object: {object}"))
        .keys()
        .cloned()
        .collect()
}

/// A set of names.
pub fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// Close to a new minute, waits until REST calls are sent again, with some seconds to spare before
/// the next.
pub async fn pass_a_minutes_turn() {
    let into_minute = now_s() % 60;
    if !(3..45).contains(&into_minute) {
        pass(Duration::from_secs((63 - into_minute) % 60)).await;
    }
}
