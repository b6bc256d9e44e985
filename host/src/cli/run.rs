//! `lensmount run`.

use std::io::Write;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

use super::client::{Body, Talk};
use super::output::{Output, cell, rows};

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
        output.print(&found, &COLUMNS, |run| vec![row(run)])?;
        if *output == Output::Table {
            details(&found)?;
        }
        Ok(())
    }
}

/// When a run took its turns, and what did not go out and why.
fn details(run: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out)?;
    let names = [
        ("begun", "begun_at"),
        ("mapped", "mapped_at"),
        ("done", "done_at"),
        ("sent to", "server_url"),
        ("last error", "last_error"),
    ];
    for (name, field) in names {
        writeln!(out, "{name:<12}{}", cell(&run[field]))?;
    }
    for (name, count, first) in [
        ("rejected", "rejected", "rejections"),
        ("refused", "dead", "dead_letters"),
    ] {
        let reasons = run[first].as_array().map_or(&[][..], Vec::as_slice);
        for reason in reasons {
            let row = cell(&reason["row"]);
            writeln!(out, "{name:<12}row {row}: {}", cell(&reason["reason"]))?;
        }
        let more = run[count]
            .as_u64()
            .unwrap_or(0)
            .saturating_sub(reasons.len() as u64);
        if more > 0 && !reasons.is_empty() {
            writeln!(out, "{name:<12}and {more} more")?;
        }
    }
    Ok(())
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
