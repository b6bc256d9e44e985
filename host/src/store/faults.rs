//! A store that fails on command, to find out how those who use one bear it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{
    AuditRecord, BlobSpace, Change, CheckReport, Committed, Digest, Document, ExportSummary,
    FeedEdges, FeedEntry, FeedPlace, Kind, Lease, Line, ReadingRange, SharedStore, Store,
    StoreError, StoredReading,
};

/// What befalls one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Others get their turn before the call begins and after it has ended.
    Delay,
    /// The call fails before anything has happened.
    Fail,
    /// The call does its work, and then its answer is lost.
    LoseAnswer,
}

/// A store in front of another one, with a plan that says what befalls the n-th call.
pub(crate) struct FaultyStore<P> {
    inner: SharedStore,
    calls: AtomicU64,
    plan: P,
}

impl<P: Fn(u64) -> Option<Fault> + Send + Sync + 'static> FaultyStore<P> {
    pub(crate) fn new(inner: SharedStore, plan: P) -> Self {
        Self {
            inner,
            calls: AtomicU64::new(0),
            plan,
        }
    }

    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match (self.plan)(self.calls.fetch_add(1, Ordering::Relaxed)) {
            None => work.await,
            Some(Fault::Delay) => {
                hold_up().await;
                let answer = work.await;
                hold_up().await;
                answer
            }
            Some(Fault::Fail) => Err(StoreError::unavailable("it was told to fail")),
            Some(Fault::LoseAnswer) => {
                let _ = work.await;
                Err(StoreError::InDoubt {
                    source: "the answer was told to be lost".into(),
                })
            }
        }
    }
}

async fn hold_up() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl<P: Fn(u64) -> Option<Fault> + Send + Sync + 'static> Store for FaultyStore<P> {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError> {
        self.call(self.inner.get(kind, key)).await
    }

    async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.call(self.inner.list(kind, after, limit)).await
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.call(self.inner.commit(change)).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.call(self.inner.audit(before, limit)).await
    }

    async fn claim_due(
        &self,
        line: Line,
        holder: &str,
        lease_for: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.call(self.inner.claim_due(line, holder, lease_for, limit))
            .await
    }

    async fn renew(&self, lease: &Lease, lease_for: SignedDuration) -> Result<Lease, StoreError> {
        self.call(self.inner.renew(lease, lease_for)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.call(self.inner.release(lease)).await
    }

    async fn next_due(&self, line: Line) -> Result<Option<Timestamp>, StoreError> {
        self.call(self.inner.next_due(line)).await
    }

    async fn readings(
        &self,
        key_result: &str,
        range: &ReadingRange,
        limit: usize,
    ) -> Result<Vec<StoredReading>, StoreError> {
        self.call(self.inner.readings(key_result, range, limit))
            .await
    }

    async fn reading(
        &self,
        key_result: &str,
        origin: &str,
    ) -> Result<Option<StoredReading>, StoreError> {
        self.call(self.inner.reading(key_result, origin)).await
    }

    async fn forget_readings(&self, key_result: &str) -> Result<u64, StoreError> {
        self.call(self.inner.forget_readings(key_result)).await
    }

    async fn feed(
        &self,
        after: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.call(self.inner.feed(after, limit)).await
    }

    async fn feed_edges(&self) -> Result<Option<FeedEdges>, StoreError> {
        self.call(self.inner.feed_edges()).await
    }

    // A hint cannot fail.
    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed()
    }

    async fn put_blob(&self, space: BlobSpace, bytes: Bytes) -> Result<Digest, StoreError> {
        self.call(self.inner.put_blob(space, bytes)).await
    }

    async fn blob(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Bytes>, StoreError> {
        self.call(self.inner.blob(space, digest)).await
    }

    async fn delete_blob(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError> {
        self.call(self.inner.delete_blob(space, digest)).await
    }

    async fn list_blobs(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError> {
        self.call(self.inner.list_blobs(space)).await
    }

    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        self.call(self.inner.export(out)).await
    }

    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        self.call(self.inner.import(from)).await
    }

    async fn check(&self) -> Result<CheckReport, StoreError> {
        self.call(self.inner.check()).await
    }
}
