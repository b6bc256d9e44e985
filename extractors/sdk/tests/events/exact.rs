//! Values go through byte for byte, under the names and in the order that the rules say.

use crate::support::{convert, run, traits, with_vis};
use lensmount_sdk::events::Kind;

const HEAD: &str = r#"{"fields":{
    "measures":[{"name":"a.count","label":"A Count","label_short":"Count"}],
    "dimensions":[{"name":"u.id","tags":["user_id"]},{"name":"u.email","tags":["email"]},
                  {"name":"a.name","label":"A Name","label_short":"Name"},{"name":"b.name","label":"B Name","label_short":"Name"}],
    "table_calculations":[{"name":"calc","label":"Calc","label_short":null}]}}"#;

#[test]
fn a_value_keeps_every_byte() {
    for value in [
        "1.50",
        "9007199254740993",
        "-1e-7",
        "0.1000000000000000055511151231257827",
        r#""gr\u00fc\u00df \"dich\" \/ ü""#,
        r#"[1.0, {"b" : 2, "a":1}]"#,
        r#"{"b" : 2.0, "a":1}"#,
        "true",
    ] {
        let row = format!(
            r#"{{"u.id":{{"value":"u1"}},"a.name":{{"links":[{{}}],"value": {value} ,"rendered":"x"}}}}"#
        );
        for empties in ["compatible", "as-they-are"] {
            let run = run(HEAD, &[("empty-values", empties)]);
            assert_eq!(
                traits(&run, &row),
                format!(r#"{{"a.name":{value}}}"#),
                "{empties}"
            );
        }
    }
}

#[test]
fn empty_values_are_empty_lists_or_as_they_are() {
    for value in [
        "null", "false", "0", "-0", "0.00", "0e5", "-0.0E-3", r#""""#,
    ] {
        let row = format!(r#"{{"u.id":{{"value":"u1"}},"a.name":{{"value":{value}}}}}"#);
        assert_eq!(traits(&run(HEAD, &[]), &row), r#"{"a.name":[]}"#, "{value}");
        let as_they_are = run(HEAD, &[("empty-values", "as-they-are")]);
        assert_eq!(
            traits(&as_they_are, &row),
            format!(r#"{{"a.name":{value}}}"#)
        );
    }
    for value in ["0.01", "10", "-0.0001", r#"" ""#, r#""0""#, "[]", "{}"] {
        let row = format!(r#"{{"u.id":{{"value":"u1"}},"a.name":{{"value":{value}}}}}"#);
        assert_eq!(
            traits(&run(HEAD, &[]), &row),
            format!(r#"{{"a.name":{value}}}"#)
        );
    }
}

#[test]
fn an_email_is_never_changed() {
    for value in ["null", "0", r#""""#, r#""a@b""#] {
        let row = format!(r#"{{"u.id":{{"value":"u1"}},"u.email":{{"value":{value}}}}}"#);
        assert_eq!(
            traits(&run(HEAD, &[]), &row),
            format!(r#"{{"email":{value}}}"#)
        );
    }
}

#[test]
fn properties_stand_in_the_order_of_the_fields_not_of_the_row() {
    let row = r#"{"calc":{"value":5},"a.count":{"value":4},"b.name":{"value":3},"a.name":{"value":2},"u.email":{"value":"e"},"u.id":{"value":"u1"}}"#;
    assert_eq!(
        traits(&run(HEAD, &[]), row),
        r#"{"email":"e","a.name":2,"b.name":3,"a.count":4,"calc":5}"#
    );
}

#[test]
fn names_are_chosen_and_shared_ones_are_full() {
    let row = r#"{"u.id":{"value":"u1"},"u.email":{"value":"e"},"a.name":{"value":2},"b.name":{"value":3},"a.count":{"value":4},"calc":{"value":5}}"#;
    for (names, expected) in [
        (
            "name",
            r#"{"email":"e","a.name":2,"b.name":3,"a.count":4,"calc":5}"#,
        ),
        (
            "label",
            r#"{"email":"e","A Name":2,"B Name":3,"A Count":4,"Calc":5}"#,
        ),
        (
            "label-short",
            r#"{"email":"e","a.name":2,"b.name":3,"Count":4,"Calc":5}"#,
        ),
        (
            "column",
            r#"{"email":"e","a.name":2,"b.name":3,"count":4,"calc":5}"#,
        ),
        (
            "",
            r#"{"email":"e","a.name":2,"b.name":3,"a.count":4,"calc":5}"#,
        ),
    ] {
        assert_eq!(
            traits(&run(HEAD, &[("names", names)]), row),
            expected,
            "{names}"
        );
    }
}

#[test]
fn a_chosen_name_takes_no_other_value_s_place() {
    // Of `email` the email is one, and a full name may be another field's label.
    let head = r#"{"fields":{"dimensions":[{"name":"u.email","tags":["email"]},{"name":"c.email"},
        {"name":"x","label":"y"},{"name":"y","label":"z"},{"name":"w","label":"z"}]}}"#;
    let row = r#"{"u.email":{"value":"e"},"c.email":{"value":1},"x":{"value":2},"y":{"value":3},"w":{"value":4}}"#;
    assert_eq!(
        traits(&run(head, &[("names", "column")]), row),
        r#"{"email":"e","c.email":1,"x":2,"y":3,"w":4}"#
    );
    assert_eq!(
        traits(&run(head, &[("names", "label")]), row),
        r#"{"email":"e","c.email":1,"x":2,"y":3,"w":4}"#
    );
}

#[test]
fn in_full_a_field_named_email_and_the_email_are_one_and_the_last_counts() {
    let email = r#"{"name":"u.mail","tags":["email"]}"#;
    let field = r#"{"name":"email"}"#;
    let row = r#"{"u.mail":{"value":"tagged"},"x":{"value":1},"email":{"value":"named"}}"#;
    for (first, last, expected) in [(email, field, "named"), (field, email, "tagged")] {
        let head = format!(r#"{{"fields":{{"dimensions":[{first},{{"name":"x"}},{last}]}}}}"#);
        assert_eq!(
            traits(&run(&head, &[]), row),
            format!(r#"{{"email":"{expected}","x":1}}"#)
        );
    }
}

#[test]
fn pivots_are_a_list_of_members_or_an_object() {
    let head = r#"{"fields":{"dimensions":[{"name":"u.id","tags":["user_id"]}],"measures":[{"name":"n"}],"pivots":[{"name":"p"}]}}"#;
    let cases = [
        (
            r#"{"b":{"value":null},"a":{"value":2.0,"links":[]}}"#,
            r#"[{"b":null},{"a":2.0}]"#,
            r#"{"b":null,"a":2.0}"#,
        ),
        (r#"{"\"":{"value":0}}"#, r#"[{"\"":0}]"#, r#"{"\"":0}"#),
        (
            r#"{"u.id":{"value":1},"a":{"value":2}}"#,
            r#"[{"a":2}]"#,
            r#"{"u.id":1,"a":2}"#,
        ),
        (
            r#"{"gone":null,"a":{"value":2},"empty":{}}"#,
            r#"[{"a":2}]"#,
            r#"{"a":2}"#,
        ),
        (
            r#"{"value":{"value":1},"other":{"value":2}}"#,
            r#"{"value":1}"#,
            r#"{"value":1,"other":2}"#,
        ),
        (r#"{"value":{"k":"v"}}"#, r#"{"k":"v"}"#, r#"{"k":"v"}"#),
        ("{}", "[]", "{}"),
    ];
    for (cell, compatible, as_they_are) in cases {
        let row = format!(r#"{{"u.id":{{"value":"u1"}},"n":{cell}}}"#);
        assert_eq!(
            traits(&run(head, &[]), &row),
            format!(r#"{{"n":{compatible}}}"#),
            "{cell}"
        );
        let chosen = run(head, &[("empty-values", "as-they-are")]);
        assert_eq!(
            traits(&chosen, &row),
            format!(r#"{{"n":{as_they_are}}}"#),
            "{cell}"
        );
    }
}

#[test]
fn hidden_fields_are_not_sent_and_tagged_ones_are_used_all_the_same() {
    let run = with_vis(
        run(HEAD, &[]),
        r#"{"hidden_fields":["u.id","u.email","a.name","calc"]}"#,
    );
    let row = r#"{"u.id":{"value":"u1"},"u.email":{"value":"e"},"a.name":{"value":2},"b.name":{"value":3},"calc":{"value":5}}"#;
    assert_eq!(traits(&run, row), r#"{"email":"e","b.name":3}"#);
}

#[test]
fn what_is_not_there_is_left_out() {
    let rows = r#"[{"u.id":{"value":"u1"},"a.name":null},{"u.id":{"value":"u2"},"unlisted":5,"a.count":{"value":1}}]"#;
    let batch = convert(Kind::Identify, &run(HEAD, &[]), rows).unwrap();
    let traits: Vec<_> = batch
        .events
        .iter()
        .map(|event| event.traits.as_slice())
        .collect();
    assert_eq!(traits, [b"{}".as_slice(), br#"{"a.count":1}"#]);
}

#[test]
fn keys_are_found_by_what_they_say_in_any_order() {
    let rows = r#"[{"u.id":{"value":"u1"},"a.name":{"value":1},"a.count":{"value":2}},
        {"a\u002ecount":{"v\u0061lue":4},"\u0075.id":{"value":"u2"},"a.name":{"value":3}},
        {"u.id":{"value":"gone"},"a.count":{"value":7},"u.id":{"value":"u3"},"a.count":{"value":0,"value":6}}]"#;
    let batch = convert(Kind::Track, &run(HEAD, &[("event", "e")]), rows).unwrap();
    let seen: Vec<_> = batch
        .events
        .iter()
        .map(|event| {
            (
                event.user_id.as_deref(),
                std::str::from_utf8(&event.traits).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Some("u1"), r#"{"a.name":1,"a.count":2}"#),
            (Some("u2"), r#"{"a.name":3,"a.count":4}"#),
            (Some("u3"), r#"{"a.count":6}"#),
        ]
    );
}

#[test]
fn a_number_is_one_id_however_it_is_written() {
    for (value, id) in [
        ("7", "7"),
        ("7.0", "7"),
        ("7.50", "7.5"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("9007199254740993", "9007199254740993"),
        (r#""007""#, "007"),
        (r#"" \u00e9 ""#, " é "),
    ] {
        let rows = format!(r#"[{{"u.id":{{"value":{value}}}}}]"#);
        let batch = convert(Kind::Identify, &run(HEAD, &[]), &rows).unwrap();
        assert_eq!(batch.events[0].user_id.as_deref(), Some(id));
    }
}

#[test]
fn the_time_is_the_result_s_in_utc_to_the_millisecond() {
    for (ran_at, expected) in [
        (
            r#""2017-07-28T04:25:19+02:00""#,
            Some("2017-07-28T02:25:19.000Z"),
        ),
        (
            r#""2017-07-28T02:25:19.1239Z""#,
            Some("2017-07-28T02:25:19.123Z"),
        ),
        ("null", None),
        (r#""""#, None),
        (r#""not a date""#, None),
        ("5", None),
    ] {
        let head = format!(
            r#"{{"ran_at":{ran_at},"fields":{{"dimensions":[{{"name":"i","tags":["user_id"]}}]}}}}"#
        );
        let batch = convert(Kind::Identify, &run(&head, &[]), r#"[{"i":{"value":1}}]"#).unwrap();
        assert_eq!(batch.events[0].timestamp.as_deref(), expected, "{ran_at}");
    }
}
