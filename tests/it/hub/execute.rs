//! Rows that Looker pushes, and what it is told of them.

use crate::harness::client::Client;
use crate::harness::guests::guest;
use crate::harness::hub::{HubWorld, WRITE_KEY, outcome, users};
use crate::harness::receiver::Reply;
use crate::harness::until;
use crate::harness::world::PATIENCE;
use axum::http::header::RETRY_AFTER;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn message(outcome: &Value) -> &str {
    outcome["message"].as_str().expect("a message")
}

#[test]
fn every_row_is_delivered_and_counted() {
    let world = HubWorld::new();
    let answer = world.execute("rudder_event", &world.request(&users(&["ann", "bob"])));
    assert_eq!(answer["success"], true, "{answer}");
    assert!(message(&answer).starts_with("2 rows, 2 events: 2 delivered. Run run_"), "{answer}");
    let messages = world.messages();
    assert!(messages.iter().all(|(key, it)| key == WRITE_KEY && it["type"] == "identify"), "{messages:?}");
    assert_eq!(world.users(), ["ann", "bob"]);
    let begun: Vec<Value> = world.client.items("/v1/audit").into_iter().filter(|it| it["action"] == "run.begin").collect();
    assert_eq!((begun.len(), &begun[0]["actor"]), (1, &json!("hub-key:unnamed")));
}

#[test]
fn rows_come_as_text_as_base64_or_as_they_are_in_whatever_order() {
    let world = HubWorld::new();
    let settings = format!(r#""type":"query","data":{},"scheduled_plan":null,"form_params":null"#, world.settings());
    let rows = |user: &str| users(&[user]);
    let attachments = [
        format!(r#"{{"mimetype":"application/json","extension":"json","data":{}}}"#, json!(rows("text"))),
        format!(r#"{{"data":{},"mimetype":"application/json"}}"#, json!(rows("text-first"))),
        format!(r#"{{"mimetype":"application/json;base64","data":"{}"}}"#, STANDARD.encode(rows("base64"))),
        format!(r#"{{"data":"{}","mimetype":"application/json;base64"}}"#, STANDARD.encode(rows("base64-first"))),
        format!(r#"{{"mimetype":"application/json","data":{}}}"#, rows("object")),
        format!(r#"{{"data":{}}}"#, rows("untyped")),
    ];
    let mut sent = Vec::new();
    for attachment in attachments {
        let last = attachment.contains("first");
        let (one, other) = (format!(r#""attachment":{attachment}"#), settings.clone());
        let body = if last { format!("{{{other},{one}}}") } else { format!("{{{one},{other}}}") };
        let answer = outcome(&world.looker.post_text("/hub/actions/rudder_event/execute", &body));
        assert_eq!(answer["success"], true, "{body}: {answer}");
        sent.push(attachment);
    }
    assert_eq!(world.users(), ["base64", "base64-first", "object", "text", "text-first", "untyped"]);
}

#[test]
fn the_form_and_the_schedule_reach_the_mapper() {
    let world = HubWorld::new();
    let mut request = world.request(&users(&["ann"]));
    request["form_params"] = json!({"event": "Signed Up", "empty-values": "", "names": "column", "unknown": "x"});
    request["scheduled_plan"]["query"]["vis_config"] = json!({"hidden_fields": ["u.n"]});
    assert_eq!(world.execute("rudder_track", &request)["success"], true);
    let (_, sent) = world.messages().remove(0);
    assert_eq!((&sent["type"], &sent["event"], &sent["properties"]), (&json!("track"), &json!("Signed Up"), &json!({})));
}

#[test]
fn an_uploaded_mapper_is_an_action_with_its_own_form() {
    let world = HubWorld::new();
    world.client.upload(&guest("mapper")).expect(201);
    world.client.post_empty("/v1/extractors/mapper/versions/1.0.0/activate").expect(200);
    let form = world.looker.post("/hub/actions/mapper/form", &json!({"data": world.settings()})).expect(200);
    let source =
        json!({"name": "source", "label": "Source", "description": "Where these people come from.", "type": "string", "required": false});
    assert_eq!(form["fields"], json!([source]));
    let rows = json!({"fields": {}, "data": [{"users.email": {"value": "ann@example.com"}}, {"users.email": {"value": null}}]});
    let mut request = world.request(&rows.to_string());
    request["form_params"]["source"] = "a look".into();
    let answer = world.execute("mapper", &request);
    assert!(message(&answer).contains("1 delivered. 1 rejected: row 2: no email."), "{answer}");
    let (_, sent) = world.messages().remove(0);
    assert_eq!(sent["traits"], json!({"email": "ann@example.com", "source": "a look"}));
}

#[test]
fn what_is_wrong_is_told_inside_the_answer_in_the_order_of_hubs() {
    let world = HubWorld::new();
    let url = world.plane_url();
    let attachment = json!({"mimetype": "application/json", "data": users(&["ann"])});
    let no_rows = "A streaming action was sent incompatible data. The action must have a download url or an attachment.";
    let cases: &[(&str, Value, &str, &str)] = &[
        ("nope", json!({"type": "query"}), "No action found with name nope.", ""),
        ("timeseries", json!({"type": "query"}), "No action found with name timeseries.", ""),
        ("rudder_event", json!({"attachment": attachment}), "No request type specified. The request must be of type: \"query\".", ""),
        ("rudder_event", json!({"type": null}), "Action did not specify a \"type\".", ""),
        (
            "rudder_event",
            json!({"type": "cell"}),
            "This action does not support requests of type \"cell\". The request must be of type: \"query\".",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "attachment": attachment}),
            "Required setting \"Rudder Write Key\" not specified in action settings.",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": {"rudder_write_key": "k"}, "attachment": {"data": "<html>"}}),
            "Required setting \"Rudder Data Plane URL\" not specified in action settings.",
            "",
        ),
        ("rudder_event", json!({"type": "query", "data": world.settings()}), no_rows, ""),
        ("rudder_event", json!({"type": "query", "data": world.settings(), "attachment": {}}), no_rows, ""),
        ("rudder_event", json!({"type": "query", "data": world.settings(), "attachment": {"data": ""}}), no_rows, ""),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "attachment": {"data": "{\"data\":["}}),
            "the result broke off after 9 bytes",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "attachment": {"data": "<html>"}}),
            "the result is not a JSON object",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "attachment": {"data": {"errors": [{"message": "no such field"}], "data": []}}}),
            "Looker's query failed, so nothing was done: no such field",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "attachment": {"data": "{}", "mimetype": "a;base64"}}),
            "the attachment says that it is base64 and is not",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": {"rudder_write_key": "k", "rudder_server_url": "plane"}, "attachment": attachment}),
            "Setting \"Rudder Data Plane URL\": the data plane's address is not sound",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": {"rudder_write_key": "k", "rudder_server_url": "http://169.254.169.254/"}, "attachment": attachment}),
            "169.254.169.254, which is not a public address",
            "",
        ),
        (
            "rudder_track",
            json!({"type": "query", "data": world.settings(), "attachment": attachment, "form_params": {"event": ""}}),
            "You must pass an \"event\".",
            "event",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "attachment": {"data": {"fields": {}, "data": []}}}),
            "Query requires a field tagged email or user_id or rudder_anonymous_id.",
            "",
        ),
        (
            "rudder_event",
            json!({"type": "query", "data": world.settings(), "scheduled_plan": {"download_url": "ftp://x"}}),
            "the download URL is no http or https URL",
            "",
        ),
    ];
    for (action, request, said, field) in cases {
        let answer = world.execute(action, request);
        assert_eq!(answer["success"], false, "{request}: {answer}");
        assert!(message(&answer).contains(said), "{request}: {answer}");
        let fields: Vec<&String> = answer["validation_errors"].as_object().expect("an object").keys().collect();
        assert_eq!(fields, if field.is_empty() { vec![] } else { vec![*field] }, "{request}: {answer}");
    }
    for (kind, body, said) in [
        (Some("application/json"), "{bad", "the request is not a whole JSON object"),
        (Some("application/json"), "", "No request type specified."),
        (Some("text/plain"), "{\"type\":\"query\"}", "No request type specified."),
        (None, "{\"type\":\"query\"}", "No request type specified."),
        (Some("Application/JSON; charset=utf-8"), "{\"type\":\"cell\"}", "This action does not support"),
    ] {
        let answer = world.looker.send("POST", "/hub/actions/rudder_event/execute", kind, body.as_bytes().to_vec());
        assert!(message(&outcome(&answer)).contains(said), "{body}: {answer}");
    }
    assert!(world.messages().is_empty(), "nothing was sent to {url}");
    let spooled = std::fs::read_dir(world.place.data().join("spool")).map_or(0, Iterator::count);
    assert_eq!(spooled, 0, "what was refused is left on disk");
}

#[test]
fn rows_that_cannot_be_mapped_are_told_by_number_and_the_others_go_out() {
    let world = HubWorld::new();
    let fields = json!({"dimensions": [{"name": "u.id", "tags": ["user_id"]}, {"name": "g.id", "tags": ["rudder_group_id"]}]});
    let rows: Vec<Value> = (1..=30)
        .map(|n| json!({"u.id": {"value": format!("u{n}")}, "g.id": {"value": if n % 3 == 0 { json!("g") } else { Value::Null }}}))
        .collect();
    let answer = world.execute("rudder_group", &world.request(&json!({"fields": fields, "data": rows}).to_string()));
    assert_eq!(answer["success"], false, "{answer}");
    let text = message(&answer);
    assert!(text.starts_with("30 rows, 10 events: 10 delivered. 20 rejected: row 1: "), "{text}");
    assert!(text.contains("; row 2: ") && text.contains("; and 15 more."), "{text}");
    assert!(text.contains("You must pass a \"groupId\"") && text.len() < 2_000, "{text}");
    assert_eq!(world.messages().len(), 10);
}

#[test]
fn no_rows_are_a_success_that_says_so() {
    let world = HubWorld::new();
    let answer = world.execute("rudder_event", &world.request(&users(&[])));
    assert_eq!((&answer["success"], message(&answer).contains("There were no rows")), (&json!(true), true), "{answer}");
}

#[test]
fn what_the_destination_refuses_for_good_is_no_success() {
    let world = HubWorld::new();
    world.plane.always(Some(Reply::Status(401)));
    let answer = world.execute("rudder_event", &world.request(&users(&["ann"])));
    assert_eq!(answer["success"], false, "{answer}");
    assert!(message(&answer).contains("1 refused by the destination for good") && message(&answer).contains("401"), "{answer}");
}

#[test]
fn what_waits_is_told_when_looker_would_wait_no_longer() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "3"), ("LENSMOUNT_HUB_KEEP_ALIVE_SECONDS", "1")]);
    world.plane.always(Some(Reply::With(503, RETRY_AFTER, "5".to_string())));
    let answer = world.looker.post("/hub/actions/rudder_event/execute", &world.request(&users(&["ann"])));
    assert!(answer.body.starts_with(b"\n"), "{answer}");
    let told = outcome(&answer);
    assert_eq!(told["success"], true, "{told}");
    assert!(message(&told).contains("0 delivered. 1 waiting (the data plane answered 503"), "{told}");
    world.plane.always(None);
    until("it is delivered after all", PATIENCE, || (world.plane.came().last()?.reply == Reply::Status(204)).then_some(()));
}

#[test]
fn a_request_that_comes_again_is_the_run_that_it_was() {
    let world = HubWorld::new();
    let request = world.request(&users(&["ann"]));
    let first = world.execute("rudder_event", &request);
    let again = world.execute("rudder_event", &request);
    assert!(message(&again).contains("not sent twice"), "{again}");
    let run = |answer: &Value| message(answer).rsplit_once("run_").expect("a run").1.to_string();
    assert_eq!(run(&first), run(&again));
    let mut other = request;
    other["scheduled_plan"]["scheduled_plan_id"] = 18.into();
    let other = world.execute("rudder_event", &other);
    assert_ne!(run(&first), run(&other));
    assert_eq!(world.messages().len(), 2);
}

/// Sends a request by hand and hangs up as soon as it is told that its answer has begun.
fn hang_up(client: &HubWorld, request: &Value) {
    let address = client.server.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let (body, key) = (request.to_string(), crate::harness::hub::key(crate::harness::hub::SECRET, "n"));
    let head = format!(
        "POST /hub/actions/rudder_event/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Token token=\"{key}\"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    for part in body.as_bytes().chunks(100) {
        write!(stream, "{:x}\r\n", part.len())
            .and_then(|()| stream.write_all(part))
            .and_then(|()| stream.write_all(b"\r\n"))
            .expect("sent");
    }
    stream.write_all(b"0\r\n\r\n").expect("sent");
    let mut status = [0; 12];
    stream.read_exact(&mut status).expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 200");
}

#[test]
fn what_has_begun_goes_on_when_looker_hangs_up() {
    let world = HubWorld::new();
    world.plane.answers([Reply::Status(503)]);
    hang_up(&world, &world.request(&users(&["ann", "bob"])));
    let taken = || world.plane.came().iter().any(|it| it.reply == Reply::Status(204));
    until("the rows are delivered", PATIENCE, || taken().then_some(()));
}

#[test]
fn rows_are_taken_in_at_constant_memory() {
    let world = HubWorld::new();
    let Some(_) = world.server.resident() else { return };
    assert_eq!(world.execute("rudder_event", &world.request(&users(&["ann"])))["success"], true);
    // A request without a type is read to its end and then refused, so that only the reading counts.
    let mut request = world.request(&users(&vec!["somebody@example.com"; 300_000]));
    request["type"] = Value::Null;
    let size = request.to_string().len() as u64;
    let before = world.server.resident().expect("memory");
    assert_eq!(world.execute("rudder_event", &request)["success"], false);
    let grown = world.server.resident().expect("memory").saturating_sub(before);
    assert!(size > 16 << 20 && grown < size / 2, "{size} bytes cost {grown}");
}

#[test]
fn spaces_without_end_are_refused_in_words() {
    let world = HubWorld::new();
    let announced: Client = world.looker.clone();
    let body = vec![b' '; (250 << 20) + 1];
    let answer = announced.send("POST", "/hub/actions/rudder_event/execute", Some("application/json"), body);
    assert!(message(&outcome(&answer)).contains("larger than 250 MiB"), "{answer}");
}

#[test]
fn what_a_schedule_says_is_kept_beside_the_first_rejections_or_refused_at_once() {
    let world = HubWorld::new();
    let result = |rows: &[&str]| {
        let fields = r#"{"dimensions":[{"name":"u.id","tags":["user_id"]},{"name":"u.n"}]}"#;
        format!(r#"{{"fields":{fields},"data":[{}]}}"#, rows.join(","))
    };
    let good = r#"{"u.id":{"value":"ada"},"u.n":{"value":1}}"#;
    let broken = r#"{"u.id":{"value":01},"u.n":{"value":1}}"#;
    let nobody = r#"{"u.id":{"value":true},"u.n":{"value":1}}"#;
    let told = world.execute("rudder_event", &world.request(&result(&[good, broken, good])));
    assert!(message(&told).starts_with("3 rows, 2 events: 2 delivered. 1 rejected: row 2: malformed: "), "{told}");
    let mut request = world.request(&result(&[[nobody; 60].as_slice(), &[good, good]].concat()));
    request["form_params"] = json!({"event": "e".repeat(20_000)});
    let told = world.execute("rudder_track", &request);
    assert!(message(&told).starts_with("62 rows, 2 events: 2 delivered. 60 rejected: row 1: "), "{told}");
    request["form_params"] = json!({"event": "e".repeat(40_000)});
    let told = world.execute("rudder_track", &request);
    assert!(told["success"] == false && message(&told).contains("24576 are the most; shorten them"), "{told}");
    assert_eq!(world.runs().len(), 2);
}

#[test]
fn what_is_written_into_an_address_is_not_told() {
    let world = HubWorld::new();
    for url in ["https://user:hunter2@dp.example.com/", "https://dp.example.com/?writeKey=hunter2"] {
        let mut request = world.request(&users(&["ada"]));
        request["data"]["rudder_server_url"] = json!(url);
        let told = world.execute("rudder_event", &request);
        assert!(message(&told).starts_with("Setting \"Rudder Data Plane URL\": the data plane's address is not sound"), "{told}");
        let new = json!({"name": "x", "kind": "rudderstack", "server_url": url, "write_key": "k"});
        let problem = world.client.post("/v1/destinations", &new).problem(400, "invalid-input");
        assert!(!told.to_string().contains("hunter2") && !problem.to_string().contains("hunter2"), "{told} {problem}");
    }
}
