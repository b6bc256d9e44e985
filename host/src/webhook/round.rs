//! A round: some of what waits for one webhook is posted, and what came of it is written.

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use crate::record::{self as records, Stored};
use crate::secret::SecretError;
use crate::store::{Change, Expected, Kind, Lease, Next, Store as _, StoreError};

use super::Webhooks;
use super::error::WebhookError;
use super::notice::Notice;
use super::outbox::{fresh, later, later_at};
use super::post::Answer;
use super::record::{Standing, WebhookRecord, place};
use super::signature::Secret;

/// Notices of a round.
const ROUND: usize = 32;
/// Requests to one receiver that are under way at a time.
const SIDE_BY_SIDE: usize = 8;
/// The most notices that wait for one webhook; beyond that the oldest are given up.
const MOST_WAITING: u64 = 50_000;
/// How many notices are given up in one round, and how many are removed in one change.
const PAGE: usize = 500;
/// The longest pause after rounds in which nothing came through.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// What is to be done with the notices at the head of a webhook's lines.
#[derive(Default)]
struct Plan {
    /// To be posted now, the oldest first.
    post: Vec<Stored<Notice>>,
    /// No longer worth the telling, or not to be read.
    give_up: Vec<String>,
    /// When the first of those that wait may be tried again.
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
        let now = self.clock.now();
        let paused = webhook.record.standing.paused_until;
        if let Some(until) = paused.filter(|until| *until > now) {
            let done = Change::new().completing(lease.clone(), Next::At(until));
            self.outbox.commit(done).await?;
            return Ok(());
        }
        let plan = self.planned(id, &webhook.record.standing, now).await?;
        let answers = match self.secret(id, &webhook.record) {
            Ok(secret) => {
                self.post_all(&webhook.record, &secret, plan.post.clone())
                    .await
            }
            // It is told with the webhook, where people look who can mend it.
            Err(error) => {
                let reason = error.to_string();
                let away = |notice| {
                    (
                        notice,
                        Answer::Away {
                            reason: reason.clone(),
                            asked: None,
                        },
                    )
                };
                plan.post.iter().cloned().map(away).collect()
            }
        };
        self.written(lease, webhook, plan, answers).await
    }

    fn secret(&self, id: &str, webhook: &WebhookRecord) -> Result<Secret, SecretError> {
        let secret = self.sealer.open(&place(id), &webhook.secret)?;
        Secret::read(&secret).ok_or(SecretError::Damaged)
    }

    async fn planned(
        &self,
        id: &str,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Plan, WebhookError> {
        // One that did not take the last is asked with one more before it is sent others.
        let most = if standing.failures > 0 { 1 } else { ROUND };
        let excess = self.outbox.waiting(id).saturating_sub(MOST_WAITING);
        let excess = usize::try_from(excess).unwrap_or(usize::MAX).min(PAGE);
        let mut plan = Plan::default();
        for (prefix, waits) in [(later(id), true), (fresh(id), false)] {
            let limit = if waits { ROUND } else { excess + ROUND + 1 };
            for document in self.outbox.list(Kind::Notice, Some(&prefix), limit).await? {
                let Some(rest) = document.key.strip_prefix(&prefix) else {
                    break;
                };
                let due = rest.split_once('/').filter(|_| waits);
                let due =
                    due.and_then(|(at, _)| Timestamp::from_microsecond(at.parse().ok()?).ok());
                if let Some(due) = due.filter(|due| *due > now) {
                    plan.next = Some(due);
                    break;
                }
                let key = document.key.clone();
                match records::parse::<Notice>(document) {
                    Ok(notice) if notice.record.is_outlived(now) => plan.give_up.push(key),
                    Ok(_) if !waits && plan.give_up.len() < excess => plan.give_up.push(key),
                    Ok(notice) if plan.post.len() < most => plan.post.push(notice),
                    Ok(_) => {
                        plan.more = true;
                        break;
                    }
                    Err(error) => {
                        tracing::error!(%error, "a notice that cannot be read is given up");
                        plan.give_up.push(key);
                    }
                }
            }
        }
        plan.more |= !plan.give_up.is_empty();
        Ok(plan)
    }

    async fn post_all(
        &self,
        webhook: &WebhookRecord,
        secret: &Secret,
        notices: Vec<Stored<Notice>>,
    ) -> Vec<(Stored<Notice>, Answer)> {
        let posts = notices.into_iter().map(|notice| async move {
            let name = format!("msg_{}", name(&notice.key));
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
        futures_util::stream::iter(posts)
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await
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
            let Stored { key, record, .. } = notice;
            let again = match answer {
                Answer::Taken => {
                    taken = true;
                    None
                }
                Answer::Gone => {
                    standing.stopped = Some(now);
                    continue;
                }
                Answer::Refused(reason) => {
                    (failed, standing.last_error) = (true, Some(reason));
                    let again = record.refused();
                    standing.given_up += u64::from(again.is_none());
                    again
                }
                Answer::Away {
                    reason,
                    asked: wait,
                } => {
                    (failed, standing.last_error) = (true, Some(reason));
                    asked = asked.max(wait);
                    Some(record.unheard())
                }
            };
            match again {
                None => settled += 1,
                Some((later, pause)) => {
                    let at = now.saturating_add(pause).unwrap_or(now);
                    next = next.into_iter().chain([at]).min();
                    let place = later_at(&webhook.key, at, name(&key));
                    let body = records::body(&later)?;
                    change = change.put(Kind::Notice, place, Expected::Any, body);
                }
            }
            change = change.delete(Kind::Notice, key, Expected::Any);
        }
        if taken {
            standing.last_delivered_at = Some(now);
            (standing.failures, standing.failing_since) = (0, None);
        } else if failed {
            standing.failures = standing.failures.saturating_add(1);
            standing.failing_since.get_or_insert(now);
        }
        let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok());
        let pause = match (failed && !taken, asked) {
            (false, asked) => asked,
            (true, asked) => Some(pause(standing.failures).max(asked.unwrap_or_default())),
        };
        standing.paused_until = pause.map(|pause| now.saturating_add(pause).unwrap_or(now));
        let soonest = standing.paused_until.unwrap_or(now);
        let next = if plan.more { Some(now) } else { next };
        let next = next.map_or(Next::Gone, |at| Next::At(at.max(soonest)));
        let stopped = standing.stopped.is_some();
        let next = if stopped { Next::At(now) } else { next };
        // Before the lease is completed: whoever tells something from now on leaves it alone.
        self.outbox.pause(&webhook.key, standing.paused_until);
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
        let mut left = Vec::new();
        for prefix in [later(id), fresh(id)] {
            let page = self.outbox.list(Kind::Notice, Some(&prefix), PAGE).await?;
            left.extend(page.into_iter().filter(|it| it.key.starts_with(&prefix)));
        }
        let more = left.len() >= PAGE;
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

/// The name of a notice, which its id is made of.
fn name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// How long to leave a receiver alone that has taken nothing for so many rounds.
fn pause(failures: u32) -> SignedDuration {
    let seconds = 1_i64 << failures.saturating_sub(1).min(12);
    SignedDuration::from_secs(seconds).min(LONGEST_PAUSE)
}
