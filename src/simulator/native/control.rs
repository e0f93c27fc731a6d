//! How a test controls and inspects an exchange.

use std::collections::BTreeMap;

use super::super::exchange::Exchange;
use super::super::faults::Faults;
use super::super::outcome::{Counters, Output, SessionId};
use super::super::plan::Settings;
use super::super::protocol::Wanted;
use super::super::{Millis, named};

impl Exchange {
    /// A market that starts at `now`. The same seed gives the same prices at the same times, in any
    /// instance.
    pub fn new(settings: Settings, seed: u64, now: Millis) -> Exchange {
        Exchange::with(Faults::default(), settings, seed, now)
    }

    /// The fault switches, to change them.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The settings, which may be changed while running; `always_open` only takes effect in
    /// [`Exchange::new`].
    pub fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The price of `symbol` (or `SYMBOL:EXCHANGE`) at `now`, in the quote currency.
    pub fn price(&self, symbol: &str, now: Millis) -> Option<f64> {
        let instrument = Wanted::written(symbol).resolve()?;
        Some(self.market.price(instrument, now))
    }

    /// Whether `symbol` (or `SYMBOL:EXCHANGE`) trades at `now`.
    pub fn is_open(&self, symbol: &str, now: Millis) -> bool {
        let instrument = Wanted::written(symbol).resolve();
        instrument.is_some_and(|instrument| self.market.hours(instrument).is_open(now))
    }

    /// The open sessions, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.keys().copied()
    }

    /// The counters at `now`.
    pub fn counters(&self, now: Millis) -> Counters {
        let used = self.accounts.values().map(|account| account.rest_used(now));
        let (credits_minute, credits_day) = used.fold((0u32, 0u32), |all, one| {
            (all.0.saturating_add(one.0), all.1.saturating_add(one.1))
        });
        let mut subscriptions = BTreeMap::new();
        for (symbol, exchange) in self.sessions.values().flat_map(|session| &session.subscribed) {
            let name = match named(symbol).count() {
                1 => (*symbol).to_owned(),
                _ => format!("{symbol}:{exchange}"),
            };
            *subscriptions.entry(name).or_default() += 1;
        }
        Counters {
            connections_open: self.sessions.len(),
            credits_minute,
            credits_day,
            subscriptions,
            ..self.counters.clone()
        }
    }

    /// Sets the price of `symbol` (or `SYMBOL:EXCHANGE`) for WebSocket and REST until
    /// [`Exchange::release`], and sends it to its subscribers, even outside trading hours.
    /// `timestamp` is in seconds since the Unix epoch.
    pub fn publish(&mut self, symbol: &str, price: f64, timestamp: u64, now: Millis) -> Vec<Output> {
        let Some(instrument) = Wanted::written(symbol).resolve().filter(|_| price.is_finite()) else {
            return Vec::new();
        };
        self.market.pin_price(instrument, price);
        self.announce(instrument, timestamp, now)
    }

    /// Sets the previous close of `symbol` for REST until [`Exchange::release`].
    pub fn set_previous_close(&mut self, symbol: &str, price: f64) {
        if let Some(instrument) = Wanted::written(symbol).resolve().filter(|_| price.is_finite()) {
            self.market.pin_previous_close(instrument, price);
        }
    }

    /// Returns `symbol` to the market after [`Exchange::publish`].
    pub fn release(&mut self, symbol: &str) {
        if let Some(instrument) = Wanted::written(symbol).resolve() {
            self.market.release(instrument);
        }
    }
}
