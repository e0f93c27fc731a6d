//! Connects the parts. None of them knows another: upstream delivers prices to an implementation of
//! [`Prices`], and delivery asks for symbols through an implementation of [`Demand`].

use super::book::Book;
use super::demand::{Asker, Demand, NotTracked};
use super::upstream::{Prices, Symbols};
use super::{Config, SymbolId};
use crate::market::{Cell, Change, Instrument, Millis, PolledQuote, StreamState, Tick};

impl Prices for Book {
    fn cell(&self, id: SymbolId) -> Option<&Cell> {
        self.get(id).map(|entry| &entry.cell)
    }

    fn open(&mut self, id: SymbolId, instrument: &Instrument) {
        self.open(id, instrument);
    }

    fn close(&mut self, id: SymbolId) {
        self.close(id);
    }

    fn tick(&mut self, id: SymbolId, tick: &Tick, now: Millis) -> Option<(Change, bool)> {
        self.tick(id, tick, now)
    }

    fn polled(&mut self, id: SymbolId, quote: &PolledQuote, is_streaming: bool, asked: Millis, now: Millis) {
        self.polled(id, quote, is_streaming, asked, now);
    }

    fn never_closes(&mut self, id: SymbolId) {
        self.never_closes(id);
    }

    fn serve(&mut self, id: SymbolId, state: StreamState, reason: Option<&str>) {
        self.serve(id, state, reason);
    }
}

/// The tracked symbols together with the book.
pub(super) struct Tracking<'a> {
    pub symbols: &'a mut Symbols,
    pub book: &'a mut Book,
    pub config: &'a Config,
    pub now: Millis,
}

impl Demand for Tracking<'_> {
    fn book(&self) -> &Book {
        self.book
    }

    fn find(&self, instrument: &Instrument) -> Option<SymbolId> {
        self.symbols.find(instrument)
    }

    fn track(&mut self, instrument: &Instrument, asker: Asker) -> Result<SymbolId, NotTracked> {
        self.symbols.track(instrument, asker, self.config, self.book, self.now)
    }

    fn is_default(&self, id: SymbolId) -> bool {
        self.symbols.get(id).is_some_and(|symbol| symbol.is_default)
    }

    fn tracked_since(&self, id: SymbolId) -> Option<Millis> {
        self.symbols.get(id).map(|symbol| symbol.created)
    }

    fn watch(&mut self, id: SymbolId) {
        self.symbols.watch(id);
    }

    fn unwatch(&mut self, id: SymbolId) {
        self.symbols.unwatch(id, self.now);
    }

    fn read(&mut self, id: SymbolId) {
        self.symbols.read(id, self.now);
    }

    fn give_up(&mut self, id: SymbolId) {
        self.symbols.give_up(id, self.book, self.now);
    }
}
