//! `lensmount objective`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value};

use super::client::{Body, Talk};
use super::output::{cell, rows};

/// Make objectives, and see how far they are
#[derive(Debug, Args)]
pub(super) struct Objective {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List objectives with their progress
    List,
    /// Make an objective
    Create {
        /// What is to be achieved
        title: String,
        /// Who answers for it
        #[arg(long)]
        owner: Option<String>,
        /// Where its period begins, such as 2026-10-01
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Where its period ends
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
    },
}

const COLUMNS: [&str; 6] = [
    "id",
    "title",
    "owner",
    "progress",
    "key results",
    "measured",
];

impl Objective {
    pub async fn run(self) -> anyhow::Result<()> {
        let path = ["v1", "objectives"];
        match &self.command {
            Command::List => {
                let found = self.talk.server.all(&path, &[]).await?;
                self.talk
                    .output
                    .print(&found, &COLUMNS, |all| rows(all, row))
            }
            Command::Create {
                title,
                owner,
                from,
                to,
            } => {
                let mut request = Map::new();
                request.insert("title".into(), title.as_str().into());
                for (field, given) in [("owner", owner), ("from", from), ("to", to)] {
                    if let Some(given) = given {
                        request.insert(field.into(), given.as_str().into());
                    }
                }
                let body = Body::Json(Value::Object(request));
                let made = self.talk.server.send(Method::POST, &path, body).await?;
                self.talk.output.print(&made, &COLUMNS, |it| vec![row(it)])
            }
        }
    }
}

fn row(it: &Value) -> Vec<String> {
    let progress = it["progress_percent"]
        .as_str()
        .map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"));
    vec![
        cell(&it["id"]),
        cell(&it["title"]),
        cell(&it["owner"]),
        progress,
        cell(&it["key_results"]),
        cell(&it["measured"]),
    ]
}
