//! A chart but for what it runs: what its tile or look says of it, and what is put into its query.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::chart::{Chart, Overrides, Work};
use super::error::LookerError;
use super::filters::{self, Applied};
use super::query::{Object, raw};
use super::source::Source;
use super::tile;
use super::wire::Filterable;

/// What a tile or look says of its chart.
pub(super) struct Frame {
    pub source: Source,
    pub title: String,
    pub dashboard_title: Option<String>,
    pub vis_config: Option<Box<RawValue>>,
    pub lookml_link_id: Option<String>,
}

/// What a dashboard puts into the queries of a tile.
pub(super) struct Setting<'a> {
    pub filterables: &'a [Filterable],
    /// The values of the dashboard's filters.
    pub values: &'a BTreeMap<String, String>,
    pub overrides: &'a Overrides,
    pub zones: Zones<'a>,
}

/// The time zones that a query may be run in.
#[derive(Clone, Copy)]
pub(super) struct Zones<'a> {
    /// The key result's.
    pub pinned: Option<&'a str>,
    pub of_dashboard: Option<&'a str>,
}

impl Frame {
    /// The chart of a query that listens to its dashboard.
    pub fn with_filters(
        self,
        mut query: Object,
        setting: &Setting<'_>,
    ) -> Result<Chart, LookerError> {
        let Setting {
            filterables,
            values,
            overrides,
            zones,
        } = setting;
        let applied = filters::listen(&mut query, *filterables, values, overrides)
            .map_err(LookerError::malformed(self.what()))?;
        self.around(query, applied, *zones)
    }

    /// The chart of a query, in the form that is posted.
    pub fn around(
        mut self,
        query: Object,
        applied: Applied,
        zones: Zones<'_>,
    ) -> Result<Chart, LookerError> {
        let query = posted(query, zones).map_err(LookerError::malformed(self.what()))?;
        let post = query.text().map_err(LookerError::malformed(self.what()))?;
        self.vis_config = self.vis_config.or_else(|| tile::vis_config_of(&post));
        self.chart(query, Work::Query(post), applied)
    }

    /// The chart that `work` is run for and that extractors see as `query`.
    pub fn chart(
        self,
        mut query: Object,
        work: Work,
        applied: Applied,
    ) -> Result<Chart, LookerError> {
        if let Some(config) = &self.vis_config {
            query.set("vis_config", config.clone());
        }
        Ok(Chart {
            query: query.text().map_err(LookerError::malformed(self.what()))?,
            source: self.source,
            title: self.title,
            dashboard_title: self.dashboard_title,
            chart_type: self.vis_config.as_deref().and_then(tile::chart_type),
            identity: work.identity(),
            work,
            filters: applied.values,
            ignored: applied.ignored,
            lookml_link_id: self.lookml_link_id,
        })
    }

    fn what(&self) -> String {
        format!("the query of {}", self.source)
    }
}

/// A stored query in the form that is posted: in its time zone, and without what belongs to the
/// stored one.
pub(super) fn posted(query: Object, zones: Zones<'_>) -> serde_json::Result<Object> {
    let mut query = query.into_new();
    zone(&mut query, zones.pinned, zones.of_dashboard)?;
    Ok(query)
}

/// Sets the time zone: the pinned one, else the query's own, else the dashboard's. Without any
/// Looker takes that of the API user, who need not live where the readers do.
fn zone(
    query: &mut Object,
    pinned: Option<&str>,
    of_dashboard: Option<&str>,
) -> serde_json::Result<()> {
    let told = |zone: &&str| !zone.is_empty();
    let own = matches!(query.get("query_timezone"), Some(zone) if zone != "null" && zone != "\"\"");
    let zone = match pinned.filter(told) {
        Some(zone) => Some(zone),
        None if own => None,
        None => of_dashboard.filter(told),
    };
    if let Some(zone) = zone {
        query.set("query_timezone", raw(zone)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_zone_comes_first_then_the_querys_then_the_dashboards() {
        let cases = [
            (
                r#"{"query_timezone":"UTC"}"#,
                Some("Asia/Tokyo"),
                Some("Europe/Rome"),
                Some("\"Asia/Tokyo\""),
            ),
            (
                r#"{"query_timezone":"UTC"}"#,
                None,
                Some("Europe/Rome"),
                Some("\"UTC\""),
            ),
            (
                r#"{"query_timezone":null}"#,
                None,
                Some("Europe/Rome"),
                Some("\"Europe/Rome\""),
            ),
            (
                r#"{"query_timezone":""}"#,
                Some(""),
                Some("Europe/Rome"),
                Some("\"Europe/Rome\""),
            ),
            (r#"{}"#, None, Some("Europe/Rome"), Some("\"Europe/Rome\"")),
            (r#"{}"#, None, Some(""), None),
            (r#"{}"#, None, None, None),
        ];
        for (text, pinned, of_dashboard, expected) in cases {
            let mut query = Object::parse(text).unwrap();
            zone(&mut query, pinned, of_dashboard).unwrap();
            assert_eq!(
                query.get("query_timezone"),
                expected,
                "{text} {pinned:?} {of_dashboard:?}"
            );
        }
    }
}
