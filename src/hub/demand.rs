//! What delivery asks about symbols, and upstream answers.

use super::{Book, SymbolId};
use crate::market::{Instrument, Millis};

/// Who asks for a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    Viewer,
    /// A REST request. It does not keep the symbol's slot.
    Waiter,
}

/// Why a symbol is not tracked.
#[derive(Debug, PartialEq, Eq)]
pub enum NotTracked {
    /// The operator's limit of tracked symbols is reached. The limit bounds memory, the size of the
    /// checkpoint row, and how much of the REST budget clients can use.
    Full,
    /// The provider does not serve it, for this reason.
    Unknown(String),
}

/// The tracked symbols, as clients and REST requests see them.
pub trait Demand {
    fn book(&self) -> &Book;
    /// The id of a tracked symbol.
    fn find(&self, instrument: &Instrument) -> Option<SymbolId>;
    /// The id of a symbol, which is tracked from now on.
    ///
    /// # Errors
    /// [`NotTracked`] if there is no room or the provider does not know the symbol.
    fn track(&mut self, instrument: &Instrument, asker: Asker) -> Result<SymbolId, NotTracked>;
    fn is_default(&self, id: SymbolId) -> bool;
    /// When it was first tracked; 0 if it was restored from storage.
    fn tracked_since(&self, id: SymbolId) -> Option<Millis>;
    fn watch(&mut self, id: SymbolId);
    fn unwatch(&mut self, id: SymbolId);
    /// A REST request asked for it.
    fn read(&mut self, id: SymbolId);
    /// It is no longer tracked, even if clients want it.
    fn give_up(&mut self, id: SymbolId);
}
