//! Answers of queries written in SQL: columns by the names the database gave them.

use serde::Serialize;
use serde_json::{Value, json};

use super::cell::{Bare, Full, Ordered};
use super::{Fault, Format, Freshness, Ran, failure};
use crate::content::Statement;
use crate::evaluate::Row;

#[derive(Debug, Serialize)]
struct Detail {
    status: &'static str,
    from_cache: bool,
    id: String,
    ran_at: String,
    runtime: String,
    sql: &'static str,
    fields: Value,
    timezone: &'static str,
    data: Vec<Ordered<Full>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Value>,
}

/// Writes the answer of a statement: in full, or as rows.
pub fn write(
    statement: &Statement,
    ran: &Ran,
    format: Format,
    fresh: Freshness,
    fault: Fault<'_>,
) -> Vec<u8> {
    let rows: &[Row] = match (&ran.outcome, fault) {
        (Ok((_, table)), None) => &table.rows,
        _ => &[],
    };
    let written = if format == Format::JsonDetail {
        serde_json::to_vec(&detail(statement, ran, rows, fresh, fault))
    } else {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| named(statement, row, |cell| cell))
            .collect();
        match failure::row(ran, fault) {
            Some(failed) => serde_json::to_vec(&[failed]),
            None => serde_json::to_vec(&rows),
        }
    };
    written.unwrap_or_default()
}

fn detail(
    statement: &Statement,
    ran: &Ran,
    rows: &[Row],
    fresh: Freshness,
    fault: Fault<'_>,
) -> Detail {
    let column = |(at, name): (usize, &&str)| {
        let kind = if at == 0 { "date" } else { "number" };
        json!({"name": name, "label": name, "type": kind, "is_numeric": at > 0, "align": "left", "measure": false})
    };
    let columns: Vec<_> = statement.columns.iter().enumerate().map(column).collect();
    Detail {
        status: "complete",
        from_cache: fresh.from_cache,
        id: ran.id.clone(),
        ran_at: ran.ran_at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        runtime: format!("{}.{:03}", ran.runtime_ms / 1_000, ran.runtime_ms % 1_000),
        sql: statement.sql,
        fields: json!({"dimensions": columns, "measures": [], "table_calculations": [], "pivots": []}),
        timezone: "UTC",
        data: rows
            .iter()
            .map(|row| named(statement, row, Full::of))
            .collect(),
        errors: failure::errors(ran, fault),
    }
}

/// A row by column: the one dimension, then the measures. Months come as their first day.
fn named<T>(statement: &Statement, row: &Row, make: impl Fn(Bare) -> T) -> Ordered<T> {
    let month = row
        .members
        .iter()
        .map(|month| Bare::Text(format!("{}-01", month.shown())));
    let measures = row
        .cells
        .iter()
        .map(|cells| cells.first().map_or(Bare::Null, Bare::from));
    let names = statement.columns.iter().map(|name| (*name).to_owned());
    Ordered(names.zip(month.chain(measures).map(make)).collect())
}
