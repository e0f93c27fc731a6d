//! The hub seen from outside: status, advice, metrics and the log. All of it is read-only.

mod advice;
mod edge_counts;
mod headline;
mod log;
mod metrics;
mod status;

pub use edge_counts::EdgeCounts;
pub use headline::Told;
pub use log::Logged;
