//! Key results set by hand: progress, edits, and what is refused.

use crate::harness::client::Client;
use crate::harness::server::{Place, Server};
use crate::harness::world::text;
use serde_json::{Value, json};

struct Own {
    _place: Place,
    _server: Server,
    client: Client,
}

fn own() -> Own {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    Own { _place: place, _server: server, client }
}

fn set(client: &Client, id: &str, body: Value) -> Value {
    client.clone().with("If-Match", "*").patch(&format!("/v1/key-results/{id}"), &body).expect(200)
}

#[test]
fn progress_goes_from_start_to_target_whichever_way_that_is() {
    let own = own();
    for (start, target, current, progress, percent) in [
        (json!("0"), json!("100"), json!("50"), "0.5", "50"),
        (json!(98), json!(99.5), json!(98.75), "0.5", "50"),
        (json!("20"), json!("5"), json!("12.5"), "0.5", "50"),
        (json!("20"), json!("5"), json!("2"), "1.2", "100"),
        (json!("20"), json!("5"), json!("23"), "-0.2", "0"),
        (json!("-10"), json!("10"), json!("0"), "0.5", "50"),
        (json!("-5"), json!("-20"), json!("-8"), "0.2", "20"),
        (json!(0.1), json!(0.4), json!(0.2), "0.333333333333", "33.3"),
        (json!("0"), json!("0.7"), json!(0.07), "0.1", "10"),
        (json!(0), json!("9007199254740993"), json!("9007199254740993"), "1", "100"),
        (json!("0"), json!("3"), json!("2.9999"), "0.999966666666", "99.9"),
    ] {
        let made = own.client.post("/v1/key-results", &json!({"title": "One", "start": start, "target": target})).expect(201);
        assert!(made["progress"].is_null() && made["current"].is_null(), "{made}");
        let id = text(&made["id"]);
        let shown = set(&own.client, &id, json!({"current": current, "note": "counted"}));
        let way = format!("{start} to {target} at {current}: {shown}");
        assert_eq!((&shown["progress"], &shown["progress_percent"]), (&progress.into(), &percent.into()), "{way}");
        let reading = &shown["last_reading"];
        assert_eq!((&reading["origin"], &reading["why"]["note"]), (&"manual".into(), &"counted".into()), "{way}");
        assert!(reading["extractor"].is_null() && text(&reading["why"]["by"]).starts_with("token:"), "{way}");
    }
}

#[test]
fn numbers_are_shown_as_they_came() {
    let own = own();
    let made = own.client.post_text("/v1/key-results", r#"{"title":"Digits","start":1e2,"target":"9007199254740993.10","weight":0.50}"#);
    let made = made.expect(201);
    assert_eq!(
        (&made["start"], &made["target"], &made["weight"]),
        (&"100".into(), &"9007199254740993.10".into(), &"0.50".into()),
        "{made}"
    );
}

#[test]
fn what_is_expected_by_now_follows_the_period() {
    let own = own();
    for (from, to, expected) in [("2020-01-01", "2020-12-31", "1"), ("2990-01-01", "2990-12-31", "0")] {
        let body = json!({"title": "Period", "start": 0, "target": 1, "from": from, "to": to});
        let made = own.client.post("/v1/key-results", &body).expect(201);
        assert_eq!(made["expected"], expected, "{made}");
        assert_eq!((&made["from"], &made["to"]), (&from.into(), &to.into()));
    }
    let body = json!({"title": "Period", "start": 0, "target": 1, "from": "2020-01-01T00:00:00Z"});
    assert!(own.client.post("/v1/key-results", &body).expect(201)["expected"].is_null());
}

#[test]
fn what_is_no_key_result_is_pointed_at() {
    let own = own();
    let whole = json!({"title": "One", "start": 0, "target": 1});
    for (field, value, pointer) in [
        ("target", json!(0), "/target"),
        ("target", json!("0.00"), "/target"),
        ("target", json!("1,000"), "/target"),
        ("target", Value::Null, "/target"),
        ("start", json!("NaN"), "/start"),
        ("start", json!(true), "/start"),
        ("start", json!("1e1000"), "/start"),
        ("title", json!(""), "/title"),
        ("title", json!("x".repeat(301)), "/title"),
        ("title", json!("a\u{7}b"), "/title"),
        ("weight", json!("-1"), "/weight"),
        ("from", json!("yesterday"), "/from"),
        ("from", json!("2026-02-30"), "/from"),
        ("objective_id", json!("obj_nothing"), "/objective_id"),
        ("objective_id", json!("obj_0192f0c1a2b37c4d8e5f60718293a4b5"), "/objective_id"),
        ("colour", json!("red"), "/colour"),
        ("integration", json!({"enabled": true}), "/integration/connection_id"),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {}}),
            "/integration/source",
        ),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {"look_id": "1"}}),
            "/integration/connection_id",
        ),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {"look_id": "1"}, "every": "1x"}),
            "/integration/every",
        ),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {"look_id": "1"}, "every": "1s"}),
            "/integration/every",
        ),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {"look_id": "1"}, "cron": "nope"}),
            "/integration/cron",
        ),
        (
            "integration",
            json!({"enabled": true, "connection_id": "con_0192f0c1a2b37c4d8e5f60718293a4b5", "source": {"look_id": "1"}, "time_zone": "Mars/Base"}),
            "/integration/time_zone",
        ),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let problem = own.client.post("/v1/key-results", &body).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let backwards = json!({"title": "One", "start": 0, "target": 1, "from": "2026-02-01", "to": "2026-01-01"});
    let problem = own.client.post("/v1/key-results", &backwards).problem(400, "invalid-input");
    assert_eq!(problem["errors"][0]["pointer"], "/to", "{problem}");
    assert!(own.client.items("/v1/key-results").is_empty(), "nothing was made");
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let own = own();
    let body = json!({"title": "One", "start": 0, "target": 10, "owner": "Ada", "unit": "%", "from": "2026-01-01", "to": "2026-12-31"});
    let made = own.client.post("/v1/key-results", &body);
    let (id, etag) = (text(&made.expect(201)["id"]), made.etag.clone().expect("an ETag"));
    let path = format!("/v1/key-results/{id}");
    own.client.patch(&path, &json!({"title": "Two"})).problem(428, "precondition-required");

    let edited = own.client.clone().with("If-Match", etag.clone()).patch(&path, &json!({"title": "Two", "owner": null}));
    let shown = edited.expect(200);
    assert_eq!(
        (&shown["title"], &shown["owner"], &shown["unit"], &shown["target"]),
        (&"Two".into(), &Value::Null, &"%".into(), &"10".into())
    );
    own.client.clone().with("If-Match", etag.clone()).patch(&path, &json!({"title": "Three"})).problem(412, "stale");
    own.client.clone().with("If-Match", etag).delete(&path).problem(412, "stale");
    let any = own.client.clone().with("If-Match", "*");
    any.patch(&path, &json!({"start": "10"})).problem(400, "invalid-input");
    any.patch(&path, &json!({"note": "alone"})).problem(400, "invalid-input");
    assert_eq!(own.client.get(&path).expect(200)["title"], "Two");

    // A value and an edit in one step.
    let both = set(&own.client, &id, json!({"target": 20, "current": 5}));
    assert_eq!((&both["target"], &both["progress"]), (&"20".into(), &"0.25".into()));
    own.client.delete(&path).problem(428, "precondition-required");
    any.delete(&path).expect(204);
    own.client.get(&path).problem(404, "not-found");
    own.client.get(&format!("{path}/readings")).problem(404, "not-found");
    any.delete(&path).problem(404, "not-found");
}

#[test]
fn an_id_that_is_none_names_nothing() {
    let own = own();
    for path in ["key-results", "objectives", "connections"] {
        for id in ["nothing", "kr_1", "con_0192f0c1a2b37c4d8e5f60718293a4b5", "kr_0192f0c1a2b37c4d8e5f60718293a4b5", "%00"] {
            own.client.get(&format!("/v1/{path}/{id}")).problem(404, "not-found");
        }
    }
}
