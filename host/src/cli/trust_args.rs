//! Flags of the server that say whose extractors it takes.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Args;

use crate::catalog::{Policy, PublicKey, Publishers, is_sound_name};

/// Whose extractors are taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signatures")]
pub(super) struct TrustArgs {
    /// Whether extractors have to be signed: `off` looks at no signature, with `optional` one that is
    /// given has to be right, with `required` there has to be one. What the server brings is its own
    #[arg(
        long,
        env = "LENSMOUNT_SIGNATURES",
        value_enum,
        default_value_t,
        value_name = "POLICY"
    )]
    signatures: Policy,
    /// Who may sign, with the public keys that `lensmount extractor keygen` printed: acme=HEX,…
    #[arg(
        long,
        env = "LENSMOUNT_PUBLISHERS",
        value_name = "NAME=KEY,…",
        default_value = "",
        hide_default_value = true,
        value_parser = KnownPublishers::parse
    )]
    publishers: KnownPublishers,
}

/// Publishers with commas between them. An empty text is none of them.
#[derive(Debug, Clone)]
struct KnownPublishers(BTreeMap<String, PublicKey>);

impl KnownPublishers {
    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty()).map(|part| {
            let (name, key) = part.split_once('=').ok_or_else(|| {
                format!("{part:?} is no publisher with its key, such as acme=HEX")
            })?;
            let key = key
                .parse()
                .map_err(|error| format!("the key of {name:?}: {error}"))?;
            if !is_sound_name(name) {
                return Err(format!(
                    "{name:?} is no name for a publisher: it has 1 to 64 of a-z, 0-9, - and _, and begins with a letter"
                ));
            }
            Ok((name.to_owned(), key))
        });
        let mut known = BTreeMap::new();
        for part in parts {
            let (name, key) = part?;
            if known.insert(name.clone(), key).is_some() {
                return Err(format!(
                    "the publisher {name:?} is named twice; give each one key"
                ));
            }
        }
        Ok(Self(known))
    }
}

impl TrustArgs {
    /// Who may publish.
    pub fn publishers(self) -> anyhow::Result<Publishers> {
        let (policy, keys) = (self.signatures, self.publishers.0);
        if policy == Policy::Required && keys.is_empty() {
            bail!(
                "--signatures required takes what known publishers have signed, and none is known: name them with --publishers"
            );
        }
        Ok(Publishers { policy, keys })
    }
}
