//! Properties that hold for any input.

use super::*;
use proptest::prelude::*;

/// One random event.
#[derive(Debug, Clone)]
enum Event {
    Tick { symbol: usize, price: f64, age: i64 },
    Upstream(String),
    Client { client: u32, text: String },
    Join(u32),
    Leave(u32),
    LinkOpened,
    LinkLost,
    Refused(u16),
    Pass(Millis),
    Rest(Option<f64>),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0usize..8, 1.0f64..1e6, -5_000i64..5_000).prop_map(|(symbol, price, age)| Event::Tick { symbol, price, age }),
        2 => any::<String>().prop_map(Event::Upstream),
        2 => "\\{\"event\":\"(price|subscribe-status|x)\",\"(symbol|success|fails|price)\":(null|7|\"AAPL\"|\\[null,\\{\\}\\])\\}".prop_map(Event::Upstream),
        2 => (0u32..4, any::<String>()).prop_map(|(client, text)| Event::Client { client, text }),
        4 => (0u32..4, "(subscribe|unsubscribe|reset|time)", "[A-Z/,]{0,12}").prop_map(|(client, action, symbols)| Event::Client {
            client,
            text: json!({"action": action, "params": {"symbols": symbols}}).to_string(),
        }),
        3 => (0u32..4).prop_map(Event::Join),
        1 => (0u32..4).prop_map(Event::Leave),
        3 => Just(Event::LinkOpened),
        2 => Just(Event::LinkLost),
        1 => (200u16..600).prop_map(Event::Refused),
        4 => (0u64..90_000).prop_map(Event::Pass),
        2 => proptest::option::of(1.0f64..1e6).prop_map(Event::Rest),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_input_breaks_the_machine_or_its_promises(events in proptest::collection::vec(event(), 1..120)) {
        let mut play = Play::new();
        let symbols: Vec<&str> = DEFAULT_SYMBOLS.split(',').collect();
        let mut link = LinkId(0);
        let mut open_links = 0;
        let mut shown: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for event in events {
            match event {
                Event::Tick { symbol, price, age } => {
                    let stamp = (play.now as i64 + age) / 1_000;
                    play.frame(link, &json!({"event": "price", "symbol": symbols[symbol], "price": price, "timestamp": stamp}));
                }
                Event::Upstream(text) => play.input(Input::Frame(link, text)),
                Event::Client { client, text } => play.input(Input::Said(ClientId(client), text)),
                Event::Join(client) => play.input(Input::joined(ClientId(client), Dialect::Plain)),
                Event::Leave(client) => play.input(Input::Left(ClientId(client))),
                Event::LinkOpened => play.input(Input::Opened(link)),
                Event::LinkLost => {
                    if play.hub.upstream.feed.is_current(link) { open_links -= 1; }
                    play.input(Input::Lost(link, "closed".into()));
                }
                Event::Refused(status) => {
                    if play.hub.upstream.feed.is_current(link) { open_links -= 1; }
                    play.input(Input::Refused(link, status, String::new()));
                }
                Event::Pass(span) => play.pass(span),
                Event::Rest(price) => {
                    if !play.calls().is_empty() {
                        play.answer_call(|_| price.map(|price| (price, true)));
                    }
                }
            }
            let effects = play.effects.clone();
            for effect in &effects {
                match effect {
                    Effect::OpenUpstream { link: opened } => {
                        open_links += 1;
                        link = *opened;
                    }
                    Effect::CloseUpstream { .. } => open_links -= 1,
                    Effect::Broadcast { group: Group::Symbol(..), frame } => {
                        let update: Value = serde_json::from_str(frame).unwrap();
                        if update["event"] == "price_update" {
                            let symbol = update["symbol"].as_str().unwrap().to_owned();
                            let stamp = update["timestamp"].as_str().unwrap().to_owned();
                            let before = shown.insert(symbol, stamp.clone());
                            prop_assert!(before.is_none_or(|before| before <= stamp), "went back in time");
                            prop_assert_eq!(update["percent_change"].is_null(), update["previous_close"].is_null());
                        }
                    }
                    _ => {}
                }
                prop_assert!((0..=1).contains(&open_links), "{open_links} upstream connections");
            }
            // Calls stay until they are answered; all other effects have been checked.
            play.effects.retain(|effect| matches!(effect, Effect::Fetch { .. }));
            let spent = play.hub.status(play.now).credits;
            prop_assert!(spent.minute.used <= spent.minute.limit);
        }
    }
}
