//! `json_detail` documents, written short.
//!
//! A cell is written as the JSON of its `value`: `5`, `10.50`, `null`, `true`. What is not JSON is
//! text: `2024-01`, `complete`, `1,234`. What starts with `{` is the whole cell, `value` and all.
//! Documents are text from the start, so that every digit reaches the server as it stands here.

use super::field::Field;
use serde_json::{Value, json, value::RawValue};

/// A document under construction.
#[derive(Clone)]
pub struct Doc {
    dimensions: Vec<Field>,
    measures: Vec<Field>,
    calcs: Vec<Field>,
    pivot_fields: Vec<Field>,
    pivots: Vec<String>,
    rows: Vec<String>,
    top: Vec<(String, String)>,
}

/// The row total's key, as Looker writes it.
pub const TOTAL: &str = "$$$_row_total_$$$";

/// A whole document of Looker's newer shape, without rows.
pub fn doc() -> Doc {
    Doc {
        dimensions: Vec::new(),
        measures: Vec::new(),
        calcs: Vec::new(),
        pivot_fields: Vec::new(),
        pivots: Vec::new(),
        rows: Vec::new(),
        top: Vec::new(),
    }
    .top("status", "complete")
    .top("timezone", "UTC")
    .top("has_totals", false)
}

impl Doc {
    /// Adds a dimension.
    pub fn dim(mut self, field: Field) -> Self {
        self.dimensions.push(field);
        self
    }

    /// Adds a measure.
    pub fn measure(mut self, field: Field) -> Self {
        self.measures.push(field);
        self
    }

    /// Adds a table calculation.
    pub fn calc(mut self, field: Field) -> Self {
        self.calcs.push(field);
        self
    }

    /// Adds a pivot field.
    pub fn pivot_field(mut self, field: Field) -> Self {
        self.pivot_fields.push(field);
        self
    }

    /// Adds a pivot column: its key in the rows, and the values it stands for.
    pub fn column(mut self, key: &str, data: Value) -> Self {
        let labels: Value = data
            .as_object()
            .expect("pivot values by field")
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), String::from);
                // Real labels carry HTML: showing one raw would be seen in the tests of labels.
                (name.clone(), Value::from(format!("<a href='#drillmenu'>{text}</a>")))
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let pivot = json!({"key": key, "data": data, "labels": labels, "is_total": false, "sort_values": {}});
        self.pivots.push(pivot.to_string());
        self
    }

    /// Adds the row-total column over the pivot fields so far.
    pub fn total_column(mut self) -> Self {
        let data: serde_json::Map<_, _> = self.pivot_fields.iter().map(|field| (field.name().to_string(), Value::Null)).collect();
        let pivot = json!({"key": TOTAL, "data": data, "is_total": true, "sort_values": {}});
        self.pivots.push(pivot.to_string());
        self.top("has_row_totals", true)
    }

    /// Adds a row: its cells in the order of dimensions, measures and calculations. Fewer cells than
    /// fields leave the last ones absent.
    pub fn row(mut self, cells: &[&str]) -> Self {
        let fields = self.dimensions.iter().chain(&self.measures).chain(&self.calcs);
        let row: Vec<String> = fields.zip(cells).map(|(field, cell)| format!("{}:{}", json!(field.name()), self::cell(cell))).collect();
        self.rows.push(format!("{{{}}}", row.join(",")));
        self
    }

    /// Adds rows.
    pub fn rows(self, rows: &[&[&str]]) -> Self {
        rows.iter().fold(self, |doc, cells| doc.row(cells))
    }

    /// Adds a row as it is, JSON or not.
    pub fn raw_row(mut self, row: &str) -> Self {
        self.rows.push(row.to_string());
        self
    }

    /// Sets a member of the envelope.
    pub fn top(self, name: &str, value: impl Into<Value>) -> Self {
        let value: Value = value.into();
        self.top_raw(name, &value.to_string())
    }

    /// Sets a member of the envelope to JSON text.
    pub fn top_raw(mut self, name: &str, value: &str) -> Self {
        self.top.retain(|(known, _)| known != name);
        self.top.push((name.to_string(), value.to_string()));
        self
    }

    /// Takes members of the envelope away.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.top.retain(|(known, _)| !names.contains(&known.as_str()));
        self
    }

    /// Says when Looker computed it.
    pub fn ran_at(self, instant: &str) -> Self {
        self.top("ran_at", instant)
    }

    /// Says that the row limit cut it.
    pub fn truncated(self) -> Self {
        self.top("truncated", true)
    }

    /// Sets column totals: one cell for each measure and calculation, in that order.
    pub fn totals(self, cells: &[&str]) -> Self {
        let totals: Vec<String> = self
            .measures
            .iter()
            .chain(&self.calcs)
            .zip(cells)
            .map(|(field, cell)| format!("{}:{}", json!(field.name()), self::cell(cell)))
            .collect();
        let totals = format!("{{{}}}", totals.join(","));
        self.top("has_totals", true).top_raw("totals_data", &totals)
    }

    /// The same rows in another order.
    pub fn reversed(mut self) -> Self {
        self.rows.reverse();
        self
    }

    /// The same rows, each `by` places further.
    pub fn rotated(mut self, by: usize) -> Self {
        let places = by % self.rows.len().max(1);
        self.rows.rotate_left(places);
        self
    }

    /// The document as text.
    pub fn text(&self) -> String {
        let list = |fields: &[Field]| fields.iter().map(|field| field.json().clone()).collect::<Vec<_>>();
        let fields = json!({
            "dimensions": list(&self.dimensions), "measures": list(&self.measures),
            "table_calculations": list(&self.calcs), "pivots": list(&self.pivot_fields),
        });
        let mut members: Vec<String> = self.top.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        members.push(format!("\"fields\":{fields}"));
        if !self.pivots.is_empty() {
            members.push(format!("\"pivots\":[{}]", self.pivots.join(",")));
        }
        members.push(format!("\"data\":[{}]", self.rows.join(",")));
        format!("{{{}}}", members.join(","))
    }
}

/// The cell of a pivoted measure: a cell for each pivot key.
pub fn by(cells: &[(&str, &str)]) -> String {
    let cells: Vec<String> = cells.iter().map(|(key, value)| format!("{}:{}", json!(key), cell(value))).collect();
    format!("{{{}}}", cells.join(","))
}

/// A cell from its short form.
pub fn cell(short: &str) -> String {
    if short.starts_with('{') {
        return short.to_string();
    }
    match serde_json::from_str::<&RawValue>(short) {
        Ok(token) if token.get() == short => format!("{{\"value\":{short}}}"),
        _ => format!("{{\"value\":{}}}", json!(short)),
    }
}
