//! The binding to `zones.js`.

use crate::market::Millis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/edge/zones.js")]
extern "C" {
    #[wasm_bindgen(js_name = utcOffset)]
    fn offset_of(zone: &str, at: f64) -> Option<f64>;
}

/// How far a time zone is ahead of UTC at a time, in seconds; `None` for a zone that does not
/// exist.
pub(super) fn utc_offset(zone: &str, at: Millis) -> Option<i32> {
    offset_of(zone, at as f64).map(|seconds| seconds as i32)
}
