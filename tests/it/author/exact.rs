//! What the helpers of each language read of a result, to the digit, and what they refuse: the same for all.

use super::examples;
use super::project::{at, said, texts};
use crate::cli::run;
use crate::harness::server::Place;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A project of this language, with an engine's tools where it takes any: those that an example has.
fn project(place: &Place, language: &str, kind: &str) -> PathBuf {
    // Projects in Rust share a target folder, in which each name is built once.
    let name = format!("exact-{kind}");
    said(at(&place.file(""), &["extractor", "new", "--lang", language, "--kind", kind, &name]));
    let project = place.file(&name);
    let tools = match language {
        "javascript" => Some(("funnel", "node_modules")),
        "python" => Some(("gauge", ".venv")),
        _ => None,
    };
    if let Some((example, tools)) = tools {
        std::os::unix::fs::symlink(examples::built(example).join(tools), project.join(tools)).expect("a link");
    }
    fs::remove_dir_all(project.join("samples")).expect("the samples of a new project");
    fs::create_dir_all(project.join("samples/results")).expect("a folder");
    project
}

/// Changes a source of a project.
fn edit(project: &Path, file: &str, from: &str, to: &str) {
    let path = project.join(file);
    let text = fs::read_to_string(&path).expect("a source");
    let changed = text.replace(from, to);
    assert_ne!(text, changed, "{file} has no {from}");
    fs::write(path, changed).expect("a file");
}

/// Writes a sample whose result is these bytes.
fn sample(project: &Path, name: &str, operation: &str, result: &[u8], vis_config: &str, selection: &str, expected: &str) {
    fs::write(project.join(format!("samples/results/{name}.json")), result).expect("a file");
    let chosen = if operation == "convert" { "settings" } else { "selection" };
    let text = format!(
        r#"{{"operation": "{operation}", "result": "results/{name}.json", "vis_config": {vis_config}, "{chosen}": {selection}, "expected": {expected}}}"#
    );
    fs::write(project.join(format!("samples/{name}.json")), text).expect("a file");
}

/// Runs the samples, all of which must be as expected; the report.
fn passed(project: &Path) -> Value {
    let output = run(at(project, &["extractor", "test", "--output", "json"]));
    let (out, err) = texts(&output);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    let samples = report["samples"].as_array().expect("samples");
    let differ: Vec<String> = samples
        .iter()
        .filter(|line| line["verdict"] != "passed")
        .map(|line| format!("{} {}: {}{}", line["sample"], line["verdict"], line["account"].as_str().unwrap_or(""), line["aside"]))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(output.status.success(), "{err}");
    report
}

/// Cells, and the number that is read, or the code of the failure.
const CELLS: &[(&str, Result<&str, &str>)] = &[
    ("10.50", Ok("10.50")),
    ("9007199254740993", Ok("9007199254740993")),
    ("-0.1000000000000000055511151231257827", Ok("-0.1000000000000000055511151231257827")),
    ("123456789012345678901234567890.123456789", Ok("123456789012345678901234567890.123456789")),
    ("1e3", Ok("1000")),
    ("1.500E+2", Ok("150.0")),
    ("1.25e-3", Ok("0.00125")),
    ("-0", Ok("0")),
    ("-0.00", Ok("0.00")),
    (r#""12.30""#, Ok("12.30")),
    (r#""007.5""#, Ok("7.5")),
    ("null", Err("no-data")),
    ("true", Err("not-numeric")),
    ("[]", Err("not-numeric")),
    ("[1]", Err("not-numeric")),
    ("1e999999999", Err("not-numeric")),
    (r#""""#, Err("not-numeric")),
    (r#"" 1""#, Err("not-numeric")),
    (r#""1 ""#, Err("not-numeric")),
    (r#""1\n""#, Err("not-numeric")),
    (r#""+1""#, Err("not-numeric")),
    (r#""1,000""#, Err("not-numeric")),
    (r#""98%""#, Err("not-numeric")),
    (r#""NaN""#, Err("not-numeric")),
    (r#""Infinity""#, Err("not-numeric")),
    (r#""0x10""#, Err("not-numeric")),
    (r#""1_000""#, Err("not-numeric")),
    (r#""٣""#, Err("not-numeric")),
    (r#""1.""#, Err("not-numeric")),
    (r#"".5""#, Err("not-numeric")),
];

const FIELDS: &str = r#""fields": {"measures": [{"name": "orders.count", "label": "Orders Count", "label_short": "Count"},
    {"name": "orders.share", "label": "Orders Share"}]}"#;
const DATA: &str = r#""data": [{"orders.count": {"value": 7}, "orders.share": {"value": 0.50}}]"#;
const NOTE: &str =
    "Note: This query contains derived tables with Development Mode filters. Query results in Production Mode might be different.";

/// A sample that is about more than a cell: result, `vis_config`, selection, and what is expected: value and
/// label, or a problem.
type Whole = (&'static str, Vec<u8>, &'static str, &'static str, Result<(&'static str, &'static str), Value>);

fn wholes() -> Vec<Whole> {
    let sound = format!("{{{FIELDS}, {DATA}}}");
    let with = |member: &str| format!("{{{member}, {FIELDS}, {DATA}}}").into_bytes();
    let code = |code: &str| Err(json!({ "code": code }));
    let blamed = |control: &str| Err(json!({"code": "bad-selection", "control": control}));
    let plain = Ok(("7", "Orders Count"));
    let own = br#"{"fields": {"measures": [{"name": "a.b"}]}, "data": [{}]}"#;
    let hiding = r#"{"fields": {"dimensions": [{"name": "a.shown"}], "measures": [{"name": "a.b"}]},
        "data": [{"a.shown": {"value": "No"}, "a.b": {"value": 1}}, {"a.shown": {"value": "Yes"}, "a.b": {"value": 2}}]}"#;
    vec![
        ("sound", sound.clone().into(), "{}", "{}", plain.clone()),
        ("chosen", sound.clone().into(), "{}", r#"{"y": "orders.share"}"#, Ok(("0.50", "Orders Share"))),
        ("hidden", sound.clone().into(), r#"{"hidden_fields": ["orders.count"]}"#, "{}", Ok(("0.50", "Orders Share"))),
        ("named", sound.clone().into(), r#"{"series_labels": {"orders.count": "All"}}"#, "{}", Ok(("7", "All"))),
        ("short", sound.clone().into(), r#"{"show_view_names": false}"#, "{}", Ok(("7", "Count"))),
        ("option", sound.clone().into(), r#"{"label": "Dial"}"#, "{}", Ok(("7", "Dial"))),
        ("not-drawn", hiding.into(), r#"{"hidden_points_if_no": ["a.shown"]}"#, "{}", Ok(("2", "a.b"))),
        (
            "twice",
            br#"{"fields": {"measures": [{"name": "a.b"}]}, "data": [{"a.b": {"value": 1, "value": 2}}]}"#.into(),
            "{}",
            "{}",
            Ok(("2", "a.b")),
        ),
        ("no-errors", with(r#""errors": [], "error": null, "status": "complete", "truncated": true"#), "{}", "{}", plain),
        ("absent", own.into(), "{}", "{}", code("no-data")),
        ("no-rows", br#"{"fields": {"measures": [{"name": "a.b"}]}, "data": []}"#.into(), "{}", "{}", code("no-data")),
        ("no-measure", br#"{"fields": {"measures": []}, "data": []}"#.into(), "{}", "{}", code("unsupported")),
        ("no-such-control", sound.clone().into(), "{}", r#"{"colour": "red"}"#, blamed("colour")),
        ("no-such-field", sound.clone().into(), "{}", r#"{"y": "orders.gone"}"#, blamed("y")),
        ("odd-options", sound.clone().into(), r#"{"hidden_fields": "orders.count"}"#, "{}", code("malformed")),
        ("cut", sound[..sound.len() / 2].into(), "{}", "{}", code("malformed")),
        ("page", b"<html>Log in</html>".into(), "{}", "{}", code("malformed")),
        ("nothing", Vec::new(), "{}", "{}", code("malformed")),
        ("no-text", [b"{\"fields\": \"", &[0xff, 0xfe][..], b"\"}"].concat(), "{}", "{}", code("malformed")),
        ("nan", sound.replace("\"value\": 7", "\"value\": NaN").into(), "{}", "{}", code("malformed")),
        ("list", b"[]".into(), "{}", "{}", code("malformed")),
        ("no-fields", br#"{"data": []}"#.into(), "{}", "{}", code("malformed")),
        ("no-data", format!("{{{FIELDS}, \"data\": null}}").into(), "{}", "{}", code("malformed")),
        ("failed", br#"{"errors": [{"message": "No such table"}], "fields": null, "data": []}"#.into(), "{}", "{}", code("looker-error")),
        ("failed-in-a-word", with(r#""error": "View Not Found""#), "{}", "{}", code("looker-error")),
        ("killed", with(r#""status": "killed""#), "{}", "{}", code("looker-error")),
        (
            "an-error-beside-a-note",
            with(&format!(r#""errors": [{{"message": "{NOTE}"}}, {{"message": "No"}}]"#)),
            "{}",
            "{}",
            code("looker-error"),
        ),
    ]
}

/// An output as the extractor of a new project has it.
fn output(language: &str, value: &str, label: &str, field: &str, raw: &str) -> String {
    let raw = Value::from(raw);
    let format = if language == "rust" { r#", "format": "exact""# } else { "" };
    format!(
        r#"{{"output": {{"value": "{value}", "rendered": null, "at": null, "label": "{label}", "notes": [], "why": {{"field": "{field}", "raw": {raw}{format}}}}}}}"#
    )
}

fn reads_to_the_digit(language: &str) -> (Place, PathBuf) {
    let place = Place::new();
    let project = project(&place, language, "chart");
    for (number, (cell, read)) in CELLS.iter().enumerate() {
        let result = format!(r#"{{"fields": {{"measures": [{{"name": "a.b"}}]}}, "data": [{{"a.b": {{"value": {cell}}}}}]}}"#);
        let expected = match read {
            Ok(value) => output(language, value, "a.b", "a.b", cell),
            Err(code) => json!({"problem": {"code": code}}).to_string(),
        };
        sample(&project, &format!("cell-{number}"), "read", result.as_bytes(), "{}", "{}", &expected);
    }
    for (name, result, vis_config, selection, expected) in wholes() {
        let expected = match expected {
            // The SDK also says which of several rows it was.
            Ok(_) if name == "not-drawn" && language == "rust" => {
                output(language, "2", "a.b", "a.b", "2").replace(r#""why": {"#, r#""why": {"row": "{\"a.shown\":\"Yes\"}", "#)
            }
            Ok((value, label)) => {
                let field = if label == "a.b" { "a.b" } else { ["orders.count", "orders.share"][usize::from(value == "0.50")] };
                output(language, value, label, field, value)
            }
            Err(problem) => json!({ "problem": problem }).to_string(),
        };
        sample(&project, name, "read", &result, vis_config, selection, &expected);
    }
    let noted = output(language, "7", "Orders Count", "orders.count", "7");
    let noted = noted.replace(r#""notes": []"#, &format!(r#""notes": [{{"code": "development-mode", "message": "{NOTE}"}}]"#));
    let note = format!(r#"{{"errors": [{{"message": "{NOTE}"}}], {FIELDS}, {DATA}}}"#);
    sample(&project, "note", "read", note.as_bytes(), "{}", "{}", &noted);
    (place, project)
}

/// What is thrown by mistake: a failure of the extractor's, with its stack in the log.
fn blames_itself(project: &Path, place: &str) {
    let expected = r#"{"problem": {"code": "internal"}}"#;
    sample(project, "mistake", "read", format!("{{{FIELDS}, {DATA}}}").as_bytes(), r#"{"label": "mistake"}"#, "{}", expected);
    let report = passed(project);
    let samples = report["samples"].as_array().expect("samples");
    let mistake = samples.iter().find(|line| line["sample"] == "mistake").expect("the sample");
    let heard = mistake["aside"].to_string();
    assert!(heard.contains("error: read: ") && heard.contains(place), "{heard}");
}

#[test]
fn rust_reads_to_the_digit_and_refuses_the_rest() {
    let (_place, project) = reads_to_the_digit("rust");
    passed(&project);
}

#[test]
fn javascript_reads_to_the_digit_refuses_the_rest_and_blames_itself_for_mistakes() {
    let (_place, project) = reads_to_the_digit("javascript");
    let before = "const cell = looker.cell(row, field);";
    edit(&project, "extractor.js", before, &format!("{before}\n  if (query.option('label') === 'mistake') query.no.such;"));
    blames_itself(&project, "extractor.js:");
    is_built_only_where_it_changed(&project, "extractor.js", "// Reads", "export {", "extractor.js");
}

#[test]
fn python_reads_to_the_digit_refuses_the_rest_and_blames_itself_for_mistakes() {
    let (_place, project) = reads_to_the_digit("python");
    let before = "cell = looker.Cell(drawn[0], field)";
    edit(&project, "extractor.py", before, &format!("{before}\n    if query.option('label') == 'mistake':\n        query.no.such"));
    blames_itself(&project, "extractor.py:");
    is_built_only_where_it_changed(
        &project,
        "extractor.py",
        "import lensmount",
        "import nothing_of_that_name\nimport lensmount",
        "nothing_of_that_name",
    );
}

/// The same sources are the same component, and others are not: a server takes a version once.
fn is_built_only_where_it_changed(project: &Path, file: &str, from: &str, to: &str, told: &str) {
    let name = project.file_name().expect("a name").to_string_lossy();
    let component = || fs::read(project.join(format!("{name}.wasm"))).expect("a component");
    let first = component();
    said(at(project, &["extractor", "build"]));
    assert!(component() == first, "the sources are the same, and the component is another");
    edit(project, file, from, to);
    let output = run(at(project, &["extractor", "build"]));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(err.contains(told) && err.contains("stands above"), "what the tool says is shown: {out}{err}");
}

/// Rows about people, and what becomes of them.
fn events_keep_every_digit(language: &str) {
    let place = Place::new();
    let project = project(&place, language, "events");
    let fields = r#""fields": {"dimensions": [{"name": "users.id", "tags": ["user_id"]}, {"name": "users.email", "tags": ["email"]}, {"name": "users.name"}],
        "measures": [{"name": "orders.total"}, {"name": "orders.name"}]}"#;
    let rows = r#""data": [
        {"users.id": {"value": 9007199254740993}, "users.email": {"value": "ada@example.com"}, "users.name": {"value": "Ada \"A\" ☕"}, "orders.total": {"value": 10.50}, "orders.name": {"value": [1.0, null]}},
        {"users.id": {"value": null}, "users.email": {"value": ""}, "users.name": {"value": "Nobody"}},
        {"users.id": {"value": "b"}, "users.email": {"value": null}}]"#;
    let event = |user: &str, identity: &str, traits: &str, row: u32| {
        format!(
            r#"{{"kind": "identify", "user_id": {user}, "anonymous_id": null, "identity_key": {identity}, "group_id": null, "name": null,
                "traits": {traits}, "timestamp": null, "extra": null, "row": {row}}}"#
        )
    };
    let batch = |with: &str, without: &str| {
        format!(
            r#"{{"output": {{"events": [{}, {}], "rejected": [{{"row": 1, "reason": "The row has no id: its tagged fields are empty"}}]}}}}"#,
            event(r#""9007199254740993""#, r#""ada@example.com""#, with, 0),
            event(r#""b""#, "null", without, 2)
        )
    };
    let result = format!("{{{fields}, {rows}}}");
    let whole = batch(
        r#"{"email": "ada@example.com", "users.name": "Ada \"A\" ☕", "total": 10.50, "orders.name": [1.0, null]}"#,
        r#"{"email": null, "users.name": null, "total": null, "orders.name": null}"#,
    );
    let hidden =
        batch(r#"{"email": "ada@example.com", "name": "Ada \"A\" ☕", "total": 10.50}"#, r#"{"email": null, "name": null, "total": null}"#);
    sample(&project, "people", "convert", result.as_bytes(), "{}", "{}", &whole);
    sample(&project, "hidden", "convert", result.as_bytes(), r#"{"hidden_fields": ["orders.name"]}"#, "{}", &hidden);
    for (name, result, code) in [
        ("untagged", result.replace("tags", "labels"), "unsupported"),
        ("pivoted", result.replace(r#""measures""#, r#""pivots": [{"name": "users.name"}], "measures""#), "unsupported"),
        ("failed", format!(r#"{{"errors": [{{"message": "No such table"}}], {fields}, "data": []}}"#), "looker-error"),
    ] {
        sample(&project, name, "convert", result.as_bytes(), "{}", "{}", &json!({"problem": {"code": code}}).to_string());
    }
    passed(&project);
}

#[test]
fn events_in_javascript_keep_every_digit() {
    events_keep_every_digit("javascript");
}

#[test]
fn events_in_python_keep_every_digit() {
    events_keep_every_digit("python");
}
