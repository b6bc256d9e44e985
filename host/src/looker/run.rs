//! Running a chart's query within its time.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep};
use url::Url;

use super::ask::{Ask, LARGEST_RESULT};
use super::chart::{Chart, Work};
use super::connection::Looker;
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::task::{self, Status};
use super::wire::{PostedQuery, Task};

/// The first pause between two questions after a task; each is longer than the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long one question after a task may take. Looker answers it from memory, so one that takes
/// longer is lost, and the next will do.
const QUESTION: Duration = Duration::from_secs(10);

/// How long an expired task may still come back to life.
const REVIVAL: Duration = Duration::from_secs(3);

/// How often a result that does not come through is asked for again.
const RESULT_TRIES: u32 = 2;

/// How often a query is begun before its tasks' expiring is taken as an answer.
const BEGINNINGS: usize = 2;

/// What becomes of the task of a query that is not done in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// It is left to finish, and somebody comes back to it.
    ComeBackTo,
    /// It is left to finish, so that the next run finds it hot.
    LeaveAlone,
}

/// How to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How long it may take; the connection's timeout unless given.
    pub deadline: Option<Duration>,
    /// Whether Looker may answer from its cache.
    pub cache: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            deadline: None,
            cache: true,
        }
    }
}

/// A result as Looker sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// `json_detail`, byte for byte.
    pub body: Bytes,
    /// Where a person sees it in Looker.
    pub explore_url: Option<String>,
    /// The query that ran.
    pub query_id: String,
    /// The task that ran it.
    pub task_id: Option<String>,
}

impl Looker {
    /// Runs what a chart is drawn from. If the time is over first, its query is left to finish and
    /// the error names its task for [`Looker::pick_up`]; of a merged tile and of SQL nothing can be
    /// picked up. If the caller goes away, what runs is killed.
    ///
    /// # Errors
    ///
    /// [`LookerError::Timeout`] and all else that can go wrong.
    pub async fn run(&self, chart: &Chart, run: &Run) -> Result<Fetched, LookerError> {
        let deadline = run
            .deadline
            .map_or_else(|| self.api.deadline(), Deadline::after);
        match &chart.work {
            Work::Query(post) => {
                let what = format!("the query of {}", chart.source);
                self.run_query(post, &what, run.cache, Late::ComeBackTo, deadline)
                    .await
            }
            Work::Merge(merge) => {
                self.run_merge(merge, &chart.source, run.cache, deadline)
                    .await
            }
            Work::Statement { slug, explore_url } => {
                self.run_statement(slug, explore_url.as_deref(), deadline)
                    .await
            }
        }
    }

    /// Runs one query.
    pub(super) async fn run_query(
        &self,
        post: &str,
        what: &str,
        cache: bool,
        late: Late,
        deadline: Deadline,
    ) -> Result<Fetched, LookerError> {
        let place = self.place(deadline).await?;
        let query = self.post(post, what, deadline).await?;
        for _ in 0..BEGINNINGS {
            let begun = self.begin(&query.id.0, cache, deadline).await?;
            let needed = self.tasks.need(&self.api, begun.id.0.clone());
            let followed = self.follow(&begun, deadline).await;
            match (&followed, late) {
                (Err(LookerError::Timeout { .. }), Late::ComeBackTo) => needed.left(),
                _ => needed.ended(),
            }
            if let Some(body) = followed? {
                drop(place);
                return Ok(Fetched {
                    body,
                    explore_url: explore_url(&query),
                    query_id: query.id.0,
                    task_id: Some(begun.id.0),
                });
            }
        }
        Err(LookerError::Ended { how: "expired" })
    }

    /// A place to run a query in. Waiting for one is part of the time: it is all one to who waits.
    pub(super) async fn place(
        &self,
        deadline: Deadline,
    ) -> Result<SemaphorePermit<'_>, LookerError> {
        let place = deadline
            .bound(Doing::Queueing, self.places.acquire())
            .await?;
        // The places are never closed.
        place.map_err(|_| deadline.over(Doing::Queueing))
    }

    /// Stores the query; an equal one is stored once, so this may be repeated.
    async fn post(
        &self,
        post: &str,
        what: &str,
        deadline: Deadline,
    ) -> Result<PostedQuery, LookerError> {
        let ask = Ask::post("/queries".to_owned(), post, what)
            .with("fields", "id,share_url,expanded_share_url");
        self.api
            .read(
                &Ask {
                    doing: Doing::Running,
                    ..ask
                },
                deadline,
            )
            .await
    }

    /// Has Looker begin to run a stored query. Not repeated where it might have begun.
    async fn begin(
        &self,
        query_id: &str,
        cache: bool,
        deadline: Deadline,
    ) -> Result<Task, LookerError> {
        let body = json!({ "query_id": query_id, "result_format": "json_detail" }).to_string();
        let ask = Ask::post("/query_tasks".to_owned(), &body, "query task")
            .with("cache", cache.to_string())
            .with("server_table_calcs", "true")
            .with("force_production", "true")
            .with("generate_drill_links", "false");
        let ask = Ask {
            doing: Doing::Running,
            repeatable: false,
            ..ask
        };
        self.api.read(&ask, deadline).await
    }

    /// Waits for a task's result; none when the task has expired for good.
    async fn follow(&self, begun: &Task, deadline: Deadline) -> Result<Option<Bytes>, LookerError> {
        let id = begun.id.0.as_str();
        let (mut pause, mut expired, mut broken) = (FIRST_PAUSE, None, 0);
        let mut status = Status::of(begun.status.as_deref());
        loop {
            if status == Status::Done {
                match self.results(id, deadline).await {
                    Ok(Some(body)) => return Ok(Some(body)),
                    Ok(None) => {}
                    Err(LookerError::NotFound { .. }) => status = Status::Expired,
                    // The query is done: its result is asked for again before it is given up.
                    Err(error) if error.is_passing() && broken < RESULT_TRIES => broken += 1,
                    Err(error) => return Err(with_task(error, id)),
                }
            }
            match status {
                Status::Killed => return Err(LookerError::Ended { how: "killed" }),
                Status::Expired => {
                    let since = *expired.get_or_insert_with(Instant::now);
                    if since.elapsed() >= REVIVAL {
                        return Ok(None);
                    }
                }
                Status::Running | Status::Done => {}
            }
            let slept = deadline.bound(Doing::Running, sleep(pause)).await;
            slept.map_err(|error| with_task(error, id))?;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            status = match self.ask_after(id, deadline).await {
                Ok(task) => Status::of(task.status.as_deref()),
                Err(LookerError::NotFound { .. }) => Status::Expired,
                // A question that was lost says nothing of the query, which goes on.
                Err(error) if error.is_passing() && !deadline.left().is_zero() => Status::Running,
                Err(error) => return Err(with_task(error, id)),
            };
        }
    }

    pub(super) async fn ask_after(
        &self,
        task_id: &str,
        deadline: Deadline,
    ) -> Result<Task, LookerError> {
        let ask = Ask::get(task::path(task_id, "")?, format!("query task {task_id}"));
        let ask = Ask {
            doing: Doing::Running,
            limit: QUESTION,
            ..ask
        };
        self.api.read(&ask, deadline).await
    }

    /// A task's result; none when there is none yet.
    pub(super) async fn results(
        &self,
        task_id: &str,
        deadline: Deadline,
    ) -> Result<Option<Bytes>, LookerError> {
        let ask = Ask::get(task::path(task_id, "/results")?, "the result");
        let ask = Ask {
            doing: Doing::Running,
            cap: LARGEST_RESULT,
            ..ask
        };
        let answer = self.api.call(&ask, deadline).await?;
        Ok((answer.status == StatusCode::OK).then_some(answer.body))
    }
}

/// Where a person sees the query: Looker's short link, if it is one that may be shown as a link.
pub(super) fn explore_url(query: &PostedQuery) -> Option<String> {
    let told = |text: &Option<String>| link(text.as_deref()?);
    told(&query.share_url).or_else(|| told(&query.expanded_share_url))
}

/// An address that may be shown as a link.
pub(super) fn link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// A timeout names the task that goes on.
fn with_task(error: LookerError, id: &str) -> LookerError {
    match error {
        LookerError::Timeout { waited, doing, .. } => LookerError::Timeout {
            task_id: Some(id.to_owned()),
            waited,
            doing,
        },
        error => error,
    }
}
