//! What a plan's REST budget achieves: plays whole days, counts credits on upstream's side, and
//! measures the age of prices.

use super::scenario::{Act, Blow, Event, Planned, Scenario, Setup, Tier};
use super::world::World;
use hamster_terminal::hub::DEFAULT_SYMBOLS;
use hamster_terminal::market::Instrument;
use hamster_terminal::market::Session;
use hamster_terminal::market::{DAY, MINUTE, Millis, SECOND};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// 2026-01-13, a Tuesday.
const TUESDAY: Millis = 20_466 * DAY;

/// The ages of each symbol's price, in ms, sampled each half minute.
type Ages = BTreeMap<&'static str, Vec<Millis>>;

fn day(tier: Tier, always_open: bool, viewers_all_day: bool) -> Scenario {
    let mut events = Vec::new();
    let mut plan = |at: Millis, event: Event| events.push(Planned { at, event });
    let mut rng = fastrand::Rng::with_seed(4);
    plan(0, Event::Pace(20 * SECOND));
    for hour in 0..24 {
        let begins = hour * 60 * MINUTE;
        for viewer in 0..4 {
            let stays = viewer == 0 && viewers_all_day;
            if stays && hour > 0 {
                continue;
            }
            let joins = begins + if stays { 0 } else { rng.u64(..30 * MINUTE) };
            let join = if viewer % 2 == 0 { Act::Join } else { Act::JoinV1(0) };
            plan(joins, Event::Viewer(viewer, join));
            let wish = ["AAPL,MSFT", DEFAULT_SYMBOLS, "ETH/USD"][viewer as usize % 3];
            let wish = if stays { DEFAULT_SYMBOLS } else { wish };
            plan(joins + 1, Event::Viewer(viewer, Act::Subscribe(wish)));
            if !stays {
                plan(joins + rng.u64(MINUTE..25 * MINUTE), Event::Viewer(viewer, Act::Leave));
            }
        }
        let blow = [Blow::Evict, Blow::Panic, Blow::Deploy, Blow::Drop][hour as usize % 4];
        plan(begins + rng.u64(..60 * MINUTE), Event::Blow(blow));
    }
    events.sort_by_key(|planned| planned.at);
    Scenario {
        seed: 4,
        setup: Setup {
            start: TUESDAY,
            tier,
            simulated: false,
            symbols: DEFAULT_SYMBOLS,
            extra_symbols: 50,
            shard: 512,
            always_open,
            cron: true,
            latency: 200,
        },
        events,
        length: DAY,
    }
}

/// Plays the day and samples the prices of open markets each half minute while somebody watches.
fn played(scenario: Scenario) -> (World, Ages) {
    let mut world = World::new(scenario);
    let mut ages = Ages::new();
    let symbols: Vec<&'static str> = DEFAULT_SYMBOLS.split(',').collect();
    for step in 1..=DAY / (30 * SECOND) {
        let now = TUESDAY + step * 30 * SECOND - 1;
        if let Err(broken) = world.run(now) {
            panic!("{broken:?}");
        }
        let Some(machine) = world.object.machine().filter(|_| world.object.sockets() > 0) else {
            continue;
        };
        for symbol in &symbols {
            let view = machine.symbol(&Instrument::parse(symbol).unwrap()).unwrap();
            let is_open = world.upstream.exchange.is_open(symbol, now) && view.quote.session != Session::Closed;
            if let (true, Some(received)) = (is_open, view.quote.received_at) {
                let held = received.parse::<jiff::Timestamp>().unwrap().as_millisecond();
                ages.entry(symbol).or_default().push(now.saturating_sub(held as Millis));
            }
        }
    }
    (world, ages)
}

fn table(title: &str, world: &World, ages: &mut Ages) -> String {
    let (minute, day) = world.upstream.most;
    let mut text = format!("{title}: at most {minute} credits in a minute, {day} in the day\n");
    for symbol in POLLED {
        let Some(ages) = ages.get_mut(symbol) else { continue };
        ages.sort_unstable();
        let at = |part: usize| ages[(ages.len() - 1) * part / 100] / SECOND;
        let _ = writeln!(
            text,
            "  {symbol:8} half of the time younger than {:>4} s, 95 % {:>4} s, always {:>4} s",
            at(50),
            at(95),
            at(100)
        );
    }
    text
}

/// The polled symbols of a plan whose WebSocket refuses them.
const POLLED: [&str; 5] = ["ETH/USD", "MSFT", "NVDA", "SPY", "GBP/USD"];

#[test]
fn a_day_of_the_free_plan_stays_within_its_budget() {
    for (title, all_day) in [
        ("Free plan, watched all day", true),
        ("Free plan, watched now and then", false),
    ] {
        let (world, mut ages) = played(day(Tier::Free, false, all_day));
        let text = table(title, &world, &mut ages);
        let _ = writeln!(std::io::stdout(), "{text}");
        let (minute, day) = world.upstream.most;
        assert!(minute <= 8 && day <= 800, "{text}");
        assert!(day >= 300, "what is there is used: {text}");
    }
}

#[test]
fn a_paid_plan_refreshes_every_polled_symbol_each_half_minute() {
    let (world, mut ages) = played(day(Tier::Grow, true, true));
    let text = table("377 credits a minute, no daily cap", &world, &mut ages);
    let _ = writeln!(std::io::stdout(), "{text}");
    for symbol in POLLED {
        let ages = &ages[symbol];
        let late = ages.iter().filter(|age| **age > 36 * SECOND).count();
        // A restart forgets when it asked last, and a call that a panic swallowed times out after
        // 20 s.
        assert!(
            late * 200 < ages.len(),
            "{symbol}: {late} of {} samples: {text}",
            ages.len()
        );
    }
}
