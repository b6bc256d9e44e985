//! Tables: x is a time dimension where there is one; without x one row reads.

use super::{by_status, months_and_regions, one, regions, sales};
use crate::harness::doc::{Doc, by, doc};
use crate::harness::field::{count, measure, number, text, time};
use crate::table::{Case, PIVOT_TABLE, outline, read, series};
use serde_json::json;

fn no_dimension() -> Doc {
    doc().measure(count("sales.count")).measure(measure("sales.total", "sum"))
}

pub fn cases() -> Vec<Case> {
    let table = |name: &str, doc: &Doc| read(PIVOT_TABLE, format!("table: {name}"), doc);
    let columns = doc()
        .measure(count("sales.count"))
        .pivot_field(time("sales.week", "week"))
        .column("2024-04-01", json!({"sales.week": "2024-04-01"}))
        .column("2024-04-08", json!({"sales.week": "2024-04-08"}))
        .row(&[&by(&[("2024-04-01", "1"), ("2024-04-08", "8")])]);
    let region_first = doc()
        .dim(text("sales.region"))
        .dim(time("sales.month", "month"))
        .measure(count("sales.count"))
        .rows(&[&["West", "2024-03", "1"], &["West", "2024-04", "2"]]);
    let numbers_only = doc().dim(number("sales.age")).dim(number("sales.size")).row(&["30", "7"]);
    vec![
        table("one row without x", &no_dimension().row(&["5", "50"])).gives("5"),
        table("another column of it", &no_dimension().row(&["5", "50"])).choose("y", "sales.total").gives("50"),
        table("several rows without x", &no_dimension().rows(&[&["5", "50"], &["6", "60"]])).blames(&["ambiguous"], "row"),
        table("no row without x", &no_dimension()).fails(&["no-data"]),
        table("the time dimension is x, wherever it stands", &region_first)
            .choose("row", r#"{"sales.region":"West"}"#)
            .gives("2")
            .at("2024-04"),
        table("a row that the region tells apart", &months_and_regions()).choose("row", r#"{"sales.region":"West"}"#).gives("3"),
        table("a category is x where there is no time", &regions()).choose("at", "West").gives("5"),
        table("a category has no latest", &regions()).choose("at", "latest").blames(&["bad-selection"], "at"),
        table("a given x that is not there", &sales()).choose("at", "1999-01").fails(&["no-data"]),
        table("time on the columns is x", &columns).gives("8").at("2024-04-08"),
        table("a pivot beside x", &by_status()).choose("pivot", r#"{"sales.status":"pending"}"#).choose("at", "2024-03").gives("12"),
        table("a number dimension serves as y where there is no measure", &numbers_only)
            .choose("x", "sales.age")
            .choose("at", "30")
            .choose("y", "sales.size")
            .gives("7"),
        outline(PIVOT_TABLE, "table: no dimension, no x", &one("5")).controls(&["y", "format"]),
        outline(PIVOT_TABLE, "table: with x like a time series", &sales()).controls(&["y", "x", "at", "format"]).default("at", "latest"),
        series(PIVOT_TABLE, "table: a series along x", &by_status())
            .choose("pivot", r#"{"sales.status":"complete"}"#)
            .points(&[("2024-03", "11"), ("2024-04", "21")]),
    ]
}
