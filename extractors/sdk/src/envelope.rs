//! What a result says about itself, for those who need nothing of its rows.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::chart::Failure;
use crate::json::{Token, keys};

/// When and how Looker computed a result. What the result does not say is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// When Looker computed it, as it wrote it: the true time of its numbers.
    pub ran_at: Option<String>,
    /// Whether it came from Looker's cache.
    pub from_cache: Option<bool>,
    /// How many seconds the query took. Looker sends a text or a number.
    pub runtime: Option<String>,
    /// The zone that its times are in.
    pub timezone: Option<String>,
    /// Whether the row limit cut it.
    pub truncated: bool,
}

keys! {
    /// What is kept.
    EnvelopeKey {
        RanAt = "ran_at",
        FromCache = "from_cache",
        Runtime = "runtime",
        Timezone = "timezone",
        Truncated = "truncated",
    }
}

/// Reads the envelope of a `json_detail` answer; `malformed` where it is no whole JSON object.
pub fn read(body: &[u8]) -> Result<Envelope, Failure> {
    let text = crate::reader::text(body)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let envelope = json
        .deserialize_map(EnvelopeVisitor)
        .and_then(|envelope| json.end().map(|()| envelope));
    envelope.map_err(|error| crate::reader::misshapen(&error))
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<EnvelopeKey>()? {
            if key == EnvelopeKey::Other {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Token<'de> = map.next_value()?;
            let text = || {
                value
                    .text()
                    .filter(|text| !text.is_empty())
                    .map(|text| text.into_owned())
            };
            match key {
                EnvelopeKey::RanAt => envelope.ran_at = text(),
                EnvelopeKey::FromCache => envelope.from_cache = value.flag(),
                EnvelopeKey::Runtime => envelope.runtime = text(),
                EnvelopeKey::Timezone => envelope.timezone = text(),
                EnvelopeKey::Truncated => envelope.truncated = value.says_so(),
                EnvelopeKey::Other => {}
            }
        }
        Ok(envelope)
    }
}
