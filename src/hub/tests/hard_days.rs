//! Difficult cases of links and symbols: refused in either order, silent, quiet, forgotten.

use super::*;

// REST refuses the symbol before the socket opens.
#[test]
fn a_symbol_that_rest_refuses_is_still_asked_for_on_the_websocket() {
    let (mut play, link) = Play::watching("AAPL");
    play.answer_call(|symbol| (symbol != "SPY").then_some((100.0, true))); // lands first
    play.input(Input::Opened(link));
    assert!(play.sent()[0].contains("SPY"), "{:?}", play.sent());
}

// The other order: REST refuses, then the WebSocket refuses, so nothing serves it.
#[test]
fn a_symbol_that_both_refuse_is_unavailable_in_either_order() {
    let (mut play, link) = Play::watching("SPY");
    play.input(Input::Opened(link));
    play.answer_call(|symbol| (symbol != "SPY").then_some((100.0, true)));
    let ok: Vec<&str> = DEFAULT_SYMBOLS.split(',').filter(|symbol| *symbol != "SPY").collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": items(&ok), "fails": items(&["SPY"])}),
    );
    assert_eq!(
        play.quote("SPY").service.state,
        StreamState::Unavailable,
        "{:?}",
        play.quote("SPY").service.reason
    );
}

#[test]
fn an_unavailable_symbol_names_the_plan_that_serves_it_and_when_it_is_asked_for_again() {
    let (mut play, link) = Play::watching("SPY");
    play.input(Input::Opened(link));
    let refused = json!({"code": 404, "message": "This symbol is available starting with the Grow or Venture plan. Consider upgrading", "status": "error"});
    let (request, symbols) = play.open_calls().pop().unwrap();
    let quote = |symbol: &String| json!({"symbol": symbol, "close": "100", "is_market_open": true, "last_quote_at": play.now / SECOND});
    let entry = |symbol: &String| {
        if symbol == "SPY" {
            refused.clone()
        } else {
            quote(symbol)
        }
    };
    let body = Value::Object(symbols.iter().map(|symbol| (symbol.clone(), entry(symbol))).collect());
    play.input(Input::Fetched(request, answer(200, &body)));
    let asked = play.now;
    let ok: Vec<&str> = DEFAULT_SYMBOLS.split(',').filter(|symbol| *symbol != "SPY").collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": items(&ok), "fails": items(&["SPY"])}),
    );
    let service = play.quote("SPY").service;
    assert_eq!(service.state, StreamState::Unavailable);
    assert_eq!(service.needs_plan.as_deref(), Some("Grow or Venture"));
    assert!(
        service.retry_at.is_some_and(|at| at > iso8601(asked)),
        "{:?}",
        service.reason
    );
    let other = play.quote("AAPL").service;
    assert_eq!((other.needs_plan, other.retry_at), (None, None));
}

#[test]
fn a_symbol_that_rest_refused_stays_unavailable_while_the_socket_is_down() {
    let (mut play, mut link) = Play::watching("SPY");
    play.input(Input::Lost(link, "down".into()));
    play.answer_call(|symbol| (symbol != "SPY").then_some((100.0, true)));
    for _ in 0..5 {
        assert_eq!(play.quote("SPY").service.state, StreamState::Unavailable);
        assert!(play.quote("SPY").service.reason.is_some());
        play.take();
        while play.opened_link().is_none() {
            play.pass(SECOND);
        }
        link = play.opened_link().unwrap();
        play.input(Input::Lost(link, "down".into()));
    }
    play.take();
    while play.opened_link().is_none() {
        play.pass(SECOND);
    }
    link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.frame(link, &json!({"event": "subscribe-status", "success": items(&["SPY"])}));
    assert_eq!(
        play.quote("SPY").service.state,
        StreamState::Streaming,
        "the WebSocket may have what REST has not"
    );
}

// The WebSocket accepts the symbol but sends nothing while its market is open.
#[test]
fn a_symbol_that_streams_nothing_is_polled() {
    let (mut play, link) = Play::live("AAPL");
    let mut asked = 0;
    for _ in 0..(30 * 12) {
        play.tick(link, "BTC/USD", 95_500.0);
        play.pass(5 * SECOND);
        for call in play.calls() {
            asked += call.iter().filter(|symbol| *symbol == "AAPL").count();
        }
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    let quote = play.quote("AAPL").quote;
    assert!(
        asked > 0,
        "half an hour stale with an open market, credits unused: {quote:?}"
    );
}

// Everything was refused once, because the old connection still held the credits.
#[test]
fn a_link_that_refused_everything_is_tried_again_some_day() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    let all: Vec<&str> = DEFAULT_SYMBOLS.split(',').collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "status": "error", "success": null, "fails": items(&all)}),
    );
    play.take();
    let mut tried = 0;
    for _ in 0..(6 * 360) {
        play.pass(10 * SECOND);
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        tried += play.sent().iter().filter(|frame| frame.contains("subscribe")).count();
        tried += play
            .effects
            .iter()
            .filter(|effect| matches!(effect, Effect::OpenUpstream { .. }))
            .count();
        play.take();
    }
    assert!(tried > 0, "six hours");
}

// A connection that answers heartbeats but no subscription is as good as mute: another is tried,
// after a minute, then two, then four.
#[test]
fn a_link_that_answers_no_subscription_is_given_up_for_another() {
    let (mut play, mut link) = Play::watching("AAPL");
    let mut lifetimes = Vec::new();
    for _ in 0..4 {
        play.input(Input::Opened(link));
        let opened = play.now;
        play.take();
        while !play.effects.contains(&Effect::CloseUpstream { link }) {
            assert!(play.now < opened + 20 * MINUTE, "it is kept");
            play.take();
            play.pass_with_heartbeats(link, 10 * SECOND);
        }
        lifetimes.push((play.now - opened) / MINUTE);
        assert_eq!(play.state(), FeedState::Fallback);
        play.take();
        play.pass(10 * SECOND);
        link = play.opened_link().expect("another attempt");
    }
    assert_eq!(lifetimes, [1, 2, 4, 8]);
    play.input(Input::Opened(link));
    play.accept_all(link);
    assert_eq!(play.state(), FeedState::Live);
}

/// The minutes in which SPY was asked for, and never another symbol, while the link's other symbols
/// streamed for half an hour. `answer` is what upstream says to each subscription.
fn minutes_of_asking_for_spy(play: &mut Play, link: LinkId, answer: Option<&Value>) -> Vec<u32> {
    let mut asked = Vec::new();
    for minute in 1..=31 {
        for _ in 0..12 {
            play.tick(link, "BTC/USD", 95_500.0);
            play.pass(5 * SECOND);
            let frames = play.sent();
            play.take();
            if let Some(frame) = frames.iter().find(|frame| frame.contains("subscribe")) {
                assert!(frame.contains("SPY") && !frame.contains("AAPL"), "{frame}");
                asked.push(minute);
                if let Some(answer) = answer {
                    play.frame(link, answer);
                }
            }
        }
    }
    asked
}

/// A link on which all default symbols but SPY were accepted; `fails` is what was refused.
fn all_but_spy(fails: &[&str]) -> (Play, LinkId) {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    let others: Vec<&str> = DEFAULT_SYMBOLS.split(',').filter(|symbol| *symbol != "SPY").collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": items(&others), "fails": items(fails)}),
    );
    play.take();
    (play, link)
}

fn is_polled_until_accepted(play: &mut Play, link: LinkId) {
    assert_eq!(play.quote("SPY").service.state, StreamState::Polled);
    play.frame(link, &json!({"event": "subscribe-status", "success": items(&["SPY"])}));
    assert_eq!(play.quote("SPY").service.state, StreamState::Streaming);
}

// Found by the simulation (seed 606): other symbols streamed on the link for an hour, and for that
// hour the default ones, which had been refused, were polled.
#[test]
fn a_symbol_that_was_refused_is_asked_for_again_on_the_same_link() {
    let (mut play, link) = all_but_spy(&["SPY"]);
    let refusal = json!({"event": "subscribe-status", "success": null, "fails": items(&["SPY"])});
    assert_eq!(minutes_of_asking_for_spy(&mut play, link, Some(&refusal)), [15, 30]);
    is_polled_until_accepted(&mut play, link);
}

// Found by the simulation (seed 81288): the answers to two subscriptions were garbled on the way,
// and for a quarter of an hour nobody asked again.
#[test]
fn a_symbol_that_was_not_answered_is_asked_for_twice_a_minute() {
    let (mut play, link) = all_but_spy(&[]);
    let asked = minutes_of_asking_for_spy(&mut play, link, None);
    assert!((58..=62).contains(&asked.len()), "{asked:?}");
    is_polled_until_accepted(&mut play, link);
}

// What is asked for again may be accepted, so it needs a free slot; between two attempts the slot
// belongs to who waits for one, and stays there.
#[test]
fn a_symbol_that_upstream_never_answers_keeps_no_slot_from_others() {
    let (mut play, link) = all_but_spy(&[]);
    play.input(Input::joined(BOB, Dialect::Plain));
    play.pass_with_heartbeats(link, 25 * SECOND);
    play.subscribe(BOB, "TSLA");
    let mut since = None;
    for second in 0..300 {
        play.tick(link, "BTC/USD", 95_500.0);
        play.pass(SECOND);
        let frames = play.sent();
        play.take();
        if frames
            .iter()
            .any(|frame| frame.contains("TSLA") && frame.contains("\"subscribe\""))
        {
            play.frame(link, &json!({"event": "subscribe-status", "success": items(&["TSLA"])}));
        }
        let streams = play.quote("TSLA").service.state == StreamState::Streaming;
        assert!(streams || since.is_none(), "it lost its stream after {second} s");
        since = since.or(streams.then_some(second));
    }
    assert!(since.is_some_and(|second| second < 60), "{since:?}");
}

// Only thinly traded symbols that trade around the clock: the link must not be reset repeatedly.
#[test]
fn a_quiet_open_market_does_not_cycle_the_link_for_ever() {
    let (mut play, mut link) = Play::live_with(&[("SYMBOLS", "GRT/BTC")], "GRT/BTC");
    let mut opened = 0;
    for second in 0..3_600u64 {
        play.pass(SECOND);
        if let Some(next) = play.opened_link() {
            opened += 1;
            link = next;
            play.input(Input::Opened(link));
        }
        if play.sent().iter().any(|frame| frame.contains("\"subscribe\"")) {
            play.frame(
                link,
                &json!({"event": "subscribe-status", "success": [{"symbol": "GRT/BTC", "type": "Digital Currency"}]}),
            );
        }
        if second % 10 == 0 {
            play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        }
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    assert!(opened <= 12, "{opened} reconnects in an hour");
}

// One client must not make the hub send more than 100 messages a minute upstream.
#[test]
fn upstream_hears_fewer_than_a_hundred_messages_a_minute() {
    let (mut play, link) = Play::live_with(
        &[
            ("SYMBOL_LIMIT", "500"),
            ("CREDITS_PER_MINUTE", "600"),
            ("CREDITS_PER_DAY", "0"),
        ],
        "AAPL",
    );
    let mut sent: Vec<Millis> = Vec::new();
    for second in 0..240u32 {
        let message =
            |action: &str, n: u32| json!({"action": action, "params": {"symbols": format!("S{n}")}}).to_string();
        play.input(Input::Said(ALICE, message("subscribe", second)));
        play.input(Input::Said(ALICE, message("unsubscribe", second)));
        for _ in 0..10 {
            play.pass(100);
            for frame in play.sent() {
                let frame: Value = serde_json::from_str(&frame).unwrap();
                sent.push(play.now);
                if frame["action"] == "subscribe" {
                    let list: Vec<Value> = frame["params"]["symbols"]
                        .as_str()
                        .unwrap()
                        .split(',')
                        .map(|symbol| json!({"symbol": symbol}))
                        .collect();
                    play.frame(link, &json!({"event": "subscribe-status", "success": list}));
                }
            }
            if !play.calls().is_empty() {
                play.answer_call(|_| Some((100.0, true)));
            }
            play.take();
        }
        play.tick(link, "AAPL", 100.0);
    }
    let most = sent
        .iter()
        .map(|at| sent.iter().filter(|other| (*at..*at + MINUTE).contains(*other)).count())
        .max()
        .unwrap();
    assert!(most <= 100, "{most} messages in a minute");
}

// After a restart with the upstream unreachable, a rejoined client is told that its price is stale.
#[test]
fn a_rejoined_client_learns_that_its_quote_is_stale() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    let stored = before.left_behind();
    let mut play = Play::restored(config(&[]), &stored, before.now + 2 * SECOND);
    play.input(Input::Rejoined(ALICE, record(&["AAPL"])));
    let mut heard = Vec::new();
    for _ in 0..120 {
        heard.extend(play.heard_events(ALICE, "price_update"));
        let calls = play.requests();
        let link = play.opened_link();
        play.take();
        if let Some(link) = link {
            play.input(Input::Lost(link, "down".into()));
        }
        for request in calls {
            play.input(Input::FetchFailed(request, "down".into()));
        }
        play.pass(5 * SECOND);
    }
    assert!(
        heard.iter().any(|update| update["freshness"] == "stale"),
        "ten minutes, told: {heard:?}"
    );
}

// A client is told if its symbol finds no room after a restart.
#[test]
fn a_rejoined_client_is_told_of_a_symbol_without_room() {
    let (mut before, _) = Play::live_with(&[("EXTRA_SYMBOLS", "1")], "AAPL,OLD");
    before.pass(MINUTE);
    before.answer_call(|_| Some((100.0, true)));
    let stored = before.left_behind();
    // Later NEW replaced OLD; then the object was lost before the next checkpoint.
    let mut play = Play::restored(config(&[("EXTRA_SYMBOLS", "1")]), &stored, before.now + 20 * SECOND);
    play.input(Input::Rejoined(ALICE, record(&["NEW"])));
    let told = play.heard(ALICE).iter().any(|frame| frame.to_string().contains("NEW"));
    assert!(told || !play.watched(ALICE).is_empty(), "neither watched nor told");
}

// A polled symbol must have a reason.
#[test]
fn polled_says_why() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "BTC/USD,NOPE")], "NOPE");
    for _ in 0..9 {
        play.pass_with_heartbeats(link, 10 * SECOND);
        play.tick(link, "BTC/USD", 95_500.0);
        while let Some((request, symbols)) = play.open_calls().pop() {
            play.answer_request(request, &symbols, |symbol| (symbol != "NOPE").then_some((100.0, true)));
        }
    }
    assert_eq!(play.quote("NOPE").service.state, StreamState::Unavailable);
    play.take();
    for _ in 0..(70 * 6) {
        play.pass_with_heartbeats(link, 10 * SECOND);
        play.tick(link, "BTC/USD", 95_500.0);
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
    }
    let view = play.quote("NOPE");
    assert!(
        view.service.state != StreamState::Polled || view.service.reason.is_some(),
        "{view:?}"
    );
}

// A single pinned symbol, and messages that name no exchange.
#[test]
fn a_pinned_symbol_takes_messages_without_exchange_if_it_is_the_only_one() {
    let (mut play, link) = Play::live_with(&[("SYMBOLS", "BTC/USD:Binance,AAPL")], "BTC/USD:Binance");
    play.frame(
        link,
        &json!({"event": "price", "symbol": "BTC/USD", "price": 95500.0, "timestamp": play.now / 1000}),
    );
    assert_eq!(play.quote("BTC/USD:Binance").quote.price, Some(95500.0));
}

// A refused key and a viewer: no timer keeps the object awake, so the platform hibernates it after
// ten seconds, and each alarm finds a new machine.
#[test]
fn a_refusal_survives_hibernation() {
    let no = json!({"code": 401, "message": "**apikey** parameter is incorrect or not specified.", "status": "error"});
    let mut stored = Stored::default();
    let mut now = NOON;
    let mut attempts = Vec::new();
    for life in 0..10 {
        let mut play = Play::restored(config(&[]), &stored, now);
        if life == 0 {
            play.input(Input::joined(ALICE, Dialect::Plain));
            play.subscribe(ALICE, "AAPL");
        } else {
            play.input(Input::Rejoined(ALICE, record(&["AAPL"])));
            play.input(Input::Time);
        }
        for _ in 0..5 {
            let links: Vec<LinkId> = play
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::OpenUpstream { link } => Some(*link),
                    _ => None,
                })
                .collect();
            let calls = play.requests();
            for effect in play.take() {
                match effect {
                    Effect::SaveCheckpoint(row) => stored.checkpoint = Some(row),
                    Effect::SaveCredits(row) => stored.credits = Some(row),
                    _ => {}
                }
            }
            for link in links {
                attempts.push(now - NOON);
                play.input(Input::Refused(link, 401, no.to_string()));
            }
            for request in calls {
                play.input(Input::Fetched(request, answer(401, &no)));
            }
        }
        if play.hub.timer_at().is_some() {
            return; // a pending timer keeps it in memory
        }
        now = play.hub.alarm_at().expect("the alarm wakes it");
    }
    assert!(
        attempts.len() <= 1 + ((now - NOON) / (15 * MINUTE)) as usize,
        "tried in {} s: at {attempts:?} ms",
        (now - NOON) / SECOND
    );
}

// Upgrades that hang take 20 s each; the next wait must not be added in full.
#[test]
fn attempts_are_never_more_than_a_minute_apart_however_they_fail() {
    let (mut play, mut link) = Play::watching("AAPL");
    let mut last = play.now;
    for attempt in 0..40 {
        play.take();
        match attempt % 3 {
            0 => play.input(Input::Lost(link, "connection refused".into())),
            1 => play.input(Input::Opened(link)), // and not a word more
            _ => {}
        }
        while play.opened_link().is_none() {
            play.pass(SECOND);
        }
        link = play.opened_link().unwrap();
        assert!(
            play.now - last <= 61 * SECOND,
            "attempt {attempt}: {} ms",
            play.now - last
        );
        last = play.now;
    }
}
