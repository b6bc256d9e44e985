//! The order of rows and columns.

use std::cmp::Ordering;

use super::{Cell, Plan, Row, Table};
use crate::model::Field;
use crate::query::Query;

/// One key to sort by: what to take of a row, and whether the greatest comes first.
struct By {
    at: At,
    descending: bool,
}

enum At {
    Member(usize),
    Cell { measure: usize, column: usize },
    Pivot(usize),
}

/// Sorts as the query says, or as Looker does by itself: newest first, else greatest first.
pub fn sort(table: &mut Table, plan: &Plan, query: &Query) {
    let asked: Vec<_> = query.sorts.iter().flatten().map(String::as_str).collect();
    let sorts = match &asked[..] {
        ["__UNSORTED__"] => Vec::new(),
        [] => {
            table.added_sort = by_itself(plan);
            table
                .added_sort
                .iter()
                .filter_map(|sort| by(sort, plan))
                .collect()
        }
        asked => asked.iter().filter_map(|sort| by(sort, plan)).collect(),
    };
    columns(table, &sorts);
    table.rows.sort_by(|a, b| {
        let mut order = sorts.iter().map(|by| compare(a, b, by));
        order.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

fn by_itself(plan: &Plan) -> Option<String> {
    let time = plan.rows.iter().find(|field| field.timeframe().is_some());
    let first = time.or_else(|| plan.measures.first().filter(|_| plan.pivots.is_empty()));
    match first {
        Some(field) => Some(format!("{field} desc")),
        None => plan.rows.first().map(|field| field.to_string()),
    }
}

fn by(sort: &str, plan: &Plan) -> Option<By> {
    let mut words = sort.split_whitespace();
    let name = words.next()?;
    let rest: Vec<_> = words.collect();
    let descending = rest.iter().any(|word| word.eq_ignore_ascii_case("desc"));
    let column = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
    let at = |fields: &[Field]| fields.iter().position(|field| field.to_string() == name);
    let at = if let Some(at) = at(&plan.rows) {
        At::Member(at)
    } else if let Some(at) = at(&plan.pivots) {
        At::Pivot(at)
    } else {
        At::Cell {
            measure: at(&plan.measures)?,
            column,
        }
    };
    Some(By { at, descending })
}

fn compare(a: &Row, b: &Row, by: &By) -> Ordering {
    let order = match by.at {
        At::Member(at) => a.members.get(at).cmp(&b.members.get(at)),
        At::Cell { measure, column } => rank(a, measure, column).cmp(&rank(b, measure, column)),
        At::Pivot(_) => Ordering::Equal,
    };
    if by.descending {
        order.reverse()
    } else {
        order
    }
}

/// Nulls are low, texts high.
fn rank(row: &Row, measure: usize, column: usize) -> (u8, Option<crate::decimal::Decimal>, String) {
    match row.cells.get(measure).and_then(|cells| cells.get(column)) {
        Some(Cell::Number(number)) => (1, Some(*number), String::new()),
        Some(Cell::Text(text)) => (2, None, text.clone()),
        Some(Cell::Null | Cell::Absent) | None => (0, None, String::new()),
    }
}

/// Puts columns in the order that the pivots are sorted in; totals stay last.
fn columns(table: &mut Table, sorts: &[By]) {
    let mut order: Vec<usize> = (0..table.columns.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&table.columns[*a], &table.columns[*b]);
        let by_sorts = sorts.iter().filter_map(|by| match by.at {
            At::Pivot(at) => Some((a.members.get(at).cmp(&b.members.get(at)), by.descending)),
            _ => None,
        });
        let mut ordered = by_sorts.map(|(order, down)| if down { order.reverse() } else { order });
        a.is_total.cmp(&b.is_total).then(
            ordered
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
        )
    });
    let of_rows = table.rows.iter_mut().flat_map(|row| &mut row.cells);
    for cells in of_rows.chain(table.totals.iter_mut().flatten()) {
        if cells.len() == order.len() {
            *cells = order.iter().map(|at| cells[*at].clone()).collect();
        }
    }
    table.columns = order.iter().map(|at| table.columns[*at].clone()).collect();
}
