//! A client that reconnects by itself, as the page does: full jitter, the same symbols, and in
//! `hamster.v1` with its cursor.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use hamster_kit::Reader;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::{FakeTwelveData, PATIENCE, Terminal, now_s, pass, within};

/// Shorter than the page's backoff (a second at first, ten seconds at most), because kills come
/// faster than that.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(2);
/// The longest wait from the upgrade to the first frame, and between two frames. A dead worker may
/// leave a connection half open.
pub const SILENCE: Duration = Duration::from_secs(10);
const ACKNOWLEDGE_EVERY: Duration = Duration::from_millis(1_000);

/// What a visitor knows.
#[derive(Debug, Default, Clone)]
pub struct Known {
    /// The newest price of the symbol.
    pub price: Option<f64>,
    /// Connections made so far.
    pub connections: u32,
    /// The epoch of its last snapshot, if it speaks `hamster.v1`.
    pub epoch: u64,
    /// A fault of the worker: a frame that does not follow the one before, or a price that went
    /// back.
    pub complaint: Option<String>,
}

/// A market in which one symbol never stands still. Every price is higher than those before.
pub struct Market<'a> {
    fake: &'a FakeTwelveData,
    newest: Mutex<f64>,
}

impl<'a> Market<'a> {
    /// A market on this upstream.
    pub fn new(fake: &'a FakeTwelveData) -> Self {
        Self {
            fake,
            newest: Mutex::new(100.0),
        }
    }

    /// Ticks for ever.
    pub async fn run(&self) {
        loop {
            let price = {
                let mut newest = self.newest.lock().unwrap();
                *newest += 0.25;
                *newest
            };
            self.fake.push_price("AAPL", price, now_s());
            pass(Duration::from_millis(20)).await;
        }
    }

    fn newest(&self) -> f64 {
        *self.newest.lock().unwrap()
    }

    /// Waits until every visitor has received a price that is made from now on.
    pub async fn reaches(&self, visitors: &[Visitor], when: &str) {
        self.reaches_within(PATIENCE, visitors, when).await;
    }

    /// As [`reaches`](Self::reaches), for at most `patience`.
    pub async fn reaches_within(&self, patience: Duration, visitors: &[Visitor], when: &str) {
        let newest = self.newest();
        let behind = || {
            visitors
                .iter()
                .filter(|visitor| visitor.known().price.is_none_or(|price| price <= newest))
        };
        within(patience, &format!("prices for all {when}"), || {
            behind().next().is_none()
        })
        .await;
        for visitor in visitors {
            assert_eq!(visitor.known().complaint, None, "{when}");
        }
    }
}

/// Half of them speak plain JSON, the other half `hamster.v1`. They reconnect after `silence`
/// without a frame.
pub fn visitors(terminal: &Terminal, count: u64, silence: Duration) -> Vec<Visitor> {
    let url = terminal.worker.ws_url();
    (0..count)
        .map(|seed| Visitor::start(url.clone(), silence, seed % 2 == 0, seed))
        .collect()
}

/// A running visitor. Dropping it ends it.
pub struct Visitor {
    known: Arc<Mutex<Known>>,
    task: JoinHandle<()>,
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Visitor {
    fn start(url: String, silence: Duration, streams: bool, seed: u64) -> Visitor {
        let known = Arc::new(Mutex::new(Known::default()));
        let mut life = Life {
            url,
            silence,
            symbol: "AAPL",
            streams,
            random: fastrand::Rng::with_seed(seed),
            known: known.clone(),
            reader: Reader::default(),
        };
        let task = tokio::spawn(async move {
            let mut failures = 0;
            loop {
                let before = life.known.lock().unwrap().connections;
                life.connection().await;
                if life.known.lock().unwrap().connections > before {
                    failures = 0;
                }
                let ceiling = LONGEST.min(FIRST * 2_u32.pow(failures));
                failures = (failures + 1).min(5);
                sleep(ceiling.mul_f64(life.random.f64())).await;
            }
        });
        Visitor { known, task }
    }

    /// What it knows now.
    pub fn known(&self) -> Known {
        self.known.lock().unwrap().clone()
    }
}

struct Life {
    url: String,
    silence: Duration,
    symbol: &'static str,
    streams: bool,
    random: fastrand::Rng,
    known: Arc<Mutex<Known>>,
    reader: Reader,
}

impl Life {
    /// Runs one connection to its end.
    async fn connection(&mut self) {
        let mut request = self.url.as_str().into_client_request().unwrap();
        if self.streams {
            let headers = request.headers_mut();
            headers.insert("sec-websocket-protocol", HeaderValue::from_static("hamster.v1"));
        }
        let Ok(Ok((mut socket, _))) = timeout(self.silence, tokio_tungstenite::connect_async(request)).await else {
            return;
        };
        let mut params = json!({"symbols": self.symbol});
        if let Some(place) = self.reader.resume() {
            params["resume"] = place;
        }
        let wish = json!({"action": "subscribe", "params": params}).to_string();
        if socket.send(Message::text(wish)).await.is_err() {
            return;
        }
        let (mut has_picture, mut acknowledged) = (false, Instant::now());
        while let Ok(Some(Ok(message))) = timeout(self.silence, socket.next()).await {
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["event"] == "connected" {
                self.known.lock().unwrap().connections += 1;
            }
            if !self.streams {
                self.take(&frame);
                continue;
            }
            has_picture |= frame["event"] == "snapshot";
            // Frames before the snapshot belong to a life of the hub that the reader does not know
            // yet.
            if has_picture {
                self.read(&text);
            }
            if has_picture && acknowledged.elapsed() >= ACKNOWLEDGE_EVERY {
                acknowledged = Instant::now();
                let _ = socket.send(Message::text(self.reader.acknowledgement())).await;
            }
        }
    }

    fn take(&mut self, frame: &Value) {
        if frame["event"] == "price_update" && frame["symbol"] == self.symbol {
            self.known.lock().unwrap().price = frame["price"].as_f64();
        }
    }

    /// Reads a frame. What the reader finds wrong becomes a complaint.
    fn read(&mut self, frame: &str) {
        let before = self.reader.epoch;
        let read = self.reader.hear(frame);
        let mut known = self.known.lock().unwrap();
        if let Err(fault) = read {
            known.complaint = Some(format!("{fault:?}: {frame}"));
        }
        if self.reader.epoch < before {
            known.complaint = Some(format!("epoch {} after {before}", self.reader.epoch));
        }
        known.epoch = self.reader.epoch;
        known.price = self.reader.price(self.symbol);
    }
}
