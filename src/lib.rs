//! Hamster Terminal: one Twelve Data market feed, received once and shared live with many browsers.
//!
//! Everything but `edge`, which is the platform, is pure and tested natively. See ARCHITECTURE.md.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

pub mod access;
pub mod api;
pub mod dialect;
pub mod driver;
mod edge;
pub mod hub;
pub mod market;
pub mod provider;
pub mod simulator;

use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, event};

pub use edge::{Hub, Simulator};

/// The Worker's entry point.
///
/// # Errors
/// The platform's own. Every fault of a request is answered with a problem document.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    edge::install_hook();
    edge::handle(request, env).await
}

/// The entry point of the cron trigger, which fires every minute.
#[event(scheduled)]
pub async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    edge::install_hook();
    edge::poke(env).await;
}
