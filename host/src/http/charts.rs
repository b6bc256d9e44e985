//! `/v1/charts`: what can be read, and why not.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::{Catalog, Given};
use crate::problem::Problem;
use crate::reading;

use super::access::Viewer;
use super::body::Json;
use super::readings::{query_text, result_text};
use super::request::ProblemBody;

/// A chart to judge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyChart)]
pub(super) struct VerifyChart<'a> {
    /// Looker's `json_detail` answer; a string is taken as its raw text.
    #[serde(borrow)]
    #[schema(value_type = Object)]
    result: &'a RawValue,
    /// The tile's `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    vis_config: Option<&'a RawValue>,
    /// Looker's whole Query object, in place of `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    query: Option<&'a RawValue>,
}

/// Whether a chart can be read.
#[derive(Serialize, ToSchema)]
pub(super) struct Verified {
    /// Whether it can be linked as it is.
    supported: bool,
    /// The extractor that reads its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    extractor: Option<String>,
    /// Why it is, or is not.
    reasons: Vec<String>,
    /// What to do.
    hints: Vec<String>,
}

/// Is my chart supported, and if not, why and what to change?
#[utoipa::path(post, path = "/v1/charts/verify", tag = "charts", request_body = VerifyChart,
    responses((status = 200, body = Verified), (status = "4XX", body = ProblemBody)))]
pub(super) async fn verify(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    body: Json,
) -> Result<Answer<Verified>, Problem> {
    let input: VerifyChart<'_> = body.parse()?;
    let (result, query) = (
        result_text(input.result)?,
        query_text(input.vis_config, input.query)?,
    );
    let given = Given {
        result: result.as_bytes(),
        query: query.as_bytes(),
        chosen: &[],
        context: &[],
    };
    let verdict = catalog
        .verify(reading::chart_type(&query).as_deref(), given)
        .await?;
    Ok(Answer(Verified {
        supported: verdict.supported,
        extractor: verdict.extractor,
        reasons: verdict.reasons,
        hints: verdict.hints,
    }))
}
