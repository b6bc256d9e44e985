//! Lensmount reads numbers and events out of Looker through sandboxed WebAssembly extractors.
//!
//! In reading order, from the inside out; `host/ARCHITECTURE.md` tells how they meet.

mod heap;

pub mod clock;
pub mod decimal;
pub mod id;
pub mod record;
pub mod secret;
pub mod store;

pub mod sandbox;

pub mod egress;

pub mod looker;

pub mod catalog;
pub mod event;
pub mod reading;
pub mod sample;

pub mod chart;
pub mod connection;
pub mod keyresult;
pub mod once;
pub mod webhook;

pub mod access;
pub mod metrics;
pub mod problem;

pub mod hub;

pub mod http;
pub mod server;

pub mod cli;
pub mod telemetry;

#[cfg(test)]
mod fuzz;
