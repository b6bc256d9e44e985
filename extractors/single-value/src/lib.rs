//! Reads single value tiles: the number that the tile shows.

use lensmount_sdk::about::about;
use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};
use lensmount_sdk::layout::Layout;
use lensmount_sdk::{outline, reading, series};

/// The extractor of tiles that show one number.
pub struct SingleValue;

impl Guest for SingleValue {
    fn describe() -> About {
        about(
            "single-value",
            env!("CARGO_PKG_VERSION"),
            "Single value",
            "Reads the number that a single value tile shows: the first measure of the first row, unless another is chosen.",
        )
    }

    fn chart_types() -> Vec<String> {
        vec!["single_value".to_owned()]
    }

    fn outline(tile: Tile, chosen: Selection) -> Result<Offering, Failure> {
        outline::outline(&tile, &chosen, Layout::Single)
    }

    fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
        reading::read(&tile, &chosen, Layout::Single)
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        series::series(&tile, &chosen, Layout::Single)
    }
}

lensmount_sdk::export_chart!(SingleValue);
