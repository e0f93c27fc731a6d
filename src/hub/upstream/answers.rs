//! What the provider's events and REST answers change.

use super::calls::{Load, NO_ANSWER, REFUSED_SYMBOL, soon};
use super::subscriptions::NOT_STREAMED;
use super::tracked::SymbolRefusal;
use super::{Turn, Upstream};
use crate::hub::errand::{Errand, Outcome};
use crate::hub::{Config, Effect, RequestId, RestAnswer, SymbolId};
use crate::market::{Change, Instrument, Millis, PolledQuote, SECOND, StreamState, Tick};
use crate::provider::{CallError, Refusal, SymbolError};

/// The reason why a price was discarded stays visible for at least this long, so that watchers are
/// not notified at every change when good and bad prices alternate.
const DISCARDED: Millis = 10 * SECOND;

impl Upstream {
    /// Charges the next call that is due and returns the ledger row to store. The call leaves only
    /// after the row is stored, so that a restart cannot forget the charge.
    pub fn start_call(&mut self, turn: &mut Turn<'_>) -> Option<String> {
        if self.uplink.is_some() {
            // The hub makes the calls.
            return None;
        }
        if let Some(flight) = self.calls.give_up(turn.config, turn.now) {
            self.errand_failed(&flight.load, NO_ANSWER, flight.asked, turn);
        }
        let streams = self.streams();
        let Self { calls, symbols, .. } = self;
        let starts = calls.start(symbols, turn.prices, streams, turn.errands, turn.config, turn.now);
        starts.then(|| serde_json::to_string(&calls.ledger).unwrap_or_default())
    }

    /// The ledger row was stored, so the call leaves; or storing failed, so the call is cancelled.
    pub fn charged(&mut self, is_stored: bool, turn: &mut Turn<'_>) {
        if !is_stored {
            let until = turn.now + turn.config.fallback;
            let why = "the budget could not be stored, so no REST call is made";
            if let Some(flight) = self.calls.cancel(until, why) {
                self.errand_failed(&flight.load, why, flight.asked, turn);
            }
        } else if let Some(flight) = self.calls.leave() {
            self.counts.calls += 1;
            self.counts.credits_charged += u64::from(flight.credits());
            self.counts.errands += u64::from(matches!(flight.load, Load::Errand(_)));
            turn.effects.push(Effect::Fetch {
                request: flight.request,
                call: flight.load.call(),
            });
        }
    }

    pub fn fetched(&mut self, request: RequestId, answer: &RestAnswer, turn: &mut Turn<'_>) {
        let now = turn.now;
        let Some(flight) = self.calls.land(request, now) else {
            return;
        };
        if let Some((used, left)) = answer.credits {
            self.calls.ledger.learn(used, left, now);
        }
        match flight.load {
            Load::Quotes(symbols) => self.quotes_told(symbols, answer, flight.asked, turn),
            Load::Errand(errand) => self.errand_told(&errand, answer, flight.asked, turn),
        }
    }

    fn quotes_told(
        &mut self,
        symbols: Vec<(SymbolId, Instrument)>,
        answer: &RestAnswer,
        asked: Millis,
        turn: &mut Turn<'_>,
    ) {
        let (config, now) = (turn.config, turn.now);
        let (ids, instruments): (Vec<_>, Vec<_>) = symbols.into_iter().unzip();
        let (provider, secret) = (config.provider, &config.secret);
        match provider.parse_quotes(&instruments, answer.status, &answer.body, secret) {
            Ok(quotes) => {
                self.calls.worked();
                let serves_others = quotes.iter().any(Result::is_ok);
                for (id, quote) in ids.into_iter().zip(quotes) {
                    if let Some(entry) = self.symbols.get_mut(id) {
                        entry.is_suspect = false;
                    }
                    match quote {
                        Ok(quote) => self.quoted(id, &quote, asked, turn),
                        Err(error) => self.not_quoted(id, &error, serves_others, config, now),
                    }
                }
            }
            Err(CallError::Refused(refusal @ (Refusal::Request(_) | Refusal::Plan(_)))) if ids.len() > 1 => {
                self.counts.calls_refused += 1;
                let why = format!(
                    "REST refused a call of several symbols ({}); asking for each alone",
                    refusal.text()
                );
                self.suspect(&ids, &why, config, now);
            }
            Err(CallError::Refused(refusal)) => {
                self.counts.calls_refused += 1;
                self.call_refused(&refusal, config, now);
                if matches!(refusal, Refusal::Server(_)) {
                    self.failed_as_a_whole(&ids, config, now);
                }
            }
            Err(CallError::Unreadable) => {
                self.counts.unreadable_answers += 1;
                self.suspect(&ids, "upstream's REST answer could not be read", config, now);
            }
        }
    }

    /// An errand was answered. A refusal of the key or for lack of credits concerns every call.
    fn errand_told(&mut self, errand: &Errand, answer: &RestAnswer, asked: Millis, turn: &mut Turn<'_>) {
        let config = turn.config;
        let (provider, secret) = (config.provider, &config.secret);
        let (status, body) = (answer.status, answer.body.as_str());
        let told = match errand {
            Errand::Series {
                instrument, interval, ..
            } => provider
                .parse_series(instrument, *interval, status, body, secret)
                .map(Outcome::Series),
            Errand::Search { .. } => provider.parse_search(status, body, secret).map(Outcome::Found),
            Errand::Hours => provider.parse_hours(status, body, secret, turn.now).map(Outcome::Hours),
        };
        let outcome = told.unwrap_or_else(|error| match error {
            CallError::Unreadable => {
                self.counts.unreadable_answers += 1;
                Outcome::Failed("upstream's REST answer could not be read".to_owned())
            }
            CallError::Refused(refusal) => {
                self.counts.calls_refused += 1;
                match &refusal {
                    Refusal::Request(text) | Refusal::Plan(text) => {
                        return Outcome::Refused(format!("upstream's REST refused it: {text}"));
                    }
                    Refusal::Server(_) => {}
                    Refusal::Key(_) | Refusal::Minute | Refusal::Day => self.call_refused(&refusal, config, turn.now),
                }
                Outcome::Failed(format!("upstream's REST failed: {}", refusal.text()))
            }
        });
        if let Outcome::Failed(_) = outcome {
            self.calls.hold_errands(turn.now + config.fallback);
        }
        turn.errands.ended(errand, outcome, asked);
    }

    /// A call ended without an answer.
    fn errand_failed(&mut self, load: &Load, why: &str, asked: Millis, turn: &mut Turn<'_>) {
        if let Load::Errand(errand) = load {
            self.calls.hold_errands(turn.now + turn.config.fallback);
            turn.errands.ended(errand, Outcome::Failed(why.to_owned()), asked);
        }
    }

    /// A call brought no usable answer for any symbol, and one symbol may be the cause: each is
    /// asked for alone until it has been answered. A symbol that was already asked for alone waits
    /// `fallback` and does not hold up the others.
    fn suspect(&mut self, ids: &[SymbolId], why: &str, config: &Config, now: Millis) {
        for id in ids {
            if let Some(entry) = self.symbols.get_mut(*id) {
                entry.is_suspect = true;
            }
        }
        let until = now + config.fallback;
        match ids {
            [alone] => {
                self.calls.complain(why);
                if let Some(entry) = self.symbols.get_mut(*alone) {
                    entry.poll_not_before = until;
                }
                self.discard(*alone, why, now);
            }
            _ => self.calls.hold(until, why),
        }
    }

    /// A price of the symbol could not be used: its watchers are told why it does not move.
    pub(super) fn discard(&mut self, id: SymbolId, why: &str, now: Millis) {
        if let Some(entry) = self.symbols.get_mut(id) {
            match &mut entry.discarded {
                Some((_, last)) if now < *last + DISCARDED => *last = now,
                discarded => *discarded = Some((why.to_owned(), now)),
            }
        }
    }

    /// The call failed without an HTTP response.
    pub fn fetch_failed(&mut self, request: RequestId, what: &str, turn: &mut Turn<'_>) {
        let (config, now) = (turn.config, turn.now);
        let Some(flight) = self.calls.land(request, now) else {
            return;
        };
        self.counts.calls_failed += 1;
        let why = format!("upstream's REST did not answer: {}", config.secret.clean(what));
        self.errand_failed(&flight.load, &why, flight.asked, turn);
        if let Load::Quotes(symbols) = flight.load {
            self.calls.hold(now + config.fallback, &why);
            let ids: Vec<_> = symbols.into_iter().map(|(id, _)| id).collect();
            self.failed_as_a_whole(&ids, config, now);
        }
    }

    /// The server failed, usually through no fault of ours. From the second failure in a row on,
    /// each symbol of the call is asked for alone until it has been answered. A suspect that fails
    /// right after a successful call waits, so that it does not delay the others.
    fn failed_as_a_whole(&mut self, ids: &[SymbolId], config: &Config, now: Millis) {
        let again = self.calls.failed_again();
        let later = now + soon(config);
        for id in ids {
            let Some(entry) = self.symbols.get_mut(*id) else {
                continue;
            };
            if ids.len() > 1 {
                entry.is_suspect |= again;
            } else if entry.is_suspect && !again {
                // The provider serves other symbols, so this symbol is the likely cause.
                entry.poll_not_before = later;
            }
        }
    }

    /// Applies a tick to every symbol that it matches. True if only quotes changed.
    pub(super) fn ticked(&mut self, tick: &Tick, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        self.counts.ticks += 1;
        self.counts.tick_ages.add(now.saturating_sub(tick.timestamp));
        let ids = self.symbols.route(&tick.symbol, tick.venue());
        if ids.is_empty() {
            self.counts.stray += 1;
            return true;
        }
        // After a reconnect the provider repeats the last trade, which proves nothing about now.
        let mut is_sign_of_life = tick.timestamp.saturating_add(turn.config.stale) > now;
        let mut news = false;
        let mut late = true;
        for id in ids {
            let Some((change, reference_changed)) = turn.prices.tick(id, tick, now) else {
                continue;
            };
            let Some(entry) = self.symbols.get_mut(id) else {
                continue;
            };
            news |= reference_changed || entry.state != StreamState::Streaming;
            if change == Change::Updated {
                is_sign_of_life = true;
                late = false;
                let is_over = |(_, last): &mut (String, Millis)| *last + DISCARDED <= now;
                news |= entry.discarded.take_if(is_over).is_some();
                self.symbols.trades_at(id, tick.venue());
            }
            self.symbols.ticked(id);
        }
        self.counts.late += u64::from(late);
        let feed_news = is_sign_of_life && self.feed.ticked(now);
        !feed_news && !news
    }

    /// Applies the quote of a REST answer to its symbol and to every other symbol that it matches.
    fn quoted(&mut self, id: SymbolId, quote: &PolledQuote, asked: Millis, turn: &mut Turn<'_>) {
        let Some(entry) = self.symbols.get_mut(id) else {
            return;
        };
        entry.refusal = None;
        entry.learn(quote.venue());
        if entry.state == StreamState::Unavailable {
            entry.leave_to_rest(NOT_STREAMED);
        }
        let instrument = entry.instrument.clone();
        let mut about = self.symbols.route_answer(&instrument, quote.venue());
        if !about.contains(&id) {
            about.push(id);
        }
        let live = self.streams();
        for id in about {
            let Some(entry) = self.symbols.get_mut(id) else {
                continue;
            };
            let is_streaming = live && entry.state == StreamState::Streaming;
            entry.poll_not_before = 0;
            entry.discarded = None;
            turn.prices.polled(id, quote, is_streaming, asked, turn.now);
        }
        // Ticks that came before its venue was known went to others of this venue.
        for twin in self.symbols.twins_at(id, quote.venue()) {
            turn.prices.catch_up(id, twin, turn.now);
        }
    }

    fn not_quoted(&mut self, id: SymbolId, error: &SymbolError, serves_others: bool, config: &Config, now: Millis) {
        let why = match error {
            SymbolError::Refused(refusal @ (Refusal::Plan(_) | Refusal::Request(_))) => {
                let refusal = SymbolRefusal {
                    why: refusal.text().to_owned(),
                    needs_plan: config.provider.plan_named(refusal.text()),
                };
                return self.symbols.unavailable(id, refusal, now + REFUSED_SYMBOL);
            }
            // The same answer served other symbols, so neither the key nor the server is at fault.
            SymbolError::Refused(refusal @ (Refusal::Key(_) | Refusal::Server(_))) if serves_others => {
                format!("upstream's REST refused it: {}", refusal.text())
            }
            SymbolError::Refused(refusal) => return self.call_refused(refusal, config, now),
            SymbolError::Missing => "upstream's REST answer lacks it".to_owned(),
            SymbolError::NoPrice(why) => format!("upstream's REST answer was discarded: {why}"),
        };
        if let Some(entry) = self.symbols.get_mut(id) {
            entry.poll_not_before = now + soon(config);
        }
        self.discard(id, &why, now);
    }

    /// The whole call was refused, or one symbol was refused for a reason that affects all of them.
    fn call_refused(&mut self, refusal: &Refusal, config: &Config, now: Millis) {
        let (wait, why) = match refusal {
            Refusal::Minute => {
                self.calls.ledger.minute_is_spent(now);
                (0, "out of API credits for this minute".to_owned())
            }
            Refusal::Day => {
                self.calls.ledger.day_is_spent(now);
                (0, "out of API credits until midnight UTC".to_owned())
            }
            Refusal::Key(text) => (
                config.refused,
                format!("REST refused the key ({text}): check TWELVE_DATA_API_KEY"),
            ),
            Refusal::Plan(text) | Refusal::Request(text) => (config.refused, format!("REST refused the call ({text})")),
            Refusal::Server(text) => (config.fallback, format!("REST failed ({text})")),
        };
        self.calls.hold(now + wait, &why);
    }
}
