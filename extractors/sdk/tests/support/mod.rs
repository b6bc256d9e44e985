//! What the tests share: results made in code, and short ways to read them.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(
    clippy::unwrap_used,
    reason = "the lint knows tests by their attribute, and these are helpers of tests"
)]

use lensmount_sdk::chart::{Control, ControlKind, Failure, FailureCode, Offering, Reading, Tile};
use lensmount_sdk::layout::Layout;
use lensmount_sdk::{outline, reading, series};
use serde_json::{Value, json};

/// A result, with what surrounds it when it is read.
pub struct Case {
    pub body: String,
    pub query: Value,
    pub context: Vec<(String, String)>,
    pub layout: Layout,
}

impl Case {
    pub fn new(layout: Layout, body: Value) -> Self {
        Self::raw(layout, body.to_string())
    }

    pub fn raw(layout: Layout, body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            query: json!({}),
            context: Vec::new(),
            layout,
        }
    }

    pub fn vis(mut self, vis: Value) -> Self {
        self.query["vis_config"] = vis;
        self
    }

    pub fn query(mut self, query: Value) -> Self {
        self.query = query;
        self
    }

    pub fn now(self, now: &str) -> Self {
        self.context("now", now)
    }

    pub fn context(mut self, name: &str, value: &str) -> Self {
        self.context.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn tile(&self) -> Tile {
        Tile {
            body: self.body.clone().into_bytes(),
            query: self.query.to_string().into_bytes(),
            context: self.context.clone(),
        }
    }

    pub fn read(&self, selection: &[(&str, &str)]) -> Result<Reading, Failure> {
        reading::read(&self.tile(), &chosen(selection), self.layout)
    }

    pub fn series(&self, selection: &[(&str, &str)]) -> Result<Vec<Reading>, Failure> {
        series::series(&self.tile(), &chosen(selection), self.layout)
    }

    pub fn outline(&self, selection: &[(&str, &str)]) -> Result<Offering, Failure> {
        outline::outline(&self.tile(), &chosen(selection), self.layout)
    }

    /// `value@x`, or the failure's code and the control to blame.
    #[track_caller]
    pub fn check(&self, selection: &[(&str, &str)], expected: &str) {
        assert_eq!(
            told(&self.read(selection)),
            expected,
            "{selection:?} of {}",
            self.body
        );
    }

    /// The readings of the series, or the failure.
    #[track_caller]
    pub fn check_series(&self, selection: &[(&str, &str)], expected: &str) {
        let told = match self.series(selection) {
            Ok(readings) => readings
                .into_iter()
                .map(|reading| told(&Ok(reading)))
                .collect::<Vec<_>>()
                .join(" "),
            Err(failure) => told(&Err(failure)),
        };
        assert_eq!(told, expected, "{selection:?} of {}", self.body);
    }

    pub fn notes(&self, selection: &[(&str, &str)]) -> Vec<String> {
        self.read(selection)
            .unwrap()
            .notes
            .into_iter()
            .map(|note| note.code)
            .collect()
    }
}

fn chosen(selection: &[(&str, &str)]) -> Vec<(String, String)> {
    selection
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn told(outcome: &Result<Reading, Failure>) -> String {
    match outcome {
        Ok(reading) => match &reading.at {
            Some(at) => format!("{}@{at}", reading.value),
            None => reading.value.clone(),
        },
        Err(failure) => {
            assert!(
                failure.message.ends_with(['.', ')']) || failure.code == FailureCode::Internal,
                "{}",
                failure.message
            );
            let code = format!("{:?}", failure.code);
            let code = code.trim_start_matches("FailureCode::");
            match &failure.control {
                Some(control) => format!("{code} {control}"),
                None => code.to_owned(),
            }
        }
    }
}

pub fn control<'o>(offering: &'o Offering, name: &str) -> Option<&'o Control> {
    offering
        .controls
        .iter()
        .find(|control| control.name == name)
}

/// The values of a control's choices; a group stands before its colon.
pub fn values(offering: &Offering, name: &str) -> Vec<String> {
    let Some(ControlKind::Choice(choices)) = control(offering, name).map(|control| &control.kind)
    else {
        return Vec::new();
    };
    choices
        .iter()
        .map(|choice| match &choice.group {
            Some(group) => format!("{group}: {}", choice.value),
            None => choice.value.clone(),
        })
        .collect()
}

pub fn labels(offering: &Offering, name: &str) -> Vec<String> {
    let Some(ControlKind::Choice(choices)) = control(offering, name).map(|control| &control.kind)
    else {
        return Vec::new();
    };
    choices.iter().map(|choice| choice.label.clone()).collect()
}

/// All defaults, with the first choice of each required control that has none.
pub fn first_choices(offering: &Offering) -> Vec<(String, String)> {
    let mut selection = Vec::new();
    for control in &offering.controls {
        let ControlKind::Choice(choices) = &control.kind else {
            continue;
        };
        let first = || choices.first().map(|choice| choice.value.clone());
        if let Some(value) = control
            .default
            .clone()
            .or_else(|| first().filter(|_| control.required))
        {
            selection.push((control.name.clone(), value));
        }
    }
    selection
}

pub fn measure(name: &str) -> Value {
    json!({"name": name, "label": format!("Shop {name}"), "label_short": name, "type": "count",
           "category": "measure", "measure": true, "is_numeric": true, "value_format": null})
}

pub fn dimension(name: &str, kind: &str) -> Value {
    json!({"name": name, "label": format!("Shop {name}"), "label_short": name, "type": kind, "measure": false,
           "is_numeric": kind == "number", "is_timeframe": kind.starts_with("date")})
}

pub fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// A result with a month axis and a count, newest first.
pub fn months(points: &[(&str, Value)]) -> Value {
    flat(dimension("sales.month", "date_month"), points)
}

/// A result with one dimension and one measure.
pub fn flat(along: Value, points: &[(&str, Value)]) -> Value {
    let points: Vec<_> = points.iter().map(|(x, y)| (json!(x), y.clone())).collect();
    flat_json(along, &points)
}

pub fn flat_json(along: Value, points: &[(Value, Value)]) -> Value {
    let name = along["name"].as_str().unwrap().to_owned();
    let rows: Vec<_> = points
        .iter()
        .map(|(x, y)| json!({name.as_str(): {"value": x}, "sales.count": {"value": y}}))
        .collect();
    json!({
        "ran_at": "2024-03-10T12:00:00+00:00", "timezone": "UTC",
        "fields": {"measures": [measure("sales.count")], "dimensions": [along], "table_calculations": [], "pivots": []},
        "data": rows,
    })
}

/// A result with months down the rows and a status across the columns, with row totals.
pub fn pivoted() -> Value {
    let pivot = |value: Value, key: &str| json!({"key": key, "data": {"sales.status": value}, "is_total": false});
    let row =
        |month: &str, cells: Value| json!({"sales.month": {"value": month}, "sales.count": cells});
    json!({
        "ran_at": "2024-03-10T12:00:00+00:00", "timezone": "UTC",
        "fields": {
            "measures": [measure("sales.count")],
            "dimensions": [dimension("sales.month", "date_month")],
            "table_calculations": [],
            "pivots": [dimension("sales.status", "string")],
        },
        "pivots": [
            pivot(json!("open"), "open|FIELD|1"), pivot(json!("won"), "won|FIELD|2"),
            pivot(Value::Null, "sales.status___null"),
            {"key": "$$$_row_total_$$$", "data": {"sales.status": null}, "is_total": true},
        ],
        "data": [
            row("2024-02", json!({"open|FIELD|1": {"value": 5}, "won|FIELD|2": {"value": null}, "$$$_row_total_$$$": {"value": 6}})),
            row("2024-01", json!({"open|FIELD|1": {"value": 3}, "won|FIELD|2": {"value": 4}, "sales.status___null": {"value": 1}, "$$$_row_total_$$$": {"value": 8}})),
        ],
        "totals_data": {"sales.month": {"value": null}, "sales.count": {"open|FIELD|1": {"value": 8}, "won|FIELD|2": {"value": 4}, "$$$_row_total_$$$": {"value": 14}}},
    })
}
