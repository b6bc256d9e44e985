//! Several releases of the contract side by side, and what is said to those who speak none of them.

use crate::cli::{json, lensmount, run};
use crate::harness::guests::{gauge, guest};
use crate::harness::server::{Place, Server, TOKEN};
use crate::harness::until;
use crate::harness::world::PATIENCE;
use serde_json::{Value, json};

/// A component that exports one interface, whole or in part, in text form.
pub fn exporting(name: &str, functions: &[(&str, &str)]) -> Vec<u8> {
    let cores: String = functions
        .iter()
        .map(|(name, ty)| {
            let results = if ty.contains("result") { "(result i32)" } else { "" };
            let body = if ty.contains("result") { "i32.const 0" } else { "" };
            format!(
                "(core module $m-{name} (memory (export \"m\") 1) (func (export \"f\") {results} {body})) \
                 (core instance $i-{name} (instantiate $m-{name})) \
                 (func $f-{name} {ty} (canon lift (core func $i-{name} \"f\") (memory $i-{name} \"m\")))"
            )
        })
        .collect();
    let with: String = functions.iter().map(|(name, _)| format!("(export \"{name}\" (func $f-{name}))")).collect();
    let text = format!("(component {cores} (instance $it {with}) (export \"{name}\" (instance $it)))");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn extractors_of_all_releases_answer_beside_each_other() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    for (wasm, contract, documented) in [(guest("elder"), "1.0.0", false), (guest("manual"), "1.1.0", true), (gauge(), "1.2.0", false)] {
        let version = client.upload(&wasm).expect(201)["version"].clone();
        assert_eq!((&version["contract"], &version["documented"]), (&json!(contract), &json!(documented)), "{version}");
    }
    for name in ["elder", "gauge", "manual"] {
        client.post_empty(&format!("/v1/extractors/{name}/versions/1.0.0/activate")).expect(200);
    }
    let result = r#"{"fields":{"measures":[{"name":"a"}]},"data":[{"a":{"value":7}}]}"#;
    let read = |name: &str| {
        let body = format!("{{\"result\":{result}}}");
        client.post_text(&format!("/v1/extractors/{name}/read"), &body).expect(200)["value"].clone()
    };
    let bytes = json!(result.len().to_string());
    assert_eq!([read("gauge"), read("manual"), read("elder")], [json!("7"), bytes.clone(), bytes]);
    // Each says in its own way what it does.
    let counted = format!("counting {} bytes", result.len());
    until("its line is there", PATIENCE, || server.log().contains(&counted).then_some(()));
    let contracts = client.get("/version").expect(200)["contracts"].clone();
    assert_eq!(contracts, json!(["lensmount:extractor@1.0.0", "lensmount:extractor@1.1.0", "lensmount:extractor@1.2.0"]));

    // What the later release adds is there for those who have it.
    let manual = client.get("/v1/extractors/manual/manual?version=1.0.0").expect(200);
    assert!(manual["manual"].as_str().is_some_and(|text| text.starts_with("# Manual\n")), "{manual}");
    let none = client.get("/v1/extractors/gauge/manual").problem(404, "not-found");
    assert!(none["detail"].as_str().is_some_and(|text| text.contains("has no manual")), "{none}");
    let shown = run(lensmount(&["extractor", "manual", "manual", "--url", &server.url(), "--token", TOKEN]));
    assert!(String::from_utf8_lossy(&shown.stdout).contains("counts the **bytes**"), "{shown:?}");
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&place.data());
    assert_eq!(server.admin().get("/v1/extractors/manual/manual").expect(200)["version"], "1.0.0");
}

#[test]
fn what_is_built_against_another_contract_is_told_which_and_what_to_do() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let nothing: &[(&str, &str)] = &[("chart-types", "(result (list string))")];
    for (name, parts) in [
        ("lensmount:extractor/chart@2.0.0", &["@2.0.0", "speaks 1.0.0, 1.1.0 and 1.2.0"][..]),
        ("lensmount:extractor/chart@1.9.0", &["@1.9.0", "speaks 1.0.0, 1.1.0 and 1.2.0", "a server that speaks 1.9.0"]),
        ("lensmount:extractor/chart@1.1.0-rc.1", &["@1.1.0-rc.1"]),
        ("lensmount:extractor/chart@1.0.0", &["of its `chart`: it has no function `describe`", "build it against wit/1.0.0"]),
        ("lensmount:extractor/chart@1.1.0", &["of its `chart`: it has no function `describe`", "build it against wit/1.1.0"]),
        ("somebody:else/chart@1.0.0", &["exports neither", "somebody:else/chart@1.0.0"]),
    ] {
        let problem = client.upload(&exporting(name, nothing)).problem(422, "incompatible-interface");
        let detail = problem["detail"].as_str().unwrap_or_default();
        for part in parts {
            assert!(detail.contains(part), "{name}: {part}: {detail}");
        }
    }
    // The author is told the same by the check at home.
    let file = crate::author::file(&place, "later.wasm", &exporting("lensmount:extractor/chart@2.0.0", nothing));
    let checked = run(lensmount(&["extractor", "check", &file]));
    assert!(String::from_utf8_lossy(&checked.stderr).contains("speaks 1.0.0, 1.1.0 and 1.2.0"), "{checked:?}");
    let seen = json(lensmount(&["extractor", "inspect", &file]));
    assert_eq!((&seen["contract"], &seen["world"]), (&json!("lensmount:extractor@2.0.0"), &Value::Null), "{seen}");
}
