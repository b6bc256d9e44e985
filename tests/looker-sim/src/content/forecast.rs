//! A chart whose newest points are still to come.

use super::Dashboard;
use super::board::Board;
use super::draft::Draft;
use super::folder::FINANCE;
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    Board::new(queries, "6", "Forecast", FINANCE)
        .tile(
            "Orders and what was planned",
            Draft::new(
                "looker_line",
                &["orders.created_month", "orders.count", "orders.forecast"],
            )
            .filter("orders.created_date", "after 6 months ago")
            .sort("orders.created_month desc"),
            &[],
        )
        .tile(
            "Orders so far",
            Draft::new("looker_area", &["orders.created_month", "orders.count"])
                .filter("orders.created_date", "this year")
                .sort("orders.created_month desc")
                .calculate(&[(
                    "running_total",
                    "So far",
                    "running_total(${orders.count})",
                    None,
                )]),
            &[],
        )
        .done()
}
