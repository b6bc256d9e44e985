//! What RudderStack's own hub answered to the same requests, where the folder that holds the
//! recordings is given by `LENSMOUNT_FIXTURES`. Nothing of them is copied here but their names.

use crate::harness::client::Answer;
use crate::harness::hub::{HubWorld, SECRET, key};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where we answer otherwise on purpose: what is answered instead, and why.
fn on_purpose() -> BTreeMap<&'static str, (Instead, &'static str)> {
    let inside = "what Looker would show as a generic mail is told inside an answer that it shows";
    let whole = "what is not whole or not a result is told, and nothing of it is sent";
    let settings = |what: &'static str| (Instead::Refused(what), inside);
    BTreeMap::from([
        ("http/rudder-fork/form/no_form", (Instead::Form, "every action has a form: what becomes of empty values, names, user ids")),
        ("http/rudder-fork/form/ok", (Instead::Form, "the form offers more than the event")),
        ("http/rudder-fork/execute/no_type", settings("No request type specified. The request must be of type: \"query\".")),
        ("http/rudder-fork/execute/type_cell", settings("This action does not support requests of type \"cell\".")),
        ("http/rudder-fork/execute/missing_write_key", settings("Required setting \"Rudder Write Key\" not specified in action settings.")),
        (
            "http/rudder-fork/execute/missing_server_url",
            settings("Required setting \"Rudder Data Plane URL\" not specified in action settings."),
        ),
        (
            "http/rudder-fork/execute/empty_string_write_key",
            settings("Required setting \"Rudder Write Key\" not specified in action settings."),
        ),
        ("http/rudder-fork/execute/no_data_source", settings("The action must have a download url or an attachment.")),
        (
            "http/rudder-fork/execute/attachment_empty_object",
            (
                Instead::Refused("The action must have a download url or an attachment."),
                "no rows are told in one way, however they are missing",
            ),
        ),
        ("http/rudder-fork/execute/attachment_data_is_json_object", (Instead::Delivered, "a result in place of a string is taken")),
        ("http/rudder-fork/execute/body_not_json", (Instead::Refused("not a whole JSON object"), inside)),
        ("http/rudder-fork/execute/body_wrong_content_type", settings("No request type specified.")),
        ("http/rudder-fork/status", (Instead::Status, "the status is there to be asked")),
        ("rudder/identify/no_write_key", settings("Required setting \"Rudder Write Key\" not specified in action settings.")),
        ("rudder/probe/type_cell", settings("This action does not support requests of type \"cell\".")),
        ("rudder/probe/type_dashboard", settings("This action does not support requests of type \"dashboard\".")),
        ("rudder/probe/field_missing_from_row", (Instead::Delivered, "a row without a listed field goes on without that property")),
        ("rudder/probe/second_row_missing_field", (Instead::Delivered, "a row without a listed field goes on without that property")),
        ("rudder/probe/filters_and_parameters_listed", (Instead::Delivered, "a row without a listed field goes on without that property")),
        ("rudder/probe/data_before_fields", (Instead::Delivered, "`data` and `fields` come in either order")),
        (
            "rudder/probe/id_field_missing_from_row",
            (Instead::Refused("1 rejected: row 1: "), "a row that cannot be mapped is rejected by number"),
        ),
        ("rudder/probe/boolean_user_id", (Instead::Refused("`u.id`, tagged user_id, is true or false here"), "the reason names the field")),
        (
            "rudder/probe/group_without_group_tag",
            (Instead::Refused("Query requires a field tagged rudder_group_id."), "what no row has is told once, before any is sent"),
        ),
        ("rudder/probe/no_data_key", (Instead::Refused("no array `data`"), whole)),
        ("rudder/probe/truncated_json", (Instead::Refused("the result broke off"), whole)),
        ("rudder/probe/errors_document", (Instead::Refused("Looker's query failed"), whole)),
    ])
}

/// What we answer instead of what was recorded.
enum Instead {
    /// A form.
    Form,
    /// No success, with these words.
    Refused(&'static str),
    /// A success.
    Delivered,
    /// A status.
    Status,
}

fn recorded(list: &str, prefix: &str) -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("LENSMOUNT_FIXTURES") else {
        println!("not checked: LENSMOUNT_FIXTURES does not name the folder of recorded cases");
        return None;
    };
    let path = PathBuf::from(folder).join("cases/action-hub.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not checked: {} is not there", path.display());
        return None;
    };
    let cases: Value = serde_json::from_str(&text.replace("<<x*40000>>", &"x".repeat(40_000))).expect("JSON");
    let cases = cases[list].as_array().expect("cases").iter();
    Some(cases.filter(|case| case["id"].as_str().expect("an id").starts_with(prefix)).cloned().collect())
}

/// Sends what was sent, to where our hub is.
fn send(world: &HubWorld, request: &Value) -> Answer {
    let filled = |text: &str| {
        let short = format!("x/{}", key(SECRET, "x").split_once('/').expect("a digest").1);
        text.replace("<valid token>", &key(SECRET, "n")).replace("x/<hmac_sha512_hex(ACTION_HUB_SECRET,'x')>", &short)
    };
    let mut client = world.server.stranger();
    let mut kind = None;
    for (name, value) in request["headers"].as_object().expect("headers") {
        let value = filled(value.as_str().expect("text"));
        match name.as_str() {
            "Authorization" => client = client.with("Authorization", value),
            "User-Agent" => client = client.with("User-Agent", value),
            "Content-Type" => kind = Some(value),
            other => panic!("the test knows no header {other}"),
        }
    }
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string().replace("http://127.0.0.1:18811", &world.plane_url()),
    };
    let path = request["path"].as_str().expect("a path").trim_end_matches('/');
    client.send(request["method"].as_str().expect("a method"), &format!("/hub{path}"), kind.as_deref(), body.into_bytes())
}

/// A definition without what differs on purpose everywhere: where this hub is, its icon, the mapper's
/// own words, and that there is a form. Where a group is asked for, its tag has to be there: the recorded
/// hub put it beside `any_tag`, where Looker does not see it, and then failed for each row.
fn plain(mut definition: Value) -> Value {
    for name in ["url", "form_url", "icon_data_uri", "description"] {
        definition[name] = Value::Null;
    }
    let fields = definition["required_fields"].as_array_mut().expect("fields");
    fields.retain_mut(|field| {
        field.as_object_mut().is_some_and(|field| {
            field.remove("tag");
            field.remove("all_tags");
            !field.is_empty()
        })
    });
    definition
}

/// A list without what other actions the recorded hub had.
fn plain_list(list: &Value) -> Vec<Value> {
    let all = list["integrations"].as_array().expect("integrations").iter();
    all.filter(|it| it["name"].as_str().is_some_and(|name| name.starts_with("rudder_"))).cloned().map(plain).collect()
}

fn same(answer: &Answer, expected: &Value) -> Result<(), String> {
    let wanted = &expected["body"];
    if expected["status"] != answer.status {
        return Err(format!("the hub answered {}", expected["status"]));
    }
    let matches = match wanted {
        Value::String(page) if page.starts_with("<html") => answer.kind.starts_with("text/html"),
        list if list["integrations"].is_array() => plain_list(&answer.json()) == plain_list(list),
        definition if definition["params"].is_array() => plain(answer.json()) == plain(definition.clone()),
        ran if ran["looker"]["success"] == true => answer.json()["looker"]["success"] == true,
        ran if ran["looker"].is_object() => {
            let said = ran["looker"]["message"].as_str().unwrap_or_default();
            let first = said.split(", ").next().unwrap_or_default();
            let ours = answer.json()["looker"].clone();
            ours["success"] == false && ours["message"].as_str().is_some_and(|message| message.contains(first.trim_end_matches('.')))
        }
        other => answer.json() == *other,
    };
    if matches { Ok(()) } else { Err(format!("the hub answered {wanted}")) }
}

fn instead(answer: &Answer, instead: &Instead) -> bool {
    let json = answer.json();
    let looker = &json["looker"];
    answer.status == 200
        && match instead {
            Instead::Form => json["fields"].as_array().is_some_and(|fields| fields.len() >= 3),
            Instead::Status => json["status"] == "ok",
            Instead::Delivered => looker["success"] == true,
            Instead::Refused(words) => looker["success"] == false && looker["message"].as_str().is_some_and(|text| text.contains(words)),
        }
}

fn check(cases: Vec<(String, Answer, Value)>, prefix: &str) {
    let mut on_purpose: BTreeMap<_, _> = on_purpose().into_iter().filter(|(id, _)| id.starts_with(prefix)).collect();
    let (mut faults, count) = (Vec::new(), cases.len());
    for (id, answer, expected) in cases {
        let same = same(&answer, &expected);
        let fault = match (on_purpose.remove(id.as_str()), same) {
            (None, same) => same.err(),
            (Some((_, why)), Ok(())) => Some(format!("it is as recorded, and was to differ: {why}")),
            (Some((other, why)), Err(_)) => (!instead(&answer, &other)).then(|| format!("it was to differ otherwise: {why}")),
        };
        faults.extend(fault.map(|fault| format!("{id}: {fault}\n    {answer}")));
    }
    assert!(faults.is_empty(), "{} of {count} cases:\n{}", faults.len(), faults.join("\n"));
    assert!(on_purpose.is_empty(), "no such case: {:?}", on_purpose.keys());
}

#[test]
fn what_was_asked_of_the_recorded_hub_is_answered_alike() {
    let Some(cases) = recorded("http_cases", "http/rudder-fork/") else { return };
    assert!(cases.len() > 25, "only {} cases", cases.len());
    let world = HubWorld::new();
    let id = |case: &Value| case["id"].as_str().expect("an id").to_string();
    check(cases.iter().map(|case| (id(case), send(&world, &case["request"]), case["expected"].clone())).collect(), "http/");
}

#[test]
fn what_was_run_on_the_recorded_hub_is_told_alike() {
    let Some(cases) = recorded("execute_cases", "rudder/") else { return };
    assert!(cases.len() > 50, "only {} cases", cases.len());
    let world = HubWorld::new();
    let run = |case: &Value| {
        let text = case["request"].to_string().replace("$DATAPLANE", &world.plane_url());
        let action = case["action"].as_str().expect("an action");
        let answer = world.looker.post_text(&format!("/hub/actions/{action}/execute"), &text);
        let expected = json!({"status": case["expected"]["http_status"], "body": case["expected"]["response"]});
        (case["id"].as_str().expect("an id").to_string(), answer, expected)
    };
    check(cases.iter().map(run).collect(), "rudder/");
}
