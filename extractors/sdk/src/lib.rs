//! What an extractor for Lensmount is written with.
//!
//! An extractor is a type that implements [`chart::Guest`] or [`events::Guest`] and one line,
//! [`export_chart!`] or [`export_events!`], that makes a component of it. The types of the contract
//! (`wit/1.2.0/extractor.wit`) are the types used here; there is no second set of them.
//!
//! ```
//! use lensmount_sdk::chart::{About, Failure, Guest, Offering, Reading, Selection, Tile};
//!
//! struct Gauge;
//!
//! impl Guest for Gauge {
//!     fn describe() -> About {
//!         lensmount_sdk::about::about("gauge", "1.0.0", "Gauge", "One needle, one number.")
//!     }
//!     fn chart_types() -> Vec<String> {
//!         vec!["gauge".to_owned()]
//!     }
//!     fn outline(tile: Tile, chosen: Selection) -> Result<Offering, Failure> {
//!         lensmount_sdk::outline::outline(&tile, &chosen, lensmount_sdk::layout::Layout::Single)
//!     }
//!     fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
//!         lensmount_sdk::reading::read(&tile, &chosen, lensmount_sdk::layout::Layout::Single)
//!     }
//!     fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
//!         lensmount_sdk::series::series(&tile, &chosen, lensmount_sdk::layout::Layout::Single)
//!     }
//! }
//!
//! lensmount_sdk::export_chart!(Gauge);
//! ```
//!
//! The modules, in reading order. Two rules hold in all of them: a number never goes through a
//! float, and where there is a doubt the answer is a [`chart::Failure`] with its code, not a guess.

// The contract and what surrounds a call.
pub mod about;
#[cfg(target_arch = "wasm32")]
mod arena;
pub mod bindings;
pub mod chart;
pub mod control;
pub mod events;
pub mod failure;
pub mod log;
pub mod panics;
mod words;

// What Looker sent, as it came.
mod block;
pub mod cell;
pub mod document;
pub mod envelope;
pub mod errors;
pub mod field;
pub mod fields;
pub mod json;
mod luck;
mod name;
mod overlay;
pub mod pivots;
mod plain;
pub mod reader;
pub mod scan;
mod shape;
mod skip;
pub mod sort;
mod stencil;
pub mod table;
pub mod vis;
mod walk;

// What it means.
mod calendar;
pub mod decimal;
pub mod format;
pub mod labels;
pub mod percent;
pub mod stamp;
pub mod timeframe;
pub mod zone;

// What a person chose, and the number it points at.
pub mod at;
pub mod axis;
pub mod clock;
pub mod columns;
pub mod layout;
pub mod measure;
pub mod outline;
pub mod plot;
pub mod points;
pub mod reading;
pub mod row;
pub mod selection;
pub mod series;
