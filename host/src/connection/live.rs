//! One client for each connection that is in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::id::ConnectionId;
use crate::looker::{Looker, ServerUrl, Settings};

use super::Connections;
use super::error::{ConnectionError, Field};
use super::record::place;

/// Clients by connection, each with the version of the connection that it was made of.
#[derive(Default)]
pub(super) struct Live(Mutex<HashMap<ConnectionId, (u64, Arc<Looker>)>>);

impl Live {
    /// Forgets a client; calls in flight finish on it.
    pub fn forget(&self, id: &ConnectionId) -> Option<Arc<Looker>> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(id).map(|(_, looker)| looker)
    }

    fn at(&self, id: &ConnectionId, version: u64) -> Option<Arc<Looker>> {
        let clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, looker) = clients.get(id)?;
        (*known == version).then(|| Arc::clone(looker))
    }

    /// Keeps a client unless one of this version or a later one is there already.
    fn keep(&self, id: &ConnectionId, version: u64, looker: Arc<Looker>) -> Arc<Looker> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(id) {
            Some((known, kept)) if *known == version => Arc::clone(kept),
            Some((known, _)) if *known > version => looker,
            _ => {
                clients.insert(id.clone(), (version, Arc::clone(&looker)));
                looker
            }
        }
    }

    fn all(&self) -> Vec<Arc<Looker>> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clients.drain().map(|(_, (_, looker))| looker).collect()
    }
}

impl Connections {
    /// The client of a connection as it is now.
    ///
    /// # Errors
    ///
    /// When there is no such connection, or its secret cannot be opened.
    pub async fn looker(&self, id: &ConnectionId) -> Result<Arc<Looker>, ConnectionError> {
        let stored = self.get(id).await?;
        if let Some(looker) = self.live.at(id, stored.version) {
            return Ok(looker);
        }
        let record = stored.record;
        let server_url =
            ServerUrl::parse(&record.server_url).map_err(|error| ConnectionError::Invalid {
                field: Field("/server_url"),
                reason: error.to_string(),
            })?;
        let settings = Settings {
            server_url,
            client_id: record.client_id,
            client_secret: self.sealer.open(&place(id), &record.client_secret)?,
            timeout: Duration::from_secs(record.timeout_seconds.into()),
            max_concurrent: usize::try_from(record.max_concurrent).unwrap_or(1),
        };
        let looker = Looker::new(settings, Arc::clone(&self.targets), Arc::clone(&self.clock))?;
        Ok(self.live.keep(id, stored.version, looker))
    }

    /// Ends every session; for the end of the server.
    pub async fn log_out(&self) {
        let ending = self.live.all().into_iter().map(|looker| async move {
            looker.logout().await;
        });
        futures_util::future::join_all(ending).await;
    }
}
