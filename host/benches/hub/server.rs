//! The program, as Looker meets it.

use std::path::Path;

use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha512;

use super::process::Process;
use super::program::Program;

const SECRET: &str = "of the bench";

/// A running server; dropping it ends it.
pub struct Server(Program);

impl Server {
    /// Starts the program and waits until it has answered a request.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        let environment = [
            ("LENSMOUNT_HUB_SECRET", SECRET),
            ("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8"),
        ];
        let server = Self(Program::start(data, &environment)?);
        server
            .post("/hub/actions/rudder_event/form", String::new())
            .await?;
        Ok(server)
    }

    /// What the kernel knows of it.
    pub fn process(&self) -> Process {
        self.0.process
    }

    /// Looker runs the action that identifies people.
    pub async fn execute(&self, request: String) -> anyhow::Result<Value> {
        self.post("/hub/actions/rudder_event/execute", request)
            .await
    }

    async fn post(&self, path: &str, body: String) -> anyhow::Result<Value> {
        let mut mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes())?;
        mac.update(b"n");
        let key = format!("n/{}", hex::encode(mac.finalize().into_bytes()));
        let answer = reqwest::Client::new()
            .post(format!("http://{}{path}", self.0.address))
            .header("Authorization", format!("Token token=\"{key}\""))
            .header("User-Agent", "LookerOutgoingWebhook/24.0.0")
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .await?;
        Ok(answer.json().await?)
    }
}
