//! Product 7: documents that are errors, not whole, or not of Looker's shape.

use super::{one, sales};
use crate::harness::doc::doc;
use crate::harness::field::{count, month, text};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, call, outline, read, series};
use serde_json::json;

const NOTE: &str = "Note: This query contains derived tables with Development Mode filters. \
    Query results in Production Mode might be different.";
const OLD_NOTE: &str = "Note: This query contains derived tables with conditional SQL for Development Mode. \
    Query results in Production Mode might be different.";

/// Results that are JSON and not of Looker's shape.
const SHAPELESS: &[(&str, &str)] = &[
    ("null", "null"),
    ("a number", "5"),
    ("true", "true"),
    ("an empty list", "[]"),
    ("an empty object", "{}"),
    ("the rows of plain `json`", r#"[{"sales.count": 5}]"#),
    ("no fields", r#"{"data":[]}"#),
    ("no data", r#"{"fields":{"measures":[],"dimensions":[]}}"#),
    ("fields in a list", r#"{"fields":[],"data":[]}"#),
    ("fields null", r#"{"fields":null,"data":[]}"#),
    ("data in an object", r#"{"fields":{"measures":[],"dimensions":[]},"data":{}}"#),
    ("data null", r#"{"fields":{"measures":[],"dimensions":[]},"data":null}"#),
    ("measures in an object", r#"{"fields":{"measures":{"name":"a"},"dimensions":[]},"data":[]}"#),
    ("a field that is text", r#"{"fields":{"measures":["sales.count"],"dimensions":[]},"data":[]}"#),
    ("a field without a name", r#"{"fields":{"measures":[{"label":"Count"}],"dimensions":[]},"data":[{}]}"#),
];

/// Answers that are not JSON, as raw text.
const NO_JSON: &[(&str, &str)] = &[
    ("an HTML page", "<html><body>502 Bad Gateway</body></html>"),
    ("nothing", ""),
    ("blanks", "  \n"),
    ("a cut document", r#"{"fields":{"measures":[{"name":"sales.rate"}],"dimensions":[]},"data":[{"sales.rate":{"value":5}}"#),
    ("two documents", r#"{"fields":{"measures":[],"dimensions":[]},"data":[]} {}"#),
    ("a trailing comma", r#"{"fields":{"measures":[],"dimensions":[]},"data":[],}"#),
    ("NaN, which JSON has not", r#"{"fields":{"measures":[{"name":"sales.rate"}],"dimensions":[]},"data":[{"sales.rate":{"value":NaN}}]}"#),
    (
        "a number with a leading zero",
        r#"{"fields":{"measures":[{"name":"sales.rate"}],"dimensions":[]},"data":[{"sales.rate":{"value":05}}]}"#,
    ),
];

/// Rows that are none.
const BAD_ROWS: &[(&str, &str)] = &[
    ("a number", "5"),
    ("null", "null"),
    ("a list", "[]"),
    ("a cell that is a number", r#"{"sales.rate": 5}"#),
    ("a cell that is text", r#"{"sales.rate": "5"}"#),
    ("a cell that is null", r#"{"sales.rate": null}"#),
    ("a cell that is a list", r#"{"sales.rate": [5]}"#),
    ("a cell without a value", r#"{"sales.rate": {"rendered": "5"}}"#),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, result) in SHAPELESS {
        cases.push(call("read", SINGLE, format!("7 malformed: {what}"), result.to_string()).fails(&["malformed"]));
    }
    for (what, result) in NO_JSON {
        cases.push(call("read", SINGLE, format!("7 malformed: {what}"), json!(result).to_string()).fails(&["malformed"]));
    }
    for (what, row) in BAD_ROWS {
        cases.push(
            read(SINGLE, format!("7 malformed: a row is {what}"), &one("5").reversed().raw_row(row).reversed()).fails(&["malformed"]),
        );
    }
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    cases.extend([
        call("read", SINGLE, "7 malformed: a result nested without end", json!(deep).to_string()).fails(&["malformed"]),
        call("read", TIMESERIES, "7 malformed: the time series judges the same", "{}".into()).fails(&["malformed"]),
        call("series", TIMESERIES, "7 malformed: a series judges the same", "{}".into()).fails(&["malformed"]),
        call("outline", TIMESERIES, "7 malformed: an outline judges the same", "{}".into()).fails(&["malformed"]),
        call("read", PIVOT_TABLE, "7 malformed: the table judges the same", "{}".into()).fails(&["malformed"]),
        read(SINGLE, "7 malformed comes before a wrong selection", &one("5").reversed().raw_row("7").reversed())
            .choose("y", "sales.nothing")
            .fails(&["malformed"]),
    ]);
    cases.extend(lookers_errors());
    cases.extend(no_chart());
    cases
}

fn lookers_errors() -> Vec<Case> {
    let error = |message: &str| json!([{"message": message, "message_details": "Unknown column 'x'"}]);
    let broken = || sales().top("errors", error("SQL Error"));
    vec![
        read(TIMESERIES, "7 looker-error: an error beside data", &broken())
            .fails(&["looker-error"])
            .says("SQL Error")
            .says("Unknown column 'x'"),
        read(SINGLE, "7 looker-error: the single value judges the same", &one("5").top("errors", error("SQL Error")))
            .fails(&["looker-error"]),
        read(PIVOT_TABLE, "7 looker-error: the table judges the same", &broken()).fails(&["looker-error"]),
        series(TIMESERIES, "7 looker-error: a series judges the same", &broken()).fails(&["looker-error"]),
        outline(TIMESERIES, "7 looker-error: an outline judges the same", &broken()).fails(&["looker-error"]),
        read(TIMESERIES, "7 looker-error comes before a wrong selection", &broken()).choose("y", "sales.nothing").fails(&["looker-error"]),
        read(
            TIMESERIES,
            "7 looker-error: without details",
            &sales().top("errors", json!([{"message": "SQL Error", "message_details": null}])),
        )
        .fails(&["looker-error"])
        .says("SQL Error"),
        read(
            TIMESERIES,
            "7 looker-error: a Development Mode note hides no error",
            &sales().top("errors", json!([{"message": NOTE}, {"message": "SQL Error"}])),
        )
        .fails(&["looker-error"])
        .says("SQL Error"),
        read(
            TIMESERIES,
            "7 a Development Mode note is a note",
            &sales().top("errors", json!([{"message": NOTE, "message_details": null}])),
        )
        .gives("40")
        .notes("development-mode"),
        read(TIMESERIES, "7 so is its older wording", &sales().top("errors", json!([{"message": OLD_NOTE}])))
            .gives("40")
            .notes("development-mode"),
        read(TIMESERIES, "7 another note is an error", &sales().top("errors", json!([{"message": "Note: the moon is full."}])))
            .fails(&["looker-error"]),
        read(TIMESERIES, "7 no errors are none", &sales().top("errors", json!([]))).gives("40").silent_on("development-mode"),
        read(TIMESERIES, "7 looker-error: a text `error`", &sales().top("error", "View Not Found"))
            .fails(&["looker-error"])
            .says("View Not Found"),
        call("read", TIMESERIES, "7 looker-error: the error of plain `json`", json!([{"looker_error": "Unknown field"}]).to_string())
            .fails(&["looker-error"])
            .says("Unknown field"),
        read(TIMESERIES, "7 looker-error: a query that has not finished", &sales().top("status", "running"))
            .fails(&["looker-error"])
            .says("running"),
        read(TIMESERIES, "7 looker-error: a query that failed", &sales().top("status", "error")).fails(&["looker-error"]),
        read(TIMESERIES, "7 a status in another case", &sales().top("status", "Complete")).gives("40"),
        read(TIMESERIES, "7 no status at all", &sales().without(&["status"])).gives("40"),
    ]
}

fn no_chart() -> Vec<Case> {
    let texts = doc().dim(month("sales.month")).dim(text("sales.region")).row(&["2024-01", "West"]);
    let no_x = doc().measure(count("sales.count")).row(&["5"]);
    vec![
        read(TIMESERIES, "7 unsupported: no field at all", &doc()).fails(&["unsupported"]),
        read(SINGLE, "7 unsupported: no field for a single value", &doc()).fails(&["unsupported"]),
        read(PIVOT_TABLE, "7 unsupported: no field for a table", &doc()).fails(&["unsupported"]),
        read(TIMESERIES, "7 unsupported: nothing that could be y", &texts).fails(&["unsupported"]),
        read(PIVOT_TABLE, "7 unsupported: a table without a number", &texts).fails(&["unsupported"]),
        read(TIMESERIES, "7 unsupported: nothing that could be x", &no_x).fails(&["unsupported"]),
        outline(TIMESERIES, "7 unsupported: an outline says so too", &no_x).fails(&["unsupported"]),
    ]
}
