//! `csv` and `txt`: rows with a header of labels.

use super::cell::shown;
use super::{Fault, Ran, Wishes, failure, plain};
use crate::evaluate::{Cell, Plan, Table};
use crate::model::format_of;

/// The rows of an answer with `separator` between their cells.
pub fn separated(ran: &Ran, wishes: Wishes, fault: Fault<'_>, separator: char) -> String {
    if let Some(message) = failure::failure(ran, fault) {
        return format!("Error: {message}\n");
    }
    let Ok((plan, table)) = &ran.outcome else {
        return String::new();
    };
    let mut text = String::new();
    for line in std::iter::once(header(plan, table)).chain(lines(plan, table, wishes)) {
        let cells: Vec<_> = line.iter().map(|cell| quoted(cell, separator)).collect();
        text.push_str(&cells.join(&separator.to_string()));
        text.push('\n');
    }
    text
}

/// A label per column; pivoted ones say which column they are.
fn header(plan: &Plan, table: &Table) -> Vec<String> {
    let names = plain::names(plan, true);
    let (dimensions, measures) = names.split_at(plan.rows.len());
    let mut header = dimensions.to_vec();
    if plan.pivots.is_empty() {
        header.extend_from_slice(measures);
        return header;
    }
    for column in &table.columns {
        let members: Vec<_> = column.members.iter().map(plain::text).collect();
        let of = if column.is_total {
            "Row Total".to_owned()
        } else {
            members.join(" - ")
        };
        header.extend(measures.iter().map(|measure| format!("{of} - {measure}")));
    }
    header
}

fn lines<'a>(
    plan: &'a Plan,
    table: &'a Table,
    wishes: Wishes,
) -> impl Iterator<Item = Vec<String>> + 'a {
    let text = move |cell: &Cell, at: usize| match cell {
        Cell::Number(number) if !wishes.formatted => number.to_string(),
        other => shown(
            other,
            plan.measures.get(at).and_then(|field| format_of(*field)),
        ),
    };
    table.rows.iter().map(move |row| {
        let mut line: Vec<_> = row.members.iter().map(plain::text).collect();
        for column in 0..table.columns.len().max(1) {
            let cells = row.cells.iter().enumerate();
            line.extend(cells.map(|(at, cells)| {
                cells
                    .get(column)
                    .map_or_else(String::new, |cell| text(cell, at))
            }));
        }
        line
    })
}

fn quoted(cell: &str, separator: char) -> String {
    if cell.contains([separator, '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
