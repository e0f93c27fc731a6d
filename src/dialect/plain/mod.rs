//! Plain JSON: one object for each event, one event for each update. For scripts and people.

use super::{ClientError, ClientMessage, QuoteView, ServerEvent, message};

/// What a client said.
///
/// # Errors
/// [`ClientError`], which becomes an `error` event; the connection lives on.
pub fn parse(text: &str) -> Result<ClientMessage, ClientError> {
    message::parse(text)
}

/// An event, for however many clients.
#[must_use]
pub fn event(event: &ServerEvent<'_>) -> String {
    event.text()
}

/// The newest quote of a symbol, for however many clients.
#[must_use]
pub fn quote(view: &QuoteView) -> String {
    event(&ServerEvent::PriceUpdate(view))
}
