//! A single value with nothing chosen reads what the tile shows (facts 3.2, 3.7).

use super::{by_status, one, regions, sales};
use crate::harness::doc::doc;
use crate::harness::field::{calc, count, measure, number, text};
use crate::table::{Case, SINGLE, outline, read};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    let shows = |name: &str, doc: &crate::harness::doc::Doc| read(SINGLE, format!("single value: {name}"), doc);
    let compared = doc().measure(count("sales.count")).measure(count("sales.count_before")).row(&["5", "4"]);
    let calc_first = doc().measure(count("sales.count")).calc(calc("rate", "number", "measure")).row(&["5", "0.5"]);
    let only_calc = doc().dim(text("sales.region")).calc(calc("rate", "number", "measure")).row(&["West", "0.5"]);
    let only_dimension = doc().dim(number("sales.size")).row(&["12"]);
    let dimension_calc = doc().dim(number("sales.size")).calc(calc("twice", "number", "dimension")).row(&["12", "24"]);
    let text_first = doc().measure(measure("sales.best", "string")).measure(count("sales.count")).row(&["Ann", "5"]);
    vec![
        shows("the measure of the first row", &one("773")).gives("773").is("/at", Value::Null),
        shows("the first of several rows, with a note", &regions()).gives("5").notes("first-row"),
        shows("one row carries no such note", &one("773")).silent_on("first-row"),
        shows("the first row, not the latest", &sales()).gives("10"),
        shows("the first measure, not the comparison", &compared)
            .vis(json!({"show_comparison": true, "comparison_type": "value"}))
            .gives("5"),
        shows("measures come before calculations", &calc_first).gives("5"),
        shows("a calculation where the measure is hidden", &calc_first).vis(json!({"hidden_fields": ["sales.count"]})).gives("0.5"),
        shows("a calculation comes before a dimension", &only_calc).gives("0.5"),
        shows("a dimension where there is nothing else", &only_dimension).gives("12"),
        shows("a dimension comes before a calculation like one", &dimension_calc).gives("12"),
        shows("text where the tile shows text", &text_first).fails(&["not-numeric"]),
        shows("another y that was chosen", &text_first).choose("y", "sales.count").gives("5"),
        shows("no rows is no data, though the tile draws 0", &doc().measure(count("sales.count"))).fails(&["no-data"]),
        shows("a null in the first row is no data", &doc().measure(count("sales.count")).rows(&[&["null"], &["5"]])).fails(&["no-data"]),
        shows("a chosen row", &regions()).choose("row", r#"{"sales.region":"East"}"#).gives("7"),
        shows("a chosen row that is not there", &regions()).choose("row", r#"{"sales.region":"South"}"#).fails(&["no-data"]),
        shows("a chosen row that is there twice", &regions().row(&["East", "8"]))
            .choose("row", r#"{"sales.region":"East"}"#)
            .blames(&["ambiguous"], "row"),
        shows("a pivot with an x that it has not", &by_status())
            .choose("pivot", r#"{"sales.status":"complete"}"#)
            .choose("x", "sales.month")
            .blames(&["bad-selection"], "x"),
        outline(SINGLE, "single value: y and format are all there is", &one("5")).controls(&["y", "format"]).default("y", "sales.rate"),
        outline(SINGLE, "single value: a pivot is to be chosen", &by_status()).required("pivot", true),
        outline(SINGLE, "single value: a row may be chosen", &regions()).controls(&["y", "row", "format"]).required("row", false),
    ]
}
