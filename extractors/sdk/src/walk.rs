//! A walk through a JSON document: into what is wanted, past everything else.
//!
//! What is read is sound, and what parts it from what stands beside it, in both of the ways to go:
//!
//! - **swift**: what is short and plain is found at once ([`crate::plain`]), what nobody asks for is
//!   passed over by its brackets and quotes ([`crate::skip`]), and an object whose like has been met
//!   before is gone through by comparing whole keys with what stood there the last time
//!   ([`crate::shape`]).
//! - **strict**: every byte is checked ([`Scan`]), and nothing is expected of an object. It is for
//!   holding the swift way against it.
//!
//! Neither stops early in an object: a key may stand twice, and then the last one counts, as it does
//! for serde_json. Going on costs little, since keys are compared and values passed over.

use std::fmt;

use crate::json::Token;
use crate::plain;
use crate::scan::{Fault, Scan};
use crate::skip;

mod parts;

/// Why a document is not read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is not JSON there, or it ends there.
    Json(Fault),
    /// It is JSON, but not what Looker sends.
    Shape(String),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

/// A place in a document.
#[derive(Clone)]
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The same as text, where every byte is to be checked.
    strict: Option<&'a str>,
}

impl fmt::Debug for Walk<'_> {
    /// Where it stands: the document may be large.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Where a walk stood.
#[derive(Clone, Copy)]
pub(crate) struct Place(usize);

impl<'a> Walk<'a> {
    /// Begins a swift walk.
    pub fn swift(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            strict: None,
        }
    }

    /// Begins a strict walk.
    pub fn strict(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            strict: Some(text),
        }
    }

    /// The first byte of what is next, blanks passed over; none at the end.
    #[inline]
    pub fn next_byte(&mut self) -> Option<u8> {
        let here = self.bytes.get(self.at).copied();
        if here.is_none_or(|byte| byte > b' ') {
            return here;
        }
        // One blank is the most frequent number of them.
        let after = self.bytes.get(self.at + 1).copied();
        if here == Some(b' ') && after.is_some_and(|byte| byte > b' ') {
            self.at += 1;
            return after;
        }
        self.at = skip::blanks(self.bytes, self.at);
        self.bytes.get(self.at).copied()
    }

    /// Whether every byte is checked.
    pub fn is_strict(&self) -> bool {
        self.strict.is_some()
    }

    /// Passes over a text, if it is what stands here byte by byte.
    #[inline]
    pub fn takes(&mut self, text: &[u8]) -> bool {
        let end = self.at + text.len();
        let here = self.bytes.get(self.at..end);
        let takes = here.is_some_and(|here| skip::same(here, text));
        if takes {
            self.at = end;
        }
        takes
    }

    /// Where the walk stands, to come back to.
    #[inline]
    pub fn place(&self) -> Place {
        Place(self.at)
    }

    /// Goes back to where the walk stood.
    #[inline]
    pub fn back_to(&mut self, place: Place) {
        self.at = place.0;
    }

    /// What stands between this place and a later one.
    pub fn until(&self, later: &Self) -> &'a [u8] {
        self.bytes.get(self.at..later.at).unwrap_or_default()
    }

    /// Makes sure that this is the place where another walk through the same document has come to.
    pub fn meets(&self, other: &Self) -> Result<(), Wrong> {
        if self.at == other.at {
            Ok(())
        } else {
            Err(self.fault("brackets that belong together"))
        }
    }

    /// The next so many bytes; none where fewer are left, and where every byte is to be checked.
    #[inline]
    pub fn ahead(&self, count: usize) -> Option<&'a [u8]> {
        if self.strict.is_some() {
            return None;
        }
        self.bytes.get(self.at..)?.get(..count)
    }

    /// Passes over so many bytes, of which is known what they are.
    #[inline]
    pub fn pass(&mut self, count: usize) {
        self.at += count;
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at.min(self.bytes.len())
    }

    /// Reads one value.
    #[inline]
    pub fn token(&mut self) -> Result<Token<'a>, Wrong> {
        if let Some(end) = self.plain_end() {
            let value = self.bytes.get(self.at..end).unwrap_or_default();
            self.at = end;
            return Ok(Token::ascii(value));
        }
        self.any_token()
    }

    /// Where the value ends that begins here, if it is as plain as most are; none where every byte is
    /// to be checked.
    #[inline]
    fn plain_end(&self) -> Option<usize> {
        if self.strict.is_some() {
            return None;
        }
        plain::value(self.bytes, self.at)
    }

    /// Reads one value, whatever it is.
    #[cold]
    #[inline(never)]
    fn any_token(&mut self) -> Result<Token<'a>, Wrong> {
        let first = self.next_byte();
        if self.strict.is_some() {
            return self.checked(first);
        }
        let from = self.at;
        let end = match first {
            Some(b'"') => {
                let end = skip::ascii(self.bytes, from + 1);
                match self.bytes.get(end) {
                    Some(b'"') => end + 1,
                    Some(0x80..) => return self.text_beyond_ascii(end),
                    _ => return self.checked(first),
                }
            }
            Some(b'-' | b'0'..=b'9') => {
                let end = skip::number(self.bytes, from);
                if !plain::is_number(self.bytes.get(from..end).unwrap_or_default()) {
                    return self.checked(first);
                }
                end
            }
            Some(b't' | b'f' | b'n') => self.end_of(first)?,
            _ => return self.checked(first),
        };
        self.at = end;
        Ok(Token::ascii(self.bytes.get(from..end).unwrap_or_default()))
    }

    /// Reads a text that is plain ASCII up to there, where something else stands.
    fn text_beyond_ascii(&mut self, there: usize) -> Result<Token<'a>, Wrong> {
        let end = skip::plain(self.bytes, there);
        if self.bytes.get(end) != Some(&b'"') {
            return self.checked(Some(b'"'));
        }
        let token = self.piece(self.at, end + 1).map(Token::known)?;
        self.at = end + 1;
        Ok(token)
    }

    /// Reads one value and checks every byte of it.
    fn checked(&mut self, first: Option<u8>) -> Result<Token<'a>, Wrong> {
        let from = self.at;
        let text = match self.strict {
            Some(text) => text.get(from..).unwrap_or_default(),
            None => self.piece(from, self.end_of(first)?)?,
        };
        let mut scan = Scan::new(text);
        let token = scan.token().and_then(|token| match self.strict {
            Some(_) => Ok(token),
            None => scan.end().map(|()| token),
        });
        self.at = from + scan.done();
        token.map_err(|fault| {
            Wrong::Json(Fault {
                at: from + fault.at,
                ..fault
            })
        })
    }

    /// Passes over one value.
    #[inline]
    pub fn skip(&mut self) -> Result<(), Wrong> {
        if let Some(end) = self.plain_end() {
            self.at = end;
            return Ok(());
        }
        self.skip_any()
    }

    /// Passes over one value, whatever it is.
    #[inline(never)]
    fn skip_any(&mut self) -> Result<(), Wrong> {
        let first = self.next_byte();
        if self.strict.is_some() {
            return self.checked(first).map(drop);
        }
        self.at = self.end_of(first)?;
        Ok(())
    }

    /// Passes over one value by the swift way, of which is known what one in its place was; empty where
    /// that is not.
    ///
    /// Where a digit stands in the place of a digit, and nothing else differs, brackets and quotes are
    /// where they were, and what they enclose ends there too.
    #[inline]
    pub fn skip_like(&mut self, model: &[u8]) -> Result<(), Wrong> {
        if !model.is_empty() && self.strict.is_none() {
            self.next_byte();
            if skip::alike(self.bytes, self.at, model) {
                self.at += model.len();
                return Ok(());
            }
        }
        self.skip()
    }

    /// Reads a `null`; false, and nothing read, where something else stands.
    pub fn takes_null(&mut self) -> Result<bool, Wrong> {
        let takes = self.next_byte() == Some(b'n');
        if takes {
            self.token()?;
        }
        Ok(takes)
    }

    /// Makes sure that nothing follows.
    pub fn end(&mut self) -> Result<(), Wrong> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(self.fault("its end")),
        }
    }

    /// Where the value ends that begins here with this byte, by the swift way.
    #[inline]
    fn end_of(&self, first: Option<u8>) -> Result<usize, Wrong> {
        let end = match first {
            Some(b'"') => skip::string(self.bytes, self.at + 1),
            Some(b'{' | b'[') => match self.bytes.get(self.at + 1) {
                Some(b'}' | b']') => Some(self.at + 2),
                _ => skip::container(self.bytes, self.at + 1),
            },
            Some(b'-' | b'0'..=b'9') => Some(skip::number(self.bytes, self.at)),
            Some(b't') => return self.word(b"true"),
            Some(b'f') => return self.word(b"false"),
            Some(b'n') => return self.word(b"null"),
            _ => return Err(self.fault("a value")),
        };
        end.ok_or_else(|| self.cut())
    }

    fn word(&self, word: &[u8]) -> Result<usize, Wrong> {
        let end = self.at + word.len();
        match self.bytes.get(self.at..end) {
            Some(here) if here == word => Ok(end),
            Some(_) => Err(self.fault("a value")),
            None => Err(self.cut()),
        }
    }

    /// It ends too early.
    fn cut(&self) -> Wrong {
        Wrong::Json(Fault {
            at: self.bytes.len(),
            what: "the rest of it",
        })
    }

    fn piece(&self, from: usize, end: usize) -> Result<&'a str, Wrong> {
        let bytes = self.bytes.get(from..end).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|error| {
            Wrong::Json(Fault {
                at: from + error.valid_up_to(),
                what: "a character of UTF-8",
            })
        })
    }

    /// What stands here is something else than expected, or nothing.
    pub fn instead(&mut self, what: String) -> Wrong {
        match self.skip() {
            Ok(()) => Wrong::Shape(what),
            Err(wrong) => wrong,
        }
    }

    fn fault(&self, what: &'static str) -> Wrong {
        Wrong::Json(Fault { at: self.at, what })
    }

    /// Whether a fault is that the document ends too early.
    pub fn is_cut(&self, fault: Fault) -> bool {
        fault.at >= self.bytes.len()
    }
}
