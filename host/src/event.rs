//! Events out of rows: a result is received, mapped in the sandbox, and delivered.
//!
//! [`receive`] takes a result in at constant memory, [`run`] makes a run of it, `mapping` makes
//! segments of its rows, and `sending` brings them to the destination.

mod batch;
mod data_plane;
pub mod destination;
mod error;
pub mod frame;
mod mapping;
pub mod message;
mod pauses;
pub mod receive;
mod record;
mod retention;
pub mod run;
pub mod scan;
pub mod sending;

#[cfg(test)]
mod tests;

pub use error::RunError;
pub use receive::{ReceiveError, Received, Receiving};
pub use record::{Plan, Rejected};
pub use run::{Order, Parts, Run, Runs, Started};
