//! What a result says about itself: its fields, its pivots, its filters, its SQL.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Ran;
use super::cell::{Full, Ordered};
use crate::evaluate::{Calculation, Column, Plan, Table};
use crate::model::{Field, metadata};

/// The key of the column of row totals.
const ROW_TOTAL: &str = "$$$_row_total_$$$";

/// The key of a pivoted column.
pub fn key(column: &Column, pivots: &[Field]) -> String {
    if column.is_total {
        return ROW_TOTAL.to_owned();
    }
    let keys = column.members.iter().zip(pivots);
    let keys: Vec<_> = keys
        .map(|(member, field)| member.key(&field.to_string()))
        .collect();
    keys.join("|FIELD|")
}

/// What is said of a pivoted column.
#[derive(Debug, Serialize)]
pub struct PivotJson {
    key: String,
    data: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Map<String, Value>>,
    sort_values: Map<String, Value>,
    is_total: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Ordered<Full>>,
}

/// The pivoted columns of a result, with more or less about each.
pub fn pivots(plan: &Plan, table: &Table, all: bool) -> Option<Vec<PivotJson>> {
    let pivot = |column: &Column| {
        let (mut data, mut labels, mut sort_values) = (Map::new(), Map::new(), Map::new());
        let mut about = Ordered::default();
        for (at, field) in plan.pivots.iter().enumerate() {
            let name = field.to_string();
            let Some(member) = column.members.get(at).filter(|_| !column.is_total) else {
                data.insert(name, Value::Null);
                continue;
            };
            data.insert(name.clone(), json!(member));
            sort_values.insert(
                name.clone(),
                json!(member.key(&name).rsplit("|FIELD|").next()),
            );
            let label = format!("<a href='#drillmenu' target='_self'>{}</a>", member.shown());
            labels.insert(name.clone(), json!(label));
            about.0.push((name, Full::member(member, *field)));
        }
        PivotJson {
            key: key(column, &plan.pivots),
            data,
            labels: all.then_some(labels),
            sort_values,
            is_total: column.is_total,
            metadata: all.then_some(about),
        }
    };
    (!plan.pivots.is_empty()).then(|| table.columns.iter().map(pivot).collect())
}

/// The fields of a result by what they are.
pub fn fields(plan: &Plan, sorts: &[String], one: fn(Field) -> Value) -> Value {
    let all = |fields: &[Field]| -> Vec<Value> {
        fields
            .iter()
            .map(|field| sorted(one(*field), sorts))
            .collect()
    };
    json!({
        "measures": all(&plan.measures),
        "dimensions": all(&plan.rows),
        "table_calculations": plan.calculations.iter().map(|known| calculation(known, plan)).collect::<Vec<_>>(),
        "pivots": all(&plan.pivots),
    })
}

/// A field, with its place among what the result is sorted by.
fn sorted(mut field: Value, sorts: &[String]) -> Value {
    for (index, sort) in sorts.iter().enumerate() {
        let mut words = sort.split_whitespace();
        if words.next() == field["name"].as_str() {
            let pivot: usize = words
                .clone()
                .find_map(|word| word.parse().ok())
                .unwrap_or(0);
            let desc = words.any(|word| word.eq_ignore_ascii_case("desc"));
            field["sorted"] = json!({"sort_index": index, "desc": desc, "pivot_index": pivot});
        }
    }
    field
}

fn calculation(known: &Calculation, plan: &Plan) -> Value {
    json!({
        "label": known.label,
        "name": known.name,
        "expression": known.expression,
        "can_pivot": true,
        "sortable": true,
        "type": known.kind,
        "align": if known.kind == "string" { "left" } else { "right" },
        "measure": known.is_measure,
        "is_table_calculation": true,
        "dynamic": true,
        "value_format": known.value_format,
        "is_numeric": known.kind == "number",
        "pivoted": !plan.pivots.is_empty(),
    })
}

/// The filters of a result, each with its field.
pub fn applied_filters(ran: &Ran, plan: &Plan) -> Value {
    let filters = ran
        .stored
        .query
        .asked_filters()
        .filter_map(|(name, expression)| {
            let field = Field::parse(plan.explore.view(), name)?;
            Some((
                name.to_owned(),
                json!({"field": metadata(field), "value": expression}),
            ))
        });
    Value::Object(filters.collect())
}

/// A statement such as a database would get.
pub fn sql(ran: &Ran) -> String {
    let query = &ran.stored.query;
    let names: Vec<_> = query
        .fields
        .iter()
        .flatten()
        .map(|name| format!("    `{name}`"))
        .collect();
    let tests: Vec<_> = query
        .asked_filters()
        .map(|(name, value)| format!("(`{name}` in '{value}')"))
        .collect();
    let wanted = if tests.is_empty() {
        String::new()
    } else {
        format!("\nWHERE {}", tests.join(" AND "))
    };
    let limit = query.limit.as_deref().unwrap_or("500");
    let table = query.view.as_deref().unwrap_or_default();
    format!(
        "SELECT\n{}\nFROM shop.{table}{wanted}\nLIMIT {limit}",
        names.join(",\n")
    )
}
