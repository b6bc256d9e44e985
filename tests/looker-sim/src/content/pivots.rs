//! Pivoted tables and charts, with totals of all kinds.

use serde_json::json;

use super::Dashboard;
use super::board::Board;
use super::draft::Draft;
use super::folder::OPERATIONS;
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let period = [("Period", "orders.created_date")];
    Board::new(queries, "3", "Pivots & totals", OPERATIONS)
        .about("Tables that are turned")
        .filter("Period", "date_filter", "6 months", None)
        .tile(
            "Orders by month and status",
            Draft::new(
                "looker_grid",
                &["orders.created_month", "orders.status", "orders.count"],
            )
            .pivot("orders.status")
            .sort("orders.created_month desc")
            .sort("orders.status")
            .totals(true),
            &period,
        )
        .tile(
            "Rates by region and channel",
            Draft::new(
                "looker_grid",
                &[
                    "orders.region",
                    "orders.channel",
                    "orders.count",
                    "orders.completion_rate",
                ],
            )
            .pivot("orders.channel")
            .sort("orders.count desc 2")
            .totals(true)
            .drawn(json!({
                "series_labels": {"orders.completion_rate": "Success"},
                "show_row_totals": true,
                "show_totals": true,
            })),
            &period,
        )
        .tile(
            "Orders by region over time",
            Draft::new(
                "looker_line",
                &["orders.created_month", "orders.region", "orders.count"],
            )
            .pivot("orders.region")
            .sort("orders.created_month desc")
            .sort("orders.region"),
            &period,
        )
        .tile(
            "Weeks across",
            Draft::new(
                "looker_grid",
                &["orders.region", "orders.created_week", "orders.count"],
            )
            .pivot("orders.created_week")
            .sort("orders.created_week desc")
            .sort("orders.region")
            .filter("orders.created_date", "8 weeks"),
            &[],
        )
        .tile(
            "Two pivots",
            Draft::new(
                "looker_grid",
                &[
                    "orders.created_month",
                    "orders.region",
                    "orders.status",
                    "orders.total_revenue",
                ],
            )
            .pivot("orders.region")
            .pivot("orders.status")
            .totals(true),
            &period,
        )
        .tile(
            "Weekdays across",
            Draft::new(
                "looker_grid",
                &[
                    "orders.channel",
                    "orders.created_day_of_week",
                    "orders.count",
                ],
            )
            .pivot("orders.created_day_of_week")
            .sort("orders.created_day_of_week"),
            &period,
        )
        .tile(
            "Cancelled by day and channel",
            Draft::new(
                "table",
                &["orders.created_date", "orders.channel", "orders.count"],
            )
            .pivot("orders.channel")
            .sort("orders.created_date desc")
            .filter("orders.created_date", "14 days")
            .filter("orders.status", "cancelled")
            .filter("orders.region", "Nordics & Baltics"),
            &[],
        )
        .tile(
            "Shares of a pivot",
            Draft::new(
                "looker_grid",
                &["orders.created_month", "orders.channel", "orders.count"],
            )
            .pivot("orders.channel")
            .totals(true)
            .calculate(&[(
                "share",
                "Share",
                "${orders.count}/sum(${orders.count})",
                Some("percent_1"),
            )]),
            &period,
        )
        .tile(
            "Totals without a pivot",
            Draft::new(
                "looker_grid",
                &["orders.region", "orders.count", "orders.average_value"],
            )
            .sort("orders.count desc")
            .totals(false),
            &period,
        )
        .done()
}
