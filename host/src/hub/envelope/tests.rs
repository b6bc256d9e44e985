use serde_json::json;

use super::*;

/// Reads a request that comes in pieces of this size.
fn read(text: &[u8], piece: usize) -> Result<(Envelope, Vec<u8>), EnvelopeError> {
    let (mut reader, mut rows) = (Reader::default(), Vec::new());
    for part in text.chunks(piece.max(1)) {
        reader.push(part, &mut rows)?;
    }
    Ok((reader.finish()?, rows))
}

fn rows_of(text: &str) -> String {
    let mut found = (1..9).chain([usize::MAX]).map(|piece| {
        let (envelope, rows) =
            read(text.as_bytes(), piece).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(envelope.rows, !rows.is_empty(), "{text}");
        String::from_utf8(rows).unwrap()
    });
    let first = found.next().unwrap();
    assert!(found.all(|rows| rows == first), "{text}: the pieces matter");
    first
}

fn refused(text: &str) -> EnvelopeError {
    let mut found = (1..9)
        .chain([usize::MAX])
        .map(|piece| match read(text.as_bytes(), piece) {
            Ok(_) => panic!("{text}: read"),
            Err(error) => error,
        });
    let first = found.next().unwrap();
    assert!(
        found.all(|error| error == first),
        "{text}: the pieces matter"
    );
    first
}

#[test]
fn rows_come_as_text_as_base64_or_as_they_are_in_whatever_order() {
    const ROWS: &str = r#"{"data":[{"a":"\"é\\u00e9"}]}"#;
    let text = json!(ROWS).to_string();
    let based = "eyJkYXRhIjpbeyJhIjoiXCLDqVxcdTAwZTkifV19";
    for request in [
        format!(
            r#"{{"type":"query","attachment":{{"mimetype":"application/json","data":{text}}}}}"#
        ),
        format!(
            r#"{{"attachment":{{"data":{text},"mimetype":"application/json"}},"type":"query"}}"#
        ),
        format!(r#" {{ "attachment" : {{ "data" : {text} }} }} "#),
        format!(r#"{{"attachment":{{"data":{ROWS}}}}}"#),
        format!(
            r#"{{"attachment":{{"mimetype":"application/json","data":{ROWS},"extension":"json"}}}}"#
        ),
        format!(r#"{{"attachment":{{"data":"{based}","mimetype":"application/json;base64"}}}}"#),
        format!(
            r#"{{"attachment":{{"mimetype":"application/json;base64","data":"{}\r\n{}"}}}}"#,
            &based[..7],
            &based[7..]
        ),
        format!(
            r#"{{"data":{{"attachment":{{"data":"other"}}}},"\u0061ttachment":{{"d\u0061ta":{text}}}}}"#
        ),
    ] {
        assert_eq!(rows_of(&request), ROWS, "{request}");
    }
}

#[test]
fn where_there_are_no_rows_there_are_none() {
    for request in [
        "",
        " \n",
        "{}",
        r#"{"attachment":null}"#,
        r#"{"attachment":{}}"#,
        r#"{"attachment":{"data":null}}"#,
        r#"{"attachment":{"data":""}}"#,
        r#"{"attachment":{"data":" \n"}}"#,
        r#"{"attachment":{"more":{"data":"x"}}}"#,
        r#"{"attachment":[{"data":"x"}]}"#,
        r#"{"data":"x"}"#,
        r#"{"data":{"data":"x"}}"#,
        r#"{"data":{},"attachment":"data"}"#,
    ] {
        let data_is_text =
            request.contains(r#"{"data":"x"}"#) && request.starts_with(r#"{"data":"x""#);
        if data_is_text {
            refused(request);
        } else {
            assert_eq!(rows_of(request), "", "{request}");
        }
    }
}

#[test]
fn escapes_stand_for_what_they_stand_for() {
    let request = |text: &str| rows_of(&format!(r#"{{"attachment":{{"data":"{{{text}"}}}}"#));
    for (text, plain) in [
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u00e9\u20AC", "é€"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d", "\u{fffd}"),
        (r"\ud83dx", "\u{fffd}x"),
        (r"\ud83d\n", "\u{fffd}\n"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\ude00\ud83d\u0041", "\u{fffd}\u{fffd}A"),
        (r"\u0000", "\0"),
    ] {
        assert_eq!(request(text), format!("{{{plain}"), "{text}");
    }
}

#[test]
fn what_is_no_request_is_refused_where_it_goes_wrong() {
    for text in [
        "x",
        "[]",
        "\"text\"",
        "{",
        "{\"a\":1",
        "{}x",
        "{}{}",
        "{bad",
        "{bad}",
        r#"{"a":"\x"}"#,
        r#"{"attachment":{"data":"{\x"}}"#,
        r#"{"attachment":{"data":"{\u12"}}"#,
        "{\"attachment\":{\"data\":\"{\n\"}}",
        r#"{"attachment":{"data":"{"#,
        r#"{"attachment":{"data":[1,2"#,
        r#"{"attachment":{"data":{}"#,
        r#"{"attachment":{"data":{}}]"#,
        r#"{"scheduled_plan":"a secret"}"#,
    ] {
        let error = refused(text);
        assert!(
            matches!(error, EnvelopeError::NotJson { .. }),
            "{text}: {error}"
        );
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert_eq!(
        refused("{}x"),
        EnvelopeError::NotJson {
            what: "something after its end",
            at: 2
        }
    );
    for text in [
        r#"{"attachment":{"mimetype":"a;base64","data":"{}"}}"#,
        r#"{"attachment":{"mimetype":"a;base64","data":"eyJ=eyJ"}}"#,
        r#"{"attachment":{"mimetype":"a;base64","data":"eyJ9e"}}"#,
        r#"{"attachment":{"data":"eyJ9","mimetype":"application/json"}}"#,
        r#"{"attachment":{"data":"{}","mimetype":"a;base64"}}"#,
    ] {
        assert_eq!(refused(text), EnvelopeError::NotBase64, "{text}");
    }
    let twice = r#"{"attachment":{"data":"{}","data":"{}"}}"#;
    assert_eq!(
        refused(twice),
        EnvelopeError::Twice {
            name: "attachment.data"
        }
    );
    let twice = r#"{"attachment":{"data":"{}"},"attachment":{}}"#;
    assert_eq!(refused(twice), EnvelopeError::Twice { name: "attachment" });
}

#[test]
fn what_is_kept_is_bounded_and_rows_are_not() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(deep(90).as_bytes(), 100).is_ok());
    assert_eq!(refused(&deep(5_000)), EnvelopeError::Deep);
    let rows = format!("{{\"attachment\":{{\"data\":{}}}}}", "[".repeat(5_000));
    assert_eq!(refused(&rows), EnvelopeError::Deep);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LARGEST_KEPT));
    assert_eq!(refused(&long), EnvelopeError::TooMuch);
    let rows = "x".repeat(3 * LARGEST_KEPT);
    let long = format!("{{\"attachment\":{{\"data\":\"{{{rows}\"}}}}");
    assert_eq!(
        read(long.as_bytes(), 10_000)
            .unwrap_or_else(|error| panic!("{error}"))
            .1
            .len(),
        rows.len() + 1
    );
}

#[test]
fn spaces_take_no_room_and_end_at_the_limit() {
    let spaces = vec![b' '; 1 << 20];
    for start in ["", "{", "{}"] {
        let (mut reader, mut rows) = (Reader::default(), Vec::new());
        reader.push(start.as_bytes(), &mut rows).unwrap();
        let mut pushed = start.len() as u64;
        let error = loop {
            pushed += spaces.len() as u64;
            if let Err(error) = reader.push(&spaces, &mut rows) {
                break error;
            }
            assert!(reader.kept.capacity() < 1_000 && rows.capacity() == 0);
        };
        assert_eq!(error, EnvelopeError::TooLarge);
        assert!(pushed > LARGEST && pushed <= LARGEST + (2 << 20));
    }
}

#[test]
fn what_looker_says_is_found() {
    let text = r#"{"type":"query","scheduled_plan":{"scheduled_plan_id":17,"title":"My plan","type":"Look",
        "query":{ "id": 1, "limit":"500", "big":9007199254740993 },"download_url":"https://x.example/downloads/t"},
        "data":{"key":"k","empty":"","none":null},"form_params":{"event":"My Event","n":3},"state":null}"#;
    let request = read(text.as_bytes(), 7)
        .unwrap_or_else(|error| panic!("{error}"))
        .0
        .request;
    assert_eq!(request.kind(), Kind::Named("query"));
    assert_eq!(
        (request.plan_id(), request.plan_title()),
        (Some("17".into()), Some("My plan".into()))
    );
    assert_eq!(
        request.query(),
        br#"{ "id": 1, "limit":"500", "big":9007199254740993 }"#
    );
    assert!(
        request.setting("key").is_some()
            && request.setting("empty").is_none()
            && request.setting("none").is_none()
    );
    assert_eq!(
        (
            request.param("event"),
            request.param("n"),
            request.param("other")
        ),
        (Some("My Event".into()), Some("3".into()), None)
    );
    assert!(request.download_url().is_some());
    let kind = |text: &str| {
        let request = read(text.as_bytes(), 3)
            .unwrap_or_else(|error| panic!("{error}"))
            .0
            .request;
        format!("{:?}", request.kind())
    };
    assert_eq!(
        (kind("{}"), kind(r#"{"type":null}"#), kind(r#"{"type":""}"#)),
        ("Missing".into(), "Null".into(), "Missing".into())
    );
    let none = read(
        br#"{"scheduled_plan":null,"data":null,"form_params":null}"#,
        9,
    )
    .unwrap_or_else(|error| panic!("{error}"))
    .0
    .request;
    assert_eq!((none.query(), none.plan_id()), (b"{}".to_vec(), None));
}
