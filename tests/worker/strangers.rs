//! Upstream is not trusted: whatever it answers, the key is not revealed, memory stays small, and
//! everybody who can be served is.

use std::time::{Duration, Instant};

use crate::scripted::{Reply, SOCKET_PATH, Scripted, record, tick, watch};
use crate::support::terminal::shows_key;
use crate::support::{Client, KEY, Terminal, eventually, pass};
use serde_json::{Value, json};

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

async fn upstream() -> Scripted {
    Scripted::start(|symbol| record(symbol, 100.0, 80.0).to_string()).await
}

/// An answer that redirects the hub to another host.
fn redirect(status: u16, to: &Scripted, path: &str) -> Reply {
    let port = to.address().split_once(':').unwrap().1.to_owned();
    Reply::Whole(
        status,
        format!("location: http://localhost:{port}{path}\r\n"),
        String::new(),
    )
}

fn error(code: u16, message: &str) -> String {
    json!({"code": code, "message": message, "status": "error"}).to_string()
}

fn whole(status: u16, body: String) -> Option<Reply> {
    Some(Reply::Whole(
        status,
        "content-type: application/json\r\n".to_owned(),
        body,
    ))
}

async fn feed_reason(terminal: &Terminal, part: &str) -> String {
    let told = terminal
        .status_until(part, |status| status["feed"]["reason"].as_str().unwrap().contains(part))
        .await;
    told["feed"]["reason"].as_str().unwrap().to_owned()
}

async fn rest_trouble(terminal: &Terminal, part: &str) {
    let says = |status: &Value| {
        let trouble = status["credits"]["trouble"].as_str();
        trouble.is_some_and(|trouble| trouble.contains(part))
    };
    terminal.status_until(part, says).await;
}

#[tokio::test]
async fn a_redirect_of_the_upgrade_is_not_followed_and_the_reason_says_so() {
    let (upstream, elsewhere) = (upstream().await, upstream().await);
    upstream.upgrade(Some(redirect(301, &elsewhere, SOCKET_PATH)));
    let terminal = upstream.terminal(&[]).await;
    let mut client = terminal.connect().await;
    client.subscribe("AAPL").await;
    for status in REDIRECTS {
        upstream.upgrade(Some(redirect(status, &elsewhere, SOCKET_PATH)));
        let reason = feed_reason(&terminal, &format!("(HTTP {status})")).await;
        assert!(reason.contains("not followed"), "{reason}");
    }
    assert_eq!(client.price("AAPL", 100.0).await["source"], "rest");
    assert!(
        upstream.heads().iter().all(|head| head.contains(KEY)),
        "whose key it is"
    );
    assert_eq!(elsewhere.heads(), [""; 0], "nobody asked there");
    upstream.upgrade(None);
    client.feed("live").await;
}

#[tokio::test]
async fn a_redirect_of_rest_is_not_followed_and_prices_stream_on() {
    let (upstream, elsewhere) = (upstream().await, upstream().await);
    upstream.rest(Some(redirect(301, &elsewhere, "/quote?symbol=AAPL")));
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    for status in REDIRECTS {
        upstream.rest(Some(redirect(status, &elsewhere, "/quote?symbol=AAPL")));
        rest_trouble(&terminal, &format!("(HTTP {status}), which is not followed")).await;
        let price = 100.0 + f64::from(status);
        upstream.say(&tick("AAPL", price).to_string());
        client.price("AAPL", price).await;
    }
    assert_eq!(elsewhere.heads(), [""; 0], "nobody asked there");
    upstream.rest(None);
    client
        .until("the previous close", |event| event["previous_close"] == 80.0)
        .await;
}

/// Ticks until `done`. Returns the longest time between two ticks at the client.
async fn longest_gap(upstream: &Scripted, client: &mut Client, mut done: impl FnMut() -> bool) -> Duration {
    let (mut price, mut longest) = (1.0, Duration::ZERO);
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "in vain");
        price += 1.0;
        let sent = Instant::now();
        upstream.say(&tick("AAPL", price).to_string());
        client.price("AAPL", price).await;
        longest = longest.max(sent.elapsed());
        pass(Duration::from_millis(50)).await;
    }
    longest
}

/// The most bytes that the hub and the sockets in between may take of a body of which the hub reads
/// 2 MiB.
const MOST_POURED: u64 = 24 * 1024 * 1024;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rest_body_without_end_is_not_read_and_prices_flow_on() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    longest_gap(&upstream, &mut client, || terminal.worker.log().contains("streaming")).await;
    let before = terminal.worker.memory();
    upstream.rest(Some(Reply::Endless(200)));
    // A REST request for a new symbol asks REST at once, and then it is asked again and again.
    let mut most = before;
    for (calls, status) in [200, 429, 500, 200].into_iter().enumerate() {
        upstream.rest(Some(Reply::Endless(status)));
        let asked = upstream.rest_calls();
        let other = terminal.get(&format!("/api/quotes?symbols=NEW{calls}")).await;
        assert_eq!(other.status, 200);
        let gap = longest_gap(&upstream, &mut client, || {
            most = most.max(terminal.worker.memory());
            upstream.rest_calls() > asked && upstream.poured().1 == 0
        })
        .await;
        // Whoever waited for the body would wait for ten seconds.
        assert!(gap < Duration::from_secs(8), "{gap:?} without a price");
        rest_trouble(&terminal, "longer than 2 MiB").await;
    }
    let (poured, calls) = (upstream.poured().0, upstream.rest_calls() as u64);
    assert!(poured < MOST_POURED * calls, "{poured} bytes in {calls} calls");
    assert!(most < before + 100.0, "{most} MiB after {before}");
    upstream.rest(None);
    terminal
        .status_until("REST works again", |status| status["credits"]["trouble"].is_null())
        .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_without_end_is_a_refusal() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[]).await;
    let mut client = watch(&terminal, "AAPL").await;
    let before = terminal.worker.memory();
    upstream.upgrade(Some(Reply::Endless(503)));
    upstream.close(1001, "");
    feed_reason(&terminal, "HTTP 503").await;
    let mut most = before;
    for _ in 0..30 {
        pass(Duration::from_millis(100)).await;
        most = most.max(terminal.worker.memory());
    }
    assert!(most < before + 100.0, "{most} MiB after {before}");
    let attempts = upstream
        .heads()
        .iter()
        .filter(|head| head.contains(SOCKET_PATH))
        .count() as u64;
    let poured = upstream.poured().0;
    assert!(
        attempts > 2 && poured < MOST_POURED * attempts,
        "{poured} bytes in {attempts}"
    );
    upstream.upgrade(None);
    client.feed("live").await;
    upstream.say(&tick("AAPL", 101.5).to_string());
    client.price("AAPL", 101.5).await;
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let upstream = upstream().await;
    upstream.rest(Some(Reply::Trickle(200)));
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    longest_gap(&upstream, &mut client, || upstream.poured().0 > 20).await;
    rest_trouble(&terminal, "no answer within 10 s").await;
    longest_gap(&upstream, &mut client, || upstream.rest_calls() > 1).await;
    upstream.rest(None);
    client
        .until("the previous close", |event| event["previous_close"] == 80.0)
        .await;
}

/// The key in the forms in which an upstream may repeat it.
fn disguises() -> Vec<String> {
    let (first, second) = KEY.split_at(KEY.len() / 2);
    let each = |form: fn(u8) -> String| KEY.bytes().map(form).collect::<String>();
    let mut all: Vec<String> = [
        KEY,
        first,
        second,
        "dGVzdC1rZXktNWQ0MTQwMmFiYzRiMmE3Ng==",
        "eHRlc3Qta2V5LTVkNDE0MDJhYmM0YjJhNzY=",
        "eHh0ZXN0LWtleS01ZDQxNDAyYWJjNGIyYTc2",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend([
        KEY.to_uppercase(),
        format!("apikey={KEY}&symbol"),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("%{byte:02X}")),
        each(|byte| format!("%25{byte:02x}")),
        KEY.replace('5', "%35"),
    ]);
    // If a text is cut at a number of characters, part of the key may remain.
    all.extend([20, 30, 40, 50, 150, 190].map(|before| format!("{}{KEY}", "x".repeat(before))));
    all
}

/// A JSON text with every character of every string escaped.
fn escaped(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{units}\"")
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", escaped(&json!(name)), escaped(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

async fn look_for_the_key(terminal: &Terminal, when: &str) {
    for path in ["/api/status", "/metrics", "/api/quotes", "/api/stocks", "/api/crypto"] {
        let answer = terminal.get(path).await;
        assert!(!shows_key(&answer.text), "{when}, {path}: {}", answer.text);
    }
    for text in terminal.said() {
        assert!(!shows_key(&text), "{when}: {text}");
    }
    for line in terminal.worker.log().lines() {
        assert!(!shows_key(line), "{when}, in the log: {line}");
    }
}

#[test]
fn who_looks_for_the_key_finds_it() {
    for disguise in disguises() {
        assert!(shows_key(&format!("no {disguise} here")), "{disguise}");
        assert!(shows_key(&escaped(&json!(disguise))), "{disguise}");
    }
    assert!(!shows_key("test-key and 5d41402ab, dGVzdC1rZXktN"));
}

#[tokio::test]
async fn a_tick_that_repeats_the_key_in_any_form_shows_it_to_nobody() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL,BTC/USD")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    let (mut visitor, _) = terminal.offer("hamster.v1").await.unwrap();
    visitor.subscribe("AAPL").await;
    let mut price = 1.0;
    for disguise in disguises() {
        for fields in [["exchange", "mic_code"], ["type", "currency"]] {
            price += 1.0;
            let mut event = tick("AAPL", price);
            for field in fields {
                event[field] = json!(disguise);
            }
            let text = if price % 2.0 == 0.0 {
                event.to_string()
            } else {
                escaped(&event)
            };
            upstream.say(&text);
            client.price("AAPL", price).await;
        }
        visitor.everything_so_far().await;
        look_for_the_key(&terminal, &format!("a tick with {disguise}")).await;
    }
}

#[tokio::test]
async fn a_status_a_close_and_a_refusal_that_repeat_the_key_show_it_to_nobody() {
    let upstream = upstream().await;
    let terminal = upstream
        .terminal(&[
            ("SYMBOLS", "AAPL"),
            ("RECONNECT_MS", "50"),
            ("RECONNECT_MAX_MS", "100"),
            ("REFUSED_MS", "100"),
        ])
        .await;
    let mut client = watch(&terminal, "AAPL").await;
    for disguise in disguises().into_iter().filter(|disguise| disguise.len() < 120) {
        let named = disguise.clone();
        upstream.listings(move |symbol| {
            json!({"symbol": symbol, "exchange": named, "mic_code": named, "type": named, "country": named})
        });
        let refusal = error(503, &format!("no {disguise}"));
        upstream.upgrade(whole(503, refusal));
        upstream.close(4001, &disguise);
        client.feed("fallback").await;
        let attempts = upstream.heads().len();
        eventually("two refusals more", || upstream.heads().len() > attempts + 1).await;
        terminal.get("/api/status").await;
        upstream.upgrade(None);
        client.feed("live").await;
        upstream.say(&json!({"event": "message-processing", "status": "error", "messages": [disguise]}).to_string());
        upstream.say(&json!({"event": disguise, "symbol": disguise}).to_string());
        upstream.say(&tick(&disguise, 1.0).to_string());
        client.everything_so_far().await;
        look_for_the_key(&terminal, &format!("{disguise} in a close")).await;
    }
}

#[tokio::test]
async fn a_rest_answer_that_repeats_the_key_shows_it_to_nobody() {
    let upstream = upstream().await;
    let vars = [
        ("SYMBOLS", "AAPL,MSFT,BTC/USD"),
        ("FALLBACK_MS", "50"),
        ("REFERENCE_MS", "100"),
        ("REFUSED_MS", "50"),
    ];
    upstream.upgrade(whole(503, "{}".to_owned()));
    let terminal = upstream.terminal(&vars).await;
    let mut client = terminal.connect().await;
    client.subscribe("AAPL,MSFT,BTC/USD").await;
    for disguise in disguises() {
        let (said, text) = (disguise.clone(), format!("cannot serve {disguise} now"));
        let call = whole(500, error(500, &text));
        upstream.records(move |symbol| match symbol {
            "AAPL" => {
                let mut record = record(symbol, 100.0, 80.0);
                for field in ["exchange", "mic_code", "currency", "type", "name"] {
                    record[field] = json!(said);
                }
                escaped(&record)
            }
            "MSFT" => record(&said, 100.0, 80.0).to_string(),
            _ => error(400, &text),
        });
        for (what, reply) in [("records", None), ("a call's error", call)] {
            upstream.rest(reply);
            let calls = upstream.rest_calls();
            eventually("two calls more", || upstream.rest_calls() > calls + 1).await;
            look_for_the_key(&terminal, &format!("{what} with {disguise}")).await;
        }
    }
    let said = terminal.said().concat();
    for part in [
        "answered for [key] instead",
        "REST failed (cannot serve [key] now)",
        "\"reason\":\"cannot serve [key] now\"",
    ] {
        assert!(said.contains(part), "nobody was told {part}");
    }
}

#[tokio::test]
async fn a_text_of_any_length_costs_itself_alone() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL,BTC/USD")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    let mut event = tick("AAPL", 101.5);
    event["exchange"] = json!("Ä".repeat(100_000));
    upstream.say(&event.to_string());
    let update = client.price("AAPL", 101.5).await;
    assert_eq!(update["exchange"], "Ä".repeat(64));
    event["exchange"] = json!("x".repeat(5_000_000));
    upstream.say(&event.to_string());
    terminal
        .status_until("it is counted or the connection replaced", |status| {
            status["unreadable_messages"] == 1 || status["reconnects"] == 1
        })
        .await;
    terminal
        .status_until("live", |status| status["feed"]["state"] == "live")
        .await;
    upstream.say(&tick("AAPL", 102.5).to_string());
    client.price("AAPL", 102.5).await;
    let longest = terminal.said().iter().map(String::len).max();
    assert!(longest < Some(20_000), "{longest:?} bytes in one answer");
}

#[tokio::test]
async fn where_upstream_is_is_told_to_nobody() {
    let upstream = upstream().await;
    let terminal = upstream.terminal(&[("SYMBOLS", "AAPL")]).await;
    let mut client = watch(&terminal, "AAPL").await;
    let address = upstream.address();
    let text = format!("cannot reach http://{address}/quote?symbol=AAPL or ws://{address}{SOCKET_PATH}");
    upstream.rest(whole(500, error(500, &text)));
    upstream.upgrade(whole(503, error(503, &text)));
    upstream.close(4001, &format!("see http://{address}/"));
    // It is the reason for a third of a second only.
    client
        .until("4001", |event| {
            event["event"] == "feed" && event["reason"].as_str().is_some_and(|reason| reason.contains("4001"))
        })
        .await;
    feed_reason(&terminal, "did not open").await;
    rest_trouble(&terminal, "cannot reach").await;
    // Upstream is gone completely.
    drop(upstream);
    feed_reason(&terminal, "could not be reached").await;
    client.feed("fallback").await;
    terminal.get("/api/quotes").await;
    for text in terminal.said() {
        assert!(!text.contains(&address) && !text.contains(SOCKET_PATH), "{text}");
    }
}
