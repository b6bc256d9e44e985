//! Linking a key result to a chart: the integration, on and off.

use std::collections::BTreeMap;

use crate::access::By;
use crate::chart::{Called, Fresh};
use crate::connection::ConnectionError;
use crate::id::KeyResultId;
use crate::record::{self as records, entry};
use crate::store::{Change, Due, Expected, Kind};

use super::drift::{Watch, still_after};
use super::error::KeyResultError;
use super::outcome::drifted;
use super::poll::{PollId, PollRecord};
use super::record::{Integration, KeyResult, Link, ProgressRecord};
use super::schedule::Schedule;
use super::{KeyResults, TRIES};

/// The most choices or filters of a link, and the most bytes of one.
const MOST_WORDS: usize = 64;
const LONGEST_WORD: usize = 2_000;

impl KeyResults {
    /// Links a key result to a chart, or changes how it is linked. An integration that is on is read
    /// at once; one that is off is never read again, not even by a read that is under way.
    ///
    /// # Errors
    ///
    /// What is wrong with the link. One that is on needs its chart to be there and readable.
    pub async fn link(
        &self,
        id: &KeyResultId,
        link: &Link,
        seen: Option<u64>,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        self.seen(id, seen).await?;
        let planned = self.plan(link, None).await?;
        self.integrated(id, &planned, seen, by).await
    }

    /// Puts an integration in the place of the one before.
    async fn integrated(
        &self,
        id: &KeyResultId,
        planned: &Integration,
        seen: Option<u64>,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        for _ in 0..TRIES {
            let before = self.seen(id, seen).await?;
            let mut record = before.record.clone();
            record.integration = Some(planned.clone());
            let mut change = Change::new();
            if let Some(old) = &before.record.integration {
                let moves = old.link.connection != planned.link.connection;
                let leaves = old.poll != planned.poll || !planned.link.enabled;
                change = Self::unlinked_from(change, id, old, moves, leaves);
            }
            let progress = self.progress_linked(&before, planned);
            change = change.put(
                Kind::Progress,
                id.as_str(),
                before
                    .progress_version
                    .map_or(Expected::Absent, Expected::Version),
                records::body(&progress)?,
            );
            change = drifted(change, &before, &progress.watch);
            change = self.subscribed(change, id, planned).await?;
            let action = if planned.link.enabled {
                "key-result.link"
            } else {
                "key-result.unlink"
            };
            let change = change.audited(by.entry(action, format!("key-result:{id}")));
            if self.replaced(&before, &record, change).await? {
                // What it read of another chart is none of its business any more.
                self.forget_kept(id).await;
                return self.get(id).await;
            }
        }
        Err(KeyResultError::Contended)
    }

    /// Forgets what was kept of its reads to try extractors on. What cannot be forgotten now is swept
    /// later.
    pub(super) async fn forget_kept(&self, id: &KeyResultId) {
        if let Err(error) = self.charts.kept().forget(id.as_str()).await {
            tracing::warn!(%error, key_result = %id, "what was kept to try extractors on is left for later");
        }
    }

    /// Switches the integration on or off as it is.
    ///
    /// # Errors
    ///
    /// When there is none, and as for [`KeyResults::link`].
    pub async fn switch(
        &self,
        id: &KeyResultId,
        enabled: bool,
        seen: Option<u64>,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        let before = self.seen(id, seen).await?;
        let Some(integration) = before.record.integration else {
            return Err(KeyResultError::invalid(
                "/connection_id",
                "the key result has no integration yet; name the connection and the source to link it to",
            ));
        };
        let link = Link {
            enabled,
            ..integration.link.clone()
        };
        // Switching off asks nobody: it has to work whatever has become of the chart.
        let planned = if enabled {
            self.plan(&link, integration.called).await?
        } else {
            Integration {
                link,
                ..integration
            }
        };
        // What is switched is what was looked at here, so that nobody's change in between is undone.
        self.integrated(id, &planned, Some(before.version), by)
            .await
    }

    /// Checks a link, and asks Looker for what it points at where it is to be read. `known` is what
    /// the chart was called before.
    pub(super) async fn plan(
        &self,
        link: &Link,
        known: Option<Called>,
    ) -> Result<Integration, KeyResultError> {
        self.schedule_of(link)?;
        still_after(link.still_after.as_deref()).map_err(|error| {
            let words = format!("{error}; `never` is taken as well");
            KeyResultError::invalid("/still_after", words)
        })?;
        words("/selection", &link.selection)?;
        words("/filters", &link.filters)?;
        match self.charts.connections().get(&link.connection).await {
            Ok(_) => {}
            Err(error @ ConnectionError::NotFound { .. }) => {
                return Err(KeyResultError::invalid("/connection_id", error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(name) = &link.extractor {
            self.charts.reader(None, Some(name))?;
        }
        let wanted = link.wanted(known);
        let (mut called, mut chart_type, mut reader) = (wanted.called.clone(), None, None);
        if link.enabled {
            let located = self.charts.locate_all_of(&wanted, Fresh::Now).await?;
            let version = self.charts.reader(
                located.chart.chart_type.as_deref(),
                link.extractor.as_deref(),
            )?;
            reader = Some(version.name.clone());
            called = Some(Called {
                title: located.chart.title,
                lookml_link_id: located.chart.lookml_link_id,
            });
            chart_type = located.chart.chart_type;
        }
        Ok(Integration {
            link: link.clone(),
            poll: PollId::of(&wanted),
            called,
            chart_type,
            reader,
        })
    }

    fn schedule_of(&self, link: &Link) -> Result<Schedule, KeyResultError> {
        Schedule::parse(
            link.every.as_deref(),
            link.cron.as_deref(),
            link.time_zone.as_deref(),
            self.shortest,
        )
        .and_then(|schedule| {
            schedule.allowed(link.cron.as_deref(), self.clock.now(), self.shortest)?;
            Ok(schedule)
        })
        .map_err(|error| KeyResultError::invalid(format!("/{}", error.field()), error.to_string()))
    }

    /// Adds what links a new key result.
    pub(super) async fn linked(
        &self,
        change: Change,
        id: &KeyResultId,
        integration: &Integration,
    ) -> Result<Change, KeyResultError> {
        let now = self.clock.now();
        let progress = ProgressRecord {
            slot: integration.link.enabled.then_some(now),
            next_due: integration.link.enabled.then_some(now),
            watch: Watch::begun(now),
            ..ProgressRecord::default()
        };
        let change = change.put(
            Kind::Progress,
            id.as_str(),
            Expected::Absent,
            records::body(&progress)?,
        );
        self.subscribed(change, id, integration).await
    }

    /// What was read stays; why reads failed under the link before, and how that has drifted, says
    /// nothing of this one.
    fn progress_linked(&self, before: &KeyResult, integration: &Integration) -> ProgressRecord {
        let now = self.clock.now();
        ProgressRecord {
            last_failure: None,
            slot: integration.link.enabled.then_some(now),
            next_due: integration.link.enabled.then_some(now),
            watch: Watch::begun(now),
            ..before.progress.clone()
        }
    }

    /// Adds the entries that make a poll read a key result, and the poll if it is new.
    async fn subscribed(
        &self,
        mut change: Change,
        id: &KeyResultId,
        integration: &Integration,
    ) -> Result<Change, KeyResultError> {
        let connection = integration.link.connection.as_str();
        change = change
            .put(
                Kind::Member,
                entry(connection, id.as_str()),
                Expected::Any,
                records::ENTRY,
            )
            .put(
                Kind::Member,
                records::guard(connection),
                Expected::Any,
                records::ENTRY,
            );
        if !integration.link.enabled {
            return Ok(change);
        }
        // The connection was there when the link was made up; it has to be there still.
        let found = self.charts.connections().get(&integration.link.connection);
        let version = found.await?.version;
        change = change.check(Kind::Connection, connection, Expected::Version(version));
        let poll = integration.poll.as_str();
        let known = records::get::<PollRecord>(self.store.as_ref(), poll).await?;
        change = match known {
            Some(known) => change.check(Kind::Poll, poll, Expected::Version(known.version)),
            None => {
                let record = PollRecord::new(&integration.wanted());
                change.put(Kind::Poll, poll, Expected::Absent, records::body(&record)?)
            }
        };
        Ok(change
            .put(
                Kind::Subscription,
                entry(poll, id.as_str()),
                Expected::Any,
                records::ENTRY,
            )
            .due(poll, Due::NoLaterThan(self.clock.now())))
    }

    /// Adds the removal of all that links a key result.
    pub(super) fn unlinked(change: Change, id: &KeyResultId, integration: &Integration) -> Change {
        Self::unlinked_from(change, id, integration, true, true)
    }

    /// Adds the removal of its entry at the connection, at the poll, or both. A poll that nobody
    /// subscribes to any more removes itself when it is due.
    fn unlinked_from(
        mut change: Change,
        id: &KeyResultId,
        integration: &Integration,
        connection: bool,
        poll: bool,
    ) -> Change {
        if connection {
            let key = entry(integration.link.connection.as_str(), id.as_str());
            change = change.delete(Kind::Member, key, Expected::Any);
        }
        if poll {
            let key = entry(integration.poll.as_str(), id.as_str());
            change = change.delete(Kind::Subscription, key, Expected::Any);
        }
        change
    }
}

fn words(pointer: &str, words: &BTreeMap<String, String>) -> Result<(), KeyResultError> {
    if words.len() > MOST_WORDS {
        return Err(KeyResultError::invalid(
            pointer,
            format!("it has more than {MOST_WORDS} entries"),
        ));
    }
    let long = words
        .iter()
        .find(|(name, value)| name.len() + value.len() > LONGEST_WORD);
    match long {
        Some((name, _)) => {
            let name: String = name.chars().take(80).collect();
            Err(KeyResultError::invalid(
                format!("{pointer}/{name}"),
                format!("it has more than {LONGEST_WORD} bytes"),
            ))
        }
        None => Ok(()),
    }
}
