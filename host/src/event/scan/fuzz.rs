//! A scanner is held against serde_json: on what is well written, on what is spoilt, and on a corpus
//! of nasty documents, however their bytes come.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;

use crate::fuzz::{
    config, cuts, json, member, members, object, parts, space, spoils, spoilt, string,
};

use super::*;

fn scan(parts: &[&[u8]]) -> Result<Scanned, ScanError> {
    let mut scanner = Scanner::default();
    for part in parts {
        scanner.push(part)?;
    }
    scanner.finish()
}

/// What serde_json sees in a result: its members without the rows, and the rows.
type Seen<'a> = (Vec<(String, &'a str)>, Vec<&'a str>);

/// A result as serde_json sees it; none where it takes no document or where that has not Looker's
/// shape: one `data`, all objects.
fn seen(document: &[u8]) -> Option<Seen<'_>> {
    let (mut head, mut rows) = (Vec::new(), None);
    for (key, value) in members(document)? {
        match key.as_str() {
            "data" if rows.is_some() => return None,
            "data" => rows = Some(serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?),
            _ => head.push((key, value.get())),
        }
    }
    let rows: Vec<&str> = rows?.into_iter().map(RawValue::get).collect();
    rows.iter()
        .all(|row| row.starts_with('{'))
        .then_some((head, rows))
}

/// The same out of what a scanner found; none where serde_json does not take a part of it. Whoever is
/// given such a part refuses it then.
fn found<'a>(document: &'a [u8], scanned: &'a Scanned) -> Option<Seen<'a>> {
    let head = members(&scanned.head)?;
    let head = head.into_iter().map(|(key, value)| (key, value.get()));
    let (mut rows, mut before) = (Vec::new(), 0);
    for chunk in &scanned.chunks {
        assert_eq!(chunk.first, before);
        before += u64::from(chunk.rows);
        let text = &document[chunk.bytes.start as usize..chunk.bytes.end as usize];
        let places = rows_in(text);
        assert!(chunk.rows > 0 && places.len() == chunk.rows as usize);
        let mut end = 0;
        for place in places {
            let between = text[std::mem::replace(&mut end, place.end)..place.start].trim_ascii();
            assert!(between == b"," || (between.is_empty() && place.start == 0));
            rows.push(
                serde_json::from_slice::<&RawValue>(&text[place])
                    .ok()?
                    .get(),
            );
        }
        assert_eq!(end, text.len());
    }
    assert_eq!(
        (before, scanned.bytes),
        (scanned.rows, document.len() as u64)
    );
    Some((head.collect(), rows))
}

/// A scanner and serde_json agree about a document, whole and in parts.
fn agree(document: &[u8], cuts: &[Index]) -> Result<(), TestCaseError> {
    let whole = scan(&[document]);
    prop_assert_eq!(&scan(&parts(document, cuts)), &whole);
    match (&whole, seen(document)) {
        (Ok(scanned), Some(seen)) => prop_assert_eq!(found(document, scanned), Some(seen)),
        (Ok(scanned), None) => prop_assert_eq!(found(document, scanned), None),
        (Err(error), seen) => prop_assert!(seen.is_none(), "{error:?}"),
    }
    Ok(())
}

/// A result with whatever beside its rows, and how many rows it has.
fn result() -> impl Strategy<Value = (String, usize)> {
    let other = string().prop_filter("is beside the rows", |key| !is_data(key));
    let beside = vec(member(other, json()), 0..4);
    let key = select(vec![
        "\"data\"",
        r#""d\u0061ta""#,
        r#""\u0064\u0061\u0074\u0061""#,
    ]);
    let row = (space(), object(), space()).prop_map(|(a, row, b)| a + &row + &b);
    (
        beside,
        key,
        vec(row, 0..12),
        any::<Index>(),
        space(),
        space(),
        space(),
    )
        .prop_map(|(mut members, key, rows, place, before, inside, after)| {
            let list = if rows.is_empty() {
                inside.clone()
            } else {
                rows.join(",")
            };
            let data = format!("{inside}{key}{inside}:{inside}[{list}]{inside}");
            members.insert(place.index(members.len() + 1), data);
            let document = format!("{before}{{{}}}{after}", members.join(","));
            (document, rows.len())
        })
}

fn is_data(key: &str) -> bool {
    serde_json::from_str::<String>(key).is_ok_and(|key| key == "data")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_serde_json_takes_is_found_row_by_row((document, rows) in result(), cuts in cuts()) {
        let scanned = scan(&[document.as_bytes()]);
        prop_assert_eq!(scanned.map(|it| it.rows), Ok(rows as u64));
        agree(document.as_bytes(), &cuts)?;
    }

    #[test]
    fn what_is_spoilt_is_refused_wherever_serde_json_refuses_it((document, _) in result(), spoils in spoils(), cuts in cuts()) {
        agree(&spoilt(document.as_bytes(), &spoils), &cuts)?;
    }

    #[test]
    fn a_document_that_breaks_off_is_refused((document, _) in result(), at in any::<Index>()) {
        let document = document.trim_end().as_bytes();
        prop_assert!(scan(&[&document[..at.index(document.len())]]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..300), cuts in cuts()) {
        agree(&bytes, &cuts)?;
    }

    #[test]
    fn no_brackets_make_it_panic(bytes in vec(select(b"{}[]\",:\\ datx1\n".to_vec()), 0..60), cuts in cuts()) {
        let framed = [b"{\"data\":[{", bytes.as_slice(), b"}]}"].concat();
        agree(&bytes, &cuts)?;
        agree(&framed, &cuts)?;
    }
}

/// Documents that have led, or could lead, a scanner to another answer than a parser of the whole.
const CORPUS: &[&[u8]] = &[
    b"",
    b" ",
    b"null",
    b"{}",
    b"{}{}",
    b"\xef\xbb\xbf{\"data\":[]}",
    b"{\"data\":[]}",
    b"{\"data\":[ ]}",
    b"{\"data\":[]}\0",
    b"\x0c{\"data\":[]}",
    b"{\"data\":[]\x0b}",
    b"{\"data\":[{}\xa0]}",
    b"{\"data\":[{}],\"data\":[{}]}",
    b"{\"data\":[{}],\"d\\u0061ta\":[{}]}",
    b"{\"data\":null,\"data\":[]}",
    b"{\"DATA\":[{}],\"data \":[{}],\"data\":[]}",
    b"{\"a\":{\"data\":[{}]},\"data\":[{\"data\":[{}]}]}",
    b"{\"data\":[{}],\"errors\":[{\"data\":[{}]}]}",
    b"{\"data\":[{},]}",
    b"{\"data\":[,{}]}",
    b"{\"data\":[{},,{}]}",
    b"{\"data\":[{} {}]}",
    b"{\"data\":[{}{}]}",
    b"{\"data\":[[{}]]}",
    b"{\"data\":[{},[]]}",
    b"{\"data\":[{},null]}",
    b"{\"data\":[\"{}\"]}",
    b"{\"data\":\"[{}]\"}",
    b"{\"data\":{\"0\":{}}}",
    b"{\"data\":[{]}]}",
    b"{\"data\":[{\"a\":[}]}]}",
    b"{\"data\":[{\"a\":\"]}\"}]}",
    b"{\"data\":[{\"a\":\"\\\\\"},{\"b\":\"\\\"\"}]}",
    b"{\"data\":[{\"a\":\"\\\\\\\"},{\"}]}",
    b"{\"data\":[{\"a\":nope}]}",
    b"{\"data\":[{\"a\":01}]}",
    b"{\"data\":[{\"a\":1,}]}",
    b"{\"data\":[{\"a\" 1}]}",
    b"{\"data\":[{\"a\":1e999,\"b\":-0,\"c\":9007199254740993}]}",
    b"{\"data\":[{\"a\":\"\\ud800\"}]}",
    b"{\"data\":[{\"a\":\"\\u12\"}]}",
    b"{\"data\":[{\"a\":\"\n\"}]}",
    b"{\"data\":[{\"a\":\"\xff\"}]}",
    b"{\"a\":\"\xff\",\"data\":[]}",
    b"{\"\xff\":1,\"data\":[]}",
    b"{\"\\ud800\":1,\"data\":[]}",
    b"{\"\\x\":1,\"data\":[]}",
    b"{\"a\nb\":1,\"data\":[]}",
    b"{\"a\":1 2,\"data\":[]}",
    b"{\"a\":1\"b\",\"data\":[]}",
    b"{\"a\":tru{},\"data\":[]}",
    b"{\"a\":,\"data\":[]}",
    b"{\"a\":}",
    b"{\"a\":1]",
    b"{\"a\":],\"data\":[]}",
    b"{\"a\",\"data\":[]}",
    b"{a:1,\"data\":[]}",
    b"{'data':[]}",
    b"{\"a\":1,,\"data\":[]}",
    b"{,\"data\":[]}",
    b"{\"data\":[],}",
    b"{\"data\":[]]",
    b"{\"data\":[]",
    b"{\"data\":[}",
    b"{\"data\"::[]}",
    b"{\"data\":[{}]//\n}",
    b"{\"a\":1.50 \t,\"data\":[],\"b\":true\n}",
    b"<html><body>{\"data\":[]}</body></html>",
];

#[test]
fn nasty_documents_are_read_as_serde_json_reads_them_however_they_come() {
    for document in CORPUS {
        let text = String::from_utf8_lossy(document);
        agree(document, &[]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let whole = scan(&[document]);
        for size in 1..=document.len() {
            let parts: Vec<&[u8]> = document.chunks(size).collect();
            assert_eq!(scan(&parts), whole, "{text} in parts of {size}");
        }
    }
}

#[test]
fn rows_are_cut_into_chunks_that_lose_none() {
    let rows: Vec<String> = (0..1_300)
        .map(|n| format!("{{\"n\":{n},\"s\":\"]}}\"}}"))
        .collect();
    let document = format!("{{\"data\":[{}]}}", rows.join(" ,\n"));
    agree(document.as_bytes(), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        scan(&[document.as_bytes()]).map(|it| it.chunks.len()),
        Ok(3)
    );
}
