//! Facts 3.3: what stands in a cell.

use super::one;
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{calc, count, measure, month, number, text, yesno};
use crate::table::{Case, SINGLE, TIMESERIES, outline, read};

pub fn cases() -> Vec<Case> {
    let cell = |name: &str, cell: &str| read(SINGLE, format!("fact 3.3: {name}"), &one(cell));
    let axis = |name: &str, doc: &Doc| read(TIMESERIES, format!("fact 3.3: {name}"), doc);
    let tiers = doc().dim(text("users.age_tier").with("type", "tier")).measure(count("users.count")).rows(&[
        &[r#"{"value":"10 to 19","sort_value":"01"}"#, "4"],
        &[r#"{"value":"Below 10","sort_value":"00"}"#, "2"],
        &[r#"{"value":null,"filterable_value":"EMPTY"}"#, "9"],
    ]);
    let new = doc().dim(yesno("users.new")).measure(count("users.count")).rows(&[&["Yes", "4"], &["No", "6"]]);
    let places = doc()
        .dim(text("users.place").with("type", "location"))
        .measure(count("users.count"))
        .row(&[r#"{"value":{"latitude":1.5,"longitude":2.5},"rendered":"1.5,2.5"}"#, "4"]);
    let growth = doc()
        .dim(month("sales.month"))
        .calc(calc("growth", "number", "measure"))
        .rows(&[&["2024-03", "5"], &["2024-04", r#"{"value":null,"rendered":"null"}"#]]);
    let zero = doc().dim(month("sales.month")).measure(count("sales.count")).rows(&[&["2024-03", "5"], &["2024-04", "0"]]);
    let sizes = doc().dim(number("sales.size")).measure(count("sales.count")).rows(&[&["7.0", "1"], &["10", "2"]]);
    let zips =
        doc().dim(text("users.zip").with("type", "zipcode")).measure(count("users.count")).rows(&[&["\"00501\"", "1"], &["\"501\"", "2"]]);
    vec![
        cell("value alone", r#"{"value":773}"#).gives("773"),
        cell("value last", r#"{"links":[],"html":"<b>773</b>","value":773}"#).gives("773"),
        cell("everything a cell may carry", r##"{"value":773,"rendered":"773 EUR","html":"<a href=\"#\">1</a>","links":[{"label":"by day","url":"/explore/x?f[a]=1","type":"drill"}],"filterable_value":"5716.0","sort_value":"02"}"##)
            .gives("773")
            .is("/rendered", "773 EUR"),
        cell("float noise stays", "19.942444999999992").gives("19.942444999999992"),
        cell("a ratio is a fraction, whatever is rendered", r#"{"value":0.814097,"rendered":"81%"}"#).gives("0.814097"),
        cell("a ratio as a percentage", r#"{"value":0.814097,"rendered":"81%"}"#).choose("format", "percentage").gives("81.4097"),
        cell("a negative ratio as a percentage", r#"{"value":-0.4078,"rendered":"-41%"}"#).choose("format", "percentage").gives("-40.78"),
        cell("rendered in thousands is not parsed", r#"{"value":2041,"rendered":"2.0K"}"#).gives("2041"),
        cell("rendered in another country is not parsed", r#"{"value":1234.5,"rendered":"1.234,50"}"#).gives("1234.5"),
        cell("filterable_value is not parsed", r#"{"value":null,"filterable_value":"5"}"#).fails(&["no-data"]),
        cell("sort_value is not parsed", r#"{"value":"high","sort_value":"5"}"#).fails(&["not-numeric"]),
        cell("a number as text, from some dialects", r#"{"value":"1234567890123456789.10"}"#).gives("1234567890123456789.10").unconfirmed(),
        cell("text with separators, from apply_formatting", r#"{"value":"1,234"}"#).fails(&["not-numeric"]).unconfirmed(),
        cell("the rendered null of a calculation is no data", r#"{"value":null,"rendered":"null"}"#).fails(&["no-data"]),
        cell("a text null is no number", r#"{"value":"null"}"#).fails(&["not-numeric"]),
        cell("an empty text is no number", r#"{"value":""}"#).fails(&["not-numeric"]),
        cell("a list value is no number", r#"{"value":["a","b"]}"#).fails(&["not-numeric"]),
        cell("a yes is no number", "Yes").fails(&["not-numeric"]),
        axis("a null calculation is passed over by latest", &growth).gives("5").at("2024-03"),
        axis("null is not 0, and 0 is a number", &zero).gives("0").at("2024-04"),
        axis("a tier by its text", &tiers).choose("at", "10 to 19").gives("4"),
        axis("a tier is no point in time", &tiers).choose("at", "latest").blames(&["bad-selection"], "at"),
        axis("a yes", &new).choose("at", "Yes").gives("4"),
        axis("a no, among the choices", &new).choose("at", "No").gives("6"),
        axis("a location on the axis is no harm to an error", &places).choose("row", "total").blames(&["bad-selection"], "row"),
        axis("a number on the axis by its text", &sizes).choose("at", "7.0").gives("1"),
        axis("leading zeros tell zip codes apart", &zips).choose("at", "00501").gives("1"),
        outline(TIMESERIES, "fact 3.3: zip codes are offered as they are", &zips).offers("at", &["00501", "501"]),
        outline(TIMESERIES, "fact 3.3: tiers in the order of their rows", &tiers).default("at", serde_json::Value::Null),
        read(SINGLE, "fact 3.3: a measure of dates is no number", &doc().measure(measure("sales.last", "date")).row(&["2024-04-15"])).fails(&["not-numeric"]),
    ]
}
