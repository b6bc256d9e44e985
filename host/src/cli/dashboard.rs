//! `lensmount dashboard`.

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::looker::dashboard_id_in;

use super::client::Talk;
use super::output::{cell, rows};
use super::place::Through;

/// Find dashboards and looks of a connection, and what can be read on them
#[derive(Debug, Args)]
pub(super) struct Dashboard {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find dashboards by title, URL or id; all without one
    Find {
        #[command(flatten)]
        through: Through,
        /// The whole title, a URL or an id
        title: Option<String>,
        /// The title is only part of one
        #[arg(long)]
        part: bool,
    },
    /// List the tiles of a dashboard with the extractor that reads each, or why none does
    Tiles {
        #[command(flatten)]
        through: Through,
        /// Its id or URL
        dashboard: String,
    },
    /// Find looks by title, URL or id; all without one
    Looks {
        #[command(flatten)]
        through: Through,
        /// The whole title, a URL or an id
        title: Option<String>,
        /// The title is only part of one
        #[arg(long)]
        part: bool,
    },
}

impl Dashboard {
    pub async fn run(self) -> anyhow::Result<()> {
        match &self.command {
            Command::Find {
                through,
                title,
                part,
            } => {
                let id = through.id(&self.talk.server).await?;
                let mut query = vec![("match", if *part { "part" } else { "complete" })];
                query.extend(title.as_deref().map(|title| ("title", title)));
                let path = ["v1", "connections", &id, "dashboards"];
                let found = self.talk.server.all(&path, &query).await?;
                let columns = ["id", "title", "folder", "kind"];
                self.talk.output.print(&found, &columns, |found| {
                    rows(found, |it| columns.map(|field| cell(&it[field])).to_vec())
                })
            }
            Command::Tiles { through, dashboard } => {
                let id = through.id(&self.talk.server).await?;
                let dashboard = dashboard_id_in(dashboard).with_context(|| {
                    format!("{dashboard:?} is neither the id nor the URL of a dashboard")
                })?;
                let path = ["v1", "connections", &id, "dashboards", &dashboard, "tiles"];
                let found = self.talk.server.all(&path, &[]).await?;
                let columns = ["id", "title", "chart type", "extractor", "reason"];
                self.talk.output.print(&found, &columns, |found| {
                    rows(found, |it| {
                        let fields = ["id", "title", "chart_type", "extractor", "reason"];
                        fields.map(|field| cell(&it[field])).to_vec()
                    })
                })
            }
            Command::Looks {
                through,
                title,
                part,
            } => {
                let id = through.id(&self.talk.server).await?;
                let mut query = vec![("match", if *part { "part" } else { "complete" })];
                query.extend(title.as_deref().map(|title| ("title", title)));
                let path = ["v1", "connections", &id, "looks"];
                let found = self.talk.server.all(&path, &query).await?;
                let columns = ["id", "title", "folder", "chart type", "extractor"];
                self.talk.output.print(&found, &columns, |found| {
                    rows(found, |it| {
                        let fields = ["id", "title", "folder", "chart_type", "extractor"];
                        fields.map(|field| cell(&it[field])).to_vec()
                    })
                })
            }
        }
    }
}
