//! A simulated Looker of a test's own, spoken to over HTTP by the server under test.

use super::client::Client;
use looker_sim::Config;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The API credentials that it takes. The secret is long enough to be looked for as a canary.
pub const CLIENT_ID: &str = "lensmount-tests";
pub const CLIENT_SECRET: &str = "canary-5f1b0c77e6d24a8c9b3e";

/// Runs on a thread of its own until it is dropped.
pub struct Looker {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Looker {
    /// Starts one whose clock stands at noon of a Wednesday.
    pub fn start() -> Self {
        Self::with(Config { now: "2026-11-18T12:00:00Z".parse().ok(), ..Config::new(CLIENT_ID, CLIENT_SECRET) })
    }

    /// Starts one of these settings.
    pub fn with(config: Config) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), config)
    }

    /// Starts one on an address.
    pub fn at(address: SocketAddr, config: Config) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (say, hear) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(address).await.expect("a port");
                say.send(listener.local_addr().expect("an address")).expect("the test waits");
                let serving = looker_sim::serve(listener, config, async move { drop(stopped.await) });
                // Connections that a server keeps open do not keep the test waiting.
                tokio::select! {
                    served = serving => served.expect("the simulated Looker serves"),
                    () = async { tokio::time::sleep(std::time::Duration::MAX).await } => {}
                }
            });
            runtime.shutdown_background();
        });
        let address = hear.recv().expect("the simulated Looker starts");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn control(&self) -> Client {
        Client::new(&self.address.to_string(), None)
    }

    /// Puts these faults in the place of all others.
    pub fn faults(&self, faults: &Value) {
        let answer = self.control().post("/_faults", faults);
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.faults(&json!({}));
    }

    /// Puts these edits of the content in the place of all others.
    pub fn edit(&self, edits: &Value) {
        let answer = self.control().post("/_edit", edits);
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    /// Moves the clock by seconds.
    pub fn advance(&self, seconds: u64) {
        let answer = self.control().post("/_clock", &json!({ "advance": seconds }));
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    /// What it was asked so far.
    pub fn log(&self) -> Value {
        self.control().get("/_log").expect(200)
    }

    /// How many queries it was asked to run, whether its cache answered or not.
    pub fn runs(&self) -> u64 {
        let log = self.log();
        log["task_creates"].as_u64().unwrap_or_else(|| panic!("no `task_creates` in {log}"))
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        let answer = self.control().delete("/_log");
        assert!((200..300).contains(&answer.status), "{answer}");
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
