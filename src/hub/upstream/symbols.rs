//! Which symbols are tracked, and who wants them.
//!
//! The operator's default symbols are always wanted. Any other symbol is wanted while a client
//! watches it, or for a while after a REST request for it. `EXTRA_SYMBOLS` limits their number.

use super::tracked::Tracked;
use super::{Config, Prices, SymbolId};
use crate::hub::demand::{Asker, NotTracked};
use crate::market::{Cell, Instrument, MINUTE, Millis, SECOND, StreamState, Venue};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub struct Symbols {
    pub(super) entries: BTreeMap<SymbolId, Tracked>,
    pub(super) by_symbol: HashMap<String, Vec<SymbolId>>,
    pub(super) next: u32,
    pub(super) synced: Millis,
    pub(super) paused_until: Millis,
    pub(super) unsynced: bool,
    /// No longer tracked, but the provider still streams them.
    pub(super) leaving: Vec<Tracked>,
    /// Pinned symbols that were dropped, each until no tick of it can still be in flight.
    pub(super) released: Vec<(Instrument, Millis)>,
    /// Names that the provider does not know, each with its error text and when to forget it.
    pub(super) unknown: HashMap<String, (String, Millis)>,
}

pub(super) const LINGER: Millis = 30 * SECOND;
/// How long an unknown name is not asked for again.
const UNKNOWN: Millis = 60 * MINUTE;
/// Most unknown names remembered. Beyond it the oldest is forgotten and may be asked for again.
const MOST_UNKNOWN: usize = 1_000;
const MOST_RELEASED: usize = 100;
/// A symbol that a REST request has just added is not evicted for another: its price may be coming.
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

    /// The id of a symbol, which is tracked from now on. If the table is full, a symbol that no
    /// connected client watches is evicted.
    ///
    /// # Errors
    /// [`NotTracked`] if the provider does not know the name or no symbol can be evicted.
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

    /// What the provider said about a name that it does not serve, until that expires.
    #[must_use]
    pub fn is_unknown(&self, instrument: &Instrument, now: Millis) -> Option<String> {
        let (why, until) = self.unknown.get(&name_of(instrument))?;
        (now < *until).then(|| why.clone())
    }

    /// Drops a symbol that the provider serves in no way, even if clients want it.
    pub fn drop_unknown(&mut self, id: SymbolId, prices: &mut dyn Prices, now: Millis) {
        let Some(entry) = self.get(id) else { return };
        let why = entry.refused_because();
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

    /// Symbols that neither WebSocket nor REST serves and that the operator did not choose, each
    /// with the provider's error text.
    #[must_use]
    pub fn lost_causes(&self) -> Vec<(SymbolId, String)> {
        let is_lost =
            |entry: &Tracked| !entry.is_default && !entry.has_streamed && entry.state == StreamState::Unavailable;
        let lost = self.entries.iter().filter(|(_, entry)| is_lost(entry));
        lost.map(|(id, entry)| (*id, entry.refused_because())).collect()
    }

    /// The symbol was restored from storage: it may be evicted for a client at once.
    pub fn may_make_room(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.created = 0;
        }
    }

    /// The symbol was restored from storage: its last price tells the venue, so that its ticks find it
    /// before REST names the venue again.
    pub fn remember_venue(&mut self, id: SymbolId, cell: &Cell) {
        let exchange = cell.quote.as_ref().and_then(|quote| quote.exchange.clone());
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.learn(Venue::of(&exchange, &cell.details.mic_code));
        }
    }

    /// Drops the symbol and unsubscribes it upstream.
    pub fn give_up(&mut self, id: SymbolId, prices: &mut dyn Prices, now: Millis) {
        let Some(entry) = self.remove(id, prices) else { return };
        if entry.occupies_a_slot() {
            self.release(&entry.instrument, now);
            self.leaving.push(entry);
        }
        self.unsynced = true;
    }

    /// Evicts the symbol whose interest expires first. A REST request cannot evict a symbol created
    /// within `GRACE`.
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

    /// The id of a tracked symbol.
    #[must_use]
    pub fn find(&self, instrument: &Instrument) -> Option<SymbolId> {
        let candidates = self.by_symbol.get(&instrument.key())?;
        candidates
            .iter()
            .copied()
            .find(|id| self.get(*id).is_some_and(|entry| entry.instrument == *instrument))
    }

    #[must_use]
    pub fn get(&self, id: SymbolId) -> Option<&Tracked> {
        self.entries.get(&id)
    }

    pub fn get_mut(&mut self, id: SymbolId) -> Option<&mut Tracked> {
        self.entries.get_mut(&id)
    }

    /// All entries in order of id, so the default ones come first.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Tracked)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    pub fn watch(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.watchers += 1;
            self.unsynced = true;
        }
    }

    /// A client stopped watching. The symbol is kept for `LINGER`, for a page that reloads.
    pub fn unwatch(&mut self, id: SymbolId, now: Millis) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.watchers = entry.watchers.saturating_sub(1);
            entry.wanted_until = entry.wanted_until.max(now + LINGER);
        }
    }

    /// A REST request asked for the symbol.
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

    /// Removes entries that nobody wants and that have no subscription upstream.
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

    /// Ticks of a dropped pin may still arrive; they must not reach another symbol.
    pub(super) fn release(&mut self, instrument: &Instrument, now: Millis) {
        if instrument.exchange().is_some() {
            if self.released.len() >= MOST_RELEASED {
                self.released.remove(0);
            }
            self.released.push((instrument.clone(), now + LINGER));
        }
    }
}

/// The key in `unknown`; names are case-insensitive.
fn name_of(instrument: &Instrument) -> String {
    instrument.to_string().to_ascii_uppercase()
}
