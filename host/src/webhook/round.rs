//! A round: some of what waits for one webhook is posted, and what came of it is written.

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use crate::record::{self as records, Stored};
use crate::store::{Change, Expected, Kind, Lease, Next, Store as _, StoreError};

use super::Webhooks;
use super::error::WebhookError;
use super::notice::Notice;
use super::post::Answer;
use super::record::{Standing, WebhookRecord, place};
use super::signature::Secret;

/// Notices of a round.
const ROUND: usize = 32;
/// Requests to one receiver that are under way at a time.
const SIDE_BY_SIDE: usize = 8;
/// The most notices that wait for one webhook; beyond that the oldest are given up.
const MOST_WAITING: u64 = 50_000;
/// How many notices are looked at to find some to post, and how many are removed in one change.
const PAGE: usize = 500;
/// The longest pause after rounds in which nothing came through.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// What is to be done with the notices at the head of a webhook's line.
#[derive(Default)]
struct Plan {
    /// To be posted now, the oldest first.
    post: Vec<Stored<Notice>>,
    /// No longer worth the telling.
    give_up: Vec<String>,
    /// When the first of the others may be tried again.
    next: Option<Timestamp>,
    /// There are more than were looked at.
    more: bool,
}

impl Webhooks {
    /// Works on a webhook that was claimed, and completes its lease.
    pub(super) async fn round(&self, lease: &Lease) -> Result<(), WebhookError> {
        let id = lease.poll.strip_prefix("webhook/").unwrap_or_default();
        let webhook = records::get::<WebhookRecord>(self.outbox.as_ref(), id).await?;
        let Some(webhook) = webhook.filter(|it| it.record.standing.stopped.is_none()) else {
            return self.clear(id, lease).await;
        };
        let plan = self.planned(id, &webhook.record.standing).await?;
        let answers = self
            .post_all(id, &webhook.record, plan.post.clone())
            .await?;
        self.written(lease, webhook, plan, answers).await
    }

    async fn planned(&self, id: &str, standing: &Standing) -> Result<Plan, WebhookError> {
        let now = self.clock.now();
        // One that did not take the last is asked with one more before it is sent others.
        let most = if standing.failures > 0 { 1 } else { ROUND };
        let excess = self.outbox.waiting(id).saturating_sub(MOST_WAITING);
        let excess = usize::try_from(excess).unwrap_or(usize::MAX);
        let (prefix, mut plan) = (format!("{id}/"), Plan::default());
        let mut after = prefix.clone();
        loop {
            let page = self.outbox.list(Kind::Notice, Some(&after), PAGE).await?;
            let whole = page.len() == PAGE;
            for document in page {
                if !document.key.starts_with(&prefix) {
                    return Ok(plan);
                }
                after.clone_from(&document.key);
                let notice: Stored<Notice> = records::parse(document)?;
                if plan.post.len() >= most || plan.give_up.len() >= PAGE {
                    plan.more = true;
                    return Ok(plan);
                }
                if notice.record.is_outlived(now) || plan.give_up.len() < excess {
                    plan.give_up.push(notice.key);
                } else if notice.record.is_due(now) {
                    plan.post.push(notice);
                } else {
                    plan.next = plan.next.into_iter().chain(notice.record.not_before).min();
                }
            }
            if !whole {
                return Ok(plan);
            }
        }
    }

    async fn post_all(
        &self,
        id: &str,
        webhook: &WebhookRecord,
        notices: Vec<Stored<Notice>>,
    ) -> Result<Vec<(Stored<Notice>, Answer)>, WebhookError> {
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let secret = self.sealer.open(&place(id), &webhook.secret)?;
        let secret = Secret::read(&secret).ok_or(crate::secret::SecretError::Damaged)?;
        let secret = &secret;
        let posts = notices.into_iter().map(|notice| async move {
            let name = notice.key.rsplit('/').next().unwrap_or_default();
            let name = format!("msg_{name}");
            let now = self.clock.now();
            let answer = self
                .postman
                .post(&webhook.url, secret, &name, &notice.record, now);
            let answer = answer.await;
            self.metrics.notified(match &answer {
                Answer::Taken => "delivered",
                Answer::Gone => "gone",
                Answer::Refused(_) => "refused",
                Answer::Away { .. } => "away",
            });
            (notice, answer)
        });
        // One after the other in the order of happening, save that several are on their way.
        Ok(futures_util::stream::iter(posts)
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await)
    }

    async fn written(
        &self,
        lease: &Lease,
        webhook: Stored<WebhookRecord>,
        plan: Plan,
        answers: Vec<(Stored<Notice>, Answer)>,
    ) -> Result<(), WebhookError> {
        let now = self.clock.now();
        let mut standing = webhook.record.standing.clone();
        let (mut change, mut settled) = (Change::new(), plan.give_up.len() as u64);
        standing.given_up += settled;
        for key in &plan.give_up {
            change = change.delete(Kind::Notice, key, Expected::Any);
        }
        let (mut taken, mut failed, mut asked) = (false, false, None);
        let mut next = plan.next;
        for (notice, answer) in answers {
            let key = notice.key;
            match answer {
                Answer::Taken => {
                    taken = true;
                    settled += 1;
                    change = change.delete(Kind::Notice, key, Expected::Any);
                }
                Answer::Gone => standing.stopped = Some(now),
                Answer::Refused(reason) => {
                    failed = true;
                    standing.last_error = Some(reason);
                    if let Some(later) = notice.record.refused(now) {
                        next = next.into_iter().chain(later.not_before).min();
                        let body = records::body(&later)?;
                        change = change.put(Kind::Notice, key, Expected::Any, body);
                    } else {
                        standing.given_up += 1;
                        settled += 1;
                        change = change.delete(Kind::Notice, key, Expected::Any);
                    }
                }
                Answer::Away {
                    reason,
                    asked: wait,
                } => {
                    failed = true;
                    asked = asked.max(wait);
                    standing.last_error = Some(reason);
                    let later = notice.record.unheard(now);
                    next = next.into_iter().chain(later.not_before).min();
                    let body = records::body(&later)?;
                    change = change.put(Kind::Notice, key, Expected::Any, body);
                }
            }
        }
        if taken {
            standing.last_delivered_at = Some(now);
            (standing.failures, standing.failing_since) = (0, None);
        } else if failed {
            standing.failures = standing.failures.saturating_add(1);
            standing.failing_since.get_or_insert(now);
        }
        let pause = if failed && !taken || asked.is_some() {
            pause(standing.failures)
                .max(asked.and_then(|it| it.try_into().ok()).unwrap_or_default())
        } else {
            SignedDuration::ZERO
        };
        let soonest = now.saturating_add(pause).unwrap_or(now);
        let next = if plan.more { Some(now) } else { next };
        let next = next.map_or(Next::Gone, |at| Next::At(at.max(soonest)));
        let stopped = standing.stopped.is_some();
        let next = if stopped { Next::At(now) } else { next };
        if standing != webhook.record.standing {
            let record = WebhookRecord {
                standing,
                ..webhook.record
            };
            let seen = Expected::Version(webhook.version);
            change = change.put(Kind::Webhook, &webhook.key, seen, records::body(&record)?);
        }
        let made = self
            .outbox
            .commit(change.completing(lease.clone(), next))
            .await;
        match made {
            Ok(_) => self.outbox.settled(&webhook.key, settled),
            // It was removed meanwhile: what is left of it is cleared away next.
            Err(StoreError::Stale { .. }) => self.outbox.release(lease).await?,
            Err(error) => return Err(error.into()),
        }
        if stopped {
            tracing::warn!(
                webhook = webhook.key,
                "a webhook answered 410 and is told no more"
            );
            self.outbox.reload().await?;
        }
        Ok(())
    }

    /// Removes what is left of a webhook that is gone, or that wants no more.
    async fn clear(&self, id: &str, lease: &Lease) -> Result<(), WebhookError> {
        let prefix = format!("{id}/");
        let page = self.outbox.list(Kind::Notice, Some(&prefix), PAGE).await?;
        let left: Vec<_> = page
            .into_iter()
            .filter(|document| document.key.starts_with(&prefix))
            .collect();
        let more = left.len() == PAGE;
        let mut change = Change::new();
        for document in left {
            change = change.delete(Kind::Notice, document.key, Expected::Any);
        }
        let next = if more {
            Next::At(self.clock.now())
        } else {
            Next::Gone
        };
        self.outbox
            .commit(change.completing(lease.clone(), next))
            .await?;
        Ok(())
    }
}

/// How long to leave a receiver alone that has taken nothing for so many rounds.
fn pause(failures: u32) -> SignedDuration {
    let seconds = 1_i64 << failures.saturating_sub(1).min(12);
    SignedDuration::from_secs(seconds).min(LONGEST_PAUSE)
}
