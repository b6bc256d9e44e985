//! `lensmount extractor inspect` and `check`: what a component is, and whether a server would take it.

use super::file;
use crate::cli::{json, lensmount, run};
use crate::harness::guests::{Card, SOUND, gauge, guest, hostile};
use crate::harness::server::{Place, Server};
use serde_json::{Value, json};

#[test]
fn a_component_is_told_by_its_contract_its_names_and_its_own_words() {
    let place = Place::new();
    let gauge = gauge();
    let path = file(&place, "gauge.wasm", &gauge);
    let found = json(lensmount(&["extractor", "inspect", &path]));
    assert_eq!(found["contract"], "lensmount:extractor@1.2.0", "{found}");
    assert_eq!(found["world"], "chart-extractor", "{found}");
    assert_eq!(found["size"], gauge.len(), "{found}");
    assert_eq!(found["exports"], json!(["lensmount:extractor/chart@1.2.0"]), "{found}");
    let imports = found["imports"].as_array().expect("a list");
    assert!(imports.contains(&json!("lensmount:extractor/lines@1.2.0")), "{found}");
    assert_eq!((&found["metadata"]["name"], &found["metadata"]["version"]), (&json!("gauge"), &json!("1.0.0")), "{found}");
    assert!(found["metadata"]["producers"]["language"].to_string().contains("Rust"), "{found}");
    assert_eq!(found["describe"]["title"], "Gauge", "{found}");
    assert_eq!(found["describe"]["chart_types"], json!(["house_gauge"]), "{found}");
    assert_eq!(found["refused"], Value::Null, "{found}");

    let table = run(lensmount(&["extractor", "inspect", &path]));
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    for part in ["lensmount:extractor@1.2.0", "house_gauge", "sha256:"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let mapper = json(lensmount(&["extractor", "inspect", &file(&place, "mapper.wasm", &guest("mapper"))]));
    assert_eq!((&mapper["world"], &mapper["describe"]["chart_types"]), (&json!("event-mapper"), &json!([])), "{mapper}");
}

#[test]
fn what_is_no_extractor_is_told_with_the_reason() {
    let place = Place::new();
    for (name, bytes, code) in [
        ("nonsense", b"nonsense".to_vec(), "not-a-component"),
        ("module", wat::parse_str("(module)").expect("wat"), "not-a-component"),
        ("bare", wat::parse_str("(component)").expect("wat"), "incompatible-interface"),
        ("clocked", clocked(), "forbidden-import"),
    ] {
        let found = json(lensmount(&["extractor", "inspect", &file(&place, name, &bytes)]));
        assert_eq!(found["refused"]["code"], code, "{name}: {found}");
        assert_eq!((&found["size"], &found["world"]), (&json!(bytes.len()), &Value::Null), "{name}: {found}");
    }
    let clocked = json(lensmount(&["extractor", "inspect", &file(&place, "clocked", &clocked())]));
    assert_eq!(clocked["imports"], json!(["wasi:clocks/wall-clock@0.2.0"]), "{clocked}");
}

fn clocked() -> Vec<u8> {
    wat::parse_str(r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#).expect("wat")
}

#[test]
fn a_check_passes_the_stages_that_an_upload_passes() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let names = |report: &Value| -> Vec<Value> {
        let stages = report["stages"].as_array().unwrap_or_else(|| panic!("no stages: {report}"));
        stages.iter().map(|stage| stage["stage"].clone()).collect()
    };
    for (name, component) in [("gauge", gauge()), ("mapper", guest("mapper"))] {
        let checked = json(lensmount(&["extractor", "check", &file(&place, name, &component)]));
        assert_eq!((&checked["verdict"], &checked["name"]), (&json!("accepted"), &json!(name)), "{checked}");
        let uploaded = server.admin().upload(&component).expect(201);
        let mut stages = names(&checked);
        // Only a server has where to store it.
        stages.push("store".into());
        assert_eq!(stages, names(&uploaded), "{uploaded}");
    }
}

#[test]
fn a_check_refuses_what_an_upload_refuses_in_the_same_words() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let mut cut = gauge();
    cut.truncate(cut.len() / 2);
    for (name, component) in [
        ("nonsense", b"nonsense".to_vec()),
        ("cut", cut),
        ("clocked", clocked()),
        ("bare", wat::parse_str("(component)").expect("wat")),
        ("untitled", hostile(Card { title: "", ..SOUND })),
        ("trapping", hostile(Card { describe: "trap", ..SOUND })),
        ("endless", hostile(Card { describe: "loop", ..SOUND })),
    ] {
        let path = file(&place, name, &component);
        let output = run(lensmount(&["extractor", "check", &path]));
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{name}: {out}{err}");
        let refused = server.admin().upload(&component).any_problem().expect("a problem");
        let (code, reason) = (refused["code"].as_str().expect("a code"), refused["detail"].as_str().expect("a detail"));
        assert!(out.contains(code), "{name}: the table does not say {code}: {out}");
        assert!(err.contains(&format!("{reason} [{code}]")), "{name}: not {reason:?} [{code}]: {err}");
    }
}
