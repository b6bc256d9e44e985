//! The rows of a run become segments: mapped side by side, written in order.
//!
//! What is written of the progress says exactly which messages are in segments, so that a server that
//! dies goes on with the next one. Mappers are pure and message ids go by row, so what is mapped
//! again is the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::catalog::{CatalogError, Version};
use crate::id::RunId;
use crate::record::{self as records, Stored};
use crate::sandbox::{CallError, StopCode, events};
use crate::store::{BlobSpace, Change, Due, Expected, Kind, Spooled, StoreError};

use super::batch::{Batch, Body};
use super::error::RunError;
use super::message::{DOCUMENTED, Wording, time};
use super::record::{FIRST, Mapped, Rejected, RunRecord, Segment, poll, waiting};
use super::run::{Runs, pairs};
use super::scan::{Chunk, Scanned, Scanner};

/// Chunks of one run that are mapped ahead of the one that is written next.
const AHEAD: usize = 8;
/// Segments of one run that are on their way to the disk.
const WRITING: usize = 2;
/// How long to wait when the store or the sandbox has no time for us.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a chunk is tried while the sandbox is busy.
const TRIES: u32 = 60;
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// What a run maps with.
struct Job {
    runs: Arc<Runs>,
    version: Arc<Version>,
    head: Vec<u8>,
    query: Vec<u8>,
    record: RunRecord,
    run: Uuid,
    at: String,
    spooled: Spooled,
}

/// A chunk that is mapped.
struct Made {
    chunk: Chunk,
    /// Messages one after the other, and where each ends.
    messages: Vec<u8>,
    ends: Vec<usize>,
    rejected: Vec<Rejected>,
}

/// A segment on its way to the disk, and how far the mapping is with it.
struct Writing {
    task: JoinHandle<Result<(crate::store::Digest, u32), RunError>>,
    mapped: Mapped,
}

impl Runs {
    /// Maps a run until it is mapped, or the server stops. The store may be away for a while.
    pub(super) async fn map(self: Arc<Self>, id: &RunId, scanned: Option<Scanned>) {
        let mut scanned = scanned;
        loop {
            let done = tokio::select! {
                done = self.try_map(id, scanned.take()) => done,
                () = self.stop.cancelled() => return,
            };
            match done {
                Ok(()) => return,
                Err(error) => tracing::warn!(
                    run = %id,
                    error = &error as &dyn std::error::Error,
                    "a run is not mapped yet; it is tried again"
                ),
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    async fn try_map(
        self: &Arc<Self>,
        id: &RunId,
        scanned: Option<Scanned>,
    ) -> Result<(), RunError> {
        let stored = records::get::<RunRecord>(self.store.as_ref(), id.as_str()).await?;
        let Some(stored) = stored else { return Ok(()) };
        let Some(spool) = stored.record.spool.clone() else {
            return Ok(());
        };
        let (job, chunks) = self.job(id, &stored, &spool, scanned).await?;
        let job = Arc::new(job);
        let mut writer = Writer {
            runs: self,
            id,
            version: stored.version,
            record: stored.record,
            batch: Batch::default(),
            writing: VecDeque::new(),
            at: job.at.clone(),
        };
        let mut mapped = writer.record.mapped.clone();
        let from = mapped.rows;
        let left = chunks.into_iter().filter(|chunk| chunk.first >= from);
        let mut made = futures_util::stream::iter(left)
            .map(|chunk| tokio::spawn(Arc::clone(&job).make(chunk)))
            .buffered(AHEAD);
        while let Some(made) = made.next().await {
            let made = made.map_err(RunError::Worker)??;
            let mut begin = 0;
            for (index, &end) in (0_u64..).zip(&made.ends) {
                let message = &made.messages[begin..end];
                begin = end;
                if index < mapped.ahead && mapped.rows == made.chunk.first {
                    continue;
                }
                if !writer.batch.fits(message.len()) {
                    writer.close(mapped.clone()).await?;
                }
                writer.batch.add(message);
                mapped.ahead = index + 1;
                mapped.messages += 1;
                mapped.oversized += u64::from(message.len() > DOCUMENTED);
            }
            mapped.rows += u64::from(made.chunk.rows);
            mapped.ahead = 0;
            mapped.rejected += made.rejected.len() as u64;
            let room = FIRST.saturating_sub(mapped.first.len());
            mapped.first.extend(made.rejected.into_iter().take(room));
        }
        mapped.done_at = Some(self.clock.now());
        writer.finish(mapped).await?;
        self.forget_file(spool).await;
        Ok(())
    }

    async fn job(
        self: &Arc<Self>,
        id: &RunId,
        stored: &Stored<RunRecord>,
        spool: &str,
        scanned: Option<Scanned>,
    ) -> Result<(Job, Vec<Chunk>), RunError> {
        let record = stored.record.clone();
        let version = self
            .catalog
            .version(&record.action, Some(&record.version))?;
        let (dir, name, bytes) = (self.spool.clone(), spool.to_owned(), record.bytes);
        let read = tokio::task::spawn_blocking(move || {
            let spooled = dir.read(&name)?;
            let scanned = match scanned {
                Some(scanned) => scanned,
                None => rescanned(&spooled, bytes)?,
            };
            let behind = spooled.size()?.saturating_sub(bytes);
            let mut query = vec![0; usize::try_from(behind).unwrap_or(0)];
            spooled.read_at(bytes, &mut query)?;
            Ok::<_, RunError>((spooled, scanned, query))
        });
        let (spooled, scanned, query) = read.await.map_err(RunError::Worker)??;
        let digits = id.as_str().trim_start_matches("run_");
        let job = Job {
            runs: Arc::clone(self),
            version,
            head: scanned.head,
            query,
            run: Uuid::try_parse(digits).unwrap_or_default(),
            at: time(record.begun_at),
            record,
            spooled,
        };
        Ok((job, scanned.chunks))
    }
}

/// Takes a result apart that was taken apart before.
fn rescanned(spooled: &Spooled, bytes: u64) -> Result<Scanned, RunError> {
    let (mut scanner, mut block, mut at) = (Scanner::default(), vec![0; 1 << 20], 0);
    while at < bytes {
        let size = (bytes - at).min(block.len() as u64);
        let part = &mut block[..usize::try_from(size).unwrap_or(0)];
        spooled.read_at(at, part)?;
        let whole = scanner.push(part);
        whole.map_err(|error| RunError::Batch(std::io::Error::other(error)))?;
        at += size;
    }
    let whole = scanner.finish();
    whole.map_err(|error| RunError::Batch(std::io::Error::other(error)))
}

impl Job {
    /// Maps a chunk in a fresh instance, and words its events.
    async fn make(self: Arc<Self>, chunk: Chunk) -> Result<Made, RunError> {
        let size = chunk.bytes.end - chunk.bytes.start;
        let mut rows = vec![0; usize::try_from(size).unwrap_or(0) + 2];
        let end = rows.len() - 1;
        (rows[0], rows[end]) = (b'[', b']');
        // It has just been written, so it is in memory still; what is not is read in a moment.
        self.spooled.read_at(chunk.bytes.start, &mut rows[1..end])?;
        let mut made = Made {
            messages: Vec::with_capacity(rows.len() * 2),
            ends: Vec::with_capacity(chunk.rows as usize),
            rejected: Vec::new(),
            chunk,
        };
        match self.converted(&rows).await {
            Ok(batch) => self.word(&batch, &mut made),
            Err(CatalogError::Call(error)) => made.reject_all(&reason(&error)),
            Err(error) => return Err(error.into()),
        }
        Ok(made)
    }

    async fn converted(&self, rows: &[u8]) -> Result<events::Batch, CatalogError> {
        let (settings, context) = (pairs(&self.record.settings), pairs(&self.record.context));
        for _ in 1..TRIES {
            let run = events::Run {
                head: &self.head,
                query: &self.query,
                settings: &settings,
                context: &context,
            };
            // A semaphore that is never closed always gives its permit.
            let turn = self.runs.calls.acquire().await;
            let converted = self
                .runs
                .catalog
                .convert_rows(&self.version, run, rows)
                .await;
            drop(turn);
            match converted {
                Err(CatalogError::Call(CallError::Stopped(stopped)))
                    if stopped.code == StopCode::Busy =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
        let run = events::Run {
            head: &self.head,
            query: &self.query,
            settings: &settings,
            context: &context,
        };
        self.runs
            .catalog
            .convert_rows(&self.version, run, rows)
            .await
    }

    fn word(&self, batch: &events::Batch, made: &mut Made) {
        let wording = Wording {
            run: self.run,
            at: self.at.clone(),
            anonymous: &self.runs.identities,
        };
        let mut rejected = batch.rejected.iter().map(|it| (it.row, it.reason.as_str()));
        made.rejected
            .extend(rejected.by_ref().map(|(row, why)| Rejected {
                row: Some(made.chunk.first + u64::from(row) + 1),
                reason: why.chars().take(LONGEST_REASON).collect(),
            }));
        let mut before: Option<(u32, u32)> = None;
        for event in &batch.events {
            // Events of one row stand together; the n-th of them is known by that.
            let n = match before {
                Some((row, n)) if row == event.row => n + 1,
                _ => 0,
            };
            before = Some((event.row, n));
            let row = made.chunk.first + u64::from(event.row);
            match wording.write(event, row, n, &mut made.messages) {
                Ok(()) => made.ends.push(made.messages.len()),
                Err(reason) => made.rejected.push(Rejected {
                    row: Some(row + 1),
                    reason,
                }),
            }
        }
    }
}

impl Made {
    fn reject_all(&mut self, reason: &str) {
        let rows = (self.chunk.first..).take(self.chunk.rows as usize);
        self.rejected.extend(rows.map(|row| Rejected {
            row: Some(row + 1),
            reason: reason.to_owned(),
        }));
    }
}

/// Why a call gave nothing, with its code.
fn reason(error: &CallError) -> String {
    let code = match error {
        CallError::Failure(failure) => format!("{:?}", failure.code).to_lowercase(),
        CallError::Stopped(stopped) => stopped.code.as_str().to_owned(),
    };
    let reason = format!("{code}: {error}");
    reason.chars().take(LONGEST_REASON).collect()
}

/// Writes segments in order, a few of them on their way at a time.
struct Writer<'a> {
    runs: &'a Arc<Runs>,
    id: &'a RunId,
    version: u64,
    record: RunRecord,
    batch: Batch,
    writing: VecDeque<Writing>,
    at: String,
}

impl Writer<'_> {
    /// Closes the batch. `mapped` says how far the mapping is with it.
    async fn close(&mut self, mapped: Mapped) -> Result<(), RunError> {
        let (batch, at) = (std::mem::take(&mut self.batch), self.at.clone());
        let store = Arc::clone(&self.runs.store);
        let task = tokio::spawn(async move {
            let zipped = tokio::task::spawn_blocking(move || batch.body(&at));
            let Body { bytes, messages } = zipped
                .await
                .map_err(RunError::Worker)?
                .map_err(RunError::Batch)?;
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
            made: self.at.clone(),
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
        self.note(change).await
    }

    async fn finish(mut self, mapped: Mapped) -> Result<(), RunError> {
        if !self.batch.is_empty() {
            self.close(mapped.clone()).await?;
        }
        while !self.writing.is_empty() {
            self.write_one().await?;
        }
        self.record.mapped = Mapped {
            segments: self.record.mapped.segments,
            ..mapped
        };
        self.record.spool = None;
        self.note(Change::new()).await
    }

    async fn note(&mut self, change: Change) -> Result<(), RunError> {
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
                Ok(())
            }
            Err(StoreError::Stale { .. }) => Err(RunError::Contended),
            Err(error) => Err(error.into()),
        }
    }
}
