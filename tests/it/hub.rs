//! The Action Hub, as a Looker meets it.

mod destinations;
mod downloads;
mod execute;
mod form;
mod keys;
mod list;
mod official_sdk;
mod recorded;
mod runs;
