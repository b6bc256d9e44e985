//! Product 7: several rows for one x are `ambiguous`, until `row` tells them apart.

use super::{months_and_regions, regions};
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{count, month, number, text};
use crate::table::{Case, PIVOT_TABLE, TIMESERIES, outline, read, series};

fn three_ways() -> Doc {
    doc().dim(month("sales.month")).dim(text("sales.region")).dim(number("sales.size")).measure(count("sales.count")).rows(&[
        &["2024-04", "West", "1", "10"],
        &["2024-04", "West", "2", "20"],
        &["2024-04", "East", "1", "30"],
        &["2024-04", "null", "1", "40"],
    ])
}

pub fn cases() -> Vec<Case> {
    let pick = |name: &str, row: &str| read(TIMESERIES, format!("7 row: {name}"), &three_ways()).choose("at", "latest").choose("row", row);
    let uneven = doc()
        .dim(month("sales.month"))
        .dim(text("sales.region"))
        .measure(count("sales.count"))
        .rows(&[&["2024-03", "West", "1"], &["2024-04", "East", "2"]]);
    let same_twice = months_and_regions().row(&["2024-04", "West", "9"]);
    let equal_twice = doc()
        .dim(month("sales.month"))
        .dim(text("sales.region"))
        .measure(count("sales.count"))
        .rows(&[&["2024-04", "West", "5"], &["2024-04", "East", "5"]]);
    vec![
        read(TIMESERIES, "7 several rows for the latest x", &months_and_regions()).blames(&["ambiguous"], "row"),
        read(TIMESERIES, "7 several rows for a given x", &months_and_regions()).choose("at", "2024-03").blames(&["ambiguous"], "row"),
        read(TIMESERIES, "7 several rows are several even where they agree", &equal_twice).blames(&["ambiguous"], "row"),
        read(PIVOT_TABLE, "7 several rows for one x in a table", &months_and_regions()).blames(&["ambiguous"], "row"),
        read(TIMESERIES, "7 a row tells them apart", &months_and_regions())
            .choose("row", r#"{"sales.region":"East"}"#)
            .gives("4")
            .at("2024-04")
            .is("/why/row", r#"{"sales.region":"East"}"#),
        read(TIMESERIES, "7 a row at a given x", &months_and_regions())
            .choose("row", r#"{"sales.region":"West"}"#)
            .choose("at", "2024-03")
            .gives("1"),
        read(TIMESERIES, "7 a row that stays ambiguous", &same_twice)
            .choose("row", r#"{"sales.region":"West"}"#)
            .blames(&["ambiguous"], "row"),
        read(TIMESERIES, "7 a row that is not in the result", &months_and_regions())
            .choose("row", r#"{"sales.region":"South"}"#)
            .fails(&["no-data"]),
        read(TIMESERIES, "7 a row that is not there at this x", &uneven)
            .choose("row", r#"{"sales.region":"East"}"#)
            .choose("at", "2024-03")
            .fails(&["no-data"]),
        read(TIMESERIES, "7 latest is the latest of that row", &uneven)
            .choose("row", r#"{"sales.region":"West"}"#)
            .gives("1")
            .at("2024-03"),
        pick("over two dimensions", r#"{"sales.region":"West","sales.size":"2"}"#).gives("20"),
        pick("a number matches as a number", r#"{"sales.region":"West","sales.size":2}"#).gives("20"),
        pick("one of two may be enough", r#"{"sales.region":"East"}"#).gives("30"),
        pick("or not", r#"{"sales.region":"West"}"#).blames(&["ambiguous"], "row"),
        pick("null is a value", r#"{"sales.region":null}"#).gives("40"),
        pick("and not the text null", r#"{"sales.region":"null"}"#).fails(&["no-data", "bad-selection"]),
        series(TIMESERIES, "9 a repeated x, though a row would tell the points apart", &months_and_regions()).blames(&["ambiguous"], "row"),
        series(TIMESERIES, "9 a row tells the points apart", &months_and_regions())
            .choose("row", r#"{"sales.region":"West"}"#)
            .points(&[("2024-03", "1"), ("2024-04", "3")]),
        outline(TIMESERIES, "7 every combination is offered once", &months_and_regions())
            .offers("row", &[r#"{"sales.region":"West"}"#, r#"{"sales.region":"East"}"#]),
        read(PIVOT_TABLE, "7 a table's row without x", &regions()).choose("at", "East").gives("7"),
        read(PIVOT_TABLE, "7 a table's row beside x", &months_and_regions())
            .choose("x", "sales.region")
            .choose("at", "East")
            .choose("row", r#"{"sales.month":"2024-03"}"#)
            .gives("2"),
    ]
}
