//! What clients want of the symbols: the question that delivery asks, and upstream answers.

use super::{Book, SymbolId};
use crate::market::{Instrument, Millis};

/// Who wants a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A connected client.
    Viewer,
    /// A REST call, which holds nothing against anybody.
    Waiter,
}

/// Why a symbol is not tracked.
#[derive(Debug, PartialEq, Eq)]
pub enum NotTracked {
    /// The terminal tracks no more symbols than the operator lets it: that bounds memory, the
    /// checkpoint's row, and what strangers can make of the REST budget.
    Full,
    /// Upstream has said that it does not serve it.
    Unknown(String),
}

/// The tracked symbols, as those see them who want some.
pub trait Demand {
    /// What is known of them.
    fn book(&self) -> &Book;
    /// The id of a symbol that is tracked.
    fn find(&self, instrument: &Instrument) -> Option<SymbolId>;
    /// The id of a symbol, tracked from now on if it was not.
    ///
    /// # Errors
    /// [`NotTracked`].
    fn track(&mut self, instrument: &Instrument, asker: Asker) -> Result<SymbolId, NotTracked>;
    /// Whether the operator chose it.
    fn is_default(&self, id: SymbolId) -> bool;
    /// When it was first tracked.
    fn tracked_since(&self, id: SymbolId) -> Option<Millis>;
    /// A client began to watch it.
    fn watch(&mut self, id: SymbolId);
    /// A client watches it no more.
    fn unwatch(&mut self, id: SymbolId);
    /// A REST call asked for it.
    fn read(&mut self, id: SymbolId);
    /// It is tracked no more, whoever wants it.
    fn give_up(&mut self, id: SymbolId);
}
