//! An author's samples, put into the component that is built.
//!
//! A server that is given the component tries it on them, and refuses it there if any does not come
//! out as it expects. What is no sample is left out with a word about it: `lensmount extractor test`
//! says what is wrong with each.

use std::path::Path;

use crate::sample::own::{self, OwnError};

use super::super::test::sample;

/// The component with the samples of its project.
pub(super) fn with_samples(folder: &Path, wasm: Vec<u8>) -> Result<Vec<u8>, OwnError> {
    // A project need not have any.
    let files = sample::files(&folder.join("samples")).unwrap_or_default();
    let (mut taken, mut size) = (Vec::new(), 2);
    for file in &files {
        let left_out = |reason: &str| {
            tracing::warn!(sample = %file.display(), reason, "the component does not carry a sample");
        };
        match sample::whole(file) {
            Ok(text) if taken.len() < own::MOST && size + text.len() < own::MOST_BYTES => {
                size += text.len() + 1;
                taken.push(text);
            }
            Ok(_) => left_out("there is no more room for it"),
            Err(error) => left_out(&format!("{error:#}")),
        }
    }
    if taken.is_empty() {
        return Ok(wasm);
    }
    own::with(&wasm, &format!("[{}]", taken.join(",")))
}
