//! A dashboard that is written in LookML: no search for dashboards finds it.

use super::Dashboard;
use super::board::Board;
use super::draft::Draft;
use super::folder::LOOKML;
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let listens = [("Period", "orders.created_date")];
    Board::new(queries, "shop::business_pulse", "Business pulse", LOOKML)
        .filter("Period", "date_filter", "3 months", None)
        .tile(
            "Orders by week",
            Draft::new("looker_line", &["orders.created_week", "orders.count"])
                .sort("orders.created_week desc"),
            &listens,
        )
        .tile(
            "Revenue",
            Draft::new("single_value", &["orders.total_revenue"]),
            &listens,
        )
        .done()
}
