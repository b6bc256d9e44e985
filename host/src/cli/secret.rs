//! Where secrets of commands come from: the environment or a file, never an argument.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context;
use secrecy::SecretString;

/// The secret in `file` (`-` is standard input), else the one in the environment; `lacking` says
/// what to do where there is neither.
pub(super) fn needed(
    environment: Option<&SecretString>,
    file: Option<&Path>,
    lacking: &'static str,
) -> anyhow::Result<SecretString> {
    let Some(path) = file else {
        return environment.cloned().context(lacking);
    };
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
    }
    Ok(text.trim().to_owned().into())
}
