//! Who the credentials belong to, and which Looker that is.

use serde::Serialize;
use utoipa::ToSchema;

/// Who we are in Looker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    /// The Looker user that the credentials act as.
    pub user_id: String,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Looker's release.
    #[schema(example = "26.12.3")]
    pub release: Option<String>,
    /// Where the API answers.
    pub api_url: String,
    /// Where people open Looker.
    pub web_url: Option<String>,
}
