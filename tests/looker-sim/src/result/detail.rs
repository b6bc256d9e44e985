//! `json_detail`: an answer with everything there is to say about it.

use serde::Serialize;
use serde_json::{Value, json};

use super::cell::{Full, Ordered, Slot};
use super::{Fault, Freshness, Ran, Wishes, envelope, failure};
use crate::evaluate::{Cell, Plan, Row, Table};
use crate::model::{format_of, metadata};

/// A row of cells with what is said about each.
pub type FullRow = Ordered<Slot<Full>>;

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Detail {
    status: &'static str,
    from_cache: bool,
    id: String,
    result_source: Option<&'static str>,
    supports_pivot_in_db: bool,
    null_sort_treatment: &'static str,
    expired: bool,
    ran_at: String,
    runtime: String,
    aggregate_table_used_info: Option<Value>,
    forecast_result: Option<Value>,
    dialect_specific_metadata: Value,
    added_params: Option<Value>,
    sql: String,
    sql_explain: String,
    fields: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pivots: Option<Vec<envelope::PivotJson>>,
    fill_fields: Vec<String>,
    has_totals: bool,
    has_row_totals: bool,
    has_subtotals: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals_data: Option<FullRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns_truncated: Option<bool>,
    applied_filters: Value,
    always_filter: Value,
    conditionally_filter_applied: Value,
    applied_filter_expression: Option<String>,
    number_format: &'static str,
    explore: Value,
    timezone: String,
    data: Vec<FullRow>,
    drill_menu_build_time: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Value>,
}

/// The answer of `ran` in full.
pub fn detail(ran: &Ran, wishes: Wishes, fresh: Freshness, fault: Fault<'_>) -> Detail {
    let query = &ran.stored.query;
    let statement = envelope::sql(ran);
    let mut detail = Detail {
        status: "complete",
        from_cache: fresh.from_cache,
        id: ran.id.clone(),
        result_source: Some("query"),
        supports_pivot_in_db: true,
        null_sort_treatment: "low",
        expired: fresh.expired,
        ran_at: ran.ran_at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        runtime: format!("{}.{:03}", ran.runtime_ms / 1_000, ran.runtime_ms % 1_000),
        aggregate_table_used_info: None,
        forecast_result: None,
        dialect_specific_metadata: json!({}),
        added_params: None,
        sql_explain: format!("EXPLAIN {statement}"),
        sql: statement,
        fields: json!({"measures": [], "dimensions": [], "table_calculations": [], "pivots": []}),
        pivots: None,
        fill_fields: query.fill_fields.clone().unwrap_or_default(),
        has_totals: false,
        has_row_totals: false,
        has_subtotals: false,
        totals_data: None,
        truncated: None,
        columns_truncated: None,
        applied_filters: json!({}),
        always_filter: json!({}),
        conditionally_filter_applied: json!({}),
        applied_filter_expression: query.filter_expression.clone(),
        number_format: "1,234.56",
        explore: json!({"name": query.view, "label": query.view, "description": null}),
        timezone: query
            .query_timezone
            .clone()
            .unwrap_or_else(|| "UTC".to_owned()),
        data: Vec::new(),
        drill_menu_build_time: json!(if wishes.links { 1 } else { 0 }),
        errors: failure::errors(ran, fault),
    };
    if let (Ok((plan, table)), true) = (&ran.outcome, failure::failure(ran, fault).is_none()) {
        fill(&mut detail, ran, plan, table, wishes);
    }
    detail
}

fn fill(detail: &mut Detail, ran: &Ran, plan: &Plan, table: &Table, wishes: Wishes) {
    let query = &ran.stored.query;
    let sorts = match &table.added_sort {
        Some(added) => vec![added.clone()],
        None => query.sorts.clone().unwrap_or_default(),
    };
    detail.added_params = table
        .added_sort
        .as_ref()
        .map(|added| json!({"sorts": [added]}));
    detail.fields = envelope::fields(plan, &sorts, metadata);
    detail.pivots = envelope::pivots(plan, table, true);
    detail.has_totals = table.totals.is_some();
    detail.has_row_totals = table.columns.iter().any(|column| column.is_total);
    detail.totals_data = table
        .totals
        .as_ref()
        .map(|cells| slots(plan, table, cells, wishes, Full::total));
    detail.truncated = table.truncated.then_some(true);
    detail.columns_truncated = table.columns_truncated.then_some(true);
    detail.applied_filters = envelope::applied_filters(ran, plan);
    detail.explore =
        json!({"name": plan.explore.name(), "label": plan.explore.label(), "description": null});
    detail.timezone.clone_from(&plan.zone_name);
    detail.data = rows(plan, table, wishes);
}

/// The rows of an answer.
pub fn rows(plan: &Plan, table: &Table, wishes: Wishes) -> Vec<FullRow> {
    table
        .rows
        .iter()
        .map(|row| self::row(plan, table, row, wishes))
        .collect()
}

fn row(plan: &Plan, table: &Table, row: &Row, wishes: Wishes) -> FullRow {
    let mut cells = Ordered::default();
    for (member, field) in row.members.iter().zip(&plan.rows) {
        let mut cell = Full::member(member, *field);
        if wishes.links {
            cell = cell.with_links(links(plan, &field.to_string(), &member.shown()));
        }
        cells.0.push((field.to_string(), Slot::Flat(cell)));
    }
    let measured = |cell: &Cell, format: Option<&str>| Full::measured(cell, format, false);
    cells
        .0
        .extend(slots(plan, table, &row.cells, wishes, measured).0);
    cells
}

/// The cells of measures and calculations, each under its field.
fn slots(
    plan: &Plan,
    table: &Table,
    cells: &[Vec<Cell>],
    wishes: Wishes,
    measured: fn(&Cell, Option<&str>) -> Full,
) -> FullRow {
    let mut found = Ordered::default();
    let place = |cells: &[Cell], make: &dyn Fn(&Cell) -> Full| {
        if plan.pivots.is_empty() {
            return cells.first().map(|cell| Slot::Flat(make(cell)));
        }
        let present = table
            .columns
            .iter()
            .zip(cells)
            .filter(|(_, cell)| **cell != Cell::Absent);
        let keyed = present.map(|(column, cell)| (envelope::key(column, &plan.pivots), make(cell)));
        Some(Slot::Pivoted(Ordered(keyed.collect())))
    };
    for (field, cells) in plan.measures.iter().zip(cells) {
        let slot = place(cells, &|cell| {
            let full = measured(cell, format_of(*field));
            if wishes.links && !matches!(cell, Cell::Null | Cell::Absent) {
                full.with_links(links(plan, &field.to_string(), "all"))
            } else {
                full
            }
        });
        found.0.extend(slot.map(|slot| (field.to_string(), slot)));
    }
    let calculations = plan
        .calculations
        .iter()
        .zip(cells.iter().skip(plan.measures.len()));
    for (known, cells) in calculations.filter(|_| wishes.calculations) {
        let slot = place(cells, &|cell| {
            Full::measured(cell, known.value_format.as_deref(), true)
        });
        found.0.extend(slot.map(|slot| (known.name.clone(), slot)));
    }
    found
}

fn links(plan: &Plan, field: &str, value: &str) -> Value {
    json!([{
        "label": format!("Show {value}"),
        "label_prefix": "Show",
        "label_value": value,
        "url": format!("/explore/shop/{}?fields={field}&f[{field}]={value}&limit=500", plan.explore.name()),
        "type": "drill",
        "type_label": format!("Drill into {value}"),
        "type_label_prefix": "Drill into",
        "type_label_value": value,
    }])
}
