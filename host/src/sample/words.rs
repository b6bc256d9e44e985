//! What is asked of an extractor, in the words of a request.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::problem::Problem;

/// An object of names to texts, in the order it came, each name once.
#[derive(Debug, Default)]
pub(crate) struct Words<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Words<'_> {
    /// Lent to a guest.
    pub fn lent(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
            .collect()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_ref())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names to strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words<'de>, A::Error> {
                let mut words: Words<'de> = Words::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if words.get(&name).is_some() {
                        return Err(serde::de::Error::custom(format_args!(
                            "{name:?} is given twice"
                        )));
                    }
                    words.0.push((name, map.next_value()?));
                }
                Ok(words)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The result's bytes as they stand, or the text that a string holds.
pub(crate) fn result_text(result: &RawValue) -> Result<Cow<'_, str>, Problem> {
    let text = result.get();
    if !text.starts_with('"') {
        return Ok(Cow::Borrowed(text));
    }
    serde_json::from_str::<String>(text)
        .map(Cow::Owned)
        .map_err(|error| Problem::invalid("/result", format!("the string is not text: {error}")))
}

/// The Query object that a `vis_config` stands for, or the one that is given.
pub(crate) fn query_text<'a>(
    vis_config: Option<&'a RawValue>,
    query: Option<&'a RawValue>,
) -> Result<Cow<'a, str>, Problem> {
    let object = |pointer, value: &'a RawValue| {
        let text = value.get();
        if text.starts_with('{') {
            Ok(text)
        } else {
            Err(Problem::invalid(pointer, "it is not an object"))
        }
    };
    match (vis_config, query) {
        (Some(_), Some(_)) => Err(Problem::invalid(
            "/query",
            "give `vis_config` or `query`, not both",
        )),
        (Some(vis_config), None) => Ok(Cow::Owned(format!(
            "{{\"vis_config\":{}}}",
            object("/vis_config", vis_config)?
        ))),
        (None, Some(query)) => object("/query", query).map(Cow::Borrowed),
        (None, None) => Ok(Cow::Borrowed("{}")),
    }
}

/// A `now` that is no time would make an extractor answer for another day.
pub(crate) fn timely(context: &Words<'_>) -> Result<(), Problem> {
    match context.get("now").map(str::parse::<jiff::Timestamp>) {
        Some(Err(_)) => Err(Problem::invalid(
            "/context/now",
            "it is not a time as RFC 3339 has it, such as 2026-11-22T10:00:00Z",
        )),
        Some(Ok(_)) | None => Ok(()),
    }
}
