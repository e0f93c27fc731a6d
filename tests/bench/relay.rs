//! The control: a WebSocket server that copies frames of the worker's size to all its clients and does nothing else. It
//! runs on a thread of its own, as workerd does, so that the clients compete with it for the same two cores.

use std::net::{Ipv4Addr, TcpListener};
use std::thread::JoinHandle;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::{broadcast, oneshot};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::clients::SYMBOLS;
use super::load::PRICE_BEFORE;

/// Frames that a slow client may lag behind before it loses some.
const BACKLOG: usize = 1_024;

/// A running relay; it ends when dropped.
pub struct Relay {
    address: String,
    frames: broadcast::Sender<Utf8Bytes>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// On a free port.
    pub fn start() -> Relay {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket that can wait");
        let address = listener.local_addr().expect("an address").to_string();
        let (frames, _) = broadcast::channel(BACKLOG);
        let (end, ended) = oneshot::channel();
        let sender = frames.clone();
        let thread = std::thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                tokio::select! {
                    () = accept(listener, sender) => {}
                    _ = ended => {}
                }
            });
        });
        Relay {
            address,
            frames,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends a price to all clients.
    pub fn push(&self, symbol: &str, price: f64) {
        // Fails only without clients.
        let _ = self.frames.send(frame(symbol, price));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, frames: broadcast::Sender<Utf8Bytes>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream, frames.subscribe()));
        }
    }
}

async fn serve(stream: TcpStream, mut frames: broadcast::Receiver<Utf8Bytes>) {
    let Ok(mut socket) = accept_async(stream).await else {
        return;
    };
    // The subscription, whatever it says.
    let _ = socket.next().await;
    for symbol in SYMBOLS {
        if socket.send(Message::Text(frame(symbol, PRICE_BEFORE))).await.is_err() {
            return;
        }
    }
    while let Ok(frame) = frames.recv().await {
        if socket.send(Message::Text(frame)).await.is_err() {
            return;
        }
    }
}

/// As long as the worker's frames, and found by the clients in the same way.
fn frame(symbol: &str, price: f64) -> Utf8Bytes {
    let text = format!(
        r#"{{"event":"price_update","symbol":"{symbol}","price":{price:?},"percent_change":-99.8951,"timestamp":"2026-01-19T14:32:17.000Z","exchange":"Coinbase Pro","bid":99.98,"ask":100.01,"day_volume":49153,"previous_close":95261.85,"received_at":"2026-01-19T14:32:17.123Z","source":"live","simulated":false,"session":"open","freshness":"fresh","stale_since":null}}"#
    );
    text.into()
}
