//! `hamster.v1`: channels of numbered deltas with snapshots, acknowledgement and resume.

mod frames;
mod line;

pub use frames::{SnapshotHead, delta, snapshot};
pub use line::{Facts, Line, Prices};
