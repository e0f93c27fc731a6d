//! Who gets the credits, and that the provider never counts more than it allows.

use super::*;

// A call leaves before the turn of a minute and arrives after it.
#[test]
fn the_minute_holds_as_upstream_counts_it_with_latency() {
    let mut play = Play::new();
    play.pass(52_900); // :57.9
    play.input(Input::joined(ALICE, Dialect::Plain));
    let mut upstream: Vec<(Millis, usize)> = Vec::new(); // arrival at upstream, credits
    let latency = 2_500;
    let arrive = |play: &mut Play, upstream: &mut Vec<(Millis, usize)>| {
        while let Some(call) = play.calls().first().cloned() {
            play.pass(latency);
            upstream.push((play.now, call.len()));
            play.pass(200);
            answer_raw(
                play,
                |_, now| json!({"close": "100", "previous_close": "100", "is_market_open": true, "last_quote_at": now / 1000}),
            );
            play.take();
        }
    };
    for _ in 0..60 {
        if let Some(link) = play.opened_link() {
            play.input(Input::Lost(link, "down".into()));
        }
        if play.calls().is_empty() {
            play.take();
        }
        arrive(&mut play, &mut upstream);
        play.pass(2 * SECOND);
    }
    let mut by_minute = std::collections::BTreeMap::<Millis, usize>::new();
    for (at, credits) in &upstream {
        *by_minute.entry(at / MINUTE).or_default() += credits;
    }
    assert!(
        by_minute.values().all(|credits| *credits <= 8),
        "{upstream:?} {by_minute:?}"
    );
}

// The headers of an overdrawn minute must not raise our limit.
#[test]
fn an_overdrawn_minute_does_not_raise_the_limit() {
    let (mut play, _) = Play::watching("AAPL");
    let (request, _) = play
        .effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Fetch {
                request,
                call: Call::Quotes(symbols),
            } => Some((*request, symbols.clone())),
            _ => None,
        })
        .unwrap();
    let body = json!({"code": 429, "message": "You have run out of API credits for the current minute. 16 API credits were used, with the current limit being 8.", "status": "error"});
    play.input(Input::Fetched(
        request,
        RestAnswer {
            status: 429,
            body: body.to_string(),
            credits: Some((16, 0)),
        },
    ));
    assert_eq!(play.hub.status(play.now).credits.minute.limit, 8);
}

// The most watched symbols must not starve the others.
#[test]
fn less_watched_symbols_have_their_turn() {
    let (mut play, link) = Play::watching(DEFAULT_SYMBOLS);
    play.input(Input::joined(BOB, Dialect::Plain));
    play.subscribe(BOB, "SPY");
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    play.accept_as_the_free_plan_does(link);
    let mut polled = std::collections::BTreeMap::<String, usize>::new();
    let start = play.now;
    while play.now < start + 6 * 60 * MINUTE {
        for symbol in FREE_PLAN_STREAMS {
            play.tick(link, symbol, 95_500.0);
        }
        if let Some(call) = play.calls().pop() {
            for symbol in call {
                if play.now > start + 3 * 60 * MINUTE {
                    *polled.entry(symbol).or_default() += 1;
                }
            }
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
        play.pass(5 * SECOND);
    }
    let of = |symbol: &str| polled.get(symbol).copied().unwrap_or_default();
    assert!(of("SPY") < 6 * of("MSFT").max(1), "last three hours: {polled:?}");
}

// On a weekend, closed markets must not use the credits of the open one.
#[test]
fn closed_markets_do_not_take_the_budget_of_open_ones() {
    let (mut play, link) = Play::watching(DEFAULT_SYMBOLS);
    let open = |symbol: &str| matches!(symbol, "BTC/USD" | "ETH/USD");
    play.answer_call(|symbol| Some((100.0, open(symbol))));
    play.input(Input::Opened(link));
    play.accept_as_the_free_plan_does(link);
    let mut polled = std::collections::BTreeMap::<String, usize>::new();
    let start = play.now;
    while play.now < start + 8 * 60 * MINUTE {
        play.tick(link, "BTC/USD", 95_500.0);
        if let Some(call) = play.calls().pop() {
            for symbol in call {
                *polled.entry(symbol).or_default() += 1;
            }
            play.answer_call(|symbol| Some((100.0, open(symbol))));
        }
        play.take();
        play.pass(5 * SECOND);
    }
    let total: usize = polled.values().sum();
    let eth = polled.get("ETH/USD").copied().unwrap_or_default();
    assert!(eth * 2 > total, "the one open symbol got {eth} of {total}: {polled:?}");
}

// A default symbol that REST always omits must not use up the day's reserve.
#[test]
fn a_symbol_that_is_missing_does_not_burn_the_day() {
    let (mut play, link) = Play::watching(DEFAULT_SYMBOLS);
    play.input(Input::Opened(link));
    play.accept_all(link);
    let mut credits = 0;
    let start = play.now;
    let mut spy = 0;
    while play.now < start + 11 * 60 * MINUTE {
        for symbol in DEFAULT_SYMBOLS.split(',').filter(|symbol| *symbol != "SPY") {
            play.tick(link, symbol, 100.0);
        }
        if let Some(call) = play.calls().pop() {
            credits += call.len();
            spy += call.iter().filter(|symbol| *symbol == "SPY").count();
            // SPY's price is null.
            answer_raw(&mut play, |symbol, now| {
                if symbol == "SPY" {
                    json!({"close": null})
                } else {
                    json!({"close": "100", "previous_close": "99", "is_market_open": true, "last_quote_at": now / 1000})
                }
            });
        }
        play.take();
        play.pass(5 * SECOND);
    }
    assert!(spy < 200, "SPY alone {spy} of {credits} credits in 11 h");
}

// The provider refuses a whole batch because of one symbol.
#[test]
fn a_strangers_symbol_does_not_stop_the_others() {
    let (mut play, link) = Play::watching_with(&[("SYMBOL_LIMIT", "1")], "AAPL");
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "BTC/USD"}]}),
    );
    play.take();
    play.subscribe(ALICE, "BAD:WORSE");
    let mut served = 0;
    for _ in 0..360 {
        play.tick(link, "BTC/USD", 95_500.0);
        play.pass(5 * SECOND);
        while let Some((request, symbols)) = play.take().into_iter().find_map(|effect| match effect {
            Effect::Fetch {
                request,
                call: Call::Quotes(symbols),
            } => Some((request, symbols)),
            _ => None,
        }) {
            let body = if symbols.iter().any(|symbol| symbol == "BAD:WORSE") {
                json!({"code": 400, "message": "**symbol** not found: BAD. Please specify it correctly.", "status": "error"})
            } else {
                served += 1;
                let one = |symbol: &str| json!({"symbol": symbol, "close": "100", "previous_close": "100", "is_market_open": true, "last_quote_at": play.now / 1000});
                match symbols.as_slice() {
                    [only] => one(only),
                    many => Value::Object(many.iter().map(|symbol| (symbol.clone(), one(symbol))).collect()),
                }
            };
            let status = if body["code"] == 400 { 400 } else { 200 };
            play.input(Input::Fetched(request, answer(status, &body)));
        }
    }
    assert!(served > 10, "in half an hour {served} calls for the others");
}

// Rows written in a day on the real free plan: the WebSocket refuses five of eight symbols.
#[test]
fn a_free_plans_day_writes_fewer_than_ten_thousand_rows() {
    for (name, streams, down) in [("five refused", true, false), ("socket down all day", false, true)] {
        let (mut play, mut link) = Play::watching(DEFAULT_SYMBOLS);
        if streams {
            play.input(Input::Opened(link));
            play.accept_as_the_free_plan_does(link);
        }
        let (mut rows, mut alarms, mut alarm) = (0usize, 0usize, None::<Millis>);
        let end = play.now + DAY;
        while play.now < end {
            // One second at a time, with the alarm as on the edge and the timer as asked.
            let next = [alarm, play.hub.timer_at(), Some(play.now + SECOND)]
                .into_iter()
                .flatten()
                .min()
                .unwrap();
            play.now = next.max(play.now);
            if alarm.is_some_and(|at| at <= play.now) {
                alarm = None;
            }
            play.input(Input::Time);
            if play.now % (5 * SECOND) < SECOND && streams {
                for symbol in FREE_PLAN_STREAMS {
                    play.tick(link, symbol, 100.0);
                }
            }
            if down && let Some(next) = play.opened_link() {
                link = next;
                play.input(Input::Lost(link, "down".into()));
            }
            if !play.calls().is_empty() {
                play.answer_call(|_| Some((100.0, true)));
            }
            rows += play
                .take()
                .iter()
                .filter(|effect| matches!(effect, Effect::SaveCheckpoint(_) | Effect::SaveCredits(_)))
                .count();
            let wanted = play.hub.alarm_at();
            if let Some(at) = wanted
                && alarm.is_none_or(|set| at < set)
            {
                alarm = Some(at);
                alarms += 1;
            }
        }
        assert!(rows + alarms < 10_000, "{name}: rows {rows} + alarms {alarms}");
    }
}

// Otherwise each symbol keeps the half minute of its first call, which costs one call and two or
// three storage rows per symbol.
#[test]
fn polled_symbols_that_are_out_of_step_are_asked_for_together() {
    let vars = [
        ("CREDITS_PER_MINUTE", "377"),
        ("CREDITS_PER_DAY", "0"),
        ("SYMBOLS", "MSFT"),
    ];
    let (mut play, link) = Play::watching_with(&vars, "MSFT");
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    for symbol in ["NVDA", "SPY"] {
        play.pass(10 * SECOND);
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        play.subscribe(ALICE, symbol);
        play.answer_call(|_| Some((100.0, true)));
    }
    let all = items(&["MSFT", "NVDA", "SPY"]);
    play.pass(5 * SECOND);
    play.frame(link, &json!({"event": "subscribe-status", "fails": all}));
    let mut calls = 0;
    for _ in 0..3_600 {
        play.take();
        play.pass(SECOND);
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        if !play.calls().is_empty() {
            calls += 1;
            play.answer_call(|_| Some((100.0, true)));
        }
    }
    assert!(calls < 150, "{calls} in an hour");
}
