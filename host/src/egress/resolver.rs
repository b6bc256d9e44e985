//! Names to addresses, without those that may not be called. What is checked here is what is
//! connected to, so a name that changes its answer in between gains nothing.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::target::{Refused, Targets};

/// How a name is looked up.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own way to look names up.
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) }.boxed()
    }
}

/// A resolver that knows only addresses that may be called.
pub(super) struct Resolver<L> {
    pub targets: Arc<Targets>,
    pub lookup: L,
}

impl<L: Lookup> Resolve for Resolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = self.lookup.lookup(host.clone());
        let targets = Arc::clone(&self.targets);
        async move { callable(&targets, host, found.await?) }.boxed()
    }
}

fn callable(
    targets: &Targets,
    host: String,
    found: Vec<SocketAddr>,
) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    let (callable, refused): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|address| targets.allows(address.ip()));
    match (callable.is_empty(), refused.first()) {
        (true, Some(address)) => Err(Box::new(Refused {
            host,
            ip: address.ip(),
        })),
        (true, None) => Err(Box::new(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        ))),
        (false, _) => Ok(Box::new(callable.into_iter())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Gives one answer after the other, as a name server does that means ill.
    struct Changing(Vec<Vec<&'static str>>, AtomicUsize);

    impl Lookup for Changing {
        fn lookup(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            let turn = self.1.fetch_add(1, Ordering::SeqCst) % self.0.len();
            let answer = self.0[turn]
                .iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                .collect();
            async move { Ok(answer) }.boxed()
        }
    }

    fn resolver(answers: Vec<Vec<&'static str>>) -> Resolver<Changing> {
        Resolver {
            targets: Arc::default(),
            lookup: Changing(answers, AtomicUsize::new(0)),
        }
    }

    async fn resolve(resolver: &Resolver<Changing>) -> Result<Vec<String>, String> {
        let name = "looker.example.com".parse().unwrap();
        match resolver.resolve(name).await {
            Ok(found) => Ok(found.map(|address| address.ip().to_string()).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn private_addresses_of_a_name_are_left_out() {
        let mixed = resolver(vec![vec!["127.0.0.1", "8.8.8.8", "::1"]]);
        assert_eq!(resolve(&mixed).await.unwrap(), ["8.8.8.8"]);
    }

    #[tokio::test]
    async fn a_name_with_only_private_addresses_is_refused_in_words() {
        let private = resolver(vec![vec!["169.254.169.254"]]);
        let error = resolve(&private).await.unwrap_err();
        assert!(
            error.contains("looker.example.com is at 169.254.169.254"),
            "{error}"
        );
        assert!(
            resolve(&resolver(vec![vec![]]))
                .await
                .unwrap_err()
                .contains("no address")
        );
    }

    #[tokio::test]
    async fn a_name_that_changes_its_answer_is_judged_by_each_answer() {
        let changing = resolver(vec![vec!["8.8.8.8"], vec!["::ffff:10.0.0.1"]]);
        assert!(resolve(&changing).await.is_ok());
        assert!(resolve(&changing).await.is_err());
    }
}
