//! The fake Twelve Data over real sockets: what other tests rely on.

use std::time::Duration;

use crate::support::{FakeTwelveData, RestBehaviour, eventually};
use futures::{SinkExt, StreamExt};
use hamster_terminal::simulator::{BadKeyReply, Ending, Keys, Plan, Settings, Stall};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const KEY: &str = "0123456789abcdef";

/// Prices move only when a test says so.
fn manual() -> Settings {
    Settings {
        keys: Keys::Only(vec![KEY.to_owned()]),
        automatic: false,
        ..Settings::default()
    }
}

async fn connect(fake: &FakeTwelveData) -> Result<Socket, tungstenite::Error> {
    let mut request = fake.ws_url().into_client_request()?;
    request.headers_mut().insert("X-TD-APIKEY", KEY.parse().unwrap());
    let (socket, _) = connect_async(request).await?;
    Ok(socket)
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next text frame; `None` once the connection ended.
async fn hear(socket: &mut Socket) -> Option<Value> {
    loop {
        match timeout(Duration::from_secs(5), socket.next())
            .await
            .expect("a frame within 5 s")?
        {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn is_silent(socket: &mut Socket) -> bool {
    timeout(Duration::from_millis(300), socket.next()).await.is_err()
}

async fn subscribed(fake: &FakeTwelveData, symbols: &str) -> Socket {
    let mut socket = connect(fake).await.unwrap();
    say(
        &mut socket,
        json!({"action": "subscribe", "params": {"symbols": symbols}}),
    )
    .await;
    assert_eq!(hear(&mut socket).await.unwrap()["event"], "subscribe-status");
    socket
}

async fn get(fake: &FakeTwelveData, call: &str) -> (u16, Value) {
    let request = reqwest::Client::new().get(format!("{}{call}", fake.rest_url()));
    let reply = request
        .header("Authorization", format!("apikey {KEY}"))
        .send()
        .await
        .unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

async fn control(fake: &FakeTwelveData, command: &str) -> Value {
    let url = format!("{}/_control/{command}", fake.rest_url());
    let reply = reqwest::Client::new().post(url).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{command}");
    reply.json().await.unwrap()
}

fn refusal(result: Result<Socket, tungstenite::Error>) -> (u16, Value) {
    let Err(tungstenite::Error::Http(response)) = result else {
        panic!("not refused by an HTTP answer");
    };
    let body = response.body().clone().unwrap_or_default();
    (response.status().as_u16(), serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_pushed_price_arrives_exactly() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut socket = subscribed(&fake, "AAPL,BTC/USD").await;
    fake.push_price("AAPL", 123.45, 1_768_402_801);
    let event = hear(&mut socket).await.unwrap();
    assert_eq!(
        (&event["symbol"], &event["price"], &event["timestamp"]),
        (&json!("AAPL"), &json!(123.45), &json!(1_768_402_801))
    );
    let (status, quote) = get(&fake, "/price?symbol=AAPL").await;
    assert_eq!((status, quote), (200, json!({"price": "123.45000"})));
    fake.push_raw(r#"{"event":"surprise"}"#);
    assert_eq!(hear(&mut socket).await.unwrap()["event"], "surprise");
    assert!(is_silent(&mut socket).await);
}

#[tokio::test]
async fn the_market_moves_by_itself() {
    let fake = FakeTwelveData::start(Settings {
        tick_rate: 20.0,
        ..Settings::default()
    })
    .await;
    let (mut socket, _) = connect_async(format!("{}?apikey=any", fake.ws_url())).await.unwrap();
    say(
        &mut socket,
        json!({"action": "subscribe", "params": {"symbols": "AAPL,BTC/USD"}}),
    )
    .await;
    for _ in 0..20 {
        assert!(hear(&mut socket).await.is_some());
    }
    assert!(fake.key_in_url());
}

#[tokio::test]
async fn what_was_seen_is_on_record() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut first = subscribed(&fake, "AAPL").await;
    let second = connect(&fake).await.unwrap();
    assert_eq!((fake.connections_open(), fake.upgrades()), (2, 2));
    first.close(None).await.unwrap();
    drop(second);
    fake.wait_until("both are gone", |fake| fake.connections_open() == 0)
        .await;
    assert_eq!(fake.max_connections_at_once(), 2);
    let frames = fake.frames_received();
    assert!(frames.len() == 1 && frames[0].text.contains("AAPL"));
    get(&fake, "/quote?symbol=AAPL,MSFT").await;
    assert!(!fake.key_in_url());
    let url = format!("{}/price?symbol=AAPL&apikey={KEY}", fake.rest_url());
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
    // The WebSocket's header does not work for REST.
    let request = reqwest::Client::new().get(format!("{}/price?symbol=AAPL", fake.rest_url()));
    assert_eq!(request.header("X-TD-APIKEY", KEY).send().await.unwrap().status(), 401);
    let requests = fake.rest_requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|one| (one.path.as_str(), one.query.as_str(), one.key_ok))
        .collect();
    assert_eq!(
        seen,
        [
            ("/quote", "symbol=AAPL,MSFT", true),
            ("/price", "symbol=AAPL&apikey=***", true),
            ("/price", "symbol=AAPL", false)
        ]
    );
    assert!(fake.key_in_url());
}

#[tokio::test]
async fn what_the_official_python_client_asks_for_is_answered() {
    let fake = FakeTwelveData::start(manual()).await;
    let text = async |call: &str| {
        let request = reqwest::Client::new().get(format!("{}{call}", fake.rest_url()));
        let request = request.header("Authorization", format!("apikey {KEY}"));
        let reply = request.send().await.unwrap();
        let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, reply.text().await.unwrap())
    };
    let (kind, indicators) = text("/technical_indicators").await;
    assert_eq!(
        (kind.as_str(), indicators.as_str()),
        ("application/json", r#"{"data":{},"status":"ok"}"#)
    );
    // A candle's first field is its time.
    let series = "/time_series?symbol=MSFT,AAPL&interval=1day&outputsize=2";
    let (_, json) = text(series).await;
    assert!(
        json.starts_with(r#"{"MSFT":{"meta":{"symbol":"MSFT","interval":"1day","#),
        "{json}"
    );
    assert_eq!(json.matches(r#"{"datetime":""#).count(), 4, "{json}");
    let (kind, csv) = text(&format!("{series}&format=CSV")).await;
    assert_eq!(kind, "text/csv");
    assert!(
        csv.starts_with("symbol;datetime;open;high;low;close;volume\nMSFT;20"),
        "{csv}"
    );
    let tokyo = "/time_series?symbol=BTC/USD&interval=1h&outputsize=1&timezone=Asia/Tokyo";
    let zulu = "/time_series?symbol=BTC/USD&interval=1h&outputsize=1&timezone=UTC";
    let hour = |(_, json): (String, String)| -> u32 {
        let series: Value = serde_json::from_str(&json).unwrap();
        series["values"][0]["datetime"].as_str().unwrap()[11..13]
            .parse()
            .unwrap()
    };
    // A new hour may begin between the two.
    let ahead = (hour(text(tokyo).await) + 24 - hour(text(zulu).await)) % 24;
    assert!(matches!(ahead, 8 | 9), "{ahead}");
}

#[tokio::test]
async fn an_upgrade_can_be_refused_with_any_status() {
    let fake = FakeTwelveData::start(Settings {
        keys: Keys::Only(vec!["another".to_owned()]),
        ..manual()
    })
    .await;
    for (form, status, code) in [
        (BadKeyReply::Ok, 200, 401),
        (BadKeyReply::Unauthorized, 401, 401),
        (BadKeyReply::Forbidden, 403, 403),
        (BadKeyReply::BadRequest, 400, 400),
    ] {
        fake.faults(|faults| faults.bad_key = form);
        let (seen, body) = refusal(connect(&fake).await);
        assert_eq!((seen, &body["code"]), (status, &json!(code)));
    }
    for status in [429, 500] {
        fake.faults(|faults| faults.refuse_upgrades = Some((status, "{}".to_owned())));
        assert_eq!(refusal(connect(&fake).await).0, status);
    }
    assert_eq!((fake.upgrades(), fake.max_connections_at_once()), (6, 0));
}

#[tokio::test]
async fn pings_are_answered_until_everything_stalls() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut socket = subscribed(&fake, "AAPL").await;
    socket.send(Message::Ping(vec![1].into())).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Pong(_)))));
    fake.faults(|faults| faults.stall = Stall::Prices);
    say(&mut socket, json!({"action": "heartbeat"})).await;
    assert_eq!(hear(&mut socket).await.unwrap()["event"], "heartbeat");
    fake.faults(|faults| faults.stall = Stall::Everything);
    socket.send(Message::Ping(vec![2].into())).await.unwrap();
    say(&mut socket, json!({"action": "heartbeat"})).await;
    fake.push_price("AAPL", 1.0, 1);
    assert!(is_silent(&mut socket).await);
    eventually("the second ping", || fake.pings_received() == 2).await;
    assert_eq!(fake.connections_open(), 1);
    fake.recover();
    fake.push_price("AAPL", 2.0, 2);
    assert_eq!(hear(&mut socket).await.unwrap()["price"], json!(2.0));
}

#[tokio::test]
async fn only_the_open_connections_can_be_muted_and_their_end_is_noticed() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut mute = subscribed(&fake, "AAPL").await;
    fake.mute_open_connections();
    let mut works = subscribed(&fake, "AAPL").await;
    fake.push_price("AAPL", 1.0, 1);
    assert!(hear(&mut works).await.is_some());
    assert!(is_silent(&mut mute).await);
    // A close frame ends the connection in the count, even though the answer to it is muted.
    mute.close(None).await.unwrap();
    fake.wait_until("the muted one is gone", |fake| fake.connections_open() == 1)
        .await;
}

#[tokio::test]
async fn connections_end_in_all_ways() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut socket = subscribed(&fake, "AAPL").await;
    fake.close_all(4001, "bye");
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else {
        panic!("no close frame");
    };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "bye"));
    assert_eq!(fake.connections_open(), 0);
    let mut socket = subscribed(&fake, "AAPL").await;
    fake.reset_all();
    let end = socket.next().await.unwrap().unwrap_err().to_string();
    assert!(end.to_lowercase().contains("reset"), "{end}");
    fake.faults(|faults| faults.accept_then_drop = true);
    assert!(hear(&mut connect(&fake).await.unwrap()).await.is_none());
    fake.recover();
    fake.hang_upgrades(true);
    assert!(timeout(Duration::from_millis(200), connect(&fake)).await.is_err());
    fake.wait_until("nothing is open", |fake| fake.connections_open() == 0)
        .await;
}

#[tokio::test]
async fn one_connection_too_many_ends_the_oldest() {
    let fake = FakeTwelveData::start(Settings {
        plan: Plan::basic(),
        ..manual()
    })
    .await;
    let mut first = connect(&fake).await.unwrap();
    let mut second = connect(&fake).await.unwrap();
    assert!(matches!(first.next().await, Some(Err(_))));
    fake.faults(|faults| faults.eviction = Ending::Close);
    let _third = connect(&fake).await.unwrap();
    assert!(matches!(second.next().await, Some(Ok(Message::Close(_)))));
    fake.wait_until("one is left", |fake| fake.connections_open() == 1)
        .await;
}

#[tokio::test]
async fn the_server_dies_and_comes_back_on_the_same_ports() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut socket = subscribed(&fake, "AAPL").await;
    fake.stop().await;
    assert!(hear(&mut socket).await.is_none());
    assert!(matches!(connect(&fake).await, Err(tungstenite::Error::Io(_))));
    assert!(reqwest::get(fake.rest_url()).await.is_err());
    assert_eq!(fake.connections_open(), 0);
    fake.restart().await;
    let mut socket = subscribed(&fake, "AAPL").await;
    fake.push_price("AAPL", 1.0, 1);
    assert!(hear(&mut socket).await.is_some());
    assert_eq!(get(&fake, "/price?symbol=AAPL").await.0, 200);
}

#[tokio::test]
async fn rest_hangs_resets_and_fails() {
    let fake = FakeTwelveData::start(manual()).await;
    let url = format!("{}/price?symbol=AAPL", fake.rest_url());
    fake.rest_behaviour(RestBehaviour::Hangs);
    assert!(timeout(Duration::from_millis(200), reqwest::get(&url)).await.is_err());
    fake.rest_behaviour(RestBehaviour::Resets);
    assert!(reqwest::get(&url).await.is_err());
    fake.rest_behaviour(RestBehaviour::Fails(502));
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 502);
    fake.rest_behaviour(RestBehaviour::Answers);
    fake.faults(|faults| faults.rest_failure = Some(500));
    let (status, body) = get(&fake, "/price?symbol=AAPL").await;
    assert_eq!((status, &body["code"]), (500, &json!(500)));
    fake.recover();
    assert_eq!(get(&fake, "/price?symbol=AAPL").await.0, 200);
    let statuses: Vec<_> = fake.rest_requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, None, Some(502), Some(500), Some(200)]);
}

#[tokio::test]
async fn the_control_routes_do_what_the_methods_do() {
    let fake = FakeTwelveData::start(manual()).await;
    let mut socket = subscribed(&fake, "AAPL,EUR/USD").await;
    control(&fake, "price?symbol=EUR%2FUSD&price=1.25&timestamp=1768402801").await;
    let event = hear(&mut socket).await.unwrap();
    assert_eq!(
        (&event["price"], &event["timestamp"]),
        (&json!(1.25), &json!(1_768_402_801))
    );
    control(&fake, "previous_close?symbol=EUR/USD&price=1.0").await;
    assert_eq!(
        get(&fake, "/quote?symbol=EUR/USD").await.1["percent_change"],
        "25.00000"
    );
    control(&fake, "stall?what=prices").await;
    control(&fake, "price?symbol=AAPL&price=2").await;
    assert!(is_silent(&mut socket).await);
    control(&fake, "recover").await;
    control(&fake, "fault?name=duplicate_events").await;
    control(&fake, "price?symbol=AAPL&price=3").await;
    assert_eq!(hear(&mut socket).await, hear(&mut socket).await);
    let counters = control(&fake, "counters").await;
    assert_eq!(
        (
            &counters["connections_open"],
            &counters["exchange"]["subscriptions"]["AAPL"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(control(&fake, "frames").await.as_array().unwrap().len(), 1);
    assert_eq!(control(&fake, "requests").await[0]["path"], "/quote");
    control(&fake, "limit?per_minute=1").await;
    assert_eq!(get(&fake, "/price?symbol=AAPL,MSFT").await.0, 429);
    control(&fake, "rest?status=500").await;
    assert_eq!(get(&fake, "/price?symbol=AAPL").await.0, 500);
    control(&fake, "close?code=1001").await;
    assert!(hear(&mut socket).await.is_none());
    control(&fake, "refuse?status=403").await;
    assert_eq!(refusal(connect(&fake).await).0, 403);
    let url = format!("{}/_control/nonsense", fake.rest_url());
    assert_eq!(reqwest::get(url).await.unwrap().status(), 400);
}
