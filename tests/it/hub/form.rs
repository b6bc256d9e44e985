//! What the owner of a schedule fills in.

use crate::harness::hub::HubWorld;
use serde_json::{Value, json};

fn names(form: &Value) -> Vec<&str> {
    form["fields"].as_array().unwrap_or_else(|| panic!("{form}")).iter().map(|it| it["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_form_asks_what_the_mapper_wants_to_know() {
    let world = HubWorld::new();
    let form = world.looker.post("/hub/actions/rudder_track/form", &json!({"data": world.settings()})).expect(200);
    assert_eq!(names(&form), ["event", "empty-values", "names", "require-user-id"]);
    let event = json!({"name": "event", "label": "Event", "description": "The name of the event you’re tracking.", "type": "string", "required": true});
    assert_eq!(form["fields"][0], event);
    let field = &form["fields"][1];
    assert_eq!((&field["type"], &field["default"], &field["required"]), (&json!("select"), &json!("compatible"), &json!(false)));
    assert_eq!(field["options"][1], json!({"name": "as-they-are", "label": "As they are"}));
    assert_eq!(form["fields"][3]["options"], json!([{"name": "true", "label": "Yes"}, {"name": "false", "label": "No"}]));
    let other = world.looker.post("/hub/actions/rudder_event/form", &json!({"data": world.settings()})).expect(200);
    assert_eq!(names(&other), ["empty-values", "names", "require-user-id"]);
}

#[test]
fn a_form_without_settings_says_which_is_missing() {
    let world = HubWorld::new();
    let error = |request: &Value| world.looker.post("/hub/actions/rudder_track/form", request).expect(200)["error"].clone();
    assert_eq!(error(&json!({})), "Required setting \"Rudder Write Key\" not specified in action settings.");
    assert_eq!(
        error(&json!({"data": {"rudder_write_key": "k", "rudder_server_url": ""}})),
        "Required setting \"Rudder Data Plane URL\" not specified in action settings."
    );
    assert_eq!(world.looker.post_empty("/hub/actions/rudder_track/form").expect(200)["error"], error(&json!({})));
    let broken = world.looker.post_text("/hub/actions/rudder_track/form", "{bad").expect(200);
    assert!(broken["error"].as_str().is_some_and(|error| error.contains("not a whole JSON object")), "{broken}");
    let untyped = world.looker.post("/hub/actions/rudder_track/form", &json!({"type": null, "data": world.settings()})).expect(404);
    assert_eq!(untyped, json!({"success": false, "error": "Action did not specify a \"type\"."}));
}

#[test]
fn named_destinations_are_chosen_in_the_form() {
    let world = HubWorld::new();
    let add = |name: &str| {
        let new = json!({"name": name, "kind": "rudderstack", "server_url": world.plane_url(), "write_key": "k"});
        world.client.post("/v1/destinations", &new).expect(201)["id"].clone()
    };
    let field = |request: &Value| {
        let form = world.looker.post("/hub/actions/rudder_event/form", request).expect(200);
        assert_eq!(names(&form), ["destination", "empty-values", "names", "require-user-id"]);
        form["fields"][0].clone()
    };
    let sales = add("sales");
    let only = field(&json!({}));
    assert_eq!((&only["type"], &only["required"], &only["default"]), (&json!("select"), &json!(true), &sales));
    let marketing = add("Marketing");
    let both = field(&json!({}));
    assert_eq!(both["options"], json!([{"name": marketing, "label": "Marketing"}, {"name": sales, "label": "sales"}]));
    assert_eq!(both["default"], Value::Null, "nothing is chosen for anybody");
    let with_settings = field(&json!({"data": world.settings()}));
    assert_eq!((&with_settings["default"], &with_settings["options"][0]["name"]), (&json!("settings"), &json!("settings")));
}
