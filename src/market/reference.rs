//! Reference data of a price: the previous close, and whether the market trades.

use super::clock::Millis;
use serde::{Deserialize, Serialize};

/// Whether the market of a symbol trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Session {
    /// The provider says so, the market never closes, or it ticks and nothing says otherwise.
    Open,
    /// The provider says that the market is closed.
    Closed,
    /// The provider says that the market is closed, but trades with new timestamps arrive.
    Extended,
    /// The provider has not said.
    Unknown,
}

/// What is known of a symbol apart from its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Close of the previous trading day; `None` until the provider says it.
    pub previous_close: Option<f64>,
    /// Whether its market trades.
    pub session: Session,
    /// When REST last gave both; 0 if never, or if a later event requires asking again.
    pub asked: Millis,
    /// REST's answer was incomplete, or ticks contradict it: it is asked again soon.
    #[serde(default)]
    pub is_provisional: bool,
}
