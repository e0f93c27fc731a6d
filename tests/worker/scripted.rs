//! An upstream that a test scripts: each REST answer and each frame is the test's own bytes, right
//! or wrong. The other one, [`FakeTwelveData`](crate::support::FakeTwelveData), decides by itself
//! what Twelve Data would answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{Client, Terminal, manual, now_s};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// The path of the WebSocket, as at Twelve Data.
pub const SOCKET_PATH: &str = "/v1/quotes/price";

/// An HTTP answer.
#[derive(Clone)]
pub enum Reply {
    /// Status, header lines and body.
    Whole(u16, String, String),
    /// This status and a body that never ends, as fast as it is read.
    Endless(u16),
    /// This status and a body that never ends, one byte at a time.
    Trickle(u16),
}

/// REST's record of one symbol, as it appears in the answer.
type Record = Box<dyn Fn(&str) -> String + Send>;
/// How `subscribe-status` names a requested symbol.
type Listing = Box<dyn Fn(&str) -> Value + Send>;

/// A running server. Dropping it ends it.
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    record: Mutex<Record>,
    listing: Mutex<Listing>,
    rest: Mutex<Option<Reply>>,
    upgrade: Mutex<Option<Reply>>,
    out: broadcast::Sender<Message>,
    heads: Mutex<Vec<String>>,
    frames: Mutex<Vec<Value>>,
    poured: AtomicU64,
    pouring: AtomicUsize,
}

impl Scripted {
    /// Accepts upgrades and every symbol. REST answers what `record` returns for each symbol.
    pub async fn start(record: impl Fn(&str) -> String + Send + 'static) -> Scripted {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            record: Mutex::new(Box::new(record)),
            listing: Mutex::new(Box::new(as_asked)),
            rest: Mutex::default(),
            upgrade: Mutex::default(),
            out: broadcast::channel(1024).0,
            heads: Mutex::default(),
            frames: Mutex::default(),
            poured: AtomicU64::default(),
            pouring: AtomicUsize::default(),
        });
        let served = shared.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(served.clone().serve(stream));
            }
        });
        Scripted { address, shared, task }
    }

    /// A terminal on this upstream.
    pub async fn terminal(&self, vars: &[(&str, &str)]) -> Terminal {
        let (ws, rest) = (
            format!("ws://{}{SOCKET_PATH}", self.address),
            format!("http://{}", self.address),
        );
        let mut all = vec![
            ("TWELVE_DATA_WS_URL", ws.as_str()),
            ("TWELVE_DATA_REST_URL", rest.as_str()),
        ];
        all.extend(vars);
        Terminal::start(manual(), &all).await
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Sets REST's record of each symbol from now on.
    pub fn records(&self, record: impl Fn(&str) -> String + Send + 'static) {
        *self.shared.record.lock().unwrap() = Box::new(record);
    }

    /// Sets how `subscribe-status` names each symbol from now on.
    pub fn listings(&self, listing: impl Fn(&str) -> Value + Send + 'static) {
        *self.shared.listing.lock().unwrap() = Box::new(listing);
    }

    /// Every REST call gets this answer; `None`: the records again.
    pub fn rest(&self, reply: Option<Reply>) {
        *self.shared.rest.lock().unwrap() = reply;
    }

    /// Every upgrade gets this answer; `None`: it is accepted.
    pub fn upgrade(&self, reply: Option<Reply>) {
        *self.shared.upgrade.lock().unwrap() = reply;
    }

    /// Sends a text frame to every connection.
    pub fn say(&self, text: &str) {
        let _ = self.shared.out.send(Message::text(text));
    }

    /// Closes every connection.
    pub fn close(&self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        let _ = self.shared.out.send(Message::Close(Some(frame)));
    }

    /// The head of each request.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// REST calls so far.
    pub fn rest_calls(&self) -> usize {
        let heads = self.shared.heads.lock().unwrap();
        heads.iter().filter(|head| head.starts_with("GET /quote?")).count()
    }

    /// The comma list of each frame of this action.
    pub fn asked(&self, action: &str) -> Vec<String> {
        let frames = self.shared.frames.lock().unwrap();
        let of_action = frames.iter().filter(|frame| frame["action"] == action);
        of_action
            .map(|frame| frame["params"]["symbols"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// How many bytes of endless bodies the peer has taken, and how many of these bodies it is
    /// still taking.
    pub fn poured(&self) -> (u64, usize) {
        let Shared { poured, pouring, .. } = &*self.shared;
        (poured.load(Ordering::Relaxed), pouring.load(Ordering::Relaxed))
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client that watches what this upstream streams to the hub.
pub async fn watch(terminal: &Terminal, symbols: &str) -> Client {
    let mut client = terminal.connect().await;
    client.subscribe(symbols).await;
    terminal
        .status_until("all of them stream", |status| {
            let streams = |symbol: &str| {
                let all = status["symbols"].as_array().unwrap();
                all.iter()
                    .any(|one| one["symbol"] == symbol && one["state"] == "streaming")
            };
            symbols.split(',').all(streams)
        })
        .await;
    client.everything_so_far().await;
    client
}

/// A record of an open market, in Twelve Data's format.
pub fn record(symbol: &str, close: f64, previous_close: f64) -> Value {
    let bare = symbol.split(':').next().unwrap();
    json!({
        "symbol": bare, "close": close.to_string(), "previous_close": previous_close.to_string(),
        "is_market_open": true, "timestamp": now_s() / 86_400 * 86_400, "last_quote_at": now_s() / 60 * 60
    })
}

/// A tick with the current time.
pub fn tick(symbol: &str, price: f64) -> Value {
    json!({"event": "price", "symbol": symbol, "price": price, "timestamp": now_s()})
}

fn as_asked(symbol: &str) -> Value {
    match symbol.split_once(':') {
        Some((symbol, exchange)) => json!({"symbol": symbol, "exchange": exchange}),
        None => json!({"symbol": symbol}),
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).unwrap();
        self.heads.lock().unwrap().push(head.clone());
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let reply = if target.starts_with(SOCKET_PATH) {
            self.upgrade.lock().unwrap().clone()
        } else {
            let scripted = self.rest.lock().unwrap().clone();
            Some(scripted.unwrap_or_else(|| self.answer_to(&target)))
        };
        let _ = match reply {
            None => self.converse(stream, &head).await,
            Some(Reply::Whole(status, headers, body)) => {
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} Status\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(text.as_bytes()).await
            }
            Some(Reply::Endless(status)) => self.pour(stream, status, 64 * 1024, 0).await,
            Some(Reply::Trickle(status)) => self.pour(stream, status, 1, 100).await,
        };
    }

    fn answer_to(&self, target: &str) -> Reply {
        let list = target.split_once("symbol=").map_or("", |(_, list)| list);
        let symbols: Vec<String> = list.split(',').map(percent_decoded).collect();
        let record = self.record.lock().unwrap();
        let body = match symbols.as_slice() {
            [one] => record(one),
            many => {
                let entries: Vec<String> = many
                    .iter()
                    .map(|one| format!("{}:{}", json!(one), record(one)))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }
        };
        Reply::Whole(200, "content-type: application/json\r\n".to_owned(), body)
    }

    async fn pour(&self, mut stream: TcpStream, status: u16, size: usize, pause: u64) -> std::io::Result<()> {
        let head =
            format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let chunk = format!("{size:x}\r\n{}\r\n", " ".repeat(size));
        self.pouring.fetch_add(1, Ordering::Relaxed);
        let ended = loop {
            match stream.write_all(chunk.as_bytes()).await {
                Ok(()) => self.poured.fetch_add(size as u64, Ordering::Relaxed),
                Err(error) => break error,
            };
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        };
        self.pouring.fetch_sub(1, Ordering::Relaxed);
        Err(ended)
    }

    async fn converse(&self, mut stream: TcpStream, head: &str) -> std::io::Result<()> {
        let key = head.lines().find_map(|line| {
            line.split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        });
        let accept = derive_accept_key(key.map_or("", |(_, key)| key.trim()).as_bytes());
        let mut out = self.out.subscribe();
        let switching = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(switching.as_bytes()).await?;
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        loop {
            let answer = tokio::select! {
                said = out.recv() => said.ok(),
                heard = socket.next() => match heard {
                    Some(Ok(Message::Text(text))) => self.answer(&text),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    _ => return Ok(()),
                },
            };
            if let Some(message) = answer
                && socket.send(message).await.is_err()
            {
                return Ok(());
            }
        }
    }

    fn answer(&self, text: &str) -> Option<Message> {
        let frame: Value = serde_json::from_str(text).unwrap();
        self.frames.lock().unwrap().push(frame.clone());
        let answer = match frame["action"].as_str()? {
            "subscribe" => {
                let listing = self.listing.lock().unwrap();
                let symbols = frame["params"]["symbols"].as_str().unwrap();
                let success: Vec<Value> = symbols.split(',').map(&*listing).collect();
                json!({"event": "subscribe-status", "status": "ok", "success": success, "fails": null})
            }
            "heartbeat" => json!({"event": "heartbeat", "status": "ok"}),
            other => json!({"event": format!("{other}-status"), "status": "ok"}),
        };
        Some(Message::text(answer.to_string()))
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}
