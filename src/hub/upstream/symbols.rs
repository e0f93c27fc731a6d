//! Which symbols are tracked, and who wants them.
//!
//! The operator's default symbols are always wanted. Any other symbol is wanted while somebody
//! watches it, or has just asked for it by REST. There is room for `EXTRA_SYMBOLS` of those.

use super::tracked::Tracked;
use super::{Config, Prices, SymbolId};
use crate::hub::demand::{Asker, NotTracked};
use crate::market::{Instrument, MINUTE, Millis, SECOND, StreamState};
use std::collections::{BTreeMap, HashMap};

/// All tracked symbols.
#[derive(Debug, Default)]
pub struct Symbols {
    pub(super) entries: BTreeMap<SymbolId, Tracked>,
    pub(super) by_symbol: HashMap<String, Vec<SymbolId>>,
    pub(super) next: u32,
    pub(super) synced: Millis,
    pub(super) paused_until: Millis,
    pub(super) unsynced: bool,
    /// What is tracked no more, and upstream still streams.
    pub(super) leaving: Vec<Tracked>,
    /// Pins that were given up, each until ticks of it can be on their way no more.
    pub(super) released: Vec<(Instrument, Millis)>,
    /// Names that upstream knows nothing of, each with what it said and until when that is
    /// believed.
    pub(super) unknown: HashMap<String, (String, Millis)>,
}

pub(super) const LINGER: Millis = 30 * SECOND;
/// A name that upstream does not know is not asked for again so long.
const UNKNOWN: Millis = 60 * MINUTE;
/// Names that are remembered so. Whoever invents more than these makes the oldest be asked for
/// again.
const MOST_UNKNOWN: usize = 1_000;
const MOST_RELEASED: usize = 100;
/// A symbol that a REST call has just asked for is not given up for another call's at once: its
/// price may be on its way.
const GRACE: Millis = 5 * SECOND;
const WAITER_INTEREST: Millis = 2 * MINUTE;

impl Symbols {
    /// Tracks the default symbols.
    #[must_use]
    pub fn new(config: &Config, prices: &mut dyn Prices, now: Millis) -> Self {
        let mut list = Self::default();
        for instrument in &config.symbols {
            list.insert(instrument, true, prices, now);
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
        prices: &mut dyn Prices,
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
            self.forget_unwanted(prices, now);
        }
        if self.entries.len() >= most {
            self.give_up_one_of_the_absent(asker, prices, now);
        }
        if self.entries.len() >= most {
            return Err(NotTracked::Full);
        }
        Ok(self.insert(instrument, false, prices, now))
    }

    /// What upstream said of a name that it does not serve, as long as that is believed.
    #[must_use]
    pub fn is_unknown(&self, instrument: &Instrument, now: Millis) -> Option<String> {
        let (why, until) = self.unknown.get(&name_of(instrument))?;
        (now < *until).then(|| why.clone())
    }

    /// The symbol is tracked no more, whoever wants it: upstream serves it in no way.
    pub fn drop_unknown(&mut self, id: SymbolId, prices: &mut dyn Prices, now: Millis) {
        let Some(entry) = self.get(id) else { return };
        let why = entry.refusal.clone().unwrap_or_default();
        let name = name_of(&entry.instrument);
        if self.unknown.len() >= MOST_UNKNOWN
            && let Some(oldest) = self.unknown.iter().min_by_key(|(_, (_, until))| *until)
        {
            let oldest = oldest.0.clone();
            self.unknown.remove(&oldest);
        }
        self.unknown.insert(name, (why, now + UNKNOWN));
        self.give_up(id, prices, now);
    }

    /// Symbols that neither way serves, and that the operator did not choose, each with what the
    /// provider said of it.
    #[must_use]
    pub fn lost_causes(&self) -> Vec<(SymbolId, String)> {
        let is_lost =
            |entry: &Tracked| !entry.is_default && !entry.has_streamed && entry.state == StreamState::Unavailable;
        let lost = self.entries.iter().filter(|(_, entry)| is_lost(entry));
        lost.map(|(id, entry)| (*id, entry.refusal.clone().unwrap_or_default()))
            .collect()
    }

    /// The symbol was tracked by an earlier life: it makes room at once for those who come back.
    pub fn may_make_room(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.created = 0;
        }
    }

    /// The symbol is tracked no more, and upstream is told so.
    pub fn give_up(&mut self, id: SymbolId, prices: &mut dyn Prices, now: Millis) {
        let Some(entry) = self.remove(id, prices) else { return };
        if entry.occupies_a_slot() {
            self.release(&entry.instrument, now);
            self.leaving.push(entry);
        }
        self.unsynced = true;
    }

    /// The symbol that was read longest ago makes room first. A REST call takes no room of clients
    /// that have just left.
    fn give_up_one_of_the_absent(&mut self, asker: Asker, prices: &mut dyn Prices, now: Millis) {
        let absent = self.entries.iter().filter(|(_, entry)| !entry.is_held());
        let old_enough = |entry: &Tracked| asker == Asker::Viewer || now > entry.created + GRACE;
        let oldest = absent
            .filter(|(_, entry)| old_enough(entry))
            .min_by_key(|(_, entry)| entry.wanted_until)
            .map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.give_up(id, prices, now);
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

    /// One entry.
    #[must_use]
    pub fn get(&self, id: SymbolId) -> Option<&Tracked> {
        self.entries.get(&id)
    }

    /// One entry, to change.
    pub fn get_mut(&mut self, id: SymbolId) -> Option<&mut Tracked> {
        self.entries.get_mut(&id)
    }

    /// All entries, the default ones first, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Tracked)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
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

    /// A REST call asked for it.
    pub fn read(&mut self, id: SymbolId, now: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.wanted_until = entry.wanted_until.max(now + WAITER_INTEREST);
            self.unsynced = true;
        }
    }

    fn insert(&mut self, instrument: &Instrument, is_default: bool, prices: &mut dyn Prices, now: Millis) -> SymbolId {
        let id = SymbolId(self.next);
        self.next = self.next.wrapping_add(1);
        self.by_symbol.entry(instrument.key()).or_default().push(id);
        self.entries
            .insert(id, Tracked::new(instrument.clone(), is_default, now));
        prices.open(id, instrument);
        self.unsynced = true;
        id
    }

    /// Forgets what nobody wants and upstream was not asked for (or was told to stop).
    pub(super) fn forget_unwanted(&mut self, prices: &mut dyn Prices, now: Millis) {
        let unwanted: Vec<SymbolId> = self
            .entries
            .iter()
            .filter(|(_, entry)| !entry.is_wanted(now) && !entry.occupies_a_slot() && now > entry.created + LINGER)
            .map(|(id, _)| *id)
            .collect();
        for id in unwanted {
            self.remove(id, prices);
        }
    }

    pub(super) fn remove(&mut self, id: SymbolId, prices: &mut dyn Prices) -> Option<Tracked> {
        let entry = self.entries.remove(&id)?;
        prices.close(id);
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
    pub(super) fn release(&mut self, instrument: &Instrument, now: Millis) {
        if instrument.exchange().is_some() {
            if self.released.len() >= MOST_RELEASED {
                self.released.remove(0);
            }
            self.released.push((instrument.clone(), now + LINGER));
        }
    }
}

/// A name as it is remembered, whatever its case.
fn name_of(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_uppercase()
}
