//! One client for each connection that is in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::id::ConnectionId;
use crate::looker::{Looker, Places, ServerUrl, Settings};

use super::Connections;
use super::error::{ConnectionError, Field};
use super::record::{ConnectionRecord, place};

/// Clients by connection, each with the version of the connection that it was made of; and the
/// places of connections.
#[derive(Default)]
pub(super) struct Live {
    clients: Mutex<HashMap<ConnectionId, (u64, Arc<Looker>)>>,
    places: Mutex<HashMap<ConnectionId, Placed>>,
}

/// The places of a connection.
struct Placed {
    /// The version that says how many there are, and at which server.
    version: u64,
    server_url: String,
    places: Arc<Places>,
}

impl Live {
    /// Forgets a client; calls in flight finish on it, in the places that the next one at
    /// the same server has too.
    pub fn forget(&self, id: &ConnectionId) -> Option<Arc<Looker>> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(id).map(|(_, looker)| looker)
    }

    /// Forgets the places of a connection that is gone.
    pub fn forget_places(&self, id: &ConnectionId) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(id);
    }

    /// The places of a connection, as many as its latest version has. At another server there are
    /// others: what goes on at the one before takes nothing from it.
    pub fn places(
        &self,
        id: &ConnectionId,
        version: u64,
        record: &ConnectionRecord,
    ) -> Arc<Places> {
        let most = usize::try_from(record.max_concurrent).unwrap_or(1);
        let mut all = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let anew = || Placed {
            version,
            server_url: record.server_url.clone(),
            places: Places::new(most),
        };
        let known = all.entry(id.clone()).or_insert_with(anew);
        if known.version < version && known.server_url != record.server_url {
            *known = anew();
        } else if known.version < version {
            known.version = version;
            known.places.resize(most);
        }
        Arc::clone(&known.places)
    }

    fn at(&self, id: &ConnectionId, version: u64) -> Option<Arc<Looker>> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, looker) = clients.get(id)?;
        (*known == version).then(|| Arc::clone(looker))
    }

    /// Keeps a client unless one of this version or a later one is there already.
    fn keep(&self, id: &ConnectionId, version: u64, looker: Arc<Looker>) -> Arc<Looker> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
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
        let places = self.live.places(id, stored.version, &stored.record);
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
        let looker = Looker::with_places(
            settings,
            Arc::clone(&self.targets),
            Arc::clone(&self.clock),
            places,
        )?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edit_keeps_the_places_of_a_connection_unless_it_goes_to_another_server() {
        let id = "con_0192f0c1a2b37c4d8e5f60718293a4b5"
            .parse()
            .expect("an id");
        let record = |server: &str| -> ConnectionRecord {
            let record = json!({"name": "a", "server_url": server, "client_id": "id",
                "client_secret": "", "timeout_seconds": 40, "max_concurrent": 1,
                "created_at": "2026-11-18T12:00:00Z"});
            serde_json::from_value(record).expect("a record")
        };
        let live = Live::default();
        let at = |version, server| live.places(&id, version, &record(server));
        let first = at(1, "https://a.example");
        assert!(Arc::ptr_eq(&first, &at(2, "https://a.example")));
        let moved = at(3, "https://b.example");
        assert!(!Arc::ptr_eq(&first, &moved));
        assert!(Arc::ptr_eq(&moved, &at(4, "https://b.example")));
    }
}
