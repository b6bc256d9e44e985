//! Product 9: every point with a number, oldest first.

use super::{empty_sales, one, regions, sales};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, series};

pub fn cases() -> Vec<Case> {
    let all: &[(&str, &str)] = &[("2024-01", "10"), ("2024-02", "20"), ("2024-03", "30"), ("2024-04", "40")];
    let gaps = empty_sales().rows(&[&["2024-03", "30"], &["2024-02", "null"], &["2024-01", "10"]]);
    let text = empty_sales().rows(&[&["2024-01", "10"], &["2024-02", "n/a"]]);
    vec![
        series(TIMESERIES, "9 rows oldest first", &sales()).points(all),
        series(TIMESERIES, "9 rows newest first", &sales().reversed()).points(all),
        series(TIMESERIES, "9 rows in no order", &sales().rotated(2)).points(all),
        series(TIMESERIES, "9 at is passed over", &sales()).choose("at", "2024-02").points(all),
        series(TIMESERIES, "9 even an at that is not there", &sales()).choose("at", "1999-01").points(all),
        series(TIMESERIES, "9 forecasts belong to it", &sales()).now("2024-02-15T00:00:00Z").points(all),
        series(TIMESERIES, "9 null points are left out", &gaps).points(&[("2024-01", "10"), ("2024-03", "30")]),
        series(TIMESERIES, "9 a category axis in the order of its rows", &regions()).points(&[
            ("West", "5"),
            ("East", "7"),
            ("North", "3"),
        ]),
        series(TIMESERIES, "9 a text cell", &text).fails(&["not-numeric"]),
        series(TIMESERIES, "9 a repeated x", &sales().row(&["2024-01", "11"])).blames(&["ambiguous"], "row"),
        series(TIMESERIES, "9 no rows are no points", &empty_sales()).points(&[]),
        series(TIMESERIES, "9 nothing but nulls are no points", &empty_sales().row(&["2024-01", "null"])).points(&[]),
        series(PIVOT_TABLE, "9 the table gives the same", &sales()).points(all),
        series(SINGLE, "9 a single value is one reading", &one("773")).one_point("773"),
        series(SINGLE, "9 and fails as its read does", &one("n/a")).fails(&["not-numeric"]),
        series(PIVOT_TABLE, "9 a table of one row is one reading", &one("773")).one_point("773"),
    ]
}
