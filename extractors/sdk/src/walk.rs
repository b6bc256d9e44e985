//! A walk through a JSON document: into what is wanted, past everything else.
//!
//! What is read is sound, and what parts it from what stands beside it, in both of the ways to go:
//!
//! - **swift**: what nobody asks for is passed over by its brackets and quotes ([`crate::skip`]), and
//!   an object whose like has been met before is gone through by comparing whole keys with what stood
//!   there the last time ([`Shape`]).
//! - **strict**: every byte is checked ([`Scan`]), and nothing is expected of an object. It is for
//!   holding the swift way against it.
//!
//! Neither stops early in an object: a key may stand twice, and then the last one counts, as it does
//! for serde_json. Going on costs little, since keys are compared and values passed over.

use crate::json::Token;
use crate::name::Name;
use crate::scan::{Fault, Scan};
use crate::shape::{Expected, Shape};
use crate::skip;

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
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The same as text, where every byte is to be checked.
    strict: Option<&'a str>,
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
                if !is_plain_number(self.bytes.get(from..end).unwrap_or_default()) {
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
        let first = self.next_byte();
        if self.strict.is_some() {
            return self.checked(first).map(drop);
        }
        self.at = self.end_of(first)?;
        Ok(())
    }

    /// Reads a `null`; false, and nothing read, where something else stands.
    pub fn takes_null(&mut self) -> Result<bool, Wrong> {
        let takes = self.next_byte() == Some(b'n');
        if takes {
            self.token()?;
        }
        Ok(takes)
    }

    /// Reads an object whose like there are more of. `role` says what a key leads to, none where nobody
    /// asks for it; `each` reads the value. `what` names what stands here if it is no object.
    #[inline]
    pub fn object<R: Copy>(
        &mut self,
        shape: &mut Shape<'a, Option<R>>,
        what: impl Fn() -> String,
        role: impl Fn(Name<'a>) -> Option<R>,
        mut each: impl FnMut(&mut Self, R) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'{', what)?;
        let mut first = true;
        let mut next = 0;
        loop {
            let from = self.at;
            let (place, role) = match self.follows(shape, &mut next, first) {
                Some(Expected::Whole) => {
                    first = false;
                    continue;
                }
                Some(Expected::Key(place, role)) => (Some(place), role),
                None => {
                    let Some(name) = self.member(first)? else {
                        return Ok(());
                    };
                    let role = role(name);
                    let before = self.bytes.get(from..self.at).unwrap_or_default();
                    (shape.remember(before, first, role, &mut next), role)
                }
            };
            first = false;
            let Some(role) = role else {
                // Another number may begin as this one does.
                let is_number = matches!(self.next_byte(), Some(b'-' | b'0'..=b'9'));
                self.skip()?;
                if let (Some(place), Some(whole)) = (place, self.bytes.get(from..self.at))
                    && !is_number
                {
                    shape.passed(place, whole);
                }
                continue;
            };
            each(self, role)?;
        }
    }

    /// Reads an object that is the only one of its kind, otherwise as [`Walk::object`] does.
    #[inline]
    pub fn lone_object(
        &mut self,
        what: impl Fn() -> String,
        mut each: impl FnMut(&mut Self, Name<'a>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'{', what)?;
        let mut first = true;
        while let Some(name) = self.member(first)? {
            first = false;
            each(self, name)?;
        }
        Ok(())
    }

    /// Reads the members of an object that `role` knows; anything else than an object is passed over,
    /// as if it had none.
    pub fn object_if_any<R: Copy>(
        &mut self,
        role: impl Fn(&[u8]) -> Option<R>,
        mut each: impl FnMut(R, Token<'a>),
    ) -> Result<(), Wrong> {
        if self.next_byte() != Some(b'{') {
            return self.skip();
        }
        self.lone_object(String::new, |walk, name| {
            match name.is(&role) {
                Some(role) => each(role, walk.token()?),
                None => walk.skip()?,
            }
            Ok(())
        })
    }

    /// Reads a list, item by item.
    pub fn list(
        &mut self,
        what: impl Fn() -> String,
        mut each: impl FnMut(&mut Self) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        self.opens(b'[', what)?;
        let mut first = true;
        while !self.closes(b']', first)? {
            each(self)?;
            first = false;
        }
        Ok(())
    }

    /// Makes sure that nothing follows.
    pub fn end(&mut self) -> Result<(), Wrong> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(self.fault("its end")),
        }
    }

    /// Passes over the bracket that a list or an object begins with.
    #[inline]
    fn opens(&mut self, open: u8, what: impl Fn() -> String) -> Result<(), Wrong> {
        if self.next_byte() != Some(open) {
            return Err(self.instead(what()));
        }
        self.at += 1;
        Ok(())
    }

    /// The key of an object's next member, and the way to its value; none where the object ends here.
    #[inline]
    fn member(&mut self, first: bool) -> Result<Option<Name<'a>>, Wrong> {
        if self.closes(b'}', first)? {
            return Ok(None);
        }
        let name = self.name()?;
        self.next_byte();
        Ok(Some(name))
    }

    /// An object's next member, if it is one of those that are expected next.
    #[inline]
    fn follows<R: Copy>(
        &mut self,
        shape: &Shape<'a, R>,
        next: &mut usize,
        first: bool,
    ) -> Option<Expected<R>> {
        if self.strict.is_some() {
            return None;
        }
        shape.expected(next, first, |text| self.takes(text))
    }

    /// Whether a list or object ends here, else what parts its next value from the one before.
    #[inline]
    fn closes(&mut self, close: u8, first: bool) -> Result<bool, Wrong> {
        match self.next_byte() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(false),
            _ => Err(self.fault("a comma or the closing bracket")),
        }
    }

    #[inline]
    fn name(&mut self) -> Result<Name<'a>, Wrong> {
        if self.next_byte() != Some(b'"') {
            return Err(self.fault("a key in quotes"));
        }
        let from = self.at;
        let plain = skip::plain(self.bytes, from + 1);
        let escaped = self.bytes.get(plain) != Some(&b'"');
        if escaped || self.strict.is_some() {
            let key = self.checked(Some(b'"'))?;
            if key.string().is_none() {
                return Err(self.fault("a key that is text"));
            }
        } else {
            self.at = plain + 1;
        }
        let raw = self.bytes.get(from..self.at).unwrap_or_default();
        if self.next_byte() != Some(b':') {
            return Err(self.fault("a colon"));
        }
        self.at += 1;
        Ok(Name::new(raw, escaped))
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

/// Whether a text is a number as most are written: digits, and a fraction at most.
fn is_plain_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at(digits(text));
    let is_whole = match whole {
        [] => false,
        [first, more @ ..] => *first != b'0' || more.is_empty(),
    };
    match rest {
        [] => is_whole,
        [b'.', fraction @ ..] => {
            is_whole && !fraction.is_empty() && digits(fraction) == fraction.len()
        }
        _ => false,
    }
}
