//! A whole result: what it says about itself, its fields and columns, and the rows asked for.

use std::borrow::Cow;

use crate::chart::{Failure, Note};
use crate::fields::Fields;
use crate::json::Token;
use crate::pivots::Pivot;
use crate::table::{Column, Table};
use crate::walk::Walk;

/// A `json_detail` answer, read to its end and found whole, and sound in what was read of it.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The fields of the query.
    pub fields: Fields<'a>,
    /// The column heads; empty where the result is not pivoted.
    pub pivots: Vec<Pivot<'a>>,
    /// The columns asked for, row by row.
    pub table: Table<'a>,
    /// When Looker computed it.
    pub ran_at: Option<Cow<'a, str>>,
    /// The zone its times are in.
    pub timezone: Option<Cow<'a, str>>,
    /// Whether the row limit cut it.
    pub truncated: bool,
    /// Whether its rows are known not to stand in the chart's order. Looker does not say so: it is
    /// what Lensmount says of a result that it joined from several.
    pub unordered: bool,
    /// Whether the column limit cut it.
    pub columns_truncated: bool,
    /// Where `added_params` stands: what Looker added to the query by itself. Few results are asked for it.
    pub(crate) added_params: Option<Walk<'a>>,
    /// Looker's notes that are no errors.
    pub notes: Vec<Note>,
    /// `totals_data` as it came.
    pub(crate) totals: Option<Token<'a>>,
}

impl<'a> Document<'a> {
    /// The sorts that Looker added by itself. `malformed` where what it says of them is not JSON.
    pub fn added_sorts(&self) -> Result<Option<Token<'a>>, Failure> {
        let Some(mut walk) = self.added_params.clone() else {
            return Ok(None);
        };
        match walk.token() {
            Ok(added) => Ok(added.object().and_then(|added| added.get("sorts"))),
            Err(wrong) => Err(crate::reader::misshapen(&walk, wrong)),
        }
    }

    /// Whether the query was asked for column totals.
    pub fn has_totals(&self) -> bool {
        self.totals.is_some()
    }

    /// The column totals of the columns given, as a table of one row; none where there are none.
    pub fn totals(&self, columns: Vec<Column<'a>>) -> Result<Option<Table<'a>>, Failure> {
        let Some(totals) = self.totals else {
            return Ok(None);
        };
        let mut walk = Walk::strict(totals.raw());
        match Table::read_row(&mut walk, columns) {
            Ok(table) => Ok(Some(table)),
            Err(wrong) => Err(crate::reader::misshapen(&walk, wrong)),
        }
    }
}
