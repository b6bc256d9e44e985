//! Product 4: `latest`, `latest-complete` and a particular x.

use super::{empty_sales, regions, sales};
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{count, month, number, text};
use crate::table::{Case, PIVOT_TABLE, TIMESERIES, outline, read, series};

pub fn cases() -> Vec<Case> {
    let latest = |name: &str, doc: &Doc| read(TIMESERIES, format!("4 latest: {name}"), doc).choose("at", "latest");
    let complete = |name: &str, doc: &Doc| read(TIMESERIES, format!("4 latest-complete: {name}"), doc).choose("at", "latest-complete");
    let exact = |name: &str, doc: &Doc| read(TIMESERIES, format!("4 a given x: {name}"), doc);
    let undated = sales().without(&["ran_at"]);
    let shuffled = empty_sales().rows(&[&["2024-02", "20"], &["2024-04", "40"], &["2024-01", "10"], &["2024-03", "30"]]);
    let gap = empty_sales().rows(&[&["2024-02", "20"], &["2024-03", "30"], &["2024-04", "null"]]);
    let forecast = sales().rows(&[&["2024-05", "50"], &["2024-06", "60"]]);
    let future_blank = sales().rows(&[&["2024-05", "null"], &["2024-06", "null"]]);
    let text_now = empty_sales().rows(&[&["2024-03", "30"], &["2024-04", "n/a"]]);
    let text_later = sales().row(&["2024-05", "n/a"]);
    let all_null = empty_sales().rows(&[&["2024-03", "null"], &["2024-04", "null"]]);
    let only_future = empty_sales().rows(&[&["2024-05", "50"], &["2024-06", "60"]]);
    let null_x = sales().row(&["null", "999"]);
    let twice = sales().row(&["2024-04", "41"]);
    let mixed = sales().row(&["unknown", "1"]);
    let ages = doc().dim(number("sales.age")).measure(count("sales.count")).rows(&[&["2013", "1"], &["2014", "2"]]);
    let codes = doc().dim(text("sales.code")).measure(count("sales.count")).rows(&[&["A-1", "1"], &["A-2", "2"]]);
    let empty_regions = doc().dim(text("sales.region")).measure(count("sales.count"));
    let two_times = doc()
        .ran_at("2024-04-15T10:00:00Z")
        .dim(month("sales.created_month"))
        .dim(month("sales.shipped_month"))
        .measure(count("sales.count"))
        .rows(&[&["2024-03", "2024-04", "1"], &["2024-04", "2024-03", "2"]]);

    vec![
        latest("rows oldest first", &sales()).gives("40").at("2024-04"),
        latest("rows newest first", &sales().reversed()).gives("40").at("2024-04"),
        latest("rows in no order", &shuffled).gives("40").at("2024-04"),
        read(TIMESERIES, "4 latest is what a time axis gives when nothing is chosen", &shuffled).gives("40").at("2024-04"),
        read(PIVOT_TABLE, "4 latest: the table reads it the same", &shuffled).choose("at", "latest").gives("40").at("2024-04"),
        latest("a null cell is passed over", &gap).gives("30").at("2024-03"),
        latest("a text cell is not passed over", &text_now).fails(&["not-numeric"]),
        latest("later x are skipped with a note", &forecast).gives("40").at("2024-04").notes("forecast-skipped"),
        latest("later x, newest first", &forecast.clone().reversed()).gives("40").notes("forecast-skipped"),
        latest("later x that are empty are no forecast", &future_blank).gives("40").silent_on("forecast-skipped"),
        latest("a later text cell is skipped like any other", &text_later).gives("40").at("2024-04"),
        latest("the period that holds now counts, and is said to be partial", &sales()).gives("40").notes("partial-period"),
        latest("a period that is over is not partial", &sales().ran_at("2024-05-20T00:00:00Z")).gives("40").silent_on("partial-period"),
        latest("now wins over ran_at", &sales()).now("2024-03-10T00:00:00Z").gives("30").at("2024-03"),
        latest("now alone serves", &undated).now("2024-02-10T00:00:00Z").gives("20").at("2024-02"),
        latest("with neither now nor ran_at the greatest x is it", &undated).gives("40").at("2024-04"),
        latest("the greatest x of all with a null cell, and no clock", &undated.clone().row(&["2024-05", "null"])).gives("40"),
        latest("every cell null", &all_null).fails(&["no-data"]),
        latest("every x after now", &only_future).fails(&["no-data"]),
        latest("no rows", &empty_sales()).fails(&["no-data"]),
        latest("an x that is null is never it", &null_x).gives("40").at("2024-04"),
        latest("two rows at the greatest x", &twice).blames(&["ambiguous"], "row"),
        complete("the month before the running one", &sales()).gives("30").at("2024-03"),
        complete("rows newest first", &sales().reversed()).gives("30").at("2024-03"),
        complete("now wins over ran_at", &sales()).now("2024-02-10T00:00:00Z").gives("10").at("2024-01"),
        complete("a month has ended when the next begins", &sales()).now("2024-05-01T00:00:00Z").gives("40").at("2024-04"),
        complete("and not a second before", &sales()).now("2024-04-30T23:59:59Z").gives("30").at("2024-03"),
        complete("a null cell is passed over", &gap).now("2024-06-01T00:00:00Z").gives("30").at("2024-03"),
        complete("a text cell is not passed over", &text_now).now("2024-06-01T00:00:00Z").fails(&["not-numeric"]),
        complete("with neither now nor ran_at", &undated).blames(&["bad-selection"], "at"),
        complete("no period has ended", &sales()).now("2024-01-15T00:00:00Z").fails(&["no-data"]),
        read(PIVOT_TABLE, "4 latest-complete: the table reads it the same", &sales()).choose("at", "latest-complete").gives("30"),
        exact("in the result", &sales()).choose("at", "2024-02").gives("20").at("2024-02"),
        exact("after now, when asked for by name", &forecast).choose("at", "2024-06").gives("60").at("2024-06"),
        exact("not in the result", &sales()).choose("at", "2023-12").fails(&["no-data"]),
        exact("whose cell is null", &gap).choose("at", "2024-04").fails(&["no-data"]),
        exact("whose cell is text", &text_now).choose("at", "2024-04").fails(&["not-numeric"]),
        exact("with two rows", &twice).choose("at", "2024-04").blames(&["ambiguous"], "row"),
        exact("on a category axis", &regions()).choose("at", "East").gives("7").at("East"),
        exact("not on the category axis", &regions()).choose("at", "South").fails(&["no-data"]),
        exact("is the whole value, not a part of it", &regions()).choose("at", "Eas").fails(&["no-data"]),
        exact("on a number axis", &ages).choose("at", "2013").gives("1").at("2013"),
        latest("a category axis has none", &regions()).blames(&["bad-selection"], "at"),
        complete("a category axis has none", &regions()).blames(&["bad-selection"], "at"),
        latest("a number that is no date has none", &ages).blames(&["bad-selection"], "at"),
        latest("codes that only look ordered have none", &codes).blames(&["bad-selection"], "at"),
        latest("an axis with one x that is no date has none", &mixed).blames(&["bad-selection"], "at"),
        read(TIMESERIES, "4 a category axis needs an x", &regions()).blames(&["bad-selection"], "at"),
        outline(TIMESERIES, "4 a category axis requires an x and takes none by itself", &regions())
            .required("at", true)
            .default("at", serde_json::Value::Null)
            .offers("at", &["West", "East", "North"]),
        outline(TIMESERIES, "4 a time axis offers latest first, then x newest first", &shuffled)
            .default("at", "latest")
            .offers("at", &["latest", "latest-complete", "2024-04", "2024-03", "2024-02", "2024-01"]),
        latest("on another time dimension than the first", &two_times).choose("x", "sales.shipped_month").gives("1").at("2024-04"),
        latest("x is the first of several time dimensions", &two_times).gives("2").at("2024-04"),
        read(TIMESERIES, "4 a category axis without rows has no data", &empty_regions).fails(&["no-data", "bad-selection"]),
        exact("on a category axis without rows", &empty_regions).choose("at", "West").fails(&["no-data"]),
        series(TIMESERIES, "4 a series needs no at", &regions()).points(&[("West", "5"), ("East", "7"), ("North", "3")]),
    ]
}
