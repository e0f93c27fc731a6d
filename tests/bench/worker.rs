//! The worker as a child process: `worker.mjs` on Node, which runs workerd. It is ended with its whole process group when
//! dropped, and by itself when this process dies, because its standard input ends.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::process;
use super::twelve_data::FakeTwelveData;

/// The key that the fake takes.
pub const KEY: &str = "key-of-the-benchmark";

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running worker.
pub struct Worker {
    child: Child,
    /// `http://127.0.0.1:PORT/`
    url: String,
    /// How long it took to start.
    pub start: Start,
    /// The process that is measured.
    pub workerd: Option<u32>,
}

/// How long a start took.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// From spawning Node to the first 200 of `/health`.
    pub total: Duration,
    /// The part of it from Miniflare's constructor until workerd listened.
    pub workerd: Duration,
}

impl Worker {
    /// Starts the worker in `build/` with `fake` as its upstream.
    pub async fn start(node: &Path, fake: &FakeTwelveData) -> Worker {
        let vars = json!({
            "TWELVE_DATA_API_KEY": KEY,
            "TWELVE_DATA_WS_URL": fake.ws_url(),
            "TWELVE_DATA_REST_URL": fake.rest_url(),
        });
        let begun = Instant::now();
        let mut child = Command::new(node)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/worker.mjs"))
            .arg(vars.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("Node can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut worker = Worker {
            child,
            url: String::new(),
            start: Start {
                total: Duration::ZERO,
                workerd: Duration::ZERO,
            },
            workerd: None,
        };
        let line = timeout(START_LIMIT, lines.next_line()).await;
        let line = line.expect("the worker starts in time").expect("a readable pipe");
        let told: Value = serde_json::from_str(&line.expect("the worker starts")).expect("a line of JSON");
        told["url"].as_str().expect("an address").clone_into(&mut worker.url);
        let health = timeout(START_LIMIT, reqwest::get(format!("{}health", worker.url))).await;
        let health = health.expect("/health answers in time").expect("/health answers");
        assert!(health.status().is_success(), "/health: {}", health.status());
        worker.start = Start {
            total: begun.elapsed(),
            workerd: Duration::from_millis(told["workerd_ms"].as_u64().expect("a number")),
        };
        worker.workerd = worker.node().and_then(|node| process::descendant(node, "workerd"));
        worker
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// The process of Node, which must have nothing to do while the load lasts.
    pub fn node(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it in good order.
    pub async fn stop(mut self) {
        drop(self.child.stdin.take());
        let _ = timeout(Duration::from_secs(5), self.child.wait()).await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // `None` once Node has ended in good order, and workerd before it.
        if let Some(leader) = self.child.id() {
            process::kill_group(leader);
        }
    }
}
