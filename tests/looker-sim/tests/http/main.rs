//! The simulator over HTTP: shapes, statuses, paging, tasks, faults and switches.
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

mod client;

mod content;
mod faults;
mod program;
mod queries;
mod results;
mod sessions;
mod switches;
mod tasks;
