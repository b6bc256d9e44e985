//! What a mapper offers, it takes.

use crate::support::{convert, run};
use lensmount_sdk::events::mapping::Mapping;
use lensmount_sdk::events::tags::RUDDER;
use lensmount_sdk::events::{ControlKind, Kind, Requirement};

const HEAD: &str = r#"{"fields":{"dimensions":[{"name":"u","tags":["user_id"]},{"name":"g","tags":["rudder_group_id"]}]}}"#;

#[test]
fn every_value_that_a_form_offers_is_taken_and_so_is_none() {
    for kind in [Kind::Identify, Kind::Group, Kind::Track] {
        let form = Mapping { kind, tags: RUDDER }.form();
        let required: Vec<_> = form.iter().filter(|control| control.required).collect();
        let needed: Vec<_> = required
            .iter()
            .map(|control| (control.name.as_str(), "Paid"))
            .collect();
        assert_eq!(needed.is_empty(), kind != Kind::Track);
        assert!(convert(kind, &run(HEAD, &needed), "[]").is_ok());
        for control in form.iter().filter(|control| !control.required) {
            let values: Vec<&str> = match &control.kind {
                ControlKind::Choice(choices) => {
                    choices.iter().map(|choice| choice.value.as_str()).collect()
                }
                ControlKind::Toggle => vec!["true", "false"],
                other => panic!("{other:?}"),
            };
            let default = control.default.as_deref().unwrap();
            assert!(values.contains(&default), "{}", control.name);
            for value in values.into_iter().chain([""]) {
                let mut chosen = needed.clone();
                chosen.push((&control.name, value));
                assert!(
                    convert(kind, &run(HEAD, &chosen), "[]").is_ok(),
                    "{} {value}",
                    control.name
                );
            }
        }
    }
}

#[test]
fn a_query_must_say_who_and_for_a_group_which() {
    let who = Requirement::AnyTag(
        ["email", "user_id", "rudder_anonymous_id"]
            .map(str::to_owned)
            .to_vec(),
    );
    let which = Requirement::AllTags(vec!["rudder_group_id".to_owned()]);
    for (kind, expected) in [
        (Kind::Identify, vec![&who]),
        (Kind::Track, vec![&who]),
        (Kind::Group, vec![&which, &who]),
    ] {
        let requirements = Mapping { kind, tags: RUDDER }.requirements();
        assert_eq!(requirements.iter().collect::<Vec<_>>(), expected);
    }
}
