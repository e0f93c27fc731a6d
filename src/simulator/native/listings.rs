//! The REST endpoints that cost one credit and accept no batch: usage, market states, search and
//! reference lists.

use super::super::exchange::Exchange;
use jiff::tz::TimeZone;

use super::super::hours::{Hours, local};
use super::super::instruments::{Class, INSTRUMENTS, Instrument};
use super::super::json::{Json, Object};
use super::super::rest::{Failure, Query};
use super::super::{Millis, SECOND};
use super::series::datetime;

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

    fn market_state(&self, query: &Query, now: Millis) -> Json {
        let venues = [
            ("NASDAQ", "XNGS", "United States", Hours::NewYork),
            ("NYSE", "XNYS", "United States", Hours::NewYork),
            ("NYSE", "ARCX", "United States", Hours::NewYork),
            ("TSX", "XTSE", "Canada", Hours::Toronto),
            ("XETR", "XETR", "Germany", Hours::Frankfurt),
        ];
        let states = venues
            .into_iter()
            .filter(|(name, code, country, _)| {
                let fits = |parameter, value: &str| {
                    query
                        .get(parameter)
                        .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
                };
                fits("exchange", name) && fits("code", code) && fits("country", country)
            })
            .map(|(name, code, country, hours)| {
                let hours = if self.settings.always_open {
                    Hours::Always
                } else {
                    hours
                };
                let session = hours.session(now);
                let open = hours.is_open(now);
                let since = |yes: bool, length: Millis| clock(if yes { length } else { 0 });
                Object::default()
                    .with("name", name)
                    .with("code", code)
                    .with("country", country)
                    .with("is_market_open", open)
                    .with("time_after_open", since(open, now.saturating_sub(session.open)))
                    .with("time_to_open", since(!open, hours.next_open(now).saturating_sub(now)))
                    .with("time_to_close", since(open, session.close.saturating_sub(now)))
                    .into()
            });
        Json::List(states.collect())
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

fn symbol_search(query: &Query) -> Json {
    let wanted = query.get("symbol").unwrap_or_default().to_ascii_uppercase();
    let count = query.get("outputsize").and_then(|text| text.parse::<usize>().ok());
    let found = INSTRUMENTS
        .iter()
        .filter(|one| {
            !wanted.is_empty() && (one.symbol.starts_with(&wanted) || one.name.to_ascii_uppercase().contains(&wanted))
        })
        .take(count.unwrap_or(30).min(120))
        .map(|one| {
            Object::default()
                .with("symbol", one.symbol)
                .with("instrument_name", one.name)
                .with("exchange", one.exchange)
                .with("mic_code", one.mic_code)
                .with("exchange_timezone", one.hours.zone().iana_name().unwrap_or("UTC"))
                .with("instrument_type", one.class.name())
                .with("country", one.country)
                .with("currency", one.currency)
                .into()
        });
    Object::default()
        .with("data", found.collect::<Vec<Json>>())
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

/// A duration as `HH:MM:SS`.
fn clock(length: Millis) -> String {
    let seconds = length / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
