//! `lensmount extractor`: an author's commands, which need no server, and an operator's.

mod build;
mod check;
mod component;
mod figures;
mod inspect;
mod limits;
mod new;
mod push;
mod sign;
mod template;
mod test;

use std::io::Write;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Talk};
use super::output::{Output, cell, rows};

/// Write, check and test extractors, and roll them out on a running server
#[derive(Debug, Args)]
pub(super) struct Extractor {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a project that builds and passes its test at once
    New(new::New),
    /// Build a project into a component
    Build(build::Build),
    /// Say what a component is: its contract, what it imports, and what it says of itself
    Inspect(inspect::Inspect),
    /// Say whether a server would take a component, by the very checks of an upload
    Check(check::Check),
    /// Run an extractor's samples in the server's sandbox and compare with what is expected
    Test(test::Test),
    /// Make a key to sign extractors with, and print its public half for servers to know
    Keygen(sign::Keygen),
    /// Sign a component, so that servers know who published it
    Sign(sign::Sign),
    /// List extractors
    List,
    /// Show one extractor with its versions
    Show {
        /// Its name
        name: String,
    },
    /// Print what people should know before they use an extractor
    Manual {
        /// Its name
        name: String,
        /// A version [default: the active one]
        #[arg(long)]
        version: Option<String>,
    },
    /// Upload a component as a staged version, and say what it makes of samples beside the active one
    Push(push::Push),
    /// Say what a version makes of samples, beside the active one
    DryRun(push::DryRun),
    /// Make a version the one that answers
    Activate {
        /// The extractor
        name: String,
        /// The version
        version: String,
        /// Let a newer built-in take over when the server is upgraded
        #[arg(long)]
        unpinned: bool,
    },
    /// Try a version on a part of the callers, beside the active one
    Canary {
        /// The extractor
        name: String,
        /// The version
        version: String,
        /// The part of callers, in percent
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: u8,
    },
    /// Take back the version that is tried, or go back to the one that was active before
    Rollback {
        /// The extractor
        name: String,
    },
    /// Say where an extractor stands among those that read the same chart types
    Order {
        /// The extractor
        name: String,
        /// The lowest goes first; left out, its place is taken away
        place: Option<i32>,
    },
    /// Show or set what calls of an extractor may use
    Limits(limits::Limits),
    /// Delete a version that is not active
    Delete {
        /// The extractor
        name: String,
        /// The version
        version: String,
    },
}

impl Extractor {
    pub async fn run(self) -> anyhow::Result<()> {
        match &self.command {
            Command::New(new) => new.run(),
            Command::Build(build) => build.run(),
            Command::Inspect(inspect) => inspect.run(self.talk.output).await,
            Command::Check(check) => check.run(self.talk.output).await,
            Command::Test(test) => test.run(self.talk.output).await,
            Command::Keygen(keygen) => keygen.run(),
            Command::Sign(sign) => sign.run(),
            Command::List => self.list().await,
            Command::Show { name } => {
                let found = self
                    .talk
                    .server
                    .send(Method::GET, &["v1", "extractors", name], Body::Nothing)
                    .await?;
                self.versions(&found)
            }
            Command::Manual { name, version } => self.manual(name, version.as_deref()).await,
            Command::Push(push) => push.run(&self.talk).await,
            Command::DryRun(run) => run.run(&self.talk).await,
            Command::Activate {
                name,
                version,
                unpinned,
            } => {
                let done = activate(&self.talk, name, version, !unpinned).await?;
                self.versions(&done)
            }
            Command::Canary {
                name,
                version,
                percent,
            } => {
                let path = ["v1", "extractors", name, "versions", version, "canary"];
                let body = Body::Json(json!({ "percent": percent }));
                let done = self.talk.server.send(Method::POST, &path, body).await?;
                self.versions(&done)
            }
            Command::Rollback { name } => {
                let done = self
                    .talk
                    .server
                    .send(
                        Method::POST,
                        &["v1", "extractors", name, "rollback"],
                        Body::Nothing,
                    )
                    .await?;
                self.versions(&done)
            }
            Command::Order { name, place } => {
                let body = Body::Edit(json!({ "order": place }));
                let done = self
                    .talk
                    .server
                    .send(Method::PATCH, &["v1", "extractors", name], body)
                    .await?;
                self.versions(&done)
            }
            Command::Limits(limits) => limits.run(&self.talk).await,
            Command::Delete { name, version } => {
                let path = ["v1", "extractors", name, "versions", version];
                self.talk
                    .server
                    .send(Method::DELETE, &path, Body::Nothing)
                    .await
                    .map(drop)
            }
        }
    }

    async fn list(&self) -> anyhow::Result<()> {
        let items = self.talk.server.all(&["v1", "extractors"], &[]).await?;
        self.talk.output.print(
            &items,
            &["name", "active", "pinned", "versions", "reads"],
            |items| {
                rows(items, |item| {
                    let active = &item["active"];
                    let of_active = |version: &&Value| version["version"] == active["version"];
                    let versions = item["versions"].as_array().map_or(&[][..], Vec::as_slice);
                    let reads = versions
                        .iter()
                        .find(of_active)
                        .or(versions.first())
                        .map_or_else(String::new, chart_types);
                    vec![
                        cell(&item["name"]),
                        cell(&active["version"]),
                        cell(&active["pinned"]),
                        versions.len().to_string(),
                        reads,
                    ]
                })
            },
        )
    }

    async fn manual(&self, name: &str, version: Option<&str>) -> anyhow::Result<()> {
        let query: Vec<_> = version.map(|it| ("version", it)).into_iter().collect();
        let path = ["v1", "extractors", name, "manual"];
        let server = &self.talk.server;
        let found = server
            .ask(Method::GET, &path, &query, Body::Nothing)
            .await?;
        match self.talk.output {
            Output::Json => self.talk.output.print(&found, &[], |_| Vec::new()),
            Output::Table => {
                let text = found["manual"].as_str().unwrap_or_default();
                Ok(writeln!(std::io::stdout(), "{}", plain(text).trim_end())?)
            }
        }
    }

    fn versions(&self, extractor: &Value) -> anyhow::Result<()> {
        self.talk.output.print(
            extractor,
            &["name", "version", "state", "origin", "calls", "reads"],
            |extractor| {
                rows(&extractor["versions"], |version| {
                    vec![
                        cell(&extractor["name"]),
                        cell(&version["version"]),
                        cell(&version["state"]),
                        cell(&version["origin"]),
                        cell(&version["calls"]),
                        chart_types(version),
                    ]
                })
            },
        )
    }
}

fn chart_types(version: &Value) -> String {
    let types = version["chart_types"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    types.iter().map(cell).collect::<Vec<_>>().join(" ")
}

async fn activate(talk: &Talk, name: &str, version: &str, pinned: bool) -> anyhow::Result<Value> {
    let path = ["v1", "extractors", name, "versions", version, "activate"];
    let body = Body::Json(json!({ "pinned": pinned }));
    talk.server.send(Method::POST, &path, body).await
}

/// An author's text without what would steer a terminal.
fn plain(text: &str) -> String {
    let is_plain = |it: &char| *it == '\n' || *it == '\t' || !it.is_control();
    text.chars().filter(is_plain).collect()
}
