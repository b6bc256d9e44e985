//! What a scanner makes of documents, whole and broken, however their bytes come.

use serde_json::{Value, json};

use super::*;

fn scan(document: &[u8], step: usize) -> Result<Scanned, ScanError> {
    let mut scanner = Scanner::default();
    for part in document.chunks(step) {
        scanner.push(part)?;
    }
    scanner.finish()
}

/// The rows as serde_json reads them out of the chunks.
fn rows(document: &[u8], scanned: &Scanned) -> Vec<Value> {
    let (mut rows, mut first) = (Vec::new(), 0);
    for chunk in &scanned.chunks {
        assert_eq!(chunk.first, first);
        let range = chunk.bytes.start as usize..chunk.bytes.end as usize;
        let text = [b"[", &document[range], b"]"].concat();
        let found: Vec<Value> = serde_json::from_slice(&text).expect("whole rows");
        assert_eq!(found.len(), chunk.rows as usize);
        first += u64::from(chunk.rows);
        rows.extend(found);
    }
    assert_eq!(first, scanned.rows);
    rows
}

#[test]
fn head_and_rows_are_told_apart_in_either_order_and_however_they_come() {
    let fields = r#""fields":{"dimensions":[{"name":"a}]\"","tags":[]}]},"n":-1.50,"t":true"#;
    let data = r#""data" : [ {"a":{"value":"]},\\\""}} , {"a":{"value":[1,{}]}} ]"#;
    for document in [
        format!("{{{fields},{data}}}"),
        format!(" {{ {data},{fields}\n}} \n"),
        format!(
            "{{{}}}",
            [data, fields].join(",").replace("data", "d\\u0061ta")
        ),
    ] {
        for step in 1..document.len() {
            let scanned = scan(document.as_bytes(), step).expect(&document);
            let head = String::from_utf8(scanned.head.clone()).unwrap();
            assert_eq!(
                head.replace('\n', ""),
                format!("{{{fields}}}"),
                "{document}"
            );
            let found = rows(document.as_bytes(), &scanned);
            assert_eq!(
                found,
                [
                    json!({"a": {"value": "]},\\\""}}),
                    json!({"a": {"value": [1, {}]}})
                ]
            );
        }
    }
}

#[test]
fn what_is_not_a_whole_result_is_refused_for_what_it_is() {
    let cut = |error| matches!(error, ScanError::Cut { .. });
    let broken = |error| matches!(error, ScanError::NotJson { .. });
    let none = |error| matches!(error, ScanError::NoRows);
    let cases: &[(&str, &dyn Fn(ScanError) -> bool)] = &[
        ("", &cut),
        ("{", &cut),
        (r#"{"data":[{"a":1}"#, &cut),
        (r#"{"data":[{"a":1}]"#, &cut),
        (r#"{"data":[{"a":"#, &cut),
        (r#"{"da"#, &cut),
        ("<html>", &broken),
        ("[]", &broken),
        (r#""data""#, &broken),
        (r#"{"data":[]} x"#, &broken),
        (r#"{"data":[]}{}"#, &broken),
        (r#"{"data":[1]}"#, &broken),
        (r#"{"data":[{},]}"#, &broken),
        (r#"{"data":[{]}]}"#, &broken),
        (r#"{"data":[{}}"#, &broken),
        (r#"{"a":[}],"data":[]}"#, &broken),
        (r#"{"data":[],}"#, &broken),
        (r#"{"data" []}"#, &broken),
        ("{}", &none),
        (r#"{"errors":[{"message":"no"}]}"#, &none),
        (r#"{"data":null}"#, &none),
        (r#"{"data":{"a":[]}}"#, &none),
        (r#"{"data":[],"data":[]}"#, &|error| {
            error == ScanError::Twice
        }),
    ];
    for (document, is_right) in cases {
        let error = scan(document.as_bytes(), 3).expect_err(document);
        assert!(is_right(error.clone()), "{document}: {error:?}");
    }
    let deep = format!(r#"{{"a":{}"#, "[".repeat(DEEPEST + 1));
    assert_eq!(scan(deep.as_bytes(), 50), Err(ScanError::Deep));
    let row = format!(r#"{{"data":[{{}},{{"a":"{}"#, "x".repeat(LARGEST_ROW));
    let error = scan(row.as_bytes(), 1 << 16);
    assert_eq!(error, Err(ScanError::Row { row: 2 }));
    let large = format!(r#"{{"a":"{}"#, "x".repeat(LARGEST_HEAD));
    assert_eq!(scan(large.as_bytes(), 1 << 16), Err(ScanError::Head));
}

#[test]
fn rows_of_a_chunk_are_found_again() {
    let rows = [r#"{"a":{"value":"]},\\\""}}"#, "{}", r#"{"b":[{},{}]}"#];
    let text = rows.join(" , ");
    let found: Vec<&str> = rows_in(text.as_bytes())
        .into_iter()
        .map(|row| &text[row])
        .collect();
    assert_eq!(found, rows);
    assert!(rows_in(b"").is_empty());
}

#[test]
fn rows_are_cut_into_chunks_by_number_and_by_size() {
    let many = format!(r#"{{"data":[{}]}}"#, vec![r#"{"a":1}"#; 1_100].join(", "));
    let scanned = scan(many.as_bytes(), 4_000).expect("rows");
    let sizes: Vec<u32> = scanned.chunks.iter().map(|chunk| chunk.rows).collect();
    assert_eq!((sizes, scanned.rows), (vec![512, 512, 76], 1_100));
    assert_eq!(rows(many.as_bytes(), &scanned).len(), 1_100);
    let wide = format!(r#"{{"a":"{}"}}"#, "x".repeat(200 << 10));
    let wide = format!(r#"{{"data":[{}]}}"#, vec![wide; 3].join(","));
    let scanned = scan(wide.as_bytes(), 64 << 10).expect("rows");
    let sizes: Vec<u32> = scanned.chunks.iter().map(|chunk| chunk.rows).collect();
    assert_eq!(sizes, [2, 1]);
}
