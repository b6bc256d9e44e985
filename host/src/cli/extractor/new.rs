//! `lensmount extractor new`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::catalog::is_sound_name;

use super::template::{self, Kind, Language};

/// Where the SDK lay when this program was built.
const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../extractors/sdk");

/// Make a project that builds and passes its test at once
#[derive(Debug, Args)]
pub(super) struct New {
    /// The extractor's name: 1 to 64 of a-z, 0-9, - and _, beginning with a letter
    name: String,
    /// The language
    #[arg(long, value_enum)]
    lang: Language,
    /// What it reads
    #[arg(long, value_enum)]
    kind: Kind,
    /// The folder to make [default: the name]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// For Rust: the SDK, which comes with the sources of Lensmount: their folder extractors/sdk, or the URL of a
    /// git repository that has them [default: that of the sources this program was built from]
    #[arg(long, env = "LENSMOUNT_SDK", value_name = "PATH | URL")]
    sdk: Option<String>,
}

impl New {
    pub fn run(&self) -> anyhow::Result<()> {
        if !is_sound_name(&self.name) {
            bail!(
                "{:?} is no name for an extractor: it has 1 to 64 of a-z, 0-9, - and _, and begins with a letter",
                self.name
            );
        }
        let folder = self
            .path
            .clone()
            .unwrap_or_else(|| PathBuf::from(&self.name));
        if folder.exists() {
            bail!(
                "{} exists already; give another --path, nothing was written",
                folder.display()
            );
        }
        let sdk = match self.lang {
            Language::Rust => sdk(self.sdk.as_deref().unwrap_or(SDK))?,
            Language::JavaScript | Language::Python => String::new(),
        };
        let words = words(&self.name);
        let (what, world) = match self.kind {
            Kind::Chart => ("A chart extractor", "chart-extractor"),
            Kind::Events => ("An event mapper", "event-mapper"),
        };
        let words = [
            ("name", self.name.as_str()),
            ("type", &words.concat()),
            ("title", &words.join(" ")),
            ("what", what),
            ("world", world),
            ("sdk", &sdk),
            ("rust-version", env!("CARGO_PKG_RUST_VERSION")),
        ];
        for (file, text) in template::files(self.lang, self.kind, &words) {
            write(&folder.join(file), &text)?;
        }
        let mut out = std::io::stdout();
        writeln!(out, "{} is a project now. Go on with:", folder.display())?;
        writeln!(out, "  cd {}", folder.display())?;
        writeln!(out, "  lensmount extractor test")?;
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// The SDK as a Cargo.toml names it.
fn sdk(place: &str) -> anyhow::Result<String> {
    if place.contains("://") {
        return Ok(format!("{{ git = {place:?} }}"));
    }
    let folder = Path::new(place)
        .canonicalize()
        .ok()
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .with_context(|| {
            format!(
                "the SDK is not at {place}; it comes with the sources of Lensmount, so give --sdk: \
                 the folder extractors/sdk of a checkout, or the URL of the git repository"
            )
        })?;
    Ok(format!("{{ path = {folder:?} }}"))
}

/// The words of a name, each with a capital letter: both what Rust and what people would call it.
fn words(name: &str) -> Vec<String> {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_type_and_a_title() {
        assert_eq!(words("moon-phase_2").concat(), "MoonPhase2");
        assert_eq!(words("moon-phase_2").join(" "), "Moon Phase 2");
    }
}
