//! What most of a result is made of, found at once: keys and values that are short and plain.
//!
//! A guest's code is at its best in functions that call no other and do not go round: what is kept over
//! a call goes to the stack, even where the call is hardly ever made, and the time that a guest has is
//! looked at with each call and each round. So these say what stands at a place if it is as plain as
//! most is, in numbers, and nothing otherwise; then somebody else looks closer.

use crate::block::{FEW, Few};

/// A member's key, and where its value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Where its quotes are.
    pub from: usize,
    pub to: usize,
    /// The first byte of its value.
    pub value: usize,
}

/// The member that begins at a place, at the comma before it unless it is the `first` of its object;
/// none where anything is out of the common: many blanks or a tab, a key that is long, escaped or not
/// ASCII, or the last bytes of a document.
#[inline]
pub(crate) fn member(text: &[u8], at: usize, first: bool) -> Option<Member> {
    let found = offsets(text, at, first);
    let part = |shift: u32| at + (found >> shift & 0xff) as usize;
    (found != 0).then(|| Member {
        from: part(0),
        to: part(8),
        value: part(16),
    })
}

/// A member's three places, as seen from where it begins, eight bits each; zero for none. The last is
/// 66 bytes away at most.
#[inline(never)]
fn offsets(text: &[u8], at: usize, first: bool) -> u32 {
    found(text, at, first).unwrap_or(0)
}

#[inline(always)]
fn found(text: &[u8], at: usize, first: bool) -> Option<u32> {
    // Both quotes are mostly among the next thirty-two bytes, and are found without one waiting for the
    // place of the other.
    let (few, more) = (Few::at(text, at)?, Few::at(text, at + FEW)?);
    let both = |of: fn(Few) -> u32| of(few) | of(more) << FEW;
    let mut written = both(Few::written);
    let ends = both(Few::ends_ascii);
    if !first {
        if text.get(at) != Some(&b',') {
            return None;
        }
        written &= !1;
    }
    let first_written = written & written.wrapping_neg();
    let before = first_written.wrapping_sub(1);
    let from = at + bit(ends & first_written)?;
    let to = match bit(ends & !first_written & !before) {
        Some(bit) => at + bit,
        None => at + 2 * FEW + within(text, at + 2 * FEW, Few::ends_ascii)?,
    };
    if text.get(from) != Some(&b'"') {
        return None;
    }
    let [b'"', b':', blank, byte] = *text.get(to..)?.first_chunk()? else {
        return None;
    };
    let value = match (blank, byte) {
        (b'!'.., _) => to + 2,
        (b' ', b'!'..) => to + 3,
        _ => return None,
    };
    let part = |place: usize, shift: u32| u32::try_from(place - at).ok().map(|part| part << shift);
    Some(part(from, 0)? | part(to + 1, 8)? | part(value, 16)?)
}

/// Where the value ends that begins at a place: a short text in ASCII without escapes, a short number
/// without an exponent, or a word. None where it is anything else, or not sound.
#[inline]
pub(crate) fn value(text: &[u8], at: usize) -> Option<usize> {
    let end = end(text, at);
    (end != 0).then_some(end)
}

/// The same, and zero for none.
#[inline(never)]
fn end(text: &[u8], at: usize) -> usize {
    ends(text, at).unwrap_or(0)
}

#[inline(always)]
fn ends(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => {
            let end = at + 1 + within(text, at + 1, Few::ends_ascii)?;
            (text.get(end) == Some(&b'"')).then_some(end + 1)
        }
        b'-' | b'0'..=b'9' => number(text, at),
        b'n' if word(text, at) == Some(*b"null") => Some(at + 4),
        b't' if word(text, at) == Some(*b"true") => Some(at + 4),
        b'f' if word(text, at + 1) == Some(*b"alse") => Some(at + 5),
        _ => None,
    }
}

#[inline(always)]
fn word(text: &[u8], at: usize) -> Option<[u8; 4]> {
    text.get(at..)?.first_chunk().copied()
}

/// Where a number ends that is digits, with a fraction at most.
#[inline(always)]
fn number(text: &[u8], at: usize) -> Option<usize> {
    let few = Few::at(text, at)?;
    let length = bit(few.ends_number())?;
    let sign = u32::from(text.get(at) == Some(&b'-'));
    // All that is neither a digit nor the sign.
    let others = !few.digits() & ((1 << length) - 1) & !sign;
    let whole = match others {
        0 => length,
        _ => others.trailing_zeros() as usize,
    };
    let first = sign as usize;
    let has_fraction = others != 0;
    let is_plain = whole > first
        && (whole == first + 1 || text.get(at + first) != Some(&b'0'))
        && (!has_fraction
            || others.count_ones() == 1
                && whole + 1 < length
                && text.get(at + whole) == Some(&b'.'));
    is_plain.then_some(at + length)
}

/// Whether a text is a number of digits, with a fraction at most, however many they are.
pub(crate) fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at(digits(text));
    let is_whole = match whole {
        [] => false,
        [first, more @ ..] => *first != b'0' || more.is_empty(),
    };
    match rest {
        [] => is_whole,
        [b'.', fraction @ ..] => {
            is_whole && !fraction.is_empty() && digits(fraction) == fraction.len()
        }
        _ => false,
    }
}

/// The first of the bytes looked for among the next thirty-two, counted from there.
#[inline(always)]
fn within(text: &[u8], from: usize, of_few: impl Fn(Few) -> u32) -> Option<usize> {
    if let Some(bit) = bit(of_few(Few::at(text, from)?)) {
        return Some(bit);
    }
    bit(of_few(Few::at(text, from + FEW)?)).map(|bit| bit + FEW)
}

/// The lowest bit that is set.
#[inline(always)]
fn bit(bits: u32) -> Option<usize> {
    (bits != 0).then(|| bits.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Token;
    use crate::scan::Scan;

    fn text() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            "\"",
            "\\",
            ",",
            ":",
            " ",
            "\n        ",
            "                 ",
            "-",
            "0",
            "1",
            "10",
            ".",
            "e5",
            "}",
            "null",
            "true",
            "false",
            "nul",
            "key",
            "a key of some twenty bytes",
            "\u{e4}",
            "\u{1}",
            "\":",
            ", \"",
            "\": ",
            "\", ",
            "{}",
        ]);
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_plain_value_is_one_that_is_sound(text in text()) {
            // Sixteen bytes are looked at, so that some have to follow.
            let whole = format!("{text},                                                ");
            if let Some(end) = value(whole.as_bytes(), 0) {
                // All of it, and no more: a number may go on after what would be one by itself.
                let token = Scan::new(&whole).token().map(Token::raw);
                prop_assert_eq!(token, Ok(&whole[..end]));
                prop_assert!(whole[..end].is_ascii());
            }
        }

        #[test]
        fn a_plain_member_is_one_that_is_sound(text in text(), first in any::<bool>()) {
            let whole = format!("{text}1                                                ");
            if let Some(Member { from, to, value }) = member(whole.as_bytes(), 0, first) {
                let object = format!("{{{}1}}", &whole[usize::from(!first)..value]);
                let object = Token::parse(&object).and_then(Token::object);
                let keys: Option<Vec<String>> = object.map(|object| object.iter().map(|(key, _)| key.to_string()).collect());
                prop_assert_eq!(keys, Some(vec![whole[from + 1..to - 1].to_owned()]), "{}", whole);
                prop_assert!(first || whole.starts_with(','));
                prop_assert!(whole.as_bytes()[value] > b' ');
            }
        }
    }

    #[test]
    fn most_of_what_looker_writes_is_plain() {
        let after = ",                                                ";
        for text in [
            "\"\"",
            "\"orders.created_month\"",
            "null",
            "true",
            "false",
            "0",
            "-0.5",
            "773",
            "10.25",
            "-12",
        ] {
            assert_eq!(
                value(format!("{text}{after}").as_bytes(), 0),
                Some(text.len()),
                "{text}"
            );
        }
        for text in [
            "\"a\\nb\"",
            "\"\u{e4}\"",
            "01",
            "-",
            "1.",
            ".5",
            "1e5",
            "1.2.3",
            "--1",
            "[]",
            "{}",
            " 1",
            "nul",
            "\"a text of more than thirty-two bytes\"",
            "1234567890123456",
        ] {
            assert_eq!(
                value(format!("{text}{after}").as_bytes(), 0),
                None,
                "{text}"
            );
        }
        for (text, first, key) in [
            (",\"a\":1", false, Some("\"a\"")),
            (
                ",\n        \"user_attribute_filter_types\": 1",
                false,
                Some("\"user_attribute_filter_types\""),
            ),
            ("\"a\":1", true, Some("\"a\"")),
            ("\"a\":1", false, None),
            (",\"a\":1", true, None),
            (",\"a\" :1", false, None),
            (",\"a\"1", false, None),
            (",\"a\\n\":1", false, None),
            (",\"a\":  1", false, None),
            ("}", false, None),
        ] {
            let whole = format!("{text}{after}");
            let member = member(whole.as_bytes(), 0, first);
            assert_eq!(
                member.map(|member| &whole[member.from..member.to]),
                key,
                "{text}"
            );
        }
    }
}
