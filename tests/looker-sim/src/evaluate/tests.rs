use serde_json::{Value, json};

use super::*;
use crate::decimal::Decimal;

/// A Wednesday.
const NOW: &str = "2026-05-13T12:00:00Z";

fn at(now: &str, body: Value) -> Result<Table, Problem> {
    let mut all = json!({"model": "shop", "view": "orders"});
    let (Value::Object(all_fields), Value::Object(body)) = (&mut all, body) else {
        panic!("not a query");
    };
    all_fields.extend(body);
    let query: Query = serde_json::from_value(all).unwrap();
    let plan = Plan::of(&query)?;
    evaluate(&query, &plan, None, Ledger::new(1), now.parse().unwrap())
}

fn table(body: Value) -> Table {
    at(NOW, body).unwrap()
}

/// The first members of all rows.
fn firsts(table: &Table) -> Vec<String> {
    table
        .rows
        .iter()
        .map(|row| row.members[0].shown())
        .collect()
}

fn number(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Number(number) => Some(*number),
        _ => None,
    }
}

/// The numbers of one measure in one column.
fn numbers(table: &Table, measure: usize, column: usize) -> Vec<Option<Decimal>> {
    table
        .rows
        .iter()
        .map(|row| number(&row.cells[measure][column]))
        .collect()
}

fn sum(numbers: impl IntoIterator<Item = Option<Decimal>>) -> Decimal {
    numbers
        .into_iter()
        .flatten()
        .fold(Decimal::whole(0), Decimal::plus)
}

/// The count of all orders under these filters.
fn count(now: &str, filters: Value) -> Decimal {
    let table = at(now, json!({"fields": ["orders.count"], "filters": filters})).unwrap();
    sum(numbers(&table, 0, 0))
}

#[test]
fn each_timeframe_has_its_members() {
    for (frame, period, first, rows) in [
        ("hour", "today", "2026-05-13 11", 12),
        ("date", "3 days", "2026-05-13", 3),
        ("week", "3 weeks", "2026-05-11", 3),
        ("month", "12 months", "2026-05", 12),
        ("quarter", "4 quarters", "2026-04", 4),
        ("year", "3 years", "2026", 3),
    ] {
        let field = format!("orders.created_{frame}");
        let table = table(json!({
            "fields": [field, "orders.count"],
            "filters": {"orders.created_date": period},
        }));
        assert_eq!(
            (firsts(&table)[0].as_str(), table.rows.len()),
            (first, rows),
            "{frame}"
        );
        assert_eq!(table.added_sort, Some(format!("{field} desc")));
        assert!(numbers(&table, 0, 0).iter().all(Option::is_some), "{frame}");
    }
}

#[test]
fn weekdays_sort_as_weekdays() {
    let table = table(json!({
        "fields": ["orders.created_day_of_week", "orders.count"],
        "filters": {"orders.created_date": "4 weeks"},
        "sorts": ["orders.created_day_of_week"],
    }));
    let week = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    assert_eq!(firsts(&table), week);
}

#[test]
fn parts_add_up_however_they_are_cut() {
    let year = json!({"orders.created_date": "2025"});
    let whole = count(NOW, year.clone());
    for field in [
        "region",
        "channel",
        "status",
        "created_month",
        "created_date",
        "created_day_of_week",
    ] {
        let table = table(
            json!({"fields": [format!("orders.{field}"), "orders.count"], "filters": year, "limit": "-1"}),
        );
        assert_eq!(sum(numbers(&table, 0, 0)), whole, "{field}");
    }
    let named = count(
        NOW,
        json!({"orders.created_date": "2025", "orders.region": "EMEA,APAC"}),
    );
    let others = count(
        NOW,
        json!({"orders.created_date": "2025", "orders.region": "-EMEA,-APAC"}),
    );
    assert_eq!(named.plus(others), whole);
    assert!(named < whole);
}

#[test]
fn days_begin_where_the_query_says() {
    let days = |zone| {
        let table = at(
            "2026-05-13T03:00:00Z",
            json!({
                "fields": ["orders.created_date", "orders.count"],
                "filters": {"orders.created_date": "2 days"},
                "query_timezone": zone,
            }),
        );
        firsts(&table.unwrap())
    };
    assert_eq!(days("UTC"), ["2026-05-13", "2026-05-12"]);
    assert_eq!(days("America/Los_Angeles"), ["2026-05-12", "2026-05-11"]);
    assert_eq!(days("Asia/Tokyo"), ["2026-05-13", "2026-05-12"]);
}

#[test]
fn an_hour_that_clocks_skip_is_not_there_and_one_they_repeat_counts_twice() {
    let day = |date: &str| {
        table(json!({
            "fields": ["orders.created_hour", "orders.count"],
            "filters": {"orders.created_date": date},
            "query_timezone": "America/New_York",
            "sorts": ["orders.created_hour"],
        }))
    };
    assert_eq!(day("2026-03-08").rows.len(), 23);
    let autumn = day("2025-11-02");
    assert_eq!(autumn.rows.len(), 24);
    let hours = numbers(&autumn, 0, 0);
    assert!(hours[1] > hours[0] && hours[1] > hours[2]);
}

#[test]
fn the_present_grows_and_the_past_does_not() {
    let (noon, later) = (NOW, "2026-05-13T12:00:20Z");
    for (period, grows) in [
        ("today", true),
        ("this month", true),
        ("last month", false),
        ("2025", false),
    ] {
        let filters = json!({"orders.created_date": period});
        assert_eq!(
            count(later, filters.clone()) > count(noon, filters),
            grows,
            "{period}"
        );
    }
}

#[test]
fn pivots_have_a_column_per_member_and_totals_where_they_are_asked_for() {
    let table = table(json!({
        "fields": ["orders.created_month", "orders.status", "orders.count", "orders.completion_rate"],
        "pivots": ["orders.status"],
        "filters": {"orders.created_date": "3 complete months"},
        "total": true,
        "row_total": "right",
    }));
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| (column.members.len(), column.is_total))
        .collect();
    assert_eq!(columns, [(1, false), (1, false), (1, false), (0, true)]);
    for row in &table.rows {
        let counts: Vec<_> = row.cells[0].iter().map(number).collect();
        assert_eq!(sum(counts[..3].to_vec()), counts[3].unwrap());
        // A rate of the whole is not the sum of rates.
        let rates: Vec<_> = row.cells[1].iter().map(number).collect();
        assert!(rates[3].unwrap() < Decimal::whole(1) && rates[1] == Some(Decimal::whole(1)));
    }
    let totals = table.totals.as_ref().unwrap();
    for (column, total) in totals[0].iter().enumerate() {
        assert_eq!(number(total), Some(sum(numbers(&table, 0, column))));
    }
}

#[test]
fn a_group_without_orders_is_null_beside_others() {
    let table = table(json!({
        "fields": ["orders.created_date", "orders.channel", "orders.count"],
        "pivots": ["orders.channel"],
        "filters": {"orders.created_date": "60 days", "orders.status": "cancelled", "orders.region": "Nordics & Baltics"},
    }));
    let partner = numbers(&table, 0, 1);
    assert!(partner.contains(&None) && partner.iter().any(Option::is_some));
}

#[test]
fn several_pivots_make_one_column_per_pair() {
    let table = table(json!({
        "fields": ["orders.region", "orders.status", "orders.count"],
        "pivots": ["orders.region", "orders.status"],
        "filters": {"orders.created_date": "2025"},
    }));
    assert_eq!((table.columns.len(), table.rows.len()), (12, 1));
}

#[test]
fn limits_cut_rows_and_columns_and_say_so() {
    let days = |limit: &str| {
        table(json!({
            "fields": ["orders.created_date", "orders.count"],
            "filters": {"orders.created_date": "2025"},
            "limit": limit,
        }))
    };
    let cut = days("20");
    assert_eq!((cut.rows.len(), cut.truncated), (20, true));
    let whole = days("-1");
    assert_eq!((whole.rows.len(), whole.truncated), (365, false));
    let wide = table(json!({
        "fields": ["orders.region", "orders.created_month", "orders.count"],
        "pivots": ["orders.created_month"],
        "filters": {"orders.created_date": "2025"},
        "column_limit": "5",
        "row_total": "right",
    }));
    assert_eq!((wide.columns.len(), wide.columns_truncated), (6, true));
    assert!(wide.columns[5].is_total && wide.rows[0].cells[0].len() == 6);
}

#[test]
fn sorts_are_by_member_by_measure_and_by_pivoted_column() {
    let regions = |sorts: Value, pivots: Value| {
        let fields = if pivots == json!([]) {
            json!(["orders.region", "orders.count"])
        } else {
            json!(["orders.region", "orders.status", "orders.count"])
        };
        table(
            json!({"fields": fields, "pivots": pivots, "sorts": sorts, "filters": {"orders.created_date": "2025"}}),
        )
    };
    for (sorts, expected) in [
        (
            json!(["orders.region"]),
            ["APAC", "Americas", "EMEA", "Nordics & Baltics"],
        ),
        (
            json!(["orders.region desc"]),
            ["Nordics & Baltics", "EMEA", "Americas", "APAC"],
        ),
        (
            json!(["orders.count desc"]),
            ["Americas", "EMEA", "APAC", "Nordics & Baltics"],
        ),
        (json!([]), ["Americas", "EMEA", "APAC", "Nordics & Baltics"]),
    ] {
        assert_eq!(
            firsts(&regions(sorts.clone(), json!([]))),
            expected,
            "{sorts}"
        );
    }
    let pivoted = regions(
        json!(["orders.status desc", "orders.count 0"]),
        json!(["orders.status"]),
    );
    assert_eq!(
        pivoted.columns[0].members,
        [Member::Text("pending".to_owned())]
    );
    let by_pending = numbers(&pivoted, 0, 0);
    assert!(by_pending.is_sorted());
}

#[test]
fn filters_on_measures_drop_groups() {
    let table = table(json!({
        "fields": ["orders.region", "orders.count"],
        "filters": {"orders.created_date": "2025", "orders.count": ">4000000"},
        "sorts": ["orders.region"],
    }));
    assert_eq!(firsts(&table), ["APAC", "Americas", "EMEA"]);
}

#[test]
fn a_forecast_reaches_three_months_ahead_where_counts_are_null() {
    let table = table(json!({
        "fields": ["orders.created_month", "orders.count", "orders.forecast"],
        "filters": {"orders.created_date": "after 2026-03-01"},
    }));
    assert_eq!(
        firsts(&table),
        [
            "2026-08", "2026-07", "2026-06", "2026-05", "2026-04", "2026-03"
        ]
    );
    assert_eq!(
        numbers(&table, 0, 0)
            .iter()
            .filter(|count| count.is_none())
            .count(),
        3
    );
    assert!(numbers(&table, 1, 0).iter().all(Option::is_some));
}

#[test]
fn gaps_are_filled_to_the_end_of_the_filter() {
    let months = |fill: Value| {
        table(json!({
            "fields": ["orders.created_month", "orders.count"],
            "filters": {"orders.created_date": "this year"},
            "fill_fields": fill,
        }))
    };
    assert_eq!(firsts(&months(json!([])))[0], "2026-05");
    let filled = months(json!(["orders.created_month"]));
    assert_eq!(
        (firsts(&filled)[0].as_str(), filled.rows.len()),
        ("2026-12", 12)
    );
    assert_eq!(filled.rows[0].cells, [[Cell::Null]]);
}

#[test]
fn nothing_found_is_no_row_or_one_of_nulls() {
    let filters = json!({"orders.region": "Atlantis"});
    let rows =
        table(json!({"fields": ["orders.created_month", "orders.count"], "filters": filters}));
    assert_eq!(rows.rows, []);
    let one =
        table(json!({"fields": ["orders.count", "orders.total_revenue"], "filters": filters}));
    assert_eq!(one.rows.len(), 1);
    assert_eq!(one.rows[0].cells[1], [Cell::Null]);
    // The count of nothing is a number.
    assert_eq!(one.rows[0].cells[0], [Cell::Number(Decimal::whole(0))]);
}

#[test]
fn calculations_follow_from_the_rows() {
    let calculation = |name: &str| json!({"table_calculation": name, "label": name, "expression": "${orders.count}", "_type_hint": "number"});
    let all = [
        "share",
        "change",
        "running_total",
        "yoy",
        "verdict",
        "unheard_of",
    ]
    .map(calculation);
    let table = table(json!({
        "fields": ["orders.created_month", "orders.count"],
        "filters": {"orders.created_date": "2025-01-01 to 2026-05-01"},
        "dynamic_fields": json!(all).to_string(),
    }));
    let (newest, oldest) = (&table.rows[0], &table.rows[15]);
    let counts = numbers(&table, 0, 0);
    let share = counts[0].unwrap().over(sum(counts.clone())).unwrap();
    assert_eq!(newest.cells[1], [Cell::Number(share)]);
    let change = counts[0]
        .unwrap()
        .minus(counts[1].unwrap())
        .over(counts[1].unwrap())
        .unwrap();
    assert_eq!(newest.cells[2], [Cell::Number(change)]);
    assert_eq!(oldest.cells[2], [Cell::Null]);
    assert_eq!(oldest.cells[3], [Cell::Number(sum(counts.clone()))]);
    let yoy = counts[0]
        .unwrap()
        .minus(counts[12].unwrap())
        .over(counts[12].unwrap())
        .unwrap();
    assert_eq!(
        (&newest.cells[4][0], &oldest.cells[4][0]),
        (&Cell::Number(yoy), &Cell::Null)
    );
    assert!(matches!(&newest.cells[5][0], Cell::Text(_)));
    assert_eq!(newest.cells[6], [Cell::Null]);
}

#[test]
fn what_cannot_be_asked_is_said() {
    for (body, problem) in [
        (json!({"fields": []}), Problem::Nothing),
        (
            json!({"fields": ["orders.x"]}),
            Problem::NoField("orders.x".to_owned()),
        ),
        (
            json!({"view": "nothing", "fields": ["orders.count"]}),
            Problem::NoExplore,
        ),
        (
            json!({"model": "other", "fields": ["orders.count"]}),
            Problem::NoExplore,
        ),
        (
            json!({"view": "orders_broken", "fields": ["orders.count"]}),
            Problem::NoTable,
        ),
        (
            json!({"fields": ["orders.count"], "pivots": ["orders.region"]}),
            Problem::NoPivot("orders.region".to_owned()),
        ),
        (
            json!({"fields": ["orders.count"], "query_timezone": "Mars/Olympus"}),
            Problem::NoZone("Mars/Olympus".to_owned()),
        ),
    ] {
        assert_eq!(at(NOW, body.clone()), Err(problem), "{body}");
    }
    for filters in [
        json!({"orders.created_date": "soon"}),
        json!({"orders.count": "many"}),
    ] {
        let refused = at(NOW, json!({"fields": ["orders.count"], "filters": filters}));
        assert!(matches!(refused, Err(Problem::Filter(_))), "{filters}");
    }
}
