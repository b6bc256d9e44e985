//! RudderStack's own SDK for Node and we, making the same calls to one data plane: what differs, and
//! why. Version 2.0.6 is what RudderStack's hub speaks with; the other is the newest there was.

mod calls;

use crate::harness::guests::guest;
use crate::harness::hub::{HubWorld, WRITE_KEY, unzipped};
use crate::harness::made::run;
use crate::harness::npm;
use crate::harness::receiver::Request;
use calls::{Call, Differs, calls};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const SDKS: [&str; 2] = ["rudder-sdk-2", "rudder-sdk-3"];

/// What differs in every message.
const MESSAGE: Differs = &[
    ("/messageId", "theirs is random; ours is derived from run and row, so that what is sent again is known again"),
    ("/originalTimestamp", "each was made at its time"),
    ("/sentAt", "each was sent at its time"),
    ("/_metadata", "the version of Node, and we have none"),
    ("/context/library/name", "each says who it is"),
    ("/context/library/version", "each says who it is"),
];

/// What differs in every request, besides its messages.
const BODY: Differs = &[("/timestamp", "each was sent at its time"), ("/sentAt", "each was sent at its time")];

/// What differs in the heads of requests.
const HEAD: Differs = &[
    ("content-type", "their HTTP client takes compressed bytes for a form; the data plane does not look, and it is JSON"),
    ("content-length", "each compresses in its own way, and other messages"),
    ("user-agent", "each says who it is"),
    ("accept", "nobody reads the answer's body"),
    ("accept-encoding", "nobody reads the answer's body"),
    ("connection", "Node says that it keeps the connection or not, by its version; HTTP/1.1 keeps it without a word"),
];

/// Makes all calls through our hub: those of mappers one by one, the others in one run.
fn push(world: &HubWorld, calls: &[Call]) {
    world.client.upload(&guest("calls")).expect(201);
    world.client.post_empty("/v1/extractors/calls/versions/1.0.0/activate").expect(200);
    for call in calls.iter().filter(|call| call.action.is_some()) {
        let mut request = world.request(&call.result().to_string());
        request["form_params"] = json!({"empty-values": "as-they-are", "event": call.message["event"]});
        let answer = world.execute(call.action.expect("an action"), &request);
        assert_eq!(answer["success"], true, "{}: {answer}", call.message);
    }
    let rows: Vec<Value> = calls.iter().filter(|call| call.action.is_none()).map(Call::row).collect();
    let answer = world.execute("calls", &world.request(&json!({"fields": {}, "data": rows}).to_string()));
    assert_eq!(answer["success"], true, "{answer}");
}

/// Makes all calls with an SDK.
fn send(world: &HubWorld, calls: &[Call], sdk: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/it/hub/official_sdk");
    let script = npm::with_packages(&folder, "rudder-node-sdk", "calls.mjs", "RudderStack's Node SDK");
    let calls: Vec<Value> = calls.iter().map(Call::of_their_hub).collect();
    let told = json!({"sdk": sdk, "url": world.plane_url(), "writeKey": WRITE_KEY, "calls": calls});
    let file = world.place.data().with_extension("calls.json");
    std::fs::write(&file, told.to_string()).expect("a file");
    let mut node = Command::new("node");
    node.arg(script).arg(file).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    let output = run(&mut node, "the SDK did not deliver");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.ends_with(&format!("delivered {}\n", calls.len())), "{said}");
}

/// The body of a request without its messages, and these.
fn parts(request: &Request) -> (Value, Vec<Value>) {
    let mut body = unzipped(request);
    let batch = body["batch"].take();
    (body, batch.as_array().expect("a batch").clone())
}

fn messages(requests: &[Request]) -> Vec<Value> {
    requests.iter().flat_map(|request| parts(request).1).collect()
}

/// The places where two values differ: JSON Pointers.
fn differing(one: &Value, other: &Value, at: &str, found: &mut BTreeSet<String>) {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        if one != other {
            found.insert(at.to_string());
        }
        return;
    };
    for name in one.keys().chain(other.keys()) {
        let place = format!("{at}/{name}");
        match (one.get(name), other.get(name)) {
            (Some(one), Some(other)) => differing(one, other, &place, found),
            _ => drop(found.insert(place)),
        }
    }
}

fn places(differs: &[Differs]) -> BTreeSet<String> {
    differs.iter().copied().flatten().map(|(place, _)| (*place).to_string()).collect()
}

/// A difference that is not in the table is a fault, and so is one in the table that is none.
fn check(what: &str, ours: &Value, theirs: &Value, differs: &[Differs]) -> Option<String> {
    let mut found = BTreeSet::new();
    differing(ours, theirs, "", &mut found);
    let known = places(differs);
    (found != known).then(|| {
        let more: Vec<_> = found.difference(&known).collect();
        let less: Vec<_> = known.difference(&found).collect();
        format!("{what}: {more:?} differ, {less:?} do not\n    ours   {ours}\n    theirs {theirs}")
    })
}

fn heads_differ(ours: &Request, theirs: &Request) -> BTreeSet<String> {
    let names = ours.headers.keys().chain(theirs.headers.keys());
    names.filter(|name| ours.headers.get(*name) != theirs.headers.get(*name)).map(ToString::to_string).collect()
}

/// What both say in their own way is at least of one form.
fn forms(message: &Value, library: &str) -> bool {
    let text = |name: &str| message[name].as_str().expect("text").to_string();
    let is_time = |text: &str| text.len() == "2026-05-13T10:20:30.400Z".len() && text.ends_with('Z') && text.contains('.');
    let id = text("messageId");
    assert_eq!(message["context"]["library"]["name"], library);
    ["timestamp", "originalTimestamp", "sentAt"].iter().all(|name| is_time(&text(name)))
        && id.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[test]
fn the_same_calls_make_the_same_messages() {
    let (world, calls) = (HubWorld::new(), calls());
    push(&world, &calls);
    let ours = world.plane.came();
    let said = messages(&ours);
    assert_eq!(said.len(), calls.len());
    let mut faults = Vec::new();
    for sdk in SDKS {
        let before = world.plane.came().len();
        send(&world, &calls, sdk);
        let theirs = world.plane.came().split_off(before);
        let they_said = messages(&theirs);
        assert_eq!(they_said.len(), calls.len(), "{sdk}");
        for (call, (ours, theirs)) in calls.iter().zip(said.iter().zip(&they_said)) {
            let what = format!("{sdk} {}", call.kind);
            faults.extend(check(&what, ours, theirs, &[MESSAGE, call.differs]));
            assert!(forms(ours, "lensmount") && forms(theirs, "analytics-node"), "{ours}\n{theirs}");
        }
        for request in &theirs {
            let (body, _) = parts(request);
            faults.extend(check(sdk, &parts(&ours[0]).0, &body, &[BODY]));
            let head = heads_differ(&ours[0], request);
            assert_eq!(head, places(&[HEAD]), "{sdk}: {:?}\n{:?}", ours[0].headers, request.headers);
            assert_eq!((&request.method, &request.path), (&ours[0].method, &ours[0].path));
        }
    }
    // Each SDK sends its first call alone and the others together.
    assert_eq!(world.plane.came().len(), ours.len() + 2 * SDKS.len());
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), calls.len() * SDKS.len(), faults.join("\n"));
}
