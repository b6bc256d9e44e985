//! SQL's LIKE, as Looker's searches use it: the whole text, whatever its case.

/// Whether `text` is like `pattern`: `%` stands for anything, `_` for one character.
pub fn like(text: &str, pattern: &str) -> bool {
    let fold = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    matches(&fold(text), &fold(pattern))
}

/// The same where case counts, as in the filters of a query.
pub fn like_exact(text: &str, pattern: &str) -> bool {
    matches(
        &text.chars().collect::<Vec<_>>(),
        &pattern.chars().collect::<Vec<_>>(),
    )
}

/// Goes back to the last `%` on a mismatch, and never further: time grows with the product of the
/// two lengths at most.
fn matches(text: &[char], pattern: &[char]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('%') => {
                star = Some((of, at));
                of += 1;
            }
            Some(&wanted) if wanted == '_' || wanted == text[at] => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((percent, from)) => {
                    star = Some((percent, from + 1));
                    at = from + 1;
                    of = percent + 1;
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|rest| *rest == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_whole_text_with_two_wildcards() {
        for (text, pattern, expected) in [
            ("Sales overview", "Sales overview", true),
            ("Sales overview", "sales OVERVIEW", true),
            ("Sales overview", "Sales", false),
            ("Sales overview", "%sales%", true),
            ("Sales overview", "%sales", false),
            ("Sales overview", "sales%", true),
            ("Sales overview", "%", true),
            ("", "%", true),
            ("", "", true),
            ("", "_", false),
            ("Q3_sales", "q3_sales", true),
            ("Q3-sales", "q3_sales", true),
            ("Q3--sales", "q3_sales", false),
            ("100% uptime", "100% uptime", true),
            ("100 days of uptime", "100% uptime", true),
            ("aaab", "%a%b", true),
            ("aaab", "%a%c", false),
            ("🚀 Launch", "_ launch", true),
            ("ÄRGER", "ärger", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text:?} like {pattern:?}");
        }
    }

    #[test]
    fn in_filters_case_counts() {
        assert!(like_exact("EMEA", "EM%"));
        assert!(!like_exact("EMEA", "em%"));
    }
}
