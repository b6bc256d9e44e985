//! `lensmount demo`: a server on a fresh folder beside a simulated Looker and a data plane that records,
//! key results that move, and rows that are pushed.

mod plane;
mod push;
mod reading;
mod story;
mod watch;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use clap::Args;
use jiff::SignedDuration;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use crate::sandbox::{Bounds, Limits};
use crate::server::{Options, Server};

use super::client;
use super::compile::child;
use super::serve::{announce, bind};
use super::signals::Signals;
use plane::Plane;

/// Start a server beside a simulated Looker and watch key results move
///
/// It connects the simulated Looker, links one key result for each chart extractor to a tile, pushes
/// rows to each action of its Action Hub, from where they go to a data plane that records them, and
/// prints what is read as it comes. Everything goes over HTTP, with a token made for the occasion.
/// The server stays up until it is stopped; its folder goes with it.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "LENSMOUNT_LISTEN",
        default_value = "127.0.0.1:8780",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,
    /// Address of the simulated Looker; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    looker: SocketAddr,
}

/// A simulated Looker that is up.
struct Looker {
    url: Url,
    client_id: String,
    client_secret: SecretString,
}

impl Demo {
    pub async fn run(self) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new()
            .prefix("lensmount-demo-")
            .tempdir()
            .context("no temporary folder")?;
        let listener = bind(self.listen).await?;
        let looker = Looker::start(self.looker).await?;
        let plane = Plane::start().await?;
        let options = Options {
            // The simulated Looker and the data plane are on this machine.
            private_targets: vec![
                self.looker.ip().into(),
                IpAddr::from(Ipv4Addr::LOCALHOST).into(),
            ],
            shortest_interval: SignedDuration::from_secs(1),
            compiler: child(&Limits::default(), Bounds::default()),
            ..Options::on(folder.path().to_owned())
        };
        let server = Server::open(options).await?;
        let token = server
            .made_token()
            .cloned()
            .context("the demo's server made no token")?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let signals = Signals::heard().context("this demo could not be stopped by a signal")?;
        announce(&listener)?;
        let mut serving = tokio::spawn(server.run(listener, signals.stop()));

        let client = client::Server::at(url.clone(), token.clone());
        story::tell(&client, &looker).await?;
        let key = push::all(&client, &url, &plane, &looker).await?;
        farewell(&url, &token, &looker, &key, &plane)?;
        tokio::select! {
            served = &mut serving => return served?.context("the server failed"),
            watched = watch::readings(&client) => watched?,
        }
        // The events end when the server stops, and then it is done in a moment.
        serving.await?.context("the server failed")
    }
}

impl Looker {
    /// Starts it in this process, to be spoken to over HTTP like any other.
    async fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).context("this machine gives no random bytes")?;
        let (client_id, client_secret) = ("demo".to_owned(), hex::encode(secret));
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("the simulated Looker cannot listen on {address}"))?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let config = looker_sim::Config {
            // Every read is a new run, so that the numbers are seen to move.
            cache_seconds: 0,
            ..looker_sim::Config::new(&client_id, &client_secret)
        };
        // It ends with the process.
        let serving = looker_sim::serve(listener, config, std::future::pending());
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the simulated Looker failed");
            }
        });
        Ok(Self {
            url,
            client_id,
            client_secret: client_secret.into(),
        })
    }
}

/// How this program is called from here.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let near = path.as_deref().zip(here.as_deref());
    let near = near.and_then(|(path, here)| path.strip_prefix(here).ok());
    near.or(path.as_deref())
        .map_or_else(|| "lensmount".to_owned(), |path| path.display().to_string())
}

fn farewell(
    url: &Url,
    token: &SecretString,
    looker: &Looker,
    key: &SecretString,
    plane: &Plane,
) -> anyhow::Result<()> {
    let base = url.as_str().trim_end_matches('/');
    let token = token.expose_secret();
    let mut out = std::io::stdout();
    writeln!(out, "\nAPI     {base}/docs")?;
    writeln!(out, "Looker  {} (simulated)", looker.url)?;
    writeln!(out, "token   {token} (for this demo only)")?;
    writeln!(
        out,
        "hub     {base}/hub, with the key {}",
        key.expose_secret()
    )?;
    writeln!(out, "events  {} shows what was sent", plane.url)?;
    writeln!(
        out,
        "try     export LENSMOUNT_URL={base} LENSMOUNT_TOKEN={token}"
    )?;
    let program = program();
    writeln!(out, "        {program} key-result list")?;
    writeln!(out, "        {program} dashboard find")?;
    writeln!(out, "        {program} run list")?;
    writeln!(out, "\nReadings as they come, until Ctrl-C:")?;
    out.flush()?;
    Ok(())
}
