//! `lensmount key-result`.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::chart::extractor;
use super::client::{Body, Talk};
use super::output::{cell, rows};
use super::place::Place;

/// Make key results, link them to charts, and see where they stand
#[derive(Debug, Args)]
pub(super) struct KeyResult {
    #[command(flatten)]
    talk: Talk,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List key results with their values and progress
    List {
        /// Only those of this objective
        #[arg(long, value_name = "ID")]
        objective: Option<String>,
    },
    /// Show a key result
    Show {
        /// Its id
        id: String,
    },
    /// Make a key result
    Create {
        /// What is measured
        title: String,
        /// Where it begins
        #[arg(long, allow_hyphen_values = true, value_name = "NUMBER")]
        start: String,
        /// Where it should get
        #[arg(long, allow_hyphen_values = true, value_name = "NUMBER")]
        target: String,
        /// What its numbers count
        #[arg(long)]
        unit: Option<String>,
        /// Who answers for it
        #[arg(long)]
        owner: Option<String>,
        /// The objective it is for
        #[arg(long, value_name = "ID")]
        objective: Option<String>,
        /// Where its period begins, such as 2026-10-01
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Where its period ends
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
    },
    /// Link a key result to a chart, and read it from then on
    Link {
        /// Its id
        id: String,
        #[command(flatten)]
        place: Place,
        /// How often to read it, such as 15m; 1h unless --cron is given
        #[arg(long, value_name = "INTERVAL", conflicts_with = "cron")]
        every: Option<String>,
        /// When to read it, such as "0 8 * * MON-FRI"
        #[arg(long, value_name = "EXPRESSION")]
        cron: Option<String>,
        /// What to do about slots that were missed
        #[arg(long, value_name = "POLICY", value_parser = ["once", "skip"])]
        missed: Option<String>,
        /// For how long its number may stay the same before that is told as drift, such as 30d, or
        /// never; 7d without it
        #[arg(long, value_name = "INTERVAL")]
        still_after: Option<String>,
    },
    /// Switch the integration on as it is
    Enable {
        /// Its id
        id: String,
    },
    /// Switch the integration off; the value can then be set by hand
    Disable {
        /// Its id
        id: String,
    },
    /// Set the value by hand, while the integration is off
    Set {
        /// Its id
        id: String,
        /// The value
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// What there is to say about it
        #[arg(long)]
        note: Option<String>,
    },
    /// Read it now
    Refresh {
        /// Its id
        id: String,
        /// Have Looker ask the database, whatever its cache holds
        #[arg(long)]
        uncached: bool,
    },
    /// List what was read over time, the newest first
    Readings {
        /// Its id
        id: String,
        /// Nothing before this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Nothing at this time or after it
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
    },
    /// Fill the history from the chart's own series
    Backfill {
        /// Its id
        id: String,
    },
    /// Remove a key result with its history
    Delete {
        /// Its id
        id: String,
    },
}

const COLUMNS: [&str; 9] = [
    "id", "title", "current", "target", "progress", "expected", "read", "failure", "drift",
];

impl KeyResult {
    pub async fn run(self) -> anyhow::Result<()> {
        match &self.command {
            Command::List { objective } => {
                let query: Vec<_> = objective
                    .as_deref()
                    .map(|id| ("objective_id", id))
                    .into_iter()
                    .collect();
                let found = self.talk.server.all(&["v1", "key-results"], &query).await?;
                self.talk
                    .output
                    .print(&found, &COLUMNS, |all| rows(all, row))
            }
            Command::Show { id } => self.one(Method::GET, id, &[], Body::Nothing).await,
            Command::Create {
                title,
                start,
                target,
                unit,
                owner,
                objective,
                from,
                to,
            } => {
                let mut request = Map::new();
                let given = [
                    ("title", Some(title)),
                    ("start", Some(start)),
                    ("target", Some(target)),
                    ("unit", unit.as_ref()),
                    ("owner", owner.as_ref()),
                    ("objective_id", objective.as_ref()),
                    ("from", from.as_ref()),
                    ("to", to.as_ref()),
                ];
                for (field, given) in given {
                    if let Some(given) = given {
                        request.insert(field.into(), given.as_str().into());
                    }
                }
                let body = Body::Json(Value::Object(request));
                let path = ["v1", "key-results"];
                self.show(&self.talk.server.send(Method::POST, &path, body).await?)
            }
            Command::Link {
                id,
                place,
                every,
                cron,
                missed,
                still_after,
            } => {
                let mut request = place.request(&self.talk.server).await?;
                request["enabled"] = true.into();
                for (field, given) in [
                    ("every", every),
                    ("cron", cron),
                    ("missed", missed),
                    ("still_after", still_after),
                ] {
                    if let Some(given) = given {
                        request[field] = given.as_str().into();
                    }
                }
                self.integration(id, request).await
            }
            Command::Enable { id } => self.integration(id, json!({ "enabled": true })).await,
            Command::Disable { id } => self.integration(id, json!({ "enabled": false })).await,
            Command::Set { id, value, note } => {
                let mut request = json!({ "current": value });
                if let Some(note) = note {
                    request["note"] = note.as_str().into();
                }
                self.one(Method::PATCH, id, &[], Body::Edit(request)).await
            }
            Command::Refresh { id, uncached } => {
                let body = Body::Json(json!({ "cache": !uncached }));
                self.one(Method::POST, id, &["refresh"], body).await
            }
            Command::Readings { id, from, to } => self.readings(id, from, to).await,
            Command::Backfill { id } => {
                let path = ["v1", "key-results", id, "backfill"];
                let done = self
                    .talk
                    .server
                    .send(Method::POST, &path, Body::Nothing)
                    .await?;
                let columns = ["added", "present"];
                self.talk.output.print(&done, &columns, |done| {
                    vec![columns.map(|field| cell(&done[field])).to_vec()]
                })
            }
            Command::Delete { id } => {
                let path = ["v1", "key-results", id];
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

    async fn integration(&self, id: &str, request: Value) -> anyhow::Result<()> {
        let body = Body::Edit(request);
        self.one(Method::PUT, id, &["integration"], body).await
    }

    async fn one(
        &self,
        method: Method,
        id: &str,
        below: &[&str],
        body: Body,
    ) -> anyhow::Result<()> {
        let path = [&["v1", "key-results", id][..], below].concat();
        self.show(&self.talk.server.send(method, &path, body).await?)
    }

    async fn readings(
        &self,
        id: &str,
        from: &Option<String>,
        to: &Option<String>,
    ) -> anyhow::Result<()> {
        let mut query = Vec::new();
        query.extend(from.as_deref().map(|from| ("from", from)));
        query.extend(to.as_deref().map(|to| ("to", to)));
        let path = ["v1", "key-results", id, "readings"];
        let found = self.talk.server.all(&path, &query).await?;
        let columns = [
            "time",
            "value",
            "at",
            "origin",
            "ran at",
            "cached",
            "extractor",
        ];
        self.talk.output.print(&found, &columns, |found| {
            rows(found, |it| {
                vec![
                    cell(&it["time"]),
                    cell(&it["value"]),
                    cell(&it["at"]),
                    cell(&it["origin"]),
                    cell(&it["ran_at"]),
                    cell(&it["from_cache"]),
                    extractor(it),
                ]
            })
        })
    }

    fn show(&self, key_result: &Value) -> anyhow::Result<()> {
        self.talk
            .output
            .print(key_result, &COLUMNS, |it| vec![row(it)])
    }
}

fn row(it: &Value) -> Vec<String> {
    let unit = it["unit"]
        .as_str()
        .map_or_else(String::new, |unit| format!(" {unit}"));
    let number = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        value => format!("{}{unit}", cell(value)),
    };
    vec![
        cell(&it["id"]),
        cell(&it["title"]),
        number(&it["current"]),
        number(&it["target"]),
        percent(&it["progress_percent"]),
        part(&it["expected"]),
        cell(&it["last_reading"]["read_at"]),
        cell(&it["last_failure"]["code"]),
        kinds(&it["drift"]),
    ]
}

/// The kinds of drift.
fn kinds(drift: &Value) -> String {
    let drift = drift.as_array().map_or(&[][..], Vec::as_slice);
    if drift.is_empty() {
        return "-".to_owned();
    }
    let kinds: Vec<String> = drift.iter().map(|it| cell(&it["kind"])).collect();
    kinds.join(", ")
}

fn percent(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| "-".to_owned(), |value| format!("{value} %"))
}

/// A fraction as a percentage; the digits are only moved, so nothing is made up.
fn part(fraction: &Value) -> String {
    let fraction = fraction.as_str().and_then(|text| text.parse().ok());
    fraction.map_or_else(
        || "-".to_owned(),
        |fraction| format!("{} %", crate::keyresult::progress::shown_percent(&fraction)),
    )
}
