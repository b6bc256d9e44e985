//! The keys that Lookers call the hub with.
//!
//! A key's nonce is the id of a document here, and the key itself is kept nowhere: it can be made
//! again from the id, but is shown once. Revoking a key removes its document. Keys of the same
//! secret that were not made here, by the hub that was there before, have other nonces; an operator
//! can refuse those.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::By;
use crate::clock::SharedClock;
use crate::id::HubKeyId;
use crate::once::{Known, Once};
use crate::record::{self as records, Record, RecordError, Stored};
use crate::store::{Change, Expected, Kind, SharedStore, StoreError};

use super::token::Secrets;

const LONGEST: usize = 200;
/// How often a change is tried against others' changes before the caller is told.
const TRIES: usize = 8;

/// A key, without what would let anybody use it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HubKeyRecord {
    /// What it is for, in somebody's words.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for HubKeyRecord {
    const KIND: Kind = Kind::HubKey;
    const FORMAT: u32 = 1;
}

/// An operation on keys that did not go through.
#[derive(Debug, thiserror::Error)]
pub enum HubKeyError {
    /// No key of that id.
    #[error("there is no Action Hub key {id}; list the keys to see those there are")]
    NotFound {
        /// As asked for.
        id: String,
    },
    /// Its name is not sound.
    #[error("it needs 1 to {LONGEST} characters, none of them control characters")]
    Name,
    /// There is no secret to make keys with; a defect.
    #[error("there is no secret to make keys with")]
    NoSecret,
    /// Others change it all the time.
    #[error("the key is being changed by others; look at it and try again")]
    Contended,
    /// The idempotency key came with another request before.
    #[error(
        "this `Idempotency-Key` came with another request before; take a new key for a new request"
    )]
    OtherRequest,
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for HubKeyError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// All keys.
pub struct HubKeys {
    store: SharedStore,
    clock: SharedClock,
    secrets: Secrets,
    named_only: bool,
}

impl HubKeys {
    /// Keys in this store, made with the first of these secrets. `named_only` refuses keys that were
    /// not made here.
    #[must_use]
    pub fn new(
        store: SharedStore,
        clock: SharedClock,
        secrets: Secrets,
        named_only: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            clock,
            secrets,
            named_only,
        })
    }

    /// Makes a key, and says it: here and in the answer to the same request sent again, nowhere
    /// else.
    ///
    /// # Errors
    ///
    /// When the name is not sound.
    pub async fn create(
        &self,
        name: &str,
        once: Option<Once>,
        by: By,
    ) -> Result<(Stored<HubKeyRecord>, SecretString), HubKeyError> {
        let name = name.trim();
        let sound = (1..=LONGEST).contains(&name.chars().count());
        if !sound || name.chars().any(char::is_control) {
            return Err(HubKeyError::Name);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let id = HubKeyId::fresh(self.clock.as_ref());
            let mut change = Change::new();
            if let Some(once) = &once {
                match once.known(self.store.as_ref(), now).await? {
                    Known::Made(id) => return self.with_key(&id).await,
                    Known::Other => return Err(HubKeyError::OtherRequest),
                    Known::New(expected) => {
                        change = once.noted(change, expected, id.as_str(), now)?;
                    }
                }
            }
            let record = HubKeyRecord {
                name: name.to_owned(),
                created_at: now,
            };
            let change = change
                .put(
                    Kind::HubKey,
                    id.as_str(),
                    Expected::Absent,
                    records::body(&record)?,
                )
                .audited(by.entry("hub-key.create", format!("hub-key:{id}")));
            match self.store.commit(change).await {
                Ok(_) => return self.with_key(id.as_str()).await,
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HubKeyError::Contended)
    }

    async fn with_key(
        &self,
        id: &str,
    ) -> Result<(Stored<HubKeyRecord>, SecretString), HubKeyError> {
        let stored = self.get(id).await?;
        let key = self.secrets.key(id).ok_or(HubKeyError::NoSecret)?;
        Ok((stored, key))
    }

    async fn get(&self, id: &str) -> Result<Stored<HubKeyRecord>, HubKeyError> {
        records::get(self.store.as_ref(), id)
            .await?
            .ok_or_else(|| HubKeyError::NotFound { id: id.to_owned() })
    }

    /// A page of keys, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<HubKeyRecord>>, HubKeyError> {
        Ok(records::list(self.store.as_ref(), after, limit).await?)
    }

    /// Revokes a key: from now on nobody is let in with it.
    ///
    /// # Errors
    ///
    /// [`HubKeyError::NotFound`].
    pub async fn revoke(&self, id: &HubKeyId, by: By) -> Result<(), HubKeyError> {
        for _ in 0..TRIES {
            let seen = self.get(id.as_str()).await?.version;
            let change = Change::new()
                .delete(Kind::HubKey, id.as_str(), Expected::Version(seen))
                .audited(by.entry("hub-key.revoke", format!("hub-key:{id}")));
            match self.store.commit(change).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HubKeyError::Contended)
    }

    /// Who calls with a key, as audits name them; none for a key that is not valid.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn check(&self, key: &str) -> Result<Option<String>, HubKeyError> {
        let Some(nonce) = self.secrets.nonce(key) else {
            return Ok(None);
        };
        if nonce.parse::<HubKeyId>().is_err() {
            return Ok((!self.named_only).then(|| "hub-key:unnamed".to_owned()));
        }
        let known = records::get::<HubKeyRecord>(self.store.as_ref(), nonce).await?;
        Ok(known.map(|known| format!("hub-key:{}", known.key)))
    }
}
