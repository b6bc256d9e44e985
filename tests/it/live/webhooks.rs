//! Webhooks: what happens is told to other systems, signed, at least once, under one id.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::receiver::{Receiver, Reply, Request};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World, text};
use axum::http::header::{LOCATION, RETRY_AFTER};
use looker_sim::Config;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Makes a webhook; its id and its secret.
fn hook(world: &World, url: &str, kinds: &[&str]) -> (String, String) {
    let made = world.client.post("/v1/webhooks", &json!({ "url": url, "kinds": kinds })).expect(201);
    (text(&made["id"]), text(&made["secret"]))
}

fn shown(world: &World, id: &str) -> Value {
    world.client.get(&format!("/v1/webhooks/{id}")).expect(200)
}

/// Waits until as many requests came as wanted.
fn came(receiver: &Receiver, wanted: usize) -> Vec<Request> {
    until(&format!("{wanted} requests"), PATIENCE, || Some(receiver.came()).filter(|came| came.len() >= wanted))
}

fn try_out(world: &World, id: &str) -> String {
    text(&world.client.post_empty(&format!("/v1/webhooks/{id}/test")).expect(202)["webhook_id"])
}

#[test]
fn a_reading_is_told_as_standard_webhooks_say() {
    let (world, receiver) = (World::new(), Receiver::start());
    let (_, secret) = hook(&world, &receiver.url(), &["reading"]);
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    let reading = &world.readings(&id)[0];
    // The schedule's first reading is told as well, before or after it.
    let told = |it: &Request| it.json()["data"]["reading"]["origin"] == reading["origin"];
    let request = until("the reading is told", PATIENCE, || receiver.came().into_iter().find(told));
    assert_eq!(request.path, "/hook?team=a");
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("user-agent").starts_with("lensmount/"));
    assert!(request.id().starts_with("msg_"), "{}", request.id());
    assert!(request.is_signed_with(&secret), "{request:?}");
    assert!(!request.is_signed_with("whsec_AAAA"));
    let at: i64 = request.header("webhook-timestamp").parse().expect("seconds");
    assert!((jiff::Timestamp::now().as_second() - at).abs() < 60, "{at}");
    let body = request.json();
    assert_eq!(body["type"], "reading");
    assert!(text(&body["timestamp"]).parse::<jiff::Timestamp>().is_ok(), "{body}");
    assert_eq!(body["data"]["key_result_id"], id.as_str());
    assert_eq!(body["data"]["reading"]["value"], reading["value"]);
    assert!(body["data"]["progress_percent"].is_string(), "{body}");
}

#[test]
fn each_webhook_is_told_what_it_asked_for() {
    let world = World::around(Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) }));
    let (failures, changes) = (Receiver::start(), Receiver::start());
    hook(&world, &failures.url(), &["failure"]);
    hook(&world, &changes.url(), &["key-result", "reading"]);
    let id = world.link(&world.some_chart(), json!({"every": "1s"}));
    world.until(&id, "a reading", |it| it["current"].is_string());
    world.looker.faults(&json!({"errors_in_200": "Unknown field"}));
    let failure = came(&failures, 1)[0].json();
    assert_eq!((&failure["type"], &failure["data"]["key_result_id"]), (&json!("failure"), &json!(id)));
    assert_eq!(failure["data"]["failure"]["code"], "looker-error");
    let kinds: BTreeSet<String> = came(&changes, 2).iter().map(|it| text(&it.json()["type"])).collect();
    assert_eq!(kinds, BTreeSet::from(["key-result".to_string(), "reading".to_string()]));
    assert!(failures.came().iter().all(|it| it.json()["type"] == "failure"));
}

#[test]
fn what_is_not_taken_is_told_again_under_the_same_id() {
    let (world, receiver) = (World::new(), Receiver::start());
    let (id, secret) = hook(&world, &receiver.url(), &["reading"]);
    receiver.answers([Reply::With(429, RETRY_AFTER, "5".into()), Reply::With(302, LOCATION, receiver.url())]);
    let name = try_out(&world, &id);
    let failing = until("it is seen to fail", PATIENCE, || Some(shown(&world, &id)).filter(|it| it["failing_since"].is_string()));
    assert_eq!(failing["waiting"], 1, "{failing}");
    assert!(text(&failing["last_error"]).contains("429"), "{failing}");
    let requests = until("it is taken", PATIENCE, || {
        Some(receiver.came()).filter(|came| came.last().is_some_and(|it| it.reply == Reply::Status(204)))
    });
    assert_eq!(requests.len(), 3, "a redirect is not followed: {requests:?}");
    assert!(requests.iter().all(|it| it.id() == name && it.is_signed_with(&secret) && it.body == requests[0].body), "{requests:?}");
    // What waits is counted once it is on the disk that it was taken.
    let well = until("it is seen to do well", PATIENCE, || {
        Some(shown(&world, &id)).filter(|it| it["failing_since"].is_null() && it["waiting"] == 0)
    });
    assert_eq!(well["given_up"], 0, "{well}");
    assert!(well["last_delivered_at"].is_string() && text(&well["last_error"]).contains("redirects are not followed"), "{well}");
}

#[test]
fn a_receiver_that_does_not_answer_holds_up_nobody_else() {
    let (world, silent, quick) = (World::new(), Receiver::start(), Receiver::start());
    silent.always(Some(Reply::Never));
    let (first, _) = hook(&world, &silent.url(), &["reading"]);
    let (second, _) = hook(&world, &quick.url(), &["reading"]);
    try_out(&world, &first);
    came(&silent, 1);
    try_out(&world, &second);
    came(&quick, 1);
    let waits = until("the silent one is seen to wait", PATIENCE, || Some(shown(&world, &first)).filter(|it| it["last_error"].is_string()));
    assert!(text(&waits["last_error"]).contains("did not answer within"), "{waits}");
    assert_eq!(waits["waiting"], 1);
}

#[test]
fn a_receiver_that_is_gone_for_good_is_left_alone() {
    let (world, receiver) = (World::new(), Receiver::start());
    let (id, _) = hook(&world, &receiver.url(), &["key-result"]);
    receiver.answers([Reply::Status(410)]);
    try_out(&world, &id);
    until("it is stopped", PATIENCE, || Some(shown(&world, &id)).filter(|it| it["stopped_at"].is_string() && it["waiting"] == 0));
    let problem = world.client.post_empty(&format!("/v1/webhooks/{id}/test")).problem(409, "conflict");
    assert!(text(&problem["detail"]).contains("410"), "{problem}");
    world.client.post("/v1/key-results", &json!({"title": "Nobody hears", "start": 0, "target": 1})).expect(201);
    let (other, _) = hook(&world, &receiver.url(), &["reading"]);
    try_out(&world, &other);
    let requests = came(&receiver, 2);
    assert_eq!(requests.len(), 2, "nothing after the 410: {requests:?}");
}

#[test]
fn a_webhook_that_is_removed_is_told_nothing_more() {
    let (world, receiver) = (World::new(), Receiver::start());
    receiver.always(Some(Reply::Status(503)));
    let (id, _) = hook(&world, &receiver.url(), &["key-result"]);
    for _ in 0..3 {
        try_out(&world, &id);
    }
    came(&receiver, 1);
    assert_eq!(world.client.delete(&format!("/v1/webhooks/{id}")).status, 204);
    world.client.get(&format!("/v1/webhooks/{id}")).problem(404, "not-found");
    world.client.delete(&format!("/v1/webhooks/{id}")).problem(404, "not-found");
    world.client.post("/v1/key-results", &json!({"title": "Nobody hears", "start": 0, "target": 1})).expect(201);
    receiver.always(None);
    let (other, _) = hook(&world, &receiver.url(), &["reading"]);
    let name = try_out(&world, &other);
    until("the other is told", PATIENCE, || receiver.came().iter().find(|it| it.id() == name).cloned());
    let taken = receiver.came().into_iter().filter(|it| it.reply == Reply::Status(204)).count();
    assert_eq!(taken, 1, "what waited was told after all: {:?}", receiver.came());
}

#[test]
fn unsound_webhooks_are_refused_in_words() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let cases: &[(Value, u16, &str, &str)] = &[
        (json!({"url": "https://example.com", "kinds": []}), 400, "invalid-input", "/kinds"),
        (json!({"url": "https://example.com", "kinds": ["readings"]}), 400, "invalid-input", "/kinds"),
        (json!({"url": "example.com", "kinds": ["reading"]}), 400, "invalid-input", "/url"),
        (json!({"url": "ftp://example.com", "kinds": ["reading"]}), 400, "invalid-input", "/url"),
        (json!({"url": "https://a:b@example.com", "kinds": ["reading"]}), 400, "invalid-input", "/url"),
        (json!({"url": "https://example.com"}), 400, "invalid-input", ""),
        (json!({"url": "https://example.com", "kinds": ["reading"], "secret": "whsec_AAAA"}), 400, "invalid-input", ""),
        (json!({"url": "http://127.0.0.1:9/", "kinds": ["reading"]}), 422, "target-refused", ""),
        (json!({"url": "http://2130706433/", "kinds": ["reading"]}), 422, "target-refused", ""),
        (json!({"url": "http://[::ffff:169.254.169.254]/", "kinds": ["reading"]}), 422, "target-refused", ""),
    ];
    for (request, status, code, pointer) in cases {
        let problem = client.post("/v1/webhooks", request).problem(*status, code);
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], *pointer, "{request}: {problem}");
        }
    }
    assert_eq!(client.items("/v1/webhooks").len(), 0);
}

#[test]
fn a_name_that_leads_inside_is_not_called() {
    let (place, receiver) = (Place::new(), Receiver::start());
    let server = Server::start(&place.data());
    let client = server.admin();
    let url = format!("http://localhost:{}/", receiver.port());
    let id = text(&client.post("/v1/webhooks", &json!({"url": url, "kinds": ["reading"]})).expect(201)["id"]);
    client.post_empty(&format!("/v1/webhooks/{id}/test")).expect(202);
    let refused = until("it is refused", PATIENCE, || {
        Some(client.get(&format!("/v1/webhooks/{id}")).expect(200)).filter(|it| it["last_error"].is_string())
    });
    assert!(text(&refused["last_error"]).contains("not a public address"), "{refused}");
    assert!(receiver.came().is_empty());
}

#[test]
fn the_secret_is_shown_to_whoever_made_it_and_kept_from_all_others() {
    let (world, receiver) = (World::new(), Receiver::start());
    let key = world.client.clone().with("Idempotency-Key", "a hook");
    let request = json!({"url": receiver.url(), "kinds": ["reading"]});
    let made = key.post("/v1/webhooks", &request).expect(201);
    assert_eq!(key.post("/v1/webhooks", &request).expect(201), made, "the same request again has the same answer");
    key.post("/v1/webhooks", &json!({"url": receiver.url(), "kinds": ["failure"]})).problem(409, "conflict");
    let (id, secret) = (text(&made["id"]), text(&made["secret"]));
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    try_out(&world, &id);
    assert!(came(&receiver, 1)[0].is_signed_with(&secret));
    for answer in [
        world.client.get("/v1/webhooks").text(),
        world.client.get(&format!("/v1/webhooks/{id}")).text(),
        world.client.get("/v1/audit").text(),
        world.client.get("/metrics").text(),
    ] {
        assert!(!answer.contains("whsec_"), "{answer}");
    }
    let bare = secret.trim_start_matches("whsec_");
    let World { place, server, .. } = world;
    server.kill();
    assert!(!anywhere(&place.data(), bare.as_bytes()), "the secret is in a file");
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

/// What of a notice does not change: which key result, which reading.
fn told(request: &Request) -> (String, String) {
    let data = request.json()["data"].clone();
    (text(&data["key_result_id"]), text(&data["reading"]["origin"]))
}

#[test]
fn ten_kills_amid_polls_and_deliveries_lose_no_notice_and_change_no_id() {
    let looker = Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) });
    let receiver = Receiver::start();
    let mut world = World::around(looker);
    let (hook, secret) = hook(&world, &receiver.url(), &["reading"]);
    let chart = world.some_chart();
    let linked: Vec<String> = (0..5).map(|_| world.link(&chart, json!({"every": "1s"}))).collect();
    for round in 0..10_usize {
        // Some of what is told is taken, some is not, and some is never answered.
        receiver.answers([Reply::Status(204), Reply::Status(500), Reply::Never, Reply::Status(204), Reply::Status(404)]);
        // The process dies when it has just told something, or has just kept one reading or a few.
        let kept = || linked.iter().map(|id| world.readings(id).len()).sum::<usize>();
        let (told, before) = (receiver.came().len(), kept());
        match round % 2 {
            0 => until("more is told", PATIENCE, || Some(()).filter(|()| receiver.came().len() > told)),
            _ => until("more is kept", PATIENCE, || Some(()).filter(|()| kept() > before + round / 2)),
        }
        world.server.kill_now();
        world = world.again();
    }
    let before = receiver.came().len();
    until("it is told still", PATIENCE, || Some(()).filter(|()| receiver.came().len() > before));
    for id in &linked {
        world
            .client
            .clone()
            .with("If-Match", "*")
            .put(&format!("/v1/key-results/{id}/integration"), &json!({"enabled": false}))
            .expect(200);
    }
    until("nothing waits", Duration::from_secs(180), || Some(shown(&world, &hook)).filter(|it| it["waiting"] == 0));
    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for request in receiver.came() {
        assert!(request.is_signed_with(&secret), "{request:?}");
        ids.entry(told(&request)).or_default().insert(request.id());
        if request.reply == Reply::Status(204) {
            taken.insert(told(&request));
        }
    }
    let mut kept = 0;
    for id in &linked {
        let origins: Vec<String> = world.readings(id).iter().map(|reading| text(&reading["origin"])).collect();
        let apart: BTreeSet<&String> = origins.iter().collect();
        assert_eq!(apart.len(), origins.len(), "a slot was read twice into the history of {id}");
        for origin in origins {
            let reading = (id.clone(), origin);
            assert!(taken.contains(&reading), "{reading:?} was kept and is not told");
            kept += 1;
        }
    }
    for (reading, ids) in &ids {
        assert_eq!(ids.len(), 1, "{reading:?} was told under {ids:?}");
    }
    assert_eq!(shown(&world, &hook)["given_up"], 0);
    println!("{kept} readings over ten kills, told in {} requests", receiver.came().len());
}
