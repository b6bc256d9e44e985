//! The text that a JSON string stands for, as its bytes come.

/// What stands for half of a pair that has lost the other half.
const LOST: &str = "\u{fffd}";

/// Where in an escape.
#[derive(Default)]
enum At {
    #[default]
    Plain,
    /// After a backslash.
    Escape,
    /// In `\u`: how many digits have come, and what they make.
    Code(u8, u16),
}

/// Takes the escapes out of a string whose opening quotation mark has been read.
#[derive(Default)]
pub(super) struct Unescaped {
    at: At,
    /// The first half of a pair whose second half has to come next.
    high: Option<u16>,
}

impl Unescaped {
    /// How many of the bytes belong to the string, its closing quotation mark included, and whether
    /// it ends with them.
    ///
    /// # Errors
    ///
    /// Where it is no JSON string, and why. What stands before that is in `out`.
    pub fn push(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(usize, bool), (usize, &'static str)> {
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            match &mut self.at {
                At::Plain => {
                    let run = memchr::memchr2(b'"', b'\\', &bytes[at..]);
                    let run = run.unwrap_or(bytes.len() - at);
                    let control = bytes[at..at + run].iter().position(|byte| *byte < 0x20);
                    let plain = &bytes[at..at + control.unwrap_or(run)];
                    if !plain.is_empty() {
                        self.pair_is_lost(out);
                        out.extend_from_slice(plain);
                    }
                    if let Some(place) = control {
                        return Err((at + place, "a control character in a string"));
                    }
                    at += run;
                    match bytes.get(at) {
                        Some(b'"') => {
                            self.pair_is_lost(out);
                            return Ok((at + 1, true));
                        }
                        Some(_) => {
                            self.at = At::Escape;
                            at += 1;
                        }
                        None => {}
                    }
                    continue;
                }
                At::Escape if byte == b'u' => self.at = At::Code(0, 0),
                At::Escape => {
                    let plain = match byte {
                        b'"' | b'\\' | b'/' => byte,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        _ => return Err((at, "an unknown escape in a string")),
                    };
                    self.pair_is_lost(out);
                    out.push(plain);
                    self.at = At::Plain;
                }
                At::Code(digits, code) => {
                    let digit = char::from(byte).to_digit(16);
                    let digit = digit.ok_or((at, "an unknown escape in a string"))?;
                    *code = *code << 4 | digit as u16;
                    *digits += 1;
                    if *digits == 4 {
                        let code = *code;
                        self.at = At::Plain;
                        self.code(code, out);
                    }
                }
            }
            at += 1;
        }
        Ok((at, false))
    }

    fn code(&mut self, code: u16, out: &mut Vec<u8>) {
        match (self.high.take(), code) {
            (Some(high), 0xdc00..=0xdfff) => put(char::decode_utf16([high, code]), out),
            (lost, code) => {
                if lost.is_some() {
                    out.extend_from_slice(LOST.as_bytes());
                }
                match code {
                    0xd800..=0xdbff => self.high = Some(code),
                    code => put(char::decode_utf16([code]), out),
                }
            }
        }
    }

    /// What comes next is no second half.
    fn pair_is_lost(&mut self, out: &mut Vec<u8>) {
        if self.high.take().is_some() {
            out.extend_from_slice(LOST.as_bytes());
        }
    }
}

fn put<I: Iterator<Item = u16>>(units: std::char::DecodeUtf16<I>, out: &mut Vec<u8>) {
    for unit in units {
        let unit = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(unit.encode_utf8(&mut [0; 4]).as_bytes());
    }
}
