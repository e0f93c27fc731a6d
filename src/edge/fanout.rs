//! The binding to `fanout.js`, which holds the client sockets.

use crate::hub::{ChannelId, Group, QuoteShard, SymbolId};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/edge/fanout.js")]
extern "C" {
    pub(super) type Fanout;

    /// `tell` is called with a client's number and what happened to it.
    #[wasm_bindgen(constructor)]
    pub(super) fn new(tell: &Closure<dyn Fn(u32, u32)>) -> Fanout;

    #[wasm_bindgen(method, catch, js_name = addStream)]
    pub(super) fn add_stream(this: &Fanout, client: u32) -> Result<web_sys::ReadableStream, JsValue>;

    #[wasm_bindgen(method, catch, js_name = addPolling)]
    pub(super) fn add_polling(this: &Fanout, client: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn poll(this: &Fanout, client: u32) -> Option<js_sys::Promise>;

    #[wasm_bindgen(method)]
    pub(super) fn probe(this: &Fanout, client: u32, socket: &web_sys::WebSocket) -> bool;

    #[wasm_bindgen(method, catch)]
    pub(super) fn probed(this: &Fanout, socket: &web_sys::WebSocket, message: &str) -> Result<f64, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn add(this: &Fanout, client: u32, socket: &web_sys::WebSocket) -> Result<(), JsValue>;

    /// `[client, record]`, or undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) fn restore(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<js_sys::Array>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn number(this: &Fanout, socket: &web_sys::WebSocket) -> Result<u32, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn client(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<u32>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn remember(this: &Fanout, client: u32, record: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn enroll(this: &Fanout, client: u32, group: f64);

    #[wasm_bindgen(method)]
    pub(super) fn dismiss(this: &Fanout, client: u32, group: f64);

    #[wasm_bindgen(method)]
    pub(super) fn remove(this: &Fanout, client: u32);

    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Fanout, client: u32, frame: &str);

    /// What the next round of prices waits for, if for anything.
    #[wasm_bindgen(method)]
    pub(super) fn settled(this: &Fanout) -> Option<js_sys::Promise>;

    #[wasm_bindgen(method)]
    pub(super) fn broadcast(this: &Fanout, group: f64, frame: &str);

    /// Sets whether the platform of this `DurableObjectState` answers the text `ping` with `pong`
    /// by itself.
    #[wasm_bindgen(catch, js_name = autoRespond)]
    pub(super) fn auto_respond(state: &JsValue, is_on: bool) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Fanout, client: u32, code: u16, reason: &str);
}

/// What a [`Fanout`] tells of a client over HTTP. Any other number is a close code.
pub(super) const BLOCKED: u32 = 1;
pub(super) const DRAINED: u32 = 2;

/// Numbers of dialect groups start here, above those of all symbols.
const EVERYONE: u64 = 1 << 52;

/// A group's number in JavaScript, where integers are exact up to 2⁵³.
pub(super) fn number(group: Group) -> f64 {
    let number = match group {
        Group::Everyone(dialect) => EVERYONE + dialect as u64,
        Group::Channel(ChannelId(id)) => 2 * u64::from(id) + 2,
        // There are far fewer than 2¹⁸ shards.
        Group::Symbol(SymbolId(id), QuoteShard(shard)) => (u64::from(shard) << 34) + 2 * u64::from(id) + 1,
    };
    number as f64
}
