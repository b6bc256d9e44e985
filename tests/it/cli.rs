//! The command line: against a running server, and by itself.

use crate::harness::client::Client;
use crate::harness::closed::Closed;
use crate::harness::guests::gauge;
use crate::harness::server::{Place, Server, TOKEN};
use crate::harness::until;
use crate::lifecycle::{map, states};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The program with these words, and nothing of ours in its environment.
pub fn lensmount(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lensmount"));
    command.args(words).env_remove("LENSMOUNT_URL").env_remove("LENSMOUNT_TOKEN").env_remove("LENSMOUNT_DATA").env_remove("LENSMOUNT_SDK");
    command
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Output {
    command.output().expect("the program runs")
}

/// Runs a command that must succeed and print JSON.
pub fn json(mut command: Command) -> Value {
    command.args(["--output", "json"]);
    let output = run(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}{err}", output.status);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("not JSON ({error}): {out}"))
}

/// A command for this server, by flags or by environment.
fn toward(server: &Server, flags: bool, words: &[&str]) -> Command {
    let mut command = lensmount(words);
    if flags {
        command.args(["--url", &server.url(), "--token", TOKEN]);
    } else {
        command.env("LENSMOUNT_URL", server.url()).env("LENSMOUNT_TOKEN", TOKEN);
    }
    command
}

#[test]
fn extractors_are_rolled_out_and_back() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let files = [("gauge.wasm", gauge()), ("gauge-2.wasm", crate::harness::guests::gauge_2())];
    let paths = files.map(|(name, component)| {
        std::fs::write(place.file(name), component).expect("a file");
        place.file(name).to_str().expect("a path in UTF-8").to_string()
    });
    for (step, words) in [
        ["extractor", "push", &paths[0]].as_slice(),
        &["extractor", "activate", "gauge", "1.0.0"],
        &["extractor", "push", &paths[1]],
        &["extractor", "activate", "gauge", "2.0.0"],
        &["extractor", "rollback", "gauge"],
    ]
    .into_iter()
    .enumerate()
    {
        // By flags and by environment, in turn.
        let answer = json(toward(&server, step % 2 == 0, words));
        assert!(answer.to_string().contains("gauge"), "{words:?}: {answer}");
    }
    assert_eq!(states(&server.admin())["1.0.0"], "active");
    assert_eq!(states(&server.admin()).keys().collect::<Vec<_>>(), map(&[("1.0.0", ""), ("2.0.0", "")]).keys().collect::<Vec<_>>());
    let list = json(toward(&server, true, &["extractor", "list"])).to_string();
    for name in ["gauge", "timeseries", "single-value", "pivot-table", "rudder_event", "rudder_group", "rudder_track"] {
        assert!(list.contains(name), "{list}");
    }
}

#[test]
fn a_failure_is_exit_code_1_with_the_problems_code() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let nonsense = place.file("nonsense.wasm");
    std::fs::write(&nonsense, "nonsense").expect("a file");
    let nonsense = nonsense.to_str().expect("a path in UTF-8");
    for (words, code) in [
        (["extractor", "push", nonsense].as_slice(), "not-a-component"),
        (&["extractor", "activate", "nothing", "1.0.0"], "not-found"),
        (&["extractor", "rollback", "nothing"], "not-found"),
    ] {
        let output = run(toward(&server, true, words));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains(code), "{words:?} does not say `{code}`: {said}");
    }
    let mut wrong = lensmount(&["extractor", "list"]);
    wrong.args(["--url", &server.url(), "--token", "lm_wrong_0123456789abcdef"]);
    let output = run(wrong);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unauthorized"), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("lm_wrong_0123456789abcdef"), "{output:?}");
}

#[test]
fn a_server_that_is_not_there_is_exit_code_1() {
    let nobody = Closed::new();
    let output = run(lensmount(&["extractor", "list", "--url", &nobody.url(), "--token", TOKEN]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!output.stderr.is_empty());
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for words in [
        &["nothing"][..],
        &["serve", "--colour", "red"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--allow-private-targets", "10.0.0.0/8,nowhere"],
        &["serve", "--min-every", "0"],
        &["extractor"],
        &["extractor", "nothing"],
        &["extractor", "push"],
        &["extractor", "activate", "gauge"],
        &["extractor", "list", "--output", "yaml"],
    ] {
        let output = run(lensmount(words));
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{words:?}: complaints belong to standard error");
    }
}

#[test]
fn help_and_version_are_exit_code_0() {
    for words in [&["--help"][..], &["--version"], &["serve", "--help"], &["extractor", "--help"], &["demo", "--help"]] {
        let output = run(lensmount(words));
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn a_token_too_short_is_refused_at_the_start() {
    let place = Place::new();
    let mut command = lensmount(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    let output = run({
        command.arg(place.data()).env("LENSMOUNT_ADMIN_TOKEN", "lm_short");
        command
    });
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("LENSMOUNT_ADMIN_TOKEN"), "{output:?}");
}

#[test]
fn the_demo_reads_a_number_of_each_chart_type_delivers_a_run_of_each_action_and_stays_up() {
    let mut child =
        lensmount(&["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let (say, hear) = mpsc::channel();
    let out = child.stdout.take().expect("standard output is a pipe");
    std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
    let mut wanted = vec![
        "timeseries",
        "single-value",
        "pivot-table",
        "(rudder_event)",
        "(rudder_group)",
        "(rudder_track)",
        "(lensmount_reading)",
        "answered  success: Key result \"",
        "received  3 × identify",
        "received  3 × group",
        "received  3 × track",
        "/hub, with the key hk_",
        "shows what was sent",
    ];
    let mut seen = String::new();
    while !wanted.is_empty() {
        let Ok(line) = hear.recv_timeout(Duration::from_secs(60)) else { break };
        wanted.retain(|name| !line.contains(name));
        seen.push_str(&line);
        seen.push('\n');
    }
    let recorded = seen.lines().find_map(|line| line.strip_prefix("events  http://")?.split('/').next());
    let recorded = recorded.map(|plane| Client::new(plane, None).get("/").expect(200));
    let up = child.try_wait().expect("a status").is_none();
    let _ = child.kill();
    until("the demo is gone", Duration::from_secs(10), || child.try_wait().expect("a status"));
    assert!(wanted.is_empty(), "nothing of {wanted:?}: {seen}");
    let read = ["timeseries", "single-value", "pivot-table"].map(|name| format!("read by {name} 1.0.0"));
    assert!(read.iter().all(|words| seen.contains(words)), "{seen}");
    assert_eq!(seen.matches("answered  success: 3 rows, 3 events: 3 delivered.").count(), 3, "{seen}");
    // As Looker wrote it, to the digit.
    assert!(seen.contains(r#""orders.total":1042.00"#), "{seen}");
    assert_eq!(recorded.expect("a data plane")["counts"], json!({"group": 3, "identify": 3, "track": 3}));
    assert!(up, "the demo did not stay up: {seen}");
}
