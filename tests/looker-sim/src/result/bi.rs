//! `json_bi`: rows with fewer words about them.

use serde::Serialize;
use serde_json::{Value, json};

use super::detail::{self, FullRow};
use super::envelope::{self, PivotJson};
use super::{Fault, Ran, Wishes, failure};
use crate::model::{Field, metadata};

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Bi {
    metadata: Metadata,
    rows: Rows,
}

#[derive(Debug, Serialize)]
struct Metadata {
    fields: Value,
    pivots: Vec<PivotJson>,
    has_totals: bool,
    has_subtotals: bool,
    columns_truncated: bool,
    filters: Value,
    filter_expression: Option<String>,
    sql: String,
    big_query_metadata: Option<Value>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Rows {
    Rows(Vec<FullRow>),
    Failed([Value; 1]),
}

/// The answer of `ran` for a tool that draws it.
pub fn bi(ran: &Ran, wishes: Wishes, fault: Fault<'_>) -> Bi {
    let query = &ran.stored.query;
    let mut bi = Bi {
        metadata: Metadata {
            fields: json!({"dimensions": [], "measures": [], "pivots": [], "table_calculations": []}),
            pivots: Vec::new(),
            has_totals: false,
            has_subtotals: false,
            columns_truncated: false,
            filters: json!(query.filters),
            filter_expression: query.filter_expression.clone(),
            sql: envelope::sql(ran),
            big_query_metadata: None,
        },
        rows: Rows::Rows(Vec::new()),
    };
    if let Some(row) = failure::row(ran, fault) {
        bi.rows = Rows::Failed([row]);
    } else if let Ok((plan, table)) = &ran.outcome {
        bi.metadata.fields = envelope::fields(plan, &[], brief);
        bi.metadata.pivots = envelope::pivots(plan, table, false).unwrap_or_default();
        bi.metadata.has_totals = table.totals.is_some();
        bi.metadata.columns_truncated = table.columns_truncated;
        bi.rows = Rows::Rows(detail::rows(plan, table, wishes));
    }
    bi
}

/// A field in few words.
fn brief(field: Field) -> Value {
    let Value::Object(mut all) = metadata(field) else {
        return Value::Null;
    };
    let kept = [
        "name",
        "label",
        "view",
        "view_label",
        "type",
        "category",
        "field_group_label",
        "field_group_variant",
        "is_numeric",
        "hidden",
        "description",
        "tags",
    ];
    all.retain(|key, _| kept.contains(&key.as_str()));
    Value::Object(all)
}
