//! Heartbeats, invalid messages, and the message limit.

use super::*;

#[test]
fn a_heartbeat_is_answered() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let answer = say(&mut exchange, session, &json!({"action": "heartbeat"}));
    assert_eq!(answer, json!({"event": "heartbeat", "status": "ok"}));
}

#[test]
fn the_hundred_and_first_message_of_a_minute_is_answered_with_the_servers_own_words() {
    let mut exchange = exchange(keyed(Plan::pro()));
    let (first, second) = (open(&mut exchange), open(&mut exchange));
    let heartbeat = json!({"action": "heartbeat"});
    for _ in 0..50 {
        assert_eq!(say(&mut exchange, first, &heartbeat)["event"], "heartbeat");
        assert_eq!(say(&mut exchange, second, &heartbeat)["event"], "heartbeat");
    }
    assert_eq!(
        subscribe(&mut exchange, first, "AAPL"),
        json!({"event": "message-processing", "status": "error", "messages": [
            "The server received 101 events from you, which exceeds the limit of 100 events per minute. You may wait for the next minute or contact our technical support to increase the limits."
        ]})
    );
    assert_eq!(exchange.counters(WEDNESDAY).connections_open, 2);
    assert!(exchange.counters(WEDNESDAY).subscriptions.is_empty());
    let next_minute = exchange.receive(first, &heartbeat.to_string(), WEDNESDAY + MINUTE);
    assert_eq!(frames(&next_minute, first)[0]["event"], "heartbeat");
}

#[test]
fn nonsense_is_answered_in_band_and_the_session_lives() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    for text in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "\u{0}",
        r#"{"action":1}"#,
        r#"{"action":"fly"}"#,
        r#"{"action":"subscribe"}"#,
        r#"{"action":"subscribe","params":{}}"#,
        r#"{"action":"subscribe","params":{"symbols":""}}"#,
        r#"{"action":"subscribe","params":{"symbols":[1]}}"#,
        r#"{"action":"unsubscribe","params":null}"#,
    ] {
        let outputs = exchange.receive(session, text, WEDNESDAY);
        assert_eq!(frames(&outputs, session)[0]["event"], "message-processing", "{text:?}");
    }
    assert_eq!(exchange.counters(WEDNESDAY).connections_open, 1);
}

#[test]
fn a_megabyte_is_too_much() {
    let mut exchange = exchange(Settings::default());
    let session = open(&mut exchange);
    let outputs = exchange.receive(session, &" ".repeat(1_000_001), WEDNESDAY);
    assert!(matches!(outputs[..], [Output::Close { code: 1009, .. }]));
    assert_eq!(exchange.receive(session, "{}", WEDNESDAY), []);
}
