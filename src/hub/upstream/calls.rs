//! REST calls: one at a time, for the symbols that need one most, within the credit budget.
//!
//! A symbol needs a call for its *reference* (previous close and session, which the WebSocket never
//! carries) and, while it has no fresh stream, for its *price*. **The operator's symbols come
//! first**, whatever clients ask for: their references, then those that the WebSocket refused, then
//! by number of watchers and waiting time. The other symbols follow, ranked the same way but
//! without regard to references. **Errands come last**: bars, searches and hours are asked for when
//! none of the operator's symbols is due.

use super::credits::{Ledger, Purpose};
use super::symbols::Symbols;
use super::tracked::Tracked;
use super::{Config, Prices, RequestId, SymbolId};
use crate::hub::errand::{Errand, Errands};
use crate::market::{Cell, Instrument, MINUTE, Millis, Provenance, SECOND, Session, StreamState};
use crate::provider::Call;
use std::cmp::Reverse;

#[derive(Debug)]
pub struct Calls {
    pub ledger: Ledger,
    flight: Option<Flight>,
    not_before: Millis,
    /// After an errand failed, none leaves before this time.
    no_errand_before: Millis,
    next_request: u32,
    /// When a call was last charged for a symbol that is subscribed but silent.
    last_silent: Millis,
    /// A leaky bucket for calls without a symbol of the operator: the time when it is empty.
    others_drained_at: Millis,
    /// Failed calls in a row.
    failures: u32,
    trouble: Option<String>,
}

/// What decides which symbols a call is due for.
#[derive(Clone, Copy)]
pub struct Due<'a> {
    pub symbols: &'a Symbols,
    pub prices: &'a dyn Prices,
    pub streams: bool,
    pub config: &'a Config,
}

/// A call that was charged and is not answered yet.
#[derive(Debug, Clone)]
pub struct Flight {
    pub request: RequestId,
    pub load: Load,
    /// When it was charged.
    pub asked: Millis,
    has_left: bool,
}

/// What a call is for.
#[derive(Debug, Clone)]
pub enum Load {
    /// Quotes of these symbols, in the order of the request.
    Quotes(Vec<(SymbolId, Instrument)>),
    Errand(Errand),
}

impl Load {
    /// One credit per symbol.
    fn credits(&self) -> u32 {
        match self {
            Self::Quotes(symbols) => u32::try_from(symbols.len()).unwrap_or(u32::MAX),
            Self::Errand(_) => 1,
        }
    }

    /// The REST call.
    #[must_use]
    pub fn call(&self) -> Call {
        match self {
            Self::Quotes(symbols) => {
                Call::Quotes(symbols.iter().map(|(_, instrument)| instrument.to_string()).collect())
            }
            Self::Errand(errand) => errand.call(),
        }
    }
}

impl Flight {
    pub fn credits(&self) -> u32 {
        self.load.credits()
    }
}

/// Bounds the URL's length: the provider answers 414 to a URL that is too long.
const MOST_SYMBOLS_IN_A_CALL: usize = 60;
/// Most bytes of symbols in a call's URL. Each byte counts as three, as if percent-encoded.
const LONGEST_CALL: usize = 4 * 1024;
const GIVE_UP: Millis = 20 * SECOND;
/// What is wrong with a call that was given up.
pub const NO_ANSWER: &str = "upstream's REST did not answer at all";
/// Burst size and refill interval of calls that contain no symbol of the operator. Every call also
/// writes rows of storage, which are billed.
const OTHERS_AT_ONCE: Millis = 20;
const OTHERS_REFILL: Millis = 15 * SECOND;
/// One part in this many of a day's credits is out of reach for such calls.
const DAYS_RESERVE: u32 = 16;
/// How long a symbol that REST refused is not asked for again.
pub const REFUSED_SYMBOL: Millis = 60 * MINUTE;
/// A missing reference is asked for again after this fraction (1/12) of the `reference` interval.
const MISSING_REFERENCE_PART: Millis = 12;

impl Calls {
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            flight: None,
            not_before: 0,
            no_errand_before: 0,
            next_request: 0,
            last_silent: 0,
            others_drained_at: 0,
            failures: 0,
            trouble: None,
        }
    }

    /// What is wrong with REST, as text for a person.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Ends the call `request` if it is the one in flight.
    pub fn land(&mut self, request: RequestId, now: Millis) -> Option<Flight> {
        let flight = self.flight.take_if(|flight| flight.request == request)?;
        self.ledger.landed(flight.credits(), flight.asked, now);
        Some(flight)
    }

    /// The whole call failed: no call before `until`.
    pub fn hold(&mut self, until: Millis, why: &str) {
        self.not_before = self.not_before.max(until);
        self.trouble = Some(why.to_owned());
    }

    /// An errand failed. Quotes are asked for all the same.
    pub fn hold_errands(&mut self, until: Millis) {
        self.no_errand_before = until;
    }

    /// Reports a problem without holding calls back.
    pub fn complain(&mut self, why: &str) {
        self.trouble = Some(why.to_owned());
    }

    /// A call was answered: clears the hold and the reported problem.
    pub fn worked(&mut self) {
        self.trouble = None;
        self.not_before = 0;
        self.failures = 0;
    }

    /// Marks the charged call as sent, if it was not sent yet.
    pub fn leave(&mut self) -> Option<&Flight> {
        let flight = self.flight.as_mut().filter(|flight| !flight.has_left)?;
        flight.has_left = true;
        Some(flight)
    }

    /// Drops the charged call. Its credits stay charged: the row may be stored after all.
    pub fn cancel(&mut self, until: Millis, why: &str) -> Option<Flight> {
        let cancelled = self.flight.take_if(|flight| !flight.has_left);
        if cancelled.is_some() {
            self.hold(until, why);
        }
        cancelled
    }

    /// Ends the call in flight if the platform lost it.
    pub fn give_up(&mut self, config: &Config, now: Millis) -> Option<Flight> {
        let flight = self.flight.take_if(|flight| now >= flight.asked + GIVE_UP)?;
        self.ledger.landed(flight.credits(), flight.asked, now);
        self.hold(now + config.fallback, NO_ANSWER);
        Some(flight)
    }

    /// Charges the call that is due, if there is one. `streams`: the WebSocket is live.
    pub fn start(
        &mut self,
        symbols: &mut Symbols,
        prices: &dyn Prices,
        streams: bool,
        errands: &mut dyn Errands,
        config: &Config,
        now: Millis,
    ) -> bool {
        if self.flight.is_some() || now < self.not_before {
            return false;
        }
        let due = Due {
            symbols,
            prices,
            streams,
            config,
        };
        let chosen = self.choose(&due, now);
        if chosen.is_empty() {
            return self.start_errand(&due, errands, now);
        }
        for (id, _) in &chosen {
            if let Some(entry) = symbols.get_mut(*id) {
                entry.polled = now;
            }
        }
        self.next_request = self.next_request.wrapping_add(1);
        let entries = || chosen.iter().filter_map(|(id, _)| symbols.get(*id));
        if entries().any(|entry| entry.state == StreamState::Streaming) {
            self.last_silent = now;
        }
        if !entries().any(|entry| entry.is_default) {
            self.others_drained_at = self.others_drained_at.max(now) + OTHERS_REFILL;
        }
        let load = Load::Quotes(chosen);
        self.ledger.charge(load.credits(), now);
        self.depart(load, now);
        true
    }

    fn start_errand(&mut self, due: &Due<'_>, errands: &mut dyn Errands, now: Millis) -> bool {
        let Some(errand) = errands.next(now).filter(|_| now >= self.no_errand_before) else {
            return false;
        };
        let ours = || due.symbols.iter().filter(|(_, entry)| entry.is_default);
        if ours().any(|(id, entry)| self.due_at(id, entry, due) <= now) {
            return false;
        }
        let reserve = self.reserve(due.symbols);
        if !self.ledger.affords_errand(due.config.history_percent, reserve, now) {
            return false;
        }
        errands.begun(&errand, now);
        self.ledger.charge_errand(now);
        self.next_request = self.next_request.wrapping_add(1);
        self.depart(Load::Errand(errand), now);
        true
    }

    fn depart(&mut self, load: Load, now: Millis) {
        self.flight = Some(Flight {
            request: RequestId(self.next_request),
            load,
            asked: now,
            has_left: false,
        });
    }

    /// Credits of a minute and of a day that the operator's symbols may need if the WebSocket
    /// breaks.
    fn reserve(&self, symbols: &Symbols) -> (u32, u32) {
        let (per_minute, per_day) = self.ledger.limits();
        let ours = symbols.iter().filter(|(_, entry)| entry.is_default).count();
        let of_minute = u32::try_from(ours).unwrap_or(u32::MAX).min(per_minute / 2);
        (of_minute, per_day / DAYS_RESERVE)
    }

    /// When the call in flight is given up.
    #[must_use]
    pub fn answer_deadline(&self) -> Option<Millis> {
        self.flight.as_ref().map(|flight| flight.asked + GIVE_UP)
    }

    /// When [`Calls::start`] may have something to do. While a call is in flight, when the next one
    /// is usually due: whoever relies on it across a restart must not move it at each answer.
    #[must_use]
    pub fn deadline(&self, due: &Due<'_>, now: Millis) -> Option<Millis> {
        if let Some(flight) = &self.flight {
            return Some(flight.asked + due.config.fallback.max(GIVE_UP));
        }
        let wanted = due.symbols.iter().filter(|(_, entry)| entry.is_wanted(now));
        let first = wanted.map(|(id, entry)| self.due_at(id, entry, due)).min()?;
        if first > now {
            return Some(first.max(self.not_before));
        }
        // Something is due but could not be started: the budget or a hold prevents it.
        Some(self.not_before.max(self.ledger.next_chance(now)))
    }

    /// How many milliseconds before its time a symbol may join a call that is due anyway. Each call
    /// writes rows of storage, so symbols that drifted apart are merged into one call again. Only
    /// on plans without a daily cap, which have the credits for it.
    fn early(&self, due: &Due<'_>, now: Millis) -> Millis {
        let has_no_daily_cap = self.ledger.limits().1 == 0;
        let is_due = |(id, entry): (SymbolId, &Tracked)| entry.is_wanted(now) && self.due_at(id, entry, due) <= now;
        if has_no_daily_cap && due.symbols.iter().any(is_due) {
            due.config.fallback / 2
        } else {
            0
        }
    }

    fn due_at(&self, id: SymbolId, entry: &Tracked, due: &Due<'_>) -> Millis {
        let Some(cell) = due.prices.cell(id) else {
            return Millis::MAX;
        };
        let config = due.config;
        let streaming = due.streams && entry.state == StreamState::Streaming;
        let is_fresh = cell.quote.as_ref().is_some_and(|quote| quote.stale_since.is_none());
        let price = if !streaming {
            price_due_at(entry, cell, config)
        } else if is_fresh || cell.reference.session == Session::Closed {
            Millis::MAX
        } else {
            // The provider accepted the subscription but sends nothing, perhaps forever. Such
            // symbols fall silent one after another, and each call writes rows of storage, so they
            // are spaced out and end up in one call.
            price_due_at(entry, cell, config).max(self.last_silent + self.between_silent(config))
        };
        reference_due_at(entry, cell, config)
            .min(price)
            .max(entry.poll_not_before)
    }

    /// Least time between calls for silent symbols. On a plan with a daily cap, calling more often
    /// would add rows of storage but no credits.
    fn between_silent(&self, config: &Config) -> Millis {
        if self.ledger.limits().1 == 0 {
            config.stale
        } else {
            soon(config)
        }
    }

    fn choose(&self, due: &Due<'_>, now: Millis) -> Vec<(SymbolId, Instrument)> {
        let (symbols, config) = (due.symbols, due.config);
        let soonest = now + self.early(due, now);
        let for_references = self.ledger.available(Purpose::Reference, now) as usize;
        let for_prices = self.ledger.available(Purpose::Price, now) as usize;
        let wanted = symbols.iter().filter(|(_, entry)| entry.is_wanted(now));
        let is_due = |(id, entry): &(SymbolId, &Tracked)| self.due_at(*id, entry, due) <= soonest;
        let ranked = wanted.filter(is_due).filter_map(|(id, entry)| {
            let cell = due.prices.cell(id)?;
            // Only the operator's symbols may use the credits that pacing keeps for references;
            // clients choose the other symbols.
            let reference = entry.is_default && reference_due_at(entry, cell, config) <= now;
            let refused = entry.state == StreamState::Polled || due.streams && entry.state == StreamState::Streaming;
            let urgency = Reverse(urgency(entry, cell, now));
            Some((!entry.is_default, !reference, !refused, urgency, id))
        });
        let mut due: Vec<(bool, bool, bool, Reverse<u64>, SymbolId)> = ranked.collect();
        due.sort_unstable();
        let references = due.iter().filter(|item| !item.1).count().min(for_references);
        let is_suspect = |id: SymbolId| symbols.get(id).is_some_and(|entry| entry.is_suspect);
        // A suspect spoiled an earlier call, so it is asked for alone when it reaches the front.
        let alone = due.first().is_some_and(|(.., id)| is_suspect(*id));
        let most = if alone { 1 } else { MOST_SYMBOLS_IN_A_CALL };
        let allowed = references.max(for_prices).min(most);
        let mut others = self.for_others(symbols, now);
        let mut is_affordable = |is_other: bool| {
            let left = others;
            others = others.saturating_sub(u32::from(is_other));
            !is_other || left > 0
        };
        let chosen = due
            .into_iter()
            .filter(|(.., id)| alone || !is_suspect(*id))
            .filter(|(is_other, ..)| is_affordable(*is_other))
            .take(allowed);
        let mut bytes = 0;
        chosen
            .filter_map(|(.., id)| Some((id, symbols.get(id)?.instrument.clone())))
            .take_while(|(_, instrument)| {
                let is_first = bytes == 0;
                bytes += 3 * instrument.to_string().len();
                is_first || bytes <= LONGEST_CALL
            })
            .collect()
    }

    /// Credits that symbols chosen by clients may use. A reserve is kept for the operator's symbols
    /// in case the WebSocket breaks.
    fn for_others(&self, symbols: &Symbols, now: Millis) -> u32 {
        if self.others_drained_at > now + OTHERS_AT_ONCE * OTHERS_REFILL {
            return 0;
        }
        let (of_minute, of_day) = self.reserve(symbols);
        self.ledger.above(of_minute, of_day, now)
    }

    /// Counts a failed call. True from the second in a row on: one symbol may be the cause.
    pub fn failed_again(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures > 1
    }
}

/// Waiting time multiplied by the number of watchers plus one; a tenth of that while the market is
/// closed. A symbol that was never polled waits since it is tracked.
fn urgency(entry: &Tracked, cell: &Cell, now: Millis) -> u64 {
    let weight = u64::from(entry.watchers) + 1;
    let closed = cell.reference.session == Session::Closed;
    let since = if entry.polled == 0 { entry.created } else { entry.polled };
    now.saturating_sub(since).saturating_mul(weight) / if closed { 10 } else { 1 }
}

/// How long to wait before asking again for something that was missing or provisional.
pub fn soon(config: &Config) -> Millis {
    config.reference / MISSING_REFERENCE_PART
}

fn reference_due_at(entry: &Tracked, cell: &Cell, config: &Config) -> Millis {
    let reference = &cell.reference;
    match (reference.asked, reference.previous_close) {
        (0, _) if entry.polled == 0 => 0,
        (0, _) => entry.polled + config.fallback,
        (asked, previous_close) if reference.is_provisional || previous_close.is_none() => asked + soon(config),
        (asked, _) => asked + config.reference,
    }
}

/// A fresh quote from either source postpones the refresh, so a short reconnect costs no credits.
fn price_due_at(entry: &Tracked, cell: &Cell, config: &Config) -> Millis {
    let confirmed = cell
        .quote
        .as_ref()
        .filter(|quote| quote.provenance != Provenance::Restored);
    let received = confirmed.map_or(0, |quote| quote.received);
    let closed = cell.reference.session == Session::Closed && confirmed.is_some();
    match entry.polled.max(received) {
        0 => 0,
        newest => newest + if closed { soon(config) } else { config.fallback },
    }
}
