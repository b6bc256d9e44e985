//! JSON text laid out for people, every number digit for digit as it stands.
//!
//! Trees of values would round what they hold, so the text is taken apart as text.

use lensmount_sdk::json::{Kind, Token, quoted};

/// The order of an object's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they stand.
    Kept,
    /// By name, so that two texts that mean the same look the same.
    ByName,
}

/// A value over as many lines as it has parts. What is not JSON is left as it is.
pub(crate) fn lay_out(text: &str, order: Order) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    match Token::parse(text.trim()) {
        Some(token) => value(token, order, 0, &mut out),
        None => out.push_str(text),
    }
    out
}

/// How deep values are laid out. What lies deeper stays on one line as it is: the text may be a
/// stranger's, and each level costs stack and room.
const DEEPEST: usize = 32;

fn value(token: Token<'_>, order: Order, depth: usize, out: &mut String) {
    match token.kind() {
        Kind::Object | Kind::Array if depth >= DEEPEST => out.push_str(token.raw()),
        Kind::Object => {
            let object = token.object().unwrap_or_default();
            let mut members: Vec<_> = object.iter().collect();
            if order == Order::ByName {
                members.sort_by_key(|(name, _)| *name);
            }
            let members = members.into_iter().map(|(name, value)| (Some(name), value));
            list(('{', '}'), members, order, depth, out);
        }
        Kind::Array => {
            let items = token.items().unwrap_or_default();
            let items = items.into_iter().map(|item| (None::<&str>, item));
            list(('[', ']'), items, order, depth, out);
        }
        // A text may be written in several ways.
        Kind::Text => out.push_str(&quoted(&token.string().unwrap_or_default())),
        Kind::Number | Kind::Bool | Kind::Null => out.push_str(token.raw()),
    }
}

fn list<'a, N: AsRef<str>>(
    (open, close): (char, char),
    parts: impl Iterator<Item = (Option<N>, Token<'a>)>,
    order: Order,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut empty = true;
    for (name, part) in parts {
        if !empty {
            out.push(',');
        }
        empty = false;
        line(depth + 1, out);
        if let Some(name) = name {
            out.push_str(&quoted(name.as_ref()));
            out.push_str(": ");
        }
        value(part, order, depth + 1, out);
    }
    if !empty {
        line(depth, out);
    }
    out.push(close);
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deep_stays_on_one_line() {
        for depth in [DEEPEST + 1, 100_000] {
            let text = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let laid_out = lay_out(&text, Order::ByName);
            let inner = depth - DEEPEST;
            let one_line = format!("{}1{}", "[".repeat(inner), "]".repeat(inner));
            assert!(laid_out.contains(&one_line));
            assert_eq!(laid_out.lines().count(), 2 * DEEPEST + 1);
        }
    }

    #[test]
    fn digits_stay_and_the_same_meaning_looks_the_same() {
        let a = r#"{"b": [9007199254740993, 1.10, {}], "a": "\u00e4"}"#;
        let b = r#"{"a":"ä","b":[9007199254740993,1.10,{}]}"#;
        assert_eq!(lay_out(a, Order::ByName), lay_out(b, Order::ByName));
        assert_eq!(
            lay_out(a, Order::Kept),
            "{\n  \"b\": [\n    9007199254740993,\n    1.10,\n    {}\n  ],\n  \"a\": \"ä\"\n}"
        );
    }
}
