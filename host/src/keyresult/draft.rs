//! What people say of objectives and key results, held to what they can be.

use jiff::Timestamp;

use crate::decimal::Decimal;
use crate::id::ObjectiveId;

use super::error::KeyResultError;
use super::manual::Manual;
use super::period::Moment;
use super::record::{KeyResultRecord, ObjectiveRecord};

const LONGEST_TITLE: usize = 300;
const LONGEST_TEXT: usize = 200;

/// An objective to be made.
#[derive(Debug, Clone)]
pub struct ObjectiveDraft {
    /// See [`ObjectiveRecord`].
    pub title: String,
    /// See [`ObjectiveRecord`].
    pub owner: Option<String>,
    /// See [`ObjectiveRecord`].
    pub from: Option<Moment>,
    /// See [`ObjectiveRecord`].
    pub to: Option<Moment>,
}

/// A change of an objective: what is none stays, what is `Some(None)` is taken away.
#[derive(Debug, Clone, Default)]
pub struct ObjectiveEdit {
    /// See [`ObjectiveRecord`].
    pub title: Option<String>,
    /// See [`ObjectiveRecord`].
    pub owner: Option<Option<String>>,
    /// See [`ObjectiveRecord`].
    pub from: Option<Option<Moment>>,
    /// See [`ObjectiveRecord`].
    pub to: Option<Option<Moment>>,
}

/// A key result to be made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// See [`KeyResultRecord`].
    pub title: String,
    /// See [`KeyResultRecord`].
    pub objective: Option<ObjectiveId>,
    /// See [`KeyResultRecord`].
    pub owner: Option<String>,
    /// See [`KeyResultRecord`].
    pub from: Option<Moment>,
    /// See [`KeyResultRecord`].
    pub to: Option<Moment>,
    /// See [`KeyResultRecord`].
    pub unit: Option<String>,
    /// See [`KeyResultRecord`].
    pub start: Decimal,
    /// See [`KeyResultRecord`].
    pub target: Decimal,
    /// See [`KeyResultRecord`].
    pub weight: Option<Decimal>,
}

/// A change of a key result: what is none stays, what is `Some(None)` is taken away.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// See [`KeyResultRecord`].
    pub title: Option<String>,
    /// See [`KeyResultRecord`].
    pub objective: Option<Option<ObjectiveId>>,
    /// See [`KeyResultRecord`].
    pub owner: Option<Option<String>>,
    /// See [`KeyResultRecord`].
    pub from: Option<Option<Moment>>,
    /// See [`KeyResultRecord`].
    pub to: Option<Option<Moment>>,
    /// See [`KeyResultRecord`].
    pub unit: Option<Option<String>>,
    /// See [`KeyResultRecord`].
    pub start: Option<Decimal>,
    /// See [`KeyResultRecord`].
    pub target: Option<Decimal>,
    /// See [`KeyResultRecord`].
    pub weight: Option<Decimal>,
    /// A value set by hand in the same step.
    pub manual: Option<Manual>,
}

impl ObjectiveDraft {
    pub(super) fn record(self, now: Timestamp) -> Result<ObjectiveRecord, KeyResultError> {
        sound_objective(ObjectiveRecord {
            title: self.title,
            owner: self.owner,
            from: self.from,
            to: self.to,
            created_at: now,
        })
    }
}

impl ObjectiveEdit {
    pub(super) fn applied(
        self,
        mut record: ObjectiveRecord,
    ) -> Result<ObjectiveRecord, KeyResultError> {
        set(&mut record.title, self.title);
        set(&mut record.owner, self.owner);
        set(&mut record.from, self.from);
        set(&mut record.to, self.to);
        sound_objective(record)
    }
}

impl Draft {
    pub(super) fn record(self, now: Timestamp) -> Result<KeyResultRecord, KeyResultError> {
        sound(KeyResultRecord {
            title: self.title,
            objective: self.objective,
            owner: self.owner,
            from: self.from,
            to: self.to,
            unit: self.unit,
            start: self.start,
            target: self.target,
            weight: self.weight.unwrap_or_else(|| Decimal::from(1)),
            integration: None,
            created_at: now,
        })
    }
}

impl Edit {
    pub(super) fn applied(
        self,
        mut record: KeyResultRecord,
    ) -> Result<KeyResultRecord, KeyResultError> {
        set(&mut record.title, self.title);
        set(&mut record.objective, self.objective);
        set(&mut record.owner, self.owner);
        set(&mut record.from, self.from);
        set(&mut record.to, self.to);
        set(&mut record.unit, self.unit);
        set(&mut record.start, self.start);
        set(&mut record.target, self.target);
        set(&mut record.weight, self.weight);
        sound(record)
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

fn sound_objective(record: ObjectiveRecord) -> Result<ObjectiveRecord, KeyResultError> {
    Ok(ObjectiveRecord {
        title: text("/title", &record.title, LONGEST_TITLE)?,
        owner: optional("/owner", record.owner)?,
        from: record.from,
        to: ending(record.from, record.to)?,
        ..record
    })
}

fn sound(record: KeyResultRecord) -> Result<KeyResultRecord, KeyResultError> {
    if record.start == record.target {
        return Err(KeyResultError::invalid(
            "/target",
            "it equals `start`, so there is no way to go and progress would have no meaning; choose another",
        ));
    }
    if record.weight < Decimal::zero() {
        return Err(KeyResultError::invalid(
            "/weight",
            "a weight is not negative; 0 leaves the key result out of its objective's progress",
        ));
    }
    Ok(KeyResultRecord {
        title: text("/title", &record.title, LONGEST_TITLE)?,
        owner: optional("/owner", record.owner)?,
        unit: optional("/unit", record.unit)?,
        to: ending(record.from, record.to)?,
        ..record
    })
}

fn ending(from: Option<Moment>, to: Option<Moment>) -> Result<Option<Moment>, KeyResultError> {
    let begins = from.map(|from| from.begins().ok_or("/from")).transpose();
    let ends = to.map(|to| to.ends().ok_or("/to")).transpose();
    let far = |pointer: &str| KeyResultError::invalid(pointer, "it lies too far away");
    match (begins.map_err(far)?, ends.map_err(far)?) {
        (Some(begins), Some(ends)) if begins >= ends => Err(KeyResultError::invalid(
            "/to",
            "the period ends before it begins",
        )),
        _ => Ok(to),
    }
}

fn optional(pointer: &str, given: Option<String>) -> Result<Option<String>, KeyResultError> {
    let given = given.filter(|text| !text.trim().is_empty());
    given
        .map(|given| text(pointer, &given, LONGEST_TEXT))
        .transpose()
}

pub(super) fn text(pointer: &str, given: &str, longest: usize) -> Result<String, KeyResultError> {
    let trimmed = given.trim();
    if trimmed.is_empty() || trimmed.chars().count() > longest {
        return Err(KeyResultError::invalid(
            pointer,
            format!("it needs 1 to {longest} characters"),
        ));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(KeyResultError::invalid(
            pointer,
            "it holds a control character",
        ));
    }
    Ok(trimmed.to_owned())
}
