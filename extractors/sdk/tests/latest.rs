//! Which point along the axis is meant.

mod support;

use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{Case, dimension, flat, flat_json, months, with};

fn axis(body: Value) -> Case {
    Case::new(Layout::Axis, body)
}

#[test]
fn the_greatest_that_is_not_in_the_future() {
    let body = months(&[
        ("2024-02", json!(2)),
        ("2024-05", json!(5)),
        ("2023-12", json!(12)),
        ("2024-03", json!(null)),
        ("2024-01", json!(1)),
    ]);
    // ran_at is 2024-03-10.
    axis(body.clone()).check(&[], "2@2024-02");
    assert_eq!(axis(body.clone()).notes(&[]), ["forecast-skipped"]);
    axis(body.clone()).check(&[("at", "latest-complete")], "2@2024-02");
    axis(body.clone())
        .now("2024-02-10T00:00:00Z")
        .check(&[], "2@2024-02");
    assert_eq!(
        axis(body.clone()).now("2024-02-10T00:00:00Z").notes(&[]),
        ["forecast-skipped", "partial-period"]
    );
    axis(body.clone())
        .now("2024-02-10T00:00:00Z")
        .check(&[("at", "latest-complete")], "1@2024-01");
    axis(body.clone())
        .now("2024-02-29T23:59:59Z")
        .check(&[("at", "latest-complete")], "1@2024-01");
    axis(body.clone())
        .now("2024-03-01T00:00:00Z")
        .check(&[("at", "latest-complete")], "2@2024-02");
    axis(body.clone())
        .now("2025-01-01T00:00:00Z")
        .check(&[], "5@2024-05");
    axis(body.clone())
        .now("2020-01-01T00:00:00Z")
        .check(&[], "NoData");
    axis(body.clone()).now("yesterday").check(&[], "Other");
    axis(body).check_series(&[], "12@2023-12 1@2024-01 2@2024-02 5@2024-05");
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let mut rows = [
        ("2024-02", json!(2)),
        ("2024-05", json!(5)),
        ("2023-12", json!(12)),
        ("2024-03", json!(null)),
        ("2024-01", json!(1)),
    ];
    for turn in 0..rows.len() * 2 {
        rows.rotate_left(1);
        if turn == rows.len() {
            rows.reverse();
        }
        let chart = |now: &str| axis(months(&rows)).now(now);
        chart("2024-02-10T00:00:00Z").check(&[], "2@2024-02");
        chart("2024-02-10T00:00:00Z").check(&[("at", "latest-complete")], "1@2024-01");
        chart("2025-01-01T00:00:00Z").check(&[], "5@2024-05");
        assert_eq!(
            chart("2024-02-10T00:00:00Z").notes(&[]),
            ["forecast-skipped", "partial-period"]
        );
    }
}

#[test]
fn a_text_at_the_latest_is_not_passed_over() {
    axis(months(&[("2024-02", json!("n/a")), ("2024-01", json!(1))])).check(&[], "NotNumeric");
    axis(months(&[("2024-02", json!("n/a")), ("2024-01", json!(1))]))
        .check_series(&[], "NotNumeric");
}

#[test]
fn without_a_clock() {
    let mut body = months(&[("2024-02", json!(2)), ("2030-05", json!(5))]);
    body["ran_at"] = Value::Null;
    axis(body.clone()).check(&[], "5@2030-05");
    assert!(axis(body.clone()).notes(&[]).is_empty());
    axis(body).check(&[("at", "latest-complete")], "BadSelection at");
}

#[test]
fn every_timeframe() {
    let now = "2024-05-15T13:50:30Z";
    for (kind, older, current, next) in [
        ("date_year", "2023", "2024", "2025"),
        ("date_quarter", "2024-01", "2024-04", "2024-07"),
        ("date_quarter", "2024-Q1", "2024-Q2", "2024-Q3"),
        ("date_month", "2024-04", "2024-05", "2024-06"),
        ("date_week", "2024-05-06", "2024-05-13", "2024-05-20"),
        ("date_date", "2024-05-14", "2024-05-15", "2024-05-16"),
        (
            "date_hour",
            "2024-05-15 12",
            "2024-05-15 13",
            "2024-05-15 14",
        ),
        (
            "date_hour6",
            "2024-05-15 06",
            "2024-05-15 12",
            "2024-05-15 18",
        ),
        (
            "date_minute",
            "2024-05-15 13:49",
            "2024-05-15 13:50",
            "2024-05-15 13:51",
        ),
        (
            "date_minute15",
            "2024-05-15 13:30",
            "2024-05-15 13:45",
            "2024-05-15 14:00",
        ),
        ("date_fiscal_year", "FY2023", "FY2024", "FY2025"),
        ("date_fiscal_quarter", "FY2024-Q1", "FY2024-Q2", "FY2024-Q3"),
    ] {
        let points = [(next, json!(3)), (current, json!(2)), (older, json!(1))];
        let case = axis(flat(dimension("sales.at", kind), &points)).now(now);
        case.check(&[], &format!("2@{current}"));
        assert_eq!(
            case.notes(&[]),
            ["forecast-skipped", "partial-period"],
            "{kind}"
        );
        case.check(&[("at", "latest-complete")], &format!("1@{older}"));
        case.check_series(
            &[("at", "ignored")],
            &format!("1@{older} 2@{current} 3@{next}"),
        );
    }
    for kind in ["date_time", "date_raw", "date_second", "date_millisecond"] {
        let points = [
            ("2024-05-15 13:50:29", json!(1)),
            ("2024-05-15 13:50:31", json!(2)),
        ];
        let case = axis(flat(dimension("sales.at", kind), &points)).now(now);
        case.check(&[], "1@2024-05-15 13:50:29");
        case.check(&[("at", "latest-complete")], "1@2024-05-15 13:50:29");
    }
}

#[test]
fn fiscal_years_start_where_the_model_says() {
    let fiscal = |offset: i64| {
        with(
            dimension("sales.fq", "date_fiscal_quarter"),
            json!({"fiscal_month_offset": offset}),
        )
    };
    let points = [
        ("FY2025-Q1", json!(3)),
        ("FY2024-Q4", json!(2)),
        ("FY2024-Q3", json!(1)),
    ];
    // By an offset of -3 the fiscal year 2025 starts in October 2024.
    axis(flat(fiscal(-3), &points))
        .now("2024-10-02T00:00:00Z")
        .check(&[], "3@FY2025-Q1");
    axis(flat(fiscal(-3), &points))
        .now("2024-09-30T00:00:00Z")
        .check(&[], "2@FY2024-Q4");
    axis(flat(fiscal(3), &points))
        .now("2024-12-31T00:00:00Z")
        .check(&[("at", "latest")], "1@FY2024-Q3");
    axis(flat(fiscal(3), &points))
        .now("2024-12-31T00:00:00Z")
        .check(&[("at", "latest-complete")], "NoData");
}

#[test]
fn zones() {
    let days = flat(
        dimension("sales.day", "date_date"),
        &[("2024-03-10", json!(10)), ("2024-03-09", json!(9))],
    );
    let early = "2024-03-10T04:00:00Z";
    let zoned = |zone: Value| axis(with(days.clone(), json!({"timezone": zone}))).now(early);
    zoned(json!("UTC")).check(&[], "10@2024-03-10");
    zoned(json!("America/Los_Angeles")).check(&[], "9@2024-03-09");
    zoned(json!("america/los_angeles")).check(&[], "9@2024-03-09");
    zoned(json!(null))
        .query(json!({"query_timezone": "America/New_York"}))
        .check(&[], "9@2024-03-09");
    zoned(json!(null))
        .context("time-zone", "America/New_York")
        .check(&[], "9@2024-03-09");
    zoned(json!(null)).check(&[], "10@2024-03-10");
    let unknown = zoned(json!("Mars/Olympus")).context("time-zone", "America/New_York");
    unknown.check(&[], "9@2024-03-09");
    assert!(unknown.notes(&[]).contains(&"unknown-time-zone".to_owned()));
    // A summer day in Berlin is two hours ahead, a winter day one.
    let hours = |day: &str| {
        flat(
            dimension("sales.hour", "date_hour"),
            &[
                (&format!("{day} 14"), json!(14)),
                (&format!("{day} 13"), json!(13)),
            ],
        )
    };
    for (day, expected) in [("2024-07-01", "14"), ("2024-01-01", "13")] {
        let body = with(hours(day), json!({"timezone": "Europe/Berlin"}));
        let now = format!("{day}T12:30:00Z");
        axis(body)
            .now(&now)
            .check(&[], &format!("{expected}@{day} {expected}"));
    }
    // Raw values with an offset are compared as instants.
    let raw = flat(
        dimension("sales.raw", "date_raw"),
        &[
            ("2024-03-10T03:30:00-01:00", json!(1)),
            ("2024-03-10T03:30:00+02:00", json!(2)),
        ],
    );
    axis(raw.clone())
        .now(early)
        .check(&[], "2@2024-03-10T03:30:00+02:00");
    axis(raw)
        .now("2024-03-10T05:00:00Z")
        .check(&[], "1@2024-03-10T03:30:00-01:00");
}

#[test]
fn a_given_value() {
    let body = flat(
        dimension("sales.quarter", "date_quarter"),
        &[("2017-10", json!(4)), ("2017-07", json!(3))],
    );
    let case = axis(body);
    case.check(&[("at", "2017-07")], "3@2017-07");
    case.check(&[("at", "2017-Q3")], "3@2017-07");
    case.check(&[("at", "2017-Q1")], "NoData at");
    case.check(&[("at", "2017")], "NoData at");
    case.check(&[("at", "2017-08")], "NoData at");
    case.check(&[("at", "nonsense")], "NoData at");
    let january = axis(months(&[("2017-01", json!(1))]));
    january.check(&[("at", "2017")], "NoData at");
    january.check(&[("at", "2017-01-01")], "NoData at");
    january.check(&[("at", "2017-01-02")], "NoData at");
}

#[test]
fn categories_have_no_latest() {
    for kind in [
        "string",
        "number",
        "date_day_of_week",
        "date_month_name",
        "date_month_num",
        "date_hour_of_day",
        "duration_day",
        "tier",
        "yesno",
    ] {
        let points = [
            (json!("b"), json!(2)),
            (json!("a"), json!(1)),
            (json!(null), json!(0)),
        ];
        let case = axis(flat_json(dimension("d", kind), &points));
        let y = ("y", "sales.count");
        case.check(&[y, ("at", "latest")], "BadSelection at");
        case.check(&[y, ("at", "latest-complete")], "BadSelection at");
        case.check(&[y], "BadSelection at");
        case.check(&[y, ("at", "a")], "1@a");
        case.check(&[y, ("at", "c")], "NoData at");
        case.check_series(&[y], "2@b 1@a");
    }
    // A time dimension with a value that is no time is one of categories.
    axis(months(&[("2024-01", json!(1)), ("soon", json!(2))])).check(&[], "BadSelection at");
}

#[test]
fn dates_without_metadata() {
    let bare = |kind: Value| json!({"name": "DAY", "label": "Day", "type": kind});
    for kind in [json!("date"), json!("string"), json!(null)] {
        let case = axis(flat(
            bare(kind),
            &[
                ("2024-03-01", json!(1)),
                ("2024-03-02", json!(2)),
                ("2024-04-01", json!(4)),
            ],
        ));
        case.check(&[], "2@2024-03-02");
    }
    axis(flat(
        bare(json!("string")),
        &[("2024", json!(1)), ("2025", json!(2))],
    ))
    .check(&[], "BadSelection at");
    axis(flat_json(bare(json!(null)), &[(json!(2024), json!(1))])).check(&[], "BadSelection at");
    let told = with(bare(json!("string")), json!({"is_timeframe": false}));
    axis(flat(told, &[("2024-03-01", json!(1))])).check(&[], "BadSelection at");
}

#[test]
fn sql_results_have_columns_of_one_kind() {
    let body = json!({
        "fields": {"measures": [], "dimensions": [
            {"name": "DATE", "label": "Date", "type": "date"}, {"name": "COUNT", "label": "Count", "type": "number"}]},
        "data": [{"DATE": {"value": "2024-01-01"}, "COUNT": {"value": 3}}, {"DATE": {"value": "2024-01-02"}, "COUNT": {"value": 4}}],
    });
    axis(body.clone()).check(&[], "4@2024-01-02");
    Case::new(Layout::Table, body.clone()).check(&[], "4@2024-01-02");
    Case::new(Layout::Single, body).check(&[], "NotNumeric");
}

#[test]
fn how_a_result_was_sorted_must_be_sound_where_it_is_asked() {
    let sorted = |truncated: bool, sorts: &str| {
        let said = with(
            months(&[("2024-02", json!(2)), ("2024-01", json!(1))]),
            json!({"truncated": truncated, "added_params": {"sorts": ["SORTS"]}}),
        );
        Case::raw(Layout::Axis, said.to_string().replace("\"SORTS\"", sorts))
            .query(json!({"sorts": ["sales.month desc 0"]}))
    };
    sorted(true, r#""sales.month desc""#).check(&[], "2@2024-02");
    for unsound in ["nul", r#""sales.month desc" 1"#, r#""\x""#] {
        sorted(true, unsound).check(&[], "Malformed");
        sorted(true, unsound)
            .context("reader", "strict")
            .check(&[], "Malformed");
        // Nobody asks a whole result, which is read all the same.
        sorted(false, unsound).check(&[], "2@2024-02");
        sorted(false, unsound)
            .context("reader", "strict")
            .check(&[], "Malformed");
    }
}

#[test]
fn results_cut_short() {
    let cut = |more: Value| {
        axis(with(
            with(
                months(&[("2024-02", json!(2)), ("2024-01", json!(1))]),
                json!({"truncated": true}),
            ),
            more,
        ))
    };
    let newest = json!({"added_params": {"sorts": ["sales.month desc"]}});
    cut(json!({})).check(&[], "Incomplete at");
    cut(newest.clone()).check(&[], "2@2024-02");
    cut(json!({"added_params": {"sorts": ["sales.month"]}})).check(&[], "Incomplete at");
    cut(json!({"added_params": {"sorts": ["sales.count desc", "sales.month desc"]}}))
        .check(&[], "Incomplete at");
    cut(json!({}))
        .query(json!({"sorts": ["sales.month desc 0"]}))
        .check(&[], "2@2024-02");
    cut(newest.clone())
        .query(json!({"sorts": ["sales.count desc 0"]}))
        .check(&[], "Incomplete at");
    cut(newest.clone())
        .query(json!({"sorts": ["__UNSORTED__"]}))
        .check(&[], "Incomplete at");
    cut(newest.clone())
        .query(json!({"sorts": []}))
        .check(&[], "2@2024-02");
    cut(newest.clone()).check(&[("at", "2024-01")], "1@2024-01");
    cut(newest.clone()).check(&[("at", "2023-01")], "Incomplete at");
    cut(newest.clone()).check_series(&[], "1@2024-01 2@2024-02");
    let notes = &cut(newest.clone()).series(&[]).unwrap()[0].notes;
    assert_eq!(notes[0].code, "truncated");
    cut(newest)
        .now("2000-01-01T00:00:00Z")
        .check(&[], "Incomplete");

    let sorted = |sorted: Value| {
        let mut body = months(&[("2024-02", json!(2)), ("2024-01", json!(1))]);
        body["truncated"] = json!(true);
        body["fields"]["dimensions"][0]["sorted"] = sorted;
        axis(body)
    };
    sorted(json!({"sort_index": 0, "desc": true})).check(&[], "2@2024-02");
    sorted(json!({"sort_index": 1, "desc": true})).check(&[], "Incomplete at");
    sorted(json!({"sort_index": 0, "desc": false})).check(&[], "Incomplete at");
}

#[test]
fn points_that_the_chart_hides_do_not_count() {
    let mut body = months(&[("2024-02", json!(2)), ("2024-01", json!(1))]);
    body["data"][0]["show"] = json!({"value": "No"});
    body["data"][1]["show"] = json!({"value": "Yes"});
    let case = axis(body).vis(json!({"hidden_points_if_no": ["show"]}));
    case.check(&[], "1@2024-01");
    case.check(&[("at", "2024-02")], "NoData at");
    case.check_series(&[], "1@2024-01");
}
