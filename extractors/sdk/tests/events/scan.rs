//! The scanner and serde_json take the same texts for JSON.

use lensmount_sdk::scan::Scan;
use proptest::prelude::*;
use serde_json::value::RawValue;

fn scanned(text: &str) -> Option<&str> {
    let mut scan = Scan::new(text);
    let token = scan.token().ok()?;
    scan.end().ok()?;
    Some(token.raw())
}

fn by_serde(text: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(text)
        .ok()
        .map(RawValue::get)
}

#[test]
fn the_grammar_is_json_s() {
    for text in [
        "",
        " ",
        "nul",
        "nulls",
        "true",
        "+1",
        "-",
        "01",
        "-01",
        "1.",
        ".5",
        "1.5e",
        "1e+",
        "1E-05",
        "-0.0",
        "1e999",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"a\nb\"",
        "\"\u{1f}\"",
        "\"\u{7f}ü😀\"",
        "[",
        "[]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1]]",
        "{",
        "{}",
        "{,}",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        " [ 1 , { \"a\" : [ ] , \"b\" : { } } ] ",
        "\u{a0}1",
        "1\u{0}",
        "\"12345678\\\"90123456\"",
        "\"1234567\u{0}\"",
    ] {
        assert_eq!(scanned(text), by_serde(text), "{text:?}");
    }
}

#[test]
fn what_stands_deep_is_read_and_not_walked_into() {
    for depth in [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1_000, 100_000] {
        let (open, close) = ("{\"a\":[".repeat(depth), "]}".repeat(depth));
        let sound = format!("{open}1{close}");
        assert_eq!(scanned(&sound), Some(sound.as_str()), "{depth}");
        let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(scanned(&lists), by_serde(&lists), "{depth}");
        for wrong in [
            format!("{open}1{}", "]}".repeat(depth - 1)),
            format!("{open}1{}}}]", "]}".repeat(depth - 1)),
            format!("{open}1{close}]"),
            open,
        ] {
            assert_eq!(scanned(&wrong), None, "{depth}");
        }
    }
}

/// Sound JSON, with a few bytes of it changed.
fn nearly() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("false".to_owned()),
        "-?[0-9]{1,3}(\\.[0-9]{1,2})?([eE][+-]?[0-9]{1,2})?",
        "[ -~äß\u{1F600}]{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u00e9\n\/\\""#.to_owned()),
    ];
    let sound = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec(("[a-z\"\\\\]{0,4}", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{}: {value}", serde_json::to_string(key).unwrap()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    let change = (
        any::<prop::sample::Index>(),
        prop::sample::select("{}[],:\"\\0-.eEu tfn\u{1}".chars().collect::<Vec<_>>()),
    );
    (sound, prop::collection::vec(change, 0..3)).prop_map(|(text, changes)| {
        let mut letters: Vec<char> = text.chars().collect();
        for (place, letter) in changes {
            let place = place.index(letters.len());
            letters[place] = letter;
        }
        letters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn both_accept_the_same_texts(text in nearly()) {
        prop_assert_eq!(scanned(&text), by_serde(&text));
    }
}
