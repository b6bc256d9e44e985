//! What tests by made-up input share: JSON text in all its spellings, bytes that are spoilt, the
//! parts that bytes come in, and what serde_json sees in an object.
//!
//! `PROPTEST_CASES` says how many cases each property is held against; without it they are few enough
//! for every run of the tests.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How properties are held. What fails is printed whole, and belongs into a corpus rather than into a
/// file of seeds.
pub fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Space between tokens.
pub fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

/// A string as JSON text, quotation marks included.
pub fn string() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => "[ -!#-\\[\\]-~]{1,4}".boxed(),
        1 => select(vec!["é", "\u{1F600}", "\u{7f}", "\u{2028}", "\u{feff}"]).prop_map(str::to_owned).boxed(),
        2 => select(vec![
            r#"\""#, r"\\", r"\/", r"\b", r"\n", r"\u0000", r"\u00E9", r"\ud83d\uDE00", r"\u0022", r"\u005c",
        ]).prop_map(str::to_owned).boxed(),
        1 => select(vec!["]}", "},{", "\\\"data\\\":[", "//"]).prop_map(str::to_owned).boxed(),
    ];
    vec(part, 0..4).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

/// A value as JSON text.
pub fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false", "-0", "1e999", "{}", "[]"]).prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let element = (space(), inner.clone(), space()).prop_map(|(a, value, b)| a + &value + &b);
        prop_oneof![
            vec(element, 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            object_of(inner),
        ]
    })
}

/// An object as JSON text.
pub fn object() -> impl Strategy<Value = String> {
    object_of(json())
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop_oneof![4 => string().boxed(), 1 => Just("\"data\"".to_owned()).boxed()];
    vec(member(key, value), 0..4).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// A member of an object as JSON text, with space around its tokens.
pub fn member(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let parts = (space(), key, space(), space(), value, space());
    parts.prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"))
}

/// One way to spoil bytes.
#[derive(Debug, Clone)]
pub enum Spoil {
    Cut(Index),
    Drop(Index),
    Set(Index, u8),
    Insert(Index, u8),
    Repeat(Index, Index),
    Swap(Index, Index),
}

/// Ways to spoil bytes, most of them by what means something to JSON.
pub fn spoils() -> impl Strategy<Value = Vec<Spoil>> {
    let byte = || {
        prop_oneof![
            3 => select(b"{}[]\",:\\ udat10-e\n\t\x0b\x0c\x00/=".to_vec()),
            1 => any::<u8>(),
        ]
    };
    let index = any::<Index>;
    let spoil = prop_oneof![
        index().prop_map(Spoil::Cut),
        index().prop_map(Spoil::Drop),
        (index(), byte()).prop_map(|(at, byte)| Spoil::Set(at, byte)),
        (index(), byte()).prop_map(|(at, byte)| Spoil::Insert(at, byte)),
        (index(), index()).prop_map(|(from, to)| Spoil::Repeat(from, to)),
        (index(), index()).prop_map(|(one, other)| Spoil::Swap(one, other)),
    ];
    vec(spoil, 1..4)
}

/// Bytes after they were spoilt in these ways, one after the other.
pub fn spoilt(bytes: &[u8], spoils: &[Spoil]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for spoil in spoils {
        let size = bytes.len();
        if size == 0 {
            break;
        }
        match spoil {
            Spoil::Cut(at) => bytes.truncate(at.index(size)),
            Spoil::Drop(at) => {
                bytes.remove(at.index(size));
            }
            Spoil::Set(at, byte) => bytes[at.index(size)] = *byte,
            Spoil::Insert(at, byte) => bytes.insert(at.index(size + 1), *byte),
            Spoil::Repeat(from, to) => {
                let (from, to) = (from.index(size), to.index(size));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(to..to, part);
            }
            Spoil::Swap(one, other) => bytes.swap(one.index(size), other.index(size)),
        }
    }
    bytes
}

/// Bytes cut into parts at these places; some parts may be empty.
pub fn parts<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let pairs = cuts.windows(2);
    pairs.map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Where to cut bytes.
pub fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..12)
}

/// The members of an object as serde_json sees them, in their order, each value as it is written;
/// none where serde_json does not take it.
pub fn members(object: &[u8]) -> Option<Vec<(String, &RawValue)>> {
    let mut document = serde_json::Deserializer::from_slice(object);
    let members = (&mut document).deserialize_map(Members).ok()?;
    document.end().ok()?;
    Some(members)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
