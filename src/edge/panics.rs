//! What happens when the code panics: the console hears of it with a stack of JavaScript, and the
//! `worker` crate makes a new instance.
//!
//! Why the hooks are chained: the `worker` crate installs one at start, which says that the
//! instance is dead. Without it wasm-bindgen's own handling of aborts would still make a new
//! instance (a test with a broken chain showed that), but nothing would have told the `worker`
//! crate.

use std::sync::Once;

static INSTALLED: Once = Once::new();

/// Puts `console_error_panic_hook` before the hook that is there. Called by every entry point: then
/// the `worker` crate's own, which it installs when the instance starts, is there already. A new
/// instance begins anew.
pub fn install_hook() {
    INSTALLED.call_once(|| {
        let of_the_platform = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            console_error_panic_hook::hook(panic);
            of_the_platform(panic);
        }));
    });
}

/// Routes that break the instance, for the tests of recovery. No build that is deployed has them.
#[cfg(feature = "faults")]
#[allow(clippy::panic, reason = "it is what is tested")]
pub(super) fn break_if_asked(path: &str, place: &str) {
    match path
        .strip_prefix("/api/faults/")
        .and_then(|rest| rest.strip_prefix(place))
    {
        Some("/panic") => panic!("asked to panic"),
        #[cfg(target_arch = "wasm32")]
        Some("/trap") => core::arch::wasm32::unreachable(),
        _ => {}
    }
}
