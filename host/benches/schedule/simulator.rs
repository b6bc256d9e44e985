//! Simulated Lookers in a process of their own: this program, started once more.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt as _;
use looker_sim::Config;
use tokio::net::TcpListener;

/// What this program is started with to be the Lookers.
pub const ARGUMENT: &str = "simulated-lookers";
/// The API credentials that they take.
pub const CLIENT: (&str, &str) = ("bench", "not-a-secret-of-anybody");

const LOOKERS: usize = 3;

/// Three Lookers, until it is dropped.
pub struct Simulators {
    /// Where they are.
    pub urls: Vec<String>,
    http: reqwest::Client,
    child: Child,
}

/// Is the Lookers until nobody needs them any more, each of them made into what is called. They keep
/// results for so many seconds.
pub async fn serve(cache_seconds: u64, made: impl Fn(Router) -> Router) -> anyhow::Result<()> {
    for _ in 0..LOOKERS {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // They keep the machine's time: a session must not seem to have ended.
        let config = Config {
            cache_seconds,
            ..Config::new(CLIENT.0, CLIENT.1)
        };
        println!("http://{}", listener.local_addr()?);
        let looker = made(looker_sim::router(config));
        // Answers are small and waited for. Where that cannot be had, they are only slower.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(async move { axum::serve(listener, looker).await });
    }
    println!();
    // The other end of the pipe closes with the process that wants them.
    let closed = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(closed).await??;
    Ok(())
}

impl Simulators {
    /// Starts them.
    pub fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().context("no pipe")?;
        let lines = BufReader::new(said).lines();
        let urls: Vec<String> = lines
            .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
            .collect::<Result<_, _>>()?;
        anyhow::ensure!(urls.len() == LOOKERS, "the simulated Lookers do not start");
        // An error only says that there is a provider already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { urls, http, child })
    }

    /// How many queries they ran, or answered from what they have kept.
    pub async fn runs(&self) -> anyhow::Result<u64> {
        let mut runs = 0;
        for url in &self.urls {
            let asked = self.http.get(format!("{url}/_log")).send().await?;
            let log: serde_json::Value = asked.json().await?;
            for name in ["runs", "cache_hits"] {
                runs += log[name].as_u64().context("no number of runs")?;
            }
        }
        Ok(runs)
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends now, or has ended before.
        self.child.wait().ok();
    }
}
