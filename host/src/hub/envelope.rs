//! Looker's request to run an action, taken apart as its bytes come: the rows of `attachment.data`
//! go on as they come, whatever their size and wherever they stand, and all the rest is kept.
//!
//! Rows come as a string of JSON text, as base64 in a string, or as the result itself in place of a
//! string. What is kept may have [`LARGEST_KEPT`] bytes, so memory is the same for every request.

mod inline;
mod request;
mod text;
mod unbased;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

use inline::Inline;
use text::Unescaped;
use unbased::Unbased;

pub use request::{Kind, Request};

/// The most bytes that a request may have.
pub const LARGEST: u64 = 250 << 20;
/// The most bytes that everything but the rows may have.
pub const LARGEST_KEPT: usize = 1 << 20;
/// How deep everything but the rows may be nested.
const DEEPEST: usize = 100;

/// Why a request cannot be read. None of them says what stood in it, since that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no JSON, or not whole.
    #[error(
        "the request is not a whole JSON object ({what} at byte {at}), so nothing was done; run the schedule again"
    )]
    NotJson {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// It has too many bytes.
    #[error(
        "the request is larger than {} MiB, so nothing was done; have Looker send a download URL, or fewer rows",
        LARGEST >> 20
    )]
    TooLarge,
    /// Everything but the rows has too many bytes.
    #[error(
        "the request has more than {} KiB beside the rows, so nothing was done; take some settings or filters out of the schedule",
        LARGEST_KEPT >> 10
    )]
    TooMuch,
    /// It is nested too deeply.
    #[error("the request is nested deeper than {DEEPEST} levels, so nothing was done")]
    Deep,
    /// Something stands in it twice.
    #[error("the request has `{name}` twice, so nothing was done")]
    Twice {
        /// What.
        name: &'static str,
    },
    /// The rows are not in the form that the request says.
    #[error(
        "the attachment says that it is base64 and is not, or the other way round; nothing was done"
    )]
    NotBase64,
}

/// The members of the request that are more than kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Attachment,
    Data,
    Mimetype,
    Other,
}

/// Where the reader is.
enum At {
    /// Before the request.
    Start,
    /// Between the tokens of what is kept.
    Between,
    /// In a string that is kept; where it began in `kept`, and whether it is a key.
    InString {
        start: usize,
        key: bool,
        escaped: bool,
    },
    /// In rows that are a string.
    InText(Box<(Unescaped, Decoder)>),
    /// In rows that stand in the request themselves.
    InRows(Inline),
    /// After the request.
    End,
}

/// How rows in a string are written.
enum Decoder {
    /// Nothing of them has come, and nothing says how they are written.
    Unknown,
    /// As text.
    Text,
    /// As base64.
    Base64(Unbased),
}

/// Takes a request apart.
pub struct Reader {
    at: At,
    kept: Vec<u8>,
    /// For each level that is open, whether it is an object.
    open: Vec<bool>,
    key: Key,
    /// A key comes next, if a string does.
    key_next: bool,
    /// A value comes next.
    value_next: bool,
    in_attachment: bool,
    seen_attachment: bool,
    mimetype: Option<String>,
    /// Whether there were rows, and whether they were base64.
    rows: Option<bool>,
    bytes: u64,
}

/// A request that was read.
pub struct Envelope {
    /// All but the rows.
    pub request: Request,
    /// Whether rows came with it.
    pub rows: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            at: At::Start,
            kept: Vec::new(),
            open: Vec::new(),
            key: Key::Other,
            key_next: false,
            value_next: false,
            in_attachment: false,
            seen_attachment: false,
            mimetype: None,
            rows: None,
            bytes: 0,
        }
    }
}

impl Reader {
    /// Takes the bytes that come next, and adds to `rows` what of the rows is in them, decoded.
    ///
    /// # Errors
    ///
    /// As soon as it is known that this is no request. The reader is of no use after that.
    pub fn push(&mut self, mut bytes: &[u8], rows: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > LARGEST {
            return Err(EnvelopeError::TooLarge);
        }
        while !bytes.is_empty() {
            let end = self.bytes;
            let broken = |what: &'static str, left: usize| EnvelopeError::NotJson {
                what,
                at: end - left as u64,
            };
            match &mut self.at {
                At::InText(text) => {
                    let (unescaped, decoder) = &mut **text;
                    let left = bytes.len();
                    let unsound = |(at, what)| broken(what, left - at);
                    let (taken, over) = if matches!(decoder, Decoder::Text) {
                        unescaped.push(bytes, rows).map_err(unsound)?
                    } else {
                        let mut plain = Vec::new();
                        let taken = unescaped.push(bytes, &mut plain);
                        // What stands before an unsound escape is judged before it is.
                        decoder.push(&plain, self.mimetype.as_deref(), rows)?;
                        taken.map_err(unsound)?
                    };
                    if over {
                        self.rows = decoder.finish(rows)?;
                        self.at = At::Between;
                    }
                    bytes = &bytes[taken..];
                }
                At::InRows(inline) => {
                    let (taken, over) = inline.push(bytes).ok_or(EnvelopeError::Deep)?;
                    rows.extend_from_slice(&bytes[..taken]);
                    if over {
                        self.rows = Some(false);
                        self.at = At::Between;
                    }
                    bytes = &bytes[taken..];
                }
                At::InString {
                    start,
                    key,
                    escaped,
                } => {
                    let (start, key) = (*start, *key);
                    let taken = string_end(bytes, escaped);
                    self.kept
                        .extend_from_slice(&bytes[..taken.unwrap_or(bytes.len())]);
                    bytes = &bytes[taken.unwrap_or(bytes.len())..];
                    if taken.is_some() {
                        self.at = At::Between;
                        self.string(start, key).map_err(|error| {
                            error.unwrap_or_else(|| broken("an unsound string", bytes.len()))
                        })?;
                    }
                }
                At::Start | At::Between | At::End => {
                    let (byte, rest) = (bytes[0], &bytes[1..]);
                    self.token(byte).map_err(|what| broken(what, bytes.len()))?;
                    bytes = rest;
                    if self.open.len() > DEEPEST {
                        return Err(EnvelopeError::Deep);
                    }
                    if matches!(self.at, At::InRows(_)) {
                        rows.push(byte);
                    }
                }
            }
            if self.kept.len() > LARGEST_KEPT {
                return Err(EnvelopeError::TooMuch);
            }
        }
        Ok(())
    }

    /// A byte between tokens.
    fn token(&mut self, byte: u8) -> Result<(), &'static str> {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            // One is enough to keep apart what it kept apart.
            if matches!(self.at, At::Between) && self.kept.last() != Some(&b' ') {
                self.kept.push(b' ');
            }
            return Ok(());
        }
        match self.at {
            At::Start if byte == b'{' => self.at = At::Between,
            At::Start => return Err("something other than an object"),
            At::End => return Err("something after its end"),
            _ => {}
        }
        let value = std::mem::take(&mut self.value_next);
        let is_rows = value && self.key == Key::Data;
        if is_rows && matches!(byte, b'"' | b'{' | b'[') {
            // What is kept stays JSON.
            self.kept.extend_from_slice(b"true");
            self.at = match byte {
                b'"' => At::InText(Box::new((Unescaped::default(), Decoder::Unknown))),
                _ => At::InRows(Inline::default()),
            };
            return Ok(());
        }
        self.kept.push(byte);
        match byte {
            b'"' => {
                self.at = At::InString {
                    start: self.kept.len() - 1,
                    key: std::mem::take(&mut self.key_next),
                    escaped: false,
                }
            }
            b'{' | b'[' => {
                self.in_attachment |= value && self.key == Key::Attachment && byte == b'{';
                self.open.push(byte == b'{');
                self.key_next = byte == b'{';
                self.key = Key::Other;
            }
            b'}' | b']' => {
                self.open.pop();
                self.in_attachment &= self.open.len() > 1;
                self.key_next = false;
                if self.open.is_empty() {
                    self.at = At::End;
                }
            }
            b',' => self.key_next = self.open.last() == Some(&true),
            b':' => self.value_next = true,
            _ => {}
        }
        Ok(())
    }

    /// A string that has been kept whole, from `start` on.
    fn string(&mut self, start: usize, key: bool) -> Result<(), Option<EnvelopeError>> {
        let text = || serde_json::from_slice::<String>(&self.kept[start..]).map_err(|_| None);
        let twice = |name| Err(Some(EnvelopeError::Twice { name }));
        match (key, self.open.len()) {
            (true, 1) => {
                self.key = match text()?.as_str() {
                    "attachment" if self.seen_attachment => return twice("attachment"),
                    "attachment" => Key::Attachment,
                    _ => Key::Other,
                };
                self.seen_attachment |= self.key == Key::Attachment;
            }
            (true, 2) if self.in_attachment => {
                self.key = match text()?.as_str() {
                    "data" if self.rows.is_some() => return twice("attachment.data"),
                    "data" => Key::Data,
                    "mimetype" => Key::Mimetype,
                    _ => Key::Other,
                };
            }
            (true, _) => self.key = Key::Other,
            (false, 2) if self.in_attachment && self.key == Key::Mimetype => {
                self.mimetype = Some(text()?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The whole request. One of no bytes is one that says nothing.
    ///
    /// # Errors
    ///
    /// When it is not whole.
    pub fn finish(self) -> Result<Envelope, EnvelopeError> {
        let broken = |what| EnvelopeError::NotJson {
            what,
            at: self.bytes,
        };
        match self.at {
            At::Start => {
                let (request, rows) = (Request::default(), false);
                return Ok(Envelope { request, rows });
            }
            At::End => {}
            _ => return Err(broken("its end")),
        }
        if let (Some(base64), Some(mimetype)) = (self.rows, &self.mimetype)
            && is_base64(mimetype) != base64
        {
            return Err(EnvelopeError::NotBase64);
        }
        let request = Request::parse(&self.kept).ok_or_else(|| broken("something out of place"))?;
        Ok(Envelope {
            request,
            rows: self.rows.is_some(),
        })
    }
}

/// Where a string ends, its closing quotation mark included.
fn string_end(bytes: &[u8], escaped: &mut bool) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        if std::mem::take(escaped) {
            at += 1;
            continue;
        }
        let found = memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        at += found + 1;
        match bytes[at - 1] {
            b'"' => return Some(at),
            _ => *escaped = true,
        }
    }
    None
}

fn is_base64(mimetype: &str) -> bool {
    mimetype.trim_end().ends_with(";base64")
}

impl Decoder {
    fn push(
        &mut self,
        plain: &[u8],
        declared: Option<&str>,
        rows: &mut Vec<u8>,
    ) -> Result<(), EnvelopeError> {
        let mut plain = plain;
        if matches!(self, Self::Unknown) {
            plain = plain.trim_ascii_start();
            let Some(first) = plain.first() else {
                return Ok(());
            };
            // Where the rows come before their type: JSON text begins with what no base64 holds.
            let base64 = declared.map_or_else(|| first.is_ascii_alphanumeric(), is_base64);
            *self = if base64 {
                Self::Base64(Unbased::default())
            } else {
                Self::Text
            };
        }
        match self {
            Self::Base64(unbased) => unbased.push(plain, rows).ok_or(EnvelopeError::NotBase64),
            _ => {
                rows.extend_from_slice(plain);
                Ok(())
            }
        }
    }

    /// Whether it was base64; none where there was nothing.
    fn finish(&mut self, rows: &mut Vec<u8>) -> Result<Option<bool>, EnvelopeError> {
        match self {
            Self::Base64(unbased) => {
                unbased.finish(rows).ok_or(EnvelopeError::NotBase64)?;
                Ok(Some(true))
            }
            Self::Text => Ok(Some(false)),
            Self::Unknown => Ok(None),
        }
    }
}
