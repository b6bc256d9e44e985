//! Dashboards that are hard to find by their title.

use super::board::Board;
use super::draft::Draft;
use super::folder::{ARCHIVE, FINANCE, OPERATIONS, SALES};
use super::{Dashboard, Folder};
use crate::query::Queries;

pub fn dashboards(queries: &Queries) -> Vec<Dashboard> {
    let small = |id: &str, title: &'static str, folder: &'static Folder, region: &str| {
        Board::new(queries, id, title, folder).tile(
            "Orders by month",
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .filter("orders.created_date", "12 months")
                .filter("orders.region", region)
                .sort("orders.created_month desc"),
            &[],
        )
    };
    vec![
        small("7", "Q3_sales", SALES, "").done(),
        // Not told apart from the one before by a search alone.
        small("8", "Q3-sales", SALES, "EMEA").done(),
        small("9", "100% uptime", OPERATIONS, "APAC").done(),
        small(
            "10",
            "Customers \"at risk\" & O'Brien's list",
            SALES,
            "Americas",
        )
        .done(),
        small("11", "🚀 Launch – größer, schneller", OPERATIONS, "").done(),
        small("12", "Weekly review", SALES, "EMEA").done(),
        small("13", "Weekly review", FINANCE, "APAC").done(),
        small("14", "Weekly review", OPERATIONS, "Americas").done(),
        small("15", "Old numbers", ARCHIVE, "").deleted().done(),
        Board::new(queries, "16", "Empty", ARCHIVE).done(),
    ]
}
