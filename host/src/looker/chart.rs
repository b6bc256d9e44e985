//! What a source resolves to: the query that Looker is asked to run, byte for byte.

use std::collections::BTreeMap;

use super::merge::Merge;
use super::query;
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
    /// The query as it is sent (of a merge the first one), with the `vis_config` that the tile
    /// shows. Extractors get this.
    pub query: String,
    /// What Looker is asked to run.
    pub work: Work,
    /// SHA-256 of `work` in hex: equal ones share one run.
    pub identity: String,
    /// The filter values that were applied, by dashboard filter, or by field for a look.
    pub filters: BTreeMap<String, String>,
    /// Overrides that exist on the dashboard but that this tile does not listen to.
    pub ignored: Vec<String>,
    /// What the tile is called in LookML, which outlives its id.
    pub lookml_link_id: Option<String>,
}

impl Chart {
    /// A chart by what somebody tells of it: its title, its type, and its Query object with its
    /// `vis_config`.
    #[must_use]
    pub fn told(source: Source, title: String, chart_type: Option<String>, query: String) -> Self {
        let work = Work::Query(query.clone());
        Self {
            source,
            title,
            dashboard_title: None,
            chart_type,
            identity: work.identity(),
            query,
            work,
            filters: BTreeMap::new(),
            ignored: Vec::new(),
            lookml_link_id: None,
        }
    }
}

/// What Looker is asked to run for a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A query: the body that is sent to `/queries`.
    Query(String),
    /// Several queries, whose results are joined.
    Merge(Merge),
    /// A query written in SQL.
    Statement {
        /// What Looker calls it. The SQL behind a slug never changes.
        slug: String,
        /// Where a person sees it in Looker.
        explore_url: Option<String>,
    },
}

impl Work {
    /// What equal work shares: whatever has a say in the result.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Query(post) => query::identity(post),
            Self::Merge(merge) => query::identity(&merge.in_full()),
            Self::Statement { slug, .. } => query::identity(&format!("sql {slug}")),
        }
    }
}
