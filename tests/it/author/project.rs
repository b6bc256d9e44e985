//! A project from nothing to a reading: `new`, `build`, `test`, `check`, `push`, and the API.

use crate::cli::{lensmount, run};
use crate::harness::server::{Place, Server, TOKEN};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// Builds of all projects share what the SDK stands on, as those of one author would.
pub const SHARED_TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/author");

pub fn at(folder: &Path, words: &[&str]) -> Command {
    let mut command = lensmount(words);
    command.current_dir(folder).env("CARGO_TARGET_DIR", SHARED_TARGET);
    command
}

/// Runs a command that must succeed; what it printed.
pub fn said(mut command: Command) -> String {
    let output = command.output().expect("the program runs");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out
}

pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_chart_extractor_goes_from_nothing_to_a_reading() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let home = place.file("");
    said(at(&home, &["extractor", "new", "--lang", "rust", "--kind", "chart", "tide-gauge"]));
    let project = place.file("tide-gauge");
    let built = said(at(&project, &["extractor", "build"]));
    let component = Path::new(built.trim());
    assert!(project.join(component).is_file(), "{built}");

    let tested: Value = serde_json::from_str(&said(at(&project, &["extractor", "test", "--output", "json"]))).expect("JSON");
    assert_eq!((&tested["name"], &tested["version"]), (&json!("tide-gauge"), &json!("0.1.0")), "{tested}");
    assert!(tested["samples"].as_array().is_some_and(|samples| samples.len() >= 2), "{tested}");
    said(at(&project, &["extractor", "check", built.trim()]));

    let mut push = at(&project, &["extractor", "push", built.trim(), "--activate"]);
    push.env("LENSMOUNT_URL", server.url()).env("LENSMOUNT_TOKEN", TOKEN);
    // The component carries its samples, and the server has tried it on them.
    let pushed = said(push);
    let tried = |name: &str| pushed.lines().any(|line| line.starts_with(name) && line.contains("own") && line.contains("as expected"));
    assert!(tried("read ") && tried("empty "), "{pushed}");
    let sample: Value = serde_json::from_slice(&std::fs::read(project.join("samples/read.json")).expect("a sample")).expect("JSON");
    let asked = json!({"result": sample["result"], "vis_config": sample["vis_config"]});
    let reading = server.admin().post("/v1/extractors/tide-gauge/read", &asked).expect(200);
    let expected = &sample["expected"]["output"];
    assert_eq!((&reading["value"], &reading["label"]), (&expected["value"], &expected["label"]), "{reading}");
    assert_eq!(reading["extractor"]["name"], "tide-gauge", "{reading}");
}

#[test]
fn an_event_mapper_goes_from_nothing_to_events() {
    let place = Place::new();
    let server = Server::start(&place.data());
    said(at(&place.file(""), &["extractor", "new", "--lang", "rust", "--kind", "events", "crew", "--path", "the-crew"]));
    let project = place.file("the-crew");
    // The test builds what is not built yet.
    said(at(&project, &["extractor", "test"]));
    let mut push = at(&project, &["extractor", "push", "crew.wasm", "--activate"]);
    push.env("LENSMOUNT_URL", server.url()).env("LENSMOUNT_TOKEN", TOKEN);
    said(push);
    let sample: Value = serde_json::from_slice(&std::fs::read(project.join("samples/convert.json")).expect("a sample")).expect("JSON");
    let asked = json!({"result": sample["result"], "settings": sample["settings"]});
    let events = server.admin().post("/v1/extractors/crew/convert", &asked).expect(200);
    assert_eq!(events, sample["expected"]["output"]);
}

#[test]
fn a_test_runs_what_the_sources_say_now() {
    let place = Place::new();
    said(at(&place.file(""), &["extractor", "new", "--lang", "rust", "--kind", "chart", "needle"]));
    let project = place.file("needle");
    said(at(&project, &["extractor", "test"]));
    let sources = project.join("src/lib.rs");
    let text = std::fs::read_to_string(&sources).expect("the sources");
    let changed = text.replace(r#".text("label")"#, r#".text("no-such-option")"#);
    assert_ne!(text, changed);
    std::fs::write(&sources, changed).expect("a file");
    let (out, err) = texts(&run(at(&project, &["extractor", "test"])));
    assert!(out.contains("read") && out.contains("differs"), "{out}{err}");

    std::fs::write(&sources, "fn broken() {").expect("a file");
    let output = run(at(&project, &["extractor", "test"]));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(err.contains("unclosed delimiter"), "what the compiler says is shown: {err}");
}

#[test]
fn a_project_is_never_written_over_and_its_name_and_sdk_are_sound() {
    let place = Place::new();
    std::fs::create_dir(place.file("taken")).expect("a folder");
    for (words, part) in [
        (["taken", "--sdk", "https://example.com/lensmount"].as_slice(), "exists already"),
        (&["Tide Gauge"], "no name for an extractor"),
        (&["../tide"], "no name for an extractor"),
        (&["tide", "--sdk", "/nowhere/sdk"], "--sdk"),
    ] {
        let words = [&["extractor", "new", "--lang", "rust", "--kind", "chart"], words].concat();
        let output = run(at(&place.file(""), &words));
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {err}");
        assert!(err.contains(part), "{words:?}: {err}");
    }
    let left: Vec<_> = std::fs::read_dir(place.file("")).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["taken"]);
    said(at(&place.file(""), &["extractor", "new", "--lang", "rust", "--kind", "chart", "tide", "--sdk", "https://example.com/lensmount"]));
    let manifest = std::fs::read_to_string(place.file("tide/Cargo.toml")).expect("a file");
    assert!(manifest.contains(r#"lensmount-sdk = { git = "https://example.com/lensmount" }"#), "{manifest}");
}

#[test]
fn what_a_build_lacks_is_said_with_the_way_to_get_it() {
    let place = Place::new();
    let output = run(at(&place.file(""), &["extractor", "build"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("lensmount extractor new"), "{output:?}");

    for (language, kind, place_to_get_it) in [
        ("rust", "chart", "https://rustup.rs"),
        ("javascript", "chart", "https://nodejs.org"),
        ("javascript", "events", "apt-get install nodejs npm"),
        ("python", "chart", "https://www.python.org"),
        ("python", "events", "apt-get install python3 python3-venv"),
    ] {
        let name = format!("{language}-{kind}");
        said(at(&place.file(""), &["extractor", "new", "--lang", language, "--kind", kind, &name]));
        let mut bare = at(&place.file(&name), &["extractor", "build"]);
        bare.env("PATH", "/nowhere").env_remove("CARGO").env_remove("RUSTC");
        let output = run(bare);
        let said = texts(&output).1;
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(place_to_get_it), "{name}: {said}");
    }
}
