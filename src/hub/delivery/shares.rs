//! Who may have which of the symbols that the operator did not choose. `EXTRA_SYMBOLS` limits them.
//!
//! Room is made in this order: symbols that nobody wants any more, then symbols that only REST
//! requests asked for, then symbols of viewers that hold more than an equal share while others want
//! some. **A viewer that stays within its share loses nothing.** Clients of one address count as
//! one viewer, as far as the edge can tell.

use super::{Asker, ClientId, Delivery, NotTracked, ServerEvent, Stage, SymbolId, Viewer};
use crate::dialect::SubscriptionFailure;
use crate::market::{Instrument, MINUTE, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// What clients read about a symbol for which there is no room.
const FULL: &str = "this terminal tracks as many other symbols as its operator allows (EXTRA_SYMBOLS), and every viewer has an equal share of them; try again when others have left";
const GIVEN_AWAY: &str = "given to another viewer: you had more than an equal share of the other symbols that this terminal tracks (EXTRA_SYMBOLS)";

/// How long a refusal for lack of room is advice to the operator.
const RECENT: Millis = 10 * MINUTE;

/// Symbols refused because the table was full.
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

    /// The total, if the last refusal was recent.
    pub fn of_late(&self, now: Millis) -> Option<u64> {
        (self.count > 0 && now < self.last + RECENT).then_some(self.count)
    }

    pub fn count(&self) -> u64 {
        self.count
    }
}

impl Delivery {
    /// The id of a symbol that a client wants, which is tracked from now on.
    ///
    /// # Errors
    /// The reason why it is not tracked, as text for a person.
    pub(super) fn track_for(
        &mut self,
        client: ClientId,
        instrument: &Instrument,
        stage: &mut Stage<'_>,
    ) -> Result<SymbolId, String> {
        if let Some(why) = self.why_not_covered(client, instrument) {
            return Err(why);
        }
        let tracked = match stage.demand.track(instrument, Asker::Viewer) {
            Err(NotTracked::Full) if self.make_room_for(client, stage) => stage.demand.track(instrument, Asker::Viewer),
            tracked => tracked,
        };
        tracked.map_err(|why| self.why_not(why, stage))
    }

    /// The id of a symbol that a REST request wants.
    ///
    /// # Errors
    /// The reason why it is not tracked, as text for a person.
    pub(super) fn track_for_waiter(
        &mut self,
        instrument: &Instrument,
        stage: &mut Stage<'_>,
    ) -> Result<SymbolId, String> {
        let tracked = stage.demand.track(instrument, Asker::Waiter);
        tracked.map_err(|why| self.why_not(why, stage))
    }

    fn why_not(&mut self, why: NotTracked, stage: &Stage<'_>) -> String {
        match why {
            NotTracked::Full => {
                self.no_room.add(stage.now);
                FULL.to_owned()
            }
            NotTracked::Unknown(why) => unknown(&why),
        }
    }

    /// The provider serves a symbol in no way: its watchers are told why.
    pub fn is_lost(&mut self, id: SymbolId, why: &str, stage: &mut Stage<'_>) {
        self.take_away(id, &unknown(why), stage);
    }

    /// The hub, whose relay this is, does not serve a symbol: its watchers are told why.
    pub fn is_refused(&mut self, id: SymbolId, why: &str, stage: &mut Stage<'_>) {
        self.take_away(id, why, stage);
    }

    /// Takes a symbol from the viewer with the most above an equal share, if there is one.
    fn make_room_for(&mut self, client: ClientId, stage: &mut Stage<'_>) -> bool {
        let mut held: BTreeMap<Viewer, BTreeSet<SymbolId>> = BTreeMap::new();
        for (viewer, symbols) in self.audience.wishes() {
            let others = symbols.iter().filter(|id| !stage.demand.is_default(**id));
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
        let share = (stage.config.extra_symbols / wanting.max(1)).max(1);
        if ours >= share {
            return false;
        }
        // The newest symbol that no viewer within its share watches: long-held ones are kept.
        let is_within_a_share = |id: &SymbolId| {
            held.values()
                .any(|symbols| symbols.len() <= share && symbols.contains(id))
        };
        let rich = held
            .iter()
            .filter(|(who, symbols)| **who != viewer && symbols.len() > share);
        let most = rich
            .filter_map(|(_, symbols)| Some((symbols.len(), symbols.iter().rev().find(|id| !is_within_a_share(id))?)))
            .reduce(|most, next| if next.0 > most.0 { next } else { most });
        let given = most.map(|(_, id)| id);
        let Some(id) = given.copied() else { return false };
        self.take_away(id, GIVEN_AWAY, stage);
        stage.demand.give_up(id);
        true
    }

    /// Tells all watchers of a symbol that they lost it, and why.
    #[inline(never)]
    fn take_away(&mut self, id: SymbolId, why: &str, stage: &mut Stage<'_>) {
        let Some(symbol) = stage.demand.book().get(id).map(|entry| entry.instrument.to_string()) else {
            return;
        };
        for client in self.audience.watching(id) {
            self.unwatch(client, id, stage);
            let failure = SubscriptionFailure {
                symbol: symbol.clone(),
                reason: why.to_owned(),
            };
            let waits = self.fails_later(client, id, &failure);
            self.remember(client, stage);
            if waits {
                continue;
            }
            let event = ServerEvent::subscribed(Vec::new(), vec![failure]);
            self.send(client, &event, stage);
            self.rejoin_channel(client, None, stage);
        }
        self.answer_what_is_known(stage);
    }
}

/// The failure for a symbol that is not tracked, with the provider's text if it does not serve it.
#[must_use]
pub fn not_tracked(instrument: &Instrument, unknown_because: Option<&str>) -> SubscriptionFailure {
    SubscriptionFailure {
        symbol: instrument.to_string(),
        reason: unknown_because.map_or_else(|| FULL.to_owned(), unknown),
    }
}

fn unknown(why: &str) -> String {
    format!("upstream does not serve it ({why}); it is asked again in an hour at the earliest")
}
