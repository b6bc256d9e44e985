//! Making changes: all that wait, in one transaction over all trees.
//!
//! A transaction has sled write out its log several times, and all of its threads wake up for each,
//! however little there is to write; so many changes share one. Each is made wholly or refused, by
//! itself, as if it had come alone after those before it.

use std::collections::{HashMap, HashSet};

use sled::transaction::{ConflictableTransactionError as Conflict, TransactionError};
use sled::{IVec, Transactional as _};

use super::feed::told;
use super::record::{self, INDEX_BITS, SEQUENCE};
use super::{Database, Memory, unreadable};
use crate::store::{
    Change, Committed, Expected, FeedPlace, Kind, NewReading, ReadingPlace, StoreError, Write,
};

/// How many bytes of changes are in a transaction before others go into the next one. They are in
/// memory until it has been written.
const LARGE: usize = 1 << 20;

type Outcome = Result<Committed, StoreError>;

impl Database {
    /// Makes changes, in their order, in memory and in sled's log; they are not durable yet. Answers
    /// for each whether it was made.
    pub fn apply<'a>(&self, changes: impl IntoIterator<Item = &'a Change>) -> Vec<Outcome> {
        let mut memory = self.write();
        let mut changes = changes.into_iter().peekable();
        let mut outcomes: Vec<Outcome> = Vec::new();
        while changes.peek().is_some() {
            let (mut group, first) = (Group::begin(self, &mut memory), outcomes.len());
            while group.bytes < LARGE
                && let Some(change) = changes.next()
            {
                outcomes.push(group.add(change));
            }
            let Err(error) = group.write() else { continue };
            self.health.fail(&error);
            for outcome in outcomes[first..].iter_mut().filter(|it| it.is_ok()) {
                let source = error.clone().into();
                *outcome = Err(StoreError::InDoubt { source });
            }
        }
        outcomes
    }

    /// How many changes have been made.
    pub fn sequence(&self) -> Result<u64, StoreError> {
        match self.meta.get(SEQUENCE).map_err(unreadable)? {
            Some(value) => record::open_figure(SEQUENCE, &value),
            None => Ok(0),
        }
    }
}

/// One of the trees that changes write to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Documents,
    Audit,
    Readings,
    Origins,
    Polls,
    Feed,
}

/// Something that is put into a tree, or taken out.
type Put = (In, IVec, Option<IVec>);

/// Changes on their way into the trees. What they depend on is looked at before the transaction, in
/// which nothing can be looked for; the gate keeps everybody else out meanwhile.
struct Group<'a> {
    database: &'a Database,
    memory: &'a mut Memory,
    /// The version of the last change that was added.
    version: Option<u64>,
    puts: Vec<Put>,
    /// How large all of that is.
    bytes: usize,
    /// The versions of the documents that were written, none where one was removed.
    documents: HashMap<Vec<u8>, Option<u64>>,
    /// The origins of the readings that were added.
    origins: HashSet<Vec<u8>>,
    /// How many entries of the feed were added.
    told: usize,
}

impl<'a> Group<'a> {
    fn begin(database: &'a Database, memory: &'a mut Memory) -> Self {
        Self {
            database,
            memory,
            version: None,
            puts: Vec::new(),
            bytes: 0,
            documents: HashMap::new(),
            origins: HashSet::new(),
            told: 0,
        }
    }

    /// Adds a change, or leaves everything as it is where it must not be made.
    fn add(&mut self, change: &Change) -> Outcome {
        self.database.health.check()?;
        self.database.check_space(0)?;
        let before = match self.version {
            Some(version) => version,
            None => self.database.sequence()?,
        };
        let plan = self.memory.schedule.plan(change)?;
        let mut step = Step {
            puts: Vec::with_capacity(change.writes.len() + 2),
            documents: Vec::new(),
            origins: Vec::new(),
            told: 0,
            committed: Committed {
                version: before + 1,
                at: record::whole_micros(self.database.clock.now()),
                repeated: Vec::new(),
            },
        };
        for (index, write) in (0..).zip(&change.writes) {
            step.write(self, index, write)?;
        }
        for (poll, due) in plan.dues() {
            let due = due.map(|due| record::seal_due(poll.as_bytes(), due));
            step.put(In::Polls, poll.as_bytes(), due);
        }
        if let Some(entry) = &change.audit {
            let key = step.committed.version.to_be_bytes();
            let sealed = record::seal_audit(&key, step.committed.at, entry)?;
            step.put(In::Audit, key, Some(sealed));
        }
        // From here on nothing refuses it.
        self.version = Some(step.committed.version);
        let size = |(_, key, value): &Put| key.len() + value.as_ref().map_or(0, |it| it.len());
        self.bytes += step.puts.iter().map(size).sum::<usize>();
        self.puts.append(&mut step.puts);
        self.documents.extend(step.documents);
        self.origins.extend(step.origins);
        self.told += told(change);
        self.memory.schedule.make(plan);
        Ok(step.committed)
    }

    /// The version of the document of a key, as those before have left it.
    fn found(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        if let Some(version) = self.documents.get(key) {
            return Ok(*version);
        }
        let found = self.database.documents.get(key).map_err(unreadable)?;
        let version = found.map(|value| record::open_version(key, &value));
        version.transpose()
    }

    fn has_origin(&self, key: &[u8]) -> Result<bool, StoreError> {
        let origins = &self.database.origins;
        Ok(self.origins.contains(key) || origins.contains_key(key).map_err(unreadable)?)
    }

    /// Puts all that was added into the trees.
    fn write(self) -> Result<(), sled::Error> {
        let Some(version) = self.version else {
            return Ok(());
        };
        let outdated = self.database.outdated(self.memory, self.told);
        let outdated = outdated.unwrap_or_else(|error| {
            // It is a matter of space only, and the next change looks again.
            tracing::warn!(%error, "the feed is not cut short");
            Vec::new()
        });
        let Database {
            meta,
            documents,
            audit,
            readings,
            origins,
            polls,
            feed,
            ..
        } = self.database;
        let trees = (meta, documents, audit, readings, origins, polls, feed);
        // sled may run this closure more than once, so it does nothing but write trees.
        let outcome =
            trees.transaction(|(meta, documents, audit, readings, origins, polls, feed)| {
                for (place, key, value) in &self.puts {
                    let tree = match place {
                        In::Documents => documents,
                        In::Audit => audit,
                        In::Readings => readings,
                        In::Origins => origins,
                        In::Polls => polls,
                        In::Feed => feed,
                    };
                    match value {
                        Some(value) => tree.insert(key, value)?,
                        None => tree.remove(key)?,
                    };
                }
                for key in &outdated {
                    feed.remove(key)?;
                }
                meta.insert(SEQUENCE, record::seal_figure(SEQUENCE, version))?;
                Ok::<(), Conflict<std::convert::Infallible>>(())
            });
        match outcome {
            Ok(()) => {
                self.memory.feed_length = self.memory.feed_length + self.told - outdated.len();
                Ok(())
            }
            Err(TransactionError::Abort(never)) => match never {},
            Err(TransactionError::Storage(error)) => Err(error),
        }
    }
}

/// One change on its way into a group.
struct Step {
    puts: Vec<Put>,
    documents: Vec<(Vec<u8>, Option<u64>)>,
    origins: Vec<Vec<u8>>,
    told: u32,
    committed: Committed,
}

impl Step {
    fn put(&mut self, place: In, key: impl AsRef<[u8]>, value: Option<Vec<u8>>) {
        self.puts
            .push((place, key.as_ref().into(), value.map(IVec::from)));
    }

    fn write(&mut self, group: &Group<'_>, index: u64, write: &Write) -> Result<(), StoreError> {
        if let Some((kind, key, expected)) = write.document() {
            expect(group, kind, key, expected)?;
        }
        match write {
            Write::Put {
                kind, key, body, ..
            } => {
                let key = record::document_key(kind.as_str(), key);
                let Committed { version, at, .. } = self.committed;
                let sealed = record::seal_document(&key, version, at, body);
                self.put(In::Documents, &key, Some(sealed));
                self.documents.push((key, Some(version)));
            }
            Write::Delete { kind, key, .. } => {
                let key = record::document_key(kind.as_str(), key);
                self.put(In::Documents, &key, None);
                self.documents.push((key, None));
            }
            Write::Reading(reading) => self.reading(group, index, reading)?,
            Write::Tell { topic, body } => self.tell(topic, body),
            // To look was all there was to do, and what becomes of polls has been planned for all
            // of them together.
            Write::Check { .. } | Write::Due { .. } => {}
        }
        Ok(())
    }

    fn reading(
        &mut self,
        group: &Group<'_>,
        index: u64,
        reading: &NewReading,
    ) -> Result<(), StoreError> {
        let origin = record::origin_key(&reading.key_result, &reading.origin);
        if group.has_origin(&origin)? {
            self.committed.repeated.push(reading.origin.clone());
            return Ok(());
        }
        let place = ReadingPlace {
            at: record::whole_micros(reading.at),
            seq: self.committed.version << INDEX_BITS | index,
        };
        let key = record::reading_key(&reading.key_result, place);
        let sealed = record::seal_reading(&key, self.committed.at, &reading.origin, &reading.body);
        self.put(In::Readings, key, Some(sealed));
        let sealed = record::seal_origin(&origin, place);
        self.put(In::Origins, &origin, Some(sealed));
        self.origins.push(origin);
        Ok(())
    }

    fn tell(&mut self, topic: &str, body: &[u8]) {
        let key = record::feed_key(FeedPlace {
            version: self.committed.version,
            index: self.told,
        });
        self.told += 1;
        let sealed = record::seal_entry(&key, self.committed.at, topic, body);
        self.put(In::Feed, key, Some(sealed));
    }
}

fn expect(group: &Group<'_>, kind: Kind, key: &str, expected: Expected) -> Result<(), StoreError> {
    // Whoever overwrites whatever is there can also mend a record that cannot be read any more.
    if expected == Expected::Any {
        return Ok(());
    }
    let found = group.found(&record::document_key(kind.as_str(), key))?;
    if expected.met_by(found) {
        return Ok(());
    }
    Err(StoreError::Stale {
        kind,
        key: key.to_owned(),
        found,
    })
}
