//! What clients of `hamster.v1` get.

use super::*;
use hamster_kit::Reader;
use proptest::prelude::*;

const CAROL: ClientId = ClientId(3);

fn joined(play: &mut Play, client: ClientId, params: Value) -> Reader {
    joined_with(play, client, params, Reader::default())
}

/// A client that resumes where this reader is.
fn came_back(play: &mut Play, client: ClientId, reader: &Reader, symbols: &str) -> Reader {
    let mut reader = reader.clone();
    reader.is_placed = false;
    joined_with(play, client, resume(&reader, symbols), reader)
}

fn joined_with(play: &mut Play, client: ClientId, params: Value, mut reader: Reader) -> Reader {
    play.input(Input::joined(client, Dialect::HamsterV1));
    let message = json!({"action": "subscribe", "params": params});
    play.input(Input::Said(client, message.to_string()));
    listen(play, client, &mut reader);
    reader
}

/// Lets a reader read what its client was sent. These frames are not delivered again.
fn listen(play: &mut Play, client: ClientId, reader: &mut Reader) {
    for frame in play.heard(client) {
        reader.read(&frame);
    }
    play.told.retain(|(whom, _)| *whom != client);
}

fn acknowledge(play: &mut Play, client: ClientId, reader: &Reader) {
    let message = json!({"action": "ack", "stream": reader.stream, "seq": reader.seq});
    play.input(Input::Said(client, message.to_string()));
}

fn resume(reader: &Reader, symbols: &str) -> Value {
    json!({"symbols": symbols, "resume": {"epoch": reader.epoch, "stream": reader.stream, "seq": reader.seq}})
}

/// What the hub holds, in the format of [`Reader::quote`].
fn truth(play: &Play, symbol: &str) -> Value {
    let id = play
        .hub
        .upstream
        .symbols
        .find(&Instrument::parse(symbol).unwrap())
        .unwrap();
    let entry = play.hub.book.get(id).unwrap();
    let quote = entry.cell.quote.as_ref();
    let day = entry.cell.reference.day.as_ref();
    json!({
        "price": quote.map(|quote| quote.price), "bid": quote.and_then(|quote| quote.bid), "ask": quote.and_then(|quote| quote.ask),
        "time": quote.map(|quote| quote.exchange_time), "received": quote.map(|quote| quote.received),
        "source": quote.map(|quote| quote.provenance), "stale_since": quote.and_then(|quote| quote.stale_since),
        "previous_close": entry.cell.reference.previous_close, "session": entry.cell.reference.session, "state": entry.service.state,
        "open": day.map(|day| day.open), "high": day.map(|day| day.high), "low": day.map(|day| day.low),
    })
}

fn broadcasts(play: &Play) -> Vec<&String> {
    let frames = play.effects.iter().filter_map(|effect| match effect {
        Effect::Broadcast {
            group: Group::Channel(_),
            frame,
        } => Some(frame),
        _ => None,
    });
    frames.collect()
}

#[test]
fn it_is_greeted_told_what_will_come_and_shown_a_snapshot() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.25);
    play.take();
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    let message = json!({"action": "subscribe", "params": {"symbols": "AAPL,MSFT,$$$"}});
    play.input(Input::Said(BOB, message.to_string()));
    let heard = play.heard(BOB);
    let events: Vec<&Value> = heard.iter().map(|frame| &frame["event"]).collect();
    assert_eq!(events, ["connected", "subscribe-status", "snapshot"]);
    assert_eq!(heard[0]["protocol"], "hamster.v1");
    let epoch = &heard[2]["epoch"];
    assert!(
        heard
            .iter()
            .all(|frame| frame["epoch"] == *epoch && frame["seq"].is_u64()),
        "{heard:?}"
    );
    assert_eq!(
        (&heard[2]["recovered"], &heard[2]["interval_ms"]),
        (&json!(false), &json!(0))
    );
    let mut reader = Reader::default();
    heard.iter().for_each(|frame| reader.read(frame));
    for symbol in ["AAPL", "MSFT"] {
        assert_eq!(reader.quote(symbol), truth(&play, symbol));
    }
}

#[test]
fn the_hub_as_a_whole_is_told_every_ten_seconds_if_it_changed() {
    let (mut play, link) = Play::live("AAPL");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "AAPL", "interval_ms": 1000}));
    assert_eq!(reader.hub, Value::Null);
    let mut told = 0;
    for second in 0..60 {
        play.pass(SECOND);
        if second < 30 {
            play.tick(link, "AAPL", 101.0 + f64::from(second));
        }
        told += broadcasts(&play)
            .iter()
            .filter(|frame| frame.contains("\"hub\""))
            .count();
        listen(&mut play, BOB, &mut reader);
        acknowledge(&mut play, BOB, &reader);
        play.take();
        if second == 20 {
            assert_eq!(
                (&reader.hub["viewers"], &reader.hub["ticks_per_s"]),
                (&json!(2), &json!(1.0))
            );
            assert_eq!(reader.hub["symbols"]["streaming"], DEFAULT_SYMBOLS.split(',').count());
            assert_eq!(reader.hub["advice"], json!([]));
            assert!(reader.hub["credits"]["minute"].is_u64());
        }
    }
    assert!((2..=6).contains(&told), "{told}");
    assert_eq!(reader.hub["ticks_per_s"], 0.0);
}

#[test]
fn an_update_is_a_few_bytes_and_one_frame_for_all_who_share_a_stream() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.25);
    let mut reader = joined(&mut play, BOB, json!({"symbols": "AAPL,MSFT"}));
    joined(&mut play, ClientId(3), json!({"symbols": "MSFT,AAPL"}));
    joined(&mut play, ClientId(4), json!({"symbols": "MSFT"}));
    play.take();
    play.now += 1_000;
    play.tick(link, "AAPL", 101.5);
    let expected = format!(
        "[{},{},{},[2,25,1]]",
        reader.epoch,
        reader.seq + 1,
        play.now - reader.base
    );
    assert_eq!(
        broadcasts(&play),
        [&expected],
        "not for the third, who does not watch it"
    );
    listen(&mut play, BOB, &mut reader);
    assert_eq!(reader.quote("AAPL"), truth(&play, "AAPL"));
}

#[test]
fn an_update_of_a_hundred_symbols_takes_at_most_15_percent_of_the_bytes_of_plain_json() {
    let symbols: Vec<String> = (0..100).map(|number| format!("SYM{number}/USD")).collect();
    let symbols = symbols.join(",");
    let (mut play, link) = Play::live_with(&[("SYMBOLS", &symbols), ("SYMBOL_LIMIT", "100")], &symbols);
    let mut reader = joined(&mut play, BOB, json!({"symbols": symbols}));
    let mut moves = fastrand::Rng::with_seed(1);
    let (mut plain, mut streamed) = (0, 0);
    for round in 0..20 {
        play.take();
        play.now += SECOND;
        play.pulses = false;
        for (number, symbol) in symbols.split(',').enumerate() {
            let price = 100.0 * (number + 1) as f64 + f64::from(moves.u32(0..2_000)) / 100.0;
            let cents = |price: f64| (price * 100.0).round() / 100.0;
            play.frame(
                link,
                &json!({"event": "price", "symbol": symbol, "exchange": "Binance", "type": "Digital Currency",
                    "timestamp": play.now / SECOND, "price": cents(price), "bid": cents(price - 0.05),
                    "ask": cents(price + f64::from(moves.u32(1..9)) / 100.0), "day_volume": 49_000 + round * 7 + number}),
            );
        }
        play.pulses = true;
        play.input(Input::Pulse);
        // In the first round each symbol reports that it streams; only the later rounds count.
        if round > 0 {
            let bytes = |client| -> usize {
                play.told
                    .iter()
                    .filter(|(whom, _)| *whom == client)
                    .map(|(_, frame)| frame.len())
                    .sum()
            };
            plain += bytes(ALICE);
            streamed += bytes(BOB);
        }
        listen(&mut play, BOB, &mut reader);
        acknowledge(&mut play, BOB, &reader);
    }
    assert_eq!(reader.quote("SYM7/USD"), truth(&play, "SYM7/USD"));
    let percent = 100.0 * streamed as f64 / plain as f64;
    assert!(percent <= 15.0, "{percent:.1} %: {streamed} of {plain} bytes");
    println!("{percent:.1} % of the bytes of plain JSON");
}

#[test]
fn what_changes_while_a_frame_goes_out_goes_into_the_next_one_the_newest_only() {
    let (mut play, link) = Play::live("AAPL");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "AAPL,MSFT"}));
    play.take();
    play.pulses = false;
    for price in [101.0, 102.0, 103.0] {
        play.tick(link, "AAPL", price);
    }
    play.tick(link, "MSFT", 55.0);
    assert_eq!(broadcasts(&play).len(), 1, "the first leaves at once");
    listen(&mut play, BOB, &mut reader);
    assert_eq!(reader.price("AAPL"), Some(101.0));
    play.pulses = true;
    play.input(Input::Pulse);
    assert_eq!(broadcasts(&play).len(), 2, "the others together");
    listen(&mut play, BOB, &mut reader);
    assert_eq!((reader.price("AAPL"), reader.price("MSFT")), (Some(103.0), Some(55.0)));
    // The same for a plain client.
    let updates = play.heard_events(ALICE, "price_update");
    let prices: Vec<&Value> = updates.iter().map(|update| &update["price"]).collect();
    assert_eq!(prices, [&json!(101.0), &json!(103.0)]);
}

#[test]
fn a_pulse_that_is_lost_stops_nobody() {
    let (mut play, link) = Play::live("AAPL");
    play.take();
    play.pulses = false;
    play.tick(link, "AAPL", 101.0);
    play.tick(link, "AAPL", 102.0);
    assert_eq!(play.heard_events(ALICE, "price_update").len(), 1);
    play.pass(SECOND);
    assert_eq!(play.heard_events(ALICE, "price_update")[1]["price"], 102.0);
}

#[test]
fn a_client_chooses_its_rate() {
    let (mut play, link) = Play::live("AAPL");
    let mut slow = joined(&mut play, BOB, json!({"symbols": "AAPL", "interval_ms": 900}));
    assert_eq!(
        play.hub.delivery.audience.cursor(BOB).unwrap().rate.interval(),
        1_000,
        "raised to the next"
    );
    play.take();
    let mut frames = 0;
    for step in 0..40 {
        play.pass(100);
        play.tick(link, "AAPL", 101.0 + f64::from(step));
        frames += broadcasts(&play).len();
        listen(&mut play, BOB, &mut slow);
        play.take();
    }
    assert!((4..=5).contains(&frames), "{frames} in four seconds");
    // From here on a faster rate, without naming symbols.
    play.input(Input::Said(
        BOB,
        json!({"action": "subscribe", "params": {"interval_ms": 0}}).to_string(),
    ));
    listen(&mut play, BOB, &mut slow);
    assert_eq!(slow.price("AAPL"), Some(140.0), "the snapshot is the newest");
    play.tick(link, "AAPL", 200.0);
    listen(&mut play, BOB, &mut slow);
    assert_eq!(slow.price("AAPL"), Some(200.0));
}

#[test]
fn the_feeds_state_and_a_symbols_are_told_at_once_whatever_the_rate() {
    let (mut play, link) = Play::live("AAPL");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "AAPL", "interval_ms": 10_000}));
    play.take();
    play.input(Input::Lost(link, "the upstream closed the connection (1006)".into()));
    listen(&mut play, BOB, &mut reader);
    assert_eq!(reader.feed["state"], "fallback");
}

#[test]
fn who_does_not_read_is_paused_and_brought_up_to_date_once_it_has_read() {
    let (mut play, link) = Play::live("BTC/USD");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "BTC/USD,ETH/USD"}));
    let mut other = joined(&mut play, ClientId(3), json!({"symbols": "BTC/USD,ETH/USD"}));
    play.tick(link, "BTC/USD", 1.0);
    listen(&mut play, BOB, &mut reader);
    for step in 0..18_i32 {
        play.pass(SECOND);
        play.tick(link, "BTC/USD", 10.0 + f64::from(step));
        listen(&mut play, ClientId(3), &mut other);
        acknowledge(&mut play, ClientId(3), &other);
    }
    let unread = play.heard(BOB);
    let asked = unread.iter().filter(|frame| frame["event"] == "ack-request").count();
    assert_eq!(asked, 1, "it is asked once");
    assert!(
        (11..=15).contains(&unread.len()),
        "sent {} frames and no more",
        unread.len()
    );
    assert_eq!(other.price("BTC/USD"), Some(27.0), "the other hears all");
    // Now it reads. The first half contains nothing new.
    let sent = play.heard(BOB);
    for frame in &sent[..2] {
        reader.read(frame);
    }
    play.told.retain(|(whom, _)| *whom != BOB);
    acknowledge(&mut play, BOB, &reader);
    assert_eq!(play.heard(BOB), Vec::<Value>::new());
    for frame in &sent[2..] {
        reader.read(frame);
    }
    acknowledge(&mut play, BOB, &reader);
    listen(&mut play, BOB, &mut reader);
    assert!(
        reader.recovered && reader.missed > 0,
        "told that it missed {}",
        reader.missed
    );
    assert_eq!(reader.named, ["BTC/USD"], "what changed, and no more");
    assert_eq!(reader.quote("BTC/USD"), truth(&play, "BTC/USD"));
    play.tick(link, "ETH/USD", 18.0);
    listen(&mut play, BOB, &mut reader);
    assert_eq!(reader.price("ETH/USD"), Some(18.0), "and on it goes");
}

#[test]
fn who_reads_nothing_for_half_a_minute_is_closed_with_a_code_of_its_own() {
    let (mut play, link) = Play::live("BTC/USD");
    joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    let mut idle = joined(&mut play, ClientId(3), json!({"symbols": "NVDA"}));
    for step in 0..34_i32 {
        play.tick(link, "BTC/USD", 10.0 + f64::from(step));
        listen(&mut play, ClientId(3), &mut idle);
        acknowledge(&mut play, ClientId(3), &idle);
        play.pass(SECOND);
    }
    let closed = play.effects.iter().filter_map(|effect| match effect {
        Effect::CloseClient { client, code, .. } => Some((*client, *code)),
        _ => None,
    });
    assert_eq!(
        closed.collect::<Vec<_>>(),
        [(BOB, 4009)],
        "not the one that had nothing to read"
    );
    assert_eq!(play.hub.status(play.now).viewers, 2);
}

#[test]
fn a_client_that_comes_back_gets_exactly_what_changed() {
    let (mut play, link) = Play::live("BTC/USD");
    let symbols = "BTC/USD,ETH/USD,EUR/USD";
    let mut reader = joined(&mut play, BOB, json!({"symbols": symbols}));
    play.tick(link, "BTC/USD", 1.0);
    listen(&mut play, BOB, &mut reader);
    play.input(Input::Left(BOB));
    play.take();
    play.tick(link, "ETH/USD", 2.0);
    play.tick(link, "ETH/USD", 3.0);
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    let message = json!({"action": "subscribe", "params": resume(&reader, symbols)});
    play.input(Input::Said(BOB, message.to_string()));
    play.told.retain(|(_, frame)| frame.contains(r#""event":"snapshot""#));
    listen(&mut play, BOB, &mut reader);
    assert!(reader.recovered);
    assert_eq!(reader.named, ["ETH/USD"]);
    for symbol in symbols.split(',') {
        assert_eq!(reader.quote(symbol), truth(&play, symbol));
    }
}

#[test]
fn a_position_that_is_not_known_is_answered_with_everything() {
    let (mut play, link) = Play::live("BTC/USD");
    let symbols = "BTC/USD,ETH/USD";
    let reader = joined(&mut play, BOB, json!({"symbols": symbols}));
    for (what, place, symbols) in [
        (
            "another epoch",
            json!({"epoch": reader.epoch + 1, "stream": reader.stream, "seq": reader.seq}),
            symbols,
        ),
        (
            "a stream that is not",
            json!({"epoch": reader.epoch, "stream": 77, "seq": reader.seq}),
            symbols,
        ),
        (
            "the future",
            json!({"epoch": reader.epoch, "stream": reader.stream, "seq": reader.seq + 9}),
            symbols,
        ),
        (
            "other symbols",
            json!({"epoch": reader.epoch, "stream": reader.stream, "seq": reader.seq}),
            "BTC/USD",
        ),
    ] {
        play.tick(link, "BTC/USD", 5.0);
        let again = joined(&mut play, ClientId(9), json!({"symbols": symbols, "resume": place}));
        assert!(!again.recovered, "{what}");
        assert_eq!(again.named.len(), symbols.split(',').count(), "{what}");
        play.input(Input::Left(ClientId(9)));
    }
    // Too long ago.
    play.input(Input::Left(BOB));
    play.pass_with_heartbeats(link, 130 * SECOND);
    joined(&mut play, ClientId(8), json!({"symbols": "NVDA"}));
    let again = joined(&mut play, ClientId(9), resume(&reader, symbols));
    assert!(!again.recovered, "two minutes and more ago");
}

#[test]
fn after_hibernation_there_is_a_new_epoch_and_a_new_snapshot() {
    let (mut play, _) = Play::live("AAPL");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "AAPL,MSFT", "interval_ms": 250}));
    let record = play.effects.iter().rev().find_map(|effect| match effect {
        Effect::Remember { client: BOB, record } => Some(record.clone()),
        _ => None,
    });
    let before = reader.epoch;
    let mut later = Play::restored(config(&[]), &play.left_behind(), play.now + 1);
    later.input(Input::Rejoined(BOB, record.unwrap()));
    let frames = later.heard(BOB);
    assert!(
        frames.iter().all(|frame| frame["event"] != "connected"),
        "not greeted again"
    );
    frames
        .iter()
        .filter(|frame| frame["event"] == "snapshot")
        .for_each(|frame| reader.read(frame));
    assert!(!reader.recovered);
    assert_eq!(
        (reader.named.len(), reader.quote("AAPL")["source"].clone()),
        (2, json!("restored"))
    );
    assert_eq!(later.hub.delivery.audience.cursor(BOB).unwrap().rate.interval(), 250);
    assert_ne!(reader.epoch, before);
}

#[test]
fn acknowledgements_get_rarer_as_the_audience_grows() {
    let (mut play, _) = Play::live("AAPL");
    joined(&mut play, BOB, json!({"symbols": "AAPL"}));
    play.take();
    for number in 10..1_010 {
        play.input(Input::joined(ClientId(number), Dialect::Plain));
    }
    let told = play.heard(BOB);
    let told = told
        .iter()
        .filter_map(Value::as_array)
        .flatten()
        .find(|item| item["ack_ms"].is_number());
    assert_eq!(told.unwrap()["ack_ms"], 10_000);
}

#[derive(Debug, Clone)]
enum Step {
    Tick(usize, u32),
    Pass(u64),
    Read(u32),
    Acknowledge(u32),
    Vanish(u32),
    Return(u32),
    Pulses(bool),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..3, 1_u32..100_000).prop_map(|(symbol, price)| Step::Tick(symbol, price)),
        2 => (1_u64..4_000).prop_map(Step::Pass),
        3 => (0_u32..3).prop_map(Step::Read),
        3 => (0_u32..3).prop_map(Step::Acknowledge),
        1 => (0_u32..3).prop_map(Step::Vanish),
        2 => (0_u32..3).prop_map(Step::Return),
        1 => any::<bool>().prop_map(Step::Pulses),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client does, each frame must follow from those before it ([`Reader`] checks
    /// that), and once the client has read everything it holds the newest state.
    #[test]
    fn nobody_is_ever_left_with_a_silent_hole(steps in proptest::collection::vec(steps(), 1..120), shard in prop::sample::select(vec!["1", "2", "512"])) {
        const SYMBOLS: [&str; 3] = ["BTC/USD", "ETH/USD", "EUR/USD"];
        const WISHES: [(&str, u64); 3] = [("BTC/USD,ETH/USD", 0), ("BTC/USD,ETH/USD", 0), ("ETH/USD,EUR/USD", 250)];
        let (mut play, link) = Play::live_with(&[("SHARD_CLIENTS", shard)], "AAPL");
        let mut readers: [Reader; 3] = Default::default();
        let mut present = [false; 3];
        let enter = |play: &mut Play, reader: &mut Reader, number: u32| {
            let (symbols, interval) = WISHES[number as usize];
            let mut wish = if reader.stream > 0 { resume(reader, symbols) } else { json!({"symbols": symbols}) };
            wish["interval_ms"] = json!(interval);
            let client = ClientId(10 + number);
            play.told.retain(|(whom, _)| *whom != client);
            play.input(Input::joined(client, Dialect::HamsterV1));
            play.input(Input::Said(client, json!({"action": "subscribe", "params": wish}).to_string()));
            reader.is_placed = false;
        };
        for number in 0..3 {
            enter(&mut play, &mut readers[number as usize], number);
            present[number as usize] = true;
        }
        let closed = |play: &Play, client: ClientId| play.hub.delivery.audience.watched(client).is_empty();
        for step in steps {
            match step {
                Step::Tick(symbol, price) => play.tick(link, SYMBOLS[symbol], f64::from(price) / 100.0),
                Step::Pass(span) => {
                    play.pass(span);
                    play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
                }
                Step::Read(number) => listen(&mut play, ClientId(10 + number), &mut readers[number as usize]),
                Step::Acknowledge(number) if present[number as usize] => {
                    acknowledge(&mut play, ClientId(10 + number), &readers[number as usize]);
                }
                Step::Vanish(number) => {
                    play.input(Input::Left(ClientId(10 + number)));
                    present[number as usize] = false;
                }
                Step::Return(number) if closed(&play, ClientId(10 + number)) => {
                    enter(&mut play, &mut readers[number as usize], number);
                    present[number as usize] = true;
                }
                Step::Pulses(arrive) => play.pulses = arrive,
                Step::Acknowledge(_) | Step::Return(_) => {}
            }
        }
        play.pulses = true;
        play.input(Input::Pulse);
        for number in 0..3_u32 {
            let client = ClientId(10 + number);
            if closed(&play, client) {
                enter(&mut play, &mut readers[number as usize], number);
            }
        }
        for _ in 0..3 {
            for number in 0..3_u32 {
                listen(&mut play, ClientId(10 + number), &mut readers[number as usize]);
                acknowledge(&mut play, ClientId(10 + number), &readers[number as usize]);
            }
            play.pass(300);
        }
        for (reader, (symbols, _)) in readers.iter_mut().zip(WISHES) {
            for symbol in symbols.split(',') {
                prop_assert_eq!(reader.quote(symbol), truth(&play, symbol));
            }
        }
    }
}

// The slower channel, which others share, still holds what was current ten seconds ago.
#[test]
fn whoever_changes_to_a_slower_rate_is_not_shown_older_prices() {
    let (mut play, link) = Play::live("AAPL");
    let mut slow = joined(&mut play, BOB, json!({"symbols": "AAPL", "interval_ms": 10_000}));
    let carol = ClientId(3);
    let mut fast = joined(&mut play, carol, json!({"symbols": "AAPL"}));
    play.tick(link, "AAPL", 101.0);
    play.pass(2 * SECOND);
    play.tick(link, "AAPL", 102.0);
    play.tick(link, "AAPL", 103.0);
    listen(&mut play, carol, &mut fast);
    assert_eq!(fast.price("AAPL"), Some(103.0));
    let slower = json!({"action": "subscribe", "params": {"interval_ms": 10_000}});
    play.input(Input::Said(carol, slower.to_string()));
    listen(&mut play, carol, &mut fast);
    assert_eq!(fast.price("AAPL"), Some(103.0));
    listen(&mut play, BOB, &mut slow);
    assert_eq!(slower_stream(&slow), slower_stream(&fast), "they share it");
}

fn slower_stream(reader: &Reader) -> (u64, u64) {
    (reader.stream, reader.seq)
}

/// The channels that were sent a delta, each with its frame. Takes the effects.
fn sent(play: &mut Play) -> Vec<(u32, String)> {
    let effects = std::mem::take(&mut play.effects);
    let deltas = effects.into_iter().filter_map(|effect| match effect {
        Effect::Broadcast {
            group: Group::Channel(stream),
            frame,
        } => Some((stream.0, frame)),
        _ => None,
    });
    deltas.collect()
}

#[test]
fn shards_take_turns_and_each_is_told_the_newest_when_its_turn_comes() {
    let symbols = "AAPL";
    let (mut play, link) = Play::live_with(&[("SYMBOLS", symbols), ("SHARD_CLIENTS", "2")], symbols);
    play.tick(link, "AAPL", 100.0);
    let clients = [3, 4, 5, 6, 7, 8].map(ClientId);
    let mut readers = clients.map(|client| joined(&mut play, client, json!({"symbols": "AAPL"})));
    let streams: Vec<u64> = readers.iter().map(|reader| reader.stream).collect();
    let (first, second, third) = (streams[0], streams[2], streams[4]);
    assert_eq!(streams, [first, first, second, second, third, third]);
    assert!(first != second && second != third && first != third);

    play.pass(2 * SECOND);
    play.take();
    play.pulses = false;
    let mut turns = Vec::new();
    play.tick(link, "AAPL", 101.0);
    turns.extend(sent(&mut play));
    for price in [102.0, 103.0, 104.0] {
        play.tick(link, "AAPL", price);
        assert_eq!(sent(&mut play), [], "the loop has not come round");
        play.input(Input::Pulse);
        turns.extend(sent(&mut play));
    }
    play.input(Input::Pulse);
    turns.extend(sent(&mut play));
    let order: Vec<u64> = turns.iter().map(|(stream, _)| u64::from(*stream)).collect();
    assert_eq!(order, [first, second, third, first, second]);
    for (client, reader) in clients.iter().zip(&mut readers) {
        listen(&mut play, *client, reader);
    }
    let prices = readers.each_ref().map(|reader| reader.price("AAPL"));
    // The third shard had its turn before the last tick.
    assert_eq!(prices, [104.0, 104.0, 104.0, 104.0, 103.0, 103.0].map(Some));
    play.input(Input::Pulse);
    listen(&mut play, clients[5], &mut readers[5]);
    assert_eq!(readers[5].quote("AAPL"), truth(&play, "AAPL"));
    assert_eq!(sent(&mut play).len(), 1);
    play.input(Input::Pulse);
    assert_eq!(sent(&mut play), [], "nobody lacks anything");
}

#[test]
fn whoever_comes_back_finds_its_stream_though_others_took_its_place() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "AAPL"), ("SHARD_CLIENTS", "1")], "AAPL");
    let mut bob = joined(&mut play, BOB, json!({"symbols": "AAPL"}));
    play.tick(link, "AAPL", 101.0);
    listen(&mut play, BOB, &mut bob);
    play.input(Input::Left(BOB));
    let carol = joined(&mut play, ClientId(3), json!({"symbols": "AAPL"}));
    assert_eq!(carol.stream, bob.stream, "it took the place");
    play.tick(link, "AAPL", 102.0);
    let position = resume(&bob, "AAPL");
    let back = came_back(&mut play, ClientId(4), &bob, "AAPL");
    assert_eq!((back.stream, back.recovered), (bob.stream, true));
    assert_eq!(back.quote("AAPL"), truth(&play, "AAPL"));
    let late = joined(&mut play, ClientId(5), position);
    assert!(!late.recovered, "a shard has an end");
    assert_ne!(late.stream, bob.stream);
    assert_eq!(late.quote("AAPL"), truth(&play, "AAPL"));
}

// Two shards of one rate, and the client joins the one that has not had its turn yet.
#[test]
fn whoever_changes_lanes_is_not_shown_older_prices() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "AAPL,MSFT"), ("SHARD_CLIENTS", "1")], "AAPL,MSFT");
    let mut bob = joined(&mut play, BOB, json!({"symbols": "AAPL"}));
    let carol = joined(&mut play, ClientId(3), json!({"symbols": "AAPL"}));
    assert_ne!(bob.stream, carol.stream);
    play.pass(2 * SECOND);
    play.pulses = false;
    play.tick(link, "AAPL", 101.0);
    listen(&mut play, BOB, &mut bob);
    assert_eq!(bob.price("AAPL"), Some(101.0), "its shard came first");
    // Carol leaves, and Bob, whose own shard is also free, joins one of the two.
    play.input(Input::Left(ClientId(3)));
    let more = json!({"action": "subscribe", "params": {"symbols": "MSFT"}});
    play.input(Input::Said(BOB, more.to_string()));
    listen(&mut play, BOB, &mut bob);
    assert_eq!(bob.price("AAPL"), Some(101.0));
    assert_eq!(bob.quote("MSFT"), truth(&play, "MSFT"));
}

fn closed(play: &Play, client: ClientId) -> Option<u16> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::CloseClient { client: whom, code, .. } if *whom == client => Some(*code),
        _ => None,
    })
}

// The client acknowledges every five seconds, but reads one frame of every four.
#[test]
fn who_reads_more_slowly_than_the_stream_is_paused_though_it_acknowledges() {
    let (mut play, link) = Play::live("BTC/USD");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    let mut waiting = std::collections::VecDeque::new();
    let mut longest = 0;
    for second in 0..240_u32 {
        play.pass(SECOND);
        play.tick(link, "BTC/USD", f64::from(100 + second));
        waiting.extend(play.heard(BOB));
        play.told.clear();
        play.effects.clear();
        longest = longest.max(waiting.len());
        if second % 4 == 0
            && let Some(frame) = waiting.pop_front()
        {
            reader.read(&frame);
        }
        if second % 5 == 0 {
            acknowledge(&mut play, BOB, &reader);
        }
    }
    assert!(longest <= 40, "{longest} frames wait in its socket");
    assert!(play.hub.delivery.counts.pauses > 1);
    assert_eq!(play.hub.delivery.counts.slow, 0, "it does read");
}

#[test]
fn who_reads_nothing_cannot_ask_for_one_snapshot_after_another() {
    // Also with quiet symbols: without a delta there is nothing else to acknowledge.
    for (symbols, ticks) in [("BTC/USD", true), ("NVDA,SPY", false)] {
        let (mut play, link) = Play::live("BTC/USD");
        joined(&mut play, BOB, json!({"symbols": symbols}));
        let mut snapshots = 1;
        let mut closed_after = None;
        for second in 0..60_u32 {
            play.take();
            play.pass(SECOND);
            if ticks {
                play.tick(link, "BTC/USD", f64::from(100 + second));
            }
            play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
            let wish = match second % 3 {
                0 => json!({"action": "reset"}),
                1 => json!({"action": "subscribe", "params": {"symbols": symbols}}),
                _ => json!({"action": "subscribe", "params": {"interval_ms": 0}}),
            };
            play.input(Input::Said(BOB, wish.to_string()));
            snapshots += play.heard_events(BOB, "snapshot").len();
            if let Some(code) = closed(&play, BOB) {
                assert_eq!(code, 4009);
                closed_after = Some(second);
                break;
            }
        }
        assert!(
            (30..=40).contains(&closed_after.unwrap()),
            "{symbols}: after {closed_after:?} s"
        );
        assert!(snapshots <= 4, "{symbols}: shown {snapshots} snapshots");
    }
}

#[test]
fn who_asks_for_snapshot_after_snapshot_and_reads_them_stays() {
    let (mut play, link) = Play::live("BTC/USD");
    let mut reader = joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    let again = json!({"action": "subscribe", "params": {"interval_ms": 0}}).to_string();
    // All at once, before it can have read an answer.
    for _ in 0..35 {
        play.input(Input::Said(BOB, again.clone()));
    }
    let heard = play.heard(BOB);
    let count = |event| heard.iter().filter(|frame| frame["event"] == event).count();
    assert_eq!((count("snapshot"), count("ack-request")), (3, 1));
    for second in 0..90_u32 {
        let asked = !play.heard_events(BOB, "ack-request").is_empty();
        listen(&mut play, BOB, &mut reader);
        if asked {
            acknowledge(&mut play, BOB, &reader);
        }
        play.pass(SECOND);
        // No prices in the second half: only its answers prove that it reads.
        if second < 45 {
            play.tick(link, "BTC/USD", f64::from(100 + second));
        }
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        if second % 2 == 0 {
            play.input(Input::Said(BOB, again.clone()));
        }
        assert_eq!(closed(&play, BOB), None, "after {second} s");
    }
    listen(&mut play, BOB, &mut reader);
    acknowledge(&mut play, BOB, &reader);
    listen(&mut play, BOB, &mut reader);
    assert_eq!(reader.quote("BTC/USD"), truth(&play, "BTC/USD"));
}

#[test]
fn who_watched_nothing_for_a_while_is_not_taken_for_one_that_reads_nothing() {
    let (mut play, link) = Play::live("BTC/USD");
    joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    play.tick(link, "BTC/USD", 101.0);
    play.input(Input::Said(BOB, json!({"action": "reset"}).to_string()));
    for second in 0..60_u32 {
        play.pass(SECOND);
        play.tick(link, "BTC/USD", f64::from(100 + second));
    }
    let wish = json!({"action": "subscribe", "params": {"symbols": "BTC/USD"}});
    play.input(Input::Said(BOB, wish.to_string()));
    for _ in 0..4 {
        play.pass(SECOND);
        assert_eq!(closed(&play, BOB), None, "its answer is on the way");
    }
}

#[test]
fn a_wish_after_a_reset_is_not_answered_with_older_prices() {
    let (mut play, link) = Play::live("BTC/USD");
    joined(
        &mut play,
        ClientId(3),
        json!({"symbols": "BTC/USD", "interval_ms": 10_000}),
    );
    let mut bob = joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    for price in [101.0, 102.0, 103.0] {
        play.pass(SECOND);
        play.tick(link, "BTC/USD", price);
    }
    listen(&mut play, BOB, &mut bob);
    assert_eq!(bob.price("BTC/USD"), Some(103.0));
    play.input(Input::Said(BOB, json!({"action": "reset"}).to_string()));
    let wish = json!({"action": "subscribe", "params": {"symbols": "BTC/USD", "interval_ms": 10_000}});
    play.input(Input::Said(BOB, wish.to_string()));
    let snapshot = &play.heard_events(BOB, "snapshot")[0];
    bob.is_placed = false;
    bob.read(snapshot);
    assert_eq!(bob.price("BTC/USD"), Some(103.0));
}

// A hundred clients change their rate while a frame is being sent.
#[test]
fn who_comes_from_another_lane_waits_for_the_pulse_like_everybody() {
    let (mut play, link) = Play::live("BTC/USD");
    let wish = json!({"symbols": "BTC/USD", "interval_ms": 1_000});
    let shard: Vec<ClientId> = (100..200).map(ClientId).collect();
    for client in &shard {
        joined(&mut play, *client, wish.clone());
    }
    let mut bob = joined(&mut play, BOB, json!({"symbols": "BTC/USD"}));
    play.pass(3 * SECOND);
    play.tick(link, "BTC/USD", 100.0);
    play.pulses = false;
    play.tick(link, "BTC/USD", 101.0);
    listen(&mut play, BOB, &mut bob);
    play.take();
    let faster = json!({"action": "subscribe", "params": {"interval_ms": 0}}).to_string();
    for client in &shard {
        play.input(Input::Said(*client, faster.clone()));
    }
    play.input(Input::Said(
        BOB,
        json!({"action": "subscribe", "params": {"interval_ms": 1_000}}).to_string(),
    ));
    assert!(broadcasts(&play).len() <= 1, "{:?}", broadcasts(&play).len());
    let shown = |play: &Play, client| play.heard_events(client, "snapshot").len();
    play.pulses = true;
    play.input(Input::Pulse);
    assert!(broadcasts(&play).len() <= 4);
    assert_eq!(shown(&play, BOB), 1);
    assert!(shard.iter().all(|client| shown(&play, *client) == 1));
    listen(&mut play, BOB, &mut bob);
    assert_eq!(bob.quote("BTC/USD"), truth(&play, "BTC/USD"));
}

#[test]
fn one_client_more_or_less_does_not_tell_a_thousand_how_often_to_acknowledge() {
    let (mut play, _) = Play::live("BTC/USD");
    for number in 0..1_000_u32 {
        joined(&mut play, ClientId(10 + number), json!({"symbols": "BTC/USD"}));
    }
    play.take();
    for _ in 0..20 {
        play.input(Input::joined(BOB, Dialect::HamsterV1));
        play.input(Input::Left(BOB));
    }
    let told = broadcasts(&play)
        .iter()
        .filter(|frame| frame.contains("ack_ms"))
        .count();
    assert!(told <= 2, "in {told} frames");
}

// Found by reading: the snapshot was of the time before the answer, and could be older than what
// the client had been shown elsewhere.
#[test]
fn a_client_that_loses_a_symbol_is_shown_what_the_same_answer_brought() {
    let (mut play, _) = Play::watching_with(&[("SYMBOLS", "AAPL")], "AAPL");
    play.answer_call(|_| Some((100.0, true)));
    let mut bob = joined(&mut play, BOB, json!({"symbols": "QQQ,NOPE"}));
    let mut carol = joined(&mut play, CAROL, json!({"symbols": "QQQ"}));
    play.effects.clear();
    while play.calls().is_empty() {
        play.pass(SECOND);
        for (client, reader) in [(BOB, &mut bob), (CAROL, &mut carol)] {
            listen(&mut play, client, reader);
            acknowledge(&mut play, client, reader);
        }
    }
    assert_eq!(play.calls(), [["AAPL", "QQQ", "NOPE"]]);
    play.told.clear();
    play.answer_call(|symbol| (symbol != "NOPE").then_some((50.0, true)));
    let snapshot = &play.heard_events(BOB, "snapshot")[0];
    assert_eq!(snapshot["symbols"].as_array().unwrap().len(), 1, "{snapshot}");
    bob.read(snapshot);
    assert_eq!(bob.price("QQQ"), Some(50.0));
}
