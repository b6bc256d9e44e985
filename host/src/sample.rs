//! Samples: what an extractor is asked, in the words of the API, and what it should answer.
//!
//! Three kinds of them prove a version before it answers anybody: those of its author ([`own`]),
//! those that whoever uploads it sends along, and the last results that key results really read
//! ([`kept`]). [`Outcome`] is what an extractor made of one, in a form in which two versions can be
//! held against each other digit for digit.

mod answer;
mod document;
pub mod kept;
mod lay_out;
mod outcome;
pub mod own;
mod words;

pub(crate) use answer::{Converted, OutlineControl};
pub(crate) use document::lent;
pub use document::{Document, Operation, Sample, SampleError};
pub(crate) use lay_out::{Order, lay_out};
pub use outcome::{Change, Outcome, UnsoundExpectation};
pub(crate) use words::{Words, query_text, result_text, timely};
