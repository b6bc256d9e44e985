//! Where Looker is, as a person typed or pasted it.

use std::fmt;

use url::{Host, Url};

/// Path segments that begin what belongs to a page of Looker or to its API, not to the server.
const PAGES: &[&str] = &[
    "account",
    "admin",
    "api",
    "boards",
    "browse",
    "dashboards",
    "dashboards-next",
    "embed",
    "explore",
    "extensions",
    "folders",
    "login",
    "looks",
    "projects",
    "spaces",
    "sql",
];

/// The port of the API where it has one of its own.
const API_PORT: u16 = 19999;

/// Looker's address, normalised: a scheme, a host, the port if one was given, and the path prefix
/// if there is one. Nothing else, so no password either.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    text: String,
    base: Url,
    /// Whether a port was given, even if it is the scheme's own.
    explicit: bool,
}

/// Why a text is not the address of a Looker. It does not repeat the text, which may hold a
/// password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadServerUrl {
    /// Nothing was given.
    #[error("the server URL is empty; enter Looker's address, such as https://looker.example.com")]
    Empty,
    /// Not a URL.
    #[error("this is not a URL; enter Looker's address, such as https://looker.example.com")]
    NotAUrl(#[source] url::ParseError),
    /// Another scheme than http and https.
    #[error("Looker is called over https or http, not {0}; begin the server URL with https://")]
    Scheme(String),
    /// A URL that names no host.
    #[error(
        "the server URL names no host; enter Looker's address, such as https://looker.example.com"
    )]
    NoHost,
}

impl ServerUrl {
    /// Makes the best of what was typed or pasted: a bare host, a link to a dashboard, the API's
    /// own address.
    ///
    /// # Errors
    ///
    /// When there is no host to be found in it.
    pub fn parse(text: &str) -> Result<Self, BadServerUrl> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadServerUrl::Empty);
        }
        let text = if has_scheme(text) {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let pasted = Url::parse(&text).map_err(BadServerUrl::NotAUrl)?;
        if !matches!(pasted.scheme(), "http" | "https") {
            return Err(BadServerUrl::Scheme(pasted.scheme().to_owned()));
        }
        let host = pasted
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(BadServerUrl::NoHost)?;
        let explicit = explicit_port(&text);
        let port = explicit.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!(
            "{}://{host}{port}{}",
            pasted.scheme(),
            prefix(pasted.path())
        );
        let base = Url::parse(&text).map_err(BadServerUrl::NotAUrl)?;
        Ok(Self {
            text,
            base,
            explicit: explicit.is_some(),
        })
    }

    /// The normalised text. It parses to the same again.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the API may answer, the likelier first; `/api/4.0` is still to be added.
    #[must_use]
    pub fn candidates(&self) -> Vec<Url> {
        let given = self.base.clone();
        if self.explicit || given.scheme() == "http" {
            return vec![given];
        }
        let mut own_port = given.clone();
        if own_port.set_port(Some(API_PORT)).is_err() {
            return vec![given];
        }
        // Hosted by Google the API answers at 443; elsewhere at its own port, unless a proxy that
        // knows a path prefix stands before it.
        if self.is_hosted() || given.path() != "/" {
            vec![given, own_port]
        } else {
            vec![own_port, given]
        }
    }

    fn is_hosted(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => {
                name.trim_end_matches('.').ends_with(".looker.com") || name == "looker.com"
            }
            _ => false,
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a text begins with a scheme; `looker.example.com:19999` does not.
fn has_scheme(text: &str) -> bool {
    let lower = text.get(..6).unwrap_or(text).to_ascii_lowercase();
    text.contains("://") || lower.starts_with("https:") || lower.starts_with("http:/")
}

/// The port that the text itself names. [`Url`] forgets one that is its scheme's own, and the
/// person who wrote `:443` does not want 19999 to be tried.
fn explicit_port(text: &str) -> Option<u16> {
    let after = text.split_once(':')?.1.trim_start_matches(['/', '\\']);
    let authority = after.split(['/', '\\', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let port = host.rsplit_once(':')?.1;
    port.parse().ok()
}

/// What is left of a path once pages and the API are taken off its end.
fn prefix(path: &str) -> String {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .take_while(|segment| !PAGES.contains(&segment.to_ascii_lowercase().as_str()))
        .fold(String::new(), |prefix, segment| prefix + "/" + segment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_paste_becomes_the_servers_address() {
        let cases = [
            ("looker.example.com", "https://looker.example.com"),
            (
                "  https://Looker.Example.com/  ",
                "https://looker.example.com",
            ),
            (
                "looker.example.com:19999",
                "https://looker.example.com:19999",
            ),
            (
                "https://looker.example.com:443",
                "https://looker.example.com:443",
            ),
            (
                "https://looker.example.com:443/login",
                "https://looker.example.com:443",
            ),
            ("http://localhost:8080", "http://localhost:8080"),
            ("HTTP://localhost:80", "http://localhost:80"),
            ("https://u:p@x.example/", "https://x.example"),
            ("https://u:44@x.example/", "https://x.example"),
            ("u:p@x.example:9", "https://x.example:9"),
            ("https://x.example/api/4.0", "https://x.example"),
            ("https://x.example/api/4.0/", "https://x.example"),
            (
                "https://x.example/dashboards/17?Region=EMEA#a",
                "https://x.example",
            ),
            (
                "https://x.example/dashboards/model::name",
                "https://x.example",
            ),
            ("https://x.example/embed/dashboards/17", "https://x.example"),
            ("https://x.example/looks/45", "https://x.example"),
            (
                "https://x.example/explore/thelook/orders?qid=abc",
                "https://x.example",
            ),
            ("https://x.example/folders/12", "https://x.example"),
            ("https://x.example/login", "https://x.example"),
            ("https://x.example/browse/boards/3", "https://x.example"),
            ("https://x.example/Boards/3", "https://x.example"),
            (
                "https://x.example/bi/looker/",
                "https://x.example/bi/looker",
            ),
            ("https://x.example/bi/dashboards/17", "https://x.example/bi"),
            ("https://x.example//api/4.0", "https://x.example"),
            (
                "https://[2001:DB8::1]:19999/login",
                "https://[2001:db8::1]:19999",
            ),
            ("https://2130706433/", "https://127.0.0.1"),
            ("https:/x.example", "https://x.example"),
            ("bücher.example", "https://xn--bcher-kva.example"),
        ];
        for (pasted, expected) in cases {
            let url = ServerUrl::parse(pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
            assert_eq!(url.as_str(), expected, "{pasted}");
            assert_eq!(ServerUrl::parse(url.as_str()).unwrap(), url, "{pasted}");
        }
    }

    #[test]
    fn what_names_no_server_is_refused() {
        assert_eq!(ServerUrl::parse("  "), Err(BadServerUrl::Empty));
        assert_eq!(
            ServerUrl::parse("ftp://x"),
            Err(BadServerUrl::Scheme("ftp".to_owned()))
        );
        assert_eq!(
            ServerUrl::parse("file:///etc/passwd"),
            Err(BadServerUrl::Scheme("file".to_owned()))
        );
        for text in [
            "https://",
            "a b",
            "https://x:99999",
            "https://1.2.3.4.5.6",
            "://",
        ] {
            assert!(
                matches!(ServerUrl::parse(text), Err(BadServerUrl::NotAUrl(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn the_likelier_port_is_tried_first() {
        let cases: [(&str, &[&str]); 8] = [
            (
                "acme.cloud.looker.com",
                &[
                    "https://acme.cloud.looker.com/",
                    "https://acme.cloud.looker.com:19999/",
                ],
            ),
            (
                "acme.looker.com",
                &["https://acme.looker.com/", "https://acme.looker.com:19999/"],
            ),
            (
                "bi.acme.com",
                &["https://bi.acme.com:19999/", "https://bi.acme.com/"],
            ),
            (
                "notlooker.com",
                &["https://notlooker.com:19999/", "https://notlooker.com/"],
            ),
            ("bi.acme.com:443", &["https://bi.acme.com/"]),
            ("acme.looker.com:19999", &["https://acme.looker.com:19999/"]),
            ("http://localhost", &["http://localhost/"]),
            (
                "acme.com/bi",
                &["https://acme.com/bi", "https://acme.com:19999/bi"],
            ),
        ];
        for (text, expected) in cases {
            let candidates = ServerUrl::parse(text).unwrap().candidates();
            let candidates: Vec<&str> = candidates.iter().map(Url::as_str).collect();
            assert_eq!(candidates, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_makes_it_panic_and_what_is_kept_parses_to_itself(text in "\\PC{0,40}") {
            if let Ok(url) = ServerUrl::parse(&text) {
                prop_assert_eq!(ServerUrl::parse(url.as_str()), Ok(url));
            }
        }
    }
}
