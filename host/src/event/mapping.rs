//! The rows of a run become segments: mapped side by side, written in order.
//!
//! What is written of the progress says exactly which messages are in segments, so that a server that
//! dies goes on with the next one. Mappers are pure and message ids go by row, so what is mapped
//! again is the same.

use std::collections::VecDeque;
use std::ops::Range;
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
use super::scan::{Chunk, Scanned, Scanner, rows_in};

/// Chunks of one run that are mapped ahead of the one that is written next.
const AHEAD: usize = 8;
/// Segments of one run that are on their way to the disk.
const WRITING: usize = 2;
/// How long to wait when the store or the sandbox has no time for us.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often a call that took too long to answer is made again: the server may have been busy.
const WAITS: u32 = 3;
/// Why an event is rejected that is told of no row of its own.
const OUT_OF_ORDER: &str = "the mapper told of an event of a row that is not there, or out of order; tell the mapper's author";
/// Why rows were given up whose turn never came.
const UNTRIED: &str = "the mapper failed on too many rows around this one";
/// Calls that are spent on finding the rows of a chunk that a mapper fails on.
const SEARCH: usize = 48;
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
        let (mut scanned, mut pause) = (scanned, PAUSE);
        loop {
            let one = async {
                // A semaphore that is never closed always gives its permit.
                let _turn = self.turns.acquire().await;
                self.try_map(id, scanned.take()).await
            };
            let done = tokio::select! {
                done = one => done,
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
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
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
        let job = match self.job(id, &stored, &spool, scanned).await {
            Ok(job) => Ok(job),
            Err(error) => match gone(&error) {
                // Nobody brings back what it needs: what is not mapped is said to be so.
                Some(reason) => Err(reason),
                None => return Err(error),
            },
        };
        let mut writer = Writer {
            runs: self,
            id,
            version: stored.version,
            record: stored.record,
            batch: Batch::default(),
            writing: VecDeque::new(),
        };
        let mut mapped = writer.record.mapped.clone();
        let (job, chunks) = match job {
            Ok((job, chunks)) => (Arc::new(job), chunks),
            Err(reason) => {
                let row = mapped.rows + 1;
                tracing::error!(run = %id, row, reason, "a run cannot be mapped any further");
                mapped.rejected += writer.record.rows.saturating_sub(mapped.rows);
                mapped.first.truncate(FIRST - 1);
                mapped.first.push(Rejected {
                    row: Some(row),
                    reason: format!("this row and all after it: {reason}"),
                });
                (mapped.rows, mapped.ahead) = (writer.record.rows, 0);
                mapped.done_at = Some(self.clock.now());
                writer.finish(mapped).await?;
                self.forget_file(spool).await;
                return Ok(());
            }
        };
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
        if !self.spool.names()?.iter().any(|known| known == spool) {
            return Err(RunError::NoResult);
        }
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
    /// Maps a chunk, each call in a fresh instance, and words its events. Rows that a mapper fails
    /// on are found by halves, so that they do not sink the others.
    async fn make(self: Arc<Self>, chunk: Chunk) -> Result<Made, RunError> {
        // Before any memory is taken, so that what waits costs none. It is never closed.
        let _turn = self.runs.calls.acquire().await;
        let size = chunk.bytes.end - chunk.bytes.start;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        // It has just been written, so it is in memory still; what is not is read in a moment.
        self.spooled.read_at(chunk.bytes.start, &mut bytes)?;
        let mut made = Made {
            messages: Vec::with_capacity(bytes.len() * 2),
            ends: Vec::with_capacity(chunk.rows as usize),
            rejected: Vec::new(),
            chunk,
        };
        let reason = match self.converted(&bytes).await? {
            Ok(batch) => {
                self.word(&batch, 0, made.chunk.rows, &mut made);
                return Ok(made);
            }
            Err(reason) => reason,
        };
        let rows = rows_in(&bytes);
        // Parts that are still to be tried, and those that the mapper failed on, with the reason;
        // the first rows last, so that events stay in the order of their rows.
        let (mut left, mut calls) = (vec![(0..rows.len(), Some(reason))], 0);
        while let Some((range, failed)) = left.pop() {
            match failed {
                None if calls >= SEARCH => made.reject(range, UNTRIED),
                None => {
                    calls += 1;
                    let tried = self.part(&bytes, &rows, range.clone(), &mut made).await?;
                    left.extend(tried.err().map(|reason| (range, Some(reason))));
                }
                Some(reason) if range.len() <= 1 => made.reject(range, &reason),
                Some(_) => {
                    let middle = range.start + range.len() / 2;
                    left.push((middle..range.end, None));
                    left.push((range.start..middle, None));
                }
            }
        }
        Ok(made)
    }

    /// Maps some of a chunk's rows.
    async fn part(
        &self,
        bytes: &[u8],
        rows: &[Range<usize>],
        range: Range<usize>,
        made: &mut Made,
    ) -> Result<Result<(), String>, RunError> {
        let (Some(first), Some(last)) = (rows.get(range.start), rows.get(range.end - 1)) else {
            return Ok(Ok(()));
        };
        Ok(match self.converted(&bytes[first.start..last.end]).await? {
            Ok(batch) => {
                let count = u32::try_from(range.len()).unwrap_or(u32::MAX);
                self.word(&batch, range.start as u64, count, made);
                Ok(())
            }
            Err(reason) => Err(reason),
        })
    }

    /// What the mapper makes of whole rows with commas between them, or why it makes nothing. That
    /// the server is busy is no reason.
    async fn converted(&self, rows: &[u8]) -> Result<Result<events::Batch, String>, RunError> {
        let rows = [b"[", rows, b"]"].concat();
        let (settings, context) = (pairs(&self.record.settings), pairs(&self.record.context));
        let mut waits = 0;
        loop {
            let run = events::Run {
                head: &self.head,
                query: &self.query,
                settings: &settings,
                context: &context,
            };
            let runs = &self.runs;
            match runs.catalog.convert_rows(&self.version, run, &rows).await {
                Ok(batch) => return Ok(Ok(batch)),
                Err(CatalogError::Call(CallError::Stopped(stopped)))
                    if stopped.code == StopCode::Busy
                        || (stopped.code == StopCode::WallTimeout && waits < WAITS) =>
                {
                    waits += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(CatalogError::Call(error)) => return Ok(Err(reason(&error))),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Words the events of some rows: `rows` of them from the chunk's `first` on.
    fn word(&self, batch: &events::Batch, first: u64, rows: u32, made: &mut Made) {
        let wording = Wording {
            run: self.run,
            at: self.at.clone(),
            anonymous: &self.runs.identities,
        };
        let first = made.chunk.first + first;
        let mut reject = |row: u32, reason: &str| {
            made.rejected.push(Rejected {
                row: Some(first + u64::from(row.min(rows.saturating_sub(1))) + 1),
                reason: reason.chars().take(LONGEST_REASON).collect(),
            });
        };
        for rejection in &batch.rejected {
            reject(rejection.row, &rejection.reason);
        }
        let mut before: Option<(u32, u32)> = None;
        for event in &batch.events {
            // Message ids go by the row and which of its events it is, so rows have to come in order.
            let n = match before {
                Some((row, n)) if row == event.row => n + 1,
                _ => 0,
            };
            if event.row >= rows || before.is_some_and(|(row, _)| row > event.row) {
                reject(event.row, OUT_OF_ORDER);
                continue;
            }
            before = Some((event.row, n));
            let row = first + u64::from(event.row);
            match wording.write(event, row, n, &mut made.messages) {
                Ok(()) => made.ends.push(made.messages.len()),
                Err(reason) => reject(event.row, &reason),
            }
        }
    }
}

impl Made {
    fn reject(&mut self, rows: Range<usize>, reason: &str) {
        let first = self.chunk.first;
        self.rejected.extend(rows.map(|row| Rejected {
            row: Some(first + row as u64 + 1),
            reason: reason.to_owned(),
        }));
    }
}

/// Why nobody can ever map a run, where that is so: its mapper or its result is gone.
fn gone(error: &RunError) -> Option<String> {
    match error {
        RunError::Mapper(error) => match error {
            CatalogError::NoExtractor { .. }
            | CatalogError::NoVersion { .. }
            | CatalogError::NotActive { .. }
            | CatalogError::OtherWorld { .. }
            | CatalogError::Load { .. } => Some(error.to_string()),
            _ => None,
        },
        RunError::Batch(error) => Some(format!("its result is damaged: {error}")),
        RunError::NoResult => Some(error.to_string()),
        _ => None,
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
}

impl Writer<'_> {
    /// Closes the batch. `mapped` says how far the mapping is with it.
    async fn close(&mut self, mapped: Mapped) -> Result<(), RunError> {
        let batch = std::mem::take(&mut self.batch);
        let at = time(self.record.begun_at);
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
            made: time(self.record.begun_at),
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
