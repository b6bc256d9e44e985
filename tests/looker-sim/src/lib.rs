//! A simulated Looker that speaks API 4.0 over HTTP.
//!
//! It holds made-up dashboards and looks over a made-up shop whose numbers follow from a seed and
//! from a clock that can be set. What it sends and how it fails is what a real Looker does, as far
//! as that is known; the shapes are checked with Looker's own Python SDK.

mod config;
mod server;

mod api;
mod login;
mod refusal;

mod content;
mod edits;
mod fields;
mod like;
mod page;

mod evaluate;
mod filter;
mod ledger;
mod model;
mod query;
mod result;

mod cache;
mod run;
mod task;

mod clock;
mod faults;
mod log;

mod decimal;
mod lock;

pub use config::Config;
pub use server::{router, serve};
