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
    /// By componentize-js, with Node 18 or later and npm
    #[value(name = "javascript")]
    JavaScript,
    /// By componentize-py, with Python 3.11 or later
    Python,
}

impl Language {
    /// The file that says what a project is, and by which its language is told.
    pub const fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }
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

/// The contract, for the tools that make their bindings from it when they build.
const CONTRACT: File = (
    "wit/extractor.wit",
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../wit/1.0.0/extractor.wit"
    )),
);

const JAVASCRIPT: &[File] = &[
    file!("package.json", "javascript/package.json.in"),
    file!("package-lock.json", "javascript/package-lock.json.in"),
    file!("README.md", "javascript/README.md.in"),
    file!(".gitignore", "javascript/gitignore"),
    file!("lensmount.js", "javascript/lensmount.js"),
    CONTRACT,
];

const JAVASCRIPT_CHART: &[File] = &[
    file!("extractor.js", "javascript/chart/extractor.js.in"),
    file!("samples/read.json", "javascript/chart/samples/read.json.in"),
    file!(
        "samples/empty.json",
        "javascript/chart/samples/empty.json.in"
    ),
];

const JAVASCRIPT_EVENTS: &[File] = &[
    file!("extractor.js", "javascript/events/extractor.js.in"),
    file!(
        "samples/convert.json",
        "javascript/events/samples/convert.json.in"
    ),
    file!(
        "samples/untagged.json",
        "javascript/events/samples/untagged.json.in"
    ),
];

const PYTHON: &[File] = &[
    file!("pyproject.toml", "python/pyproject.toml.in"),
    file!("requirements.txt", "python/requirements.txt"),
    file!("README.md", "python/README.md.in"),
    file!(".gitignore", "python/gitignore"),
    file!("lensmount.py", "python/lensmount.py"),
    CONTRACT,
];

const PYTHON_CHART: &[File] = &[
    file!("extractor.py", "python/chart/extractor.py.in"),
    file!("samples/read.json", "python/chart/samples/read.json.in"),
    file!("samples/empty.json", "python/chart/samples/empty.json.in"),
];

const PYTHON_EVENTS: &[File] = &[
    file!("extractor.py", "python/events/extractor.py.in"),
    file!(
        "samples/convert.json",
        "python/events/samples/convert.json.in"
    ),
    file!(
        "samples/untagged.json",
        "python/events/samples/untagged.json.in"
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
        (Language::JavaScript, Kind::Chart) => [JAVASCRIPT, JAVASCRIPT_CHART],
        (Language::JavaScript, Kind::Events) => [JAVASCRIPT, JAVASCRIPT_EVENTS],
        (Language::Python, Kind::Chart) => [PYTHON, PYTHON_CHART],
        (Language::Python, Kind::Events) => [PYTHON, PYTHON_EVENTS],
    };
    parts.into_iter().flatten().map(|(path, template)| {
        let fill = |text: String, (word, value): &(&str, &str)| {
            text.replace(&format!("{{{{{word}}}}}"), value)
        };
        (*path, words.iter().fold((*template).to_owned(), fill))
    })
}
