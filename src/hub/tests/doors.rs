//! Clients of other protocols: Twelve Data's, Socket.IO, server-sent events.

use super::*;
use crate::dialect::message::Subscribe;
use crate::dialect::{Position, read};

/// What a client was told, as text.
fn told(play: &Play, client: ClientId) -> Vec<String> {
    let frames = play.told.iter().filter(|(whom, _)| *whom == client);
    frames.map(|(_, frame)| frame.clone()).collect()
}

fn says(play: &mut Play, client: ClientId, text: &str) {
    play.input(Input::Said(client, text.to_owned()));
}

/// The close code of a client, if it was closed.
fn closed(play: &Play, client: ClientId) -> Option<u16> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::CloseClient { client: whom, code, .. } if *whom == client => Some(*code),
        _ => None,
    })
}

/// The name and the only argument of a Socket.IO event. Handlers of Python take no more.
fn event(packet: &str) -> Option<(String, Value)> {
    let [name, argument] = serde_json::from_str(packet.strip_prefix("42")?).ok()?;
    let name: Value = name;
    Some((name.as_str()?.to_owned(), argument))
}

/// The position in a Socket.IO event.
fn position(packet: &str) -> Option<(u64, u64)> {
    let (name, argument) = event(packet)?;
    (name == "position").then(|| read(argument.as_str().unwrap()).unwrap())
}

/// Names and payloads of the Socket.IO events that a client was sent.
fn events(play: &Play, client: ClientId) -> Vec<(String, Value)> {
    let packets = told(play, client);
    let events = packets.iter().filter_map(|packet| event(packet));
    events.filter(|(name, _)| name != "position").collect()
}

fn symbols_of(events: &[(String, Value)]) -> Vec<&str> {
    let updates = events.iter().filter(|(name, _)| name == "price_update");
    updates.filter_map(|(_, payload)| payload["symbol"].as_str()).collect()
}

/// Bob speaks Twelve Data's protocol and has subscribed to these symbols.
fn subscriber(symbols: &str) -> (Play, LinkId) {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::TwelveData));
    assert_eq!(told(&play, BOB), Vec::<String>::new(), "the client speaks first");
    play.subscribe(BOB, symbols);
    (play, link)
}

#[test]
fn a_client_of_twelve_data_hears_what_it_would_hear_there() {
    let (mut play, link) = subscriber("AAPL,$$$");
    let heard = play.heard(BOB);
    assert_eq!(
        heard[0],
        json!({"event": "subscribe-status", "status": "ok", "success": [{"symbol": "AAPL"}], "fails": [{"symbol": "$$$"}]})
    );
    play.take();
    play.frame(
        link,
        &json!({
            "event": "price", "symbol": "AAPL", "currency": "USD", "exchange": "NASDAQ", "mic_code": "XNGS",
            "type": "Common Stock", "timestamp": play.now / SECOND, "price": 101.5, "day_volume": 29_666_927,
        }),
    );
    assert_eq!(
        told(&play, BOB),
        [format!(
            r#"{{"event":"price","symbol":"AAPL","currency":"USD","exchange":"NASDAQ","mic_code":"XNGS","type":"Common Stock","timestamp":{},"price":101.5,"day_volume":29666927}}"#,
            play.now / SECOND
        )]
    );
    play.take();
    play.subscribe(BOB, "AAPL");
    assert_eq!(
        play.heard(BOB)[0]["success"][0],
        json!({"symbol": "AAPL", "exchange": "NASDAQ", "mic_code": "XNGS", "type": "Common Stock"})
    );
    play.take();
    for (said, event) in [
        (r#"{"action":"heartbeat"}"#, "heartbeat"),
        (
            r#"{"action":"unsubscribe","params":{"symbols":"AAPL"}}"#,
            "unsubscribe-status",
        ),
        (r#"{"action":"reset"}"#, "reset-status"),
    ] {
        says(&mut play, BOB, said);
        assert_eq!(play.heard(BOB), [json!({"event": event, "status": "ok"})]);
        play.take();
    }
    play.tick(link, "AAPL", 102.0);
    assert_eq!(
        told(&play, BOB),
        Vec::<String>::new(),
        "it subscribes to nothing any more"
    );
}

#[test]
fn a_message_that_twelve_data_would_not_take_says_what_is_right() {
    let (mut play, _) = subscriber("AAPL");
    play.take();
    for said in [
        "hello",
        r#"{"action":"buy"}"#,
        r#"{"action":"time","id":1}"#,
        r#"{"action":"ack","id":1}"#,
    ] {
        says(&mut play, BOB, said);
        let heard = play.heard(BOB);
        assert_eq!(
            (&heard[0]["event"], &heard[0]["status"]),
            (&json!("message-processing"), &json!("error"))
        );
        assert!(
            heard[0]["messages"][0].as_str().unwrap().contains("subscribe"),
            "{said}: {heard:?}"
        );
        play.take();
    }
}

#[test]
fn twelve_data_has_no_word_for_an_old_price_so_there_is_silence() {
    let (mut play, link) = subscriber("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    // The price turns stale, and the feed is lost: plain clients are told, others are not.
    play.pass_with_heartbeats(link, 10 * MINUTE);
    assert!(!play.heard(ALICE).is_empty());
    let late = ClientId(9);
    play.input(Input::joined(late, Dialect::TwelveData));
    play.subscribe(late, "AAPL");
    let events: Vec<Value> = play.heard(late).iter().map(|frame| frame["event"].clone()).collect();
    assert_eq!(events, ["subscribe-status"], "no old price");
    let prices = play.heard_events(BOB, "price");
    assert!(prices.iter().all(|price| price["price"] != 101.0), "{prices:?}");
}

#[test]
fn the_same_is_not_said_twice_but_whoever_was_shown_another_price_is_told() {
    let (mut play, link) = subscriber("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    play.now += 100;
    play.tick(link, "AAPL", 101.0);
    assert_eq!(
        play.heard_events(BOB, "price").len(),
        0,
        "in the same second, at the same price"
    );
    play.pulses = false;
    play.tick(link, "AAPL", 102.0);
    play.take();
    play.tick(link, "AAPL", 103.0);
    let late = ClientId(9);
    play.input(Input::joined(late, Dialect::TwelveData));
    play.subscribe(late, "AAPL");
    assert_eq!(play.heard_events(late, "price")[0]["price"], 103.0);
    play.tick(link, "AAPL", 102.0);
    play.pulses = true;
    play.input(Input::Pulse);
    assert_eq!(play.heard_events(late, "price").last().unwrap()["price"], 102.0);
}

/// Bob is a client of Socket.IO that has joined.
fn page() -> (Play, LinkId) {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::SocketIo));
    says(&mut play, BOB, "40");
    (play, link)
}

#[test]
fn a_page_of_the_original_is_greeted_and_shown_every_default_symbol_unasked() {
    let (mut play, _) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::SocketIo));
    let opened = told(&play, BOB);
    assert_eq!(opened.len(), 1, "nothing before it has joined");
    let open: Value = serde_json::from_str(opened[0].strip_prefix('0').unwrap()).unwrap();
    assert_eq!(
        (&open["pingInterval"], &open["pingTimeout"]),
        (&json!(25_000), &json!(20_000))
    );
    assert_eq!(open["upgrades"], json!([]));
    play.take();
    says(&mut play, BOB, "40{}");
    let packets = told(&play, BOB);
    assert!(
        packets[0].starts_with(r#"40{"#) && packets[0].contains(r#""sid":"#),
        "{}",
        packets[0]
    );
    let events = events(&play, BOB);
    assert_eq!(events[0].0, "status");
    assert_eq!(events[0].1["data"], "Connected to Hamster Terminal API");
    assert_eq!(symbols_of(&events).len(), 8, "{events:?}");
    for (_, payload) in &events[1..] {
        assert!(payload["price"].is_f64() && payload["change"].is_f64(), "{payload}");
    }
}

#[test]
fn a_symbol_whose_change_is_unknown_is_held_back_from_the_originals_event() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.input(Input::joined(BOB, Dialect::SocketIo));
    says(&mut play, BOB, "40");
    play.tick(link, "AAPL", 101.0);
    assert_eq!(symbols_of(&events(&play, BOB)), Vec::<&str>::new());
    assert_eq!(play.heard_events(ALICE, "price_update").last().unwrap()["price"], 101.0);
    play.answer_call(|_| Some((100.0, true)));
    play.tick(link, "AAPL", 102.0);
    let events = events(&play, BOB);
    let apple = events
        .iter()
        .rev()
        .find(|(_, payload)| payload["symbol"] == "AAPL")
        .unwrap();
    assert_eq!((&apple.1["price"], &apple.1["change"]), (&json!(102.0), &json!(2.0)));
}

#[test]
fn an_emit_is_answered_as_the_original_did_and_acknowledged() {
    let (mut play, link) = page();
    play.take();
    says(&mut play, BOB, r#"427["subscribe",{"symbols":["TSLA","$$$"]}]"#);
    let packets = told(&play, BOB);
    let (name, payload) = event(&packets[0]).unwrap();
    assert_eq!(name, "subscription");
    assert_eq!(
        (&payload["symbols"], &payload["status"]),
        (&json!(["TSLA"]), &json!("subscribed"))
    );
    assert_eq!(payload["fails"][0]["symbol"], "$$$");
    let acknowledged: Value = serde_json::from_str(packets[1].strip_prefix("437").unwrap()).unwrap();
    assert_eq!(
        (&acknowledged[0]["ok"], &acknowledged[0]["symbols"]),
        (&json!(true), &json!(["TSLA"]))
    );
    play.take();
    says(&mut play, BOB, r#"42["unsubscribe",{"symbols":"AAPL"}]"#);
    assert_eq!(
        events(&play, BOB),
        [(
            "unsubscription".to_owned(),
            json!({"symbols": ["AAPL"], "status": "unsubscribed"})
        )]
    );
    play.take();
    play.tick(link, "AAPL", 102.0);
    assert_eq!(told(&play, BOB), Vec::<String>::new());
    says(&mut play, BOB, r#"428["buy",1]"#);
    let packets = told(&play, BOB);
    assert_eq!(event(&packets[0]).unwrap().0, "error");
    assert!(
        packets[1].starts_with(r#"438[{"error":{"code":"unknown-event""#),
        "{}",
        packets[1]
    );
}

#[test]
fn who_has_not_joined_is_told_how_and_hears_nothing_else() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::SocketIo));
    play.take();
    says(&mut play, BOB, r#"42["subscribe",{"symbols":["AAPL"]}]"#);
    says(&mut play, BOB, "x");
    says(&mut play, BOB, "40/other,");
    play.tick(link, "AAPL", 102.0);
    let packets = told(&play, BOB);
    assert_eq!(packets.len(), 3, "{packets:?}");
    assert!(packets[0].starts_with("44{") && packets[0].contains("join with 40"));
    assert!(packets[1].starts_with("44{"));
    assert!(packets[2].starts_with("44/other,{"));
}

#[test]
fn the_server_pings_and_drops_who_does_not_answer() {
    let (mut play, _) = page();
    play.take();
    play.pass(25 * SECOND);
    assert_eq!(told(&play, BOB).iter().filter(|packet| *packet == "2").count(), 1);
    says(&mut play, BOB, "3");
    play.pass(25 * SECOND);
    assert_eq!(closed(&play, BOB), None);
    assert_eq!(told(&play, BOB).iter().filter(|packet| *packet == "2").count(), 2);
    play.pass(25 * SECOND);
    assert_eq!(closed(&play, BOB), Some(4009), "the second ping was not answered");
}

/// Lets Bob's connection end; returns the secret of his session and his position.
fn loses_connection(play: &mut Play) -> (String, (u64, u64)) {
    let packets = told(play, BOB);
    let accepted = packets.iter().find_map(|packet| packet.strip_prefix("40")).unwrap();
    let accepted: Value = serde_json::from_str(accepted).unwrap();
    let position = packets.iter().rev().find_map(|packet| position(packet)).unwrap();
    play.input(Input::Left(BOB));
    play.take();
    (accepted["pid"].as_str().unwrap().to_owned(), position)
}

/// A client joins with what it kept of a connection that it lost.
fn comes_back(play: &mut Play, client: ClientId, secret: &str, (epoch, revision): (u64, u64)) {
    play.input(Input::joined(client, Dialect::SocketIo));
    let joins = format!(r#"40{{"pid":"{secret}","offset":"{epoch}.{revision}"}}"#);
    says(play, client, &joins);
}

#[test]
fn who_lost_the_connection_gets_what_changed_meanwhile_and_no_more() {
    let (mut play, link) = page();
    says(&mut play, BOB, r#"42["unsubscribe",{"symbols":"SPY"}]"#);
    let (secret, position) = loses_connection(&mut play);
    play.tick(link, "AAPL", 102.0);
    play.tick(link, "SPY", 103.0);
    let again = ClientId(9);
    comes_back(&mut play, again, &secret, position);
    let packets = told(&play, again);
    assert!(
        packets
            .iter()
            .any(|packet| packet.contains(&format!(r#""pid":"{secret}""#))),
        "recovered: {packets:?}"
    );
    let kept = packets
        .iter()
        .find_map(|packet| packet.strip_prefix(r#"42["subscription","#));
    let kept = kept.unwrap_or_else(|| panic!("what it still has: {packets:?}"));
    assert!(kept.contains("AAPL") && !kept.contains("SPY"), "{kept}");
    let shown = events(&play, again);
    assert_eq!(symbols_of(&shown), ["AAPL"]);
    play.take();
    // The session is taken up once only, and not by a guess.
    for secret in [secret.as_str(), "0000000000000000"] {
        let other = ClientId(if secret.starts_with("0000000") { 11 } else { 10 });
        comes_back(&mut play, other, secret, position);
        assert_eq!(symbols_of(&events(&play, other)).len(), 8, "begun anew");
    }
}

#[test]
fn a_position_says_only_what_the_client_was_really_sent() {
    let (mut play, link) = page();
    play.pulses = false;
    play.tick(link, "MSFT", 101.0);
    // Both wait for a pulse.
    play.tick(link, "AAPL", 102.0);
    play.tick(link, "NVDA", 103.0);
    let other = ClientId(9);
    play.input(Input::joined(other, Dialect::SocketIo));
    says(&mut play, other, "40");
    let (epoch, seq) = told(&play, other).iter().find_map(|packet| position(packet)).unwrap();
    let again = ClientId(10);
    play.input(Input::joined(again, Dialect::Sse));
    let wish = Subscribe {
        wants_defaults: true,
        resume: Some(Position { epoch, channel: 0, seq }),
        ..Subscribe::default()
    };
    play.input(Input::Wished(again, wish));
    let shown = told(&play, again).join("");
    assert!(shown.contains("\"AAPL\",\"price\":102.0"), "{shown}");
    assert!(shown.contains("\"NVDA\",\"price\":103.0"), "{shown}");
    assert!(!shown.contains("\"MSFT\",\"price\""), "{shown}");
}

#[test]
fn who_leaves_is_gone() {
    let (mut play, _) = page();
    says(&mut play, BOB, "41");
    assert_eq!(closed(&play, BOB), Some(1000));
    assert!(play.watched(BOB).is_empty());
}

/// What the platform keeps of a client.
fn record_of(play: &Play, whose: ClientId) -> String {
    let record = play.effects.iter().rev().find_map(|effect| match effect {
        Effect::Remember { client, record } if *client == whose => Some(record.clone()),
        _ => None,
    });
    record.unwrap()
}

#[test]
fn a_subscription_is_answered_though_the_hub_starts_anew_meanwhile() {
    let (mut play, _) = Play::live("AAPL");
    play.input(Input::joined(BOB, Dialect::TwelveData));
    play.subscribe(BOB, "AAPL,TSLA,a symbol with spaces");
    let record = record_of(&play, BOB);
    let mut later = Play::restored(config(&[]), &Stored::default(), play.now + SECOND);
    later.input(Input::Rejoined(BOB, record));
    assert_eq!(told(&later, BOB), Vec::<String>::new(), "nobody knows yet");
    later.pass(6 * SECOND);
    let answered = later.heard_events(BOB, "subscribe-status");
    assert_eq!(
        answered,
        [
            json!({"event": "subscribe-status", "status": "ok", "success": [{"symbol": "AAPL"}, {"symbol": "TSLA"}], "fails": [{"symbol": "a symbol with spaces"}]})
        ]
    );
    let mut last = Play::restored(config(&[]), &Stored::default(), later.now + SECOND);
    last.input(Input::Rejoined(BOB, record_of(&later, BOB)));
    last.pass(6 * SECOND);
    assert_eq!(last.heard_events(BOB, "subscribe-status").len(), 0, "it was answered");
}

#[test]
fn a_session_survives_hibernation() {
    let (play, _) = page();
    let mut later = Play::restored(config(&[]), &Stored::default(), play.now + SECOND);
    later.input(Input::Rejoined(BOB, record_of(&play, BOB)));
    assert_eq!(later.watched(BOB).len(), 8);
    let link = later.opened_link().unwrap();
    later.input(Input::Opened(link));
    later.accept_all(link);
    later.answer_call(|_| Some((100.0, true)));
    later.take();
    later.tick(link, "AAPL", 102.0);
    assert_eq!(symbols_of(&events(&later, BOB)), ["AAPL"]);
    says(&mut later, BOB, r#"42["subscribe",{"symbols":["TSLA"]}]"#);
    assert_eq!(
        events(&later, BOB).last().unwrap().0,
        "subscription",
        "it need not join again"
    );
}

/// Bob reads a stream of events about these symbols, from this position on.
fn streamed(symbols: &str, resume: Option<(u64, u64)>) -> (Play, LinkId) {
    let (mut play, link) = Play::live("AAPL");
    reads(&mut play, BOB, symbols, resume);
    (play, link)
}

fn reads(play: &mut Play, client: ClientId, symbols: &str, resume: Option<(u64, u64)>) {
    play.input(Input::Joined(
        client,
        Dialect::Sse,
        Carrier::Http,
        Viewer::alone(client.0),
        Standing::Anybody,
    ));
    play.input(Input::Wished(client, wish_for(symbols, resume)));
}

fn wish_for(symbols: &str, resume: Option<(u64, u64)>) -> Subscribe {
    Subscribe {
        symbols: symbols
            .split(',')
            .map(|symbol| Ok(Instrument::parse(symbol).unwrap()))
            .collect(),
        resume: resume.map(|(epoch, seq)| Position { epoch, channel: 0, seq }),
        ..Subscribe::default()
    }
}

#[test]
fn one_round_of_prices_fills_a_stream_with_many_events_and_a_websocket_with_one() {
    let symbols = "AAPL,MSFT,TSLA";
    for (dialect, at_once) in [(Dialect::Sse, 3), (Dialect::Plain, 1)] {
        let (mut play, link) = Play::live_with(&[("SYMBOLS", symbols), ("SHARD_CLIENTS", "1")], symbols);
        play.input(Input::joined(BOB, dialect));
        play.input(Input::Wished(BOB, wish_for(symbols, None)));
        play.input(Input::Left(ALICE));
        play.take();
        play.pulses = false;
        play.tick(link, "AAPL", 101.0);
        for symbol in symbols.split(',') {
            play.tick(link, symbol, 102.0);
        }
        let so_far = told(&play, BOB).len();
        play.input(Input::Pulse);
        assert_eq!(told(&play, BOB).len() - so_far, at_once, "{dialect:?}");
    }
}

fn id_of(frame: &str) -> Option<(u64, u64)> {
    frame.lines().find_map(|line| read(line.strip_prefix("id: ")?))
}

#[test]
fn a_stream_of_events_has_ids_by_which_it_goes_on() {
    let (mut play, link) = streamed("AAPL,MSFT", None);
    let frames = told(&play, BOB);
    assert!(
        frames[0].starts_with("retry: 5000\nevent: connected\ndata: {"),
        "{}",
        frames[0]
    );
    assert!(frames[1].starts_with("event: subscribe-status\ndata: {"));
    assert!(frames.iter().all(|frame| frame.ends_with("\n\n")));
    assert_eq!(
        frames
            .iter()
            .filter(|frame| frame.contains("event: price_update"))
            .count(),
        2
    );
    assert_eq!(
        id_of(&frames[2]),
        None,
        "only with the last one has it read all of them"
    );
    let first = id_of(&frames[3]).unwrap();
    play.take();
    play.tick(link, "AAPL", 102.0);
    let frame = told(&play, BOB).pop().unwrap();
    assert!(
        frame.starts_with("event: price_update\nid: ") && frame.contains(r#""price":102.0"#),
        "{frame}"
    );
    play.input(Input::Left(BOB));
    play.take();
    reads(&mut play, ClientId(9), "AAPL,MSFT", Some(first));
    let prices = told(&play, ClientId(9))
        .into_iter()
        .filter(|frame| frame.contains("price_update"));
    assert_eq!(prices.collect::<Vec<_>>(), [frame], "what changed since");
    reads(&mut play, ClientId(10), "AAPL,MSFT", Some((first.0 + 1, first.1)));
    let prices = told(&play, ClientId(10))
        .into_iter()
        .filter(|frame| frame.contains("price_update"));
    assert_eq!(prices.count(), 2, "of another epoch: everything");
}

#[test]
fn a_stream_of_events_is_kept_alive_and_told_of_the_feed() {
    let (mut play, link) = streamed("AAPL", None);
    play.take();
    play.pass(25 * SECOND);
    assert!(told(&play, BOB).contains(&": keep-alive\n\n".to_owned()));
    play.input(Input::Lost(link, "the upstream closed the connection (1006)".into()));
    assert!(
        told(&play, BOB)
            .iter()
            .any(|frame| frame.starts_with("event: feed\ndata: {"))
    );
}

#[test]
fn a_stream_that_is_not_read_is_sent_nothing_then_the_newest_or_is_closed() {
    let (mut play, link) = streamed("AAPL,MSFT", None);
    play.tick(link, "AAPL", 100.5);
    play.take();
    play.input(Input::Blocked(BOB));
    for price in [101.0, 102.0, 103.0] {
        play.tick(link, "AAPL", price);
    }
    assert_eq!(told(&play, BOB), Vec::<String>::new());
    assert_eq!(play.heard_events(ALICE, "price_update").len(), 3, "nobody else waits");
    play.input(Input::Drained(BOB));
    let frames = told(&play, BOB);
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert!(frames[0].contains(r#""price":103.0"#));
    play.take();
    play.tick(link, "AAPL", 104.0);
    assert_eq!(told(&play, BOB).len(), 1, "it reads again");
    play.input(Input::Blocked(BOB));
    play.pass(29 * SECOND);
    assert_eq!(closed(&play, BOB), None);
    play.pass(2 * SECOND);
    assert_eq!(closed(&play, BOB), Some(4009));
}

#[test]
fn a_client_that_cannot_prove_that_it_reads_must_connect_again_from_time_to_time() {
    for dialect in [Dialect::TwelveData, Dialect::SocketIo] {
        let (mut play, link) = Play::live("AAPL");
        play.input(Input::joined(BOB, dialect));
        says(&mut play, BOB, "40");
        if dialect == Dialect::TwelveData {
            play.subscribe(BOB, "AAPL");
        }
        let mut bytes = 0;
        let mut price = 100.0;
        while closed(&play, BOB).is_none() {
            assert!(bytes < 20 << 20, "{dialect:?}: {bytes} B");
            play.take();
            play.now += SECOND;
            for _ in 0..200 {
                price += 0.01;
                play.tick(link, "AAPL", price);
            }
            bytes += told(&play, BOB).iter().map(String::len).sum::<usize>();
            says(
                &mut play,
                BOB,
                if dialect == Dialect::SocketIo {
                    "3"
                } else {
                    r#"{"action":"heartbeat"}"#
                },
            );
            play.told.retain(|(whom, _)| *whom != BOB);
            play.pass(30);
        }
        assert_eq!(closed(&play, BOB), Some(4009));
        assert!(bytes > 15 << 20, "{dialect:?}: after {bytes} B");
    }
}

#[test]
fn a_client_of_twelve_data_is_told_once_what_became_of_its_symbols() {
    let (mut play, link) = Play::live_with(&[("CREDITS_PER_MINUTE", "1000")], "AAPL");
    play.input(Input::joined(BOB, Dialect::TwelveData));
    play.take();
    play.subscribe(BOB, "AAPL,NOPE");
    assert_eq!(told(&play, BOB), Vec::<String>::new(), "nobody knows yet");
    play.pass(3 * SECOND);
    play.frame(
        link,
        &json!({"event": "subscribe-status", "status": "error", "success": null, "fails": [{"symbol": "NOPE"}]}),
    );
    assert_eq!(told(&play, BOB), Vec::<String>::new(), "REST may serve it");
    play.pass(SECOND);
    play.answer_call(|_| None);
    let statuses = play.heard_events(BOB, "subscribe-status");
    assert_eq!(
        statuses,
        [
            json!({"event": "subscribe-status", "status": "ok", "success": [{"symbol": "AAPL"}], "fails": [{"symbol": "NOPE"}]})
        ]
    );
    play.take();
    play.subscribe(BOB, "TSLA");
    play.pass(5_999);
    assert_eq!(play.heard_events(BOB, "subscribe-status").len(), 0);
    play.pass(1);
    assert_eq!(
        play.heard_events(BOB, "subscribe-status")[0]["success"],
        json!([{"symbol": "TSLA"}])
    );
    play.take();
    // What it gives up meanwhile is not called a success.
    play.subscribe(BOB, "META");
    says(&mut play, BOB, r#"{"action":"reset"}"#);
    play.pass(6 * SECOND);
    assert_eq!(play.heard_events(BOB, "subscribe-status")[0]["success"], json!([]));
}

#[test]
fn a_client_that_polls_and_is_blocked_reads_on_over_its_websocket() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::Joined(
        BOB,
        Dialect::SocketIo,
        Carrier::Http,
        Viewer::alone(BOB.0),
        Standing::Anybody,
    ));
    says(&mut play, BOB, "40");
    play.input(Input::Blocked(BOB));
    play.take();
    play.tick(link, "AAPL", 102.0);
    assert_eq!(told(&play, BOB), Vec::<String>::new());
    play.input(Input::Upgraded(BOB));
    assert_eq!(symbols_of(&events(&play, BOB)), ["AAPL"]);
    play.take();
    play.tick(link, "AAPL", 103.0);
    assert_eq!(symbols_of(&events(&play, BOB)), ["AAPL"]);
}

#[test]
fn who_lost_the_connection_just_after_subscribing_gets_what_it_was_never_sent() {
    let (mut play, _) = page();
    says(&mut play, BOB, r#"42["unsubscribe",{"symbols":"AAPL"}]"#);
    says(&mut play, BOB, r#"42["subscribe",{"symbols":"AAPL"}]"#);
    let (secret, position) = loses_connection(&mut play);
    let again = ClientId(9);
    comes_back(&mut play, again, &secret, position);
    assert!(symbols_of(&events(&play, again)).contains(&"AAPL"));
}

#[test]
fn clients_of_one_address_that_cannot_prove_that_they_read_share_what_may_wait_for_them() {
    let (mut play, link) = Play::live("AAPL");
    let clients = [10, 11, 12, 13].map(ClientId);
    for client in clients {
        play.input(Input::Joined(
            client,
            Dialect::TwelveData,
            Carrier::WebSocket,
            Viewer(7),
            Standing::Anybody,
        ));
        play.subscribe(client, "AAPL");
    }
    let (mut bytes, mut price) = (0, 100.0);
    while clients.iter().all(|client| closed(&play, *client).is_none()) {
        assert!(bytes < 6 << 20, "each was sent {bytes} B");
        play.take();
        play.now += SECOND;
        for _ in 0..200 {
            price += 0.01;
            play.tick(link, "AAPL", price);
        }
        bytes += told(&play, clients[0]).iter().map(String::len).sum::<usize>();
        play.pass(30);
    }
    assert!(bytes > 3 << 20, "after {bytes} B");
}
