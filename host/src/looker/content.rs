//! Finding dashboards.

use serde::Serialize;
use utoipa::ToSchema;

/// Which dashboards are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// A title, or a pasted URL or id; all without it.
    pub title: Option<String>,
    /// How the title has to fit.
    pub match_: Match,
    /// How many at most.
    pub limit: usize,
    /// How many to leave out before them.
    pub offset: usize,
}

/// How a title has to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The whole title; case does not matter, as in Looker.
    Complete,
    /// Some part of the title.
    Part,
}

/// Where a dashboard is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Made by people, in folders.
    User,
    /// Written in LookML; its id is `model::name`.
    Lookml,
}

/// A dashboard as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DashboardSummary {
    /// Its id.
    #[schema(example = "17")]
    pub id: String,
    /// Its title. Titles repeat across folders.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// Where it is kept.
    pub kind: Kind,
}
