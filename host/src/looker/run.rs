//! Running a chart's query within its time.

use std::time::Duration;

use bytes::Bytes;

/// How to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How long it may take; the connection's timeout unless given.
    pub deadline: Option<Duration>,
    /// Whether Looker may answer from its cache.
    pub cache: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            deadline: None,
            cache: true,
        }
    }
}

/// A result as Looker sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// `json_detail`, byte for byte.
    pub body: Bytes,
    /// Where a person sees it in Looker.
    pub explore_url: Option<String>,
    /// The query that ran.
    pub query_id: String,
    /// The task that ran it.
    pub task_id: Option<String>,
}

/// What has become of a query that was left to finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickedUp {
    /// It has a result.
    Done(Fetched),
    /// It is still running.
    Running,
    /// Looker no longer knows it, or it was killed: its result will not come.
    Gone,
}
