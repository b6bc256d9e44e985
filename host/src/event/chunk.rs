//! A chunk of a run's rows becomes messages: each call of the mapper in a fresh instance, and what it
//! makes worded for the destination.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::catalog::{CatalogError, Version};
use crate::problem::Problem;
use crate::sandbox::{CallError, StopCode, events};
use crate::store::Spooled;

use super::batch::Piece;
use super::error::RunError;
use super::message::Wording;
use super::pieces::Pieces;
use super::record::{Rejected, RunRecord};
use super::run::{Runs, pairs};
use super::scan::{Chunk, rows_in};

/// How long to wait when the sandbox has no time for us.
const PAUSE: Duration = Duration::from_secs(1);
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
pub(super) struct Job {
    pub runs: Arc<Runs>,
    pub version: Arc<Version>,
    pub head: Vec<u8>,
    pub query: Vec<u8>,
    pub record: RunRecord,
    pub run: Uuid,
    /// When the run began, as its messages say it.
    pub at: String,
    pub spooled: Spooled,
}

/// A chunk that is mapped.
pub(super) struct Made {
    /// Its messages, compressed, and how many of each piece are larger than is documented.
    pub pieces: Vec<(Piece, u64)>,
    /// How many rows it has.
    pub rows: u32,
    /// Those that gave nothing.
    pub rejected: Vec<Rejected>,
}

/// Why rows are given to a mapper.
#[derive(Clone, Copy)]
enum Try {
    /// To be mapped.
    First,
    /// To find those among them that it fails on.
    Search,
}

/// A chunk on its way.
struct Making<'a> {
    job: &'a Job,
    wording: Wording<'a>,
    /// The number of the chunk's first row.
    first: u64,
    messages: Pieces,
    rejected: Vec<Rejected>,
}

impl Job {
    /// Maps a chunk, each call in a fresh instance, and words its events, save for the first `done`
    /// messages. Rows that a mapper fails on are found by halves, so that they do not sink the
    /// others.
    pub async fn make(self: Arc<Self>, chunk: Chunk, done: u64) -> Result<Made, RunError> {
        // Before any memory is taken, so that what waits costs none. It is never closed.
        let _turn = self.runs.calls.acquire().await;
        let size = usize::try_from(chunk.bytes.end - chunk.bytes.start).unwrap_or(0);
        let mut array = vec![b'['; size + 2];
        if let [_, rows @ .., end] = array.as_mut_slice() {
            // It has just been written, so it is in memory still; what is not is read in a moment.
            self.spooled.read_at(chunk.bytes.start, rows)?;
            *end = b']';
        }
        let mut making = Making {
            job: &self,
            wording: Wording::new(self.run, &self.at, &self.runs.identities),
            first: chunk.first,
            messages: Pieces::after(done),
            rejected: Vec::new(),
        };
        match self.converted(&array, Try::First).await? {
            Ok(batch) => making.word(&batch, 0, chunk.rows)?,
            Err(reason) => {
                let rows = array.get(1..=size).unwrap_or_default();
                making.by_halves(rows, reason).await?;
            }
        }
        Ok(Made {
            pieces: making.messages.finish().map_err(RunError::Batch)?,
            rows: chunk.rows,
            rejected: making.rejected,
        })
    }

    /// What the mapper makes of an array of rows, or why it makes nothing. That the server is busy is
    /// no reason.
    async fn converted(
        &self,
        rows: &[u8],
        try_of: Try,
    ) -> Result<Result<events::Batch, String>, RunError> {
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
            let made = match try_of {
                Try::First => runs.catalog.map_rows(&self.version, run, rows).await,
                Try::Search => runs.catalog.search_rows(&self.version, run, rows).await,
            };
            match made {
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
}

impl Making<'_> {
    /// Maps rows with commas between them on which the mapper has failed for a reason.
    async fn by_halves(&mut self, bytes: &[u8], reason: String) -> Result<(), RunError> {
        let rows = rows_in(bytes);
        // Parts that are still to be tried, and those that the mapper failed on, with the reason;
        // the first rows last, so that events stay in the order of their rows.
        let (mut left, mut calls) = (vec![(0..rows.len(), Some(reason))], 0);
        while let Some((range, failed)) = left.pop() {
            match failed {
                None if calls >= SEARCH => self.reject_all(range, UNTRIED),
                None => {
                    calls += 1;
                    let tried = self.part(bytes, &rows, range.clone()).await?;
                    left.extend(tried.err().map(|reason| (range, Some(reason))));
                }
                Some(reason) if range.len() <= 1 => self.reject_all(range, &reason),
                Some(_) => {
                    let middle = range.start + range.len() / 2;
                    left.push((middle..range.end, None));
                    left.push((range.start..middle, None));
                }
            }
        }
        Ok(())
    }

    /// Maps some of the rows.
    async fn part(
        &mut self,
        bytes: &[u8],
        rows: &[Range<usize>],
        range: Range<usize>,
    ) -> Result<Result<(), String>, RunError> {
        let (Some(first), Some(last)) = (rows.get(range.start), rows.get(range.end - 1)) else {
            return Ok(Ok(()));
        };
        let array = [b"[", &bytes[first.start..last.end], b"]"].concat();
        Ok(match self.job.converted(&array, Try::Search).await? {
            Ok(batch) => {
                let count = u32::try_from(range.len()).unwrap_or(u32::MAX);
                self.word(&batch, range.start as u64, count)?;
                Ok(())
            }
            Err(reason) => Err(reason),
        })
    }

    /// Words the events of some rows: `rows` of them from the chunk's `first` on.
    fn word(&mut self, batch: &events::Batch, first: u64, rows: u32) -> Result<(), RunError> {
        let first = self.first + first;
        let rejected = &mut self.rejected;
        let mut reject = |row: u32, reason: &str| {
            rejected.push(Rejected {
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
            let wording = &mut self.wording;
            let written = self.messages.add(|into| wording.write(event, row, n, into));
            if let Err(reason) = written.map_err(RunError::Batch)? {
                reject(event.row, &reason);
            }
        }
        Ok(())
    }

    fn reject_all(&mut self, rows: Range<usize>, reason: &str) {
        let first = self.first;
        self.rejected.extend(rows.map(|row| Rejected {
            row: Some(first + row as u64 + 1),
            reason: reason.to_owned(),
        }));
    }
}

/// Why a call gave nothing, with its code.
fn reason(error: &CallError) -> String {
    let code = match error {
        CallError::Failure(failed) => Problem::from(failed.failure.clone()).code.explained().code,
        CallError::Stopped(stopped) => stopped.code.as_str(),
    };
    let reason = format!("{code}: {error}");
    reason.chars().take(LONGEST_REASON).collect()
}
