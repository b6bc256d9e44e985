//! Rows to events: a chunk of a run in a fresh instance, beside the same code natively and a
//! mapping by serde_json's trees of values.

use std::fmt::Write;

use anyhow::{Context, ensure};
use lensmount::sandbox::{Lens, Sandbox, events};
use lensmount_sdk::events::mapping::Mapping;
use lensmount_sdk::events::tags::RUDDER;
use lensmount_sdk::events::{Kind, Run};
use serde_json::{Map, Value};

use crate::people::FIELDS;
use crate::report::{Report, Row};
use crate::ways::Times;

/// Rows of a chunk, as runs have them.
const ROWS: u32 = 512;
/// Timed rounds; each maps one chunk by each way.
const ROUNDS: usize = 300;

/// Measures, and prints rows a second.
pub async fn run(sandbox: &Sandbox, lens: &Lens, report: &mut Report) -> anyhow::Result<()> {
    let head = head();
    println!("\nmapping, chunks of {ROWS} rows (rows/s, median)");
    println!(
        "{:<34} {:>8} {:>18} {:>18} {:>18} {:>16} {:>14}",
        "rows", "KB", "sandbox", "native", "serde_json", "sandbox/native", "sandbox/serde"
    );
    for (name, chunk) in [
        ("8 columns, lite stream", chunk("")),
        (
            "8 columns, with drill links",
            chunk(
                r#","links":[{"label":"Show","url":"/explore/shop/users?fields=users.id","type":"drill"}]"#,
            ),
        ),
    ] {
        let mut times = [Times::default(), Times::default(), Times::default()];
        for round in 0..ROUNDS + ROUNDS / 10 + 1 {
            let counted = round > ROUNDS / 10;
            let boxed = times[0]
                .time(counted, in_sandbox(sandbox, lens, &head, &chunk))
                .await?;
            let native = times[1]
                .time(counted, async { natively(&head, &chunk) })
                .await?;
            let serde = times[2].time(counted, async { by_serde(&chunk) }).await?;
            ensure!(boxed == native, "the sandbox maps otherwise");
            ensure!(
                (native.rows, read(&native.last)?) == (serde.rows, read(&serde.last)?),
                "serde_json maps otherwise"
            );
        }
        let [sandbox, native, serde] = times
            .map(Times::sorted)
            .map(|times| f64::from(ROWS) * 1e6 / times.micros(0.50));
        println!(
            "{name:<34} {:>8.0} {sandbox:>18.0} {native:>18.0} {serde:>18.0} {:>16.2} {:>14.2}",
            chunk.len() as f64 / 1e3,
            sandbox / native,
            sandbox / serde,
        );
        report.add(
            Row::more(format!("rows to events, {name}"), sandbox, "rows/s")
                .beside("serde_json's trees natively", serde),
        );
    }
    Ok(())
}

/// What the ways must agree on.
#[derive(PartialEq)]
struct Mapped {
    rows: usize,
    /// The traits of the last row.
    last: Vec<u8>,
}

fn read(json: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(json)
}

fn head() -> Vec<u8> {
    format!(r#"{{"ran_at":null,"truncated":false,"sql":null,"fields":{FIELDS}}}"#).into_bytes()
}

/// Rows of eight cells, each with something beside its value.
fn chunk(beside: &str) -> String {
    let mut rows = String::from("[");
    for row in 0..ROWS {
        let comma = if row == 0 { "" } else { "," };
        // Writing to a string does not fail.
        write!(
            rows,
            r#"{comma}{{"users.id":{{"value":{id}{beside}}},"users.email":{{"value":"person{id}@example.com"{beside}}},"users.name":{{"value":"Person Number {id}"{beside}}},"users.city":{{"value":"Wien"{beside}}},"users.created_date":{{"value":"2026-11-{day:02}"{beside}}},"orders.count":{{"value":{row}{beside}}},"orders.total":{{"value":{row}.4499999999{beside}}},"orders.returned":{{"value":null{beside}}}}}"#,
            id = 100_000 + row,
            day = row % 28 + 1,
        )
        .ok();
    }
    rows.push(']');
    rows
}

async fn in_sandbox(
    sandbox: &Sandbox,
    lens: &Lens,
    head: &[u8],
    rows: &str,
) -> anyhow::Result<Mapped> {
    let run = events::Run {
        head,
        query: b"{}",
        settings: &[],
        context: &[],
    };
    let batch = lens.convert(sandbox, run, rows.as_bytes()).await?.value;
    let last = batch.events.last().context("no events")?;
    Ok(Mapped {
        rows: batch.events.len(),
        last: last.traits.clone(),
    })
}

fn natively(head: &[u8], rows: &str) -> anyhow::Result<Mapped> {
    let run = Run {
        head: head.to_vec(),
        query: b"{}".to_vec(),
        settings: Vec::new(),
        context: Vec::new(),
    };
    let mapping = Mapping {
        kind: Kind::Identify,
        tags: RUDDER,
    };
    let batch = mapping.convert(&run, rows.as_bytes());
    let batch = batch.map_err(|failure| anyhow::anyhow!(failure.message))?;
    let last = batch.events.last().context("no events")?;
    Ok(Mapped {
        rows: batch.events.len(),
        last: last.traits.clone(),
    })
}

/// The least that trees of values take: no choices, no pivots, no ids but the user's.
fn by_serde(rows: &str) -> anyhow::Result<Mapped> {
    let rows: Vec<Map<String, Value>> = serde_json::from_str(rows)?;
    let mut events = Vec::new();
    for row in rows {
        let mut traits = Map::new();
        for (name, mut cell) in row {
            let value = cell.get_mut("value").map(Value::take).unwrap_or_default();
            match name.as_str() {
                "users.id" => {}
                "users.email" => drop(traits.insert("email".into(), value)),
                _ if value.is_null() || value == 0 => {
                    drop(traits.insert(name, Value::Array(vec![])))
                }
                _ => drop(traits.insert(name, value)),
            }
        }
        events.push(serde_json::to_vec(&traits)?);
    }
    Ok(Mapped {
        rows: events.len(),
        last: events.pop().context("no events")?,
    })
}
