//! `lensmount demo`: a server on a fresh folder, and what it reads off a sample of each chart type.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::server::{Options, Server};

use super::client;
use super::client::Body;
use super::output::cell;
use super::serve::{announce, bind, stopped};

/// Results as Looker gives them, made up for this purpose.
const SAMPLES: [&str; 3] = [
    include_str!("../../demo/orders_by_month.json"),
    include_str!("../../demo/payment_rate.json"),
    include_str!("../../demo/signups_by_region.json"),
];

/// Start a server on a fresh folder and read a sample of each chart type through it
///
/// Everything goes through the HTTP API, with a token made for the occasion. The server stays up
/// until it is stopped; its folder goes with it.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "LENSMOUNT_LISTEN",
        default_value = "127.0.0.1:8780",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,
}

/// A chart to read. The result stays text, so that no number of it passes through a float.
#[derive(serde::Deserialize)]
struct Sample<'a> {
    title: String,
    vis_config: Value,
    #[serde(borrow)]
    result: &'a RawValue,
}

impl Demo {
    pub async fn run(self) -> anyhow::Result<()> {
        let folder = tempfile::Builder::new()
            .prefix("lensmount-demo-")
            .tempdir()
            .context("no temporary folder")?;
        let listener = bind(self.listen).await?;
        let server = Server::open(Options::on(folder.path().to_owned())).await?;
        let token = server
            .made_token()
            .cloned()
            .context("the demo's server made no token")?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        announce(&listener)?;
        let serving = tokio::spawn(server.run(listener, stopped()));

        show(&client::Server::at(url.clone(), token.clone())).await?;
        farewell(&url, &token)?;
        serving.await?.context("the server failed")
    }
}

async fn show(server: &client::Server) -> anyhow::Result<()> {
    for sample in SAMPLES {
        let sample: Sample<'_> = serde_json::from_str(sample).context("a sample is not whole")?;
        let mut request = Map::new();
        request.insert("vis_config".into(), sample.vis_config);
        // Looker's own text: the API takes it as such.
        request.insert("result".into(), sample.result.get().into());
        let ask = async |path: &[&str], request: &Map<String, Value>| {
            server
                .send(
                    Method::POST,
                    path,
                    Body::Json(Value::Object(request.clone())),
                )
                .await
        };

        let verified = ask(&["v1", "charts", "verify"], &request).await?;
        let extractor = verified["extractor"]
            .as_str()
            .context("no extractor reads a sample")?
            .to_owned();
        let outline = ask(&["v1", "extractors", &extractor, "outline"], &request).await?;
        let selection = chosen(&outline["controls"]);
        request.insert("selection".into(), selection.clone());
        let reading = ask(&["v1", "extractors", &extractor, "read"], &request).await?;
        tell(&sample.title, &outline, &selection, &reading)?;
    }
    Ok(())
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
    Value::Object(picks.collect())
}

fn tell(title: &str, outline: &Value, selection: &Value, reading: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let extractor = &reading["extractor"];
    writeln!(
        out,
        "\n{title} ({}), read by {} {}",
        cell(&outline["chart_type"]),
        cell(&extractor["name"]),
        cell(&extractor["version"])
    )?;
    for control in outline["controls"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
    {
        let choices = control["choices"].as_array().map_or(&[][..], Vec::as_slice);
        let labels: Vec<String> = choices
            .iter()
            .take(4)
            .map(|choice| cell(&choice["label"]))
            .collect();
        let more = if choices.len() > 4 {
            format!(", and {} more", choices.len() - 4)
        } else {
            String::new()
        };
        writeln!(
            out,
            "  {:<8} {}: {}{more}",
            cell(&control["name"]),
            cell(&control["label"]),
            labels.join(", ")
        )?;
    }
    writeln!(out, "  selection {selection}")?;
    let at = reading["at"]
        .as_str()
        .map_or_else(String::new, |at| format!(" at {at}"));
    writeln!(
        out,
        "  number    {} ({}{at})",
        cell(&reading["value"]),
        cell(&reading["label"])
    )?;
    for note in reading["notes"].as_array().map_or(&[][..], Vec::as_slice) {
        writeln!(out, "  note      {}", cell(&note["message"]))?;
    }
    Ok(())
}

fn farewell(url: &Url, token: &SecretString) -> anyhow::Result<()> {
    let base = url.as_str().trim_end_matches('/');
    let example = json!({ "result": "…", "vis_config": {}, "selection": {} });
    let mut out = std::io::stdout();
    writeln!(out, "\nAPI     {base}/docs")?;
    writeln!(
        out,
        "token   {} (for this demo only)",
        token.expose_secret()
    )?;
    writeln!(
        out,
        "try     curl -H 'Authorization: Bearer {}' {base}/v1/extractors",
        token.expose_secret()
    )?;
    writeln!(out, "        POST {base}/v1/extractors/NAME/read {example}")?;
    writeln!(out, "It runs until Ctrl-C.")?;
    out.flush()?;
    Ok(())
}
