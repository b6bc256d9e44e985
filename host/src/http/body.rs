//! Paths, queries and bodies, with rejections that say where and what.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::{FromRef, FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::catalog::Catalog;
use crate::problem::{Code, InputError, Problem};

/// The largest JSON body.
const LARGEST: usize = 32 << 20;
/// How much of a body over its limit is read and thrown away, so that the caller, who is still
/// sending, gets to see the answer.
pub(super) const DRAINED: usize = 64 << 20;

/// How long a body may take to come.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How much room is made for a body because of what its head announces.
const BELIEVED: usize = 4 << 20;

/// A JSON body, whole and in UTF-8, not parsed yet: what is parsed from it borrows it.
pub(super) struct Json(String);

impl<S: Send + Sync> FromRequest<S> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        typed(&request, "application/json", |kind| {
            kind == "application/json" || kind.ends_with("+json")
        })?;
        let bytes = read(request, LARGEST).await?;
        String::from_utf8(Vec::from(bytes))
            .map(Self)
            .map_err(|error| {
                let place = error.utf8_error().valid_up_to();
                Problem::invalid(
                    "",
                    format!("the body is not UTF-8: byte {place} belongs to no character"),
                )
            })
    }
}

/// A body that may be left out is left out when it is empty, whatever its type.
impl<S: Send + Sync> OptionalFromRequest<S> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

impl Json {
    /// JSON that came as a part of something else.
    pub fn of(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes);
        text.map(|text| Self(text.to_owned()))
            .map_err(|error| Problem::invalid("", format!("it is not UTF-8: {error}")))
    }

    /// The body as it came.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Parses the body.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        let mut json = serde_json::Deserializer::from_str(&self.0);
        let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let mut pointer = pointer(error.path());
            let error = error.into_inner();
            let text = error.to_string();
            // serde names the object that has or lacks a field; the pointer goes on to the field.
            for kind in ["unknown field `", "missing field `", "duplicate field `"] {
                if let Some(field) = text
                    .strip_prefix(kind)
                    .and_then(|rest| rest.split('`').next())
                    && !pointer.ends_with(&format!("/{}", escaped(field)))
                {
                    pointer.push('/');
                    pointer.push_str(&escaped(field));
                }
            }
            Problem::invalid(pointer, text)
        })?;
        json.end().map_err(|error| {
            Problem::invalid("", format!("the body goes on after its end: {error}"))
        })?;
        Ok(parsed)
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// A key as a JSON pointer writes it (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Refuses a body of another type.
pub(super) fn typed(
    request: &Request,
    wanted: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let essence = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if fits(&essence) {
        return Ok(());
    }
    let has = if essence.is_empty() {
        "none".into()
    } else {
        essence
    };
    Err(Problem::new(
        Code::UNSUPPORTED_MEDIA_TYPE,
        format!("the request's Content-Type is {has}, and this call takes {wanted}"),
    ))
}

/// A whole body of at most `limit` bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = request.into_body();
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0).min(BELIEVED));
    let mut seen = 0_usize;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let Ok(frame) = tokio::time::timeout_at(deadline, body.frame()).await else {
            let detail = format!("the body did not come within {} s", PATIENCE.as_secs());
            return Err(Problem::invalid("", detail));
        };
        let Some(frame) = frame else { break };
        let frame =
            frame.map_err(|error| Problem::invalid("", format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            bytes.extend_from_slice(&data);
        } else if seen > limit.saturating_add(DRAINED) {
            break;
        }
    }
    if seen <= limit {
        return Ok(bytes.freeze());
    }
    let mib = limit >> 20;
    Err(Problem::new(
        Code::TOO_LARGE,
        format!("the body is larger than {mib} MiB, the most that this call takes"),
    ))
}

/// Names in a path.
pub(super) struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(names)) => Ok(Self(names)),
            Err(error) => Err(Problem::invalid(
                "",
                format!("the path cannot be read: {error}"),
            )),
        }
    }
}

/// The name of an extractor in a path, which has to be there before a body is read.
pub(super) struct Known(pub String);

impl<S> FromRequestParts<S> for Known
where
    Arc<Catalog>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name): Path<String> = Path::from_request_parts(parts, state).await?;
        Arc::<Catalog>::from_ref(state).get(&name)?;
        Ok(Self(name))
    }
}

/// The id of a thing in a path. A text that is no id names nothing.
pub(super) struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // An id is always the first name in its path; what follows is the handler's.
        let Path(names): Path<Vec<(String, String)>> =
            Path::from_request_parts(parts, state).await?;
        let text = names.first().map_or("", |(_, value)| value.as_str());
        text.parse().map(Self).map_err(|_| {
            let text: String = text.chars().take(80).collect();
            Problem::new(
                Code::NOT_FOUND,
                format!("there is nothing of the id {text}; list what there is to see its ids"),
            )
        })
    }
}

/// A field of an edit: told apart are one that is left out, one that is `null`, and a value.
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// The parameters of a list.
pub(super) struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(parameters)) => Ok(Self(parameters)),
            Err(error) => {
                let detail = error.body_text();
                let mut problem = Problem::new(
                    Code::INVALID_INPUT,
                    format!("the query string cannot be taken: {detail}"),
                );
                problem.errors.push(InputError {
                    pointer: String::new(),
                    detail,
                });
                Err(problem)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Words;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input<'a> {
        #[serde(borrow)]
        result: &'a serde_json::value::RawValue,
        #[serde(borrow, default)]
        selection: Words<'a>,
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let cases = [
            (r#"{"result":1,"selction":{}}"#, "/selction"),
            (r#"{"selection":{}}"#, "/result"),
            (r#"{"a/b~c":{}}"#, "/a~1b~0c"),
            (r#"{"result":1,"selection":[]}"#, "/selection"),
            (r#"{"result":1,"selection":{"x":5}}"#, "/selection/x"),
            (
                r#"{"result":1,"selection":{"a/b":null}}"#,
                "/selection/a~1b",
            ),
            (r#"{"result":1,"result":2}"#, "/result"),
            (r#"{"result":1"#, ""),
            (r#"{"result":1} {}"#, ""),
            ("", ""),
        ];
        for (body, pointer) in cases {
            let problem = Json(body.into()).parse::<Input<'_>>().expect_err(body);
            assert_eq!(problem.errors[0].pointer, pointer, "{body}: {problem:?}");
        }
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let body = Json(r#"{"result":1,"selection":{"x":"a","x":"b"}}"#.into());
        let problem = body.parse::<Input<'_>>().expect_err("twice");
        assert!(problem.detail.contains("twice"), "{problem:?}");
    }

    #[test]
    fn a_result_is_not_touched() {
        let body = Json(r#"{"result": [9007199254740993, 1.50] }"#.into());
        let input: Input<'_> = body.parse().expect("parses");
        assert!(input.selection.0.is_empty());
        assert_eq!(input.result.get(), "[9007199254740993, 1.50]");
    }
}
