//! The result of a poll's query: of a run that goes on at Looker, or of a new one.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::chart::{ChartError, Fresh, Live, Picked, Queue, Wanted, left_running};
use crate::keyresult::KeyResults;
use crate::keyresult::drift::Found;
use crate::keyresult::poll::{Pending, PollRecord};
use crate::looker::{Chart, LookerError};

/// How long a query that goes on at Looker is waited for; Looker forgets tasks before that.
const LONGEST_PENDING: SignedDuration = SignedDuration::from_hours(1);

/// How long a poll waits for a place to run its query in. When it comes back it queues anew.
const LONGEST_QUEUE: Duration = Duration::from_secs(5 * 60);

/// There is no result, and perhaps a query that goes on at Looker.
pub(super) struct Failed {
    pub error: ChartError,
    pub pending: Option<Pending>,
    /// The chart, where it was found all the same, or what its absence means.
    pub chart: Result<Box<Chart>, Box<Found>>,
}

/// Whether a task may be asked after again, as against one whose answer will always be the same.
fn may_pass(error: &ChartError) -> bool {
    match error {
        // Credentials are put right by people, and the task is still there then.
        ChartError::Looker(error) => {
            error.is_passing() || matches!(error.as_ref(), LookerError::Refused { .. })
        }
        ChartError::Connection(_) => true,
        _ => false,
    }
}

/// How long Looker asks to be left alone, where it does.
pub(super) fn retry_after(error: &ChartError) -> Option<SignedDuration> {
    let ChartError::Looker(error) = error else {
        return None;
    };
    match error.as_ref() {
        LookerError::RateLimited { retry_after } => SignedDuration::try_from((*retry_after)?).ok(),
        _ => None,
    }
}

impl KeyResults {
    /// The result of the poll's query: of the one that goes on at Looker where there is one, else of
    /// a run that is fresh enough, of the chart as it was in the `slot` or later. The inner error is a query that goes on still.
    pub(super) async fn result_of(
        &self,
        poll: &PollRecord,
        wanted: &Wanted,
        since: Timestamp,
        slot: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Arc<Live>, Pending>, Failed> {
        // What Looker works on is not forgotten because it could not be asked just now.
        let keep = |chart, error| Failed {
            pending: poll.pending.clone(),
            error,
            chart,
        };
        let located = self.charts.locate_all_of(wanted, Fresh::Since(slot)).await;
        let located = located.map_err(|error| keep(Err(Box::new(Found::missed(&error))), error))?;
        let chart = || Ok(Box::new(located.chart.clone()));
        let pending = poll.pending.as_ref().filter(|pending| {
            pending.identity == located.chart.identity
                && now.duration_since(pending.since) < LONGEST_PENDING
        });
        if let Some(pending) = pending {
            match self.charts.pick_up(&located, &pending.task).await {
                Ok(Picked::Done(live)) => return Ok(Ok(live)),
                Ok(Picked::Running) => return Ok(Err(pending.clone())),
                Err(error) if may_pass(&error) => return Err(keep(chart(), error)),
                // Its result will not come, or is of no use: the query is run anew.
                Ok(Picked::Gone) | Err(_) => {}
            }
        }
        let identity = located.chart.identity.clone();
        let fetched = self
            .charts
            .fetch(&located, Fresh::Since(since), Queue::Besides(LONGEST_QUEUE))
            .await;
        fetched.map(Ok).map_err(|error| Failed {
            pending: left_running(&error).map(|task| Pending {
                task: task.to_owned(),
                identity,
                since: now,
            }),
            error,
            chart: chart(),
        })
    }
}
