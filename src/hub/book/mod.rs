//! The book: the newest quote of each tracked symbol, and the only place where a price is decided.
//!
//! Every change gets a revision. A reader asks what has changed since the revision it saw last and
//! then reads the current state, so a value that was replaced in between is never shown.

mod candles;

pub use candles::{Candles, OLDEST_TICK};

use super::{Config, SymbolId};
use crate::market::{
    Bar, Cell, Change, Instrument, MINUTE, Millis, PolledQuote, Provenance, Reference, Service, Session, StreamState,
    Tick,
};
use std::collections::{BTreeMap, VecDeque};

/// How long a relay keeps bars: those of a sparkline.
const RELAYED: Millis = 61 * MINUTE;

/// Outdated changes that are kept beside one for each symbol, so that they are seldom cleared.
const MOST_OUTDATED: usize = 64;

/// The quotes of all tracked symbols.
#[derive(Debug)]
pub struct Book {
    entries: BTreeMap<SymbolId, Entry>,
    /// Changes in order of revision. Only the newest of each symbol counts.
    changes: VecDeque<(u64, SymbolId)>,
    revision: u64,
    is_simulated: bool,
    stale: Millis,
    updates: u64,
    service_changes: u64,
    last_update: Option<Millis>,
    /// How often a symbol was added or removed.
    turnover: u64,
}

#[derive(Debug)]
pub struct Entry {
    /// The symbol, with its exchange if it is pinned.
    pub instrument: Instrument,
    /// Its quote, reference and details.
    pub cell: Cell,
    pub service: Service,
    /// Its recent minute bars.
    pub candles: Candles,
    /// The bar that closed last.
    pub bar: Option<Bar>,
    /// Whether the hub, whose relay this is, may tell an older price than is held: it has begun another
    /// life, and told none since that was newer.
    may_be_older: bool,
    /// Whether the quote was fresh when the relay was cut off from its hub, and became stale since.
    has_lapsed: bool,
    /// The service that watchers were told last. The state `Pending` is not announced to them.
    told: Service,
    quote_revision: u64,
    service_revision: u64,
    bar_revision: u64,
    /// The revision in which bars of the last hour became known that nobody was told of as they closed.
    pub closes_revision: u64,
}

/// What changed for one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub symbol: SymbolId,
    /// Whether its quote or its reference data changed.
    pub quote: bool,
    /// Whether it gets its prices another way now.
    pub service: bool,
    /// Whether a minute bar closed.
    pub bar: bool,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            entries: BTreeMap::new(),
            changes: VecDeque::new(),
            revision: 0,
            is_simulated: config.simulated,
            stale: config.stale,
            updates: 0,
            service_changes: 0,
            last_update: None,
            turnover: 0,
        }
    }

    /// The symbol is tracked from now on.
    pub fn open(&mut self, id: SymbolId, instrument: &Instrument) {
        self.turnover += 1;
        self.entries.insert(
            id,
            Entry {
                cell: Cell::of(instrument),
                instrument: instrument.clone(),
                service: Service::pending(),
                told: Service::pending(),
                candles: Candles::default(),
                bar: None,
                may_be_older: false,
                has_lapsed: false,
                quote_revision: 0,
                service_revision: 0,
                bar_revision: 0,
                closes_revision: 0,
            },
        );
    }

    /// Restores what a checkpoint held for a symbol.
    pub fn restore(&mut self, id: SymbolId, cell: Cell) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cell = cell;
        }
    }

    /// The symbol is no longer tracked.
    pub fn close(&mut self, id: SymbolId) {
        if self.entries.remove(&id).is_some() {
            self.turnover += 1;
        }
    }

    /// What is known of one symbol; `None` if it is not tracked.
    #[must_use]
    pub fn get(&self, id: SymbolId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// All symbols in order of id, so the default ones come first.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// The revision of the newest change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The symbols that changed since revision `seen`, ordered by their newest change.
    pub fn changed_since(&self, seen: u64) -> impl Iterator<Item = Changed> {
        let first = self.changes.partition_point(|(revision, _)| *revision <= seen);
        self.changes.range(first..).filter_map(move |(revision, id)| {
            let entry = self.entries.get(id).filter(|entry| entry.newest() == *revision)?;
            Some(entry.changed_since(*id, seen))
        })
    }

    /// What changed for one symbol since revision `seen`; `None` if it is not tracked.
    #[must_use]
    pub fn changes_of(&self, id: SymbolId, seen: u64) -> Option<Changed> {
        let entry = self.entries.get(&id)?;
        Some(entry.changed_since(id, seen))
    }

    /// How often a quote was replaced or confirmed. The checkpoint is dirty when this has moved.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// How often a change in how a symbol gets its prices had to be announced.
    #[must_use]
    pub fn service_changes(&self) -> u64 {
        self.service_changes
    }

    /// When a quote was last replaced or confirmed.
    #[must_use]
    pub fn last_update(&self) -> Option<Millis> {
        self.last_update
    }

    /// Applies a tick. Returns whether it replaced or confirmed the quote, and whether the session
    /// changed or the time when the reference is due again; `None` if the symbol is not tracked.
    pub fn tick(&mut self, id: SymbolId, tick: &Tick, now: Millis) -> Option<(Change, bool)> {
        let provenance = self.provenance(Provenance::Live);
        let entry = self.entries.get_mut(&id)?;
        let cell = &mut entry.cell;
        let known = |reference: &Reference| (reference.session, reference.asked);
        let before = known(&cell.reference);
        let change = cell.tick(tick, provenance, self.stale, now);
        let reference_changed = known(&cell.reference) != before;
        let time = tick.timestamp.min(now);
        // A tick that is too old to be the newest price still belongs to its minute.
        let ended = entry.candles.tick(tick.price, tick.day_volume, time, now);
        self.note(id, change, now);
        if let Some(bar) = ended {
            self.bar_closed(id, bar);
        }
        Some((change, reference_changed))
    }

    /// Applies the answer to a REST call that was made at `asked`. `is_streaming`: ticks of the
    /// symbol arrive too.
    pub fn polled(&mut self, id: SymbolId, quote: &PolledQuote, is_streaming: bool, asked: Millis, now: Millis) {
        let provenance = self.provenance(Provenance::Rest);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let change = entry
            .cell
            .polled(quote, provenance, self.stale, is_streaming, asked, now);
        self.note(id, change, now);
    }

    /// Two symbols are the same instrument: the first takes the other's price, if that is newer.
    pub fn catch_up(&mut self, id: SymbolId, twin: SymbolId, now: Millis) {
        let newer = self.get(twin).and_then(|entry| entry.cell.quote.clone());
        if let (Some(newer), Some(entry)) = (newer, self.entries.get_mut(&id)) {
            let change = entry.cell.catch_up(newer);
            self.note(id, change, now);
        }
    }

    /// Applies what another hub tells of a symbol, with the closes of its last minutes, if it tells
    /// them.
    pub fn told(&mut self, id: SymbolId, cell: Cell, closes: Vec<Bar>, now: Millis) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.has_lapsed = false;
        let change = entry.cell.follow(cell, &mut entry.may_be_older, now);
        self.note(id, change, now);
        if !closes.is_empty() {
            self.add_bars(id, closes.into_iter());
            if let Some(candles) = self.candles_mut(id) {
                candles.forget_before(now.saturating_sub(RELAYED));
            }
        }
    }

    /// Another hub tells a bar that has closed.
    pub fn bar_told(&mut self, id: SymbolId, bar: Bar) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.candles.insert(std::iter::once(bar));
            entry.candles.forget_before(bar.time.saturating_sub(RELAYED));
            self.bar_closed(id, bar);
        }
    }

    /// The hub whose relay this is has begun another life, and may know older prices.
    pub fn another_life(&mut self) {
        for entry in self.entries.values_mut() {
            entry.may_be_older = true;
        }
    }

    /// The link to the hub goes on where it was: what became stale meanwhile, though the hub did not
    /// say so, is not.
    pub fn resumed(&mut self) {
        let lapsed = self.entries.iter_mut().filter(|(_, entry)| entry.has_lapsed);
        let lapsed = lapsed.map(|(id, entry)| {
            entry.has_lapsed = false;
            if let Some(quote) = &mut entry.cell.quote {
                quote.stale_since = None;
            }
            *id
        });
        for id in lapsed.collect::<Vec<_>>() {
            self.revise(id, |entry, revision| entry.quote_revision = revision);
        }
    }

    /// When the next running bar closes if no tick ends it.
    #[must_use]
    pub fn bars_close_at(&self) -> Option<Millis> {
        let entries = self.entries.values();
        entries.filter_map(|entry| entry.candles.closes_at()).min()
    }

    /// Closes the bars whose time is over.
    pub fn close_bars(&mut self, now: Millis) {
        let entries = self.entries.iter_mut();
        let closed = entries.filter_map(|(id, entry)| Some((*id, entry.candles.close(now)?)));
        for (id, bar) in closed.collect::<Vec<_>>() {
            self.bar_closed(id, bar);
        }
    }

    fn bar_closed(&mut self, id: SymbolId, bar: Bar) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.bar = Some(bar);
        }
        self.revise(id, |entry, revision| entry.bar_revision = revision);
    }

    /// Adds bars of a symbol that closed earlier.
    pub fn add_bars(&mut self, id: SymbolId, bars: impl Iterator<Item = Bar>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let before = entry.candles.spark();
        entry.candles.insert(bars);
        if entry.candles.spark() != before {
            self.revise(id, |entry, revision| entry.closes_revision = revision);
        }
    }

    /// The recent bars of a symbol.
    pub fn candles_mut(&mut self, id: SymbolId) -> Option<&mut Candles> {
        self.entries.get_mut(&id).map(|entry| &mut entry.candles)
    }

    /// Changes what is known of a symbol apart from its price, and tells it if `change` returns
    /// true.
    pub fn learn(&mut self, id: SymbolId, change: impl FnOnce(&mut Cell) -> bool) {
        if self.entries.get_mut(&id).is_some_and(|entry| change(&mut entry.cell)) {
            self.revise(id, |entry, revision| entry.quote_revision = revision);
        }
    }

    /// How often a symbol was added or removed.
    #[must_use]
    pub fn turnover(&self) -> u64 {
        self.turnover
    }

    /// The market of this symbol never closes.
    pub fn never_closes(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cell.reference.session = Session::Open;
        }
    }

    /// Sets how a symbol gets its prices from now on.
    pub fn serve(&mut self, id: SymbolId, service: Service) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.service != service) else {
            return;
        };
        let state = service.state;
        entry.service = service;
        // A lost link is announced by the feed's state, not per symbol.
        if state != StreamState::Pending && entry.told != entry.service {
            entry.told.clone_from(&entry.service);
            self.service_changes += 1;
            self.revise(id, |entry, revision| entry.service_revision = revision);
        }
    }

    /// When the next quote turns stale if nothing confirms it.
    #[must_use]
    pub fn stale_at(&self) -> Option<Millis> {
        let cells = self.entries.values().map(|entry| &entry.cell);
        cells.filter_map(|cell| cell.turns_stale_at(self.stale)).min()
    }

    /// Marks quotes stale whose time has come.
    pub fn expire(&mut self, now: Millis) {
        let after = self.stale;
        let entries = self.entries.iter_mut();
        let stale = entries.filter_map(|(id, entry)| {
            let has_expired = entry.cell.expire(after, now);
            entry.has_lapsed |= has_expired;
            has_expired.then_some(*id)
        });
        for id in stale.collect::<Vec<_>>() {
            self.revise(id, |entry, revision| entry.quote_revision = revision);
        }
    }

    /// All of the simulator's prices are marked simulated, whether ticks or REST answers.
    fn provenance(&self, way: Provenance) -> Provenance {
        if self.is_simulated { Provenance::Simulated } else { way }
    }

    fn note(&mut self, id: SymbolId, change: Change, now: Millis) {
        if change == Change::Updated {
            self.updates += 1;
            self.last_update = Some(now);
            self.revise(id, |entry, revision| entry.quote_revision = revision);
        }
    }

    fn revise(&mut self, id: SymbolId, revise: fn(&mut Entry, u64)) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.revision += 1;
        revise(entry, self.revision);
        self.changes.push_back((self.revision, id));
        if self.changes.len() > 2 * self.entries.len() + MOST_OUTDATED {
            let entries = &self.entries;
            let counts =
                |(revision, id): &(u64, SymbolId)| entries.get(id).is_some_and(|one| one.newest() == *revision);
            self.changes.retain(counts);
        }
    }
}

impl Entry {
    fn changed_since(&self, symbol: SymbolId, seen: u64) -> Changed {
        Changed {
            symbol,
            quote: self.quote_revision > seen,
            service: self.service_revision > seen,
            bar: self.bar_revision > seen,
        }
    }

    fn newest(&self) -> u64 {
        let told = self.quote_revision.max(self.service_revision).max(self.bar_revision);
        told.max(self.closes_revision)
    }

    /// Whether its newest price may be taken as current.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let quote = self.cell.quote.as_ref();
        quote.is_some_and(|quote| quote.provenance != Provenance::Restored && quote.stale_since.is_none())
    }
}
