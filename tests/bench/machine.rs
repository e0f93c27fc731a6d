//! The hub's machine by itself, compiled natively: how many of upstream's frames it takes in a second, parsing and the
//! making of the clients' frame included. Sockets and the crossing into JavaScript are not in it.

use std::time::{Duration, Instant};

use hamster_terminal::hub::{ClientId, Config, Effect, Input, LinkId, Machine, RequestId, RestAnswer, Stored};
use hamster_terminal::simulator::{Exchange, Output, SessionId, Settings};
use hamster_terminal::twelve_data::quote_query;
use hamster_terminal::wire::Dialect;
use serde_json::json;

use super::clients::SYMBOLS;

/// A noon.
const BEGIN: u64 = 1_768_824_000_000;
/// Virtual milliseconds between two ticks.
const STEP: u64 = 1;

/// What the machine did.
pub struct Outcome {
    /// Clients that watch all symbols.
    pub watchers: u32,
    /// Upstream's frames.
    pub ticks: u32,
    /// Time for all of them.
    pub took: Duration,
}

/// Feeds `ticks` frames to a machine with so many watchers.
pub fn ingest(watchers: u32, ticks: u32) -> Outcome {
    let mut exchange = Exchange::new(
        Settings {
            automatic: false,
            ..Settings::default()
        },
        1,
        BEGIN,
    );
    let session = exchange.connect(Some("key"), BEGIN).expect("any key is good").session;
    let (mut hub, link) = live_hub(&mut exchange, session, watchers);
    let frames: Vec<(u64, String)> = (1..=ticks)
        .zip(SYMBOLS.iter().cycle())
        .map(|(number, symbol)| {
            let now = BEGIN + u64::from(number) * STEP;
            let price = 100.0 + f64::from(number % 1_000) / 100.0;
            (now, only_text(exchange.publish(symbol, price, now / 1_000, now)))
        })
        .collect();

    let begun = Instant::now();
    let mut published = 0;
    for (now, frame) in frames {
        hub.handle(Input::Frame(link, frame), now);
        while let Some(effect) = hub.next_effect() {
            match std::hint::black_box(effect) {
                Effect::Broadcast { frame, .. } => published += u32::from(!frame.is_empty()),
                Effect::Pulse => hub.handle(Input::Pulse, now),
                _ => {}
            }
        }
    }
    let took = begun.elapsed();
    assert_eq!(published, ticks, "every tick is published once");
    Outcome { watchers, ticks, took }
}

/// A machine whose feed is live and whose symbols are all watched by everybody.
fn live_hub(exchange: &mut Exchange, session: SessionId, watchers: u32) -> (Machine, LinkId) {
    // No cap for each symbol: every tick is to be published.
    let config = Config::from_vars(false, |name| (name == "PLAIN_INTERVAL_MS").then(|| "0".to_owned()))
        .expect("the defaults are good");
    let mut hub = Machine::new(config, &Stored::default(), 1, BEGIN);
    let subscribe = json!({"action": "subscribe", "params": {"symbols": SYMBOLS.join(",")}}).to_string();
    let mut inputs: Vec<Input> = (0..watchers)
        .flat_map(|number| {
            let client = ClientId(number);
            [
                Input::Joined(client, Dialect::Plain),
                Input::Said(client, subscribe.clone()),
            ]
        })
        .rev()
        .collect();
    let mut open = None;
    while let Some(input) = inputs.pop() {
        hub.handle(input, BEGIN);
        while let Some(effect) = hub.next_effect() {
            match effect {
                Effect::OpenUpstream { link } => {
                    open = Some(link);
                    inputs.push(Input::Opened(link));
                }
                Effect::SendUpstream { link, frame } => {
                    let answers = exchange.receive(session, &frame, BEGIN);
                    inputs.push(Input::Frame(link, only_text(answers)));
                }
                Effect::SaveCredits(_) => inputs.push(Input::Charged(None)),
                Effect::Fetch { request, symbols } => inputs.push(fetched(exchange, request, &symbols)),
                Effect::Pulse => inputs.push(Input::Pulse),
                _ => {}
            }
        }
    }
    (hub, open.expect("watchers make the hub connect"))
}

fn fetched(exchange: &mut Exchange, request: RequestId, symbols: &[String]) -> Input {
    let address = quote_query(symbols);
    let (path, query) = address.split_once('?').expect("a query");
    let reply = exchange.rest(path, query, Some("key"), BEGIN);
    let answer = RestAnswer {
        status: reply.status,
        body: reply.body,
        credits: None,
    };
    Input::Fetched(request, answer)
}

fn only_text(outputs: Vec<Output>) -> String {
    match outputs.into_iter().next() {
        Some(Output::Text { text, .. }) => text,
        other => panic!("a frame, not {other:?}"),
    }
}
