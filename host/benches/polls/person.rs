//! Readings that people ask the program for, on the same Looker.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::domain::MONTHS;
use super::load::{Load, Served};
use super::program::{Program, TOKEN};
use super::simulator::{CLIENT, Simulators};

/// Who ask at a time.
const PEOPLE: usize = 32;
const WARM: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_secs(4);

/// Measures them.
pub async fn reads(simulators: &Simulators, expected: &str) -> anyhow::Result<Served> {
    let folder = tempfile::tempdir()?;
    let environment = [
        ("LENSMOUNT_RATE_LIMIT", "1000000000"),
        ("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8"),
    ];
    let program = Program::start(folder.path(), &environment)?;
    let made = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("http://{}/v1/connections", program.address))
        .bearer_auth(TOKEN)
        .json(&json!({
            "name": "Looker", "server_url": simulators.urls[0],
            "client_id": CLIENT.0, "client_secret": CLIENT.1, "max_concurrent": PEOPLE,
        }))
        .send()
        .await?;
    let made: Value = made.json().await?;
    let connection = made["id"].as_str().with_context(|| made.to_string())?;
    // Who asks for a chart that somebody else is waiting for waits with them: each has their own.
    let bodies: Vec<String> = (0..PEOPLE)
        .map(|person| {
            let body = json!({
                "connection_id": connection,
                "source": {"dashboard_id": "1", "tile_id": MONTHS},
                "selection": {"y": "orders.count", "at": "latest"},
                "filters": {"Period": format!("{} days", 60 + person)},
            });
            body.to_string()
        })
        .collect();
    let expected = format!(r#""value":"{expected}""#);
    let path = "/v1/charts/read";
    let load = Load::new(&program, path, TOKEN, &bodies, &expected);
    load.run(PEOPLE, WARM).await?;
    let before = simulators.runs().await?;
    let served = load.run(PEOPLE, MEASURED).await?;
    let runs = simulators.runs().await? - before;
    ensure!(
        runs == served.answers() as u64,
        "{runs} runs for {} readings",
        served.answers()
    );
    Ok(served)
}
