//! Events out of rows: how a result is taken apart for an event mapper.

pub mod frame;
pub mod receive;
pub mod scan;
