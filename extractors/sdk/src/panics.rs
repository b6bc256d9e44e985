//! A panic becomes a trap, and a trap carries no words: they are sent to the log first.

#[cfg(target_arch = "wasm32")]
use std::sync::Once;

/// Sees to it that a panic's message and place reach the operator's log. May be called often.
///
/// Natively it does nothing: there the panic's words are printed as usual.
pub fn log_them() {
    #[cfg(target_arch = "wasm32")]
    {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string())));
        });
    }
}
