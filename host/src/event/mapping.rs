//! The rows of a run become segments: mapped side by side, written in order.
//!
//! What is written of the progress says exactly which messages are in segments, so that a server that
//! dies goes on with the next one. Mappers are pure and message ids go by row, so what is mapped
//! again is the same.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::catalog::CatalogError;
use crate::id::RunId;
use crate::record::{self as records, Stored};
use crate::store::Spooled;

use super::chunk::{Job, Made};
use super::error::RunError;
use super::message::time;
use super::record::{FIRST, Rejected, RunRecord, uuid_of};
use super::run::Runs;
use super::scan::{Chunk, Scanned, Scanner};
use super::segments::Writer;

/// Chunks of one run that are mapped ahead of the one that is written next.
const AHEAD: usize = 8;
/// How long to wait when the store has no time for us.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

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
        let (rows, mut mapped) = (stored.record.rows, stored.record.mapped.clone());
        let mut writer = Writer::new(self, id, stored);
        let (job, chunks) = match job {
            Ok((job, chunks)) => (Arc::new(job), chunks),
            Err(reason) => {
                let row = mapped.rows + 1;
                tracing::error!(run = %id, row, reason, "a run cannot be mapped any further");
                mapped.rejected += rows.saturating_sub(mapped.rows);
                mapped.first.truncate(FIRST - 1);
                mapped.first.push(Rejected {
                    row: Some(row),
                    reason: format!("this row and all after it: {reason}"),
                });
                (mapped.rows, mapped.ahead) = (rows, 0);
                mapped.done_at = Some(self.clock.now());
                writer.finish(mapped).await?;
                self.forget_file(spool).await;
                return Ok(());
            }
        };
        let (from, ahead) = (mapped.rows, mapped.ahead);
        let left = chunks.into_iter().filter(|chunk| chunk.first >= from);
        let mut made = futures_util::stream::iter(left)
            .map(|chunk| {
                // Of the first one, some messages may be in segments already.
                let done = if chunk.first == from { ahead } else { 0 };
                tokio::spawn(Arc::clone(&job).make(chunk, done))
            })
            .buffered(AHEAD);
        while let Some(made) = made.next().await {
            let Made {
                pieces,
                rows,
                rejected,
            } = made.map_err(RunError::Worker)??;
            for (piece, oversized) in pieces {
                let messages = u64::from(piece.messages);
                writer.add(piece, &mapped).await?;
                mapped.ahead += messages;
                mapped.messages += messages;
                mapped.oversized += oversized;
            }
            mapped.rows += u64::from(rows);
            mapped.ahead = 0;
            mapped.rejected += rejected.len() as u64;
            let room = FIRST.saturating_sub(mapped.first.len());
            mapped.first.extend(rejected.into_iter().take(room));
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
        let job = Job {
            runs: Arc::clone(self),
            version,
            head: scanned.head,
            query,
            run: uuid_of(id.as_str()),
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
