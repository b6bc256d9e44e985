//! Sharp corners of paragraphs 4 to 9, where a quick reader goes wrong.

use super::{along, by_status, one, regions, sales};
use crate::harness::doc::{Doc, TOTAL, by, doc};
use crate::harness::field::{calc, count, measure, month, number, text, time};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, call, outline, read, series};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    let mut cases = documents();
    cases.extend(axes());
    cases.extend(columns());
    cases.extend(many_choices());
    cases
}

fn documents() -> Vec<Case> {
    let field = r#"{"name":"sales.rate","label":"Rate","type":"average","is_numeric":true}"#;
    let lists = |measures: &str| format!(r#"{{"measures":[{measures}],"dimensions":[],"table_calculations":[],"pivots":[]}}"#);
    let data_first = format!(r#"{{"data":[{{"sales.rate":{{"value":5}}}}],"status":"complete","fields":{}}}"#, lists(field));
    let data_twice =
        format!(r#"{{"data":[{{"sales.rate":{{"value":5}}}}],"fields":{},"data":[{{"sales.rate":{{"value":6}}}}]}}"#, lists(field));
    let null_field = format!(r#"{{"fields":{},"data":[]}}"#, lists(&format!("{field},null")));
    let spaced = format!("\n\t {{ \"fields\" : {} ,\r\n \"data\" : [ {{ \"sales.rate\" : {{ \"value\" : 5 }} }} ] }} \n", lists(field));
    let whole = |name: &str, text: String| call("read", SINGLE, format!("7 whole: {name}"), text);
    vec![
        whole("rows before fields", data_first).gives("5"),
        whole("blanks anywhere", spaced.clone()).gives("5"),
        whole("blanks anywhere, as text", json!(spaced).to_string()).gives("5"),
        whole("a member given twice: the last one", data_twice).gives("6"),
        whole("a field that is null", null_field).fails(&["malformed"]),
        read(SINGLE, "6 an escaped digit is that digit", &one("{\"value\":\"\\u0035.\\u0030\"}"))
            .gives("5.0")
            .is("/why/raw", "\"\\u0035.\\u0030\""),
        read(SINGLE, "6 a value given twice: the last one", &one("{\"value\":1,\"value\":2}")).gives("2"),
        read(
            SINGLE,
            "6 a field is looked up by its whole name",
            &doc().measure(measure("rate", "average")).raw_row(r#"{"sales.rate":{"value":9},"rate":{"value":5}}"#),
        )
        .gives("5"),
        read(SINGLE, "6 a cell that is not there is null", &doc().measure(measure("sales.rate", "average")).raw_row("{}"))
            .fails(&["no-data"]),
        read(SINGLE, "5 a percentage by the name of the series' format", &one("0.4"))
            .vis(json!({"series_value_format": {"sales.rate": {"name": "percent_1", "format_string": "", "label": "Percent"}}}))
            .choose("format", "percentage")
            .gives("40"),
        read(SINGLE, "5 and of a large value by that name", &one("98.4"))
            .vis(json!({"series_value_format": {"sales.rate": {"name": "percent_1"}}}))
            .choose("format", "percentage")
            .gives("9840"),
        read(SINGLE, "5 a percentage is of digits, however many", &one("0.12345678901234567890123456789"))
            .choose("format", "percentage")
            .gives("12.345678901234567890123456789"),
        read(SINGLE, "5 a percentage of a written exponent", &one("5e-1")).choose("format", "percentage").gives("50"),
    ]
}

fn axes() -> Vec<Case> {
    let no_month = along("month", &[&["2024-12", "1"], &["2024-13", "2"]]);
    let zero_date = along("date", &[&["0000-00-00", "1"], &["2024-04-15", "2"]]);
    let no_day = along("date", &[&["2024-02-30", "1"], &["2024-02-28", "2"]]);
    let both = doc().dim(text("sales.code")).measure(count("sales.count")).rows(&[&["1", "10"], &["\"1\"", "20"]]);
    let accents = doc().dim(text("sales.city")).measure(count("sales.count")).rows(&[
        &["Z\u{fc}rich", "1"],
        &["Zu\u{308}rich", "2"],
        &["\u{1F600}", "3"],
        &["", "4"],
        &["null", "5"],
    ]);
    let gap = along("hour", &[&["2024-03-10 01", "1"], &["2024-03-10 02", "2"], &["2024-03-10 03", "3"]])
        .top("timezone", "America/New_York")
        .ran_at("2024-03-10T12:00:00Z");
    let hidden_twin = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .calc(calc("shown", "yesno", "dimension"))
        .rows(&[&["2024-04", "1", "No"], &["2024-04", "2", "Yes"]]);
    let two_frames = doc()
        .ran_at("2024-04-15T10:00:00Z")
        .dim(text("sales.region"))
        .dim(time("sales.date", "date"))
        .measure(count("sales.count"))
        .rows(&[&["West", "2024-04-14", "1"], &["East", "2024-04-15", "2"]]);
    let named = doc().dim(text("sales.when")).measure(count("sales.count")).rows(&[&["latest", "1"], &["other", "2"]]);
    let exact = |name: &str, doc: &Doc, at: &str| read(TIMESERIES, format!("4 a given x: {name}"), doc).choose("at", at);
    vec![
        read(TIMESERIES, "4 a month that is none makes no time axis", &no_month).choose("at", "latest").blames(&["bad-selection"], "at"),
        read(TIMESERIES, "4 a date of zeros makes no time axis", &zero_date).choose("at", "latest").blames(&["bad-selection"], "at"),
        read(TIMESERIES, "4 a day that is none makes no time axis", &no_day).choose("at", "latest").blames(&["bad-selection"], "at"),
        exact("a number and its text are two rows of one x", &both, "1").blames(&["ambiguous"], "row"),
        exact("composed is not decomposed", &accents, "Z\u{fc}rich").gives("1"),
        exact("decomposed is not composed", &accents, "Zu\u{308}rich").gives("2"),
        exact("any character", &accents, "\u{1F600}").gives("3"),
        exact("an empty text is a value", &accents, "").gives("4"),
        exact("in another case", &regions(), "east").fails(&["no-data"]),
        exact("with a blank too many", &regions(), "East ").fails(&["no-data"]),
        exact("a month that is none", &sales(), "2024-13").fails(&["no-data", "bad-selection"]),
        exact("an hour that the clock leaps over", &gap, "2024-03-10 02").gives("2"),
        read(TIMESERIES, "4 latest: on a day when the clock leaps", &gap).choose("at", "latest").gives("3").at("2024-03-10 03"),
        read(TIMESERIES, "8 hidden points: make nothing ambiguous", &hidden_twin)
            .vis(json!({"hidden_points_if_no": ["shown"]}))
            .choose("at", "2024-04")
            .gives("2"),
        read(TIMESERIES, "8 and without the setting they do", &hidden_twin).choose("at", "2024-04").blames(&["ambiguous"], "row"),
        outline(TIMESERIES, "4 x is the time dimension, wherever it stands", &two_frames).default("x", "sales.date"),
        read(TIMESERIES, "4 the other dimension may be x", &two_frames).choose("x", "sales.region").choose("at", "East").gives("2"),
        read(TIMESERIES, "4 a category whose value reads latest has no latest", &named)
            .choose("at", "latest")
            .fails(&["bad-selection"])
            .unconfirmed(),
        read(TIMESERIES, "7 row: a dimension that is x is no row", &sales())
            .choose("row", r#"{"sales.month":"2024-04"}"#)
            .blames(&["bad-selection"], "row"),
        read(TIMESERIES, "7 row: a measure is no row", &sales()).choose("row", r#"{"sales.count":"40"}"#).blames(&["bad-selection"], "row"),
    ]
}

fn columns() -> Vec<Case> {
    let complete = r#"{"sales.status":"complete"}"#;
    let totals = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(text("sales.status"))
        .column("complete", json!({"sales.status": "complete"}))
        .total_column()
        .rows(&[&["2024-03", &by(&[("complete", "1"), (TOTAL, "10")])], &["2024-04", &by(&[("complete", "2"), (TOTAL, "20")])]]);
    let nothing_came =
        doc().dim(month("sales.month")).measure(count("sales.count")).pivot_field(text("sales.status")).top("pivots", json!([]));
    let numbers = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(number("sales.size"))
        .column("10", json!({"sales.size": 10}))
        .column("10.0", json!({"sales.size": "10.0"}))
        .row(&["2024-04", &by(&[("10", "1"), ("10.0", "2")])]);
    let text_column = doc()
        .dim(month("sales.month"))
        .measure(measure("sales.best", "string"))
        .pivot_field(text("sales.status"))
        .column("complete", json!({"sales.status": "complete"}))
        .row(&["2024-04", &by(&[("complete", "Ann")])]);
    vec![
        series(TIMESERIES, "9 a series of row totals", &totals).choose("pivot", "total").points(&[("2024-03", "10"), ("2024-04", "20")]),
        series(TIMESERIES, "9 a pivot's series has no total in it", &totals)
            .choose("pivot", complete)
            .points(&[("2024-03", "1"), ("2024-04", "2")]),
        series(TIMESERIES, "9 the column total is one reading", &regions().totals(&["15"])).choose("row", "total").one_point("15"),
        read(TIMESERIES, "8 a pivoted result in which nothing came", &nothing_came)
            .choose("pivot", complete)
            .fails(&["no-data", "bad-selection"]),
        read(SINGLE, "8 a pivoted single value in which nothing came", &nothing_came).fails(&["no-data", "bad-selection"]),
        read(TIMESERIES, "8 pivot: 10 is not 10.0", &numbers).choose("pivot", r#"{"sales.size":"10.0"}"#).gives("2"),
        read(TIMESERIES, "8 pivot: and 10.0 is not 10", &numbers).choose("pivot", r#"{"sales.size":10}"#).gives("1"),
        read(TIMESERIES, "8 pivot: a text cell is no number", &text_column)
            .choose("y", "sales.best")
            .choose("pivot", complete)
            .fails(&["not-numeric", "bad-selection"]),
        read(TIMESERIES, "5 a pivoted percentage by the tile's format", &by_status())
            .choose("pivot", complete)
            .choose("format", "percentage")
            .vis(json!({"value_format": "0%"}))
            .gives("2100"),
        read(
            PIVOT_TABLE,
            "8 the table asks for the row beside a pivot",
            &doc()
                .dim(month("sales.month"))
                .dim(text("sales.region"))
                .measure(count("sales.count"))
                .pivot_field(text("sales.status"))
                .column("complete", json!({"sales.status": "complete"}))
                .rows(&[&["2024-04", "West", &by(&[("complete", "1")])], &["2024-04", "East", &by(&[("complete", "2")])]]),
        )
        .choose("pivot", complete)
        .blames(&["ambiguous"], "row"),
    ]
}

/// A control offers at most a thousand choices; what is beyond may still be chosen.
fn many_choices() -> Vec<Case> {
    let mut cities = doc().dim(text("sales.city")).measure(count("sales.count"));
    for city in 0..1500 {
        cities = cities.row(&[&format!("city {city}"), &city.to_string()]);
    }
    let offered: Vec<String> = (0..1000).map(|city| format!("city {city}")).collect();
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    vec![
        outline(TIMESERIES, "10 a thousand choices, and a note that there are more", &cities).offers("at", &offered).notes("choices-cut"),
        read(TIMESERIES, "10 what is not offered any more may still be chosen", &cities).choose("at", "city 1499").gives("1499"),
        outline(TIMESERIES, "10 fewer choices carry no such note", &regions()).silent_on("choices-cut"),
    ]
}
