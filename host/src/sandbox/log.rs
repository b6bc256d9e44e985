//! The lines a guest writes to the operator's log, capped so that a flood costs nothing.

use super::bindings::chart_world::lensmount::extractor::log::Level;
use super::limits::Limits;

/// One line that an extractor wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// The text, cut where the cap on bytes fell.
    pub message: String,
}

/// Bytes that are kept of the last error beyond the cap.
const LAST_WORDS: usize = 1 << 10;

/// Collects the lines of one call.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Vec<LogLine>,
    pub dropped: usize,
    /// The last error beyond the cap: a panic says why there, and a chatty guest's must not be lost.
    last_error: Option<LogLine>,
    kept_bytes: usize,
    seen_lines: usize,
    seen_bytes: usize,
    /// The line that is being written, as far as any of it could be kept.
    open: Vec<u8>,
}

impl Log {
    /// Keeps the line if there is room. Returns `false` once the call has become a flood.
    pub fn write(&mut self, limits: &Limits, level: Level, message: String) -> bool {
        self.seen_bytes += message.len();
        self.keep(limits, level, message);
        self.is_bearable(limits)
    }

    /// Adds to the line that is being written. Returns `false` once the call has become a flood.
    pub fn put(&mut self, limits: &Limits, bytes: impl Iterator<Item = u8>) -> bool {
        // What no line is long enough for is counted only.
        let most = limits.log_bytes.max(LAST_WORDS);
        for byte in bytes {
            self.seen_bytes += 1;
            if self.open.len() < most {
                self.open.push(byte);
            }
        }
        self.is_bearable(limits)
    }

    /// Ends that line. Returns `false` once the call has become a flood.
    pub fn end(&mut self, limits: &Limits, level: Level) -> bool {
        let line = std::mem::take(&mut self.open);
        self.keep(limits, level, String::from_utf8_lossy(&line).into_owned());
        self.is_bearable(limits)
    }

    /// Ends a line that the call did not end: whatever stopped it, these are its last words.
    pub fn close(&mut self, limits: &Limits) {
        if !self.open.is_empty() {
            self.end(limits, Level::Error);
        }
    }

    fn is_bearable(&self, limits: &Limits) -> bool {
        self.seen_lines <= limits.flood_lines && self.seen_bytes <= limits.flood_bytes
    }

    fn keep(&mut self, limits: &Limits, level: Level, message: String) {
        self.seen_lines += 1;
        let room = limits.log_bytes.saturating_sub(self.kept_bytes);
        if self.lines.len() < limits.log_lines && room > 0 {
            let message = cut(message, room);
            self.kept_bytes += message.len();
            self.lines.push(LogLine {
                level: name(level),
                message,
            });
        } else {
            self.dropped += 1;
            if matches!(level, Level::Error) {
                self.last_error = Some(LogLine {
                    level: name(level),
                    message: cut(message, LAST_WORDS),
                });
            }
        }
    }

    /// What was kept, and after it the last error, where that came beyond the cap.
    pub fn take(&mut self) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut self.lines);
        if let Some(last) = self.last_error.take() {
            self.dropped -= 1;
            lines.push(last);
        }
        lines
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

fn cut(mut message: String, room: usize) -> String {
    if message.len() > room {
        message.truncate(message.floor_char_boundary(room));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            log_lines: 2,
            log_bytes: 8,
            flood_lines: 4,
            flood_bytes: 64,
            ..Limits::default()
        }
    }

    #[test]
    fn lines_beyond_the_cap_are_counted_and_dropped() {
        let mut log = Log::default();
        for line in ["one", "two", "three"] {
            assert!(log.write(&limits(), Level::Info, line.into()));
        }
        let kept: Vec<_> = log.lines.iter().map(|line| line.message.as_str()).collect();
        assert_eq!((kept, log.dropped), (vec!["one", "two"], 1));
    }

    #[test]
    fn the_last_error_is_kept_beyond_the_cap() {
        let mut log = Log::default();
        for line in ["one", "two"] {
            log.write(&limits(), Level::Info, line.into());
        }
        log.write(&limits(), Level::Error, "first".into());
        log.write(&limits(), Level::Error, "x".repeat(LAST_WORDS + 1));
        let kept = log.take();
        let sizes: Vec<_> = kept.iter().map(|line| line.message.len()).collect();
        assert_eq!((sizes, log.dropped), (vec![3, 3, LAST_WORDS], 1));
        assert_eq!(kept[2].level, "error");
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let mut log = Log::default();
        log.write(&limits(), Level::Warn, "ääääää".into());
        assert_eq!(log.lines[0].message, "ääää");
    }

    #[test]
    fn a_line_in_pieces_is_a_line_and_one_that_is_not_ended_is_an_error() {
        let mut log = Log::default();
        assert!(log.put(&limits(), "ä".bytes().take(1)));
        assert!(log.put(&limits(), "ä".bytes().skip(1)));
        assert!(log.end(&limits(), Level::Info));
        assert!(log.put(&limits(), "why".bytes()));
        log.close(&limits());
        log.close(&limits());
        let lines = log.take().into_iter();
        let lines: Vec<_> = lines.map(|line| (line.level, line.message)).collect();
        assert_eq!(lines, [("info", "ä".into()), ("error", "why".into())]);
    }

    #[test]
    fn a_line_without_an_end_is_a_flood_of_which_little_is_held() {
        let mut log = Log::default();
        assert!(log.put(&limits(), std::iter::repeat_n(0xff, 64)));
        assert!(!log.put(&limits(), std::iter::once(0xff)));
        let many = Limits {
            flood_bytes: usize::MAX,
            ..limits()
        };
        assert!(log.put(&many, std::iter::repeat_n(b'x', 1 << 20)));
        assert_eq!(log.open.len(), LAST_WORDS);
    }

    #[test]
    fn too_many_lines_or_bytes_are_a_flood() {
        let mut log = Log::default();
        let answers: Vec<_> = (0..6)
            .map(|_| log.write(&limits(), Level::Info, "x".into()))
            .collect();
        assert_eq!(answers, [true, true, true, true, false, false]);
        assert!(!Log::default().write(&limits(), Level::Info, "x".repeat(65)));
    }
}
