//! The contract of a chart extractor: implement [`Guest`], then [`export_chart!`](crate::export_chart).

use std::marker::PhantomData;

pub use crate::bindings::chart_extractor::exports::lensmount::extractor::chart::{
    Guest, Note, Offering, Reading, Tile,
};
pub use crate::bindings::chart_extractor::lensmount::extractor::types::{
    About, Attributes, Choice, Control, ControlKind, Failure, FailureCode, Selection,
};

impl Note {
    /// A note: `code` is stable and lower-case, `message` is for a person.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// A chart extractor whose panics are logged before they trap. [`export_chart!`](crate::export_chart)
/// exports this rather than the author's type itself.
pub struct Guarded<T>(PhantomData<T>);

impl<T: Guest> Guest for Guarded<T> {
    fn describe() -> About {
        crate::panics::log_them();
        T::describe()
    }

    fn chart_types() -> Vec<String> {
        crate::panics::log_them();
        T::chart_types()
    }

    fn outline(tile: Tile, chosen: Selection) -> Result<Offering, Failure> {
        crate::panics::log_them();
        T::outline(tile, chosen)
    }

    fn read(tile: Tile, chosen: Selection) -> Result<Reading, Failure> {
        crate::panics::log_them();
        T::read(tile, chosen)
    }

    fn series(tile: Tile, chosen: Selection) -> Result<Vec<Reading>, Failure> {
        crate::panics::log_them();
        T::series(tile, chosen)
    }
}

/// Makes a component of a type that implements [`chart::Guest`](crate::chart::Guest).
///
/// Only a build for `wasm32` exports anything, so that extractors can be tested natively.
#[macro_export]
macro_rules! export_chart {
    ($extractor:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type ExportedByLensmountSdk = $crate::chart::Guarded<$extractor>;
            $crate::bindings::chart_extractor::export_chart_world!(
                ExportedByLensmountSdk with_types_in $crate::bindings::chart_extractor
            );
        };
    };
}
