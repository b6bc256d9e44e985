//! `lensmount extractor check`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use crate::catalog::{Examined, Stage, examine};

use super::super::call_limits::CallLimits;
use super::super::output::{Output, cell, rows};
use super::component;

/// Say whether a server would take a component, by the very checks of an upload
///
/// It ends with 1 when the component would be refused. What only a server knows is not checked:
/// whether it has the version already, with other bytes.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The component, a .wasm file
    file: PathBuf,
    #[command(flatten)]
    limits: CallLimits,
}

impl Check {
    pub async fn run(&self, output: Output) -> anyhow::Result<()> {
        let wasm = component::read(&self.file)?;
        let sandbox = component::sandbox(self.limits.limits())?;
        let examined = examine(&sandbox, wasm).await?;
        output.print(
            &report(&examined),
            &["stage", "outcome", "time"],
            |report| {
                rows(&report["stages"], |stage| {
                    vec![
                        cell(&stage["stage"]),
                        cell(&stage["outcome"]),
                        milliseconds(&stage["took_us"]),
                    ]
                })
            },
        )?;
        match examined.verdict {
            Ok(_) => Ok(()),
            Err((_, refused)) => bail!("{} [{}]", refused.reason, refused.code.as_str()),
        }
    }
}

fn report(examined: &Examined) -> Value {
    let line = |stage: &Stage, outcome: &str| json!({"stage": stage.name, "outcome": outcome, "took_us": micros(stage.took)});
    let mut stages: Vec<Value> = examined
        .passed
        .iter()
        .map(|stage| line(stage, "passed"))
        .collect();
    match &examined.verdict {
        Ok(described) => {
            let identity = described.lens.identity();
            json!({"verdict": "accepted", "name": identity.name, "version": identity.version,
                   "stages": stages, "refused": null})
        }
        Err((stage, refused)) => {
            let code = refused.code.as_str();
            stages.push(line(stage, code));
            json!({"verdict": "refused", "name": null, "version": null, "stages": stages,
                   "refused": {"code": code, "reason": refused.reason}})
        }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn milliseconds(micros: &Value) -> String {
    let micros = micros.as_u64().unwrap_or(0);
    format!("{}.{:03} ms", micros / 1_000, micros % 1_000)
}
