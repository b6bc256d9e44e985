//! A dashboard: its filters and its tiles.

use serde::Serialize;
use utoipa::ToSchema;

use super::content::Kind;
use super::tile::Tile;

/// A dashboard with what can be read on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// Where it is kept.
    pub kind: Kind,
    /// Its filters, in its own order.
    pub filters: Vec<DashboardFilter>,
    /// Its tiles; text, buttons and the like are left out.
    pub tiles: Vec<Tile>,
}

/// A filter of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DashboardFilter {
    /// What overrides call it.
    #[schema(example = "Region")]
    pub name: String,
    /// What people see.
    pub title: String,
    /// Such as `date_filter`.
    #[schema(example = "string_filter")]
    pub kind: Option<String>,
    /// The value that applies unless overridden.
    pub default_value: Option<String>,
}
