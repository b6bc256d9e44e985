//! Running a chart's query within its time.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep};
use url::Url;

use super::ask::{Ask, LARGEST_RESULT, segment};
use super::chart::Chart;
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

/// How often a query is begun before its tasks' expiring is taken as an answer.
const BEGINNINGS: usize = 2;

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

/// What has become of a query that was left to finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickedUp {
    /// It has a result.
    Done(Fetched),
    /// It is still running.
    Running,
    /// Looker no longer knows it, or it was killed: its result will not come.
    Gone,
}

impl Looker {
    /// Runs a chart's query. If the time is over first, the query is left to finish and the error
    /// names its task for [`Looker::pick_up`]. If the caller goes away, it is killed.
    ///
    /// # Errors
    ///
    /// [`LookerError::Timeout`] and all else that can go wrong.
    pub async fn run(&self, chart: &Chart, run: &Run) -> Result<Fetched, LookerError> {
        let deadline = run
            .deadline
            .map_or_else(|| self.api.deadline(), Deadline::after);
        // Waiting for a place is part of the time: it is all one to who waits. The places are never
        // closed, so a place is all that can come of it.
        let place = deadline
            .bound(Doing::Queueing, self.places.acquire())
            .await?;
        let query = self.post(chart, deadline).await?;
        for _ in 0..BEGINNINGS {
            let begun = self.begin(&query.id.0, run.cache, deadline).await?;
            let needed = self.tasks.need(&self.api, begun.id.0.clone());
            let followed = self.follow(&begun, deadline).await;
            match &followed {
                Err(LookerError::Timeout { .. }) => needed.left(),
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

    /// Looks after a query that was left to finish.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn pick_up(&self, task_id: &str) -> Result<PickedUp, LookerError> {
        let deadline = self.api.deadline();
        let outcome = self.picked_up(task_id, deadline).await?;
        if outcome != PickedUp::Running {
            self.tasks.forget(task_id);
        }
        Ok(outcome)
    }

    async fn picked_up(&self, task_id: &str, deadline: Deadline) -> Result<PickedUp, LookerError> {
        let task = match self.ask_after(task_id, deadline).await {
            Err(LookerError::NotFound { .. }) => return Ok(PickedUp::Gone),
            task => task?,
        };
        let status = Status::of(task.status.as_deref());
        if matches!(status, Status::Running) {
            return Ok(PickedUp::Running);
        }
        if matches!(status, Status::Killed) {
            return Ok(PickedUp::Gone);
        }
        // An expired task may have its result all the same, so it is asked for.
        let body = match self.results(task_id, deadline).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(PickedUp::Running),
            Err(LookerError::NotFound { .. }) => return Ok(PickedUp::Gone),
            Err(error) => return Err(error),
        };
        let query_id = task.query_id.map(|id| id.0).unwrap_or_default();
        Ok(PickedUp::Done(Fetched {
            body,
            explore_url: self.explore_url_of(&query_id, deadline).await,
            query_id,
            task_id: Some(task_id.to_owned()),
        }))
    }

    /// Stores the query; an equal one is stored once, so this may be repeated.
    async fn post(&self, chart: &Chart, deadline: Deadline) -> Result<PostedQuery, LookerError> {
        let what = format!("the query of {}", chart.source);
        let ask = Ask::post("/queries".to_owned(), &chart.post, what)
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
        let (mut pause, mut expired) = (FIRST_PAUSE, None);
        let mut status = Status::of(begun.status.as_deref());
        loop {
            if status == Status::Done {
                match self.results(id, deadline).await {
                    Ok(Some(body)) => return Ok(Some(body)),
                    Ok(None) => {}
                    Err(LookerError::NotFound { .. }) => status = Status::Expired,
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
                Err(error) => return Err(with_task(error, id)),
            };
        }
    }

    async fn ask_after(&self, task_id: &str, deadline: Deadline) -> Result<Task, LookerError> {
        let ask = Ask::get(task::path(task_id, "")?, format!("query task {task_id}"));
        let ask = Ask {
            doing: Doing::Running,
            limit: QUESTION,
            ..ask
        };
        self.api.read(&ask, deadline).await
    }

    /// A task's result; none when there is none yet.
    async fn results(
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

    /// A link for people is worth a question, but not a failure.
    async fn explore_url_of(&self, query_id: &str, deadline: Deadline) -> Option<String> {
        let path = format!("/queries/{}", segment(query_id)?);
        let ask = Ask::get(path, format!("query {query_id}"))
            .with("fields", "id,share_url,expanded_share_url");
        explore_url(&self.api.read(&ask, deadline).await.ok()?)
    }
}

/// Where a person sees the query: Looker's short link, if it is one that may be shown as a link.
fn explore_url(query: &PostedQuery) -> Option<String> {
    let link = |text: &Option<String>| {
        let url = Url::parse(text.as_deref()?).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    };
    link(&query.share_url).or_else(|| link(&query.expanded_share_url))
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
