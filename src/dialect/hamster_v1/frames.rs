//! Delta and snapshot frames, assembled from items that are ready.

use crate::dialect::FeedView;
use crate::market::Millis;
use serde::Serialize;

/// A delta: `[epoch, seq, t, item, …]`, with `t` in milliseconds since the snapshot's `base`.
#[must_use]
pub fn delta<'a>(epoch: u64, seq: u64, t: Millis, items: impl Iterator<Item = &'a str>) -> String {
    let mut frame = format!("[{epoch},{seq},{t}");
    for item in items {
        frame.push(',');
        frame.push_str(item);
    }
    frame.push(']');
    frame
}

/// The fields of a snapshot before its symbols.
#[derive(Debug, Serialize)]
pub struct SnapshotHead<'a> {
    /// Always `snapshot`.
    pub event: &'a str,
    /// The hub's epoch, which changes at every restart.
    pub epoch: u64,
    /// The channel's number within the epoch.
    #[serde(rename = "stream")]
    pub channel: u32,
    /// The newest delta that the snapshot includes.
    pub seq: u64,
    /// The time that the deltas' times count from.
    pub base: Millis,
    /// Least time between two deltas, in milliseconds.
    pub interval_ms: Millis,
    /// How long the client may take to acknowledge, in milliseconds.
    pub ack_ms: Millis,
    /// Whether the client keeps what it knew and `symbols` lists only changes.
    pub recovered: bool,
    /// Deltas that the client missed.
    pub missed: u64,
    /// Whether the prices come from the simulator.
    pub simulated: bool,
    /// The state of the upstream connection.
    pub feed: FeedView<'a>,
}

/// A snapshot frame; `symbols` are symbol objects in JSON.
#[must_use]
pub fn snapshot(head: &SnapshotHead<'_>, symbols: &[String]) -> String {
    let mut frame = serde_json::to_string(head).unwrap_or_default();
    frame.pop();
    frame.push_str(r#","symbols":["#);
    frame.push_str(&symbols.join(","));
    frame.push_str("]}");
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_put_together_from_ready_parts() {
        assert_eq!(
            delta(26, 18, 37_123, ["[0,-12,1]", "{}"].into_iter()),
            "[26,18,37123,[0,-12,1],{}]"
        );
        assert_eq!(delta(26, 1, 0, std::iter::empty()), "[26,1,0]");
    }
}
