//! What a new project is made of.
//!
//! The files lie in `host/templates/extractor`, as they will be written but for the words in double
//! braces.

use clap::ValueEnum;

/// The language of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// With the SDK
    Rust,
}

/// What a project reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A chart type in, one number out
    Chart,
    /// Rows in, customer events out
    Events,
}

/// A file of a project: where it is written, and what.
type File = (&'static str, &'static str);

macro_rules! file {
    ($path:literal, $template:literal) => {
        (
            $path,
            include_str!(concat!("../../../templates/extractor/", $template)),
        )
    };
}

const RUST: &[File] = &[
    file!("Cargo.toml", "rust/Cargo.toml.in"),
    file!("README.md", "rust/README.md.in"),
    file!(".gitignore", "rust/gitignore"),
    // The versions that the program itself was built with and tested on; cargo takes out what a
    // project has no use for.
    (
        "Cargo.lock",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")),
    ),
];

const RUST_CHART: &[File] = &[
    file!("src/lib.rs", "rust/chart/src/lib.rs.in"),
    file!("samples/read.json", "rust/chart/samples/read.json.in"),
    file!("samples/empty.json", "rust/chart/samples/empty.json.in"),
];

const RUST_EVENTS: &[File] = &[
    file!("src/lib.rs", "rust/events/src/lib.rs.in"),
    file!(
        "samples/convert.json",
        "rust/events/samples/convert.json.in"
    ),
    file!(
        "samples/untagged.json",
        "rust/events/samples/untagged.json.in"
    ),
];

/// The files of a project, the words in braces filled in.
pub(super) fn files(
    language: Language,
    kind: Kind,
    words: &[(&str, &str)],
) -> impl Iterator<Item = (&'static str, String)> {
    let parts = match (language, kind) {
        (Language::Rust, Kind::Chart) => [RUST, RUST_CHART],
        (Language::Rust, Kind::Events) => [RUST, RUST_EVENTS],
    };
    parts.into_iter().flatten().map(|(path, template)| {
        let fill = |text: String, (word, value): &(&str, &str)| {
            text.replace(&format!("{{{{{word}}}}}"), value)
        };
        (*path, words.iter().fold((*template).to_owned(), fill))
    })
}
