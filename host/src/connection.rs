//! Connections: the Lookers that are read, by name, with credentials that are sealed.
//!
//! A connection can be edited at any time. [`Connections::looker`] hands out one client for each
//! connection and makes a new one when the connection has changed, so that a changed secret or URL
//! drops the session at once.

mod draft;
mod error;
mod live;
mod record;

use std::sync::Arc;

use crate::access::By;
use crate::clock::SharedClock;
use crate::egress::Targets;
use crate::id::ConnectionId;
use crate::looker::{Identity, Looker};
use crate::once::{Known, Once};
use crate::record::{self as records, Stored, entry};
use crate::secret::Sealer;
use crate::store::{Change, Digest, Expected, Kind, SharedStore, StoreError};

pub(crate) use draft::same_trust;
pub use draft::{Draft, Edit};
pub use error::{ConnectionError, Field};
pub use record::{ConnectionRecord, MOST_CONCURRENT, MOST_TIMEOUT};

use live::Live;

/// All connections, and a client for each that is in use.
pub struct Connections {
    store: SharedStore,
    sealer: Arc<Sealer>,
    targets: Arc<Targets>,
    clock: SharedClock,
    live: Live,
}

/// How often a change is tried against others' changes before the caller is told.
const TRIES: usize = 8;

impl Connections {
    /// Connections in this store. `targets` are the addresses that may be called.
    #[must_use]
    pub fn new(
        store: SharedStore,
        sealer: Arc<Sealer>,
        targets: Arc<Targets>,
        clock: SharedClock,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            sealer,
            targets,
            clock,
            live: Live::default(),
        })
    }

    /// Makes a connection. Its Looker is not called: it may be away just now.
    ///
    /// # Errors
    ///
    /// When the draft is unsound or its name is taken.
    pub async fn create(
        &self,
        draft: Draft,
        once: Option<Once>,
        by: By,
    ) -> Result<Stored<ConnectionRecord>, ConnectionError> {
        for _ in 0..TRIES {
            let id = ConnectionId::fresh(self.clock.as_ref());
            let record = draft.record(&id, &self.sealer, self.clock.now())?;
            let mut change = Change::new();
            // It comes first: of two requests with one key the later one has to find out that the
            // key was used before it finds out that the name is taken.
            if let Some(once) = &once {
                match once.known(self.store.as_ref(), self.clock.now()).await? {
                    Known::Made(id) => return self.get_text(&id).await,
                    Known::Other => return Err(ConnectionError::OtherRequest),
                    Known::New(expected) => {
                        change = once.noted(change, expected, id.as_str(), self.clock.now())?;
                    }
                }
            }
            let change = change
                .put(
                    Kind::Connection,
                    id.as_str(),
                    Expected::Absent,
                    records::body(&record)?,
                )
                .put(
                    Kind::Member,
                    name_key(&record.name),
                    Expected::Absent,
                    records::ENTRY,
                )
                .audited(by.entry("connection.create", format!("connection:{id}")));
            match self.store.commit(change).await {
                Ok(_) => return self.get(&id).await,
                Err(StoreError::Stale {
                    kind: Kind::Member, ..
                }) => {
                    return Err(ConnectionError::NameTaken { name: record.name });
                }
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ConnectionError::Contended)
    }

    /// A connection.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::NotFound`].
    pub async fn get(
        &self,
        id: &ConnectionId,
    ) -> Result<Stored<ConnectionRecord>, ConnectionError> {
        self.get_text(id.as_str()).await
    }

    async fn get_text(&self, id: &str) -> Result<Stored<ConnectionRecord>, ConnectionError> {
        records::get(self.store.as_ref(), id)
            .await?
            .ok_or_else(|| ConnectionError::NotFound { id: id.to_owned() })
    }

    /// A page of connections, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<ConnectionRecord>>, ConnectionError> {
        Ok(records::list(self.store.as_ref(), after, limit).await?)
    }

    /// Changes a connection. `seen` is the version that the caller has looked at; without it any
    /// will do.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::Stale`] when it has changed since, and as for [`Connections::create`].
    pub async fn edit(
        &self,
        id: &ConnectionId,
        edit: Edit,
        seen: Option<u64>,
        by: By,
    ) -> Result<Stored<ConnectionRecord>, ConnectionError> {
        for _ in 0..TRIES {
            let before = self.get(id).await?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(ConnectionError::Stale);
            }
            let record = edit.applied(&before.record, id, &self.sealer)?;
            let mut audit = by.entry("connection.edit", format!("connection:{id}"));
            audit.detail = Some(edit.fields());
            let mut change = Change::new()
                .put(
                    Kind::Connection,
                    id.as_str(),
                    Expected::Version(before.version),
                    records::body(&record)?,
                )
                .audited(audit);
            let (old, new) = (name_key(&before.record.name), name_key(&record.name));
            if old != new {
                change = change.delete(Kind::Member, old, Expected::Any).put(
                    Kind::Member,
                    new,
                    Expected::Absent,
                    records::ENTRY,
                );
            }
            match self.store.commit(change).await {
                Ok(_) => {
                    // A test that runs is not to go on with what has just been changed.
                    self.log_out_of(self.live.forget(id));
                    let after = self.get(id).await?;
                    self.live.places(id, after.version, &after.record);
                    return Ok(after);
                }
                Err(StoreError::Stale {
                    kind: Kind::Member, ..
                }) => {
                    return Err(ConnectionError::NameTaken { name: record.name });
                }
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ConnectionError::Contended)
    }

    /// Removes a connection that no key result is linked through.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::InUse`] when one is.
    pub async fn delete(
        &self,
        id: &ConnectionId,
        seen: Option<u64>,
        by: By,
    ) -> Result<(), ConnectionError> {
        let before = self.get(id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(ConnectionError::Stale);
        }
        let guard = records::guarded(self.store.as_ref(), id.as_str()).await?;
        let used = records::under(self.store.as_ref(), Kind::Member, id.as_str()).await?;
        if !used.is_empty() {
            return Err(ConnectionError::InUse {
                name: before.record.name,
                key_results: used.len(),
            });
        }
        let change = Change::new()
            .delete(
                Kind::Connection,
                id.as_str(),
                Expected::Version(before.version),
            )
            .delete(Kind::Member, name_key(&before.record.name), Expected::Any)
            .delete(Kind::Member, records::guard(id.as_str()), guard)
            .audited(by.entry("connection.delete", format!("connection:{id}")));
        match self.store.commit(change).await {
            Ok(_) => {}
            Err(StoreError::Stale { .. }) => return Err(ConnectionError::Stale),
            Err(error) => return Err(error.into()),
        }
        self.log_out_of(self.live.forget(id));
        self.live.forget_places(id);
        Ok(())
    }

    /// Ends a session that nobody will use any more. Nobody waits for that.
    fn log_out_of(&self, looker: Option<Arc<Looker>>) {
        if let Some(looker) = looker {
            tokio::spawn(async move { looker.logout().await });
        }
    }

    /// Logs in afresh and says who that is.
    ///
    /// # Errors
    ///
    /// Why it did not go through, and what to change.
    pub async fn test(&self, id: &ConnectionId) -> Result<Identity, ConnectionError> {
        let looker = self.looker(id).await?;
        looker.identify().await.map_err(ConnectionError::from)
    }
}

/// Names tell connections apart, so each is taken once, in whatever case it is written. A digest,
/// because keys are shorter than names may be.
fn name_key(name: &str) -> String {
    let name = Digest::of(name.to_lowercase().as_bytes());
    entry("connection-name", &name.to_hex())
}
