//! `lensmount serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use ipnet::IpNet;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use super::call_limits::CallLimits;
use super::compile::child;
use super::hub_args::HubArgs;
use super::signals::Signals;
use super::trust_args::TrustArgs;
use crate::sample::kept;
use crate::sandbox::{Bounds, Compiler};
use crate::server::{DEFAULT_RATE, MasterKeySource, Options, Server};

/// Run the server
///
/// It keeps everything in one folder, which no second server may use at the same time. Without a
/// token in the environment the first start makes one and prints it once.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "LENSMOUNT_LISTEN",
        default_value = "127.0.0.1:8780",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,
    /// Folder that everything is kept in [default: $STATE_DIRECTORY, else lensmount in $XDG_DATA_HOME]
    #[arg(long, env = "LENSMOUNT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The admin token: lm_ and at least 16 characters; better in the environment, since other
    /// users of the machine can see a command line
    #[arg(
        long,
        env = "LENSMOUNT_ADMIN_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    admin_token: Option<SecretString>,
    /// The key that seals secrets, as 64 hex digits; better in the environment or in a file
    #[arg(
        long,
        env = "LENSMOUNT_MASTER_KEY",
        hide_env_values = true,
        value_name = "HEX",
        conflicts_with = "master_key_file"
    )]
    master_key: Option<SecretString>,
    /// File with the key that seals secrets [default: master.key in the data folder, made if missing]
    #[arg(long, env = "LENSMOUNT_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Folder that extractors are taken from: each component that is dropped into it is uploaded and
    /// activated
    #[arg(long, env = "LENSMOUNT_EXTRACTORS", value_name = "DIR")]
    extractors: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    reads: ReadArgs,
    #[command(flatten)]
    hub: HubArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// What may be read, and how often.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading Looker")]
pub(super) struct ReadArgs {
    /// Networks that may be called although they are private, loopback or link-local, such as
    /// 10.0.0.0/8,127.0.0.1/32; none by default
    #[arg(
        long,
        env = "LENSMOUNT_ALLOW_PRIVATE_TARGETS",
        value_name = "CIDR,…",
        default_value = "",
        hide_default_value = true,
        value_parser = Networks::parse
    )]
    allow_private_targets: Networks,
    /// The shortest interval that a key result may be read in, in seconds
    #[arg(
        long,
        env = "LENSMOUNT_MIN_EVERY",
        default_value_t = 10,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..=86_400)
    )]
    min_every: u32,
    /// How many results that key results read are kept, sealed, of each extractor, for new versions of it
    /// to be tried on
    #[arg(
        long,
        env = "LENSMOUNT_KEEP_RESULTS",
        default_value_t = kept::DEFAULT,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(0..=100)
    )]
    keep_results: u16,
}

/// Networks, or single addresses, with commas between them. An empty text is none of them, since
/// that is what a variable set to nothing means.
#[derive(Debug, Clone)]
struct Networks(Vec<IpNet>);

impl Networks {
    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty()).map(|part| {
            let one = || part.parse::<std::net::IpAddr>().map(IpNet::from);
            part.parse::<IpNet>().or_else(|_| one()).map_err(|_| {
                format!("{part:?} is no network such as 10.0.0.0/8 or fd00::/8, and no address")
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }
}

/// What requests and calls may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Requests per second and token
    #[arg(long, env = "LENSMOUNT_RATE_LIMIT", default_value_t = DEFAULT_RATE, value_name = "N")]
    rate_limit: NonZeroU32,
    #[command(flatten)]
    calls: CallLimits,
    /// Seconds of processor time that compiling one extractor may take
    #[arg(long, env = "LENSMOUNT_COMPILE_SECONDS", default_value_t = 120, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..=3_600))]
    compile_seconds: u32,
    /// MiB of memory that compiling one extractor may use
    #[arg(long, env = "LENSMOUNT_COMPILE_MEMORY_MIB", default_value_t = 4_096, value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(256..=65_536))]
    compile_memory_mib: u32,
}

impl LimitArgs {
    fn compiler(&self) -> Compiler {
        let bounds = Bounds {
            cpu: Duration::from_secs(self.compile_seconds.into()),
            memory: u64::from(self.compile_memory_mib) << 20,
        };
        child(&self.calls.limits(), bounds)
    }
}

impl Serve {
    pub async fn run(self) -> anyhow::Result<()> {
        let data = match self.data {
            Some(data) => data,
            None => default_data()
                .context("there is no folder to keep data in; name one with --data DIR")?,
        };
        let master_key = match (self.master_key, self.master_key_file) {
            (Some(key), _) => MasterKeySource::Text(key),
            (None, Some(path)) => MasterKeySource::File(path),
            (None, None) => MasterKeySource::DataFolder,
        };
        let options = Options {
            admin_token: self.admin_token,
            master_key,
            private_targets: self.reads.allow_private_targets.0,
            shortest_interval: SignedDuration::from_secs(self.reads.min_every.into()),
            limits: self.limits.calls.limits(),
            compiler: self.limits.compiler(),
            extractors: self.extractors,
            publishers: self.trust.publishers()?,
            keep_results: self.reads.keep_results.into(),
            rate: self.limits.rate_limit,
            hub: self.hub.options(),
            ..Options::on(data)
        };
        let listener = bind(self.listen).await?;
        let server = Server::open(options).await?;
        if let Some(token) = server.made_token() {
            writeln!(
                std::io::stdout(),
                "admin token, shown once: {}",
                token.expose_secret()
            )?;
        }
        let signals = Signals::heard().context("this server could not be stopped by a signal")?;
        announce(&listener)?;
        server
            .run(listener, signals.stop())
            .await
            .context("the server failed")
    }
}

/// Binds before anything else is opened, so that a port in use is told at once.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen")
    })
}

/// Tells people and scripts where the server is.
pub(super) fn announce(listener: &TcpListener) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(())
}

fn default_data() -> Option<PathBuf> {
    let named = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    named("STATE_DIRECTORY").or_else(|| {
        let shared =
            named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")))?;
        Some(shared.join("lensmount"))
    })
}
