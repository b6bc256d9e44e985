//! A reader of requests is held against serde_json: on requests with their rows in every form and
//! their members in any order, on what is spoilt, and on a corpus of nasty requests, however their
//! bytes come.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use secrecy::ExposeSecret as _;
use serde_json::value::RawValue;

use crate::fuzz::{
    config, cuts, json, member, members, object, parts, space, spoils, spoilt, string,
};

use super::*;

/// What is kept of a request, without space, and its rows, if it has any.
type Read = (String, Option<Vec<u8>>);

fn read(parts: &[&[u8]]) -> Result<Read, EnvelopeError> {
    let (mut reader, mut rows) = (Reader::default(), Vec::new());
    for part in parts {
        reader.push(part, &mut rows)?;
    }
    let kept = tight(&String::from_utf8_lossy(&reader.kept));
    let has_rows = reader.finish()?.rows;
    Ok((kept, has_rows.then_some(rows)))
}

/// JSON text without the space between its tokens.
fn tight(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let is_kept = |c: &char| {
        let is_kept = in_string || !matches!(c, ' ' | '\t' | '\r' | '\n');
        in_string ^= *c == '"' && !escaped;
        escaped = in_string && *c == '\\' && !escaped;
        is_kept
    };
    text.chars().filter(is_kept).collect()
}

/// A string that has half of a pair of surrogates, which no other parser here decodes.
struct HalfPair;

/// A request as serde_json sees it; none where it does not take it or it has not Looker's shape.
fn seen(request: &str) -> Result<Option<Read>, HalfPair> {
    if request.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Ok(Some((String::new(), None)));
    }
    let (mut kept, mut rows, mut mimetype) = (request.to_owned(), None, None);
    let Some(outer) = members(request.as_bytes()) else {
        return Ok(None);
    };
    let mut attachments = outer.iter().filter(|(key, _)| key == "attachment");
    let attachment = attachments.next().map(|(_, value)| value.get());
    if attachments.next().is_some() {
        return Ok(None);
    }
    let inner = attachment.filter(|it| it.starts_with('{'));
    let Some(inner) = inner.map_or(Some(Vec::new()), |it| members(it.as_bytes())) else {
        return Ok(None);
    };
    // From the last to the first, so that places stay what they are while rows are taken out.
    let mut places = Vec::new();
    for (key, value) in inner {
        let value = value.get();
        match (key.as_str(), value.as_bytes()[0]) {
            ("data", _) if rows.is_some() => return Ok(None),
            ("data", first @ (b'"' | b'{' | b'[')) => {
                let start = value.as_ptr() as usize - request.as_ptr() as usize;
                places.insert(0, start..start + value.len());
                if first == b'"' {
                    let text = serde_json::from_str::<String>(value).map_err(|_| HalfPair)?;
                    rows = match decoded(&text, mimetype.as_deref()) {
                        Ok(rows) => rows,
                        Err(NoBase64) => return Ok(None),
                    };
                } else {
                    rows = Some((value.as_bytes().to_vec(), false));
                }
            }
            ("mimetype", b'"') => match serde_json::from_str::<String>(value) {
                Ok(text) => mimetype = Some(text),
                Err(_) => return Ok(None),
            },
            _ => {}
        }
    }
    if let (Some((_, base64)), Some(mimetype)) = (&rows, &mimetype)
        && says_base64(mimetype) != *base64
    {
        return Ok(None);
    }
    for place in places {
        kept.replace_range(place, "true");
    }
    let is_fit = Request::parse(kept.as_bytes()).is_some();
    Ok(is_fit.then(|| (tight(&kept), rows.map(|(rows, _)| rows))))
}

struct NoBase64;

/// The rows in a string, and whether they were base64; none where there are none.
fn decoded(text: &str, mimetype: Option<&str>) -> Result<Option<(Vec<u8>, bool)>, NoBase64> {
    let text = text.trim_ascii_start();
    let Some(first) = text.bytes().next() else {
        return Ok(None);
    };
    if !mimetype.map_or(first.is_ascii_alphanumeric(), says_base64) {
        return Ok(Some((text.as_bytes().to_vec(), false)));
    }
    let digits: Vec<u8> = text
        .bytes()
        .filter(|it| !it.is_ascii_whitespace())
        .collect();
    let end = digits
        .iter()
        .rposition(|it| *it != b'=')
        .map_or(0, |at| at + 1);
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for digit in &digits[..end] {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return Err(NoBase64),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // One digit alone is less than a byte.
    if count == 6 {
        Err(NoBase64)
    } else {
        Ok(Some((out, true)))
    }
}

fn says_base64(mimetype: &str) -> bool {
    mimetype.trim_end().ends_with(";base64")
}

/// A reader and serde_json agree about a request, whole and in parts.
fn agree(request: &[u8], cuts: &[Index]) -> Result<(), TestCaseError> {
    let whole = read(&[request]);
    prop_assert_eq!(&read(&parts(request, cuts)), &whole);
    // Bytes that are no text are judged by whoever is given them.
    let Ok(text) = std::str::from_utf8(request) else {
        return Ok(());
    };
    let Ok(seen) = seen(text) else {
        return Ok(());
    };
    match (whole, seen) {
        (Ok(read), Some(seen)) => prop_assert_eq!(read, seen),
        (Ok((_, rows)), None) => prop_assert!(are_to_blame(text, &rows.unwrap_or_default())),
        (Err(error), seen) => prop_assert!(seen.is_none(), "{error}"),
    }
    Ok(())
}

/// Whether a request is sound but for its rows, which stand in it as they are and are judged by
/// whoever receives them.
fn are_to_blame(request: &str, rows: &[u8]) -> bool {
    let rows = String::from_utf8_lossy(rows);
    let is_sound = |text: &str| matches!(seen(text), Ok(Some(_)));
    let mut places = request.match_indices(rows.as_ref());
    serde_json::from_str::<&RawValue>(&rows).is_err()
        && places.any(|(at, rows)| {
            is_sound(&[&request[..at], "[]", &request[at + rows.len()..]].concat())
        })
}

/// A request that was made, and what has to be found in it.
#[derive(Debug)]
struct Made {
    request: String,
    rows: Option<String>,
    url: Option<String>,
}

/// JSON text of a string, each character escaped or not.
fn written(text: &str, escape: &[bool]) -> String {
    let mut escape = escape.iter().cycle();
    let mut out = String::from("\"");
    for c in text.chars() {
        if escape.next() == Some(&true) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            let json = serde_json::Value::from(c.to_string()).to_string();
            out.push_str(&json[1..json.len() - 1]);
        }
    }
    out + "\""
}

/// The members of an attachment, and the rows that are in it.
fn attachment() -> impl Strategy<Value = (Vec<String>, String)> {
    let text = prop_oneof![object(), "\\{.{0,60}"];
    let text = (text, vec(any::<bool>(), 1..9), any::<bool>()).prop_map(|(rows, escape, typed)| {
        let mimetype = typed.then(|| r#""mimetype":"application/json""#.to_owned());
        let data = format!("\"data\":{}", written(&rows, &escape));
        (mimetype.into_iter().chain([data]).collect(), rows)
    });
    let engine = select(vec![
        &STANDARD,
        &STANDARD_NO_PAD,
        &URL_SAFE,
        &URL_SAFE_NO_PAD,
    ]);
    let base64 =
        (object(), engine, 1_usize..20, any::<bool>()).prop_map(|(rows, engine, line, typed)| {
            let mimetype = typed.then(|| r#""mimetype" : "application/json;base64""#.to_owned());
            let digits = engine.encode(&rows).into_bytes();
            let lines = digits
                .chunks(line)
                .map(|line| String::from_utf8_lossy(line).into_owned());
            let data = format!("\"data\":\"{}\"", lines.collect::<Vec<_>>().join(r"\r\n"));
            (mimetype.into_iter().chain([data]).collect(), rows)
        });
    let inline = object().prop_map(|rows| (vec![format!("\"d\\u0061ta\": {rows}")], rows));
    let other = string().prop_filter("is none of ours", |key| !key.contains("data"));
    (
        prop_oneof![text, base64, inline],
        vec(member(other, json()), 0..2),
    )
        .prop_map(
            |((mut members, rows), others): ((Vec<String>, String), Vec<String>)| {
                members.extend(others);
                (members, rows)
            },
        )
}

/// A request with its rows in one of their forms, or with a URL of them, its members in any order.
fn request() -> impl Strategy<Value = Made> {
    let attachment = attachment().prop_flat_map(|(members, rows)| {
        (Just(members).prop_shuffle(), Just(rows))
            .prop_map(|(members, rows)| (members.join(","), rows))
    });
    let url = "https://acme\\.example/downloads/[a-z0-9?=&]{0,20}";
    let settings = vec(member(string(), string()), 0..3).prop_map(|members| members.join(","));
    let other = string().prop_filter("is none of ours", |key| !key.contains("data"));
    let others = vec(member(other, json()), 0..3);
    (
        option::of(attachment),
        option::of(url),
        json(),
        settings,
        others,
        space(),
    )
        .prop_flat_map(|(attachment, url, query, settings, mut members, space)| {
            let plan = url
                .as_ref()
                .map_or_else(String::new, |url| format!("\"download_url\":\"{url}\","));
            members.push(format!("\"type\":{space}\"query\""));
            members.push(format!(
                "{space}\"scheduled_plan\":{{{plan}\"query\":{query}}}{space}"
            ));
            members.push(format!("\"data\":{{{settings}}}"));
            let rows = attachment.map(|(inner, rows)| {
                members.push(format!("\"attachment\"{space}:{{{inner}}}"));
                rows
            });
            (
                Just(members).prop_shuffle(),
                Just(rows),
                Just(url),
                Just(space),
            )
        })
        .prop_map(|(members, rows, url, space)| {
            let request = format!("{space}{{{}}}{space}", members.join(","));
            Made { request, rows, url }
        })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rows_and_url_are_found_in_whatever_form_and_order(made in request(), cuts in cuts()) {
        let request = made.request.as_bytes();
        let (mut reader, mut rows) = (Reader::default(), Vec::new());
        for part in parts(request, &cuts) {
            prop_assert_eq!(reader.push(part, &mut rows), Ok(()));
        }
        let envelope = reader.finish().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(envelope.rows, made.rows.is_some());
        prop_assert_eq!(String::from_utf8(rows).unwrap(), made.rows.unwrap_or_default());
        let url = envelope.request.download_url();
        prop_assert_eq!(url.as_ref().map(|url| url.expose_secret()), made.url.as_deref());
        prop_assert_eq!(envelope.request.kind(), Kind::Named("query"));
        agree(request, &cuts)?;
    }

    #[test]
    fn what_is_spoilt_is_refused_wherever_serde_json_refuses_it(made in request(), spoils in spoils(), cuts in cuts()) {
        agree(&spoilt(made.request.as_bytes(), &spoils), &cuts)?;
    }

    #[test]
    fn a_request_that_breaks_off_is_refused(made in request(), at in any::<Index>()) {
        let request = made.request.trim().as_bytes();
        let at = 1 + at.index(request.len() - 1);
        prop_assert!(read(&[&request[..at]]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), cuts in cuts()) {
        let framed = [b"{\"attachment\":{\"data\":\"", bytes.as_slice()].concat();
        agree(&bytes, &cuts)?;
        agree(&framed, &cuts)?;
    }
}

/// Requests that have led, or could lead, a reader to another answer than a parser of the whole.
const CORPUS: &[&str] = &[
    "\u{feff}{}",
    "{}\0",
    "\u{c}{}",
    "{\u{c}}",
    "{\"type\":\u{b}\"query\"}",
    "{}\u{a0}",
    "{\"a\":1 2}",
    "{\"a\":tr ue}",
    "{\"a\":- 1}",
    "{\"a\":01}",
    "{\"a\":nope}",
    "{\"a\"}",
    "{\"a\"::1}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":[}",
    "{\"a\":{]}",
    "{\"a\":[1}]",
    "{\"a\":1]",
    "{\"a\":1}}",
    "{\"\\ud800\":1}",
    "{\"a\":\"\\ud800\"}",
    "{\"type\":\"\\ud800\"}",
    "{\"type\":1e999}",
    "{\"type\":\"a\",\"type\":\"b\"}",
    "{\"data\":[]}",
    "{\"data\":{\"a\":1e999}}",
    "{\"scheduled_plan\":{\"query\":{\"a\":1e999,\"b\":9007199254740993}}}",
    "{\"scheduled_plan\":[]}",
    "{\"attachment\":{\"data\":\"{}\"},\"\\u0061ttachment\":null}",
    "{\"attachment\":{\"data\":\"{}\",\"d\\u0061ta\":null}}",
    "{\"attachment\":{\"data\":null,\"data\":\"{}\"}}",
    "{\"attachment\":{\"data\":\"\",\"data\":\"{}\"}}",
    "{\"attachment\":{\"data\":\" \",\"data\":[]}}",
    "{\"attachment\":[{\"data\":\"{}\"}]}",
    "{\"attachment\":{\"attachment\":{\"data\":\"{}\"}}}",
    "{\"a\":{\"attachment\":{\"data\":\"{}\"}}}",
    "{\"attachment\":\"x\",\"data\":{\"data\":\"{}\"}}",
    "{\"attachment\":{},\"data\":{\"data\":\"{}\"}}",
    "{\"attachment\":{\"a\":{\"data\":\"{}\"},\"data\":\"[]\"}}",
    "{\"attachment\":{\"a\":[],\"data\":\"[]\"}}",
    "{\"attachment\":{\"data\"\"{}\"}}",
    "{\"attachment\":{\"data\"::\"{}\"}}",
    "{\"attachment\":{\"data\":1\"{}\"}}",
    "{\"attachment\":{\"data\":{}{}}}",
    "{\"attachment\":{\"data\":{\"a\":nope}}}",
    "{\"attachment\":{\"data\":{]}}",
    "{\"attachment\":{\"data\":[}}}",
    "{\"attachment\":{\"data\":{\"a\":\"}\\\"}\"}}}",
    "{\"attachment\":{\"data\":{}]",
    "{\"attachment\":{\"data\":\"{}\"]}",
    "{\"attachment\":{\"data\":\"!!!!\\x\",\"mimetype\":\";base64\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"!!!!\\x\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"!!!!\u{1}\"}}",
    "{\"attachment\":{\"data\":\"0## ##\0\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"\\ud800ab\u{1}\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"e30=\\n=\\n\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"e=30\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"e30=e30=\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"e\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"=\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"\\u0065\\u00330\"}}",
    "{\"attachment\":{\"mimetype\":\";base64 \",\"data\":\"e31\"}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":{}}}",
    "{\"attachment\":{\"mimetype\":\";base64\",\"data\":\"e30\",\"mimetype\":\"text\"}}",
    "{\"attachment\":{\"mimetype\":\"text\",\"data\":\"e30\",\"mimetype\":\";base64\"}}",
    "{\"attachment\":{\"mimetype\":null,\"data\":\"e30\"}}",
    "{\"attachment\":{\"mimetype\":\"\\ud800\",\"data\":\"e30\"}}",
    "{\"attachment\":{\"data\":\"<html>\"}}",
    "{\"attachment\":{\"data\":\"\\u00e9\"}}",
    "{\"attachment\":{\"data\":\"\u{7f}\"}}",
    "{\"attachment\":{\"data\":\"{\\ud83d\\ude00\\\\\\\"}\"}}",
];

#[test]
fn nasty_requests_are_read_as_serde_json_reads_them_however_they_come() {
    for request in CORPUS {
        agree(request.as_bytes(), &[]).unwrap_or_else(|error| panic!("{request}: {error}"));
        let whole = read(&[request.as_bytes()]);
        for size in 1..=request.len() {
            let parts: Vec<&[u8]> = request.as_bytes().chunks(size).collect();
            assert_eq!(read(&parts), whole, "{request} in parts of {size}");
        }
    }
}
