//! REST: fallback, references, the budget.

use super::*;

#[test]
fn references_are_asked_for_at_once_and_change_is_absent_until_then() {
    let (mut play, link) = Play::watching("AAPL");
    assert_eq!(
        play.calls(),
        [DEFAULT_SYMBOLS.split(',').map(str::to_owned).collect::<Vec<_>>()]
    );
    let saved = play
        .effects
        .iter()
        .position(|effect| matches!(effect, Effect::SaveCredits(_)));
    let called = play
        .effects
        .iter()
        .position(|effect| matches!(effect, Effect::Fetch { .. }));
    assert!(saved < called, "the budget is stored before the call leaves");
    play.input(Input::Opened(link));
    play.accept_all(link);
    play.tick(link, "AAPL", 101.0);
    assert_eq!(play.quote("AAPL").quote.percent_change, None);
    play.answer_call(|_| Some((100.5, true)));
    let quote = play.quote("AAPL").quote;
    assert_eq!((quote.price, quote.percent_change), (Some(101.0), Some(1.0)));
}

#[test]
fn while_the_stream_lives_prices_are_not_polled() {
    let (mut play, link) = Play::live("AAPL");
    for _ in 0..30 {
        for symbol in DEFAULT_SYMBOLS.split(',') {
            play.tick(link, symbol, 101.0);
        }
        play.pass_with_heartbeats(link, 10 * SECOND);
    }
    assert_eq!(play.calls(), Vec::<Vec<String>>::new());
}

#[test]
fn while_the_stream_is_down_prices_come_every_thirty_seconds() {
    let (mut play, link) = Play::live_with(&[("CREDITS_PER_MINUTE", "55")], "AAPL");
    play.tick(link, "AAPL", 101.0);
    play.input(Input::Lost(link, "closed".into()));
    play.take();
    let mut calls = 0;
    for _ in 0..150 {
        play.pass(SECOND);
        if let Some(link) = play.opened_link() {
            play.input(Input::Lost(link, "still down".into()));
        }
        if !play.calls().is_empty() {
            calls += 1;
            play.answer_call(|_| Some((102.0, true)));
        }
        play.take();
    }
    assert!((4..=5).contains(&calls), "{calls}");
    let quote = play.quote("AAPL").quote;
    assert_eq!(
        (quote.price, quote.source, quote.freshness),
        (Some(102.0), Some(Provenance::Rest), Some("fresh"))
    );
}

#[test]
fn a_short_reconnect_costs_no_credits() {
    let (mut play, link) = Play::live("AAPL");
    for symbol in DEFAULT_SYMBOLS.split(',') {
        play.tick(link, symbol, 101.0);
    }
    play.input(Input::Lost(link, "closed".into()));
    play.take();
    play.pass(10 * SECOND);
    assert_eq!(play.calls(), Vec::<Vec<String>>::new());
}

#[test]
fn with_few_credits_the_refused_come_first_the_watched_more_often_and_each_has_its_turn() {
    let mut play = Play::with(&[("CREDITS_PER_MINUTE", "3")]);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "SPY");
    // Three references a minute until all eight are known.
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.accept_as_the_free_plan_does(link);
    for _ in 0..60 {
        for symbol in FREE_PLAN_STREAMS {
            play.tick(link, symbol, 95_500.0);
        }
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
        play.pass(5 * SECOND);
    }
    // From here on only the five refused symbols need credits, and SPY is watched.
    let mut polled: Vec<String> = Vec::new();
    for _ in 0..120 {
        for symbol in FREE_PLAN_STREAMS {
            play.tick(link, symbol, 95_500.0);
        }
        play.pass(5 * SECOND);
        if let Some(call) = play.calls().pop() {
            assert!(call.len() <= 3);
            polled.extend(call);
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    assert!(
        polled
            .iter()
            .all(|symbol| !FREE_PLAN_STREAMS.contains(&symbol.as_str())),
        "{polled:?}"
    );
    let turns = |symbol: &str| polled.iter().filter(|other| *other == symbol).count();
    for symbol in ["ETH/USD", "MSFT", "NVDA", "GBP/USD"] {
        assert!((1..=turns("SPY")).contains(&turns(symbol)), "{symbol}: {polled:?}");
    }
    assert!(turns("SPY") > turns("MSFT"), "{polled:?}");
}

#[test]
fn the_budget_holds_over_a_day_of_trouble_as_upstream_counts_it() {
    let mut play = Play::new();
    play.input(Input::joined(ALICE, Dialect::Plain));
    let mut by_minute = std::collections::HashMap::<Millis, usize>::new();
    let mut by_day = std::collections::HashMap::<Millis, usize>::new();
    for _ in 0..(DAY / (5 * SECOND)) {
        play.pass(5 * SECOND);
        if let Some(link) = play.opened_link() {
            play.input(Input::Lost(link, "down all day".into()));
        }
        for call in play.calls() {
            *by_minute.entry(play.now / MINUTE).or_default() += call.len();
            *by_day.entry(play.now / DAY).or_default() += call.len();
        }
        if !play.calls().is_empty() {
            play.answer_call(|_| Some((100.0, true)));
        }
        play.take();
    }
    assert!(by_minute.values().all(|credits| *credits <= 8));
    assert!(by_day.values().all(|credits| *credits <= 800), "{by_day:?}");
    let total: usize = by_day.values().sum();
    assert!(total > 700, "and is put to use: {total}");
}

#[test]
fn both_429s_are_told_apart() {
    let refused = |text: &str| json!({"code": 429, "message": text, "status": "error"});
    let (mut play, _) = Play::watching("AAPL");
    let spend = |play: &mut Play, text: &str| {
        let request = play.requests()[0];
        play.take();
        play.input(Input::Fetched(request, answer(200, &refused(text))));
    };
    spend(
        &mut play,
        "You have run out of API credits for the current minute. 9 API credits were used.",
    );
    assert_eq!(play.hub.status(play.now).credits.minute.left, 0);
    assert_eq!(
        play.hub.status(play.now).credits.trouble.as_deref(),
        Some("out of API credits for this minute")
    );
    play.pass(70 * SECOND);
    assert!(!play.calls().is_empty(), "the next minute is another one");
    spend(
        &mut play,
        "You have run out of API credits for the day. 801 API credits were used.",
    );
    play.take();
    play.pass(11 * 60 * MINUTE);
    assert_eq!(play.calls(), Vec::<Vec<String>>::new(), "until midnight UTC");
}

#[test]
fn a_single_symbol_is_answered_flat_and_an_error_in_a_batch_is_that_symbols_own() {
    let (mut play, _) = Play::watching("AAPL");
    play.answer_call(|symbol| (symbol != "SPY").then_some((100.0, true)));
    assert_eq!(play.quote("SPY").quote.price, None);
    assert_eq!(play.quote("MSFT").quote.price, Some(100.0));
}

#[test]
fn rest_trouble_is_said_and_tried_again() {
    let (mut play, _) = Play::watching("AAPL");
    let request = play.requests()[0];
    play.take();
    play.input(Input::FetchFailed(request, "no answer within 10 s".into()));
    assert_eq!(
        play.hub.status(play.now).credits.trouble.as_deref(),
        Some("upstream's REST did not answer: no answer within 10 s")
    );
    play.pass(61 * SECOND);
    assert!(!play.calls().is_empty());
}

#[test]
fn a_closed_market_that_ticks_keeps_its_reference_and_is_asked_about() {
    let (mut play, link) = Play::watching("AAPL");
    play.answer_call(|_| Some((110.0, false)));
    play.input(Input::Opened(link));
    play.accept_all(link);
    assert_eq!(play.quote("AAPL").quote.percent_change, Some(10.0));
    play.pass_with_heartbeats(link, 60 * SECOND);
    play.take();
    play.tick(link, "AAPL", 111.0);
    let quote = play.quote("AAPL").quote;
    assert_eq!((quote.percent_change, quote.session), (Some(11.0), Session::Extended));
    assert_eq!(play.calls(), [["AAPL"]]);
}
