//! The action of the hub's own: a pushed result moves a key result.
//!
//! It stands beside the event mappers in the list. Its form asks for the key result, and what comes is
//! read by that key result's extractor and selection, as if a poll had fetched it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::event::{Document, Plan, Received};
use crate::id::KeyResultId;
use crate::keyresult::progress::shown_percent;
use crate::keyresult::{KeyResult, KeyResultError, Pushed, Standing, Taken};
use crate::problem::Problem;

use super::Hub;
use super::answer::{Answer, Refusal, short};
use super::door::{Looker, failed, json};
use super::envelope::{Kind, Request};
use super::execute::{LATE, NO_ROWS, NO_TYPE, answered, check_kind};
use super::form::{Choose, Field, Form};
use super::list::{Definition, Manner, define};
use super::take;
use super::version::Release;

/// What Looker calls it.
pub const NAME: &str = "lensmount_reading";
/// The field of its form.
const KEY_RESULT: &str = "key_result";
/// What is said where reading takes longer than Looker waits.
const SLOW: &str = "The result was not read in the time that Looker waits, so nothing was changed. Run the schedule again.";
/// The most key results that are offered to choose from; beyond it an id is typed in.
const MOST: usize = 1_000;
/// Whether a Looker of this release is offered it. One that does not say is.
pub(super) fn is_for(release: Option<Release>) -> bool {
    release.is_none_or(|release| release >= Release::ACTIONS)
}

/// The action as Looker sees it.
pub(super) fn definition(looker: &Looker) -> Definition {
    define(
        looker,
        Manner {
            name: NAME,
            label: "Lensmount Reading",
            description: "Read a key result off the data that is sent.",
            icon: None,
            // The lighter format lacks when Looker computed the result, and totals.
            format: "json_detail",
            params: Vec::new(),
            required_fields: Vec::new(),
        },
    )
}

/// Its form.
pub(super) async fn form(hub: &Hub, body: Option<Body>) -> Response {
    let request = match hub.take_settings(body).await {
        Ok(request) => request,
        Err(error) => return json(&json!({ "error": error.to_string() })),
    };
    if request.kind() == Kind::Null {
        return failed(StatusCode::NOT_FOUND, NO_TYPE);
    }
    match hub.linked().await {
        Ok(linked) if linked.is_empty() => json(&json!({
            "error": "No key result is linked to a chart yet. Link one in Lensmount, then edit the schedule.",
        })),
        Ok(linked) => json(&Form {
            fields: vec![field(linked)],
        }),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "key results cannot be listed"
            );
            failed(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.")
        }
    }
}

/// Reads what was sent.
pub(super) async fn execute(hub: Arc<Hub>, looker: Looker, body: Option<Body>) -> Response {
    let until = Instant::now() + hub.manner.patience;
    match hub.asked(body).await {
        Ok(asked) => {
            let keep_alive = hub.manner.keep_alive;
            let work = async move { hub.read(asked, looker, until).await };
            answered(tokio::spawn(work), keep_alive)
        }
        Err(refusal) => json(&Answer::from(refusal)),
    }
}

/// What a sound request asks for.
struct Asked {
    key_result: KeyResultId,
    taken: take::Taken<Document>,
}

impl Hub {
    async fn asked(&self, body: Option<Body>) -> Result<Asked, Refusal> {
        let taken = self.take::<Document>(body).await;
        let taken = taken.map_err(|error| Refusal::new(error.to_string()))?;
        check_kind(&taken.request)?;
        let key_result = chosen(&taken.request)?;
        if taken.rows.is_none() && taken.request.download_url().is_none() {
            return Err(Refusal::new(NO_ROWS));
        }
        Ok(Asked { key_result, taken })
    }

    async fn read(&self, asked: Asked, looker: Looker, until: Instant) -> Answer {
        let Asked { key_result, taken } = asked;
        let take::Taken { request, rows } = taken;
        let received = match timeout_at(until, self.received(&request, rows)).await {
            Ok(Ok(received)) => received,
            Ok(Err(refusal)) => return refusal.into(),
            Err(_) => return Refusal::new(LATE).into(),
        };
        let pushed = self.pushed(&key_result, &request, received, looker);
        match timeout_at(until, pushed).await {
            Ok(Ok(taken)) => Answer::said(message(&taken)),
            Ok(Err(refusal)) => refusal.into(),
            Err(_) => Refusal::new(SLOW).into(),
        }
    }

    async fn pushed(
        &self,
        key_result: &KeyResultId,
        request: &Request,
        received: Received<()>,
        looker: Looker,
    ) -> Result<Taken, Refusal> {
        let pushed = Pushed {
            plan: Plan {
                id: request.plan_id(),
                title: request.plan_title(),
            },
            query: String::from_utf8(request.query()).unwrap_or_default(),
            explore_url: request.explore_url(),
            result: received,
        };
        let pushed = self.key_results.push(key_result, pushed, looker.by).await;
        pushed.map_err(refusal)
    }

    /// The key results that can be chosen; one more than can be offered where there are more.
    async fn linked(&self) -> Result<Vec<KeyResult>, KeyResultError> {
        const PAGE: usize = 200;
        let (mut linked, mut after) = (Vec::new(), None::<String>);
        while linked.len() <= MOST {
            let page = self.key_results.list(None, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.to_string());
            linked.extend(page.into_iter().filter(|it| it.enabled().is_some()));
        }
        Ok(linked)
    }
}

/// Which key result is to be read.
fn chosen(request: &Request) -> Result<KeyResultId, Refusal> {
    let Some(id) = request.param(KEY_RESULT) else {
        return Err(Refusal::field(
            KEY_RESULT,
            "Choose the key result to read: edit the schedule and choose one.",
        ));
    };
    id.trim().parse().map_err(|_| gone())
}

fn gone() -> Refusal {
    Refusal::field(
        KEY_RESULT,
        "The key result that the schedule chose is no longer there; edit the schedule and choose another.",
    )
}

fn refusal(error: KeyResultError) -> Refusal {
    match &error {
        KeyResultError::NotFound { .. } => gone(),
        KeyResultError::IntegrationOff { .. } => Refusal::field(
            KEY_RESULT,
            "The key result takes no automatic updates, so nothing was read; switch its integration on in Lensmount.",
        ),
        KeyResultError::Record(error) => Refusal::ours(error),
        KeyResultError::Received(error) => Refusal::ours(error),
        _ => {
            let problem = Problem::from(error);
            let code = problem.code.explained().code;
            Refusal::new(format!("{code}: {}.", short(&problem.detail)))
        }
    }
}

fn field(mut linked: Vec<KeyResult>) -> Field {
    let field = |r#type, description: &str, options| Field {
        name: KEY_RESULT.to_owned(),
        label: "Key result".to_owned(),
        description: description.to_owned(),
        r#type,
        required: true,
        default: None,
        options,
    };
    if linked.len() > MOST {
        let description = "The id of the key result to read; Lensmount lists them.";
        return field("string", description, Vec::new());
    }
    linked.sort_by_key(|it| it.record.title.to_lowercase());
    let mut named: HashMap<String, usize> = HashMap::new();
    for it in &linked {
        *named.entry(it.record.title.clone()).or_default() += 1;
    }
    let options = linked.into_iter().map(|it| {
        let (id, title) = (it.id.to_string(), it.record.title);
        // Of one name there may be several.
        let label = match named.get(&title) {
            Some(1) => title,
            _ => format!("{title} ({id})"),
        };
        Choose { name: id, label }
    });
    let description = "What is sent is read as this key result's chart is; send the very look or tile that it is linked to.";
    field("select", description, options.collect())
}

/// What is said of a result that was taken.
fn message(taken: &Taken) -> String {
    let key_result = &taken.key_result;
    let title = short(&key_result.record.title);
    let read = taken.reading.as_ref().map(|reading| {
        let at = reading.at.as_ref();
        let at = at.map_or(String::new(), |at| format!(" at {}", short(at)));
        format!("{}{at} ({})", short(&reading.value), short(&reading.label))
    });
    let mut text = match (taken.standing, read) {
        (Standing::Moved, Some(read)) => {
            let progress = key_result.fraction();
            let progress = progress.map_or(String::new(), |progress| {
                format!(", {} % of the way", shown_percent(&progress))
            });
            format!("Key result \"{title}\": {read}{progress}.")
        }
        (Standing::Older, Some(read)) => format!(
            "Key result \"{title}\" has a reading that Looker computed later, so {read} changes nothing."
        ),
        (_, None) | (Standing::Repeated, Some(_)) => format!(
            "Key result \"{title}\" was read off this very result within the last hour, so it is not counted twice."
        ),
    };
    let notes = taken.reading.iter().flat_map(|reading| &reading.notes);
    for note in notes.take(3) {
        text.push_str(&format!(" Note: {}.", short(&note.message)));
    }
    text
}
