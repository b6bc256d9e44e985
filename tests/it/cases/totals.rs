//! Product 8: `pivot: "total"` is the row total, `row: "total"` the column total.

use super::{by_status, months_and_regions, regions, sales};
use crate::harness::doc::{Doc, TOTAL, by, doc};
use crate::harness::field::{calc, count, measure, month, text};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read};
use serde_json::{Value, json};

/// A rate by month and status: its totals are no sums.
fn rates() -> Doc {
    doc()
        .ran_at("2024-04-15T10:00:00Z")
        .dim(month("sales.month"))
        .measure(measure("sales.rate", "average"))
        .calc(calc("doubled", "number", "measure"))
        .pivot_field(text("sales.status"))
        .column("complete", json!({"sales.status": "complete"}))
        .column("pending", json!({"sales.status": "pending"}))
        .total_column()
        .row(&[
            "2024-04",
            &by(&[("complete", "0.818"), ("pending", "0.802"), (TOTAL, "0.814097")]),
            &by(&[("complete", "1.6"), ("pending", "1.6")]),
        ])
        .totals(&[&by(&[("complete", "0.9"), ("pending", "0.8"), (TOTAL, "0.85")]), &by(&[("complete", "1.8"), ("pending", "1.6")])])
}

pub fn cases() -> Vec<Case> {
    let total = |name: &str, doc: &Doc| read(TIMESERIES, format!("8 total: {name}"), doc);
    let complete = r#"{"sales.status":"complete"}"#;
    let summed = || regions().totals(&["15"]);
    vec![
        total("the row total is what Looker sent, not a sum", &rates())
            .choose("pivot", "total")
            .gives("0.814097")
            .is("/why/pivot", "total"),
        total("a calculation without a row total", &rates()).choose("y", "doubled").choose("pivot", "total").fails(&["no-data"]),
        total("a result without row totals", &by_status()).choose("pivot", "total").blames(&["bad-selection"], "pivot"),
        total("row totals that are said and not there", &by_status().top("has_row_totals", true))
            .choose("pivot", "total")
            .blames(&["bad-selection"], "pivot"),
        total("row totals without any pivot", &sales().top("has_row_totals", true))
            .choose("pivot", "total")
            .blames(&["bad-selection"], "pivot"),
        total("row totals without any pivot do not harm", &sales().top("has_row_totals", true)).gives("40"),
        outline(TIMESERIES, "8 total: it is offered last", &rates())
            .offers("pivot", &[complete, r#"{"sales.status":"pending"}"#, "total"])
            .shows("pivot", "Row total"),
        total("the column total needs no x", &summed()).choose("row", "total").gives("15").is("/at", Value::Null).is("/why/row", "total"),
        total("nor an at, which is passed over", &summed()).choose("row", "total").choose("at", "East").gives("15"),
        total("the column total of a time axis", &sales().totals(&["100"])).choose("row", "total").gives("100"),
        total("where x alone does not tell rows apart", &months_and_regions().totals(&["10"])).choose("row", "total").gives("10"),
        total("the column total of a pivot", &rates()).choose("row", "total").choose("pivot", complete).gives("0.9"),
        total("the total of the totals", &rates()).choose("row", "total").choose("pivot", "total").gives("0.85"),
        total("the column total still asks for the pivot", &rates()).choose("row", "total").blames(&["bad-selection"], "pivot"),
        total("a result without column totals", &regions()).choose("row", "total").blames(&["bad-selection"], "row"),
        total("column totals that are null", &regions().top("totals_data", Value::Null))
            .choose("row", "total")
            .blames(&["bad-selection"], "row"),
        total("a column total that is null", &regions().totals(&["null"])).choose("row", "total").fails(&["no-data"]),
        total("a column total that is text", &regions().totals(&["n/a"])).choose("row", "total").fails(&["not-numeric"]),
        total("a column total is there though the rows are cut", &summed().truncated()).choose("row", "total").gives("15"),
        total("the column total as a percentage", &regions().totals(&["0.5"]))
            .choose("row", "total")
            .choose("format", "percentage")
            .gives("50"),
        outline(TIMESERIES, "8 total: the column total is offered last", &months_and_regions().totals(&["10"]))
            .offers("row", &[r#"{"sales.region":"West"}"#, r#"{"sales.region":"East"}"#, "total"])
            .shows("row", "Column total"),
        outline(TIMESERIES, "8 total: totals alone bring the row control", &sales().totals(&["100"]))
            .controls(&["y", "x", "row", "at", "format"])
            .required("row", false)
            .offers("row", &["total"]),
        total("totals are no row of x", &sales().totals(&["100"])).gives("40"),
        read(SINGLE, "8 total: the single value reads the column total", &summed()).choose("row", "total").gives("15"),
        read(SINGLE, "8 total: and the row total of its first row", &rates()).choose("pivot", "total").gives("0.814097"),
        read(PIVOT_TABLE, "8 total: the table reads the column total", &summed()).choose("row", "total").gives("15"),
        read(PIVOT_TABLE, "8 total: the table reads the row total", &rates()).choose("pivot", "total").gives("0.814097"),
        read(PIVOT_TABLE, "8 total: the table reads the grand total", &rates())
            .choose("pivot", "total")
            .choose("row", "total")
            .gives("0.85"),
        read(
            TIMESERIES,
            "8 total: a row named total is a row",
            &doc()
                .dim(month("sales.month"))
                .dim(text("sales.region"))
                .measure(count("sales.count"))
                .rows(&[&["2024-04", "total", "1"], &["2024-04", "West", "2"]])
                .totals(&["3"]),
        )
        .choose("row", r#"{"sales.region":"total"}"#)
        .choose("at", "2024-04")
        .gives("1"),
    ]
}
