//! The REST endpoints that cost one credit and accept no batch: usage, reference lists, and those
//! of `directory`.

use jiff::tz::TimeZone;

use super::super::directory::symbol_search;
use super::super::exchange::Exchange;
use super::super::hours::local;
use super::super::instruments::{Class, INSTRUMENTS, Instrument};
use super::super::json::{Json, Object};
use super::super::rest::{Failure, Query};
use super::super::series::datetime;
use super::super::{Millis, SECOND};

pub(super) fn is_known(endpoint: &str) -> bool {
    matches!(
        endpoint,
        "market_state"
            | "symbol_search"
            | "stocks"
            | "etfs"
            | "forex_pairs"
            | "cryptocurrencies"
            | "api_usage"
            | "technical_indicators"
    )
}

impl Exchange {
    /// Answers the endpoints of this file.
    pub(super) fn list_endpoint(
        &mut self,
        endpoint: &str,
        query: &Query,
        key: &str,
        now: Millis,
    ) -> Result<Json, Failure> {
        Ok(match endpoint {
            "api_usage" => self.api_usage(key, now),
            "market_state" => self.market_state(query, now),
            "symbol_search" => symbol_search(query),
            "technical_indicators" => technical_indicators(),
            _ => reference_list(endpoint, query),
        })
    }

    fn api_usage(&mut self, key: &str, now: Millis) -> Json {
        let (minute, day) = self.account(key).rest_used(now);
        let plan = &self.settings.plan;
        Object::default()
            .with("timestamp", datetime(local(&TimeZone::UTC, now / SECOND * SECOND)))
            .with("current_usage", minute)
            .with("plan_limit", plan.rest_per_minute)
            .with_some("daily_usage", plan.rest_per_day.map(|_| day))
            .with_some("plan_daily_limit", plan.rest_per_day)
            .with("plan_category", plan.category)
            .into()
    }
}

/// The supported indicators. There are none yet, but the official Python client does not start
/// without an answer.
fn technical_indicators() -> Json {
    Object::default()
        .with("data", Object::default())
        .with("status", "ok")
        .into()
}

/// `/stocks`, `/etfs`, `/forex_pairs` and `/cryptocurrencies`.
fn reference_list(endpoint: &str, query: &Query) -> Json {
    let class = match endpoint {
        "stocks" => Class::CommonStock,
        "etfs" => Class::Etf,
        "forex_pairs" => Class::PhysicalCurrency,
        _ => Class::DigitalCurrency,
    };
    let fits = |one: &&Instrument| {
        one.class == class
            && query
                .get("symbol")
                .is_none_or(|symbol| one.symbol.eq_ignore_ascii_case(symbol))
    };
    let data: Vec<Json> = INSTRUMENTS
        .iter()
        .filter(fits)
        .map(|one| {
            let item = Object::default().with("symbol", one.symbol);
            let item = match class {
                Class::PhysicalCurrency => item.with("currency_group", "Major"),
                Class::DigitalCurrency => item.with("available_exchanges", vec![one.exchange.into()]),
                Class::CommonStock | Class::Etf | Class::Index => {
                    let item = item
                        .with("name", one.name)
                        .with("currency", one.currency)
                        .with("exchange", one.exchange)
                        .with("mic_code", one.mic_code)
                        .with("country", one.country)
                        .with_some("type", (class != Class::Etf).then_some(class.name()));
                    return item.into();
                }
            };
            item.with("currency_base", one.currency_base)
                .with("currency_quote", one.currency_quote)
                .into()
        })
        .collect();
    Object::default()
        .with("count", data.len() as u64)
        .with("data", data)
        .with("status", "ok")
        .into()
}
