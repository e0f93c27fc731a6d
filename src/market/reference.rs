//! What a price is compared with: the previous close, and whether the market trades.

use super::clock::Millis;
use serde::{Deserialize, Serialize};

/// Whether the market of a symbol trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// Upstream says so, or it never closes, or it ticks and nobody said otherwise.
    Open,
    /// Upstream says so.
    Closed,
    /// Upstream says that it is closed, and trades with new stamps come.
    Extended,
    /// Nobody said.
    Unknown,
}

/// What is known of a symbol apart from its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Close of the trading day before; absent until upstream told it.
    pub previous_close: Option<f64>,
    /// Whether its market trades.
    pub session: Session,
    /// When REST last told both; 0 for never, or when something happened since that it should be
    /// asked about.
    pub asked: Millis,
    /// What it told was incomplete, or ticks contradict it: it is asked again soon.
    #[serde(default)]
    pub is_provisional: bool,
}
