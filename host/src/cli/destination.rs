//! `lensmount destination`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::client::{Body, Talk};
use super::output::{cell, rows};
use super::secret;

/// Keep data planes that schedules may send to by name
#[derive(Debug, Args)]
pub(super) struct Destination {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List destinations
    List,
    /// Show a destination
    Show {
        /// Its id
        id: String,
    },
    /// Keep a destination
    Add {
        /// What to call it
        name: String,
        /// What it speaks
        #[arg(long, default_value_t = String::from(KIND), value_name = "KIND")]
        kind: String,
        /// The data plane, with or without /v1/batch
        #[arg(long, value_name = "URL")]
        server_url: String,
        #[command(flatten)]
        write_key: WriteKey,
    },
    /// Change a destination; what is left out stays
    Edit {
        /// Its id
        id: String,
        /// What to call it from now on
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// The data plane
        #[arg(long, value_name = "URL")]
        server_url: Option<String>,
        /// Take a new write key from LENSMOUNT_WRITE_KEY or --write-key-file
        #[arg(long)]
        new_write_key: bool,
        #[command(flatten)]
        write_key: WriteKey,
    },
    /// Remove a destination
    Delete {
        /// Its id
        id: String,
    },
}

/// What destinations speak, unless somebody says otherwise.
const KIND: &str = crate::event::destination::DestinationKind::DEFAULT;

/// Where the write key comes from. It is never an argument: other users of a machine can see those.
#[derive(Debug, Args)]
struct WriteKey {
    /// The source's write key
    #[arg(
        long = "write-key-from-environment",
        env = "LENSMOUNT_WRITE_KEY",
        hide_env_values = true,
        hide = true
    )]
    environment: Option<SecretString>,
    /// File with the source's write key, - for standard input; else it is taken from the environment
    /// variable LENSMOUNT_WRITE_KEY
    #[arg(long, value_name = "FILE")]
    write_key_file: Option<PathBuf>,
}

impl WriteKey {
    fn needed(&self) -> anyhow::Result<SecretString> {
        secret::needed(
            self.environment.as_ref(),
            self.write_key_file.as_deref(),
            "there is no write key; set LENSMOUNT_WRITE_KEY or give --write-key-file",
        )
    }
}

const COLUMNS: [&str; 4] = ["id", "name", "kind", "server"];

impl Destination {
    pub async fn run(self) -> anyhow::Result<()> {
        let (server, output) = (&self.talk.server, &self.talk.output);
        let path = ["v1", "destinations"];
        let one = |it: &Value| vec![row(it)];
        match &self.command {
            Command::List => {
                let found = server.all(&path, &[]).await?;
                output.print(&found, &COLUMNS, |all| rows(all, row))
            }
            Command::Show { id } => {
                let path = ["v1", "destinations", id];
                let found = server.send(Method::GET, &path, Body::Nothing).await?;
                output.print(&found, &COLUMNS, one)
            }
            Command::Add {
                name,
                kind,
                server_url,
                write_key,
            } => {
                let body = Body::Json(json!({
                    "name": name,
                    "kind": kind,
                    "server_url": server_url,
                    "write_key": write_key.needed()?.expose_secret(),
                }));
                let made = server.send(Method::POST, &path, body).await?;
                output.print(&made, &COLUMNS, one)
            }
            Command::Edit {
                id,
                rename,
                server_url,
                new_write_key,
                write_key,
            } => {
                let mut edit = Map::new();
                let given = [("name", rename), ("server_url", server_url)];
                for (name, value) in given {
                    edit.extend(value.iter().map(|it| (name.to_owned(), json!(it))));
                }
                if *new_write_key || write_key.write_key_file.is_some() {
                    let key = write_key.needed()?;
                    edit.insert("write_key".to_owned(), json!(key.expose_secret()));
                }
                let path = ["v1", "destinations", id];
                let body = Body::Edit(Value::Object(edit));
                let made = server.send(Method::PATCH, &path, body).await?;
                output.print(&made, &COLUMNS, one)
            }
            Command::Delete { id } => {
                let path = ["v1", "destinations", id];
                server.send(Method::DELETE, &path, Body::Whatever).await?;
                let gone = json!({ "deleted": id });
                output.print(&gone, &["deleted"], |gone| {
                    vec![vec![cell(&gone["deleted"])]]
                })
            }
        }
    }
}

fn row(destination: &Value) -> Vec<String> {
    ["id", "name", "kind", "server_url"]
        .map(|field| cell(&destination[field]))
        .to_vec()
}
