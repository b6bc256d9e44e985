//! Finding where the API answers: `/versions` is asked at each candidate until one is Looker.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::api::{Api, words};
use super::ask::Ask;
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::retry::{Again, Failed, retried};
use super::transport::Answer;
use super::wire::Versions;

/// How long an address may be silent before it is taken for one that does not answer.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

impl Api {
    /// Where the API answers, found once and remembered.
    pub(super) async fn base(self: &Arc<Self>, deadline: Deadline) -> Result<Url, LookerError> {
        let begin = || {
            let (api, deadline) = (Arc::clone(self), self.deadline());
            async move { retried(deadline, true, || api.probe(deadline)).await }
        };
        deadline
            .bound(Doing::Finding, self.base.get(|_| true, begin))
            .await?
    }

    async fn probe(&self, deadline: Deadline) -> Result<Url, Failed> {
        let mut telling: Option<Failed> = None;
        let candidates = self.settings.server_url.candidates();
        for (number, candidate) in candidates.iter().enumerate() {
            // One that is silent must leave time for the others.
            let left = u32::try_from(candidates.len() - number).unwrap_or(1);
            let limit = (deadline.left() / left).min(SILENCE);
            match self.answers(candidate, limit, deadline).await {
                Ok(()) => {
                    tracing::info!(server = %self.settings.server_url, api = %candidate, "found Looker's API");
                    return Ok(candidate.clone());
                }
                Err(failed)
                    if telling
                        .as_ref()
                        .is_none_or(|told| rank(&failed) > rank(told)) =>
                {
                    telling = Some(failed);
                }
                Err(_) => {}
            }
        }
        Err(telling.unwrap_or_else(|| self.not_looker("no address to try").into()))
    }

    /// Whether an address answers as Looker's API does.
    pub(super) async fn answers(
        &self,
        base: &Url,
        limit: Duration,
        deadline: Deadline,
    ) -> Result<(), Failed> {
        let ask = Ask {
            doing: Doing::Finding,
            limit,
            ..Ask::get("/versions".to_owned(), "list of versions")
        };
        let answer = self.transport.send(base, &ask, None, deadline).await?;
        match answer.status {
            StatusCode::OK if versions(&answer).is_some() => Ok(()),
            // Whether it answers without a session is Looker's choice; that it wants one is an
            // answer as well.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if words(&answer.body).is_some() => {
                Ok(())
            }
            status
                if status.is_success()
                    || status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
            {
                Err(self
                    .not_looker(&format!("{status} at {base}api/4.0/versions"))
                    .into())
            }
            _ => Err(match self.judged(answer, &ask.what) {
                Err(failed) => failed,
                Ok(_) => self.not_looker("an answer of another shape").into(),
            }),
        }
    }

    pub(super) fn not_looker(&self, found: &str) -> LookerError {
        LookerError::NotLooker {
            server: self.settings.server_url.to_string(),
            found: found.to_owned(),
        }
    }
}

pub(super) fn versions(answer: &Answer) -> Option<Versions> {
    serde_json::from_slice(&answer.body)
        .ok()
        .filter(Versions::is_looker)
}

/// How much a failure at one candidate tells about the server, compared to that at another.
fn rank(failed: &Failed) -> u8 {
    match (&failed.error, failed.again) {
        (
            LookerError::Timeout { .. }
            | LookerError::RateLimited { .. }
            | LookerError::Answer { .. },
            _,
        ) => 4,
        (LookerError::TargetRefused(_) | LookerError::Redirected { .. }, _) => 3,
        (LookerError::NotLooker { .. }, _) => 2,
        (_, Again::Unsure | Again::Untouched(_)) => 1,
        (_, Again::Never) => 0,
    }
}
