//! `lensmount extractor test`: golden samples in the server's sandbox, under its limits.

use crate::cli::{lensmount, run};
use crate::harness::guests::{SOUND, gauge, guest, hostile};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The first measure's first value, written so that no float could hold it.
const RESULT: &str = r#"{"fields": {"measures": [{"name": "orders.count"}]}, "data": [{"orders.count": {"value": 9007199254740993}}]}"#;

/// A folder with a component and its samples.
struct Project(tempfile::TempDir);

/// What a run of the samples said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Project {
    fn of(component: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("it.wasm"), component).expect("a file");
        std::fs::create_dir(folder.path().join("samples")).expect("a folder");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("samples").join(name)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).expect("a file");
        self
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    fn test(&self, flags: &[&str]) -> Said {
        let folder = self.0.path().to_str().expect("a path in UTF-8");
        let output = run(lensmount(&[&["extractor", "test", folder], flags].concat()));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn report(&self, flags: &[&str]) -> Value {
        let said = self.test(&[flags, &["--output", "json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("not JSON ({error}): {}{}", said.out, said.err))
    }
}

/// What a report says of one sample.
fn of<'a>(report: &'a Value, sample: &str) -> &'a Value {
    let samples = report["samples"].as_array().expect("samples");
    samples.iter().find(|line| line["sample"] == sample).unwrap_or_else(|| panic!("no {sample}: {report}"))
}

fn sample(operation: &str, expected: &str) -> String {
    format!(r#"{{"operation": "{operation}", "result": {RESULT}, "expected": {expected}}}"#)
}

const NUMBER: &str = r#"{"at": null, "label": "Gauge", "notes": [], "rendered": null, "value": "9007199254740993",
    "why": {"raw": "9007199254740993", "field": "orders.count"}}"#;

#[test]
fn samples_that_are_as_expected_pass_and_tell_what_they_cost() {
    let project = Project::of(&gauge())
        .with("read.json", &sample("read", &format!(r#"{{"output": {NUMBER}}}"#)))
        .with("series.json", &sample("series", &format!(r#"{{"output": {{"readings": [{NUMBER}]}}}}"#)))
        .with("outline.json", &sample("outline", r#"{"output": {"controls": [], "notes": []}}"#))
        .with("empty.json", r#"{"operation": "read", "result": {"data": []}, "expected": {"problem": {"code": "no-data"}}}"#);
    let said = project.test(&[]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for part in ["SAMPLE", "TIME", "MEMORY", "COST", "passed", " %)"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let [once, again] = [project.report(&[]), project.report(&[])];
    for name in ["read", "series", "outline", "empty"] {
        let line = of(&once, name);
        assert_eq!(line["verdict"], "passed", "{line}");
        assert!(line["cost"].as_u64().is_some_and(|cost| cost > 0), "{line}");
        assert_eq!(line["cost"], of(&again, name)["cost"], "{name}: a cost is the same each time");
        let memory = line["memory"].as_u64().expect("bytes");
        let limit = once["limits"]["memory"].as_u64().expect("bytes");
        assert!(memory > 0, "{line}");
        assert_eq!(line["memory_percent"], (memory * 100).div_ceil(limit), "{line}");
    }
}

#[test]
fn a_difference_is_shown_line_by_line_and_is_exit_code_1() {
    let wrong = NUMBER.replacen("9007199254740993", "9007199254740992", 1);
    let project = Project::of(&gauge())
        .with("good.json", &sample("read", &format!(r#"{{"output": {NUMBER}}}"#)))
        .with("wrong.json", &sample("read", &format!(r#"{{"output": {wrong}}}"#)))
        .with("failure.json", &sample("read", r#"{"problem": {"code": "no-data"}}"#))
        .with("new.json", &format!(r#"{{"operation": "read", "result": {RESULT}}}"#));
    let said = project.test(&[]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("3 of 4 samples"), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().map(str::trim_end).collect();
    for line in [r#"-    "value": "9007199254740992","#, r#"+    "value": "9007199254740993","#] {
        assert!(lines.contains(&line), "{line}: {}", said.out);
    }
    let report = project.report(&[]);
    for (name, verdict) in [("good", "passed"), ("wrong", "differs"), ("failure", "differs"), ("new", "expects nothing")] {
        assert_eq!(of(&report, name)["verdict"], verdict, "{report}");
    }
}

#[test]
fn update_writes_what_was_found_and_leaves_the_rest_of_the_file() {
    let before = |end: &str| format!("{{\n   \"operation\" : \"read\",\n\"result\":   {RESULT}{end}}}\n");
    let project = Project::of(&gauge())
        .with("new.json", &before("\n"))
        .with("wrong.json", &before(", \"expected\":{\"problem\":{\"code\":\"no-data\"}},\n \"context\": {}"))
        .with("good.json", &sample("read", &format!(r#"{{"output": {NUMBER}}}"#)));
    let good = project.text("good.json");
    let said = project.test(&["--update"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(project.text("good.json"), good, "what is as expected is left alone");
    let head = before("").trim_end().trim_end_matches('}').to_owned();
    for name in ["new.json", "wrong.json"] {
        let text = project.text(name);
        assert!(text.starts_with(&head), "{name}: {text}");
        assert!(text.contains("\n      \"value\": \"9007199254740993\",\n"), "{name}: {text}");
    }
    assert!(project.text("wrong.json").ends_with("},\n \"context\": {}}\n"), "{}", project.text("wrong.json"));
    assert_eq!(project.test(&[]).code, Some(0));
}

#[test]
fn a_result_in_a_file_of_its_own_is_read_to_the_byte() {
    let project = Project::of(&gauge());
    std::fs::create_dir(project.path("results")).expect("a folder");
    let project = project
        .with("results/orders.json", RESULT)
        .with("kept.json", &format!(r#"{{"operation": "read", "result": "results/orders.json", "expected": {{"output": {NUMBER}}}}}"#))
        .with("lost.json", r#"{"operation": "read", "result": "results/gone.json"}"#);
    let report = project.report(&[]);
    assert_eq!(of(&report, "kept")["verdict"], "passed", "{report}");
    assert_eq!(of(&report, "lost")["verdict"], "broken", "{report}");
    assert!(of(&report, "lost")["account"].as_str().is_some_and(|said| said.contains("gone.json")), "{report}");
    assert_eq!(report["samples"].as_array().map(Vec::len), Some(2), "{report}");
}

#[test]
fn rows_become_events_by_the_settings_of_a_sample() {
    let result = r#"{"fields": {}, "data": [{"users.email": {"value": "ada@example.com"}}, {"users.email": {"value": null}}]}"#;
    let expected = r#"{"output": {"events": [{"kind": "identify", "user_id": null, "anonymous_id": null, "identity_key": "ada@example.com",
        "group_id": null, "name": null, "traits": {"email": "ada@example.com", "source": "crm"}, "timestamp": null, "extra": null, "row": 0}],
        "rejected": [{"row": 1, "reason": "no email"}]}}"#;
    let convert = |chosen: &str| {
        format!(r#"{{"operation": "convert", "result": {result}, "{chosen}": {{"source": "crm"}}, "expected": {expected}}}"#)
    };
    let project = Project::of(&guest("mapper"))
        .with("convert.json", &convert("settings"))
        .with("misnamed.json", &convert("selection"))
        .with("other-world.json", &sample("read", r#"{"problem": {"code": "no-data"}}"#));
    let report = project.report(&[]);
    for (name, verdict) in [("convert", "passed"), ("misnamed", "broken"), ("other-world", "broken")] {
        assert_eq!(of(&report, name)["verdict"], verdict, "{report}");
    }
}

#[test]
fn samples_run_under_the_limits_of_a_server() {
    let order = |order: &str, code: &str| {
        format!(
            r#"{{"operation": "read", "result": {{}}, "selection": {{"do": "{order}"}}, "expected": {{"problem": {{"code": "{code}"}}}}}}"#
        )
    };
    let project = Project::of(&hostile(SOUND))
        .with("bomb.json", &order("bomb", "memory-limit"))
        .with("recurse.json", &order("recurse", "stack-overflow"))
        .with("panic.json", &order("panic", "trap"))
        .with("huge.json", &order("huge", "output-limit"));
    let report = project.report(&[]);
    for name in ["bomb", "recurse", "panic", "huge"] {
        assert_eq!(of(&report, name)["verdict"], "passed", "{report}");
    }
    let aside = of(&report, "panic")["aside"].to_string();
    assert!(aside.contains("was stopped in `read`"), "a person is told how it was stopped: {aside}");
    // What the others do takes its time, too, so that only this one is held to less than a server's.
    let report = Project::of(&hostile(SOUND)).with("loop.json", &order("loop", "cpu-timeout")).report(&["--call-cpu-ms", "300"]);
    assert_eq!(of(&report, "loop")["verdict"], "passed", "{report}");
    assert!(of(&report, "loop")["cpu_percent"].as_u64() >= Some(100), "{report}");
    assert_eq!(report["limits"]["cpu_us"], 300_000);
}

#[test]
fn without_samples_or_a_component_there_is_nothing_to_test() {
    let bare = tempfile::tempdir().expect("a temporary folder");
    let project = Project::of(&gauge());
    for (folder, word) in [(bare.path(), "components"), (project.0.path(), "no sample")] {
        let output = run(lensmount(&["extractor", "test", folder.to_str().expect("a path in UTF-8")]));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(word), "{said}");
    }
    let refused = Project::of(b"nonsense").with("read.json", &sample("read", "{}")).test(&[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("not-a-component"), "{}", refused.err);
}

#[test]
fn what_is_expected_is_an_output_or_a_problem() {
    let project = Project::of(&gauge()).with("read.json", &sample("read", &json!({"value": "1"}).to_string()));
    let report = project.report(&[]);
    assert_eq!(of(&report, "read")["verdict"], "broken", "{report}");
    assert!(of(&report, "read")["account"].to_string().contains("either `output`, or `problem`"), "{report}");
}
