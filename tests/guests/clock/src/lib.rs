//! A sound chart extractor that asks for a clock besides: it must be refused for that alone.

use lensmount_sdk::about::about;
use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};

#[allow(unsafe_code, reason = "generated: what the component would import")]
mod wasi {
    wit_bindgen::generate!({
        inline: "
            package wasi:clocks@0.2.0;
            interface monotonic-clock { now: func() -> u64; }
            world timed { import monotonic-clock; }
        ",
    });
}

/// The extractor.
pub struct Clock;

lensmount_sdk::export_chart!(Clock);

impl Guest for Clock {
    fn describe() -> About {
        about(
            "clock",
            env!("CARGO_PKG_VERSION"),
            "Clock",
            "Wants to know what time it is.",
        )
    }

    fn chart_types() -> Vec<String> {
        vec!["house_clock".into()]
    }

    fn outline(_: Tile, _: Selection) -> Result<Offering, Failure> {
        Ok(Offering {
            controls: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn read(_: Tile, _: Selection) -> Result<Reading, Failure> {
        Ok(Reading {
            value: wasi::wasi::clocks::monotonic_clock::now().to_string(),
            rendered: None,
            at: None,
            label: "Now".into(),
            notes: Vec::new(),
            attributes: Vec::new(),
        })
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        Ok(vec![Self::read(tile, chosen)?])
    }
}
