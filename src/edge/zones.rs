//! The binding to `zones.js`: the platform's database of time zones.

use crate::market::Millis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/edge/zones.js")]
extern "C" {
    #[wasm_bindgen(js_name = secondsAheadOfUtc)]
    fn ahead(zone: &str, at: f64) -> Option<i32>;
}

/// Seconds that the clocks of `zone` are ahead of UTC at a moment; `None` if there is no such zone.
pub(super) fn seconds_ahead_of_utc(zone: &str, at: Millis) -> Option<i32> {
    ahead(zone, at as f64)
}
