//! What the provider is asked to stream, and how it answered.
//!
//! Wishes and the plan's limit become at most one subscribe and one unsubscribe frame, at most
//! every two seconds: Twelve Data allows 100 messages a minute. A symbol that the WebSocket refused
//! is asked for again on the same link after the same wait as a refused connection; one that it did
//! not answer, twice a minute. A default symbol that waits for a stream takes the one of the symbol
//! that a viewer chose last.

use super::feed::Outlook;
use super::symbols::Symbols;
use super::tracked::{ANSWER_WITHIN, Ask, SymbolRefusal, Tracked};
use super::{Config, Prices, SymbolId};
use crate::market::{Instrument, Millis, SECOND, Session, StreamState, never_closes};
use crate::provider::Listing;

/// Frames to send to the provider.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub subscribe: Vec<Instrument>,
    pub unsubscribe: Vec<Instrument>,
}

/// Two frames per interval plus heartbeats are at most 66 messages a minute.
const SYNC_INTERVAL: Millis = 2 * SECOND;
const OVER_LIMIT: &str = "the plan's streaming symbols are all in use; polled by REST";
pub(super) const NOT_STREAMED: &str =
    "upstream's WebSocket refused it (plan, symbol, or no credit left); polled by REST";
const NO_ANSWER: &str = "upstream did not answer the subscription; polled by REST";
/// After "too many messages" the provider's own advice is to wait for the next minute.
pub const PAUSE: Millis = 70 * SECOND;

impl Symbols {
    /// The link is gone or was reset, and all subscriptions with it.
    pub fn link_lost(&mut self) {
        self.leaving.clear();
        for entry in self.entries.values_mut() {
            entry.asked = None;
            // A symbol that REST refused stays unavailable until a new link may serve it.
            let served = entry.refusal.is_none();
            entry.set(
                if served {
                    StreamState::Pending
                } else {
                    StreamState::Unavailable
                },
                None,
            );
        }
        self.unsynced = true;
        self.synced = 0;
    }

    /// The provider said that we send too many messages and ignored what we asked last.
    pub fn pause(&mut self, now: Millis) {
        self.paused_until = now + PAUSE;
        for entry in self.entries.values_mut() {
            entry.asked = entry.asked.filter(|_| entry.state != StreamState::Pending);
        }
        self.unsynced = true;
    }

    /// Whether the provider ignores subscriptions at the moment.
    #[must_use]
    pub fn is_paused(&self, now: Millis) -> bool {
        now < self.paused_until
    }

    /// What to send on an open link now. The symbols count as asked for from this call on.
    pub fn sync(&mut self, config: &Config, prices: &mut dyn Prices, now: Millis) -> Wishes {
        let mut wishes = Wishes::default();
        if self.sync_deadline(config, now).is_none_or(|at| at > now) {
            return wishes;
        }
        self.synced = now;
        self.unsynced = false;
        self.released.retain(|(_, until)| now < *until);
        self.stop_streams(&mut wishes, prices, now);
        self.forget_unwanted(prices, now);
        let mut taken = 0;
        for entry in self.entries.values_mut() {
            if let (StreamState::Pending, Some(ask)) = (entry.state, entry.asked)
                && now >= ask.at + ANSWER_WITHIN
            {
                if ask.again {
                    entry.leave_to_rest(NO_ANSWER);
                } else {
                    entry.asked = Some(ask.repeated(now));
                    wishes.subscribe.push(entry.instrument.clone());
                }
            }
            if entry.may_be_accepted_until().is_some_and(|until| now >= until) {
                entry.asked = entry.asked.map(|ask| Ask { again: false, ..ask });
            }
            taken += usize::from(entry.occupies_a_slot() || entry.may_be_accepted_until().is_some());
        }
        taken -= self.make_way_for_the_operators(taken, &mut wishes, config, now);
        for entry in self.entries.values_mut() {
            if entry.asked_again_at(config, now).is_some_and(|at| now >= at) {
                if taken < config.symbol_limit {
                    taken += 1;
                    entry.asked = entry.asked.map(|ask| ask.repeated(now));
                    wishes.subscribe.push(entry.instrument.clone());
                } else {
                    entry.asked = entry.asked.map(|ask| Ask { at: now, ..ask });
                }
                continue;
            }
            let waits = entry.asked.is_none() && entry.state != StreamState::Streaming;
            if !waits || !entry.is_wanted(now) {
                continue;
            }
            if taken < config.symbol_limit {
                taken += 1;
                entry.asked = Some(Ask::first(now));
                entry.set(StreamState::Pending, None);
                wishes.subscribe.push(entry.instrument.clone());
            } else {
                entry.leave_to_rest(OVER_LIMIT);
            }
        }
        wishes
    }

    /// Unsubscribes symbols that nobody wants any more. Where the provider has one stream for two
    /// names, the other name keeps it. Where that is not known, the other name is subscribed again.
    fn stop_streams(&mut self, wishes: &mut Wishes, prices: &mut dyn Prices, now: Millis) {
        let unwanted = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.occupies_a_slot() && !entry.is_wanted(now));
        let unwanted: Vec<SymbolId> = unwanted.map(|(id, _)| *id).collect();
        for id in unwanted {
            if let Some(entry) = self.remove(id, prices) {
                self.release(&entry.instrument, now);
                self.leaving.push(entry);
            }
        }
        for left in std::mem::take(&mut self.leaving) {
            self.stop_stream(&left, wishes);
        }
    }

    fn stop_stream(&self, left: &Tracked, wishes: &mut Wishes) {
        let siblings = self
            .candidates(left.instrument.symbol())
            .iter()
            .filter_map(|id| self.get(*id));
        let sharing: Vec<_> = siblings
            .filter(|other| other.occupies_a_slot())
            .map(|other| (&other.instrument, left.shares_a_stream_with(other)))
            .filter(|(_, shares)| *shares != Some(false))
            .collect();
        if sharing.iter().any(|(_, shares)| *shares == Some(true)) {
            return;
        }
        wishes
            .subscribe
            .extend(sharing.into_iter().map(|(instrument, _)| instrument.clone()));
        wishes.unsubscribe.push(left.instrument.clone());
    }

    /// Takes streams from the symbols that viewers chose last and gives them to operator's symbols
    /// that wait for one; returns how many. The symbols that lose theirs are polled by REST.
    fn make_way_for_the_operators(&mut self, taken: usize, wishes: &mut Wishes, config: &Config, now: Millis) -> usize {
        // A symbol that nothing serves may take a free slot but not another symbol's.
        let may_wait =
            |entry: &&Tracked| entry.is_default && matches!(entry.state, StreamState::Pending | StreamState::Polled);
        // Nor may one that upstream does not answer: it is asked for too often.
        let is_due = |entry: &&Tracked| {
            let asked_again = || entry.asked_again_at(config, now).is_some_and(|at| now >= at);
            entry.asked.is_none_or(|ask| ask.refused && asked_again())
        };
        let waiting = self.entries.values().filter(may_wait).filter(is_due).count();
        let missing = (taken + waiting).saturating_sub(config.symbol_limit);
        let chosen_last = self.entries.iter().rev();
        let others = chosen_last.filter(|(_, entry)| !entry.is_default && entry.occupies_a_slot());
        let others: Vec<SymbolId> = others.map(|(id, _)| *id).take(missing).collect();
        for id in &others {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.asked = None;
                entry.leave_to_rest(OVER_LIMIT);
            }
            if let Some(entry) = self.get(*id) {
                self.stop_stream(entry, wishes);
            }
        }
        others.len()
    }

    /// When [`Symbols::sync`] may have something to send.
    #[must_use]
    pub fn sync_deadline(&self, config: &Config, now: Millis) -> Option<Millis> {
        let earliest = self.paused_until.max(self.synced + SYNC_INTERVAL);
        if self.unsynced {
            return Some(earliest);
        }
        let answers = self
            .entries
            .values()
            .filter(|entry| entry.state == StreamState::Pending);
        let unanswered = answers
            .filter_map(|entry| entry.asked)
            .map(|ask| ask.at + ANSWER_WITHIN);
        let unwatched = self
            .entries
            .values()
            .filter(|entry| entry.occupies_a_slot() && !entry.is_default && entry.watchers == 0);
        let leaving = unwatched.map(|entry| entry.wanted_until);
        let again = self
            .entries
            .values()
            .filter_map(|entry| entry.asked_again_at(config, now));
        let given_up = self.entries.values().filter_map(Tracked::may_be_accepted_until);
        let deadlines = unanswered.chain(leaving).chain(again).chain(given_up);
        deadlines.min().map(|at| at.max(earliest))
    }

    /// Handles the answer to a subscription: two sets, in any order. Symbols in neither set keep
    /// waiting. Returns whether anything was accepted.
    pub fn answered(&mut self, success: &[Listing], fails: &[Listing], prices: &mut dyn Prices) -> bool {
        for listing in fails {
            for entry in self.refused_by(listing) {
                entry.asked = entry.asked.map(Ask::declined);
                entry.leave_to_rest(NOT_STREAMED);
            }
            // A refused symbol frees its slot for another.
            self.unsynced = true;
        }
        let mut accepted = false;
        for listing in success {
            for (id, is_its_venue) in self.accepted_by(listing, success) {
                let Some(entry) = self.entries.get_mut(&id) else {
                    continue;
                };
                accepted = true;
                entry.asked = entry.asked.or(Some(Ask::first(0)));
                entry.set(StreamState::Streaming, None);
                if is_its_venue {
                    entry.learn(listing.venue());
                }
                if never_closes(listing.kind.as_deref()) {
                    prices.never_closes(id);
                }
            }
        }
        accepted
    }

    /// A tick proves that the symbol streams, whatever the provider answered before.
    pub fn ticked(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.state != StreamState::Streaming
        {
            entry.asked = entry.asked.or(Some(Ask::first(0)));
            entry.set(StreamState::Streaming, None);
        }
    }

    /// REST refused the symbol: unless it streams, nothing serves it.
    pub(super) fn unavailable(&mut self, id: SymbolId, refusal: SymbolRefusal, until: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.poll_not_before = until;
            entry.refusal = Some(refusal);
            let streams_or_may =
                entry.state == StreamState::Streaming || (entry.state == StreamState::Pending && entry.asked.is_some());
            if !streams_or_may {
                entry.set(StreamState::Unavailable, None);
            }
        }
    }

    #[must_use]
    pub fn outlook(&self, prices: &dyn Prices) -> Outlook {
        let is_open = |id: SymbolId| {
            prices
                .cell(id)
                .is_some_and(|cell| cell.reference.session == Session::Open)
        };
        let mut streams_or_may = self.entries.iter().filter(|(_, entry)| entry.occupies_a_slot());
        let mut entries = self.entries.values();
        if streams_or_may.any(|(id, _)| is_open(*id)) {
            Outlook::Ticks
        } else if entries.any(|entry| entry.state == StreamState::Streaming) {
            Outlook::Quiet
        } else {
            Outlook::Nothing
        }
    }

    /// Whether no symbol streams, some were asked for twice, and none of them was answered.
    #[must_use]
    pub fn was_not_answered_at_all(&self, now: Millis) -> bool {
        let wanted = self.entries.values().filter(|entry| entry.is_wanted(now));
        let mut asked = wanted.filter_map(|entry| entry.asked).peekable();
        asked.peek().is_some() && asked.all(|ask| !ask.refused) && self.was_refused_entirely(now)
    }

    /// Whether every wanted symbol was refused or got no answer.
    #[must_use]
    pub fn was_refused_entirely(&self, now: Millis) -> bool {
        let mut wanted = self.entries.values().filter(|entry| entry.is_wanted(now));
        wanted.all(|entry| matches!(entry.state, StreamState::Polled | StreamState::Unavailable))
    }
}
