//! Events out of rows: a result is received, mapped in the sandbox, and delivered.
//!
//! [`receive`] takes a result in at constant memory, [`run`] makes a run of it, `mapping` makes
//! segments of its rows (by `chunk`, `pieces`, `batch`, `segments`), and `sending` brings them to the
//! destination (by `sifting` and `settling`).
//! Turning points are told to whoever listens (`news`), what is not done to whoever counts (`backlog`).

mod backlog;
mod batch;
mod chunk;
mod data_plane;
pub mod destination;
mod error;
pub mod frame;
mod mapping;
pub mod message;
mod news;
mod pauses;
mod pieces;
pub mod receive;
mod record;
mod redrive;
mod refused_rows;
pub mod resend;
mod retention;
mod room;
pub mod run;
pub mod scan;
mod segments;
pub mod sending;
mod settling;
mod sifting;
mod told;

#[cfg(test)]
mod tests;

pub use error::RunError;
pub use receive::{Document, Judge, ReceiveError, Received, Receiving};
pub use record::{Plan, Rejected};
pub use run::{Order, Parts, Runs, Started};
pub use told::{Reason, Run};
