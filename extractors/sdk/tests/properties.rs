//! What holds of every document, and of every number.

#![allow(
    clippy::unwrap_used,
    reason = "the lint knows tests by their attribute, and these are helpers of tests"
)]

mod support;

use lensmount_sdk::cell::Cell;
use lensmount_sdk::chart::FailureCode;
use lensmount_sdk::decimal::Decimal;
use lensmount_sdk::json::{Token, quoted};
use lensmount_sdk::layout::Layout;
use lensmount_sdk::reader;
use lensmount_sdk::table::Column;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{Case, dimension, measure, told};

/// Names with what JSON escapes, and what Looker puts into its own keys.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}\\.[a-z]{1,4}",
        Just("value".to_owned()),
        Just("a\"b\\c\n".to_owned()),
        Just("größe|FIELD|0".to_owned()),
        Just("\u{1F600}".to_owned()),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1.0e6..1.0e6_f64).prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A cell with whatever Looker may put beside its value.
fn cell() -> impl Strategy<Value = Value> {
    (
        scalar(),
        prop::option::of("[ -~]{0,6}"),
        prop::collection::btree_map("links|html|sort_value", anything(), 0..3),
    )
        .prop_map(|(value, rendered, more)| {
            let mut cell: Map<String, Value> = more.into_iter().collect();
            cell.insert("value".to_owned(), value);
            if let Some(rendered) = rendered {
                cell.insert("rendered".to_owned(), rendered.into());
            }
            Value::Object(cell)
        })
}

#[derive(Clone, Debug)]
struct Made {
    names: Vec<String>,
    pivoted: Vec<bool>,
    body: Value,
}

/// A result of some columns, flat and pivoted, with cells missing here and there.
fn document() -> impl Strategy<Value = Made> {
    let columns = prop::collection::btree_map(name(), any::<bool>(), 1..5);
    (columns, prop::collection::btree_set(name(), 1..4)).prop_flat_map(|(columns, keys)| {
        let names: Vec<_> = columns.keys().cloned().collect();
        let pivoted: Vec<_> = columns.values().copied().collect();
        let cells: Vec<_> = pivoted
            .iter()
            .map(|pivoted| {
                if *pivoted {
                    let keys: Vec<_> = keys.iter().cloned().collect();
                    let inner = prop::collection::btree_map(prop::sample::select(keys), cell(), 0..4);
                    prop::option::weighted(0.9, inner.prop_map(|map| Value::Object(map.into_iter().collect()))).boxed()
                } else {
                    prop::option::weighted(0.9, cell()).boxed()
                }
            })
            .collect();
        let rows = prop::collection::vec(cells, 0..6);
        (Just(names), Just(pivoted), rows, prop::collection::btree_map("sql|id|links", anything(), 0..3)).prop_map(
            |(names, pivoted, rows, more)| {
                let rows: Vec<Value> = rows
                    .into_iter()
                    .map(|row| {
                        let cells = names.iter().cloned().zip(row).filter_map(|(name, cell)| Some((name, cell?)));
                        Value::Object(cells.collect())
                    })
                    .collect();
                let mut body: Map<String, Value> = more.into_iter().collect();
                let (dimensions, measures): (Vec<_>, Vec<_>) =
                    names.iter().zip(&pivoted).partition(|(_, pivoted)| !**pivoted);
                body.insert("fields".to_owned(), json!({
                    "dimensions": dimensions.iter().map(|(name, _)| json!({"name": name})).collect::<Vec<_>>(),
                    "measures": measures.iter().map(|(name, _)| json!({"name": name})).collect::<Vec<_>>(),
                    "pivots": [{"name": "the pivot"}],
                }));
                body.insert("data".to_owned(), rows.into());
                Made { names, pivoted, body: Value::Object(body) }
            },
        )
    })
}

impl Made {
    fn columns(&self) -> Vec<Column<'static>> {
        let pairs = self.names.iter().zip(&self.pivoted);
        pairs
            .map(|(name, pivoted)| Column {
                name: name.clone().into(),
                pivoted: *pivoted,
            })
            .collect()
    }

    /// The document as text, with some keys written by escapes and the members in either order.
    fn text(&self, rows_first: bool, pretty: bool, twice: bool) -> String {
        let write = |value: &Value| {
            if pretty {
                format!("{value:#}")
            } else {
                value.to_string()
            }
        };
        let mut members: Vec<_> = self
            .body
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), format!("{}: {}", escaped(key), write(value))))
            .collect();
        members.sort_by_key(|(key, _)| match key.as_str() {
            "data" => i32::from(!rows_first) * 2,
            _ => 1,
        });
        let mut members: Vec<_> = members.into_iter().map(|(_, text)| text).collect();
        if twice {
            members.insert(
                0,
                r#""data": [{"gone": {"value": 1}}], "fields": {"measures": []}"#.to_owned(),
            );
        }
        format!("{{{}}}", members.join(","))
    }
}

/// A key with its first letter as an escape.
fn escaped(key: &str) -> String {
    let first = key.chars().next().unwrap_or('x');
    format!(
        "\"\\u{:04x}{}\"",
        u32::from(first),
        key.chars().skip(1).collect::<String>()
    )
}

/// What one JSON value is, read by the other reader.
fn value(token: lensmount_sdk::json::Token<'_>) -> Value {
    serde_json::from_str(token.raw()).unwrap()
}

proptest! {
    #[test]
    fn the_reader_agrees_with_another(made in document(), rows_first: bool, pretty: bool, twice: bool) {
        let text = made.text(rows_first, pretty, twice);
        let other: Value = serde_json::from_str(&text).unwrap();
        let columns = |_: &_| made.columns();
        let document = reader::read(text.as_bytes(), columns).unwrap();
        let rows = other["data"].as_array().unwrap();
        prop_assert_eq!(document.table.rows(), rows.len());
        for (place, row) in rows.iter().enumerate() {
            for (column, name) in made.names.iter().enumerate() {
                let read = document.table.cell(place, column);
                match (row.get(name), read) {
                    (None, Cell::Absent) => {}
                    (Some(expected), Cell::Flat(cell)) => {
                        prop_assert!(!made.pivoted[column]);
                        prop_assert_eq!(&value(cell.value), &expected["value"]);
                        let rendered = cell.rendered.map_or(Value::Null, value);
                        prop_assert_eq!(&rendered, &expected["rendered"]);
                    }
                    (Some(expected), Cell::Pivoted(cells)) => {
                        let expected = expected.as_object().unwrap();
                        prop_assert_eq!(cells.len(), expected.len());
                        for (key, cell) in expected {
                            prop_assert_eq!(&value(read.under(key).unwrap().value), &cell["value"]);
                        }
                    }
                    (expected, read) => prop_assert!(false, "{expected:?} read as {read:?}"),
                }
            }
        }
    }

    #[test]
    fn a_part_is_never_a_document(made in document(), rows_first: bool, cut in 0.0..1.0_f64) {
        let text = made.text(rows_first, false, false);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let place = (cut * text.len() as f64) as usize;
        let columns = |_: &_| made.columns();
        let failure = reader::read(&text.as_bytes()[..place], columns).unwrap_err();
        prop_assert_eq!(failure.code, FailureCode::Malformed);
    }

    #[test]
    fn anything_at_all_is_read_or_refused(body in anything(), selection in prop::collection::vec((name(), "[ -~]{0,12}"), 0..3)) {
        for layout in [Layout::Axis, Layout::Table, Layout::Single] {
            let case = Case::new(layout, body.clone());
            let chosen: Vec<_> = selection.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert!(case.read(&chosen).is_err());
        }
    }

    #[test]
    fn decimals_come_back(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?") {
        let decimal = Decimal::parse(&text).unwrap();
        prop_assert_eq!(Decimal::parse(&decimal.to_string()).unwrap(), decimal.clone());
        // A float may be off by a rounding, never by more.
        let (ours, theirs) = (decimal.to_string().parse::<f64>().unwrap(), text.parse::<f64>().unwrap());
        prop_assert!(ours == theirs, "{} {}", ours, theirs);
    }

    #[test]
    fn a_hundredfold_is_exact(units in -1_000_000_000_000_i64..1_000_000_000_000, places in 0_usize..12) {
        let plain = |units: i128, places: usize| {
            let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            let sign = if units < 0 { "-" } else { "" };
            if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        };
        let (units, less) = (i128::from(units), places.min(2));
        let expected = plain(units * 10_i128.pow(2 - u32::try_from(less).unwrap()), places - less);
        let decimal = Decimal::parse(&plain(units, places)).unwrap();
        let within = 2 * units.unsigned_abs() <= 3 * 10_u128.pow(u32::try_from(places).unwrap());
        prop_assert_eq!(decimal.is_at_most_one_and_a_half(), within);
        prop_assert_eq!(decimal.times_100().to_string(), expected);
    }

    #[test]
    fn texts_are_written_and_read_as_serde_json_does(text: String, units in prop::collection::vec(any::<u16>(), 0..4)) {
        let written = quoted(&text);
        prop_assert_eq!(&written, &serde_json::to_string(&text).unwrap());
        prop_assert_eq!(Token::parse(&written).and_then(Token::string), Some(text.as_str().into()));
        // Units of UTF-16, pairs and halves of them among the others.
        let near = |unit: &u16| if unit.is_multiple_of(3) { 0xd800 | unit & 0x7ff } else { *unit };
        let escapes: String = units.iter().map(|unit| format!("\\u{:04x}", near(unit))).collect();
        let written = format!("\"{escapes}\\n\\/\"");
        let theirs: Option<String> = serde_json::from_str(&written).ok();
        prop_assert_eq!(Token::parse(&written).and_then(Token::string).map(|text| text.into_owned()), theirs);
    }

    #[test]
    fn columns_are_found_in_any_order(
        order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
        months in Just((1..6_i64).collect::<Vec<_>>()).prop_shuffle(),
        wanted in 0..4_usize,
        sorted_by: bool,
    ) {
        let statuses = ["open", "won", "lost", ""];
        let key = |status: usize| if sorted_by { format!("{}|FIELD|{status}", statuses[status]) } else { format!("k{status}") };
        let pivots: Vec<_> = order.iter().map(|status| json!({"key": key(*status), "data": {"s": statuses[*status]}})).collect();
        let rows: Vec<_> = months.iter().map(|month| {
            let cells: Map<_, _> = order.iter().rev()
                .map(|status| (key(*status), json!({"value": month * 10 + i64::try_from(*status).unwrap()})))
                .collect();
            json!({"m": {"value": format!("2020-{month:02}")}, "n": cells})
        }).collect();
        let body = json!({
            "pivots": pivots, "data": rows,
            "fields": {"measures": [measure("n")], "dimensions": [dimension("m", "date_month")], "pivots": [dimension("s", "string")]},
        });
        let case = Case::new(Layout::Table, body);
        let pivot = json!({"s": statuses[wanted]}).to_string();
        let outcome = told(&case.read(&[("pivot", &pivot)]));
        prop_assert_eq!(outcome, format!("{}@2020-05", 50 + wanted));
        let outcome = told(&case.read(&[("pivot", &pivot), ("at", "2020-02")]));
        prop_assert_eq!(outcome, format!("{}@2020-02", 20 + wanted));
    }
}
