//! `lensmount extractor keygen` and `sign`: a publisher's key, and what it vouches for.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::catalog::{PublicKey, Signature};
use crate::store::Digest;

use super::component;

/// Make a key to sign extractors with, and print its public half for servers to know
#[derive(Debug, Args)]
pub(super) struct Keygen {
    /// Where the key is written, readable by you only
    file: PathBuf,
}

/// Sign a component, so that servers know who published it
///
/// What is signed is its digest. The signature is written beside the component, as FILE.wasm.sig, where
/// `push` and a server's folder of extractors look for it.
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The component, a .wasm file
    file: PathBuf,
    /// The name that servers know the key by
    #[arg(long)]
    publisher: String,
    /// The key, as `keygen` wrote it
    #[arg(long, env = "LENSMOUNT_SIGNING_KEY", value_name = "FILE")]
    key: PathBuf,
}

impl Keygen {
    pub fn run(&self) -> anyhow::Result<()> {
        let random = SystemRandom::new();
        let key = Ed25519KeyPair::generate_pkcs8(&random)
            .map_err(|_| anyhow!("this machine gives no random bytes to make a key of"))?;
        let pair = pair(key.as_ref())?;
        // A key that is there already is never written over.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file)
            .with_context(|| format!("{} cannot be made", self.file.display()))?;
        writeln!(file, "{}", STANDARD.encode(key.as_ref()))?;
        file.sync_all()?;
        let public = PublicKey::of(pair.public_key().as_ref())?;
        writeln!(std::io::stdout(), "{public}")?;
        Ok(())
    }
}

impl Sign {
    pub fn run(&self) -> anyhow::Result<()> {
        let shown = self.key.display();
        let text = std::fs::read(&self.key).with_context(|| format!("{shown} cannot be read"))?;
        let key = STANDARD.decode(text.trim_ascii()).ok();
        let pair = key.and_then(|key| pair(&key).ok()).with_context(|| {
            format!("{shown} is no key; `lensmount extractor keygen` makes one")
        })?;
        let digest = Digest::of(&component::read(&self.file)?);
        let signed = pair.sign(digest.to_string().as_bytes());
        let signature = Signature::of(&self.publisher, signed.as_ref()).with_context(|| {
            format!(
                "{:?} is no name for a publisher: it has 1 to 64 of a-z, 0-9, - and _, and begins with a letter",
                self.publisher
            )
        })?;
        let path = beside(&self.file);
        std::fs::write(&path, format!("{signature}\n"))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(std::io::stdout(), "{}", path.display())?;
        Ok(())
    }
}

fn pair(key: &[u8]) -> anyhow::Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8(key).map_err(|error| anyhow!("the key cannot be used: {error}"))
}

/// Where the signature of a component lies.
pub(super) fn beside(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}
