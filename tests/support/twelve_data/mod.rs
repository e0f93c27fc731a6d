//! A fake Twelve Data on real sockets: a WebSocket port and a REST port on 127.0.0.1.
//!
//! The same [`Exchange`] as in the Worker's built-in simulator decides what it sends. This module
//! adds the sockets and their faults: resets, silence, hanging answers, a server that dies and
//! comes back. It also records what it sees, at the socket where it happens.
//!
//! ```ignore
//! let fake = FakeTwelveData::start(Settings { automatic: false, ..Settings::default() }).await;
//! // … point the Worker at fake.ws_url() and fake.rest_url() …
//! fake.push_price("AAPL", 123.45, 1_768_402_801);
//! fake.mute_open_connections();
//! ```
#![allow(dead_code, reason = "every test binary that includes this uses another part")]

mod control;
mod http;
mod record;
mod rest;
mod websocket;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hamster_terminal::simulator::{Exchange, Faults, Millis, Output, SessionId, Settings};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use record::Record;
pub use record::{Frame, RestRequest};
use websocket::Connection;

/// Prices are the same in every run.
const SEED: u64 = 20_260_114;

/// A running server. Dropping it ends everything.
pub struct FakeTwelveData {
    shared: Arc<Shared>,
    ws: Mutex<Option<Listener>>,
    rest: Mutex<Option<Listener>>,
    ticker: JoinHandle<()>,
    ws_address: SocketAddr,
    rest_address: SocketAddr,
}

/// REST behaviour that [`Faults`] cannot express.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RestBehaviour {
    /// Answers normally.
    #[default]
    Answers,
    /// Accepts the request and never answers.
    Hangs,
    /// Resets the connection instead of answering.
    Resets,
    /// Answers with this status and a body that is not JSON, as a proxy in front would.
    Fails(u16),
}

/// State shared by the tasks.
struct Shared {
    state: Mutex<State>,
    /// Notified when the time of the next tick may have changed.
    changed: Notify,
    /// Everything is silent, new connections too (`Stall::Everything`).
    silent: Arc<AtomicBool>,
}

struct State {
    exchange: Exchange,
    connections: BTreeMap<SessionId, Connection>,
    record: Record,
    rest_behaviour: RestBehaviour,
    upgrades_hang: bool,
}

struct Listener {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl FakeTwelveData {
    /// Starts on two free ports.
    pub async fn start(settings: Settings) -> FakeTwelveData {
        FakeTwelveData::start_on(settings, 0, 0).await
    }

    /// Starts on the given ports; 0 takes a free one, which the system may give to somebody else
    /// while this is [stopped](Self::stop).
    pub async fn start_on(settings: Settings, ws_port: u16, rest_port: u16) -> FakeTwelveData {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                exchange: Exchange::new(settings, SEED, now()),
                connections: BTreeMap::new(),
                record: Record::default(),
                rest_behaviour: RestBehaviour::default(),
                upgrades_hang: false,
            }),
            changed: Notify::new(),
            silent: Arc::default(),
        });
        let ws = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, ws_port))).await;
        let rest = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, rest_port))).await;
        let fake = FakeTwelveData {
            ws_address: ws.local_addr().unwrap(),
            rest_address: rest.local_addr().unwrap(),
            ws: Mutex::default(),
            rest: Mutex::default(),
            ticker: tokio::spawn(tick(shared.clone())),
            shared,
        };
        fake.listen(ws, rest);
        fake
    }

    /// `ws://127.0.0.1:PORT/v1/quotes/price`
    pub fn ws_url(&self) -> String {
        format!("ws://{}/v1/quotes/price", self.ws_address)
    }

    /// `http://127.0.0.1:PORT`
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.rest_address)
    }

    /// Accesses the exchange behind the sockets.
    pub fn exchange<R>(&self, action: impl FnOnce(&mut Exchange) -> R) -> R {
        self.shared.exchange(action)
    }

    /// Changes the fault switches.
    pub fn faults<R>(&self, action: impl FnOnce(&mut Faults) -> R) -> R {
        self.exchange(|exchange| action(exchange.faults()))
    }

    /// Sends exactly this price to every subscriber of `symbol` (or `SYMBOL:EXCHANGE`), and keeps
    /// it for REST. `timestamp` in seconds since the epoch.
    pub fn push_price(&self, symbol: &str, price: f64, timestamp: u64) {
        self.shared
            .emit(|exchange| exchange.publish(symbol, price, timestamp, now()));
    }

    /// Sends a text frame to every connection, whatever its subscriptions.
    pub fn push_raw(&self, text: &str) {
        self.shared.emit(|exchange| {
            let sessions: Vec<SessionId> = exchange.sessions().collect();
            let frame = |session| Output::Text {
                session,
                text: text.to_owned(),
            };
            sessions.into_iter().map(frame).collect()
        });
    }

    /// Silences the connections that are open now, pongs included. New ones work.
    pub fn mute_open_connections(&self) {
        for connection in self.shared.lock().connections.values() {
            connection.muted.store(true, Ordering::Relaxed);
        }
    }

    /// Closes every connection cleanly.
    pub fn close_all(&self, code: u16, reason: &'static str) {
        self.shared.end_all(|session| Output::Close { session, code, reason });
    }

    /// Resets the TCP connection of every session.
    pub fn reset_all(&self) {
        self.shared.end_all(|session| Output::Drop { session });
    }

    /// Accepts upgrade requests and never answers them.
    pub fn hang_upgrades(&self, yes: bool) {
        self.shared.lock().upgrades_hang = yes;
    }

    /// Sets what REST does.
    pub fn rest_behaviour(&self, behaviour: RestBehaviour) {
        self.shared.lock().rest_behaviour = behaviour;
        self.shared.changed.notify_waiters();
    }

    /// Turns every fault off. Lost connections stay lost.
    pub fn recover(&self) {
        self.shared.recover();
    }

    /// Simulates a crash: both ports refuse connections, open ones end without a close frame.
    pub async fn stop(&self) {
        let listeners = [&self.ws, &self.rest].map(|slot| slot.lock().unwrap().take());
        for listener in listeners.into_iter().flatten() {
            let _ = listener.stop.send(());
            let _ = listener.task.await;
        }
    }

    /// Comes back on the same ports after [`stop`](Self::stop).
    pub async fn restart(&self) {
        self.stop().await;
        let (ws, rest) = (bind(self.ws_address).await, bind(self.rest_address).await);
        self.listen(ws, rest);
    }

    /// WebSocket connections open now, each from its 101 until a close frame or the end of the TCP
    /// connection.
    pub fn connections_open(&self) -> usize {
        self.shared.lock().record.open
    }

    /// The most WebSocket connections ever open at the same time.
    pub fn max_connections_at_once(&self) -> usize {
        self.shared.lock().record.most_open
    }

    /// Upgrade requests received, including refused ones.
    pub fn upgrades(&self) -> usize {
        self.shared.lock().record.upgrades.len()
    }

    /// When each upgrade request came.
    pub fn upgrade_times(&self) -> Vec<Instant> {
        self.shared.lock().record.upgrades.iter().copied().collect()
    }

    /// Protocol pings received.
    pub fn pings_received(&self) -> usize {
        self.shared.lock().record.pings
    }

    /// Every text frame from a client, oldest first.
    pub fn frames_received(&self) -> Vec<Frame> {
        self.shared.lock().record.frames.iter().cloned().collect()
    }

    /// Every REST request, oldest first.
    pub fn rest_requests(&self) -> Vec<RestRequest> {
        self.shared.lock().record.requests.iter().cloned().collect()
    }

    /// Whether any URL, of an upgrade or of a REST request, contained a key.
    pub fn key_in_url(&self) -> bool {
        self.shared.lock().record.key_in_url
    }

    /// Waits until `condition` holds; panics with `what` after ten seconds.
    pub async fn wait_until(&self, what: &str, mut condition: impl FnMut(&FakeTwelveData) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !condition(self) {
            assert!(Instant::now() < deadline, "waited in vain: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn listen(&self, ws: TcpListener, rest: TcpListener) {
        let shared = self.shared.clone();
        *self.ws.lock().unwrap() = Some(accept(ws, move |stream| websocket::serve(shared.clone(), stream)));
        let shared = self.shared.clone();
        *self.rest.lock().unwrap() = Some(accept(rest, move |stream| rest::serve(shared.clone(), stream)));
    }
}

impl Drop for FakeTwelveData {
    fn drop(&mut self) {
        self.ticker.abort();
        for slot in [&self.ws, &self.rest] {
            if let Ok(Some(listener)) = slot.lock().map(|mut slot| slot.take()) {
                listener.task.abort();
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn exchange<R>(&self, action: impl FnOnce(&mut Exchange) -> R) -> R {
        let mut state = self.lock();
        let result = action(&mut state.exchange);
        let silent = !state.exchange.faults().answers_pings();
        self.silent.store(silent, Ordering::Relaxed);
        drop(state);
        self.changed.notify_waiters();
        result
    }

    /// Carries out the exchange's outputs.
    fn emit(&self, action: impl FnOnce(&mut Exchange) -> Vec<Output>) {
        let mut state = self.lock();
        let outputs = action(&mut state.exchange);
        state.deliver(outputs);
        drop(state);
        self.changed.notify_waiters();
    }

    fn end_all(&self, output: impl Fn(SessionId) -> Output) {
        self.emit(|exchange| {
            let sessions: Vec<SessionId> = exchange.sessions().collect();
            for session in &sessions {
                exchange.disconnect(*session);
            }
            sessions.into_iter().map(output).collect()
        });
    }

    fn recover(&self) {
        {
            let mut state = self.lock();
            state.rest_behaviour = RestBehaviour::Answers;
            state.upgrades_hang = false;
            for connection in state.connections.values() {
                connection.muted.store(false, Ordering::Relaxed);
            }
        }
        self.exchange(|exchange| *exchange.faults() = Faults::default());
    }
}

impl State {
    fn deliver(&self, outputs: Vec<Output>) {
        for output in outputs {
            let session = match &output {
                Output::Text { session, .. } | Output::Close { session, .. } | Output::Drop { session } => session,
            };
            if let Some(connection) = self.connections.get(session) {
                let _ = connection.outputs.send(output);
            }
        }
    }
}

/// The clock of the market: sleeps until the next tick or until something changed.
async fn tick(shared: Arc<Shared>) {
    loop {
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let next = shared.lock().exchange.next_tick_at();
        match next {
            None => changed.await,
            Some(at) => {
                let wait = Duration::from_millis(at.saturating_sub(now()));
                if tokio::time::timeout(wait, changed).await.is_ok() {
                    continue;
                }
                let mut state = shared.lock();
                let outputs = state.exchange.tick(now());
                state.deliver(outputs);
            }
        }
    }
}

/// Accepts connections until told to stop, then ends all of them.
fn accept<F>(listener: TcpListener, mut serve: impl FnMut(tokio::net::TcpStream) -> F + Send + 'static) -> Listener
where
    F: Future<Output = ()> + Send + 'static,
{
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let _ = stream.set_nodelay(true);
                        connections.spawn(serve(stream));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        connections.shutdown().await;
    });
    Listener { stop, task }
}

/// Binds with retries: after a stop the port may be busy for a moment.
async fn bind(address: SocketAddr) -> TcpListener {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "cannot bind {address}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Milliseconds since the epoch.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

type Conflation = mpsc::UnboundedSender<Output>;
