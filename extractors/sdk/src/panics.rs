//! A panic becomes a trap, and a trap carries no words: they are sent to the log first.

#[cfg(target_arch = "wasm32")]
use std::sync::atomic::{AtomicBool, Ordering};

/// Sees to it that a panic's message and place reach the operator's log. May be called often.
///
/// Natively it does nothing: there the panic's words are printed as usual.
pub fn log_them() {
    #[cfg(target_arch = "wasm32")]
    {
        // A module has one thread. `Once` would call what it is given by the module's table, and the
        // host looks up anew in every instance what is first called so.
        static IS_SET: AtomicBool = AtomicBool::new(false);
        if !IS_SET.swap(true, Ordering::Relaxed) {
            std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string())));
        }
    }
}
