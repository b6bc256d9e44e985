//! What ends a run, and what rejects a row.

use crate::support::{convert, run, with_vis};
use lensmount_sdk::chart::FailureCode;
use lensmount_sdk::events::Kind;

const PERSON: &str = "Query requires a field tagged email or user_id or rudder_anonymous_id.";
const TAGGED: &str = r#"{"fields":{"dimensions":[{"name":"u","tags":["user_id"]},{"name":"g","tags":["rudder_group_id"]},{"name":"x"}]}}"#;

#[test]
fn a_run_that_no_row_could_be_mapped_of_fails_before_the_first() {
    use FailureCode::{BadSelection, LookerError, Malformed, Unsupported};
    let untagged = r#"{"fields":{"dimensions":[{"name":"x","tags":["Email","USER_ID"]}]}}"#;
    let person = r#"{"fields":{"dimensions":[{"name":"u","tags":["user_id"]}]}}"#;
    let email = r#"{"fields":{"dimensions":[{"name":"u","tags":["email"]}]}}"#;
    for (kind, head, choices, code, control, says) in [
        (Kind::Identify, "{}", vec![], Unsupported, None, PERSON),
        (
            Kind::Identify,
            r#"{"fields":null}"#,
            vec![],
            Unsupported,
            None,
            PERSON,
        ),
        (
            Kind::Track,
            untagged,
            vec![("event", "e")],
            Unsupported,
            None,
            PERSON,
        ),
        (
            Kind::Group,
            person,
            vec![],
            Unsupported,
            None,
            "rudder_group_id",
        ),
        (
            Kind::Identify,
            email,
            vec![("require-user-id", "true")],
            Unsupported,
            None,
            "user_id",
        ),
        (
            Kind::Track,
            person,
            vec![],
            BadSelection,
            Some("event"),
            "You must pass an \"event\".",
        ),
        (
            Kind::Track,
            person,
            vec![("event", "")],
            BadSelection,
            Some("event"),
            "event",
        ),
        (
            Kind::Identify,
            person,
            vec![("names", "short")],
            BadSelection,
            Some("names"),
            "label-short",
        ),
        (
            Kind::Identify,
            person,
            vec![("empty-values", "null")],
            BadSelection,
            Some("empty-values"),
            "as-they-are",
        ),
        (
            Kind::Identify,
            person,
            vec![("require-user-id", "yes")],
            BadSelection,
            Some("require-user-id"),
            "true",
        ),
        (
            Kind::Identify,
            person,
            vec![("evnet", "e")],
            BadSelection,
            Some("evnet"),
            "event",
        ),
        (
            Kind::Identify,
            r#"{"errors":[{"message":"No such table"}]}"#,
            vec![],
            LookerError,
            None,
            "No such table",
        ),
        (
            Kind::Identify,
            r#"{"status":"killed"}"#,
            vec![],
            LookerError,
            None,
            "killed",
        ),
        (
            Kind::Identify,
            r#"{"fields":[]}"#,
            vec![],
            Malformed,
            None,
            "json_detail",
        ),
        (
            Kind::Identify,
            r#"{"fields":{"dimensions":{}}}"#,
            vec![],
            Malformed,
            None,
            "json_detail",
        ),
        (
            Kind::Identify,
            r#"{"fields":{"#,
            vec![],
            Malformed,
            None,
            "json_detail",
        ),
        (Kind::Identify, "", vec![], Malformed, None, "json_detail"),
    ] {
        let failure = convert(kind, &run(head, &choices), "[]").unwrap_err();
        assert_eq!(
            (failure.code, failure.control.as_deref()),
            (code, control),
            "{head}: {}",
            failure.message
        );
        assert!(
            failure.message.contains(says),
            "{head}: {}",
            failure.message
        );
    }
}

#[test]
fn a_query_that_cannot_be_read_hides_what_must_not_be_sent() {
    let rows = r#"[{"u":{"value":1}}]"#;
    for vis in [
        "[]",
        r#"{"hidden_fields":{}}"#,
        r#"{"hidden_fields":"x"}"#,
        "{",
    ] {
        let failure = convert(Kind::Identify, &with_vis(run(TAGGED, &[]), vis), rows).unwrap_err();
        assert_eq!(failure.code, FailureCode::Malformed, "{vis}");
    }
    for vis in [
        "null",
        "{}",
        r#"{"hidden_fields":null}"#,
        r#"{"hidden_fields":[]}"#,
    ] {
        assert!(
            convert(Kind::Identify, &with_vis(run(TAGGED, &[]), vis), rows).is_ok(),
            "{vis}"
        );
    }
}

#[test]
fn rows_that_are_not_json_end_the_run() {
    for rows in [
        "",
        "{}",
        "[",
        "[{}",
        "[{}]]",
        "[{},]",
        r#"[{"x":}]"#,
        r#"[{"y":tru}]"#,
        "[{}] x",
    ] {
        let failure = convert(Kind::Identify, &run(TAGGED, &[]), rows).unwrap_err();
        assert_eq!(failure.code, FailureCode::Malformed, "{rows}");
    }
}

#[test]
fn a_row_that_cannot_be_mapped_is_rejected_and_the_others_stand() {
    for (kind, choices, row, says) in [
        (Kind::Identify, vec![], "5", "no object"),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":true}}"#,
            "`u`, tagged user_id, is true or false",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":[1]}}"#,
            "a list or an object",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"a":{"value":1}}}"#,
            "pivoted",
        ),
        (Kind::Identify, vec![], r#"{"u":7}"#, "no cell"),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":"\ud800"}}"#,
            "no Unicode",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":"a"},"g":{"value":false}}"#,
            "tagged rudder_group_id",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":"a"},"x":7}"#,
            "`x` is no cell",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"x":{"value":1}}"#,
            "`u`, tagged user_id, is empty",
        ),
        (
            Kind::Identify,
            vec![],
            r#"{"u":{"value":" "},"x":{"value":""}}"#,
            "Nothing says who this is",
        ),
        (
            Kind::Identify,
            vec![("require-user-id", "true")],
            r#"{"u":{"value":""},"x":{"value":1}}"#,
            "requires a user id",
        ),
        (
            Kind::Group,
            vec![],
            r#"{"u":{"value":"a"},"g":{"value":null}}"#,
            "You must pass a \"groupId\"",
        ),
        (
            Kind::Group,
            vec![],
            r#"{"u":{"value":"a"}}"#,
            "You must pass a \"groupId\"",
        ),
    ] {
        let good = r#"{"u":{"value":"u1"},"g":{"value":"g1"}}"#;
        let rows = format!("[{good},{row},{good}]");
        let batch = convert(kind, &run(TAGGED, &choices), &rows).unwrap();
        let [rejection] = batch.rejected.as_slice() else {
            panic!("{row}: {:?}", batch.rejected)
        };
        assert_eq!(rejection.row, 1);
        assert!(
            rejection.reason.contains(says),
            "{row}: {}",
            rejection.reason
        );
        assert_eq!(
            batch
                .events
                .iter()
                .map(|event| event.row)
                .collect::<Vec<_>>(),
            [0, 2]
        );
    }
}

#[test]
fn who_has_no_id_is_known_by_what_stays_the_same() {
    let head = r#"{"fields":{"dimensions":[{"name":"u","tags":["user_id"]},{"name":"e","tags":["email"]},
        {"name":"g","tags":["rudder_group_id"]},{"name":"d"}],"measures":[{"name":"m"}]}}"#;
    for (kind, row, key) in [
        (
            Kind::Identify,
            r#"{"u":{"value":null},"e":{"value":"a@b"},"g":{"value":"g1"},"m":{"value":1}}"#,
            "a@b",
        ),
        (
            Kind::Identify,
            r#"{"u":{"value":""},"e":{"value":null},"g":{"value":"g1"},"d":{"value":7},"m":{"value":1}}"#,
            r#"{"g":"g1","d":7}"#,
        ),
        (
            Kind::Group,
            r#"{"u":{"value":null},"g":{"value":"g1"},"d":{"value":7}}"#,
            r#"{"group":"g1"}"#,
        ),
        (
            Kind::Group,
            r#"{"u":{"value":null},"e":{"value":"a@b"},"g":{"value":"g1"}}"#,
            "a@b",
        ),
    ] {
        let batch = convert(kind, &run(head, &[]), &format!("[{row}]")).unwrap();
        let [event] = batch.events.as_slice() else {
            panic!("{row}: {:?}", batch.rejected)
        };
        assert_eq!(event.identity_key.as_deref(), Some(key), "{row}");
        assert_eq!(
            (event.user_id.as_deref(), event.anonymous_id.as_deref()),
            (None, None)
        );
    }
}

#[test]
fn where_there_is_a_column_for_anonymous_ids_none_is_made_up_without_an_email() {
    let head = r#"{"fields":{"dimensions":[{"name":"n","tags":["rudder_anonymous_id"]},{"name":"e","tags":["email"]},{"name":"d"}]}}"#;
    let rows = r#"[{"n":{"value":null},"d":{"value":1}},{"n":{"value":null},"e":{"value":"a@b"}},{"n":{"value":5},"e":{"value":"a@b"}}]"#;
    let batch = convert(Kind::Identify, &run(head, &[]), rows).unwrap();
    assert!(
        batch.rejected[0].reason.contains("You must pass either"),
        "{:?}",
        batch.rejected
    );
    let seen: Vec<_> = batch
        .events
        .iter()
        .map(|event| (event.anonymous_id.as_deref(), event.identity_key.as_deref()))
        .collect();
    assert_eq!(seen, [(None, Some("a@b")), (Some("5"), None)]);
}
