//! The binding to `fanout.js`, which holds the client sockets.

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

    /// `[client, ...symbols]`, or undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) fn restore(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<js_sys::Array>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn client(this: &Fanout, socket: &web_sys::WebSocket) -> Result<Option<u32>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn remember(this: &Fanout, client: u32, symbols: Vec<String>) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    pub(super) fn watch(this: &Fanout, client: u32, symbol: u32);

    #[wasm_bindgen(method)]
    pub(super) fn unwatch(this: &Fanout, client: u32, symbol: u32);

    #[wasm_bindgen(method)]
    pub(super) fn remove(this: &Fanout, client: u32);

    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Fanout, client: u32, frame: &str);

    #[wasm_bindgen(method)]
    pub(super) fn publish(this: &Fanout, symbol: u32, frame: &str);

    #[wasm_bindgen(method, js_name = publishAll)]
    pub(super) fn publish_all(this: &Fanout, frame: &str);

    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Fanout, client: u32, code: u16, reason: &str);
}
