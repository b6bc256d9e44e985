//! An upload: a component, alone or with samples to try it on.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use multer::{Constraints, Multipart, SizeLimit};

use crate::catalog::{Candidate, LARGEST_COMPONENT, NoSignature, Signature};
use crate::problem::{Code, Problem};
use crate::sample::{Document, Sample, own};

use super::body::{Json, PATIENCE, read, typed};

/// Room for what a form has besides its two parts.
const HEADS: usize = 64 << 10;
/// The header that a publisher's signature comes in.
const SIGNATURE: &str = "lensmount-signature";
/// The parts of a form, by name.
const COMPONENT: &str = "component";
const SAMPLES: &str = "samples";

/// An upload as a form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it stands for the form in the API's document")]
pub(super) struct UploadForm {
    /// The component.
    #[schema(value_type = String, format = Binary)]
    component: Vec<u8>,
    /// What to try it on: a JSON array of at most 64.
    samples: Option<Vec<Document<'static>>>,
}

/// What is uploaded: `application/wasm`, or `multipart/form-data` with the part `component` and, if
/// there are any, `samples`.
pub(super) struct Upload(pub Candidate);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let signature = signature(&request)?;
        if let Some(boundary) = boundary(&request) {
            let form = tokio::time::timeout(PATIENCE, form(request, boundary)).await;
            let form = form.unwrap_or_else(|_| {
                let detail = format!("the body did not come within {} s", PATIENCE.as_secs());
                Err(Problem::invalid("", detail))
            });
            return form.map(|(wasm, samples)| {
                Self(Candidate {
                    wasm,
                    samples,
                    signature,
                })
            });
        }
        if is_form(&request) {
            let detail = "the Content-Type multipart/form-data names no `boundary`, so the form cannot be taken apart";
            return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let wanted =
            "application/wasm, or multipart/form-data with the parts component and samples";
        typed(&request, wanted, |kind| {
            kind == "application/wasm" || kind == "application/octet-stream"
        })?;
        Ok(Self(Candidate {
            signature,
            ..read(request, LARGEST_COMPONENT).await?.into()
        }))
    }
}

fn signature(request: &Request) -> Result<Option<Signature>, Problem> {
    let Some(text) = request.headers().get(SIGNATURE) else {
        return Ok(None);
    };
    let signature = text.to_str().ok().and_then(|text| text.parse().ok());
    signature.map(Some).ok_or_else(|| {
        Problem::invalid(
            "",
            format!("the header {SIGNATURE} is not right: {NoSignature}"),
        )
    })
}

fn boundary(request: &Request) -> Option<String> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with("multipart/form-data")
}

async fn form(request: Request, boundary: String) -> Result<(Bytes, Vec<Sample>), Problem> {
    // What stands before the parts, and their heads, is bounded by the whole.
    let limits = SizeLimit::new()
        .whole_stream((LARGEST_COMPONENT + own::MOST_BYTES + HEADS) as u64)
        .for_field(COMPONENT, LARGEST_COMPONENT as u64)
        .for_field(SAMPLES, own::MOST_BYTES as u64);
    let constraints = Constraints::new()
        .allowed_fields(vec![COMPONENT, SAMPLES])
        .size_limit(limits);
    let stream = request.into_body().into_data_stream();
    let mut form = Multipart::with_constraints(stream, boundary, constraints);
    let (mut wasm, mut samples) = (None, None);
    while let Some(field) = form.next_field().await.map_err(told)? {
        let name = field.name().unwrap_or_default().to_owned();
        let place = match name.as_str() {
            COMPONENT => &mut wasm,
            _ => &mut samples,
        };
        if place.replace(field.bytes().await.map_err(told)?).is_some() {
            return Err(Problem::invalid(format!("/{name}"), "it is given twice"));
        }
    }
    let wasm = wasm.ok_or_else(|| {
        Problem::invalid(
            "/component",
            "the part `component` is missing: a .wasm file",
        )
    })?;
    let samples = samples.map_or_else(|| Ok(Vec::new()), |text| parsed(&text))?;
    Ok((wasm, samples))
}

/// Samples as they are sent along: a JSON array.
fn parsed(text: &[u8]) -> Result<Vec<Sample>, Problem> {
    let json = Json::of(text)?;
    let documents = json.parse::<Vec<Document<'_>>>();
    let documents = documents.map_err(|problem| problem.below("/samples"))?;
    asked(&documents, "/samples")
}

/// What a request's samples ask.
pub(super) fn asked(documents: &[Document<'_>], place: &str) -> Result<Vec<Sample>, Problem> {
    if documents.len() > own::MOST {
        let (has, most) = (documents.len(), own::MOST);
        return Err(Problem::invalid(
            place,
            format!("there are {has} samples, and {most} are the most"),
        ));
    }
    let numbered = documents.iter().enumerate();
    let samples = numbered.map(|(at, document)| {
        let sample = document.whole(&(at + 1).to_string());
        sample.map_err(|error| Problem::invalid(format!("{place}/{at}"), error.to_string()))
    });
    samples.collect()
}

fn told(error: multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } => Problem::new(
            Code::TOO_LARGE,
            format!(
                "the part {} is larger than {limit} bytes, the most that this call takes",
                field_name.unwrap_or_default()
            ),
        ),
        multer::Error::StreamSizeExceeded { limit } => Problem::new(
            Code::TOO_LARGE,
            format!("the form is larger than {limit} bytes, the most that this call takes"),
        ),
        multer::Error::UnknownField { field_name } => Problem::invalid(
            format!("/{}", field_name.unwrap_or_default()),
            "there is no such part; the parts are `component` and `samples`",
        ),
        error => Problem::invalid("", format!("the form cannot be read: {error}")),
    }
}
