//! The `format` control.

mod support;

use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{Case, months};

fn case(number: &str, field: Value, vis: Value) -> Case {
    let mut body = months(&[("2024-01", json!("HERE"))]);
    let measure = &mut body["fields"]["measures"][0];
    for (key, value) in field.as_object().into_iter().flatten() {
        measure[key] = value.clone();
    }
    Case::raw(Layout::Axis, body.to_string().replace("\"HERE\"", number)).vis(vis)
}

#[test]
fn the_format_to_go_by() {
    let series = |format: Value| json!({"series_value_format": {"sales.count": format}});
    for (number, field, vis, expected) in [
        ("0.995", json!({"value_format": "0.0%"}), json!({}), "99.5"),
        ("0.07", json!({"value_format": "0%"}), json!({}), "7"),
        ("0.0700", json!({"value_format": "0%"}), json!({}), "7.00"),
        ("250", json!({"value_format": "0%"}), json!({}), "25000"),
        ("99.5", json!({"value_format": "0.0\\%"}), json!({}), "99.5"),
        ("0.5", json!({"value_format": "0.0\"%\""}), json!({}), "0.5"),
        ("0.995", json!({}), json!({}), "99.5"),
        ("-1.5", json!({}), json!({}), "-150"),
        ("1.5000001", json!({}), json!({}), "Ambiguous format"),
        (
            "98",
            json!({"value_format": "$0"}),
            json!({}),
            "Ambiguous format",
        ),
        ("0.98", json!({"value_format": "$0"}), json!({}), "98"),
        (
            "2",
            json!({"value_format_name": "percent_1"}),
            json!({}),
            "200",
        ),
        (
            "2",
            json!({"value_format_name": "decimal_1"}),
            json!({}),
            "Ambiguous format",
        ),
        (
            "2",
            json!({"value_format": "0\\%", "value_format_name": "percent_1"}),
            json!({}),
            "Ambiguous format",
        ),
        (
            "0.5",
            json!({"value_format": "0%;0"}),
            json!({}),
            "Ambiguous format",
        ),
        (
            "0.5",
            json!({"value_format": "0%%"}),
            json!({}),
            "Ambiguous format",
        ),
        // The series' format comes first, then the tile's, then the field's.
        (
            "2",
            json!({"value_format": "0%"}),
            series(json!("0\\%")),
            "2",
        ),
        (
            "2",
            json!({"value_format": "0%"}),
            series(json!({"format_string": "0\\%"})),
            "2",
        ),
        ("2", json!({}), series(json!({"name": "percent_0"})), "200"),
        ("2", json!({"value_format": "0%"}), series(json!("")), "200"),
        (
            "2",
            json!({"value_format": "0%"}),
            json!({"value_format": "0\\%"}),
            "2",
        ),
        (
            "2",
            json!({"value_format": "0%"}),
            json!({"value_format": ""}),
            "200",
        ),
        (
            "2",
            json!({"value_format": "0\\%"}),
            json!({"value_format": "0", "series_value_format": {"sales.count": "0%"}}),
            "200",
        ),
        (
            "2",
            json!({"value_format": "0%"}),
            json!({"series_value_format": {"other": "0\\%"}}),
            "200",
        ),
    ] {
        let expected = if expected.contains(' ') {
            expected.to_owned()
        } else {
            format!("{expected}@2024-01")
        };
        let case = case(number, field, vis);
        case.check(&[("format", "percentage")], &expected);
        case.check(&[("format", "exact")], &format!("{number}@2024-01"));
        case.check(&[], &format!("{number}@2024-01"));
    }
}

#[test]
fn times_100_asks_nothing() {
    for (number, expected) in [
        ("98", "9800"),
        ("0.07", "7"),
        ("1e-2", "1"),
        ("-0.001", "-0.1"),
    ] {
        case(number, json!({"value_format": "0\\%"}), json!({}))
            .check(&[("format", "times-100")], &format!("{expected}@2024-01"));
    }
}
