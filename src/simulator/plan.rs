//! What a key may do and how much it has used: connections, symbols, messages, REST credits.

use super::{DAY, MINUTE, Millis};

/// The settings of the simulated Twelve Data.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which API keys are valid.
    pub keys: Keys,
    /// The limits of every key.
    pub plan: Plan,
    /// Whether stocks and forex trade day and night like crypto, so that there is always something
    /// to see.
    pub always_open: bool,
    /// Multiplies the tick rate: 2.0 means twice as many ticks. Clamped to 0.01 to 100.
    pub tick_rate: f64,
    /// Whether the market moves by itself. If not, ticks come only from
    /// [`publish`](super::Exchange::publish).
    pub automatic: bool,
}

impl Default for Settings {
    /// The built-in simulator: any key or none, generous limits, always open.
    fn default() -> Settings {
        Settings {
            keys: Keys::Any,
            plan: Plan::pro(),
            always_open: true,
            tick_rate: 1.0,
            automatic: true,
        }
    }
}

/// Which API keys are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Any key, and no key at all.
    Any,
    /// Only these.
    Only(Vec<String>),
}

/// Limits of a subscription plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// WebSocket connections at once; one more ends the oldest.
    pub connections: usize,
    /// WebSocket credits: symbols subscribed at once over all connections of the key.
    pub symbols: usize,
    /// The only symbols that the WebSocket serves, if restricted.
    pub allow_list: Option<Vec<String>>,
    /// Client messages per minute over all connections of the key.
    pub messages_per_minute: u32,
    /// REST credits per wall-clock minute.
    pub rest_per_minute: u32,
    /// REST credits per UTC day; `None` without a daily cap.
    pub rest_per_day: Option<u32>,
    /// Whether REST also serves what the free plan does not include.
    pub all_symbols: bool,
    /// `plan_category` of `/api_usage`.
    pub category: &'static str,
}

impl Plan {
    /// The free plan: 1 connection, 8 symbols of the trial list, 8 REST credits a minute and 800 a
    /// day.
    pub fn basic() -> Plan {
        let trial = ["AAPL", "TRP", "QQQ", "EUR/USD", "USD/JPY", "BTC/USD", "ETH/BTC"];
        Plan {
            connections: 1,
            symbols: 8,
            allow_list: Some(trial.map(String::from).to_vec()),
            messages_per_minute: 100,
            rest_per_minute: 8,
            rest_per_day: Some(800),
            all_symbols: false,
            category: "basic",
        }
    }

    /// A paid plan with full WebSocket access: 3 connections, 500 symbols, 610 REST credits a
    /// minute, no daily cap.
    pub fn pro() -> Plan {
        Plan {
            connections: 3,
            symbols: 500,
            allow_list: None,
            messages_per_minute: 100,
            rest_per_minute: 610,
            rest_per_day: None,
            all_symbols: true,
            category: "pro",
        }
    }

    /// Whether the WebSocket serves `symbol`.
    pub(crate) fn streams(&self, symbol: &str) -> bool {
        self.allow_list
            .as_ref()
            .is_none_or(|list| list.iter().any(|one| one == symbol))
    }
}

/// What one key has used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    messages: Window,
    minute: Window,
    day: Window,
}

/// A counter that restarts with each wall-clock period.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    period: u64,
    used: u32,
}

impl Window {
    fn add(&mut self, length: Millis, amount: u32, now: Millis) -> u32 {
        self.used = self.used(length, now).saturating_add(amount);
        self.period = now / length;
        self.used
    }

    fn used(&self, length: Millis, now: Millis) -> u32 {
        if self.period == now / length { self.used } else { 0 }
    }
}

/// Why REST credits were refused, with the credits used (including the refused ones) and the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutOfCredits {
    Minute { used: u32, limit: u32 },
    Day { used: u32, limit: u32 },
}

impl Account {
    /// Counts a client message and returns the count of this minute.
    pub(crate) fn message(&mut self, now: Millis) -> u32 {
        self.messages.add(MINUTE, 1, now)
    }

    /// Takes REST credits. Refused calls count too, as they do for Twelve Data, so retrying makes
    /// it worse.
    pub(crate) fn spend(&mut self, plan: &Plan, credits: u32, now: Millis) -> Result<(), OutOfCredits> {
        let day = self.day.add(DAY, credits, now);
        let minute = self.minute.add(MINUTE, credits, now);
        match plan.rest_per_day {
            Some(limit) if day > limit => Err(OutOfCredits::Day { used: day, limit }),
            _ if minute > plan.rest_per_minute => Err(OutOfCredits::Minute {
                used: minute,
                limit: plan.rest_per_minute,
            }),
            _ => Ok(()),
        }
    }

    /// REST credits used in the current minute and UTC day.
    pub(crate) fn rest_used(&self, now: Millis) -> (u32, u32) {
        (self.minute.used(MINUTE, now), self.day.used(DAY, now))
    }
}
