//! What became of a segment is written, in the change that removes it.

use jiff::SignedDuration;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::record::{self as records, Stored};
use crate::store::{BlobSpace, Change, Expected, Kind, StoreError};

use super::batch::Body;
use super::error::RunError;
use super::news;
use super::record::{Delivery, FIRST, Rejected, RunRecord, Segment, dead, run_in, uuid_of};
use super::refused_rows::rows_of;
use super::run::Runs;
use super::sifting::{Away, Outcome, Sent, bodied};

/// How long a segment is tried for.
const LIFE: SignedDuration = SignedDuration::from_hours(72);
/// How often a change is tried against others' changes.
pub(super) const TRIES: usize = 8;

impl Runs {
    /// Writes what became of a segment.
    pub(super) async fn settle(&self, address: &str, sent: Sent) -> Result<(), RunError> {
        let Sent {
            segment,
            stamp,
            outcome,
        } = sent;
        let run = run_in(&segment.key).to_owned();
        let now = self.clock.now();
        let seen = Expected::Version(segment.version);
        let gone = Change::new().delete(Kind::Segment, &segment.key, seen);
        let sifted = match outcome {
            Outcome::Found(sifted) => sifted,
            Outcome::Orphan => {
                self.store.commit(gone).await?;
                self.forget_body(&segment).await;
                return Ok(());
            }
            Outcome::Refused(reason) => return self.bury(&run, &segment, &reason, false).await,
            Outcome::Away(away) => {
                self.away(address, &away);
                if now.duration_since(segment.record.since) > LIFE {
                    let reason = format!("it was not taken for three days: {}", away.reason);
                    return self.bury(&run, &segment, &reason, true).await;
                }
                let noted = self.note(
                    &run,
                    |delivery| {
                        delivery.last_error = Some(away.reason.clone());
                        delivery.away = true;
                        delivery.at = Some(now);
                    },
                    Change::new(),
                );
                return noted.await;
            }
        };
        match &sifted.away {
            Some(away) => self.away(address, away),
            None => self.pauses.taken(address, now),
        }
        let (refused, left) = (sifted.refused.len() as u64, sifted.left.len() as u64);
        let delivered = u64::from(segment.record.messages).saturating_sub(refused + left);
        let first = self.first_of(&run, &sifted.refused).await?;
        // Bodies are known by what is in them: where all of a segment was refused, its dead letters
        // may have the very body that it had.
        let mut is_kept = false;
        let mut change = if left > 0 {
            let (body, _) = bodied(sifted.left, stamp.clone()).await?;
            let rest = self.kept(body, &segment.record, &stamp, None).await?;
            is_kept |= rest.body == segment.record.body;
            Change::new().put(Kind::Segment, &segment.key, seen, records::body(&rest)?)
        } else {
            gone
        };
        if refused > 0 {
            let reason = sifted.refused.first().map(|(_, reason)| reason.clone());
            tracing::warn!(
                run,
                refused,
                reason,
                "a destination refused events for good"
            );
            let messages = sifted.refused.into_iter().map(|(message, _)| message);
            let (body, _) = bodied(messages.collect(), stamp.clone()).await?;
            let letters = self.kept(body, &segment.record, &stamp, reason).await?;
            is_kept |= letters.body == segment.record.body;
            let key = format!("{}{}", dead(&run), Uuid::now_v7().simple());
            change = change.put(
                Kind::Segment,
                key,
                Expected::Absent,
                records::body(&letters)?,
            );
        }
        let noted = self.note(
            &run,
            |delivery| {
                delivery.delivered += delivered;
                delivery.dead += refused;
                let room = FIRST.saturating_sub(delivery.first.len());
                delivery.first.extend(first.iter().take(room).cloned());
                delivery.last_error = sifted.away.as_ref().map(|away| away.reason.clone());
                delivery.away = sifted.away.is_some();
                delivery.at = Some(now);
            },
            change,
        );
        noted.await?;
        if !is_kept {
            self.forget_body(&segment).await;
        }
        Ok(())
    }

    /// As many of refused messages as are kept beside those that are, with their rows where they can be
    /// told.
    async fn first_of(
        &self,
        run: &str,
        refused: &[(Box<RawValue>, String)],
    ) -> Result<Vec<Rejected>, RunError> {
        let known = records::get::<Delivery>(self.store.as_ref(), run).await?;
        let known = known.map_or(0, |it| it.record.first.len());
        let first = refused.iter().take(FIRST.saturating_sub(known));
        let (messages, reasons): (Vec<_>, Vec<_>) = first.cloned().unzip();
        // The search goes over all rows, so it is only made for what is kept.
        if reasons.is_empty() {
            return Ok(Vec::new());
        }
        let of = records::get::<RunRecord>(self.store.as_ref(), run).await?;
        let rows = match of {
            None => vec![None; reasons.len()],
            Some(of) => {
                let search = move || rows_of(uuid_of(&of.key), of.record.rows, &messages);
                tokio::task::spawn_blocking(search)
                    .await
                    .map_err(RunError::Worker)?
            }
        };
        let first = rows.into_iter().zip(reasons);
        Ok(first
            .map(|(row, reason)| Rejected { row, reason })
            .collect())
    }

    /// Makes dead letters of a whole segment, because it was refused or because its destination is away
    /// for good.
    async fn bury(
        &self,
        run: &str,
        segment: &Stored<Segment>,
        reason: &str,
        is_away: bool,
    ) -> Result<(), RunError> {
        let letters = Segment {
            refused: Some(reason.to_owned()),
            ..segment.record.clone()
        };
        let (count, now) = (u64::from(segment.record.messages), self.clock.now());
        tracing::warn!(run, count, reason, "a destination refused events for good");
        let key = format!("{}{}", dead(run), Uuid::now_v7().simple());
        let seen = Expected::Version(segment.version);
        let change = Change::new().delete(Kind::Segment, &segment.key, seen).put(
            Kind::Segment,
            key,
            Expected::Absent,
            records::body(&letters)?,
        );
        let noted = self.note(
            run,
            |delivery| {
                delivery.dead += count;
                if delivery.first.len() < FIRST {
                    let reason = reason.to_owned();
                    delivery.first.push(Rejected { row: None, reason });
                }
                delivery.last_error = Some(reason.to_owned());
                delivery.away = is_away;
                delivery.at = Some(now);
            },
            change,
        );
        noted.await
    }

    fn away(&self, address: &str, away: &Away) {
        let asked = away.asked.and_then(|asked| asked.try_into().ok());
        let now = self.clock.now();
        self.pauses.away(address, asked.unwrap_or_default(), now);
    }

    /// Keeps a body, as a segment that takes the place of another or of a part of it.
    async fn kept(
        &self,
        body: Body,
        of: &Segment,
        stamp: &str,
        refused: Option<String>,
    ) -> Result<Segment, RunError> {
        let messages = body.messages;
        let bytes = body.bytes.into();
        Ok(Segment {
            body: self.store.put_blob(BlobSpace::Outbox, bytes).await?,
            messages,
            made: stamp.to_owned(),
            since: of.since,
            refused,
        })
    }

    async fn forget_body(&self, segment: &Stored<Segment>) {
        let body = &segment.record.body;
        if let Err(error) = self.store.delete_blob(BlobSpace::Outbox, body).await {
            tracing::warn!(%error, "a body that was delivered is left for the next start");
        }
    }

    /// Makes a change together with what it means for how far the sending of a run is, and tells of
    /// it where that is news.
    pub(super) async fn note(
        &self,
        run: &str,
        edit: impl Fn(&mut Delivery),
        change: Change,
    ) -> Result<(), RunError> {
        for _ in 0..TRIES {
            let before = records::get::<Delivery>(self.store.as_ref(), run).await?;
            let (seen, before) = Delivery::seen(before);
            // Read after the delivery: the end of the mapping writes both, so that either this sees
            // it or the change is stale.
            let of = records::get::<RunRecord>(self.store.as_ref(), run).await?;
            let mut delivery = before.clone();
            edit(&mut delivery);
            let body = records::body(&delivery)?;
            let mut made = change.clone().put(Kind::Delivery, run, seen, body);
            if let Some(of) = of {
                let turns = news::turns(&of.record.mapped, &before, &delivery);
                made = news::tell(made, &turns, run, &of.record, &delivery)?;
            }
            match self.store.commit(made).await {
                Ok(_) => {
                    let more = |now: u64, before: u64| now.saturating_sub(before);
                    self.counts
                        .delivered(more(delivery.delivered, before.delivered));
                    self.counts.refused(more(delivery.dead, before.dead));
                    return Ok(());
                }
                // Whoever had the lease in between has settled the segment.
                Err(StoreError::Stale {
                    kind: Kind::Segment,
                    ..
                }) => return Ok(()),
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RunError::Contended)
    }
}
