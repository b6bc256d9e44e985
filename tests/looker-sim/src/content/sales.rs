//! Charts over time on every axis, from hour to year, and single values.

use serde_json::json;

use super::Dashboard;
use super::board::Board;
use super::draft::Draft;
use super::folder::SALES;
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let by_region = [("Region", "orders.region")];
    let both = [
        ("Region", "orders.region"),
        ("Period", "orders.created_date"),
    ];
    Board::new(queries, "1", "Sales overview", SALES)
        .about("Orders and revenue at every pace")
        .filter("Period", "date_filter", "12 months", None)
        .filter("Region", "field_filter", "", Some("orders.region"))
        .tile(
            "Orders by month",
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .fill("orders.created_month")
                .sort("orders.created_month desc"),
            &both,
        )
        .tile(
            "Revenue by week",
            Draft::new("looker_column", &["orders.created_week", "orders.total_revenue"])
                .sort("orders.created_week")
                .filter("orders.created_date", "12 weeks")
                .drawn(json!({
                    "x_axis_label": "Week of order",
                    "y_axes": [{"label": "Revenue in dollars", "orientation": "left", "series": [
                        {"id": "orders.total_revenue", "name": "Revenue", "axisId": "orders.total_revenue"},
                    ]}],
                    "series_labels": {"orders.total_revenue": "Revenue"},
                })),
            &by_region,
        )
        .tile(
            "Orders by day",
            Draft::new("looker_area", &["orders.created_date", "orders.count", "orders.average_value"])
                .sort("orders.created_date desc")
                .filter("orders.created_date", "30 days"),
            &by_region,
        )
        .tile(
            "Orders by hour",
            Draft::new("looker_line", &["orders.created_hour", "orders.count"])
                .sort("orders.created_hour desc")
                .filter("orders.created_date", "2 days"),
            &by_region,
        )
        .tile(
            "Revenue by quarter",
            Draft::new("looker_bar", &["orders.created_quarter", "orders.total_revenue"])
                .sort("orders.created_quarter"),
            &by_region,
        )
        .tile(
            "Orders by year",
            Draft::new("looker_column", &["orders.created_year", "orders.count"])
                .sort("orders.created_year"),
            &by_region,
        )
        .tile(
            "Orders this month",
            Draft::new("single_value", &["orders.count"]).filter("orders.created_date", "this month"),
            &by_region,
        )
        .tile(
            "Orders of this month's plan",
            Draft::new("single_value", &["orders.count", "orders.forecast"])
                .filter("orders.created_date", "this month")
                .drawn(json!({
                    "show_comparison": true,
                    "comparison_type": "progress_percentage",
                    "comparison_label": "of what was planned",
                    "show_single_value_title": true,
                    "single_value_title": "Orders",
                })),
            &by_region,
        )
        .tile(
            "Completion rate",
            Draft::new("single_value", &["orders.completion_rate"]),
            &both,
        )
        .done()
}
