//! What operators see: metrics, the log and advice. Also that the cron trigger restores a lost
//! alarm without waking a hub that nobody watches.

use super::*;

/// Lines logged since effects were last taken.
fn logged(play: &mut Play) -> Vec<Value> {
    let effects = play.take();
    let lines = effects.iter().filter_map(|effect| match effect {
        Effect::Log(line) => Some(serde_json::from_str(line).expect("a JSON object")),
        _ => None,
    });
    lines.collect()
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

/// The value of one series.
fn metric(play: &Play, series: &str) -> f64 {
    let text = play.hub.metrics(&EdgeCounts::default(), play.now);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in:\n{text}"))
        .parse()
        .unwrap()
}

fn advice(play: &Play) -> Vec<Advice> {
    play.hub.status(play.now).advice
}

fn about<'a>(advice: &'a [Advice], what: &str) -> &'a Advice {
    let found = advice.iter().find(|one| one.about == what);
    found.unwrap_or_else(|| panic!("nothing about {what}: {advice:?}"))
}

#[test]
fn metrics_count_what_came_in_and_what_went_out() {
    let (mut play, link) = Play::live("AAPL,BTC/USD");
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "AAPL");
    play.tick(link, "AAPL", 100.0);
    let frames = metric(&play, "hamster_frames_sent_total");
    let updates = metric(&play, "hamster_updates_sent_total");
    play.pass(SECOND);
    play.tick(link, "AAPL", 101.0);
    play.frame(
        link,
        &json!({"event": "price", "symbol": "AAPL", "price": 99.0, "timestamp": play.now / SECOND - 90}),
    );
    play.frame(
        link,
        &json!({"event": "price", "symbol": "NOBODY", "price": 1.0, "timestamp": play.now / SECOND}),
    );
    play.input(Input::Frame(link, "{\"event\":".to_owned()));
    play.input(Input::Said(ALICE, "{".to_owned()));
    for (series, value) in [
        ("hamster_ticks_total", 4.0),
        ("hamster_ticks_dropped_total{reason=\"late\"}", 1.0),
        ("hamster_ticks_dropped_total{reason=\"unknown_symbol\"}", 1.0),
        ("hamster_tick_age_seconds_bucket{le=\"1\"}", 3.0),
        ("hamster_tick_age_seconds_bucket{le=\"60\"}", 3.0),
        ("hamster_tick_age_seconds_bucket{le=\"300\"}", 4.0),
        ("hamster_tick_age_seconds_count", 4.0),
        ("hamster_parse_failures_total{of=\"upstream\"}", 1.0),
        ("hamster_parse_failures_total{of=\"client\"}", 1.0),
        ("hamster_viewers{dialect=\"plain\"}", 1.0),
        ("hamster_viewers{dialect=\"hamster.v1\"}", 1.0),
        ("hamster_channels", 1.0),
        ("hamster_feed_state{state=\"live\"}", 1.0),
        ("hamster_feed_state{state=\"refused\"}", 0.0),
        ("hamster_symbols{state=\"streaming\"}", 8.0),
        ("hamster_credits_used{window=\"minute\"}", 8.0),
        ("hamster_credits_limit{window=\"day\"}", 800.0),
        ("hamster_storage_rows_written_total{row=\"credits\"}", 1.0),
        // One of the two receivers is plain, and was sent an error too.
        ("hamster_updates_sent_total", updates + 2.0),
        ("hamster_frames_sent_total", frames + 3.0),
    ] {
        assert_eq!(metric(&play, series), value, "{series}");
    }
}

#[test]
fn every_frame_that_is_sent_is_counted() {
    let (mut play, link) = Play::live("AAPL,BTC/USD");
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "AAPL,TSLA");
    let before = metric(&play, "hamster_frames_sent_total");
    play.take();
    for price in 0..20u32 {
        play.pass(SECOND);
        play.tick(link, "AAPL", 100.0 + f64::from(price));
        play.tick(link, "BTC/USD", 95_000.0 + f64::from(price));
    }
    play.input(Input::Said(BOB, r#"{"action":"time","id":1}"#.to_owned()));
    play.input(Input::Lost(link, "down".to_owned()));
    play.pass(SECOND);
    let told = play.told.len() as f64;
    assert_eq!(metric(&play, "hamster_frames_sent_total"), before + told);
}

#[test]
fn a_state_is_one_series_and_losses_have_their_reason() {
    let (mut play, link) = Play::live("AAPL");
    let since = play.now;
    play.input(Input::Lost(
        link,
        "the upstream closed the connection (1006)".to_owned(),
    ));
    play.take();
    play.pass(10 * SECOND);
    let link = play.opened_link().expect("a second attempt");
    play.input(Input::Lost(link, "the upstream could not be reached".to_owned()));
    play.take();
    play.pass(10 * SECOND);
    let link = play.opened_link().expect("a third attempt");
    play.input(Input::Refused(link, 401, String::new()));
    for state in FeedState::ALL {
        let series = format!("hamster_feed_state{{state=\"{}\"}}", state.name());
        assert_eq!(metric(&play, &series) > 0.0, state == FeedState::Refused, "{series}");
    }
    for (loss, times) in [
        (DownReason::Closed, 1.0),
        (DownReason::Unreachable, 1.0),
        (DownReason::Key, 1.0),
        (DownReason::Silent, 0.0),
    ] {
        let series = format!("hamster_feed_reconnects_total{{reason=\"{}\"}}", loss.name());
        assert_eq!(metric(&play, &series), times, "{series}");
    }
    assert_eq!(play.hub.status(play.now).reconnects, 3);
    assert!(play.now > since);
    play.pass(7 * SECOND);
    assert_eq!(metric(&play, "hamster_feed_state_age_seconds"), 7.0);
}

// A scraper that comes every 15 s must not keep the feed open.
#[test]
fn whoever_scrapes_is_no_reader() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::Left(ALICE));
    play.take();
    for _ in 0..(10 * MINUTE / (15 * SECOND)) {
        play.pass(15 * SECOND);
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        metric(&play, "hamster_ticks_total");
        play.input(Input::Time);
    }
    assert_eq!(play.state(), FeedState::Idle);
    assert_eq!((play.hub.alarm_at(), play.hub.timer_at()), (None, None));
}

#[test]
fn each_change_of_the_feed_is_one_line_and_ticks_are_none() {
    let mut play = Play::new();
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "AAPL");
    let link = play.opened_link().unwrap();
    let lines = logged(&mut play);
    assert_eq!(events(&lines), ["start", "feed"]);
    assert_eq!(
        (&lines[0]["level"], &lines[0]["restored_quotes"]),
        (&json!("info"), &json!(0))
    );
    assert!(lines[0]["epoch"].is_u64() && lines[0]["version"].is_string());
    assert_eq!(
        (&lines[1]["state"], &lines[1]["from"]),
        (&json!("connecting"), &json!("idle"))
    );
    play.input(Input::Opened(link));
    play.accept_all(link);
    let lines = logged(&mut play);
    assert_eq!(
        (events(&lines), &lines[0]["state"]),
        (vec!["feed", "symbols"], &json!("live"))
    );
    assert_eq!(
        (&lines[1]["streaming"], &lines[1]["pending"], &lines[1]["level"]),
        (&json!(8), &json!(0), &json!("info"))
    );
    for second in 0..600u32 {
        play.pass(SECOND);
        play.tick(link, "AAPL", f64::from(100 + second));
    }
    let lines = logged(&mut play);
    assert!(lines.iter().all(|line| line["event"] == "rest"), "{lines:?}");
    play.input(Input::Lost(
        link,
        "the upstream closed the connection (1006)".to_owned(),
    ));
    // It continues to fail, which is the same state.
    for _ in 0..100 {
        play.pass(10 * SECOND);
        if let Some(link) = play.opened_link() {
            play.input(Input::Lost(link, "the upstream could not be reached".to_owned()));
        }
    }
    let mut lines = logged(&mut play);
    lines.retain(|line| line["event"] != "rest");
    assert_eq!(events(&lines), ["feed"], "{lines:?}");
    let line = &lines[0];
    assert_eq!(
        (&line["level"], &line["state"], &line["cause"]),
        (&json!("warn"), &json!("fallback"), &json!("closed"))
    );
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .contains("closed the connection (1006)")
    );
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn symbols_that_upstream_refuses_are_one_line_with_the_reason_and_a_reconnect_is_none() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    play.take();
    let names = ["AAPL", "MSFT"].map(|symbol| json!({"symbol": symbol}));
    let others = ["BTC/USD", "ETH/USD", "NVDA", "SPY", "EUR/USD", "GBP/USD"];
    let fails = others.map(|symbol| json!({"symbol": symbol}));
    let status = json!({"event": "subscribe-status", "status": "warning", "success": names, "fails": fails});
    play.frame(link, &status);
    let lines = logged(&mut play);
    let lines: Vec<&Value> = lines.iter().filter(|line| line["event"] == "symbols").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let message = lines[0]["message"].as_str().unwrap();
    assert!(message.contains("AAPL streaming; MSFT streaming; "), "{message}");
    assert!(message.contains("SPY polled ("), "{message}");
    assert_eq!((&lines[0]["streaming"], &lines[0]["polled"]), (&json!(2), &json!(6)));
    play.input(Input::Lost(
        link,
        "the upstream closed the connection (1000)".to_owned(),
    ));
    play.pass(10 * SECOND);
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.frame(link, &status);
    play.pass_with_heartbeats(link, 20 * SECOND);
    let lines = logged(&mut play);
    assert!(lines.iter().all(|line| line["event"] != "symbols"), "{lines:?}");
}

// A client asks for one symbol after another.
#[test]
fn what_clients_ask_for_does_not_fill_the_log() {
    let (mut play, link) = Play::live("AAPL");
    play.take();
    for number in 0..100 {
        let symbol = format!("SYM{number}");
        play.subscribe(ALICE, &symbol);
        play.pass(SECOND);
        play.frame(
            link,
            &json!({"event": "subscribe-status", "status": "error", "success": null, "fails": [{"symbol": symbol}]}),
        );
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
    }
    let lines = logged(&mut play);
    let about: Vec<&Value> = lines.iter().filter(|line| line["event"] == "symbols").collect();
    assert!((5..=11).contains(&about.len()), "{about:?}");
}

#[test]
fn storage_and_rest_are_logged_when_they_break_and_when_they_work_again() {
    let (mut play, _) = Play::watching("AAPL");
    let request = play.requests().pop().unwrap();
    play.take();
    for _ in 0..3 {
        play.input(Input::Stored(Some("database or disk is full".to_owned())));
    }
    play.input(Input::Stored(None));
    let lines = logged(&mut play);
    assert_eq!(events(&lines), ["storage", "storage"]);
    assert_eq!(
        (&lines[0]["level"], &lines[0]["works"]),
        (&json!("error"), &json!(false))
    );
    assert_eq!((&lines[1]["level"], &lines[1]["works"]), (&json!("info"), &json!(true)));
    assert_eq!(metric(&play, "hamster_storage_failures_total"), 3.0);
    play.input(Input::FetchFailed(request, "no answer within 10 s".to_owned()));
    play.pass(10 * SECOND);
    let lines = logged(&mut play);
    assert_eq!(events(&lines), ["rest"], "{lines:?}");
}

// Somebody opens a thousand connections and floods on each.
#[test]
fn clients_that_are_thrown_out_make_one_line_a_minute() {
    let (mut play, link) = Play::live("AAPL");
    let mut lines = Vec::new();
    for number in 0..1_000u32 {
        let client = ClientId(1_000 + number);
        play.input(Input::joined(client, Dialect::Plain));
        for _ in 0..61 {
            play.input(Input::Said(client, "{".to_owned()));
        }
        play.pass(120);
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        lines.append(&mut logged(&mut play));
    }
    play.pass_with_heartbeats(link, 2 * MINUTE);
    lines.append(&mut logged(&mut play));
    lines.retain(|line| line["event"] == "clients_closed");
    let closed: u64 = lines.iter().map(|line| line["flooding"].as_u64().unwrap()).sum();
    assert_eq!(closed, 1_000);
    assert!(lines.len() <= 4, "in four minutes {} lines", lines.len());
    assert_eq!(
        metric(&play, "hamster_clients_expelled_total{reason=\"flood\"}"),
        1_000.0
    );
}

#[test]
fn what_upstream_says_does_not_fill_the_log() {
    let (mut play, link) = Play::watching("AAPL");
    play.take();
    let body = json!({"code": 401, "message": "no ".repeat(5_000), "status": "error"});
    play.input(Input::Refused(link, 401, body.to_string()));
    let lines = logged(&mut play);
    assert_eq!(
        (&lines[0]["state"], &lines[0]["level"]),
        (&json!("refused"), &json!("error"))
    );
    assert!(lines[0]["message"].as_str().unwrap().len() <= 500);
}

#[test]
fn a_healthy_hub_needs_no_advice() {
    let (mut play, link) = Play::live("AAPL");
    for symbol in DEFAULT_SYMBOLS.split(',') {
        play.tick(link, symbol, 101.0);
    }
    assert_eq!(advice(&play), []);
    assert_eq!(advice(&Play::new()), [], "nor does one that sleeps");
}

#[test]
fn each_trouble_of_the_feed_says_what_to_do() {
    let refused = |status: u16, message: &'static str| {
        move |link: LinkId| Input::Refused(link, status, json!({"code": status, "message": message}).to_string())
    };
    type Trouble = Box<dyn Fn(LinkId) -> Input>;
    let cases: [(bool, Trouble, FeedState, &str); 7] = [
        (
            true,
            Box::new(|link| Input::Lost(link, "closed (1006)".into())),
            FeedState::Fallback,
            "another client uses the same key",
        ),
        (
            false,
            Box::new(|link| Input::Lost(link, "not reached".into())),
            FeedState::Fallback,
            "TWELVE_DATA_WS_URL",
        ),
        (
            false,
            Box::new(refused(401, "apikey is incorrect")),
            FeedState::Refused,
            "wrangler secret put TWELVE_DATA_API_KEY",
        ),
        (
            false,
            Box::new(refused(403, "available exclusively with pro plans")),
            FeedState::Refused,
            "plan with WebSocket access",
        ),
        (
            false,
            Box::new(refused(400, "bad request")),
            FeedState::Refused,
            "SYMBOLS",
        ),
        (
            false,
            Box::new(refused(503, "maintenance")),
            FeedState::Fallback,
            "by itself",
        ),
        (
            false,
            Box::new(refused(429, "run out of API credits for the current minute")),
            FeedState::Fallback,
            "by itself",
        ),
    ];
    for (open, trouble, state, todo) in cases {
        let (mut play, link) = Play::watching("AAPL");
        if open {
            play.input(Input::Opened(link));
            play.accept_all(link);
        }
        play.input(trouble(link));
        assert_eq!(play.state(), state, "{todo}");
        let advice = advice(&play);
        let advice = about(&advice, "feed");
        assert!(advice.todo.contains(todo), "{todo}: {advice:?}");
        assert!(advice.wrong.starts_with(state.name()), "{advice:?}");
    }
}

#[test]
fn silence_muteness_and_a_plan_without_streaming_say_what_to_do() {
    let (mut play, link) = Play::live("AAPL");
    play.pass(25 * SECOND);
    assert!(
        about(&advice(&play), "feed").todo.contains("new connection by itself"),
        "silent"
    );
    assert_eq!(metric(&play, "hamster_feed_reconnects_total{reason=\"silent\"}"), 1.0);
    let _ = link;

    let (mut play, link) = Play::live("AAPL");
    play.pass_with_heartbeats(link, 70 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled);
    assert!(
        about(&advice(&play), "feed").todo.contains("whether the markets"),
        "mute"
    );
    play.pass_with_heartbeats(link, 30 * SECOND);
    assert_eq!(metric(&play, "hamster_feed_reconnects_total{reason=\"mute\"}"), 1.0);

    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    let all: Vec<&str> = DEFAULT_SYMBOLS.split(',').collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": null, "fails": items(&all)}),
    );
    assert!(about(&advice(&play), "feed").todo.contains("SYMBOL_LIMIT"));

    let (mut play, _) = Play::watching("AAPL");
    play.pass(21 * SECOND);
    assert!(about(&advice(&play), "feed").todo.contains("by itself"), "unanswered");
    assert_eq!(
        metric(&play, "hamster_feed_reconnects_total{reason=\"unanswered\"}"),
        1.0
    );
}

#[test]
fn a_refusal_that_outlives_the_object_is_still_advised_on() {
    let (mut before, link) = Play::watching("AAPL");
    before.input(Input::Refused(link, 401, String::new()));
    let mut play = Play::restored(config(&[]), &before.left_behind(), before.now + MINUTE);
    play.input(Input::joined(ALICE, Dialect::Plain));
    assert!(about(&advice(&play), "feed").todo.contains("TWELVE_DATA_API_KEY"));
}

#[test]
fn storage_credits_rest_and_symbols_say_what_to_do() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Stored(Some("database or disk is full".to_owned())));
    assert!(about(&advice(&play), "storage").todo.contains("dashboard"));

    let request = play.requests().pop().unwrap();
    let key = json!({"code": 401, "message": "apikey is incorrect", "status": "error"});
    play.input(Input::Fetched(request, answer(401, &key)));
    assert!(about(&advice(&play), "rest").todo.contains("TWELVE_DATA_API_KEY"));
    assert_eq!(metric(&play, "hamster_rest_failures_total{reason=\"refused\"}"), 1.0);

    play.input(Input::Opened(link));
    play.accept_as_the_free_plan_does(link);
    let told = advice(&play);
    let symbols = about(&told, "symbols");
    assert_eq!(
        symbols.wrong,
        "ETH/USD, MSFT, NVDA, SPY, GBP/USD: each does not stream and is polled by REST"
    );

    let (mut play, _) = Play::watching("AAPL");
    let request = play.requests().pop().unwrap();
    let day = json!({"code": 429, "message": "You have run out of API credits for the day.", "status": "error"});
    play.input(Input::Fetched(request, answer(429, &day)));
    assert!(about(&advice(&play), "credits").todo.contains("midnight UTC"));
}

// The platform dropped the alarm after six failures, and nobody is connected any more.
#[test]
fn a_poke_sets_a_lost_alarm_again() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    before.input(Input::Left(ALICE));
    let mut play = Play::restored(config(&[]), &before.left_behind(), before.now + MINUTE);
    assert_eq!(play.hub.alarm_at(), None, "a new life of the object knows of none");
    play.input(Input::Time);
    assert!(play.hub.alarm_at().is_some_and(|at| at <= play.now + 30 * SECOND));
    assert!(play.opened_link().is_some(), "somebody was here a minute ago");
}

#[test]
fn a_poke_costs_a_hub_that_nobody_wants_nothing() {
    let (mut before, link) = Play::live("AAPL");
    before.tick(link, "AAPL", 101.0);
    before.input(Input::Left(ALICE));
    let stored = before.left_behind();
    let mut play = Play::restored(config(&[]), &stored, before.now + DAY);
    for _ in 0..60 {
        play.input(Input::Time);
        play.now += MINUTE;
    }
    assert_eq!(play.effects, [], "no row, no call, no connection, no line");
    assert_eq!((play.hub.alarm_at(), play.hub.timer_at()), (None, None));
}
