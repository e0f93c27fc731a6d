//! REST waiters: requests that wait for fresh prices.

use super::{Book, Delivery, Millis, Stage, SymbolId, WaiterId};
use crate::hub::answer::Reading;
use crate::market::Instrument;

#[derive(Debug, Default)]
pub struct Waiters(Vec<Waiter>);

#[derive(Debug)]
struct Waiter {
    id: WaiterId,
    question: Reading,
    symbols: Vec<SymbolId>,
    until: Millis,
}

impl Delivery {
    /// Registers a REST request, which keeps the hub awake like a client. It waits only if the hub,
    /// which woke at `woke`, or one of its symbols is new.
    pub fn waiter_came(&mut self, id: WaiterId, question: Reading, woke: Millis, stage: &mut Stage<'_>) {
        self.audience.seen(stage.now);
        let mut wanted = Vec::new();
        let symbols = match &question {
            Reading::Quotes(symbols) | Reading::Sparklines(symbols) => symbols.as_slice(),
            Reading::Status => &[],
        };
        for instrument in symbols {
            // The answer says why a symbol is not tracked.
            if let Ok(symbol) = self.track_for_waiter(instrument, stage) {
                stage.demand.read(symbol);
                wanted.push(symbol);
            }
        }
        if symbols.is_empty() {
            let defaults = stage.config.symbols.iter();
            wanted = defaults
                .filter_map(|instrument| stage.demand.find(instrument))
                .collect();
        }
        let newest = wanted
            .iter()
            .filter_map(|symbol| stage.demand.tracked_since(*symbol))
            .max();
        self.waiters.0.push(Waiter {
            id,
            symbols: wanted,
            question,
            until: woke.max(newest.unwrap_or_default()) + stage.config.waiter,
        });
    }
}

impl Delivery {
    /// A REST request about this symbol came, which keeps the hub awake like a client. Returns the
    /// symbol's id, or why it is not tracked.
    ///
    /// # Errors
    /// The reason, as text for a person.
    pub fn asks_for(&mut self, instrument: &Instrument, stage: &mut Stage<'_>) -> Result<SymbolId, String> {
        self.audience.seen(stage.now);
        let symbol = self.track_for_waiter(instrument, stage)?;
        stage.demand.read(symbol);
        Ok(symbol)
    }
}

impl Waiters {
    /// Takes waiters whose symbols are all fresh or whose time is up, with their questions.
    pub fn take_ready(&mut self, book: &Book, now: Millis) -> Vec<(WaiterId, Reading)> {
        // A symbol that is no longer tracked will not become fresh.
        let is_done = |id: &SymbolId| book.get(*id).is_none_or(|entry| entry.is_fresh());
        let is_ready = |waiter: &mut Waiter| now >= waiter.until || waiter.symbols.iter().all(is_done);
        let ready = self.0.extract_if(.., is_ready);
        ready.map(|waiter| (waiter.id, waiter.question)).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the next waiter times out.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.0.iter().map(|waiter| waiter.until).min()
    }
}
