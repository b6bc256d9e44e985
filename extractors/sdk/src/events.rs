//! The contract of an event mapper: implement [`Guest`], then [`export_events!`](crate::export_events).
//!
//! A mapper by tags, one event a row, is a [`mapping::Mapping`]. Another may take what it needs of
//! the modules below, in reading order; a value goes from a row's bytes to an event's JSON byte for
//! byte, without a tree of values in between.

// What Looker sent.
pub mod head;
pub mod query;
pub mod row;

// What the owner of a schedule chose, and the owner of the model tagged.
pub mod form;
pub mod names;
pub mod tags;

// What becomes of a row.
pub mod identity;
pub mod mapping;
pub mod plan;
pub mod value;

use std::marker::PhantomData;

pub use crate::bindings::event_mapper::exports::lensmount::extractor::events::{
    Batch, Event, Guest, Kind, Rejection, Requirement, Run,
};
pub use crate::chart::{
    About, Attributes, Choice, Control, ControlKind, Failure, FailureCode, Selection,
};

/// An event mapper whose panics are logged before they trap. [`export_events!`](crate::export_events)
/// exports this rather than the author's type itself.
pub struct Guarded<T>(PhantomData<T>);

impl<T: Guest> Guest for Guarded<T> {
    fn describe() -> About {
        crate::panics::log_them();
        T::describe()
    }

    fn requirements() -> Vec<Requirement> {
        crate::panics::log_them();
        T::requirements()
    }

    fn form() -> Vec<Control> {
        crate::panics::log_them();
        T::form()
    }

    fn convert(run: Run, rows: Vec<u8>) -> Result<Batch, Failure> {
        crate::panics::log_them();
        T::convert(run, rows)
    }
}

/// Makes a component of a type that implements [`events::Guest`](crate::events::Guest).
///
/// Only a build for `wasm32` exports anything, so that mappers can be tested natively.
#[macro_export]
macro_rules! export_events {
    ($mapper:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type ExportedByLensmountSdk = $crate::events::Guarded<$mapper>;
            $crate::bindings::event_mapper::export_event_world!(
                ExportedByLensmountSdk with_types_in $crate::bindings::event_mapper
            );
        };
    };
}
