//! Readings as they come, from the server's own events.

use std::collections::HashMap;
use std::io::Write;

use anyhow::Context;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::super::client::Server;
use super::super::output::cell;

/// Prints a line for each reading until the events end, which is when the server stops.
pub(super) async fn readings(server: &Server) -> anyhow::Result<()> {
    let titles = titles(server).await?;
    let mut events = server.events(&["v1", "changes"]).await?.bytes_stream();
    let mut text = String::new();
    while let Some(Ok(part)) = events.next().await {
        text.push_str(&String::from_utf8_lossy(&part));
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                let happened = serde_json::from_str(data).context("an event is not JSON")?;
                show(&titles, &happened)?;
            }
            text = rest.to_owned();
        }
    }
    Ok(())
}

/// What key results are called, by id.
async fn titles(server: &Server) -> anyhow::Result<HashMap<String, String>> {
    let found = server.all(&["v1", "key-results"], &[]).await?;
    let found = found.as_array().map_or(&[][..], Vec::as_slice);
    let titles = found.iter().map(|it| (cell(&it["id"]), cell(&it["title"])));
    Ok(titles.collect())
}

fn show(titles: &HashMap<String, String>, happened: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let data = &happened["data"];
    let id = cell(&data["key_result_id"]);
    let title = titles.get(&id).unwrap_or(&id);
    match happened["topic"].as_str() {
        Some("reading") => {
            let reading = &data["reading"];
            writeln!(
                out,
                "{}  {title}: {} ({} %), {} {}, ran at {}, raw {}",
                cell(&happened["at"]),
                cell(&reading["value"]),
                cell(&data["progress_percent"]),
                cell(&reading["extractor"]["name"]),
                cell(&reading["extractor"]["version"]),
                cell(&reading["ran_at"]),
                cell(&reading["why"]["raw"]),
            )?;
        }
        Some("failure") => {
            let failure = &data["failure"];
            let (code, detail) = (cell(&failure["code"]), cell(&failure["detail"]));
            writeln!(out, "{}  {title}: {code}: {detail}", cell(&happened["at"]))?;
        }
        Some("drift") => {
            let (drift, at) = (&data["drift"], cell(&happened["at"]));
            let (kind, message) = (cell(&drift["kind"]), cell(&drift["message"]));
            if data["change"] == "begun" {
                writeln!(out, "{at}  {title}: {kind}: {message}")?;
            } else {
                writeln!(out, "{at}  {title}: {kind} is over")?;
            }
        }
        _ => {}
    }
    out.flush()?;
    Ok(())
}
