//! How an extractor introduces itself.

use crate::chart::About;

/// An [`About`] without attributes.
///
/// `name` is the stable key in URLs and settings, `version` a semantic version (commonly
/// `env!("CARGO_PKG_VERSION")`), `summary` one or two sentences.
pub fn about(name: &str, version: &str, title: &str, summary: &str) -> About {
    About {
        name: name.to_owned(),
        version: version.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        attributes: Vec::new(),
    }
}
