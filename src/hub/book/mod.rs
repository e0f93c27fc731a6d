//! The book: the newest quote of each tracked symbol. The only place where a price is decided.
//!
//! Every change gets a revision. Whoever shows prices asks what has changed since the revision that
//! it saw last, and reads the present state: a value that was replaced meanwhile is never shown.

use super::{Config, SymbolId};
use crate::market::{Cell, Change, Instrument, Millis, PolledQuote, Provenance, Reference, Session, StreamState, Tick};
use std::collections::BTreeMap;

/// All tracked symbols.
#[derive(Debug)]
pub struct Book {
    entries: BTreeMap<SymbolId, Entry>,
    /// The newest change of each symbol, by revision.
    changes: BTreeMap<u64, SymbolId>,
    revision: u64,
    is_simulated: bool,
    stale: Millis,
    updates: u64,
    service_changes: u64,
    last_update: Option<Millis>,
}

/// One tracked symbol.
#[derive(Debug)]
pub struct Entry {
    /// The symbol and its pin.
    pub instrument: Instrument,
    /// What is known of it.
    pub cell: Cell,
    /// How it gets its prices.
    pub service: Service,
    /// The service as watchers were last told. That it is pending is no news to them.
    told: Service,
    quote_revision: u64,
    service_revision: u64,
}

/// How a symbol gets its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// By which way.
    pub state: StreamState,
    /// Why it does not stream, or why its last price was not taken, for a person.
    pub reason: Option<String>,
}

/// What has changed of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub symbol: SymbolId,
    /// Its quote, or what is known of the instrument.
    pub quote: bool,
    /// How it gets its prices.
    pub service: bool,
}

/// What became of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is shown.
    pub change: Change,
    /// Whether the session, or when the reference is to be asked for, is another now.
    pub reference_changed: bool,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            entries: BTreeMap::new(),
            changes: BTreeMap::new(),
            revision: 0,
            is_simulated: config.simulated,
            stale: config.stale,
            updates: 0,
            service_changes: 0,
            last_update: None,
        }
    }

    /// The symbol is tracked from now on.
    pub fn open(&mut self, id: SymbolId, instrument: &Instrument) {
        let pending = Service {
            state: StreamState::Pending,
            reason: None,
        };
        self.entries.insert(
            id,
            Entry {
                cell: Cell::of(instrument),
                instrument: instrument.clone(),
                service: pending.clone(),
                told: pending,
                quote_revision: 0,
                service_revision: 0,
            },
        );
    }

    /// What an earlier life knew of a symbol.
    pub fn restore(&mut self, id: SymbolId, cell: Cell) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cell = cell;
        }
    }

    /// The symbol is tracked no more.
    pub fn close(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.changes.remove(&entry.newest());
        }
    }

    /// One symbol.
    #[must_use]
    pub fn get(&self, id: SymbolId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// All symbols, the default ones first, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// The revision of the newest change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The symbols that have changed since a revision, in the order of their newest change.
    pub fn changed_since(&self, seen: u64) -> impl Iterator<Item = Changed> {
        self.changes.range(seen + 1..).filter_map(move |(_, id)| {
            let entry = self.entries.get(id)?;
            Some(Changed {
                symbol: *id,
                quote: entry.quote_revision > seen,
                service: entry.service_revision > seen,
            })
        })
    }

    /// How often a quote was replaced or confirmed: what a checkpoint has to keep up with.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// How often watchers were to be told how a symbol gets its prices.
    #[must_use]
    pub fn service_changes(&self) -> u64 {
        self.service_changes
    }

    /// When a quote was last replaced or confirmed.
    #[must_use]
    pub fn last_update(&self) -> Option<Millis> {
        self.last_update
    }

    /// Takes a tick.
    pub fn tick(&mut self, id: SymbolId, tick: &Tick, now: Millis) -> Option<Taken> {
        let provenance = self.provenance(Provenance::Live);
        let cell = &mut self.entries.get_mut(&id)?.cell;
        let known = |reference: &Reference| (reference.session, reference.asked);
        let before = known(&cell.reference);
        let change = cell.tick(tick, provenance, self.stale, now);
        let reference_changed = known(&cell.reference) != before;
        self.note(id, change, now);
        Some(Taken {
            change,
            reference_changed,
        })
    }

    /// Takes the answer to a call that was asked for at `asked`. `is_streaming` says that ticks of
    /// the symbol come too.
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

    /// The market of this symbol never closes.
    pub fn never_closes(&mut self, id: SymbolId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cell.reference.session = Session::Open;
        }
    }

    /// How a symbol gets its prices from now on.
    pub fn serve(&mut self, id: SymbolId, state: StreamState, reason: Option<&str>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if entry.service.state == state && entry.service.reason.as_deref() == reason {
            return;
        }
        entry.service = Service {
            state,
            reason: reason.map(ToOwned::to_owned),
        };
        // The feed's own state tells of a lost link.
        if state != StreamState::Pending && entry.told != entry.service {
            entry.told.clone_from(&entry.service);
            self.service_changes += 1;
            self.revise(id, |entry, revision| entry.service_revision = revision);
        }
    }

    /// When the next quote turns stale if nothing comes.
    #[must_use]
    pub fn stale_at(&self) -> Option<Millis> {
        let cells = self.entries.values().map(|entry| &entry.cell);
        cells.filter_map(|cell| cell.turns_stale_at(self.stale)).min()
    }

    /// Marks the quotes stale whose time has come.
    pub fn expire(&mut self, now: Millis) {
        let after = self.stale;
        let entries = self.entries.iter_mut();
        let stale = entries.filter_map(|(id, entry)| entry.cell.expire(after, now).then_some(*id));
        for id in stale.collect::<Vec<_>>() {
            self.revise(id, |entry, revision| entry.quote_revision = revision);
        }
    }

    /// The simulator's prices are simulated, by whichever way they came.
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

    fn revise(&mut self, id: SymbolId, revise: impl Fn(&mut Entry, u64)) {
        self.revision += 1;
        if let Some(entry) = self.entries.get_mut(&id) {
            self.changes.remove(&entry.newest());
            revise(entry, self.revision);
            self.changes.insert(self.revision, id);
        }
    }
}

impl Entry {
    /// The revision of its newest change.
    fn newest(&self) -> u64 {
        self.quote_revision.max(self.service_revision)
    }

    /// Whether its newest price may be taken for the present one.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let quote = self.cell.quote.as_ref();
        quote.is_some_and(|quote| quote.provenance != Provenance::Restored && quote.stale_since.is_none())
    }
}
