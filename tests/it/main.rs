//! What Lensmount promises, driven over its public door: the real server, real components, HTTP.
//!
//! The tests read as the specification. `cases/` is a table of readings that follows the numbered
//! paragraphs "Key results, precisely"; the other files follow one promise each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, and say what they could not check"
)]

mod author;
mod bad_input;
mod canary;
mod cases;
mod catalog;
mod cli;
mod contracts;
mod counted;
mod dry_run;
mod events;
mod flips;
mod folder;
mod harness;
mod hostile;
mod house;
mod hub;
mod kill;
mod lifecycle;
mod limits;
mod live;
mod operate;
mod outlines;
mod pass_through;
mod payloads;
mod properties;
mod resting;
mod siege;
mod signatures;
mod table;
mod verify;
mod walk;
