//! Who may call: bearer tokens and their roles.
//!
//! A token is 256 random bits, so its SHA-256 is all that needs to be kept, and finding it by that
//! hash tells a prober nothing. The text itself is shown once, when it is made.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::store::{AuditEntry, Change, Digest, Expected, Format, Kind, Store, StoreError};

/// The key of the token that comes from the environment or is made at the first start.
const BOOTSTRAP: &str = "bootstrap";
/// What every token begins with, so that scanners of leaked secrets know ours.
const PREFIX: &str = "lm_";
/// The shortest token that is taken from the environment, without its prefix.
const SHORTEST: usize = 16;

/// The format of [`TokenRecord`].
const FORMAT: u32 = 1;

/// What a token may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and previews.
    Viewer,
    /// Also changes what is read.
    Editor,
    /// Also runs the server.
    Admin,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

/// Who a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token's name in audits and limits, such as `token:bootstrap`.
    pub actor: String,
    /// What it may do.
    pub role: Role,
}

/// Who asks for a change, for the audit.
#[derive(Debug, Clone)]
pub struct By {
    /// The credential, such as `token:bootstrap`, or `server`.
    pub actor: String,
    /// The request it came in.
    pub request_id: Option<String>,
}

impl By {
    /// The server itself.
    #[must_use]
    pub fn server() -> Self {
        Self {
            actor: "server".to_owned(),
            request_id: None,
        }
    }

    /// What is remembered of a change that they made.
    #[must_use]
    pub fn entry(&self, action: &str, target: impl Into<String>) -> AuditEntry {
        let mut entry = AuditEntry::new(&self.actor, action, target);
        entry.request_id.clone_from(&self.request_id);
        entry
    }
}

/// What the store keeps of a token. It holds no secret: only the hash.
#[derive(Debug, Serialize, Deserialize)]
struct TokenRecord {
    format: u32,
    role: Role,
    digest: Digest,
    created_at: Timestamp,
}

/// Tokens could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token in the environment is too weak.
    #[error(
        "LENSMOUNT_ADMIN_TOKEN must begin with lm_ and have at least 16 characters after it; make one with `echo lm_$(openssl rand -hex 32)`"
    )]
    Weak,
    /// The store failed.
    #[error("tokens could not be read from the store")]
    Store(#[from] StoreError),
    /// A stored token is not what we wrote.
    #[error("the stored token {name} cannot be read; restore a backup")]
    Record {
        /// Its name.
        name: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A record of a later server.
    #[error(
        "the token {name} was stored by a newer Lensmount (format {format}); start that one, or restore a backup"
    )]
    Newer {
        /// Its name.
        name: String,
        /// Its format.
        format: u32,
    },
    /// The machine has no randomness.
    #[error("this machine gives no random bytes to make a token from")]
    Random(#[from] getrandom::Error),
}

/// The tokens that are valid, by hash.
#[derive(Debug, Default)]
pub struct Access {
    tokens: ArcSwap<HashMap<Digest, Arc<Principal>>>,
}

impl Access {
    /// Reads the tokens. `admin`, where given, is the bootstrap token from now on.
    ///
    /// # Errors
    ///
    /// When `admin` is weak or the store fails.
    pub async fn open(
        store: &dyn Store,
        clock: &dyn Clock,
        admin: Option<&SecretString>,
    ) -> Result<Self, AccessError> {
        if let Some(admin) = admin {
            bootstrap(store, clock, admin).await?;
        }
        let access = Self::default();
        access.reload(store).await?;
        Ok(access)
    }

    /// Makes an admin token if there is no token at all. It is shown once and cannot be read again,
    /// so this comes last when a server opens, right before it can be shown.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn make_first(
        &self,
        store: &dyn Store,
        clock: &dyn Clock,
    ) -> Result<Option<SecretString>, AccessError> {
        if !self.tokens.load().is_empty() {
            return Ok(None);
        }
        let made = random_token()?;
        bootstrap(store, clock, &made).await?;
        self.reload(store).await?;
        Ok(Some(made))
    }

    /// Who a token stands for.
    #[must_use]
    pub fn check(&self, token: &str) -> Option<Arc<Principal>> {
        self.tokens
            .load()
            .get(&Digest::of(token.as_bytes()))
            .cloned()
    }

    async fn reload(&self, store: &dyn Store) -> Result<(), AccessError> {
        let mut tokens = HashMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = store.list(Kind::Token, after.as_deref(), 200).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for document in &page {
                let record = parse(&document.key, &document.body)?;
                let actor = format!("token:{}", document.key);
                let role = record.role;
                tokens.insert(record.digest, Arc::new(Principal { actor, role }));
            }
        }
        self.tokens.store(Arc::new(tokens));
        Ok(())
    }
}

/// Makes `admin` the bootstrap token; the one before it is valid no longer.
async fn bootstrap(
    store: &dyn Store,
    clock: &dyn Clock,
    admin: &SecretString,
) -> Result<(), AccessError> {
    let text = admin.expose_secret();
    let strong = text.strip_prefix(PREFIX).is_some_and(|secret| {
        secret.len() >= SHORTEST && secret.chars().all(|c| c.is_ascii_graphic())
    });
    if !strong {
        return Err(AccessError::Weak);
    }
    let digest = Digest::of(text.as_bytes());
    if let Some(document) = store.get(Kind::Token, BOOTSTRAP).await?
        && parse(BOOTSTRAP, &document.body)?.digest == digest
    {
        return Ok(());
    }
    let record = TokenRecord {
        format: FORMAT,
        role: Role::Admin,
        digest,
        created_at: clock.now(),
    };
    let body = serde_json::to_vec(&record).map_err(|source| AccessError::Record {
        name: BOOTSTRAP.into(),
        source,
    })?;
    let change = Change::new()
        .put(Kind::Token, BOOTSTRAP, Expected::Any, body)
        .audited(AuditEntry::new(
            "server",
            "token.bootstrap",
            format!("token:{BOOTSTRAP}"),
        ));
    store.commit(change).await?;
    Ok(())
}

fn random_token() -> Result<SecretString, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", hex::encode(bytes)).into())
}

/// Reads a record, refusing what a newer server wrote.
fn parse(name: &str, body: &[u8]) -> Result<TokenRecord, AccessError> {
    let unreadable = |source| AccessError::Record {
        name: name.to_owned(),
        source,
    };
    let format = Format::of(body).map_err(unreadable)?;
    if format > FORMAT {
        return Err(AccessError::Newer {
            name: name.to_owned(),
            format,
        });
    }
    serde_json::from_slice(body).map_err(unreadable)
}
