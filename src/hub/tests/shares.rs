//! Fair shares of the symbols that the operator did not choose, of the operator's credits, and of
//! the connection.

use super::*;

fn joined(play: &mut Play, number: u32, viewer: u64) -> ClientId {
    let client = ClientId(number);
    play.input(Input::Joined(
        client,
        Dialect::Plain,
        Carrier::WebSocket,
        Viewer(viewer),
        Standing::Anybody,
    ));
    client
}

fn extras(play: &Play) -> Vec<String> {
    let tracked = play.hub.stream_states().map(|(instrument, _)| instrument.to_string());
    tracked
        .filter(|symbol| !DEFAULT_SYMBOLS.split(',').any(|one| one == symbol))
        .collect()
}

fn names(prefix: &str, count: u32) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("{prefix}{number}")).collect();
    names.join(",")
}

#[test]
fn who_holds_more_than_a_share_gives_to_who_wants_one() {
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "4")], "AAPL");
    let greedy = joined(&mut play, 10, 10);
    play.subscribe(greedy, &names("A", 6));
    assert_eq!(extras(&play).len(), 4);
    let second = joined(&mut play, 11, 11);
    play.take();
    play.subscribe(second, "B0,B1,B2");
    assert_eq!(
        extras(&play),
        ["A0", "A1", "B0", "B1"],
        "two each, and what one has had for long one keeps"
    );
    let taken = play.heard_events(greedy, "subscribe-status");
    let lost: Vec<&str> = taken
        .iter()
        .filter_map(|event| event["fails"][0]["symbol"].as_str())
        .collect();
    assert_eq!(lost, ["A3", "A2"]);
    let refused = &play.heard_events(second, "subscribe-status")[0]["fails"][0];
    assert!(refused["symbol"] == "B2" && refused["reason"].as_str().unwrap().contains("EXTRA_SYMBOLS"));
    let advice = play.hub.status(play.now).advice;
    assert!(advice.iter().any(|one| one.wrong.contains("no room")), "{advice:?}");
    // A third viewer takes from the one with the most; when each has one, nobody gives any.
    let third = joined(&mut play, 12, 12);
    play.subscribe(third, "C0,C1");
    assert_eq!(extras(&play).len(), 4);
    assert!(extras(&play).contains(&"C0".to_owned()));
}

#[test]
fn an_operators_symbol_takes_the_stream_of_one_that_a_viewer_chose() {
    let (mut play, link) = Play::watching_with(&[("SYMBOLS", "AAPL,TSLA"), ("SYMBOL_LIMIT", "2")], "AAPL");
    play.input(Input::Opened(link));
    // The provider refuses one of the operator's symbols, and a viewer's symbol gets its slot.
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "AAPL"}], "fails": [{"symbol": "TSLA"}]}),
    );
    play.subscribe(ALICE, "MSFT");
    play.pass(3 * SECOND);
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "MSFT"}], "fails": []}),
    );
    assert_eq!(
        states(&play),
        [StreamState::Streaming, StreamState::Polled, StreamState::Streaming]
    );
    // When it is asked for again, it gets the slot back.
    let refused = play.hub.config().refused;
    play.take();
    let mut sent = Vec::new();
    for _ in 0..=refused / (5 * SECOND) {
        play.tick(link, "AAPL", 100.0);
        play.pass(5 * SECOND);
        sent.extend(play.take().into_iter().filter_map(|effect| match effect {
            Effect::SendUpstream { frame, .. } if !frame.contains("heartbeat") => Some(frame),
            _ => None,
        }));
    }
    let [unsubscribed, subscribed, ..] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert!(
        unsubscribed.contains("unsubscribe") && unsubscribed.contains("MSFT"),
        "{sent:?}"
    );
    assert!(subscribed.contains("TSLA") && !subscribed.contains("MSFT"), "{sent:?}");
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "TSLA"}], "fails": []}),
    );
    assert_eq!(
        states(&play),
        [StreamState::Streaming, StreamState::Streaming, StreamState::Polled]
    );
}

fn states(play: &Play) -> Vec<StreamState> {
    play.hub.stream_states().map(|(_, state)| state).collect()
}

// Found by the simulation (seed 50): two viewers that held all the room, each the same symbols,
// locked everybody else out.
#[test]
fn what_several_hold_together_is_given_too_when_all_of_them_can_spare_it() {
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "3")], "AAPL");
    let first = joined(&mut play, 10, 10);
    let second = joined(&mut play, 11, 11);
    for client in [first, second] {
        play.subscribe(client, "A0,A1,A2");
    }
    let third = joined(&mut play, 12, 12);
    play.take();
    play.subscribe(third, "B0");
    assert_eq!(extras(&play), ["A0", "A1", "B0"]);
    for client in [first, second] {
        let told = play.heard_events(client, "subscribe-status");
        assert_eq!(told[0]["fails"][0]["symbol"], "A2");
    }
    // A symbol that a viewer within its share watches stays.
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "3")], "AAPL");
    let rich = joined(&mut play, 10, 10);
    play.subscribe(rich, "A0,A1,A2");
    let poor = joined(&mut play, 11, 11);
    play.subscribe(poor, "A2");
    let third = joined(&mut play, 12, 12);
    play.subscribe(third, "B0");
    assert_eq!(extras(&play), ["A0", "A2", "B0"]);
}

#[test]
fn clients_of_one_address_have_one_share() {
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "4")], "AAPL");
    for number in 0..4 {
        let client = joined(&mut play, 10 + number, 66);
        play.subscribe(client, &format!("A{number}"));
    }
    let other = joined(&mut play, 20, 77);
    play.subscribe(other, "B0,B1,B2");
    assert_eq!(extras(&play), ["A0", "A1", "B0", "B1"]);
}

#[test]
fn a_rest_call_holds_nothing_against_a_present_viewer() {
    let (mut play, _) = Play::live_with(&[("EXTRA_SYMBOLS", "3")], "AAPL");
    let wish: Vec<Instrument> = names("R", 5)
        .split(',')
        .map(|one| Instrument::parse(one).unwrap())
        .collect();
    play.input(Input::Waiter(WaiterId(1), Question::Quotes(wish)));
    assert_eq!(extras(&play).len(), 3);
    play.subscribe(ALICE, "TSLA");
    assert!(extras(&play).contains(&"TSLA".to_owned()));
    // It does not keep its slots from the next request either, once its own were answered.
    play.pass(6 * SECOND);
    play.input(Input::Waiter(
        WaiterId(2),
        Question::Quotes(vec![Instrument::parse("AMD").unwrap()]),
    ));
    assert!(extras(&play).contains(&"AMD".to_owned()));
    assert!(
        extras(&play).contains(&"TSLA".to_owned()),
        "a viewer's symbol is not given for a call's"
    );
}

/// Counts the credits of each symbol over some minutes in which REST knows only the default symbols
/// and those in `known`.
fn credits_in(play: &mut Play, minutes: u64, known: &[&str]) -> std::collections::BTreeMap<String, u32> {
    let mut credits = std::collections::BTreeMap::new();
    let end = play.now + minutes * MINUTE;
    while play.now < end {
        while let Some((request, symbols)) = play.open_calls().pop() {
            for symbol in &symbols {
                *credits.entry(symbol.clone()).or_default() += 1;
            }
            let is_known = |symbol: &str| {
                DEFAULT_SYMBOLS
                    .split(',')
                    .chain(known.iter().copied())
                    .any(|one| one == symbol)
            };
            play.answer_request(request, &symbols, |symbol| is_known(symbol).then_some((100.0, true)));
        }
        play.pass(SECOND);
    }
    credits
}

#[test]
fn the_owners_symbols_come_first_whatever_strangers_ask() {
    let (mut play, link) = Play::watching_with(&[("CREDITS_PER_DAY", "0")], "AAPL");
    play.input(Input::Opened(link));
    play.accept_as_the_free_plan_does(link);
    let polled = ["ETH/USD", "MSFT", "NVDA", "SPY", "GBP/USD"];
    credits_in(&mut play, 2, &[]);
    let before = credits_in(&mut play, 3, &[]);
    let wish: Vec<Instrument> = names("STR", 50)
        .split(',')
        .map(|one| Instrument::parse(one).unwrap())
        .collect();
    play.input(Input::Waiter(WaiterId(1), Question::Quotes(wish)));
    let known: Vec<String> = names("STR", 50).split(',').map(ToOwned::to_owned).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let after = credits_in(&mut play, 3, &known);
    for symbol in polled {
        assert!(
            after.get(symbol) >= before.get(symbol),
            "{symbol}: {before:?}, then {after:?}"
        );
    }
}

#[test]
fn a_name_that_upstream_does_not_know_costs_one_credit_and_frees_its_place() {
    let (mut play, link) = Play::live_with(
        &[
            ("EXTRA_SYMBOLS", "2"),
            ("CREDITS_PER_MINUTE", "1000"),
            ("CREDITS_PER_DAY", "0"),
        ],
        "AAPL",
    );
    play.subscribe(ALICE, "NOPE,NADA");
    play.pass(3 * SECOND);
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": null, "fails": [{"symbol": "NOPE"}, {"symbol": "NADA"}]}),
    );
    let credits = credits_in(&mut play, 30, &[]);
    assert_eq!(
        (credits.get("NOPE"), credits.get("NADA")),
        (Some(&1), Some(&1)),
        "{credits:?}"
    );
    assert_eq!(extras(&play), [""; 0]);
    // Nobody gets it for an hour, and it costs nothing.
    play.take();
    play.subscribe(ALICE, "nope");
    let refused = &play.heard_events(ALICE, "subscribe-status")[0]["fails"][0];
    assert!(
        refused["reason"].as_str().unwrap().contains("does not serve it"),
        "{refused}"
    );
    assert_eq!(credits_in(&mut play, 5, &[]).get("NOPE"), None);
    play.pass(61 * MINUTE);
    play.subscribe(ALICE, "NOPE");
    assert_eq!(extras(&play), ["NOPE"], "an hour later it may exist");
}

#[test]
fn a_client_that_was_closed_is_not_heard_any_more() {
    let (mut play, _) = Play::live("AAPL");
    for _ in 0..61 {
        play.input(Input::Said(ALICE, "ping".into()));
    }
    let closed = play
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::CloseClient { code: 4008, .. }));
    assert!(closed, "a ping counts as any message");
    assert!(play.told.iter().any(|(_, frame)| frame == "pong"));
    play.take();
    let messages = play.hub.delivery.counts.client_messages;
    play.now += 10 * MINUTE;
    play.input(Input::Said(ALICE, r#"{"action":"heartbeat"}"#.into()));
    play.input(Input::SaidBinary(ALICE, 1_000_000));
    assert_eq!(
        (play.effects.len(), play.hub.delivery.counts.client_messages),
        (0, messages),
        "not even the deadlines are looked at"
    );
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_is_an_error_and_the_third_a_flood() {
    for lie in [
        r#"{"action":"ack","stream":1,"seq":9007199254740991}"#,
        r#"{"action":"ack","stream":4000000000,"seq":1}"#,
    ] {
        let (mut play, _) = Play::live("AAPL");
        play.input(Input::joined(BOB, Dialect::HamsterV1));
        play.subscribe(BOB, "AAPL");
        play.take();
        for _ in 0..2 {
            play.input(Input::Said(BOB, lie.into()));
        }
        assert_eq!(play.heard_events(BOB, "error").len(), 2, "{lie}");
        play.input(Input::Said(BOB, lie.into()));
        assert!(play.effects.iter().any(|effect| matches!(
            effect,
            Effect::CloseClient {
                client: BOB,
                code: 4008,
                ..
            }
        )));
    }
}

#[test]
fn a_plain_client_that_never_reads_is_bounded_and_one_that_answers_stays() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "AAPL");
    let (mut sent, mut asked, mut closed) = (0_usize, 0, None);
    for _ in 0..40 {
        play.take();
        for _ in 0..4_000 {
            play.tick(link, "AAPL", 100.0 + (sent % 97) as f64);
        }
        play.pass_with_heartbeats(link, 40 * SECOND);
        sent += play
            .told
            .iter()
            .filter(|(whom, _)| *whom == ALICE)
            .map(|(_, frame)| frame.len())
            .sum::<usize>();
        for event in play.heard_events(BOB, "ack-request") {
            asked += 1;
            play.input(Input::Said(
                BOB,
                json!({"action": "ack", "id": event["id"]}).to_string(),
            ));
        }
        closed = play.effects.iter().find_map(|effect| match effect {
            Effect::CloseClient { client, code, .. } => Some((*client, *code)),
            _ => None,
        });
        if closed.is_some() {
            break;
        }
        // A client that sends much, but not the number, proves nothing.
        play.input(Input::Said(ALICE, r#"{"action":"heartbeat"}"#.into()));
    }
    assert_eq!(closed, Some((ALICE, crate::dialect::CLOSE_SLOW)));
    assert!((4 << 20..5 << 20).contains(&sent), "{sent} bytes");
    assert!(asked >= 1 && play.hub.delivery.audience.knows(BOB));
}

#[test]
fn an_old_acknowledgement_is_no_sign_of_life_twice() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "AAPL");
    play.tick(link, "AAPL", 101.0);
    // It acknowledges a channel that it was never in, again and again. That proves nothing: it is
    // closed as if it had sent nothing.
    let mut closed = false;
    for second in 0..60 {
        play.tick(link, "AAPL", 102.0 + f64::from(second));
        play.input(Input::Said(
            BOB,
            r#"{"action":"ack","stream":0,"seq":9007199254740991}"#.into(),
        ));
        play.pass(SECOND);
        closed |= play.take().iter().any(|effect| {
            matches!(
                effect,
                Effect::CloseClient {
                    client: BOB,
                    code: 4009,
                    ..
                }
            )
        });
    }
    assert!(closed, "{:?}", play.hub.delivery.audience.cursor(BOB));
}

#[test]
fn what_a_client_provokes_itself_counts_as_sent_to_it() {
    for dialect in [Dialect::Plain, Dialect::HamsterV1] {
        let (mut play, link) = Play::live("AAPL");
        play.input(Input::joined(BOB, dialect));
        let mut closed = None;
        for _ in 0..60_000 {
            play.input(Input::Said(BOB, r#"{"action":"dance"}"#.into()));
            play.pass(SECOND);
            if play.now % (5 * SECOND) < SECOND {
                play.tick(link, "AAPL", 101.0);
                play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
            }
            closed = play.take().into_iter().find_map(|effect| match effect {
                Effect::CloseClient { client: BOB, code, .. } => Some(code),
                _ => None,
            });
            if closed.is_some() {
                break;
            }
        }
        assert_eq!(
            closed,
            Some(4009),
            "{dialect:?} {:?}",
            play.hub.delivery.audience.knows(BOB)
        );
    }
}

#[test]
fn strangers_leave_what_the_owner_needs_when_the_websocket_breaks() {
    let (mut play, link) = Play::live_with(&[("CREDITS_PER_MINUTE", "8"), ("CREDITS_PER_DAY", "800")], "AAPL");
    for _ in 0..12 {
        for symbol in DEFAULT_SYMBOLS.split(',') {
            play.tick(link, symbol, 1.0);
        }
        play.pass(5 * SECOND);
    }
    let before = play.hub.upstream.calls.ledger.used(play.now).1;
    let mut asked = 0;
    for round in 0..40 {
        let wish = Instrument::parse(&format!("X{round}")).unwrap();
        play.input(Input::Waiter(WaiterId(round), Question::Quotes(vec![wish])));
        while let Some((request, symbols)) = play.open_calls().pop() {
            asked += symbols.iter().filter(|symbol| symbol.starts_with('X')).count();
            play.answer_request(request, &symbols, |_| None);
        }
        for symbol in DEFAULT_SYMBOLS.split(',') {
            play.tick(link, symbol, 1.0);
        }
        play.pass(SECOND);
    }
    let used = play.hub.upstream.calls.ledger.used(play.now).1 - before;
    assert!(
        asked > 0 && used <= 8,
        "half of a minute's credits are the owner's: {used}"
    );
}

#[test]
fn calls_for_strangers_symbols_alone_are_seldom() {
    let (mut play, link) = Play::live_with(&[("CREDITS_PER_MINUTE", "600"), ("CREDITS_PER_DAY", "0")], "AAPL");
    let mut calls = 0;
    for round in 0..900 {
        let wish = Instrument::parse(&format!("X{round}")).unwrap();
        play.input(Input::Waiter(WaiterId(round), Question::Quotes(vec![wish])));
        while let Some((request, symbols)) = play.open_calls().pop() {
            calls += u32::from(symbols.iter().all(|symbol| symbol.starts_with('X')));
            play.answer_request(request, &symbols, |symbol| {
                (!symbol.starts_with('X')).then_some((100.0, true))
            });
        }
        let refused = [json!({"symbol": format!("X{round}")})];
        play.frame(
            link,
            &json!({"event": "subscribe-status", "success": null, "fails": refused}),
        );
        for symbol in DEFAULT_SYMBOLS.split(',') {
            play.tick(link, symbol, 1.0);
        }
        play.pass(SECOND);
    }
    // Twenty at once, then one every fifteen seconds.
    assert!((40..=20 + 900 / 15 + 1).contains(&calls), "{calls}");
}

#[test]
fn a_symbol_that_streamed_is_no_lost_cause() {
    let (mut play, link) = Play::live_with(&[("CREDITS_PER_DAY", "0"), ("CREDITS_PER_MINUTE", "100")], "AAPL,XYZ");
    play.tick(link, "XYZ", 7.0);
    for _ in 0..10 {
        while let Some((request, symbols)) = play.open_calls().pop() {
            play.answer_request(request, &symbols, |symbol| (symbol != "XYZ").then_some((100.0, true)));
        }
        play.pass(SECOND);
    }
    play.take();
    play.input(Input::Lost(link, "the upstream closed the connection (1006)".into()));
    play.pass(SECOND);
    assert!(extras(&play).contains(&"XYZ".to_owned()));
    assert_eq!(
        play.heard_events(ALICE, "subscribe-status")
            .iter()
            .filter(|event| event["status"] == "error")
            .count(),
        0
    );
}

// Found by reading: what the plain clients of one shard were sent was also charged to every client
// in a channel that watched the same symbol.
#[test]
fn a_client_of_streams_is_not_charged_for_what_plain_ones_are_sent() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "AAPL");
    for price in 0..2_000 {
        play.tick(link, "AAPL", 100.0 + f64::from(price % 97));
    }
    play.pass(30 * SECOND);
    play.tick(link, "AAPL", 1.0);
    let mut charged = |client| play.hub.delivery.audience.get_mut(client).unwrap().unproven.bytes;
    assert!(charged(ALICE) > 400, "{}", charged(ALICE));
    assert!(
        charged(BOB) < charged(ALICE) / 2,
        "{} of {}",
        charged(BOB),
        charged(ALICE)
    );
}
