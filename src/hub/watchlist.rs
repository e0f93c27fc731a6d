//! Which symbols are tracked, who wants them, and what upstream made of our wish to stream them.
//!
//! **An event belongs to every name that matches it.** `AAPL` and `AAPL:NASDAQ` may both be
//! tracked, and upstream has one stream for both. A name that is pinned takes what comes from its
//! venue. One that is not takes what comes from anywhere, but for what another name pins: `RY` is
//! New York's, and `RY:TSX` must not put Toronto's price there. Upstream says by its answers which
//! venue it chose for a name that is not pinned.
//!
//! The default symbols are always wanted; any other is wanted while somebody watches it or has just read it. Wishes and the
//! plan's limit become at most one subscribe and one unsubscribe frame at a time, at most once a second: upstream allows
//! 100 messages a minute. A symbol that the WebSocket refused is asked for again on the same link
//! after as long as a refused connection. A default symbol that waits for a stream takes that of
//! the symbol that a viewer chose last.

use super::feed::Outlook;
use super::{Config, SymbolId};
use crate::market::{Cell, Instrument, MINUTE, Millis, SECOND, Session, StreamState, Venue, never_closes};
use crate::provider::Listing;
use std::collections::{BTreeMap, HashMap};

/// One tracked symbol.
#[derive(Debug)]
pub struct Entry {
    /// The symbol and its pin.
    pub instrument: Instrument,
    /// How it gets its prices.
    pub state: StreamState,
    /// Why it does not stream.
    pub reason: Option<&'static str>,
    /// What REST said when it refused the symbol.
    pub refusal: Option<String>,
    /// Whether the WebSocket ever served it: then it exists, whatever REST says.
    pub has_streamed: bool,
    /// Why its last price was not taken.
    pub discarded: Option<(String, Millis)>,
    /// It was in a REST call that brought nothing for anybody: it is asked for alone until it was
    /// answered.
    pub is_suspect: bool,
    /// Names and codes of the venues that upstream named for it.
    venues: Vec<String>,
    /// How many clients watch it.
    pub watchers: u32,
    /// Its cache.
    pub cell: Cell,
    /// When REST was last asked for it; 0 for never.
    pub polled: Millis,
    /// REST refused it: not before this time again.
    pub poll_not_before: Millis,
    /// When it was first tracked.
    pub created: Millis,
    /// Whether the operator chose it.
    pub is_default: bool,
    wanted_until: Millis,
    asked: Option<Ask>,
    announced: (StreamState, Option<String>),
    /// The last state in the log. A symbol that waits for an answer is not logged.
    logged: StreamState,
}

#[derive(Debug, Clone, Copy)]
struct Ask {
    at: Millis,
    again: bool,
}

impl Entry {
    fn new(instrument: Instrument, is_default: bool, now: Millis) -> Self {
        Self {
            state: StreamState::Pending,
            reason: None,
            refusal: None,
            has_streamed: false,
            discarded: None,
            is_suspect: false,
            venues: Vec::new(),
            watchers: 0,
            cell: Cell::of(&instrument),
            instrument,
            polled: 0,
            poll_not_before: 0,
            created: now,
            is_default,
            wanted_until: 0,
            asked: None,
            announced: (StreamState::Pending, None),
            logged: StreamState::Pending,
        }
    }

    /// Whether somebody would miss it.
    #[must_use]
    pub fn is_wanted(&self, now: Millis) -> bool {
        self.is_default || self.watchers > 0 || now < self.wanted_until
    }

    /// Why it does not stream, or why its last price was not taken, for a person.
    #[must_use]
    pub fn spoken_reason(&self) -> Option<String> {
        let refusal = self.refusal.clone().filter(|_| self.state == StreamState::Unavailable);
        let discarded = || self.discarded.as_ref().map(|(why, _)| why.clone());
        refusal
            .or_else(discarded)
            .or_else(|| self.reason.map(ToOwned::to_owned))
    }

    /// Whether somebody connected watches it, or the operator chose it.
    fn is_held(&self) -> bool {
        self.is_default || self.watchers > 0
    }

    /// Upstream answered for it, or sent its price, from this venue.
    pub fn learn(&mut self, venue: Venue<'_>) {
        for name in [venue.exchange, venue.mic_code].into_iter().flatten() {
            let is_known = self.venues.iter().any(|known| known.eq_ignore_ascii_case(name));
            if !is_known && self.venues.len() < MOST_VENUES {
                self.venues.push(name.to_owned());
            }
        }
    }

    /// Whether upstream streams the same thing for both; `None` if nobody said so far.
    fn shares_a_stream_with(&self, other: &Self) -> Option<bool> {
        let names = |entry: &Self| -> Vec<String> {
            let pin = entry.instrument.exchange().map(ToOwned::to_owned);
            entry.venues.iter().cloned().chain(pin).collect()
        };
        let (ours, theirs) = (names(self), names(other));
        let is_shared = |name: &String| theirs.iter().any(|one| one.eq_ignore_ascii_case(name));
        if ours.iter().any(is_shared) {
            Some(true)
        } else if self.venues.is_empty() || other.venues.is_empty() {
            None
        } else {
            Some(false)
        }
    }

    /// Whether its state is news to the log; from here on it is not.
    pub fn is_news_to_the_log(&mut self) -> bool {
        let is_news = self.state != StreamState::Pending && self.state != self.logged;
        if is_news {
            self.logged = self.state;
        }
        is_news
    }

    /// When a symbol that the WebSocket refused is asked for again: it may have been refused for another connection that held the
    /// plan's streaming credits. Until it is answered it stays what it is.
    fn asked_again_at(&self, config: &Config, now: Millis) -> Option<Millis> {
        let ask = self.asked.filter(|_| self.was_refused() && self.is_wanted(now))?;
        Some(ask.at + config.refused)
    }

    fn was_refused(&self) -> bool {
        matches!(self.state, StreamState::Polled | StreamState::Unavailable)
    }

    /// Whether it was refused, was asked for again, and may be accepted any moment.
    fn may_be_accepted(&self, now: Millis) -> bool {
        let asked = self.asked.filter(|_| self.was_refused());
        asked.is_some_and(|ask| ask.again && now < ask.at + ANSWER_WITHIN)
    }

    fn occupies_a_slot(&self) -> bool {
        self.state == StreamState::Streaming || (self.state == StreamState::Pending && self.asked.is_some())
    }

    fn set(&mut self, state: StreamState, reason: Option<&'static str>) {
        self.has_streamed |= state == StreamState::Streaming;
        self.state = state;
        self.reason = reason;
    }

    /// The WebSocket does not serve it: REST does, unless it refused it too.
    pub fn leave_to_rest(&mut self, reason: &'static str) {
        if self.refusal.is_some() {
            self.set(StreamState::Unavailable, None);
        } else {
            self.set(StreamState::Polled, Some(reason));
        }
    }
}

/// All tracked symbols.
#[derive(Debug, Default)]
pub struct Watchlist {
    entries: BTreeMap<SymbolId, Entry>,
    by_symbol: HashMap<String, Vec<SymbolId>>,
    next: u32,
    synced: Millis,
    paused_until: Millis,
    unsynced: bool,
    /// What is tracked no more, and upstream still streams.
    leaving: Vec<Entry>,
    /// Pins that were given up, each until ticks of it can be on their way no more.
    released: Vec<(Instrument, Millis)>,
    /// Names that upstream knows nothing of, each with what it said and until when that is
    /// believed.
    unknown: HashMap<String, (String, Millis)>,
}

/// Who wants a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A connected client.
    Viewer,
    /// A REST call, which holds nothing against anybody.
    Reader,
}

/// What to tell upstream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// To subscribe, in one frame.
    pub subscribe: Vec<Instrument>,
    /// To unsubscribe, in one frame.
    pub unsubscribe: Vec<Instrument>,
}

/// Why a symbol is not tracked.
#[derive(Debug, PartialEq, Eq)]
pub enum NotTracked {
    /// The terminal tracks no more symbols than the operator lets it: that bounds memory, the
    /// checkpoint's row, and what strangers can make of the REST budget.
    Full,
    /// Upstream has said that it does not serve it.
    Unknown(String),
}

const LINGER: Millis = 30 * SECOND;
/// A name that upstream does not know is not asked for again so long.
const UNKNOWN: Millis = 60 * MINUTE;
/// Names that are remembered so. Whoever invents more than these makes the oldest be asked for
/// again.
const MOST_UNKNOWN: usize = 1_000;
const MOST_RELEASED: usize = 100;
/// Two names each: the WebSocket's venue and REST's may differ.
const MOST_VENUES: usize = 6;
/// A symbol that a REST call has just asked for is not given up for another call's at once: its
/// price may be on its way.
const GRACE: Millis = 5 * SECOND;
const READER_INTEREST: Millis = 2 * MINUTE;
/// Two frames each, and the heartbeats: 66 messages a minute at most.
const SYNC_INTERVAL: Millis = 2 * SECOND;
const ANSWER_WITHIN: Millis = 10 * SECOND;
/// Upstream's own advice after too many messages is to wait for the next minute.
pub(super) const PAUSE: Millis = 70 * SECOND;

const OVER_LIMIT: &str = "the plan's streaming symbols are all in use; polled by REST";
pub(super) const NOT_STREAMED: &str =
    "upstream's WebSocket refused it (plan, symbol, or no credit left); polled by REST";
const NO_ANSWER: &str = "upstream did not answer the subscription; polled by REST";

impl Watchlist {
    /// Tracks the default symbols.
    #[must_use]
    pub fn new(config: &Config, now: Millis) -> Self {
        let mut list = Self::default();
        for instrument in &config.symbols {
            list.insert(instrument.clone(), true, now);
        }
        list
    }

    /// The id of a symbol, tracked from now on if it was not. Where there is no room, what nobody
    /// connected watches makes some: places of the absent are given to the present.
    ///
    /// # Errors
    /// [`NotTracked`].
    pub fn track(
        &mut self,
        instrument: &Instrument,
        asker: Asker,
        config: &Config,
        now: Millis,
    ) -> Result<SymbolId, NotTracked> {
        if let Some(id) = self.find(instrument) {
            return Ok(id);
        }
        if let Some(why) = self.is_unknown(instrument, now) {
            return Err(NotTracked::Unknown(why));
        }
        let most = config.symbols.len() + config.extra_symbols;
        if self.entries.len() >= most {
            self.forget_unwanted(now);
        }
        if self.entries.len() >= most {
            self.give_up_one_of_the_absent(asker, now);
        }
        if self.entries.len() >= most {
            return Err(NotTracked::Full);
        }
        Ok(self.insert(instrument.clone(), false, now))
    }

    /// What upstream said of a name that it does not serve, as long as that is believed.
    #[must_use]
    pub fn is_unknown(&self, instrument: &Instrument, now: Millis) -> Option<String> {
        let (why, until) = self.unknown.get(&name_of(instrument))?;
        (now < *until).then(|| why.clone())
    }

    /// The symbol is tracked no more, whoever wants it: upstream serves it in no way. Says what
    /// upstream said.
    pub fn drop_unknown(&mut self, id: SymbolId, now: Millis) -> Option<String> {
        let entry = self.get(id)?;
        let why = entry.refusal.clone().unwrap_or_default();
        let name = name_of(&entry.instrument);
        if self.unknown.len() >= MOST_UNKNOWN
            && let Some(oldest) = self.unknown.iter().min_by_key(|(_, (_, until))| *until)
        {
            let oldest = oldest.0.clone();
            self.unknown.remove(&oldest);
        }
        self.unknown.insert(name, (why.clone(), now + UNKNOWN));
        self.give_up(id, now);
        Some(why)
    }

    /// Symbols that neither way serves, and that the operator did not choose.
    pub fn lost_causes(&self) -> impl Iterator<Item = SymbolId> {
        let lost = self
            .entries
            .iter()
            .filter(|(_, entry)| !entry.is_default && !entry.has_streamed && entry.state == StreamState::Unavailable);
        lost.map(|(id, _)| *id)
    }

    /// The symbol is tracked no more, and upstream is told so.
    pub fn give_up(&mut self, id: SymbolId, now: Millis) {
        let Some(entry) = self.remove(id) else { return };
        if entry.occupies_a_slot() {
            self.release(&entry.instrument, now);
            self.leaving.push(entry);
        }
        self.unsynced = true;
    }

    /// Whoever read least recently makes room first; a reader makes none of those who have just
    /// left.
    fn give_up_one_of_the_absent(&mut self, asker: Asker, now: Millis) {
        let absent = self.entries.iter().filter(|(_, entry)| !entry.is_held());
        let old_enough = |entry: &Entry| asker == Asker::Viewer || now > entry.created + GRACE;
        let oldest = absent
            .filter(|(_, entry)| old_enough(entry))
            .min_by_key(|(_, entry)| entry.wanted_until)
            .map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.give_up(id, now);
        }
    }

    /// The id of a symbol that is tracked.
    #[must_use]
    pub fn find(&self, instrument: &Instrument) -> Option<SymbolId> {
        let candidates = self.by_symbol.get(&instrument.key())?;
        candidates
            .iter()
            .copied()
            .find(|id| self.get(*id).is_some_and(|entry| entry.instrument == *instrument))
    }

    /// Everybody whom a message of this symbol and venue is about.
    #[must_use]
    pub fn route(&self, symbol: &str, venue: Venue<'_>) -> Vec<SymbolId> {
        let candidates = self.candidates(symbol);
        let about = candidates.iter().filter(|id| {
            self.get(**id)
                .is_some_and(|entry| self.is_about(entry, candidates, venue))
        });
        about.copied().collect()
    }

    /// Everybody whom an answer to a question about `asked` is about. Where that was pinned, it
    /// says nothing of names that may trade elsewhere.
    #[must_use]
    pub fn route_answer(&self, asked: &Instrument, venue: Venue<'_>) -> Vec<SymbolId> {
        let mut about = self.route(asked.symbol(), venue);
        if let Some(pin) = asked.exchange() {
            about.retain(|id| {
                self.get(*id).is_some_and(|entry| {
                    let is_at = |name: &String| venue.is_called(name) || name.eq_ignore_ascii_case(pin);
                    entry.instrument.exchange().is_some() || entry.venues.iter().any(is_at)
                })
            });
        }
        about
    }

    fn candidates(&self, symbol: &str) -> &[SymbolId] {
        let known = self.by_symbol.get(symbol);
        known
            .or_else(|| self.by_symbol.get(&Instrument::key_of(symbol)))
            .map_or(&[], Vec::as_slice)
    }

    fn is_about(&self, entry: &Entry, candidates: &[SymbolId], venue: Venue<'_>) -> bool {
        match entry.instrument.exchange() {
            Some(pin) if venue.is_unknown() => candidates.len() == 1 || is_no_venue(pin),
            Some(pin) => venue.is_called(pin) || entry.venues.iter().any(|name| venue.is_called(name)),
            None => {
                let was_pinned = |(released, _): &(Instrument, Millis)| {
                    let pin = released.exchange().filter(|pin| venue.is_called(pin));
                    pin.is_some() && released.key() == entry.instrument.key()
                };
                let is_claimed =
                    self.pins_of(candidates).any(|pin| venue.is_called(pin)) || self.released.iter().any(was_pinned);
                // Accepted, and upstream did not say from where: then this may be its venue, if
                // there are no two to choose from.
                let may_be_anywhere = entry.venues.is_empty()
                    && entry.state == StreamState::Streaming
                    && self.pins_of(candidates).count() < 2;
                !is_claimed || may_be_anywhere || entry.venues.iter().any(|name| venue.is_called(name))
            }
        }
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, id: SymbolId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// One entry, to change.
    pub fn get_mut(&mut self, id: SymbolId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// All entries, the default ones first, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// All entries, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (SymbolId, &mut Entry)> {
        self.entries.iter_mut().map(|(id, entry)| (*id, entry))
    }

    /// A client began to watch.
    pub fn watch(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.watchers += 1;
            self.unsynced = true;
        }
    }

    /// A client watches no more. The symbol is kept for a while: a page that reloads costs upstream nothing.
    pub fn unwatch(&mut self, id: SymbolId, now: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.watchers = entry.watchers.saturating_sub(1);
            entry.wanted_until = entry.wanted_until.max(now + LINGER);
        }
    }

    /// A REST reader asked for it.
    pub fn read(&mut self, id: SymbolId, now: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.wanted_until = entry.wanted_until.max(now + READER_INTEREST);
            self.unsynced = true;
        }
    }

    /// The link is gone or was reset, and all subscriptions with it.
    pub fn link_lost(&mut self) {
        self.leaving.clear();
        for entry in self.entries.values_mut() {
            entry.asked = None;
            // What REST refused has nothing else until there is a link again, which may serve it.
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

    /// Upstream says that we talk too much, and did not hear what it was asked last.
    pub fn pause(&mut self, now: Millis) {
        self.paused_until = now + PAUSE;
        for entry in self.entries.values_mut() {
            entry.asked = entry.asked.filter(|_| entry.state != StreamState::Pending);
        }
        self.unsynced = true;
    }

    /// Whether upstream will hear of no subscription now.
    #[must_use]
    pub fn is_paused(&self, now: Millis) -> bool {
        now < self.paused_until
    }

    /// What to tell upstream now, on an open link. Asking counts from this call.
    pub fn sync(&mut self, config: &Config, now: Millis) -> Wishes {
        let mut wishes = Wishes::default();
        if self.sync_deadline(config, now).is_none_or(|at| at > now) {
            return wishes;
        }
        self.synced = now;
        self.unsynced = false;
        self.released.retain(|(_, until)| now < *until);
        self.stop_streams(&mut wishes, now);
        self.forget_unwanted(now);
        let mut taken = 0;
        for entry in self.entries.values_mut() {
            if let (StreamState::Pending, Some(ask)) = (entry.state, entry.asked)
                && now >= ask.at + ANSWER_WITHIN
            {
                if ask.again {
                    entry.leave_to_rest(NO_ANSWER);
                } else {
                    entry.asked = Some(Ask { at: now, again: true });
                    wishes.subscribe.push(entry.instrument.clone());
                }
            }
            taken += usize::from(entry.occupies_a_slot() || entry.may_be_accepted(now));
        }
        taken -= self.make_way_for_the_operators(taken, &mut wishes, config, now);
        for entry in self.entries.values_mut() {
            if entry.asked_again_at(config, now).is_some_and(|at| now >= at) {
                entry.asked = Some(Ask { at: now, again: true });
                if taken < config.symbol_limit {
                    taken += 1;
                    wishes.subscribe.push(entry.instrument.clone());
                }
                continue;
            }
            let waits = entry.asked.is_none() && entry.state != StreamState::Streaming;
            if !waits || !entry.is_wanted(now) {
                continue;
            }
            if taken < config.symbol_limit {
                taken += 1;
                entry.asked = Some(Ask { at: now, again: false });
                entry.set(StreamState::Pending, None);
                wishes.subscribe.push(entry.instrument.clone());
            } else {
                entry.leave_to_rest(OVER_LIMIT);
            }
        }
        wishes
    }

    /// Unsubscribes what nobody wants any more. Where upstream has one stream for two names, the
    /// other name keeps it; where nobody said whether it has, the other name is subscribed anew.
    fn stop_streams(&mut self, wishes: &mut Wishes, now: Millis) {
        let unwanted = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.occupies_a_slot() && !entry.is_wanted(now));
        let unwanted: Vec<SymbolId> = unwanted.map(|(id, _)| *id).collect();
        for id in unwanted {
            if let Some(entry) = self.remove(id) {
                self.release(&entry.instrument, now);
                self.leaving.push(entry);
            }
        }
        for left in std::mem::take(&mut self.leaving) {
            self.stop_stream(&left, wishes);
        }
    }

    fn stop_stream(&self, left: &Entry, wishes: &mut Wishes) {
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

    /// Takes streams from the symbols that viewers chose last, for the operator's that wait for one;
    /// says how many. REST serves those from now on.
    fn make_way_for_the_operators(&mut self, taken: usize, wishes: &mut Wishes, config: &Config, now: Millis) -> usize {
        // What neither way serves takes what is free, and nobody's place.
        let may_wait =
            |entry: &&Entry| entry.is_default && matches!(entry.state, StreamState::Pending | StreamState::Polled);
        let is_due =
            |entry: &&Entry| entry.asked.is_none() || entry.asked_again_at(config, now).is_some_and(|at| now >= at);
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

    /// When [`Watchlist::sync`] may have something to say.
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
        unanswered.chain(leaving).chain(again).min().map(|at| at.max(earliest))
    }

    /// Upstream's answer to a subscription: sets, whatever their order. Symbols in neither list keep waiting.
    /// Says whether anything was accepted.
    pub fn answered(&mut self, success: &[Listing], fails: &[Listing]) -> bool {
        for listing in fails {
            for entry in self.refused_by(listing) {
                entry.leave_to_rest(NOT_STREAMED);
            }
            // A refused symbol frees its place for another.
            self.unsynced = true;
        }
        let mut accepted = false;
        for listing in success {
            for (id, is_its_venue) in self.accepted_by(listing, success) {
                let Some(entry) = self.entries.get_mut(&id) else {
                    continue;
                };
                accepted = true;
                entry.asked = entry.asked.or(Some(Ask { at: 0, again: true }));
                entry.set(StreamState::Streaming, None);
                if is_its_venue {
                    entry.learn(listing.venue());
                }
                if never_closes(listing.kind.as_deref()) {
                    entry.cell.reference.session = Session::Open;
                }
            }
        }
        accepted
    }

    /// Whom an item of upstream's answer is about, and whether it says where that trades. That
    /// upstream took a pinned name says nothing of the one that is not pinned, if the answer names
    /// another venue for that one; and where pins name several, it may be any of them.
    fn accepted_by(&self, listing: &Listing, all: &[Listing]) -> Vec<(SymbolId, bool)> {
        let venue = listing.venue();
        let candidates = self.candidates(&listing.symbol);
        let waits_for = |id: &SymbolId, venue: Venue<'_>| {
            let waiting = self
                .get(*id)
                .filter(|entry| entry.state == StreamState::Pending && entry.asked.is_some());
            waiting.is_some_and(|entry| entry.instrument.exchange().is_some_and(|pin| venue.is_called(pin)))
        };
        let is_for_a_pin = |venue: Venue<'_>| candidates.iter().any(|id| waits_for(id, venue));
        let key = Instrument::key_of(&listing.symbol);
        let mut others = all.iter().filter(|other| Instrument::key_of(&other.symbol) == key);
        let others_have_one = others.clone().any(|other| !is_for_a_pin(other.venue()));
        let all_are_of_one = others.all(|other| other.venue() == venue);
        let about = candidates.iter().filter_map(|id| {
            let entry = self.get(*id)?;
            let (is_about, is_its_venue) = match entry.instrument.exchange() {
                None if entry.asked.is_some() && entry.state == StreamState::Pending => {
                    let is_for_it = !is_for_a_pin(venue);
                    (is_for_it || !others_have_one, is_for_it || all_are_of_one)
                }
                _ => (
                    self.is_about(entry, candidates, venue),
                    !self.may_be_anothers(entry, venue) || self.pins_of(candidates).count() < 2,
                ),
            };
            is_about.then_some((*id, is_its_venue))
        });
        about.collect()
    }

    /// The exchanges that these name.
    fn pins_of(&self, candidates: &[SymbolId]) -> impl Iterator<Item = &str> {
        let entries = candidates.iter().filter_map(|id| self.get(*id));
        entries.filter_map(|entry| entry.instrument.exchange())
    }

    /// Whether a venue at which a name that is not pinned may trade is one that another name pins.
    fn may_be_anothers(&self, entry: &Entry, venue: Venue<'_>) -> bool {
        let candidates = self.candidates(entry.instrument.symbol());
        entry.instrument.exchange().is_none() && self.pins_of(candidates).any(|pin| venue.is_called(pin))
    }

    /// A tick of this venue came for a symbol: that is where it trades, unless it may be another
    /// name's.
    pub fn trades_at(&mut self, id: SymbolId, venue: Venue<'_>) {
        let may_be_anothers = self.get(id).is_none_or(|entry| self.may_be_anothers(entry, venue));
        if let Some(entry) = self.entries.get_mut(&id).filter(|_| !may_be_anothers) {
            entry.learn(venue);
        }
    }

    /// A tick came for it, whatever was or was not said before.
    pub fn ticked(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.state != StreamState::Streaming
        {
            entry.asked = entry.asked.or(Some(Ask { at: 0, again: true }));
            entry.set(StreamState::Streaming, None);
        }
    }

    /// REST refused it: unless it streams, nothing serves it.
    pub fn unavailable(&mut self, id: SymbolId, why: &str, until: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.poll_not_before = until;
            entry.refusal = Some(why.to_owned());
            let streams_or_may =
                entry.state == StreamState::Streaming || (entry.state == StreamState::Pending && entry.asked.is_some());
            if !streams_or_may {
                entry.set(StreamState::Unavailable, None);
            }
        }
    }

    /// Symbols of whose present state nothing was said yet; they count as told after this call. What is pending
    /// is no news: the feed's own state tells of a lost link.
    pub fn unannounced(&mut self) -> Vec<SymbolId> {
        let mut news = Vec::new();
        for (id, entry) in &mut self.entries {
            let present = (entry.state, entry.spoken_reason());
            if entry.state != StreamState::Pending && entry.announced != present {
                entry.announced = present;
                news.push(*id);
            }
        }
        news
    }

    /// What to expect of an open link.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        let mut streams_or_may = self.entries.values().filter(|entry| entry.occupies_a_slot());
        let mut entries = self.entries.values();
        if streams_or_may.any(|entry| entry.cell.reference.session == Session::Open) {
            Outlook::Ticks
        } else if entries.any(|entry| entry.state == StreamState::Streaming) {
            Outlook::Quiet
        } else {
            Outlook::Nothing
        }
    }

    /// Whether upstream refused, or did not answer for, everything that is wanted.
    #[must_use]
    pub fn was_refused_entirely(&self, now: Millis) -> bool {
        let mut wanted = self.entries.values().filter(|entry| entry.is_wanted(now));
        wanted.all(|entry| matches!(entry.state, StreamState::Polled | StreamState::Unavailable))
    }

    fn refused_by<'a>(&'a mut self, listing: &'a Listing) -> impl Iterator<Item = &'a mut Entry> {
        self.entries.values_mut().filter(|entry| {
            let shown = entry.instrument.to_string();
            let named = listing.symbol.eq_ignore_ascii_case(&shown);
            let asked = entry.asked.is_some() && entry.state == StreamState::Pending;
            let pin = entry.instrument.exchange();
            let at_its_venue = pin.is_none_or(|pin| listing.venue().is_called(pin));
            asked && (named || entry.instrument.is_about(&listing.symbol) && at_its_venue)
        })
    }

    fn insert(&mut self, instrument: Instrument, is_default: bool, now: Millis) -> SymbolId {
        let id = SymbolId(self.next);
        self.next = self.next.wrapping_add(1);
        self.by_symbol.entry(instrument.key()).or_default().push(id);
        self.entries.insert(id, Entry::new(instrument, is_default, now));
        self.unsynced = true;
        id
    }

    /// Forgets what nobody wants and upstream was not asked for (or was told to stop).
    fn forget_unwanted(&mut self, now: Millis) {
        let unwanted: Vec<SymbolId> = self
            .entries
            .iter()
            .filter(|(_, entry)| !entry.is_wanted(now) && !entry.occupies_a_slot() && now > entry.created + LINGER)
            .map(|(id, _)| *id)
            .collect();
        for id in unwanted {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: SymbolId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        let key = entry.instrument.key();
        if let Some(ids) = self.by_symbol.get_mut(&key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_symbol.remove(&key);
            }
        }
        Some(entry)
    }

    /// Ticks of a pin that was given up may still be on their way: they are no other name's.
    fn release(&mut self, instrument: &Instrument, now: Millis) {
        if instrument.exchange().is_some() {
            if self.released.len() >= MOST_RELEASED {
                self.released.remove(0);
            }
            self.released.push((instrument.clone(), now + LINGER));
        }
    }
}

/// Forex has no venue, and goes by these names where a message must name one.
fn is_no_venue(pin: &str) -> bool {
    ["FOREX", "PHYSICAL CURRENCY"]
        .iter()
        .any(|name| pin.eq_ignore_ascii_case(name))
}

/// A name as it is remembered, whatever its case.
fn name_of(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_uppercase()
}
