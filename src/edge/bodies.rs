//! The binding to `bodies.js`.

use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Request, Response, ResponseBody};

#[wasm_bindgen(module = "/src/edge/bodies.js")]
extern "C" {
    #[wasm_bindgen(js_name = readText)]
    fn read_text(stream: &web_sys::ReadableStream, most: f64) -> js_sys::Promise;
}

/// The body of a request as text; `None` if it is longer than `most` bytes.
///
/// # Errors
/// The platform's message if the body breaks off.
pub(super) async fn text_of_request(request: &mut Request, most: u32) -> Result<Option<String>, JsValue> {
    match request.inner().body() {
        None => Ok(Some(String::new())),
        Some(stream) => Ok(JsFuture::from(read_text(&stream, f64::from(most))).await?.as_string()),
    }
}

/// The body of a response as text; `None` if it is longer than `most` bytes.
///
/// # Errors
/// The platform's message if the body breaks off.
pub(super) async fn text_of(response: &Response, most: u32) -> Result<Option<String>, JsValue> {
    match response.body() {
        ResponseBody::Empty => Ok(Some(String::new())),
        ResponseBody::Body(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
        ResponseBody::Stream(stream) => Ok(JsFuture::from(read_text(stream, f64::from(most))).await?.as_string()),
    }
}
