//! The Action Hub, as a Looker meets it.

mod breaks;
mod cells;
mod counts;
mod crowd;
mod destinations;
mod downloads;
mod execute;
mod form;
mod keys;
mod kills;
mod list;
mod mended;
mod news;
mod official_sdk;
mod reading;
mod recorded;
mod runs;
mod silent;
mod storms;
