//! A call to the API, described: what is asked for, how much of it, for how long, and whether twice.

use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use url::Url;

use super::error::Doing;

/// The most that is read of an answer that describes content.
pub(super) const LARGEST_METADATA: usize = 8 << 20;

/// The most that is read of a result.
pub(super) const LARGEST_RESULT: usize = 32 << 20;

/// A call to the API.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Below `/api/4.0`, encoded.
    pub path: String,
    pub parameters: Vec<(&'static str, String)>,
    pub body: Body<'a>,
    /// What is asked for, in words.
    pub what: String,
    pub doing: Doing,
    /// The most that is read of the answer.
    pub cap: usize,
    /// The longest that one try may take, if that is less than what is left.
    pub limit: Duration,
    /// The longest that one try may take until its answer begins, where that is less.
    pub silence: Duration,
    /// Whether it does no harm to do it twice.
    pub repeatable: bool,
}

/// What a call sends along.
pub(super) enum Body<'a> {
    Nothing,
    Json(&'a str),
    Form(SecretString),
}

impl<'a> Ask<'a> {
    /// Reads something.
    pub fn get(path: String, what: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path,
            parameters: Vec::new(),
            body: Body::Nothing,
            what: what.into(),
            doing: Doing::Asking,
            cap: LARGEST_METADATA,
            limit: Duration::MAX,
            silence: Duration::MAX,
            repeatable: true,
        }
    }

    /// Sends JSON.
    pub fn post(path: String, body: &'a str, what: impl Into<String>) -> Self {
        Self {
            method: Method::POST,
            body: Body::Json(body),
            ..Self::get(path, what)
        }
    }

    /// Ends something. Not repeated: it is done for good manners.
    pub fn delete(path: String, what: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            repeatable: false,
            ..Self::get(path, what)
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Where the call goes to, at an API that answers at `base`.
    pub fn address(&self, base: &Url) -> Option<Url> {
        let text = format!(
            "{}/api/4.0{}",
            base.as_str().trim_end_matches('/'),
            self.path
        );
        let mut url = Url::parse(&text).ok()?;
        if !self.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.parameters);
        }
        Some(url)
    }
}

/// An id as one segment of a path. `None` for what a URL would take for a step up or for nothing.
pub(super) fn segment(id: &str) -> Option<String> {
    if matches!(id, "" | "." | "..") {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    Some(
        id.bytes()
            .fold(String::with_capacity(id.len()), |mut text, byte| {
                if plain(byte) {
                    text.push(char::from(byte));
                } else {
                    text.push_str(&format!("%{byte:02X}"));
                }
                text
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment_whatever_is_in_it() {
        assert_eq!(segment("model::name").as_deref(), Some("model%3A%3Aname"));
        assert_eq!(
            segment("../login?a#b").as_deref(),
            Some("..%2Flogin%3Fa%23b")
        );
        assert_eq!(segment("é").as_deref(), Some("%C3%A9"));
        for id in ["", ".", ".."] {
            assert_eq!(segment(id), None, "{id:?}");
        }
        let ask = Ask::get(
            format!("/dashboards/{}", segment("a::b").unwrap()),
            "dashboard",
        );
        let base = Url::parse("https://x.example/bi").unwrap();
        let url = ask
            .with("fields", "id,folder(name)")
            .address(&base)
            .unwrap();
        assert_eq!(
            url.as_str(),
            "https://x.example/bi/api/4.0/dashboards/a%3A%3Ab?fields=id%2Cfolder%28name%29"
        );
    }
}
