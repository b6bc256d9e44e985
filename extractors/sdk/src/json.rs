//! JSON as it came: borrowed text that is looked into only where something is wanted from it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One JSON value, kept as the text it came as. Numbers keep every digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a>(&'a str);

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
    pub const NULL: Token<'static> = Token("null");

    /// Reads a text that is one whole JSON value; none where it is not.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A text that has been read already and is known to be one whole value.
    pub(crate) fn known(text: &'a str) -> Self {
        Self(text)
    }

    /// The text as it came, strings with their quotes.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// What it is. The text is known to be sound, so its first character tells.
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
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
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(self.0).ok().map(Cow::Owned)
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
            Kind::Number | Kind::Bool => Some(Cow::Borrowed(self.0)),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// A boolean; none for anything else.
    pub fn flag(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
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
                "null" | "false" | "0" | "\"\"" | "\"false\"" | "\"No\""
            ),
        }
    }

    /// A whole number written as one; none for anything else.
    pub fn integer(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The members of an object; none for anything else.
    pub fn object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        serde_json::from_str(self.0).ok()
    }

    /// The items of a list; none for anything else.
    pub fn items(self) -> Option<Vec<Token<'a>>> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Vec<Token<'de>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        if self.kind() != Kind::Array {
            return None;
        }
        serde_json::Deserializer::from_str(self.0)
            .deserialize_seq(Items)
            .ok()
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
                    && compact(self.0) == compact(other.0)
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

impl<'de: 'a, 'a> Deserialize<'de> for Token<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Token(raw.get()))
    }
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

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A string, borrowed unless it has escapes.
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
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

/// A key enum that is read from an object without keeping the key's text.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        enum $name { $($variant,)* Other }

        impl<'de> serde::de::Deserialize<'de> for $name {
            fn deserialize<D: serde::de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Key;
                impl serde::de::Visitor<'_> for Key {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a key")
                    }
                    fn visit_str<E>(self, key: &str) -> Result<$name, E> {
                        Ok(match key { $($text => $name::$variant,)* _ => $name::Other })
                    }
                }
                deserializer.deserialize_identifier(Key)
            }
        }
    };
}
pub(crate) use keys;
