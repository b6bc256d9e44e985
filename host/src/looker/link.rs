//! Links to content, as people paste them from their browser.

use url::Url;

/// The id of the dashboard that a pasted link or a bare id names.
#[must_use]
pub fn dashboard_id_in(text: &str) -> Option<String> {
    id_in(text, &["dashboards", "dashboards-next"])
}

/// The id of the look that a pasted link or a bare id names.
#[must_use]
pub fn look_id_in(text: &str) -> Option<String> {
    id_in(text, &["looks"]).filter(|id| !id.contains("::"))
}

/// Whether a text is a link, and so cannot be a title.
pub(super) fn is_link(text: &str) -> bool {
    text.contains("://") || text.trim_start().starts_with('/')
}

fn id_in(text: &str, pages: &[&str]) -> Option<String> {
    let text = text.trim();
    if !text.contains('/') {
        return is_bare_id(text).then(|| text.to_owned());
    }
    let path = path_of(text)?;
    let mut segments = path
        .split('/')
        .skip_while(|segment| !pages.contains(segment))
        .skip(1);
    let id = percent_decoded(segments.next()?)?;
    let plain = |sign: char| sign.is_alphanumeric() || matches!(sign, ':' | '_' | '-' | '.');
    (!id.is_empty() && id.chars().all(plain)).then_some(id)
}

/// The path of a link with or without scheme and host.
fn path_of(text: &str) -> Option<String> {
    let url = if text.contains("://") {
        Url::parse(text)
    } else if text.starts_with('/') {
        Url::parse(&format!("https://host{text}"))
    } else {
        Url::parse(&format!("https://{text}"))
    };
    Some(url.ok()?.path().to_owned())
}

/// `17` and `model::name`. Slugs look like words, so a bare one is taken as a title.
fn is_bare_id(text: &str) -> bool {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|sign| sign.is_alphanumeric() || "_-.".contains(sign))
    };
    let lookml = text
        .split_once("::")
        .is_some_and(|(model, rest)| name(model) && name(rest));
    number || lookml
}

fn percent_decoded(segment: &str) -> Option<String> {
    // In a form `+` is a space, and in a path it is itself.
    let form = segment.replace('+', "%2B");
    let (decoded, _) = url::form_urlencoded::parse(form.as_bytes()).next()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_ids_name_a_dashboard() {
        let cases = [
            ("17", Some("17")),
            (" model::name ", Some("model::name")),
            (
                "https://x/dashboards/17?Date=6+months&Region=EMEA",
                Some("17"),
            ),
            ("https://x/dashboards/17#tile", Some("17")),
            ("https://x/dashboards/model::name", Some("model::name")),
            (
                "https://x/dashboards/model%3A%3Aname?a=b",
                Some("model::name"),
            ),
            ("https://x/embed/dashboards/17", Some("17")),
            ("https://x/bi/dashboards-next/17/", Some("17")),
            ("x.example:9999/dashboards/17", Some("17")),
            ("/dashboards/Zk2d", Some("Zk2d")),
            ("https://x/dashboards/", None),
            ("https://x/dashboards/a%2Fb", None),
            ("https://x/looks/45", None),
            ("Sales 2026", None),
            ("Sales", None),
            ("A::B sales", None),
            ("Sales / Marketing", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(dashboard_id_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn links_and_ids_name_a_look() {
        let cases = [
            ("45", Some("45")),
            ("https://x/looks/45?toggle=det", Some("45")),
            ("https://x/embed/looks/45", Some("45")),
            ("https://x/dashboards/17", None),
            ("model::name", None),
        ];
        for (text, expected) in cases {
            assert_eq!(look_id_in(text).as_deref(), expected, "{text}");
        }
    }
}
