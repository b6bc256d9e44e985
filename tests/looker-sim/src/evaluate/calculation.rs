//! Table calculations: a few that are known by how their names begin.

use serde_json::Value;

use super::{Cell, Member, Plan, Table};
use crate::decimal::Decimal;
use crate::model::Field;

/// A table calculation of a query.
#[derive(Debug, Clone)]
pub struct Calculation {
    /// Its name, which says what it does: `share…` of the column, `change…` to the row below,
    /// `yoy…` to the row a year before, `running…` total down the column, `verdict…` in words.
    /// Any other is null.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Its formula, as it is shown.
    pub expression: String,
    /// The format of its values.
    pub value_format: Option<String>,
    /// Whether it counts as a measure.
    pub is_measure: bool,
    /// What its values are: `number` or `string`.
    pub kind: String,
}

/// The table calculations in a query's `dynamic_fields`; those that do not parse are none.
pub fn all(dynamic_fields: Option<&str>) -> Vec<Calculation> {
    let parsed: Value = dynamic_fields
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let fields = parsed.as_array().into_iter().flatten();
    fields.filter_map(calculation).collect()
}

fn calculation(field: &Value) -> Option<Calculation> {
    let text = |key: &str| field.get(key).and_then(Value::as_str).map(str::to_owned);
    if field.get("is_disabled") == Some(&Value::Bool(true)) {
        return None;
    }
    let name = text("table_calculation")?;
    let named = match text("value_format_name").as_deref() {
        Some("percent_0") => Some("#,##0%".to_owned()),
        Some("percent_1") => Some("#,##0.0%".to_owned()),
        Some("percent_2") => Some("#,##0.00%".to_owned()),
        _ => None,
    };
    Some(Calculation {
        label: text("label").unwrap_or_else(|| name.clone()),
        expression: text("expression").unwrap_or_default(),
        value_format: text("value_format").or(named),
        is_measure: text("_kind_hint").as_deref() != Some("dimension"),
        kind: text("_type_hint").unwrap_or_else(|| "number".to_owned()),
        name,
    })
}

/// Adds the cells of all calculations. The column of totals has none.
pub fn fill(table: &mut Table, plan: &Plan) {
    for calculation in &plan.calculations {
        let base = base(calculation, &plan.measures);
        let widths = table
            .rows
            .iter()
            .map(|row| row.cells.first().map_or(1, Vec::len));
        let width = if table.columns.is_empty() {
            1
        } else {
            table.columns.len()
        };
        debug_assert!(
            widths
                .into_iter()
                .all(|found| found == width || plan.measures.is_empty())
        );
        let mut filled = vec![Vec::with_capacity(width); table.rows.len()];
        for column in 0..width {
            let is_total = table
                .columns
                .get(column)
                .is_some_and(|column| column.is_total);
            let numbers: Vec<Option<Decimal>> = table
                .rows
                .iter()
                .map(|row| number(row.cells.get(base)?.get(column)?))
                .collect();
            for (at, cells) in filled.iter_mut().enumerate() {
                cells.push(if is_total {
                    Cell::Absent
                } else {
                    cell(&calculation.name, table, &numbers, at)
                });
            }
        }
        for (row, cells) in table.rows.iter_mut().zip(filled) {
            row.cells.push(cells);
        }
        if let Some(totals) = &mut table.totals {
            totals.push(vec![Cell::Absent; width]);
        }
    }
}

/// The measure that a formula names first.
fn base(calculation: &Calculation, measures: &[Field]) -> usize {
    let named = |field: &Field| calculation.expression.find(&format!("${{{field}}}"));
    let found = measures
        .iter()
        .enumerate()
        .filter_map(|(at, field)| Some((named(field)?, at)));
    found.min().map_or(0, |(_, at)| at)
}

fn number(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Absent | Cell::Null | Cell::Text(_) => None,
    }
}

fn cell(name: &str, table: &Table, numbers: &[Option<Decimal>], at: usize) -> Cell {
    let below = || numbers.get(at + 1).copied().flatten();
    let number = match name.split('_').next() {
        Some("share") => {
            let sum = numbers
                .iter()
                .flatten()
                .fold(Decimal::whole(0), |sum, next| sum.plus(*next));
            numbers[at].and_then(|number| number.over(sum))
        }
        Some("change") => numbers[at]
            .zip(below())
            .and_then(|(new, old)| new.minus(old).over(old)),
        Some("yoy") => {
            let old = a_year_before(table, at).and_then(|at| numbers[at]);
            numbers[at]
                .zip(old)
                .and_then(|(new, old)| new.minus(old).over(old))
        }
        Some("running") => {
            let so_far = numbers[..=at].iter().flatten();
            Some(so_far.fold(Decimal::whole(0), |sum, next| sum.plus(*next)))
        }
        Some("verdict") => {
            let words = match (numbers[at], below()) {
                (Some(new), Some(old)) if new > old => "up",
                (Some(_), Some(_)) => "not up",
                _ => return Cell::Null,
            };
            return Cell::Text(words.to_owned());
        }
        _ => None,
    };
    number.map_or(Cell::Null, Cell::Number)
}

/// The row of the same period a year before: the same first member with another year.
fn a_year_before(table: &Table, at: usize) -> Option<usize> {
    let Some(Member::Text(now)) = table.rows[at].members.first() else {
        return None;
    };
    let (year, rest) = now.split_at_checked(4)?;
    let year: u16 = year.parse().ok()?;
    let before = Member::Text(format!("{:04}{rest}", year.checked_sub(1)?));
    table
        .rows
        .iter()
        .position(|row| row.members.first() == Some(&before))
}
