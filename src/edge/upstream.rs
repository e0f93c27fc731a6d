//! The one upstream socket: opened, read, written and closed as the machine says.
//!
//! Why there is never a second one: opening aborts or closes whatever exists; a socket that arrives
//! after its link was given up is closed unread; and the socket is also kept on the object's
//! JavaScript side, where a new instance of this code (for example after a panic elsewhere in the
//! isolate) finds and closes the orphan before it opens its own.

use super::bodies::text_of;
use super::source::Source;
use crate::hub::{Input, LinkId};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::spawn_local;
use worker::{AbortController, AbortSignal, Error, State};

/// The property that keeps the socket on the object's state, which outlives this instance.
const KEPT_AS: &str = "hamsterUpstream";
const NORMAL_CLOSURE: u16 = 1000;
/// Most bytes read of a refusal.
const LONGEST_REFUSAL: u32 = 64 * 1024;

/// Receives what happens on the link.
pub(super) trait Listener: 'static {
    fn hear(self: &Rc<Self>, input: Input);
    fn source(&self) -> &Source;
    fn upstream(&self) -> &Upstream;
}

pub(super) struct Upstream {
    present: RefCell<Option<Present>>,
    kept_on: JsValue,
}

struct Present {
    link: LinkId,
    /// Aborts an upgrade in flight.
    controller: AbortController,
    socket: Option<Listening>,
}

/// A socket with its listeners. They are removed before they are freed, so a late event finds none.
struct Listening {
    socket: web_sys::WebSocket,
    message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    close: Closure<dyn FnMut(web_sys::CloseEvent)>,
    error: Closure<dyn FnMut(JsValue)>,
}

impl Listening {
    fn listeners(&self) -> [(&'static str, &js_sys::Function); 3] {
        [
            ("message", self.message.as_ref().unchecked_ref()),
            ("close", self.close.as_ref().unchecked_ref()),
            ("error", self.error.as_ref().unchecked_ref()),
        ]
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        for (event, listener) in self.listeners() {
            // Removing a listener that is not registered does nothing.
            let _ = self.socket.remove_event_listener_with_callback(event, listener);
        }
    }
}

enum Upgrade {
    Taken(worker::WebSocket),
    Refused(u16, String),
}

impl Upstream {
    /// No link; a socket that an earlier instance left open is closed.
    pub(super) fn new(state: &State) -> Self {
        let kept_on: JsValue = state.as_raw().into();
        let left_behind = js_sys::Reflect::get(&kept_on, &KEPT_AS.into()).ok();
        if let Some(socket) = left_behind.and_then(|value| value.dyn_into::<web_sys::WebSocket>().ok()) {
            let _ = socket.close_with_code(NORMAL_CLOSURE);
        }
        let upstream = Self {
            present: RefCell::new(None),
            kept_on,
        };
        upstream.keep(&JsValue::UNDEFINED);
        upstream
    }

    pub(super) fn open(&self, object: &Rc<impl Listener>, link: LinkId) {
        let controller = AbortController::default();
        let signal = controller.signal();
        self.replace(Some(Present {
            link,
            controller,
            socket: None,
        }));
        let object = Rc::clone(object);
        spawn_local(async move {
            let input = match upgrade(object.source(), &signal).await {
                Ok(Upgrade::Taken(socket)) => object.upstream().listen(&object, link, &socket),
                Ok(Upgrade::Refused(status, body)) => Input::Refused(link, status, body),
                Err(error) => {
                    let error = object.source().redact(&error.to_string());
                    Input::Lost(link, format!("the upstream could not be reached ({error})"))
                }
            };
            object.hear(input);
        });
    }

    pub(super) fn send(&self, link: LinkId, frame: &str) {
        if let Some(present) = &*self.present.borrow()
            && present.link == link
            && let Some(listening) = &present.socket
        {
            // A socket that cannot be written reports its close by itself.
            let _ = listening.socket.send_with_str(frame);
        }
    }

    pub(super) fn close(&self, link: LinkId) {
        let is_present = self
            .present
            .borrow()
            .as_ref()
            .is_some_and(|present| present.link == link);
        if is_present {
            self.replace(None);
        }
    }

    /// Starts to use an opened socket, unless its link was given up meanwhile.
    fn listen(&self, object: &Rc<impl Listener>, link: LinkId, socket: &worker::WebSocket) -> Input {
        let raw: web_sys::WebSocket = socket.as_ref().clone();
        let is_wanted = self
            .present
            .borrow()
            .as_ref()
            .is_some_and(|present| present.link == link);
        let listening = listening(object, link, raw.clone());
        let accepted = socket.accept();
        if let (true, Ok(listening), Ok(())) = (is_wanted, listening, accepted) {
            self.keep(&raw);
            if let Some(present) = &mut *self.present.borrow_mut() {
                present.socket = Some(listening);
            }
            return Input::Opened(link);
        }
        let _ = raw.close_with_code(NORMAL_CLOSURE);
        Input::Lost(link, "the upstream socket could not be used".to_owned())
    }

    fn replace(&self, next: Option<Present>) {
        let before = std::mem::replace(&mut *self.present.borrow_mut(), next);
        let Some(before) = before else { return };
        match before.socket {
            Some(listening) => {
                let _ = listening.socket.close_with_code(NORMAL_CLOSURE);
                self.keep(&JsValue::UNDEFINED);
                // A listener may be on the call stack, so it is freed after it has returned.
                spawn_local(async move { drop(listening) });
            }
            None => before.controller.abort(),
        }
    }

    fn keep(&self, socket: &JsValue) {
        // Setting a property of an ordinary object does not fail.
        let _ = js_sys::Reflect::set(&self.kept_on, &KEPT_AS.into(), socket);
    }
}

async fn upgrade(source: &Source, signal: &AbortSignal) -> Result<Upgrade, Error> {
    let response = source.upgrade(signal).await?;
    let status = response.status_code();
    if status == 101 {
        let socket = response.websocket().ok_or("an upgrade without a socket")?;
        return Ok(Upgrade::Taken(socket));
    }
    // A longer body is no known refusal, so its content is not read.
    let body = text_of(&response, LONGEST_REFUSAL).await.ok().flatten();
    Ok(Upgrade::Refused(status, body.unwrap_or_default()))
}

fn listening(object: &Rc<impl Listener>, link: LinkId, socket: web_sys::WebSocket) -> Result<Listening, JsValue> {
    let weak = Rc::downgrade(object);
    let message = Closure::wrap_assert_unwind_safe(Box::new(move |event: web_sys::MessageEvent| {
        if let (Some(object), Some(text)) = (weak.upgrade(), event.data().as_string()) {
            object.hear(Input::Frame(link, text));
        }
    }) as Box<dyn FnMut(web_sys::MessageEvent)>);
    let weak = Rc::downgrade(object);
    let close = Closure::wrap_assert_unwind_safe(Box::new(move |event: web_sys::CloseEvent| {
        if let Some(object) = weak.upgrade() {
            let reason = object.source().redact(&event.reason());
            let said = if reason.is_empty() {
                String::new()
            } else {
                format!(", {reason:?}")
            };
            let what = format!("the upstream closed the connection ({}{said})", event.code());
            object.hear(Input::Lost(link, what));
        }
    }) as Box<dyn FnMut(web_sys::CloseEvent)>);
    let weak = Rc::downgrade(object);
    let error = Closure::wrap_assert_unwind_safe(Box::new(move |_: JsValue| {
        if let Some(object) = weak.upgrade() {
            object.hear(Input::Lost(link, "the upstream connection broke".to_owned()));
        }
    }) as Box<dyn FnMut(JsValue)>);
    let listening = Listening {
        socket,
        message,
        close,
        error,
    };
    for (event, listener) in listening.listeners() {
        listening.socket.add_event_listener_with_callback(event, listener)?;
    }
    Ok(listening)
}
