//! Product 5: `exact`, `percentage` and `times-100`.

use super::one;
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{Field, measure, month};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, read, series};
use serde_json::{Value, json};

fn rate(field: Field, token: &str) -> Doc {
    doc().measure(field).row(&[token])
}

fn plain() -> Field {
    measure("sales.rate", "average")
}

/// The model's format, the cell, and what `percentage` gives.
const BY_FORMAT: &[(&str, &str, &str)] = &[
    ("0.0%", "0.995", "99.5"),
    ("#,##0.0%", "0.07", "7"),
    ("0%", "12", "1200"),
    ("0%", "0.0700", "7.00"),
    ("0.00%", "-0.4078", "-40.78"),
    ("0%", "0", "0"),
    ("0%", "1e-3", "0.1"),
    ("0%", "0.00001", "0.001"),
    ("0%", "\"0.5\"", "50"),
    ("0%", "0.28999999999999998", "28.999999999999998"),
    ("0%;-0%", "0.5", "50"),
    ("[>=1]0%;0.0%", "0.5", "50"),
    ("0.0\\%", "98.4", "98.4"),
    ("0.0\"%\"", "98.4", "98.4"),
    ("0.0\" %\"", "0.5", "0.5"),
    ("0\\%", "0.4", "0.4"),
];

/// Without a format to go by: the cell, and what `percentage` gives.
const BY_SIZE: &[(&str, &str)] =
    &[("0.995", "99.5"), ("1", "100"), ("1.5", "150"), ("-1.5", "-150"), ("1.50", "150"), ("0", "0"), ("-0.2", "-20")];

pub fn cases() -> Vec<Case> {
    let percentage = |name: String, doc: &Doc| read(SINGLE, format!("5 percentage: {name}"), doc).choose("format", "percentage");
    let mut cases = Vec::new();
    for (format, token, value) in BY_FORMAT {
        let doc = rate(plain().format(format), token);
        cases.push(percentage(format!("{token} shown as {format} is {value}"), &doc).gives(*value));
    }
    for (token, value) in BY_SIZE {
        cases.push(percentage(format!("{token} without a format is {value}"), &one(token)).gives(*value));
    }
    for token in ["1.51", "-1.51", "98.4", "1.500000000000000000001"] {
        let case = percentage(format!("{token} without a format could be either"), &one(token));
        cases.push(case.blames(&["ambiguous"], "format"));
    }
    let escaped = || plain().format("0.0\\%");
    let scaled = || plain().format("0.0%");
    let shown = |vis: Value, field: Field, name: &str| percentage(name.to_string(), &rate(field, "0.4")).vis(vis);
    let months = doc().dim(month("sales.month")).measure(plain()).rows(&[&["2024-01", "0.5"], &["2024-02", "0.25"]]);
    let doubtful = months.clone().row(&["2024-03", "98"]);
    cases.extend([
        percentage("two bare signs scale nobody knows how".into(), &rate(plain().format("0%%"), "0.4")).blames(&["ambiguous"], "format"),
        percentage("sections that disagree".into(), &rate(plain().format("0%;0.0"), "0.4")).blames(&["ambiguous"], "format"),
        percentage("a format without any sign is none to go by".into(), &rate(plain().format("0.00"), "0.4")).gives("40"),
        percentage("and leaves large values open".into(), &rate(plain().format("$#,##0"), "98")).blames(&["ambiguous"], "format"),
        percentage("an empty format is none".into(), &rate(plain().format(""), "0.4")).gives("40"),
        percentage("value_format_name percent_1 scales".into(), &rate(plain().with("value_format_name", "percent_1"), "98.4"))
            .gives("9840"),
        percentage("value_format_name decimal_1 says nothing".into(), &rate(plain().with("value_format_name", "decimal_1"), "98.4"))
            .blames(&["ambiguous"], "format"),
        shown(json!({"series_value_format": {"sales.rate": "0.0\\%"}}), scaled(), "the series' format wins over the field's").gives("0.4"),
        shown(json!({"series_value_format": {"sales.rate": {"format_string": "0.0%"}}}), escaped(), "the series' format, as an object")
            .gives("40"),
        shown(json!({"series_value_format": {"sales.other": "0.0%"}}), escaped(), "another series' format does not count").gives("0.4"),
        shown(
            json!({"series_value_format": {"sales.rate": "0.0%"}, "value_format": "0\\%"}),
            escaped(),
            "the series' wins over the tile's",
        )
        .gives("40"),
        shown(json!({"value_format": "0.0%"}), escaped(), "the tile's format wins over the field's").gives("40"),
        shown(json!({"value_format": "0.0\\%"}), scaled(), "also where only the field's scales").gives("0.4"),
        shown(json!({"value_format": ""}), escaped(), "an empty tile format is none").gives("0.4"),
        shown(json!({"value_format": null, "series_value_format": {}}), escaped(), "a tile format of null is none").gives("0.4"),
        read(SINGLE, "5 exact is the default", &rate(scaled(), "0.995")).gives("0.995"),
        read(SINGLE, "5 exact is the number as Looker sent it", &rate(scaled(), "0.9950")).choose("format", "exact").gives("0.9950"),
        read(SINGLE, "5 times-100 of a fraction", &one("0.995")).choose("format", "times-100").gives("99.5"),
        read(SINGLE, "5 times-100 of a large value", &one("98")).choose("format", "times-100").gives("9800"),
        read(SINGLE, "5 times-100 whatever the format says", &rate(escaped(), "0.07")).choose("format", "times-100").gives("7"),
        read(SINGLE, "5 why.raw is the cell before the scaling", &rate(scaled(), "0.07"))
            .choose("format", "percentage")
            .gives("7")
            .is("/why/raw", "0.07"),
        read(SINGLE, "5 text is no percentage", &rate(scaled(), "98%")).choose("format", "percentage").fails(&["not-numeric"]),
        read(SINGLE, "5 null is no percentage", &rate(scaled(), "null")).choose("format", "percentage").fails(&["no-data"]),
        read(SINGLE, "5 a format that is not offered", &one("0.5")).choose("format", "percent").blames(&["bad-selection"], "format"),
        read(TIMESERIES, "5 the time series scales the same", &months).choose("format", "percentage").gives("25").at("2024-02"),
        read(TIMESERIES, "5 the time series asks the same", &doubtful).choose("format", "percentage").blames(&["ambiguous"], "format"),
        read(PIVOT_TABLE, "5 the table scales the same", &one("0.07")).choose("format", "percentage").gives("7"),
        read(PIVOT_TABLE, "5 the table asks the same", &one("98")).choose("format", "percentage").blames(&["ambiguous"], "format"),
        series(TIMESERIES, "5 a series is scaled point by point", &months)
            .choose("format", "percentage")
            .points(&[("2024-01", "50"), ("2024-02", "25")]),
        series(TIMESERIES, "5 one doubtful point leaves the series open", &doubtful)
            .choose("format", "percentage")
            .blames(&["ambiguous"], "format"),
    ]);
    cases
}
