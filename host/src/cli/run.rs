//! `lensmount run`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::client::{Body, Talk};
use super::output::{cell, rows};

/// See what actions made of the rows that Looker pushed, and send dead letters again
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List runs, the oldest first
    List,
    /// Show a run
    Show {
        /// Its id
        id: String,
    },
    /// Send the dead letters of a run again
    Redrive {
        /// Its id
        id: String,
    },
}

const COLUMNS: [&str; 9] = [
    "id",
    "action",
    "plan",
    "state",
    "rows",
    "delivered",
    "waiting",
    "rejected",
    "dead",
];

impl Run {
    pub async fn run(self) -> anyhow::Result<()> {
        let (server, output) = (&self.talk.server, &self.talk.output);
        let found = match &self.command {
            Command::List => {
                let found = server.all(&["v1", "runs"], &[]).await?;
                return output.print(&found, &COLUMNS, |all| rows(all, row));
            }
            Command::Show { id } => {
                let path = ["v1", "runs", id];
                server.send(Method::GET, &path, Body::Nothing).await?
            }
            Command::Redrive { id } => {
                let path = ["v1", "runs", id, "redrive"];
                server.send(Method::POST, &path, Body::Nothing).await?
            }
        };
        output.print(&found, &COLUMNS, |run| vec![row(run)])
    }
}

fn row(run: &Value) -> Vec<String> {
    let fields = [
        "id",
        "action",
        "plan_title",
        "state",
        "rows",
        "delivered",
        "waiting",
        "rejected",
        "dead",
    ];
    fields.map(|field| cell(&run[field])).to_vec()
}
