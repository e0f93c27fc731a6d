//! A client of the terminal, as a script or a browser on `/ws`.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::PATIENCE;

/// Everything that the worker sent to anybody in a test, to be searched for the key.
pub type Said = Arc<Mutex<Vec<String>>>;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// By a close frame with this code.
    Code(u16),
    /// Without one.
    Broken,
}

/// A connected client.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    said: Said,
}

impl Client {
    /// Connects. The `connected` event is still to be read.
    pub async fn connect(url: &str, said: &Said) -> Client {
        let (socket, _) = timeout(PATIENCE, connect_async(url))
            .await
            .expect("an answer to the upgrade")
            .expect("an accepted upgrade");
        Client {
            socket,
            said: said.clone(),
        }
    }

    /// Connects with an offer of subprotocols. Returns the confirmed one, or the HTTP status of a
    /// refusal.
    pub async fn offer(url: &str, offer: &'static str, said: &Said) -> Result<(Client, String), u16> {
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static(offer));
        let answer = timeout(PATIENCE, connect_async(request)).await;
        match answer.expect("an answer to the upgrade") {
            Ok((socket, response)) => {
                let confirmed = response.headers()["sec-websocket-protocol"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                let said = said.clone();
                Ok((Client { socket, said }, confirmed))
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("no answer to the upgrade: {other}"),
        }
    }

    /// Sends a JSON message.
    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends any frame.
    pub async fn send(&mut self, message: Message) {
        self.socket.send(message).await.expect("a frame that goes");
    }

    /// Sends any frame to a worker that may have closed already.
    pub async fn try_send(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Subscribes to a comma list and returns the status. Skips what comes before it.
    pub async fn subscribe(&mut self, symbols: &str) -> Value {
        self.say(json!({"action": "subscribe", "params": {"symbols": symbols}}))
            .await;
        self.event("subscribe-status").await
    }

    /// The next text frame.
    pub async fn hear_text(&mut self) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let frame = timeout_at(deadline, self.socket.next())
                .await
                .expect("waited in vain for any frame");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    self.said.lock().unwrap().push(text.to_string());
                    return text.to_string();
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("waited for a text frame, got {other:?}"),
            }
        }
    }

    /// The next event.
    pub async fn hear(&mut self) -> Value {
        let text = self.hear_text().await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// The next event that is `wanted`. Skips others.
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = timeout(left, self.hear()).await else {
                let shown: Vec<_> = skipped.iter().rev().take(5).collect();
                panic!("waited in vain: {what}; last of {} others: {shown:?}", skipped.len());
            };
            if wanted(&event) {
                return event;
            }
            skipped.push(event.to_string());
        }
    }

    /// The next event of this name.
    pub async fn event(&mut self, name: &str) -> Value {
        self.until(&format!("the event {name}"), |event| event["event"] == name)
            .await
    }

    /// The next update of a symbol.
    pub async fn update(&mut self, symbol: &str) -> Value {
        self.until(&format!("an update of {symbol}"), |event| {
            event["event"] == "price_update" && event["symbol"] == symbol
        })
        .await
    }

    /// The next update of a symbol with exactly this price.
    pub async fn price(&mut self, symbol: &str, price: f64) -> Value {
        self.until(&format!("{symbol} at {price}"), |event| {
            event["event"] == "price_update" && event["symbol"] == symbol && event["price"] == price
        })
        .await
    }

    /// The next report that the feed is in this state.
    pub async fn feed(&mut self, state: &str) -> Value {
        self.until(&format!("the feed being {state}"), |event| {
            event["event"] == "feed" && event["state"] == state
        })
        .await
    }

    /// Everything that precedes the answer to a heartbeat that is sent now. The worker handles and
    /// answers in order, so this includes all that was in flight to this client.
    pub async fn everything_so_far(&mut self) -> Vec<Value> {
        self.say(json!({"action": "heartbeat"})).await;
        let mut events = Vec::new();
        loop {
            let event = self.hear().await;
            if event["event"] == "heartbeat" {
                return events;
            }
            events.push(event);
        }
    }

    /// Waits for the end of the connection.
    pub async fn ending(&mut self) -> Ending {
        loop {
            let frame = timeout(PATIENCE, self.socket.next())
                .await
                .expect("waited in vain for the end of the connection");
            match frame {
                Some(Ok(Message::Close(Some(frame)))) => return Ending::Code(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Ending::Broken,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Closes the connection and waits for the answer.
    pub async fn leave(mut self) -> Ending {
        let _ = self
            .socket
            .close(Some(tokio_tungstenite::tungstenite::protocol::CloseFrame {
                code: 1000.into(),
                reason: "".into(),
            }))
            .await;
        self.ending().await
    }
}
