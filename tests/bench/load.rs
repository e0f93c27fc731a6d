//! One load: N clients, eight ticks a second, for some seconds. The same clients and ticks go to the worker and, as a
//! control, to a plain relay in Rust: what the control takes is the share of the kernel and of the generator itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hamster_terminal::simulator::{Keys, Settings};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::clients::{Audience, SYMBOLS, SendTimes, Tally, price_of};
use super::process::{Memory, cpu_time, memory, own_id};
use super::relay::Relay;
use super::twelve_data::{FakeTwelveData, now};
use super::worker::{KEY, Start, Worker};

/// The price of every symbol before the first tick; it stands for no tick.
pub const PRICE_BEFORE: f64 = 99.99;

/// One for each symbol, spread evenly.
const TICKS_PER_SECOND: u32 = 8;
/// How long stragglers are waited for after the last tick.
const GRACE: Duration = Duration::from_secs(5);

/// What one load brought.
pub struct Outcome {
    /// Clients.
    pub clients: usize,
    /// Ticks times clients.
    pub offered: u64,
    /// What the clients received.
    pub tally: Tally,
    /// Until all clients were connected and held their quotes.
    pub assembled_in: Duration,
    /// From the first tick to the last receipt.
    pub lasted: Duration,
    /// CPU time of this process meanwhile: the clients, and the fake Twelve Data or, in the control, the relay.
    pub generator_cpu: Option<Duration>,
    /// What only the worker has; `None` for the control.
    pub worker: Option<WorkerFigures>,
}

/// The worker's side of a load.
pub struct WorkerFigures {
    /// How long it took to start.
    pub start: Start,
    /// CPU time of workerd during the ticks.
    pub workerd_cpu: Option<Duration>,
    /// CPU time of Node, which started workerd and has nothing to do with the load.
    pub node_cpu: Option<Duration>,
    /// Memory of workerd with a warm hub and no client.
    pub memory_before: Option<Memory>,
    /// With all clients connected.
    pub memory_connected: Option<Memory>,
    /// After the ticks.
    pub memory_after: Option<Memory>,
}

/// Starts a fake Twelve Data and a fresh worker, and loads it.
pub async fn load_worker(node: &Path, clients: usize, span: Duration) -> Outcome {
    let settings = Settings {
        keys: Keys::Only(vec![KEY.to_owned()]),
        automatic: false,
        ..Settings::default()
    };
    let fake = FakeTwelveData::start(settings).await;
    let worker = Worker::start(node, &fake).await;
    warm_up(&worker, &fake).await;

    let times = SendTimes::new(ticks_in(span));
    let memory_now = || worker.workerd.and_then(memory);
    let memory_before = memory_now();
    let audience = Audience::assemble(worker.address(), clients, &times).await;
    let memory_connected = memory_now();
    let assembled_in = audience.assembled_in;

    let cpu_now = || [Some(own_id()), worker.workerd, worker.node()].map(|id| id.and_then(cpu_time));
    let cpu_before = cpu_now();
    let push = |symbol: &str, price| fake.push_price(symbol, price, seconds_now());
    let lasted = play(span, clients, &times, push).await;
    let cpu_after = cpu_now();
    let [generator_cpu, workerd_cpu, node_cpu] =
        std::array::from_fn(|i| cpu_after[i].zip(cpu_before[i]).map(|(after, before)| after - before));
    let memory_after = memory_now();

    let tally = audience.dismiss().await;
    let start = worker.start;
    worker.stop().await;
    Outcome {
        clients,
        offered: offered(span, clients),
        tally,
        assembled_in,
        lasted,
        generator_cpu,
        worker: Some(WorkerFigures {
            start,
            workerd_cpu,
            node_cpu,
            memory_before,
            memory_connected,
            memory_after,
        }),
    }
}

/// The control: the same, with a relay that only copies frames in the worker's place.
pub async fn load_relay(clients: usize, span: Duration) -> Outcome {
    let relay = Relay::start();
    let times = SendTimes::new(ticks_in(span));
    let audience = Audience::assemble(relay.address(), clients, &times).await;
    let assembled_in = audience.assembled_in;
    let cpu_before = cpu_time(own_id());
    let lasted = play(span, clients, &times, |symbol, price| relay.push(symbol, price)).await;
    let generator_cpu = cpu_time(own_id()).zip(cpu_before).map(|(after, before)| after - before);
    let tally = audience.dismiss().await;
    Outcome {
        clients,
        offered: offered(span, clients),
        tally,
        assembled_in,
        lasted,
        generator_cpu,
        worker: None,
    }
}

/// Has the hub connect upstream and hold a price of every symbol, then leaves it without clients.
async fn warm_up(worker: &Worker, fake: &FakeTwelveData) {
    let times = SendTimes::new(0);
    let prices = async {
        fake.wait_until("the hub subscribes to all symbols", |fake| {
            fake.exchange(|exchange| exchange.counters(now()).subscriptions.len()) == SYMBOLS.len()
        })
        .await;
        for symbol in SYMBOLS {
            fake.push_price(symbol, PRICE_BEFORE, seconds_now());
        }
    };
    let (first, ()) = tokio::join!(Audience::assemble(worker.address(), 1, &times), prices);
    // The hub makes no REST call around the turn of a minute; its answer must not fall into the run.
    fake.wait_until("the hub asks REST for the previous closes", |fake| {
        fake.rest_requests().iter().any(|request| request.status == Some(200))
    })
    .await;
    sleep(Duration::from_millis(500)).await;
    first.dismiss().await;
    sleep(Duration::from_millis(200)).await;
}

/// Sends the ticks and waits until everybody has them all, or for a grace period.
async fn play(span: Duration, clients: usize, times: &Arc<SendTimes>, push: impl Fn(&str, f64)) -> Duration {
    let begun = Instant::now();
    let mut beat = interval(Duration::from_secs(1) / TICKS_PER_SECOND);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (number, symbol) in (0..ticks_in(span)).zip(SYMBOLS.iter().cycle()) {
        beat.tick().await;
        times.sending(number);
        push(symbol, price_of(number));
    }
    let last_sent = Instant::now();
    let offered = offered(span, clients);
    while times.received.load(Ordering::Relaxed) < offered && last_sent.elapsed() < GRACE {
        sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

fn ticks_in(span: Duration) -> u32 {
    (span * TICKS_PER_SECOND).as_secs() as u32
}

fn offered(span: Duration, clients: usize) -> u64 {
    u64::from(ticks_in(span)) * clients as u64
}

fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
