//! Dead letters are sent again.

use crate::access::By;
use crate::record::{self as records, Stored};
use crate::store::{Change, Due, Expected, Kind};

use super::error::RunError;
use super::record::{RunRecord, Segment, dead, poll};
use super::run::Runs;
use super::told::Run;

impl Runs {
    /// Sends the dead letters of a run again.
    ///
    /// # Errors
    ///
    /// [`RunError::NotFound`], and [`RunError::NothingDead`] when it has none.
    pub async fn redrive(&self, id: &str, by: By) -> Result<Run, RunError> {
        let run = records::get::<RunRecord>(self.store.as_ref(), id).await?;
        let run = run.ok_or_else(|| RunError::NotFound { id: id.to_owned() })?;
        let prefix = dead(id);
        let page = self.store.list(Kind::Segment, Some(&prefix), 1_000).await?;
        let (mut change, mut count) = (Change::new(), 0);
        let (address, now) = (&run.record.address.key, self.clock.now());
        for document in page.into_iter().filter(|it| it.key.starts_with(&prefix)) {
            let dead: Stored<Segment> = records::parse(document)?;
            let name = dead.key.rsplit('/').next().unwrap_or_default();
            count += u64::from(dead.record.messages);
            let segment = Segment {
                refused: None,
                since: now,
                ..dead.record
            };
            let key = format!("{address}/{id}/{name}");
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
            return Err(RunError::NothingDead);
        }
        self.pauses.forget(address);
        let due = Due::NoLaterThan(now);
        let change = change
            .due(poll(address), due)
            .audited(by.entry("run.redrive", format!("run:{id}")));
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
        self.get(id).await
    }
}
