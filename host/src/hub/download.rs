//! Fetches the rows that Looker has behind a URL. Such a URL works once, so nothing is tried twice.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;

use crate::connection::{ConnectionError, Connections};
use crate::egress::{self, Refused, SystemLookup, Targets};
use crate::event::{Judge, ReceiveError, Receiving};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// How long Looker may take to begin: it may run the query only now.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// How long nothing may come after that.
const SILENCE: Duration = Duration::from_secs(2 * 60);
/// The most bytes of a result.
const LARGEST: u64 = 16 << 30;
/// How often Looker may send us elsewhere on its own host.
const REDIRECTS: usize = 3;

/// Why rows were not fetched. None of them says the URL, which is a key to the rows.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// It is no URL.
    #[error("the download URL is no http or https URL, so nothing was done")]
    NotAUrl,
    /// Its host is none that rows come from.
    #[error(
        "rows are not fetched from {host}, so nothing was done; connect that Looker, or add the host to LENSMOUNT_HUB_DOWNLOAD_HOSTS"
    )]
    Host {
        /// The host.
        host: String,
    },
    /// Its address may not be called.
    #[error("nothing was done: {0}")]
    Target(#[from] Refused),
    /// It sends us elsewhere.
    #[error(
        "{host} answered the download with a redirect that is not followed, since it leads to another host or on and on; nothing was done"
    )]
    Redirected {
        /// The host.
        host: String,
    },
    /// No connection stands.
    #[error(
        "{host} cannot be reached for the download of the rows, so nothing was done; run the schedule again"
    )]
    Unreachable {
        /// The host.
        host: String,
    },
    /// It does not answer with rows.
    #[error(
        "{host} answered the download of the rows with {status}, so nothing was done; a download URL works once and for an hour, so run the schedule again"
    )]
    Status {
        /// The host.
        host: String,
        /// What it answered.
        status: StatusCode,
    },
    /// It fell silent.
    #[error(
        "nothing more of the rows came from {host} for {seconds} s, so nothing was done; run the schedule again"
    )]
    Silent {
        /// The host.
        host: String,
        /// For how long.
        seconds: u64,
    },
    /// It broke off.
    #[error(
        "the download of the rows from {host} broke off, so nothing was done; run the schedule again"
    )]
    Broken {
        /// The host.
        host: String,
    },
    /// There is too much of it.
    #[error("the rows are more than {} GiB, so nothing was done; send fewer", LARGEST >> 30)]
    TooLarge,
    /// What came is no result.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The known hosts cannot be read.
    #[error("the connections cannot be read, so nothing was done; run the schedule again")]
    Connections(#[from] ConnectionError),
}

/// Fetches rows.
pub struct Downloads {
    client: Client,
    targets: Arc<Targets>,
    connections: Arc<Connections>,
    hosts: Vec<String>,
}

impl Downloads {
    /// `targets` are the addresses that may be called. Where `hosts` names any, rows come from
    /// those and from the hosts of connections, and from no others.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made on this machine.
    pub fn new(
        targets: Arc<Targets>,
        connections: Arc<Connections>,
        hosts: Vec<String>,
    ) -> Result<Self, reqwest::Error> {
        let client = egress::client(Arc::clone(&targets), SystemLookup)
            .redirect(Policy::custom(redirected))
            .connect_timeout(CONNECT)
            .referer(false)
            .build()?;
        Ok(Self {
            client,
            targets,
            connections,
            hosts,
        })
    }

    /// Fetches the rows behind a URL.
    ///
    /// # Errors
    ///
    /// Why they are not all there.
    pub async fn fetch<J: Judge>(
        &self,
        url: &SecretString,
        into: &mut Receiving<J>,
    ) -> Result<(), DownloadError> {
        let url = Url::parse(url.expose_secret().trim()).map_err(|_| DownloadError::NotAUrl)?;
        let host = match url.host_str() {
            Some(host) if matches!(url.scheme(), "http" | "https") => host.to_owned(),
            _ => return Err(DownloadError::NotAUrl),
        };
        self.targets.check_literal(&url)?;
        self.check_host(&host).await?;
        let silent = |after: Duration| DownloadError::Silent {
            host: host.clone(),
            seconds: after.as_secs(),
        };
        let sent = timeout(FIRST, self.client.get(url).send()).await;
        let mut response = sent
            .map_err(|_| silent(FIRST))?
            .map_err(|error| unreached(&error, &host))?;
        if response.status() != StatusCode::OK {
            let status = response.status();
            return Err(match status.is_redirection() {
                true => DownloadError::Redirected { host },
                false => DownloadError::Status { host, status },
            });
        }
        let mut bytes = 0;
        while let Some(part) = next(&mut response, &host, silent).await? {
            bytes += part.len() as u64;
            if bytes > LARGEST {
                return Err(DownloadError::TooLarge);
            }
            into.push(&part).await?;
        }
        Ok(())
    }

    async fn check_host(&self, host: &str) -> Result<(), DownloadError> {
        const PAGE: usize = 200;
        if self.hosts.is_empty() || self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        let mut after: Option<String> = None;
        loop {
            let page = self.connections.list(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            let mut known = page.iter().map(|it| Url::parse(&it.record.server_url));
            if known.any(|url| url.is_ok_and(|url| url.host_str() == Some(host))) {
                return Ok(());
            }
        }
        Err(DownloadError::Host {
            host: host.to_owned(),
        })
    }
}

async fn next(
    response: &mut Response,
    host: &str,
    silent: impl Fn(Duration) -> DownloadError,
) -> Result<Option<bytes::Bytes>, DownloadError> {
    let part = timeout(SILENCE, response.chunk()).await;
    let part = part.map_err(|_| silent(SILENCE))?;
    part.map_err(|_| DownloadError::Broken {
        host: host.to_owned(),
    })
}

/// A redirect to another host.
#[derive(Debug, thiserror::Error)]
#[error("a redirect to another host")]
struct Elsewhere;

/// Looker may send us on to another path of its own, or from http to https.
fn redirected(attempt: Attempt) -> reqwest::redirect::Action {
    let (from, to) = (attempt.previous(), attempt.url());
    let here = from.first().is_some_and(|first| {
        let same_host = first.host_str() == to.host_str();
        same_host
            && (first.origin() == to.origin() || first.scheme() == "http" && to.scheme() == "https")
    });
    if here && from.len() <= REDIRECTS {
        attempt.follow()
    } else {
        attempt.error(Elsewhere)
    }
}

fn unreached(error: &reqwest::Error, host: &str) -> DownloadError {
    let host = host.to_owned();
    if let Some(refused) = egress::refused(error) {
        return DownloadError::Target(refused);
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<Elsewhere>() {
            return DownloadError::Redirected { host };
        }
        cause = error.source();
    }
    if error.is_connect() {
        DownloadError::Unreachable { host }
    } else {
        DownloadError::Broken { host }
    }
}
