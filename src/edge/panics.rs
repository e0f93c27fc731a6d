//! What happens when the code panics: the console gets the message with a JavaScript stack, and the
//! `worker` crate creates a new instance.
//!
//! Why the hooks are chained: the `worker` crate installs one at start, which marks the instance as
//! dead. Without it wasm-bindgen's own abort handling would still create a new instance (a test
//! with a broken chain showed that), but the `worker` crate would not know.

use std::sync::Once;

static INSTALLED: Once = Once::new();

/// Puts `console_error_panic_hook` before the existing hook. Every entry point calls it, by which
/// time the `worker` crate has installed its own. A new instance starts over.
pub fn install_hook() {
    INSTALLED.call_once(|| {
        let of_the_platform = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            console_error_panic_hook::hook(panic);
            of_the_platform(panic);
        }));
    });
}

/// Routes that break the instance, for the tests of recovery. Never in a deployed build.
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
