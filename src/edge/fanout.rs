//! The binding to `fanout.js`, which holds the client sockets.

use crate::hub::{Group, StreamId, SymbolId};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/edge/fanout.js")]
extern "C" {
    pub(super) type Fanout;

    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Fanout;

    #[wasm_bindgen(method, getter)]
    pub(super) fn size(this: &Fanout) -> u32;

    #[wasm_bindgen(method, catch)]
    pub(super) fn add(this: &Fanout, client: u32, socket: &web_sys::WebSocket) -> Result<(), JsValue>;

    /// `[client, record]`, or undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) fn restore(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<js_sys::Array>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn client(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<u32>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn remember(this: &Fanout, client: u32, record: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn enroll(this: &Fanout, client: u32, group: u32);

    #[wasm_bindgen(method)]
    pub(super) fn dismiss(this: &Fanout, client: u32, group: u32);

    #[wasm_bindgen(method)]
    pub(super) fn remove(this: &Fanout, client: u32);

    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Fanout, client: u32, frame: &str);

    #[wasm_bindgen(method)]
    pub(super) fn broadcast(this: &Fanout, group: u32, frame: &str);

    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Fanout, client: u32, code: u16, reason: &str);
}

/// A group's number on the JavaScript side.
pub(super) fn number(group: Group) -> u32 {
    match group {
        Group::Plain => 0,
        Group::Symbol(SymbolId(id)) => id.wrapping_mul(2).wrapping_add(1),
        Group::Stream(StreamId(id)) => id.wrapping_mul(2).wrapping_add(2),
    }
}
