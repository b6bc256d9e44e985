//! What Looker says beside the rows.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A request to run an action, or to show its form, without its rows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Request {
    /// `query`, `cell` or `dashboard`; of what is not there nothing, and null is `Some(Null)`.
    #[serde(rename = "type", deserialize_with = "present")]
    kind: Option<Value>,
    scheduled_plan: Option<ScheduledPlan>,
    /// The settings of the action, secrets among them.
    #[serde(deserialize_with = "filled")]
    data: Option<Map<String, Value>>,
    #[serde(deserialize_with = "filled")]
    form_params: Option<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ScheduledPlan {
    scheduled_plan_id: Value,
    title: Value,
    query: Option<Box<RawValue>>,
    download_url: Value,
}

/// What was filled in. Where nothing was, some senders write an empty list.
fn filled<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(filled) => Ok(Some(filled)),
        Value::Null => Ok(None),
        Value::Array(none) if none.is_empty() => Ok(None),
        _ => Err(serde::de::Error::custom("no object")),
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What a request wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Nothing that it says.
    Missing,
    /// It says that it wants nothing.
    Null,
    /// One of Looker's words.
    Named(&'a str),
}

impl Request {
    /// Reads a request; none where it is no JSON or not of Looker's shape.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// What it wants.
    #[must_use]
    pub fn kind(&self) -> Kind<'_> {
        match &self.kind {
            None => Kind::Missing,
            Some(Value::String(kind)) if !kind.is_empty() => Kind::Named(kind),
            Some(Value::Null) => Kind::Null,
            Some(_) => Kind::Missing,
        }
    }

    /// A setting of the action that was filled in.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<SecretString> {
        self.data.as_ref()?.get(name).and_then(text).map(Into::into)
    }

    /// A field of the form that was filled in.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        self.form_params.as_ref()?.get(name).and_then(text)
    }

    /// Where the rows can be fetched, once.
    #[must_use]
    pub fn download_url(&self) -> Option<SecretString> {
        let url = &self.scheduled_plan.as_ref()?.download_url;
        text(url).map(Into::into)
    }

    /// Looker's id of the schedule.
    #[must_use]
    pub fn plan_id(&self) -> Option<String> {
        text(&self.scheduled_plan.as_ref()?.scheduled_plan_id)
    }

    /// The title of the schedule.
    #[must_use]
    pub fn plan_title(&self) -> Option<String> {
        text(&self.scheduled_plan.as_ref()?.title)
    }

    /// Where a person sees the query's rows in Looker.
    #[must_use]
    pub fn explore_url(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Query {
            #[serde(default)]
            share_url: Value,
        }
        let query = self.scheduled_plan.as_ref()?.query.as_ref()?;
        let query: Query = serde_json::from_str(query.get()).ok()?;
        text(&query.share_url).filter(|url| url.starts_with("http"))
    }

    /// Looker's Query object, byte for byte but for space between its tokens; `{}` where there is
    /// none.
    #[must_use]
    pub fn query(&self) -> Vec<u8> {
        let query = self
            .scheduled_plan
            .as_ref()
            .and_then(|plan| plan.query.as_ref());
        let query = query.map_or("{}", |query| query.get());
        let query = if query == "null" { "{}" } else { query };
        query.as_bytes().to_vec()
    }
}

/// The text of what a form sends; what is empty was not filled in.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
