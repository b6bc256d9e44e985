//! The plainest program that sends the same events: the result in memory, a tree of values for each
//! row and each message, a request for each batch, four at a time.

use std::io::Write as _;

use anyhow::ensure;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Messages in a request, about as large as the server's.
const BATCH: usize = 5_000;

/// Fetches the rows and sends their events.
pub async fn run(from: &str, to: &str) -> anyhow::Result<()> {
    let client = reqwest::Client::new();
    let bytes = client.get(from).send().await?.bytes().await?;
    let result: Data<'_> = serde_json::from_slice(&bytes)?;
    let mut rows = result.data.into_iter().peekable();
    let batches = std::iter::from_fn(|| {
        rows.peek()?;
        let batch = rows.by_ref().take(BATCH);
        Some(batch.map(|row| row.get().to_owned()).collect::<Vec<_>>())
    });
    stream::iter(batches)
        .map(|batch| {
            let (client, to) = (client.clone(), format!("{to}/v1/batch"));
            tokio::spawn(async move {
                let body = tokio::task::spawn_blocking(move || zipped(batch)).await??;
                let sent = client
                    .post(to)
                    .basic_auth("key", Some(""))
                    .header("Content-Encoding", "gzip")
                    .body(body)
                    .send();
                let status = sent.await?.status();
                ensure!(status.is_success(), "{status}");
                Ok(())
            })
        })
        .buffered(4)
        .map(|done| done?)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(())
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

fn zipped(rows: Vec<String>) -> anyhow::Result<Vec<u8>> {
    let rows = rows.iter().map(|row| serde_json::from_str(row));
    let batch = rows
        .map(|row| row.map(message))
        .collect::<Result<Vec<_>, _>>()?;
    let mut zip = GzEncoder::new(Vec::new(), Compression::new(1));
    let at = "2026-11-25T04:00:00.000Z";
    let body = json!({"batch": batch, "timestamp": at, "sentAt": at});
    zip.write_all(&serde_json::to_vec(&body)?)?;
    Ok(zip.finish()?)
}

fn message(row: Value) -> Value {
    let (mut user, mut traits) = (Value::Null, Map::new());
    let cells = match row {
        Value::Object(cells) => cells,
        _ => Map::new(),
    };
    for (name, mut cell) in cells {
        let value = cell["value"].take();
        match name.as_str() {
            "users.id" => user = value,
            "users.email" => drop(traits.insert("email".to_owned(), value)),
            _ => {
                let empty = value.is_null() || value == 0;
                traits.insert(name, if empty { json!([]) } else { value });
            }
        }
    }
    let at = "2026-11-25T04:00:00.000Z";
    json!({
        "userId": user.to_string(),
        "anonymousId": null,
        "traits": traits,
        "context": {
            "app": {"name": "looker/actions", "version": "dev"},
            "traits": traits,
            "library": {"name": "bench", "version": "0"},
        },
        "timestamp": at,
        "type": "identify",
        "channel": "server",
        "originalTimestamp": at,
        "messageId": Uuid::now_v7().to_string(),
        "sentAt": at,
    })
}
