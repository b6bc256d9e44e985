//! Field metadata as Looker sends it (facts 3.2), made up for the tests.

use serde_json::{Value, json};

/// One entry of `fields.dimensions`, `.measures`, `.table_calculations` or `.pivots`.
#[derive(Clone)]
pub struct Field {
    json: Value,
}

impl Field {
    fn new(json: Value) -> Self {
        Self { json }
    }

    /// The same with one attribute set.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.json[key] = value.into();
        self
    }

    /// The same without some attributes, as older releases send it.
    pub fn without(mut self, keys: &[&str]) -> Self {
        let object = self.json.as_object_mut().expect("a field is an object");
        object.retain(|key, _| !keys.contains(&key.as_str()));
        self
    }

    /// The same with a model's number format.
    pub fn format(self, format: &str) -> Self {
        self.with("value_format", format)
    }

    /// The same, named as the first sort key.
    pub fn sorted(self, desc: bool) -> Self {
        self.with("sorted", json!({"sort_index": 0, "desc": desc}))
    }

    /// The key of its cells.
    pub fn name(&self) -> &str {
        self.json["name"].as_str().unwrap_or_default()
    }

    /// As JSON.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

/// "sales.created_month" reads "Sales Created Month", and "Created Month" for short.
fn labels(name: &str) -> (String, String) {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    };
    let words = |text: &str| text.split('_').map(word).collect::<Vec<_>>().join(" ");
    match name.split_once('.') {
        Some((view, column)) => (format!("{} {}", words(view), words(column)), words(column)),
        None => (words(name), words(name)),
    }
}

fn common(name: &str, kind: &str, category: &str) -> Value {
    let (label, short) = labels(name);
    json!({
        "name": name, "label": label, "label_short": short, "type": kind, "category": category,
        "measure": category == "measure", "view": name.split('.').next(), "view_label": null,
        "is_numeric": false, "is_timeframe": false, "is_fiscal": false, "time_interval": null,
        "fiscal_month_offset": 0, "week_start_day": "monday", "value_format": null,
        "hidden": false, "sortable": true, "dynamic": false, "sorted": null, "tags": [],
    })
}

/// A text dimension.
pub fn text(name: &str) -> Field {
    Field::new(common(name, "string", "dimension"))
}

/// A number dimension: an age, a size, a year that is no date.
pub fn number(name: &str) -> Field {
    Field::new(common(name, "number", "dimension")).with("is_numeric", true)
}

/// A yes/no dimension.
pub fn yesno(name: &str) -> Field {
    Field::new(common(name, "yesno", "dimension"))
}

/// A time dimension of a timeframe such as `month`, `date`, `day_of_week`.
pub fn time(name: &str, frame: &str) -> Field {
    let (unit, count) = match frame {
        "millisecond" | "second" | "minute" | "hour" | "week" | "month" | "quarter" | "year" => (frame, 1),
        "date" => ("day", 1),
        "time" | "raw" => ("second", 1),
        "fiscal_quarter" => ("quarter", 1),
        "fiscal_year" => ("year", 1),
        _ => ("", 0),
    };
    let interval = (count > 0).then(|| json!({"name": unit, "count": count}));
    Field::new(common(name, &format!("date_{frame}"), "dimension"))
        .with("is_timeframe", true)
        .with("is_fiscal", frame.starts_with("fiscal"))
        .with("time_interval", interval)
}

/// A month dimension, the commonest x axis.
pub fn month(name: &str) -> Field {
    time(name, "month")
}

/// A count.
pub fn count(name: &str) -> Field {
    Field::new(common(name, "count", "measure")).with("is_numeric", true)
}

/// A measure of another type: `average`, `sum`, `string`, `date`…
pub fn measure(name: &str, kind: &str) -> Field {
    let numeric = !matches!(kind, "string" | "date" | "yesno" | "list");
    Field::new(common(name, kind, "measure")).with("is_numeric", numeric)
}

/// A table calculation: a bare name, no view, no short label. `like` is "measure" or "dimension".
pub fn calc(name: &str, kind: &str, like: &str) -> Field {
    let (label, _) = labels(name);
    Field::new(json!({
        "name": name, "label": label, "expression": "${sales.count} * 2", "can_pivot": true,
        "sortable": true, "type": kind, "align": "right", "measure": like == "measure",
        "is_table_calculation": true, "dynamic": true, "value_format": null,
        "is_numeric": kind == "number",
    }))
}
