//! How `lensmount serve` is told how Looker meets the Action Hub.

use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::hub::{Bounds, Manner};
use crate::server::HubOptions;

/// How Looker meets the Action Hub.
#[derive(Debug, Args)]
#[command(next_help_heading = "Action Hub")]
pub(super) struct HubArgs {
    /// What Looker and people reach this server by, such as https://example.com/lensmount; without
    /// it, the `Host` that a request names
    #[arg(long, env = "LENSMOUNT_PUBLIC_URL", value_name = "URL", value_parser = web)]
    public_url: Option<Url>,
    /// The secret that Action Hub keys are made with; without it the server makes one for itself.
    /// Better in the environment, since other users of the machine can see a command line
    #[arg(
        long,
        env = "LENSMOUNT_HUB_SECRET",
        hide_env_values = true,
        value_name = "TEXT"
    )]
    hub_secret: Option<SecretString>,
    /// Secrets that keys were made with before, one in each line; such keys are good still
    #[arg(
        long,
        env = "LENSMOUNT_HUB_OLD_SECRETS",
        hide_env_values = true,
        value_name = "LINES"
    )]
    hub_old_secrets: Option<SecretString>,
    /// Refuse keys that were not made by this server, although they are of its secret
    #[arg(long, env = "LENSMOUNT_HUB_NAMED_KEYS_ONLY")]
    hub_named_keys_only: bool,
    /// Hosts that rows may be fetched from, with commas between them; those of connections are
    /// added. Without any, rows come from wherever Looker says, private addresses apart
    #[arg(
        long,
        env = "LENSMOUNT_HUB_DOWNLOAD_HOSTS",
        value_name = "HOST,…",
        value_delimiter = ','
    )]
    hub_download_hosts: Vec<String>,
    /// Seconds that an answer to Looker waits for its events to be delivered
    #[arg(
        long,
        env = "LENSMOUNT_HUB_ANSWER_SECONDS",
        default_value_t = 1_500,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    hub_answer_seconds: u64,
    /// Seconds between two signs of life while an answer waits
    #[arg(
        long,
        env = "LENSMOUNT_HUB_KEEP_ALIVE_SECONDS",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=600)
    )]
    hub_keep_alive_seconds: u64,
    /// Seconds that may pass between two parts of a request
    #[arg(
        long,
        env = "LENSMOUNT_HUB_SILENCE_SECONDS",
        default_value_t = 60,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=600)
    )]
    hub_silence_seconds: u64,
    /// Seconds that a request may take to come
    #[arg(
        long,
        env = "LENSMOUNT_HUB_REQUEST_SECONDS",
        default_value_t = 1_800,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    hub_request_seconds: u64,
}

fn web(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let plain = url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err("it has to be an http or https URL without a query".to_owned());
    }
    Ok(url)
}

impl HubArgs {
    pub fn options(self) -> HubOptions {
        // A variable that is set to nothing says nothing.
        let some = |text: &SecretString| !text.expose_secret().is_empty();
        let old = self.hub_old_secrets.iter().flat_map(|lines| {
            let lines = lines.expose_secret().lines();
            lines
                .filter(|line| !line.is_empty())
                .map(SecretString::from)
        });
        let hosts = self.hub_download_hosts.iter().map(|host| host.trim());
        HubOptions {
            old_secrets: old.collect(),
            secret: self.hub_secret.filter(some),
            named_keys_only: self.hub_named_keys_only,
            download_hosts: hosts
                .filter(|host| !host.is_empty())
                .map(Into::into)
                .collect(),
            manner: Manner {
                public_url: self.public_url.map(Into::into),
                patience: Duration::from_secs(self.hub_answer_seconds),
                keep_alive: Duration::from_secs(self.hub_keep_alive_seconds),
                body: Bounds {
                    silence: Duration::from_secs(self.hub_silence_seconds),
                    whole: Duration::from_secs(self.hub_request_seconds),
                },
            },
        }
    }
}
