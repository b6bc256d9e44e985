//! `lensmount hub`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Talk};
use super::output::{cell, rows};

/// Make and revoke the keys that Lookers call the Action Hub with
#[derive(Debug, Args)]
pub(super) struct Hub {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keys, one for each Looker
    #[command(subcommand)]
    Key(Key),
}

#[derive(Debug, Subcommand)]
enum Key {
    /// List the keys that are valid
    List,
    /// Make a key; it is shown once
    Add {
        /// What it is for
        name: String,
    },
    /// Revoke a key: from now on nobody is let in with it
    Revoke {
        /// Its id
        id: String,
    },
}

impl Hub {
    pub async fn run(self) -> anyhow::Result<()> {
        let (server, output) = (&self.talk.server, &self.talk.output);
        let path = ["v1", "hub", "keys"];
        let Command::Key(command) = &self.command;
        match command {
            Key::List => {
                let found = server.all(&path, &[]).await?;
                output.print(&found, &["id", "name", "created"], |all| rows(all, row))
            }
            Key::Add { name } => {
                let body = Body::Json(json!({ "name": name }));
                let made = server.send(Method::POST, &path, body).await?;
                output.print(&made, &["id", "key"], |made| {
                    vec![["id", "key"].map(|field| cell(&made[field])).to_vec()]
                })
            }
            Key::Revoke { id } => {
                let path = ["v1", "hub", "keys", id];
                server.send(Method::DELETE, &path, Body::Nothing).await?;
                let gone = json!({ "revoked": id });
                output.print(&gone, &["revoked"], |gone| {
                    vec![vec![cell(&gone["revoked"])]]
                })
            }
        }
    }
}

fn row(key: &Value) -> Vec<String> {
    ["id", "name", "created_at"]
        .map(|field| cell(&key[field]))
        .to_vec()
}
