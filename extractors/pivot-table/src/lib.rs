//! Reads tables, pivoted or not: one cell, a row total or a column total.

use lensmount_sdk::about::about;
use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};
use lensmount_sdk::layout::Layout;
use lensmount_sdk::{outline, reading, series};

/// The extractor of tables.
pub struct PivotTable;

impl Guest for PivotTable {
    fn describe() -> About {
        about(
            "pivot-table",
            env!("CARGO_PKG_VERSION"),
            "Pivot table",
            "Reads one number off a table, pivoted or not: a cell, a row total or a column total.",
        )
    }

    fn chart_types() -> Vec<String> {
        vec!["looker_grid".to_owned(), "table".to_owned()]
    }

    fn outline(tile: Tile, chosen: Selection) -> Result<Offering, Failure> {
        outline::outline(&tile, &chosen, Layout::Table)
    }

    fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
        reading::read(&tile, &chosen, Layout::Table)
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        series::series(&tile, &chosen, Layout::Table)
    }
}

lensmount_sdk::export_chart!(PivotTable);
