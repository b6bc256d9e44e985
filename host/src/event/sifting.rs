//! One segment is sent, and what became of its messages.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::record::{self as records, Stored};
use crate::store::{BlobSpace, StoreError};

use super::batch::{self, Batch, Body, Piece};
use super::data_plane::Answer;
use super::error::RunError;
use super::message::time;
use super::record::{RunRecord, Segment, run_in};
use super::run::Runs;

/// A body that was made so long ago says anew when it is sent.
const STALE: SignedDuration = SignedDuration::from_secs(60);
/// The most requests that are spent on finding the messages of a segment that are refused.
const SEARCH: usize = 400;

/// A segment that was sent, and what became of it.
pub(super) struct Sent {
    pub segment: Stored<Segment>,
    /// The time that its messages say they were sent at.
    pub stamp: String,
    pub outcome: Outcome,
}

pub(super) enum Outcome {
    /// The destination has it, save for the messages that it refused for good and those that are
    /// still to be sent.
    Found(Sifted),
    /// None of it will ever be taken.
    Refused(String),
    /// Not now.
    Away(Away),
    /// Its run is gone, and so is it.
    Orphan,
}

/// What is known of the messages of a segment that is not taken as a whole.
#[derive(Default)]
pub(super) struct Sifted {
    pub refused: Vec<(Box<RawValue>, String)>,
    pub left: Vec<Box<RawValue>>,
    pub away: Option<Away>,
}

/// A destination was away.
pub(super) struct Away {
    pub reason: String,
    pub asked: Option<Duration>,
}

impl Runs {
    /// Sends a segment.
    pub(super) async fn send(&self, segment: Stored<Segment>) -> Result<Sent, RunError> {
        let mut stamp = segment.record.made.clone();
        let outcome = self.sent(&segment, &mut stamp).await?;
        Ok(Sent {
            segment,
            stamp,
            outcome,
        })
    }

    async fn sent(
        &self,
        segment: &Stored<Segment>,
        stamp: &mut String,
    ) -> Result<Outcome, RunError> {
        let Some(run) = self.run_of(&segment.key).await? else {
            return Ok(Outcome::Orphan);
        };
        let address = &run.record.address;
        let place = format!("run/{}/write_key", run.key);
        let key = match self.sealer.open(&place, &address.write_key) {
            Ok(key) => key,
            Err(error) => return Ok(Outcome::Refused(error.to_string())),
        };
        let now = self.clock.now();
        let body = self
            .store
            .blob(BlobSpace::Outbox, &segment.record.body)
            .await;
        let mut body = match body {
            Ok(Some(body)) => Vec::from(body),
            Ok(None) => return Ok(lost("its events are missing from the store")),
            Err(error @ StoreError::Corrupt { .. }) => return Ok(lost(&error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let made: Option<Timestamp> = stamp.parse().ok();
        if made.is_some_and(|made| now.duration_since(made) > STALE) {
            let made = std::mem::replace(stamp, time(now));
            let again = stamp.clone();
            let again = tokio::task::spawn_blocking(move || batch::sent_at(&body, &made, &again));
            body = match again.await.map_err(RunError::Worker)? {
                Ok(body) => body,
                Err(error) => return Ok(lost(&error.to_string())),
            };
        }
        let answer = self
            .data_plane
            .send(&address.server_url, &key, body.clone());
        Ok(match answer.await {
            Answer::Taken => Outcome::Found(Sifted::default()),
            Answer::Refused(reason) => Outcome::Refused(reason),
            Answer::Away { reason, asked } => Outcome::Away(Away { reason, asked }),
            Answer::Unfit(reason) => {
                let messages = tokio::task::spawn_blocking(move || batch::messages(&body));
                match messages.await.map_err(RunError::Worker)? {
                    Ok(messages) => Outcome::Found(
                        self.sift(&address.server_url, &key, messages, stamp, reason)
                            .await?,
                    ),
                    Err(error) => lost(&error.to_string()),
                }
            }
        })
    }

    /// Finds the messages that a destination refuses, so that they do not sink the others: halves
    /// are sent until each that is refused stands alone. What is not told apart in one go is left for
    /// the next.
    async fn sift(
        &self,
        server_url: &str,
        key: &SecretString,
        messages: Vec<Box<RawValue>>,
        stamp: &str,
        reason: String,
    ) -> Result<Sifted, RunError> {
        let (mut sifted, mut requests) = (Sifted::default(), 0);
        let mut left = vec![(messages, reason)];
        while let Some((mut messages, reason)) = left.pop() {
            if messages.len() <= 1 {
                let refused = messages.into_iter().map(|it| (it, reason.clone()));
                sifted.refused.extend(refused);
                continue;
            }
            let second = messages.split_off(messages.len() / 2);
            for half in [second, messages] {
                if requests >= SEARCH || sifted.away.is_some() {
                    sifted.left.extend(half);
                    continue;
                }
                requests += 1;
                let (made, half) = bodied(half, stamp.to_owned()).await?;
                match self.data_plane.send(server_url, key, made.bytes).await {
                    Answer::Taken => {}
                    Answer::Unfit(reason) => left.push((half, reason)),
                    Answer::Refused(reason) => {
                        let refused = half.into_iter().map(|it| (it, reason.clone()));
                        sifted.refused.extend(refused);
                    }
                    Answer::Away { reason, asked } => {
                        sifted.away = Some(Away { reason, asked });
                        sifted.left.extend(half);
                    }
                }
            }
            if sifted.away.is_some() || requests >= SEARCH {
                let rest = left.drain(..).flat_map(|(messages, _)| messages);
                sifted.left.extend(rest);
            }
        }
        Ok(sifted)
    }

    async fn run_of(&self, segment: &str) -> Result<Option<Stored<RunRecord>>, RunError> {
        Ok(records::get(self.store.as_ref(), run_in(segment)).await?)
    }
}

/// A segment whose events are gone.
fn lost(reason: &str) -> Outcome {
    tracing::error!(reason, "events cannot be sent");
    Outcome::Refused(reason.to_owned())
}

/// A body of these messages, and the messages.
pub(super) async fn bodied(
    messages: Vec<Box<RawValue>>,
    stamp: String,
) -> Result<(Body, Vec<Box<RawValue>>), RunError> {
    let made = tokio::task::spawn_blocking(move || {
        let texts: Vec<&[u8]> = messages.iter().map(|it| it.get().as_bytes()).collect();
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let mut batch = Batch::default();
        batch.add(Piece::of(&texts.join(&b','), count)?);
        Ok((batch.body(&stamp), messages))
    });
    made.await
        .map_err(RunError::Worker)?
        .map_err(RunError::Batch)
}
