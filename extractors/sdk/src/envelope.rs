//! What a result says about itself, for those who need nothing of its rows.

use crate::chart::Failure;
use crate::name::Name;
use crate::walk::Walk;

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

/// What is kept.
#[derive(Clone, Copy)]
enum Part {
    RanAt,
    FromCache,
    Runtime,
    Timezone,
    Truncated,
    Other,
}

impl Part {
    fn of(name: Name<'_>) -> Self {
        name.is(|name| match name {
            b"ran_at" => Self::RanAt,
            b"from_cache" => Self::FromCache,
            b"runtime" => Self::Runtime,
            b"timezone" => Self::Timezone,
            b"truncated" => Self::Truncated,
            _ => Self::Other,
        })
    }
}

/// Reads the envelope of a `json_detail` answer; `malformed` where it is no whole JSON object.
pub fn read(body: &[u8]) -> Result<Envelope, Failure> {
    let mut walk = Walk::swift(body);
    let mut envelope = Envelope::default();
    let whole = walk
        .lone_object(
            || "it is no object".to_owned(),
            |walk, name| {
                let part = Part::of(name);
                if let Part::Other = part {
                    return walk.skip();
                }
                let value = walk.token()?;
                let text = || {
                    value
                        .text()
                        .filter(|text| !text.is_empty())
                        .map(|text| text.into_owned())
                };
                match part {
                    Part::RanAt => envelope.ran_at = text(),
                    Part::FromCache => envelope.from_cache = value.flag(),
                    Part::Runtime => envelope.runtime = text(),
                    Part::Timezone => envelope.timezone = text(),
                    Part::Truncated => envelope.truncated = value.says_so(),
                    Part::Other => {}
                }
                Ok(())
            },
        )
        .and_then(|()| walk.end());
    match whole {
        Ok(()) => Ok(envelope),
        Err(wrong) => Err(crate::reader::misshapen(&walk, wrong)),
    }
}
