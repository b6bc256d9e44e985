//! Facts 3.4: dates by timeframe, and the pitfalls of "latest".

use super::along;
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{count, month, number, text, time};
use crate::table::{Case, TIMESERIES, read};

/// Timeframe, an older and a newer value; confirmed or not.
const FRAMES: &[(&str, &str, &str, bool)] = &[
    ("date", "2019-12-21", "2019-12-22", true),
    ("week", "2022-06-20", "2022-06-27", true),
    ("month", "2017-06", "2017-07", true),
    ("year", "2012", "2013", true),
    ("year", "\"2012\"", "\"2013\"", false),
    ("quarter", "2017-04", "2017-07", false),
    ("quarter", "2017-Q2", "2017-Q3", false),
    ("fiscal_quarter", "FY2024-Q1", "FY2024-Q2", false),
    ("fiscal_quarter", "FY2023-Q4", "FY2024-Q1", false),
    ("fiscal_year", "2023", "2024", false),
    ("fiscal_year", "FY2023", "FY2024", false),
    ("time", "2019-12-22 09:45:10", "2019-12-22 13:45:10", false),
    ("raw", "2019-12-22 13:45:10", "2019-12-23 01:00:00", false),
    ("raw", "2019-12-22 13:45:10 +0000", "2019-12-22 13:45:11 +0000", false),
    ("raw", "2019-12-22T13:45:10Z", "2019-12-22T13:45:11Z", false),
    ("hour", "2019-12-22 09", "2019-12-22 13", false),
    ("minute", "2019-12-22 13:09", "2019-12-22 13:45", false),
    ("millisecond", "2019-12-22 13:45:10.009", "2019-12-22 13:45:10.123", false),
];

/// Cyclic timeframes with two of their values.
const CYCLES: &[(&str, &str, &str)] = &[
    ("day_of_week", "Monday", "Tuesday"),
    ("day_of_week_index", "0", "1"),
    ("month_name", "June", "July"),
    ("month_num", "6", "7"),
    ("day_of_month", "21", "22"),
    ("day_of_year", "340", "341"),
    ("hour_of_day", "12", "13"),
    ("week_of_year", "24", "25"),
    ("quarter_of_year", "Q2", "Q3"),
    ("time_of_day", "09:45", "13:45"),
];

fn plain(value: &str) -> &str {
    value.trim_matches('"')
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (frame, older, newer, confirmed) in FRAMES {
        let doc = along(frame, &[&[newer, "2"], &[older, "1"]]);
        let shape = format!("fact 3.4: {frame} like {newer}");
        let both = [
            read(TIMESERIES, format!("{shape}, latest"), &doc).choose("at", "latest").gives("2").at(plain(newer)),
            read(TIMESERIES, format!("{shape}, by name"), &doc.reversed()).choose("at", plain(older)).gives("1"),
        ];
        cases.extend(both.map(|case| if *confirmed { case } else { case.unconfirmed() }));
    }
    for (frame, one, other) in CYCLES {
        let doc = along(frame, &[&[one, "1"], &[other, "2"]]);
        let name = format!("fact 3.4: {frame} goes round");
        cases.push(
            read(TIMESERIES, format!("{name}, no latest"), &doc).choose("at", "latest").blames(&["bad-selection"], "at").unconfirmed(),
        );
        cases.push(read(TIMESERIES, format!("{name}, by name"), &doc).choose("at", *other).gives("2").unconfirmed());
    }
    let fact = |name: &str, doc: &Doc| read(TIMESERIES, format!("fact 3.4: {name}"), doc);
    let quarters = along("quarter", &[&["2017-04", "1"], &["2017-07", "2"]]);
    let named_quarters = along("quarter", &[&["2017-Q2", "1"], &["2017-Q3", "2"]]);
    let sorted_by_measure = along("month", &[&["2024-02", "90"], &["2024-04", "50"], &["2024-03", "10"]]);
    let filled = along("month", &[&["2024-04", "null"], &["2024-03", "30"]]);
    let filled_zero = along("month", &[&["2024-04", "0"], &["2024-03", "30"]]);
    let days_to_go = doc().dim(number("sales.days_to_go")).measure(count("sales.count")).rows(&[&["2", "1"], &["1", "2"], &["0", "3"]]);
    let ages = doc().dim(number("sales.age").with("type", "duration_day")).measure(count("sales.count")).rows(&[&["1", "1"], &["2", "2"]]);
    let weeks = along(
        "week",
        &[
            &[r#"{"value":"2022-06-20","filterable_value":"2022-06-20 for 7 days"}"#, "1"],
            &[r#"{"value":"2022-06-27","filterable_value":"2022-06-27 for 7 days"}"#, "2"],
        ],
    );
    let repeated = doc().dim(month("sales.month")).dim(text("sales.team")).measure(count("sales.count")).rows(&[
        &["2026-01", "a", "1"],
        &["2026-01", "b", "2"],
        &["2026-01", "c", "3"],
        &["2026-01", "d", "4"],
    ]);
    let fiscal = doc().dim(time("sales.fq", "fiscal_quarter").with("fiscal_month_offset", 1)).measure(count("sales.count")).rows(&[
        &["FY2024-Q3", "3"],
        &["FY2024-Q4", "4"],
        &["FY2025-Q1", "5"],
    ]);
    cases.extend([
        fact("a quarter by its name where the cell has its month", &quarters).choose("at", "2017-Q3").gives("2").unconfirmed(),
        fact("a quarter by its month where the cell has its name", &named_quarters).choose("at", "2017-07").gives("2").unconfirmed(),
        fact("a year is a number, and a choice is text", &along("year", &[&["2012", "1"], &["2013", "2"]]))
            .choose("at", "2013")
            .gives("2")
            .at("2013"),
        fact("a week with its filterable value", &weeks).gives("2").at("2022-06-27"),
        fact(
            "pitfall 1: forecast rows",
            &along("month", &[&["2024-06", "60"], &["2024-05", "50"], &["2024-04", "40"]]).ran_at("2024-04-15T00:00:00Z"),
        )
        .gives("40")
        .notes("forecast-skipped"),
        fact(
            "pitfall 2: the greatest month is partial, and said so",
            &along("month", &[&["2024-04", "40"], &["2024-03", "30"]]).ran_at("2024-04-15T00:00:00Z"),
        )
        .gives("40")
        .notes("partial-period"),
        fact("pitfall 3: a filled date is null", &filled).gives("30").at("2024-03"),
        fact("pitfall 3: a filled date may be 0, which is a number", &filled_zero).gives("0").at("2024-04"),
        fact("pitfall 4: two dimensions repeat one x", &repeated).blames(&["ambiguous"], "row"),
        fact("pitfall 5: the limit cut the newest rows off", &along("month", &[&["2024-03", "30"], &["2024-04", "40"]]).truncated())
            .fails(&["incomplete"]),
        fact(
            "pitfall 6: today is a matter of the zone",
            &along("date", &[&["2024-04-15", "1"], &["2024-04-16", "2"]]).ran_at("2024-04-15T23:30:00Z").top("timezone", "Europe/Rome"),
        )
        .gives("2"),
        fact("pitfall 7: a countdown has no latest", &days_to_go).choose("at", "latest").blames(&["bad-selection"], "at"),
        fact("pitfall 7: a countdown is read by its number", &days_to_go).choose("at", "0").gives("3"),
        fact("a duration has no latest", &ages).choose("at", "latest").blames(&["bad-selection"], "at"),
        fact("sorted by the measure", &sorted_by_measure).gives("50").at("2024-04"),
        fact("a fiscal year ends with its fourth quarter", &fiscal).gives("5").at("FY2025-Q1").unconfirmed(),
    ]);
    cases
}
