//! What a result says about its fields.

use serde_json::{Value, json};

use super::{Dimension, Field, Kind, Measure, Timeframe, View};

/// The metadata of a field, as `json_detail` has it.
pub fn metadata(field: Field) -> Value {
    let (_, label) = field.names();
    let view_label = field.view.label();
    let is_measure = field.measure().is_some();
    let (value_format, value_format_name) = formats(field);
    let variant = label.strip_prefix("Created ").unwrap_or(&label).to_owned();
    let timeframe = field.timeframe();
    let mut metadata = json!({
        "name": field.to_string(),
        "label": format!("{view_label} {label}"),
        "label_short": label,
        "view": field.view.name(),
        "view_label": view_label,
        "type": kind(field),
        "category": if is_measure { "measure" } else { "dimension" },
        "measure": is_measure,
        "dynamic": false,
        "hidden": false,
        "is_filter": false,
        "is_numeric": is_numeric(field),
        "is_timeframe": timeframe.is_some_and(|timeframe| timeframe != Timeframe::DayOfWeek),
        "is_fiscal": false,
        "fiscal_month_offset": 0,
        "week_start_day": "monday",
        "time_interval": timeframe.and_then(interval),
        "dimension_group": timeframe.map(|_| format!("{}.created", field.view.name())),
        "field_group_label": timeframe.map(|_| "Created Date"),
        "field_group_variant": variant,
        "value_format": value_format,
        "value_format_name": value_format_name,
        "strict_value_format": false,
        "align": if is_measure { "right" } else { "left" },
        "fill_style": timeframe.map(|_| "range"),
    });
    let origin = origin(field);
    if let (Value::Object(all), Value::Object(origin)) = (&mut metadata, origin) {
        all.extend(origin);
    }
    if timeframe.is_some() {
        metadata["datatype"] = json!("timestamp");
        metadata["convert_tz"] = json!(true);
    }
    metadata
}

/// What is said of where a field comes from and what can be done with it.
fn origin(field: Field) -> Value {
    let can_suggest = field.measure().is_none() && field.timeframe().is_none();
    json!({
        "tags": [],
        "description": null,
        "error": null,
        "enumerations": null,
        "suggestions": null,
        "suggestable": can_suggest,
        "sql": sql(field),
        "lookml_link": format!("/projects/shop/files/{}.view.lkml", field.view.name()),
        "can_filter": true,
        "sortable": true,
        "primary_key": false,
        "permanent": true,
        "period_over_period_params": null,
        "project_name": "shop",
        "scope": field.view.name(),
        "source_file": format!("shop/{}.view.lkml", field.view.name()),
        "user_attribute_filter_types": filter_types(field),
        "requires_refresh_on_sort": false,
    })
}

/// Looker's names for types.
fn kind(field: Field) -> &'static str {
    match field.kind {
        Kind::Dimension(Dimension::Created(timeframe)) => match timeframe {
            Timeframe::Hour => "date_hour",
            Timeframe::Date => "date_date",
            Timeframe::Week => "date_week",
            Timeframe::Month => "date_month",
            Timeframe::Quarter => "date_quarter",
            Timeframe::Year => "date_year",
            Timeframe::DayOfWeek => "date_day_of_week",
        },
        Kind::Dimension(_) => "string",
        Kind::Measure(Measure::Count | Measure::CompleteCount) => "count",
        Kind::Measure(Measure::Revenue | Measure::Forecast) => "sum",
        Kind::Measure(Measure::AverageValue) => "average",
        Kind::Measure(Measure::CompletionRate | Measure::CompletionPercent) => "number",
        Kind::Measure(Measure::TopRegion) => "string",
    }
}

fn is_numeric(field: Field) -> bool {
    match field.kind {
        Kind::Dimension(dimension) => dimension == Dimension::Created(Timeframe::Year),
        Kind::Measure(measure) => measure != Measure::TopRegion,
    }
}

fn interval(timeframe: Timeframe) -> Option<Value> {
    let (name, count) = match timeframe {
        Timeframe::Hour => ("hour", 1),
        Timeframe::Date => ("day", 1),
        Timeframe::Week => ("week", 1),
        Timeframe::Month => ("month", 1),
        Timeframe::Quarter => ("month", 3),
        Timeframe::Year => ("year", 1),
        Timeframe::DayOfWeek => return None,
    };
    Some(json!({"name": name, "count": count}))
}

/// The format of a field's values, and its name in LookML.
fn formats(field: Field) -> (Option<&'static str>, Option<&'static str>) {
    (
        format_of(field),
        match field.measure() {
            Some(Measure::Revenue | Measure::AverageValue) => Some("usd"),
            Some(Measure::CompletionRate) => Some("percent_1"),
            _ => None,
        },
    )
}

/// The format of a field's values.
pub fn format_of(field: Field) -> Option<&'static str> {
    match field.measure()? {
        Measure::Revenue | Measure::AverageValue => Some("$#,##0.00"),
        Measure::CompletionRate => Some("#,##0.0%"),
        Measure::CompletionPercent => Some("0.00\"%\""),
        Measure::Forecast => Some("#,##0"),
        Measure::Count | Measure::CompleteCount | Measure::TopRegion => None,
    }
}

fn sql(field: Field) -> String {
    let (name, _) = field.names();
    match field.kind {
        Kind::Dimension(Dimension::Created(_)) => "${TABLE}.created_at".to_owned(),
        Kind::Dimension(_) => format!("${{TABLE}}.{name}"),
        Kind::Measure(_) => match field.view {
            View::Orders => format!("{name}(${{TABLE}}.id)"),
            View::Visits => format!("{name}(${{TABLE}}.visit_id)"),
        },
    }
}

fn filter_types(field: Field) -> Value {
    match field.kind {
        Kind::Dimension(Dimension::Created(_)) => json!(["datetime", "advanced_filter_datetime"]),
        Kind::Dimension(_) => json!(["string", "advanced_filter_string"]),
        Kind::Measure(_) => json!(["number", "advanced_filter_number"]),
    }
}
