//! The simulator compared with what is known of Twelve Data: messages, limits, oddities, REST.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod candles;
mod field_order;
mod messages;
mod prices;
mod rest_calls;
mod robustness;
mod subscriptions;
mod tables;
mod time_zones;
mod upgrade;
mod worker;

use serde_json::{Value, json};

use super::*;

/// Wednesday 14 January 2026, 15:00 UTC: New York is open.
const WEDNESDAY: Millis = 1_768_402_800_000;
/// Saturday 17 January 2026, 15:00 UTC.
const SATURDAY: Millis = WEDNESDAY + 3 * DAY;

fn exchange(settings: Settings) -> Exchange {
    Exchange::new(settings, 42, WEDNESDAY)
}

fn keyed(plan: Plan) -> Settings {
    Settings {
        keys: Keys::Only(vec!["good".to_owned(), "other".to_owned()]),
        plan,
        ..Settings::default()
    }
}

fn open(exchange: &mut Exchange) -> SessionId {
    exchange.connect(Some("good"), WEDNESDAY).unwrap().session
}

/// The frames for `session`, parsed.
fn frames(outputs: &[Output], session: SessionId) -> Vec<Value> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Text { session: to, text } if *to == session => serde_json::from_str(text).ok(),
            _ => None,
        })
        .collect()
}

/// The answer to `message`.
fn say(exchange: &mut Exchange, session: SessionId, message: &Value) -> Value {
    let outputs = exchange.receive(session, &message.to_string(), WEDNESDAY);
    frames(&outputs, session).first().cloned().unwrap_or_default()
}

fn subscribe(exchange: &mut Exchange, session: SessionId, symbols: &str) -> Value {
    say(
        exchange,
        session,
        &json!({"action": "subscribe", "params": {"symbols": symbols}}),
    )
}

fn symbols(items: &Value) -> Vec<&str> {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item["symbol"].as_str().unwrap()).collect()
}

/// Ticks until `until`, and returns everything sent.
fn play(exchange: &mut Exchange, until: Millis) -> Vec<Output> {
    let mut outputs = Vec::new();
    while let Some(at) = exchange.next_tick_at().filter(|at| *at <= until) {
        outputs.append(&mut exchange.tick(at));
    }
    outputs
}

fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn rest(exchange: &mut Exchange, call: &str) -> Value {
    let (path, query) = call.split_once('?').unwrap_or((call, ""));
    serde_json::from_str(&exchange.rest(path, query, Some("good"), WEDNESDAY).body).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}
