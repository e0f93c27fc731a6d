//! Connects the parts. None of them knows another: upstream delivers prices to an implementation of
//! [`Prices`], and delivery asks for symbols through an implementation of [`Demand`]. The memory
//! has upstream run its [`Errands`](super::errand::Errands).

use super::answer::{Answer, HistoryQuestion, Question, Reading};
use super::book::Book;
use super::delivery::{Delivery, Stage};
use super::demand::{Asker, Demand, NotTracked};
use super::machine::Machine;
use super::memory::{Memory, Recall, refused};
use super::upstream::{Prices, Symbols, Upstream};
use super::{Config, Effect, SymbolId, WaiterId};
use crate::market::{Bar, Cell, Change, Instrument, Millis, PolledQuote, Service, Tick};

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

    fn catch_up(&mut self, id: SymbolId, twin: SymbolId, now: Millis) {
        self.catch_up(id, twin, now);
    }

    fn never_closes(&mut self, id: SymbolId) {
        self.never_closes(id);
    }

    fn told(&mut self, id: SymbolId, cell: Cell, closes: Vec<Bar>, now: Millis) {
        self.told(id, cell, closes, now);
    }

    fn bar_told(&mut self, id: SymbolId, bar: Bar) {
        self.bar_told(id, bar);
    }

    fn another_life(&mut self) {
        self.another_life();
    }

    fn resumed(&mut self) {
        self.resumed();
    }

    fn serve(&mut self, id: SymbolId, service: Service) {
        self.serve(id, service);
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

impl Machine {
    pub(super) fn with_clients<T>(&mut self, now: Millis, act: impl FnOnce(&mut Delivery, &mut Stage<'_>) -> T) -> T {
        let Upstream { feed, symbols, .. } = &mut self.upstream;
        let mut tracking = Tracking {
            symbols,
            book: &mut self.book,
            config: &self.config,
            now,
        };
        let mut stage = Stage {
            config: &self.config,
            feed: feed.status(),
            demand: &mut tracking,
            effects: &mut self.effects,
            now,
        };
        act(&mut self.delivery, &mut stage)
    }

    pub(super) fn with_memory<T>(&mut self, now: Millis, act: impl FnOnce(&mut Memory, &mut Recall<'_>) -> T) -> T {
        let is_watched = self.delivery.audience.is_watching(self.config.idle, now);
        let mut recall = Recall {
            is_watched,
            config: &self.config,
            book: &mut self.book,
            feed: self.upstream.feed.status(),
            effects: &mut self.effects,
            stores: self.persist.trouble.is_none(),
            now,
        };
        act(&mut self.memory, &mut recall)
    }

    /// A REST request. Delivery answers what the hub holds; the memory what must be looked up.
    pub(super) fn ask(&mut self, waiter: WaiterId, question: Question, now: Millis) {
        let until = now + self.config.waiter;
        let reading = match question {
            Question::Quotes(symbols) => Reading::Quotes(symbols),
            Question::Status => Reading::Status,
            Question::Sparklines(symbols) => Reading::Sparklines(symbols),
            Question::History(question) => return self.ask_history(waiter, question, until, now),
            Question::Search(question) => {
                self.delivery.audience.seen(now);
                return self.memory.directory.ask(waiter, question, until, &self.config);
            }
            Question::Sessions => {
                self.delivery.audience.seen(now);
                return self.memory.hours.ask(waiter, until);
            }
        };
        let woke = self.persist.woke;
        self.with_clients(now, |delivery, stage| {
            delivery.waiter_came(waiter, reading, woke, stage)
        });
    }

    fn ask_history(&mut self, waiter: WaiterId, question: HistoryQuestion, until: Millis, now: Millis) {
        let tracked = self.with_clients(now, |delivery, stage| delivery.asks_for(&question.instrument, stage));
        match tracked {
            Ok(id) => self.memory.history.ask(waiter, question, id, until),
            Err(why) => {
                let answer = refused(&question, why, &self.config, now);
                self.effects
                    .push(Effect::Answer(waiter, Box::new(Answer::History(answer))));
            }
        }
    }
}
