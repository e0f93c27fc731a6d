//! A terminal with its own Twelve Data: nearly every test starts with one.
//!
//! When dropped it checks what must hold in every test: never more than one upstream connection,
//! the key in no URL, no log line and nothing that anybody was sent, and no error of the worker's
//! own in the log.

use std::sync::OnceLock;
use std::time::Duration;

use hamster_terminal::simulator::{Keys, Settings};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use super::client::{Client, Said};
use super::twelve_data::FakeTwelveData;
use super::worker::{Worker, free_port};
use super::{PATIENCE, eventually};

/// The only key that the fake Twelve Data accepts.
pub const KEY: &str = "test-key-5d41402abc4b2a76";

/// Deadlines short enough for tests, a plan that does not limit them, and REST calls for quotes
/// only. A test's own vars override these.
const VARS: &[(&str, &str)] = &[
    ("TWELVE_DATA_API_KEY", KEY),
    ("RECONNECT_MS", "300"),
    ("RECONNECT_MAX_MS", "600"),
    ("HEALTHY_MS", "50"),
    ("FALLBACK_MS", "1000"),
    ("CHECKPOINT_MS", "200"),
    ("CREDITS_PER_MINUTE", "600"),
    ("CREDITS_PER_DAY", "0"),
    ("SYMBOL_LIMIT", "100"),
    ("HISTORY_CREDITS_PERCENT", "0"),
    // All calls come from one address.
    ("CALLS_PER_MINUTE", "1000000"),
    ("LOOKUPS_PER_MINUTE", "1000000"),
];

/// The default symbols of a terminal.
pub const SYMBOLS: &str = "BTC/USD,ETH/USD,AAPL,MSFT,NVDA,SPY,EUR/USD,GBP/USD";

/// A market in which prices move only when the test says so, and which does not count messages.
pub fn manual() -> Settings {
    let mut settings = Settings {
        keys: Keys::Only(vec![KEY.to_owned()]),
        automatic: false,
        ..Settings::default()
    };
    settings.plan.messages_per_minute = 10_000;
    // More than one connection would be our fault. The fake must accept it to see it.
    settings.plan.connections = 10;
    settings
}

/// A worker and the Twelve Data that is its upstream.
pub struct Terminal {
    /// The upstream.
    pub fake: FakeTwelveData,
    /// The worker.
    pub worker: Worker,
    /// Set by a test that makes the platform fail, because the platform then logs errors.
    pub platform_fails: bool,
    said: Said,
    http: reqwest::Client,
}

/// A REST answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// A header that must be present.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}: {self:?}"))
            .to_str()
            .unwrap()
    }
}

impl Terminal {
    /// A worker with the test's vars, on a Twelve Data with these settings. Nothing is connected
    /// upstream yet, because nobody watches.
    pub async fn start(settings: Settings, vars: &[(&str, &str)]) -> Terminal {
        let fake = FakeTwelveData::start_on(settings, free_port(), free_port()).await;
        Terminal::on(fake, vars).await
    }

    /// As [`start`](Self::start), on a prepared Twelve Data.
    pub async fn on(fake: FakeTwelveData, vars: &[(&str, &str)]) -> Terminal {
        let urls = [fake.ws_url(), fake.rest_url()];
        let worker = Worker::start(&vars_for(&urls, vars)).await;
        Terminal::of(fake, worker)
    }

    /// As [`start`](Self::start), with a worker that `wrangler dev` starts.
    pub async fn start_by_wrangler(settings: Settings, vars: &[(&str, &str)]) -> Terminal {
        let fake = FakeTwelveData::start_on(settings, free_port(), free_port()).await;
        let urls = [fake.ws_url(), fake.rest_url()];
        let worker = Worker::start_by_wrangler(&vars_for(&urls, vars)).await;
        Terminal::of(fake, worker)
    }

    fn of(fake: FakeTwelveData, worker: Worker) -> Terminal {
        Terminal {
            worker,
            fake,
            platform_fails: false,
            said: Said::default(),
            http: reqwest::Client::new(),
        }
    }

    /// A client that has just connected.
    pub async fn connect(&self) -> Client {
        Client::connect(&self.worker.ws_url(), &self.said).await
    }

    /// A client that offers subprotocols; see [`Client::offer`].
    pub async fn offer(&self, offer: &'static str) -> Result<(Client, String), u16> {
        Client::offer(&self.worker.ws_url(), offer, &self.said).await
    }

    /// A client that watches a comma list, in a terminal whose feed is live and streams these
    /// symbols.
    pub async fn watch(&self, symbols: &str) -> Client {
        let mut client = self.connect().await;
        let connected = client.event("connected").await;
        if connected["feed"]["state"] != "live" {
            client.feed("live").await;
        }
        client.subscribe(symbols).await;
        self.streams(symbols).await;
        client
    }

    /// Waits until upstream streams every symbol of a comma list to the hub.
    pub async fn streams(&self, symbols: &str) {
        eventually(&format!("{symbols} subscribed upstream"), || {
            let counters = self.fake.exchange(|exchange| exchange.counters(0));
            symbols
                .split(',')
                .all(|symbol| counters.subscriptions.contains_key(&symbol.trim().to_uppercase()))
        })
        .await;
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).await
    }

    /// The JSON of a GET that must succeed.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Any request.
    pub async fn request(&self, method: Method, path: &str) -> Answer {
        let response = self
            .http
            .request(method, self.worker.url(path))
            .timeout(PATIENCE)
            .send()
            .await
            .unwrap_or_else(|error| panic!("no answer to {path}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let mut said = self.said.lock().unwrap();
        said.push(text.clone());
        said.push(format!("{headers:?}"));
        Answer { status, headers, text }
    }

    /// Polls `/api/status` until `condition` holds. A failing platform may answer for the hub
    /// meanwhile.
    pub async fn status_until(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.get("/api/status").await;
            assert!(answer.status == 200 || self.platform_fails, "{answer:?}");
            let status = answer.json();
            if answer.status == 200 && condition(&status) {
                return status;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "waited in vain: {what}; last: {status:#}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything that anybody was sent.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// The frames of this action that upstream received.
    pub fn frames(&self, action: &str) -> Vec<Value> {
        let frames = self.fake.frames_received();
        let frames = frames.iter().map(|frame| {
            serde_json::from_str::<Value>(&frame.text).unwrap_or_else(|_| panic!("sent upstream: {}", frame.text))
        });
        frames.filter(|frame| frame["action"] == action).collect()
    }
}

/// The vars of a worker on a Twelve Data at these addresses, WebSocket and REST. A test's own
/// override them.
fn vars_for<'a>([ws, rest]: &'a [String; 2], vars: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let overridden = |name: &str| vars.iter().any(|(set, _)| *set == name);
    let mut all = vec![("TWELVE_DATA_WS_URL", ws.as_str()), ("TWELVE_DATA_REST_URL", rest)];
    all.extend(VARS.iter().filter(|(name, _)| !overridden(name)));
    all.extend(vars);
    all
}

/// Whether a text contains ten consecutive characters of the key: plain or escaped, in any case, in
/// hexadecimal, or in base64 at any offset.
pub fn shows_key(text: &str) -> bool {
    static PARTS: OnceLock<Vec<String>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| {
        let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
        // Base64 of the key alone, and of the key after one and after two other bytes.
        let base64 = [
            "dGVzdC1rZXktNWQ0MTQwMmFiYzRiMmE3Ng",
            "Rlc3Qta2V5LTVkNDE0MDJhYmM0YjJhNz",
            "0ZXN0LWtleS01ZDQxNDAyYWJjNGIyYTc2",
        ];
        let forms = [(KEY, 10), (&hex, 20)].into_iter().chain(base64.map(|form| (form, 14)));
        let lower = forms.map(|(form, length)| (form.to_ascii_lowercase().into_bytes(), length));
        let windows = lower.flat_map(|(form, length)| form.windows(length).map(<[u8]>::to_vec).collect::<Vec<_>>());
        windows.map(|part| String::from_utf8(part).unwrap()).collect()
    });
    let unescaped = decoded(&decoded(text, "\\u00").replace("%25", "%"), "%");
    let texts = [text, &unescaped].map(str::to_ascii_lowercase);
    texts.iter().any(|text| parts.iter().any(|part| text.contains(part)))
}

/// Decodes the characters that are written as a mark and two hexadecimal digits.
fn decoded(text: &str, mark: &str) -> String {
    let mut parts = text.split(mark);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => whole.extend([char::from(byte)].into_iter().chain(part[2..].chars())),
            None => {
                whole.push_str(mark);
                whole.push_str(part);
            }
        }
    }
    whole
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.worker.kill();
        let most = self.fake.max_connections_at_once();
        assert!(most <= 1, "{most} upstream connections were open at once");
        assert!(!self.fake.key_in_url(), "the key was in a URL");
        let log = self.worker.log();
        for line in log.lines() {
            assert!(!shows_key(line), "the key is in the log: {line}");
        }
        let troubles = ["panicked", "CriticalRuntimeError", "hung", "Uncaught"];
        for trouble in troubles.iter().take(if self.platform_fails { 2 } else { 4 }) {
            assert!(!log.contains(trouble), "the worker's log:\n{log}");
        }
        for text in self.said.lock().unwrap().iter() {
            assert!(!shows_key(text), "somebody was told the key: {text}");
        }
    }
}
