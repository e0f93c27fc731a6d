//! REST calls that wait for fresh prices.

use super::{Book, Delivery, Millis, Stage, SymbolId, WaiterId};
use crate::hub::answer::Question;

/// All that wait.
#[derive(Debug, Default)]
pub struct Waiters(Vec<Waiter>);

#[derive(Debug)]
struct Waiter {
    id: WaiterId,
    question: Question,
    symbols: Vec<SymbolId>,
    until: Millis,
}

impl Delivery {
    /// A REST call keeps the hub awake as a client does. It waits only when the hub, which came out
    /// of sleep at `woke`, or a symbol is new.
    pub fn waiter_came(&mut self, id: WaiterId, question: Question, woke: Millis, stage: &mut Stage<'_>) {
        self.audience.seen(stage.now);
        let mut wanted = Vec::new();
        let symbols = match &question {
            Question::Quotes(symbols) => symbols.as_slice(),
            Question::Status => &[],
        };
        for instrument in symbols {
            // Why one is not tracked is told with the answer.
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

impl Waiters {
    /// Takes those whose symbols are all fresh, or whose time is up, with what they asked.
    pub fn take_ready(&mut self, book: &Book, now: Millis) -> Vec<(WaiterId, Question)> {
        // What is tracked no more will not come.
        let is_done = |id: &SymbolId| book.get(*id).is_none_or(|entry| entry.is_fresh());
        let is_ready = |waiter: &mut Waiter| now >= waiter.until || waiter.symbols.iter().all(is_done);
        let ready = self.0.extract_if(.., is_ready);
        ready.map(|waiter| (waiter.id, waiter.question)).collect()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the next one has waited long enough.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.0.iter().map(|waiter| waiter.until).min()
    }
}
