//! Server-sent events: the events of plain JSON as a stream for `EventSource`, curl and shells. Its
//! client says nothing: its symbols are in the address.

use super::{QuoteView, ServerEvent, plain, written};

/// A comment, which keeps the connection from being taken for dead.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

/// How long an `EventSource` waits before it connects again, in milliseconds.
const RETRY: u32 = 5_000;

/// An event. `None` for what only the client's own messages would cause.
#[must_use]
pub fn event(event: &ServerEvent<'_>) -> Option<String> {
    let name = match event {
        ServerEvent::Connected { .. } => {
            return Some(format!(
                "retry: {RETRY}\nevent: connected\ndata: {}\n\n",
                plain::event(event)
            ));
        }
        ServerEvent::Feed { .. } => "feed",
        ServerEvent::SubscribeStatus { .. } => "subscribe-status",
        ServerEvent::PriceUpdate(_) => PRICE_UPDATE,
        ServerEvent::Error { .. } => "error-message",
        ServerEvent::UnsubscribeStatus { .. }
        | ServerEvent::ResetStatus { .. }
        | ServerEvent::Heartbeat { .. }
        | ServerEvent::Time { .. }
        | ServerEvent::AckRequest { .. }
        | ServerEvent::Reply { .. } => return None,
    };
    Some(format!("event: {name}\ndata: {}\n\n", plain::event(event)))
}

const PRICE_UPDATE: &str = "price_update";

/// The newest quote of a symbol as JSON.
#[must_use]
pub fn quote(view: &QuoteView) -> String {
    plain::quote(view)
}

/// The event of a quote. Its id is the position, which an `EventSource` repeats as `Last-Event-ID`.
#[must_use]
pub fn frame(quote: &str, position: Option<(u64, u64)>) -> String {
    let id = position.map(|position| format!("id: {}\n", written(position)));
    format!("event: {PRICE_UPDATE}\n{}data: {quote}\n\n", id.unwrap_or_default())
}
