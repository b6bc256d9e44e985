//! `lensmount webhook`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Talk};
use super::output::{cell, rows};

/// Have other systems told what happens, by signed requests
#[derive(Debug, Args)]
pub(super) struct Webhook {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List webhooks and how they do
    List,
    /// Make a webhook; its secret is shown once
    Add {
        /// Where requests go
        #[arg(value_name = "URL")]
        receiver: String,
        /// What it is told: reading, failure, drift, key-result, roll-out
        #[arg(
            long = "kind",
            value_name = "KIND",
            value_delimiter = ',',
            default_value = "reading,failure"
        )]
        kinds: Vec<String>,
    },
    /// Send it a notice of type test
    Test {
        /// Its id
        id: String,
    },
    /// Remove a webhook, with all that it was still to be told
    Delete {
        /// Its id
        id: String,
    },
}

const COLUMNS: [&str; 6] = ["id", "url", "kinds", "waiting", "delivered", "error"];

impl Webhook {
    pub async fn run(self) -> anyhow::Result<()> {
        let (server, output) = (&self.talk.server, &self.talk.output);
        let path = ["v1", "webhooks"];
        match &self.command {
            Command::List => {
                let found = server.all(&path, &[]).await?;
                output.print(&found, &COLUMNS, |all| rows(all, row))
            }
            Command::Add { receiver, kinds } => {
                let body = Body::Json(json!({ "url": receiver, "kinds": kinds }));
                let made = server.send(Method::POST, &path, body).await?;
                output.print(&made, &["id", "secret"], |made| {
                    vec![["id", "secret"].map(|field| cell(&made[field])).to_vec()]
                })
            }
            Command::Test { id } => {
                let path = ["v1", "webhooks", id, "test"];
                let sent = server.send(Method::POST, &path, Body::Nothing).await?;
                output.print(&sent, &["webhook-id"], |sent| {
                    vec![vec![cell(&sent["webhook_id"])]]
                })
            }
            Command::Delete { id } => {
                let path = ["v1", "webhooks", id];
                server.send(Method::DELETE, &path, Body::Nothing).await?;
                let gone = json!({ "deleted": id });
                output.print(&gone, &["deleted"], |gone| {
                    vec![vec![cell(&gone["deleted"])]]
                })
            }
        }
    }
}

fn row(webhook: &Value) -> Vec<String> {
    let kinds = webhook["kinds"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
    // One that does well again has nothing to complain of.
    let error = match (&webhook["stopped_at"], &webhook["failing_since"]) {
        (Value::Null, Value::Null) => String::new(),
        (Value::Null, _) => cell(&webhook["last_error"]),
        _ => "it answered 410 and is told no more".to_owned(),
    };
    vec![
        cell(&webhook["id"]),
        cell(&webhook["url"]),
        kinds.join(", "),
        cell(&webhook["waiting"]),
        cell(&webhook["last_delivered_at"]),
        error,
    ]
}
