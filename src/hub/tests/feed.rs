//! The upstream connection.

use super::*;

fn heartbeats(frames: &[String]) -> usize {
    frames.iter().filter(|frame| frame.contains("heartbeat")).count()
}

#[test]
fn sleeps_until_somebody_comes_and_again_300_s_after_the_last_one_left() {
    let mut play = Play::new();
    play.input(Input::Time);
    assert_eq!(
        (play.state(), play.hub.alarm_at(), play.hub.timer_at()),
        (FeedState::Idle, None, None)
    );

    play.input(Input::joined(ALICE, Dialect::Plain));
    assert_eq!(play.state(), FeedState::Connecting);
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.accept_all(link);
    assert_eq!(play.state(), FeedState::Live);

    play.input(Input::Left(ALICE));
    play.pass_with_heartbeats(link, 290 * SECOND);
    assert_eq!(play.hub.upstream.feed.open_link(), Some(link));
    play.take();
    play.pass(11 * SECOND);
    assert!(play.effects.contains(&Effect::CloseUpstream { link }));
    assert_eq!(
        (play.state(), play.hub.alarm_at(), play.hub.timer_at()),
        (FeedState::Idle, None, None)
    );

    play.input(Input::Waiter(WaiterId(1), Question::Quotes(Vec::new())));
    assert_ne!(play.opened_link(), Some(link), "a reader wakes it too");
}

#[test]
fn says_everything_in_one_subscribe_frame() {
    let (mut play, link) = Play::watching("AAPL,BTC/USD");
    play.input(Input::Opened(link));
    let expected = format!(r#"{{"action":"subscribe","params":{{"symbols":"{DEFAULT_SYMBOLS}"}}}}"#);
    assert_eq!(play.sent(), [expected]);
}

#[test]
fn beats_every_ten_seconds_and_gives_up_after_twenty_of_silence() {
    let (mut play, link) = Play::live("AAPL");
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert_eq!(heartbeats(&play.sent()), 6);
    play.take();
    play.pass(20 * SECOND);
    assert!(play.effects.contains(&Effect::CloseUpstream { link }));
    assert_eq!(play.state(), FeedState::Fallback);
    assert!(
        play.hub
            .upstream
            .feed
            .status()
            .reason
            .starts_with("nothing heard for 20 s"),
        "{}",
        play.hub.upstream.feed.status().reason
    );
}

#[test]
fn reconnects_five_seconds_after_any_close_a_clean_one_too() {
    for how in ["closed (1000)", "closed (1006)"] {
        let (mut play, link) = Play::live("AAPL");
        play.input(Input::Lost(link, how.into()));
        assert_eq!(play.state(), FeedState::Fallback);
        play.take();
        play.pass(3_999);
        assert_eq!(play.opened_link(), None);
        play.pass(2_001);
        let next = play.opened_link().expect("5 s ± 20 %");
        assert_ne!(next, link);
        play.input(Input::Opened(next));
        assert!(
            play.sent().iter().any(|frame| frame.contains("subscribe")),
            "replays its subscriptions"
        );
    }
}

#[test]
fn backs_off_after_six_failures_up_to_a_minute_and_starts_over_after_health() {
    let (mut play, mut link) = Play::watching("AAPL");
    let mut delays = Vec::new();
    for _ in 0..12 {
        play.input(Input::Lost(link, "refused".into()));
        let lost = play.now;
        play.take();
        while play.opened_link().is_none() {
            play.pass(100);
        }
        delays.push(play.now - lost);
        link = play.opened_link().unwrap();
    }
    for (delay, nominal) in delays.iter().zip([5, 5, 5, 5, 5, 5, 10, 20, 40, 60, 60, 60]) {
        let nominal = nominal * SECOND;
        assert!(
            (nominal * 8 / 10..=nominal * 12 / 10 + 100).contains(delay),
            "{delay} for {nominal}"
        );
    }
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.pass_with_heartbeats(link, 40 * SECOND);
    play.input(Input::Lost(link, "closed".into()));
    let next = play.hub.upstream.feed.retry_deadline().unwrap() - play.now;
    assert!(next <= 6 * SECOND, "{next}");
}

#[test]
fn a_mute_feed_is_reset_then_dropped() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.take();
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled);
    play.pass(SECOND);
    let sent = play.sent();
    let reset = sent.iter().position(|frame| frame.contains("reset")).expect("a reset");
    assert!(
        sent[reset..].iter().any(|frame| frame.contains("subscribe")),
        "and subscribed anew"
    );
    play.pass_with_heartbeats(link, 20 * SECOND);
    assert!(play.effects.contains(&Effect::CloseUpstream { link }));
    assert_eq!(play.state(), FeedState::Fallback);
}

// Found by the simulation (seed 184): a mute feed was called live when it could subscribe again,
// without a price.
#[test]
fn a_mute_feed_that_must_be_quiet_for_a_while_is_not_live_before_a_tick() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.pass_with_heartbeats(link, 61 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled);
    let text = "The server received 103 events from you, which exceeds the limit of 100 events per minute.";
    play.frame(
        link,
        &json!({"event": "message-processing", "status": "error", "messages": [text]}),
    );
    assert_eq!(play.state(), FeedState::Fallback);
    play.take();
    play.pass_with_heartbeats(link, 80 * SECOND);
    assert!(play.sent().iter().any(|frame| frame.contains("subscribe")), "now again");
    play.accept_all(link);
    assert_eq!(play.state(), FeedState::Fallback, "it says nothing still");
    play.tick(link, "AAPL", 102.0);
    assert_eq!(play.state(), FeedState::Live);
}

#[test]
fn a_tick_after_the_reset_makes_it_live_again() {
    let (mut play, link) = Play::live("AAPL");
    play.tick(link, "AAPL", 101.0);
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert_eq!(play.state(), FeedState::Stalled);
    play.tick(link, "AAPL", 102.0);
    assert_eq!(play.state(), FeedState::Live);
}

#[test]
fn closed_markets_owe_no_ticks() {
    let (mut play, link) = Play::watching("AAPL");
    play.answer_call(|_| Some((100.0, false)));
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.pass_with_heartbeats(link, 600 * SECOND);
    assert_eq!(
        (play.state(), play.hub.upstream.feed.open_link()),
        (FeedState::Live, Some(link))
    );
}

#[test]
fn a_refused_key_is_not_hammered_whatever_form_the_refusal_has() {
    let no = json!({"code": 401, "message": "**apikey** parameter is incorrect or not specified. You can…", "status": "error"});
    for (status, body) in [
        (200, no.to_string()),
        (401, no.to_string()),
        (401, String::new()),
        (403, String::new()),
        (400, "x".into()),
    ] {
        let (mut play, link) = Play::watching("AAPL");
        play.input(Input::Refused(link, status, body));
        assert_eq!(play.state(), FeedState::Refused, "{status}");
        play.take();
        play.pass(14 * MINUTE);
        assert_eq!(play.opened_link(), None, "{status}");
        play.pass(2 * MINUTE);
        assert!(play.opened_link().is_some(), "{status}");
    }
}

#[test]
fn going_to_sleep_and_waking_up_does_not_hammer_a_refusing_upstream() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Refused(link, 401, String::new()));
    play.input(Input::Left(ALICE));
    play.pass(6 * MINUTE);
    play.take();
    play.input(Input::joined(BOB, Dialect::Plain));
    assert_eq!((play.opened_link(), play.state()), (None, FeedState::Refused));
}

#[test]
fn a_busy_upstream_is_tried_again_soon() {
    for status in [429, 500, 503, 302] {
        let (mut play, link) = Play::watching("AAPL");
        play.input(Input::Refused(link, status, String::new()));
        assert_eq!(play.state(), FeedState::Fallback, "{status}");
        play.take();
        play.pass(6 * SECOND + 1);
        assert!(play.opened_link().is_some(), "{status}");
    }
}

#[test]
fn success_and_fails_are_sets_in_any_shape() {
    let shapes = [
        json!({"event": "subscribe-status", "status": "ok", "success": [{"symbol": "AAPL"}], "fails": null}),
        json!({"event": "subscribe-status", "status": "ok", "success": [{"symbol": "AAPL", "exchange": "NASDAQ", "type": "Common Stock"}], "fails": []}),
        json!({"event": "subscribe-status", "success": ["AAPL"], "fails": [{"symbol": "SPY"}]}),
        json!({"event": "subscribe-status", "status": "error", "success": [{"symbol": "AAPL"}], "fails": [{"symbol": "SPY"}, 7, null]}),
    ];
    for shape in shapes {
        let (mut play, link) = Play::watching("AAPL,SPY");
        play.input(Input::Opened(link));
        play.frame(link, &shape);
        assert_eq!(play.quote("AAPL").service.state, StreamState::Streaming, "{shape}");
        let spy = play.quote("SPY").service.state;
        assert_eq!(
            spy == StreamState::Polled,
            shape["fails"].to_string().contains("SPY"),
            "{shape}"
        );
        assert_eq!(play.state(), FeedState::Live);
    }
}

#[test]
fn a_feed_that_accepts_nothing_is_no_live_feed() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    let fails: Vec<Value> = DEFAULT_SYMBOLS
        .split(',')
        .map(|symbol| json!({"symbol": symbol}))
        .collect();
    play.frame(
        link,
        &json!({"event": "subscribe-status", "status": "error", "success": null, "fails": fails}),
    );
    assert_eq!(
        (play.state(), play.quote("AAPL").service.state),
        (FeedState::Fallback, StreamState::Polled)
    );
    play.take();
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert!(
        !play.sent().iter().any(|frame| frame.contains("subscribe")),
        "never asks again in a loop"
    );
}

#[test]
fn an_unanswered_subscription_is_asked_once_more_then_polled() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    play.take();
    play.pass_with_heartbeats(link, 35 * SECOND);
    let asked = play.sent().iter().filter(|frame| frame.contains("subscribe")).count();
    assert_eq!((asked, play.quote("AAPL").service.state), (1, StreamState::Polled));
}

#[test]
fn odd_frames_cost_nothing_but_themselves() {
    let (mut play, link) = Play::live("AAPL");
    for text in [
        "",
        "{",
        "null",
        "[]",
        r#"{"event":"price","symbol":"AAPL","pri"#,
        r#"{"event":"price"}"#,
        r#"{"event":"price","symbol":"AAPL","price":0,"timestamp":1}"#,
        r#"{"event":"price","symbol":"AAPL","price":null,"timestamp":null}"#,
        r#"{"event":"new-thing","x":[{}]}"#,
        r#"{"event":7}"#,
        r#"{"event":"price","symbol":"NOBODY","price":1,"timestamp":1}"#,
    ] {
        play.input(Input::Frame(link, text.into()));
    }
    assert_eq!(play.heard_events(ALICE, "price_update").len(), 0);
    let seconds = (play.now / SECOND).to_string();
    play.frame(
        link,
        &json!({"event": "price", "symbol": "AAPL", "price": "101.5", "timestamp": seconds, "bid": null, "extra": {}}),
    );
    assert_eq!(play.quote("AAPL").quote.price, Some(101.5));
    assert_eq!(play.hub.status(play.now).unreadable_messages, 9);
}

#[test]
fn events_of_a_link_that_is_gone_mean_nothing() {
    let (mut play, link) = Play::live("AAPL");
    play.input(Input::Lost(link, "closed".into()));
    play.tick(link, "AAPL", 999.0);
    play.input(Input::Lost(link, "closed".into()));
    assert_eq!(play.hub.status(play.now).reconnects, 1);
    assert_ne!(play.quote("AAPL").quote.price, Some(999.0));
}

#[test]
fn every_link_is_closed_or_lost_before_the_next_is_opened() {
    let (mut play, mut link) = Play::watching("AAPL");
    let mut open: Option<LinkId> = None;
    for round in 0..40 {
        for effect in play.take() {
            match effect {
                Effect::OpenUpstream { link } => {
                    assert_eq!(open, None, "round {round}");
                    open = Some(link);
                }
                Effect::CloseUpstream { link } => open = open.filter(|other| *other != link),
                _ => {}
            }
        }
        match round % 4 {
            0 => play.input(Input::Opened(link)),
            1 => play.pass(90 * SECOND),
            2 => play.accept_all(link),
            _ => {
                play.input(Input::Lost(link, "closed".into()));
                open = open.filter(|other| *other != link);
                play.pass(61 * SECOND);
            }
        }
        link = play.opened_link().unwrap_or(link);
    }
}

#[test]
fn too_many_messages_make_it_silent_for_seventy_seconds() {
    let (mut play, link) = Play::live("AAPL");
    let text = "The server received 103 events from you, which exceeds the limit of 100 events per minute.";
    play.frame(
        link,
        &json!({"event": "message-processing", "status": "error", "messages": [text]}),
    );
    play.subscribe(ALICE, "TSLA");
    play.take();
    play.pass_with_heartbeats(link, 60 * SECOND);
    assert!(!play.sent().iter().any(|frame| frame.contains("subscribe")));
}

// Found by the simulation (seed 4003): with nothing subscribed the feed was called live for half an
// hour, and nothing was polled.
#[test]
fn a_link_on_which_too_many_messages_prevent_every_subscription_is_not_live() {
    let (mut play, link) = Play::watching("AAPL");
    play.input(Input::Opened(link));
    let limit = json!({"event": "message-processing", "status": "error",
        "messages": ["The server received 103 events from you, which exceeds the limit of 100 events per minute."]});
    play.frame(link, &limit);
    play.take();
    for _ in 0..180 {
        assert_eq!(play.hub.feed_state(), FeedState::Fallback);
        play.pass(SECOND);
        if play.sent().iter().any(|frame| frame.contains("heartbeat")) {
            play.frame(link, &limit);
        }
        assert!(
            !play.sent().iter().any(|frame| frame.contains("subscribe")),
            "told to be quiet"
        );
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    let reason = play.hub.feed_view().reason;
    assert!(reason.contains("too many messages"), "{reason}");
    assert_eq!(play.quote("AAPL").quote.price, Some(100.0), "REST serves meanwhile");
    play.pass_with_heartbeats(link, 80 * SECOND);
    assert!(play.sent().iter().any(|frame| frame.contains("subscribe")), "now again");
    play.accept_all(link);
    assert_eq!(play.hub.feed_state(), FeedState::Live);
}
