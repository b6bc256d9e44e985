//! The program itself, as Looker meets it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha512;

const SECRET: &str = "of the bench";

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts the program and waits until it has answered a request.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lensmount"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LENSMOUNT_ADMIN_TOKEN", "lm_bench_0123456789abcdef")
            .env("LENSMOUNT_HUB_SECRET", SECRET)
            .env("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()?;
        let out = BufReader::new(child.stdout.take().context("no output")?);
        let mut lines = out.lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on http://")?.1.trim().to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        let server = Self {
            child,
            address: address.context("the server does not listen")?,
        };
        server
            .post("/hub/actions/rudder_event/form", String::new())
            .await?;
        Ok(server)
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
            .post(format!("http://{}{path}", self.address))
            .header("Authorization", format!("Token token=\"{key}\""))
            .header("User-Agent", "LookerOutgoingWebhook/24.0.0")
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .await?;
        Ok(answer.json().await?)
    }

    /// Processor time of all its threads so far.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, which stands in brackets, may hold spaces.
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |place: usize| -> anyhow::Result<u64> {
            Ok(fields.get(place).context("no such figure")?.parse()?)
        };
        // User and system time, in hundredths of a second on every Linux.
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }

    /// The most memory that was ever resident, in bytes.
    pub fn peak(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: u64 = kib.context("this needs Linux")?.parse()?;
        Ok(kib << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
