//! One connection to one Looker.

use std::sync::Arc;

use crate::clock::SharedClock;

use super::chart::{Chart, Overrides};
use super::content::{DashboardSummary, Find};
use super::dashboard::Dashboard;
use super::error::LookerError;
use super::identify::Identity;
use super::look::LookSummary;
use super::run::{Fetched, PickedUp, Run};
use super::settings::Settings;
use super::source::Source;
use super::target::Targets;

/// One connection. Cheap to share; all who share it share its session and its places to run
/// queries in.
#[derive(Debug)]
pub struct Looker {
    settings: Settings,
}

impl Looker {
    /// A connection by these settings. Nothing is called yet.
    ///
    /// # Errors
    ///
    /// When the server URL points to where Lensmount may not call.
    pub fn new(
        settings: Settings,
        targets: Arc<Targets>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, LookerError> {
        let _ = (targets, clock);
        Ok(Arc::new(Self { settings }))
    }

    /// Logs in afresh and says who the credentials belong to.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the connection.
    pub async fn identify(&self) -> Result<Identity, LookerError> {
        Err(self.later())
    }

    /// Finds dashboards: those that people made, then those written in LookML.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn dashboards(&self, find: &Find) -> Result<Vec<DashboardSummary>, LookerError> {
        let _ = find;
        Err(self.later())
    }

    /// A dashboard with its filters and tiles.
    ///
    /// # Errors
    ///
    /// [`LookerError::NotFound`], or what the way to Looker answered.
    pub async fn dashboard(&self, id: &str) -> Result<Dashboard, LookerError> {
        let _ = id;
        Err(self.later())
    }

    /// Finds looks by title as Looker matches it, or by a pasted URL or id.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn looks(
        &self,
        title: Option<&str>,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<LookSummary>, LookerError> {
        let _ = (title, limit, offset);
        Err(self.later())
    }

    /// The query that a source shows, with its dashboard's filters and what is overridden of them.
    ///
    /// # Errors
    ///
    /// [`LookerError::NotFound`], [`LookerError::Unsupported`], [`LookerError::NoSuchFilter`], or
    /// what the way to Looker answered.
    pub async fn resolve(
        &self,
        source: &Source,
        overrides: &Overrides,
    ) -> Result<Chart, LookerError> {
        let _ = (source, overrides);
        Err(self.later())
    }

    /// Runs a chart's query. If the time is over first, the query is left to finish and the error
    /// names its task for [`Looker::pick_up`]. If the caller goes away, it is killed.
    ///
    /// # Errors
    ///
    /// [`LookerError::Timeout`] and all else that can go wrong.
    pub async fn run(&self, chart: &Chart, run: &Run) -> Result<Fetched, LookerError> {
        let _ = (chart, run);
        Err(self.later())
    }

    /// Looks after a query that was left to finish.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn pick_up(&self, task_id: &str) -> Result<PickedUp, LookerError> {
        let _ = task_id;
        Err(self.later())
    }

    /// Ends the session, if there is one. What fails of it is logged and forgotten.
    pub async fn logout(&self) {}

    fn later(&self) -> LookerError {
        LookerError::Unreachable {
            server: self.settings.server_url.to_string(),
            reason: "the calls follow in the next commit".to_owned(),
            source: None,
        }
    }
}
