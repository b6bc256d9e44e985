//! One connection to one Looker.

use std::fmt;
use std::sync::Arc;

use crate::clock::SharedClock;
use crate::egress::Targets;

use super::api::Api;
use super::deadline::Deadline;
use super::error::LookerError;
use super::place::Places;
use super::settings::Settings;
use super::task::Tasks;

/// One connection. Cheap to share; all who share it share its session. When its settings change, a
/// new one takes over, with the same places to run queries in.
pub struct Looker {
    pub(super) api: Arc<Api>,
    pub(super) places: Arc<Places>,
    pub(super) tasks: Arc<Tasks>,
}

impl Looker {
    /// A connection by these settings with places of its own. Nothing is called yet.
    ///
    /// # Errors
    ///
    /// When the server URL points to where Lensmount may not call.
    pub fn new(
        settings: Settings,
        targets: Arc<Targets>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, LookerError> {
        let places = Places::new(settings.max_concurrent);
        Self::with_places(settings, targets, clock, places)
    }

    /// The same with places that it shares with the clients of the same connection before it and
    /// after it; they count, and not [`Settings::max_concurrent`].
    ///
    /// # Errors
    ///
    /// As for [`Looker::new`].
    pub fn with_places(
        settings: Settings,
        targets: Arc<Targets>,
        clock: SharedClock,
        places: Arc<Places>,
    ) -> Result<Arc<Self>, LookerError> {
        Ok(Arc::new(Self {
            api: Api::new(settings, targets, clock)?,
            tasks: Tasks::new(Arc::clone(&places)),
            places,
        }))
    }

    /// A deadline for what is begun now: the connection's timeout from here.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.api.deadline()
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
