//! A run's messages become segments, in their order: closed when they are full, compressed and
//! written a few at a time, and noted one after the other, so that what is noted of the mapping says
//! exactly which messages are in segments.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::id::RunId;
use crate::record::{self as records, RecordError, Stored};
use crate::store::{BlobSpace, Change, Due, Expected, Kind, StoreError};

use super::batch::{Batch, Body, Piece};
use super::error::RunError;
use super::message::time;
use super::news;
use super::record::{Delivery, Mapped, RunRecord, Segment, poll, waiting};
use super::run::Runs;
use super::settling::TRIES;

/// Segments of one run that are on their way to the disk.
const WRITING: usize = 2;

/// A segment on its way to the disk, and how far the mapping is with it.
struct Writing {
    task: JoinHandle<Result<(crate::store::Digest, u32), RunError>>,
    mapped: Mapped,
}

/// Writes segments in order, a few of them on their way at a time.
pub(super) struct Writer<'a> {
    runs: &'a Arc<Runs>,
    id: &'a RunId,
    version: u64,
    /// How much of what was rejected is counted.
    rejected: u64,
    record: RunRecord,
    /// When the run began, as its messages say it.
    made: String,
    batch: Batch,
    writing: VecDeque<Writing>,
}

impl<'a> Writer<'a> {
    /// For a run as it stands in the store.
    pub fn new(runs: &'a Arc<Runs>, id: &'a RunId, stored: Stored<RunRecord>) -> Self {
        Self {
            runs,
            id,
            version: stored.version,
            rejected: stored.record.mapped.rejected,
            made: time(stored.record.begun_at),
            record: stored.record,
            batch: Batch::default(),
            writing: VecDeque::new(),
        }
    }

    /// Adds messages. `mapped` says how far the mapping is before them.
    pub async fn add(&mut self, piece: Piece, mapped: &Mapped) -> Result<(), RunError> {
        if !self.batch.fits(&piece) {
            self.close(mapped.clone()).await?;
        }
        self.batch.add(piece);
        Ok(())
    }

    /// Closes the batch. `mapped` says how far the mapping is with it.
    async fn close(&mut self, mapped: Mapped) -> Result<(), RunError> {
        let Body { bytes, messages } = std::mem::take(&mut self.batch).body(&self.made);
        let store = Arc::clone(&self.runs.store);
        let task = tokio::spawn(async move {
            let digest = store.put_blob(BlobSpace::Outbox, bytes.into()).await?;
            Ok((digest, messages))
        });
        self.writing.push_back(Writing { task, mapped });
        while self.writing.len() > WRITING {
            self.write_one().await?;
        }
        Ok(())
    }

    /// Notes the first of the segments that are on their way, once it is on the disk.
    async fn write_one(&mut self) -> Result<(), RunError> {
        let Some(Writing { task, mapped }) = self.writing.pop_front() else {
            return Ok(());
        };
        let (body, messages) = task.await.map_err(RunError::Worker)??;
        let number = self.record.mapped.segments;
        let segment = Segment {
            body,
            messages,
            made: self.made.clone(),
            since: self.runs.clock.now(),
            refused: None,
        };
        self.record.mapped = Mapped {
            segments: number + 1,
            ..mapped
        };
        let address = &self.record.address.key;
        let change = Change::new()
            .put(
                Kind::Segment,
                waiting(address, self.id.as_str(), number),
                Expected::Absent,
                records::body(&segment)?,
            )
            .due(poll(address), Due::NoLaterThan(self.runs.clock.now()));
        self.commit(change).await
    }

    /// Writes all that is left. `mapped` says how the mapping has ended.
    pub async fn finish(mut self, mapped: Mapped) -> Result<(), RunError> {
        if !self.batch.is_empty() {
            // That all is mapped is noted once, in the change that tells of it.
            let so_far = Mapped {
                done_at: None,
                ..mapped.clone()
            };
            self.close(so_far).await?;
        }
        while !self.writing.is_empty() {
            self.write_one().await?;
        }
        self.record.mapped = Mapped {
            segments: self.record.mapped.segments,
            ..mapped
        };
        self.record.spool = None;
        self.end().await
    }

    /// Notes that all is mapped. The delivery is written as it is together with that: whoever settles
    /// the last segment at the same time then sees that nothing comes after it, so that one of the two
    /// tells that the run is done.
    async fn end(&mut self) -> Result<(), RunError> {
        let id = self.id.as_str();
        for _ in 0..TRIES {
            let before = records::get::<Delivery>(self.runs.store.as_ref(), id).await?;
            let (seen, delivery) = Delivery::seen(before);
            let body = records::body(&delivery)?;
            let change = Change::new().put(Kind::Delivery, id, seen, body);
            let turns = news::mapped(&self.record.mapped, &delivery);
            let change = news::tell(change, turns, id, &self.record, &delivery)?;
            match self.commit(change).await {
                Err(RunError::Record(RecordError::Store(StoreError::Stale {
                    kind: Kind::Delivery,
                    ..
                }))) => {}
                done => return done,
            }
        }
        Err(RunError::Contended)
    }

    /// Makes a change together with what it means for how far the mapping is.
    async fn commit(&mut self, change: Change) -> Result<(), RunError> {
        let seen = Expected::Version(self.version);
        let change = change.put(
            Kind::Run,
            self.id.as_str(),
            seen,
            records::body(&self.record)?,
        );
        match self.runs.store.commit(change).await {
            Ok(committed) => {
                self.version = committed.version;
                let rejected = self.record.mapped.rejected;
                let before = std::mem::replace(&mut self.rejected, rejected);
                self.runs.counts.rejected(rejected.saturating_sub(before));
                Ok(())
            }
            Err(StoreError::Stale { kind, .. }) if kind != Kind::Delivery => {
                Err(RunError::Contended)
            }
            Err(error) => Err(error.into()),
        }
    }
}
