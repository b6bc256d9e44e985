//! A store that fails on command, to find out how those who use one bear it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    AuditRecord, BlobSpace, Change, CheckReport, Committed, Digest, Document, ExportSummary, Kind,
    SharedStore, Store, StoreError,
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
