//! Whatever stands in the header: only a key that was made with a live secret lets anybody in.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fuzz::{config, spoils, spoilt};

use super::*;

fn secrets() -> Secrets {
    Secrets::new(&["the newest".into(), "one before it, with a comma".into()])
}

fn made(nonce: &str) -> String {
    secrets().key(nonce).unwrap().expose_secret().to_owned()
}

/// The nonce of the key in a header that lets somebody in.
fn admitted(header: &str) -> Option<String> {
    presented(header)
        .and_then(|key| secrets().nonce(key))
        .map(str::to_owned)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_header_makes_it_panic_or_lets_anybody_in(
        text in ".{0,80}", bytes in vec(any::<u8>(), 0..80), glue in "[Tt|]?oken token=\"?[^\"]{0,20}(/[0-9a-f]{128})?\"?.{0,20}",
    ) {
        let bytes = String::from_utf8_lossy(&bytes);
        for header in [&text, &glue, &format!("{text}{glue}{bytes}"), &format!("Token token=\"{bytes}\"")] {
            prop_assert_eq!(admitted(header), None);
            if let Some(key) = presented(header) {
                let whole = format!("oken token=\"{key}\"");
                prop_assert!(header.contains(&whole));
            }
        }
    }

    #[test]
    fn a_key_that_was_made_is_found_whatever_stands_around_it(
        nonce in "[^/]{0,70}", before in "[^\"]{0,9}", after in "[^\"]{0,9}", word in "[Tt|]oken",
    ) {
        let header = format!("{before}{word} token=\"{}\"{after}", made(&nonce));
        prop_assert_eq!(admitted(&header), Some(nonce));
    }

    #[test]
    fn a_key_with_one_character_changed_is_refused(nonce in "[^/]{0,20}", at in any::<Index>(), other in any::<char>()) {
        let key = made(&nonce);
        let mut characters: Vec<char> = key.chars().collect();
        let at = at.index(characters.len());
        prop_assume!(characters[at] != other);
        characters[at] = other;
        let changed: String = characters.into_iter().collect();
        prop_assert_eq!(secrets().nonce(&changed), None);
        let header = format!("Token token=\"{changed}\"");
        prop_assert_eq!(admitted(&header), None);
    }

    #[test]
    fn a_key_with_a_character_more_or_less_in_it_is_refused(nonce in "[^/]{1,20}", at in any::<Index>(), more in any::<char>()) {
        let key: Vec<char> = made(&nonce).chars().collect();
        let at = at.index(key.len());
        let (before, after) = key.split_at(at);
        let longer: String = before.iter().chain([&more]).chain(after).collect();
        let shorter: String = before.iter().chain(&after[1..]).collect();
        prop_assert_eq!(secrets().nonce(&longer), None);
        prop_assert_eq!(secrets().nonce(&shorter), None);
    }

    #[test]
    fn whatever_is_let_in_has_a_key_that_was_made(nonce in "[^/]{0,20}", spoils in spoils()) {
        let header = format!("Token token=\"{}\"", made(&nonce));
        let spoilt = spoilt(header.as_bytes(), &spoils);
        let spoilt = String::from_utf8_lossy(&spoilt);
        if let Some(nonce) = admitted(&spoilt) {
            prop_assert!(spoilt.contains(&made(&nonce)));
        }
    }
}

/// Headers that could be taken for one with a key, each around a key that was made.
#[test]
fn nasty_headers_let_nobody_in() {
    let key = made("n");
    let digest = &key[2..];
    for header in [
        key.clone(),
        format!("Bearer {key}"),
        format!("Token {key}"),
        format!("Token token={key}"),
        format!("Token token='{key}'"),
        format!("Token token=\"{key}"),
        format!("Token token=\" {key}\""),
        format!("Token token=\"\t{key}\""),
        format!("Token token=\"{key} \""),
        format!("Token token=\"{key}\0\""),
        format!("Token token=\"/{key}\""),
        format!("Token token=\"{digest}/n\""),
        format!("Token token=\"{digest}/{digest}\""),
        format!("Token token=\"n%2F{digest}\""),
        format!("Token token=\"N/{digest}\""),
        format!("Token token=\"n/{}\"", digest.to_uppercase()),
        format!("Token token=\"n/0x{digest}\""),
        format!("Token token=\"n/{digest}{digest}\""),
        format!("Token token=\"\" Token token=\"{key}\""),
        format!("Token token=\"{key}\", Token token=\"{key}\""),
        format!("tokentoken=\"{key}\""),
    ] {
        assert_eq!(admitted(&header), None, "{header}");
    }
}
