//! Twelve Data's plans. Source: twelvedata.com/pricing, October 2026.

use crate::provider::Tariff;

/// The Basic plan, which is free.
pub const BASIC: Tariff = Tariff {
    streamed_symbols: 8,
    credits_per_minute: 8,
    credits_per_day: 800,
};

/// The limits of the built-in simulator.
pub const SIMULATED: Tariff = Tariff {
    streamed_symbols: 500,
    credits_per_minute: 600,
    credits_per_day: 0,
};
