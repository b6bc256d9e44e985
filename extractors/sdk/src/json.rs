//! JSON as it came: borrowed text that is looked into only where something is wanted from it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::scan::{Fault, Scan};
use crate::skip;

/// One JSON value, kept as the text it came as. Numbers keep every digit.
///
/// It is kept as bytes, which are known to be text: most values of a result are only looked at, and
/// are never asked for theirs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token<'a>(&'a [u8]);

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.raw()).finish()
    }
}

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, in any of JSON's notations.
    Number,
    /// A string.
    Text,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl<'a> Token<'a> {
    /// `null`.
    pub const NULL: Token<'static> = Token(b"null");

    /// Reads a text that is one whole JSON value; none where it is not.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let token = scan.token().ok()?;
        scan.end().ok()?;
        Some(token)
    }

    /// A text that has been read already and is known to be one whole value.
    pub(crate) fn known(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    /// The same, of a text that is ASCII throughout.
    #[inline]
    pub(crate) fn ascii(text: &'a [u8]) -> Self {
        debug_assert!(text.is_ascii(), "a token in ASCII");
        Self(text)
    }

    /// The same, of a value that was a token before.
    #[inline]
    pub(crate) fn again(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The bytes as they came, strings with their quotes.
    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text as it came, strings with their quotes.
    pub fn raw(self) -> &'a str {
        // A token is made of what is known to be text.
        std::str::from_utf8(self.0).unwrap_or_default()
    }

    /// What it is. The text is known to be sound, so its first character tells.
    pub fn kind(self) -> Kind {
        match self.0.first() {
            Some(b'"') => Kind::Text,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The content of a string, escapes decoded; none for anything else.
    pub fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.raw().strip_prefix('"')?.strip_suffix('"')?;
        if skip::has_escapes(inner.as_bytes()) {
            decoded(inner).map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// A string that is not empty; none for anything else.
    pub fn filled(self) -> Option<Cow<'a, str>> {
        self.string().filter(|text| !text.is_empty())
    }

    /// The text of a string, number or boolean; none for the others.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text => self.string(),
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(self.raw())),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// A boolean; none for anything else.
    pub fn flag(self) -> Option<bool> {
        match self.0.first() {
            Some(b't') => Some(true),
            Some(b'f') => Some(false),
            _ => None,
        }
    }

    /// Whether something is said at all: not `null`, `false`, zero or empty.
    pub fn says_so(self) -> bool {
        match self.kind() {
            Kind::Object => self
                .object()
                .is_none_or(|object| object.iter().next().is_some()),
            Kind::Array => self.items().is_none_or(|items| !items.is_empty()),
            _ => !matches!(
                self.0,
                b"null" | b"false" | b"0" | b"\"\"" | b"\"false\"" | b"\"No\""
            ),
        }
    }

    /// A whole number written as one; none for anything else.
    pub fn integer(self) -> Option<i64> {
        self.raw().parse().ok()
    }

    /// The members of an object; none for anything else.
    pub fn object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let mut members = Vec::new();
        let read = Scan::new(self.raw()).members(|scan, key| {
            // A key that is no text is none that could be asked for, but the object is unsound.
            let name = key.decoded().ok_or(UNSOUND)?;
            members.push((name, scan.token()?));
            Ok::<_, Fault>(())
        });
        read.ok().map(|_| Object(members))
    }

    /// The items of a list; none for anything else.
    pub fn items(self) -> Option<Vec<Token<'a>>> {
        if self.kind() != Kind::Array {
            return None;
        }
        let mut items = Vec::new();
        let read = Scan::new(self.raw()).items(|scan| {
            items.push(scan.token()?);
            Ok::<_, Fault>(())
        });
        read.ok().map(|()| items)
    }

    /// Whether two values are the same: as the same text, or as the same JSON.
    ///
    /// `2026` is `"2026"` (people choose from texts), and `1.0` is `1`; `null` is only `null`.
    pub fn same(self, other: Token<'_>) -> bool {
        if self.0 == other.0 {
            return true;
        }
        match (self.text(), other.text()) {
            (Some(a), Some(b)) if a == b => true,
            (Some(a), Some(b)) if self.kind() == Kind::Number && other.kind() == Kind::Number => {
                crate::decimal::same_number(&a, &b)
            }
            (None, None) => {
                let (a, b) = (self.kind(), other.kind());
                a == b
                    && matches!(a, Kind::Array | Kind::Object)
                    && compact(self.raw()) == compact(other.raw())
            }
            _ => false,
        }
    }
}

/// A list or object without the white space between its parts.
fn compact(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut quoted = false;
    let mut escaped = false;
    for c in raw.chars() {
        if quoted {
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            quoted = c == '"';
        }
        out.push(c);
    }
    out
}

/// The members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Token<'a>)>);

impl<'a> Object<'a> {
    /// The value under a key. Where a key stands twice the last one counts.
    pub fn get(&self, key: &str) -> Option<Token<'a>> {
        self.0
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    }

    /// The members in their order. A key that stands twice is listed twice.
    pub fn iter(&self) -> impl Iterator<Item = (&Cow<'a, str>, Token<'a>)> {
        self.0.iter().map(|(name, value)| (name, *value))
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is wrong with a key that is half a character.
const UNSOUND: Fault = Fault {
    at: 0,
    what: "a key that is text",
};

/// The content of a string with its escapes decoded; none where half a surrogate pair stands alone,
/// which is no text. The escapes are known to be sound otherwise.
fn decoded(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let letter = escape.chars().next()?;
        rest = escape.get(1..)?;
        text.push(match letter {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => unit(&mut rest)?,
            itself => itself,
        });
    }
    text.push_str(rest);
    Some(text)
}

/// The character of `\u` and four digits, of two of them where it is a pair.
fn unit(rest: &mut &str) -> Option<char> {
    let mut digits = || {
        let (digits, after) = rest.split_at_checked(4)?;
        *rest = after;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = digits()?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first.into());
    }
    *rest = rest.strip_prefix("\\u")?;
    let (digits, after) = rest.split_at_checked(4)?;
    *rest = after;
    let pair = [first, u16::from_str_radix(digits, 16).ok()?];
    char::decode_utf16(pair).next()?.ok()
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            // Writing to a string does not fail.
            control @ ..'\u{20}' => drop(write!(quoted, "\\u{:04x}", u32::from(control))),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// A JSON object of the values given, on one line.
pub fn object_text<'a>(members: impl IntoIterator<Item = (&'a str, Token<'a>)>) -> String {
    let mut out = String::from("{");
    for (key, value) in members {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&quoted(key));
        out.push(':');
        out.push_str(value.raw());
    }
    out.push('}');
    out
}
