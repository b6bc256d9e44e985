//! `lensmount extractor limits`.

use std::str::FromStr;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::client::{Body, Talk};
use super::super::output::cell;

/// Without any of them the limits are shown. Each takes `default` for the server's own limit. What is
/// set counts from the next call on, for all versions.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// The extractor
    name: String,
    /// Processor time of one call, such as 500ms or 2s
    #[arg(long, value_name = "TIME")]
    cpu: Option<Set<Time>>,
    /// Time from a call to its answer, such as 10s
    #[arg(long, value_name = "TIME")]
    wall: Option<Set<Time>>,
    /// MiB of memory of one call; at most what the server was started with
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<Set<u64>>,
    /// KiB of an answer
    #[arg(long, value_name = "KIB")]
    output_kib: Option<Set<u64>>,
    /// Log lines that are kept of one call
    #[arg(long, value_name = "N")]
    log_lines: Option<Set<u64>>,
    /// KiB of log text that are kept of one call
    #[arg(long, value_name = "KIB")]
    log_kib: Option<Set<u64>>,
    /// Calls that run at once
    #[arg(long, value_name = "N")]
    concurrency: Option<Set<u64>>,
    /// Put back to the server's own limits whatever is not set here
    #[arg(long)]
    default: bool,
}

/// A limit, or the server's own.
#[derive(Debug, Clone, Copy)]
enum Set<T> {
    Default,
    To(T),
}

impl<T: FromStr> FromStr for Set<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        match text {
            "default" => Ok(Self::Default),
            text => text.parse().map(Self::To),
        }
    }
}

impl<T> Set<T> {
    fn value(&self, of: impl FnOnce(&T) -> u64) -> Value {
        match self {
            Self::Default => Value::Null,
            Self::To(set) => of(set).into(),
        }
    }
}

/// A time such as 500ms.
#[derive(Debug, Clone, Copy)]
struct Time(Duration);

impl FromStr for Time {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let time: Option<SignedDuration> = text.parse().ok();
        let time = time.and_then(|time| Duration::try_from(time).ok());
        time.map(Self)
            .ok_or_else(|| anyhow!("{text:?} is no time such as 500ms or 2s"))
    }
}

impl Limits {
    pub async fn run(&self, talk: &Talk) -> anyhow::Result<()> {
        let path = ["v1", "extractors", &self.name];
        let edit = self.edit();
        let found = if edit.is_empty() {
            talk.server.send(Method::GET, &path, Body::Nothing).await?
        } else {
            let body = Body::Edit(json!({ "limits": edit }));
            talk.server.send(Method::PATCH, &path, body).await?
        };
        let limits = &found["limits"];
        talk.output
            .print(limits, &["limit", "is", "set"], |limits| {
                let shown = limits.as_object().into_iter().flatten();
                let shown = shown.filter(|(name, _)| *name != "overridden");
                shown
                    .map(|(name, is)| {
                        let set = &limits["overridden"][word(name)];
                        vec![name.clone(), cell(is), cell(set)]
                    })
                    .collect()
            })
    }

    fn edit(&self) -> Map<String, Value> {
        let millis = |time: &Time| u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX);
        let number = |set: &Set<u64>| set.value(|set| *set);
        let set = [
            ("cpu_ms", self.cpu.map(|set| set.value(millis))),
            ("wall_ms", self.wall.map(|set| set.value(millis))),
            ("memory_mib", self.memory_mib.as_ref().map(number)),
            ("output_kib", self.output_kib.as_ref().map(number)),
            ("log_lines", self.log_lines.as_ref().map(number)),
            ("log_kib", self.log_kib.as_ref().map(number)),
            ("concurrency", self.concurrency.as_ref().map(number)),
        ];
        let set = set.into_iter().filter_map(|(name, value)| {
            let value = value.or_else(|| self.default.then_some(Value::Null))?;
            Some((name.to_owned(), value))
        });
        set.collect()
    }
}

/// What an edit calls a limit that is shown in bytes.
fn word(shown: &str) -> &str {
    match shown {
        "memory_bytes" => "memory_mib",
        "output_bytes" => "output_kib",
        "log_bytes" => "log_kib",
        same => same,
    }
}
