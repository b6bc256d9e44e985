//! Bad input to every endpoint: a problem with a code and a pointer, never a 500.

use crate::harness::client::{Answer, Client};
use crate::harness::server::shared;
use serde_json::Value;

const JSON: Option<&str> = Some("application/json");

/// Calls that take a result, and one that judges it.
const ON_RESULTS: &[&str] = &[
    "/v1/extractors/timeseries/outline",
    "/v1/extractors/timeseries/read",
    "/v1/extractors/timeseries/series",
    "/v1/extractors/timeseries/convert",
    "/v1/charts/verify",
];
const ACTIVATE: &str = "/v1/extractors/timeseries/versions/99.0.0/activate";

fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| Some(error["pointer"].as_str()?.to_string())).collect()
}

/// The answer must be `invalid-input` and point there.
fn pointed(answer: &Answer, pointer: &str) {
    let problem = answer.problem(400, "invalid-input");
    let pointers = pointers(&problem);
    assert!(pointers.iter().any(|there| there == pointer), "expected `{pointer}`, got {pointers:?}: {answer}");
    let errors = problem["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| !detail.is_empty())), "{answer}");
}

fn post(client: &Client, path: &str, body: &str) -> Answer {
    client.post_text(path, body)
}

#[test]
fn a_field_that_is_not_known_is_pointed_at() {
    let client = shared().admin();
    for path in ON_RESULTS {
        pointed(&post(&client, path, r#"{"result":{},"colour":"red"}"#), "/colour");
        pointed(&post(&client, path, r#"{"result":{},"a/b~c":1}"#), "/a~1b~0c");
    }
    pointed(&post(&client, ACTIVATE, r#"{"colour":"red"}"#), "/colour");
}

#[test]
fn a_field_of_another_type_is_pointed_at() {
    let client = shared().admin();
    let wrong = [
        (r#"{"result":{},"selection":"x"}"#, "/selection"),
        (r#"{"result":{},"selection":["x"]}"#, "/selection"),
        (r#"{"result":{},"selection":5}"#, "/selection"),
        (r#"{"result":{},"selection":{"x":5}}"#, "/selection/x"),
        (r#"{"result":{},"selection":{"x":null}}"#, "/selection/x"),
        (r#"{"result":{},"selection":{"pivot":{"a":"b"}}}"#, "/selection/pivot"),
        (r#"{"result":{},"context":{"now":5}}"#, "/context/now"),
        (r#"{"result":{},"context":[]}"#, "/context"),
        (r#"{"result":{},"version":1}"#, "/version"),
        (r#"{"result":{},"vis_config":"looker"}"#, "/vis_config"),
        (r#"{"result":{},"query":[]}"#, "/query"),
        (r#"{"selection":{}}"#, "/result"),
    ];
    for path in &ON_RESULTS[..3] {
        for (body, pointer) in wrong {
            pointed(&post(&client, path, body), pointer);
        }
    }
    pointed(&post(&client, "/v1/charts/verify", r#"{"vis_config":{}}"#), "/result");
    pointed(&post(&client, "/v1/charts/verify", r#"{"result":{},"vis_config":5}"#), "/vis_config");
    pointed(&post(&client, "/v1/extractors/timeseries/convert", r#"{"result":{},"settings":{"a":[]}}"#), "/settings/a");
    pointed(&post(&client, ACTIVATE, r#"{"pinned":"yes"}"#), "/pinned");
}

#[test]
fn a_field_given_twice_is_refused() {
    let client = shared().admin();
    for path in ON_RESULTS {
        pointed(&post(&client, path, r#"{"result":{},"result":{}}"#), "/result");
    }
    let answer = post(&client, ON_RESULTS[1], r#"{"result":{},"selection":{"x":"a","x":"b"}}"#);
    answer.problem(400, "invalid-input");
}

#[test]
fn both_ways_to_give_a_tile_at_once_are_refused() {
    let client = shared().admin();
    let answer = post(&client, ON_RESULTS[1], r#"{"result":{},"vis_config":{},"query":{}}"#);
    answer.problem(400, "invalid-input");
}

#[test]
fn a_moment_that_is_none_is_pointed_at() {
    let client = shared().admin();
    for now in ["yesterday", "2024-13-01T00:00:00Z", "2024-04-15", ""] {
        let body = format!(r#"{{"result":{{}},"context":{{"now":"{now}"}}}}"#);
        pointed(&post(&client, ON_RESULTS[1], &body), "/context/now");
    }
}

#[test]
fn a_body_that_is_not_json_is_refused() {
    let client = shared().admin();
    let deep = format!("{{\"result\":{{}},\"selection\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let bodies =
        ["", " ", "{", "null", "[]", "5", "\"text\"", "{\"result\":{}", "{\"result\":{}} {}", "{'result':{}}", "{\"result\":}", &deep];
    for path in ON_RESULTS {
        for body in bodies {
            post(&client, path, body).problem(400, "invalid-input");
        }
    }
}

#[test]
fn a_body_that_is_not_utf_8_is_refused() {
    let client = shared().admin();
    let bodies: [&[u8]; 4] =
        [b"{\"result\":\"\xff\"}", b"{\"result\":{},\"selection\":{\"x\":\"\xc3\x28\"}}", b"\xff\xfe{\x00}\x00", b"{\"\xed\xa0\x80\":1}"];
    for path in ON_RESULTS {
        for body in bodies {
            client.send("POST", path, JSON, body.to_vec()).problem(400, "invalid-input");
        }
    }
}

#[test]
fn half_a_surrogate_in_text_is_refused_or_judged_and_never_a_fault() {
    let client = shared().admin();
    for body in [r#"{"result":"\ud800"}"#, r#"{"result":{},"selection":{"x":"\ud800"}}"#, r#"{"result":{},"\ud800":1}"#] {
        let answer = post(&client, ON_RESULTS[1], body);
        answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
        assert!((400..500).contains(&answer.status), "{answer}");
    }
}

#[test]
fn a_body_over_its_limit_is_refused() {
    let client = shared().admin();
    let large = format!("{{\"result\":\"{}\"}}", "x".repeat(32 << 20));
    for path in ON_RESULTS {
        client.post_text(path, &large).problem(413, "too-large");
    }
}

#[test]
fn a_body_of_another_type_is_refused() {
    let client = shared().admin();
    let body = b"{\"result\":{}}".to_vec();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/wasm"), Some("nonsense")] {
        for path in ON_RESULTS {
            client.send("POST", path, kind, body.clone()).problem(415, "unsupported-media-type");
        }
    }
    for kind in [None, Some("application/json"), Some("text/plain")] {
        client.send("POST", "/v1/extractors", kind, b"\0asm".to_vec()).problem(415, "unsupported-media-type");
    }
    // A character set beside the type does no harm.
    client.send("POST", ON_RESULTS[1], Some("application/json; charset=utf-8"), body).problem(422, "malformed");
}

#[test]
fn a_token_comes_before_everything() {
    let server = shared();
    let clients = [
        server.stranger(),
        server.holder("lm_wrong_0123456789abcdef"),
        server.holder("lm_test_0123456789abcde"),
        server.holder("lm_test_0123456789abcdef0"),
        server.holder(""),
        server.holder("Bearer lm_test_0123456789abcdef"),
    ];
    for client in clients {
        for path in ON_RESULTS {
            post(&client, path, "{").problem(401, "unauthorized");
        }
        client.get("/v1/extractors").problem(401, "unauthorized");
        client.get("/v1/extractors/nothing").problem(401, "unauthorized");
        client.get("/v1/nothing").problem(401, "unauthorized");
        client.upload(b"").problem(401, "unauthorized");
    }
}

#[test]
fn pages_are_asked_for_soundly() {
    let client = shared().admin();
    for path in ["/v1/extractors", "/v1/audit"] {
        for query in
            ["limit=0", "limit=201", "limit=-1", "limit=many", "page_token=nonsense", "page_token=", "colour=red", "limit=1&limit=2"]
        {
            client.get(&format!("{path}?{query}")).problem(400, "invalid-input");
        }
        client.get(&format!("{path}?limit=200")).expect(200);
    }
}

#[test]
fn paths_that_are_none_are_problems_too() {
    let client = shared().admin();
    for path in ["/nothing", "/v1", "/v1/", "/v1/extractors/", "/v1/extractors/a/b/c/d", "/problems/nothing", "/%ff", "/v1/extractors/%ff"]
    {
        let answer = client.get(path);
        answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
        assert!((400..500).contains(&answer.status), "{answer}");
    }
    for (method, path) in [("PUT", "/v1/extractors"), ("GET", "/v1/charts/verify"), ("DELETE", "/livez"), ("PATCH", "/v1/audit")] {
        let answer = client.send(method, path, None, Vec::new());
        answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
        assert!((400..500).contains(&answer.status), "{answer}");
    }
}
