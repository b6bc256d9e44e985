//! One event for each row, by the tags of its fields.

use std::collections::BTreeMap;

use crate::chart::{Control, Failure};
use crate::events::form::{self, Settings};
use crate::events::head::Head;
use crate::events::identity::Identity;
use crate::events::plan::{Plan, Unwritten};
use crate::events::query;
use crate::events::row::RowReader;
use crate::events::tags::TagNames;
use crate::events::{Batch, Event, Kind, Rejection, Requirement, Run};
use crate::scan::{Fault, Scan};

/// As short as a row may be for its length to tell how many there are: a chunk is not to reserve
/// many times its own size.
const SHORTEST: usize = 64;

/// Which call a mapper makes, and what its destination calls the tags.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// The call: `identify`, `group` or `track`.
    pub kind: Kind,
    /// The tags.
    pub tags: TagNames,
}

impl Mapping {
    /// What a query must carry.
    pub fn requirements(&self) -> Vec<Requirement> {
        self.tags.requirements(self.kind)
    }

    /// What the owner of a schedule fills in.
    pub fn form(&self) -> Vec<Control> {
        form::controls(self.kind)
    }

    /// Maps rows.
    ///
    /// Failures are about the run: `unsupported` where nothing is tagged, `bad-selection` where the
    /// form is filled in wrong, `looker-error` where Looker answered with an error, `malformed`
    /// where head, query or rows are not what Looker sends. What is wrong with one row rejects it
    /// and no other.
    pub fn convert(&self, run: &Run, rows: &[u8]) -> Result<Batch, Failure> {
        let head = Head::read(&run.head, &self.tags)?;
        let settings = Settings::read(&run.settings, self.kind)?;
        let hidden = query::hidden(&run.query)?;
        let identity = Identity::new(&head, &self.tags, self.kind, settings.require_user_id)?;
        let plan = Plan::new(&head, identity.email, &hidden, &settings);
        let timestamp = head.ran_at.as_deref().and_then(timestamp);
        let wanted: BTreeMap<&str, usize> = (0..)
            .zip(&head.fields)
            .map(|(place, field)| (&*field.name, place))
            .collect();

        let mut scan = Scan::new(crate::reader::text(rows)?);
        let mut reader = RowReader::new(&wanted);
        let mut traits = Vec::new();
        let mut number = 0;
        let mut batch = Batch {
            events: Vec::new(),
            rejected: Vec::new(),
        };
        let whole = scan.items(|scan| {
            let row = number;
            number += 1;
            let mut reject = |reason| batch.rejected.push(Rejection { row, reason });
            let from = scan.done();
            let Some(cells) = reader.read(scan)? else {
                reject("The row is no object of cells".to_owned());
                return Ok(());
            };
            if row == 0 {
                // Rows of one result are about as long as each other.
                batch
                    .events
                    .reserve(rows.len() / (scan.done() - from).max(SHORTEST) + 1);
            }
            let who = match identity.of(cells) {
                Ok(who) => who,
                Err(reason) => {
                    reject(reason);
                    return Ok(());
                }
            };
            match plan.write(cells, &mut traits) {
                Ok(()) => batch.events.push(Event {
                    kind: self.kind,
                    user_id: who.user_id,
                    anonymous_id: who.anonymous_id,
                    identity_key: who.identity_key,
                    group_id: who.group_id,
                    name: settings.event.map(str::to_owned),
                    traits: traits.clone(),
                    timestamp: timestamp.clone(),
                    extra: None,
                    row,
                }),
                Err(Unwritten::Row(reason)) => reject(reason),
                Err(Unwritten::Fault(fault)) => return Err(fault),
            }
            Ok::<_, Fault>(())
        });
        whole.and_then(|()| scan.end()).map_err(|fault| {
            Failure::malformed(format!(
                "The rows are not a JSON array: {} at byte {}. Ask Looker for the result again, as `json_detail`.",
                fault.what, fault.at
            ))
        })?;
        Ok(batch)
    }
}

/// An instant as events carry it, in UTC with milliseconds; none where it is no instant, so that
/// the time of the run stands for it.
fn timestamp(ran_at: &str) -> Option<String> {
    let instant: jiff::Timestamp = ran_at.parse().ok()?;
    Some(format!("{instant:.3}"))
}
