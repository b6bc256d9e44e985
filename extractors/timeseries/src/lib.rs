//! Reads line, area, column, bar and scatter charts: one number at one value of the x axis.

use lensmount_sdk::about::about;
use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};
use lensmount_sdk::layout::Layout;
use lensmount_sdk::{outline, reading, series};

/// The extractor of charts with an x axis.
pub struct Timeseries;

impl Guest for Timeseries {
    fn describe() -> About {
        about(
            "timeseries",
            env!("CARGO_PKG_VERSION"),
            "Timeseries chart",
            "Reads one number off a line, area, column, bar or scatter chart: the latest, or that at a chosen value of the x axis.",
        )
    }

    fn chart_types() -> Vec<String> {
        let types = [
            "looker_line",
            "looker_area",
            "looker_column",
            "looker_bar",
            "looker_scatter",
        ];
        types.map(str::to_owned).to_vec()
    }

    fn outline(tile: Tile, chosen: Selection) -> Result<Offering, Failure> {
        outline::outline(&tile, &chosen, Layout::Axis)
    }

    fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
        reading::read(&tile, &chosen, Layout::Axis)
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        series::series(&tile, &chosen, Layout::Axis)
    }
}

lensmount_sdk::export_chart!(Timeseries);
