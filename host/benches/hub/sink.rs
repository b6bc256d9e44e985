//! The data plane: it takes every batch at once, and looks at what it has when the clock has stopped.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;
use tokio::net::TcpListener;

use super::rows::{FIRST, Result};

type Bodies = Arc<Mutex<Vec<Bytes>>>;

/// Takes batches until it is dropped.
pub struct Sink {
    port: u16,
    bodies: Bodies,
}

impl Sink {
    /// On a port of its own.
    pub async fn start() -> anyhow::Result<Self> {
        let bodies = Bodies::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let app = Router::new()
            .route("/v1/batch", post(take))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&bodies));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { port, bodies })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Holds what has come to a result: each row once, and nothing besides. Then it has nothing.
    pub fn check(&mut self, result: &Result) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            batch: Vec<Message<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Message<'a> {
            message_id: &'a str,
            user_id: &'a str,
        }
        let bodies = std::mem::take(&mut *self.bodies.lock().ok().context("poisoned")?);
        let (mut ids, mut users, mut came) = (HashSet::new(), vec![false; result.rows], 0);
        for body in bodies {
            let mut plain = String::new();
            GzDecoder::new(body.as_ref()).read_to_string(&mut plain)?;
            let body: Body<'_> = serde_json::from_str(&plain)?;
            for message in body.batch {
                came += 1;
                ids.insert(message.message_id.to_owned());
                let user: usize = message.user_id.parse()?;
                let user = user.checked_sub(FIRST).and_then(|it| users.get_mut(it));
                *user.context("a user that no row has")? = true;
            }
        }
        ensure!(
            came == result.rows,
            "{came} messages of {} rows",
            result.rows
        );
        ensure!(ids.len() == came, "{} message ids of {came}", ids.len());
        ensure!(users.iter().all(|seen| *seen), "a row has no message");
        Ok(())
    }
}

async fn take(State(bodies): State<Bodies>, body: Bytes) -> &'static str {
    if let Ok(mut bodies) = bodies.lock() {
        bodies.push(body);
    }
    "OK"
}
