//! A reading as it is told: one number, where it stands, and why it is that number.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sandbox::{Identity, chart};

/// One number that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// Exact decimal text.
    #[schema(example = "773")]
    pub value: String,
    /// Looker's own rendering.
    #[schema(example = "$116.03")]
    pub rendered: Option<String>,
    /// The x value it stands at.
    #[schema(example = "2017-07")]
    pub at: Option<String>,
    /// What was read, as the chart labels it.
    #[schema(example = "Orders Count")]
    pub label: String,
    /// What a person should know.
    pub notes: Vec<Note>,
    /// Why this number: `field`, `raw`, `x`, `pivot`, `row`, `format`, `explore_url`; of one set by
    /// hand `by` and `note`.
    #[schema(value_type = Object, example = json!({"field": "orders.count", "raw": "773"}))]
    pub why: serde_json::Map<String, serde_json::Value>,
    /// When Looker computed it; null where the result does not say.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ran_at: Option<Timestamp>,
    /// Whether Looker had it in its cache; null where the result does not say.
    pub from_cache: Option<bool>,
    /// When we read it; null where the result came with the request.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// What made us read: `preview` when nothing was stored, else `slot:…`, `refresh:…`,
    /// `push:…`, `backfill:…` or `manual:…`.
    #[schema(example = "preview")]
    pub origin: String,
    /// Who read it; null where a person set it.
    pub extractor: Option<ExtractorRef>,
}

/// Something that a person should know and that is no failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// A stable word.
    #[schema(example = "forecast-skipped")]
    pub code: String,
    /// For people.
    pub message: String,
}

/// Which extractor, to the byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtractorRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of the component's bytes.
    pub digest: String,
}

/// What the result says of itself, read natively with the reader that extractors use.
#[derive(Debug, Clone, Default)]
pub struct Source {
    ran_at: Option<Timestamp>,
    from_cache: Option<bool>,
    time_zone: Option<String>,
}

impl Source {
    /// Reads what there is; what is absent or unreadable is null, since the number does not depend
    /// on it.
    #[must_use]
    pub fn of(result: &[u8]) -> Self {
        let Ok(envelope) = lensmount_sdk::envelope::read(result) else {
            return Self::default();
        };
        Self {
            ran_at: envelope.ran_at.and_then(|ran_at| ran_at.parse().ok()),
            from_cache: envelope.from_cache,
            time_zone: envelope.timezone,
        }
    }
}

impl Source {
    /// When Looker computed it, if the result says.
    #[must_use]
    pub fn ran_at(&self) -> Option<Timestamp> {
        self.ran_at
    }

    /// The zone that its times are in; UTC where the result names none that is known.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        let named = self.time_zone.as_deref();
        let found = named.and_then(|name| TimeZone::get(name).ok());
        found.unwrap_or(TimeZone::UTC)
    }
}

impl Reading {
    /// A reading that is shown and not stored.
    #[must_use]
    pub fn preview(read: chart::Reading, source: &Source, extractor: &ExtractorRef) -> Self {
        Self {
            value: read.value,
            rendered: read.rendered,
            at: read.at,
            label: read.label,
            notes: read.notes.into_iter().map(Into::into).collect(),
            why: read
                .attributes
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
            ran_at: source.ran_at,
            from_cache: source.from_cache,
            read_at: None,
            origin: "preview".into(),
            extractor: Some(extractor.clone()),
        }
    }
}

impl From<chart::Note> for Note {
    fn from(note: chart::Note) -> Self {
        Self {
            code: note.code,
            message: note.message,
        }
    }
}

impl From<Identity> for ExtractorRef {
    fn from(identity: Identity) -> Self {
        Self {
            name: identity.name,
            version: identity.version,
            digest: identity.digest.to_string(),
        }
    }
}

/// The chart type that a Query object's `vis_config` names.
#[must_use]
pub fn chart_type(query: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Query {
        vis_config: Option<VisConfig>,
    }
    #[derive(serde::Deserialize)]
    struct VisConfig {
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    serde_json::from_str::<Query>(query).ok()?.vis_config?.kind
}
