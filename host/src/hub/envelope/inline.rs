//! Rows that stand in the request as they are: only their end is looked for.

/// How deep rows may be nested. What they are is judged by whoever receives them.
const DEEPEST: u32 = 1_000;

/// Looks for the end of a value whose opening bracket has been read.
pub(super) struct Inline {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Default for Inline {
    fn default() -> Self {
        Self {
            depth: 1,
            in_string: false,
            escaped: false,
        }
    }
}

impl Inline {
    /// How many of the bytes belong to the value, and whether it ends with them; none where it is
    /// nested too deeply.
    pub fn push(&mut self, bytes: &[u8]) -> Option<(usize, bool)> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                match super::string_end(&bytes[at..], &mut self.escaped) {
                    Some(taken) => (at, self.in_string) = (at + taken, false),
                    None => return Some((bytes.len(), false)),
                }
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            at += 1;
            match self.depth {
                0 => return Some((at, true)),
                depth if depth > DEEPEST => return None,
                _ => {}
            }
        }
        Some((at, false))
    }
}
