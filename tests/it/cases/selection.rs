//! Product 7: a control, field or value that is not there is `bad-selection`, with the control.

use super::{by_status, months_and_regions, one, regions, sales};
use crate::harness::doc::doc;
use crate::harness::field::{count, measure, month, text};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read, series};

const BAD: &[&str] = &["bad-selection"];

pub fn cases() -> Vec<Case> {
    let two = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .measure(measure("sales.total", "sum"))
        .rows(&[&["2024-01", "1", "100"], &["2024-02", "2", "200"]]);
    let with_text = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .measure(measure("sales.best", "string"))
        .row(&["2024-01", "1", "Ann"]);
    vec![
        read(TIMESERIES, "7 a y that is not there", &sales()).choose("y", "sales.nothing").blames(BAD, "y"),
        read(TIMESERIES, "7 an x that is not there", &sales()).choose("x", "sales.nothing").blames(BAD, "x"),
        read(TIMESERIES, "7 a measure is no x", &two).choose("x", "sales.total").blames(BAD, "x"),
        read(TIMESERIES, "7 a label is no field", &sales()).choose("y", "Sales Count").blames(BAD, "y"),
        read(TIMESERIES, "7 a field name in another case", &sales()).choose("y", "SALES.COUNT").blames(BAD, "y"),
        read(TIMESERIES, "7 an empty y", &sales()).choose("y", "").blames(BAD, "y"),
        read(TIMESERIES, "7 a control that is not there", &sales()).choose("colour", "red").blames(BAD, "colour"),
        read(SINGLE, "7 a control that the single value has not", &one("5")).choose("at", "latest").blames(BAD, "at"),
        read(SINGLE, "7 a y that the single value has not", &one("5")).choose("y", "sales.nothing").blames(BAD, "y"),
        read(PIVOT_TABLE, "7 a y that the table has not", &one("5")).choose("y", "sales.nothing").blames(BAD, "y"),
        read(TIMESERIES, "7 a pivot where there is none", &sales()).choose("pivot", r#"{"sales.status":"complete"}"#).blames(BAD, "pivot"),
        read(TIMESERIES, "7 a row total where there is none", &sales()).choose("pivot", "total").blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot that is no JSON", &by_status()).choose("pivot", "complete").blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot that is a list", &by_status()).choose("pivot", r#"["complete"]"#).blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot of another field", &by_status()).choose("pivot", r#"{"sales.region":"West"}"#).blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot with one field too many", &by_status())
            .choose("pivot", r#"{"sales.status":"complete","sales.region":"West"}"#)
            .blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot that names nothing", &by_status()).choose("pivot", "{}").blames(BAD, "pivot"),
        read(TIMESERIES, "7 a pivot value that is not there", &by_status())
            .choose("pivot", r#"{"sales.status":"lost"}"#)
            .blames(BAD, "pivot"),
        read(TIMESERIES, "7 a row of a field that is not there", &months_and_regions())
            .choose("row", r#"{"sales.city":"Rome"}"#)
            .blames(BAD, "row"),
        read(TIMESERIES, "7 a row that is no JSON", &months_and_regions()).choose("row", "West").blames(BAD, "row"),
        read(TIMESERIES, "7 a column total where there is none", &sales()).choose("row", "total").blames(BAD, "row"),
        read(TIMESERIES, "7 a latest in another case", &sales()).choose("at", "Latest").fails(&["bad-selection", "no-data"]),
        read(TIMESERIES, "7 a y of text is there, and is no number", &with_text)
            .choose("y", "sales.best")
            .choose("at", "2024-01")
            .fails(&["not-numeric"]),
        series(TIMESERIES, "7 a series judges the selection the same", &sales()).choose("y", "sales.nothing").blames(BAD, "y"),
        series(TIMESERIES, "7 a series knows its controls too", &sales()).choose("colour", "red").blames(BAD, "colour"),
        outline(TIMESERIES, "7 y may be any number", &two).default("y", "sales.count").offers("y", &["sales.count", "sales.total"]),
        read(TIMESERIES, "7 the y that was chosen is read", &two).choose("y", "sales.total").gives("200").is("/why/field", "sales.total"),
        read(TIMESERIES, "7 the first measure is y when nothing is chosen", &two)
            .gives("2")
            .is("/why/field", "sales.count")
            .is("/why/x", "sales.month"),
        outline(TIMESERIES, "7 a time series is y, x, at and format", &sales()).controls(&["y", "x", "at", "format"]),
        outline(TIMESERIES, "7 a format is one of three", &sales())
            .default("format", "exact")
            .offers("format", &["exact", "percentage", "times-100"]),
        outline(TIMESERIES, "7 a pivoted result has a pivot to choose", &by_status())
            .controls(&["y", "x", "pivot", "at", "format"])
            .required("pivot", true)
            .default("pivot", serde_json::Value::Null),
        outline(TIMESERIES, "7 rows are chosen where x does not tell them apart", &months_and_regions())
            .required("row", true)
            .default("row", serde_json::Value::Null),
        read(PIVOT_TABLE, "7 a table of regions needs an x or a row", &regions()).fails(&["bad-selection", "ambiguous"]),
        read(SINGLE, "7 the single value of text", &doc().dim(text("sales.region")).row(&["West"])).fails(&["not-numeric"]),
    ]
}
