//! Connections: made, tested, changed and removed; and what may be called at all.

use crate::harness::closed::Closed;
use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::world::{SELDOM, World, connect, text};
use serde_json::json;

#[test]
fn a_test_says_who_it_is_and_which_release() {
    let world = World::new();
    let who = world.client.post_empty(&format!("/v1/connections/{}/test", world.connection)).expect(200);
    for field in ["user_id", "name", "release", "api_url"] {
        assert!(who[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {who}");
    }
}

#[test]
fn a_pasted_url_is_taken_for_what_it_is_part_of() {
    let world = World::new();
    let host = world.looker.url();
    for (number, pasted) in
        ["/", "/api/4.0", "/api/4.0/login", "/dashboards/17?Date=7+days", "/looks/3", "/login", "/browse"].iter().enumerate()
    {
        let id = connect(&world.client, &world.looker, &format!("Pasted {number}"), json!({"server_url": format!("  {host}{pasted} ")}));
        let shown = world.client.get(&format!("/v1/connections/{id}")).expect(200);
        assert_eq!(shown["server_url"], host.as_str(), "{pasted}");
        world.client.post_empty(&format!("/v1/connections/{id}/test")).expect(200);
    }
}

#[test]
fn a_404_at_login_is_told_apart() {
    let world = World::new();
    let test = |id: &str| world.client.post_empty(&format!("/v1/connections/{id}/test"));
    let wrong = connect(&world.client, &world.looker, "Wrong secret", json!({"client_secret": "not-it"}));
    let problem = test(&wrong).problem(502, "looker-refused");
    assert!(text(&problem["detail"]).contains("client secret"), "{problem}");
    // Something that answers and is no Looker: this very server.
    let elsewhere = connect(&world.client, &world.looker, "Elsewhere", json!({"server_url": world.server.url()}));
    let problem = test(&elsewhere).problem(502, "looker-unreachable");
    assert!(text(&problem["detail"]).contains("API"), "{problem}");
    // Nothing at all.
    let nobody = Closed::new();
    let nothing = connect(&world.client, &world.looker, "Nothing", json!({"server_url": nobody.url()}));
    test(&nothing).problem(502, "looker-unreachable");
}

#[test]
fn a_change_counts_at_once() {
    let world = World::new();
    let path = format!("/v1/connections/{}", world.connection);
    let test = || world.client.post_empty(&format!("{path}/test")).status;
    let any = world.client.clone().with("If-Match", "*");
    assert_eq!(test(), 200);
    any.patch(&path, &json!({"client_secret": "not-it"})).expect(200);
    assert_eq!(test(), 502);
    world.client.get(&format!("{path}/dashboards")).problem(502, "looker-refused");
    any.patch(&path, &json!({"client_secret": CLIENT_SECRET})).expect(200);
    assert_eq!(test(), 200);
    let other = Looker::start();
    any.patch(&path, &json!({"server_url": other.url()})).expect(200);
    other.forget();
    assert_eq!(test(), 200);
    assert_eq!(other.log()["logins"], 1, "the other Looker was asked");
}

#[test]
fn a_stored_secret_goes_only_to_the_server_it_was_given_for() {
    let world = World::new();
    let path = format!("/v1/connections/{}", world.connection);
    let any = world.client.clone().with("If-Match", "*");
    let problem = any.patch(&path, &json!({"server_url": "https://looker.example"})).problem(400, "invalid-input");
    assert_eq!(problem["errors"][0]["pointer"], "/client_secret", "{problem}");
    any.patch(&path, &json!({"server_url": "https://looker.example", "client_secret": "another"})).expect(200);
}

#[test]
fn edits_need_the_version_that_was_seen() {
    let world = World::new();
    let path = format!("/v1/connections/{}", world.connection);
    let seen = world.client.get(&path).etag.expect("an ETag");
    world.client.patch(&path, &json!({"name": "Other"})).problem(428, "precondition-required");
    let mine = world.client.clone().with("If-Match", seen);
    let shown = mine.patch(&path, &json!({"name": "Other", "timeout_seconds": 7})).expect(200);
    assert_eq!((&shown["name"], &shown["timeout_seconds"], &shown["client_id"]), (&"Other".into(), &7.into(), &CLIENT_ID.into()));
    mine.patch(&path, &json!({"name": "Third"})).problem(412, "stale");
    mine.delete(&path).problem(412, "stale");
}

#[test]
fn names_tell_connections_apart() {
    let world = World::new();
    let again = json!({"name": "LOOKER", "server_url": "x.example", "client_id": "a", "client_secret": "b"});
    world.client.post("/v1/connections", &again).problem(409, "conflict");
    let other = connect(&world.client, &world.looker, "Other", json!({}));
    let any = world.client.clone().with("If-Match", "*");
    any.patch(&format!("/v1/connections/{other}"), &json!({"name": "Looker"})).problem(409, "conflict");
    any.patch(&format!("/v1/connections/{other}"), &json!({"name": "OTHER"})).expect(200);
    any.delete(&format!("/v1/connections/{other}")).expect(204);
    connect(&world.client, &world.looker, "Other", json!({}));
    connect(&world.client, &world.looker, &"名".repeat(200), json!({}));
}

#[test]
fn a_connection_in_use_stays() {
    let world = World::new();
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    let any = world.client.clone().with("If-Match", "*");
    let path = format!("/v1/connections/{}", world.connection);
    any.delete(&path).problem(409, "conflict");
    any.delete(&format!("/v1/key-results/{id}")).expect(204);
    any.delete(&path).expect(204);
    world.client.get(&path).problem(404, "not-found");
}

#[test]
fn what_is_no_connection_is_pointed_at() {
    let world = World::new();
    let whole = json!({"name": "New", "server_url": "looker.example", "client_id": "a", "client_secret": "b"});
    for (field, value, pointer) in [
        ("name", json!(""), "/name"),
        ("name", json!("x".repeat(201)), "/name"),
        ("server_url", json!(""), "/server_url"),
        ("server_url", json!("ftp://looker.example"), "/server_url"),
        ("server_url", json!("http://"), "/server_url"),
        ("client_id", json!(" "), "/client_id"),
        ("client_secret", json!(""), "/client_secret"),
        ("timeout_seconds", json!(0), "/timeout_seconds"),
        ("timeout_seconds", json!(3601), "/timeout_seconds"),
        ("timeout_seconds", json!("40"), "/timeout_seconds"),
        ("max_concurrent", json!(65), "/max_concurrent"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let problem = world.client.post("/v1/connections", &body).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
}

#[test]
fn dashboards_are_found_by_title_part_url_and_id() {
    let world = World::new();
    let all = world.dashboards();
    assert!(all.len() >= 10, "{all:?}");
    let path = format!("/v1/connections/{}/dashboards", world.connection);
    let search =
        |title: &str, how: &str| world.client.items(&format!("{path}?title={}&match={how}", crate::harness::world::encoded(title)));
    for dashboard in &all {
        let (id, title) = (text(&dashboard["id"]), text(&dashboard["title"]));
        let same: Vec<_> = all.iter().filter(|it| text(&it["title"]).to_lowercase() == title.to_lowercase()).cloned().collect();
        assert_eq!(search(&title, "complete"), same, "{title}");
        let part: String = title.chars().skip(1).collect();
        assert!(search(&part, "part").contains(dashboard), "{part}");
        for pasted in [id.clone(), format!("{}/dashboards/{id}?Region=EMEA", world.looker.url())] {
            assert_eq!(search(&pasted, "complete"), std::slice::from_ref(dashboard), "{pasted}");
        }
        assert!(dashboard["folder"].is_string() || dashboard["kind"] == "lookml", "{dashboard}");
    }
    assert!(search("no such title anywhere", "complete").is_empty());
    assert_eq!(world.client.items(&format!("{path}?limit=3")), all, "pages make the whole");
    world.client.get(&format!("{path}?match=fuzzy")).problem(400, "invalid-input");
    let far: String = "18446744073709551615".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(world.client.items(&format!("{path}?page_token=v1.{far}")).is_empty());
    assert!(all.iter().any(|it| it["kind"] == "lookml"), "{all:?}");
}
