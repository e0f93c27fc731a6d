//! Real faults in real processes: a worker that is killed again and again under load, and an
//! upstream that is gone for a while in every way. Whatever happens, there is one upstream
//! connection, and everybody who reconnects gets the newest price.

use std::time::{Duration, Instant};

use crate::support::visitor::{Market, SILENCE, visitors};
use crate::support::{FakeTwelveData, RestBehaviour, Terminal, Visitor, eventually, manual, pass};
use hamster_terminal::simulator::Stall;
use serde_json::Value;

const KILLS: u32 = 20;
/// Ten times the tests' CHECKPOINT_MS, because an alarm may be late on a slow machine.
const CHECKPOINTED: Duration = Duration::from_secs(2);
/// Times between two kills: too short for a checkpoint, and long enough for several.
const LIVES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(2_500),
];

/// How long upstream is gone, and what to expect then.
struct Outages {
    lasting: Duration,
    /// RECONNECT_MS minus its jitter and the inaccuracy of timers.
    shortest_pause: Duration,
    /// The limit from the end of an outage to prices for everybody.
    live_within: Duration,
    /// The clients' limit of silence, longer than any pause of the hub.
    silence: Duration,
    vars: &'static [(&'static str, &'static str)],
}

/// Short deadlines. With the defaults this would take minutes.
const SCALED: Outages = Outages {
    lasting: Duration::from_secs(4),
    shortest_pause: Duration::from_millis(200),
    live_within: Duration::from_secs(20),
    silence: SILENCE,
    vars: &[("HEARTBEAT_MS", "200"), ("SILENCE_MS", "1500"), ("MUTE_MS", "2000")],
};

/// The default deadlines.
const REAL: Outages = Outages {
    lasting: Duration::from_secs(150),
    shortest_pause: Duration::from_millis(3_900),
    live_within: Duration::from_secs(65),
    silence: Duration::from_secs(120),
    vars: &[
        ("RECONNECT_MS", "5000"),
        ("RECONNECT_MAX_MS", "60000"),
        ("HEALTHY_MS", "30000"),
        ("FALLBACK_MS", "30000"),
        ("CHECKPOINT_MS", "30000"),
    ],
};

/// The newest price that any visitor has received, and the current time.
fn heard(visitors: &[Visitor]) -> (Instant, f64) {
    let prices = visitors.iter().filter_map(|visitor| visitor.known().price);
    (Instant::now(), prices.fold(0.0, f64::max))
}

fn epochs(visitors: &[Visitor]) -> Vec<u64> {
    visitors
        .iter()
        .step_by(2)
        .map(|visitor| visitor.known().epoch)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_under_load_it_loses_no_checkpoint_and_no_client() {
    let mut terminal = Terminal::start(manual(), &[("WAITER_MS", "20")]).await;
    let visitors = visitors(&terminal, 30, SILENCE);
    let (fake, worker) = (&terminal.fake, &mut terminal.worker);
    let market = Market::new(fake);
    let mut longest = Duration::ZERO;
    let kills = async {
        market.reaches(&visitors, "at first").await;
        let mut checkpointed = 0.0_f64;
        for kill in 1..=KILLS {
            let before = epochs(&visitors);
            let until = Instant::now() + LIVES[kill as usize % LIVES.len()];
            let mut life = Vec::new();
            while Instant::now() < until {
                pass(Duration::from_millis(20)).await;
                life.push(heard(&visitors));
            }
            worker.kill();
            let killed = Instant::now();
            let old = life.iter().filter(|(at, _)| *at + CHECKPOINTED < killed);
            checkpointed = old.fold(checkpointed, |newest, (_, price)| newest.max(*price));
            eventually("upstream sees the end", || fake.connections_open() == 0).await;
            // Nothing fresh may arrive before the restored price was checked.
            fake.hang_upgrades(true);
            fake.rest_behaviour(RestBehaviour::Hangs);
            worker.restart().await;
            let quote = quote(&worker.url("/api/quotes?symbols=AAPL")).await;
            assert_eq!(quote["source"], "restored", "{quote}");
            let restored = quote["price"].as_f64().unwrap();
            assert!(restored >= checkpointed, "{checkpointed} was lost: {quote}");
            fake.hang_upgrades(false);
            fake.rest_behaviour(RestBehaviour::Answers);
            let begun = Instant::now();
            market.reaches(&visitors, &format!("after kill {kill}")).await;
            longest = longest.max(begun.elapsed());
            for (before, after) in before.iter().zip(epochs(&visitors)) {
                assert!(after > *before, "epoch {after} after {before}");
            }
            assert_eq!(fake.connections_open(), 1);
        }
    };
    tokio::select! { () = kills => {}, () = market.run() => {} }
    println!("{KILLS} kills; prices for all 30 clients again at most {longest:?} after upstream was back");
    // On drop the terminal checks that there was never a second upstream connection.
}

async fn quote(url: &str) -> Value {
    let answer = reqwest::get(url).await.unwrap().text().await.unwrap();
    let body: Value = serde_json::from_str(&answer).unwrap();
    body["quotes"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_gone_is_not_stormed_and_is_back_at_once() {
    upstream_goes_and_comes(SCALED).await;
}

#[ignore = "takes twenty minutes: cargo test --test worker -- --ignored --nocapture"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_gone_for_minutes_is_not_stormed_and_is_back_at_once() {
    upstream_goes_and_comes(REAL).await;
}

async fn upstream_goes_and_comes(outages: Outages) {
    let Outages {
        lasting,
        shortest_pause,
        ..
    } = outages;
    let terminal = Terminal::start(manual(), outages.vars).await;
    let visitors = visitors(&terminal, 10, outages.silence);
    let fake = &terminal.fake;
    let market = Market::new(fake);
    let story = async {
        market.reaches(&visitors, "at first").await;
        for outage in [
            "refuses",
            "drops",
            "hangs",
            "is silent",
            "sends no prices",
            "is down",
            "flaps",
        ] {
            let before = fake.upgrades();
            begin(fake, outage, lasting).await;
            pass(lasting).await;
            let attempts = fake.upgrades() - before;
            // One attempt at once, and then one after each pause.
            let most = 2 + lasting.as_millis() / shortest_pause.as_millis();
            assert!(attempts as u128 <= most, "{attempts} attempts while upstream {outage}");
            end(fake, outage).await;
            // Only the WebSocket can bring a price now.
            fake.rest_behaviour(RestBehaviour::Hangs);
            let ended = Instant::now();
            let when = format!("after upstream {outage}");
            market.reaches_within(outages.live_within, &visitors, &when).await;
            let back = ended.elapsed();
            fake.rest_behaviour(RestBehaviour::Answers);
            println!("upstream {outage} for {lasting:?}: {attempts} attempts, and prices {back:.1?} after its end");
            assert!(fake.connections_open() <= 1);
        }
        let times = fake.upgrade_times();
        let shortest = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
        assert!(shortest >= shortest_pause, "{shortest:?} between two attempts");
        for visitor in &visitors {
            assert_eq!(
                visitor.known().connections,
                1,
                "no client has to notice more than a gap"
            );
        }
    };
    tokio::select! { () = story => {}, () = market.run() => {} }
}

async fn begin(fake: &FakeTwelveData, outage: &str, lasting: Duration) {
    match outage {
        "refuses" => fake.faults(|faults| faults.refuse_upgrades = Some((503, "{}".to_owned()))),
        "drops" => fake.faults(|faults| faults.accept_then_drop = true),
        "hangs" => fake.hang_upgrades(true),
        "is silent" => fake.faults(|faults| faults.stall = Stall::Everything),
        "sends no prices" => fake.faults(|faults| faults.stall = Stall::Prices),
        "is down" => fake.stop().await,
        _ => {}
    }
    match outage {
        "refuses" | "drops" | "hangs" => fake.reset_all(),
        "flaps" => {
            for _ in 0..10 {
                fake.reset_all();
                pass(lasting / 10).await;
            }
        }
        _ => {}
    }
}

async fn end(fake: &FakeTwelveData, outage: &str) {
    fake.recover();
    if outage == "is down" {
        fake.restart().await;
    }
}
