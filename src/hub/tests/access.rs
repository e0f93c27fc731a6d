//! What clients may do where access is required, and until when.

use super::*;
use crate::access::{Access, Limits, Pass};
use crate::dialect::{CLOSE_EXPIRED, CLOSE_REVOKED};
use sha2::Digest;

/// The hash of "secret key".
const KEYS: &str = r#"[{"name":"desk","sha256":"66859b7ade4e68cb65041b88a7ad5214df71cdcfa27dff2efcc80a81e9ba5fa0"}]"#;
const REQUIRED: &[(&str, &str)] = &[("ACCESS_KEYS", KEYS)];

fn desk() -> Pass {
    config(REQUIRED)
        .access
        .pass_of_key(&sha2::Sha256::digest("secret key").into(), 0)
        .unwrap()
}

fn joins(play: &mut Play, client: ClientId, dialect: Dialect, standing: Standing) {
    let viewer = standing
        .pass()
        .map_or(Viewer::alone(client.0), |pass| Viewer::of_principal(&pass.principal));
    play.input(Input::Joined(client, dialect, Carrier::WebSocket, viewer, standing));
}

fn known(pass: Pass) -> Standing {
    pass.into()
}

fn told(play: &Play, client: ClientId) -> Vec<&str> {
    let frames = play.told.iter().filter(|(whom, _)| *whom == client);
    frames.map(|(_, frame)| frame.as_str()).collect()
}

fn closed(play: &Play, client: ClientId) -> Option<(u16, &'static str)> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::CloseClient {
            client: whom,
            code,
            reason,
        } if *whom == client => Some((*code, *reason)),
        _ => None,
    })
}

fn record_of(play: &Play, client: ClientId) -> String {
    let records = play.effects.iter().rev();
    let mut records = records.filter_map(|effect| match effect {
        Effect::Remember { client: whom, record } if *whom == client => Some(record.clone()),
        _ => None,
    });
    records.next().unwrap()
}

#[test]
fn a_client_reads_what_its_pass_covers() {
    let mut play = Play::with(REQUIRED);
    let pass = Pass {
        symbols: Some(vec!["AAPL".to_owned(), "TSLA".to_owned()]),
        limits: Limits {
            symbols: Some(1),
            ..Limits::default()
        },
        ..desk()
    };
    joins(&mut play, BOB, Dialect::Plain, known(pass));
    let greeting: Value = serde_json::from_str(told(&play, BOB)[0]).unwrap();
    assert_eq!(greeting["access"], json!({"mode": "required", "principal": "desk"}));
    assert_eq!(
        greeting["symbols"],
        json!(["AAPL"]),
        "the default symbols that it may read"
    );
    play.subscribe(BOB, "MSFT,AAPL:NASDAQ,TSLA");
    let answers = play.heard_events(BOB, "subscribe-status");
    let reasons: Vec<&str> = answers[0]["fails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fail| fail["reason"].as_str().unwrap())
        .collect();
    assert!(reasons[0].contains("covers only AAPL, TSLA"), "{reasons:?}");
    assert!(reasons[1].contains("at most 1 symbols"), "{reasons:?}");
    assert_eq!(answers[0]["success"][0]["symbol"], "AAPL:NASDAQ");
}

#[test]
fn a_client_is_closed_when_its_pass_ends() {
    let mut play = Play::with(REQUIRED);
    let ends = |at| Pass {
        expires: Some(NOON + at),
        ..desk()
    };
    joins(&mut play, ALICE, Dialect::HamsterV1, known(ends(90 * SECOND)));
    joins(&mut play, BOB, Dialect::Plain, known(ends(120 * SECOND)));
    play.pass(89 * SECOND);
    assert_eq!(closed(&play, ALICE), None);
    play.pass(SECOND);
    assert_eq!(
        closed(&play, ALICE),
        Some((CLOSE_EXPIRED, "your access token has expired"))
    );
    play.input(Input::Left(BOB));
    play.take();
    play.pass(MINUTE);
    assert_eq!(closed(&play, BOB), None, "it has left before");
}

#[test]
fn a_pass_survives_hibernation_unless_its_key_is_gone_or_its_time_over() {
    let ending = KEYS.replace("\"}", &format!("\",\"expires\":\"{}\"}}", iso8601(NOON + MINUTE)));
    let required: &[(&str, &str)] = &[("ACCESS_KEYS", ending.as_str())];
    let mut play = Play::with(required);
    let key = sha2::Sha256::digest("secret key").into();
    let pass = config(required).access.pass_of_key(&key, NOON).unwrap();
    joins(&mut play, BOB, Dialect::Plain, known(pass));
    let record = record_of(&play, BOB);
    let later = |vars: &[(&str, &str)], after, record: &str| {
        let mut later = Play::restored(config(vars), &Stored::default(), NOON + after);
        later.input(Input::Rejoined(BOB, record.to_owned()));
        later.pass(0);
        later
    };
    let mut kept = later(required, SECOND, &record);
    assert_eq!(closed(&kept, BOB), None);
    kept.pass(59 * SECOND);
    assert_eq!(closed(&kept, BOB).map(|(code, _)| code), Some(CLOSE_EXPIRED));
    let over = later(required, MINUTE, &record);
    assert_eq!(closed(&over, BOB).map(|(code, _)| code), Some(CLOSE_EXPIRED));
    let other = KEYS.replace("66859b", "66859c");
    let withdrawn = later(&[("ACCESS_KEYS", other.as_str())], SECOND, &record);
    assert_eq!(closed(&withdrawn, BOB).map(|(code, _)| code), Some(CLOSE_REVOKED));
    let without = later(REQUIRED, SECOND, "");
    assert_eq!(
        closed(&without, BOB).map(|(code, _)| code),
        Some(CLOSE_REVOKED),
        "access was open before"
    );
    assert_eq!(closed(&later(&[], SECOND, &record), BOB), None, "access is open now");
    // The key was prolonged meanwhile.
    let mut longer = later(REQUIRED, MINUTE, &record);
    longer.pass(MINUTE);
    assert_eq!(closed(&longer, BOB), None);
}

/// What the machine wants to know about a client's token.
fn asked(play: &Play) -> Vec<(ClientId, String)> {
    let effects = play.effects.iter();
    let asked = effects.filter_map(|effect| match effect {
        Effect::Authenticate { client, token } => Some((*client, token.0.clone())),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_socket_io_client_shows_its_token_when_it_joins() {
    let mut play = Play::with(REQUIRED);
    let say = |play: &mut Play, text: &str| play.input(Input::Said(BOB, text.to_owned()));
    joins(&mut play, BOB, Dialect::SocketIo, Standing::Unproven);
    say(&mut play, "40");
    assert!(told(&play, BOB)[1].starts_with("44{"), "{:?}", told(&play, BOB));
    say(&mut play, r#"42["subscribe",{"symbols":["AAPL"]}]"#);
    assert_eq!(play.watched(BOB).len(), 0, "nobody is served before");
    say(&mut play, r#"40{"token":"wrong"}"#);
    say(&mut play, r#"40{"token":"again"}"#);
    assert_eq!(asked(&play), [(BOB, "wrong".to_owned())], "one at a time");
    play.input(Input::Authenticated(BOB, Err("not known".to_owned())));
    assert!(told(&play, BOB).last().unwrap().contains("not known"));
    say(&mut play, r#"40{"token":"secret key"}"#);
    let pass = Pass {
        symbols: Some(vec!["AAPL".to_owned()]),
        ..desk()
    };
    play.input(Input::Authenticated(BOB, Ok((Viewer(9), pass))));
    assert!(told(&play, BOB).iter().any(|frame| frame.starts_with(r#"40{"sid""#)));
    assert_eq!(play.watched(BOB).len(), 1, "the default symbol that it may read");
    assert!(record_of(&play, BOB).contains("desk"), "its pass survives hibernation");
    play.pass(20 * SECOND);
    assert_eq!(closed(&play, BOB), None);
}

#[test]
fn a_client_that_shows_no_token_is_closed() {
    let mut play = Play::with(REQUIRED);
    joins(&mut play, BOB, Dialect::SocketIo, Standing::Unproven);
    play.pass(9 * SECOND);
    assert_eq!(closed(&play, BOB), None);
    play.pass(SECOND);
    assert_eq!(closed(&play, BOB).map(|(code, _)| code), Some(CLOSE_EXPIRED));
    // The answer about a token of a client that is gone changes nothing.
    play.input(Input::Authenticated(BOB, Ok((Viewer(9), desk()))));
    assert_eq!(play.watched(BOB).len(), 0);
}

#[test]
fn clients_of_one_principal_share() {
    let vars = &[("ACCESS_KEYS", KEYS), ("EXTRA_SYMBOLS", "2")];
    let mut play = Play::with(vars);
    let bob = Pass {
        principal: "bob".to_owned(),
        ..desk()
    };
    joins(&mut play, ClientId(11), Dialect::Plain, known(desk()));
    joins(&mut play, ClientId(12), Dialect::Plain, known(desk()));
    play.subscribe(ClientId(11), "ONE");
    play.subscribe(ClientId(12), "TWO");
    joins(&mut play, BOB, Dialect::Plain, known(bob));
    play.subscribe(BOB, "THREE");
    assert_eq!(play.watched(BOB).len(), 1, "half of the room is Bob's");
    assert_eq!(play.watched(ClientId(11)).len() + play.watched(ClientId(12)).len(), 1);
    assert!(!Access::default().is_required, "and by default nobody asks");
}

#[test]
fn nobody_wakes_the_hub_without_a_token() {
    let mut play = Play::with(REQUIRED);
    joins(&mut play, BOB, Dialect::SocketIo, Standing::Unproven);
    assert_eq!(play.opened_link(), None);
    play.pass(10 * SECOND);
    assert_eq!(
        closed(&play, BOB).map(|(code, _)| code),
        Some(CLOSE_EXPIRED),
        "a sleeping hub closes it"
    );
    play.pass(MINUTE);
    assert_eq!((play.opened_link(), play.hub.alarm_at()), (None, None));
    joins(&mut play, ALICE, Dialect::SocketIo, Standing::Unproven);
    play.input(Input::Said(ALICE, r#"40{"token":"secret key"}"#.to_owned()));
    assert_eq!(play.opened_link(), None);
    play.input(Input::Authenticated(ALICE, Ok((Viewer(9), desk()))));
    assert!(play.opened_link().is_some(), "somebody is here");
}

#[test]
fn three_wrong_tokens_are_too_many() {
    let mut play = Play::with(REQUIRED);
    joins(&mut play, BOB, Dialect::SocketIo, Standing::Unproven);
    for attempt in 1..=3 {
        assert_eq!(closed(&play, BOB), None, "attempt {attempt}");
        play.input(Input::Said(BOB, r#"40{"token":"wrong"}"#.to_owned()));
        play.input(Input::Authenticated(BOB, Err("not known".to_owned())));
    }
    assert_eq!(
        closed(&play, BOB).map(|(code, _)| code),
        Some(crate::dialect::CLOSE_FLOOD)
    );
}

#[test]
fn a_pass_for_few_symbols_limits_socket_io_too() {
    let mut play = Play::with(REQUIRED);
    let few = Limits {
        symbols: Some(2),
        ..Limits::default()
    };
    joins(&mut play, BOB, Dialect::SocketIo, known(Pass { limits: few, ..desk() }));
    play.input(Input::Said(BOB, "40".to_owned()));
    assert_eq!(play.watched(BOB).len(), 2);
}

#[test]
fn names_of_sessions_do_not_follow_from_the_seed() {
    let named = |entropy| {
        let mut hub = Machine::new(Config { entropy, ..config(&[]) }, &Stored::default(), 7, NOON);
        hub.handle(Input::joined(BOB, Dialect::SocketIo), NOON);
        let mut frames = Vec::new();
        while let Some(effect) = hub.next_effect() {
            if let Effect::Send { frame, .. } = effect {
                frames.push(frame);
            }
        }
        frames.remove(0)
    };
    assert_eq!(named([1, 2, 3, 4]), named([1, 2, 3, 4]));
    for entropy in [[0, 2, 3, 4], [1, 0, 3, 4], [1, 2, 0, 4], [1, 2, 3, 0]] {
        assert_ne!(named(entropy), named([1, 2, 3, 4]), "{entropy:?}");
    }
}

// Seed 206259: a hub that sleeps marks no price stale, and showed one as fresh when the first client
// came back with a token.
#[test]
fn a_hub_that_a_token_wakes_shows_no_old_price_as_fresh() {
    let vars = &[("ACCESS_KEYS", KEYS), ("IDLE_MS", "30000")];
    let (mut play, link) = Play::live_with(vars, "AAPL");
    play.tick(link, "AAPL", 101.0);
    play.input(Input::Left(ALICE));
    play.pass_with_heartbeats(link, 100 * SECOND);
    assert_eq!(play.state(), FeedState::Idle);
    joins(&mut play, BOB, Dialect::SocketIo, Standing::Unproven);
    play.input(Input::Said(BOB, r#"40{"token":"secret key"}"#.to_owned()));
    play.input(Input::Authenticated(BOB, Ok((Viewer(9), desk()))));
    let prices = told(&play, BOB);
    let prices: Vec<_> = prices.iter().filter(|frame| frame.contains("price_update")).collect();
    assert!(
        !prices.is_empty() && prices.iter().all(|frame| frame.contains(r#""freshness":"stale""#)),
        "{prices:?}"
    );
}
