//! The audience: N plain-JSON WebSocket clients in this process, each subscribed to the eight default symbols.
//!
//! A tick is recognised by its price, which is unique in a run: tick number n costs 100.00 + n cents. Every client
//! looks at its own clock reading for every tick, and nothing is sampled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The symbols of a terminal that nobody configured.
pub const SYMBOLS: [&str; 8] = [
    "BTC/USD", "ETH/USD", "AAPL", "MSFT", "NVDA", "SPY", "EUR/USD", "GBP/USD",
];

/// Clients that connect at the same time.
const CONNECTING_AT_ONCE: usize = 64;
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(30);

/// The price that stands for tick `number`.
pub fn price_of(number: u32) -> f64 {
    f64::from(10_000 + number) / 100.0
}

/// The tick for which a price stands, if it is one of a run.
fn number_of(price: f64) -> Option<u32> {
    let number = (price * 100.0).round() as u32;
    number.checked_sub(10_000).filter(|number| price_of(*number) == price)
}

/// When each tick was sent, written by the sender before it sends and read by every client.
pub struct SendTimes {
    origin: Instant,
    nanoseconds: Vec<AtomicU64>,
    /// First receipts of ticks, over all clients.
    pub received: AtomicU64,
}

impl SendTimes {
    /// For so many ticks.
    pub fn new(ticks: u32) -> Arc<SendTimes> {
        Arc::new(SendTimes {
            origin: Instant::now(),
            nanoseconds: (0..ticks).map(|_| AtomicU64::new(0)).collect(),
            received: AtomicU64::new(0),
        })
    }

    /// Tick `number` is sent right after this call.
    pub fn sending(&self, number: u32) {
        if let Some(slot) = self.nanoseconds.get(number as usize) {
            slot.store(self.origin.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }

    fn latency(&self, number: u32) -> Option<Duration> {
        let sent = self.nanoseconds.get(number as usize)?.load(Ordering::Relaxed);
        let now = self.origin.elapsed().as_nanos() as u64;
        (sent > 0).then(|| Duration::from_nanos(now.saturating_sub(sent)))
    }
}

/// What one client, or all of them, received.
#[derive(Debug, Default)]
pub struct Tally {
    /// From the send to the receipt, for each tick at its first receipt.
    pub latencies: Vec<Duration>,
    /// Ticks that came again.
    pub repeated: u64,
    /// Ticks that came after a later one.
    pub disordered: u64,
    /// Connections that ended before they were told to.
    pub ended: u64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.latencies.extend(other.latencies);
        self.repeated += other.repeated;
        self.disordered += other.disordered;
        self.ended += other.ended;
    }
}

/// A connected client that receives until it is told to stop.
struct Client {
    task: JoinHandle<Tally>,
}

/// Connected clients that receive.
pub struct Audience {
    clients: Vec<Client>,
    stop: watch::Sender<bool>,
    /// Until all were connected and held all their quotes.
    pub assembled_in: Duration,
}

impl Audience {
    /// Connects `count` clients to the server at `address` and waits until each holds a quote of each symbol.
    pub async fn assemble(address: &str, count: usize, times: &Arc<SendTimes>) -> Audience {
        let (stop, stopped) = watch::channel(false);
        let begun = Instant::now();
        let clients = stream::iter(0..count).map(|_| {
            let (times, stopped) = (times.clone(), stopped.clone());
            async move {
                let socket = connect(address).await;
                let (ready, holds_snapshot) = oneshot::channel();
                let task = tokio::spawn(receive(socket, times, ready, stopped));
                let waited = timeout(SNAPSHOT_LIMIT, holds_snapshot).await;
                waited.expect("a snapshot in time").expect("a snapshot");
                Client { task }
            }
        });
        let clients = clients.buffer_unordered(CONNECTING_AT_ONCE).collect().await;
        Audience {
            clients,
            stop,
            assembled_in: begun.elapsed(),
        }
    }

    /// Disconnects all; gives what they received.
    pub async fn dismiss(self) -> Tally {
        let _ = self.stop.send(true);
        let mut all = Tally::default();
        for client in self.clients {
            all.add(client.task.await.expect("a client does not panic"));
        }
        all
    }
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(address: &str) -> Socket {
    let stream = TcpStream::connect(address).await.expect("the server accepts");
    let _ = stream.set_nodelay(true);
    // The default of 128 KiB for each of 1,000 clients would fill the caches that the server needs.
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
    let upgraded = client_async_with_config(format!("ws://{address}/ws"), stream, Some(config)).await;
    let (mut socket, _) = upgraded.expect("the server upgrades");
    let message = json!({"action": "subscribe", "params": {"symbols": SYMBOLS.join(",")}});
    let said = socket.send(Message::text(message.to_string())).await;
    said.expect("the server reads");
    socket
}

async fn receive(
    mut socket: Socket,
    times: Arc<SendTimes>,
    ready: oneshot::Sender<()>,
    mut stopped: watch::Receiver<bool>,
) -> Tally {
    let mut tally = Tally::default();
    let mut snapshot = 0;
    let mut ready = Some(ready);
    let mut seen = vec![false; times.nanoseconds.len()];
    let mut newest = None;
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = stopped.changed() => break,
        };
        let Some(Ok(message)) = message else {
            tally.ended += 1;
            return tally;
        };
        let Some(price) = message.to_text().ok().and_then(price_in) else {
            continue;
        };
        snapshot += 1;
        if snapshot == SYMBOLS.len()
            && let Some(ready) = ready.take()
        {
            let _ = ready.send(());
        }
        let Some((number, latency)) = number_of(price).and_then(|number| Some((number, times.latency(number)?))) else {
            continue;
        };
        if std::mem::replace(&mut seen[number as usize], true) {
            tally.repeated += 1;
            continue;
        }
        tally.disordered += u64::from(newest > Some(number));
        newest = newest.max(Some(number));
        tally.latencies.push(latency);
        times.received.fetch_add(1, Ordering::Relaxed);
    }
    let _ = socket.close(None).await;
    tally
}

/// The price in a frame, if it is a `price_update`. Found as text, because parsing all of it would be load of our own.
fn price_in(frame: &str) -> Option<f64> {
    let update = frame.strip_prefix(r#"{"event":"price_update","#)?;
    let (_, rest) = update.split_once(r#""price":"#)?;
    rest.split([',', '}']).next()?.parse().ok()
}
