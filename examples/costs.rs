//! What a day costs on Cloudflare. The hub's own driver and machine run through a day natively,
//! against the simulated Twelve Data, and their own counters (those of `/metrics`) are compared
//! with the plans' limits.
//!
//! ```text
//! npm run costs                                      # a table of days
//! npm run costs -- --viewers 20 --hours 8            # one day
//! npm run costs -- --viewers 20 --hours 8 --scrape 60 --plan pro
//! ```
//!
//! A month with relays is a plain calculation, `scripts/lib/relay-bill.mjs`, and needs no simulation:
//! `npm run costs -- --scale`.
//!
//! Not included: page loads (static assets are free), REST waiters (each is one request of the
//! Worker and one of the hub), the simulator (a second object, which a terminal with a key does not
//! have), faults and restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "costs/bill.rs"]
mod bill;
#[path = "costs/day.rs"]
mod day;

use bill::Bill;
use day::Day;

const USAGE: &str = "options: --viewers N  --hours H  --scrape SECONDS (0: no scraper)  --plan basic|pro";

fn main() {
    let mut one = Day {
        viewers: 1,
        hours: 24,
        scrape: 0,
        pro: false,
    };
    let mut arguments = std::env::args().skip(1).peekable();
    let asked = arguments.peek().is_some();
    while let Some(option) = arguments.next() {
        let value = arguments.next().expect(USAGE);
        match (option.as_str(), value.as_str()) {
            ("--viewers", number) => one.viewers = number.parse().expect(USAGE),
            ("--hours", number) => one.hours = number.parse().expect(USAGE),
            ("--scrape", number) => one.scrape = number.parse().expect(USAGE),
            ("--plan", "pro") => one.pro = true,
            ("--plan", "basic") => one.pro = false,
            _ => panic!("{USAGE}"),
        }
    }
    if asked {
        assert!(one.hours <= 24, "{USAGE}");
        println!("{}", one.name());
        one.live().print();
        return;
    }
    let table = [
        (0, 0, 0),
        (0, 0, 60),
        (1, 8, 0),
        (1, 24, 0),
        (10, 8, 0),
        (10, 24, 60),
        (100, 8, 0),
        (100, 24, 0),
    ];
    println!("{}", Bill::HEAD);
    for (viewers, hours, scrape) in table {
        let day = Day {
            viewers,
            hours,
            scrape,
            pro: false,
        };
        println!("{}", day.live().line(&day.name()));
    }
    println!("{}", Bill::FOOT);
}
