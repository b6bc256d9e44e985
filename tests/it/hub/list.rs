//! What actions Looker is offered.

use crate::harness::guests::guest;
use crate::harness::hub::{HubWorld, SECRET, key};
use serde_json::{Value, json};

fn actions(list: &Value) -> Vec<String> {
    let integrations = list["integrations"].as_array().expect("integrations");
    integrations.iter().map(|it| it["name"].as_str().expect("a name").to_string()).collect()
}

#[test]
fn every_active_event_mapper_is_an_action() {
    let world = HubWorld::new();
    let list = world.looker.post_empty("/hub").expect(200);
    assert_eq!(list["label"], "Lensmount");
    assert_eq!(actions(&list), ["rudder_event", "rudder_group", "rudder_track", "lensmount_reading"]);
    assert_eq!(world.looker.post("/hub/", &json!({})).expect(200), list);
    world.client.upload(&guest("mapper")).expect(201);
    assert_eq!(actions(&world.looker.post_empty("/hub").expect(200)).len(), 4, "it is not active yet");
    world.client.post_empty("/v1/extractors/mapper/versions/1.0.0/activate").expect(200);
    let list = world.looker.post_empty("/hub").expect(200);
    assert_eq!(actions(&list)[0], "mapper");
    let mapper = &list["integrations"][0];
    assert_eq!(world.looker.post_empty("/hub/actions/mapper").expect(200), *mapper);
    let url = format!("{}/hub/actions/mapper", world.server.url());
    let expected = json!({
        "name": "mapper", "label": "Mapper", "description": "Identifies people by their email.",
        "url": format!("{url}/execute"), "form_url": format!("{url}/form"), "icon_data_uri": mapper["icon_data_uri"],
        "params": [
            {"name": "rudder_write_key", "label": "Rudder Write Key", "description": "Looker source write key for Rudder.", "required": true, "sensitive": true},
            {"name": "rudder_server_url", "label": "Rudder Data Plane URL", "description": "Give your Rudder server URL", "required": true, "sensitive": false},
        ],
        "required_fields": [{"any_tag": ["email"]}],
        "supported_action_types": ["query"], "supported_formats": ["json_detail_lite_stream"], "supported_formattings": ["unformatted"],
        "supported_visualization_formattings": ["noapply"], "supported_download_settings": ["url"],
        "uses_oauth": false, "delegate_oauth": false,
    });
    assert_eq!(*mapper, expected);
    let icon = mapper["icon_data_uri"].as_str().expect("an icon");
    assert!(icon.starts_with("data:image/svg+xml;base64,") && icon.len() < 2_000, "{icon}");
}

#[test]
fn a_looker_is_offered_what_its_release_knows() {
    let world = HubWorld::new();
    let client = |agent: Option<&str>| {
        let client = world.server.stranger().with("Authorization", format!("Token token=\"{}\"", key(SECRET, "n")));
        agent.map_or_else(|| client.clone(), |agent| client.clone().with("User-Agent", format!("LookerOutgoingWebhook/{agent}")))
    };
    let all = ["rudder_event", "rudder_group", "rudder_track", "lensmount_reading"].as_slice();
    let lite = "json_detail_lite_stream";
    for (agent, names, format) in [
        (Some("4.19.0"), [].as_slice(), ""),
        (Some("5.0.0"), &["rudder_event"], "json_detail"),
        (Some("5.5.0"), all, "json_detail"),
        (Some("6.1.99"), all, "json_detail"),
        (Some("6.2.0"), all, lite),
        (Some("7.3.00004561"), all, lite),
        (Some("nonsense"), all, "json_detail"),
        (None, all, "json_detail"),
    ] {
        let list = client(agent).post_empty("/hub").expect(200);
        assert_eq!(actions(&list), names, "{agent:?}");
        for action in list["integrations"].as_array().expect("integrations") {
            let format = if action["name"] == "lensmount_reading" { "json_detail" } else { format };
            assert_eq!(action["supported_formats"], json!([format]), "{agent:?}");
        }
    }
    let unknown = |name: &str| json!({"success": false, "error": format!("No action found with name {name}.")});
    assert_eq!(client(Some("5.0.0")).post_empty("/hub/actions/rudder_track").expect(404), unknown("rudder_track"));
    for name in ["nope", "timeseries"] {
        assert_eq!(world.looker.post_empty(&format!("/hub/actions/{name}")).expect(404), unknown(name));
        assert_eq!(world.looker.post_empty(&format!("/hub/actions/{name}/form")).expect(404), unknown(name));
    }
}

#[test]
fn links_lead_to_where_looker_reaches_us() {
    let world = HubWorld::new();
    let url = |client: &crate::harness::client::Client| client.post_empty("/hub/actions/rudder_track").expect(200)["url"].clone();
    assert_eq!(url(&world.looker), format!("{}/hub/actions/rudder_track/execute", world.server.url()));
    let behind = world.looker.clone().with("Host", "hub.example.com").with("X-Forwarded-Proto", "https");
    assert_eq!(url(&behind), "https://hub.example.com/hub/actions/rudder_track/execute");
    let world = HubWorld::with(&[("LENSMOUNT_PUBLIC_URL", "https://example.com/lensmount/")]);
    assert_eq!(url(&world.looker), "https://example.com/lensmount/hub/actions/rudder_track/execute");
}

#[test]
fn settings_are_required_until_there_is_a_destination_to_choose() {
    let world = HubWorld::new();
    let required = || {
        let list = world.looker.post_empty("/hub").expect(200);
        let params =
            list["integrations"].as_array().expect("integrations").iter().flat_map(|it| it["params"].as_array().expect("params").clone());
        params.map(|it| it["required"].as_bool().expect("a word")).collect::<Vec<_>>()
    };
    assert_eq!(required(), [true; 6]);
    let new = json!({"name": "Marketing", "kind": "rudderstack", "server_url": world.plane_url(), "write_key": "k"});
    let made = world.client.post("/v1/destinations", &new).expect(201);
    assert_eq!(required(), [false; 6]);
    let path = format!("/v1/destinations/{}", made["id"].as_str().expect("an id"));
    assert_eq!(world.client.clone().with("If-Match", "*").delete(&path).status, 204);
    assert_eq!(required(), [true; 6]);
}
