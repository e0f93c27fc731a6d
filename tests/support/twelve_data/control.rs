//! Control from outside the process, for the browser tests and for manual use:
//! `POST /_control/COMMAND`.
//!
//! | command | effect |
//! |---|---|
//! | `counters` | returns what the server and the exchange counted (also with GET) |
//! | `frames` | returns the client's text frames, oldest first (also with GET) |
//! | `requests` | returns the REST requests, oldest first (also with GET) |
//! | `stall?what=prices` | prices stop, heartbeats are answered |
//! | `stall?what=everything` | nothing is sent any more, pongs included |
//! | `mute` | the connections that are open now fall silent; new ones work |
//! | `close?code=1001` | closes every connection cleanly |
//! | `reset` | resets every connection |
//! | `refuse?status=503` | refuses upgrades with this status (401 and 403 also in the body) |
//! | `hang` | accepts upgrade requests and never answers |
//! | `drop` | accepts upgrades and drops the connection at once |
//! | `rest?status=500` | REST answers this error |
//! | `rest?status=hang` | REST hangs; also `reset`, `proxy` (502 and HTML) and `ok` |
//! | `limit?per_minute=8&per_day=800` | REST credits |
//! | `price?symbol=AAPL&price=123.45` | sends and holds this price; `timestamp` in s, default now |
//! | `previous_close?symbol=AAPL&price=120` | sets the previous close |
//! | `release?symbol=AAPL` | lets the market move the symbol again |
//! | `automatic?on=false` | stops or starts the market |
//! | `fault?name=truncated_events&on=true` | turns a switch on or off |
//! | `raw` | sends the request's body to every connection |
//! | `recover` | turns every fault off |

use hamster_terminal::simulator::{Faults, Output, SessionId, Stall};
use serde_json::{Value, json};

use super::http::Request;
use super::{RestBehaviour, Shared, now};

pub(super) fn obey(shared: &Shared, command: &str, request: &Request) -> (u16, String) {
    match answer(shared, command, request) {
        Ok(body) => (200, body.to_string()),
        Err(text) => (400, json!({"error": text}).to_string()),
    }
}

fn answer(shared: &Shared, command: &str, request: &Request) -> Result<Value, String> {
    let text = |name: &str| {
        request
            .parameter(name)
            .ok_or(format!("the parameter {name} is missing"))
    };
    let number = |name: &str| {
        let value = text(name)?.parse::<f64>();
        value.map_err(|error| format!("{name}: {error}"))
    };
    let on = || request.parameter("on").is_none_or(|value| value != "false");
    let faults = |change: &dyn Fn(&mut Faults)| shared.exchange(|exchange| change(exchange.faults()));
    match command {
        "counters" => return Ok(counters(shared)),
        "frames" => return Ok(frames(shared)),
        "requests" => return Ok(requests(shared)),
        "stall" => {
            let stall = match text("what")?.as_str() {
                "prices" => Stall::Prices,
                "everything" => Stall::Everything,
                "none" => Stall::None,
                other => return Err(format!("what: {other}?")),
            };
            faults(&|faults| faults.stall = stall);
        }
        "mute" => {
            for connection in shared.lock().connections.values() {
                connection.muted.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        "close" => {
            let code = request.parameter("code").and_then(|code| code.parse().ok());
            let code = code.unwrap_or(1001);
            shared.end_all(|session| Output::Close {
                session,
                code,
                reason: "asked to",
            });
        }
        "reset" => shared.end_all(|session| Output::Drop { session }),
        "refuse" => {
            let status = number("status")? as u16;
            let body = json!({"code": status, "message": "refused on request", "status": "error"}).to_string();
            faults(&|faults| faults.refuse_upgrades = Some((status, body.clone())));
        }
        "hang" => shared.lock().upgrades_hang = on(),
        "drop" => faults(&|faults| faults.accept_then_drop = on()),
        "rest" => {
            let behaviour = match text("status")?.as_str() {
                "ok" => RestBehaviour::Answers,
                "hang" => RestBehaviour::Hangs,
                "reset" => RestBehaviour::Resets,
                "proxy" => RestBehaviour::Fails(502),
                _ => {
                    let status = number("status")? as u16;
                    faults(&|faults| faults.rest_failure = Some(status));
                    return Ok(json!({"ok": true}));
                }
            };
            shared.lock().rest_behaviour = behaviour;
            faults(&|faults| faults.rest_failure = None);
        }
        "limit" => {
            let per_minute = number("per_minute")? as u32;
            let per_day = number("per_day").ok().map(|value| value as u32);
            shared.exchange(|exchange| {
                exchange.settings().plan.rest_per_minute = per_minute;
                exchange.settings().plan.rest_per_day = per_day;
            });
        }
        "price" => {
            let (symbol, price) = (text("symbol")?, number("price")?);
            let timestamp = number("timestamp").map_or(now() / 1_000, |value| value as u64);
            shared.emit(|exchange| exchange.publish(&symbol, price, timestamp, now()));
        }
        "previous_close" => {
            let (symbol, price) = (text("symbol")?, number("price")?);
            shared.exchange(|exchange| exchange.set_previous_close(&symbol, price));
        }
        "release" => {
            let symbol = text("symbol")?;
            shared.exchange(|exchange| exchange.release(&symbol));
        }
        "automatic" => shared.exchange(|exchange| exchange.settings().automatic = on()),
        "fault" => {
            let name = text("name")?;
            shared.exchange(|exchange| set(exchange.faults(), &name, on()))?;
        }
        "raw" => shared.emit(|exchange| {
            let sessions: Vec<SessionId> = exchange.sessions().collect();
            let frame = |session| Output::Text {
                session,
                text: request.body.clone(),
            };
            sessions.into_iter().map(frame).collect()
        }),
        "recover" => shared.recover(),
        other => return Err(format!("no such command: {other}")),
    }
    Ok(json!({"ok": true}))
}

fn set(faults: &mut Faults, name: &str, on: bool) -> Result<(), String> {
    let switch = match name {
        "half_silent" => &mut faults.half_silent,
        "over_message_limit" => &mut faults.over_message_limit,
        "duplicate_events" => &mut faults.duplicate_events,
        "reordered_events" => &mut faults.reordered_events,
        "unknown_events" => &mut faults.unknown_events,
        "truncated_events" => &mut faults.truncated_events,
        "numbers_as_strings" => &mut faults.numbers_as_strings,
        "null_fields" => &mut faults.null_fields,
        "accept_then_drop" => &mut faults.accept_then_drop,
        other => return Err(format!("no such switch: {other}")),
    };
    *switch = on;
    Ok(())
}

fn counters(shared: &Shared) -> Value {
    let state = shared.lock();
    json!({
        "connections_open": state.record.open,
        "max_connections_at_once": state.record.most_open,
        "upgrades": state.record.upgrades.len(),
        "pings": state.record.pings,
        "frames": state.record.frames.len(),
        "rest_requests": state.record.requests.len(),
        "key_in_url": state.record.key_in_url,
        "exchange": state.exchange.counters(now()),
    })
}

fn frames(shared: &Shared) -> Value {
    let state = shared.lock();
    let frames = state.record.frames.iter();
    frames
        .map(|frame| json!({"session": frame.session.0, "text": frame.text, "ms_ago": frame.at.elapsed().as_millis() as u64}))
        .collect()
}

fn requests(shared: &Shared) -> Value {
    let state = shared.lock();
    let requests = state.record.requests.iter();
    requests
        .map(|request| json!({"path": request.path, "query": request.query, "key_ok": request.key_ok, "status": request.status, "ms_ago": request.at.elapsed().as_millis() as u64}))
        .collect()
}
