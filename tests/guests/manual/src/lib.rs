//! A chart extractor of contract 1.1.0, which has a manual. It stands on the bindings alone, as an
//! extractor in another language does.

/// What `wit-bindgen` makes of the contract.
#[cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "generated"))]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/1.1.0",
        world: "documented-chart-extractor",
    });

    // Natively the names of the exports are none that a linker takes.
    #[cfg(target_arch = "wasm32")]
    export!(Manual);
    #[cfg(target_arch = "wasm32")]
    use super::Manual;
}

use bindings::exports::lensmount::extractor::chart::{Guest, Offering, Reading, Tile};
use bindings::exports::lensmount::extractor::manual;
use bindings::lensmount::extractor::types::{About, Failure, Selection};

/// The extractor.
pub struct Manual;

impl Guest for Manual {
    fn describe() -> About {
        About {
            name: "manual".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Manual".into(),
            summary: "Reads how many bytes there are.".into(),
            attributes: Vec::new(),
        }
    }

    fn chart_types() -> Vec<String> {
        vec!["house_manual".into()]
    }

    fn outline(_: Tile, _: Selection) -> Result<Offering, Failure> {
        Ok(Offering {
            controls: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn read(tile: Tile, _: Selection) -> Result<Reading, Failure> {
        Ok(Reading {
            value: tile.body.len().to_string(),
            rendered: None,
            at: None,
            label: "Bytes".into(),
            notes: Vec::new(),
            attributes: Vec::new(),
        })
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        Ok(vec![Self::read(tile, chosen)?])
    }
}

impl manual::Guest for Manual {
    fn manual() -> String {
        "# Manual\n\nIt counts the **bytes** of a result.\n".into()
    }
}
