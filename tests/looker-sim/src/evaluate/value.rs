//! The members of dimensions.

use serde::{Serialize, Serializer};

/// A member of a dimension. Those of one dimension are of one kind, and sort as people expect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// None.
    Null,
    /// A text that sorts as text, as dates do.
    Text(String),
    /// A number.
    Number(i64),
    /// A text with its place.
    Ranked(u8, &'static str),
}

impl Member {
    /// How it stands in a pivot's key.
    pub fn key(&self, field: &str) -> String {
        match self {
            Self::Null => format!("{field}___null"),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Ranked(rank, text) => format!("{text}|FIELD|{rank}"),
        }
    }

    /// How it is shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "∅".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Ranked(_, text) => (*text).to_owned(),
        }
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Ranked(_, text) => serializer.serialize_str(text),
        }
    }
}
