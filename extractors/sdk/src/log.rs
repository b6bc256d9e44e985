//! Lines for the operator's log. The host caps their number and length.
//!
//! Natively, where there is no host to take them, lines are dropped.

pub use crate::bindings::chart_extractor::lensmount::extractor::log::Level;

/// Writes one line at the level given.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use crate::bindings::chart_extractor::lensmount::extractor::lines;
        use crate::words;
        let pieces = message.as_bytes().chunks(words::MOST);
        for [first, second, third, fourth] in pieces.filter_map(words::of) {
            lines::put(first, second, third, fourth);
        }
        lines::end(level);
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (level, message);
}

/// A line that helps to follow what the extractor does.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// A line worth keeping.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// A line about something that looks wrong but did no harm.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// A line about something that went wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}
