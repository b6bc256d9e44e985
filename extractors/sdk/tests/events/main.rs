//! Event mappers by tags: what becomes of heads, rows and choices, and another implementation of
//! the same rules, on trees of values, to hold them against.

#![allow(
    clippy::unwrap_used,
    reason = "the lint knows tests by their attribute, and these are helpers of tests"
)]

mod exact;
mod failures;
mod form;
mod oracle;
mod properties;
mod scan;
mod support;
