//! Running a chart's query within its time.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::api::Api;
use super::ask::{Ask, LARGEST_RESULT};
use super::chart::{Chart, Work};
use super::connection::Looker;
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::place::Place;
use super::posted::Stored;
use super::task::{self, Needed, QUESTION, Status, ask_after};
use super::wire::{PostedQuery, Task};

/// The first pause between two questions after a task; each is longer than the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long an expired task may still come back to life.
const REVIVAL: Duration = Duration::from_secs(3);

/// How often a result that does not come through is asked for again.
const RESULT_TRIES: u32 = 2;

/// How much longer than its caller the beginning of a query waits for Looker to name the task.
const GRACE: Duration = Duration::from_secs(10);

/// How often a query is begun before its tasks' expiring is taken as an answer.
const BEGINNINGS: usize = 2;

/// How waiting for a place to run in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// As part of the time: it is all one to a person who waits.
    Within,
    /// Besides the time, up to so long: the time is then Looker's alone.
    Besides(Duration),
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Run {
    /// By when it has to be done; within the connection's timeout unless given.
    pub deadline: Option<Deadline>,
    /// Whether Looker may answer from its cache.
    pub cache: bool,
    /// How waiting for a place counts.
    pub queue: Queue,
    /// Set once it has had a place, so that others who wait for it know what it waits for.
    pub placed: Arc<AtomicBool>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            deadline: None,
            cache: true,
            queue: Queue::Within,
            placed: Arc::default(),
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
    /// picked up. If the caller goes away, what runs is killed, save SQL, which cannot be.
    ///
    /// # Errors
    ///
    /// [`LookerError::Busy`] when there was no place to run in, [`LookerError::Timeout`] and all else
    /// that can go wrong.
    pub async fn run(&self, chart: &Chart, run: &Run) -> Result<Fetched, LookerError> {
        let deadline = run.deadline.unwrap_or_else(|| self.api.deadline());
        match &chart.work {
            Work::Query(post) => {
                let what = format!("the query of {}", chart.source);
                self.run_query(post, &what, run, deadline).await
            }
            Work::Merge(merge) => self.run_merge(merge, &chart.source, run, deadline).await,
            Work::Statement { slug, explore_url } => {
                self.run_statement(slug, explore_url.as_deref(), run, deadline)
                    .await
            }
        }
    }

    /// Runs one query. If the time is over first, it is left to finish, so that whoever comes back to it
    /// or runs it again finds it done.
    pub(super) async fn run_query(
        &self,
        post: &str,
        what: &str,
        run: &Run,
        deadline: Deadline,
    ) -> Result<Fetched, LookerError> {
        let (mut place, deadline) = self.place(run, deadline).await?;
        for _ in 0..BEGINNINGS {
            let (query, begun, needed) = self.begin(post, what, run.cache, place, deadline).await?;
            let followed = self.follow(&begun, deadline).await;
            let body = match followed {
                Ok(body) => body,
                // Looker goes on with it.
                Err(error)
                    if error.is_passing() || matches!(error, LookerError::Refused { .. }) =>
                {
                    needed.left();
                    return Err(error);
                }
                Err(error) => {
                    needed.ended();
                    return Err(error);
                }
            };
            let freed = needed.ended();
            if let Some(body) = body {
                return Ok(Fetched {
                    body,
                    explore_url: query.explore_url,
                    query_id: query.id,
                    task_id: Some(begun.id.0),
                });
            }
            match freed {
                Some(freed) => place = freed,
                None => break,
            }
        }
        Err(LookerError::Ended { how: "expired" })
    }

    /// A place to run a query in, and the deadline for that.
    pub(super) async fn place(
        &self,
        run: &Run,
        deadline: Deadline,
    ) -> Result<(Place, Deadline), LookerError> {
        let began = Instant::now();
        let longest = match run.queue {
            Queue::Within => deadline.left(),
            Queue::Besides(longest) => longest,
        };
        let Ok(place) = timeout(longest, self.places.take()).await else {
            return Err(self.busy(began.elapsed()));
        };
        run.placed.store(true, Ordering::Relaxed);
        let deadline = match run.queue {
            Queue::Within => deadline,
            Queue::Besides(_) => deadline.moved(began.elapsed()),
        };
        Ok((place, deadline))
    }

    fn busy(&self, waited: Duration) -> LookerError {
        LookerError::Busy {
            waited,
            places: self.places.most(),
        }
    }

    /// Why a run that others began has not ended by the deadline of one who waits for it too.
    #[must_use]
    pub fn too_late(&self, run: &Run, deadline: Deadline) -> LookerError {
        if run.placed.load(Ordering::Relaxed) {
            deadline.over(Doing::Sharing)
        } else {
            self.busy(deadline.passed())
        }
    }

    /// Has Looker begin to run a query. This is seen through even if the caller goes away or runs out
    /// of time in the middle of it: the task that comes of it would otherwise run on, known to nobody
    /// and in nobody's place.
    async fn begin(
        &self,
        post: &str,
        what: &str,
        cache: bool,
        place: Place,
        deadline: Deadline,
    ) -> Result<(Stored, Task, Needed), LookerError> {
        let (api, tasks) = (Arc::clone(&self.api), Arc::clone(&self.tasks));
        let (post, what) = (post.to_owned(), what.to_owned());
        let beginning = tokio::spawn(async move {
            let known = api.posted.get(&post);
            let mut begun = match &known {
                Some(query) => Some(begin(&api, &query.id, cache, deadline).await),
                None => None,
            };
            if matches!(begun, Some(Err(LookerError::NotFound { .. }))) {
                api.posted.forget(&post);
                begun = None;
            }
            let (query, begun) = match (known, begun) {
                (Some(query), Some(begun)) => (query, begun?),
                _ => {
                    let query = store(&api, &post, &what, deadline).await?;
                    let begun = begin(&api, &query.id, cache, deadline).await?;
                    (query, begun)
                }
            };
            let needed = tasks.need(&api, begun.id.0.clone(), place);
            Ok((query, begun, needed))
        });
        let begun = deadline.bound(Doing::Running, beginning).await?;
        // It does not panic, and nobody ends it but the end of the runtime.
        begun.map_err(|_| deadline.over(Doing::Running))?
    }

    /// Waits for a task's result; none when the task has expired for good.
    async fn follow(&self, begun: &Task, deadline: Deadline) -> Result<Option<Bytes>, LookerError> {
        let id = begun.id.0.as_str();
        let (mut pause, mut expired, mut broken) = (FIRST_PAUSE, None, 0);
        let (mut status, mut asked) = (Status::of(begun.status.as_deref()), false);
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
            if !mem::replace(&mut asked, true) {
                match self.result_if_done(id, deadline).await {
                    Ok(Some(body)) => return Ok(Some(body)),
                    // What has become of the query, its status tells.
                    Ok(None) | Err(LookerError::NotFound { .. } | LookerError::Answer { .. }) => {}
                    Err(error) if error.is_passing() => continue,
                    Err(error) => return Err(with_task(error, id)),
                }
            }
            status = match ask_after(&self.api, id, deadline).await {
                Ok(task) => Status::of(task.status.as_deref()),
                Err(LookerError::NotFound { .. }) => Status::Expired,
                // A question that was lost says nothing of the query, which goes on.
                Err(error) if error.is_passing() && !deadline.left().is_zero() => Status::Running,
                Err(error) => return Err(with_task(error, id)),
            };
        }
    }

    /// A task's result; none when there is none yet.
    pub(super) async fn results(
        &self,
        task_id: &str,
        deadline: Deadline,
    ) -> Result<Option<Bytes>, LookerError> {
        self.result(results_of(task_id)?, deadline).await
    }

    /// The result of a task of which it is not known whether it is done: most are when they are first
    /// asked after, and one question does then. It is asked once, as one that is lost says
    /// nothing.
    async fn result_if_done(
        &self,
        task_id: &str,
        deadline: Deadline,
    ) -> Result<Option<Bytes>, LookerError> {
        let ask = Ask {
            silence: QUESTION,
            repeatable: false,
            ..results_of(task_id)?
        };
        let body = self.result(ask, deadline).await?;
        // No result is empty. Looker says with another status that there is none yet; something in
        // between that has lost it must not make a result of that.
        Ok(body.filter(|body| !body.is_empty()))
    }

    async fn result(&self, ask: Ask<'_>, deadline: Deadline) -> Result<Option<Bytes>, LookerError> {
        let answer = self.api.call(&ask, deadline).await?;
        Ok((answer.status == StatusCode::OK).then_some(answer.body))
    }
}

/// Asks for a task's result.
fn results_of(task_id: &str) -> Result<Ask<'static>, LookerError> {
    Ok(Ask {
        doing: Doing::Running,
        cap: LARGEST_RESULT,
        ..Ask::get(task::path(task_id, "/results")?, "the result")
    })
}

/// Has Looker store a query; an equal one is stored once, so this may be repeated.
async fn store(
    api: &Arc<Api>,
    post: &str,
    what: &str,
    deadline: Deadline,
) -> Result<Stored, LookerError> {
    let ask = Ask::post("/queries".to_owned(), post, what)
        .with("fields", "id,share_url,expanded_share_url");
    let ask = Ask {
        doing: Doing::Running,
        ..ask
    };
    let query = Stored::from(api.read::<PostedQuery>(&ask, deadline).await?);
    api.posted.put(post, query.clone());
    Ok(query)
}

/// Has Looker begin to run a stored query. Not repeated where it might have begun.
async fn begin(
    api: &Arc<Api>,
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
    api.read_late(&ask, deadline, GRACE).await
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
