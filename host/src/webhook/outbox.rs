//! The store, with every change addressed to the webhooks that want to hear of it.
//!
//! What a change tells the feed and what webhooks are to be told of it are written together or not at
//! all. Nobody above has to know of webhooks for that.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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

use super::error::WebhookError;
use super::notice::Notice;
use super::record::WebhookRecord;

/// The name under which a webhook's notices are claimed.
pub(super) fn poll(id: &str) -> String {
    format!("webhook/{id}")
}

/// The prefix of the notices that have not been tried yet, the oldest first.
pub(super) fn fresh(id: &str) -> String {
    format!("{id}/")
}

/// The prefix of those that are tried again later, in the order of their times. They stand apart, so
/// that however many there are, what is new is found at once.
pub(super) fn later(id: &str) -> String {
    format!("{id}.later/")
}

/// The key of a notice that is tried again at a time.
pub(super) fn later_at(id: &str, at: Timestamp, name: &str) -> String {
    format!("{}{:020}/{name}", later(id), at.as_microsecond().max(0))
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
    live: Arc<Live>,
}

/// What of a webhook changes with every notice.
#[derive(Default)]
struct Live {
    /// How many notices wait.
    waiting: AtomicU64,
    /// Until when its receiver is left alone, in microseconds since 1970.
    paused_until: AtomicI64,
}

impl Live {
    /// When a notice that is made now is to be sent.
    fn due(&self, now: Timestamp) -> Due {
        let paused = self.paused_until.load(Ordering::Relaxed);
        let paused = Timestamp::from_microsecond(paused).unwrap_or(now);
        Due::NoLaterThan(paused.max(now))
    }
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
            let mut waiting = 0;
            for line in [fresh(&addressee.id), later(&addressee.id)] {
                let line = line.trim_end_matches('/');
                let found = records::under(outbox.inner.as_ref(), Kind::Notice, line);
                waiting += found.await?.len() as u64;
            }
            addressee.live.waiting.store(waiting, Ordering::Relaxed);
        }
        Ok(Arc::new(outbox))
    }

    /// Makes a change of the webhooks themselves. From the moment it returns, what happens is
    /// addressed to the webhooks as they are then.
    pub(super) async fn commit_and_reload(
        self: &Arc<Self>,
        change: Change,
    ) -> Result<(), WebhookError> {
        let outbox = Arc::clone(self);
        // A task of its own: a caller who hangs up must not leave a webhook that nothing is
        // addressed to.
        let made = tokio::spawn(async move {
            let made = outbox.inner.commit(change).await;
            // Whether a change that is in doubt was made, this finds out as well.
            outbox.reload().await?;
            made?;
            Ok(())
        });
        made.await.map_err(WebhookError::Worker)?
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
        let id = self.name(now);
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
        if let Some(live) = self.live(webhook) {
            live.waiting.fetch_add(1, Ordering::Relaxed);
        }
        Ok(format!("msg_{id}"))
    }

    /// How many notices wait for a webhook.
    pub(super) fn waiting(&self, webhook: &str) -> u64 {
        self.live(webhook)
            .map_or(0, |live| live.waiting.load(Ordering::Relaxed))
    }

    /// A receiver is left alone until then, whatever happens meanwhile.
    pub(super) fn pause(&self, webhook: &str, until: Option<Timestamp>) {
        if let Some(live) = self.live(webhook) {
            let until = until.map_or(0, Timestamp::as_microsecond);
            live.paused_until.store(until, Ordering::Relaxed);
        }
    }

    /// Notices no longer wait.
    pub(super) fn settled(&self, webhook: &str, notices: u64) {
        if let Some(live) = self.live(webhook) {
            let fewer = |waiting: u64| Some(waiting.saturating_sub(notices));
            let _ = live
                .waiting
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        }
    }

    fn live(&self, webhook: &str) -> Option<Arc<Live>> {
        let known = self.known.load();
        let found = known.addressees.iter().find(|it| it.id == webhook);
        found.map(|it| Arc::clone(&it.live))
    }

    /// Finds out whom to tell.
    pub(super) async fn reload(&self) -> Result<(), RecordError> {
        let version = *self.inner.changed().borrow();
        let found = records::list::<WebhookRecord>(self.inner.as_ref(), None, usize::MAX).await?;
        let wanting = found
            .into_iter()
            .filter(|it| it.record.standing.stopped.is_none());
        let addressees = wanting.map(|it| {
            let live = self.live(&it.key).unwrap_or_else(|| {
                let until = it.record.standing.paused_until;
                Arc::new(Live {
                    waiting: AtomicU64::new(0),
                    paused_until: AtomicI64::new(until.map_or(0, Timestamp::as_microsecond)),
                })
            });
            Arc::new(Addressee {
                live,
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

    /// A name for a notice. Names sort in the order of their making.
    fn name(&self, now: Timestamp) -> String {
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
                    notices.push((records::entry(&addressee.id, &self.name(now)), notice));
                }
            }
            if notices.is_empty() {
                continue;
            }
            counts.push((Arc::clone(addressee), notices.len() as u64));
            for (key, notice) in notices {
                change = change.put(Kind::Notice, key, Expected::Absent, notice);
            }
            change = change.due(poll(&addressee.id), addressee.live.due(now));
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
            let waiting = &addressee.live.waiting;
            waiting.fetch_add(count, Ordering::Relaxed);
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
