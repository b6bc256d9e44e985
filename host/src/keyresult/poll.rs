//! Polls: one query on one connection with its filters, for all key results that want it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::chart::{Called, Wanted};
use crate::id::ConnectionId;
use crate::looker::Source;
use crate::record::Record;
use crate::store::Kind;

/// Names a poll by what it asks, so that whoever asks the same finds the same poll.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PollId(String);

impl PollId {
    /// The poll that asks for this chart.
    #[must_use]
    pub fn of(wanted: &Wanted) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update(text.len().to_be_bytes());
            hash.update(text.as_bytes());
        };
        part(wanted.connection.as_str());
        match &wanted.source {
            Source::Tile {
                dashboard_id,
                tile_id,
            } => ["tile", dashboard_id, tile_id].map(&mut part),
            Source::Look { look_id } => ["look", look_id, ""].map(&mut part),
        };
        part(wanted.time_zone.as_deref().unwrap_or_default());
        for (name, value) in &wanted.filters {
            part(name);
            part(value);
        }
        Self(format!("poll_{}", hex::encode(&hash.finalize()[..16])))
    }

    /// The id as it stands in the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PollId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the store keeps of a poll. Who subscribes to it stands in an index of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollRecord {
    /// Through which connection.
    pub connection: ConnectionId,
    /// Which chart.
    pub source: Source,
    /// Values of the dashboard's filters in place of its own.
    pub filters: BTreeMap<String, String>,
    /// The zone that "today" is meant in.
    pub time_zone: Option<String>,
    /// What the chart was called when it was linked first.
    pub called: Option<Called>,
    /// How many times in a row Looker has not given a result.
    pub failures: u32,
    /// A query that was not done in time, and goes on at Looker.
    pub pending: Option<Pending>,
}

/// A query that goes on at Looker after we have stopped waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Looker's name for it.
    pub task: String,
    /// Which query it runs; another one's result is of no use.
    pub identity: String,
    /// When it was begun.
    pub since: Timestamp,
}

impl Record for PollRecord {
    const KIND: Kind = Kind::Poll;
    const FORMAT: u32 = 1;
}

impl PollRecord {
    /// A poll that has not run yet.
    #[must_use]
    pub fn new(wanted: &Wanted) -> Self {
        Self {
            connection: wanted.connection.clone(),
            source: wanted.source.clone(),
            filters: wanted.filters.clone(),
            time_zone: wanted.time_zone.clone(),
            called: wanted.called.clone(),
            failures: 0,
            pending: None,
        }
    }

    /// What it asks for.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted {
            connection: self.connection.clone(),
            source: self.source.clone(),
            filters: self.filters.clone(),
            time_zone: self.time_zone.clone(),
            called: self.called.clone(),
            found: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_the_same_finds_the_same_poll() {
        let wanted = |dashboard: &str, tile: &str, filters: &[(&str, &str)], zone: Option<&str>| {
            let filters = filters
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()));
            PollId::of(&Wanted {
                connection: "con_0192f0c1a2b37c4d8e5f60718293a4b5"
                    .parse()
                    .expect("an id"),
                source: Source::Tile {
                    dashboard_id: dashboard.into(),
                    tile_id: tile.into(),
                },
                filters: filters.collect(),
                time_zone: zone.map(Into::into),
                called: None,
                found: None,
            })
        };
        let plain = wanted("1", "23", &[], None);
        assert_eq!(plain, wanted("1", "23", &[], None));
        let both = [("a", "1"), ("b", "2")];
        assert_eq!(
            wanted("1", "23", &both, None),
            wanted("1", "23", &[("b", "2"), ("a", "1")], None)
        );
        for other in [
            wanted("12", "3", &[], None),
            wanted("1", "23", &both, None),
            wanted("1", "23", &[("a", "1b"), ("", "2")], None),
            wanted("1", "23", &[], Some("UTC")),
        ] {
            assert_ne!(plain, other);
        }
    }
}
