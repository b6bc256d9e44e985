//! Reading a key result off a result that was pushed to us, as the polls read those they fetch: with
//! the extractor and the selection of its link, to the same number or the same failure.
//!
//! Looker is asked what the linked chart is just now, which runs nothing: it says how the number is
//! formatted, and whether the pushed result is one of its query at all. Where Looker does not say, the
//! chart is taken to be as the pushed query has it, and a note tells so.

mod likeness;

use std::sync::Arc;

use jiff::Timestamp;

use crate::access::By;
use crate::chart::{ChartError, Fresh, Live, Located, Wanted};
use crate::event::resend::{Known, Request};
use crate::event::{Plan, Received};
use crate::id::{KeyResultId, RunId};
use crate::looker::{Chart, Work};
use crate::reading::{self, Note, Reading};
use crate::store::{Change, StoreError};

use super::drift::Found;
use super::error::KeyResultError;
use super::outcome::{Ahead, Outcome};
use super::record::{Integration, KeyResult};
use super::refresh::on;
use super::{KeyResults, TRIES};

use likeness::{Likeness, likeness};

/// A result that came by itself.
#[derive(Debug)]
pub struct Pushed {
    /// The schedule that sent it.
    pub plan: Plan,
    /// The query that it is of, as Looker's Query object; `{}` where nobody says.
    pub query: String,
    /// Where a person sees it in Looker.
    pub explore_url: Option<String>,
    /// The result, byte for byte, on the disk.
    pub result: Received<()>,
}

/// What a pushed result came to.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The key result as it is now.
    pub key_result: KeyResult,
    /// The number that was read; none where the same result came before.
    pub reading: Option<Reading>,
    /// What that means for the key result.
    pub standing: Standing,
}

/// What a pushed result means for its key result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has the new reading.
    Moved,
    /// The same result came within the last hour, and counts once.
    Repeated,
    /// It has a reading that Looker computed later, and keeps that.
    Older,
}

impl KeyResults {
    /// Reads a key result off a pushed result and answers once the reading is stored. A result that
    /// is older than what the key result shows changes nothing.
    ///
    /// # Errors
    ///
    /// Why it could not be read, which is stored as well; and, of which nothing is stored,
    /// [`KeyResultError::IntegrationOff`], and [`KeyResultError::OtherQuery`] when the result is not
    /// one of the linked chart's query.
    pub async fn push(
        &self,
        id: &KeyResultId,
        pushed: Pushed,
        by: By,
    ) -> Result<Taken, KeyResultError> {
        let before = self.get(id).await?;
        let integration = on(&before)?;
        let request = request(id, &integration, &pushed);
        let known = request.known(self.store.as_ref(), self.clock.now()).await?;
        let Known::New(mut expected) = known else {
            return Ok(again(before));
        };
        let located = self.linked_chart(&before, &integration).await?;
        // However many come, few are held in memory at a time, and none of them while Looker is asked.
        // A semaphore that is never closed always gives its permit.
        let turn = self.pushes.acquire().await;
        let (live, note) = self.as_linked(&integration, pushed, &located).await?;
        let run = RunId::fresh(self.clock.as_ref());
        let read = self
            .read_with(&live, &integration, &format!("push:{run}/1"))
            .await;
        let read = read.map(|mut reading| {
            reading.notes.extend(note);
            reading
        });
        // That we were too busy says nothing of the key result.
        if let Some(error) = read.as_ref().err().filter(|error| error.is_passing()) {
            return Err(error.clone().into());
        }
        let failure = read.as_ref().err().cloned();
        // A failure of what is older says nothing of what the key result shows.
        if let Some(error) = &failure
            && is_older(live.source().ran_at(), &before)
        {
            return Err(error.clone().into());
        }
        let outcome = Outcome::of(read);
        if let Some(outcome) = outcome.counted() {
            self.metrics.read(outcome);
        }
        let watch = &before.progress.watch;
        let found = match &located {
            Ok(_) => self.found(&live, &integration, watch, &outcome).await,
            Err(error) => Found::missed(error),
        };
        drop((live, turn));
        for _ in 0..TRIES {
            let before = self.get(id).await?;
            if before.enabled() != Some(&integration) {
                return Err(KeyResultError::Contended);
            }
            let now = self.clock.now();
            let mut change =
                Change::new().audited(by.entry("key-result.push", format!("key-result:{id}")));
            let mut reading = None;
            if let Outcome::Read(read) = &outcome {
                if is_older(read.ran_at, &before) {
                    return Ok(Taken {
                        key_result: before,
                        reading: Some((**read).clone()),
                        standing: Standing::Older,
                    });
                }
                // A failure may be mended and the same result sent again.
                change = request.noted(change, expected, &run, now)?;
                reading = Some((**read).clone());
            }
            let change =
                outcome.recorded(change, &before, Ahead::as_it_is(&before), &found, now)?;
            match self.store.commit(change).await {
                Ok(_) => {
                    return match failure {
                        Some(error) => Err(error.into()),
                        None => Ok(Taken {
                            key_result: self.get(id).await?,
                            reading,
                            standing: Standing::Moved,
                        }),
                    };
                }
                Err(StoreError::Stale { .. }) => {
                    match request.known(self.store.as_ref(), now).await? {
                        Known::New(anew) => expected = anew,
                        // Of two equal requests at once the other one was first.
                        Known::Again(_) => return Ok(again(self.get(id).await?)),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }

    /// The linked chart as Looker has it, or why Looker does not say. What is wrong with the link
    /// itself is wrong for a pushed result, too.
    async fn linked_chart(
        &self,
        before: &KeyResult,
        integration: &Integration,
    ) -> Result<Result<Located, ChartError>, KeyResultError> {
        let wanted = Wanted {
            found: before.progress.watch.found.clone(),
            ..integration.wanted()
        };
        match self.charts.locate_all_of(&wanted, Fresh::Now).await {
            Ok(located) => Ok(Ok(located)),
            Err(error @ ChartError::Looker(_)) => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// The pushed result as one of the linked chart, and what a person should know of that.
    async fn as_linked(
        &self,
        integration: &Integration,
        pushed: Pushed,
        located: &Result<Located, ChartError>,
    ) -> Result<(Arc<Live>, Option<Note>), KeyResultError> {
        let (chart, note) = match located {
            Ok(located) => {
                let likeness = match &located.chart.work {
                    Work::Query(linked) => likeness(&pushed.query, linked),
                    // What is joined or written in SQL has no query to compare.
                    Work::Merge(_) | Work::Statement { .. } => Likeness::Unknown,
                };
                (located.chart.clone(), noted(likeness)?)
            }
            Err(error) => {
                let title = integration.called.as_ref().map(|called| &called.title);
                let title = title.or(pushed.plan.title.as_ref()).cloned();
                let source = integration.link.source.clone();
                let chart_type = reading::chart_type(&pushed.query);
                let title = title.unwrap_or_default();
                let chart = Chart::told(source, title, chart_type, pushed.query);
                let words = format!(
                    "the pushed result was read by its own query, because Looker did not say what the linked chart is: {error}"
                );
                (chart, Some(note("query-unknown", words)))
            }
        };
        let result = pushed.result.bytes().await?;
        let live = self.charts.pushed(chart, result, pushed.explore_url);
        Ok((live, note))
    }
}

/// What is said of a likeness, where that is no reason not to read.
fn noted(likeness: Likeness) -> Result<Option<Note>, KeyResultError> {
    match likeness {
        Likeness::Same => Ok(None),
        Likeness::Other(what) => Err(KeyResultError::OtherQuery { what }),
        Likeness::Shown(what) => Ok(Some(note(
            "other-query",
            format!("the pushed result has other {what} than the linked chart"),
        ))),
        Likeness::Unknown => Ok(Some(note(
            "query-unknown",
            "nothing says whether the pushed result is one of the linked chart's query".to_owned(),
        ))),
    }
}

fn note(code: &str, message: String) -> Note {
    Note {
        code: code.to_owned(),
        message: message.chars().take(500).collect(),
    }
}

fn again(key_result: KeyResult) -> Taken {
    Taken {
        key_result,
        reading: None,
        standing: Standing::Repeated,
    }
}

/// What makes two pushed results the same: the schedule, every byte, and all that says what is read off
/// them.
fn request(id: &KeyResultId, integration: &Integration, pushed: &Pushed) -> Request {
    let link = &integration.link;
    Request::of(&serde_json::json!([
        "push",
        id,
        pushed.plan.id,
        pushed.result.digest().to_hex(),
        link.connection,
        link.source,
        link.extractor,
        link.selection,
        link.filters,
    ]))
}

/// Whether Looker computed what the key result shows after that.
fn is_older(ran_at: Option<Timestamp>, than: &KeyResult) -> bool {
    let shown = than.progress.last_reading.as_ref();
    let shown = shown.and_then(|reading| reading.ran_at);
    ran_at
        .zip(shown)
        .is_some_and(|(ran_at, shown)| ran_at < shown)
}
