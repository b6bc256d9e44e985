//! What a source resolves to: the query that Looker is asked to run, byte for byte.

use std::collections::BTreeMap;

use super::source::Source;

/// What a key result changes about the query that its source shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Values by the name of a dashboard filter, or by field (`orders.region`) for a look. An empty
    /// value lifts the filter.
    pub filters: BTreeMap<String, String>,
    /// The time zone that "today" and "this month" are meant in.
    pub time_zone: Option<String>,
}

/// A tile or look, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// What it was made of.
    pub source: Source,
    /// The tile's or look's title.
    pub title: String,
    /// The dashboard's title; none for a look.
    pub dashboard_title: Option<String>,
    /// `vis_config.type`.
    pub chart_type: Option<String>,
    /// The query as it is sent, with the `vis_config` that the tile shows. Extractors get this.
    pub query: String,
    /// The body that is sent to `/queries`.
    pub post: String,
    /// SHA-256 of `post` in hex: equal ones share one run.
    pub identity: String,
    /// The filter values that were applied, by dashboard filter, or by field for a look.
    pub filters: BTreeMap<String, String>,
    /// Overrides that exist on the dashboard but that this tile does not listen to.
    pub ignored: Vec<String>,
    /// What the tile is called in LookML, which outlives its id.
    pub lookml_link_id: Option<String>,
}
