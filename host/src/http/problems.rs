//! The one place where errors of the domain become problems.
//!
//! What is the caller's to mend is told in full; what is ours to mend goes to the log with its
//! causes, and the caller gets the request's id.

use std::error::Error;

use crate::catalog::CatalogError;
use crate::problem::{Code, Problem};
use crate::sandbox::types::{Failure, FailureCode};
use crate::sandbox::{CallError, StopCode, Stopped};
use crate::store::StoreError;

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let code = match error {
            CatalogError::NoExtractor { .. } | CatalogError::NoVersion { .. } => Code::NOT_FOUND,
            CatalogError::NotActive { .. }
            | CatalogError::InUse { .. }
            | CatalogError::BuiltIn { .. }
            | CatalogError::NoEarlier { .. }
            | CatalogError::Contended { .. } => Code::CONFLICT,
            CatalogError::Stale { .. } => Code::STALE,
            CatalogError::OtherWorld { .. } => Code::INCOMPATIBLE,
            CatalogError::Load { .. } => {
                tracing::error!(error = %chain(&error), "an extractor does not load");
                Code::INCOMPATIBLE
            }
            CatalogError::Damaged { .. } => Code::UNAVAILABLE,
            CatalogError::Refused(refused) => {
                let code = Code::named(refused.code.as_str()).unwrap_or(Code::INVALID_COMPONENT);
                return Self::new(code, refused.reason);
            }
            CatalogError::Call(CallError::Failure(failure)) => return failure.into(),
            CatalogError::Call(CallError::Stopped(stopped)) => return (*stopped).into(),
            CatalogError::Store(error) => return error.into(),
            CatalogError::Record { .. } | CatalogError::Newer { .. } | CatalogError::Worker(_) => {
                return ours(&error);
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let code = match failure.code {
            FailureCode::Malformed => Code::MALFORMED,
            FailureCode::LookerError => Code::LOOKER_ERROR,
            FailureCode::Unsupported => Code::UNSUPPORTED,
            FailureCode::BadSelection => Code::BAD_SELECTION,
            FailureCode::NoData => Code::NO_DATA,
            FailureCode::NotNumeric => Code::NOT_NUMERIC,
            FailureCode::Ambiguous => Code::AMBIGUOUS,
            FailureCode::Incomplete => Code::INCOMPLETE,
            FailureCode::Internal => Code::INTERNAL,
            FailureCode::Other => Code::OTHER,
        };
        let mut problem = Self::new(code, failure.message);
        problem.control = failure.control;
        problem.extractor_code = failure
            .attributes
            .into_iter()
            .find(|(name, _)| name == "code")
            .map(|(_, code)| code);
        problem
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        let code = Code::named(stopped.code.as_str()).unwrap_or(Code::TRAP);
        let mut problem = Self::new(code, stopped.to_string());
        if stopped.code == StopCode::Busy {
            problem.retry_after = Some(1);
        }
        problem.trace = stopped.trace;
        problem.log = stopped
            .log
            .into_iter()
            .map(|line| format!("{}: {}", line.level, line.message))
            .collect();
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::TooLarge { .. } = error {
            return Self::new(
                Code::CONFLICT,
                "the extractor has more versions than can be kept; delete some that are not needed",
            );
        }
        tracing::error!(error = %chain(&error), "the store failed");
        let detail = match error {
            StoreError::InDoubt { .. } => {
                "the store failed while it wrote, so it is not known whether the change was made; \
                 look before you repeat it"
            }
            _ => "the store does not answer; nothing was changed",
        };
        Self::new(Code::UNAVAILABLE, detail).retry_after(5)
    }
}

/// What the caller of a failed request is told.
pub(super) const FAULT: &str =
    "the server failed by a fault of its own; its log has the cause under `request_id`";

/// An error that no caller can mend.
pub(super) fn ours(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error = %chain(error), "a request failed by a fault of the server");
    Problem::new(Code::FAULT, FAULT)
}

/// An error with its causes; our errors do not repeat them.
fn chain(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| {
        (*error).source()
    })
    .map(ToString::to_string)
    .collect::<Vec<_>>()
    .join(": ")
}
