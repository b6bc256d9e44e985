//! What is read of a document: whole ones only, and Looker's complaints first.

mod support;

use lensmount_sdk::envelope::{self, Envelope};
use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{Case, dimension, flat, flat_json, measure, months, with};

fn axis(body: Value) -> Case {
    Case::new(Layout::Axis, body)
}

#[test]
fn other_than_a_whole_result_is_malformed() {
    let fields = r#"{"measures":[{"name":"c"}],"dimensions":[{"name":"d","type":"date_month"}]}"#;
    for body in [
        String::new(),
        "   ".to_owned(),
        "null".to_owned(),
        "3".to_owned(),
        r#""text""#.to_owned(),
        "<html><body>502</body></html>".to_owned(),
        "[]".to_owned(),
        r#"[{"sales.count":773}]"#.to_owned(),
        "[1,".to_owned(),
        "{}".to_owned(),
        format!(r#"{{"fields":{fields}}}"#),
        format!(r#"{{"fields":{fields},"data":null}}"#),
        format!(r#"{{"fields":{fields},"data":{{}}}}"#),
        format!(r#"{{"fields":{fields},"data":"x"}}"#),
        r#"{"fields":[],"data":[]}"#.to_owned(),
        r#"{"fields":null,"data":[]}"#.to_owned(),
        r#"{"data":[]}"#.to_owned(),
        r#"{"fields":{"measures":{}},"data":[]}"#.to_owned(),
        r#"{"fields":{"measures":[3]},"data":[]}"#.to_owned(),
        r#"{"fields":{"measures":[{"label":"no name"}]},"data":[]}"#.to_owned(),
        format!(r#"{{"fields":{fields},"data":[3]}}"#),
        format!(r#"{{"fields":{fields},"data":[null]}}"#),
        format!(r#"{{"fields":{fields},"data":[{{"c":773,"d":{{"value":"2017-07"}}}}]}}"#),
        format!(r#"{{"fields":{fields},"data":[{{"c":null,"d":{{"value":"2017-07"}}}}]}}"#),
        format!(
            r#"{{"fields":{fields},"data":[{{"c":{{"rendered":"1"}},"d":{{"value":"2017-07"}}}}]}}"#
        ),
        format!(r#"{{"fields":{fields},"data":[{{"c":{{}},"d":{{"value":"2017-07"}}}}]}}"#),
        format!(r#"{{"data":[3],"fields":{fields}}}"#),
        format!(r#"{{"fields":{fields},"data":[]}} x"#),
        format!(r#"{{"fields":{fields},"data":[]}}{{}}"#),
        format!(r#"{{"fields":{fields},"data":[{{"c":{{"value":01}}}}]}}"#),
        format!(r#"{{"fields":{fields},"data":[{{"c":{{"value":NaN}}}}]}}"#),
        format!(r#"{{"fields":{fields},"data":[],}}"#),
    ] {
        Case::raw(Layout::Axis, body).check(&[], "Malformed");
    }
    let mut tile = axis(months(&[("2017-07", json!(1))])).tile();
    tile.body[5] = 0xff;
    let read = lensmount_sdk::reading::read(&tile, &[], Layout::Axis);
    assert_eq!(support::told(&read), "Malformed");
    axis(months(&[])).query(json!("x")).check(&[], "Malformed");
}

#[test]
fn what_parts_the_members_of_a_row_is_looked_at_whatever_rows_came_before() {
    let fields = r#"{"measures":[{"name":"c"}],"dimensions":[{"name":"d","type":"date_month"}]}"#;
    let (c, d) = (r#""c":{"value":1}"#, r#""d":{"value":"2017-07"}"#);
    let before = format!(r#"{{{c},{d}}},{{"d":{{"value":"2017-06"}}}}"#);
    for (row, outcome) in [
        (format!("{{{c}}}"), "1@2017-07"),
        (format!("{{{c},}}"), "Malformed"),
        (format!("{{,{c}}}"), "Malformed"),
        (format!("{{,{d}}}"), "Malformed"),
        (format!("{{{d}{c}}}"), "Malformed"),
        (format!("{{{c}{d}}}"), "Malformed"),
        (format!("{{{c},,{d}}}"), "Malformed"),
    ] {
        let body = format!(r#"{{"fields":{fields},"data":[{before},{row}]}}"#);
        Case::raw(Layout::Axis, body).check(&[("at", "2017-07")], outcome);
    }
}

#[test]
fn what_is_passed_over_must_be_whole() {
    let fields = r#"{"measures":[{"name":"c"}],"dimensions":[{"name":"d","type":"date_month"}]}"#;
    for (beside, outcome) in [
        (r#""x":[{"y":"}"},tru]"#, "1@2017-07"),
        (r#""x":2{"y":3}"#, "Malformed"),
        (r#""x":2[]"#, "Malformed"),
        (r#""x":1"y""#, "Malformed"),
        (r#""x":tru}"#, "Malformed"),
        (r#""x":nul,"y":1"#, "Malformed"),
        (r#""x":1 2"#, "Malformed"),
        (r#""x":[1"#, "Malformed"),
        (r#""x":[1]]"#, "Malformed"),
    ] {
        let data = format!(r#"[{{"c":{{"value":1,{beside}}},"d":{{"value":"2017-07"}}}}]"#);
        for body in [
            format!(r#"{{"fields":{fields},"data":{data}}}"#),
            format!(r#"{{"data":{data},"fields":{fields}}}"#),
        ] {
            Case::raw(Layout::Axis, body).check(&[], outcome);
        }
    }
}

#[test]
fn what_fields_say_beside_what_is_read_may_begin_alike_and_end_otherwise() {
    let values = [
        "1",
        "12",
        "1.5",
        "1e2",
        "-1",
        "-12",
        "0",
        "0.1",
        "true",
        "null",
        "false",
        "[]",
        "[1]",
        "[1,2]",
        "{}",
        r#""a""#,
        r#""ab""#,
        r#""a\"b""#,
        r#""""#,
    ];
    for (first, second) in values
        .iter()
        .flat_map(|first| values.map(|second| (first, second)))
    {
        let field = |name: &str, more: &str, value: &str| {
            format!(r#"{{"name":"{name}","more":{value},"still_more":{value}{more}}}"#)
        };
        let text = format!(
            r#"{{"fields":{{"measures":[{}],"dimensions":[{}]}},"data":[{{"c":{{"value":7}},"d":{{"value":"2017-07"}}}}]}}"#,
            field("c", "", first),
            field("d", r#","type":"date_month""#, second),
        );
        Case::raw(Layout::Axis, text).check(&[], "7@2017-07");
    }
    for broken in ["1 2", "tru", "nullx", "[1", "\"a", "1\"", ""] {
        let text = format!(
            r#"{{"fields":{{"measures":[{{"name":"c","more":1}}],"dimensions":[{{"name":"d","more":{broken},"type":"date_month"}}]}},"data":[]}}"#
        );
        Case::raw(Layout::Axis, text).check(&[], "Malformed");
    }
}

#[test]
fn complaints_come_before_numbers() {
    let sound = months(&[("2024-01", json!(7))]);
    let errors = |errors: Value| axis(with(sound.clone(), json!({"errors": errors})));
    let failing = errors(json!([{"message": "Query failed", "message_details": "no such column"}]));
    failing.check(&[], "LookerError");
    let message = failing.read(&[]).unwrap_err().message;
    assert!(
        message.contains("Query failed") && message.contains("no such column"),
        "{message}"
    );
    errors(json!([{"message": "Bad", "message_details": null}])).check(&[], "LookerError");
    errors(json!(["plain"])).check(&[], "LookerError");
    errors(json!({"message": "one"})).check(&[], "LookerError");
    errors(json!([])).check(&[], "7@2024-01");
    errors(json!(null)).check(&[], "7@2024-01");

    for note in [
        "Note: This query contains derived tables with Development Mode filters. Query results in Production Mode might be different.",
        "Note: This query contains derived tables with conditional SQL for Development Mode. Query results in Production Mode might be different.",
    ] {
        let case = errors(json!([{"message": note, "message_details": null}]));
        assert_eq!(case.notes(&[]), ["development-mode"]);
        errors(json!([{"message": note}, {"message": "real"}])).check(&[], "LookerError");
    }

    axis(with(sound.clone(), json!({"error": "View Not Found"}))).check(&[], "LookerError");
    axis(with(
        sound.clone(),
        json!({"error": null, "status": "Complete"}),
    ))
    .check(&[], "7@2024-01");
    let expired = axis(with(sound.clone(), json!({"status": "expired"})));
    expired.check(&[], "LookerError");
    assert!(expired.read(&[]).unwrap_err().message.contains("`expired`"));
    axis(json!([{"looker_error": "it broke"}])).check(&[], "LookerError");
    axis(json!({"errors": [{"message": "broken"}], "data": []})).check(&[], "LookerError");
    axis(json!({"errors": [{"message": "broken"}], "data": null, "fields": null}))
        .check(&[], "LookerError");
    // Complaints are heard before anything is said about the selection.
    failing.check(&[("nonsense", "x"), ("y", "none")], "LookerError");
}

#[test]
fn failures_in_order() {
    let nothing = json!({"fields": {"measures": [], "dimensions": []}, "data": []});
    axis(nothing.clone()).check(&[("nonsense", "x")], "Unsupported");
    Case::new(Layout::Single, nothing).check(&[], "Unsupported");
    let sole = json!({"fields": {"measures": [measure("c")]}, "data": [{"c": {"value": 1}}]});
    axis(sole.clone()).check(&[], "Unsupported");
    Case::new(Layout::Table, sole).check(&[], "1");
    let empty = axis(months(&[]));
    empty.check(&[("nonsense", "x")], "BadSelection nonsense");
    empty.check(&[("y", "gone")], "BadSelection y");
    empty.check(&[("x", "gone")], "BadSelection x");
    empty.check(&[("x", "sales.count")], "BadSelection x");
    empty.check(&[("format", "percent")], "BadSelection format");
    empty.check(&[("pivot", "{}")], "BadSelection pivot");
    empty.check(&[("row", "{\"a\":1}")], "BadSelection row");
    empty.check(&[("row", "total")], "BadSelection row");
    empty.check(
        &[("y", "sales.count"), ("y", "sales.count")],
        "BadSelection y",
    );
    empty.check(&[], "NoData");
    empty.check_series(&[], "");
    Case::new(Layout::Single, months(&[])).check(&[("at", "latest")], "BadSelection at");
    Case::new(Layout::Single, months(&[])).check(&[("x", "sales.month")], "BadSelection x");
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let fields = r#"{"measures":[{"name":"c"}],"dimensions":[{"name":"d","type":"date_month"}]}"#;
    let body = |data: &str| format!(r#"{{"fields":{fields},"data":{data}}}"#);
    for (text, expected) in [
        (
            body(r#"[{"c":{"value":1},"d":{"value":"2017-07"},"c":{"value":2}}]"#),
            "2@2017-07",
        ),
        (
            body(r#"[{"c":{"value":1,"value":3},"d":{"value":"2017-07"}}]"#),
            "3@2017-07",
        ),
        (
            body(r#"[{"\u0063":{"v\u0061lue":4},"d":{"value":"2017-07"}}]"#),
            "4@2017-07",
        ),
        (
            format!(
                r#"{{"data":[{{"c":{{"value":1}}}}],"fields":{fields},"data":[{{"c":{{"value":5}},"d":{{"value":"2017-07"}}}}]}}"#
            ),
            "5@2017-07",
        ),
        (
            format!(
                r#"{{"fields":{{"measures":[{{"name":"x"}}]}},"data":[{{"c":{{"value":6}},"d":{{"value":"2017-07"}}}}],"fields":{fields}}}"#
            ),
            "6@2017-07",
        ),
        (
            format!(
                r#"{{"data":[{{"c":{{"value":8}},"d":{{"value":"2017-07"}}}}],"fields":{fields}}}"#
            ),
            "8@2017-07",
        ),
    ] {
        Case::raw(Layout::Axis, text).check(&[], expected);
    }
}

#[test]
fn numbers_are_what_they_were() {
    for (raw, expected) in [
        ("9007199254740993", "9007199254740993@2024-01"),
        ("116.0310256410256", "116.0310256410256@2024-01"),
        ("10.50", "10.50@2024-01"),
        ("1e3", "1000@2024-01"),
        ("-0", "0@2024-01"),
        ("0", "0@2024-01"),
        (r#""007""#, "7@2024-01"),
        (r#""12.5""#, "12.5@2024-01"),
        (r#""1,234""#, "NotNumeric"),
        (r#""98%""#, "NotNumeric"),
        (r#""""#, "NotNumeric"),
        (r#""NaN""#, "NotNumeric"),
        ("true", "NotNumeric"),
        ("[1]", "NotNumeric"),
        (r#"{"a":1}"#, "NotNumeric"),
        ("1e1001", "NotNumeric"),
        ("null", "NoData"),
    ] {
        let body = months(&[("2024-01", json!("HERE"))])
            .to_string()
            .replace("\"HERE\"", raw);
        let case = Case::raw(Layout::Axis, body);
        case.check(&[("at", "2024-01")], expected);
        if let Ok(reading) = case.read(&[]) {
            let why: std::collections::BTreeMap<_, _> = reading.attributes.into_iter().collect();
            assert_eq!(why["raw"], raw);
            assert_eq!(why["field"], "sales.count");
            assert_eq!(why["x"], "sales.month");
            assert_eq!(why["format"], "exact");
            assert!(!why.contains_key("row") && !why.contains_key("pivot"));
        }
    }
}

#[test]
fn absent_cells_are_null() {
    let body = json!({
        "fields": {"measures": [measure("c")], "dimensions": [dimension("d", "date_month")]},
        "data": [{"d": {"value": "2024-02"}}, {"d": {"value": "2024-01"}, "c": {"value": 4}}, {"c": {"value": 9}}],
    });
    axis(body.clone()).check(&[], "4@2024-01");
    axis(body.clone()).check(&[("at", "2024-02")], "NoData");
    axis(body).check_series(&[], "4@2024-01");
}

#[test]
fn years_are_numbers() {
    let body = flat_json(
        dimension("y", "date_year"),
        &[(json!(2013), json!(1)), (json!("2014"), json!(2))],
    );
    axis(body.clone()).check(&[], "2@2014");
    axis(body.clone()).check(&[("at", "2013")], "1@2013");
    let plain = flat_json(
        dimension("y", "number"),
        &[(json!(2013), json!(1)), (json!(2014), json!(2))],
    );
    axis(plain.clone()).check(
        &[("y", "sales.count"), ("x", "y"), ("at", "latest")],
        "BadSelection at",
    );
    axis(plain).check(&[("x", "y"), ("at", "2014")], "2@2014");
}

#[test]
fn envelopes() {
    let body = months(&[]);
    let read = envelope::read(body.to_string().as_bytes()).unwrap();
    assert_eq!(read.ran_at.as_deref(), Some("2024-03-10T12:00:00+00:00"));
    assert_eq!(read.timezone.as_deref(), Some("UTC"));
    assert_eq!((read.from_cache, read.runtime), (None, None));
    let said = json!({"from_cache": true, "runtime": "0.624", "ran_at": null, "truncated": true, "data": [1, {"from_cache": false}]});
    let read = envelope::read(said.to_string().as_bytes()).unwrap();
    let expected = Envelope {
        from_cache: Some(true),
        runtime: Some("0.624".into()),
        truncated: true,
        ..Envelope::default()
    };
    assert_eq!(read, expected);
    let number = envelope::read(br#"{"runtime":0.5}"#).unwrap();
    assert_eq!(number.runtime.as_deref(), Some("0.5"));
    assert!(envelope::read(b"[]").is_err());
    assert!(envelope::read(b"{\"ran_at\":\"x\"").is_err());
}

#[test]
fn text_that_is_no_field_of_numbers() {
    let body = flat(
        dimension("sales.month", "date_month"),
        &[("2024-01", json!(1))],
    );
    axis(body.clone()).check(&[("y", "sales.month"), ("x", "sales.month")], "NotNumeric");
    axis(body).check(&[("y", "sales.month")], "NotNumeric");
}
