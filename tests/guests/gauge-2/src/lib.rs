//! The gauge of `../gauge`, a version later: its label says what the dial shows.

use lensmount_sdk::about::about;
use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};
use serde_json::Value;

/// The extractor.
pub struct Gauge;

lensmount_sdk::export_chart!(Gauge);

impl Guest for Gauge {
    fn describe() -> About {
        about(
            "gauge",
            env!("CARGO_PKG_VERSION"),
            "Gauge",
            "The number a dial points at.",
        )
    }

    fn chart_types() -> Vec<String> {
        vec!["house_gauge".into()]
    }

    fn outline(_: Tile, _: Selection) -> Result<Offering, Failure> {
        Ok(Offering {
            controls: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn read(tile: Tile, _: Selection) -> Result<Reading, Failure> {
        needle(&tile).ok_or_else(|| Failure::no_data("the dial points at nothing"))
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        Ok(vec![Self::read(tile, chosen)?])
    }
}

fn needle(tile: &Tile) -> Option<Reading> {
    let body: Value = serde_json::from_slice(&tile.body).ok()?;
    let field = body.pointer("/fields/measures/0/name")?.as_str()?;
    let value = body["data"][0][field]["value"].as_number()?.to_string();
    Some(Reading {
        attributes: vec![
            ("field".into(), field.into()),
            ("raw".into(), value.clone()),
        ],
        value,
        rendered: None,
        at: None,
        label: format!("Gauge of {field}"),
        notes: Vec::new(),
    })
}
