//! A query of a merge with its result, and which of its rows belong to those of the primary query.

use std::borrow::Cow;

use super::answer::{Answer, Field, Role, Row};
use super::key::{Doubt, Index, Key};
use super::{Source, refused};
use crate::looker::error::LookerError;

/// A source with its result.
pub(super) struct Part<'a> {
    pub source: &'a Source,
    pub answer: Answer<'a>,
    /// None for the primary one.
    pub index: Option<Index>,
}

impl<'a> Part<'a> {
    /// Its rows by what they are joined by.
    pub fn indexed(&self, primary: &Answer<'_>) -> Result<Index, LookerError> {
        let name = &self.source.name;
        for (own, of_primary) in &self.source.on {
            let lacks = |which: &str, field: &str| {
                refused(format!(
                    "{name:?} is joined by {field:?}, which {which} does not have; edit the merge \
                     rules in Looker"
                ))
            };
            let own = self.answer.field(own).ok_or_else(|| lacks("it", own))?;
            let theirs = primary.field(of_primary);
            let theirs = theirs.ok_or_else(|| lacks("the primary query", of_primary))?;
            if kind(own) != kind(theirs) {
                return Err(refused(format!(
                    "{name:?} is joined by {:?} and {:?}, which are of different types; join fields \
                     of the same timeframe and type",
                    own.name, theirs.name
                )));
            }
        }
        let own: Vec<&str> = self.source.on.iter().map(|(own, _)| own.as_str()).collect();
        Index::of(&self.answer.rows, &own).map_err(|doubt| self.doubtful(doubt))
    }

    /// The row that belongs to a row of the primary query; of the primary query that row itself.
    pub fn beside<'r>(&'r self, row: &'r Row<'a>) -> Result<Option<&'r Row<'a>>, LookerError> {
        let Some(index) = &self.index else {
            return Ok(Some(row));
        };
        let fields = self.source.on.iter().map(|(_, primary)| primary.as_str());
        let found = Key::of(row, fields).and_then(|key| index.find(&key));
        let found = found.map_err(|doubt| self.doubtful(doubt))?;
        if self.answer.truncated && (found.is_none() || !self.tells_rows_apart()) {
            return Err(refused(format!(
                "its source {:?} was cut at its row limit, so a row that belongs to one of the \
                 primary query may be missing; raise the source's row limit",
                self.source.name
            )));
        }
        Ok(found.and_then(|found| self.answer.rows.get(found)))
    }

    /// Whether no two rows can have the same key: it is joined by all that it is grouped by.
    fn tells_rows_apart(&self) -> bool {
        let mut fields = self.answer.fields.iter();
        fields.all(|field| field.role != Role::Dimension || self.joins_by(&field.name))
    }

    pub fn joins_by(&self, field: &str) -> bool {
        self.source.on.iter().any(|(own, _)| own == field)
    }

    fn doubtful(&self, doubt: Doubt) -> LookerError {
        let (name, on) = (&self.source.name, &self.source.on);
        let fields: Vec<_> = on.iter().map(|(own, _)| own.as_str()).collect();
        let fields = fields.join(", ");
        refused(match doubt {
            Doubt::Unfit => format!(
                "{name:?} is joined by {fields}, whose values are not all texts or whole numbers; \
                 join by another field"
            ),
            Doubt::Null => format!(
                "null is among the values of {fields} in the primary query and in {name:?}, and \
                 whether Looker joins those is not known; filter null out"
            ),
            Doubt::Alike => format!(
                "values of {fields} in the primary query and in {name:?} differ in case, space or \
                 type only, and whether Looker joins those is not known; make them equal"
            ),
            Doubt::Several => format!(
                "several rows of {name:?} have the same {fields}, for which Looker repeats the \
                 primary query's row; join by fields that tell the rows apart"
            ),
        })
    }
}

/// The type in a field's metadata.
fn kind<'a>(field: &Field<'a>) -> Option<Cow<'a, str>> {
    field.about.object()?.get("type")?.filled()
}
