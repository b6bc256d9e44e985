//! What RudderStack's own action hub did with the same requests, where the folder that holds the
//! recordings is given by `LENSMOUNT_FIXTURES`. Nothing of them is copied here but their names.

use crate::harness::client::Client;
use crate::harness::server::shared;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where we differ on purpose, case by case: what we give instead, and why.
fn on_purpose() -> BTreeMap<&'static str, (Instead, &'static str)> {
    let core = |user: &str, traits: Value| json!({"userId": user, "anonymousId": null, "traits": traits, "timestamp": "<now>"});
    let goes_on = "a row without a listed field goes on without that property";
    BTreeMap::from([
        ("rudder/probe/field_missing_from_row", (Instead::Messages(json!([core("u1", json!({})), core("u2", json!({}))])), goes_on)),
        (
            "rudder/probe/second_row_missing_field",
            (Instead::Messages(json!([core("u1", json!({"a.x": 1})), core("u2", json!({})), core("u3", json!({"a.x": 3}))])), goes_on),
        ),
        ("rudder/probe/filters_and_parameters_listed", (Instead::Messages(json!([core("u1", json!({}))])), goes_on)),
        (
            "rudder/probe/zero_user_id",
            (
                Instead::Messages(json!([core("0", json!({"a.x": 1}))])),
                "a user id is one, 0 too: it goes out as the text that it becomes anyway, and no anonymous id is made up beside it",
            ),
        ),
        (
            "rudder/probe/data_before_fields",
            (Instead::Messages(json!([core("u1", json!({}))])), "`data` and `fields` come in either order"),
        ),
        (
            "rudder/probe/ran_at_after_data",
            (
                Instead::Messages(json!([{"userId": "u1", "anonymousId": null, "traits": {}, "timestamp": "2017-07-28T02:25:19.000Z"}])),
                "`data` and `ran_at` come in either order",
            ),
        ),
        (
            "rudder/probe/ran_at_garbage",
            (Instead::Messages(json!([core("u1", json!({}))])), "a time that is none is not sent; that of the run stands for it"),
        ),
        ("rudder/probe/no_data_key", (Instead::Problem("malformed"), "a result without rows is broken, not empty")),
        ("rudder/probe/errors_document", (Instead::Problem("looker-error"), "an `errors` document is no success")),
        ("rudder/identify/no_write_key", (Instead::NotMapped, "refused by the hub for its settings before any mapper is asked")),
        ("rudder/probe/type_cell", (Instead::NotMapped, "refused by the hub for its type before any mapper is asked")),
        ("rudder/probe/type_dashboard", (Instead::NotMapped, "refused by the hub for its type before any mapper is asked")),
    ])
}

/// What we give instead of what was recorded.
enum Instead {
    /// These messages, and no row is rejected.
    Messages(Value),
    /// A problem with this code.
    Problem(&'static str),
    /// Nothing that a mapper has to do with.
    NotMapped,
}

/// What came of a case.
#[derive(Debug, PartialEq)]
struct Outcome {
    messages: Value,
    rejected: usize,
    /// The code and text of a problem.
    problem: Option<(String, String)>,
}

fn recorded() -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("LENSMOUNT_FIXTURES") else {
        println!("not checked: LENSMOUNT_FIXTURES does not name the folder of recorded cases");
        return None;
    };
    let path = PathBuf::from(folder).join("cases/action-hub.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not checked: {} is not there", path.display());
        return None;
    };
    let text = text.replace("<<x*40000>>", &"x".repeat(40_000));
    let cases: Value = serde_json::from_str(&text).unwrap();
    let cases = cases["execute_cases"].as_array().unwrap().iter();
    Some(cases.filter(|case| case["id"].as_str().unwrap().starts_with("rudder/")).cloned().collect())
}

fn convert(client: &Client, case: &Value) -> Outcome {
    let request = &case["request"];
    let mut body = json!({"result": request["attachment"]["data"]});
    if let Some(query) = request.pointer("/scheduled_plan/query") {
        body["query"] = query.clone();
    }
    if request["form_params"].is_object() {
        body["settings"] = request["form_params"].clone();
    }
    let mapper = case["action"].as_str().unwrap();
    let answer = client.post(&format!("/v1/extractors/{mapper}/convert"), &body);
    if answer.status != 200 {
        let problem = answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
        let text = |name: &str| problem[name].as_str().unwrap().to_owned();
        return Outcome { messages: json!([]), rejected: 0, problem: Some((text("code"), text("detail"))) };
    }
    let answer = answer.json();
    let messages: Vec<Value> = answer["events"].as_array().unwrap().iter().map(|event| core(mapper, event)).collect();
    Outcome { messages: messages.into(), rejected: answer["rejected"].as_array().unwrap().len(), problem: None }
}

/// An event as the recordings write it before a client library adds to it.
fn core(mapper: &str, event: &Value) -> Value {
    let (kind, traits) = match mapper {
        "rudder_event" => ("identify", "traits"),
        "rudder_group" => ("group", "traits"),
        _ => ("track", "properties"),
    };
    assert_eq!(event["kind"], kind, "{event}");
    let or = |value: &Value, other: &str| if value.is_null() { other.into() } else { value.clone() };
    let mut message = Map::new();
    message.insert("userId".into(), event["user_id"].clone());
    message.insert(
        "anonymousId".into(),
        if event["identity_key"].is_null() { event["anonymous_id"].clone() } else { "<generated-uuid-v4>".into() },
    );
    message.insert(traits.into(), event["traits"].clone());
    message.insert("timestamp".into(), or(&event["timestamp"], "<now>"));
    for (name, member) in [("groupId", "group_id"), ("event", "name")] {
        if !event[member].is_null() {
            message.insert(name.into(), event[member].clone());
        }
    }
    message.into()
}

/// What was recorded, without what the host adds to every message.
fn expected(case: &Value) -> Value {
    let mut messages = case["expected"]["core_messages"].clone();
    for message in messages.as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("context");
    }
    messages
}

/// How an outcome differs from what was recorded.
fn differs(case: &Value, outcome: &Outcome) -> Option<String> {
    let expected = expected(case);
    if outcome.messages != expected {
        return Some(format!("expected {expected}"));
    }
    let response = &case["expected"]["response"];
    let failed = response["looker"]["success"] != true;
    let unsaid = outcome.problem.is_none() && outcome.rejected == 0;
    if failed == unsaid {
        return Some(format!("the hub said {response}"));
    }
    let said = response["looker"]["message"].as_str().filter(|message| message.starts_with("Query requires"));
    let ours = outcome.problem.as_ref().map_or("", |(_, detail)| detail);
    said.filter(|said| !ours.contains(said)).map(|said| format!("the hub said {said}"))
}

#[test]
fn what_was_recorded_is_what_we_make_of_it() {
    let Some(cases) = recorded() else { return };
    let client = shared().admin();
    let mut on_purpose = on_purpose();
    let mut faults = Vec::new();
    assert!(cases.len() > 50, "only {} cases", cases.len());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let outcome = convert(&client, case);
        let difference = differs(case, &outcome);
        let fault = match on_purpose.remove(id) {
            None => difference,
            Some((Instead::NotMapped, _)) => (case["expected"]["http_status"] != 404).then(|| "it was not refused".to_owned()),
            Some((_, why)) if difference.is_none() => Some(format!("it is as recorded, and was to differ: {why}")),
            Some((Instead::Problem(code), why)) => {
                let same = outcome.problem.as_ref().is_some_and(|(seen, _)| seen == code);
                (!same).then(|| format!("expected {code}: {why}"))
            }
            Some((Instead::Messages(messages), why)) => {
                let same = outcome.messages == messages && outcome.rejected == 0;
                (!same).then(|| format!("expected {messages}: {why}"))
            }
        };
        faults.extend(fault.map(|fault| format!("{id}: {fault}\n    {outcome:?}")));
    }
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    assert!(on_purpose.is_empty(), "no such case: {:?}", on_purpose.keys());
}
