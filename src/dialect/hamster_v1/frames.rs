//! The frames around the lines: deltas and snapshots.

use crate::dialect::FeedView;
use crate::market::Millis;
use serde::Serialize;

/// A delta of ready items: `[epoch, seq, t, item, …]`, `t` in ms since the epoch's start.
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

/// What a snapshot says before its symbols.
#[derive(Debug, Serialize)]
pub struct SnapshotHead<'a> {
    /// Always `snapshot`.
    pub event: &'a str,
    /// The hub's life.
    pub epoch: u64,
    /// The channel's number.
    #[serde(rename = "stream")]
    pub channel: u32,
    /// The position that this is a snapshot of.
    pub seq: u64,
    /// The zero of the deltas' times.
    pub base: Millis,
    /// Least time between two deltas.
    pub interval_ms: Millis,
    /// How long an acknowledgement may wait.
    pub ack_ms: Millis,
    /// Whether what the client knew still holds.
    pub recovered: bool,
    /// Deltas left out.
    pub missed: u64,
    /// Whether no market is behind the prices.
    pub simulated: bool,
    /// The upstream's state.
    pub feed: FeedView<'a>,
}

/// A snapshot of ready symbol objects.
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
