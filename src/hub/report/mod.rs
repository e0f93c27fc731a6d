//! The hub seen from outside: status, advice, metrics and the log. Views that change nothing.

mod advice;
mod edge_counts;
mod log;
mod metrics;
mod status;

pub use edge_counts::EdgeCounts;
pub use log::Logged;
