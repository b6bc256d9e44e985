//! Queries, written down in few words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::MODEL;
use crate::query::{Queries, Query, Stored};

/// A query in the making.
#[derive(Debug)]
pub struct Draft(Query);

impl Draft {
    /// A query that is drawn as `chart` and asks for these fields.
    pub fn new(chart: &str, fields: &[&str]) -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let view = fields
            .first()
            .and_then(|field| field.split('.').next())
            .unwrap_or("orders");
        Self(Query {
            model: Some(MODEL.to_owned()),
            view: Some(view.to_owned()),
            fields: Some(names(fields)),
            limit: Some("500".to_owned()),
            column_limit: Some("50".to_owned()),
            vis_config: Some(json!({
                "type": chart,
                "show_view_names": false,
                "x_axis_label": null,
                "y_axes": [],
                "series_labels": {},
                "series_types": {},
                "hidden_fields": [],
                "defaults_version": 1,
            })),
            ..Query::default()
        })
    }

    /// With another explore.
    pub fn of(mut self, explore: &str) -> Self {
        self.0.view = Some(explore.to_owned());
        self
    }

    /// With this field pivoted; it has to be among the fields.
    pub fn pivot(mut self, field: &str) -> Self {
        self.0.pivots.get_or_insert_default().push(field.to_owned());
        self
    }

    /// With a filter of its own.
    pub fn filter(mut self, field: &str, expression: &str) -> Self {
        let filters = self.0.filters.get_or_insert_with(BTreeMap::new);
        filters.insert(field.to_owned(), expression.to_owned());
        self
    }

    /// With the gaps of this field filled.
    pub fn fill(mut self, field: &str) -> Self {
        self.0
            .fill_fields
            .get_or_insert_default()
            .push(field.to_owned());
        self
    }

    /// Sorted by this, after what it is sorted by already.
    pub fn sort(mut self, sort: &str) -> Self {
        self.0.sorts.get_or_insert_default().push(sort.to_owned());
        self
    }

    /// With no more rows than these.
    pub fn limit(mut self, limit: &str) -> Self {
        self.0.limit = Some(limit.to_owned());
        self
    }

    /// With totals of columns and, where rows are to have them too, of rows.
    pub fn totals(mut self, rows: bool) -> Self {
        self.0.total = Some(true);
        self.0.row_total = rows.then(|| "right".to_owned());
        self
    }

    /// With days that begin in this zone.
    pub fn zone(mut self, zone: &str) -> Self {
        self.0.query_timezone = Some(zone.to_owned());
        self
    }

    /// With table calculations: name, label, formula and the name of a format.
    pub fn calculate(mut self, calculations: &[(&str, &str, &str, Option<&str>)]) -> Self {
        let all: Vec<Value> = calculations
            .iter()
            .map(|(name, label, expression, format)| {
                json!({
                    "table_calculation": name,
                    "label": label,
                    "expression": expression,
                    "value_format": null,
                    "value_format_name": format,
                    "_kind_hint": "measure",
                    "_type_hint": if name.starts_with("verdict") { "string" } else { "number" },
                    "is_disabled": false,
                    "category": "table_calculation",
                })
            })
            .collect();
        self.0.dynamic_fields = Some(Value::Array(all).to_string());
        self
    }

    /// With more about how it is drawn.
    pub fn drawn(mut self, more: Value) -> Self {
        if let (Some(Value::Object(all)), Value::Object(more)) = (&mut self.0.vis_config, more) {
            all.extend(more);
        }
        self
    }

    /// The query, put among the others.
    pub fn put(self, queries: &Queries) -> Arc<Stored> {
        queries.put(self.0)
    }
}
