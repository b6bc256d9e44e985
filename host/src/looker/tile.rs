//! A tile of a dashboard, and whether there is a query in it that can be run.

use super::source::Source;

/// A tile that shows data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its id, as sources name it.
    pub id: String,
    /// Its title, or the best there is in its place.
    pub title: String,
    /// `vis_config.type`.
    pub chart_type: Option<String>,
    /// What a key result is linked to.
    pub source: Source,
    /// Whether its query can be run, or in words why not.
    pub readable: Result<(), String>,
    /// What it is called in LookML, which outlives its id.
    pub lookml_link_id: Option<String>,
}
