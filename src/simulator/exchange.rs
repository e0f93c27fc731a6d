//! The machine: sessions, their messages and their subscriptions. Time-driven parts are in `ticks`.
//!
//! **After every call the driver executes the returned outputs in order.** A session for which
//! [`Output::Close`] or [`Output::Drop`] was returned is already forgotten here.

use std::collections::{BTreeMap, BTreeSet};

use super::Millis;
use super::faults::{BadKeyReply, Ending, Faultless, Faults, Stall, Switches};
use super::instruments::Instrument;
use super::market::{Listing, Market};
use super::outcome::{Connected, Counters, Output, Refusal, SessionId};
use super::plan::{Account, Keys, Settings};
use super::protocol::{self, ClientMessage, Wanted};

/// A client message longer than this many bytes ends the session.
const LARGEST_MESSAGE: usize = 1_000_000;
/// Most symbols read from one message; the largest plan streams 10,000.
const MOST_SYMBOLS: usize = 10_000;
/// Most sessions at once, over all keys.
const MOST_SESSIONS: usize = 1_024;
/// Most keys whose use is remembered.
const MOST_ACCOUNTS: usize = 256;

/// The answer to an unknown or missing key, over REST and WebSocket.
pub(crate) const BAD_KEY: &str = "**apikey** parameter is incorrect or not specified. You can get your free API key \
    instantly following this link: https://twelvedata.com/pricing. If you believe that everything is correct, you can \
    contact us at https://twelvedata.com/contact/customer";

#[derive(Debug)]
pub(super) struct Session {
    account: String,
    pub(super) subscribed: BTreeSet<Listing>,
    pub(super) last_heard: Millis,
}

/// A simulated Twelve Data. Its type decides the fault switches: all, or none in the Worker.
#[derive(Debug)]
pub struct Exchange<F = Faults> {
    pub(super) settings: Settings,
    pub(super) faults: F,
    pub(super) market: Market,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) counters: Counters,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    next_session: u64,
    /// When each subscribed instrument ticks next.
    pub(super) schedule: BTreeMap<Listing, Millis>,
    pub(super) rng: fastrand::Rng,
}

impl Exchange<Faultless> {
    /// The Worker's market, which starts at `now`; see [`Exchange::new`].
    pub fn faultless(settings: Settings, seed: u64, now: Millis) -> Exchange<Faultless> {
        Exchange::with(Faultless, settings, seed, now)
    }
}

impl<F: Switches> Exchange<F> {
    /// The same seed gives the same prices at the same times, in any instance.
    pub(super) fn with(faults: F, settings: Settings, seed: u64, now: Millis) -> Exchange<F> {
        Exchange {
            market: Market::new(seed, settings.always_open),
            settings,
            faults,
            accounts: BTreeMap::new(),
            counters: Counters::default(),
            sessions: BTreeMap::new(),
            // Starts at `now`, so that a restarted object reuses no id of a session still closing.
            next_session: now,
            schedule: BTreeMap::new(),
            rng: fastrand::Rng::with_seed(seed ^ now),
        }
    }

    /// An upgrade request on `/v1/quotes/price`. `key` is the query parameter `apikey` or the
    /// header `X-TD-APIKEY`.
    pub fn connect(&mut self, key: Option<&str>, now: Millis) -> Result<Connected, Refusal> {
        self.counters.upgrades += 1;
        let allowed = self.admit(key);
        let account = match allowed {
            Ok(account) => account,
            Err(refusal) => {
                self.counters.refused += 1;
                return Err(refusal);
            }
        };
        let mut outputs = Vec::new();
        while self.sessions_of(&account).count() >= self.settings.plan.connections.max(1) {
            // The documentation says that an earlier connection is closed; that it is the oldest is
            // an assumption.
            let Some(oldest) = self.sessions_of(&account).next() else {
                break;
            };
            self.counters.evicted += 1;
            outputs.push(self.end(oldest, self.switches().eviction, 1000, "new connection opened"));
        }
        let session = SessionId(self.next_session);
        self.next_session += 1;
        self.sessions.insert(
            session,
            Session {
                account,
                subscribed: BTreeSet::new(),
                last_heard: now,
            },
        );
        self.counters.most_connections = self.counters.most_connections.max(self.sessions.len());
        if self.switches().accept_then_drop {
            outputs.push(self.end(session, self.switches().eviction, 1000, ""));
        }
        Ok(Connected { session, outputs })
    }

    /// A text frame of a client.
    pub fn receive(&mut self, session: SessionId, text: &str, now: Millis) -> Vec<Output> {
        let Some(state) = self.sessions.get_mut(&session) else {
            return Vec::new();
        };
        state.last_heard = now;
        let account = state.account.clone();
        if text.len() > LARGEST_MESSAGE {
            return vec![self.end(session, Ending::Close, 1009, "message too big")];
        }
        let message = serde_json::from_str::<ClientMessage>(text).ok();
        let action = match message.as_ref().map(|message| message.action.as_str()) {
            Some("subscribe") => "subscribe",
            Some("unsubscribe") => "unsubscribe",
            Some("reset") => "reset",
            Some("heartbeat") => "heartbeat",
            _ => "malformed",
        };
        *self.counters.messages.entry(action.to_owned()).or_default() += 1;
        let limit = self.settings.plan.messages_per_minute;
        let budget = self.account(&account).message(now);
        let reply = match (budget > limit || self.switches().over_message_limit, action) {
            (true, _) => {
                *self.counters.messages.entry("limited".to_owned()).or_default() += 1;
                protocol::over_message_limit(budget.max(limit.saturating_add(1)), limit)
            }
            (_, "heartbeat") => protocol::simple_status("heartbeat"),
            (_, "reset") => {
                self.with_subscriptions(session, BTreeSet::clear);
                protocol::simple_status("reset-status")
            }
            (_, action) => match (action, message.and_then(ClientMessage::wanted)) {
                ("subscribe", Some(wanted)) => self.subscribe(session, &account, wanted, now),
                ("unsubscribe", Some(wanted)) => self.unsubscribe(session, &wanted),
                ("subscribe" | "unsubscribe", None) => {
                    protocol::message_processing("The symbols parameter is missing or invalid.")
                }
                _ => protocol::message_processing("The message could not be processed."),
            },
        };
        if self.switches().stall == Stall::Everything || reply.is_empty() {
            return Vec::new();
        }
        vec![Output::Text { session, text: reply }]
    }

    /// The client's connection ended. Does nothing for a session that is already forgotten.
    pub fn disconnect(&mut self, session: SessionId) {
        if self.sessions.remove(&session).is_some() {
            self.prune_schedule();
        }
    }

    pub(super) fn switches(&self) -> &Faults {
        self.faults.faults()
    }

    fn admit(&self, key: Option<&str>) -> Result<String, Refusal> {
        let refuse = |status, code, text: &str| {
            Err(Refusal {
                status,
                body: protocol::error_body(code, text).to_string(),
            })
        };
        if let Some((status, body)) = &self.switches().refuse_upgrades {
            return Err(Refusal {
                status: *status,
                body: body.clone(),
            });
        }
        if !self.is_good(key) {
            return match self.switches().bad_key {
                BadKeyReply::Ok => refuse(200, 401, BAD_KEY),
                BadKeyReply::Unauthorized => refuse(401, 401, BAD_KEY),
                BadKeyReply::Forbidden => refuse(403, 403, BAD_KEY),
                BadKeyReply::BadRequest => refuse(400, 400, BAD_KEY),
            };
        }
        if self.sessions.len() >= MOST_SESSIONS {
            return refuse(429, 429, "The simulator has too many connections.");
        }
        Ok(key.unwrap_or_default().to_owned())
    }

    /// Whether `key` is valid.
    pub(crate) fn is_good(&self, key: Option<&str>) -> bool {
        match &self.settings.keys {
            Keys::Any => true,
            Keys::Only(good) => key.is_some_and(|key| good.iter().any(|one| one == key)),
        }
    }

    /// What `key` has used. When there are too many keys, the alphabetically first is dropped.
    pub(crate) fn account(&mut self, key: &str) -> &mut Account {
        if !self.accounts.contains_key(key) && self.accounts.len() >= MOST_ACCOUNTS {
            self.accounts.pop_first();
        }
        self.accounts.entry(key.to_owned()).or_default()
    }

    fn sessions_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = SessionId> + 'a {
        self.sessions
            .iter()
            .filter(move |(_, session)| session.account == account)
            .map(|(id, _)| *id)
    }

    fn subscribe(&mut self, session: SessionId, account: &str, wanted: Vec<Wanted>, now: Millis) -> String {
        let mut credits: usize = self
            .sessions
            .values()
            .filter(|other| other.account == account)
            .map(|other| other.subscribed.len())
            .sum();
        let (mut success, mut fails) = (Vec::new(), Vec::new());
        for one in wanted.into_iter().take(MOST_SYMBOLS) {
            if self.switches().forgotten_symbols.contains(&one.symbol) {
                continue;
            }
            let refused =
                self.switches().refused_symbols.contains(&one.symbol) || !self.settings.plan.streams(&one.symbol);
            let Some(instrument) = one.resolve().filter(|_| !refused) else {
                fails.push(one.written);
                continue;
            };
            let held = self
                .sessions
                .get(&session)
                .is_some_and(|state| state.subscribed.contains(&instrument.listing()));
            // Two assumptions: only the symbols beyond the limit fail, and a symbol asked for twice
            // costs one credit.
            if !held && credits >= self.settings.plan.symbols {
                fails.push(one.written);
                continue;
            }
            if !held {
                credits += 1;
                if let Some(state) = self.sessions.get_mut(&session) {
                    state.subscribed.insert(instrument.listing());
                }
                if !self.schedule.contains_key(&instrument.listing()) {
                    let next = self.next_tick_of(instrument, now);
                    self.schedule.insert(instrument.listing(), next);
                }
            }
            if !success.contains(&instrument) {
                success.push(instrument);
            }
        }
        if success.is_empty() && fails.is_empty() {
            return String::new();
        }
        protocol::subscribe_status(&success, &fails, &self.faults)
    }

    fn unsubscribe(&mut self, session: SessionId, wanted: &[Wanted]) -> String {
        let gone: Vec<&Instrument> = wanted.iter().filter_map(Wanted::resolve).collect();
        self.with_subscriptions(session, |held| {
            for instrument in &gone {
                held.remove(&instrument.listing());
            }
        });
        if self.switches().unsubscribe_answers_subscribe_status {
            return protocol::simple_status("subscribe-status");
        }
        protocol::simple_status("unsubscribe-status")
    }

    fn with_subscriptions(&mut self, session: SessionId, change: impl FnOnce(&mut BTreeSet<Listing>)) {
        if let Some(state) = self.sessions.get_mut(&session) {
            change(&mut state.subscribed);
        }
        self.prune_schedule();
    }

    /// Instruments without subscribers need not tick.
    fn prune_schedule(&mut self) {
        let sessions = &self.sessions;
        self.schedule
            .retain(|listing, _| sessions.values().any(|one| one.subscribed.contains(listing)));
    }

    pub(super) fn end(&mut self, session: SessionId, how: Ending, code: u16, reason: &'static str) -> Output {
        self.disconnect(session);
        match how {
            Ending::Drop => Output::Drop { session },
            Ending::Close => Output::Close { session, code, reason },
        }
    }
}
