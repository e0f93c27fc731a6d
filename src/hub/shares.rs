//! Who may have which of the symbols that the operator did not choose. There is room for
//! `EXTRA_SYMBOLS` of them.
//!
//! Room is made in this order: by what nobody wants any more, by what REST calls asked for and
//! nobody connected watches, and then by whoever holds more than an equal share while others want
//! some. **A viewer that stays within its share loses nothing.** Clients that come from one address
//! are one viewer, as far as the edge can tell.

use super::watchlist::{Asker, NotTracked};
use super::{ClientId, Machine, ServerEvent, SymbolId};
use crate::dialect::SubscriptionFailure;
use crate::market::{Instrument, MINUTE, Millis};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Who is behind a client, as far as can be told: clients of one number share one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Viewer(pub u64);

impl Viewer {
    /// Of a client of which nothing is known: it counts for itself.
    #[must_use]
    pub fn alone(client: ClientId) -> Self {
        Self(u64::from(client.0))
    }
}

/// What is said of a symbol for which there is no room.
pub(super) const FULL: &str = "this terminal tracks as many other symbols as its operator allows (EXTRA_SYMBOLS), and every viewer has an equal share of them; try again when others have left";
const GIVEN_AWAY: &str = "given to another viewer: you had more than an equal share of the other symbols that this terminal tracks (EXTRA_SYMBOLS)";

/// How long a refusal for want of room is advice to the operator.
const RECENT: Millis = 10 * MINUTE;

/// Refusals for want of room.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    count: u64,
    last: Millis,
}

impl Refusals {
    fn add(&mut self, now: Millis) {
        self.count += 1;
        self.last = now;
    }

    /// How many there were, if there was one of late.
    pub fn of_late(&self, now: Millis) -> Option<u64> {
        (self.count > 0 && now < self.last + RECENT).then_some(self.count)
    }

    /// All of them.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl Machine {
    /// The id of a symbol that a client wants, tracked from now on.
    ///
    /// # Errors
    /// Why it is not, for a person.
    pub(super) fn track_for(
        &mut self,
        client: ClientId,
        instrument: &Instrument,
        now: Millis,
    ) -> Result<SymbolId, String> {
        let tracked = match self.list.track(instrument, Asker::Viewer, &self.config, now) {
            Err(NotTracked::Full) if self.make_room_for(client, now) => {
                self.list.track(instrument, Asker::Viewer, &self.config, now)
            }
            tracked => tracked,
        };
        tracked.map_err(|why| self.why_not(why, now))
    }

    /// The id of a symbol that a REST call wants.
    ///
    /// # Errors
    /// Why it is not tracked, for a person.
    pub(super) fn track_for_reader(&mut self, instrument: &Instrument, now: Millis) -> Result<SymbolId, String> {
        let tracked = self.list.track(instrument, Asker::Reader, &self.config, now);
        tracked.map_err(|why| self.why_not(why, now))
    }

    fn why_not(&mut self, why: NotTracked, now: Millis) -> String {
        match why {
            NotTracked::Full => {
                self.no_room.add(now);
                FULL.to_owned()
            }
            NotTracked::Unknown(why) => unknown(&why),
        }
    }

    /// What is said of a symbol that is not tracked.
    #[must_use]
    pub fn not_tracked(&self, instrument: &Instrument, now: Millis) -> SubscriptionFailure {
        let why = self.list.is_unknown(instrument, now);
        SubscriptionFailure {
            symbol: instrument.to_string(),
            reason: why.map_or_else(|| FULL.to_owned(), |why| unknown(&why)),
        }
    }

    /// Symbols that upstream serves in no way make room at once, and their watchers are told why.
    pub(super) fn drop_lost_causes(&mut self, now: Millis) {
        for id in self.list.lost_causes().collect::<Vec<_>>() {
            let refusal = self.list.get(id).and_then(|entry| entry.refusal.clone());
            self.take_away(id, &unknown(&refusal.unwrap_or_default()), now);
            self.list.drop_unknown(id, now);
        }
    }

    /// Takes a place from whoever has the most above an equal share; says whether there was one.
    fn make_room_for(&mut self, client: ClientId, now: Millis) -> bool {
        let mut held: BTreeMap<Viewer, BTreeSet<SymbolId>> = BTreeMap::new();
        for (viewer, symbols) in self.audience.wishes() {
            let others = symbols
                .iter()
                .filter(|id| self.list.get(**id).is_some_and(|entry| !entry.is_default));
            held.entry(viewer).or_default().extend(others.copied());
        }
        let Some(viewer) = self.audience.viewer(client) else {
            return false;
        };
        let ours = held.get(&viewer).map_or(0, BTreeSet::len);
        let wanting = held
            .iter()
            .filter(|(who, symbols)| **who == viewer || !symbols.is_empty())
            .count();
        let share = (self.config.extra_symbols / wanting.max(1)).max(1);
        if ours >= share {
            return false;
        }
        let mut rich: Vec<(&Viewer, &BTreeSet<SymbolId>)> = held
            .iter()
            .filter(|(who, symbols)| **who != viewer && symbols.len() > share)
            .collect();
        rich.sort_by_key(|(_, symbols)| Reverse(symbols.len()));
        // The newest of those that all who watch them can spare: what one has had for long, one
        // keeps.
        let is_within_a_share = |id: &SymbolId| {
            held.values()
                .any(|symbols| symbols.len() <= share && symbols.contains(id))
        };
        let given = rich
            .iter()
            .find_map(|(_, symbols)| symbols.iter().rev().find(|id| !is_within_a_share(id)));
        let Some(id) = given.copied() else { return false };
        self.take_away(id, GIVEN_AWAY, now);
        self.list.give_up(id, now);
        true
    }

    /// Tells all who watch a symbol that they do no more, and why.
    fn take_away(&mut self, id: SymbolId, why: &str, now: Millis) {
        let Some(symbol) = self.list.get(id).map(|entry| entry.instrument.to_string()) else {
            return;
        };
        for client in self.audience.watching(id) {
            self.unwatch(client, id, now);
            self.remember(client);
            let failure = SubscriptionFailure {
                symbol: symbol.clone(),
                reason: why.to_owned(),
            };
            let event = ServerEvent::SubscribeStatus {
                status: "error",
                success: Vec::new(),
                fails: vec![failure],
            };
            self.send(client, &event);
            self.restream(client, None, now);
        }
    }
}

fn unknown(why: &str) -> String {
    format!("upstream does not serve it ({why}); it is asked again in an hour at the earliest")
}
