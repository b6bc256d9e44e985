//! Looks.

use serde::Serialize;
use utoipa::ToSchema;

/// A look as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LookSummary {
    /// Its id.
    #[schema(example = "45")]
    pub id: String,
    /// Its title.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// `vis_config.type`.
    pub chart_type: Option<String>,
}
