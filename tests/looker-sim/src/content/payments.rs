//! Rates, with formats that scale and one that only looks so.

use serde_json::json;

use super::Dashboard;
use super::board::Board;
use super::draft::Draft;
use super::folder::FINANCE;
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let month = |chart, fields: &[&str]| {
        Draft::new(chart, fields)
            .filter("orders.created_date", "12 months")
            .sort("orders.created_month desc")
    };
    Board::new(
        queries,
        "2",
        "Payments: on the way to 100% success",
        FINANCE,
    )
    .about("What part of all orders is completed")
    .zone("America/Los_Angeles")
    .tile(
        "Payment success by month",
        month(
            "looker_line",
            &["orders.created_month", "orders.completion_rate"],
        ),
        &[],
    )
    .tile(
        "Payment success today",
        Draft::new("single_value", &["orders.completion_rate"])
            .filter("orders.created_date", "today"),
        &[],
    )
    .tile(
        "Payment success, in percent",
        month(
            "looker_column",
            &["orders.created_month", "orders.completion_percent"],
        ),
        &[],
    )
    .tile(
        "Payment success, with two digits",
        month(
            "looker_line",
            &["orders.created_month", "orders.completion_rate"],
        )
        .drawn(
            json!({"series_value_format": {"orders.completion_rate": {"format_string": "0.00%"}}}),
        ),
        &[],
    )
    .tile(
        "Growth against the month before",
        month("looker_line", &["orders.created_month", "orders.count"])
            .limit("100")
            .calculate(&[(
                "change",
                "Change",
                "${orders.count}/offset(${orders.count}, 1) - 1",
                Some("percent_1"),
            )])
            .drawn(
                json!({"hidden_fields": ["orders.count"], "series_labels": {"change": "Growth"}}),
            ),
        &[],
    )
    .tile(
        "Growth against the year before",
        month(
            "looker_column",
            &["orders.created_month", "orders.total_revenue"],
        )
        .filter("orders.created_date", "24 months")
        .calculate(&[(
            "yoy",
            "YoY",
            "${orders.total_revenue}/offset(${orders.total_revenue}, 12) - 1",
            Some("percent_1"),
        )]),
        &[],
    )
    .done()
}
