//! The store, with every change addressed to the webhooks that want to hear of it.
//!
//! What a change tells the feed and what webhooks are to be told of it are written together or not at
//! all. Nobody above has to know of webhooks for that.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;
use uuid::{ContextV7, Uuid};

use crate::clock::SharedClock;
use crate::record::{self as records, RecordError};
use crate::store::{
    AuditRecord, BlobSpace, Change, CheckReport, Committed, Digest, Document, Due, Expected,
    ExportSummary, FeedEdges, FeedEntry, FeedPlace, Kind, Lease, Line, ReadingRange, SharedStore,
    Store, StoreError, StoredReading, Write,
};

use super::draft::MOST;
use super::error::WebhookError;
use super::notice::Notice;
use super::record::WebhookRecord;

/// The name under which a webhook's notices are claimed.
pub(super) fn poll(id: &str) -> String {
    format!("webhook/{id}")
}

/// The store beneath, and whom to tell what goes into it.
pub struct Outbox {
    inner: SharedStore,
    clock: SharedClock,
    known: ArcSwap<Known>,
    /// Makes ids that sort in the order of their making, also within a millisecond.
    order: Mutex<ContextV7>,
}

/// Whom to tell, as it was known at a version of the store or later.
#[derive(Default)]
struct Known {
    version: u64,
    addressees: Vec<Arc<Addressee>>,
}

/// How many notices of a change are for whom.
type Counts = Vec<(Arc<Addressee>, u64)>;

/// A webhook that is told things.
struct Addressee {
    id: String,
    kinds: Vec<String>,
    waiting: AtomicU64,
}

impl Outbox {
    /// Addresses what goes into this store to the webhooks that it has.
    ///
    /// # Errors
    ///
    /// When the store fails or holds something unreadable.
    pub async fn open(inner: SharedStore, clock: SharedClock) -> Result<Arc<Self>, RecordError> {
        let outbox = Self {
            inner,
            clock,
            known: ArcSwap::default(),
            order: Mutex::new(ContextV7::new()),
        };
        outbox.reload().await?;
        for addressee in &outbox.known.load().addressees {
            let waiting = records::under(outbox.inner.as_ref(), Kind::Notice, &addressee.id);
            let waiting = waiting.await?.len() as u64;
            addressee.waiting.store(waiting, Ordering::Relaxed);
        }
        Ok(Arc::new(outbox))
    }

    /// Makes a change of the webhooks themselves. From the moment it returns, what happens is
    /// addressed to the webhooks as they are then.
    pub(super) async fn commit_and_reload(&self, change: Change) -> Result<(), WebhookError> {
        let made = self.inner.commit(change).await;
        // Whether a change that is in doubt was made, this finds out as well.
        self.reload().await?;
        made?;
        Ok(())
    }

    /// Tells one webhook one thing, whatever it wants to hear; the notice's id.
    pub(super) async fn tell_one(
        &self,
        webhook: &str,
        topic: &str,
        data: &Value,
        change: Change,
    ) -> Result<String, WebhookError> {
        let now = self.clock.now();
        let id = self.fresh(now);
        let notice = Notice::new(topic, now, data.to_string().as_bytes());
        let change = change
            .put(
                Kind::Notice,
                records::entry(webhook, &id),
                Expected::Absent,
                records::body(&notice)?,
            )
            .due(poll(webhook), Due::NoLaterThan(now));
        self.inner.commit(change).await?;
        if let Some(addressee) = self.addressee(webhook) {
            addressee.waiting.fetch_add(1, Ordering::Relaxed);
        }
        Ok(format!("msg_{id}"))
    }

    /// How many notices wait for a webhook.
    pub(super) fn waiting(&self, webhook: &str) -> u64 {
        self.addressee(webhook)
            .map_or(0, |it| it.waiting.load(Ordering::Relaxed))
    }

    /// Notices no longer wait.
    pub(super) fn settled(&self, webhook: &str, notices: u64) {
        if let Some(addressee) = self.addressee(webhook) {
            let fewer = |waiting: u64| Some(waiting.saturating_sub(notices));
            let _ = addressee
                .waiting
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        }
    }

    fn addressee(&self, webhook: &str) -> Option<Arc<Addressee>> {
        let known = self.known.load();
        known.addressees.iter().find(|it| it.id == webhook).cloned()
    }

    /// Finds out whom to tell.
    pub(super) async fn reload(&self) -> Result<(), RecordError> {
        let version = *self.inner.changed().borrow();
        let found = records::list::<WebhookRecord>(self.inner.as_ref(), None, MOST).await?;
        let wanting = found
            .into_iter()
            .filter(|it| it.record.standing.stopped.is_none());
        let addressees = wanting.map(|it| {
            Arc::new(Addressee {
                waiting: AtomicU64::new(self.waiting(&it.key)),
                kinds: it.record.kinds,
                id: it.key,
            })
        });
        let found = Arc::new(Known {
            version,
            addressees: addressees.collect(),
        });
        // Of two that look at the same time, the one that has seen less must not have the last word.
        self.known.rcu(|known| {
            let newer = found.version >= known.version;
            Arc::clone(if newer { &found } else { known })
        });
        Ok(())
    }

    fn fresh(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let uuid = Uuid::new_v7(uuid::Timestamp::from_unix(&*order, seconds, nanos));
        uuid.simple().to_string()
    }

    /// Adds to a change the notices of what it tells; whom, and of how many things.
    fn addressed(&self, mut change: Change) -> Result<(Change, Counts), RecordError> {
        let known = self.known.load();
        let (now, mut counts) = (self.clock.now(), Vec::new());
        for addressee in &known.addressees {
            let mut notices = Vec::new();
            for write in &change.writes {
                if let Write::Tell { topic, body } = write
                    && addressee.kinds.contains(topic)
                {
                    let notice = records::body(&Notice::new(topic, now, body))?;
                    notices.push((records::entry(&addressee.id, &self.fresh(now)), notice));
                }
            }
            if notices.is_empty() {
                continue;
            }
            counts.push((Arc::clone(addressee), notices.len() as u64));
            for (key, notice) in notices {
                change = change.put(Kind::Notice, key, Expected::Absent, notice);
            }
            change = change.due(poll(&addressee.id), Due::NoLaterThan(now));
        }
        Ok((change, counts))
    }
}

#[async_trait]
impl Store for Outbox {
    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        let tells = change
            .writes
            .iter()
            .any(|write| matches!(write, Write::Tell { .. }));
        if !tells || self.known.load().addressees.is_empty() {
            return self.inner.commit(change).await;
        }
        let addressed = self.addressed(change);
        let (change, counts) = addressed.map_err(|error| StoreError::Unavailable {
            reason: "a notice for a webhook cannot be written".to_owned(),
            source: Some(error.into()),
        })?;
        let committed = self.inner.commit(change).await?;
        for (addressee, count) in counts {
            addressee.waiting.fetch_add(count, Ordering::Relaxed);
        }
        Ok(committed)
    }

    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError> {
        self.inner.get(kind, key).await
    }

    async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.inner.list(kind, after, limit).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.inner.audit(before, limit).await
    }

    async fn claim_due(
        &self,
        line: Line,
        holder: &str,
        lease_for: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.inner.claim_due(line, holder, lease_for, limit).await
    }

    async fn renew(&self, lease: &Lease, lease_for: SignedDuration) -> Result<Lease, StoreError> {
        self.inner.renew(lease, lease_for).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.inner.release(lease).await
    }

    async fn next_due(&self, line: Line) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(line).await
    }

    async fn readings(
        &self,
        key_result: &str,
        range: &ReadingRange,
        limit: usize,
    ) -> Result<Vec<StoredReading>, StoreError> {
        self.inner.readings(key_result, range, limit).await
    }

    async fn reading(
        &self,
        key_result: &str,
        origin: &str,
    ) -> Result<Option<StoredReading>, StoreError> {
        self.inner.reading(key_result, origin).await
    }

    async fn forget_readings(&self, key_result: &str) -> Result<u64, StoreError> {
        self.inner.forget_readings(key_result).await
    }

    async fn feed(
        &self,
        after: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.inner.feed(after, limit).await
    }

    async fn feed_edges(&self) -> Result<Option<FeedEdges>, StoreError> {
        self.inner.feed_edges().await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed()
    }

    async fn put_blob(&self, space: BlobSpace, bytes: Bytes) -> Result<Digest, StoreError> {
        self.inner.put_blob(space, bytes).await
    }

    async fn blob(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Bytes>, StoreError> {
        self.inner.blob(space, digest).await
    }

    async fn delete_blob(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError> {
        self.inner.delete_blob(space, digest).await
    }

    async fn list_blobs(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError> {
        self.inner.list_blobs(space).await
    }

    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        self.inner.export(out).await
    }

    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        self.inner.import(from).await
    }

    async fn check(&self) -> Result<CheckReport, StoreError> {
        self.inner.check().await
    }
}
