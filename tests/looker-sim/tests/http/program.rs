use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use looker_sim::Config;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::client::{ID, PATIENCE, SECRET, Sim, answer};

/// Ends the program with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("the program ends");
    }
}

#[tokio::test]
async fn the_program_says_where_it_listens_and_not_its_secret() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_looker-sim"));
    command.args(["--listen", "127.0.0.1:0", "--client-id", ID, "--seed", "7"]).env("LOOKER_SIM_CLIENT_SECRET", SECRET);
    let mut program = Running(command.stderr(Stdio::piped()).spawn().expect("the program starts"));
    let mut line = String::new();
    let said = program.0.stderr.take().expect("a pipe");
    BufReader::new(said).read_line(&mut line).expect("a line");
    assert!(!line.contains(SECRET), "{line}");
    let base = line.trim().rsplit(' ').next().expect("an address").to_owned();
    let mut sim = Sim::at(base);
    sim.login().await;
    assert_eq!(sim.json("/looks/1/run/json").await.as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn it_stops_though_a_call_hangs() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(looker_sim::serve(listener, Config::new(ID, SECRET), async { drop(stopped.await) }));
    let sim = Sim::at(base);
    sim.faults(json!({"hang_paths": ["/api/4.0/versions"]})).await;
    let waiting = tokio::spawn(answer(sim.request(Method::GET, "/versions")));
    sim.until("/_log", |log| log.json()["requests"].as_array().is_some_and(|calls| !calls.is_empty())).await;
    drop(stop);
    let served = tokio::time::timeout(PATIENCE, serving).await.expect("it stops").expect("a task");
    assert!(served.is_ok(), "{served:?}");
    waiting.abort();
    let after = sim.request(Method::GET, "/_log").timeout(Duration::from_secs(5));
    assert!(answer(after).await.is_err());
}
