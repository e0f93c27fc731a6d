//! Which tracked symbols a message of the provider concerns.
//!
//! **An event belongs to every symbol that it matches.** `AAPL` and `AAPL:NASDAQ` may both be
//! tracked while the provider has one stream for both. A pinned symbol takes events of its venue.
//! An unpinned symbol takes events of any venue except one that another symbol pins: `RY` is New
//! York's, and `RY:TSX` must not put Toronto's price there. The provider's answers say which venue
//! it chose for an unpinned symbol.

use super::SymbolId;
use super::symbols::Symbols;
use super::tracked::Tracked;
use crate::market::{Instrument, Millis, StreamState, Venue};
use crate::provider::Listing;

impl Symbols {
    /// Every symbol that a message of this symbol and venue concerns.
    #[must_use]
    pub fn route(&self, symbol: &str, venue: Venue<'_>) -> Vec<SymbolId> {
        let candidates = self.candidates(symbol);
        let about = candidates.iter().filter(|id| {
            self.get(**id)
                .is_some_and(|entry| self.is_about(entry, candidates, venue))
        });
        about.copied().collect()
    }

    /// Every symbol that a REST answer about `asked` concerns. If `asked` was pinned, the answer
    /// says nothing about symbols that may trade elsewhere.
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

    /// Other symbols that certainly are the same instrument at this venue.
    #[must_use]
    pub fn twins_at(&self, id: SymbolId, venue: Venue<'_>) -> Vec<SymbolId> {
        let Some(entry) = self.get(id) else {
            return Vec::new();
        };
        let is_there = |other: &Tracked| {
            let pin = other.instrument.exchange();
            pin.is_some_and(|pin| venue.is_called(pin)) || other.venues.iter().any(|name| venue.is_called(name))
        };
        let candidates = self.candidates(entry.instrument.symbol()).iter().copied();
        let twins = candidates.filter(|other| *other != id && self.get(*other).is_some_and(is_there));
        twins.collect()
    }

    pub(super) fn candidates(&self, symbol: &str) -> &[SymbolId] {
        let known = self.by_symbol.get(symbol);
        known
            .or_else(|| self.by_symbol.get(&Instrument::key_of(symbol)))
            .map_or(&[], Vec::as_slice)
    }

    fn is_about(&self, entry: &Tracked, candidates: &[SymbolId], venue: Venue<'_>) -> bool {
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
                // The provider accepted the symbol without naming a venue, so this may be its venue
                // unless several pinned venues are possible.
                let may_be_anywhere = entry.venues.is_empty()
                    && entry.state == StreamState::Streaming
                    && self.pins_of(candidates).count() < 2;
                !is_claimed || may_be_anywhere || entry.venues.iter().any(|name| venue.is_called(name))
            }
        }
    }

    /// The symbols that an item of the provider's subscription answer concerns, each with whether
    /// the item's venue is certainly theirs. An accepted pinned symbol says nothing about the
    /// unpinned one if the answer names another venue for that; and where several venues are
    /// pinned, the unpinned one may be at any of them.
    pub(super) fn accepted_by(&self, listing: &Listing, all: &[Listing]) -> Vec<(SymbolId, bool)> {
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

    /// The exchanges that these symbols pin.
    fn pins_of(&self, candidates: &[SymbolId]) -> impl Iterator<Item = &str> {
        let entries = candidates.iter().filter_map(|id| self.get(*id));
        entries.filter_map(|entry| entry.instrument.exchange())
    }

    /// Whether `entry` is unpinned and `venue` is one that another symbol pins.
    fn may_be_anothers(&self, entry: &Tracked, venue: Venue<'_>) -> bool {
        let candidates = self.candidates(entry.instrument.symbol());
        entry.instrument.exchange().is_none() && self.pins_of(candidates).any(|pin| venue.is_called(pin))
    }

    /// A tick shows where the symbol trades, unless the venue may belong to another symbol.
    pub fn trades_at(&mut self, id: SymbolId, venue: Venue<'_>) {
        let may_be_anothers = self.get(id).is_none_or(|entry| self.may_be_anothers(entry, venue));
        if let Some(entry) = self.entries.get_mut(&id).filter(|_| !may_be_anothers) {
            entry.learn(venue);
        }
    }

    pub(super) fn refused_by<'a>(&'a mut self, listing: &'a Listing) -> impl Iterator<Item = &'a mut Tracked> {
        self.entries.values_mut().filter(|entry| {
            let shown = entry.instrument.to_string();
            let named = listing.symbol.eq_ignore_ascii_case(&shown);
            let is_pending = entry.asked.is_some() && entry.state == StreamState::Pending;
            let asked = is_pending || entry.may_be_accepted_until().is_some();
            let pin = entry.instrument.exchange();
            let at_its_venue = pin.is_none_or(|pin| listing.venue().is_called(pin));
            asked && (named || entry.instrument.is_about(&listing.symbol) && at_its_venue)
        })
    }
}

/// Forex has no venue; messages that must name one use these names.
fn is_no_venue(pin: &str) -> bool {
    ["FOREX", "PHYSICAL CURRENCY"]
        .iter()
        .any(|name| pin.eq_ignore_ascii_case(name))
}
