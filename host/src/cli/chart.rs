//! `lensmount chart`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Talk};
use super::output::{cell, rows};
use super::place::Place;

/// Look at a chart on a live Looker: what it offers, and what would be read
#[derive(Debug, Args)]
pub(super) struct Chart {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what there is to choose
    Outline(Place),
    /// Read one number, without storing it
    Read(Place),
    /// Read every number along x, oldest first
    Series(Place),
    /// Say whether it can be read, and if not, why and what to change
    Verify(Place),
}

const READING: [&str; 6] = ["value", "at", "label", "field", "ran at", "extractor"];

impl Chart {
    pub async fn run(self) -> anyhow::Result<()> {
        match &self.command {
            Command::Outline(place) => {
                let outline = self.ask("outline", place).await?;
                let columns = ["control", "label", "required", "default", "choices"];
                self.talk.output.print(&outline, &columns, |outline| {
                    rows(&outline["controls"], control)
                })
            }
            Command::Read(place) => {
                let read = self.ask("read", place).await?;
                self.talk
                    .output
                    .print(&read, &READING, |it| vec![reading(it)])
            }
            Command::Series(place) => {
                let series = self.ask("series", place).await?;
                self.talk
                    .output
                    .print(&series, &READING, |it| rows(&it["readings"], reading))
            }
            Command::Verify(place) => {
                let request = json!({
                    "connection_id": place.through.id(&self.talk.server).await?,
                    "source": place.source()?,
                });
                let path = ["v1", "charts", "verify"];
                let found = self
                    .talk
                    .server
                    .send(Method::POST, &path, Body::Json(request))
                    .await?;
                let columns = ["supported", "extractor", "why", "what to do"];
                self.talk.output.print(&found, &columns, |it| {
                    vec![vec![
                        cell(&it["supported"]),
                        cell(&it["extractor"]),
                        sentences(&it["reasons"]),
                        sentences(&it["hints"]),
                    ]]
                })
            }
        }
    }

    async fn ask(&self, what: &str, place: &Place) -> anyhow::Result<Value> {
        let request = place.request(&self.talk.server).await?;
        let path = ["v1", "charts", what];
        self.talk
            .server
            .send(Method::POST, &path, Body::Json(request))
            .await
    }
}

fn control(control: &Value) -> Vec<String> {
    const SHOWN: usize = 4;
    let choices = control["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let mut shown: Vec<String> = choices
        .iter()
        .take(SHOWN)
        .map(|choice| cell(&choice["value"]))
        .collect();
    if choices.len() > SHOWN {
        shown.push(format!("and {} more", choices.len() - SHOWN));
    }
    vec![
        cell(&control["name"]),
        cell(&control["label"]),
        cell(&control["required"]),
        cell(&control["default"]),
        shown.join(", "),
    ]
}

/// A reading as a row of a table.
pub(super) fn reading(reading: &Value) -> Vec<String> {
    vec![
        cell(&reading["value"]),
        cell(&reading["at"]),
        cell(&reading["label"]),
        cell(&reading["why"]["field"]),
        cell(&reading["ran_at"]),
        extractor(reading),
    ]
}

/// Who read it, with the version.
pub(super) fn extractor(reading: &Value) -> String {
    match &reading["extractor"] {
        Value::Null => "-".to_owned(),
        by => format!("{} {}", cell(&by["name"]), cell(&by["version"])),
    }
}

fn sentences(list: &Value) -> String {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(cell).collect::<Vec<_>>().join("; ")
}
