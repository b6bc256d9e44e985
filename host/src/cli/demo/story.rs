//! What the demo sets up, over the API: a connection, an objective, and a key result for each chart
//! extractor.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, bail};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::decimal::Decimal;

use super::super::client::{Body, Server};
use super::super::output::cell;
use super::Looker;

/// How often the key results are read.
const EVERY: &str = "5s";

/// A tile to link, with the dashboard it is on.
pub(super) struct Pick {
    pub dashboard: String,
    pub tile: Value,
}

/// Sets everything up and says what was linked.
pub(super) async fn tell(server: &Server, looker: &Looker) -> anyhow::Result<()> {
    let connection = post(
        server,
        &["connections"],
        json!({
            "name": "Simulated Looker",
            "server_url": looker.url.as_str(),
            "client_id": looker.client_id,
            "client_secret": looker.client_secret.expose_secret(),
        }),
    )
    .await?;
    let id = connection["id"]
        .as_str()
        .context("a connection has an id")?;
    let who = post(server, &["connections", id, "test"], Value::Null).await?;
    let objective = post(
        server,
        &["objectives"],
        json!({ "title": "Grow the shop without losing quality" }),
    )
    .await?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "\nconnected to {} (Looker {}) as {}",
        cell(&connection["name"]),
        cell(&who["release"]),
        cell(&who["name"])
    )?;
    let picks = picks(server, id).await?;
    if picks.is_empty() {
        bail!("no tile of the simulated Looker can be read");
    }
    for (extractor, pick) in picks {
        let linked = link(server, id, &objective["id"], &pick, EVERY).await?;
        show(&extractor, &pick, &linked)?;
    }
    Ok(())
}

/// The first tile that each extractor reads to a number with its own defaults.
async fn picks(server: &Server, connection: &str) -> anyhow::Result<BTreeMap<String, Pick>> {
    let mut picks = BTreeMap::new();
    let path = ["v1", "connections", connection, "dashboards"];
    let dashboards = server.all(&path, &[]).await?;
    let mut dashboards = dashboards.as_array().cloned().unwrap_or_default();
    // The oldest first: those that the simulated Looker is about come before those for odd titles.
    dashboards.sort_by_key(|it| (cell(&it["id"]).len(), cell(&it["id"])));
    for dashboard in &dashboards {
        let (id, title) = (cell(&dashboard["id"]), cell(&dashboard["title"]));
        let path = ["v1", "connections", connection, "dashboards", &id, "tiles"];
        let tiles = server.all(&path, &[]).await?;
        for tile in tiles.as_array().map_or(&[][..], Vec::as_slice) {
            let Some(extractor) = tile["extractor"].as_str() else {
                continue;
            };
            if !picks.contains_key(extractor) && moves(server, connection, tile).await? {
                let pick = Pick {
                    dashboard: title.clone(),
                    tile: tile.clone(),
                };
                picks.insert(extractor.to_owned(), pick);
            }
        }
    }
    Ok(picks)
}

/// Whether a tile has a number that is worth watching: one that is not nothing.
pub(super) async fn moves(server: &Server, connection: &str, tile: &Value) -> anyhow::Result<bool> {
    let request = chart(server, connection, tile).await;
    let read = match request {
        Ok(request) => post(server, &["charts", "read"], request).await,
        Err(error) => Err(error),
    };
    let value = read.ok().and_then(|read| number(&read["value"]));
    Ok(value.is_some_and(|value| !value.is_zero()))
}

/// A tile with the defaults that its outline offers.
async fn chart(server: &Server, connection: &str, tile: &Value) -> anyhow::Result<Value> {
    let mut request = json!({ "connection_id": connection, "source": tile["source"] });
    let outline = post(server, &["charts", "outline"], request.clone()).await?;
    request["selection"] = chosen(&outline["controls"]);
    Ok(request)
}

/// The default of each control; where a needed one has none, its first choice.
fn chosen(controls: &Value) -> Value {
    let controls = controls.as_array().map_or(&[][..], Vec::as_slice);
    let pick = |control: &Value| match &control["default"] {
        Value::Null if control["required"] == true => Some(control["choices"][0]["value"].clone()),
        Value::Null => None,
        default => Some(default.clone()),
    };
    let picks = controls
        .iter()
        .filter_map(|control| Some((cell(&control["name"]), pick(control)?)));
    Value::Object(picks.collect::<Map<_, _>>())
}

/// Makes a key result that begins a little below what its tile shows now and wants a little more,
/// links it, and reads it.
pub(super) async fn link(
    server: &Server,
    connection: &str,
    objective: &Value,
    pick: &Pick,
    every: &str,
) -> anyhow::Result<Value> {
    let mut integration = chart(server, connection, &pick.tile).await?;
    let now = post(server, &["charts", "read"], integration.clone()).await?;
    let value = number(&now["value"]).context("a tile that was read is read again")?;
    let (start, target) = around(&value);
    integration["enabled"] = true.into();
    integration["every"] = every.into();
    let made = post(
        server,
        &["key-results"],
        json!({
            "title": pick.tile["title"],
            "objective_id": objective,
            "start": start,
            "target": target,
            "integration": integration,
        }),
    )
    .await?;
    let id = made["id"].as_str().context("a key result has an id")?;
    post(server, &["key-results", id, "refresh"], Value::Null).await
}

/// A start a little below a value and a target a little above it, so that it is seen to move: a
/// hundred apart for counts, a tenth of the value for small numbers.
fn around(value: &Decimal) -> (Decimal, Decimal) {
    let size = value.clone().max(Decimal::zero().minus(value));
    let step = if size > Decimal::from(1_000) {
        Some(Decimal::from(25))
    } else {
        size.over(&Decimal::from(40)).map(|step| step.rounded(4))
    };
    let step = step.unwrap_or_else(|| Decimal::from(1));
    let ahead = step.times(&Decimal::from(3));
    (value.minus(&step), value.plus(&ahead))
}

fn show(extractor: &str, pick: &Pick, linked: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let (reading, integration) = (&linked["last_reading"], &linked["integration"]);
    writeln!(
        out,
        "\n{} — {} ({}), read by {extractor} {}",
        pick.dashboard,
        cell(&linked["title"]),
        cell(&pick.tile["chart_type"]),
        cell(&reading["extractor"]["version"]),
    )?;
    writeln!(out, "  chosen    {}", integration["selection"])?;
    writeln!(
        out,
        "  number    {} ({})",
        cell(&linked["current"]),
        cell(&reading["label"])
    )?;
    writeln!(
        out,
        "  progress  {} % of the way from {} to {}",
        cell(&linked["progress_percent"]),
        cell(&linked["start"]),
        cell(&linked["target"])
    )?;
    writeln!(out, "  ran at    {}", cell(&reading["ran_at"]))?;
    writeln!(out, "  why       {}", reading["why"])?;
    for note in reading["notes"].as_array().map_or(&[][..], Vec::as_slice) {
        writeln!(out, "  note      {}", cell(&note["message"]))?;
    }
    Ok(())
}

fn number(value: &Value) -> Option<Decimal> {
    value.as_str()?.parse().ok()
}

async fn post(server: &Server, path: &[&str], body: Value) -> anyhow::Result<Value> {
    let body = match body {
        Value::Null => Body::Nothing,
        body => Body::Json(body),
    };
    let path = [&["v1"][..], path].concat();
    server.send(Method::POST, &path, body).await
}
