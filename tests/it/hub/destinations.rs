//! Data planes that schedules may send to by name.

use crate::harness::hub::{HubWorld, WRITE_KEY, users};
use crate::harness::server::TOKEN;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn new(name: &str, url: &str) -> Value {
    json!({"name": name, "kind": "rudderstack", "server_url": url, "write_key": WRITE_KEY})
}

#[test]
fn a_destination_is_kept_changed_and_removed() {
    let world = HubWorld::new();
    let client = &world.client;
    let made = client.post("/v1/destinations", &new("Marketing", "https://example.com/v1/batch/")).expect(201);
    let id = made["id"].as_str().expect("an id");
    let path = format!("/v1/destinations/{id}");
    assert_eq!(
        (&made["name"], &made["kind"], &made["server_url"], &made["has_write_key"]),
        (&json!("Marketing"), &json!("rudderstack"), &json!("https://example.com/"), &json!(true))
    );
    assert_eq!(client.get(&path).expect(200), made);
    assert_eq!(client.items("/v1/destinations"), std::slice::from_ref(&made));
    client.patch(&path, &json!({"name": "Sales"})).problem(428, "precondition-required");
    client.clone().with("If-Match", "\"1\"").patch(&path, &json!({"name": "Sales"})).problem(412, "stale");
    let tag = client.get(&path).etag.expect("a tag");
    let edited = client.clone().with("If-Match", tag).patch(&path, &json!({"name": "Sales"})).expect(200);
    assert_eq!(edited["name"], "Sales");
    client.post("/v1/destinations", &new("sALES", "https://example.com")).problem(409, "conflict");
    client.post("/v1/destinations", &new("Marketing", "https://example.com")).expect(201);
    let any = client.clone().with("If-Match", "*");
    any.patch(&path, &json!({"name": "marketing"})).problem(409, "conflict");
    assert_eq!(any.delete(&path).status, 204);
    client.get(&path).problem(404, "not-found");
    any.delete(&path).problem(404, "not-found");
}

#[test]
fn a_write_key_goes_only_to_the_server_it_was_given_for() {
    let world = HubWorld::new();
    let made = world.client.post("/v1/destinations", &new("A", "https://example.com")).expect(201);
    let any = world.client.clone().with("If-Match", "*");
    let path = format!("/v1/destinations/{}", made["id"].as_str().expect("an id"));
    let problem = any.patch(&path, &json!({"server_url": "https://evil.example"})).problem(400, "invalid-input");
    assert_eq!(problem["errors"][0]["pointer"], "/write_key");
    any.patch(&path, &json!({"server_url": "http://example.com"})).problem(400, "invalid-input");
    any.patch(&path, &json!({"server_url": "https://example.com:8443/in"})).expect(200);
    any.patch(&path, &json!({"server_url": "https://other.example", "write_key": "another"})).expect(200);
}

#[test]
fn unsound_destinations_are_refused_in_words() {
    let world = HubWorld::with(&[("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "")]);
    let cases: &[(Value, u16, &str, &str)] = &[
        (new("", "https://example.com"), 400, "invalid-input", "/name"),
        (new("A", "example.com"), 400, "invalid-input", "/server_url"),
        (new("A", "ftp://example.com"), 400, "invalid-input", "/server_url"),
        (new("A", "https://u:p@example.com"), 400, "invalid-input", "/server_url"),
        (
            json!({"name": "A", "kind": "rudderstack", "server_url": "https://example.com", "write_key": ""}),
            400,
            "invalid-input",
            "/write_key",
        ),
        (json!({"name": "A", "kind": "segment", "server_url": "https://example.com", "write_key": "k"}), 400, "invalid-input", "/kind"),
        (json!({"name": "A", "kind": "rudderstack", "server_url": "https://example.com"}), 400, "invalid-input", ""),
        (new("A", "http://127.0.0.1:9"), 422, "target-refused", ""),
        (new("A", "http://2130706433/v1/batch"), 422, "target-refused", ""),
        (new("A", "http://[::ffff:169.254.169.254]/"), 422, "target-refused", ""),
    ];
    for (request, status, code, pointer) in cases {
        let problem = world.client.post("/v1/destinations", request).problem(*status, code);
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], *pointer, "{request}: {problem}");
        }
    }
    assert_eq!(world.client.items("/v1/destinations").len(), 0);
}

#[test]
fn a_schedule_sends_where_it_chose_and_is_told_when_that_is_gone() {
    let world = HubWorld::new();
    let url = format!("{}/v1/batch", world.plane_url());
    let add = |name: &str, key: &str| {
        let new = json!({"name": name, "kind": "rudderstack", "server_url": url, "write_key": key});
        world.client.post("/v1/destinations", &new).expect(201)["id"].as_str().expect("an id").to_string()
    };
    let (one, two) = (add("One", "key-one"), add("Two", "key-two"));
    let mut request = world.request(&users(&["ann"]));
    for choice in [one.as_str(), two.as_str(), "settings"] {
        request["form_params"]["destination"] = choice.into();
        assert_eq!(world.execute("rudder_event", &request)["success"], true);
    }
    let keys: Vec<String> = world.messages().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["key-one", "key-two", WRITE_KEY]);
    request["form_params"] = json!({});
    request["data"] = json!({});
    let unchosen = world.execute("rudder_event", &request);
    assert_eq!((&unchosen["success"], unchosen["validation_errors"]["destination"].is_string()), (&json!(false), true), "{unchosen}");
    assert_eq!(world.client.clone().with("If-Match", "*").delete(&format!("/v1/destinations/{two}")).status, 204);
    request["form_params"]["destination"] = two.into();
    let gone = world.execute("rudder_event", &request);
    assert!(gone["validation_errors"]["destination"].as_str().is_some_and(|text| text.contains("no longer there")), "{gone}");
    assert_eq!(world.messages().len(), 3);
}

#[test]
fn a_write_key_is_told_to_nobody() {
    let world = HubWorld::new();
    let key = "canary-0192f0c1a2b3";
    let new = json!({"name": "A", "kind": "rudderstack", "server_url": world.plane_url(), "write_key": key});
    let id = world.client.post("/v1/destinations", &new).expect(201)["id"].clone();
    let mut request = world.request(&users(&["ann"]));
    request["form_params"]["destination"] = id;
    request["data"]["rudder_write_key"] = "canary-also".into();
    let answer = world.execute("rudder_event", &request);
    let told = [answer.to_string(), world.client.get("/v1/destinations").text(), world.client.get("/v1/audit").text(), world.server.log()];
    for text in told {
        assert!(!text.contains("canary"), "{text}");
    }
    let HubWorld { server, place, .. } = world;
    server.kill();
    assert!(!anywhere(&place.data(), key.as_bytes()), "the write key is in a file");
}

fn anywhere(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return anywhere(&path, bytes);
        }
        std::fs::read(&path).expect("a file").windows(bytes.len()).any(|part| part == bytes)
    })
}

#[test]
fn destinations_are_kept_by_commands() {
    let world = HubWorld::new();
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lensmount"))
            .args(words)
            .envs([("LENSMOUNT_URL", world.server.url().as_str()), ("LENSMOUNT_TOKEN", TOKEN), ("LENSMOUNT_WRITE_KEY", WRITE_KEY)])
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let json_of = |words: &[&str]| serde_json::from_str::<Value>(&run(&[words, &["--output", "json"]].concat())).expect("JSON");
    let made = json_of(&["destination", "add", "Marketing", "--server-url", "https://example.com"]);
    let id = made["id"].as_str().expect("an id");
    assert!(run(&["destination", "list"]).contains("Marketing"));
    assert_eq!(json_of(&["destination", "edit", id, "--rename", "Sales"])["name"], "Sales");
    assert_eq!(
        json_of(&["destination", "edit", id, "--server-url", "https://b.example", "--new-write-key"])["server_url"],
        "https://b.example/"
    );
    assert_eq!(json_of(&["destination", "show", id])["name"], "Sales");
    assert!(run(&["destination", "delete", id]).contains(id));
    assert_eq!(json_of(&["destination", "list"]), json!([]));
}
