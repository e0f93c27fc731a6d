//! What operators are promised: metrics that Prometheus reads, a log of changes, and a cron trigger
//! that revives a lost alarm. None of these keeps an unwanted feed open.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{Ending, Terminal, eventually, manual, now_s, pass, promtool};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// The path at which `wrangler dev` runs the cron trigger.
const CRON: &str = "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*";

async fn page(terminal: &Terminal) -> String {
    let answer = terminal.get("/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

fn value(page: &str, series: &str) -> f64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in:\n{page}"))
        .parse()
        .unwrap()
}

/// The log lines that the hub wrote.
fn logged(terminal: &Terminal) -> Vec<Value> {
    let log = terminal.worker.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str(line.trim()).ok());
    lines.filter(|line: &Value| line["event"].is_string()).collect()
}

#[tokio::test]
async fn prometheus_reads_the_metrics_and_has_no_complaint() {
    let terminal = Terminal::start(manual(), &[]).await;
    let idle = page(&terminal).await;
    assert_eq!(promtool::check(&idle), "", "of an idle hub:\n{idle}");

    let mut client = terminal.watch("AAPL,BTC/USD").await;
    for price in [101.5, 102.5, 103.5] {
        terminal.fake.push_price("AAPL", price, now_s());
        client.price("AAPL", price).await;
    }
    let mut flooding = terminal.connect().await;
    for _ in 0..80 {
        flooding.try_send(Message::text("{")).await;
    }
    assert_eq!(flooding.ending().await, Ending::Code(4008));
    // This address is refused for a while, so nobody else can connect from here.
    client.leave().await;
    let mut busy = String::new();
    for _ in 0..100 {
        busy = page(&terminal).await;
        let has = |series| value(&busy, series) > 0.0;
        if has("hamster_client_closes_total{code=\"1000\"}")
            && has("hamster_storage_rows_written_total{row=\"checkpoint\"}")
        {
            break;
        }
        pass(Duration::from_millis(50)).await;
    }
    assert_eq!(promtool::check(&busy), "", "of a busy hub:\n{busy}");
    for (series, least) in [
        ("hamster_ticks_total", 3.0),
        ("hamster_tick_age_seconds_count", 3.0),
        ("hamster_updates_sent_total", 3.0),
        ("hamster_frames_sent_total", 6.0),
        ("hamster_feed_state{state=\"live\"}", 1.0),
        ("hamster_storage_rows_written_total{row=\"alarm\"}", 1.0),
        ("hamster_storage_rows_written_total{row=\"checkpoint\"}", 1.0),
        ("hamster_clients_expelled_total{reason=\"flood\"}", 1.0),
        ("hamster_client_closes_total{code=\"1000\"}", 1.0),
        ("hamster_parse_failures_total{of=\"client\"}", 60.0),
        ("hamster_start_time_seconds", 1.7e9),
        ("hamster_build_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert!(value(&busy, series) >= least, "{series}:\n{busy}");
    }
}

// The checker itself must be able to fail.
#[test]
fn promtool_minds_what_is_wrong() {
    for wrong in [
        "no_help_total 1\n",
        "# HELP a A.\n# TYPE a counter\na 1\n",
        "# HELP a A.\n# TYPE a gauge\na{b=c} 1\n",
        "# HELP a A.\n# TYPE a gauge\na 1",
    ] {
        assert_ne!(promtool::check(wrong), "", "{wrong}");
    }
}

#[tokio::test]
async fn metrics_are_a_route_like_the_others_and_open_no_feed() {
    let terminal = Terminal::start(manual(), &[]).await;
    for _ in 0..3 {
        let answer = terminal.get("/metrics").await;
        assert_eq!(
            answer.header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(value(&answer.text, "hamster_feed_state{state=\"idle\"}"), 1.0);
        pass(Duration::from_millis(300)).await;
    }
    let head = terminal.request(Method::HEAD, "/metrics").await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert!(head.header("content-type").starts_with("text/plain"));
    let post = terminal.request(Method::POST, "/metrics").await;
    assert_eq!(post.status, 405);
    assert_eq!(terminal.fake.upgrades(), 0, "a scraper is no reader");
    assert!(logged(&terminal).is_empty(), "{}", terminal.worker.log());
}

#[tokio::test]
async fn the_cron_trigger_leaves_a_hub_asleep_that_nobody_wants() {
    let terminal = Terminal::start_by_wrangler(manual(), &[]).await;
    for _ in 0..3 {
        let answer = terminal.get(CRON).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let page = page(&terminal).await;
    assert_eq!(value(&page, "hamster_feed_state{state=\"idle\"}"), 1.0);
    assert_eq!(value(&page, "hamster_storage_rows_written_total{row=\"alarm\"}"), 0.0);
    assert_eq!(terminal.fake.upgrades(), 0);
    let poke = terminal.get("/poke").await;
    assert_eq!(poke.status, 404, "nobody else can poke");
}

#[tokio::test]
async fn the_cron_trigger_revives_a_hub_whose_alarm_was_lost() {
    let mut terminal = Terminal::start_by_wrangler(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    terminal.fake.push_price("AAPL", 101.5, now_s());
    client.price("AAPL", 101.5).await;
    pass(Duration::from_secs(2)).await;
    terminal.worker.kill();
    eventually("upstream sees the end", || terminal.fake.connections_open() == 0).await;
    let lost = forget_alarms(&terminal.worker.state_path());
    assert!(lost > 0, "workerd keeps its alarms elsewhere now");
    let before = terminal.fake.upgrades();
    terminal.worker.restart().await;
    pass(Duration::from_secs(3)).await;
    assert_eq!(terminal.fake.upgrades(), before, "nothing else revives it");

    let answer = terminal.get(CRON).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually("the feed is open again", || terminal.fake.upgrades() == before + 1).await;
    terminal.streams("AAPL").await;
    let mut alarms = 0.0;
    for _ in 0..100 {
        alarms = value(&page(&terminal).await, "hamster_alarms_total");
        if alarms >= 2.0 {
            break;
        }
        pass(Duration::from_millis(100)).await;
    }
    assert!(alarms >= 2.0, "the chain goes on by itself");
}

/// Removes the files in which workerd keeps the alarms of all objects. Returns how many there were.
fn forget_alarms(folder: &Path) -> usize {
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut removed = 0;
    for path in entries {
        if path.is_dir() {
            removed += forget_alarms(&path);
        } else if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("metadata.sqlite"))
        {
            fs::remove_file(path).unwrap();
            removed += 1;
        }
    }
    removed
}

#[tokio::test]
async fn the_log_has_a_line_for_each_change_and_none_for_a_tick() {
    let terminal = Terminal::start(manual(), &[]).await;
    let mut client = terminal.watch("AAPL").await;
    for price in 0..50u32 {
        let price = 100.0 + f64::from(price);
        terminal.fake.push_price("AAPL", price, now_s());
        client.price("AAPL", price).await;
    }
    terminal.fake.close_all(1001, "going away");
    client.feed("fallback").await;
    client.feed("live").await;
    eventually("four states in the log", || {
        logged(&terminal).iter().filter(|line| line["event"] == "feed").count() >= 4
    })
    .await;
    let lines = logged(&terminal);
    let states: Vec<&Value> = lines
        .iter()
        .filter(|line| line["event"] == "feed")
        .map(|line| &line["state"])
        .collect();
    assert_eq!(states, ["connecting", "live", "fallback", "live"]);
    assert!(lines.len() <= 8, "{lines:#?}");
    for line in &lines {
        for field in ["time", "level", "event", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    assert_eq!(lines[0]["event"], json!("start"));
}
