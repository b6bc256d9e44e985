//! A result taken apart as its bytes come: everything but the rows is kept as the head, and of the
//! rows only where they are.
//!
//! The document's own order does not matter, and no value is looked at: what stands in a row is the
//! mapper's business. What is found out here is whether the document is one whole JSON object, which
//! errors Looker tells in it, and where to cut the rows into chunks. Memory is that of the head and
//! of 32 bytes for each chunk, whatever the number of rows.

use std::ops::Range;

/// The most bytes that everything but the rows may have.
pub const LARGEST_HEAD: usize = 8 << 20;
/// The most bytes that one row may have: it is held in memory while it is mapped.
pub const LARGEST_ROW: usize = 8 << 20;
/// How deep a document may be nested.
const DEEPEST: usize = 128;
/// A chunk ends with the row that brings it to so many rows or bytes.
const CHUNK_ROWS: u32 = 512;
const CHUNK_BYTES: u64 = 256 << 10;

/// Why a document is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// It is not JSON, or not an object.
    #[error(
        "the result is not a JSON object ({found} at byte {at}); have the schedule send `json_detail` or `json_detail_lite_stream`"
    )]
    NotJson {
        /// What was found.
        found: String,
        /// Where.
        at: u64,
    },
    /// It ends too early.
    #[error(
        "the result broke off after {bytes} bytes, in the middle of it; nothing of it was sent, so run the schedule again"
    )]
    Cut {
        /// How much there was.
        bytes: u64,
    },
    /// It has no rows.
    #[error(
        "the result has no array `data`, so it has no rows; have the schedule send `json_detail` or `json_detail_lite_stream`"
    )]
    NoRows,
    /// It has rows twice.
    #[error("the result has more than one `data`; nothing of it was sent")]
    Twice,
    /// What is not rows is too large.
    #[error(
        "the result has more than {LARGEST_HEAD} bytes beside its rows; nothing of it was sent"
    )]
    Head,
    /// A row is too large.
    #[error("row {row} of the result has more than {LARGEST_ROW} bytes; nothing of it was sent")]
    Row {
        /// Its number, the first being 1.
        row: u64,
    },
    /// It is nested too deeply.
    #[error("the result is nested deeper than {DEEPEST} levels; nothing of it was sent")]
    Deep,
}

/// Whole rows that are mapped together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where its rows stand in the document: without brackets, with the commas between them.
    pub bytes: Range<u64>,
    /// The number of its first row, the first of all being 0.
    pub first: u64,
    /// How many there are.
    pub rows: u32,
}

/// A document that was taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The document without `data`.
    pub head: Vec<u8>,
    /// Its rows.
    pub chunks: Vec<Chunk>,
    /// How many rows there are.
    pub rows: u64,
    /// How many bytes the document has.
    pub bytes: u64,
}

/// Where the scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the document.
    Start,
    /// In the object, before a key or its end.
    Key { first: bool },
    /// In a key.
    InKey,
    /// After a key.
    Colon,
    /// Before a member's value.
    Value,
    /// In a member's value that goes to the head.
    InValue,
    /// After a member's value.
    Comma,
    /// Among the rows, before one.
    Row { first: bool },
    /// In a row.
    InRow,
    /// After a row.
    RowComma,
    /// After the document.
    End,
}

/// Takes a document apart.
#[derive(Debug)]
pub struct Scanner {
    at: At,
    /// Whether a string is open, and whether its next character is escaped.
    string: Option<bool>,
    /// The brackets that are open in the value or row that is being read.
    open: Vec<u8>,
    key: Vec<u8>,
    head: Vec<u8>,
    rows_seen: bool,
    chunk: Option<Chunk>,
    chunks: Vec<Chunk>,
    rows: u64,
    /// Bytes of the row that is being read.
    row: usize,
    position: u64,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            at: At::Start,
            string: None,
            open: Vec::new(),
            key: Vec::new(),
            head: vec![b'{'],
            rows_seen: false,
            chunk: None,
            chunks: Vec::new(),
            rows: 0,
            row: 0,
            position: 0,
        }
    }
}

impl Scanner {
    /// Reads on.
    ///
    /// # Errors
    ///
    /// When the document is no result; it is of no use to read on then.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), ScanError> {
        while let Some(&byte) = bytes.first() {
            let taken = match self.at {
                At::InRow => self.row(bytes)?,
                At::InValue => self.value(bytes)?,
                At::InKey => self.in_key(bytes)?,
                _ if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => 1,
                _ => {
                    self.between(byte)?;
                    // A value that has just begun is read from its first byte.
                    usize::from(!matches!(self.at, At::InRow | At::InValue))
                }
            };
            self.position += taken as u64;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// What was found, if the document was whole.
    ///
    /// # Errors
    ///
    /// When it was not, or had no rows.
    pub fn finish(mut self) -> Result<Scanned, ScanError> {
        if self.at != At::End {
            return Err(ScanError::Cut {
                bytes: self.position,
            });
        }
        if !self.rows_seen {
            return Err(ScanError::NoRows);
        }
        self.head.push(b'}');
        Ok(Scanned {
            head: self.head,
            chunks: self.chunks,
            rows: self.rows,
            bytes: self.position,
        })
    }

    /// How much memory is held for what was found so far, in bytes.
    pub fn holds(&self) -> usize {
        self.head.capacity() + self.chunks.capacity() * size_of::<Chunk>()
    }

    /// The document without `data`, once the document has ended.
    pub fn head(&self) -> Option<Vec<u8>> {
        (self.at == At::End).then(|| [self.head.as_slice(), b"}"].concat())
    }

    /// A byte between values.
    fn between(&mut self, byte: u8) -> Result<(), ScanError> {
        self.at = match (self.at, byte) {
            (At::Start, b'{') => At::Key { first: true },
            (At::Key { .. }, b'"') => {
                self.key.clear();
                self.string = Some(false);
                At::InKey
            }
            (At::Key { first: true } | At::Comma, b'}') => At::End,
            (At::Colon, b':') => At::Value,
            (At::Value, _) if self.key == b"\"data\"" => {
                if std::mem::replace(&mut self.rows_seen, true) {
                    return Err(ScanError::Twice);
                }
                if byte != b'[' {
                    return Err(ScanError::NoRows);
                }
                At::Row { first: true }
            }
            (At::Value, _) => {
                if self.head.len() > 1 {
                    self.head.push(b',');
                }
                self.head.extend_from_slice(&self.key);
                self.head.push(b':');
                At::InValue
            }
            (At::Comma, b',') => At::Key { first: false },
            (At::Row { first: true } | At::RowComma, b']') => {
                self.chunks.extend(self.chunk.take());
                At::Comma
            }
            (At::RowComma, b',') => At::Row { first: false },
            (At::Row { .. }, b'{') => {
                self.chunk.get_or_insert(Chunk {
                    bytes: self.position..self.position,
                    first: self.rows,
                    rows: 0,
                });
                At::InRow
            }
            _ => return Err(self.unexpected(byte, 0)),
        };
        Ok(())
    }

    /// In a key, which is kept as it is spelled; one that needs escapes is none that is looked for.
    fn in_key(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        if self.key.is_empty() {
            self.key.push(b'"');
        }
        let (taken, ended) = in_string(bytes, &mut self.string);
        self.key.extend_from_slice(&bytes[..taken]);
        if self.key.len() > LARGEST_HEAD {
            return Err(ScanError::Head);
        }
        if ended {
            self.at = At::Colon;
            // `d\u0061ta` is `data` as well, and must not hide rows.
            if self.key.contains(&b'\\') {
                let plain = serde_json::from_slice::<String>(&self.key);
                let plain = plain.map_err(|_| self.unexpected(b'"', taken - 1))?;
                self.key = serde_json::to_vec(&plain).unwrap_or_default();
            }
        }
        Ok(taken)
    }

    /// In a value that goes to the head.
    fn value(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        let (taken, ended) = self.inside(bytes)?;
        if self.head.len() + taken > LARGEST_HEAD {
            return Err(ScanError::Head);
        }
        self.head.extend_from_slice(&bytes[..taken]);
        if ended {
            self.at = At::Comma;
        }
        Ok(taken)
    }

    /// In a row.
    fn row(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        let (taken, ended) = self.inside(bytes)?;
        self.row += taken;
        if self.row > LARGEST_ROW {
            return Err(ScanError::Row { row: self.rows + 1 });
        }
        if ended {
            self.at = At::RowComma;
            self.rows += 1;
            self.row = 0;
            let end = self.position + taken as u64;
            if let Some(chunk) = &mut self.chunk {
                chunk.rows += 1;
                chunk.bytes.end = end;
                if chunk.rows >= CHUNK_ROWS || end - chunk.bytes.start >= CHUNK_BYTES {
                    self.chunks.extend(self.chunk.take());
                }
            }
        }
        Ok(taken)
    }

    /// Reads on in a value: how many bytes of it there are, and whether it has ended with them. A
    /// number or a word ends before the byte that follows it.
    fn inside(&mut self, bytes: &[u8]) -> Result<(usize, bool), ScanError> {
        let mut taken = 0;
        while let Some(&byte) = bytes.get(taken) {
            if self.string.is_some() {
                let (more, ended) = in_string(&bytes[taken..], &mut self.string);
                taken += more;
                if ended && self.open.is_empty() {
                    return Ok((taken, true));
                }
                continue;
            }
            match byte {
                b'"' => self.string = Some(false),
                b'{' | b'[' => {
                    if self.open.len() >= DEEPEST {
                        return Err(ScanError::Deep);
                    }
                    self.open.push(byte);
                }
                b'}' | b']' => {
                    // The closing brackets stand two after the opening ones in ASCII.
                    match self.open.pop() {
                        Some(open) if open + 2 == byte => {}
                        None if taken > 0 || self.at == At::InValue => return Ok((taken, true)),
                        _ => return Err(self.unexpected(byte, taken)),
                    }
                    if self.open.is_empty() {
                        return Ok((taken + 1, true));
                    }
                }
                b',' if self.open.is_empty() => return Ok((taken, true)),
                _ => {}
            }
            taken += 1;
        }
        Ok((taken, false))
    }

    /// A byte that cannot stand where it does, so many bytes after those that were read.
    fn unexpected(&self, byte: u8, ahead: usize) -> ScanError {
        ScanError::NotJson {
            found: format!("{:?}", char::from(byte)),
            at: self.position + ahead as u64,
        }
    }
}

/// Where each of some rows stands that were scanned before: objects with commas between them.
#[must_use]
pub fn rows_in(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut rows, mut depth, mut begin, mut at) = (Vec::new(), 0_usize, 0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let mut string = Some(false);
                at += in_string(&bytes[at + 1..], &mut string).0;
            }
            b'{' | b'[' => {
                if depth == 0 {
                    begin = at;
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    rows.push(begin..at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    rows
}

/// Reads on in a string: how many bytes of it there are, and whether it has ended with them.
fn in_string(bytes: &[u8], string: &mut Option<bool>) -> (usize, bool) {
    let mut escaped = string.unwrap_or_default();
    let mut taken = 0;
    loop {
        if escaped {
            if taken == bytes.len() {
                break;
            }
            taken += 1;
            escaped = false;
        }
        match memchr::memchr2(b'"', b'\\', &bytes[taken..]) {
            None => {
                taken = bytes.len();
                break;
            }
            Some(found) if bytes[taken + found] == b'"' => {
                *string = None;
                return (taken + found + 1, true);
            }
            Some(found) => {
                taken += found + 1;
                escaped = true;
            }
        }
    }
    *string = Some(escaped);
    (taken, false)
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
