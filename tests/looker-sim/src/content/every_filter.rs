//! Filters of every kind, and tiles that listen to some or all of them.

use super::board::Board;
use super::draft::Draft;
use super::folder::OPERATIONS;
use super::{Dashboard, Holds, Listens};
use crate::query::Queries;

pub fn dashboard(queries: &Queries) -> Dashboard {
    let all = [
        ("Date range", "orders.created_date"),
        ("Region", "orders.region"),
        ("Channel", "orders.channel"),
        ("Least orders", "orders.count"),
    ];
    Board::new(queries, "4", "Filters of every kind", OPERATIONS)
        .about("What a dashboard's filters do to its tiles")
        .filter("Date range", "date_filter", "last 12 months", None)
        .filter("Region", "string_filter", "EMEA,APAC", None)
        .filter("Channel", "field_filter", "", Some("orders.channel"))
        .filter("Least orders", "number_filter", ">=5", None)
        .tile(
            "Orders by month, all filters",
            Draft::new("looker_line", &["orders.created_month", "orders.count"])
                .sort("orders.created_month desc"),
            &all,
        )
        .tile(
            "Orders, all filters",
            Draft::new("single_value", &["orders.count"]),
            &all,
        )
        .tile(
            "Orders, no filters",
            Draft::new("single_value", &["orders.count"])
                .filter("orders.created_date", "this year"),
            &[],
        )
        .tile(
            "Orders, own filter replaced",
            Draft::new("single_value", &["orders.count"]).filter("orders.region", "Americas"),
            &[
                ("Region", "orders.region"),
                ("Date range", "orders.created_date"),
            ],
        )
        .hold(
            Some("Orders and visits by month"),
            Holds::Merge("m1"),
            vec![
                Listens {
                    explore: "orders",
                    name: "orders",
                    to: vec![
                        ("Date range", "orders.created_date"),
                        ("Region", "orders.region"),
                    ],
                },
                Listens {
                    explore: "visits",
                    name: "visits",
                    to: vec![
                        ("Date range", "visits.created_date"),
                        ("Region", "visits.region"),
                    ],
                },
            ],
        )
        .done()
}
