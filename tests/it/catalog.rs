//! What the catalog takes, refuses, and says about it.

use crate::harness::client::{Answer, Client};
use crate::harness::guests::{Card, SOUND, gauge, gauge_2, guest, hostile};
use crate::harness::server::{Place, Server};
use serde_json::Value;

fn empty() -> (Place, Server) {
    let place = Place::new();
    let server = Server::start(&place.data());
    (place, server)
}

/// An upload that must be refused, with the code given and the words in its text.
fn refused(answer: &Answer, code: &str, words: &[&str]) {
    let problem = answer.problem(422, code);
    let detail = problem["detail"].as_str().unwrap_or_default();
    for word in words {
        assert!(detail.contains(word), "the text does not say `{word}`: {detail}");
    }
}

fn names(client: &Client) -> Vec<String> {
    let list = client.get("/v1/extractors").expect(200);
    let items = list["items"].as_array().expect("a list").clone();
    items.iter().filter_map(|item| Some(item["name"].as_str()?.to_string())).collect()
}

#[test]
fn the_built_in_extractors_are_there_and_active() {
    let (_place, server) = empty();
    let client = server.admin();
    let charts = ["timeseries", "single-value", "pivot-table"];
    let mappers = ["rudder_event", "rudder_group", "rudder_track"];
    for name in charts.into_iter().chain(mappers) {
        let shown = client.get(&format!("/v1/extractors/{name}")).expect(200);
        let active: Vec<_> = versions(&shown).into_iter().filter(|version| version["state"] == "active").collect();
        assert_eq!(active.len(), 1, "{shown}");
        assert!(active[0]["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{shown}");
        let reads_charts = !active[0]["chart_types"].as_array().expect("chart types").is_empty();
        assert_eq!(reads_charts, charts.contains(&name), "{shown}");
        assert!(shown["limits"].is_object(), "{shown}");
    }
    assert_eq!(names(&client).len(), charts.len() + mappers.len());
}

#[test]
fn an_upload_is_reported_stage_by_stage_and_staged() {
    let (_place, server) = empty();
    let client = server.admin();
    let report = client.upload(&gauge()).expect(201);
    assert_eq!((&report["name"], &report["version"]["version"]), (&"gauge".into(), &"1.0.0".into()), "{report}");
    assert_eq!(report["version"]["state"], "staged");
    assert!(report["stages"].as_array().is_some_and(|stages| stages.len() >= 3), "{report}");
    assert!(names(&client).contains(&"gauge".to_string()));
}

#[test]
fn the_same_bytes_again_are_the_same_version() {
    let (_place, server) = empty();
    let client = server.admin();
    let first = client.upload(&gauge()).expect(201);
    let again = client.upload(&gauge()).expect(200);
    assert_eq!(again["version"]["version"], first["version"]["version"]);
    assert_eq!(again["version"]["digest"], first["version"]["digest"]);
    assert_eq!(versions(&client.get("/v1/extractors/gauge").expect(200)).len(), 1);
}

#[test]
fn the_same_bytes_from_many_at_once_are_one_version() {
    let (_place, server) = empty();
    let client = server.admin();
    let uploads: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || client.upload(&gauge()).status)
        })
        .collect();
    let mut statuses: Vec<_> = uploads.into_iter().map(|upload| upload.join().expect("an answer")).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert_eq!(versions(&client.get("/v1/extractors/gauge").expect(200)).len(), 1);
}

#[test]
fn lists_come_in_pages_without_a_gap() {
    let (_place, server) = empty();
    let client = server.admin();
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        client.upload(&hostile(Card { version, ..SOUND })).expect(201);
    }
    for (path, key) in [("/v1/extractors", "name"), ("/v1/audit", "seq")] {
        let keys = |list: &Value| list["items"].as_array().expect("a list").iter().map(|item| item[key].to_string()).collect::<Vec<_>>();
        let whole = keys(&client.get(path).expect(200));
        assert!(whole.len() >= 3, "{whole:?}");
        let (mut paged, mut next) = (Vec::new(), String::new());
        for _ in 0..=whole.len() {
            let page = client.get(&format!("{path}?limit=1{next}")).expect(200);
            paged.extend(keys(&page));
            let Some(token) = page["next_page_token"].as_str() else { break };
            next = format!("&page_token={token}");
        }
        assert_eq!(paged, whole, "{path}");
    }
}

#[test]
fn a_version_never_changes() {
    let (_place, server) = empty();
    let client = server.admin();
    client.upload(&hostile(SOUND)).expect(201);
    let other = hostile(Card { title: "Another", ..SOUND });
    refused(&client.upload(&other), "version-exists", &["hostile", "1.0.0"]);
    // Semantic versions that differ in their build alone are still versions of their own text.
    client.upload(&hostile(Card { version: "1.0.1", ..SOUND })).expect(201);
}

#[test]
fn what_is_no_component_is_refused() {
    let (_place, server) = empty();
    let client = server.admin();
    for bytes in [&b""[..], b"\0", b"\0asm", b"hello", b"{\"result\":1}", b"\x7fELF but not really", b"PK\x03\x04"] {
        let answer = client.upload(bytes);
        let problem = answer.any_problem().expect("a problem");
        let code = problem["code"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && ["not-a-component", "precompiled"].contains(&code), "{answer}");
    }
    refused(&client.upload(&wat::parse_str("(module)").unwrap()), "not-a-component", &["module"]);
    let text = "(component)";
    refused(&client.upload(text.as_bytes()), "not-a-component", &[]);
}

#[test]
fn compiled_code_is_never_taken() {
    let (_place, server) = empty();
    let client = server.admin();
    let engine = wasmtime::Engine::default();
    let component = wat::parse_str("(component)").unwrap();
    let compiled = engine.precompile_component(&component).unwrap();
    refused(&client.upload(&compiled), "precompiled", &[]);
    let module = engine.precompile_module(&wat::parse_str("(module)").unwrap()).unwrap();
    refused(&client.upload(&module), "precompiled", &[]);
    let sound = engine.precompile_component(&gauge()).unwrap();
    refused(&client.upload(&sound), "precompiled", &[]);
}

#[test]
fn a_broken_component_is_refused() {
    let (_place, server) = empty();
    let client = server.admin();
    let whole = gauge();
    for cut in [whole.len() / 4, whole.len() / 2, whole.len() * 9 / 10] {
        refused(&client.upload(&whole[..cut]), "invalid-component", &[]);
    }
    let garbage = [&b"\0asm\x0d\0\x01\0"[..], &[0xff; 64]].concat();
    refused(&client.upload(&garbage), "invalid-component", &[]);
    let mistyped = wat::parse_str("(component (core module (func (result i32) i64.const 1)))").unwrap();
    refused(&client.upload(&mistyped), "invalid-component", &[]);
}

#[test]
fn a_component_of_another_world_is_refused() {
    let (_place, server) = empty();
    let client = server.admin();
    refused(&client.upload(&wat::parse_str("(component)").unwrap()), "incompatible-interface", &[]);
    let other = r#"(component
        (core module $m (func (export "run")))
        (core instance $i (instantiate $m))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    refused(&client.upload(&wat::parse_str(other).unwrap()), "incompatible-interface", &[]);
}

#[test]
fn an_import_that_is_not_granted_is_refused_by_name() {
    let (_place, server) = empty();
    let client = server.admin();
    refused(&client.upload(&guest("clock")), "forbidden-import", &["wasi:clocks/monotonic-clock"]);
    for import in ["env:clock/now", "wasi:filesystem/types@0.2.0", "wasi:sockets/tcp@0.2.0", "wasi:random/random@0.2.0"] {
        let component = format!("(component (import {import:?} (instance (export \"now\" (func (result u64))))))");
        let answer = client.upload(&wat::parse_str(&component).unwrap());
        refused(&answer, "forbidden-import", &[import.split('@').next().unwrap_or(import)]);
    }
    assert!(!names(&client).contains(&"clock".to_string()));
}

#[test]
fn an_unsound_description_is_refused() {
    let (_place, server) = empty();
    let client = server.admin();
    for name in ["", "Hostile", "hostile name", "hostile/name", "..", "höstile", "hostile%2f", "-hostile"] {
        refused(&client.upload(&hostile(Card { name, ..SOUND })), "bad-description", &["name"]);
    }
    for version in ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "latest"] {
        refused(&client.upload(&hostile(Card { version, ..SOUND })), "bad-description", &["version"]);
    }
    refused(&client.upload(&hostile(Card { chart_types: "", ..SOUND })), "bad-description", &["chart-types"]);
    for describe in ["trap", "panic", "recurse", "bomb"] {
        let answer = client.upload(&hostile(Card { describe, ..SOUND }));
        refused(&answer, "bad-description", &["describe"]);
    }
    assert!(!names(&client).contains(&"hostile".to_string()));
    // Pre-releases and builds are semantic versions.
    client.upload(&hostile(Card { version: "1.0.0-rc.1+build.5", ..SOUND })).expect(201);
}

#[test]
fn an_upload_over_64_mib_is_refused_for_its_size() {
    let (_place, server) = empty();
    let mut large = b"\0asm\x0d\0\x01\0".to_vec();
    large.resize((64 << 20) + 1, 0);
    server.admin().upload(&large).problem(413, "too-large");
}

#[test]
fn what_is_active_is_not_deleted() {
    let (_place, server) = empty();
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    client.upload(&gauge_2()).expect(201);
    client.post_empty("/v1/extractors/gauge/versions/2.0.0/activate").expect(200);
    client.delete("/v1/extractors/gauge/versions/2.0.0").problem(409, "conflict");
    client.delete("/v1/extractors/gauge/versions/1.0.0").expect(204);
    client.delete("/v1/extractors/gauge/versions/1.0.0").problem(404, "not-found");
}

#[test]
fn what_is_not_there_is_not_found() {
    let (_place, server) = empty();
    let client = server.admin();
    let read = serde_json::json!({"result": {}});
    let answers = [
        client.get("/v1/extractors/nothing"),
        client.delete("/v1/extractors/nothing/versions/1.0.0"),
        client.delete("/v1/extractors/timeseries/versions/99.0.0"),
        client.post_empty("/v1/extractors/nothing/versions/1.0.0/activate"),
        client.post_empty("/v1/extractors/timeseries/versions/99.0.0/activate"),
        client.post_empty("/v1/extractors/nothing/rollback"),
        client.post("/v1/extractors/nothing/read", &read),
        client.post("/v1/extractors/nothing/outline", &read),
        client.post("/v1/extractors/nothing/series", &read),
        client.post("/v1/extractors/nothing/convert", &read),
        client.post("/v1/extractors/timeseries/read", &serde_json::json!({"result": {}, "version": "99.0.0"})),
        client.get("/v1/nothing"),
    ];
    for answer in answers {
        answer.problem(404, "not-found");
    }
}

#[test]
fn there_is_nothing_to_roll_back_to_at_first() {
    let (_place, server) = empty();
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    client.post_empty("/v1/extractors/gauge/rollback").problem(409, "conflict");
    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    client.post_empty("/v1/extractors/gauge/rollback").problem(409, "conflict");
}

fn versions(shown: &Value) -> Vec<Value> {
    shown["versions"].as_array().cloned().unwrap_or_default()
}
