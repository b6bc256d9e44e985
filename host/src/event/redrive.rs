//! Dead letters are sent again: to where they were going, or, where that is a named destination, to
//! where it is now and with the key that it has now.

use std::sync::Arc;

use uuid::Uuid;

use crate::access::By;
use crate::id::RunId;
use crate::record::{self as records, Stored};
use crate::store::{Change, Due, Expected, Kind, StoreError};

use super::data_plane::server_url;
use super::destination::DestinationError;
use super::error::RunError;
use super::record::{Address, RunRecord, Segment, dead, poll};
use super::run::{Runs, Started};
use super::settling::TRIES;
use super::told::Run;

/// Segments of dead letters that are put back in one change.
const PAGE: usize = 200;

impl Runs {
    /// Sends the dead letters of a run again.
    ///
    /// # Errors
    ///
    /// [`RunError::NotFound`], and [`RunError::NothingDead`] when it has none.
    pub async fn redrive(&self, id: &str, by: By) -> Result<Run, RunError> {
        let address = self.addressed_anew(id).await?;
        // Those that are refused again meanwhile have later keys, and are left.
        let (prefix, until) = (dead(id), format!("{}{}", dead(id), Uuid::now_v7().simple()));
        let mut audit = Some(by.entry("run.redrive", format!("run:{id}")));
        let mut found = false;
        loop {
            let page = self.store.list(Kind::Segment, Some(&prefix), PAGE).await?;
            let (mut change, mut count) = (Change::new(), 0);
            let now = self.clock.now();
            let of_run = page.into_iter().filter(|it| it.key.starts_with(&prefix));
            for document in of_run.filter(|it| it.key < until) {
                let dead: Stored<Segment> = records::parse(document)?;
                let name = dead.key.rsplit('/').next().unwrap_or_default();
                count += u64::from(dead.record.messages);
                let key = format!("{address}/{id}/{name}");
                let segment = Segment {
                    refused: None,
                    since: now,
                    ..dead.record
                };
                change = change
                    .delete(Kind::Segment, &dead.key, Expected::Version(dead.version))
                    .put(
                        Kind::Segment,
                        key,
                        Expected::Absent,
                        records::body(&segment)?,
                    );
            }
            if count == 0 {
                break;
            }
            found = true;
            self.pauses.forget(&address);
            change = change.due(poll(&address), Due::NoLaterThan(now));
            if let Some(audit) = audit.take() {
                change = change.audited(audit);
            }
            let noted = self.note(
                id,
                |delivery| {
                    delivery.dead = delivery.dead.saturating_sub(count);
                    if delivery.dead == 0 {
                        delivery.first.clear();
                    }
                },
                change,
            );
            noted.await?;
        }
        if !found {
            return Err(RunError::NothingDead);
        }
        self.get(id).await
    }

    /// A request that came before is the run that it was. What its destination had refused may be
    /// taken by now, so that goes out again, under the ids that it had.
    pub(super) async fn again(self: &Arc<Self>, id: RunId, by: By) -> Started {
        match self.redrive(id.as_str(), by).await {
            Ok(_) | Err(RunError::NothingDead) => {}
            Err(error) => tracing::warn!(
                run = %id,
                error = &error as &dyn std::error::Error,
                "what was refused is not sent again"
            ),
        }
        Started { id, repeated: true }
    }

    /// Where a run's events go now: the key of its address.
    async fn addressed_anew(&self, id: &str) -> Result<String, RunError> {
        for _ in 0..TRIES {
            let run = records::get::<RunRecord>(self.store.as_ref(), id).await?;
            let run = run.ok_or_else(|| RunError::NotFound { id: id.to_owned() })?;
            let mut record = run.record;
            let Some(destination) = &record.destination else {
                return Ok(record.address.key);
            };
            let target = match self.destinations.resolve(destination).await {
                Ok(target) => target,
                // What is gone cannot say otherwise.
                Err(DestinationError::NotFound { .. }) => return Ok(record.address.key),
                Err(error) => return Err(error.into()),
            };
            let server_url = String::from(server_url(&target.server_url)?);
            let key = self.identities.address(&server_url, &target.write_key);
            if key == record.address.key {
                return Ok(key);
            }
            let place = format!("run/{id}/write_key");
            record.address = Address {
                key: key.clone(),
                server_url,
                write_key: self.sealer.seal(&place, &target.write_key)?,
            };
            let seen = Expected::Version(run.version);
            let change = Change::new().put(Kind::Run, id, seen, records::body(&record)?);
            match self.store.commit(change).await {
                Ok(_) => return Ok(key),
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RunError::Contended)
    }
}
