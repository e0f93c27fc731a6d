//! The operator's log: one JSON object per line, one line per change of state, none for a tick, a
//! frame or a client.
//!
//! After every input the current state is compared with what was logged last, in one place. Logging
//! at every call site would repeat the same problem on every retry and let clients flood the log;
//! see [`EXPULSIONS`]. A line contains no key, because all text of the provider is redacted before
//! it gets here, and no client address, because the machine knows none.

use crate::hub::upstream::PAUSE;
use crate::hub::{DownReason, Effect, Machine, SymbolId};
use crate::market::{FeedState, FeedStatus, MINUTE, Millis, Service, StreamState, iso8601};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Least time between two lines about closed clients.
const EXPULSIONS: Millis = MINUTE;
/// Least time between two lines about symbols. Clients choose symbols and must not fill the log.
const SYMBOLS: Millis = 10_000;
/// Most characters of a message: the provider may answer with a whole page.
const LONGEST_MESSAGE: usize = 500;

#[derive(Debug)]
pub struct Logged {
    started: bool,
    feed: FeedState,
    rest: Option<String>,
    storage: Option<String>,
    over_limit: u64,
    limited_until: Millis,
    floods: u64,
    slow: u64,
    expulsions_at: Millis,
    /// How each symbol gets its prices. Symbols that wait for an answer are not logged.
    symbols: BTreeMap<SymbolId, StreamState>,
    /// [`Book::service_changes`](crate::hub::Book::service_changes) at the last line about symbols.
    service_changes: u64,
    symbols_at: Millis,
}

enum Level {
    /// As it should be.
    Info,
    /// Worse than it should be; the hub works on it.
    Warn,
    /// The operator must do something.
    Error,
}

impl Logged {
    /// Nothing is logged yet; the feed starts in this state.
    pub fn new(feed: FeedState) -> Self {
        Self {
            started: false,
            feed,
            rest: None,
            storage: None,
            over_limit: 0,
            limited_until: 0,
            floods: 0,
            slow: 0,
            expulsions_at: 0,
            symbols: BTreeMap::new(),
            service_changes: 0,
            symbols_at: 0,
        }
    }
}

impl Machine {
    /// Logs what changed since the last call.
    pub(in crate::hub) fn log_news(&mut self, now: Millis) {
        self.log_start(now);
        self.log_feed(now);
        self.log_storage(now);
        self.log_rest(now);
        self.log_symbols(now);
        self.log_limit(now);
        self.log_expulsions(now);
    }

    /// Without viewers no start is logged: the cron trigger would add a line every minute.
    fn log_start(&mut self, now: Millis) {
        if self.logged.started || self.persist.checkpoint_at().is_none() {
            return;
        }
        self.logged.started = true;
        let restored = self.book.iter().filter(|(_, entry)| entry.cell.quote.is_some());
        let details = vec![
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("epoch", self.delivery.epoch().into()),
            ("simulated", self.config.simulated.into()),
            ("symbols", self.config.symbols.len().into()),
            ("restored_quotes", restored.count().into()),
        ];
        let message = "the hub is awake; a new epoch begins";
        self.log(Level::Info, "start", message, details, now);
        for (old, new) in self.config.old_vars.clone() {
            let message =
                format!("the var {old} is now called {new}; the old name stops working with the next release");
            self.log(Level::Warn, "old_var", &message, vec![("var", old.into())], now);
        }
        let bad = self
            .config
            .bad_symbols
            .iter()
            .map(|(name, why)| format!("{name:?} is {why}"));
        let bad: Vec<String> = bad.collect();
        if !bad.is_empty() {
            let message = format!(
                "SYMBOLS holds what is no symbol, and is served without: {}",
                bad.join("; ")
            );
            self.log(
                Level::Warn,
                "bad_symbols",
                &message,
                vec![("count", bad.len().into())],
                now,
            );
        }
    }

    fn log_feed(&mut self, now: Millis) {
        if self.logged.feed == self.upstream.feed.state() {
            return;
        }
        let FeedStatus { state, since, reason } = self.upstream.feed.status().clone();
        let level = match state {
            FeedState::Idle | FeedState::Connecting | FeedState::Live => Level::Info,
            FeedState::Stalled | FeedState::Fallback => Level::Warn,
            FeedState::Refused => Level::Error,
        };
        let details = vec![
            ("state", state.name().into()),
            ("from", self.logged.feed.name().into()),
            ("since", iso8601(since).into()),
            ("cause", self.upstream.feed.cause().map(DownReason::name).into()),
            ("reconnects", self.upstream.feed.down_counts().total().into()),
        ];
        self.logged.feed = state;
        self.log(level, "feed", &reason, details, now);
    }

    fn log_storage(&mut self, now: Millis) {
        if self.logged.storage == self.persist.trouble {
            return;
        }
        self.logged.storage.clone_from(&self.persist.trouble);
        match self.persist.trouble.clone() {
            Some(trouble) => self.log(Level::Error, "storage", &trouble, vec![("works", false.into())], now),
            None => self.log(
                Level::Info,
                "storage",
                "storage works again",
                vec![("works", true.into())],
                now,
            ),
        }
    }

    fn log_rest(&mut self, now: Millis) {
        let trouble = self.upstream.calls.trouble();
        if self.logged.rest.as_deref() == trouble {
            return;
        }
        self.logged.rest = trouble.map(ToOwned::to_owned);
        match self.logged.rest.clone() {
            Some(trouble) => self.log(Level::Warn, "rest", &trouble, vec![("works", false.into())], now),
            None => self.log(
                Level::Info,
                "rest",
                "REST works again",
                vec![("works", true.into())],
                now,
            ),
        }
    }

    /// While the limit lasts, every message, heartbeats included, gets this answer: one line.
    fn log_limit(&mut self, now: Millis) {
        if self.logged.over_limit == self.upstream.counts.over_limit {
            return;
        }
        self.logged.over_limit = self.upstream.counts.over_limit;
        let goes_on = now < self.logged.limited_until;
        self.logged.limited_until = now + PAUSE;
        if !goes_on {
            let message =
                "upstream says that we send too many messages; no subscriptions until it has not said so for 70 s";
            self.log(Level::Warn, "upstream_limit", message, Vec::new(), now);
        }
    }

    /// Symbols that change together, as in one subscription answer, share a line. Changes within
    /// the next ten seconds go into the next line.
    fn log_symbols(&mut self, now: Millis) {
        let changes = self.book.service_changes();
        if self.logged.service_changes == changes || now < self.logged.symbols_at + SYMBOLS {
            return;
        }
        self.logged.service_changes = changes;
        let mut news = Vec::new();
        let mut level = Level::Info;
        let before = std::mem::take(&mut self.logged.symbols);
        for (id, entry) in self.book.iter() {
            let last = before.get(&id).copied();
            let Service { state, reason, .. } = &entry.service;
            if *state == StreamState::Pending {
                // Keep the state that was logged last.
                self.logged.symbols.extend(last.map(|last| (id, last)));
                continue;
            }
            self.logged.symbols.insert(id, *state);
            if last != Some(*state) {
                if *state == StreamState::Unavailable {
                    level = Level::Warn;
                }
                let reason = reason.as_ref().map(|reason| format!(" ({reason})"));
                news.push(format!(
                    "{} {}{}",
                    entry.instrument,
                    state.name(),
                    reason.unwrap_or_default()
                ));
            }
        }
        if news.is_empty() {
            return;
        }
        self.logged.symbols_at = now;
        let states = [
            StreamState::Streaming,
            StreamState::Polled,
            StreamState::Unavailable,
            StreamState::Pending,
        ];
        let details = states.map(|state| (state.name(), self.symbols_in(state).into()));
        self.log(level, "symbols", &news.join("; "), details.into(), now);
    }

    /// The first is logged at once, later ones together, so that clients cannot fill the log.
    fn log_expulsions(&mut self, now: Millis) {
        let floods = self.delivery.counts.floods - self.logged.floods;
        let slow = self.delivery.counts.slow - self.logged.slow;
        if floods + slow == 0 || now < self.logged.expulsions_at + EXPULSIONS {
            return;
        }
        self.logged.floods = self.delivery.counts.floods;
        self.logged.slow = self.delivery.counts.slow;
        self.logged.expulsions_at = now;
        let viewers = self.delivery.audience.len();
        let details = vec![
            ("flooding", floods.into()),
            ("slow", slow.into()),
            ("viewers", viewers.into()),
        ];
        let message = "clients were closed: flooding ones with code 4008, slow ones with 4009";
        self.log(Level::Warn, "clients_closed", message, details, now);
    }

    fn log(&mut self, level: Level, event: &str, message: &str, details: Vec<(&str, Value)>, now: Millis) {
        let level = match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let message: String = message.chars().take(LONGEST_MESSAGE).collect();
        let head = [
            ("time", iso8601(now).into()),
            ("level", level.into()),
            ("event", event.into()),
            ("message", message.into()),
        ];
        let mut line = Map::new();
        for (name, value) in head.into_iter().chain(details) {
            line.insert(name.to_owned(), value);
        }
        self.effects.push(Effect::Log(Value::Object(line).to_string()));
    }
}
