//! Upgrades: keys, refusals, evictions.

use super::*;

#[test]
fn a_wrong_key_is_refused_in_the_form_that_is_switched_on() {
    for (form, status, code) in [
        (BadKeyReply::Ok, 200, 401),
        (BadKeyReply::Unauthorized, 401, 401),
        (BadKeyReply::Forbidden, 403, 403),
        (BadKeyReply::BadRequest, 400, 400),
    ] {
        let mut exchange = exchange(keyed(Plan::pro()));
        exchange.faults().bad_key = form;
        for key in [None, Some("wrong")] {
            let refusal = exchange.connect(key, WEDNESDAY).unwrap_err();
            assert_eq!(refusal.status, status);
            let body: Value = serde_json::from_str(&refusal.body).unwrap();
            assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!("error")));
        }
        assert_eq!(exchange.counters(WEDNESDAY).refused, 2);
    }
}

#[test]
fn any_refusal_can_be_asked_for() {
    let mut exchange = exchange(Settings::default());
    exchange.faults().refuse_upgrades = Some((503, "{}".to_owned()));
    assert_eq!(exchange.connect(None, WEDNESDAY).unwrap_err().status, 503);
    exchange.faults().refuse_upgrades = None;
    assert!(exchange.connect(None, WEDNESDAY).is_ok());
}

#[test]
fn nothing_is_said_before_the_client_speaks() {
    let mut exchange = exchange(Settings::default());
    let connected = exchange.connect(None, WEDNESDAY).unwrap();
    assert_eq!(connected.outputs, []);
    assert_eq!(exchange.next_tick_at(), None);
    assert_eq!(exchange.tick(WEDNESDAY + DAY), []);
}

#[test]
fn one_connection_too_many_ends_the_oldest_of_its_key() {
    for (plan, allowed) in [(Plan::basic(), 1), (Plan::pro(), 3)] {
        let mut exchange = exchange(keyed(plan));
        let stranger = exchange.connect(Some("other"), WEDNESDAY).unwrap().session;
        let mine: Vec<_> = (0..allowed).map(|_| open(&mut exchange)).collect();
        let newest = exchange.connect(Some("good"), WEDNESDAY).unwrap();
        assert_eq!(newest.outputs, [Output::Drop { session: mine[0] }]);
        exchange.faults().eviction = Ending::Close;
        let newest = exchange.connect(Some("good"), WEDNESDAY).unwrap();
        assert!(matches!(newest.outputs[..], [Output::Close { .. }]));
        let counters = exchange.counters(WEDNESDAY);
        assert_eq!((counters.connections_open, counters.evicted), (allowed + 1, 2));
        assert_eq!(counters.most_connections, allowed + 1);
        assert!(exchange.sessions().any(|session| session == stranger));
    }
}

#[test]
fn accept_then_drop() {
    let mut exchange = exchange(Settings::default());
    exchange.faults().accept_then_drop = true;
    let connected = exchange.connect(None, WEDNESDAY).unwrap();
    assert_eq!(
        connected.outputs,
        [Output::Drop {
            session: connected.session
        }]
    );
    assert_eq!(exchange.counters(WEDNESDAY).connections_open, 0);
}
