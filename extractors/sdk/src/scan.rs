//! One pass over JSON text: every byte is checked, and nothing is kept that is not asked for.
//!
//! Rows come by the million and most of their bytes go through as they are. A value is therefore
//! a piece of the text, and what is skipped costs no more than looking at it.

use std::borrow::Cow;

use crate::json::Token;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which byte of the text it shows at.
    pub at: usize,
    /// What should have stood there, or should not.
    pub what: &'static str,
}

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The key of an object's member.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// With its quotes.
    quoted: &'a str,
    escaped: bool,
}

impl<'a> Key<'a> {
    /// As it came, with its quotes.
    pub fn raw(self) -> &'a str {
        self.quoted
    }

    /// Its text, escapes decoded. Half a surrogate pair is no text: then it is as it came.
    pub fn text(self) -> Cow<'a, str> {
        self.decoded()
            .unwrap_or_else(|| Cow::Borrowed(self.inner()))
    }

    /// Its text, escapes decoded; none where it is half a surrogate pair.
    pub fn decoded(self) -> Option<Cow<'a, str>> {
        if self.escaped {
            Token::known(self.quoted).string()
        } else {
            Some(Cow::Borrowed(self.inner()))
        }
    }

    /// Whether it is this text.
    pub fn is(self, text: &str) -> bool {
        self.inner() == text || (self.escaped && self.text() == text)
    }

    fn inner(self) -> &'a str {
        let raw = self.raw();
        raw.get(1..raw.len() - 1).unwrap_or_default()
    }
}

impl<'a> Scan<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were read.
    pub fn done(&self) -> usize {
        self.at
    }

    /// The first byte of the next value, space before it skipped; none at the end.
    pub fn next_byte(&mut self) -> Option<u8> {
        while matches!(self.here(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        self.here()
    }

    /// Reads one whole value.
    pub fn token(&mut self) -> Result<Token<'a>, Fault> {
        self.next_byte();
        let from = self.at;
        self.value()?;
        Ok(self.since(from))
    }

    /// Reads one object, member by member: `each` has to read the member's value.
    pub fn members<E: From<Fault>>(
        &mut self,
        mut each: impl FnMut(&mut Self, Key<'a>) -> Result<(), E>,
    ) -> Result<Token<'a>, E> {
        self.expect(b'{', "an object")?;
        let from = self.at - 1;
        if !self.take(b'}') {
            loop {
                let key = self.key()?;
                each(self, key)?;
                if self.closes(b'}')? {
                    break;
                }
            }
        }
        Ok(self.since(from))
    }

    /// Reads one list, item by item: `each` has to read the item.
    pub fn items<E: From<Fault>>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(b'[', "a list")?;
        if !self.take(b']') {
            loop {
                each(self)?;
                if self.closes(b']')? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Goes into an object; whether it has a member.
    pub(crate) fn enters(&mut self) -> Result<bool, Fault> {
        self.expect(b'{', "an object")?;
        Ok(!self.take(b'}'))
    }

    /// Whether the object ends after a member; else its next key is next.
    pub(crate) fn leaves(&mut self) -> Result<bool, Fault> {
        self.closes(b'}')
    }

    /// Reads a key that is written just so, with its quotes, and is followed by a colon; false,
    /// and nothing read, where another or the same in another way stands there.
    pub(crate) fn takes_key(&mut self, raw: &str) -> bool {
        self.next_byte();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let Some((key, [b':', ..])) = rest.split_at_checked(raw.len()) else {
            return false;
        };
        let takes = same(key, raw.as_bytes());
        if takes {
            self.at += raw.len() + 1;
        }
        takes
    }

    /// Reads an object of one member whose text begins just so, and gives the member's value and
    /// the whole; none, and nothing read, where it is not one.
    pub(crate) fn lone_member(
        &mut self,
        beginning: &'static [u8; 9],
    ) -> Result<Option<(Token<'a>, Token<'a>)>, Fault> {
        let from = self.at;
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        if rest.first_chunk() != Some(beginning) {
            return Ok(None);
        }
        self.at += beginning.len();
        let value = self.token()?;
        if self.here() != Some(b'}') {
            self.at = from;
            return Ok(None);
        }
        self.at += 1;
        Ok(Some((value, self.since(from))))
    }

    /// Makes sure that nothing follows.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(self.fault("its end")),
        }
    }

    fn here(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, from: usize) -> Token<'a> {
        Token::known(self.text.get(from..self.at).unwrap_or_default())
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.next_byte() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.fault(what))
        }
    }

    /// Whether a list or object ends here, else the comma before what is next.
    fn closes(&mut self, close: u8) -> Result<bool, Fault> {
        if self.take(b',') {
            return Ok(false);
        }
        self.expect(close, "a comma or the closing bracket")?;
        Ok(true)
    }

    pub(crate) fn key(&mut self) -> Result<Key<'a>, Fault> {
        if self.next_byte() != Some(b'"') {
            return Err(self.fault("a key in quotes"));
        }
        let from = self.at;
        let escaped = self.string()?;
        let quoted = self.text.get(from..self.at).unwrap_or_default();
        self.expect(b':', "a colon")?;
        Ok(Key { quoted, escaped })
    }

    /// However deep lists and objects stand in each other: this does not go into itself, for the text
    /// may be a stranger's.
    fn value(&mut self) -> Result<(), Fault> {
        let mut open = Open::default();
        loop {
            match self.next_byte() {
                Some(b'"') => drop(self.string()?),
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b'{') => {
                    self.at += 1;
                    if !self.take(b'}') {
                        self.key()?;
                        open.enter(true);
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take(b']') {
                        open.enter(false);
                        continue;
                    }
                }
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                _ => return Err(self.fault("a value")),
            }
            loop {
                let Some(is_object) = open.innermost() else {
                    return Ok(());
                };
                if !self.closes(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.key()?;
                    }
                    break;
                }
                open.leave();
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.fault("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        self.at += usize::from(self.here() == Some(b'-'));
        if self.here() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.here() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.here(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.here(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let from = self.at;
        while matches!(self.here(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from {
            return Err(self.fault("a digit"));
        }
        Ok(())
    }

    /// A string from its opening quote; whether it has escapes.
    fn string(&mut self) -> Result<bool, Fault> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            self.at += plain(bytes.get(self.at..).unwrap_or_default());
            match self.here() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault("an escape, as control characters take")),
                None => return Err(self.fault("the rest of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let after = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let length = match after {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|hex| hex.is_ascii_hexdigit()) => 5,
            _ => return Err(self.fault("an escape that JSON knows")),
        };
        self.at += 1 + length;
        Ok(())
    }
}

/// The lists and objects that are open: a bit each, the innermost lowest. Those beyond sixty-four are
/// kept aside, so that nothing is allocated for what Looker sends.
#[derive(Default)]
struct Open {
    objects: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Open {
    fn enter(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(std::mem::take(&mut self.objects));
        }
        self.objects = self.objects << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.objects = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; none where none is open.
    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.objects & 1 == 1)
    }
}

/// Whether two texts are the same, compared by words: comparing bytes by the library's function
/// is a loop over single bytes in WebAssembly.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
    if one.len() != other.len() {
        return false;
    }
    let (Some(first), Some(last)) = (word(one.first_chunk()), word(one.last_chunk())) else {
        return short(one, other);
    };
    // The last eight bytes may lie across the last two words.
    if Some(first) != word(other.first_chunk()) || Some(last) != word(other.last_chunk()) {
        return false;
    }
    let ((words, _), (others, _)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut between = words.iter().zip(others).skip(1);
    one.len() <= 16 || between.all(|(one, other)| word(Some(one)) == word(Some(other)))
}

/// Whether a byte stands in a text that is shorter than two words.
#[inline]
pub(crate) fn has(text: &[u8], byte: u8) -> bool {
    // The last bytes may lie across the first ones.
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return [first, last].map(|word| is(u64::from_le_bytes(*word), byte)) != [0, 0];
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let halves = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return is(halves[0] | halves[1] << 32, byte) != 0;
    }
    text.contains(&byte)
}

/// The same of texts that are as long as each other, and shorter than a word.
#[inline]
fn short(one: &[u8], other: &[u8]) -> bool {
    let half = |bytes: Option<&[u8; 4]>| bytes.map(|bytes| u32::from_le_bytes(*bytes));
    match half(one.first_chunk()) {
        None => one.iter().zip(other).all(|(one, other)| one == other),
        first => {
            first == half(other.first_chunk()) && half(one.last_chunk()) == half(other.last_chunk())
        }
    }
}

/// How many bytes stand before the next quote, backslash or control character.
fn plain(bytes: &[u8]) -> usize {
    let mut length = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return length + (marks.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length
        + rest
            .iter()
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .count()
}

/// The high bit of each byte that ends a plain stretch, as [`less`] tells it.
fn marks(word: u64) -> u64 {
    is(word, b'"') | is(word, b'\\') | less(word, 0x20)
}

/// The high bit of each byte that is this one, as [`less`] tells it.
#[inline]
fn is(word: u64, byte: u8) -> u64 {
    less(word ^ (ONES * u64::from(byte)), 1)
}

/// The high bit of each byte that is less than that. Above the lowest of them there may be bits too
/// many, for a subtraction borrows from the byte above; the lowest is always right.
#[inline]
fn less(word: u64, than: u64) -> u64 {
    word.wrapping_sub(ONES * than) & !word & ONES << 7
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
