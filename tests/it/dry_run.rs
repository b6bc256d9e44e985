//! A version proves itself before it answers: on samples that its component carries, on those sent
//! along, and on what key results really read, beside the version that is active.

use crate::cli::{lensmount, run};
use crate::harness::client::{Answer, Client};
use crate::harness::guests::{built_in, carrying, gauge, gauge_2, gauge_astray, guest};
use crate::harness::server::{Place, Server, TOKEN};
use crate::harness::until;
use crate::harness::world::{LOCAL, PATIENCE, SELDOM, World, text};
use serde_json::{Value, json};
use std::path::Path;

const TWO: &str =
    r#"{"fields": {"measures": [{"name": "a"}, {"name": "b"}]}, "data": [{"a": {"value": 9007199254740993}, "b": {"value": 7}}]}"#;

/// A sample that asks for the needle of [`TWO`] and expects a number.
fn expecting(name: &str, value: &str) -> String {
    let label = "\"label\": \"Gauge\", \"notes\": [], \"rendered\": null, \"at\": null";
    let why = format!("\"why\": {{\"field\": \"a\", \"raw\": \"{value}\"}}");
    format!(
        r#"{{"name": "{name}", "operation": "read", "result": {TWO}, "expected": {{"output": {{"value": "{value}", {label}, {why}}}}}}}"#
    )
}

/// An upload as a form.
fn upload_with(client: &Client, component: &[u8], samples: &str) -> Answer {
    const BOUNDARY: &str = "lensmount-boundary";
    let mut body = Vec::new();
    for (name, kind, content) in [("component", "application/wasm", component), ("samples", "application/json", samples.as_bytes())] {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    client.send("POST", "/v1/extractors", Some(&format!("multipart/form-data; boundary={BOUNDARY}")), body)
}

fn verdicts(run: &Value) -> Vec<(String, String, Value, Value)> {
    let samples = run["samples"].as_array().unwrap_or_else(|| panic!("no samples: {run}"));
    let told = samples.iter().map(|it| (text(&it["sample"]), text(&it["whose"]), it["as_expected"].clone(), it["change"].clone()));
    told.collect()
}

fn told(sample: &str, whose: &str, as_expected: impl Into<Value>, change: impl Into<Value>) -> (String, String, Value, Value) {
    (sample.into(), whose.into(), as_expected.into(), change.into())
}

#[test]
fn a_component_is_tried_on_the_samples_it_carries_and_on_those_sent_along() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let carried = carrying(gauge(), &format!("[{}]", expecting("whole", "9007199254740993")));
    let sent = format!(r#"[{{"operation": "series", "result": {TWO}}}, {}]"#, expecting("again", "9007199254740993"));
    let report = upload_with(&client, &carried, &sent).expect(201);
    let run = &report["dry_run"];
    assert_eq!(
        verdicts(run),
        [told("whole", "own", true, Value::Null), told("1", "sent", Value::Null, Value::Null), told("again", "sent", true, Value::Null)],
        "{run}"
    );
    assert_eq!((&run["beside"], &run["ran"], &run["unexpected"], &run["left_out"]), (&Value::Null, &json!(3), &json!(0), &json!(0)));
    let made = &run["samples"][0]["made"];
    assert_eq!(made["answer"]["output"]["value"], "9007199254740993");
    for (figure, percent) in [("cpu_us", "cpu_percent"), ("memory", "memory_percent"), ("output", "output_percent")] {
        assert!(made[figure].as_u64() > Some(0) && made[percent].as_u64() >= Some(1), "{figure}: {made}");
    }
    let stages: Vec<String> = report["stages"].as_array().expect("stages").iter().map(|it| text(&it["stage"])).collect();
    let wanted = ["size", "magic", "validate", "interface", "samples", "digest", "signature", "compile", "describe", "dry-run", "store"];
    assert_eq!(stages, wanted, "{report}");
    assert_eq!(report["pooled"], true, "{report}");
    assert_eq!(client.get("/v1/extractors/gauge").expect(200)["versions"][0]["calls"], 0, "a dry run is no call");
}

#[test]
fn a_component_that_does_not_do_what_samples_expect_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let wrong = expecting("wrong", "9007199254740992");
    let carried = carrying(gauge(), &format!("[{wrong}]"));
    for answer in [client.upload(&carried), upload_with(&client, &gauge(), &format!("[{wrong}]"))] {
        let problem = answer.problem(422, "sample-failed");
        let detail = text(&problem["detail"]);
        for part in ["1 of 1 samples", "wrong", "-    \"value\": \"9007199254740992\"", "+    \"value\": \"9007199254740993\""] {
            assert!(detail.contains(part), "{part}: {detail}");
        }
        let stages = problem["stages"].as_array().expect("stages");
        let last = stages.last().expect("a stage");
        assert_eq!((&last["stage"], &last["code"]), (&json!("dry-run"), &json!("sample-failed")), "{problem}");
        assert!(stages[..stages.len() - 1].iter().all(|stage| stage["code"] == "passed"), "{problem}");
    }
    client.get("/v1/extractors/gauge").problem(404, "not-found");
    // What a check says on the author's machine is what the server says.
    let file = crate::author::file(&place, "gauge.wasm", &carried);
    let checked = run(lensmount(&["extractor", "check", &file]));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(!checked.status.success() && said.contains("sample-failed"), "{said}");
}

#[test]
fn samples_that_cannot_be_asked_are_told_by_their_place() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let many = format!("[{}]", vec![format!(r#"{{"operation": "read", "result": {TWO}}}"#); 65].join(","));
    for (samples, pointer) in [
        ("{}", "/samples"),
        (r#"[{"operation": "read"}]"#, "/samples/0/result"),
        (r#"[{"operation": "read", "result": 1, "settings": {"a": "b"}}]"#, "/samples/0"),
        (r#"[{"operation": "read", "result": 1, "context": {"now": "soon"}}]"#, "/samples/0"),
        (&many, "/samples"),
    ] {
        let problem = upload_with(&client, &gauge(), samples).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{samples}: {problem}");
    }
    let carried = carrying(gauge(), r#"[{"operation": "read"}]"#);
    let problem = client.upload(&carried).problem(422, "sample-failed");
    assert_eq!(problem["stages"].as_array().and_then(|it| it.last()).expect("a stage")["stage"], "samples", "{problem}");
    let twice = carrying(carrying(gauge(), "[]"), "[]");
    client.upload(&twice).problem(422, "sample-failed");
    let kind = Some("multipart/form-data; boundary=b");
    for body in ["--b--\r\n", "--b\r\nContent-Disposition: form-data; name=\"wasm\"\r\n\r\n\r\n--b--\r\n", "--b\r\nContent-Disp"] {
        client.send("POST", "/v1/extractors", kind, body.into()).problem(400, "invalid-input");
    }
    client.get("/v1/extractors/gauge").problem(404, "not-found");
}

#[test]
fn what_is_nested_deeply_is_told_as_it_is_and_stops_nobody() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let sample = format!(r#"[{{"operation": "read", "result": {TWO}, "expected": {{"output": {deep}}}}}]"#);
    client.upload(&carrying(gauge(), &sample)).problem(422, "sample-failed");
    upload_with(&client, &gauge(), &sample).problem(422, "sample-failed");
    client.upload(&gauge()).expect(201);
    let run = client.post_text("/v1/extractors/gauge/versions/1.0.0/dry-run", &format!("{{\"samples\": {sample}}}")).expect(200);
    assert_eq!(run["unexpected"], 1);
    assert!(run.to_string().len() < 200_000, "{} bytes are told", run.to_string().len());
}

#[test]
fn a_number_that_stands_only_while_nobody_checks_every_byte_is_found() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let with = |links: &str| {
        let result = format!(
            r#"{{"fields": {{"measures": [{{"name": "o.count", "type": "count"}}]}}, "data": [{{"o.count": {{"value": 773, "links": {links}}}}}]}}"#
        );
        json!({"name": links, "operation": "read", "result": result}).to_string()
    };
    // The links are passed over. They end where they should, but are no JSON.
    let samples = [with(r#"[{"label": "Show"}]"#), with(r#"[{"label": "Show"]]"#)].join(", ");
    let run = client.post_text("/v1/extractors/single-value/versions/1.0.0/dry-run", &format!("{{\"samples\": [{samples}]}}")).expect(200);
    let misread: Vec<&Value> = run["samples"].as_array().expect("samples").iter().map(|it| &it["misread"]).collect();
    assert_eq!((misread, &run["misread"]), (vec![&json!(false), &json!(true)], &json!(1)), "{run}");
    let lines = text(&run["samples"][1]["difference"]);
    assert!(lines.contains("malformed") && lines.contains("773"), "{lines}");
    // Its author's own samples must not hang on that.
    let wasm = built_in("single-value");
    let problem = upload_with(&client, &wasm, &format!("[{samples}]")).problem(422, "sample-failed");
    assert!(text(&problem["detail"]).contains("every byte"), "{problem}");
}

#[test]
fn samples_are_held_against_bytes_that_are_known_as_well() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    let wrong = format!("[{}]", expecting("wrong", "1"));
    upload_with(&client, &gauge(), &wrong).problem(422, "sample-failed");
    let right = format!("[{}]", expecting("right", "9007199254740993"));
    let known = upload_with(&client, &gauge(), &right).expect(200);
    assert_eq!((&known["verdict"], verdicts(&known["dry_run"])), (&json!("known"), vec![told("right", "sent", true, Value::Null)]));
    // What belongs to another kind of extractor is told as that.
    let other = format!(r#"{{"samples": [{{"operation": "convert", "result": {TWO}}}]}}"#);
    let run = client.post_text("/v1/extractors/gauge/versions/1.0.0/dry-run", &other).expect(200);
    let tried = &run["samples"][0];
    assert_eq!((&run["unexpected"], &tried["as_expected"]), (&json!(1), &json!(false)), "{run}");
    assert!(text(&tried["difference"]).contains("world event-mapper"), "{run}");
}

#[test]
fn a_form_is_bounded_as_a_whole() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let kind = Some("multipart/form-data; boundary=b");
    let before = "x".repeat(70 << 20);
    // The server may hang up before all of it is sent.
    if let Ok(answer) = client.try_send("POST", "/v1/extractors", kind, before.into_bytes()) {
        answer.problem(413, "too-large");
    }
    client.send("POST", "/v1/extractors", Some("multipart/form-data"), Vec::new()).problem(415, "unsupported-media-type");
    client.upload(&gauge()).expect(201);
}

#[test]
fn what_a_sample_of_a_mapper_makes_is_compared_event_by_event() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let rows = r#"{"fields": {"dimensions": [{"name": "users.email", "tags": ["email"]}]}, "data": [{"users.email": {"value": "a@example.com"}}, {"users.email": {"value": null}}]}"#;
    let ask = |expected: &str| format!(r#"[{{"operation": "convert", "result": {rows}, "settings": {{"source": "shop"}}{expected}}}]"#);
    let report = upload_with(&client, &guest("mapper"), &ask("")).expect(201);
    let output = &report["dry_run"]["samples"][0]["made"]["answer"]["output"];
    assert_eq!((&output["events"][0]["kind"], &output["rejected"][0]["row"]), (&json!("identify"), &json!(1)), "{output}");
    let expected = format!(r#", "expected": {{"output": {output}}}"#);
    let again = client.post_text("/v1/extractors/mapper/versions/1.0.0/dry-run", &format!("{{\"samples\": {}}}", ask(&expected)));
    assert_eq!(verdicts(&again.expect(200)), [told("1", "sent", true, Value::Null)]);
}

/// A chart that both gauges read, and read another number off.
fn two_faced(world: &World) -> Value {
    let client = &world.client;
    client.upload(&gauge()).expect(201);
    client.upload(&gauge_astray()).expect(201);
    let mut read = Vec::new();
    for version in ["1.0.0", "2.0.0"] {
        client.post_empty(&format!("/v1/extractors/gauge/versions/{version}/activate")).expect(200);
        let charts = world.dashboards().iter().flat_map(|it| world.tiles(it)).chain(world.looks()).collect::<Vec<_>>();
        let numbers = charts.into_iter().map(|chart| {
            let chart = json!({"connection_id": world.connection, "source": chart["source"], "extractor": "gauge"});
            let read = client.post("/v1/charts/read", &chart);
            (chart, (read.status == 200).then(|| text(&read.json()["value"])))
        });
        read.push(numbers.collect::<Vec<_>>());
    }
    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    client.delete("/v1/extractors/gauge/versions/2.0.0").expect(204);
    let both = read[0].iter().zip(&read[1]);
    let mut differing = both.filter(|((_, one), (_, two))| one.is_some() && two.is_some() && one != two);
    differing.next().expect("a chart with two measures").0.0.clone()
}

#[test]
fn a_changed_number_is_found_on_what_a_key_result_really_read_before_the_version_answers() {
    let world = World::new();
    let client = &world.client;
    let chart = two_faced(&world);
    let id = world.link(&chart, json!({"cron": SELDOM}));
    let before = text(&client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200)["last_reading"]["value"]);
    let kept = until("its result is kept", PATIENCE, || {
        let items = client.get("/v1/extractors/gauge/samples").expect(200)["items"].take();
        items.as_array().is_some_and(|items| !items.is_empty()).then_some(items)
    });
    assert_eq!((&kept[0]["key_result_id"], kept.as_array().map(Vec::len)), (&json!(id), Some(1)), "{kept}");

    let astray = client.upload(&gauge_astray()).expect(201);
    let run = &astray["dry_run"];
    assert_eq!(verdicts(run), [told(&id, "kept", Value::Null, "changed")], "{run}");
    assert_eq!((&run["beside"], &run["changed"]), (&json!("1.0.0"), &json!(1)));
    let tried = &run["samples"][0];
    let value = |made: &str| tried[made]["answer"]["output"]["value"].clone();
    assert_eq!(value("beside"), before, "{run}");
    assert_ne!(value("made"), before, "{run}");
    let difference = text(&tried["difference"]);
    assert!(
        difference.starts_with("--- 1.0.0\n+++ 2.0.0\n") && difference.contains(&format!("-    \"value\": \"{before}\"")),
        "{difference}"
    );
    assert_eq!(client.get("/v1/extractors/gauge").expect(200)["active"]["version"], "1.0.0");
    assert_eq!(text(&world.key_result(&id)["last_reading"]["value"]), before);

    // The command does not roll out what reads another number.
    client.delete("/v1/extractors/gauge/versions/2.0.0").expect(204);
    let file = crate::author::file(&world.place, "astray.wasm", &gauge_astray());
    let flags = ["--url", &world.server.url(), "--token", TOKEN];
    let pushed = run_lensmount(&["extractor", "push", &file, "--activate"], &flags);
    assert!(
        !pushed.0 && pushed.1.contains("changed") && pushed.1.contains("1 samples read another number than version 1.0.0"),
        "{}",
        pushed.1
    );
    assert_eq!(client.get("/v1/extractors/gauge").expect(200)["active"]["version"], "1.0.0");

    // Other words for the same number are told apart from another number.
    client.delete("/v1/extractors/gauge/versions/2.0.0").expect(204);
    let reworded = client.upload(&gauge_2()).expect(201);
    assert_eq!(verdicts(&reworded["dry_run"]), [told(&id, "kept", Value::Null, "reworded")], "{reworded}");
    let shown = run_lensmount(&["extractor", "dry-run", "gauge", "2.0.0"], &flags);
    assert!(shown.0 && shown.1.contains("reworded") && shown.1.contains("+    \"label\": \"Gauge of "), "{}", shown.1);
}

fn run_lensmount(words: &[&str], flags: &[&str]) -> (bool, String) {
    let output = run(lensmount(&[words, flags].concat()));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

#[test]
fn what_is_kept_is_sealed_outlasts_a_kill_and_goes_with_its_key_result() {
    let world = World::new();
    let chart = two_faced(&world);
    let ids: Vec<String> = (0..3).map(|_| world.link(&chart, json!({"cron": SELDOM}))).collect();
    for id in &ids {
        world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    }
    let kept = |client: &Client| {
        let items = client.get("/v1/extractors/gauge/samples").expect(200)["items"].take();
        let items = items.as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = items.iter().map(|it| text(&it["key_result_id"])).collect();
        ids.sort();
        ids
    };
    let mut sorted = ids.clone();
    sorted.sort();
    until("all are kept", PATIENCE, || (kept(&world.client) == sorted).then_some(()));
    let world = world.again();
    assert_eq!(kept(&world.client), sorted);
    let run = world.client.post_empty("/v1/extractors/gauge/versions/1.0.0/dry-run").expect(200);
    assert_eq!((&run["ran"], &run["beside"]), (&json!(3), &Value::Null), "{run}");
    let field = text(&run["samples"][0]["made"]["answer"]["output"]["why"]["field"]);
    let value = format!("\"{field}\":{{\"value\"");
    assert!(!holds(&world.place.data(), value.as_bytes()), "{value} stands in the data folder");

    world.client.clone().with("If-Match", "*").delete(&format!("/v1/key-results/{}", ids[0])).expect(204);
    until("one is gone", PATIENCE, || (kept(&world.client).len() == 2).then_some(()));
    world.client.delete("/v1/extractors/gauge/samples").expect(204);
    assert!(kept(&world.client).is_empty());
    let audit = world.client.items("/v1/audit");
    let forgotten = audit.iter().find(|it| it["action"] == "extractor.forget-samples").expect("an entry");
    assert_eq!(forgotten["detail"]["samples"], 2, "{forgotten}");
}

#[test]
fn what_is_forgotten_does_not_come_back() {
    let world = World::new();
    let chart = two_faced(&world);
    let client = &world.client;
    let ids: Vec<String> = (0..24).map(|_| world.link(&chart, json!({"cron": SELDOM}))).collect();
    let kept = || client.items("/v1/extractors/gauge/samples");
    // All are read and deleted at once, so that some are deleted while what they read is being kept.
    std::thread::scope(|scope| {
        for id in &ids {
            scope.spawn(move || {
                client.post_empty(&format!("/v1/key-results/{id}/refresh"));
                client.clone().with("If-Match", "*").delete(&format!("/v1/key-results/{id}")).expect(204);
            });
        }
    });
    // One that is read after them is kept: all that came before is done by then.
    let last = world.link(&chart, json!({"cron": SELDOM}));
    until("one is kept", PATIENCE, || {
        client.post_empty(&format!("/v1/key-results/{last}/refresh")).expect(200);
        kept().iter().any(|it| it["key_result_id"] == last).then_some(())
    });
    until("of those that are gone nothing is kept", PATIENCE, || (kept().len() == 1).then_some(()));
}

#[test]
fn a_server_that_is_to_keep_nothing_keeps_nothing() {
    let world = World::new();
    let chart = two_faced(&world);
    let World { looker, place, server, .. } = world;
    assert_eq!(server.stop(), Some(0));
    let environment = [LOCAL, &[("LENSMOUNT_KEEP_RESULTS", "0")]].concat();
    let server = Server::start_with(&place.data(), &environment);
    let client = server.admin();
    let mut integration = chart;
    integration["enabled"] = true.into();
    let made = client.post("/v1/key-results", &json!({"title": "Linked", "start": 0, "target": 1, "integration": integration})).expect(201);
    client.post_empty(&format!("/v1/key-results/{}/refresh", text(&made["id"]))).expect(200);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_with(&place.data(), &environment);
    let kept = server.admin().get("/v1/extractors/gauge/samples").expect(200);
    assert_eq!(kept["items"], json!([]), "{kept}");
    drop(looker);
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        let content = std::fs::read(&path).unwrap_or_default();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}
