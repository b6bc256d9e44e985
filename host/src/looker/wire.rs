//! What is read of Looker's answers, and no more. Whatever may be absent or null is optional: the
//! published shapes promise less than they seem to.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An id. They are strings in API 4.0; older servers and people write numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, such as \"17\"")
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<Id, E> {
        Ok(Id(id.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, id: u64) -> Result<Id, E> {
        Ok(Id(id.to_string()))
    }
}

/// Both of Looker's error shapes.
#[derive(Deserialize)]
pub(super) struct Error {
    pub message: Option<String>,
    pub errors: Option<Vec<ErrorPart>>,
}

#[derive(Deserialize)]
pub(super) struct ErrorPart {
    pub field: Option<String>,
    pub message: Option<String>,
}

/// A session. It has no `Debug`, so that it cannot be printed.
#[derive(Deserialize)]
pub(super) struct Login {
    pub access_token: String,
    pub expires_in: u64,
}

#[derive(Deserialize)]
pub(super) struct Versions {
    pub looker_release_version: Option<String>,
    current_version: Option<de::IgnoredAny>,
    supported_versions: Option<de::IgnoredAny>,
    pub web_server_url: Option<String>,
}

impl Versions {
    /// Whether this is more than some JSON object.
    pub fn is_looker(&self) -> bool {
        self.looker_release_version.is_some()
            || self.current_version.is_some()
            || self.supported_versions.is_some()
    }
}

#[derive(Deserialize)]
pub(super) struct User {
    pub id: Id,
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Folder {
    pub name: Option<String>,
}

/// A dashboard in a list.
#[derive(Deserialize)]
pub(super) struct DashboardItem {
    pub id: Id,
    pub title: Option<String>,
    pub folder: Option<Folder>,
    pub deleted: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Dashboard {
    pub id: Id,
    pub title: Option<String>,
    pub deleted: Option<bool>,
    pub folder: Option<Folder>,
    pub query_timezone: Option<String>,
    pub dashboard_elements: Option<Vec<Element>>,
    pub dashboard_filters: Option<Vec<Filter>>,
}

impl Dashboard {
    /// How many bytes its tiles and filters take, beside their texts.
    pub fn size(&self) -> usize {
        let of = |tiles: usize, filters: usize| {
            tiles * size_of::<Element>() + filters * size_of::<Filter>()
        };
        of(
            self.dashboard_elements.as_ref().map_or(0, Vec::len),
            self.dashboard_filters.as_ref().map_or(0, Vec::len),
        )
    }
}

#[derive(Deserialize)]
pub(super) struct Filter {
    pub name: Option<String>,
    pub title: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub default_value: Option<String>,
}

/// A tile. Queries stay the text they came as.
#[derive(Deserialize)]
pub(super) struct Element {
    pub id: Id,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub title: Option<String>,
    pub title_text: Option<String>,
    pub deleted: Option<bool>,
    pub query: Option<Box<RawValue>>,
    pub query_id: Option<Id>,
    pub look: Option<Look>,
    pub look_id: Option<Id>,
    pub merge_result_id: Option<Id>,
    pub result_maker: Option<ResultMaker>,
    pub lookml_link_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ResultMaker {
    pub dynamic_fields: Option<Box<RawValue>>,
    pub query: Option<Box<RawValue>>,
    pub query_id: Option<Id>,
    pub merge_result_id: Option<Id>,
    pub sql_query_id: Option<Id>,
    pub vis_config: Option<Box<RawValue>>,
    pub filterables: Option<Vec<Filterable>>,
}

#[derive(Deserialize)]
pub(super) struct Filterable {
    pub model: Option<String>,
    pub view: Option<String>,
    /// Which of a merge's queries it is about.
    pub name: Option<String>,
    pub listen: Option<Vec<Listen>>,
}

#[derive(Deserialize)]
pub(super) struct Listen {
    pub dashboard_filter_name: Option<String>,
    pub field: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Look {
    pub id: Option<Id>,
    pub title: Option<String>,
    pub deleted: Option<bool>,
    pub folder: Option<Folder>,
    pub query: Option<Box<RawValue>>,
}

/// Of a query, what is looked at without changing it.
#[derive(Deserialize)]
pub(super) struct QueryOutline {
    pub model: Option<String>,
    pub view: Option<String>,
    pub fields: Option<Vec<String>>,
    pub pivots: Option<Vec<String>>,
    pub fill_fields: Option<Vec<String>>,
    pub vis_config: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct VisConfig {
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Queries whose results are joined.
#[derive(Deserialize)]
pub(super) struct MergeQuery {
    pub source_queries: Option<Vec<SourceQuery>>,
    pub dynamic_fields: Option<Box<RawValue>>,
    pub pivots: Option<Vec<String>>,
    pub limit: Option<Id>,
    pub vis_config: Option<Box<RawValue>>,
}

/// One of the queries of a merge.
#[derive(Deserialize)]
pub(super) struct SourceQuery {
    pub name: Option<String>,
    pub query_id: Option<Id>,
    pub query_slug: Option<String>,
    pub merge_fields: Option<Vec<MergeField>>,
}

/// The source's own field, and that of the merged result which it has to equal.
#[derive(Deserialize)]
pub(super) struct MergeField {
    pub field_name: Option<String>,
    pub source_field_name: Option<String>,
}

/// An entry of `dynamic_fields`.
#[derive(Deserialize)]
pub(super) struct DynamicField {
    pub table_calculation: Option<String>,
    pub measure: Option<String>,
    pub dimension: Option<String>,
    pub label: Option<String>,
    pub is_disabled: Option<bool>,
}

/// A query written in SQL.
#[derive(Deserialize)]
pub(super) struct SqlQuery {
    pub explore_url: Option<String>,
    pub vis_config: Option<Box<RawValue>>,
}

/// A query that was stored.
#[derive(Deserialize)]
pub(super) struct PostedQuery {
    pub id: Id,
    pub share_url: Option<String>,
    pub expanded_share_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Task {
    pub id: Id,
    pub query_id: Option<Id>,
    pub status: Option<String>,
}
