//! Runs an action.
//!
//! What is wrong with the request is told at once. Otherwise the answer begins, with a newline now
//! and then, and its JSON comes when the run is through or Looker would not wait any longer. The
//! work is a task of its own: whether Looker waits for the answer or not, what has begun goes on.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::task::JoinHandle;
use tokio::time::{
    Duration, Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout_at,
};

use crate::event::destination::Target;
use crate::event::scan::Scanner;
use crate::event::{Judge, Order, Plan, ReceiveError, Received, Receiving, Run, RunError};
use crate::id::RunId;

use super::action::Action;
use super::answer::{Answer, Refusal};
use super::door::{Looker, json};
use super::envelope::{Kind, Request};
use super::form::settings;
use super::list::unknown;
use super::reading;
use super::take::Taken;
use super::{DownloadError, Hub};

/// What is said of a request whose type is null.
pub(super) const NO_TYPE: &str = "Action did not specify a \"type\".";
/// What is said of a request that brings no rows.
pub(super) const NO_ROWS: &str = "A streaming action was sent incompatible data. The action must have a download url or an attachment.";
/// What is said where the rows come too slowly.
pub(super) const LATE: &str = "The rows had not all come in the time that Looker waits, so nothing was done. Run the schedule again, or send fewer rows.";
/// The type of request that actions take.
const QUERY: &str = "query";
/// How often a run is looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs an action.
pub(super) async fn execute(
    State(hub): State<Arc<Hub>>,
    looker: Looker,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let body = looker.json.then_some(body);
    if name == reading::NAME && reading::is_for(looker.release) {
        return reading::execute(hub, looker, body).await;
    }
    let until = Instant::now() + hub.manner.patience;
    match hub.ordered(&looker, &name, body).await {
        Ok(ordered) => {
            let keep_alive = hub.manner.keep_alive;
            answered(tokio::spawn(hub.run(ordered, looker, until)), keep_alive)
        }
        Err(refusal) => json(&Answer::from(refusal)),
    }
}

/// What a sound request asks for.
struct Ordered {
    action: Action,
    taken: Taken<Scanner>,
    target: Target,
}

impl Hub {
    /// What a request asks for, or what is wrong with it, in the order in which hubs have always
    /// told it.
    async fn ordered(
        &self,
        looker: &Looker,
        name: &str,
        body: Option<Body>,
    ) -> Result<Ordered, Refusal> {
        let taken = self.take(body).await;
        let taken = taken.map_err(|error| Refusal::new(error.to_string()))?;
        let action = self.action(name, looker.release).await;
        let action = action.ok_or_else(|| Refusal::new(unknown(name)))?;
        check_kind(&taken.request)?;
        let target = self.target(&taken.request).await?;
        if taken.rows.is_none() && taken.request.download_url().is_none() {
            return Err(Refusal::new(NO_ROWS));
        }
        Ok(Ordered {
            action,
            taken,
            target,
        })
    }

    /// Runs an action for as long as somebody waits for it.
    async fn run(self: Arc<Self>, ordered: Ordered, looker: Looker, until: Instant) -> Answer {
        let Ordered {
            action,
            taken,
            target,
        } = ordered;
        let Taken { request, rows } = taken;
        // Only the rows are given up when the time is over: a run that is being begun will be there.
        let received = match timeout_at(until, self.received(&request, rows)).await {
            Ok(Ok(received)) => received,
            Ok(Err(refusal)) => return refusal.into(),
            Err(_) => return Refusal::new(LATE).into(),
        };
        let order = self.order(&action, &request, target, received);
        let (id, repeated) = match self.runs.begin(order, &looker.by).await {
            Ok(started) => (started.id, started.repeated),
            Err(error) => return Refusal::from(error).into(),
        };
        match self.watched(&id, until).await {
            Ok(run) => Answer::of(&run, repeated),
            Err(error) => {
                tracing::error!(%id, error = &error as &dyn std::error::Error, "a run cannot be looked at");
                Answer::begun(id.as_str())
            }
        }
    }

    /// All rows of a request.
    pub(super) async fn received<J: Judge>(
        &self,
        request: &Request,
        rows: Option<Result<Receiving<J>, ReceiveError>>,
    ) -> Result<Received<J::Found>, Refusal> {
        let receiving = match (rows, request.download_url()) {
            (Some(rows), _) => rows?,
            (None, Some(url)) => {
                let mut receiving = self.runs.receive()?;
                let fetched = self.downloads.fetch(&url, &mut receiving).await;
                fetched.map_err(|error| match error {
                    DownloadError::Receive(error) => error.into(),
                    error => Refusal::new(error.to_string()),
                })?;
                receiving
            }
            (None, None) => return Err(Refusal::new(NO_ROWS)),
        };
        Ok(receiving.finish().await?)
    }

    fn order(
        &self,
        action: &Action,
        request: &Request,
        target: Target,
        received: Received,
    ) -> Order {
        let title = request.plan_title();
        let mut context = vec![("now".to_owned(), self.clock.now().to_string())];
        context.extend(title.clone().map(|title| ("plan-title".to_owned(), title)));
        Order {
            settings: settings(action, request),
            action: action.version.name.clone(),
            plan: Plan {
                id: request.plan_id(),
                title,
            },
            query: request.query(),
            context,
            destination: target.destination,
            server_url: target.server_url,
            write_key: target.write_key,
            received,
        }
    }

    /// The run when it is through, or as far as it is when the time is over or the server stops.
    async fn watched(&self, id: &RunId, until: Instant) -> Result<Run, RunError> {
        let mut changed = self.runs.changed();
        loop {
            // From here on every change counts, since what is read next may be older than it.
            changed.borrow_and_update();
            let run = self.runs.get(id.as_str()).await?;
            if run.state == "done" {
                return Ok(run);
            }
            tokio::select! {
                change = changed.changed() => {
                    if change.is_err() {
                        return Ok(run);
                    }
                    sleep(GLANCE).await;
                }
                () = sleep_until(until) => return Ok(run),
                () = self.stop.cancelled() => return Ok(run),
            }
        }
    }
}

/// Checks that a request is of the type that actions take.
pub(super) fn check_kind(request: &Request) -> Result<(), Refusal> {
    let wanted = format!("The request must be of type: \"{QUERY}\".");
    match request.kind() {
        Kind::Named(QUERY) => Ok(()),
        Kind::Null => Err(Refusal::new(NO_TYPE)),
        Kind::Missing => Err(Refusal::new(format!("No request type specified. {wanted}"))),
        Kind::Named(other) => {
            let other: String = other.chars().take(40).collect();
            Err(Refusal::new(format!(
                "This action does not support requests of type \"{other}\". {wanted}"
            )))
        }
    }
}

/// An answer whose JSON comes when the work is done, with newlines before it.
pub(super) fn answered(work: JoinHandle<Answer>, keep_alive: Duration) -> Response {
    let mut ticks = interval_at(Instant::now() + keep_alive, keep_alive);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let parts = stream::unfold(Some((work, ticks)), |waiting| async {
        let (mut work, mut ticks) = waiting?;
        tokio::select! {
            biased;
            done = &mut work => {
                let answer = done.unwrap_or_else(|error| Refusal::ours(&error).into());
                let text = serde_json::to_vec(&answer).unwrap_or_default();
                Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), None))
            }
            _ = ticks.tick() => {
                Some((Ok(Bytes::from_static(b"\n")), Some((work, ticks))))
            }
        }
    });
    (
        [(CONTENT_TYPE, "application/json")],
        Body::from_stream(parts),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn newlines_come_while_an_answer_is_not_ready() {
        let work = tokio::spawn(async {
            sleep(Duration::from_secs(95)).await;
            Refusal::new("late").into()
        });
        let response = answered(work, Duration::from_secs(30));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.starts_with("\n\n\n{\"looker\":{"), "{text}");
        assert!(text.contains("\"message\":\"late\""), "{text}");
    }

    #[tokio::test]
    async fn a_defect_is_told_even_after_newlines() {
        let work = tokio::spawn(async { panic!("a defect that the test makes") });
        let response = answered(work, Duration::from_secs(30));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains("\"success\":false"), "{text}");
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_its_answer() {
        let (say, heard) = tokio::sync::oneshot::channel();
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let work = tokio::spawn(async {
            let _ = wait.await;
            let _ = say.send(());
            Refusal::new("").into()
        });
        drop(answered(work, Duration::from_secs(30)));
        go.send(()).unwrap();
        heard.await.unwrap();
    }
}
