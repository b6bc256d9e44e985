//! Extractors as things: what there is, which version answers, and how that changes.
//!
//! A version is checked and stored once ([`check`]), stays as it is, and is *staged* until an
//! operator activates it. One document per extractor says everything about it ([`record`]), so
//! activating, rolling back and deleting are each one write, and a crash between two of them finds
//! the catalog whole. Calls go through [`live`]: a map that is swapped as a whole, so a call in
//! flight finishes on the version that it started with.

mod anatomy;
pub mod ask;
mod breaker;
mod builtin;
mod calls;
pub mod canary;
mod check;
mod choose;
mod code;
mod contract;
mod difference;
mod dry_run;
mod error;
mod examine;
pub mod folder;
mod interface;
mod limits;
mod live;
mod metadata;
mod open;
mod record;
mod resting;
mod rollout;
mod signature;
mod spread;
mod tally;
mod upload;

#[cfg(test)]
mod tests;

pub use anatomy::{Anatomy, look_at};
pub use ask::Given;
pub use breaker::Stand;
pub use calls::Introduction;
pub use canary::Canary;
pub use check::{
    Described, LARGEST as LARGEST_COMPONENT, Refused, RefusedCode, Stage, is_sound_name,
};
pub use choose::{Choice, Verdict};
pub use contract::contracts;
pub use dry_run::{DryRun, Made, Tried, Whose};
pub use error::CatalogError;
pub use examine::{Examined, describe, examine};
pub use limits::{BadLimit, LimitsEdit, Overrides};
pub use live::{Catalog, Parts, Version};
pub use metadata::Metadata;
pub use record::{Active, ExtractorRecord, Origin, State, VersionRecord};
pub use resting::Health;
pub use rollout::Edit;
pub use signature::{NoPublicKey, NoSignature, Policy, PublicKey, Publishers, Signature};
pub use spread::Seen;
pub use tally::{Counted, Counts, Tally};
pub use upload::{Candidate, Uploaded};
