//! The REST endpoints that cost one credit and know no batch: usage, market states, search and reference lists.

use serde_json::{Value, json};

use super::endpoints::meta;
use super::exchange::Exchange;
use super::hours::{Hours, Zone};
use super::instruments::{Class, INSTRUMENTS, Instrument};
use super::market::datetime;
use super::rest::{Failure, Query};
use super::{Millis, SECOND};

impl Exchange {
    /// The endpoints that cost one credit and know no batch.
    pub(crate) fn list_endpoint(
        &mut self,
        endpoint: &str,
        query: &Query,
        key: &str,
        now: Millis,
    ) -> Result<Value, Failure> {
        match endpoint {
            "api_usage" => Ok(self.api_usage(key, now)),
            "market_state" => Ok(self.market_state(query, now)),
            "symbol_search" => Ok(symbol_search(query)),
            _ => Ok(reference_list(endpoint, query)),
        }
    }

    fn api_usage(&mut self, key: &str, now: Millis) -> Value {
        let (minute, day) = self.account(key).rest_used(now);
        let plan = &self.settings.plan;
        let mut usage = json!({
            "timestamp": datetime(now, Zone::Utc, true),
            "current_usage": minute,
            "plan_limit": plan.rest_per_minute,
            "plan_category": plan.category,
        });
        if let (Some(limit), Some(fields)) = (plan.rest_per_day, usage.as_object_mut()) {
            fields.insert("daily_usage".to_owned(), day.into());
            fields.insert("plan_daily_limit".to_owned(), limit.into());
        }
        usage
    }

    fn market_state(&self, query: &Query, now: Millis) -> Value {
        let venues = [
            ("NASDAQ", "XNGS", "United States", Hours::NewYork),
            ("NYSE", "XNYS", "United States", Hours::NewYork),
            ("NYSE", "ARCX", "United States", Hours::NewYork),
            ("TSX", "XTSE", "Canada", Hours::NewYork),
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
                json!({
                    "name": name,
                    "code": code,
                    "country": country,
                    "is_market_open": open,
                    "time_after_open": since(open, now.saturating_sub(session.open)),
                    "time_to_open": since(!open, hours.next_open(now).saturating_sub(now)),
                    "time_to_close": since(open, session.close.saturating_sub(now)),
                })
            });
        Value::Array(states.collect())
    }
}

fn symbol_search(query: &Query) -> Value {
    let wanted = query.get("symbol").unwrap_or_default().to_ascii_uppercase();
    let count = query.get("outputsize").and_then(|text| text.parse::<usize>().ok());
    let found = INSTRUMENTS
        .iter()
        .filter(|one| {
            !wanted.is_empty() && (one.symbol.starts_with(&wanted) || one.name.to_ascii_uppercase().contains(&wanted))
        })
        .take(count.unwrap_or(30).min(120))
        .map(|one| {
            json!({
                "symbol": one.symbol,
                "instrument_name": one.name,
                "exchange": one.exchange,
                "mic_code": one.mic_code,
                "exchange_timezone": one.hours.zone().name(),
                "instrument_type": one.class.name(),
                "country": one.country,
                "currency": one.currency,
            })
        });
    json!({"data": found.collect::<Vec<_>>(), "status": "ok"})
}

/// `/stocks`, `/etfs`, `/forex_pairs` and `/cryptocurrencies`.
fn reference_list(endpoint: &str, query: &Query) -> Value {
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
    let data: Vec<Value> = INSTRUMENTS
        .iter()
        .filter(fits)
        .map(|one| match class {
            Class::PhysicalCurrency => json!({
                "symbol": one.symbol, "currency_group": "Major",
                "currency_base": one.currency_base, "currency_quote": one.currency_quote
            }),
            Class::DigitalCurrency => json!({
                "symbol": one.symbol, "available_exchanges": [one.exchange],
                "currency_base": one.currency_base, "currency_quote": one.currency_quote
            }),
            _ => {
                let mut fields = meta(one);
                fields.insert("name".to_owned(), one.name.into());
                fields.insert("country".to_owned(), one.country.into());
                if class == Class::Etf {
                    fields.remove("type");
                }
                Value::Object(fields)
            }
        })
        .collect();
    json!({"count": data.len(), "data": data, "status": "ok"})
}

/// A duration as `HH:MM:SS`.
fn clock(length: Millis) -> String {
    let seconds = length / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
