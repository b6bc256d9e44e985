//! The operations of the trait: which of them block, and which wait for the disk.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{Database, SledStore, readings};
use crate::store::change::validate_lease;
use crate::store::{
    AuditRecord, BlobSpace, Change, CheckReport, Committed, Digest, Document, ExportSummary,
    FeedEdges, FeedEntry, FeedPlace, Kind, Lease, Line, ReadingRange, Store, StoreError,
    StoredReading,
};

/// Up to so many documents are listed where they are asked for: finding them takes less than handing
/// the work to another thread.
const FEW: usize = 8;

#[async_trait]
impl Store for SledStore {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError> {
        self.database.get(kind, key)
    }

    async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        if limit <= FEW
            && let Some(found) = self.database.list_at_once(kind, after, limit)
        {
            return found;
        }
        let after = after.map(str::to_owned);
        self.blocking(move |database| database.list(kind, after.as_deref(), limit))
            .await
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        change.validate()?;
        self.syncer.make(change).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.blocking(move |database| database.audit(before, limit))
            .await
    }

    async fn claim_due(
        &self,
        line: Line,
        holder: &str,
        lease_for: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        validate_lease(holder, lease_for)?;
        self.database.claim_due(line, holder, lease_for, limit)
    }

    async fn renew(&self, lease: &Lease, lease_for: SignedDuration) -> Result<Lease, StoreError> {
        validate_lease(&lease.holder, lease_for)?;
        self.database.renew(lease, lease_for)
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.database.release(lease)
    }

    async fn next_due(&self, line: Line) -> Result<Option<Timestamp>, StoreError> {
        self.database.next_due(line)
    }

    async fn readings(
        &self,
        key_result: &str,
        range: &ReadingRange,
        limit: usize,
    ) -> Result<Vec<StoredReading>, StoreError> {
        let (key_result, range) = (key_result.to_owned(), *range);
        self.blocking(move |database| database.readings(&key_result, &range, limit))
            .await
    }

    async fn reading(
        &self,
        key_result: &str,
        origin: &str,
    ) -> Result<Option<StoredReading>, StoreError> {
        self.database.reading(key_result, origin)
    }

    async fn forget_readings(&self, key_result: &str) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let key_result = key_result.to_owned();
            let place = self.syncer.reserve().await?;
            let (found, sequence) = self
                .blocking(move |database| database.forget_some(&key_result))
                .await?;
            place.sync(sequence).wait().await?;
            forgotten += found as u64;
            if found < readings::STEP {
                return Ok(forgotten);
            }
        }
    }

    async fn feed(
        &self,
        after: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.blocking(move |database| database.feed(after, limit))
            .await
    }

    async fn feed_edges(&self) -> Result<Option<FeedEdges>, StoreError> {
        self.database.feed_edges()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.database.durable.subscribe()
    }

    async fn put_blob(&self, space: BlobSpace, bytes: Bytes) -> Result<Digest, StoreError> {
        self.blocking(move |database| {
            database.check_space(bytes.len() as u64)?;
            database.blobs.put(space, &bytes)
        })
        .await
    }

    async fn blob(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Bytes>, StoreError> {
        let digest = *digest;
        let blob = self
            .blocking(move |database| database.blobs.get(space, &digest))
            .await?;
        Ok(blob.map(Bytes::from))
    }

    async fn delete_blob(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError> {
        let digest = *digest;
        self.blocking(move |database| database.blobs.delete(space, &digest))
            .await
    }

    async fn list_blobs(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError> {
        self.blocking(move |database| database.blobs.list(space))
            .await
    }

    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        let out = out.to_owned();
        self.blocking(move |database| database.export(&out)).await
    }

    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        let from = from.to_owned();
        let place = self.syncer.reserve().await?;
        let summary = self
            .blocking(move |database| database.import(&from))
            .await?;
        place.sync(summary.sequence).wait().await?;
        Ok(summary)
    }

    async fn check(&self) -> Result<CheckReport, StoreError> {
        self.blocking(Database::check).await
    }
}
