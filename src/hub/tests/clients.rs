//! What clients and REST waiters get.

use super::*;

#[test]
fn a_client_is_greeted_then_told_what_will_come_then_shown_what_there_is() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "AAPL,$$$");
    let heard = play.heard(BOB);
    let events: Vec<&str> = heard.iter().map(|frame| frame["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["connected", "subscribe-status", "price_update"]);
    assert_eq!(heard[0]["feed"]["state"], "live");
    assert_eq!(
        heard[1]["success"][0],
        json!({"symbol": "AAPL", "state": "streaming", "reason": null, "needs_plan": null, "retry_at": null, "has_quote": true})
    );
    assert_eq!(heard[1]["fails"][0]["symbol"], "$$$");
    assert_eq!(heard[2]["price"], 101.0);
}

#[test]
fn an_update_has_the_originals_fields_and_the_truth_beside_them() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    let updates = play.heard_events(ALICE, "price_update");
    assert_eq!(
        updates,
        [json!({
            "event": "price_update", "symbol": "AAPL", "price": 101.0, "percent_change": 1.0,
            "timestamp": iso8601(play.now / SECOND * SECOND), "exchange": null, "bid": null, "ask": null, "day_volume": null,
            "previous_close": 100.0, "received_at": iso8601(play.now), "source": "live", "simulated": false,
            "session": "open", "freshness": "fresh", "stale_since": null, "timestamp_precision": "second",
            "name": null, "type": null, "kind": null, "currency": null, "mic_code": null, "timezone": null, "decimals": 2,
            "open": null, "high": null, "low": null, "year_low": null, "year_high": null, "average_volume": null,
            "opens_at": null, "closes_at": null,
        })]
    );
}

#[test]
fn each_client_hears_its_own_symbols() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "MSFT,BTC/USD");
    play.take();
    play.tick(link, "AAPL", 101.0);
    play.tick(link, "MSFT", 102.0);
    play.tick(link, "NVDA", 103.0);
    let prices = |play: &Play, client| -> Vec<Value> {
        let updates = play.heard_events(client, "price_update");
        updates.iter().map(|update| update["price"].clone()).collect()
    };
    assert_eq!(prices(&play, ALICE), [json!(101.0)]);
    assert_eq!(prices(&play, BOB), [json!(102.0)]);
    play.input(Input::Said(
        BOB,
        r#"{"action":"unsubscribe","params":{"symbols":"MSFT"}}"#.into(),
    ));
    assert_eq!(
        play.heard_events(BOB, "unsubscribe-status")[0]["symbols"],
        json!(["MSFT"])
    );
    play.take();
    play.tick(link, "MSFT", 104.0);
    assert_eq!(play.effects, [], "nobody watches it: nothing is made");
}

#[test]
fn a_symbol_outside_the_default_set_takes_a_free_place_or_is_polled() {
    let (mut play, link) = Play::live("AAPL");
    play.subscribe(ALICE, "TSLA");
    play.pass(2 * SECOND);
    assert_eq!(
        play.quote("TSLA").service.state,
        StreamState::Polled,
        "the plan's eight are in use"
    );
    assert!(play.quote("TSLA").service.reason.unwrap().contains("in use"));
    let told = play.heard_events(ALICE, "subscribe-status");
    assert_eq!(told.last().unwrap()["success"][0]["state"], "polled");

    // The provider refuses GBP/USD on the next link: TSLA gets its slot.
    play.input(Input::Lost(link, "closed".into()));
    play.pass(6 * SECOND + 1);
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    let ok: Vec<Value> = DEFAULT_SYMBOLS
        .split(',')
        .filter(|symbol| *symbol != "GBP/USD")
        .map(|symbol| json!({"symbol": symbol}))
        .collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": ok, "fails": [{"symbol": "GBP/USD"}]}),
    );
    play.take();
    play.pass(2 * SECOND);
    assert_eq!(play.sent(), [r#"{"action":"subscribe","params":{"symbols":"TSLA"}}"#]);

    // Nobody watches it any more: after a while it is unsubscribed upstream.
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "TSLA"}]}),
    );
    play.input(Input::Said(ALICE, r#"{"action":"reset"}"#.into()));
    play.take();
    play.pass_with_heartbeats(link, 40 * SECOND);
    assert!(
        play.sent()
            .contains(&r#"{"action":"unsubscribe","params":{"symbols":"TSLA"}}"#.to_owned())
    );
}

#[test]
fn a_symbol_that_upstream_does_not_know_is_taken_away_and_the_client_is_told() {
    let (mut play, link) = Play::live("AAPL");
    play.subscribe(ALICE, "NOPE");
    play.pass_with_heartbeats(link, 60 * SECOND);
    play.answer_call(|symbol| (symbol != "NOPE").then_some((100.0, true)));
    assert_eq!(play.hub.symbol(&Instrument::parse("NOPE").unwrap()), None);
    let told = play.heard_events(ALICE, "subscribe-status");
    let last = &told.last().unwrap()["fails"][0];
    assert_eq!(last["symbol"], "NOPE");
    assert!(
        last["reason"].as_str().unwrap().contains("missing or invalid"),
        "{last}"
    );
    assert_eq!(play.watched(ALICE).len(), 1);
}

#[test]
fn nonsense_is_answered_and_the_connection_lives_until_it_floods() {
    let (mut play, _) = Play::live("AAPL");
    for (message, code) in [
        ("hello", "invalid-json"),
        (r#"{"action":"buy"}"#, "unknown-action"),
        (r#"{"action":"subscribe"}"#, "invalid-params"),
    ] {
        play.take();
        play.input(Input::Said(ALICE, message.into()));
        assert_eq!(play.heard_events(ALICE, "error")[0]["code"], code);
    }
    play.take();
    play.input(Input::Said(ALICE, "x".repeat(1_000_000)));
    play.input(Input::SaidBinary(ALICE, 3));
    let codes: Vec<Value> = play
        .heard_events(ALICE, "error")
        .iter()
        .map(|event| event["code"].clone())
        .collect();
    assert_eq!(codes, ["too-large", "binary-frame"]);
    for _ in 0..60 {
        play.input(Input::Said(ALICE, "hello".into()));
    }
    let closed = play.effects.iter().any(|effect| {
        matches!(
            effect,
            Effect::CloseClient {
                client: ALICE,
                code: 4008,
                ..
            }
        )
    });
    assert!(closed);
    assert_eq!(play.hub.status(play.now).viewers, 0);
}

#[test]
fn a_quote_that_turns_stale_is_sent_once_more_to_say_so() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    for _ in 0..7 {
        play.pass(10 * SECOND);
        play.tick(link, "BTC/USD", 95_500.0);
    }
    let updates = play.heard_events(ALICE, "price_update");
    assert_eq!(updates.len(), 1);
    assert_eq!(
        (&updates[0]["freshness"], &updates[0]["stale_since"]),
        (&json!("stale"), &updates[0]["received_at"])
    );
}

#[test]
fn the_feeds_state_is_told_to_everybody_once() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::Plain));
    play.take();
    play.input(Input::Lost(link, "the upstream closed the connection (1006)".into()));
    for client in [ALICE, BOB] {
        let told = play.heard_events(client, "feed");
        assert_eq!(told.len(), 1);
        assert_eq!(
            (&told[0]["state"], &told[0]["simulated"]),
            (&json!("fallback"), &json!(false))
        );
        assert!(told[0]["reason"].as_str().unwrap().contains("1006"));
    }
}

#[test]
fn a_reader_of_a_sleeping_hub_waits_for_fresh_data_but_not_long() {
    let mut play = Play::new();
    play.input(Input::Waiter(WaiterId(1), Question::Quotes(Vec::new())));
    assert!(!answered(&play, 1));
    play.answer_call(|_| Some((100.0, true)));
    assert!(answered(&play, 1), "as soon as all are fresh");

    let mut play = Play::new();
    play.input(Input::Waiter(WaiterId(1), Question::Quotes(Vec::new())));
    play.pass(1_499);
    assert!(!answered(&play, 1));
    play.pass(2);
    assert!(answered(&play, 1), "the cache as it is");
    play.take();
    play.input(Input::Waiter(WaiterId(2), Question::Quotes(Vec::new())));
    assert!(answered(&play, 2), "awake for long enough: at once");
}

#[test]
fn time_is_the_hubs() {
    let (mut play, _) = Play::live("AAPL");
    play.input(Input::Said(ALICE, r#"{"action":"time","id":7}"#.into()));
    assert_eq!(
        play.heard_events(ALICE, "time"),
        [json!({"event": "time", "id": 7, "time": iso8601(play.now)})]
    );
}

#[test]
fn strangers_symbols_are_bounded_and_cannot_spend_what_is_put_by_for_the_operators_own() {
    let mut play = Play::with(&[
        ("EXTRA_SYMBOLS", "2"),
        ("CREDITS_PER_MINUTE", "1000"),
        ("CREDITS_PER_DAY", "8"),
    ]);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.answer_call(|_| Some((100.0, true)));
    play.take();
    play.subscribe(ALICE, "TSLA,AMZN,META");
    let status = &play.heard_events(ALICE, "subscribe-status")[0];
    let names = |list: &Value| -> Vec<String> {
        let items = list.as_array().unwrap().iter();
        items.map(|item| item["symbol"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names(&status["success"]), names(&status["fails"])),
        (vec!["TSLA".into(), "AMZN".into()], vec!["META".into()])
    );
    assert!(status["fails"][0]["reason"].as_str().unwrap().contains("EXTRA_SYMBOLS"));
    play.pass(MINUTE);
    assert_eq!(play.calls(), Vec::<Vec<String>>::new(), "the day's credits are spent");
}

#[test]
fn plain_clients_are_told_in_crowds_and_neither_dialect_waits_for_the_other() {
    let (mut play, link) = Play::live_with(&[("SHARD_CLIENTS", "2")], "AAPL");
    let plain = [3, 4, 5].map(ClientId);
    for client in plain {
        play.input(Input::joined(client, Dialect::Plain));
        play.subscribe(client, "AAPL");
    }
    let streaming = ClientId(6);
    play.input(Input::joined(streaming, Dialect::HamsterV1));
    play.subscribe(streaming, "AAPL");
    play.take();
    play.pulses = false;
    play.tick(link, "AAPL", 101.0);
    let told = |play: &Play| {
        let all = [ALICE, plain[0], plain[1], plain[2]];
        all.map(|client| play.heard_events(client, "price_update").len())
    };
    // Alice and the first of the three share a shard.
    assert_eq!(told(&play), [1, 1, 0, 0]);
    assert_eq!(play.heard(streaming).len(), 1, "a delta in the same turn");
    play.tick(link, "AAPL", 102.0);
    play.input(Input::Pulse);
    assert_eq!(told(&play), [1, 1, 1, 1]);
    assert_eq!(play.heard_events(plain[2], "price_update")[0]["price"], 102.0);
    play.input(Input::Pulse);
    assert_eq!(told(&play), [2, 2, 1, 1]);
    play.input(Input::Left(plain[0]));
    let late = ClientId(7);
    play.input(Input::joined(late, Dialect::Plain));
    play.subscribe(late, "AAPL");
    play.take();
    play.input(Input::Pulse);
    play.tick(link, "AAPL", 103.0);
    assert_eq!(play.heard_events(late, "price_update").len(), 1, "it took the place");
}

#[test]
fn being_shown_many_symbols_counts_as_several_messages() {
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "300")], "AAPL");
    let symbols: Vec<String> = (0..200).map(|number| format!("SYM{number}")).collect();
    let message = json!({"action": "subscribe", "params": {"symbols": symbols.join(",")}}).to_string();
    let mut asked = 0;
    while !play.watched(ALICE).is_empty() {
        play.input(Input::Said(ALICE, message.clone()));
        asked += 1;
    }
    assert!((10..=13).contains(&asked), "{asked} times");
}

fn answered(play: &Play, waiter: u32) -> bool {
    let is_it = |effect: &Effect| matches!(effect, Effect::Answer(WaiterId(id), _) if *id == waiter);
    play.effects.iter().any(is_it)
}
