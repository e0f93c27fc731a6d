//! A hub and a relay, frame by frame. The simulation plays them together on bad links.

use super::*;
use crate::dialect::{CLOSE_REPLACED, CLOSE_RESTARTED};
use crate::provider::hub::{Reader, Told};

const RELAY: ClientId = ClientId(7);
const OTHER: ClientId = ClientId(8);

fn report(play: &mut Play, client: ClientId, server: &str, clients: u64) {
    let text = json!({"action": "report", "server": server, "clients": clients, "updates": 5, "hop_ms": 12});
    play.input(Input::Said(client, text.to_string()));
}

fn links(play: &mut Play, client: ClientId) {
    play.input(Input::joined(client, Dialect::Uplink));
}

fn closed(play: &Play) -> Vec<(ClientId, u16)> {
    let closed = play.effects.iter().filter_map(|effect| match effect {
        Effect::CloseClient { client, code, .. } => Some((*client, *code)),
        _ => None,
    });
    closed.collect()
}

#[test]
fn viewers_of_relays_are_counted_and_links_are_none() {
    let (mut play, _) = Play::live("AAPL");
    links(&mut play, RELAY);
    assert_eq!(play.hub.status(play.now).viewers, 1);
    report(&mut play, RELAY, "weur/0", 300);
    let status = play.hub.status(play.now);
    assert_eq!(status.viewers, 301);
    let server = &status.servers[0];
    assert_eq!(
        (server.name.as_str(), server.clients, server.lag_ms),
        ("weur/0", 300, Some(12))
    );
    report(&mut play, RELAY, "weur/0", 200);
    assert_eq!(play.hub.status(play.now).viewers, 201);
    let metrics = play.hub.metrics(&EdgeCounts::default(), play.now);
    assert!(
        metrics.contains("hamster_relay_clients{relay=\"weur/0\"} 200"),
        "{metrics}"
    );
    play.input(Input::Left(RELAY));
    let status = play.hub.status(play.now);
    assert_eq!((status.viewers, status.servers.len()), (1, 0), "gone at once");
}

#[test]
fn a_relay_has_one_link() {
    let (mut play, _) = Play::live("AAPL");
    for (link, name) in [(RELAY, "weur/0"), (OTHER, "weur/1")] {
        links(&mut play, link);
        report(&mut play, link, name, 1);
    }
    assert_eq!(closed(&play), []);
    let third = ClientId(9);
    links(&mut play, third);
    report(&mut play, third, "weur/0", 1);
    assert_eq!(closed(&play), [(RELAY, CLOSE_REPLACED)]);
    let names: Vec<_> = play
        .hub
        .status(play.now)
        .servers
        .into_iter()
        .map(|server| server.name)
        .collect();
    assert_eq!(names, ["weur/0", "weur/1"]);
}

#[test]
fn a_report_is_read_strictly_and_is_for_relays_only() {
    let (mut play, _) = Play::live("AAPL");
    links(&mut play, RELAY);
    for wrong in [
        json!({"action": "report"}),
        json!({"action": "report", "server": 7, "clients": 1}),
    ] {
        play.input(Input::Said(RELAY, wrong.to_string()));
        assert_eq!(
            play.heard_events(RELAY, "error").last().unwrap()["code"],
            "invalid-params"
        );
    }
    report(&mut play, RELAY, "we\"ur/0\n", 1);
    assert_eq!(
        play.hub.status(play.now).servers[0].name,
        "weur/0",
        "it becomes a label"
    );
    report(&mut play, ALICE, "weur/1", 1_000);
    assert_eq!(
        play.heard_events(ALICE, "error").last().unwrap()["code"],
        "unknown-action"
    );
    assert_eq!(play.hub.status(play.now).viewers, 2);
}

#[test]
fn a_relay_has_no_clients_limits() {
    let (mut play, _) = Play::live_with(&[("SYMBOLS_PER_CLIENT", "2"), ("MESSAGES_PER_MINUTE", "4")], "AAPL");
    links(&mut play, RELAY);
    for _ in 0..20 {
        play.subscribe(RELAY, "BTC/USD,ETH/USD,AAPL,MSFT");
    }
    assert_eq!((play.watched(RELAY).len(), closed(&play)), (4, vec![]));
}

#[test]
fn a_link_from_before_the_hub_slept_is_dialled_again() {
    let mut play = Play::new();
    links(&mut play, RELAY);
    play.subscribe(RELAY, "AAPL");
    let records = play.effects.iter().rev();
    let mut records = records.filter_map(|effect| match effect {
        Effect::Remember { client, record } if *client == RELAY => Some(record.clone()),
        _ => None,
    });
    let record = records.next().unwrap();
    assert!(!record.contains("AAPL"), "hundreds of symbols would not fit: {record}");
    let mut woken = Play::new();
    woken.input(Input::Rejoined(RELAY, record));
    assert_eq!(closed(&woken), [(RELAY, CLOSE_RESTARTED)]);
}

/// A relay, with its link open.
fn relay() -> (Play, LinkId) {
    let config = config(&[]).of_relay("weur/0".to_owned(), 8_000);
    let mut play = Play::restored(config, &Stored::default(), NOON);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "BTC/USD,TSLA");
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    (play, link)
}

/// What a hub has said to its relay since this was last asked.
fn said(hub: &mut Play) -> Vec<String> {
    let to_relay = hub.told.iter().filter(|(whom, _)| *whom == RELAY);
    let said = to_relay.map(|(_, frame)| frame.clone()).collect();
    hub.take();
    said
}

/// Gives a relay everything that its hub said to it.
fn passes_on(hub: &mut Play, relay: &mut Play, link: LinkId) {
    for frame in said(hub) {
        relay.input(Input::Frame(link, frame));
    }
}

#[test]
fn a_relay_asks_for_what_its_clients_watch() {
    let (mut play, _) = relay();
    play.pass(SECOND);
    let sent = play.sent().join("\n");
    assert!(sent.contains("TSLA") && sent.contains("subscribe"), "{sent}");
    assert!(
        sent.contains(r#""action":"report","server":"weur/0","clients":1"#),
        "{sent}"
    );
    play.take();
    play.input(Input::Said(
        ALICE,
        r#"{"action":"unsubscribe","params":{"symbols":"TSLA"}}"#.to_owned(),
    ));
    play.pass(10 * SECOND);
    assert!(!play.sent().join("\n").contains("unsubscribe"), "a page may come back");
    assert!(
        play.calls().is_empty()
            && play
                .effects
                .iter()
                .all(|effect| !matches!(effect, Effect::SaveCheckpoint(_)))
    );
}

#[test]
fn what_a_relay_holds_is_what_its_hub_holds() {
    let (mut hub, feed) = Play::live("AAPL");
    let (mut play, link) = relay();
    links(&mut hub, RELAY);
    play.pass(SECOND);
    for frame in play.sent() {
        hub.input(Input::Said(RELAY, frame));
    }
    passes_on(&mut hub, &mut play, link);
    for (price, symbol) in [
        (95_000.5, "BTC/USD"),
        (95_001.25, "BTC/USD"),
        (-1.5, "AAPL"),
        (2e-7, "AAPL"),
    ] {
        hub.tick(feed, symbol, price);
        hub.pass(200);
        passes_on(&mut hub, &mut play, link);
    }
    for symbol in ["BTC/USD", "AAPL", "TSLA"] {
        let (there, here) = (hub.quote(symbol), play.quote(symbol));
        assert_eq!((&here.quote, &here.service), (&there.quote, &there.service), "{symbol}");
    }
    let told = play.heard_events(ALICE, "price_update");
    assert_eq!(told.last().unwrap()["price"], 95_001.25);
    assert_eq!(play.state(), hub.state());
}

#[test]
fn a_relay_that_hears_nothing_says_so_in_time_and_dials_again() {
    let (mut hub, _) = Play::live("AAPL");
    links(&mut hub, RELAY);
    let (mut play, link) = relay();
    passes_on(&mut hub, &mut play, link);
    assert_eq!(play.state(), FeedState::Live);
    play.pass(4 * SECOND);
    assert_eq!(play.state(), FeedState::Live);
    play.take();
    play.pass(2 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled);
    assert_eq!(play.heard_events(ALICE, "feed").last().unwrap()["state"], "stalled");
    play.pass(3 * SECOND);
    assert!(play.opened_link().is_some());
}

#[test]
fn a_price_is_stale_while_nobody_confirms_it_and_fresh_again_when_the_link_resumes() {
    let (mut hub, _) = Play::live("AAPL");
    let (mut play, link) = relay();
    links(&mut hub, RELAY);
    hub.subscribe(RELAY, "BTC/USD");
    passes_on(&mut hub, &mut play, link);
    let freshness = |play: &Play| play.quote("BTC/USD").quote.freshness;
    assert_eq!(freshness(&play), Some("fresh"));
    play.input(Input::Lost(link, "gone".to_owned()));
    play.pass(3 * SECOND);
    assert_eq!(freshness(&play), Some("fresh"));
    play.pass(60 * SECOND);
    assert_eq!(freshness(&play), Some("stale"));
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.pass(SECOND);
    let asked = play.sent().into_iter().find(|frame| frame.contains("resume")).unwrap();
    let resume: Value = serde_json::from_str(&asked).unwrap();
    let place = &resume["params"]["resume"];
    let snapshot = json!({"event": "snapshot", "epoch": place["epoch"], "stream": place["stream"], "seq": place["seq"],
        "base": play.now, "interval_ms": 100, "ack_ms": 5_000, "recovered": true, "missed": 0, "simulated": false,
        "feed": {"state": "live", "since": "2026-01-01T00:00:00.000Z", "reason": ""}, "symbols": []});
    play.input(Input::Frame(link, snapshot.to_string()));
    assert_eq!(freshness(&play), Some("fresh"), "the hub has not said otherwise");
}

#[test]
fn an_answer_from_before_the_hub_told_of_bars_is_not_shared() {
    let minute = NOON / MINUTE * 60;
    let (mut play, link) = relay();
    let told = |play: &mut Play, frame: Value| {
        play.pass(SECOND);
        play.input(Input::Frame(link, frame.to_string()));
        play.now == play.hub.bar_told_at()
    };
    let mut symbol =
        json!({"n": 1, "symbol": "BTC/USD", "scale": 2, "price": 9_500_000, "received": NOON, "source": "live"});
    let snapshot = json!({"event": "snapshot", "epoch": 1, "stream": 1, "seq": 0, "base": NOON, "recovered": false, "symbols": [symbol]});
    assert!(told(&mut play, snapshot), "bars may have closed before the link");
    assert!(!told(&mut play, json!([1, 1, 0, [1, 5]])), "a price alone");
    assert!(
        told(&mut play, json!([1, 2, 0, {"bar": [1, minute, 2, 3, 1, 2, null]}])),
        "a bar closed"
    );
    assert!(!told(&mut play, json!([1, 3, 0, symbol])), "a symbol without closes");
    symbol["spark"] = json!({"step": 60, "end": minute, "values": [2]});
    assert!(told(&mut play, json!([1, 4, 0, symbol])), "earlier closes became known");
    play.input(Input::Lost(link, "gone".to_owned()));
    assert_eq!(
        play.hub.bar_told_at(),
        Millis::MAX,
        "nothing is told while there is no link"
    );
}

#[test]
fn a_relay_that_was_busy_looks_twice_before_it_believes_in_silence() {
    let (mut hub, _) = Play::live("AAPL");
    links(&mut hub, RELAY);
    let (mut play, link) = relay();
    passes_on(&mut hub, &mut play, link);
    // It was frozen: its timer comes late, and frames wait behind it.
    play.now += 20 * SECOND;
    play.input(Input::Time);
    assert_eq!(play.state(), FeedState::Live);
    play.input(Input::Frame(
        link,
        r#"{"event":"time","id":1,"time":"2026-01-01T00:00:00.000Z"}"#.to_owned(),
    ));
    play.pass(4 * SECOND);
    assert_eq!(play.state(), FeedState::Live);
    play.pass(2 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled, "and then nothing more came");
}

#[test]
fn what_the_hub_refuses_is_refused_with_its_reason() {
    let (mut play, link) = relay();
    let refusal = json!({"event": "subscribe-status", "status": "ok", "success": [],
        "fails": [{"symbol": "TSLA", "reason": "no room"}, {"symbol": "BTC/USD", "reason": "no such symbol"}]});
    play.input(Input::Frame(link, refusal.to_string()));
    let told = play.heard_events(ALICE, "subscribe-status");
    assert!(
        told.iter().any(|event| event["fails"][0]["reason"] == "no room"),
        "{told:?}"
    );
    assert_eq!(
        play.watched(ALICE).len(),
        1,
        "the operator's symbol stays, to be asked for again"
    );
    assert_eq!(play.quote("BTC/USD").service.reason.as_deref(), Some("no such symbol"));
}

#[test]
fn a_hub_that_refuses_the_secret_is_left_alone_for_a_while() {
    let (mut play, link) = relay();
    play.input(Input::Lost(link, "gone".to_owned()));
    play.take();
    play.pass(3 * SECOND);
    let link = play.opened_link().unwrap();
    play.input(Input::Refused(link, 404, String::new()));
    assert_eq!(play.state(), FeedState::Refused);
    play.take();
    play.pass(50 * SECOND);
    assert_eq!(play.opened_link(), None);
    play.pass(15 * SECOND);
    assert!(play.opened_link().is_some());
}

#[test]
fn a_delta_with_a_fault_is_asked_for_again_as_a_whole() {
    let (mut hub, feed) = Play::live("AAPL");
    links(&mut hub, RELAY);
    hub.subscribe(RELAY, "AAPL,BTC/USD");
    hub.tick(feed, "AAPL", 200.0);
    hub.tick(feed, "BTC/USD", 95_000.0);
    hub.pass(200);
    let mut reader = Reader::default();
    for frame in said(&mut hub) {
        reader.read(&frame).unwrap();
    }
    let place = reader.place().unwrap();
    let (epoch, next) = (place.epoch, place.seq + 1);
    let step = reader_line(&hub, "AAPL");
    for bad in [
        json!({"bar": [step, 1_771_243_200, 2, 3, 1, 9, null]}),
        json!({"n": step, "symbol": "AAPL", "scale": 400, "price": 1}),
        json!("what"),
    ] {
        let frame = json!([epoch, next, 9_000, [step, 5, 1], bad]).to_string();
        assert!(reader.read(&frame).is_err(), "{frame}");
        assert_eq!(reader.place(), Some(place), "the next link resumes before it: {frame}");
    }
}

/// The number by which the hub's deltas name a symbol.
fn reader_line(hub: &Play, symbol: &str) -> u32 {
    hub.hub
        .upstream
        .symbols
        .find(&Instrument::parse(symbol).unwrap())
        .unwrap()
        .0
}

/// Everything that a hub writes about symbols is read again as it was.
#[test]
fn nothing_is_lost_between_writing_and_reading() {
    let (mut hub, feed) = Play::live("AAPL");
    links(&mut hub, RELAY);
    hub.subscribe(RELAY, "AAPL,BTC/USD,EUR/USD");
    let mut reader = Reader::default();
    let mut rng = fastrand::Rng::with_seed(15);
    let mut held: BTreeMap<String, (Cell, crate::market::Service)> = BTreeMap::new();
    let mut deltas = 0;
    for _ in 0..300 {
        let symbol = ["AAPL", "BTC/USD", "EUR/USD"][rng.usize(0..3)];
        let digits = rng.i32(0..6);
        let price = (rng.f64() * 200_000.0 * 10_f64.powi(digits)).round() / 10_f64.powi(digits);
        hub.pass(rng.u64(0..3_000));
        hub.tick(feed, symbol, price.max(0.01));
        for frame in said(&mut hub) {
            deltas += u32::from(frame.starts_with('['));
            for told in reader.read(&frame).unwrap() {
                if let Told::Quote(quoted) = told {
                    held.insert(quoted.instrument.to_string(), (quoted.cell, quoted.service));
                }
            }
        }
        if let Some(place) = reader.place() {
            hub.input(Input::Said(RELAY, crate::provider::hub::acknowledge(place)));
        }
        for (symbol, (cell, service)) in &held {
            let there = hub.quote(symbol);
            let instrument = Instrument::parse(symbol).unwrap();
            let here = crate::dialect::QuoteView::of(&instrument, cell, false);
            assert_eq!((&here, service.state), (&there.quote, there.service.state), "{symbol}");
        }
    }
    assert!(deltas > 100, "{deltas}");
}
