//! `lensmount connection`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::client::{Body, Talk};
use super::output::{cell, rows};
use super::place::connection;
use super::secret;

/// Connect Lookers, test and change the connections
#[derive(Debug, Args)]
pub(super) struct Connection {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List connections
    List,
    /// Show a connection
    Show {
        /// Its name or id
        name: String,
    },
    /// Connect a Looker
    Add {
        /// What to call it
        name: String,
        /// Where Looker is, such as acme.cloud.looker.com
        #[arg(long, value_name = "URL")]
        server_url: String,
        /// The API credential's id
        #[arg(long, value_name = "ID")]
        client_id: String,
        #[command(flatten)]
        secret: Secret,
        #[command(flatten)]
        bounds: Bounds,
    },
    /// Change a connection; what is left out stays
    Edit {
        /// Its name or id
        name: String,
        /// What to call it from now on
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Where Looker is
        #[arg(long, value_name = "URL")]
        server_url: Option<String>,
        /// The API credential's id
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
        /// Take a new client secret from LENSMOUNT_CLIENT_SECRET or --client-secret-file
        #[arg(long)]
        new_secret: bool,
        #[command(flatten)]
        secret: Secret,
        #[command(flatten)]
        bounds: Bounds,
    },
    /// Log in afresh and say who that is
    Test {
        /// Its name or id
        name: String,
    },
    /// Remove a connection that no key result is linked through
    Delete {
        /// Its name or id
        name: String,
    },
}

/// Where the client secret comes from. It is never an argument: other users of a machine can see
/// those.
#[derive(Debug, Args)]
struct Secret {
    /// The API credential's secret
    #[arg(
        long = "client-secret-from-environment",
        env = "LENSMOUNT_CLIENT_SECRET",
        hide_env_values = true,
        hide = true
    )]
    environment: Option<SecretString>,
    /// File with the API credential's secret, - for standard input; else it is taken from the
    /// environment variable LENSMOUNT_CLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

impl Secret {
    fn needed(&self) -> anyhow::Result<SecretString> {
        secret::needed(
            self.environment.as_ref(),
            self.client_secret_file.as_deref(),
            "there is no client secret; set LENSMOUNT_CLIENT_SECRET or give --client-secret-file",
        )
    }
}

/// How much is asked of a Looker.
#[derive(Debug, Args)]
struct Bounds {
    /// Seconds that a query may take
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// Queries that may run at a time
    #[arg(long, value_name = "N")]
    max_concurrent: Option<u32>,
}

impl Bounds {
    fn add(&self, request: &mut Map<String, Value>) {
        if let Some(timeout) = self.timeout {
            request.insert("timeout_seconds".into(), timeout.into());
        }
        if let Some(most) = self.max_concurrent {
            request.insert("max_concurrent".into(), most.into());
        }
    }
}

const COLUMNS: [&str; 6] = [
    "name",
    "id",
    "server url",
    "client id",
    "timeout",
    "at once",
];

impl Connection {
    pub async fn run(self) -> anyhow::Result<()> {
        match &self.command {
            Command::List => {
                let found = self.talk.server.all(&["v1", "connections"], &[]).await?;
                self.talk
                    .output
                    .print(&found, &COLUMNS, |all| rows(all, row))
            }
            Command::Show { name } => {
                let found = connection(&self.talk.server, Some(name)).await?;
                self.show(&found)
            }
            Command::Add {
                name,
                server_url,
                client_id,
                secret,
                bounds,
            } => {
                let secret = secret.needed()?;
                let mut request = Map::new();
                request.insert("name".into(), name.as_str().into());
                request.insert("server_url".into(), server_url.as_str().into());
                request.insert("client_id".into(), client_id.as_str().into());
                request.insert("client_secret".into(), secret.expose_secret().into());
                bounds.add(&mut request);
                let body = Body::Json(Value::Object(request));
                let path = ["v1", "connections"];
                self.show(&self.talk.server.send(Method::POST, &path, body).await?)
            }
            Command::Edit {
                name,
                rename,
                server_url,
                client_id,
                new_secret,
                secret,
                bounds,
            } => {
                let id = self.id(name).await?;
                let mut request = Map::new();
                for (field, given) in [
                    ("name", rename),
                    ("server_url", server_url),
                    ("client_id", client_id),
                ] {
                    if let Some(given) = given {
                        request.insert(field.into(), given.as_str().into());
                    }
                }
                // What lies in the environment may be another connection's: it is sent only when
                // that is asked for.
                if *new_secret || secret.client_secret_file.is_some() {
                    let secret = secret.needed()?;
                    request.insert("client_secret".into(), secret.expose_secret().into());
                }
                bounds.add(&mut request);
                let body = Body::Edit(Value::Object(request));
                let path = ["v1", "connections", &id];
                self.show(&self.talk.server.send(Method::PATCH, &path, body).await?)
            }
            Command::Test { name } => {
                let id = self.id(name).await?;
                let path = ["v1", "connections", &id, "test"];
                let found = self
                    .talk
                    .server
                    .send(Method::POST, &path, Body::Nothing)
                    .await?;
                let columns = ["user", "name", "email", "release", "api"];
                self.talk.output.print(&found, &columns, |found| {
                    let fields = ["user_id", "name", "email", "release", "api_url"];
                    vec![fields.map(|field| cell(&found[field])).to_vec()]
                })
            }
            Command::Delete { name } => {
                let id = self.id(name).await?;
                let path = ["v1", "connections", &id];
                self.talk
                    .server
                    .send(Method::DELETE, &path, Body::Whatever)
                    .await?;
                let gone = json!({ "deleted": id });
                self.talk.output.print(&gone, &["deleted"], |gone| {
                    vec![vec![cell(&gone["deleted"])]]
                })
            }
        }
    }

    async fn id(&self, name: &str) -> anyhow::Result<String> {
        let found = connection(&self.talk.server, Some(name)).await?;
        Ok(found["id"].as_str().unwrap_or_default().to_owned())
    }

    fn show(&self, connection: &Value) -> anyhow::Result<()> {
        self.talk
            .output
            .print(connection, &COLUMNS, |it| vec![row(it)])
    }
}

fn row(connection: &Value) -> Vec<String> {
    let fields = [
        "name",
        "id",
        "server_url",
        "client_id",
        "timeout_seconds",
        "max_concurrent",
    ];
    fields.map(|field| cell(&connection[field])).to_vec()
}
