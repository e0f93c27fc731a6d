//! `/api/market-state`: whether New York's two exchanges trade.

use crate::api::parameters::NONE;
use crate::api::route::{Asked, Route, Show};
use crate::api::{Problem, Reply};
use crate::hub::{Answer, Question};
use crate::market::{ExchangeHours, Millis, SECOND};
use serde::Serialize;

pub(in crate::api) const ROUTE: Route = Route {
    path: "/api/market-state",
    parameters: &[],
    hint: NONE,
    asks: |_| Ok(Asked::Hub(Question::Sessions, Show(reply))),
};

#[derive(Serialize)]
struct Body {
    ok: bool,
    markets: Markets,
    crypto_always_open: bool,
    source: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Markets {
    nyse: Option<State>,
    nasdaq: Option<State>,
}

/// Durations are `HH:MM:SS`. The time since the opening is not known.
#[derive(Serialize)]
struct State {
    is_open: bool,
    time_after_open: Option<String>,
    time_to_open: Option<String>,
    time_to_close: Option<String>,
}

fn reply(answer: &Answer) -> Option<Reply> {
    let Answer::Sessions(sessions) = answer else {
        return None;
    };
    if sessions.as_of.is_none() {
        let reason = sessions
            .reason
            .as_deref()
            .unwrap_or("the provider has not been asked yet");
        return Some(Problem::NotYet(reason.to_owned()).reply());
    }
    let state = |name: &str| {
        let exchange = sessions.exchanges.iter().find(|exchange| exchange.name == name)?;
        Some(state(exchange, sessions.time))
    };
    let body = Body {
        ok: true,
        markets: Markets {
            nyse: state("NYSE"),
            nasdaq: state("NASDAQ"),
        },
        crypto_always_open: true,
        source: "Twelve Data",
    };
    Some(Reply::json(&body))
}

fn state(exchange: &ExchangeHours, now: Millis) -> State {
    let until = |at: Option<Millis>| at.map(|at| clock(at.saturating_sub(now)));
    // As Twelve Data has it, a duration that does not apply is zero.
    let zero = Some(clock(0));
    if exchange.is_open {
        State {
            is_open: true,
            time_after_open: None,
            time_to_open: zero,
            time_to_close: until(exchange.closes_at),
        }
    } else {
        State {
            is_open: false,
            time_after_open: zero.clone(),
            time_to_open: until(exchange.opens_at),
            time_to_close: zero,
        }
    }
}

fn clock(length: Millis) -> String {
    let seconds = length / SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
