//! A full disk: the platform resets an object whose write it cannot commit, and the hub must keep
//! serving.

use std::time::Duration;

use crate::support::visitor::{Market, SILENCE, visitors};
use crate::support::{Terminal, manual, pass};

/// Less than SQLite's log takes after a few seconds of checkpoints, and more than the log's index
/// needs.
const FULL_AT: u64 = 40_000;
/// How long the disk is full; with the default deadlines this would be minutes.
const FULL_FOR: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_full_disk_prices_go_on_and_the_status_says_what_is_wrong() {
    let mut terminal = Terminal::start(manual(), &[]).await;
    terminal.platform_fails = true;
    terminal.worker.restart_on_small_disk().await;
    let visitors = visitors(&terminal, 10, SILENCE);
    let market = Market::new(&terminal.fake);
    let story = async {
        market.reaches(&visitors, "at first").await;
        pass(Duration::from_secs(3)).await;
        let status = terminal.json("/api/status").await;
        assert!(status["storage_trouble"].is_null(), "{status:#}");

        terminal.worker.fill_disk(Some(FULL_AT));
        pass(Duration::from_secs(2)).await;
        let said = terminal
            .status_until("storage's trouble is told", |status| {
                status["storage_trouble"].is_string()
            })
            .await;
        let trouble = said["storage_trouble"].as_str().unwrap();
        assert!(
            trouble.contains("storage failed") && trouble.contains("prices go on"),
            "{trouble}"
        );
        market.reaches(&visitors, "with a full disk").await;
        let connections = || visitors.iter().map(|visitor| visitor.known().connections).sum::<u32>();
        let before = connections();
        pass(FULL_FOR).await;
        market.reaches(&visitors, "while the disk stays full").await;
        println!(
            "a full disk for {FULL_FOR:?}: {} reconnects of 10 clients",
            connections() - before
        );

        terminal.worker.fill_disk(None);
        terminal
            .status_until("storage works again", |status| status["storage_trouble"].is_null())
            .await;
        market.reaches(&visitors, "with room on the disk again").await;
    };
    tokio::select! { () = story => {}, () = market.run() => {} }
}
