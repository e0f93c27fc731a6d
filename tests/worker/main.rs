//! What is promised to users and operators, tested on the worker as deployed: a real workerd with
//! its storage on disk, connected to a Twelve Data behind real sockets (`tests/support`). Each test
//! has its own worker, so tests run in parallel.
//!
//! One crate, because compiling and linking one for each file took longer than the tests.
//! `cargo test --test worker feed::` runs one file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod clients;
mod configuration;
mod fake_twelve_data;
mod fallback;
mod faults;
mod feed;
mod memory;
mod operators;
mod rest_api;
mod restart;
mod scripted;
mod simulator;
#[cfg(target_os = "linux")]
mod storage_faults;
mod strangers;
mod streams;
mod values;
