//! Tiles that are not simply a chart, and charts that say nothing.

use serde_json::json;

use super::board::Board;
use super::draft::Draft;
use super::folder::OPERATIONS;
use super::{Dashboard, Holds, Listens, Merge, Source, Statement};
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let listens = || {
        vec![Listens {
            explore: "orders",
            name: "",
            to: vec![("Period", "orders.created_date")],
        }]
    };
    let months = |chart, fields: &[&str]| {
        Draft::new(chart, fields)
            .filter("orders.created_date", "6 months")
            .sort("orders.created_month desc")
    };
    Board::new(queries, "5", "Odd tiles", OPERATIONS)
        .about("All that a dashboard can hold beside charts")
        .filter("Period", "date_filter", "12 months", None)
        .hold(None, Holds::Text("How to read this page"), Vec::new())
        .hold(None, Holds::Button("Open the handbook"), Vec::new())
        .hold(None, Holds::Look("1"), listens())
        .hold(
            Some("A look with a title of its own"),
            Holds::Look("2"),
            listens(),
        )
        .hold(Some("Orders beside visits"), Holds::Merge("m1"), Vec::new())
        .hold(
            Some("Merged, with a calculation"),
            Holds::Merge("m2"),
            Vec::new(),
        )
        .hold(
            Some("Written in SQL"),
            Holds::Statement("ordersbymonth"),
            Vec::new(),
        )
        .tile(
            "A chart from the marketplace",
            months(
                "marketplace_viz_radial_gauge::radial_gauge",
                &["orders.created_month", "orders.count"],
            ),
            &[],
        )
        .tile(
            "Broken",
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .of("orders_broken"),
            &[],
        )
        .tile(
            "Under development",
            months("looker_line", &["orders.created_month", "orders.count"]).of("orders_draft"),
            &[],
        )
        .tile(
            "Only words",
            Draft::new("looker_grid", &["orders.region", "orders.channel"]),
            &[],
        )
        .tile(
            "A word alone",
            Draft::new("single_value", &["orders.top_region"])
                .filter("orders.created_date", "this month"),
            &[],
        )
        .tile(
            "Words over time",
            months("looker_line", &["orders.created_month", "orders.count"])
                .calculate(&[(
                    "verdict",
                    "Verdict",
                    "if(${orders.count} > offset(${orders.count}, 1), \"up\", \"not up\")",
                    None,
                )])
                .drawn(json!({"hidden_fields": ["orders.count"]})),
            &[],
        )
        .tile(
            "Nothing there",
            months("looker_line", &["orders.created_month", "orders.count"])
                .filter("orders.region", "Atlantis"),
            &[],
        )
        .tile(
            "",
            months(
                "looker_column",
                &["orders.created_month", "orders.total_revenue"],
            ),
            &[],
        )
        .tile(
            "Labels of its own, and something hidden",
            months(
                "looker_line",
                &[
                    "orders.created_month",
                    "orders.count",
                    "orders.complete_count",
                    "orders.average_value",
                ],
            )
            .drawn(json!({
                "hidden_fields": ["orders.complete_count"],
                "series_labels": {"orders.count": "All orders", "orders.average_value": "Basket"},
                "x_axis_label": "Month of order",
                "show_view_names": true,
            })),
            &[],
        )
        .tile(
            "Orders by channel",
            Draft::new("looker_pie", &["orders.channel", "orders.count"])
                .filter("orders.created_date", "this year"),
            &[],
        )
        .tile(
            "Cut short",
            Draft::new("looker_line", &["orders.created_date", "orders.count"])
                .filter("orders.created_date", "90 days")
                .sort("orders.created_date")
                .limit("20"),
            &[],
        )
        .tile(
            "Gaps that are filled",
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .filter("orders.created_date", "this year")
                .fill("orders.created_month")
                .sort("orders.created_month desc"),
            &[],
        )
        .tile(
            "Two dimensions on one axis",
            months(
                "looker_column",
                &["orders.created_month", "orders.region", "orders.count"],
            ),
            &[],
        )
        .done()
}

pub fn merges(queries: &Queries) -> Vec<Merge> {
    let by_month = |view: &str, measure: &str| {
        let (month, date) = (
            format!("{view}.created_month"),
            format!("{view}.created_date"),
        );
        Draft::new("table", &[&month, &format!("{view}.{measure}")])
            .filter(&date, "12 months")
            .sort(&format!("{month} desc"))
            .put(queries)
    };
    let sources = || {
        let joined = Some(("visits.created_month", "orders.created_month"));
        vec![
            Source {
                name: "orders",
                stored: by_month("orders", "count"),
                joined: None,
            },
            Source {
                name: "visits",
                stored: by_month("visits", "count"),
                joined,
            },
        ]
    };
    // One source twice: its fields collide, and get a prefix.
    let mut again = sources();
    again.push(Source {
        name: "revenue",
        stored: by_month("orders", "total_revenue"),
        joined: Some(("orders.created_month", "orders.created_month")),
    });
    let calculation = "[{\"table_calculation\":\"per_visit\",\"label\":\"Per visit\",\"expression\":\"${orders.count}/${visits.count}\",\"value_format\":null,\"value_format_name\":\"percent_1\",\"_kind_hint\":\"measure\",\"_type_hint\":\"number\"}]";
    vec![
        Merge {
            id: "m1",
            sources: sources(),
            dynamic_fields: None,
            chart: "looker_column",
        },
        Merge {
            id: "m2",
            sources: again,
            dynamic_fields: Some(calculation),
            chart: "looker_line",
        },
    ]
}

pub fn statements(queries: &Queries) -> Vec<Statement> {
    let stored = Draft::new(
        "looker_line",
        &[
            "orders.created_month",
            "orders.count",
            "orders.total_revenue",
        ],
    )
    .filter("orders.created_date", "12 months")
    .sort("orders.created_month")
    .put(queries);
    vec![Statement {
        slug: "ordersbymonth",
        sql: "SELECT MONTH, COUNT(*) AS ORDERS, SUM(PRICE) AS REVENUE FROM ORDERS GROUP BY 1",
        stored,
        columns: &["MONTH", "ORDERS", "REVENUE"],
    }]
}
