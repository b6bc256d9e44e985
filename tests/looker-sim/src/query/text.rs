//! Values that come as text or as what they are.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text, or a number or boolean as text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}

/// A boolean, or its text.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(text(deserializer)?.map(|text| text == "true"))
}
