//! Looks.

use super::Look;
use super::draft::Draft;
use super::folder::{ARCHIVE, FINANCE, Folder, SALES};
use crate::query::Queries;

pub fn looks(queries: &Queries) -> Vec<Look> {
    let look = |id, title, folder: &'static Folder, draft: Draft| Look {
        id,
        title,
        folder,
        stored: draft.put(queries),
        deleted: id == "6",
    };
    vec![
        look(
            "1",
            "Orders by month",
            SALES,
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .filter("orders.created_date", "6 months")
                .sort("orders.created_month desc"),
        ),
        look(
            "2",
            "Revenue of the year",
            FINANCE,
            Draft::new("single_value", &["orders.total_revenue"])
                .filter("orders.created_date", "this year"),
        ),
        look(
            "3",
            "Success by region and month",
            FINANCE,
            Draft::new(
                "looker_grid",
                &[
                    "orders.created_month",
                    "orders.region",
                    "orders.completion_rate",
                ],
            )
            .pivot("orders.region")
            .filter("orders.created_date", "6 months")
            .totals(true),
        ),
        look(
            "4",
            "100% of visits",
            SALES,
            Draft::new("looker_area", &["visits.created_date", "visits.count"])
                .filter("visits.created_date", "30 days")
                .zone("Asia/Tokyo"),
        ),
        look(
            "5",
            "Regions",
            SALES,
            Draft::new("looker_grid", &["orders.region"]),
        ),
        look(
            "6",
            "Thrown away",
            ARCHIVE,
            Draft::new("single_value", &["orders.count"]),
        ),
    ]
}
