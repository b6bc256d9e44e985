//! Destinations: data planes that schedules may send to by name, with write keys that are sealed.
//!
//! This is also the place that knows what an action without a named destination has to be told
//! ([`SETTINGS`]): the write key and the URL of a RudderStack source, under the names that Looker's
//! admins have always filled in.

mod draft;
mod error;
mod record;

use std::sync::Arc;

use secrecy::SecretString;

use crate::access::By;
use crate::clock::SharedClock;
use crate::egress::Targets;
use crate::id::DestinationId;
use crate::once::{Known, Once};
use crate::record::{self as records, Stored, entry};
use crate::secret::Sealer;
use crate::store::{Change, Digest, Expected, Kind, SharedStore, StoreError};

pub use draft::{Draft, Edit};
pub use error::DestinationError;
pub use record::{DestinationKind, DestinationRecord};

use record::place;

/// The most destinations there may be. More would not fit a form.
pub const MOST: usize = 200;
/// How often a change is tried against others' changes before the caller is told.
const TRIES: usize = 8;

/// A setting of an action that says where its events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in requests.
    pub name: &'static str,
    /// What a form shows beside it.
    pub label: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether it is a secret.
    pub sensitive: bool,
}

/// The write key of the source.
pub const WRITE_KEY: Setting = Setting {
    name: "rudder_write_key",
    label: "Rudder Write Key",
    description: "Looker source write key for Rudder.",
    sensitive: true,
};

/// The data plane's URL.
pub const SERVER_URL: Setting = Setting {
    name: "rudder_server_url",
    label: "Rudder Data Plane URL",
    description: "Give your Rudder server URL",
    sensitive: false,
};

/// What an action is told where no named destination is chosen.
pub const SETTINGS: [Setting; 2] = [WRITE_KEY, SERVER_URL];

/// Where events go.
#[derive(Debug)]
pub struct Target {
    /// The destination's id; none where the action's settings say where to send.
    pub destination: Option<String>,
    /// The data plane.
    pub server_url: String,
    /// What it knows us by.
    pub write_key: SecretString,
}

/// All named destinations.
pub struct Destinations {
    store: SharedStore,
    sealer: Arc<Sealer>,
    targets: Arc<Targets>,
    clock: SharedClock,
}

impl Destinations {
    /// Destinations in this store. `targets` are the addresses that may be called.
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
        })
    }

    /// Makes a destination. Its data plane is not called.
    ///
    /// # Errors
    ///
    /// When the draft is unsound, its name is taken, or there are too many.
    pub async fn create(
        &self,
        draft: Draft,
        once: Option<Once>,
        by: By,
    ) -> Result<Stored<DestinationRecord>, DestinationError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let id = DestinationId::fresh(self.clock.as_ref());
            let record = draft.record(&id, &self.sealer, &self.targets, now)?;
            let mut change = Change::new();
            // It comes first: of two requests with one key the later one has to find out that the
            // key was used before it finds out that the name is taken.
            if let Some(once) = &once {
                match once.known(self.store.as_ref(), now).await? {
                    Known::Made(id) => return self.get(&id).await,
                    Known::Other => return Err(DestinationError::OtherRequest),
                    Known::New(expected) => {
                        change = once.noted(change, expected, id.as_str(), now)?;
                    }
                }
            }
            if self.list(None, MOST).await?.len() >= MOST {
                return Err(DestinationError::TooMany);
            }
            let change = change
                .put(
                    Kind::Destination,
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
                .audited(by.entry("destination.create", format!("destination:{id}")));
            match self.store.commit(change).await {
                Ok(_) => return self.get(id.as_str()).await,
                Err(error) => stale(error, &record.name)?,
            }
        }
        Err(DestinationError::Contended)
    }

    /// A destination.
    ///
    /// # Errors
    ///
    /// [`DestinationError::NotFound`].
    pub async fn get(&self, id: &str) -> Result<Stored<DestinationRecord>, DestinationError> {
        records::get(self.store.as_ref(), id)
            .await?
            .ok_or_else(|| DestinationError::NotFound { id: id.to_owned() })
    }

    /// A page of destinations, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<DestinationRecord>>, DestinationError> {
        Ok(records::list(self.store.as_ref(), after, limit).await?)
    }

    /// Where the events of this destination go. Only whoever sends them has to know.
    ///
    /// # Errors
    ///
    /// [`DestinationError::NotFound`], and when its write key cannot be opened.
    pub async fn resolve(&self, id: &str) -> Result<Target, DestinationError> {
        let found = self.get(id).await?.record;
        Ok(Target {
            destination: Some(id.to_owned()),
            write_key: self.sealer.open(&place(id), &found.write_key)?,
            server_url: found.server_url,
        })
    }

    /// Changes a destination. `seen` is the version that the caller has looked at; without it any
    /// will do. Runs that have begun go where they were going.
    ///
    /// # Errors
    ///
    /// [`DestinationError::Stale`] when it has changed since, and as for [`Destinations::create`].
    pub async fn edit(
        &self,
        id: &DestinationId,
        edit: Edit,
        seen: Option<u64>,
        by: By,
    ) -> Result<Stored<DestinationRecord>, DestinationError> {
        for _ in 0..TRIES {
            let before = self.get(id.as_str()).await?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(DestinationError::Stale);
            }
            let record = edit.applied(&before.record, id, &self.sealer, &self.targets)?;
            let mut audit = by.entry("destination.edit", format!("destination:{id}"));
            audit.detail = Some(edit.fields());
            let mut change = Change::new()
                .put(
                    Kind::Destination,
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
                Ok(_) => return self.get(id.as_str()).await,
                Err(error) => stale(error, &record.name)?,
            }
        }
        Err(DestinationError::Contended)
    }

    /// Removes a destination. Schedules that chose it are refused from now on, in words.
    ///
    /// # Errors
    ///
    /// [`DestinationError::NotFound`] and [`DestinationError::Stale`].
    pub async fn delete(
        &self,
        id: &DestinationId,
        seen: Option<u64>,
        by: By,
    ) -> Result<(), DestinationError> {
        let before = self.get(id.as_str()).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(DestinationError::Stale);
        }
        let change = Change::new()
            .delete(
                Kind::Destination,
                id.as_str(),
                Expected::Version(before.version),
            )
            .delete(Kind::Member, name_key(&before.record.name), Expected::Any)
            .audited(by.entry("destination.delete", format!("destination:{id}")));
        match self.store.commit(change).await {
            Ok(_) => Ok(()),
            Err(StoreError::Stale { .. }) => Err(DestinationError::Stale),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a change is to be tried again, or what it failed of.
fn stale(error: StoreError, name: &str) -> Result<(), DestinationError> {
    match error {
        StoreError::Stale {
            kind: Kind::Member, ..
        } => Err(DestinationError::NameTaken {
            name: name.to_owned(),
        }),
        StoreError::Stale { .. } => Ok(()),
        error => Err(error.into()),
    }
}

/// Names tell destinations apart in a form, so each is taken once, in whatever case it is written.
fn name_key(name: &str) -> String {
    let name = Digest::of(name.to_lowercase().as_bytes());
    entry("destination-name", &name.to_hex())
}
