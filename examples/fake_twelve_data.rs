//! The tests' fake Twelve Data as a program, for the browser tests and for manual use:
//!
//! ```text
//! cargo run --example fake_twelve_data -- \
//!     --ws-port 9001 --rest-port 9002 --key secret --plan basic
//! curl -X POST 'localhost:9002/_control/price?symbol=AAPL&price=123.45'
//! ```
//!
//! Without ports it takes free ones. Once it listens it prints its addresses as one line of JSON,
//! and it runs until it is killed. `tests/support/twelve_data/control.rs` lists the control routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../tests/support/twelve_data/mod.rs"]
mod twelve_data;

use hamster_terminal::simulator::{Keys, Plan, Settings};
use twelve_data::FakeTwelveData;

const USAGE: &str = "options: --ws-port N  --rest-port N  --key KEY  --plan basic|pro  --hours  --manual  --rate X";

#[tokio::main]
async fn main() {
    let mut settings = Settings::default();
    let (mut ws_port, mut rest_port) = (0, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().expect(USAGE);
        match option.as_str() {
            "--ws-port" => ws_port = value().parse().expect(USAGE),
            "--rest-port" => rest_port = value().parse().expect(USAGE),
            "--key" => settings.keys = Keys::Only(vec![value()]),
            "--plan" if value() == "basic" => settings.plan = Plan::basic(),
            "--plan" => {}
            "--hours" => settings.always_open = false,
            "--manual" => settings.automatic = false,
            "--rate" => settings.tick_rate = value().parse().expect(USAGE),
            _ => panic!("{USAGE}"),
        }
    }
    let fake = FakeTwelveData::start_on(settings, ws_port, rest_port).await;
    println!(r#"{{"ws":"{}","rest":"{}"}}"#, fake.ws_url(), fake.rest_url());
    std::future::pending::<()>().await;
}
