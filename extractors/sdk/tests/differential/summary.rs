//! What is compared: the cells of every column, as text.

use std::collections::BTreeMap;

use lensmount_sdk::cell::{Cell, Value};
use lensmount_sdk::chart::{Failure, FailureCode};
use lensmount_sdk::document::Document;
use lensmount_sdk::fields::Fields;
use lensmount_sdk::reader;
use lensmount_sdk::table::Column;
use serde_json::value::RawValue;

/// A value and how it is shown, as they were written.
pub type Written = (String, Option<String>);

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    Absent,
    Flat(Written),
    Pivoted(BTreeMap<String, Written>),
}

/// The columns by name, and the rows.
#[derive(Debug, PartialEq)]
pub struct Summary {
    pub columns: Vec<(String, bool)>,
    pub rows: Vec<Vec<Is>>,
}

/// Which of the readers.
#[derive(Clone, Copy)]
pub enum Way {
    Swift,
    Strict,
}

fn columns<'a>(fields: &Fields<'a>) -> Vec<Column<'a>> {
    let mut columns: Vec<Column<'a>> = Vec::new();
    for field in fields.all() {
        if columns.iter().all(|column| column.name != field.name) {
            let pivoted = !fields.pivots.is_empty() && !field.is_dimension_like();
            columns.push(Column {
                name: field.name.clone(),
                pivoted,
            });
        }
    }
    columns
}

/// What a reader of ours makes of a document.
pub fn table(document: &[u8], way: Way) -> Result<Summary, FailureCode> {
    let read = match way {
        Way::Swift => reader::read(document, columns),
        Way::Strict => reader::read_strictly(document, columns),
    };
    let document: Document<'_> = read.map_err(|failure: Failure| failure.code)?;
    let columns = columns(&document.fields);
    let cell = |row, column| match document.table.cell(row, column) {
        Cell::Absent => Is::Absent,
        Cell::Flat(value) => Is::Flat(written(*value)),
        Cell::Pivoted(values) => {
            let values = values
                .iter()
                .map(|(key, value)| (key.to_string(), written(*value)));
            Is::Pivoted(values.collect())
        }
    };
    let row = |row| (0..columns.len()).map(|column| cell(row, column)).collect();
    let rows = (0..document.table.rows()).map(row).collect();
    let columns = columns
        .iter()
        .map(|column| (column.name.to_string(), column.pivoted));
    Ok(Summary {
        columns: columns.collect(),
        rows,
    })
}

fn written(value: Value<'_>) -> Written {
    (
        value.value.raw().to_owned(),
        value.rendered.map(|shown| shown.raw().to_owned()),
    )
}

/// Whether everything that was read is JSON.
pub fn sound(table: &Summary) -> bool {
    let is_json = |text: &String| serde_json::from_str::<&RawValue>(text).is_ok();
    let is_sound = |(value, shown): &Written| is_json(value) && shown.iter().all(is_json);
    let mut cells = table.rows.iter().flatten();
    cells.all(|cell| match cell {
        Is::Absent => true,
        Is::Flat(value) => is_sound(value),
        Is::Pivoted(values) => values.values().all(is_sound),
    })
}
