//! Right values: who gets an event, what a bad number costs, and what is said about it.

use super::*;

fn price_of(play: &Play, symbol: &str) -> Option<f64> {
    play.quote(symbol).quote.price
}

fn is_served_at(play: &Play, symbol: &str, price: f64) {
    let view = play.quote(symbol);
    let seen = (view.quote.price, view.quote.freshness);
    assert_eq!(seen, (Some(price), Some("fresh")), "{symbol}");
}

fn venue_tick(play: &mut Play, link: LinkId, symbol: &str, (exchange, mic_code): (&str, &str), price: f64) {
    let seconds = play.now / SECOND;
    let tick = json!({"event": "price", "symbol": symbol, "exchange": exchange, "mic_code": mic_code, "price": price, "timestamp": seconds});
    play.frame(link, &tick);
}

const NASDAQ: (&str, &str) = ("NASDAQ", "XNGS");
const NYSE: (&str, &str) = ("NYSE", "XNYS");
const TSX: (&str, &str) = ("TSX", "XTSE");

/// The provider's answer to a subscription of these symbols, each with its exchange.
fn accept(play: &mut Play, link: LinkId, items: &[(&str, &str)]) {
    let items: Vec<Value> = items
        .iter()
        .map(|(symbol, exchange)| json!({"symbol": symbol, "exchange": exchange}))
        .collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": items, "fails": null}),
    );
}

#[test]
fn every_name_that_matches_an_event_gets_it() {
    for pin in ["AAPL:NASDAQ", "AAPL:XNGS"] {
        let (mut play, link) = Play::live_with(&[("SYMBOLS", "AAPL")], "AAPL");
        venue_tick(&mut play, link, "AAPL", NASDAQ, 1.0);
        play.input(Input::joined(BOB, Dialect::Plain));
        play.subscribe(BOB, pin);
        play.pass(3 * SECOND);
        accept(&mut play, link, &[("AAPL", "NASDAQ")]);
        venue_tick(&mut play, link, "AAPL", NASDAQ, 2.0);
        assert_eq!(
            (price_of(&play, "AAPL"), price_of(&play, pin)),
            (Some(2.0), Some(2.0)),
            "{pin}"
        );
    }
}

#[test]
fn a_name_whose_venue_rest_tells_has_the_newest_tick_of_that_venue() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "AAPL:NASDAQ")], "AAPL:NASDAQ");
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "AAPL");
    // The tick comes while nobody knows yet where the plain name trades.
    play.now += SECOND;
    venue_tick(&mut play, link, "AAPL", NASDAQ, 2.0);
    let minute = play.now / MINUTE * 60;
    answer_raw(
        &mut play,
        |_, _| json!({"exchange": "NASDAQ", "mic_code": "XNGS", "close": "1.0", "last_quote_at": minute, "is_market_open": true}),
    );
    is_served_at(&play, "AAPL:NASDAQ", 2.0);
    is_served_at(&play, "AAPL", 2.0);
}

#[test]
fn a_name_that_is_not_pinned_does_not_take_what_another_name_pins() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "RY,RY:TSX")], "RY,RY:TSX");
    accept(&mut play, link, &[("RY", "NYSE"), ("RY", "TSX")]);
    venue_tick(&mut play, link, "RY", NYSE, 168.0);
    venue_tick(&mut play, link, "RY", TSX, 231.0);
    assert_eq!(
        (price_of(&play, "RY"), price_of(&play, "RY:TSX")),
        (Some(168.0), Some(231.0))
    );
}

// Found by the simulation (seed 445): REST gave the price of the pinned symbol without its venue,
// and the other symbol got it.
#[test]
fn an_answer_about_a_pinned_name_is_not_of_a_name_that_may_trade_elsewhere() {
    for venue in [Value::Null, json!("TSX")] {
        let (mut play, _) = Play::watching_with(&[("SYMBOLS", "RY,RY:TSX")], "RY,RY:TSX");
        let (request, symbols) = play.open_calls().pop().unwrap();
        assert_eq!(symbols, ["RY", "RY:TSX"]);
        let quote = |close: &str, exchange: &Value| json!({"symbol": "RY", "exchange": exchange, "close": close, "is_market_open": true});
        let body = json!({"RY": quote("168", &Value::Null), "RY:TSX": quote("231", &venue)});
        play.input(Input::Fetched(request, answer(200, &body)));
        assert_eq!(
            (price_of(&play, "RY"), price_of(&play, "RY:TSX")),
            (Some(168.0), Some(231.0)),
            "{venue}"
        );
    }
}

// Found by the simulation (seed 53435): the provider's answer began with the other pinned symbol,
// whose venue was then taken for that of the unpinned one.
#[test]
fn where_two_venues_are_pinned_the_plain_name_learns_its_own_from_rest() {
    let (mut play, link) = Play::watching_with(&[("SYMBOLS", "RY,RY:TSX,RY:NYSE")], "RY");
    play.input(Input::Opened(link));
    play.pass(3 * SECOND);
    accept(&mut play, link, &[("RY", "TSX"), ("RY", "NYSE"), ("RY", "NYSE")]);
    assert_eq!(play.quote("RY").service.state, StreamState::Streaming);
    venue_tick(&mut play, link, "RY", TSX, 231.0);
    venue_tick(&mut play, link, "RY", NYSE, 168.0);
    assert_eq!(price_of(&play, "RY"), None, "it may be either");
    let (request, symbols) = play.open_calls().pop().unwrap();
    let quote = |symbol: &String| {
        let exchange = if symbol == "RY:TSX" { "TSX" } else { "NYSE" };
        json!({"symbol": "RY", "exchange": exchange, "close": "167", "previous_close": "166", "is_market_open": true})
    };
    let body = symbols.iter().map(|symbol| (symbol.clone(), quote(symbol))).collect();
    play.input(Input::Fetched(request, answer(200, &Value::Object(body))));
    play.pass(2 * SECOND);
    venue_tick(&mut play, link, "RY", TSX, 232.0);
    venue_tick(&mut play, link, "RY", NYSE, 169.0);
    assert_eq!(
        ["RY", "RY:NYSE", "RY:TSX"].map(|name| price_of(&play, name)),
        [Some(169.0), Some(169.0), Some(232.0)]
    );
}

#[test]
fn a_pin_that_was_given_up_leaves_its_last_ticks_to_nobody() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "RY")], "RY,RY:TSX");
    accept(&mut play, link, &[("RY", "NYSE"), ("RY", "TSX")]);
    venue_tick(&mut play, link, "RY", NYSE, 168.0);
    play.input(Input::Said(
        ALICE,
        r#"{"action":"unsubscribe","params":{"symbols":"RY:TSX"}}"#.into(),
    ));
    for _ in 0..8 {
        play.pass(5 * SECOND);
        venue_tick(&mut play, link, "RY", NYSE, 168.0);
    }
    venue_tick(&mut play, link, "RY", TSX, 231.0);
    assert_eq!(price_of(&play, "RY"), Some(168.0));
}

/// Symbols in the frames with this action that were sent upstream since effects were last taken.
fn told_upstream(play: &Play, action: &str) -> Vec<String> {
    let frames = play.effects.iter().filter_map(|effect| match effect {
        Effect::SendUpstream { frame, .. } => serde_json::from_str::<Value>(frame).ok(),
        _ => None,
    });
    let said = frames.filter(|frame| frame["action"] == action);
    said.map(|frame| frame["params"]["symbols"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn unsubscribing_one_name_does_not_take_the_others_upstream_away() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "AAPL")], "AAPL,AAPL:NASDAQ");
    accept(&mut play, link, &[("AAPL", "NASDAQ")]);
    venue_tick(&mut play, link, "AAPL", NASDAQ, 1.0);
    play.take();
    play.input(Input::Said(
        ALICE,
        r#"{"action":"unsubscribe","params":{"symbols":"AAPL:NASDAQ"}}"#.into(),
    ));
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert_eq!(
        told_upstream(&play, "unsubscribe"),
        [""; 0],
        "upstream has one stream for both"
    );

    // The venue of the unpinned symbol is not known yet: it is subscribed again.
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "BTC/USD")], "AAPL:NASDAQ");
    accept(&mut play, link, &[("AAPL", "NASDAQ")]);
    play.input(Input::Said(
        ALICE,
        r#"{"action":"unsubscribe","params":{"symbols":"AAPL:NASDAQ"}}"#.into(),
    ));
    play.pass_with_heartbeats(link, 20 * SECOND);
    play.pass(7 * SECOND);
    play.take();
    play.subscribe(ALICE, "AAPL");
    play.pass(8 * SECOND);
    assert_eq!(told_upstream(&play, "unsubscribe"), ["AAPL:NASDAQ"]);
    assert_eq!(told_upstream(&play, "subscribe"), ["AAPL", "AAPL"]);
}

#[test]
fn what_is_asked_for_as_one_name_and_answered_as_another_is_taken() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "BF-B")], "BF-B");
    accept(&mut play, link, &[("BF.B", "NYSE")]);
    venue_tick(&mut play, link, "BF.B", NYSE, 45.5);
    assert_eq!(price_of(&play, "BF-B"), Some(45.5));
    assert_eq!(play.quote("BF-B").service.state, StreamState::Streaming);
}

#[test]
fn a_price_that_cannot_be_used_leaves_its_reason() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    play.input(Input::Frame(
        link,
        format!(
            r#"{{"event":"price","symbol":"AAPL","price":NaN,"timestamp":{}}}"#,
            play.now / SECOND
        ),
    ));
    assert_eq!(price_of(&play, "AAPL"), Some(101.0));
    let reason = play.quote("AAPL").service.reason.unwrap();
    assert!(reason.contains("no number"), "{reason}");
    let told = play.heard_events(ALICE, "subscribe-status");
    assert_eq!(told.last().unwrap()["success"][0]["reason"], reason.as_str());
    // Good and bad prices alternate: watchers are not told of each.
    play.take();
    for _ in 0..20 {
        play.tick(link, "AAPL", 101.5);
        play.input(Input::Frame(
            link,
            r#"{"event":"price","symbol":"AAPL","price":0,"timestamp":1}"#.into(),
        ));
    }
    assert_eq!(play.heard_events(ALICE, "subscribe-status").len(), 0);
    play.pass(10 * SECOND);
    play.input(Input::Frame(
        link,
        format!(
            r#"{{"event":"price","symbol":"AAPL","price":-2.5,"bid":NaN,"timestamp":{}}}"#,
            play.now / SECOND
        ),
    ));
    assert_eq!(
        (price_of(&play, "AAPL"), play.quote("AAPL").service.reason),
        (Some(-2.5), None),
        "taken again"
    );
}

#[test]
fn one_symbol_that_spoils_a_batch_stops_nobody() {
    let (mut play, _) = Play::watching_with(&[("SYMBOLS", "AAPL,MSFT,BAD"), ("CREDITS_PER_MINUTE", "100")], "AAPL");
    let mut alone = Vec::new();
    for _ in 0..240 {
        while let Some((request, symbols)) = play.open_calls().pop() {
            let body = if symbols.iter().any(|symbol| symbol == "BAD") {
                "<html>".to_owned()
            } else {
                let quote = |symbol: &str| json!({"symbol": symbol, "close": "7", "previous_close": "7", "is_market_open": true, "last_quote_at": play.now / SECOND});
                match symbols.as_slice() {
                    [one] => quote(one).to_string(),
                    many => Value::Object(many.iter().map(|one| (one.clone(), quote(one))).collect()).to_string(),
                }
            };
            if symbols.len() == 1 {
                alone.push(symbols[0].clone());
            }
            let answer = RestAnswer {
                status: 200,
                body,
                credits: None,
            };
            play.input(Input::Fetched(request, answer));
        }
        play.pass(SECOND);
    }
    for symbol in ["AAPL", "MSFT"] {
        is_served_at(&play, symbol, 7.0);
        assert!(
            alone.iter().filter(|one| *one == symbol).count() <= 2,
            "found innocent, it is asked for with the others: {alone:?}"
        );
    }
    assert!(play.quote("BAD").service.reason.unwrap().contains("could not be read"));
}

#[test]
fn an_accepted_symbol_that_says_nothing_is_polled() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "BTC/USD,AAPL")], "AAPL");
    play.tick(link, "AAPL", 100.0);
    play.take();
    for _ in 0..20 {
        play.pass(5 * SECOND);
        play.tick(link, "BTC/USD", 1.0);
    }
    assert!(
        play.calls().iter().flatten().any(|symbol| symbol == "AAPL"),
        "{:?}",
        play.calls()
    );
}

#[test]
fn texts_of_upstream_hold_no_key() {
    let key = "0123456789abcdef0123456789abcdef";
    let mut config = config(&[]);
    config.secret = crate::provider::Secret::new(key);
    let mut play = Play::restored(config, &Stored::default(), NOON);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "AAPL");
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.accept_all(link);
    venue_tick(&mut play, link, "AAPL", (key, &key.to_uppercase()), 1.0);
    play.input(Input::Lost(link, format!("closed, \"{}\"", &key[16..])));
    let said = format!(
        "{:?} {:?} {}",
        play.told,
        play.hub.status(play.now),
        play.hub.checkpoint(play.now)
    );
    assert!(
        !said.to_lowercase().contains(&key[..16]) && said.contains("[key]"),
        "{said}"
    );
}

#[test]
fn a_silent_symbol_is_polled_beside_one_that_is_always_polled() {
    let vars = [
        ("SYMBOLS", "AAPL,SPY,BTC/USD"),
        ("CREDITS_PER_DAY", "0"),
        ("CREDITS_PER_MINUTE", "100"),
    ];
    let (mut play, link) = Play::watching_with(&vars, "AAPL");
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    play.pass(3 * SECOND);
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "AAPL"}, {"symbol": "BTC/USD"}], "fails": [{"symbol": "SPY"}]}),
    );
    let mut asked = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..120 {
        play.tick(link, "BTC/USD", 1.0);
        play.pass(5 * SECOND);
        while let Some((request, symbols)) = play.open_calls().pop() {
            for symbol in &symbols {
                *asked.entry(symbol.clone()).or_default() += 1;
            }
            play.answer_request(request, &symbols, |_| Some((100.0, true)));
        }
    }
    assert!(asked["AAPL"] >= 5 && asked["SPY"] >= 15, "{asked:?}");
}

#[test]
fn what_upstream_says_of_one_symbol_is_not_said_of_the_call() {
    for code in [401, 500] {
        let vars = [
            ("SYMBOLS", "AAPL,BAD"),
            ("CREDITS_PER_DAY", "0"),
            ("CREDITS_PER_MINUTE", "100"),
        ];
        let (mut play, _) = Play::watching_with(&vars, "AAPL");
        for round in 1..=3 {
            let (request, symbols) = play.open_calls().pop().unwrap();
            let quote = |symbol: &String| match symbol.as_str() {
                "BAD" => json!({"code": code, "message": "**apikey** parameter is incorrect", "status": "error"}),
                _ => json!({"symbol": symbol, "close": round.to_string(), "is_market_open": true}),
            };
            let body = match symbols.as_slice() {
                [one] => quote(one),
                many => Value::Object(many.iter().map(|one| (one.clone(), quote(one))).collect()),
            };
            play.input(Input::Fetched(request, answer(200, &body)));
            play.pass(31 * SECOND);
        }
        assert_eq!(price_of(&play, "AAPL"), Some(3.0), "{code}");
        assert!(
            play.quote("BAD").service.reason.unwrap().contains("refused it"),
            "{code}"
        );
    }
}

#[test]
fn a_call_that_fails_again_and_again_is_taken_apart() {
    let vars = [
        ("SYMBOLS", "AAPL,MSFT,BAD"),
        ("CREDITS_PER_DAY", "0"),
        ("CREDITS_PER_MINUTE", "100"),
    ];
    let (mut play, _) = Play::watching_with(&vars, "AAPL");
    for _ in 0..600 {
        while let Some((request, symbols)) = play.open_calls().pop() {
            if symbols.iter().any(|symbol| symbol == "BAD") {
                play.input(Input::FetchFailed(request, "the connection was reset".into()));
            } else {
                play.answer_request(request, &symbols, |_| Some((7.0, true)));
            }
        }
        play.pass(SECOND);
    }
    for symbol in ["AAPL", "MSFT"] {
        is_served_at(&play, symbol, 7.0);
    }
}

#[test]
fn after_an_outage_of_rest_every_symbol_is_served_at_once() {
    let vars = [("CREDITS_PER_DAY", "0"), ("CREDITS_PER_MINUTE", "100")];
    let (mut play, _) = Play::watching_with(&vars, "AAPL");
    for second in 0..700 {
        while let Some((request, symbols)) = play.open_calls().pop() {
            if second < 640 {
                play.input(Input::FetchFailed(request, "the connection was reset".into()));
            } else {
                play.answer_request(request, &symbols, |_| Some((7.0, true)));
            }
        }
        play.pass(SECOND);
    }
    for symbol in DEFAULT_SYMBOLS.split(',') {
        assert_eq!(price_of(&play, symbol), Some(7.0), "{symbol}");
    }
}
