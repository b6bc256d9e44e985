//! One connection to one Looker.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::clock::SharedClock;

use super::api::Api;
use super::error::LookerError;
use super::settings::Settings;
use super::target::Targets;
use super::task::Tasks;

/// One connection. Cheap to share; all who share it share its session and its places to run
/// queries in. When its settings change, a new one takes its place.
pub struct Looker {
    pub(super) api: Arc<Api>,
    /// Places to run queries in. The queue for them is fair.
    pub(super) places: Semaphore,
    pub(super) tasks: Arc<Tasks>,
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
        let places = settings.max_concurrent.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Arc::new(Self {
            api: Api::new(settings, targets, clock)?,
            places: Semaphore::new(places),
            tasks: Arc::default(),
        }))
    }

    /// Ends the session, if there is one, once queries that nobody waits for are killed. What fails
    /// of it is logged and forgotten.
    pub async fn logout(&self) {
        self.tasks.settle().await;
        self.api.logout().await;
    }
}

impl fmt::Debug for Looker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looker")
            .field("settings", &self.api.settings)
            .finish_non_exhaustive()
    }
}
