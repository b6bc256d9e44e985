//! Calls that leave this machine: only to addresses that may be called, never through a proxy, and
//! never redirected unless whoever calls says how.
//!
//! Whatever speaks to somebody else begins with [`client`]. What it may reach is judged by
//! [`Targets`], for a literal address when the URL is known and for a name when it is resolved.

mod resolver;
mod retry_after;
mod target;

use std::error::Error as _;
use std::sync::Arc;

use reqwest::ClientBuilder;

pub use resolver::{Lookup, SystemLookup};
pub use retry_after::retry_after;
pub use target::{Refused, Targets};

use resolver::Resolver;

/// A client to be built, which reaches only addresses that may be called. `lookup` is how it looks
/// names up; all but tests take [`SystemLookup`].
pub fn client(targets: Arc<Targets>, lookup: impl Lookup) -> ClientBuilder {
    // Where a program has chosen no TLS provider yet, this is the one. An error only says that it
    // has.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .dns_resolver(Arc::new(Resolver { targets, lookup }))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("lensmount/", env!("CARGO_PKG_VERSION")))
}

/// The refusal that a name's address gave, from below all that it was wrapped in.
#[must_use]
pub fn refused(error: &reqwest::Error) -> Option<Refused> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(refused.clone());
        }
        cause = error.source();
    }
    None
}
