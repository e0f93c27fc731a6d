//! Bars, searches and hours: what is remembered, asked for, stored and told.

use super::*;
use crate::hub::answer::{FoundBy, Service};

const BTC: &[(&str, &str)] = &[("SYMBOLS", "BTC/USD"), ("HISTORY_CREDITS_PERCENT", "25")];
/// Noon, on the minute.
const MIDDAY: Millis = NOON - 5 * SECOND;
const HOUR: Millis = 60 * MINUTE;

impl Play {
    /// The newest call that is not for quotes.
    fn errand(&self) -> Option<(RequestId, Call)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Fetch {
                call: Call::Quotes(_), ..
            } => None,
            Effect::Fetch { request, call } => Some((*request, call.clone())),
            _ => None,
        })
    }

    fn errands(&self) -> usize {
        let is_errand =
            |effect: &&Effect| matches!(effect, Effect::Fetch { call, .. } if !matches!(call, Call::Quotes(_)));
        self.effects.iter().filter(is_errand).count()
    }

    fn answer_errand(&mut self, status: u16, body: &Value) -> Call {
        let (request, call) = self.errand().expect("no errand is under way");
        self.effects
            .retain(|effect| !matches!(effect, Effect::Fetch { request: one, .. } if *one == request));
        self.input(Input::Fetched(request, answer(status, body)));
        call
    }

    fn ask(&mut self, waiter: u32, question: Question) {
        self.input(Input::Waiter(WaiterId(waiter), question));
    }

    fn ask_bars(&mut self, waiter: u32, symbol: &str, interval: Interval) {
        self.ask(
            waiter,
            Question::History(HistoryQuestion {
                instrument: Instrument::parse(symbol).unwrap(),
                interval,
                limit: 5_000,
                before: None,
            }),
        );
    }

    fn reply(&mut self, waiter: u32) -> Option<Answer> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Answer(WaiterId(one), answer) if *one == waiter => Some((**answer).clone()),
            _ => None,
        })
    }

    fn history(&mut self, waiter: u32) -> History {
        match self.reply(waiter) {
            Some(Answer::History(history)) => history,
            other => panic!("no history but {other:?}"),
        }
    }

    /// Lets minutes pass with a tick every ten seconds, each 1 higher than the last.
    fn trade(&mut self, link: LinkId, symbol: &str, minutes: u64, from: f64) {
        for step in 0..minutes * 6 {
            self.tick(link, symbol, from + step as f64);
            self.pass(10 * SECOND);
            self.answer_all();
        }
    }

    fn answer_quotes(&mut self) {
        for (request, symbols) in self.open_calls() {
            self.answer_request(request, &symbols, |_| Some((100.0, true)));
        }
    }

    /// Lets time pass with a tick every ten seconds until bars are asked for.
    fn trade_until_bars_are_asked_for(&mut self, link: LinkId) {
        for step in 0..90 {
            if self.errand().is_some() {
                return;
            }
            self.tick(link, "BTC/USD", 100.0 + f64::from(step));
            self.pass(10 * SECOND);
            self.answer_quotes();
        }
        panic!("nobody asked for bars");
    }

    fn answer_all(&mut self) {
        self.answer_quotes();
        if self.errand().is_some() {
            self.answer_errand(200, &json!({"values": [], "status": "ok"}));
        }
    }

    /// Lets time pass without a tick. No connection opens, and the provider has no bars.
    fn sit_out(&mut self, time: Millis) {
        let end = self.now + time;
        while self.now < end {
            self.pass(30 * SECOND);
            self.answer_all();
            self.take();
        }
    }

    /// Opens the next connection, which streams bitcoin.
    fn streams_again(&mut self) -> LinkId {
        while self.opened_link().is_none() {
            self.pass(SECOND);
        }
        let link = self.opened_link().unwrap();
        self.input(Input::Opened(link));
        let items = json!([{"symbol": "BTC/USD"}]);
        self.frame(link, &json!({"event": "subscribe-status", "success": items}));
        link
    }

    /// The row of the minutes from 12 to 16 h.
    fn row_of_midday(&self) -> &str {
        let rows = &mut self.memory.iter();
        let row = rows.find(|((series, start), _)| series.ends_with("BTC/USD/1min") && *start == MIDDAY);
        row.expect("no row of the minutes from 12 to 16 h").1
    }

    /// What a client that joins is told of bitcoin's minutes.
    fn minutes_for(mut self, client: ClientId) -> History {
        self.input(Input::joined(client, Dialect::Plain));
        self.ask_bars(1, "BTC/USD", Interval::Minute);
        self.pass(2 * SECOND);
        self.history(1)
    }

    /// A hub that starts from what this one has stored.
    fn restarted(self, vars: &[(&str, &str)], now: Millis) -> Self {
        let stored = self.left_behind();
        Self {
            memory: self.memory,
            ..Self::restored(config(vars), &stored, now)
        }
    }
}

/// A `/time_series` answer: one bar of these minutes ago for each, from `price` upwards.
fn series(symbol: &str, now: Millis, minutes_ago: &[u64], price: f64) -> Value {
    let values = minutes_ago.iter().map(|ago| {
        let minute = now / MINUTE - ago;
        let (day, minute) = (minute / 1_440, minute % 1_440);
        let date = iso8601(day * DAY);
        let (open, high) = (price + *ago as f64, price + *ago as f64 + 5.0);
        json!({"datetime": format!("{} {:02}:{:02}:00", &date[..10], minute / 60, minute % 60),
            "open": open.to_string(), "high": high.to_string(), "low": open.to_string(), "close": high.to_string()})
    });
    json!({"meta": {"symbol": symbol, "interval": "1min", "currency_quote": "US Dollar", "type": "Digital Currency"},
        "values": values.collect::<Vec<_>>(), "status": "ok"})
}

fn live_bitcoin(vars: &[(&str, &str)]) -> (Play, LinkId) {
    let mut play = Play::restored(config(vars), &Stored::default(), MIDDAY + 5 * SECOND);
    play.input(Input::joined(ALICE, Dialect::Plain));
    play.subscribe(ALICE, "BTC/USD");
    let link = play.opened_link().unwrap();
    play.answer_call(|_| Some((100.0, true)));
    play.input(Input::Opened(link));
    let items = json!([{"symbol": "BTC/USD", "type": "Digital Currency"}]);
    play.frame(
        link,
        &json!({"event": "subscribe-status", "status": "ok", "success": items, "fails": null}),
    );
    (play, link)
}

/// As [`live_bitcoin`], and the provider has told the three minutes before midday.
fn filled_bitcoin(vars: &[(&str, &str)]) -> (Play, LinkId) {
    let (mut play, link) = live_bitcoin(vars);
    play.answer_errand(200, &series("BTC/USD", MIDDAY, &[3, 2, 1], 50.0));
    (play, link)
}

/// Whether a minute lies in a gap.
fn is_named(history: &History, minute: Millis) -> bool {
    history.gaps.iter().any(|gap| gap.from <= minute && minute < gap.to)
}

fn times(history: &History) -> Vec<i64> {
    let of = |bar: &Bar| (bar.time as i64 - MIDDAY as i64) / MINUTE as i64;
    history.bars.iter().map(of).collect()
}

#[test]
fn ticks_make_bars_and_the_providers_come_before_them() {
    let (mut play, link) = live_bitcoin(BTC);
    play.tick(link, "BTC/USD", 100.0);
    let body = series("BTC/USD", play.now, &[5, 4, 3, 0], 50.0);
    let Call::Series { symbol, interval, bars } = play.answer_errand(200, &body) else {
        panic!("no series");
    };
    assert_eq!((symbol.as_str(), interval, bars), ("BTC/USD", Interval::Minute, 5_000));
    play.trade(link, "BTC/USD", 3, 200.0);
    play.tick(link, "BTC/USD", 300.0);
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    let history = play.history(1);
    assert_eq!(times(&history), [-5, -4, -3, 0, 1, 2, 3]);
    let sources: Vec<_> = history.bars.iter().map(|bar| bar.source).collect();
    assert_eq!(
        sources[..3],
        [BarSource::Provider; 3],
        "the bar of the running minute is not taken"
    );
    assert_eq!(sources[3..], [BarSource::Hub; 4]);
    let bar = history.bars[4];
    assert_eq!((bar.open, bar.high, bar.low, bar.close), (206.0, 211.0, 206.0, 211.0));
    assert_eq!(history.running, Some(MIDDAY + 3 * MINUTE));
    let [gap] = history.gaps.as_slice() else {
        panic!("{:?}", history.gaps);
    };
    assert_eq!(
        (gap.from, gap.to),
        (MIDDAY, MIDDAY + MINUTE),
        "five seconds were missed"
    );
    assert_eq!((history.reason, history.more), (None, false));
    play.ask_bars(2, "BTC/USD", Interval::FiveMinutes);
    let history = play.history(2);
    assert_eq!(times(&history), [-5, 0]);
    assert_eq!((history.bars[1].open, history.bars[1].high), (100.0, 300.0));
}

#[test]
fn bars_that_become_known_later_are_told_to_those_who_watch() {
    let (mut play, link) = live_bitcoin(BTC);
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "BTC/USD");
    play.tick(link, "BTC/USD", 100.0);
    play.pass(SECOND);
    assert!(
        !play.heard(BOB).iter().any(|frame| frame.to_string().contains("spark")),
        "nothing is known yet"
    );
    play.told.clear();
    play.answer_errand(200, &series("BTC/USD", play.now, &[3, 1], 50.0));
    play.pass(SECOND);
    let deltas: Vec<Value> = play.heard(BOB).into_iter().filter(Value::is_array).collect();
    let [delta] = deltas.as_slice() else {
        panic!("{deltas:?}");
    };
    let (symbol, end) = (&delta[3], MIDDAY / SECOND - 60);
    assert_eq!(
        (&symbol["symbol"], &symbol["spark"]),
        (
            &json!("BTC/USD"),
            &json!({"step": 60, "end": end, "values": [5800, null, -200]})
        )
    );
    // The same bars once more are no news.
    play.told.clear();
    play.tick(link, "BTC/USD", 101.0);
    play.pass(SECOND);
    assert!(!play.heard(BOB).iter().any(|frame| frame.to_string().contains("spark")));
}

#[test]
fn bars_that_become_known_before_the_first_price_are_told_with_it() {
    let mut play = Play::restored(config(BTC), &Stored::default(), MIDDAY + 5 * SECOND);
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "BTC/USD");
    let link = play.opened_link().unwrap();
    play.answer_call(|_| None);
    play.input(Input::Opened(link));
    let items = json!([{"symbol": "BTC/USD", "type": "Digital Currency"}]);
    play.frame(link, &json!({"event": "subscribe-status", "success": items}));
    play.pass(SECOND);
    play.answer_errand(200, &series("BTC/USD", play.now, &[3, 1], 50.0));
    play.pass(SECOND);
    assert!(!play.heard(BOB).iter().any(|frame| frame.to_string().contains("spark")));
    play.told.clear();
    play.tick(link, "BTC/USD", 100.0);
    play.pass(SECOND);
    let deltas: Vec<Value> = play.heard(BOB).into_iter().filter(Value::is_array).collect();
    assert_eq!(deltas[0][3]["spark"]["values"], json!([5800, null, -200]), "{deltas:?}");
}

#[test]
fn a_hub_that_runs_without_a_connection_does_not_say_that_it_did_not_run() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 12, 100.0);
    let restarted = play.now + 2 * MINUTE;
    let mut play = play.restarted(BTC, restarted);
    play.input(Input::joined(BOB, Dialect::Plain));
    let link = play.opened_link().unwrap();
    play.input(Input::Refused(link, 401, "no such key".to_owned()));
    play.pass(4 * MINUTE);
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    play.pass(2 * SECOND);
    let history = play.history(1);
    let [.., before, since] = history.gaps.as_slice() else {
        panic!("{:?}", history.gaps);
    };
    assert_eq!(before.reason, "the hub was not running");
    assert!(before.to < restarted + MINUTE, "{before:?}");
    assert!(since.reason.contains("refused the key"), "{since:?}");
    assert!(since.from <= restarted && since.to >= play.now, "{since:?}");
}

#[test]
fn a_crash_loses_five_minutes_that_are_named_and_filled_again() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 12, 100.0);
    let crashed = play.now;
    let mut play = play.restarted(BTC, crashed + 2 * MINUTE);
    play.input(Input::joined(BOB, Dialect::Plain));
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    play.pass(2 * SECOND);
    let history = play.history(1);
    let known = times(&history);
    assert!(known.contains(&9) && *known.last().unwrap() >= 9, "{known:?}");
    // Of the first minute the hub missed five seconds.
    let [_, gap] = history.gaps.as_slice() else {
        panic!("{:?}", history.gaps);
    };
    assert_eq!(gap.reason, "the hub was not running");
    assert!(
        gap.from + 5 * MINUTE >= crashed && gap.from <= crashed && gap.to >= play.now,
        "{gap:?}"
    );
    // The link is back: the gap has an end, and the provider is asked once.
    let link = play.opened_link().unwrap();
    play.input(Input::Opened(link));
    play.frame(
        link,
        &json!({"event": "subscribe-status", "success": [{"symbol": "BTC/USD"}]}),
    );
    play.trade_until_bars_are_asked_for(link);
    let Some((_, Call::Series { bars, .. })) = play.errand() else {
        panic!("nobody asked for the gap");
    };
    assert!(bars < 60, "{bars}");
    let ago: Vec<u64> = (1..40).rev().collect();
    let body = series("BTC/USD", play.now, &ago, 50.0);
    play.answer_errand(200, &body);
    play.ask_bars(2, "BTC/USD", Interval::Minute);
    let history = play.history(2);
    assert_eq!(history.gaps, []);
    assert!(
        history
            .bars
            .iter()
            .rev()
            .take(30)
            .all(|bar| bar.source == BarSource::Provider)
    );
}

#[test]
fn without_credits_there_is_what_there_is_and_the_reason() {
    let vars = [("SYMBOLS", "BTC/USD"), ("HISTORY_CREDITS_PERCENT", "0")];
    let (mut play, link) = live_bitcoin(&vars);
    play.trade(link, "BTC/USD", 2, 100.0);
    play.take();
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    assert_eq!(play.reply(1), None, "it may come yet");
    play.pass(2 * SECOND);
    let history = play.history(1);
    assert_eq!((times(&history), history.more), (vec![0, 1], true));
    assert!(history.reason.unwrap().contains("API credits") && history.retry_at.is_some());
    assert_eq!(play.errands(), 0);
    play.ask_bars(2, "BTC/USD", Interval::Day);
    play.pass(2 * SECOND);
    assert!(play.history(2).bars.is_empty());
}

#[test]
fn bars_wait_for_quotes_and_never_take_more_than_their_share() {
    let list = "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY";
    let mut play = Play::with(&[("HISTORY_CREDITS_PERCENT", "25"), ("SYMBOLS", list)]);
    play.input(Input::joined(ALICE, Dialect::Plain));
    assert_eq!(play.errands(), 0, "quotes are due");
    let mut by_minute: std::collections::BTreeMap<u64, usize> = std::collections::BTreeMap::new();
    for _ in 0..600 {
        play.pass(SECOND);
        while let Some((request, symbols)) = play.open_calls().pop() {
            play.answer_request(request, &symbols, |_| Some((100.0, false)));
        }
        if play.errand().is_some() {
            *by_minute.entry(play.now / MINUTE).or_default() += 1;
            let body = json!({"meta": {}, "values": [], "status": "ok"});
            play.answer_errand(200, &body);
        }
    }
    assert_eq!(by_minute.values().sum::<usize>(), 6, "each symbol once: {by_minute:?}");
    assert!(by_minute.values().all(|calls| *calls <= 3), "{by_minute:?}");
}

#[test]
fn a_symbol_that_is_not_served_says_why() {
    let (mut play, _) = live_bitcoin(BTC);
    play.answer_errand(200, &series("BTC/USD", MIDDAY, &[1], 50.0));
    play.take();
    play.ask_bars(1, "VIX", Interval::Day);
    play.pass(2 * SECOND);
    let no = json!({"code": 404, "message": "This symbol is available starting with the Grow or Venture plan. Consider upgrading", "status": "error"});
    let open = play.open_calls().pop().unwrap();
    play.input(Input::Fetched(open.0, answer(404, &no)));
    play.answer_errand(404, &no);
    play.ask_bars(2, "VIX", Interval::Day);
    play.pass(2 * SECOND);
    let history = play.history(2);
    assert!(history.is_refused && history.bars.is_empty(), "{history:?}");
    assert!(history.reason.unwrap().contains("Grow or Venture"));
}

#[test]
fn bars_of_five_days_are_kept_in_rows_of_four_hours_and_older_ones_go() {
    let (mut play, link) = live_bitcoin(BTC);
    let ago: Vec<u64> = (1..5_000).rev().collect();
    play.answer_errand(200, &series("BTC/USD", play.now, &ago, 50.0));
    let rows = |play: &Play| {
        let rows = play
            .memory
            .keys()
            .filter(|(series, _)| series.ends_with("BTC/USD/1min"));
        rows.count()
    };
    assert_eq!(rows(&play), 5_000 / 240 + 1);
    for _ in 0..5 * 60 {
        play.trade(link, "BTC/USD", 1, 100.0);
        play.take();
    }
    assert_eq!(rows(&play), 5_000 / 240 + 2, "the chunk of 12 to 16 h");
    let journal = play
        .memory
        .keys()
        .filter(|(series, _)| series.ends_with("journal"))
        .count();
    assert!((58..=62).contains(&journal), "{journal}");
    let id = play
        .hub
        .upstream
        .symbols
        .find(&Instrument::parse("BTC/USD").unwrap())
        .unwrap();
    let held = play.hub.book.get(id).unwrap().candles.between(0, Millis::MAX).count();
    assert!(held <= 240 + 61, "{held} bars in memory");
    play.ask_bars(1, "BTC/USD", Interval::Hour);
    play.answer_errand(200, &json!({"values": [], "status": "ok"}));
    let history = play.history(1);
    assert!(
        (87..=89).contains(&history.bars.len()),
        "hours of minutes: {}",
        history.bars.len()
    );
    assert!(
        history
            .bars
            .windows(2)
            .all(|pair| pair[0].time + 60 * MINUTE == pair[1].time)
    );
}

#[test]
fn a_gap_that_outlasts_its_row_is_stored_when_it_ends() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 2, 100.0);
    play.input(Input::Lost(link, "closed".to_owned()));
    // The row of 12 to 16 h is stored while the gap still lasts.
    play.sit_out(5 * HOUR);
    let link = play.streams_again();
    for _ in 0..7 {
        play.trade(link, "BTC/USD", 1, 100.0);
    }
    let row = play.row_of_midday();
    assert!(row.contains("closed"), "{row}");
}

// Found by the simulation (seed 211389): the provider told the end of a time in which no ticks
// came, after rows had been stored up to a time in it. What was left of the gap was in no row, and
// a later hub, whose journal had gone round, did not know of it.
#[test]
fn what_the_provider_leaves_of_a_gap_is_stored() {
    let vars = [BTC, &[("CREDITS_PER_DAY", "0")]].concat();
    let (mut play, link) = filled_bitcoin(&vars);
    play.trade(link, "BTC/USD", 2, 100.0);
    play.input(Input::Lost(link, "closed".to_owned()));
    play.sit_out(5 * HOUR);
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    let (first, last) = (play.now / MINUTE - 120, play.now / MINUTE);
    let ago: Vec<u64> = (1..=last - first).rev().collect();
    play.answer_errand(200, &series("BTC/USD", play.now, &ago, 50.0));
    play.sit_out(6 * MINUTE);
    let row = play.row_of_midday();
    let gap = format!(r#"[{},{first},"closed"#, MIDDAY / MINUTE + 2);
    assert!(row.contains(&gap), "{gap} {row}");
}

// A sibling of it: the journal, in which the gap is, goes round in ten hours.
#[test]
fn the_time_before_a_hub_is_stored_while_its_ticks_still_do_not_arrive() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 7, 100.0);
    let restarted = play.now + HOUR;
    let mut play = play.restarted(BTC, restarted);
    play.input(Input::joined(BOB, Dialect::Plain));
    let link = play.opened_link().unwrap();
    play.input(Input::Refused(link, 401, "no such key".to_owned()));
    play.sit_out(4 * HOUR);
    let row = play.row_of_midday();
    let gap = format!(r#",{},"the hub was not running"#, restarted.div_ceil(MINUTE));
    assert!(row.contains(&gap), "{gap} {row}");
    assert!(!row.contains("refused the key"), "that gap lasts: {row}");
}

// Another one: memory gives up bars of a day ago, and all that is newer is known to be stored.
#[test]
fn each_gap_of_the_bars_that_storage_never_took_is_stored() {
    let (mut play, link) = live_bitcoin(BTC);
    play.answer_errand(200, &json!({"values": [], "status": "ok"}));
    play.stores = false;
    play.trade(link, "BTC/USD", 10, 100.0);
    play.sit_out(2 * HOUR);
    let link = play.streams_again();
    play.trade(link, "BTC/USD", 10, 100.0);
    play.sit_out(DAY);
    play.stores = true;
    play.input(Input::Stored(None));
    play.sit_out(10 * MINUTE);
    let row = play.row_of_midday();
    assert_eq!(row.matches("storage did not take the bars").count(), 2, "{row}");
}

// The journal's rows tell of gaps that the provider filled after they were written.
#[test]
fn a_gap_that_was_filled_is_none_for_the_next_hub() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 2, 100.0);
    play.input(Input::Lost(link, "closed".to_owned()));
    play.sit_out(4 * MINUTE);
    let link = play.streams_again();
    play.trade_until_bars_are_asked_for(link);
    let ago: Vec<u64> = (1..40).rev().collect();
    let body = series("BTC/USD", play.now, &ago, 50.0);
    play.answer_errand(200, &body);
    play.trade(link, "BTC/USD", 1, 100.0);
    let now = play.now + 20 * SECOND;
    let history = play.restarted(BTC, now).minutes_for(BOB);
    let [gap] = history.gaps.as_slice() else {
        panic!("{:?}", history.gaps);
    };
    assert_eq!(gap.reason, "the hub was not running");
}

// Found by the simulation (seed 399203): the journal was written between a tick's stamp and its
// arrival.
#[test]
fn a_minute_whose_only_tick_came_after_the_journal_is_a_gap_for_the_next_hub() {
    let vars = [BTC, &[("MUTE_MS", "600000")]].concat();
    let (mut play, link) = filled_bitcoin(&vars);
    play.trade(link, "BTC/USD", 3, 100.0);
    // In 12:04 nothing comes. The first row of the journal is written at 12:05:05.
    let minute = MIDDAY + 4 * MINUTE;
    while play.now < minute + 66 * SECOND {
        play.pass(SECOND);
        play.answer_all();
        play.frame(link, &json!({"event": "heartbeat", "status": "ok"}));
        if play.now == minute + 62 * SECOND {
            play.tick(link, "BTC/USD", 150.0);
        }
    }
    let stamp = (minute + 45 * SECOND) / SECOND;
    play.frame(
        link,
        &json!({"event": "price", "symbol": "BTC/USD", "price": 200.5, "timestamp": stamp}),
    );
    let now = play.now + 20 * SECOND;
    let history = play.restarted(&vars, now).minutes_for(BOB);
    assert!(!times(&history).contains(&4), "{:?}", times(&history));
    assert!(is_named(&history, minute), "{:?}", history.gaps);
}

#[test]
fn an_answer_without_bars_leaves_all_gaps_to_the_next_hub() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 12, 100.0);
    let ended = play.now;
    let now = ended + 20 * MINUTE;
    let mut play = play.restarted(BTC, now);
    play.input(Input::joined(BOB, Dialect::Plain));
    let link = play.opened_link().unwrap();
    play.input(Input::Refused(link, 401, "no such key".to_owned()));
    // By then a row of the journal is complete.
    play.pass(6 * MINUTE);
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    for _ in 0..60 {
        if play.errand().is_some() {
            break;
        }
        play.pass(SECOND);
        play.answer_quotes();
    }
    play.answer_errand(200, &json!({"values": [], "status": "ok"}));
    play.pass(SECOND);
    let now = play.now + 20 * SECOND;
    let history = play.restarted(BTC, now).minutes_for(BOB);
    let missing = (ended / MINUTE + 1..now / MINUTE).find(|minute| !is_named(&history, minute * MINUTE));
    assert_eq!(missing, None, "{:?}", history.gaps);
}

#[test]
fn after_months_of_sleep_no_rows_are_written_but_of_the_days_that_are_kept() {
    let (mut play, link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 12, 100.0);
    let now = play.now + 90 * DAY;
    let mut play = play.restarted(BTC, now);
    let before = play.memory.len();
    play.input(Input::joined(BOB, Dialect::Plain));
    let link = play.streams_again();
    play.trade(link, "BTC/USD", 12, 100.0);
    // Five days have thirty rows of four hours; some more are of the journal and of other things.
    let written = play.memory.len() - before;
    assert!((29..=36).contains(&written), "{written} rows");
}

// The journal holds the bars of all symbols. After a restart viewers come back one after the other.
#[test]
fn what_the_journal_holds_of_a_symbol_is_there_when_its_viewer_comes_back() {
    let vars: &[(&str, &str)] = &[("SYMBOLS", "AAPL"), ("CREDITS_PER_DAY", "0")];
    let (mut play, link) = live_bitcoin(vars);
    play.trade(link, "BTC/USD", 12, 100.0);
    let now = play.now + 20 * SECOND;
    let mut later = play.restarted(vars, now);
    later.input(Input::joined(BOB, Dialect::Plain));
    later.pass(5 * SECOND);
    later.subscribe(BOB, "BTC/USD");
    later.pass(SECOND);
    later.ask_bars(1, "BTC/USD", Interval::Minute);
    later.pass(2 * SECOND);
    let history = later.history(1);
    assert_eq!(times(&history), (0..10).collect::<Vec<i64>>(), "{:?}", history.gaps);
}

// Found by the simulation (seed 118894): storage refused the bars that the provider had told, and
// the journal, written later, knew of no gap.
#[test]
fn bars_that_storage_refused_are_a_gap_for_the_next_hub() {
    let (mut play, link) = live_bitcoin(BTC);
    play.stores = false;
    play.answer_errand(200, &series("BTC/USD", MIDDAY, &[30, 20, 10, 1], 50.0));
    play.pass(SECOND);
    play.stores = true;
    play.input(Input::Stored(None));
    for _ in 0..7 {
        play.trade(link, "BTC/USD", 1, 100.0);
    }
    let journal = play.memory.iter().find(|((series, _), _)| series.ends_with("journal"));
    let (_, row) = journal.expect("no journal");
    let minutes = |ago: u64| (MIDDAY / MINUTE - ago).to_string();
    let gap = format!(
        r#"[{},{},"the hub's storage did not take the bars"]"#,
        minutes(30),
        minutes(0)
    );
    assert!(row.contains(&gap), "{row}");
}

// Found by the simulation (seed 162944).
#[test]
fn bars_that_storage_refused_as_the_hub_fell_asleep_are_stored_later() {
    let vars = &[
        ("SYMBOLS", "BTC/USD"),
        ("HISTORY_CREDITS_PERCENT", "25"),
        ("IDLE_MS", "60000"),
    ];
    let (mut play, link) = live_bitcoin(vars);
    play.answer_errand(200, &json!({"values": [], "status": "ok"}));
    play.trade(link, "BTC/USD", 4, 100.0);
    play.input(Input::Left(ALICE));
    play.stores = false;
    // A journal is due five minutes after the first one could be, which is now, too.
    play.pass(MINUTE);
    play.stores = true;
    play.input(Input::Stored(None));
    play.input(Input::joined(BOB, Dialect::Plain));
    play.pass(6 * MINUTE);

    let now = play.now + SECOND;
    assert_eq!(times(&play.restarted(vars, now).minutes_for(BOB)), [0, 1, 2, 3]);
}

/// The ring of the journal has 120 rows. A row per answer or per life would turn it in minutes.
#[test]
fn neither_answers_nor_short_lives_push_bars_out_of_the_journal() {
    let (mut play, mut link) = filled_bitcoin(BTC);
    play.trade(link, "BTC/USD", 2, 100.0);
    let journal = |play: &Play| {
        let rows = play.memory.keys().filter(|(series, _)| series.ends_with("journal"));
        rows.count()
    };
    for life in 0..150 {
        for day in 0..3 {
            play.ask_bars(1_000 + day, "BTC/USD", Interval::Day);
            if play.errand().is_some() {
                play.answer_errand(200, &json!({"values": [], "status": "ok"}));
            }
        }
        play.trade(link, "BTC/USD", 1, 100.0 + f64::from(life));
        let now = play.now + 20 * SECOND;
        play = play.restarted(BTC, now);
        play.input(Input::joined(BOB, Dialect::Plain));
        play.pass(2 * SECOND);
        link = play.opened_link().unwrap();
        play.input(Input::Opened(link));
        play.frame(
            link,
            &json!({"event": "subscribe-status", "success": [{"symbol": "BTC/USD"}]}),
        );
    }
    assert!(journal(&play) <= 60, "{} rows", journal(&play));
    let minute = MIDDAY + MINUTE;
    play.ask_bars(1, "BTC/USD", Interval::Minute);
    play.pass(2 * SECOND);
    let history = play.history(1);
    let has = |minute| history.bars.iter().any(|bar| bar.time == minute);
    assert!(has(minute) || is_named(&history, minute), "{:?}", history.gaps);
}

#[test]
fn a_bar_that_closed_is_told_on_the_stream() {
    let (mut play, link) = live_bitcoin(BTC);
    for step in 0..5_u32 {
        play.tick(link, "BTC/USD", 100.0 + f64::from(step));
        play.pass(10 * SECOND);
    }
    play.input(Input::joined(BOB, Dialect::HamsterV1));
    play.subscribe(BOB, "BTC/USD");
    play.take();
    play.pass(9 * SECOND);
    let frames = play.told.iter().filter(|(whom, _)| *whom == BOB);
    let bars: Vec<_> = frames.filter(|(_, frame)| frame.contains(r#"{"bar":"#)).collect();
    let bar = format!(r#"{{"bar":[0,{},100.0,104.0,100.0,104.0,null]}}"#, MIDDAY / SECOND);
    assert!(bars.len() == 1 && bars[0].1.contains(&bar), "{bars:?}");
    play.input(Input::joined(ClientId(3), Dialect::HamsterV1));
    play.subscribe(ClientId(3), "BTC/USD");
    let snapshot = play.heard_events(ClientId(3), "snapshot").pop().unwrap();
    assert_eq!(snapshot["symbols"][0]["spark"]["values"], json!([10_400]), "{snapshot}");
}

#[test]
fn a_search_is_answered_once_for_everybody() {
    let (mut play, _) = live_bitcoin(BTC);
    play.answer_errand(200, &series("BTC/USD", MIDDAY, &[1], 50.0));
    let search = |text: &str| {
        Question::Search(SearchQuestion {
            text: text.to_owned(),
            limit: 10,
        })
    };
    play.ask(1, search("app"));
    let body = json!({"data": [
        {"symbol": "AAPL", "instrument_name": "Apple Inc", "exchange": "NASDAQ", "instrument_type": "Common Stock"},
        {"symbol": "BTC/USD", "instrument_name": "Bitcoin App", "exchange": "Binance", "instrument_type": "Digital Currency"},
    ], "status": "ok"});
    assert_eq!(
        play.answer_errand(200, &body),
        Call::Search {
            text: "app".to_owned(),
            most: 120
        }
    );
    let Some(Answer::Search(found)) = play.reply(1) else {
        panic!("no search");
    };
    assert_eq!((found.from, found.results.len()), (FoundBy::Provider, 2));
    assert_eq!(
        (found.results[0].serves, found.results[1].serves),
        (Service::Unknown, Service::Stream)
    );
    play.ask(2, search("apple"));
    let Some(Answer::Search(found)) = play.reply(2) else {
        panic!("no search");
    };
    assert_eq!((found.from, found.results.len()), (FoundBy::Cache, 1));
    // Two calls a minute: the third text gets what the hub tracks.
    play.ask(3, search("x"));
    play.answer_errand(200, &json!({"data": [], "status": "ok"}));
    play.ask(4, search("btc"));
    play.pass(2 * SECOND);
    let Some(Answer::Search(found)) = play.reply(4) else {
        panic!("no search");
    };
    assert_eq!(
        (found.from, found.results[0].subscribe.as_str()),
        (FoundBy::Hub, "BTC/USD")
    );
    assert!(found.reason.is_some() && found.retry_at.is_some());
}

#[test]
fn hours_are_asked_for_when_somebody_wants_them_and_told_to_symbols() {
    let vars = [("SYMBOLS", "AAPL"), ("HISTORY_CREDITS_PERCENT", "25")];
    let mut play = Play::with(&vars);
    play.input(Input::joined(ALICE, Dialect::Plain));
    answer_raw(
        &mut play,
        |_, now| json!({"close": "100", "previous_close": "99", "is_market_open": true, "last_quote_at": now / 1000, "mic_code": "XNGS"}),
    );
    play.pass(15 * SECOND);
    let mut asked = Vec::new();
    while play.errand().is_some() {
        let body = json!([{"name": "NASDAQ", "code": "XNGS", "country": "United States", "is_market_open": true,
            "time_after_open": "02:00:00", "time_to_open": "00:00:00", "time_to_close": "04:00:00"}]);
        let is_hours = matches!(play.errand(), Some((_, Call::Hours)));
        let empty = json!({"values": [], "status": "ok"});
        asked.push(play.answer_errand(200, if is_hours { &body } else { &empty }));
        play.pass(15 * SECOND);
    }
    assert_eq!(
        asked.iter().filter(|call| **call == Call::Hours).count(),
        1,
        "{asked:?}"
    );
    assert!(play.quote("AAPL").quote.closes_at.is_some());
    play.ask(1, Question::Sessions);
    let Some(Answer::Sessions(sessions)) = play.reply(1) else {
        panic!("no sessions");
    };
    assert!(sessions.exchanges[0].is_open && sessions.reason.is_none());
}
