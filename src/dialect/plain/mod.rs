//! Plain JSON for scripts and people: one object per event, one event per update.

use super::{ClientError, ClientMessage, QuoteView, ServerEvent, message};

/// Parses a client's text frame.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection stays open.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    message::parse(text)
}

/// An event as JSON, for any number of clients.
#[must_use]
pub fn event(event: &ServerEvent<'_>) -> String {
    event.text()
}

/// The newest quote of a symbol as JSON, for any number of clients.
#[must_use]
pub fn quote(view: &QuoteView) -> String {
    event(&ServerEvent::PriceUpdate(view))
}
