//! The last results that key results really read, kept so that a version can be tried on them before
//! it answers anybody.
//!
//! What Looker answers is the customers' own, so it is sealed at rest, few are kept, and those of a
//! key result go when it goes. Keeping is an aid, never a duty: a read does not wait for it, and a
//! result that could not be kept is missed by nobody.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::access::By;
use crate::clock::SharedClock;
use crate::record::{self as records, Record, RecordError, entry};
use crate::secret::{Sealer, SecretError};
use crate::store::{BlobSpace, Change, Digest, Expected, Kind, SharedStore, StoreError};

use super::document::{Operation, Sample};

/// The largest result that is kept.
pub const LARGEST: usize = 256 << 10;
/// How many are kept of an extractor, unless the operator says otherwise.
pub const DEFAULT: u16 = 8;
/// How old the result of a key result is before a newer one takes its place: a chart changes little
/// in an hour, and a write per read would double what a poll writes.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// How old a result is before that of another key result may take its place.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// What the store has of a kept result beside its sealed bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptRecord {
    /// The extractor that read it.
    pub extractor: String,
    /// The key result that it was read for.
    pub key_result: String,
    /// When it was kept.
    pub at: Timestamp,
    /// Bytes of Looker's answer.
    pub size: usize,
    /// The sealed bytes.
    blob: Digest,
}

impl Record for KeptRecord {
    const KIND: Kind = Kind::Sample;
    const FORMAT: u32 = 1;
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Inside {
    result: String,
    query: String,
    chosen: Vec<(String, String)>,
    context: Vec<(String, String)>,
}

/// A result cannot be kept, or what is kept not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The store failed.
    #[error("the store failed while results were kept to try extractors on")]
    Store(#[from] StoreError),
    /// A record of ours cannot be read.
    #[error("what is kept to try extractors on cannot be read")]
    Record(#[from] RecordError),
    /// It cannot be sealed or opened.
    #[error("a result kept to try extractors on cannot be sealed or opened")]
    Secret(#[from] SecretError),
    /// It is not what was sealed.
    #[error("a result kept to try extractors on is not what was kept")]
    Unreadable(#[from] serde_json::Error),
}

/// Leave to keep one result, which ends when anything is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What one read was about, owned for as long as it takes to keep it.
#[derive(Debug)]
pub struct Read {
    /// The extractor that read it.
    pub extractor: String,
    /// The key result that it was read for.
    pub key_result: String,
    /// Leave to keep it.
    pub ticket: Ticket,
    /// Looker's answer.
    pub result: Bytes,
    /// Looker's Query object.
    pub query: String,
    /// What was chosen.
    pub chosen: Vec<(String, String)>,
    /// What the answer does not say.
    pub context: Vec<(String, String)>,
}

/// The results that are kept.
pub struct Kept {
    store: SharedStore,
    sealer: Arc<Sealer>,
    clock: SharedClock,
    /// Of each extractor.
    most: usize,
    /// Who writes: bytes whose document is on its way must not be taken for bytes that nothing names,
    /// and what is being forgotten must not come back.
    turn: Semaphore,
    /// Changes whenever something is forgotten. What was read before is not kept after it.
    forgotten: AtomicU64,
    /// By extractor, the key results whose results are kept or on their way, and since when.
    known: Mutex<HashMap<String, BTreeMap<String, Timestamp>>>,
}

impl Kept {
    /// What is kept in this store; `most` of each extractor, none with 0.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn open(
        store: SharedStore,
        sealer: Arc<Sealer>,
        clock: SharedClock,
        most: usize,
    ) -> Result<Arc<Self>, KeptError> {
        let kept = Self {
            store,
            sealer,
            clock,
            most,
            turn: Semaphore::new(1),
            forgotten: AtomicU64::new(0),
            known: Mutex::default(),
        };
        let mut known: HashMap<String, BTreeMap<String, Timestamp>> = HashMap::new();
        for record in kept.records().await? {
            let of = known.entry(record.extractor).or_default();
            of.insert(record.key_result, record.at);
        }
        kept.lock(|map| *map = known);
        Ok(Arc::new(kept))
    }

    /// Whether the result that this key result has just read should be kept. Who gets a ticket has the
    /// place, and is not asked again before the hour is over.
    #[must_use]
    pub fn wants(&self, extractor: &str, key_result: &str, size: usize) -> Option<Ticket> {
        if size > LARGEST || self.most == 0 {
            return None;
        }
        let ticket = Ticket(self.forgotten.load(Ordering::Acquire));
        let now = self.clock.now();
        let age = |at: &Timestamp| now.duration_since(*at);
        self.lock(|known| {
            let Some(of) = known.get_mut(extractor) else {
                let first = BTreeMap::from([(key_result.to_owned(), now)]);
                known.insert(extractor.to_owned(), first);
                return Some(ticket);
            };
            let wants = match of.get(key_result) {
                Some(at) => age(at) >= FRESH,
                None => of.len() < self.most || of.values().any(|at| age(at) >= STALE),
            };
            if wants {
                of.insert(key_result.to_owned(), now);
            }
            wants.then_some(ticket)
        })
    }

    /// Keeps what was read, sealed, in place of what the same key result read before. Beyond the
    /// most that are kept of an extractor the oldest goes.
    ///
    /// # Errors
    ///
    /// When it cannot be sealed or stored: then nothing has changed.
    pub async fn keep(&self, read: Read) -> Result<(), KeptError> {
        let Ok(result) = String::from_utf8(read.result.to_vec()) else {
            // What is no text is `malformed` to every extractor.
            return Ok(());
        };
        // The permit goes with the whole, which nobody closes.
        let _turn = self.turn.acquire().await;
        if read.ticket != Ticket(self.forgotten.load(Ordering::Acquire)) {
            // It may be what was forgotten. The next read will do as well.
            self.unknown(&read.extractor, &read.key_result);
            return Ok(());
        }
        let (key, size) = (entry(&read.extractor, &read.key_result), result.len());
        let inside = serde_json::to_vec(&Inside {
            result,
            query: read.query,
            chosen: read.chosen,
            context: read.context,
        })?;
        let sealed = self.sealer.seal_bytes(&place(&key), &inside)?;
        let before = records::get::<KeptRecord>(self.store.as_ref(), &key).await?;
        // Bytes first: a document never names what is not there.
        let blob = self
            .store
            .put_blob(BlobSpace::Sample, sealed.into())
            .await?;
        let record = KeptRecord {
            extractor: read.extractor,
            key_result: read.key_result,
            at: self.clock.now(),
            size,
            blob,
        };
        let change = Change::new().put(Kind::Sample, &key, Expected::Any, records::body(&record)?);
        self.store.commit(change).await?;
        if let Some(before) = before {
            self.store
                .delete_blob(BlobSpace::Sample, &before.record.blob)
                .await?;
        }
        // One that was deleted meanwhile would not be forgotten any more.
        if self.is_gone(&record.key_result).await? {
            return self.drop_one(&record).await;
        }
        self.make_room(&record.extractor).await
    }

    /// What is kept of an extractor, the newest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(&self, extractor: &str) -> Result<Vec<KeptRecord>, KeptError> {
        let mut found = Vec::new();
        for key_result in records::under(self.store.as_ref(), Kind::Sample, extractor).await? {
            let key = entry(extractor, &key_result);
            if let Some(stored) = records::get::<KeptRecord>(self.store.as_ref(), &key).await? {
                found.push(stored.record);
            }
        }
        found.sort_by_key(|record| std::cmp::Reverse(record.at));
        Ok(found)
    }

    /// What is kept of an extractor, opened, the newest first, and how many could not be opened.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn samples(&self, extractor: &str) -> Result<(Vec<Sample>, usize), KeptError> {
        let (mut samples, mut lost) = (Vec::new(), 0);
        for record in self.list(extractor).await? {
            match self.opened(&record).await {
                Ok(Some(sample)) => samples.push(sample),
                // It has been forgotten in between.
                Ok(None) => {}
                Err(KeptError::Store(error)) if !matches!(error, StoreError::Corrupt { .. }) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(%error, extractor, key_result = record.key_result, "a kept result is left out");
                    lost += 1;
                }
            }
        }
        Ok((samples, lost))
    }

    async fn opened(&self, record: &KeptRecord) -> Result<Option<Sample>, KeptError> {
        let blob = self.store.blob(BlobSpace::Sample, &record.blob);
        let Some(sealed) = blob.await? else {
            return Ok(None);
        };
        let key = entry(&record.extractor, &record.key_result);
        let inside = self.sealer.open_bytes(&place(&key), &sealed)?;
        let inside: Inside = serde_json::from_slice(&inside)?;
        Ok(Some(Sample {
            name: record.key_result.clone(),
            operation: Operation::Read,
            result: inside.result.into(),
            query: inside.query,
            chosen: inside.chosen,
            context: inside.context,
            expected: None,
        }))
    }

    /// Forgets the results of a key result.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget(&self, key_result: &str) -> Result<(), KeptError> {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        let _turn = self.turn.acquire().await;
        for record in self.records().await? {
            if record.key_result == key_result {
                self.drop_one(&record).await?;
            }
        }
        Ok(())
    }

    /// Forgets all results of an extractor, because somebody says so.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_all(&self, extractor: &str, by: &By) -> Result<(), KeptError> {
        let subject = format!("extractor:{extractor}");
        let mut audit = by.entry("extractor.forget-samples", subject);
        let samples = self.forget_of(extractor).await?;
        audit.detail = Some(json!({ "samples": samples }));
        self.store.commit(Change::new().audited(audit)).await?;
        Ok(())
    }

    /// Forgets all results of an extractor; how many there were.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_of(&self, extractor: &str) -> Result<usize, KeptError> {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        let _turn = self.turn.acquire().await;
        self.drop_all(extractor).await
    }

    /// Drops all results of an extractor. The caller has the turn.
    async fn drop_all(&self, extractor: &str) -> Result<usize, KeptError> {
        let found = self.list(extractor).await?;
        for record in &found {
            self.drop_one(record).await?;
        }
        Ok(found.len())
    }

    /// Forgets what a crash has left: results of key results that are gone, bytes that no document
    /// names, and what is more than the operator wants kept by now.
    ///
    /// # Errors
    ///
    /// When the store fails; what is left then is left for the next time.
    pub async fn sweep(&self) -> Result<(), KeptError> {
        let _turn = self.turn.acquire().await;
        let mut extractors = HashSet::new();
        for record in self.records().await? {
            if self.is_gone(&record.key_result).await? {
                self.drop_one(&record).await?;
            }
            extractors.insert(record.extractor);
        }
        for extractor in extractors {
            if self.store.get(Kind::Extractor, &extractor).await?.is_none() {
                self.drop_all(&extractor).await?;
            }
            self.make_room(&extractor).await?;
        }
        let records = self.records().await?;
        let named: HashSet<Digest> = records.iter().map(|record| record.blob).collect();
        for blob in self.store.list_blobs(BlobSpace::Sample).await? {
            if !named.contains(&blob) {
                self.store.delete_blob(BlobSpace::Sample, &blob).await?;
            }
        }
        Ok(())
    }

    /// Drops the oldest results of an extractor beyond the most that are kept.
    async fn make_room(&self, extractor: &str) -> Result<(), KeptError> {
        for record in self.list(extractor).await?.into_iter().skip(self.most) {
            self.drop_one(&record).await?;
        }
        Ok(())
    }

    /// Drops one result. The caller has the turn.
    async fn drop_one(&self, record: &KeptRecord) -> Result<(), KeptError> {
        let store = self.store.as_ref();
        let key = entry(&record.extractor, &record.key_result);
        let gone = Change::new().delete(Kind::Sample, key, Expected::Any);
        store.commit(gone).await?;
        self.unknown(&record.extractor, &record.key_result);
        let blob = &record.blob;
        Ok(store.delete_blob(BlobSpace::Sample, blob).await?)
    }

    /// Gives the place of a result away again.
    fn unknown(&self, extractor: &str, key_result: &str) {
        self.lock(|known| {
            let of = known.get_mut(extractor);
            of.and_then(|of| of.remove(key_result))
        });
    }

    async fn is_gone(&self, key_result: &str) -> Result<bool, KeptError> {
        let found = self.store.get(Kind::KeyResult, key_result).await?;
        Ok(found.is_none())
    }

    async fn records(&self) -> Result<Vec<KeptRecord>, KeptError> {
        const PAGE: usize = 200;
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page =
                records::list::<KeptRecord>(self.store.as_ref(), after.as_deref(), PAGE).await?;
            after = page.last().map(|stored| stored.key.clone());
            let is_last = page.len() < PAGE;
            found.extend(page.into_iter().map(|stored| stored.record));
            if is_last {
                return Ok(found);
            }
        }
    }

    fn lock<T>(
        &self,
        with: impl FnOnce(&mut HashMap<String, BTreeMap<String, Timestamp>>) -> T,
    ) -> T {
        with(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn place(key: &str) -> String {
    format!("sample/{key}")
}
