//! A chart extractor of contract 1.0.0, which says what it does by that release's only import. It
//! stands on the bindings alone, as an extractor that was built years ago does.

/// What `wit-bindgen` makes of the contract.
#[cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "generated"))]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/1.0.0",
        world: "chart-extractor",
    });

    // Natively the names of the exports are none that a linker takes.
    #[cfg(target_arch = "wasm32")]
    export!(Elder);
    #[cfg(target_arch = "wasm32")]
    use super::Elder;
}

use bindings::exports::lensmount::extractor::chart::{Guest, Offering, Reading, Tile};
use bindings::lensmount::extractor::types::{About, Failure, Selection};

/// The extractor.
pub struct Elder;

impl Guest for Elder {
    fn describe() -> About {
        About {
            name: "elder".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Elder".into(),
            summary: "Reads how many bytes there are, and says so.".into(),
            attributes: Vec::new(),
        }
    }

    fn chart_types() -> Vec<String> {
        vec!["house_elder".into()]
    }

    fn outline(_: Tile, _: Selection) -> Result<Offering, Failure> {
        Ok(Offering {
            controls: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn read(tile: Tile, _: Selection) -> Result<Reading, Failure> {
        say(&format!("counting {} bytes", tile.body.len()));
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

fn say(line: &str) {
    #[cfg(target_arch = "wasm32")]
    bindings::lensmount::extractor::log::write(
        bindings::lensmount::extractor::log::Level::Info,
        line,
    );
    #[cfg(not(target_arch = "wasm32"))]
    let _ = line;
}
