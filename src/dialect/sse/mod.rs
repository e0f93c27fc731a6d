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
    let retry = match event {
        ServerEvent::Connected { .. } => format!("retry: {RETRY}\n"),
        ServerEvent::Feed { .. } | ServerEvent::SubscribeStatus { .. } | ServerEvent::PriceUpdate(_) => String::new(),
        ServerEvent::Error { .. }
        | ServerEvent::UnsubscribeStatus { .. }
        | ServerEvent::ResetStatus { .. }
        | ServerEvent::Heartbeat { .. }
        | ServerEvent::Time { .. }
        | ServerEvent::AckRequest { .. }
        | ServerEvent::Reply { .. } => return None,
    };
    let data = plain::event(event);
    Some(format!("{retry}event: {}\ndata: {data}\n\n", name_of(&data)))
}

/// The name of an event in plain JSON, which begins with it.
fn name_of(data: &str) -> &str {
    let name = data.strip_prefix(r#"{"event":""#).unwrap_or_default();
    name.split('"').next().unwrap_or_default()
}

/// The newest quote of a symbol as JSON.
#[must_use]
pub fn quote(view: &QuoteView) -> String {
    plain::quote(view)
}

/// The event of a quote. Its id is the position, which an `EventSource` repeats as `Last-Event-ID`.
#[must_use]
pub fn frame(quote: &str, position: Option<(u64, u64)>) -> String {
    let id = position.map(|position| format!("id: {}\n", written(position)));
    format!("event: {}\n{}data: {quote}\n\n", name_of(quote), id.unwrap_or_default())
}
