//! Runs the queries of a merge side by side, within one deadline.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Merge;
use super::join::join;
use crate::looker::connection::Looker;
use crate::looker::deadline::Deadline;
use crate::looker::error::{Doing, LookerError};
use crate::looker::run::{Fetched, Run};
use crate::looker::source::Source;

impl Looker {
    /// Runs the queries of a merge, each in a place of its own, and joins their results. Where one
    /// fails, the others are killed; where the time is over, all are left to finish.
    pub(in crate::looker) async fn run_merge(
        &self,
        merge: &Merge,
        of: &Source,
        run: &Run,
        deadline: Deadline,
    ) -> Result<Fetched, LookerError> {
        let sources = merge.sources.iter().enumerate();
        let mut running: FuturesUnordered<_> = sources
            .map(|(nth, source)| async move {
                let what = format!("source {:?} of {of}", source.name);
                let ran = self.run_query(&source.post, &what, run, deadline);
                (nth, ran.await)
            })
            .collect();
        let mut fetched: Vec<(usize, Fetched)> = Vec::with_capacity(merge.sources.len());
        let mut late: Option<LookerError> = None;
        while let Some((nth, outcome)) = running.next().await {
            match outcome {
                Ok(result) => fetched.push((nth, result)),
                Err(error @ (LookerError::Timeout { .. } | LookerError::Busy { .. })) => {
                    late = Some(later(late, error))
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(late) = late {
            return Err(late);
        }
        fetched.sort_unstable_by_key(|(nth, _)| *nth);
        let bodies: Vec<_> = fetched.iter().map(|(_, one)| one.body.clone()).collect();
        let body = join(merge, &bodies)?;
        let primary = fetched.into_iter().next().map(|(_, primary)| primary);
        Ok(Fetched {
            body,
            explore_url: primary.as_ref().and_then(|one| one.explore_url.clone()),
            query_id: primary.map(|one| one.query_id).unwrap_or_default(),
            task_id: None,
        })
    }
}

/// What to tell of two that are late: one whose query goes on, else the first. There is no one task that
/// could be picked up.
fn later(known: Option<LookerError>, error: LookerError) -> LookerError {
    match (known, error) {
        (
            _,
            LookerError::Timeout {
                task_id: Some(_),
                waited,
                ..
            },
        ) => LookerError::Timeout {
            task_id: None,
            waited,
            doing: Doing::Merging,
        },
        (Some(known), _) => known,
        (None, error) => error,
    }
}
