//! Which connection and which chart, as commands are told.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::looker::{dashboard_id_in, look_id_in};

use super::client::{Body, Server};

/// Which connection.
#[derive(Debug, Clone, Args)]
pub(super) struct Through {
    /// The connection, by name or id; may be left out where there is only one
    #[arg(long, short = 'c', value_name = "NAME")]
    connection: Option<String>,
}

impl Through {
    /// The id of the connection.
    pub async fn id(&self, server: &Server) -> anyhow::Result<String> {
        let found = connection(server, self.connection.as_deref()).await?;
        Ok(found["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// A connection by name or id, or the only one there is.
pub(super) async fn connection(server: &Server, named: Option<&str>) -> anyhow::Result<Value> {
    if let Some(id) = named.filter(|named| named.starts_with("con_")) {
        let path = ["v1", "connections", id];
        return server.send(Method::GET, &path, Body::Nothing).await;
    }
    let found = server.all(&["v1", "connections"], &[]).await?;
    let found = found.as_array().map_or(&[][..], Vec::as_slice);
    let Some(name) = named else {
        return match found {
            [only] => Ok(only.clone()),
            [] => bail!("there is no connection yet; make one with `lensmount connection add`"),
            _ => bail!(
                "there are {} connections; name one with --connection",
                found.len()
            ),
        };
    };
    let same = |it: &&Value| {
        let known = it["name"].as_str().unwrap_or_default();
        known.to_lowercase() == name.to_lowercase()
    };
    found.iter().find(same).cloned().with_context(|| {
        format!(
            "there is no connection {name:?}; `lensmount connection list` shows those there are"
        )
    })
}

/// Which chart.
#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub through: Through,
    /// The dashboard that the tile is on: its id or URL
    #[arg(long, value_name = "ID", requires = "tile", conflicts_with = "look")]
    dashboard: Option<String>,
    /// The tile, as `lensmount dashboard tiles` names it
    #[arg(long, value_name = "ID", requires = "dashboard")]
    tile: Option<String>,
    /// The look: its id or URL
    #[arg(long, value_name = "ID")]
    look: Option<String>,
    /// Extractor to read it with, in place of the one for its type
    #[arg(long, value_name = "NAME")]
    extractor: Option<String>,
    /// A choice, such as at=latest; repeat it for more
    #[arg(long = "set", value_name = "CONTROL=VALUE", value_parser = pair)]
    selection: Vec<(String, String)>,
    /// A value for a filter of the dashboard, such as Region=EMEA; repeat it for more
    #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = pair)]
    filters: Vec<(String, String)>,
    /// The zone that Looker's "today" is meant in
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Place {
    /// The source that is named.
    pub fn source(&self) -> anyhow::Result<Value> {
        if let Some(look) = &self.look {
            let look = look_id_in(look)
                .with_context(|| format!("{look:?} is neither the id nor the URL of a look"))?;
            return Ok(json!({ "look_id": look }));
        }
        let (Some(dashboard), Some(tile)) = (&self.dashboard, &self.tile) else {
            bail!("name a chart with --dashboard and --tile, or with --look");
        };
        let dashboard = dashboard_id_in(dashboard).with_context(|| {
            format!("{dashboard:?} is neither the id nor the URL of a dashboard")
        })?;
        Ok(json!({ "dashboard_id": dashboard, "tile_id": tile }))
    }

    /// The chart with what is chosen of it, as requests name it.
    pub async fn request(&self, server: &Server) -> anyhow::Result<Value> {
        let selection: BTreeMap<_, _> = self.selection.iter().cloned().collect();
        let filters: BTreeMap<_, _> = self.filters.iter().cloned().collect();
        let mut request = json!({
            "connection_id": self.through.id(server).await?,
            "source": self.source()?,
            "selection": selection,
            "filters": filters,
        });
        if let Some(extractor) = &self.extractor {
            request["extractor"] = extractor.as_str().into();
        }
        if let Some(zone) = &self.time_zone {
            request["time_zone"] = zone.as_str().into();
        }
        Ok(request)
    }
}
