//! The one place where errors of the domain become problems.
//!
//! What is the caller's to mend is told in full; what is ours to mend goes to the log with its
//! causes, and the caller gets the request's id.

use std::error::Error;

use crate::catalog::{CatalogError, RefusedCode};
use crate::chart::ChartError;
use crate::connection::ConnectionError;
use crate::event::RunError;
use crate::event::destination::DestinationError;
use crate::hub::HubKeyError;
use crate::keyresult::KeyResultError;
use crate::looker::LookerError;
use crate::problem::{Code, InputError, Problem};
use crate::record::RecordError;
use crate::sample::kept::KeptError;
use crate::sandbox::types::{Failure, FailureCode};
use crate::sandbox::{CallError, StopCode, Stopped};
use crate::store::StoreError;
use crate::webhook::WebhookError;

impl From<&CatalogError> for Problem {
    fn from(error: &CatalogError) -> Self {
        let code = match error {
            CatalogError::NoExtractor { .. }
            | CatalogError::NoVersion { .. }
            | CatalogError::NoManual { .. } => Code::NOT_FOUND,
            CatalogError::NotActive { .. }
            | CatalogError::InUse { .. }
            | CatalogError::OnTrial { .. }
            | CatalogError::AlreadyActive { .. }
            | CatalogError::BuiltIn { .. }
            | CatalogError::NoEarlier { .. }
            | CatalogError::Contended { .. } => Code::CONFLICT,
            CatalogError::Stale { .. } => Code::STALE,
            CatalogError::OtherWorld { .. } => Code::INCOMPATIBLE,
            CatalogError::Load { .. } => {
                tracing::error!(error = %chain(error), "an extractor does not load");
                Code::INCOMPATIBLE
            }
            CatalogError::Damaged { .. } => Code::UNAVAILABLE,
            CatalogError::Resting { seconds, .. } => {
                return Self::new(Code::RESTING, error.to_string()).retry_after(*seconds);
            }
            CatalogError::Limit(bad) => {
                return Self::invalid(format!("/limits/{}", bad.field), bad.reason.clone());
            }
            CatalogError::Refused(refused) => {
                let code = Code::named(refused.code.as_str()).unwrap_or(Code::INVALID_COMPONENT);
                let mut problem = Self::new(code, refused.reason.clone());
                let last = refused.stages.len().saturating_sub(1);
                let stages = refused.stages.iter().enumerate();
                problem.stages = stages
                    .map(|(at, stage)| {
                        let passed = at < last || refused.code == RefusedCode::VersionExists;
                        stage.ended(if passed {
                            "passed"
                        } else {
                            refused.code.as_str()
                        })
                    })
                    .collect();
                return problem;
            }
            CatalogError::Call(CallError::Failure(failed)) => return failed.failure.clone().into(),
            CatalogError::Call(CallError::Stopped(stopped)) => return (**stopped).clone().into(),
            CatalogError::Store(error) => return error.into(),
            CatalogError::Record { .. }
            | CatalogError::Newer { .. }
            | CatalogError::Unwritable(_)
            | CatalogError::Worker(_) => {
                return ours(error);
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        (&error).into()
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

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        if let StoreError::TooLarge { what, .. } = error {
            return Self::new(
                Code::CONFLICT,
                format!(
                    "{what} would be larger than can be kept; nothing was changed; remove from it what is not needed"
                ),
            );
        }
        tracing::error!(error = %chain(error), "the store failed");
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<KeptError> for Problem {
    fn from(error: KeptError) -> Self {
        match &error {
            KeptError::Store(error) => error.into(),
            KeptError::Record(error) => error.into(),
            KeptError::Secret(_) | KeptError::Unreadable(_) => ours(&error),
        }
    }
}

impl From<&RecordError> for Problem {
    fn from(error: &RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Newer { .. } | RecordError::Unreadable { .. } => ours(error),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        (&error).into()
    }
}

impl From<&LookerError> for Problem {
    fn from(error: &LookerError) -> Self {
        let code = Code::named(error.code()).unwrap_or(Code::LOOKER_ERROR);
        let mut problem = Self::new(code, error.to_string());
        match error {
            LookerError::RateLimited { retry_after } => {
                let seconds = retry_after.map_or(1, |wait| wait.as_secs().max(1));
                problem.retry_after = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
            }
            LookerError::Busy { .. } => problem.retry_after = Some(5),
            LookerError::NoSuchFilter { name, .. } => problem.errors.push(InputError {
                pointer: format!("/filters/{}", name.replace('~', "~0").replace('/', "~1")),
                detail: error.to_string(),
            }),
            _ => {}
        }
        problem
    }
}

impl From<&ConnectionError> for Problem {
    fn from(error: &ConnectionError) -> Self {
        let code = match error {
            ConnectionError::NotFound { .. } => Code::NOT_FOUND,
            ConnectionError::Invalid { field, reason } => {
                return Self::invalid(field.0, reason.clone());
            }
            ConnectionError::NameTaken { .. }
            | ConnectionError::InUse { .. }
            | ConnectionError::Contended
            | ConnectionError::OtherRequest => Code::CONFLICT,
            ConnectionError::Stale => Code::STALE,
            ConnectionError::Secret(cause) => {
                return Self::new(Code::CONFLICT, format!("{error}: {cause}"));
            }
            ConnectionError::Looker(error) => return error.as_ref().into(),
            ConnectionError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Self {
        (&error).into()
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let code = match &error {
            WebhookError::NotFound { .. } => Code::NOT_FOUND,
            WebhookError::Invalid { field, reason } => {
                return Self::invalid(*field, reason.clone());
            }
            WebhookError::Target(_) => Code::TARGET_REFUSED,
            WebhookError::TooMany
            | WebhookError::Stopped
            | WebhookError::Contended
            | WebhookError::OtherRequest => Code::CONFLICT,
            WebhookError::Secret(cause) => {
                return Self::new(Code::CONFLICT, format!("{error}: {cause}"));
            }
            WebhookError::Client(_) | WebhookError::Worker(_) => return ours(&error),
            WebhookError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<DestinationError> for Problem {
    fn from(error: DestinationError) -> Self {
        let code = match &error {
            DestinationError::NotFound { .. } => Code::NOT_FOUND,
            DestinationError::Invalid { field, reason } => {
                return Self::invalid(*field, reason.clone());
            }
            DestinationError::Target(_) => Code::TARGET_REFUSED,
            DestinationError::NameTaken { .. }
            | DestinationError::TooMany
            | DestinationError::Contended
            | DestinationError::OtherRequest
            | DestinationError::Secret(_) => Code::CONFLICT,
            DestinationError::Stale => Code::STALE,
            DestinationError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<HubKeyError> for Problem {
    fn from(error: HubKeyError) -> Self {
        let code = match &error {
            HubKeyError::NotFound { .. } => Code::NOT_FOUND,
            HubKeyError::Name => return Self::invalid("/name", error.to_string()),
            HubKeyError::Contended | HubKeyError::OtherRequest => Code::CONFLICT,
            HubKeyError::NoSecret => return ours(&error),
            HubKeyError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        let error = match error {
            RunError::Destination(error) => return error.into(),
            error => error,
        };
        let code = match &error {
            RunError::NotFound { .. } => Code::NOT_FOUND,
            RunError::ServerUrl { .. } => return Self::invalid("/server_url", error.to_string()),
            RunError::Mapper(error) => return error.into(),
            RunError::Target(_) => Code::TARGET_REFUSED,
            RunError::TooMuchSaid { .. } => Code::INVALID_INPUT,
            RunError::NothingDead
            | RunError::NoResult
            | RunError::Contended
            | RunError::Secret(_) => Code::CONFLICT,
            RunError::Client(_)
            | RunError::Batch(_)
            | RunError::Worker(_)
            | RunError::Destination(_) => return ours(&error),
            RunError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<&ChartError> for Problem {
    fn from(error: &ChartError) -> Self {
        match error {
            ChartError::Looker(error) => error.as_ref().into(),
            ChartError::Connection(error) => error.as_ref().into(),
            ChartError::Catalog(error) => error.as_ref().into(),
            ChartError::NoReader { .. } | ChartError::NoType => {
                Self::new(Code::UNSUPPORTED, error.to_string())
            }
            ChartError::NotListening { name } => {
                let name = name.replace('~', "~0").replace('/', "~1");
                Self::invalid(format!("/filters/{name}"), error.to_string())
            }
            ChartError::TooMuchSaid { .. } => Self::new(Code::OUTPUT_LIMIT, error.to_string()),
        }
    }
}

impl From<ChartError> for Problem {
    fn from(error: ChartError) -> Self {
        (&error).into()
    }
}

impl From<KeyResultError> for Problem {
    fn from(error: KeyResultError) -> Self {
        let code = match &error {
            KeyResultError::NotFound { .. } => Code::NOT_FOUND,
            KeyResultError::Invalid { pointer, reason } => {
                return Self::invalid(pointer.clone(), reason.clone());
            }
            KeyResultError::NoHistory => Code::BAD_SELECTION,
            KeyResultError::OtherQuery { .. } => Code::OTHER_QUERY,
            KeyResultError::InUse { .. }
            | KeyResultError::IntegrationOn
            | KeyResultError::IntegrationOff { .. }
            | KeyResultError::Contended
            | KeyResultError::OtherRequest => Code::CONFLICT,
            KeyResultError::Stale => Code::STALE,
            KeyResultError::Received(error) => return ours(error),
            KeyResultError::Chart(error) => return error.into(),
            KeyResultError::Connection(error) => return error.into(),
            KeyResultError::Record(error) => return error.into(),
        };
        Self::new(code, error.to_string())
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
