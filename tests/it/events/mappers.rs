//! The built-in event mappers on results of our own: what each row of a tagged query becomes.

use super::convert;
use crate::harness::client::Client;
use crate::harness::doc::{Doc, by, doc};
use crate::harness::field::{Field, calc, count, number, text};
use crate::harness::server::shared;
use serde_json::{Value, json};

fn tagged(field: Field, tags: &[&str]) -> Field {
    field.with("tags", tags)
}

/// People with all four tags, a name, a size and a calculation.
fn people() -> Doc {
    doc()
        .dim(tagged(text("u.id"), &["user_id"]))
        .dim(tagged(text("u.anon"), &["rudder_anonymous_id"]))
        .dim(tagged(text("u.mail"), &["email"]))
        .dim(tagged(text("g.id"), &["rudder_group_id"]))
        .dim(text("u.name"))
        .measure(count("u.visits"))
        .calc(calc("score", "number", "measure"))
        .ran_at("2026-11-22T12:00:00+02:00")
}

fn ann() -> Doc {
    people().row(&["ann", "a1", "ann@x.io", "g1", "Ann", "9007199254740993", "1.50"])
}

/// An event as the table writes it: what is none is left out.
fn brief(event: &Value) -> Value {
    let members = event.as_object().expect("an event").iter();
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn mapped(client: &Client, mapper: &str, result: &str, more: &str) -> (Vec<Value>, Value) {
    let body = format!("{{\"result\":{result}{more}}}");
    let answer = client.post_text(&format!("/v1/extractors/{mapper}/convert"), &body).expect(200);
    let events = answer["events"].as_array().expect("events").iter().map(brief).collect();
    (events, answer["rejected"].clone())
}

#[test]
fn each_mapper_makes_its_call_of_the_same_row() {
    let at = "2026-11-22T10:00:00.000Z";
    let traits = json!({"email": "ann@x.io", "u.name": "Ann", "u.visits": 9_007_199_254_740_993_u64, "score": 1.50});
    let ids = json!({"user_id": "ann", "anonymous_id": "a1", "group_id": "g1", "row": 0, "timestamp": at, "traits": traits});
    for (mapper, kind, settings, name) in [
        ("rudder_event", "identify", json!({}), None),
        ("rudder_event", "identify", json!({"event": "Seen"}), Some("Seen")),
        ("rudder_group", "group", json!({}), None),
        ("rudder_track", "track", json!({"event": "Paid"}), Some("Paid")),
    ] {
        let (events, rejected) = mapped(&shared().admin(), mapper, &ann().text(), &format!(",\"settings\":{settings}"));
        let mut expected = ids.clone();
        expected["kind"] = kind.into();
        if let Some(name) = name {
            expected["name"] = name.into();
        }
        assert_eq!((events, rejected), (vec![expected], json!([])), "{mapper}");
    }
}

#[test]
fn a_value_reaches_the_event_byte_for_byte() {
    let answer = shared().admin().post_text("/v1/extractors/rudder_event/convert", &format!("{{\"result\":{}}}", ann().text()));
    answer.expect(200);
    let traits = r#"{"email":"ann@x.io","u.name":"Ann","u.visits":9007199254740993,"score":1.50}"#;
    assert!(answer.text().contains(traits), "{answer}");
}

#[test]
fn the_form_says_what_empty_values_pivots_and_names_become() {
    let result = doc()
        .dim(tagged(text("u.id"), &["user_id"]))
        .dim(number("u.size"))
        .measure(count("u.visits"))
        .pivot_field(text("u.month"))
        .column("2026-01", json!({"u.month": "2026-01"}))
        .row(&["ann", "0", &by(&[("2026-01", "null"), ("2026-02", "7")])])
        .text();
    for (settings, traits) in [
        (json!({}), json!({"u.size": [], "u.visits": [{"2026-01": null}, {"2026-02": 7}]})),
        (json!({"empty-values": "compatible"}), json!({"u.size": [], "u.visits": [{"2026-01": null}, {"2026-02": 7}]})),
        (json!({"empty-values": "as-they-are"}), json!({"u.size": 0, "u.visits": {"2026-01": null, "2026-02": 7}})),
        (json!({"names": "column", "empty-values": "as-they-are"}), json!({"size": 0, "visits": {"2026-01": null, "2026-02": 7}})),
        (json!({"names": "label"}), json!({"U Size": [], "U Visits": [{"2026-01": null}, {"2026-02": 7}]})),
        (json!({"names": "label-short"}), json!({"Size": [], "Visits": [{"2026-01": null}, {"2026-02": 7}]})),
    ] {
        let (events, _) = mapped(&shared().admin(), "rudder_event", &result, &format!(",\"settings\":{settings}"));
        assert_eq!(events[0]["traits"], traits, "{settings}");
    }
}

#[test]
fn hidden_fields_are_not_sent() {
    let vis = r#","vis_config":{"hidden_fields":["u.name","u.mail","u.id"]}"#;
    let (events, _) = mapped(&shared().admin(), "rudder_event", &ann().text(), vis);
    assert_eq!(events[0]["user_id"], "ann");
    assert_eq!(events[0]["traits"], json!({"email": "ann@x.io", "u.visits": 9_007_199_254_740_993_u64, "score": 1.50}));
}

#[test]
fn a_row_without_a_user_id_is_rejected_where_the_form_requires_one() {
    let result = people().rows(&[&["ann"], &["null", "a2", "bob@x.io"], &["7"]]).text();
    let users = |more| {
        let (events, rejected) = mapped(&shared().admin(), "rudder_event", &result, more);
        let users: Vec<_> = events.iter().map(|event| event["user_id"].clone()).collect();
        (users, rejected)
    };
    assert_eq!(users(""), (vec![json!("ann"), json!(null), json!("7")], json!([])));
    let (some, rejected) = users(r#","settings":{"require-user-id":"true"}"#);
    assert_eq!(some, [json!("ann"), json!("7")]);
    assert_eq!(rejected[0]["row"], 1);
    assert!(rejected[0]["reason"].as_str().is_some_and(|reason| reason.contains("`u.id`")), "{rejected}");
}

#[test]
fn a_person_without_an_id_keeps_what_makes_them_the_same() {
    let mail = doc().dim(tagged(text("u.mail"), &["email"])).measure(count("n"));
    let keys = |doc: &Doc| {
        let (events, _) = mapped(&shared().admin(), "rudder_event", &doc.text(), "");
        events.iter().map(|event| event["identity_key"].clone()).collect::<Vec<_>>()
    };
    let today = keys(&mail.clone().rows(&[&["ann@x.io", "1"], &["bob@x.io", "2"]]));
    let tomorrow = keys(&mail.rows(&[&["bob@x.io", "5"], &["ann@x.io", "6"]]));
    assert_eq!(today, ["ann@x.io", "bob@x.io"]);
    assert_eq!(tomorrow, ["bob@x.io", "ann@x.io"]);
}

#[test]
fn a_run_that_no_row_could_be_mapped_of_says_so_once() {
    let client = shared().admin();
    let untagged = doc().dim(text("u.id")).row(&["ann"]).text();
    let person = doc().dim(tagged(text("u.id"), &["user_id"])).text();
    for (mapper, result, more, code, says) in [
        ("rudder_event", untagged.as_str(), "", "unsupported", "Query requires a field tagged email or user_id or rudder_anonymous_id."),
        ("rudder_track", &person, "", "bad-selection", "You must pass an \"event\"."),
        ("rudder_group", &person, "", "unsupported", "rudder_group_id"),
        ("rudder_event", &person, r#","settings":{"names":"shortest"}"#, "bad-selection", "label-short"),
        ("rudder_event", r#"{"errors":[{"message":"No such table"}],"data":[]}"#, "", "looker-error", "No such table"),
    ] {
        let body = format!("{{\"result\":{result}{more}}}");
        let problem = client.post_text(&format!("/v1/extractors/{mapper}/convert"), &body).problem(422, code);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{problem}");
    }
}

#[test]
fn a_great_many_rows_keep_their_numbers_whatever_happens_between() {
    let rows: Vec<String> = (0..5000)
        .map(|row| match row % 7 {
            3 => r#"{"u.id":{"value":true}}"#.to_owned(),
            5 => "[]".to_owned(),
            _ => format!(r#"{{"n":{{"value":"p{row}"}},"u.id":{{"value":"p{row}"}}}}"#),
        })
        .collect();
    let document = rows.iter().fold(doc().dim(tagged(text("u.id"), &["user_id"])).measure(count("n")), |doc, row| doc.raw_row(row));
    let answer = {
        let body = format!("{{\"result\":{}}}", document.text());
        shared().admin().post_text("/v1/extractors/rudder_event/convert", &body).expect(200)
    };
    let numbers =
        |list: &str| answer[list].as_array().expect("a list").iter().map(|item| item["row"].as_u64().expect("a row")).collect::<Vec<_>>();
    let (events, rejected) = (numbers("events"), numbers("rejected"));
    assert!(events.iter().all(|row| !matches!(row % 7, 3 | 5)) && events.is_sorted());
    assert!(rejected.iter().all(|row| matches!(row % 7, 3 | 5)) && rejected.is_sorted());
    assert_eq!(events.len() + rejected.len(), 5000);
    for event in answer["events"].as_array().expect("events") {
        assert_eq!(event["user_id"], format!("p{}", event["row"]));
        assert_eq!(event["traits"], json!({"n": event["user_id"]}));
    }
}

#[test]
fn a_mapper_of_one_s_own_and_the_built_in_ones_answer_side_by_side() {
    let (_place, server) = super::mapper();
    let client = server.admin();
    let result = doc().dim(tagged(text("users.email"), &["email"])).row(&["ann@example.com"]).text();
    let own = convert(&client, &result, "");
    let (built_in, _) = mapped(&client, "rudder_event", &result, "");
    assert_eq!(own["events"][0]["identity_key"], built_in[0]["identity_key"]);
}
