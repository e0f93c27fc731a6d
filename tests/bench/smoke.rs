//! `--quick`: checks on tiny loads that the harness runs and its counts add up. Nothing here
//! depends on the speed of the machine.

use std::time::Duration;

use super::client::Dialect;
use super::load::Load;
use super::systems::{Kind, Places};

const CLIENTS: usize = 20;
const SYMBOLS: usize = 8;
/// Below the rate limit of plain JSON, so that no client has to miss a tick.
const TICKS: f64 = 40.0;
const SPAN: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the checks. Returns what does not add up.
pub fn run(places: &Places) -> Vec<String> {
    let mut complaints = Vec::new();
    let ours = Kind::ALL.into_iter().filter(|kind| kind.is_ours());
    let mut note = |what: &str, checked: Result<String, String>| match checked {
        Ok(summary) => println!("✓ {what}: {summary}"),
        Err(complaint) => complaints.push(format!("{what}: {complaint}")),
    };
    for kind in ours.chain([Kind::Null]) {
        note(kind.name(), check(kind, places));
    }
    note("ours, a relay and links", check_relays(places));
    complaints
}

fn check(kind: Kind, places: &Places) -> Result<String, String> {
    let mut load = Load::start(kind, places, SYMBOLS, 1_000)?;
    load.assemble(CLIENTS, PATIENCE);
    // The first client was filled before.
    adds_up(&mut load, CLIENTS - 1)
}

fn check_relays(places: &Places) -> Result<String, String> {
    let mut load = Load::start(Kind::Ours, places, SYMBOLS, 1_000)?;
    load.add_relays(1, places)?;
    load.gather(CLIENTS, load.relay_addresses(), Dialect::Hamster);
    let relayed = adds_up(&mut load, CLIENTS)?;
    load.gather(CLIENTS, vec![load.system.address], Dialect::Link);
    Ok(format!("{relayed}; {}", adds_up(&mut load, CLIENTS)?))
}

/// Plays to an assembled audience, of which `newcomers` were filled since it was begun.
fn adds_up(load: &mut Load, newcomers: usize) -> Result<String, String> {
    let filled = load.audience.tally.filled.total();
    let played = load.play(TICKS, SPAN, PATIENCE, |_, _, _| {});
    let tally = &played.tally;
    if tally.faults.total() > 0 {
        return Err(format!("{:?}", tally.faults));
    }
    // Every client counts each tick exactly once as fresh, however many values it received.
    let offered = (played.ticks * CLIENTS) as u64;
    let (fresh, updates, frames) = (tally.freshness.total(), tally.updates, tally.frames);
    for (what, adds_up) in [
        ("clients that were filled", filled == newcomers as u64),
        (
            "ticks for which clients became fresh, of those offered",
            fresh == offered,
        ),
        ("values, of at most one for each tick", (1..=offered).contains(&updates)),
        ("frames, of at least one for each client", frames >= CLIENTS as u64),
        ("bytes, of at least two for each frame", tally.bytes >= 2 * frames),
    ] {
        if !adds_up {
            return Err(format!(
                "{what}: filled {filled}, offered {offered}, fresh {fresh}, values {updates}, frames {frames}"
            ));
        }
    }
    Ok(format!(
        "{CLIENTS} clients are as fresh as {offered} updates, by {updates} values in {frames} frames"
    ))
}
